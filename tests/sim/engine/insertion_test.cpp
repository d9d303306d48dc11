// `rig: insertion` end to end: real files through the program; what is reported, recorded, judged, rerun and refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "sim/recording/recording.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;

const std::string one_needle = R"yaml(title: One needle
rig: insertion
insertion: {speed: 10 mm/s, travel: 1.5 mm, hold: 20 ms}
cartridge: {needles: 1, tip_diameter: 15 um}
skin: {region: forearm}
measure:
  peak: max(needle.force)
  puncture: max(insertion.puncture_force)
  puncture_travel: max(insertion.puncture_travel)
  penetration: max(needle.penetration_max)
  indentation: max(skin.indentation)
  travel: max(insertion.travel)
  work: max(insertion.energy)
  channel: last(skin.channel_depth)
  strokes: last(stroke.index)
)yaml";

double measure(const Folder& f, const std::string& name, const std::vector<std::string>& set) {
  std::vector<std::string> arguments = {f / "a.yaml", "--keep", "none"};
  for (const std::string& text : set) arguments.insert(arguments.end(), {"--set", text});
  const Reported r = run_scenarios(program, arguments);
  if (r.runs.size() != 1) throw std::runtime_error(r.ran.out + r.ran.err);
  return r.runs[0].at("measures").at(name).get<double>();
}

TEST(Rig, ARunWithoutRequirementsIsMeasured) {
  const Folder f;
  write_file(f / "a.yaml", one_needle);
  const Reported r = run_scenarios(
      program, {f / "a.yaml", "--out", f / "runs", "--twice", "--firmware", "no_such_core", "--watch", "nothing"});
  ASSERT_EQ(r.ran.code, 0) << r.ran.out << r.ran.err;
  const auto& run = r.runs.at(0);
  EXPECT_EQ(run.at("verdict"), "measured");
  EXPECT_EQ(run.at("hash").get<std::string>().size(), 16u);
  EXPECT_TRUE(run.at("requirements").empty());
  const auto& m = run.at("measures");
  ASSERT_EQ(m.size(), 9u);
  EXPECT_NEAR(m.at("travel").get<double>(), 1.5e-3, 1e-9);
  EXPECT_GT(m.at("puncture").get<double>(), 0.02);
  EXPECT_LE(m.at("puncture").get<double>(), m.at("peak").get<double>());
  EXPECT_GT(m.at("penetration").get<double>(), 0.2e-3);
  EXPECT_LT(m.at("penetration").get<double>(), 1.5e-3);
  EXPECT_GT(m.at("channel").get<double>(), 0.1e-3);
  EXPECT_EQ(m.at("strokes").get<double>(), 1.0);
  EXPECT_NEAR(run.at("sim_s").get<double>(), (0.05 + 1.5 + 1.5 + 1.0) / 10 + 0.02, 2e-4);
  EXPECT_NE(r.ran.out.find("measured"), std::string::npos);
}

TEST(Rig, TheRecordingHoldsTheRunAsOneStrokeAndNoCore) {
  const Folder f;
  write_file(f / "a.yaml", one_needle + "record: {needles: each}\n");
  const Reported r = run_scenarios(program, {f / "a.yaml", "--out", f / "runs"});
  ASSERT_EQ(r.ran.code, 0) << r.ran.out << r.ran.err;
  const Recording recording = Recording::open(r.runs[0].at("recording").get<std::string>());
  EXPECT_EQ(recording.meta().kind, RecordingKind::rig);
  EXPECT_EQ(recording.meta().verdict, "measured");
  EXPECT_FALSE(recording.has_io());
  EXPECT_FALSE(recording.has("adc.battery"));
  EXPECT_FALSE(recording.has("motor.speed"));
  ASSERT_EQ(recording.strokes().size(), 1u);
  EXPECT_EQ(recording.strokes()[0].begin, 0);
  EXPECT_EQ(recording.strokes()[0].end, recording.ticks() - 1);
  EXPECT_EQ(recording.measures().size(), 9u);

  const std::vector<float> force = recording.samples("insertion.force").value,
                           tip = recording.samples("needle.tip_depth").value;
  const std::vector<float> energy = recording.samples("insertion.energy").value,
                           one = recording.samples("needle.0.force").value;
  const std::vector<float> penetration = recording.samples("needle.0.penetration").value,
                           indentation = recording.samples("skin.indentation").value;
  ASSERT_EQ(force.size(), static_cast<std::size_t>(recording.ticks()));
  double work_J = 0;
  for (std::size_t i = 1; i < force.size(); ++i)
    work_J += 0.5 * (static_cast<double>(force[i]) + force[i - 1]) * (static_cast<double>(tip[i]) - tip[i - 1]);
  EXPECT_NEAR(work_J, energy.back(), 0.01 * energy.back());
  EXPECT_EQ(force, one) << "nothing but the needle touches";
  // x = u + p while the needle is in the skin; heights scatter by 10 um.
  for (std::size_t i = 0; i < force.size(); ++i)
    if (penetration[i] > 0) {
      ASSERT_NEAR(tip[i], indentation[i] + penetration[i], 50e-6) << i;
    }
  const std::vector<float> phase = recording.samples("insertion.phase").value;
  EXPECT_EQ(phase.front(), 0.0f);
  EXPECT_EQ(phase.back(), 3.0f);
  EXPECT_TRUE(std::is_sorted(phase.begin(), phase.end()));
}

