// The catalog: every number has a unit and a source, and is the one that its source gives; what is wrong in it is
// refused.
#include "sim/catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "models/plant.h"
#include "sim/catalog/plant_parameters.h"
#include "sim/catalog/skin_sampler.h"
#include "sim/input/document.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/resolved_json.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

const CatalogValue& value(const CatalogEntry& entry, const std::string& key,
                          const std::vector<CatalogValue>* of = nullptr) {
  static const CatalogValue none;
  for (const CatalogValue& v : of ? *of : entry.values)
    if (v.key == key) return v;
  ADD_FAILURE() << entry.name << " has no " << key;
  return none;
}

TEST(Catalog, EveryEntryResolves) {
  for (const std::string& name : catalog_names(CatalogKind::pen))
    EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\npen: {model: " + name + "}\n", "t"))) << name;
  for (const std::string& name : catalog_names(CatalogKind::motor))
    EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\npen: {motor: " + name + "}\n", "t"))) << name;
  for (const std::string& name : catalog_names(CatalogKind::battery))
    EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\npen: {battery: {model: " + name + "}}\n", "t"))) << name;
  for (const std::string& name : catalog_names(CatalogKind::cartridge))
    EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\ncartridge: {model: " + name + "}\n", "t"))) << name;
  for (const std::string& region : catalog_names(CatalogKind::region))
    for (const char* sex : {"female", "male"})
      for (const std::string& condition : catalog_names(CatalogKind::condition))
        for (const std::string& topical : catalog_names(CatalogKind::topical))
          EXPECT_NO_THROW(resolve(parse_scenario("duration: 1 s\nskin: {region: " + region + ", sex: " + sex +
                                                     ", condition: " + condition + ", topical: " + topical + "}\n",
                                                 "t")));
}

// VT-21, mm: epidermis and dermis, men and women, mean and standard deviation.
struct Layer {
  double mean_mm, sd_mm;
};
struct Site {
  const char* region;
  Layer epidermis[2], dermis[2];
};  // male, female
constexpr Site vt21[] = {{"forehead", {{0.22, 0.03}, {0.20, 0.03}}, {{1.17, 0.28}, {0.86, 0.16}}},
                         {"glabella", {{0.21, 0.03}, {0.19, 0.02}}, {{1.14, 0.30}, {0.90, 0.23}}},
                         {"temple", {{0.19, 0.02}, {0.18, 0.02}}, {{1.06, 0.20}, {0.80, 0.19}}},
                         {"eyelid", {{0.18, 0.03}, {0.17, 0.02}}, {{0.67, 0.14}, {0.58, 0.11}}},
                         {"nose", {{0.20, 0.03}, {0.19, 0.02}}, {{1.03, 0.16}, {0.93, 0.25}}},
                         {"cheek", {{0.19, 0.03}, {0.20, 0.18}}, {{1.14, 0.21}, {0.87, 0.35}}},
                         {"jaw", {{0.21, 0.09}, {0.18, 0.03}}, {{1.02, 0.24}, {0.91, 0.34}}},
                         {"neck", {{0.19, 0.03}, {0.17, 0.03}}, {{0.98, 0.22}, {0.99, 0.20}}}};
constexpr const char* sexes[] = {"male", "female"};

const CatalogValue& layer_of(const Site& site, int sex, const char* key) {
  const CatalogEntry& entry = catalog_entry(CatalogKind::region, site.region);
  return value(entry, key, sex == 0 ? &entry.male : &entry.female);
}

SkinParams skin_of(const std::string& words, std::uint64_t seed = 1) {
  return resolve(parse_scenario("duration: 1 s\nseed: " + std::to_string(seed) + "\nskin: {" + words + "}\n", "t"))
      .plant.skin;
}

double member_of(const SkinParams& skin, const std::string& wanted) {
  double found = std::nan("");
  each_skin_param(skin, [&](const char* name, const auto& value) {
    if (wanted == name) found = static_cast<double>(value);
  });
  return found;
}

