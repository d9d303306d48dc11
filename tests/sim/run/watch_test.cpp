// Variables of the core in a run: watched, poked, judged, and refused with a sentence. Through the real program.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "sim/recording/recording.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;
const std::string zoo_file = PENSIM_TEST_CORES "/zoo.so";
const std::string zoo = "native:" + zoo_file;
constexpr Tick first = 100, poked = 1000, last = 1999;  // ticks of a run of 0.1 s; the core's first is 100

std::string scenario(const std::string& firmware, const std::string& more, const std::string& duration = "0.1 s") {
  return "title: variables\nduration: " + duration + "\nfirmware: " + firmware + "\n" + more;
}

// Runs one scenario and keeps its recording in `folder`.
struct Kept {
  Reported reported;
  Recording recording;
};
Kept run_kept(const Folder& folder, const std::string& text, const std::vector<std::string>& more = {}, int code = 0) {
  write_file(folder / "a.yaml", text);
  std::vector<std::string> arguments = {folder / "a.yaml", "--no-always", "--out", folder / "runs"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Kept kept{run_scenarios(program, arguments), {}};
  EXPECT_EQ(kept.reported.ran.code, code) << kept.reported.ran.out << kept.reported.ran.err;
  kept.recording = Recording::open(kept.reported.runs.at(0).at("recording"));
  return kept;
}

TEST(Watch, EveryKindOfVariableIsRecordedAsItIs) {
  const std::vector<std::pair<std::string, double>> constants = {{"speed_loop.kp", 0.5},
                                                                 {"speed_loop.integral", 1.5},
                                                                 {"speed_loop.limit.low", -7},
                                                                 {"speed_loop.limit.high", 9},
                                                                 {"table[0].gain", 1},
                                                                 {"table[3].gain", 4},
                                                                 {"table[4].offset", -50000},
                                                                 {"grid[1][2]", -23},
                                                                 {"outer.in[2].v[1][0]", 11},
                                                                 {"motor.c:state", 3},
                                                                 {"sensor.c:state", 77},
                                                                 {"level", 200},
                                                                 {"faulty", -2},
                                                                 {"only_here", 4242},
                                                                 {"bits.a", 5},
                                                                 {"bits.b", -3},
                                                                 {"bits.c", 700},
                                                                 {"bits.d", -5000},
                                                                 {"bits.e", -300000},
                                                                 {"bits.state", -2},
                                                                 {"bits.on", 1},
                                                                 {"packed.y", 300},
                                                                 {"packed.z", 2500},
                                                                 {"word.f", 1.0},
                                                                 {"reg.high", 0xABCD},
                                                                 {"ready", 1},
                                                                 {"small", -128},
                                                                 {"byte", 255},
                                                                 {"huge", 9223372036854775808.0},
                                                                 {"deep", -4611686018427387904.0},
                                                                 {"ratio", static_cast<float>(-0.1)},
                                                                 {"fixed", -1234},
                                                                 {"history[2]", 3},
                                                                 {"pen::detail::motor.gain", 12},
                                                                 {"pen::detail::motor.mode", 130},
                                                                 {"pen::hidden.serial", 1001},
                                                                 {"pen::Driver::instances", 31},
                                                                 {"pen::Driver::shared", -9},
                                                                 {"pen::Filter<double>::cutoff", 2.5}};
  // Half of them by the scenario, half by the command line.
  std::string listed;
  std::vector<std::string> options;
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const bool plain = constants[i].first.find('<') == std::string::npos;
    if (plain && i % 2 == 0)
      listed += (listed.empty() ? "\"" : ", \"") + constants[i].first + "\"";
    else
      options.insert(options.end(), {"--watch", constants[i].first});
  }
  // Counters: motor_calls adds 2 a tick, sensor_calls 1, step() is called twice a tick and adds 1.
  options.insert(options.end(), {"--watch", "motor_calls::calls", "--watch", "sensor_calls::calls", "--watch",
                                 "pen::Driver::step::steps"});
  const Folder f;
  const Kept kept = run_kept(f, scenario(zoo, "watch: [" + listed + "]\n"), options);
  for (const auto& [name, value] : constants) {
    const Samples s = kept.recording.samples("fw." + name);
    ASSERT_EQ(s.value.size(), 2000u) << name;
    for (const float now : s.value) ASSERT_EQ(now, static_cast<float>(value)) << name;
  }
  const Samples motor = kept.recording.samples("fw.motor_calls::calls"),
                sensor = kept.recording.samples("fw.sensor_calls::calls"),
                steps = kept.recording.samples("fw.pen::Driver::step::steps");
  for (std::size_t k = first; k <= last; ++k) {
    const double runs = static_cast<double>(k - first + 1);
    ASSERT_EQ(motor.value[k], 40 + 2 * runs) << k;
    ASSERT_EQ(sensor.value[k], 90 + runs) << k;
    ASSERT_EQ(steps.value[k], 600 + 2 * runs) << k;
  }
  for (std::size_t k = 0; k < first; ++k) ASSERT_EQ(motor.value[k], 40.0f) << "as loaded, while the core boots: " << k;
}

