// The catalog: every number has a unit and a source, and is the one that its source gives; what is wrong in it is refused.
#include "sim/catalog.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "models/plant.h"
#include "sim/resolve.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

const CatalogValue& value(const CatalogEntry& entry, const std::string& key, const std::vector<CatalogValue>* of = nullptr) {
  static const CatalogValue none;
  for (const CatalogValue& v : of ? *of : entry.values)
    if (v.key == key) return v;
  ADD_FAILURE() << entry.name << " has no " << key;
  return none;
}

TEST(Catalog, EveryEntryResolves) {
  for (const std::string& name : catalog_names(CatalogKind::pen)) EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\npen: {model: " + name + "}\n", "t"))) << name;
  for (const std::string& name : catalog_names(CatalogKind::motor)) EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\npen: {motor: " + name + "}\n", "t"))) << name;
  for (const std::string& name : catalog_names(CatalogKind::battery)) EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\npen: {battery: {model: " + name + "}}\n", "t"))) << name;
  for (const std::string& name : catalog_names(CatalogKind::cartridge)) EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\ncartridge: {model: " + name + "}\n", "t"))) << name;
  for (const std::string& region : catalog_names(CatalogKind::region))
    for (const char* sex : {"female", "male"})
      for (const std::string& condition : catalog_names(CatalogKind::condition))
        for (const std::string& topical : catalog_names(CatalogKind::topical))
          EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\nskin: {region: " + region + ", sex: " + sex + ", condition: " + condition + ", topical: " + topical + "}\n", "t")));
}

TEST(Catalog, FacialDermisIsThatOfUltrasound) {
  // VT-21, mm: men, women
  const struct { const char* region; double male, female; } sites[] = {{"forehead", 1.17, 0.86}, {"glabella", 1.14, 0.90}, {"temple", 1.06, 0.80}, {"eyelid", 0.67, 0.58},
                                                                       {"nose", 1.03, 0.93},     {"cheek", 1.14, 0.87},    {"jaw", 1.02, 0.91},    {"neck", 0.98, 0.99}};
  for (const auto& site : sites) {
    const CatalogEntry& entry = catalog_entry(CatalogKind::region, site.region);
    EXPECT_DOUBLE_EQ(value(entry, "dermis", &entry.male).number, site.male * 1e-3) << site.region;
    EXPECT_DOUBLE_EQ(value(entry, "dermis", &entry.female).number, site.female * 1e-3) << site.region;
    EXPECT_EQ(value(entry, "dermis", &entry.female).source.rfind("[F:hfus]", 0), 0u) << site.region;
    const auto resolved = [&](const char* sex) { return resolve(parse_scenario(std::string("duration: 1 s\nskin: {region: ") + site.region + ", sex: " + sex + "}\n", "t")).plant.skin.dermis_m; };
    EXPECT_DOUBLE_EQ(resolved("male"), site.male * 1e-3) << site.region;
    EXPECT_DOUBLE_EQ(resolved("female"), site.female * 1e-3) << site.region;
  }
}

// VT-19. A winding's numbers give the speed without load, the stall torque and the mechanical time constant of its data sheet.
TEST(Catalog, WindingsGiveTheirDataSheets) {
  const struct { const char* name; double volt, rpm, stall_mNm, tau_ms; } sheets[] = {
      {"faulhaber_1331t006sr", 6, 10600, 11.20, 7},   {"faulhaber_1331t012sr", 12, 9900, 9.90, 7},     {"faulhaber_1331t024sr", 24, 10400, 9.76, 7},
      {"faulhaber_0816k003sr", 3, 13250, 1.15, 6.1},  {"faulhaber_0816k006sr", 6, 13500, 1.13, 6.5},   {"faulhaber_0816k009sr", 9, 13500, 1.15, 6.2},
      {"faulhaber_0816k012sr", 12, 12600, 1.00, 6.5}};
  for (const auto& sheet : sheets) {
    const MotorParams m = resolve(parse_scenario(std::string("duration: 1 s\npen: {motor: ") + sheet.name + "}\n", "t")).plant.motor;
    const double k = m.constant_V_s_per_rad;
    const double free_rad_per_s = (sheet.volt - m.friction_N_m / k * m.resistance_ohm) / k;
    EXPECT_NEAR(free_rad_per_s * 60 / (2 * 3.14159265358979), sheet.rpm, 0.02 * sheet.rpm) << sheet.name;
    EXPECT_NEAR((k * sheet.volt / m.resistance_ohm - m.friction_N_m) * 1e3, sheet.stall_mNm, 0.03 * sheet.stall_mNm) << sheet.name;
    EXPECT_NEAR(m.inertia_kg_m2 * m.resistance_ohm / (k * k) * 1e3, sheet.tau_ms, 0.05 * sheet.tau_ms) << sheet.name;
  }
}