TEST(Catalog, FacialLayersAreThoseOfUltrasound) {
  for (const Site& site : vt21)
    for (int sex : {0, 1}) {
      const CatalogValue &dermis = layer_of(site, sex, "dermis"),
                         &epidermis = layer_of(site, sex, "ultrasound_epidermis");
      EXPECT_DOUBLE_EQ(dermis.number, site.dermis[sex].mean_mm * 1e-3) << site.region;
      EXPECT_DOUBLE_EQ(dermis.deviation.value(), site.dermis[sex].sd_mm * 1e-3) << site.region;
      EXPECT_DOUBLE_EQ(epidermis.number, site.epidermis[sex].mean_mm * 1e-3) << site.region;
      EXPECT_DOUBLE_EQ(epidermis.deviation.value(), site.epidermis[sex].sd_mm * 1e-3) << site.region;
      EXPECT_EQ(mark_keys(dermis.source), std::vector<std::string>{"hfus"}) << site.region;
      const SkinParams skin = skin_of(std::string("region: ") + site.region + ", sex: " + sexes[sex]);
      EXPECT_DOUBLE_EQ(skin.dermis_m, site.dermis[sex].mean_mm * 1e-3) << site.region;
      EXPECT_LT(skin.epidermis_m, 65e-6) << "histology, not ultrasound: " << site.region;
    }
}

// VT-19. A winding's numbers give what its data sheet gives; tests/models/motor_test and thermal_test run the models.
TEST(Catalog, WindingsGiveTheirDataSheets) {
  const struct {
    const char* name;
    double volt, rpm, stall_mNm, rpm_per_mNm, tau_ms, case_K_per_W, winding_s, case_s;
  } sheets[] = {{"faulhaber_1331t006sr", 6, 10600, 11.20, 946, 7, 25, 5, 190},
                {"faulhaber_1331t012sr", 12, 9900, 9.90, 1000, 7, 25, 5, 190},
                {"faulhaber_1331t024sr", 24, 10400, 9.76, 1070, 7, 25, 5, 190},
                {"faulhaber_0816k003sr", 3, 13250, 1.15, 11475, 6.1, 48, 4.2, 242},
                {"faulhaber_0816k006sr", 6, 13500, 1.13, 11904, 6.5, 48, 4.2, 242},
                {"faulhaber_0816k009sr", 9, 13500, 1.15, 11714, 6.2, 48, 4.2, 242},
                {"faulhaber_0816k012sr", 12, 12600, 1.00, 12553, 6.5, 48, 4.2, 242}};
  std::printf("  %-22s %16s %16s %18s %14s %14s %14s\n", "winding (data sheet)", "n0 rpm", "M_H mN m", "dn/dM rpm/mN m",
              "tau_m ms", "tau_w1 s", "tau_w2 s");
  for (const auto& sheet : sheets) {
    const PlantParams plant =
        resolve(parse_scenario(std::string("duration: 1 s\npen: {motor: ") + sheet.name + "}\n", "t")).plant;
    const MotorParams& m = plant.motor;
    const double k = m.constant_V_s_per_rad, rpm_per_rad_per_s = 60 / (2 * 3.14159265358979);
    const double rpm = (sheet.volt - m.friction_N_m / k * m.resistance_ohm) / k * rpm_per_rad_per_s;
    const double stall_mNm = (k * sheet.volt / m.resistance_ohm - m.friction_N_m) * 1e3,
                 slope = m.resistance_ohm / (k * k) * rpm_per_rad_per_s * 1e-3;
    const double tau_ms = m.inertia_kg_m2 * m.resistance_ohm / (k * k) * 1e3;
    const double winding_s = plant.thermal.winding_to_case_K_per_W * plant.thermal.winding_J_per_K,
                 case_s = sheet.case_K_per_W * plant.thermal.case_J_per_K;
    std::printf("  %-22s %7.0f (%6.0f) %7.2f (%6.2f) %8.0f (%7.0f) %6.2f (%5.1f) %6.2f (%5.1f) %6.1f (%5.0f)\n",
                sheet.name, rpm, sheet.rpm, stall_mNm, sheet.stall_mNm, slope, sheet.rpm_per_mNm, tau_ms, sheet.tau_ms,
                winding_s, sheet.winding_s, case_s, sheet.case_s);
    EXPECT_NEAR(rpm / sheet.rpm, 1.0, 0.02) << sheet.name;
    EXPECT_NEAR(stall_mNm / sheet.stall_mNm, 1.0, 0.03) << sheet.name;
    EXPECT_NEAR(slope / sheet.rpm_per_mNm, 1.0, 0.03) << sheet.name;
    EXPECT_NEAR(tau_ms / sheet.tau_ms, 1.0, 0.05) << sheet.name;
    EXPECT_NEAR(winding_s / sheet.winding_s, 1.0, 0.05) << sheet.name;
    EXPECT_NEAR(case_s / sheet.case_s, 1.0, 0.05) << sheet.name;
  }
}