TEST(Watch, AResetBringsBackTheFirstValues) {
  const Folder f;
  const Kept kept =
      run_kept(f, scenario(zoo, "timeline:\n  - {at: 0.05 s, reset: pin}\nwatch: [motor_calls::calls]\n"));
  const Samples calls = kept.recording.samples("fw.motor_calls::calls");
  EXPECT_EQ(calls.value[poked - 1], 40.0f + 2 * (poked - first));
  EXPECT_EQ(calls.value[poked + 99], 40.0f);
  EXPECT_EQ(calls.value[poked + 100], 42.0f);
}

TEST(Watch, DoesNotChangeTheRun) {
  const Folder f;
  const std::string text = read_file("sim/cli/selftest/faults.yaml");
  const std::string without = run_kept(f, text).reported.runs.at(0).at("hash");
  EXPECT_EQ(run_kept(f, text, {"--watch", "speed_loop.integral", "--watch", "speed_loop.duty"})
                .reported.runs.at(0)
                .at("hash"),
            without);
}

TEST(Poke, ActsBeforeTheCoreInItsTick) {
  const Folder f;
  const Kept kept = run_kept(
      f,
      scenario(
          zoo,
          "timeline:\n"
          "  - {at: 0.05 s, poke: motor_calls::calls, to: 1000}\n"
          "  - {at: 0.05 s, poke: \"table[3].gain\", to: 200}\n"
          "  - {at: 0.05 s, poke: \"motor.c:state\", to: -2}\n"
          "  - {at: 0.06 s, poke: \"sensor.c:state\", to: 5}\n"
          "  - {at: 0.05 s, poke: speed_loop.integral, to: -0.25}\n"
          "  - {at: 0.05 s, poke: bits.b, to: 7}\n"
          "  - {at: 0.05 s, poke: ready, to: off}\n"
          "  - {at: 0.05 s, poke: pen::Driver::shared, to: 50 %}\n"
          "watch: [motor_calls::calls, \"table[3].gain\", \"table[3].offset\", \"motor.c:state\", \"sensor.c:state\", "
          "speed_loop.integral, bits.a, bits.b, bits.c, ready]\n"));
  const auto at = [&](const std::string& name, Tick tick) { return kept.recording.at("fw." + name, tick); };
  EXPECT_EQ(at("motor_calls::calls", poked - 1), 40.0f + 2 * (poked - first));
  EXPECT_EQ(at("motor_calls::calls", poked), 1002.0f);  // the core of that tick has counted on from it
  EXPECT_EQ(at("motor_calls::calls", poked + 10), 1022.0f);
  const std::vector<std::tuple<std::string, float, float, Tick>> cases = {{"table[3].gain", 4.0f, 200.0f, poked},
                                                                          {"motor.c:state", 3.0f, -2.0f, poked},
                                                                          {"sensor.c:state", 77.0f, 5.0f, poked + 200},
                                                                          {"speed_loop.integral", 1.5f, -0.25f, poked},
                                                                          {"bits.b", -3.0f, 7.0f, poked},
                                                                          {"ready", 1.0f, 0.0f, poked}};
  for (const auto& [name, before, after, tick] : cases) {
    EXPECT_EQ(at(name, tick - 1), before) << name;
    EXPECT_EQ(at(name, tick), after) << name;
    EXPECT_EQ(at(name, last), after) << name;
  }
  EXPECT_EQ(at("table[3].offset", last), -4000.0f) << "its neighbours stay";
  EXPECT_EQ(at("bits.a", last), 5.0f);
  EXPECT_EQ(at("bits.c", last), 700.0f);
  // It is a command of the recording.
  std::size_t pokes = 0;
  for (const RecordedText& c : kept.recording.commands()) pokes += c.text.rfind("poke ", 0) == 0;
  EXPECT_EQ(pokes, 8u);
}