// A campaign over people: each seed is another skin, and the same seed the same one. Without `drawn` only the needle's
// own scatter is left.
TEST(Rig, DrawnSkinsSpreadThePenetration) {
  const Folder f;
  std::string drawn = one_needle;
  drawn.replace(drawn.find("{region: forearm}"), 17, "{region: forearm, drawn: on}");
  const auto spread = [&](const std::string& scenario, double& mean_m) {
    write_file(f / "a.yaml", scenario);
    EXPECT_EQ(run_scenarios(program, {f / "a.yaml", "--keep", "none", "--twice", "--seed", "3"}).ran.code, 0);
    constexpr int skins = 40;
    std::vector<double> depth_m;
    double sum = 0, squares = 0;
    for (int seed = 1; seed <= skins; ++seed) {
      depth_m.push_back(measure(f, "penetration", {"seed=" + std::to_string(seed)}));
      sum += depth_m.back();
      squares += depth_m.back() * depth_m.back();
    }
    const auto [least, most] = std::minmax_element(depth_m.begin(), depth_m.end());
    EXPECT_GT(*least, 0);
    EXPECT_LT(*most, 1.5e-3);
    mean_m = sum / skins;
    const double sd_m = std::sqrt(squares / skins - mean_m * mean_m);
    std::printf("  penetration at 1.5 mm, %d seeds: %.3f +-%.3f mm, %.3f .. %.3f\n", skins, mean_m * 1e3, sd_m * 1e3,
                *least * 1e3, *most * 1e3);
    return sd_m;
  };
  double mean_skin_m = 0, mean_drawn_m = 0;
  const double off_m = spread(one_needle, mean_skin_m), on_m = spread(drawn, mean_drawn_m);
  EXPECT_LT(off_m, 0.5 * on_m);
  EXPECT_GT(on_m, 0.05 * mean_drawn_m);
  EXPECT_LT(on_m, 0.25 * mean_drawn_m);
  EXPECT_NEAR(mean_drawn_m, mean_skin_m, 2 * on_m);
}

TEST(Rig, RequirementsAreJudgedAndEndIsTheEndOfTheMachine) {
  const Folder f;
  const std::string ask =
      "require:\n  - {id: A, text: it enters, that: \"eventually (needle.in_skin >= 1)\"}\n"
      "  - {id: B, text: out at the end, that: \"always[end - 1 ms, end] (needle.in_skin == 0)\"}\n";
  write_file(f / "a.yaml", one_needle + ask);
  write_file(f / "b.yaml", one_needle + "require:\n  - {id: C, that: always (insertion.force <= 1 mN)}\n");
  // Under force control nobody knows beforehand when the machine is done.
  std::string press = one_needle + ask;
  press.replace(press.find("travel: 1.5 mm"), 14, "press: 50 mN");
  write_file(f / "c.yaml", press);
  EXPECT_EQ(run_scenarios(program, {f / "a.yaml"}).runs.at(0).at("verdict"), "pass");
  const Reported fails = run_scenarios(program, {f / "b.yaml"});
  EXPECT_EQ(fails.ran.code, 1);
  EXPECT_EQ(fails.runs.at(0).at("verdict"), "fail");
  const Reported pressed = run_scenarios(program, {f / "c.yaml", "--out", f / "runs"});
  EXPECT_EQ(pressed.runs.at(0).at("requirements").at(1).at("verdict"), "pass") << pressed.ran.out;
  const Ran judged = run_program(program, {"judge", pressed.runs.at(0).at("recording").get<std::string>()});
  EXPECT_EQ(judged.code, pressed.ran.code) << judged.out << judged.err;
}