TEST(Catalog, TheRewoundWindingReaches150HzOnOneCell) {
  const MotorParams m = resolve(parse_scenario("duration: 1 s\n", "t")).plant.motor;
  const MotorParams frame =
      resolve(parse_scenario("duration: 1 s\npen: {motor: faulhaber_1331t006sr}\n", "t")).plant.motor;
  const auto slope = [](const MotorParams& p) {
    return p.resistance_ohm / (p.constant_V_s_per_rad * p.constant_V_s_per_rad);
  };
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
    const std::string text =
        "duration: 1 s\nparameters: {" + p.key + ": " + number + (p.unit == "1" ? "" : " " + p.unit) + "}\n";
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
  for (const char* word : {"pens\n", "motors\n", "regions\n", "rotary_p1", "needles_42", "eyelid", "hyaluronic_gel"})
    EXPECT_NE(all.find(word), std::string::npos) << word;
  EXPECT_EQ(catalog_text("motors", "").find("rotary_p1"), std::string::npos);
  EXPECT_NE(catalog_text("skin", "").find("conditions\n"), std::string::npos);
  const std::string cheek = catalog_text("regions", "cheek");
  EXPECT_NE(cheek.find("0.87 mm +-0.35 mm  [F:hfus] zygoma, women"), std::string::npos) << cheek;
  EXPECT_NE(cheek.find("30 kPa (15 kPa..50 kPa)  [E]"), std::string::npos) << cheek;
  EXPECT_NE(cheek.find("hfus           Facial skin layers by high-frequency ultrasound"), std::string::npos) << cheek;
  EXPECT_NE(cheek.find("PMC9205051"), std::string::npos) << cheek;
  EXPECT_EQ(cheek.find("f1331"), std::string::npos) << cheek;
  EXPECT_EQ(catalog_text("skin", "cheek"), cheek);
  EXPECT_EQ(catalog_text("cheek", ""), cheek);
  EXPECT_NE(catalog_text("conditions", "striae").find("x 0.65"), std::string::npos);
  EXPECT_NE(catalog_text("pens", "rotary_p1").find("p1_winding"), std::string::npos);
  const std::string exceed = catalog_text("pens", "exceed");
  EXPECT_LT(exceed.find("[F:k182407] dial 0-1.9 mm"), exceed.find("taken from rotary_p1, as no source gives it"));
  EXPECT_GT(exceed.find("drivetrain.eccentricity"), exceed.find("taken from rotary_p1, as no source gives it"));
  EXPECT_EQ(exceed.find("screw.upper_stop", exceed.find("taken from")), std::string::npos)
      << "what the profile gives is not taken";
  EXPECT_NE(catalog_text("sources", "").find("olatunji"), std::string::npos);
  EXPECT_EQ(catalog_text("sources", "wang").find("olatunji"), std::string::npos);
  EXPECT_NE(catalog_text("law", "").find("skin.shaft_stress"), std::string::npos);
  EXPECT_NE(catalog_text("law", "shaft_stress").find("2400 Pa  tau_c [D] joint fit, 95 % 1.5..3.9 kPa"),
            std::string::npos)
      << catalog_text("law", "shaft_stress");
  EXPECT_NE(catalog_text("law", "shaft_stress").find("95 % 1469 .. 3932; standard deviation of the logarithm 0.251"),
            std::string::npos)
      << catalog_text("law", "shaft_stress");
  EXPECT_EQ(catalog_text("law", "shaft_stress").find("flat direction"), std::string::npos);
  EXPECT_NE(catalog_text("law", "").find("flat direction: +0.80 puncture_floor_1"), std::string::npos);
  EXPECT_EQ(catalog_text("law", "hole_closing_time").find("95 %"), std::string::npos);  // not fitted
  EXPECT_NE(catalog_text("parameters", "sensors").find("sensors.hall_width"), std::string::npos);
  for (const auto& [kind, name] : {std::pair("regions", "cheeck"),
                                   {"motor", "nothing"},
                                   {"cheeck", ""},
                                   {"boats", "x"},
                                   {"sources", "hfuss"},
                                   {"parameters", "sensor"},
                                   {"law", "shaft_stres"}}) {
    try {
      catalog_text(kind, name);
      ADD_FAILURE() << kind << " " << name;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("not in the catalog"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("help: "), std::string::npos);
    }
  }
}