TEST(Poke, AValueThatDoesNotFitIsRefusedWhereItStands) {
  const Folder f;
  write_file(f / "a.yaml", scenario(zoo, "timeline:\n  - {at: 0.05 s, poke: byte, to: 300}\nwatch: [byte]\n"));
  const Reported ran = run_scenarios(program, {f / "a.yaml", "--no-always", "--out", f / "runs"});
  EXPECT_EQ(ran.ran.code, 2) << ran.ran.out << ran.ran.err;
  EXPECT_NE(ran.ran.err.find("poke byte: 300 does not fit into it"), std::string::npos) << ran.ran.err;
  EXPECT_FALSE(std::filesystem::exists(f / "runs"));
}

TEST(Poke, MovesTheSpeedLoopOfTheReferencePen) {
  const Folder f;
  const std::string text = "timeline:\n  - {at: 0.1 s, set: user.start, to: on}\n";
  const std::string watch = "watch: [speed_loop.integral, speed_loop.rate_Hz, speed_loop.set_Hz]\n";
  const Kept plain = run_kept(f, scenario("reference_pen", text + watch, "1.2 s"));
  const Kept poke = run_kept(
      f, scenario("reference_pen", text + "  - {at: 0.9 s, poke: speed_loop.integral, to: 0}\n" + watch, "1.2 s"));
  const Samples before = plain.recording.samples("fw.speed_loop.integral"),
                after = poke.recording.samples("fw.speed_loop.integral");
  const std::size_t tick = 18000;
  for (std::size_t k = 0; k < tick; ++k) ASSERT_EQ(before.value[k], after.value[k]) << k;
  EXPECT_GT(std::abs(before.value[tick]), 0.05f);
  EXPECT_LT(std::abs(after.value[tick]), 0.2f * std::abs(before.value[tick]));
  // What the firmware thinks of the rate is what the cam does.
  EXPECT_NEAR(plain.recording.at("fw.speed_loop.rate_Hz", 17999), plain.recording.at("stroke.rate", 17999), 3.0f);
  EXPECT_NEAR(plain.recording.at("fw.speed_loop.set_Hz", 17999), 120.0f, 1.0f);
  float lowest = 1e9f, plain_lowest = 1e9f;
  for (Tick k = 18000; k < 24000; ++k) {
    lowest = std::min(lowest, poke.recording.at("stroke.rate", k));
    plain_lowest = std::min(plain_lowest, plain.recording.at("stroke.rate", k));
  }
  EXPECT_LT(lowest, plain_lowest - 1.0f) << "the pen slows down";
  EXPECT_NE(plain.reported.runs.at(0).at("hash"), poke.reported.runs.at(0).at("hash"));
}

TEST(Watch, ARequirementOverAVariableIsJudged) {
  const Folder f;
  const std::string more =
      "timeline:\n  - {at: 0.05 s, poke: \"table[3].gain\", to: 9}\n"
      "watch: [motor_calls::calls, \"table[3].gain\", \"outer.in[2].v[1][0]\"]\n"
      "require:\n"
      "  - {id: PASS-01, that: \"always (fw.motor_calls::calls >= 40)\"}\n"
      "  - {id: PASS-02, that: \"always[0.05 s, end] (fw.table[3].gain == 9)\"}\n"
      "  - {id: PASS-03, that: \"eventually[0 s, 50 ms] (rise(fw.table[3].gain > 5))\"}\n"
      "  - {id: FAIL-01, that: \"always (fw.table[3].gain < 5)\"}\n"
      "  - {id: FAIL-02, that: \"always (fw.outer.in[2].v[1][0] > 12)\"}\n"
      "measure: {calls: \"last(fw.motor_calls::calls)\"}\n";
  const Kept kept = run_kept(f, scenario(zoo, more), {}, 1);
  for (const auto& q : kept.reported.runs.at(0).at("requirements")) {
    const std::string id = q.at("id");
    EXPECT_EQ(q.at("verdict"), id.substr(0, 4) == "PASS" ? "pass" : "fail") << q.dump();
    if (id == "FAIL-01") {
      EXPECT_NEAR(q.at("at_s").get<double>(), 0.05, 1e-9);
      EXPECT_EQ(q.at("margin").get<double>(), -4.0);
    }
  }
  EXPECT_EQ(kept.reported.runs.at(0).at("measures").at("calls").get<double>(), 40.0 + 2 * (last - first + 1));
  EXPECT_EQ(run_program(program, {"judge", kept.reported.runs.at(0).at("recording")}).code, 1);
}