TEST(Catalog, TheRewoundWindingReaches150HzOnOneCell) {
  const MotorParams m = resolve(parse_scenario("duration: 1 s\n", "t")).plant.motor;
  const MotorParams frame = resolve(parse_scenario("duration: 1 s\npen: {motor: faulhaber_1331t006sr}\n", "t")).plant.motor;
  const auto slope = [](const MotorParams& p) { return p.resistance_ohm / (p.constant_V_s_per_rad * p.constant_V_s_per_rad); };
  EXPECT_NEAR(slope(m), slope(frame), 0.01 * slope(frame));  // same frame, same dn/dM
  EXPECT_NEAR(m.constant_V_s_per_rad / frame.constant_V_s_per_rad, 0.607, 0.002);
  EXPECT_GT(3.7 / m.constant_V_s_per_rad / (2 * 3.14159265358979), 150.0);
}

TEST(Catalog, NamesLoseTheirUnitsWhereThatIsUnique) {
  std::string key, unit;
  const auto is = [&](const char* name, const char* k, const char* u) {
    split_unit(name, key, unit);
    EXPECT_EQ(key, k) << name;
    EXPECT_EQ(unit, u) << name;
  };
  is("resistance_ohm", "resistance", "ohm");
  is("constant_V_s_per_rad", "constant", "V s/rad");
  is("copper_per_K", "copper", "1/K");
  is("copper_1_per_K", "copper", "1/K");
  is("dermis_toughness_J_per_m2", "dermis_toughness", "J/m2");
  is("viscous_N_m_s_per_rad", "viscous", "N m s/rad");
  is("shaft_viscosity_Pa_s_per_m", "shaft_viscosity", "Pa s/m");
  is("puncture_factor_1", "puncture_factor", "1");
  is("half_step_rate_per_s", "half_step_rate", "1/s");
  is("winding_to_case_K_per_W", "winding_to_case", "K/W");
  is("plain", "plain", "1");
  std::map<std::string, int> keys;
  for (const PlantParameter& p : plant_parameters()) ++keys[p.key];
  for (const auto& [k, times] : keys) EXPECT_EQ(times, 1) << k;
  EXPECT_EQ(keys.count("battery.cutoff_V") + keys.count("battery.cutoff_A") + keys.count("motor.resistance"), 3u);
}

TEST(Catalog, EveryParameterOfThePlantCanBeGivenInItsUnit) {
  // Each unit suffix of a member must be one that quantities know: a misspelt one would make the parameter unreachable.
  for (const PlantParameter& p : plant_parameters()) {
    if (p.name == "seed" || p.name == "tick_s") continue;
    char number[40];
    std::snprintf(number, sizeof number, "%.17g", p.start);
    const std::string text = "duration: 1 s\nparameters: {" + p.key + ": " + number + (p.unit == "1" ? "" : " " + p.unit) + "}\n";
    try {
      const Scenario s = parse_scenario(text, "t");
      EXPECT_EQ(s.parameters.at(p.name).first, p.start) << p.name;
    } catch (const InputError& error) {
      ADD_FAILURE() << p.name << ": " << error.what();
    }
  }
}

TEST(Catalog, ListsAndExplains) {
  const std::string all = catalog_text("", "");
  for (const char* word : {"pens\n", "motors\n", "regions\n", "rotary_p1", "needles_42", "eyelid", "hyaluronic_gel"}) EXPECT_NE(all.find(word), std::string::npos) << word;
  EXPECT_EQ(catalog_text("motors", "").find("rotary_p1"), std::string::npos);
  EXPECT_NE(catalog_text("skin", "").find("conditions\n"), std::string::npos);
  const std::string cheek = catalog_text("regions", "cheek");
  EXPECT_NE(cheek.find("0.87 mm  [F:hfus] zygoma, women"), std::string::npos) << cheek;
  EXPECT_EQ(catalog_text("cheek", ""), cheek);
  EXPECT_NE(catalog_text("conditions", "striae").find("x 0.65"), std::string::npos);
  EXPECT_NE(catalog_text("pens", "rotary_p1").find("p1_winding"), std::string::npos);
  for (const auto& [kind, name] : {std::pair("regions", "cheeck"), {"motor", "nothing"}, {"cheeck", ""}, {"boats", "x"}}) {
    try {
      catalog_text(kind, name);
      ADD_FAILURE() << kind << " " << name;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("not in the catalog"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("mend: "), std::string::npos);
    }
  }
}