// In one process, as a dashboard reads it: also if the edit leaves length and time of the file as they were.
TEST(Catalog, AFileThatWasEditedIsReadAgain) {
  const fs::path path = fs::temp_directory_path() / ("pensim_motor_" + std::to_string(getpid()) + ".yaml");
  const auto resistance = [&] {
    for (const CatalogValue& v : catalog_entry(CatalogKind::motor, path.string()).values)
      if (v.key == "resistance") return v.number;
    return 0.0;
  };
  std::ofstream(path) << "about: wound\nresistance: {value: 1.05 ohm, source: \"[E] wound by hand\"}\n";
  const auto written = fs::last_write_time(path);
  const CatalogEntry& held = catalog_entry(CatalogKind::motor, path.string());
  EXPECT_EQ(resistance(), 1.05);
  std::ofstream(path) << "about: wound\nresistance: {value: 2.05 ohm, source: \"[E] wound by hand\"}\n";
  fs::last_write_time(path, written);
  EXPECT_EQ(resistance(), 2.05);
  EXPECT_EQ(held.values.front().number, 1.05);
  fs::remove(path);
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
  for (const char* mark : {"[F:f1331]", "[F2:fang] x", "[R; 0.8]", "[R: Brown 2004; 0.95] x", "[D]", "[E] x", "[P]"})
    EXPECT_EQ(motor("resistance: {value: 1 ohm, source: \"" + std::string(mark) + "\"}"), "accepted") << mark;
  for (const char* mark :
       {"", "why", "[X]", "[F]", "[F:]", "[F: x y]", "[R]", "[R: Brown]", "[R; 2]", "[R; much]", "[D", "D]", "[DE]",
        "[F:f1332]", "[F2:fangs]", "why [E]", "[D] from [F:nobody]", "[E] after [R: Brown]"})
    EXPECT_NE(
        motor("resistance: {value: 1 ohm, source: \"" + std::string(mark) + "\"}").find(":2:36: found the source"),
        std::string::npos)
        << mark;
  EXPECT_NE(motor("resistance: {value: 1 ohm, source: \"[F:f1332]\"}")
                .find("there is no source `f1332`; the nearest is `f1331`"),
            std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 ohm, source: \"[R: Brown]\"}").find("recalled without a confidence"),
            std::string::npos);
  const std::string own = "sources: {sheet: {title: My data sheet, address: the drawer}}";
  EXPECT_EQ(motor(own + "\nresistance: {value: 1 ohm, source: \"[F:sheet]\"}"), "accepted");
  EXPECT_NE(motor("sources: {sheet: {title: My data sheet}}").find(":2:18: expected title and address of sheet"),
            std::string::npos);
  EXPECT_NE(motor("sources: [sheet]").find("expected sources by key, found a list"), std::string::npos);
  EXPECT_EQ(motor("resistance: {value: 1 ohm, sd: 0.1 ohm, source: \"[E]\"}"), "accepted");
  EXPECT_EQ(motor("resistance: {value: 1 ohm, range: [0.9 ohm, 1.2 ohm], source: \"[E]\"}"), "accepted");
  for (const char* spread : {"sd: -0.1 ohm", "sd: 0 ohm", "sd: 1 mm", "sd: [1 ohm]", "range: 1 ohm", "range: [0.9 ohm]",
                             "range: [1.1 ohm, 1.2 ohm]", "range: [-1 ohm, 2 ohm]", "range: [1 ohm, 1 ohm]",
                             "range: [0.9 ohm, 1 mm]", "sd: 0.1 ohm, range: [0.9 ohm, 1.2 ohm]"})
    EXPECT_NE(motor(std::string("resistance: {value: 1 ohm, ") + spread + ", source: \"[E]\"}").find(":2:"),
              std::string::npos)
        << spread;
  EXPECT_NE(motor("resistance: {factor: 2, sd: 1 ohm, source: \"[E]\"}").find("beside a value above 0"),
            std::string::npos);
  // of a pen only
  EXPECT_NE(motor("lowest_rate: {value: 1 Hz, source: \"[E]\"}").find("found `lowest_rate`"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 ohm}").find(":2:13: found no source for resistance"), std::string::npos);
  EXPECT_NE(motor("resistance: 1 ohm").find(":2:13: expected a value with its source for resistance, found `1 ohm`"),
            std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1, source: \"[E]\"}")
                .find(":2:21: resistance: expected a resistance such as 1.05 ohm, found 1 (no unit)"),
            std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 mm, source: \"[E]\"}").find("found 1 mm (length)"), std::string::npos);
  EXPECT_NE(motor("resistance: {source: \"[E]\"}").find("expected one of value and factor"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 ohm, factor: 2, source: \"[E]\"}").find("expected one of value and factor"),
            std::string::npos);
  EXPECT_NE(motor("resistance: {factor: -2, source: \"[E]\"}").find("expected a factor of 0 or more"),
            std::string::npos);
  EXPECT_NE(motor("resistance: {value: 1 ohm, source: \"[E]\", note: x}").find("found the key `note`"),
            std::string::npos);
  EXPECT_NE(motor("resistence: {value: 1 ohm, source: \"[E]\"}").find(":2:1: found `resistence`"), std::string::npos);
  EXPECT_NE(motor("resistence: {value: 1 ohm, source: \"[E]\"}").find("did you mean `resistance`?"), std::string::npos);
  EXPECT_NE(motor("resistance: {value: [1 ohm], source: \"[E]\"}").find("found a list"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::motor, "resistance: {value: 1 ohm, source: \"[E]\"}\n").find("found no `about`"),
            std::string::npos);
  EXPECT_NE(refused(CatalogKind::motor, "- a\n").find("expected an entry of the catalog"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::pen, "about: x\nmotor: [a]\n").find("found `motor`"), std::string::npos);
  EXPECT_NE(refused(CatalogKind::region, "about: x\nfemale: 3\n").find("expected keys and values, found `3`"),
            std::string::npos);
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
    EXPECT_NE(
        std::string(error.what())
            .find("pen.yaml: found `p1_windin`, expected a motor of the catalog\n  help: did you mean `p1_winding`?"),
        std::string::npos)
        << error.what();
  }
  fs::remove_all(folder);
}