// An enumerator stands for its number, and one of several variables of the same name can be judged by its file.
TEST(Poke, TakesAnEnumeratorByName) {
  const Folder f;
  const std::string more =
      "timeline:\n  - {at: 0.05 s, poke: \"motor.c:state\", to: FAULT}\n"
      "watch: [\"motor.c:state\"]\n"
      "require:\n"
      "  - {id: PASS-01, that: \"always[0.05 s, end] (fw.motor.c:state == -2)\"}\n"
      "  - {id: PASS-02, that: \"always[10 ms, 49 ms] (fw.motor.c:state == 3)\"}\n";
  const Kept kept = run_kept(f, scenario(zoo, more));
  EXPECT_EQ(kept.reported.runs.at(0).at("verdict"), "pass") << kept.reported.ran.out;
  write_file(f / "b.yaml", scenario(zoo, "timeline:\n  - {at: 0.05 s, poke: \"motor.c:state\", to: FAULTY}\n"));
  const Ran r = run_program(program, {"run", f / "b.yaml", "--no-always", "--keep", "none"});
  EXPECT_EQ(r.code, 2);
  EXPECT_NE(r.err.find("b.yaml:5:45: poke motor.c:state: FAULTY"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("one of: IDLE, RUN, FAULT"), std::string::npos) << r.err;
}

TEST(Watch, ARequirementOverWhatIsNotWatchedSaysSo) {
  const Folder f;
  write_file(
      f / "a.yaml",
      scenario(zoo, "watch: [speed_loop.kp]\nrequire:\n  - {id: A-01, that: \"always (fw.speed_loop.ki > 0)\"}\n"));
  const Ran r = run_program(program, {"run", f / "a.yaml", "--no-always", "--keep", "none"});
  EXPECT_EQ(r.code, 2);
  EXPECT_NE(r.err.find("a.yaml:6:23: fw.speed_loop.ki is not recorded"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("add 'speed_loop.ki' to watch:"), std::string::npos) << r.err;
}

TEST(Watch, NamesThatAreNoVariableAreBadInputWithCandidates) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"state", {"ambiguous", "motor.c:state", "sensor.c:state"}},
      {"calls", {"motor_calls::calls", "sensor_calls::calls"}},
      {"speed_lop.integral", {"speed_loop"}},
      {"speed_loop.integrall", {"integral"}},
      {"speed_loop", {"name a member", "speed_loop.kp", "speed_loop.integral"}},
      {"table", {"name an element", "table[0]"}},
      {"table[9].gain", {"5 elements"}},
      {"other.c:state", {"no file `other.c`"}},
      {"folded", {"optimised"}},
      {"nothing_like_it_at_all", {"no variable is called"}}};
  for (const auto& [name, parts] : cases) {
    for (const bool by_poke : {false, true}) {
      const Folder f;
      write_file(f / "a.yaml",
                 scenario(zoo, by_poke ? "timeline:\n  - {at: 0.05 s, poke: \"" + name + "\", to: 1}\n" : ""));
      std::vector<std::string> arguments = {"run", f / "a.yaml", "--no-always", "--out", f / "runs"};
      if (!by_poke) arguments.insert(arguments.end(), {"--watch", name});
      const Ran r = run_program(program, arguments);
      EXPECT_EQ(r.code, 2) << name;
      for (const std::string& part : parts)
        EXPECT_NE(r.err.find(part), std::string::npos) << name << ": " << part << "\n" << r.err;
      EXPECT_NE(r.err.find("help: "), std::string::npos) << r.err;
      EXPECT_NE(r.err.find(by_poke ? "a.yaml:5:24: " : "--watch: "), std::string::npos) << r.err;
      EXPECT_FALSE(std::filesystem::exists(f / "runs")) << name;
    }
  }
}