// Entries of a user's own, each with one thing wrong.
TEST(Catalog, RefusesWhatHasNoSourceOrUnit) {
  const fs::path folder = fs::temp_directory_path() / ("pensim_catalog_" + std::to_string(getpid()));
  fs::create_directories(folder);
  int number = 0;
  const auto refused = [&](CatalogKind kind, const std::string& text) {
    const std::string path = (folder / ("entry" + std::to_string(number++) + ".yaml")).string();
    std::ofstream(path) << text;
    try {
      catalog_entry(kind, path);
    } catch (const InputError& error) {
      for (const InputProblem& problem : error.problems()) {
        EXPECT_EQ(problem.at.file, path);
        EXPECT_GT(problem.at.line, 0) << problem.text();
        EXPECT_FALSE(problem.hint.empty()) << problem.text();
      }
      return std::string(error.what()).substr(path.size());
    }
    return std::string("accepted");
  };
  const auto motor = [&](const std::string& line) { return refused(CatalogKind::motor, "about: x\n" + line + "\n"); };
  EXPECT_EQ(motor("resistance: {value: 1 ohm, source: \"[E] why\"}"), "accepted");
  for (const char* mark : {"[F:f1331]", "[F2:fang] x", "[R; 0.8]", "[R: Brown 2004; 0.95] x", "[D]", "[E] x", "[P]"}) EXPECT_EQ(motor("resistance: {value: 1 ohm, source: \"" + std::string(mark) + "\"}"), "accepted") << mark;
  for (const char* mark : {"", "why", "[X]", "[F]", "[F:]", "[F: x y]", "[R]", "[R: Brown]", "[R; 2]", "[R; much]", "[D", "D]", "[DE]"})
    EXPECT_NE(motor("resistance: {value: 1 ohm, source: \"" + std::string(mark) + "\"}").find(":2:36: found the source"), std::string::npos) << mark;
  EXPECT_NE(motor("resistance: {value: 1 ohm}").find(":2:13: found no source for resistance"), std::string::npos);
  EXPECT_NE(motor("resistance: 1 ohm").find(":2:13: expected a value with its source for resistance, found `1 ohm`"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1, source: \"[E]\"}").find(":2:21: resistance: expected a resistance such as 1.05 ohm, found 1 (no unit)"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 mm, source: \"[E]\"}").find("found 1 mm (length)"), std::string::npos);
  EXPECT_NE(motor("resistance: {source: \"[E]\"}").find("expected one of value and factor"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 ohm, factor: 2, source: \"[E]\"}").find("expected one of value and factor"), std::string::npos);
  EXPECT_NE(motor("resistance: {factor: -2, source: \"[E]\"}").find("expected a factor of 0 or more"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 ohm, source: \"[E]\", note: x}").find("found the key `note`"), std::string::npos);
  EXPECT_NE(motor("resistence: {value: 1 ohm, source: \"[E]\"}").find(":2:1: found `resistence`"), std::string::npos);
  EXPECT_NE(motor("resistence: {value: 1 ohm, source: \"[E]\"}").find("did you mean `resistance`?"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: [1 ohm], source: \"[E]\"}").find("found a list"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::motor, "resistance: {value: 1 ohm, source: \"[E]\"}\n").find("found no `about`"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::motor, "- a\n").find("expected an entry of the catalog"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::pen, "about: x\nmotor: [a]\n").find("found `motor`"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::region, "about: x\nfemale: 3\n").find("expected keys and values, found `3`"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::region, "").find("expected an entry"), std::string::npos);
  fs::remove_all(folder);
}

TEST(Catalog, AnUnknownReferenceOfAPenIsNamed) {
  const fs::path folder = fs::temp_directory_path() / ("pensim_reference_" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "pen.yaml") << "about: x\nmotor: p1_windin\n";
  try {
    resolve(parse_scenario("duration: 1 s\npen: {model: ./pen.yaml}\n", "t", folder.string()));
    ADD_FAILURE();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("pen.yaml: found `p1_windin`, expected a motor of the catalog\n  mend: did you mean `p1_winding`?"), std::string::npos) << error.what();
  }
  fs::remove_all(folder);
}

TEST(Catalog, AMissingCatalogIsSaid) {
  EXPECT_EXIT(
      {
        setenv("PENSIM_CATALOG", "/nonexistent", 1);
        try {
          catalog_folder();
        } catch (const InputError& error) {
          std::exit(std::string(error.what()).find("PENSIM_CATALOG=/nonexistent: there is no such folder") == 0 ? 7 : 8);
        }
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace pensim