// VT-21: 10 000 people a site and sex.
TEST(SkinSampler, ReproducesMeansAndDeviationsOfVt21) {
  std::printf("  %-10s %-7s %-22s %8s %8s %8s\n", "site", "sex", "layer", "mean", "sd", "least");
  for (const Site& site : vt21)
    for (int sex : {0, 1})
      for (const char* key : {"dermis", "ultrasound_epidermis"}) {
        const CatalogValue& v = layer_of(site, sex, key);
        constexpr int n = 10000;
        double sum = 0, squares = 0, least = 1;
        for (int i = 0; i < n; ++i) {
          const double x = drawn_value(v, 2026, i);
          sum += x;
          squares += x * x;
          least = std::min(least, x);
        }
        const double mean = sum / n, sd = std::sqrt(squares / n - mean * mean);
        std::printf("  %-10s %-7s %-22s %+7.2f%% %+7.2f%% %8.4f mm\n", site.region, sexes[sex], key,
                    100 * (mean / v.number - 1), 100 * (sd / *v.deviation - 1), least * 1e3);
        EXPECT_NEAR(mean / v.number, 1.0, 0.02) << site.region << " " << sexes[sex] << " " << key;
        EXPECT_NEAR(sd / *v.deviation, 1.0, 0.10) << site.region << " " << sexes[sex] << " " << key;
        EXPECT_GT(least, 0.0);
      }
}