TEST(Rig, RerunJudgeDiffExportAndReplay) {
  const Folder f;
  write_file(f / "a.yaml", one_needle);
  write_file(f / "pen.yaml", "title: A pen\nduration: 0.1 s\n");
  const Reported r = run_scenarios(program, {f / "a.yaml", f / "pen.yaml", "--no-always", "--out", f / "runs"});
  ASSERT_EQ(r.runs.size(), 2u) << r.ran.err;
  const Reported other = run_scenarios(program, {f / "a.yaml", "--out", f / "others", "--seed", "2"});
  const std::string path = r.runs[0].at("recording"), pen = r.runs[1].at("recording"),
                    seed_2 = other.runs.at(0).at("recording");
  EXPECT_NE(r.runs[0].at("hash"), other.runs[0].at("hash"));
  const Ran rerun = run_program(program, {"rerun", path});
  EXPECT_EQ(rerun.code, 0) << rerun.out << rerun.err;
  EXPECT_NE(rerun.out.find(r.runs[0].at("hash").get<std::string>()), std::string::npos);
  const Ran judged = run_program(program, {"judge", path, "--json", f / "judged.json"});
  EXPECT_EQ(judged.code, 0) << judged.out << judged.err;
  const auto report = nlohmann::json::parse(read_file(f / "judged.json"));
  EXPECT_EQ(report.at(0).at("measures"), r.runs[0].at("measures"));
  EXPECT_EQ(report.at(0).at("verdict"), "measured");
  EXPECT_EQ(run_program(program, {"diff", path, path}).code, 0);
  EXPECT_EQ(run_program(program, {"diff", path, seed_2}).code, 1);
  EXPECT_EQ(run_program(program, {"diff", path, pen}).code, 2);
  const Ran exported = run_program(program, {"export", path, "--signals", "needle.force,insertion.travel"});
  EXPECT_EQ(exported.out.substr(0, exported.out.find('\r')), "time [s],needle.force [N],insertion.travel [m]");
  const Ran replayed = run_program(program, {"replay", path, "--firmware", "reference_pen"});
  EXPECT_EQ(replayed.code, 2);
  EXPECT_NE(replayed.err.find("a rig has no firmware core"), std::string::npos) << replayed.err;
}

TEST(Rig, ChecksListsAndRunsInOneProcess) {
  const Folder f;
  write_file(f / "a.yaml", one_needle);
  EXPECT_EQ(run_program(program, {"check", f / "a.yaml"}).code, 0);
  const Ran list = run_program(program, {"list", f.path()});
  EXPECT_NE(list.out.find("One needle"), std::string::npos) << list.err;
  const Reported whole = run_scenarios(program, {f / "a.yaml", "--no-fork"}),
                 forked = run_scenarios(program, {f / "a.yaml"});
  EXPECT_EQ(whole.runs.at(0).at("hash"), forked.runs.at(0).at("hash"));
}

TEST(Rig, WhatItDoesNotHaveIsRefused) {
  const Folder f;
  const std::pair<std::string, const char*> bad[] = {
      {one_needle + "require: [{id: A, that: motor.speed < 1 Hz}]\n",
       "motor.speed is not recorded by the insertion rig"},
      {one_needle + "require: [{id: A, that: needle.0.force < 1 N}]\n", "record: {needles: each}"},
      {"title: x\nrig: insertion\nmeasure: {a: max(fw.x)}\n", "fw.x is not recorded by the insertion rig"},
      {"title: x\nduration: 1 s\nmeasure: {a: max(insertion.travel)}\n",
       "insertion.travel is a signal of the insertion rig"},
      {"title: x\nrig: insertion\noperator: {press: 1 N}\n", "found `operator`, which the insertion rig does not have"},
      {"title: x\nrig: insertion\ncartridge: {needles: 36}\ninsertion: {nose: {inner_diameter: 4 mm, outer_diameter: 8 "
       "mm}}\n",
       "do not fit through a nose of 4 mm"},
      {"title: x\nrig: insertion\ninsertion: {speed: 20 m/s}\n", "expected speed"},
      {"title: x\nrig: insertion\ncartridge: {length: 0 mm}\n", "expected length"},
      {"title: x\nrig: insertion\nskin: {stretch: 3}\n", "expected stretch"},
  };
  for (const auto& [text, fragment] : bad) {
    write_file(f / "a.yaml", text);
    const Reported r = run_scenarios(program, {f / "a.yaml", "--out", f / "runs"});
    EXPECT_EQ(r.ran.code, 2) << text;
    EXPECT_NE(r.ran.err.find(fragment), std::string::npos) << r.ran.err;
    EXPECT_NE(r.ran.err.find("help:"), std::string::npos) << r.ran.err;
    EXPECT_FALSE(std::filesystem::exists(f / "runs"));
  }
}