// A scenario may have been written for another firmware.
TEST(Watch, ANameOfAnotherFirmwareIsAFinding) {
  const Folder f;
  const std::string watch = "watch:\n  - speed_loop.integral\n  - fw.speed_loop.kq\n";
  const Kept kept = run_kept(f, scenario(zoo, watch));
  EXPECT_EQ(kept.recording.samples("fw.speed_loop.integral").value.front(), 1.5f);
  const auto findings = kept.reported.runs[0]["findings"];
  EXPECT_EQ(findings.back(),
            "fw.speed_loop.kq is not recorded: `speed_loop` has no member `kq`, but kp, ki, integral, limit");
  const Ran checked = run_program(program, {"check", f / "a.yaml", "--no-always"});
  EXPECT_EQ(checked.code, 0);
  EXPECT_NE(checked.out.find("a.yaml: fw.speed_loop.kq is not recorded"), std::string::npos) << checked.out;
  // Asked for on the command line as well, it has to be there.
  const Ran asked = run_program(program, {"check", f / "a.yaml", "--no-always", "--watch", "fw.speed_loop.kq"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_NE(asked.err.find("a.yaml:6:5: `speed_loop` has no member `kq`"), std::string::npos) << asked.err;
}

TEST(Watch, ANameOfAnotherFirmwareThatIsJudgedIsBadInput) {
  const Folder f;
  write_file(f / "a.yaml", scenario(zoo,
                                    "watch: [speed_loop.kq, speed_loop.kz]\nrequire:\n"
                                    "  - {id: A-01, that: \"always (fw.speed_loop.kq > 0)\"}\n"
                                    "measure:\n  top: \"max (fw.speed_loop.kz)\"\n"));
  const Ran r = run_program(program, {"run", f / "a.yaml", "--no-always", "--keep", "none"});
  EXPECT_EQ(r.code, 2);
  EXPECT_NE(r.err.find("a.yaml:6:23: requirement A-01 reads fw.speed_loop.kq: `speed_loop` has no member"),
            std::string::npos)
      << r.err;
  EXPECT_NE(r.err.find("a.yaml:8:9: measure top reads fw.speed_loop.kz: "), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("2 problems found"), std::string::npos) << r.err;
  const Ran without = run_program(
      program, {"run", f / "a.yaml", "--no-always", "--keep", "none", "--set", "require=[]", "--set", "measure={}"});
  EXPECT_EQ(without.code, 0) << without.err;
}

// A shipped scenario with a firmware of one's own.
TEST(Watch, AShippedScenarioRunsWithAnotherFirmware) {
  const Reported reported =
      run_scenarios(program, {"scenarios/treatment/cheek_1mm.yaml", "--firmware", "example_rates"});
  EXPECT_EQ(reported.ran.code, 1) << reported.ran.err;  // it does not do what the reference core does
  ASSERT_EQ(reported.runs.size(), 1u);
  EXPECT_EQ(reported.runs[0]["verdict"], "fail");
  EXPECT_NE(reported.ran.out.find("finding: fw.pen.state is not recorded: no variable is called `pen`"),
            std::string::npos)
      << reported.ran.out;
}

TEST(Watch, AStrippedCoreSaysSoAndRunsWithoutWatches) {
  const Folder f;
  const std::string bare = f / "bare.so";
  ASSERT_EQ(std::system(("strip -g -o " + bare + " " + zoo_file).c_str()), 0);
  write_file(f / "a.yaml", scenario("native:" + bare, ""));
  const Ran refused =
      run_program(program, {"run", f / "a.yaml", "--no-always", "--keep", "none", "--watch", "speed_loop.integral"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("no debug information"), std::string::npos) << refused.err;
  const Ran symbols = run_program(program, {"symbols", "native:" + bare});
  EXPECT_NE(symbols.code, 0);
  EXPECT_FALSE(symbols.err.empty());
  const Reported without = run_scenarios(program, {f / "a.yaml", "--no-always"});
  EXPECT_EQ(without.ran.code, 0) << without.ran.err;
  const Reported whole = run_scenarios(program, {f / "a.yaml", "--no-always", "--firmware", zoo});
  EXPECT_EQ(without.runs.at(0).at("hash"), whole.runs.at(0).at("hash"));
}

TEST(Symbols, AreListedAsWatchTakesThem) {
  const Ran all = run_program(program, {"symbols", zoo});
  EXPECT_EQ(all.code, 0);
  const Ran some = run_program(program, {"symbols", zoo, "speed_loop"});
  EXPECT_EQ(std::count(some.out.begin(), some.out.end(), '\n'), 5) << some.out;
  std::istringstream lines(some.out);
  const Folder f;
  write_file(f / "a.yaml", scenario(zoo, ""));
  std::vector<std::string> arguments = {"check", f / "a.yaml", "--no-always"};
  for (std::string text; std::getline(lines, text);)
    arguments.insert(arguments.end(), {"--watch", text.substr(0, text.find(' '))});
  const Ran checked = run_program(program, arguments);
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_EQ(run_program(program, {"symbols", zoo, "nothing_like_it"}).code, 1);
}

}  // namespace
}  // namespace pensim::test