TEST(SkinSampler, IsAFunctionOfSeedAndPersonAndStaysInItsRange) {
  const CatalogEntry& cheek = catalog_entry(CatalogKind::region, "cheek");
  const CatalogValue& dermis = value(cheek, "dermis", &cheek.female);
  EXPECT_EQ(drawn_value(dermis, 7, 3), drawn_value(dermis, 7, 3));
  EXPECT_NE(drawn_value(dermis, 7, 3), drawn_value(dermis, 7, 4));
  EXPECT_NE(drawn_value(dermis, 8, 3), drawn_value(dermis, 7, 3));
  const CatalogValue& modulus = value(cheek, "shear_modulus");
  double sum = 0, low = 1e9, high = 0;
  for (int i = 0; i < 10000; ++i) {
    const double x = drawn_value(modulus, 5, i);
    sum += x;
    low = std::min(low, x);
    high = std::max(high, x);
  }
  EXPECT_GE(low, 15e3);
  EXPECT_LT(low, 16e3);
  EXPECT_LE(high, 50e3);
  EXPECT_GT(high, 48.5e3);
  EXPECT_NEAR(sum / 10000, (15e3 + 30e3 + 50e3) / 3, 0.02 * 31.7e3);   // of a triangle
  EXPECT_EQ(drawn_value(value(cheek, "puncture_factor"), 5, 1), 1.0);  // no spread is given
}

TEST(SkinSampler, AScenarioDrawsItsPersonWithTheSeed) {
  const SkinParams mean = skin_of("region: cheek"), off = skin_of("region: cheek, drawn: off", 99);
  EXPECT_EQ(off.dermis_m, mean.dermis_m);
  const SkinParams one = skin_of("region: cheek, drawn: on", 7), again = skin_of("region: cheek, drawn: on", 7),
                   other = skin_of("region: cheek, drawn: on", 8);
  EXPECT_EQ(one.dermis_m, again.dermis_m);
  EXPECT_NE(one.dermis_m, other.dermis_m);
  EXPECT_NE(one.dermis_m, mean.dermis_m);
  EXPECT_NE(one.epidermis_m, mean.epidermis_m);
  EXPECT_NE(one.shear_modulus_Pa, mean.shear_modulus_Pa);
  EXPECT_EQ(one.puncture_factor_1, mean.puncture_factor_1);
  const CatalogEntry& cheek = catalog_entry(CatalogKind::region, "cheek");
  EXPECT_EQ(one.dermis_m, drawn_value(value(cheek, "dermis", &cheek.female), 7));
  EXPECT_DOUBLE_EQ(one.epidermis_m / mean.epidermis_m,
                   drawn_value(value(cheek, "ultrasound_epidermis", &cheek.female), 7) / 0.20e-3);
  // The same person elsewhere and with a scar: the same deviates, multiplied as ever.
  EXPECT_DOUBLE_EQ(skin_of("region: cheek, drawn: on, condition: atrophic_acne_scar", 7).dermis_m, 0.8 * one.dermis_m);
  EXPECT_EQ(skin_of("region: forehead, drawn: on", 7).dermis_m > 0.86e-3, one.dermis_m > 0.87e-3);
  // Numbers, not a promise to draw again, are what a recording keeps.
  const ResolvedScenario r = resolve(parse_scenario("duration: 1 s\nseed: 7\nskin: {region: cheek, drawn: on}\n", "t"));
  EXPECT_EQ(resolved_from_json(to_json(r)).plant.skin.dermis_m, one.dermis_m);
}

// 10 000 people: medians, deviations and correlations of the fit, in its coordinates.
TEST(SkinSampler, ReproducesTheFitOfTheLaw) {
  const SkinLaw& law = skin_law();
  const std::size_t n = law.parameters.size();
  ASSERT_EQ(n, 7u);
  const SkinParams middle;
  std::vector<double> sum(n), squares(n * n);
  constexpr int people = 10000;
  int clipped = 0;
  for (int person = 0; person < people; ++person) {
    SkinParams drawn = middle;
    draw_law(law, 2026, person, drawn);
    std::vector<double> x;
    for (const LawParameter& p : law.parameters) {
      const double value = member_of(drawn, p.name), from = member_of(middle, p.name);
      ASSERT_GE(value, p.range.first) << p.name;
      ASSERT_LE(value, p.range.second) << p.name;
      clipped += value == p.range.first || value == p.range.second;
      x.push_back((p.logarithmic ? std::log(value / from) : value - from) / p.deviation);
    }
    for (std::size_t i = 0; i < n; ++i) {
      sum[i] += x[i];
      for (std::size_t j = 0; j < n; ++j) squares[i * n + j] += x[i] * x[j];
    }
  }
  EXPECT_LT(clipped, people / 100);
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(sum[i] / people, 0, 0.04) << law.parameters[i].name;
    EXPECT_NEAR(std::sqrt(squares[i * n + i] / people), 1, 0.03) << law.parameters[i].name;
    for (std::size_t j = 0; j < i; ++j) {
      const double r = squares[i * n + j] / std::sqrt(squares[i * n + i] * squares[j * n + j]);
      worst = std::max(worst, std::abs(r - law.correlation[i][j]));
      EXPECT_NEAR(r, law.correlation[i][j], 0.04) << law.parameters[i].name << " " << law.parameters[j].name;
    }
  }
  std::printf("  largest difference of a correlation %.3f; clipped %d of %zu\n", worst, clipped, n * people);
}