TEST(Rig, APressOutOfReachIsSaid) {
  const Folder f;
  write_file(f / "a.yaml",
             "title: x\nrig: insertion\ninsertion: {speed: 1 m/s, press: 90 N}\ncartridge: {needles: 1}\nmeasure: "
             "{travel: max(insertion.travel)}\n");
  const Reported r = run_scenarios(program, {f / "a.yaml"});
  EXPECT_EQ(r.runs.at(0).at("verdict"), "measured");
  EXPECT_NEAR(r.runs[0].at("measures").at("travel").get<double>(), 30e-3, 1e-9);
  ASSERT_EQ(r.runs[0].at("findings").size(), 1u);
  EXPECT_NE(r.runs[0].at("findings")[0].get<std::string>().find("the press of 90 N was not reached"),
            std::string::npos);
}

TEST(Rig, ALongHoldHasABoundedNumberOfRowsAndKeepsItsForce) {
  const Folder f;
  write_file(f / "a.yaml",
             "title: x\nrig: insertion\ninsertion: {speed: 1 m/s, press: 0.2 N, hold: 10 s, retract: off}\ncartridge: "
             "{needles: 6}\n"
             "measure: {mean: \"mean[1 s, 9 s] (insertion.force)\", low: \"min[1 s, 9 s] (insertion.force)\", high: "
             "\"max[1 s, 9 s] (insertion.force)\"}\n");
  const Reported r = run_scenarios(program, {f / "a.yaml", "--out", f / "runs"});
  ASSERT_EQ(r.ran.code, 0) << r.ran.err;
  const Recording recording = Recording::open(r.runs[0].at("recording").get<std::string>());
  EXPECT_LE(recording.ticks(), 1'000'001);
  EXPECT_NEAR(recording.duration_s(), 10, 0.1);
  for (const char* name : {"mean", "low", "high"})
    EXPECT_NEAR(r.runs[0].at("measures").at(name).get<double>(), 0.2, 1e-3) << name;
}

TEST(Rig, InputsActThroughTheFileAsTheyShould) {
  const Folder f;
  write_file(f / "a.yaml", one_needle);
  const auto of = [&](const char* name, const std::vector<std::string>& set) { return measure(f, name, set); };
  EXPECT_GT(of("puncture", {"cartridge.tip_diameter=25 um"}), 1.3 * of("puncture", {}));
  EXPECT_GT(of("puncture", {"cartridge.used=1"}), 1.3 * of("puncture", {})) << "wear blunts the tip";
  EXPECT_LT(of("puncture", {"insertion.speed=1 m/s"}), 0.95 * of("puncture", {}));
  EXPECT_LT(of("puncture_travel", {"skin.stretch=1.2"}), 0.9 * of("puncture_travel", {}));
  EXPECT_GT(of("penetration", {"insertion.travel=3 mm"}), 1.3 * of("penetration", {}));
  EXPECT_GT(of("penetration", {"insertion.base_plate=on"}), 1.02 * of("penetration", {}));
  EXPECT_LT(of("indentation", {"insertion.base_plate=on"}), 0.98 * of("indentation", {}));
  EXPECT_LT(of("penetration", {"insertion.base_plate=on", "cartridge.length=0.3 mm"}), 0.35e-3)
      << "no needle goes in beyond its length";
  EXPECT_LT(of("penetration", {"cartridge.half_cone_angle=15 deg", "cartridge.shaft_diameter=0.5 mm"}),
            of("penetration", {}));
  EXPECT_GT(of("work", {"insertion.travel=2 mm"}), of("work", {}));
  EXPECT_NE(of("peak", {"skin.condition=hypertrophic_scar"}), of("peak", {}));
}

TEST(Rig, EveryScenarioOfTheRigsIsMeasured) {
  const Reported r = run_scenarios(program, {"scenarios/rigs"});
  EXPECT_EQ(r.ran.code, 0) << r.ran.out << r.ran.err;
  EXPECT_GE(r.runs.size(), 15u);
  for (const auto& run : r.runs) {
    EXPECT_EQ(run.at("verdict"), "measured") << run.at("scenario");
    EXPECT_FALSE(run.at("measures").empty()) << run.at("scenario");
    for (const auto& [name, value] : run.at("measures").items())
      EXPECT_TRUE(value.is_number()) << run.at("scenario") << " " << name;
    EXPECT_TRUE(run.at("findings").empty()) << run.at("scenario");
  }
}

}  // namespace
}  // namespace pensim::test
