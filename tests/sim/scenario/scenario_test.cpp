// Scenarios: what a file says arrives in the struct and, resolved, in the numbers of a run; what it leaves out has its
// default.
#include "sim/scenario/scenario.h"

#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "firmware_shim/pen_shim.h"
#include "sim/catalog/catalog.h"
#include "sim/input/document.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/resolved_json.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  explicit Folder(const char* name)
      : path(fs::temp_directory_path() / (std::string("pensim_") + name + "_" + std::to_string(getpid()))) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
    return (path / name).string();
  }
  fs::path path;
};

std::string refusal(const std::string& text, const LoadOptions& options = {}) {
  try {
    parse_scenario(text, "test.yaml", ".", options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Scenario, DefaultsAreThoseOfTheStruct) {
  const Scenario s = load_scenario("tests/data/defaults.yaml", {{}, false});
  const Scenario plain;
  EXPECT_EQ(s.duration, 20'000);
  EXPECT_EQ(s.title, "defaults");
  EXPECT_EQ(s.seed, plain.seed);
  EXPECT_EQ(s.firmware, "reference_pen");
  EXPECT_EQ(s.pen.model, "rotary_p1");
  EXPECT_EQ(s.skin.region, "cheek");
  EXPECT_EQ(s.operation.press_N, 1.5);
  EXPECT_TRUE(s.timeline.empty() && s.watch.empty() && s.requirements.empty() && s.measures.empty() &&
              s.parameters.empty());
  EXPECT_FALSE(s.record.each_needle);
  EXPECT_EQ(s.link, LinkOptions{});
}

TEST(Scenario, OneOfEverything) {
  const Scenario s = load_scenario("tests/data/one_of_everything.yaml", {{}, false});
  EXPECT_EQ(s.title, "One of everything");
  EXPECT_EQ(s.tags, (std::vector<std::string>{"test", "everything"}));
  EXPECT_EQ(s.seed, UINT64_MAX);
  EXPECT_EQ(s.duration, 50'000);
  EXPECT_EQ(s.firmware, "example_rates");
  EXPECT_EQ(s.pen.model, "exceed");
  EXPECT_EQ(s.pen.motor, "faulhaber_1331t006sr");
  EXPECT_EQ(s.pen.battery, "lipo_850_tight");
  EXPECT_EQ(s.pen.state_of_charge, 0.35);
  EXPECT_EQ(s.pen.battery_aging, 1.5);
  EXPECT_EQ(s.pen.memory, "tests/data/memory_image.bin");
  EXPECT_EQ(s.pen.clock_start_s, 4294.9);
  EXPECT_DOUBLE_EQ(s.pen.ambient_K, 304.15);
  EXPECT_DOUBLE_EQ(*s.pen.temperature_K, 308.15);
  EXPECT_EQ(s.cartridge.model, "needles_16");
  EXPECT_EQ(s.cartridge.needles, 15);
  EXPECT_EQ(s.cartridge.tip_diameter_m, 22e-6);
  EXPECT_EQ(s.cartridge.shaft_diameter_m, 0.3e-3);
  EXPECT_DOUBLE_EQ(*s.cartridge.half_cone_angle_rad, 6 * 3.14159265358979323846 / 180);
  EXPECT_EQ(s.cartridge.pitch_m, 0.8e-3);
  EXPECT_EQ(s.cartridge.footprint_radius_m, 2.6e-3);
  EXPECT_EQ(s.cartridge.used, 3);
  EXPECT_EQ(s.cartridge.serial, 1234567890123u);
  EXPECT_EQ(s.skin.region, "forehead");
  EXPECT_EQ(s.skin.sex, "male");
  EXPECT_EQ(s.skin.condition, "aged");
  EXPECT_EQ(s.skin.topical, "serum");
  EXPECT_TRUE(s.skin.drawn);
  EXPECT_EQ(s.skin.stretch, 1.1);
  ASSERT_EQ(s.skin.patches.size(), 2u);
  EXPECT_EQ(s.skin.patches[0].from_m, 10e-3);
  EXPECT_EQ(s.skin.patches[1].region, "temple");
  EXPECT_EQ(s.skin.patches[1].topical, "drying_serum");
  EXPECT_EQ(s.operation.press_N, 2.5);
  EXPECT_EQ(s.operation.glide_m_per_s, 0.03);
  EXPECT_EQ(s.operation.track_m, 0.06);
  EXPECT_EQ(s.operation.passes, 3);
  EXPECT_DOUBLE_EQ(s.operation.tilt_rad, 7 * 3.14159265358979323846 / 180);
  EXPECT_EQ(s.operation.tremor, 2.0);
  EXPECT_TRUE(s.operation.contact);
  EXPECT_EQ(s.operation.lift_m, 5e-3);
  EXPECT_EQ(s.operation.press_noise, 0.2);
  EXPECT_EQ(s.operation.hand_mass_kg, 0.1);
  EXPECT_EQ(s.parameters.at("battery.rail_F").first, 220e-6);
  EXPECT_EQ(s.parameters.at("steps_per_tick").first, 4.0);
  EXPECT_EQ(s.watch, (std::vector<std::string>{"speed_loop.integral", "events.head"}));
  ASSERT_EQ(s.measures.size(), 2u);
  EXPECT_EQ(s.measures[0].name, "peak_force");
  EXPECT_EQ(s.measures[0].expression, "max[1 s, end](needle.force)");
  ASSERT_EQ(s.requirements.size(), 2u);
  EXPECT_EQ(s.requirements[0].id, "RATE-01");
  EXPECT_EQ(s.requirements[1].id, "DEPTH/2");
  EXPECT_TRUE(s.requirements[1].may_be_vacuous);
  EXPECT_TRUE(s.record.each_needle);
  EXPECT_EQ(s.core_clock_Hz, 48e6);
  EXPECT_EQ(s.link, (LinkOptions{LinkOptions::Mode::real_time, LinkOptions::OnLoss::freeze, 50e-3, 1.0, 2.0, 500.0,
                                 "reference_pen"}));
}

TEST(Scenario, TheTimelineIsSortedAndKeepsTheOrderOfOneTick) {
  const Scenario s = load_scenario("tests/data/one_of_everything.yaml", {{}, false});
  ASSERT_EQ(s.timeline.size(), 10u);
  const auto is = [&](std::size_t i, Tick at, Command::Kind kind, const char* name, double value) {
    EXPECT_EQ(s.timeline[i].at, at) << i;
    EXPECT_EQ(s.timeline[i].kind, kind) << i;
    EXPECT_EQ(s.timeline[i].name, name) << i;
    EXPECT_DOUBLE_EQ(s.timeline[i].value, value) << i;
  };
  is(0, 1000, Command::Kind::set, "user.rate", 7000.0 / 60.0);
  is(1, 2000, Command::Kind::set, "user.depth", 1.5e-3);
  is(2, 2000, Command::Kind::set, "user.start", 1);
  is(3, 4000, Command::Kind::set, "operator.press", 3);
  EXPECT_EQ(s.timeline[3].over, 6000);
  is(4, 4000, Command::Kind::set, "aux.7", -2147483648.0);
  is(5, 6000, Command::Kind::fault, "hall.dropout", 0);
  EXPECT_EQ(s.timeline[5].duration, 800);
  is(6, 6200, Command::Kind::fault, "motor_current.offset", -0.05);
  EXPECT_EQ(s.timeline[6].duration, 0);
  is(7, 8000, Command::Kind::poke, "speed_loop.gain[2]", 1.5);
  is(8, 10000, Command::Kind::uart, "", 0);
  EXPECT_EQ(s.timeline[8].text.substr(0, 8), "status\r\n");
  is(9, 12000, Command::Kind::reset, "", PEN_RESET_WATCHDOG);
}

TEST(Scenario, InstantsGoToTheNearestTick) {
  const Scenario s = parse_scenario(
      "duration: 1 s\ntimeline:\n"
      "  - {at: 0.1000249 s, set: user.start, to: on}\n"
      "  - {at: 0.200025 s, set: user.start, to: off}\n"
      "  - {at: 0.30002 s, fault: hall.dropout, for: 74 us}\n"
      "  - {at: 333.33 ms, set: user.start, to: on}\n",
      "t");
  EXPECT_EQ(s.timeline[0].at, 2000);
  EXPECT_EQ(s.timeline[1].at, 4001);
  EXPECT_EQ(s.timeline[2].at, 6000);
  EXPECT_EQ(s.timeline[2].duration, 1);
  EXPECT_EQ(s.timeline[3].at, 6667);
}

// The newest line of a name wins, and a note says what it cuts short.
TEST(Scenario, LinesThatOverlapAreNoted) {
  const auto notes = [](const std::string& lines) {
    return parse_scenario("duration: 1 s\ntimeline:\n" + lines, "x.yaml").notes;
  };
  const auto ramps = notes(
      "  - {at: 0.1 s, set: operator.press, to: 3 N, over: 0.5 s}\n"
      "  - {at: 0.2 s, set: operator.press, to: 1 N, over: 0.1 s}\n");
  ASSERT_EQ(ramps.size(), 1u);
  EXPECT_EQ(
      ramps[0],
      "line 4: operator.press is set at 0.2 s, while the ramp of line 3 is under way: that ramp ends there, and its "
      "value is not reached");
  EXPECT_EQ(notes("  - {at: 0.2 s, set: operator.press, to: 1 N}\n"
                  "  - {at: 0.1 s, set: operator.press, to: 3 N, over: 0.5 s}\n")
                .size(),
            1u);
  const auto faults = notes(
      "  - {at: 0.1 s, fault: drivetrain.friction, to: 1 mN m, for: 0.5 s}\n"
      "  - {at: 0.2 s, fault: drivetrain.friction, to: 2 mN m}\n");
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0], "line 4: drivetrain.friction at 0.2 s takes the place of that of line 3");
  // One after the other, and of different parts: nothing to say.
  EXPECT_TRUE(notes("  - {at: 0.1 s, set: operator.press, to: 3 N, over: 0.1 s}\n"
                    "  - {at: 0.2 s, set: operator.press, to: 1 N, over: 0.1 s}\n"
                    "  - {at: 0.1 s, fault: drivetrain.friction, for: 0.1 s}\n"
                    "  - {at: 0.2 s, fault: drivetrain.friction, for: 0.1 s}\n"
                    "  - {at: 0.1 s, fault: hall.dropout}\n"
                    "  - {at: 0.1 s, fault: spring.weak}\n")
                  .empty());
}

TEST(Scenario, FaultsHaveTheirUsualMagnitude) {
  for (const FaultKind& kind : fault_kinds) {
    const Scenario s =
        parse_scenario(std::string("duration: 1 s\ntimeline: [{at: 0.1 s, fault: ") + kind.name + "}]\n", "t");
    EXPECT_EQ(s.timeline.at(0).value, kind.magnitude) << kind.name;
    EXPECT_EQ(s.timeline.at(0).duration, 0) << kind.name;
  }
}

TEST(Scenario, EverySettableTakesItsBoundsInItsUnit) {
  for (const Settable& settable : settables)
    for (double value : {settable.low, settable.high}) {
      const std::string unit = std::string_view(settable.unit) == "1" ? "" : std::string(" ") + settable.unit;
      char number[40];
      std::snprintf(number, sizeof number, "%.17g", value);
      const Scenario s = parse_scenario(std::string("duration: 1 s\ntimeline: [{at: 0.1 s, set: ") + settable.name +
                                            ", to: " + number + unit + "}]\n",
                                        "t");
      EXPECT_EQ(s.timeline.at(0).value, value) << settable.name;
    }
}

TEST(Scenario, AnchorsAreExpanded) {
  const Scenario s = parse_scenario("duration: &t 1 s\noperator: &hand {press: 2 N}\npen: {clock_start: *t}\n", "t");
  EXPECT_EQ(s.pen.clock_start_s, 1.0);
  EXPECT_EQ(s.operation.press_N, 2.0);
}

TEST(Scenario, OverridesReachEveryKindOfPlace) {
  const std::string text =
      "duration: 1 s\noperator: {press: 1 N}\ntimeline:\n  - {at: 0.1 s, set: user.depth, to: 1 mm}\nmeasure: {a.b: "
      "max(needle.force)}\n";
  LoadOptions options;
  options.overrides = {"operator.press=3 N",
                       "operator.glide=10 mm/s",
                       "timeline.0.to=1.5 mm",
                       "skin={region: neck, sex: male}",
                       "tags=[a, b]",
                       "seed=9",
                       "parameters.motor.resistance=1.2 ohm",
                       "measure.a.b=min(needle.force)",
                       "duration=2 s",
                       "title=a = b",
                       "operator.press=4 N"};
  const Scenario s = parse_scenario(text, "t", ".", options);
  EXPECT_EQ(s.operation.press_N, 4.0);
  EXPECT_EQ(s.operation.glide_m_per_s, 0.01);
  EXPECT_EQ(s.timeline.at(0).value, 1.5e-3);
  EXPECT_EQ(s.skin.region, "neck");
  EXPECT_EQ(s.tags.size(), 2u);
  EXPECT_EQ(s.seed, 9u);
  EXPECT_EQ(s.parameters.at("motor.resistance_ohm").first, 1.2);
  EXPECT_EQ(s.measures.at(0).expression, "min(needle.force)");
  EXPECT_EQ(s.duration, 40'000);
  EXPECT_EQ(s.title, "a = b");
  EXPECT_EQ(s.overrides, options.overrides);
}

TEST(Scenario, PathsAreRelativeToTheScenario) {
  const Folder folder("paths");
  folder.write("pens/my_pen.yaml",
               "about: mine\nmotor: ../motors/mine.yaml\nbattery: lipo_850\nscrew: {upper_stop: {value: 2 mm, source: "
               "\"[E] mine\"}}\n");
  folder.write("motors/mine.yaml", "about: mine\nresistance: {value: 2 ohm, source: \"[E] measured\"}\n");
  folder.write("image.bin", "abc");
  const std::string path = folder.write(
      "sub/a.yaml",
      "duration: 1 s\npen: {model: ../pens/my_pen.yaml, memory: ../image.bin}\nfirmware: native:../core.so\n");
  const Scenario s = load_scenario(path, {{}, false});
  EXPECT_EQ(s.firmware, "native:" + (folder.path / "core.so").string());
  const ResolvedScenario r = resolve(s);
  EXPECT_EQ(r.plant.motor.resistance_ohm, 2.0);
  EXPECT_EQ(r.plant.screw.upper_stop_m, 2e-3);
  EXPECT_EQ(r.pen_memory[0], 'a');
  EXPECT_EQ(r.pen_memory[3], 0xFF);
  // but --set is typed at the prompt
  EXPECT_EQ(load_scenario(path, {{"firmware=native:build/core.so"}, false}).firmware, "native:build/core.so");
}

TEST(Scenario, AFileOfThePenSetsTheTick) {
  const Folder folder("tick");
  folder.write("fast.yaml", "about: fast\nmotor: p1_winding\ntick: {value: 25 us, source: \"[E] fast loop\"}\n");
  folder.write("odd.yaml", "about: odd\nmotor: p1_winding\ntick: {value: 0.3 us, source: \"[E] too fast\"}\n");
  const Scenario s = load_scenario(
      folder.write("a.yaml",
                   "duration: 1 s\npen: {model: ./fast.yaml}\ntimeline: [{at: 0.5 s, set: user.start, to: on}]\n"),
      {{}, false});
  EXPECT_EQ(s.tick_ns, 25'000);
  EXPECT_EQ(s.duration, 40'000);
  EXPECT_EQ(s.timeline[0].at, 20'000);
  EXPECT_EQ(resolve(s).plant.tick_s, 25e-6);
  try {
    load_scenario(folder.write("b.yaml", "duration: 1 s\npen: {model: ./odd.yaml}\n"), {{}, false});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what())
                  .find("odd.yaml:3:7: expected a tick of 1 us to 1 ms in whole microseconds, found 0.3 us"),
              std::string::npos)
        << error.what();
  }
}

TEST(Scenario, TheNearestAlwaysYamlIsAdded) {
  const Folder folder("always");
  folder.write("always.yaml", "- {id: TOP, that: always (pin.enable >= 0)}\n");
  folder.write("deep/always.yaml",
               "require:\n  - {id: DEEP, text: in words, that: always (pin.enable >= 0), may_be_vacuous: true}\n");
  const std::string own = "duration: 1 s\nrequire: [{id: OWN, that: rise(pin.start)}]\n";
  const auto ids = [](const Scenario& s) {
    std::string text;
    for (const Requirement& r : s.requirements) text += r.id + (r.always ? "* " : " ");
    return text;
  };
  EXPECT_EQ(ids(load_scenario(folder.write("a.yaml", own))), "OWN TOP* ");
  EXPECT_EQ(ids(load_scenario(folder.write("other/x/a.yaml", own))), "OWN TOP* ");
  EXPECT_EQ(ids(load_scenario(folder.write("deep/a.yaml", own))), "OWN DEEP* ");
  EXPECT_EQ(ids(load_scenario((folder.path / "deep/a.yaml").string(), {{}, false})), "OWN ");
  EXPECT_EQ(ids(load_scenario(folder.write("deep/rig.yaml", "rig: insertion\n"))), "");
  try {
    load_scenario(folder.write("clash.yaml", "duration: 1 s\nrequire: [{id: TOP, that: rise(pin.start)}]\n"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what())
                  .find("clash.yaml:2:16: the id TOP is also in " + (folder.path / "always.yaml").string()),
              std::string::npos)
        << error.what();
  }
  folder.write("broken/always.yaml", "- {id: X}\n");
  try {
    load_scenario(folder.write("broken/a.yaml", own));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("always.yaml:1:3: found no `that`"), std::string::npos) << error.what();
  }
}

TEST(Scenario, AFolderStandsForItsScenarios) {
  const Folder folder("folder");
  for (const char* name : {"b.yaml", "a/z.yaml", "a/always.yaml", "always.yaml", "campaigns/sweep.yaml",
                           "a/campaigns/x.yaml", "a/readme.md", "c/d/e.yaml"})
    folder.write(name, "duration: 1 s\n");
  std::vector<std::string> labels;
  for (const ScenarioFile& file : expand_scenarios({folder.path.string(), (folder.path / "b.yaml").string()}))
    labels.push_back(fs::path(file.label).lexically_relative(folder.path).string());
  EXPECT_EQ(labels, (std::vector<std::string>{"a/z.yaml", "b.yaml", "c/d/e.yaml"}));
  EXPECT_EQ(expand_scenarios({(folder.path / "campaigns/sweep.yaml").string()}).size(), 1u);
  fs::create_directories(folder.path / "empty");
  for (const std::string& bad : {(folder.path / "empty").string(), (folder.path / "none").string(), std::string()})
    EXPECT_THROW(expand_scenarios({bad}), InputError) << bad;
  EXPECT_THROW(expand_scenarios({}), InputError);
}

TEST(Scenario, TheInsertionRigHasItsOwnTime) {
  const Scenario s = load_scenario("tests/data/insertion.yaml");
  EXPECT_EQ(s.rig, Rig::insertion);
  EXPECT_EQ(s.insertion.travel_m, 1.2e-3);
  EXPECT_EQ(s.insertion.nose_outer_diameter_m, 12e-3);
  EXPECT_FALSE(s.insertion.retract);
  EXPECT_TRUE(s.insertion.base_plate);
  EXPECT_EQ(s.tick_ns, 50'000);                     // 1.2 mm / 3 mm/s / 2000 = 200 us, at most 50 us
  EXPECT_EQ(s.duration, 334 + 8'000 + 10'000 + 1);  // 50 um above the skin, 1.2 mm, 0.5 s, and the row at its end
  EXPECT_FALSE(s.insertion.vibrates_in_insertion);
  EXPECT_TRUE(s.insertion.vibrates_in_hold);
  EXPECT_EQ(s.requirements.size(), 1u);
  const auto rig = [](const char* keys) {
    return parse_scenario(std::string("rig: insertion\ninsertion: {") + keys + "}\n", "t");
  };
  EXPECT_EQ(rig("speed: 40 mm/s, travel: 1 mm").tick_ns, 12'500);
  EXPECT_EQ(rig("speed: 3 m/s, travel: 1.5 mm").tick_ns, 1'000);
  // to, fro, and 1 mm clear of the skin
  EXPECT_EQ(rig("speed: 2 m/s, travel: 1.5 mm").duration, 25 + 750 + 750 + 500 + 1);
  EXPECT_EQ(rig("speed: 1 um/s").tick_ns, 4'051'000);  // 4050 s in a million rows
  EXPECT_EQ(rig("speed: 1 m/s, hold: 10 s").tick_ns, 11'000);
  EXPECT_LE(rig("speed: 1 m/s, hold: 3600 s, press: 1 N").duration, 1'000'001);
  EXPECT_EQ(rig("press: 3 N").insertion.travel_m, std::nullopt);
  EXPECT_EQ(rig("").insertion.travel_m, 1.5e-3);
}

TEST(Resolve, DefaultsAreThePenP1) {
  // The catalog's default pen and the models' own defaults are one pen: what differs is the skin, and what the scenario
  // says.
  const ResolvedScenario r = resolve(load_scenario("tests/data/defaults.yaml", {{}, false}));
  PlantParams models;
  std::vector<std::pair<std::string, double>> ours, theirs;
  each_plant_param(r.plant,
                   [&](const char* name, const auto& member) { ours.emplace_back(name, static_cast<double>(member)); });
  each_plant_param(
      models, [&](const char* name, const auto& member) { theirs.emplace_back(name, static_cast<double>(member)); });
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const std::string& name = ours[i].first;
    if (name.rfind("skin.", 0) == 0 || name.rfind("cartridge.", 0) == 0 || name == "battery.initial_charge_1") continue;
    EXPECT_NEAR(ours[i].second, theirs[i].second, 1e-9 * std::abs(theirs[i].second)) << name;
  }
  EXPECT_EQ(r.plant.skin.shear_modulus_Pa, 30e3);
  EXPECT_EQ(r.plant.skin.dermis_m, 0.87e-3);
  EXPECT_EQ(r.plant.cartridge.needle_count, 12);
  EXPECT_EQ(r.settings.size(), std::size(settables));
  for (std::size_t i = 0; i < r.settings.size(); ++i) {
    EXPECT_EQ(r.settings[i].name, settables[i].name);
    EXPECT_EQ(r.settings[i].value, settables[i].start) << settables[i].name;
  }
  EXPECT_EQ(r.pen_memory, std::vector<std::uint8_t>(PEN_NVM_PEN_BYTES, 0xFF));
  EXPECT_EQ(r.cartridge_memory, std::vector<std::uint8_t>(PEN_NVM_CARTRIDGE_BYTES, 0xFF));
}

TEST(Resolve, OneOfEverythingReachesThePlant) {
  const ResolvedScenario r = resolve(load_scenario("tests/data/one_of_everything.yaml", {{"skin.drawn=off"}, false}));
  EXPECT_EQ(r.plant.motor.resistance_ohm, 2.83);
  EXPECT_EQ(r.plant.battery.cutoff_V, 3.0);
  EXPECT_EQ(r.plant.battery.initial_charge_1, 0.35);
  ASSERT_EQ(r.commands.size(), 11u);  // the ten of the timeline, and the age of the cell
  EXPECT_EQ(r.commands[0].name, "battery.aged");
  EXPECT_EQ(r.commands[0].value, 1.5);
  EXPECT_EQ(r.commands[0].at, 0);
  EXPECT_EQ(r.plant.battery.rail_F, 220e-6);
  EXPECT_EQ(r.plant.screw.upper_stop_m, 1.9e-3);
  EXPECT_EQ(r.plant.steps_per_tick, 4);
  EXPECT_EQ(r.plant.cartridge.needle_count, 15);
  EXPECT_EQ(r.plant.cartridge.tip_diameter_m, 22e-6);
  EXPECT_EQ(r.plant.cartridge.needle_length_m, 2.5e-3);
  EXPECT_EQ(r.plant.cartridge.used_count, 3);
  EXPECT_EQ(r.plant.cartridge.pitch_m, 0.8e-3);
  EXPECT_DOUBLE_EQ(r.plant.thermal.initial_K, 308.15);
  EXPECT_DOUBLE_EQ(r.plant.skin.shear_modulus_Pa, 80e3 * 1.3);
  EXPECT_DOUBLE_EQ(r.plant.skin.dermis_m, 1.17e-3 * 0.85);
  EXPECT_DOUBLE_EQ(r.plant.skin.nose_friction_1, 0.15);
  EXPECT_EQ(r.plant.skin.stretch_1, 1.1);
  ASSERT_EQ(r.plant.skin.patch_count, 2);
  // A patch's own condition stands in the place of the rest's: scar on the forehead over an aged forehead.
  EXPECT_DOUBLE_EQ(r.plant.skin.patches[0].stiffness_factor_1, 2.3 / 1.3);
  EXPECT_DOUBLE_EQ(r.plant.skin.patches[0].puncture_factor_1, 1.75);
  EXPECT_DOUBLE_EQ(r.plant.skin.patches[0].dermis_factor_1, 2.0 / 0.85);
  EXPECT_DOUBLE_EQ(r.plant.skin.patches[1].stiffness_factor_1, 0.5);
  EXPECT_EQ(r.plant.skin.patches[1].from_m, 20e-3);
  EXPECT_EQ(r.plant.hand.track_length_m, 60e-3);
  EXPECT_EQ(r.plant.hand.pass_count, 3);
  EXPECT_EQ(r.plant.hand.tremor_along_m, 2 * HandParams{}.tremor_along_m);
  EXPECT_EQ(r.plant.hand.press_noise_1, 0.2);
  EXPECT_EQ(r.plant.hand.hand_mass_kg, 0.1);
  EXPECT_EQ(r.plant.hand.stiffness_N_per_m, 400);
  EXPECT_EQ(r.plant.hand.damping_N_s_per_m, 4);
  EXPECT_EQ(r.plant.initial_lift_m, 5e-3);
  EXPECT_EQ(static_cast<std::uint64_t>(r.plant.seed), UINT64_MAX);
  EXPECT_EQ(r.clock_start_us, 4294900000u);
  EXPECT_EQ(std::string(r.pen_memory.begin(), r.pen_memory.begin() + 14), std::string("calibration\0\1\2", 14));
  EXPECT_EQ(r.cartridge_memory[0], 5);  // the file's, not the count's
  const auto setting = [&](const char* name) {
    for (const InitialSetting& s : r.settings)
      if (s.name == name) return s.value;
    return -1.0;
  };
  EXPECT_EQ(setting("operator.press"), 2.5);
  EXPECT_EQ(setting("operator.glide"), 0.03);
  EXPECT_EQ(setting("operator.contact"), 1.0);
  EXPECT_EQ(setting("operator.lift"), 5e-3);
  EXPECT_DOUBLE_EQ(setting("operator.tilt"), 7 * 3.14159265358979323846 / 180);
  EXPECT_DOUBLE_EQ(setting("ambient.temperature"), 304.15);
}

TEST(Resolve, ConditionsAndTopicalsMultiply) {
  const auto skin = [](const std::string& choice) {
    return resolve(parse_scenario("duration: 1 s\nskin: {" + choice + "}\n", "t")).plant.skin;
  };
  const SkinParams plain = skin(""), scar = skin("condition: hypertrophic_scar"),
                   cream = skin("topical: anaesthetic_cream"),
                   both = skin("condition: hypertrophic_scar, topical: anaesthetic_cream"),
                   wet = skin("condition: hydrated, topical: hyaluronic_gel");
  EXPECT_DOUBLE_EQ(scar.shear_modulus_Pa, 2.3 * plain.shear_modulus_Pa);
  EXPECT_DOUBLE_EQ(scar.puncture_factor_1, 1.75 * plain.puncture_factor_1);
  EXPECT_DOUBLE_EQ(cream.puncture_factor_1, 0.82 * plain.puncture_factor_1);
  EXPECT_DOUBLE_EQ(both.puncture_factor_1, 1.75 * 0.82 * plain.puncture_factor_1);
  EXPECT_DOUBLE_EQ(cream.nose_friction_1, 0.22);
  EXPECT_DOUBLE_EQ(wet.nose_friction_1, 0.10 * 2.2);
  EXPECT_GT(skin("sex: male").dermis_m, plain.dermis_m);
}

TEST(Resolve, NeedlesChooseACartridge) {
  const auto cartridge = [](const std::string& choice) {
    return resolve(parse_scenario("duration: 1 s\ncartridge: {" + choice + "}\n", "t")).plant.cartridge;
  };
  for (int needles : {1, 6, 12, 14, 16, 24, 36, 42})
    EXPECT_EQ(cartridge("needles: " + std::to_string(needles)).needle_count, needles);
  EXPECT_EQ(cartridge("needles: 36").footprint_radius_m, 3.5e-3);
  EXPECT_EQ(cartridge("needles: 36").id_resistance_ohm, 17.4e3);
  EXPECT_EQ(cartridge("model: needles_36").needle_count, 36);
  EXPECT_EQ(cartridge("needles: 7").needle_count, 7);  // none of the catalog: the pen's own with so many
  const ResolvedScenario used = resolve(parse_scenario("duration: 1 s\ncartridge: {used: 2}\n", "t"));
  EXPECT_EQ(used.cartridge_memory[0], 2);
  EXPECT_EQ(used.cartridge_memory[1], 0xFF);
}

TEST(Resolve, ParametersStandOverEverything) {
  const ResolvedScenario r =
      resolve(parse_scenario("duration: 1 s\npen: {battery: {state_of_charge: 50 %}}\nparameters:\n  motor.resistance: "
                             "3 ohm\n  skin.dermis_m: 2 mm\n"
                             "  battery.initial_charge: 20 %\n  cartridge.needle_count: 9\n  battery.cutoff_V: 2.9 V\n",
                             "t"));
  EXPECT_EQ(r.plant.motor.resistance_ohm, 3.0);
  EXPECT_EQ(r.plant.skin.dermis_m, 2e-3);
  EXPECT_EQ(r.plant.battery.initial_charge_1, 0.2);
  EXPECT_EQ(r.plant.cartridge.needle_count, 9);
  EXPECT_EQ(r.plant.battery.cutoff_V, 2.9);
  const auto refused = [](const char* line) {
    try {
      resolve(parse_scenario(std::string("duration: 1 s\nparameters:\n  ") + line + "\n", "t"));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(refused("motor.resistance: 0 ohm").find("t:3:21: expected motor.resistance_ohm above 0, found 0"),
            std::string::npos)
      << refused("motor.resistance: 0 ohm");
  EXPECT_NE(refused("motor.inductance: -1 uH").find("expected motor.inductance_H of 0 or more"), std::string::npos);
  EXPECT_NE(refused("cartridge.needle_count: 43").find("from 1 to 42, found 43"), std::string::npos);
  EXPECT_NE(refused("cartridge.needle_count: 3.5").find("expected a whole number"), std::string::npos);
  EXPECT_NE(refused("steps_per_tick: 0").find("from 1 to 1000"), std::string::npos);
  EXPECT_NE(refused("skin.equilibrium_share: 1.5").find("from 0 to 1, found 1.5"), std::string::npos);
  EXPECT_NE(refused("sensors.dial_end: 0.5").find("from 0 to below 0.5, found 0.5"), std::string::npos);
  EXPECT_NE(refused("sensors.depth_dial_low: 3 mm").find("depth_dial_high above sensors.depth_dial_low"),
            std::string::npos);
  EXPECT_NE(refused("sensors.rate_dial_high: 60 Hz").find("rate_dial_high above sensors.rate_dial_low"),
            std::string::npos);
  EXPECT_EQ(refused("sensors.rate_dial_low: 0 Hz"), "accepted");
  EXPECT_NE(refused("thermal.case_share: 1.01").find("from 0 to 1, found 1.01"), std::string::npos);
  EXPECT_NE(refused("skin.slowest_time: 0.1 ms").find("above skin.fastest_time"), std::string::npos);
  EXPECT_NE(refused("tick: 25 us").find("no free parameter"), std::string::npos);
}

TEST(ResolvedText, RoundTripsBitForBit) {
  for (const char* path :
       {"tests/data/defaults.yaml", "tests/data/one_of_everything.yaml", "tests/data/insertion.yaml"}) {
    ResolvedScenario r = resolve(load_scenario(path, {{}, false}));
    r.plant.skin.dermis_m = std::nextafter(0.1, 1.0);
    r.plant.motor.inertia_kg_m2 = 4.9406564584124654e-324;
    r.plant.skin.puncture_offset_N = -0.0;
    const std::string text = to_json(r);
    const ResolvedScenario back = resolved_from_json(text);
    EXPECT_EQ(to_json(back), text);
    std::vector<std::uint64_t> before, after;
    each_plant_param(r.plant,
                     [&](const char*, const auto& member) { before.push_back(std::bit_cast<std::uint64_t>(member)); });
    each_plant_param(back.plant,
                     [&](const char*, const auto& member) { after.push_back(std::bit_cast<std::uint64_t>(member)); });
    EXPECT_EQ(before, after);
    EXPECT_EQ(back.seed, r.seed);
    EXPECT_EQ(back.duration, r.duration);
    EXPECT_EQ(back.tick_ns, r.tick_ns);
    EXPECT_EQ(back.firmware, r.firmware);
    EXPECT_EQ(back.clock_start_us, r.clock_start_us);
    EXPECT_EQ(back.settings, r.settings);
    EXPECT_EQ(back.pen_memory, r.pen_memory);
    EXPECT_EQ(back.cartridge_memory, r.cartridge_memory);
    EXPECT_EQ(back.cartridge_used, r.cartridge_used);
    EXPECT_EQ(back.cartridge_serial, r.cartridge_serial);
    EXPECT_EQ(back.watch, r.watch);
    EXPECT_EQ(back.record, r.record);
    EXPECT_EQ(back.tags, r.tags);
    EXPECT_EQ(back.insertion.nose_inner_diameter_m, r.insertion.nose_inner_diameter_m);
    EXPECT_EQ(back.insertion.retract, r.insertion.retract);
    ASSERT_EQ(back.commands.size(), r.commands.size());
    for (std::size_t i = 0; i < r.commands.size(); ++i) {
      EXPECT_EQ(back.commands[i].at, r.commands[i].at);
      EXPECT_EQ(back.commands[i].kind, r.commands[i].kind);
      EXPECT_EQ(back.commands[i].name, r.commands[i].name);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(back.commands[i].value),
                std::bit_cast<std::uint64_t>(r.commands[i].value));
      EXPECT_EQ(back.commands[i].over, r.commands[i].over);
      EXPECT_EQ(back.commands[i].duration, r.commands[i].duration);
      EXPECT_EQ(back.commands[i].text, r.commands[i].text);
    }
    ASSERT_EQ(back.requirements.size(), r.requirements.size());
    for (std::size_t i = 0; i < r.requirements.size(); ++i) {
      EXPECT_EQ(back.requirements[i].id, r.requirements[i].id);
      EXPECT_EQ(back.requirements[i].that, r.requirements[i].that);
      EXPECT_EQ(back.requirements[i].may_be_vacuous, r.requirements[i].may_be_vacuous);
      EXPECT_EQ(back.requirements[i].at.line, r.requirements[i].at.line);
    }
    ASSERT_EQ(back.measures.size(), r.measures.size());
  }
}

TEST(ResolvedText, KnowsTheLinkOfABoardOnly) {
  ResolvedScenario r = resolve(load_scenario("tests/data/one_of_everything.yaml", {{}, false}));
  EXPECT_EQ(to_json(r).find("\"link\""), std::string::npos);
  r.firmware = "link:unix:/run/board";
  EXPECT_EQ(resolved_from_json(to_json(r), "text").link, r.link);
}

TEST(ResolvedText, TypedBytesSurvive) {
  ResolvedScenario r = resolve(load_scenario("tests/data/defaults.yaml", {{}, false}));
  Command typed;
  typed.kind = Command::Kind::uart;
  for (int b = 0; b < 256; ++b) typed.text += static_cast<char>(b);
  r.commands = {typed};
  EXPECT_EQ(resolved_from_json(to_json(r)).commands.at(0).text, typed.text);
}

TEST(ResolvedText, NeedsNoCatalog) {
  const std::string text = to_json(resolve(load_scenario("tests/data/one_of_everything.yaml", {{}, false})));
  // In a process of its own, so that no catalog has been read.
  EXPECT_EXIT(
      {
        setenv("PENSIM_CATALOG", "/nonexistent", 1);
        setenv("PENSIM_SHARE", "/nonexistent", 1);
        resolved_from_json(text);
        std::exit(7);
      },
      testing::ExitedWithCode(7), "");
}

TEST(ResolvedText, RefusesWhatWasChanged) {
  const std::string good = to_json(resolve(load_scenario("tests/data/one_of_everything.yaml", {{}, false})));
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at == std::string::npos) return std::string();
    text.replace(at, from.size(), to);
    try {
      resolved_from_json(text, "rec.h5");
    } catch (const InputError& error) {
      for (const InputProblem& problem : error.problems()) EXPECT_FALSE(problem.hint.empty()) << problem.message;
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const auto has = [&](const std::string& from, const std::string& to, const char* words) {
    const std::string said = refused(from, to);
    EXPECT_NE(said.find(words), std::string::npos) << to << ": " << said;
  };
  has("\"resolved_version\": 2", "\"resolved_version\": 3", "found resolved_version 3, expected 2");
  has("\"motor.resistance_ohm\": 2.83", "\"motor.resistance_ohm\": \"2.83\"",
      "rec.h5: plant.motor.resistance_ohm: expected a number, found \"2.83\"");
  has("\"motor.resistance_ohm\": 2.83", "\"motor.resistance_ohm\": null", "expected a number, found null");
  has("\"motor.resistance_ohm\": 2.83", "\"motor.resistance_ohm\": 1e999", "not JSON");
  has("\"motor.resistance_ohm\": 2.83", "\"motor.resistance_ohm\": -1", "of 0 or more");
  has("\"motor.resistance_ohm\": 2.83,", "", "found no `plant.motor.resistance_ohm`");
  has("\"motor.resistance_ohm\"", "\"motor.resistance\"", "found `plant.motor.resistance`, which does not exist");
  has("\"cartridge.needle_count\": 15", "\"cartridge.needle_count\": 43", "from 1 to 42");
  has("\"cartridge.needle_count\": 15", "\"cartridge.needle_count\": 15.5", "expected a whole number");
  has("\"skin.patch_count\": 2", "\"skin.patch_count\": 9", "from 0 to 8");
  has("\"rig\": \"pen\"", "\"rig\": \"boat\"", "found `boat`");
  has("\"seed\": 18446744073709551615", "\"seed\": -1", "expected a whole number");
  has("\"seed\": 18446744073709551615", "\"seed\": 18446744073709551616", "expected a whole number");
  has("\"duration_ticks\": 50000", "\"duration_ticks\": 0", "expected a whole number from 1");
  has("\"tick_ns\": 50000", "\"tick_ns\": 25000", "differs from tick_ns");
  has("\"pen_memory\": \"", "\"pen_memory\": \"g0", "hexadecimal");
  has("\"pen_memory\": \"", "\"pen_memory\": \"0", "hexadecimal");
  has("\"kind\": \"fault\"", "\"kind\": \"wish\"", "found `wish`");
  has("\"name\": \"hall.dropout\"", "\"name\": \"hall.drop\"", "which is no fault");
  has("\"name\": \"user.rate\"", "\"name\": \"user.speed\"", "cannot be set");
  has("\"at\": 1000", "\"at\": 1000000", "an instant before that of the command above");
  has("\"at\": 1000", "\"at\": -1", "expected a whole number");
  has("\"value\": 0.0015", "\"value\": 0.5", "out of range");
  has("\"user.depth\": 0.001", "\"user.depth\": 1", "settings.user.depth = 1 is out of range");
  has("\"tags\": [", "\"tags\": [3, ", "tags[0]: expected a text, found 3");
  has("{", "[", "not JSON");
  has("\"title\"", "\"titel\"", "found `titel`, which does not exist");
  for (const char* text : {"", "[]", "3", "null", "\"x\"", "{", "{}", "\xFF", "[[[[[[[[[[[[[[[[[[[[[[[[[[["})
    EXPECT_THROW(resolved_from_json(text), InputError) << text;
  EXPECT_THROW(resolved_from_json(std::string(1'000'000, '[')), InputError);
  EXPECT_THROW(resolved_from_json(std::string(20u << 20, ' ')), InputError);
  std::string deep = "{\"a\": ";
  for (int k = 0; k < 100; ++k) deep += "{\"a\": ";
  EXPECT_THROW(resolved_from_json(deep + "1" + std::string(101, '}')), InputError);
  // Every cut of the text is refused.
  for (std::size_t length = 0; length + 2 < good.size(); length += 97)
    EXPECT_THROW(resolved_from_json(good.substr(0, length)), InputError) << length;
}

TEST(Scenario, HiddenSlipsAreNotSwallowed) {
  EXPECT_NE(refusal("duration: 1 s\nparameters: {seed: 3}\n").find("no free parameter"), std::string::npos);
  EXPECT_NE(refusal("duration: 1 s\n", {{"operator.press="}, false}).find("--set operator.press=: expected a force"),
            std::string::npos)
      << refusal("duration: 1 s\n", {{"operator.press="}, false});
  EXPECT_NE(refusal("duration: 1 s\nskin: {patches: [" +
                    [] {
                      std::string all;
                      for (int k = 0; k < 9; ++k)
                        all += "{from: " + std::to_string(k) + " mm, to: " + std::to_string(k + 1) +
                               " mm, condition: striae}, ";
                      return all;
                    }() +
                    "]}\n")
                .find("9 patches"),
            std::string::npos);
}

// Reading and resolving, catalog included, stays below what a user notices.
TEST(Scenario, LoadsInMilliseconds) {
  const auto begin = std::chrono::steady_clock::now();
  constexpr int repeats = 20;
  for (int k = 0; k < repeats; ++k) resolve(load_scenario("tests/data/one_of_everything.yaml", {{}, false}));
  const double each_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count() / repeats;
  RecordProperty("load_and_resolve_ms", std::to_string(each_ms));
  EXPECT_LT(each_ms, 100.0);  // 1 ms usually; a busy machine and sanitizers are no failure
}

}  // namespace
}  // namespace pensim