TEST(SkinSampler, AScenarioDrawsItsLawWithTheSeed) {
  const SkinParams defaults, off = skin_of("region: cheek", 7), one = skin_of("region: cheek, drawn: on", 7),
                             again = skin_of("region: cheek, drawn: on", 7),
                             other = skin_of("region: cheek, drawn: on", 8);
  SkinParams drawn;
  draw_law(skin_law(), 7, 0, drawn);
  for (const LawParameter& p : skin_law().parameters) {
    EXPECT_EQ(member_of(off, p.name), member_of(defaults, p.name)) << p.name;
    EXPECT_EQ(member_of(one, p.name), member_of(drawn, p.name)) << p.name;
    EXPECT_EQ(member_of(one, p.name), member_of(again, p.name)) << p.name;
    EXPECT_NE(member_of(one, p.name), member_of(other, p.name)) << p.name;
    EXPECT_NE(member_of(one, p.name), member_of(off, p.name)) << p.name;
  }
  // A condition multiplies the person's own; a patch is of the same person; the recording keeps the numbers.
  EXPECT_DOUBLE_EQ(skin_of("region: cheek, drawn: on, condition: hypertrophic_scar", 7).dermis_toughness_J_per_m2,
                   1.5 * one.dermis_toughness_J_per_m2);
  const ResolvedScenario r = resolve(parse_scenario(
      "duration: 1 s\nseed: 7\nskin: {region: cheek, drawn: on, patches: [{from: 0 mm, to: 5 mm, condition: dry}]}\n",
      "t"));
  EXPECT_EQ(r.plant.skin.shaft_stress_Pa, one.shaft_stress_Pa);
  EXPECT_DOUBLE_EQ(r.plant.skin.patches[0].stiffness_factor_1, 1);
  EXPECT_EQ(resolved_from_json(to_json(r)).plant.skin.shaft_stress_Pa, one.shaft_stress_Pa);
  // Whatever is drawn is a skin that the program accepts.
  for (std::uint64_t seed = 0; seed < 300; ++seed) EXPECT_NO_THROW(skin_of("region: cheek, drawn: on", seed)) << seed;
}

TEST(SkinLaw, ReadsWhatItWritesAndRefusesWhatIsNone) {
  const fs::path path = fs::temp_directory_path() / ("pensim_law_" + std::to_string(getpid()) + ".yaml");
  const std::string good = skin_law_yaml(skin_law());
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return read_skin_law(path.string());
  };
  EXPECT_EQ(skin_law_yaml(read(good)), good);
  EXPECT_EQ(good, read_file((fs::path(catalog_folder()) / "skin_law.yaml").string()));
  const auto refused = [&](const std::string& text, const std::string& words) {
    try {
      read(text);
      ADD_FAILURE() << words;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("help: "), std::string::npos) << error.what();
    }
  };
  const auto with = [&](const std::string& what, const std::string& by) {
    const std::size_t at = good.find(what, good.find("\norigin"));  // past the comment
    EXPECT_NE(at, std::string::npos) << what;
    return std::string(good).replace(at, what.size(), by);
  };
  refused(with("shaft_stress_Pa", "shaft_stres_Pa"), "found `shaft_stres_Pa`, which is no parameter of the skin");
  refused(with("value: ", "values: "), "found no value");
  refused(with("value: ", "value: x"), "expected a number, found");
  refused(with("low: ", "low: 9"), "expected a value within its interval");
  refused(with("logarithmic_sd: ", "logarithmic_sd: -"), "a deviation above 0");
  refused(with("[1.000, ", "[0.999, "), "expected 1 on the diagonal");
  refused(with("  - [1.000, ", "  - [1.000, 0.1, "), "expected 7 numbers, found 8");
  refused(with("origin", "source"), "found no origin");
  SkinLaw law = skin_law();
  law.correlation[0][1] = law.correlation[1][0] = law.correlation[0][2] = law.correlation[2][0] = 0.99;
  law.correlation[1][2] = law.correlation[2][1] = -0.99;
  refused(skin_law_yaml(law), "not positive definite");
  fs::remove(path);
}

// What stands only in C++ says where it comes from, too.
TEST(Catalog, EveryParameterOfTheHeadersHasAMark) {
  for (const PlantParameter& p : plant_parameters()) {
    if (p.name.rfind("skin.patch", 0) == 0) continue;
    const std::string note = parameter_note(p.name);
    ASSERT_NE(note.find('['), std::string::npos) << p.name << ": " << note;
    EXPECT_EQ(mark_problem(note.substr(note.find('['))), "") << p.name << ": " << note;
  }
  EXPECT_EQ(parameter_note("skin.shaft_stress_Pa"), "tau_c [D] joint fit, 95 % 1.5..3.9 kPa");
  EXPECT_NE(parameter_note("motor.copper_per_K").find("+0.39 %/K"), std::string::npos);     // a table's line
  EXPECT_NE(parameter_note("skin.fastest_time_s").find("[F:mahvash]"), std::string::npos);  // a group's comment
  EXPECT_EQ(parameter_note("skin.nothing_m").find("[F:wang]"), std::string::npos);
}

TEST(Catalog, NoSourceIsListedTwice) {
  std::map<std::string, int> times;
  for (const CatalogSource& s : catalog_sources()) ++times[s.key];
  EXPECT_GT(times.size(), 60u);
  for (const auto& [key, n] : times) EXPECT_EQ(n, 1) << key;
}

// A profile is its base where no source gives a number.
TEST(Catalog, ProfilesAreTheirBaseButForWhatIsPublished) {
  const auto plant = [](const std::string& model) {
    return resolve(parse_scenario("duration: 1 s\npen: {model: " + model + "}\n", "t")).plant;
  };
  const PlantParams base = plant("rotary_p1"), exceed = plant("exceed"), skinpen = plant("skinpen_precision");
  EXPECT_EQ(exceed.drivetrain.eccentricity_m, base.drivetrain.eccentricity_m);
  EXPECT_EQ(exceed.screw.upper_stop_m, 1.9e-3);
  EXPECT_EQ(exceed.cartridge.needle_count, 6);
  EXPECT_EQ(exceed.cartridge.shaft_diameter_m, 0.35e-3);
  EXPECT_EQ(skinpen.screw.upper_stop_m, 2.5e-3);
  EXPECT_EQ(skinpen.cartridge.needle_count, 14);
  EXPECT_EQ(plant("pro_pen").cartridge.needle_count, 14);
  EXPECT_EQ(plant("dermapen_2012").cartridge.needle_count, 11);
  const CatalogEntry& entry = catalog_entry(CatalogKind::pen, "exceed");  // VT-24
  EXPECT_EQ(value(entry, "lowest_rate").number, 100.0);
  EXPECT_EQ(value(entry, "highest_rate").number, 150.0);
  EXPECT_EQ(value(entry, "depth_tolerance").number, 0.15e-3);
  EXPECT_NEAR(value(catalog_entry(CatalogKind::pen, "skinpen_precision"), "highest_rate").number, 7000.0 / 60.0, 0.05);
}

TEST(Catalog, AMissingCatalogIsSaid) {
  EXPECT_EXIT(
      {
        setenv("PENSIM_CATALOG", "/nonexistent", 1);
        try {
          catalog_folder();
        } catch (const InputError& error) {
          std::exit(std::string(error.what()).find("PENSIM_CATALOG=/nonexistent: there is no such folder") == 0 ? 7
                                                                                                                : 8);
        }
      },
      testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace pensim
