// The real program with real files, the way a script calls it: exit codes, reports, what is kept and what is said.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "tests/sim/program.h"
#include "tests/sim/scenario/bad_cases.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;

const char* const short_pass = R"yaml(title: A short run
seed: 3
duration: 0.1 s
firmware: reference_pen
tags: [short, smoke]
require:
  - {id: TIME-01, text: the cell is not empty, that: "always (battery.voltage > 3 V)"}
measure: {lowest: "min(battery.voltage)"}
)yaml";
const char* const short_fail = R"yaml(title: A short run that fails
duration: 0.1 s
require:
  - {id: TIME-02, text: the cell is full, that: "always (battery.voltage > 4.3 V)"}
)yaml";
std::string misbehaving(int aux) {
  return "title: misbehaves\nduration: 0.2 s\nfirmware: misbehave\ntimeline:\n  - {at: 0.05 s, set: aux.0, to: " +
         std::to_string(aux) + "}\nrequire:\n  - {id: X-01, that: \"always (battery.voltage > 3 V)\"}\n";
}

TEST(CommandLine, APassIsZeroAndTheReportSaysEverything) {
  const Folder f;
  write_file(f / "a.yaml", short_pass);
  const Reported r = run_scenarios(program, {f / "a.yaml", "--no-always", "--out", f / "runs", "--junit", f / "j.xml"});
  ASSERT_EQ(r.ran.code, 0) << r.ran.out << r.ran.err;
  ASSERT_EQ(r.runs.size(), 1u);
  const auto& run = r.runs[0];
  EXPECT_EQ(run.at("scenario"), f / "a.yaml");
  EXPECT_EQ(run.at("verdict"), "pass");
  EXPECT_EQ(run.at("seed"), 3);
  EXPECT_EQ(run.at("hash").get<std::string>().size(), 16u);
  EXPECT_NEAR(run.at("sim_s").get<double>(), 0.1, 1e-9);
  EXPECT_GT(run.at("wall_s").get<double>(), 0.0);
  ASSERT_EQ(run.at("requirements").size(), 1u);
  EXPECT_EQ(run.at("requirements")[0].at("id"), "TIME-01");
  EXPECT_EQ(run.at("requirements")[0].at("verdict"), "pass");
  EXPECT_EQ(run.at("requirements")[0].at("unit"), "V");
  EXPECT_GT(run.at("requirements")[0].at("margin").get<double>(), 0.0);
  EXPECT_GT(run.at("measures").at("lowest").get<double>(), 3.0);
  EXPECT_TRUE(std::filesystem::exists(run.at("recording").get<std::string>()));
  EXPECT_NE(read_file(f / "j.xml").find("name=\"TIME-01\""), std::string::npos);
}

TEST(CommandLine, AFailIsOneAndPrintsTheLineThatReproducesIt) {
  const Folder f;
  write_file(f / "b.yaml", short_fail);
  const Reported r = run_scenarios(program, {f / "b.yaml", "--no-always", "--seed", "9"});
  EXPECT_EQ(r.ran.code, 1);
  EXPECT_NE(r.ran.out.find("pensim run " + (f / "b.yaml") + " --seed 9 --no-always"), std::string::npos) << r.ran.out;
  EXPECT_LT(r.runs[0].at("requirements")[0].at("margin").get<double>(), 0.0);
}

TEST(CommandLine, AFirmwareFaultIsThreeAndOtherRunsAreUntouched) {
  const Folder f;
  write_file(f / "s/a.yaml", short_pass);
  write_file(f / "s/b.yaml", misbehaving(1));
  write_file(f / "s/c.yaml", short_fail);
  const Reported r = run_scenarios(program, {f / "s", "--no-always", "--out", f / "runs", "--jobs", "2"});
  EXPECT_EQ(r.ran.code, 3) << r.ran.out;
  ASSERT_EQ(r.runs.size(), 3u);
  EXPECT_EQ(r.runs[0].at("verdict"), "pass");
  EXPECT_EQ(r.runs[1].at("verdict"), "firmware_fault");
  EXPECT_EQ(r.runs[2].at("verdict"), "fail");
  const auto& fault = r.runs[1].at("firmware_fault");
  EXPECT_EQ(fault.at("kind"), "segfault");
  EXPECT_NEAR(fault.at("at_s").get<double>(), 0.05, 0.001);
  EXPECT_GT(fault.at("line").get<int>(), 0);
  EXPECT_TRUE(std::filesystem::exists(r.runs[1].at("recording").get<std::string>()));
  EXPECT_GE(r.runs[1].at("sim_s").get<double>(), 0.05);
}

TEST(CommandLine, BadInputIsTwoNothingRunsAndReportsAreStillWritten) {
  const Folder f;
  write_file(f / "s/a.yaml", short_pass);
  write_file(f / "s/b.yaml", "title: x\nduration: 3 N\ncolour: red\n");
  const Reported r = run_scenarios(program, {f / "s", "--out", f / "runs", "--junit", f / "j.xml"});
  EXPECT_EQ(r.ran.code, 2);
  EXPECT_NE(r.ran.err.find("b.yaml:2:11"), std::string::npos) << r.ran.err;
  EXPECT_NE(r.ran.err.find("b.yaml:3:1"), std::string::npos) << r.ran.err;
  EXPECT_TRUE(r.runs.is_array());
  EXPECT_EQ(r.runs.size(), 0u);
  EXPECT_NE(read_file(f / "j.xml").find("<error"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(f / "runs"));
}

void expect_refused(const std::vector<BadCase>& cases) {
  const Folder f;
  write_bad_cases(f.path(), cases);
  for (const BadCase& bad : cases) {
    const std::string path = f / (bad.name + ".yaml");
    std::vector<std::string> arguments = {"check", path, "--no-always"};
    for (const std::string& text : bad.overrides) arguments.insert(arguments.end(), {"--set", text});
    const Ran r = run_program(program, arguments);
    EXPECT_EQ(r.code, 2) << bad.name << ": " << r.out << r.err;
    for (const ExpectedProblem& problem : bad.problems) {
      const std::string at =
          problem.line > 0 ? ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column) : "";
      EXPECT_NE(r.err.find(problem.option ? "" : path + at), std::string::npos) << bad.name << ": " << path + at << "\n"
                                                                                << r.err;
    }
    EXPECT_NE(r.err.find("help: "), std::string::npos) << bad.name << ": " << r.err;
  }
}

TEST(CommandLine, EveryWrittenBadScenarioIsRefusedWithPlaceAndMend) {
  const std::vector<BadCase> cases = written_bad_cases();
  EXPECT_GE(cases.size(), 200u);
  expect_refused(cases);
}

TEST(CommandLine, EveryGeneratedBadScenarioIsRefusedWithPlaceAndMend) {
  const std::vector<BadCase> cases = generated_bad_cases();
  EXPECT_GE(cases.size(), 200u);
  expect_refused(cases);
}

TEST(CommandLine, BadOptionsAreTwoWithASentence) {
  const Folder f;
  write_file(f / "a.yaml", short_pass);
  const std::string a = f / "a.yaml";
  const std::vector<std::vector<std::string>> bad = {{"run"},
                                                     {"run", f / "none.yaml"},
                                                     {"run", a, "--jobs", "0"},
                                                     {"run", a, "--jobs", "x"},
                                                     {"run", a, "--jobs", "99999999999999999999"},
                                                     {"run", a, "--seed", "-1"},
                                                     {"run", a, "--seed", "1.5"},
                                                     {"run", a, "--seed", ""},
                                                     {"run", a, "--keep", "some"},
                                                     {"run", a, "--filter", "("},
                                                     {"run", a, "--filter", "no-such-name"},
                                                     {"run", a, "--filter", std::string(5000, '(')},
                                                     {"run", a, "--shard", "0/2"},
                                                     {"run", a, "--shard", "3/2"},
                                                     {"run", a, "--shard", "a/b"},
                                                     {"run", a, "--shard", "1/2x"},
                                                     {"run", a, "--fail-on-drop", "20"},
                                                     {"run", a, "--fail-on-drop", "-5%"},
                                                     {"run", a, "--fail-on-drop", "nan%"},
                                                     {"run", a, "--firmware", "no_such_core"},
                                                     {"run", a, "--firmware", ""},
                                                     {"run", a, "--firmware", "native:/nowhere.so"},
                                                     {"run", a, "--firmware", "native:/etc/passwd"},
                                                     {"run", a, "--firmware", "emulated:x.elf"},
                                                     {"run", a, "--firmware", "../x"},
                                                     {"run", a, "--set", "nonsense"},
                                                     {"run", a, "--set", "duration=-1 s"},
                                                     {"run", a, "--set", "duration=3 N"},
                                                     {"run", a, "--set", "no.such.key=1"},
                                                     {"run", a, "--set", "=1"},
                                                     {"run", a, "--set", ""},
                                                     {"run", a, "--watch", "no_such_variable"},
                                                     {"run", a, "--watch", ""},
                                                     {"run", a, "--watch", "x[99999999999]"},
                                                     {"run", a, "--no-such-option"},
                                                     {"run", a, a, "--no-fork", "--jobs"},
                                                     {"nonsense"},
                                                     {},
                                                     {"rerun", a},
                                                     {"rerun", f / "none.h5"},
                                                     {"judge", a},
                                                     {"replay", "/dev/null"},
                                                     {"diff", a, a},
                                                     {"diff", a},
                                                     {"export", a},
                                                     {"import", f / "none.csv"},
                                                     {"symbols", "no_such_core"},
                                                     {"symbols"},
                                                     {"catalog", "skin", "no_such_region"},
                                                     {"catalog", "no_such_kind"},
                                                     {"schema", "extra"},
                                                     {"judge", "/etc/passwd"},
                                                     {"export", "/proc/self/mem"},
                                                     {"run", "/dev/zero"},
                                                     {"run", "/"},
                                                     {"run", std::string(10000, 'a')}};
  for (const auto& arguments : bad) {
    const Ran r = run_program(program, arguments);
    std::string line;
    for (const std::string& argument : arguments) line += " " + argument.substr(0, 60);
    EXPECT_EQ(r.code, 2) << line << "\n" << r.out << r.err;
    EXPECT_FALSE(r.err.empty()) << line;
  }
}

TEST(CommandLine, FilterShardAndKeep) {
  const Folder f;
  for (const char* name : {"a", "b", "c", "d"}) write_file(f / (std::string("s/") + name + ".yaml"), short_pass);
  write_file(f / "s/e.yaml", short_fail);
  EXPECT_EQ(run_scenarios(program, {f / "s", "--no-always", "--filter", "smoke"}).runs.size(), 4u);
  EXPECT_EQ(run_scenarios(program, {f / "s", "--no-always", "--filter", "/b\\."}).runs.size(), 1u);
  const Reported one = run_scenarios(program, {f / "s", "--no-always", "--shard", "1/2"});
  const Reported two = run_scenarios(program, {f / "s", "--no-always", "--shard", "2/2"});
  EXPECT_EQ(one.runs.size() + two.runs.size(), 5u);
  const Reported kept = run_scenarios(program, {f / "s", "--no-always", "--out", f / "runs", "--keep", "failed"});
  for (const auto& run : kept.runs) EXPECT_EQ(run.at("recording") != "", run.at("verdict") != "pass");
}

TEST(CommandLine, ARecordingCanBeRerunJudgedComparedReplayedAndExported) {
  const Folder f;
  write_file(f / "a.yaml", short_pass);
  ASSERT_EQ(run_program(program, {"run", f / "a.yaml", "--no-always", "--out", f / "x"}).code, 0);
  ASSERT_EQ(run_program(program, {"run", f / "a.yaml", "--no-always", "--out", f / "y", "--seed", "77"}).code, 0);
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(f / "x"))
    if (entry.path().extension() == ".h5") found.push_back(entry.path());
  ASSERT_EQ(found.size(), 1u);
  const std::string x = found[0];
  std::string y = x;
  y.replace(y.find("/x/"), 3, "/y/");
  EXPECT_EQ(run_program(program, {"rerun", x}).code, 0);
  EXPECT_EQ(run_program(program, {"replay", x}).code, 0);
  EXPECT_EQ(run_program(program, {"judge", x}).code, 0);
  EXPECT_EQ(run_program(program, {"diff", x, x}).code, 0);
  const Ran different = run_program(program, {"diff", x, y});
  EXPECT_EQ(different.code, 1);
  EXPECT_NE(different.out.find("tick"), std::string::npos) << different.out;
  const Ran csv = run_program(program, {"export", x, "--signals", "battery.voltage,adc.battery", "--every", "10 ms"});
  EXPECT_EQ(csv.code, 0);
  EXPECT_NE(csv.out.find("battery.voltage"), std::string::npos);
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 11);
}

// A field log of every tick: the same core gives the recorded answers to the bit, a changed core is caught at its first
// other output.
TEST(CommandLine, ACompleteFieldLogCatchesAChangedCore) {
  const Folder f;
  ASSERT_EQ(run_program(program, {"run", "sim/cli/selftest/cheek.yaml", "--no-always", "--out", f / "x"}).code, 0);
  const std::string recording = f / "x/sim/cli/selftest/cheek.h5", log = f / "log.csv";
  ASSERT_EQ(run_program(program, {"export", recording, "--complete", "--out", log}).code, 0);
  const Ran same = run_program(program, {"replay", log, "--firmware", "reference_pen"});
  EXPECT_EQ(same.code, 0) << same.out << same.err;
  ASSERT_EQ(run_program(program, {"import", log, "--out", f / "log.h5"}).code, 0);
  EXPECT_EQ(run_program(program, {"diff", f / "log.h5", f / "log.h5"}).code, 0);
  const Ran changed = run_program(program, {"replay", f / "log.h5", "--firmware", "mutant_gain_x10"});
  EXPECT_EQ(changed.code, 1) << changed.out << changed.err;
  EXPECT_NE(changed.out.find("duty_q15"), std::string::npos) << changed.out;
  EXPECT_NE(changed.out.find("tick"), std::string::npos) << changed.out;
}

// A field log of some channels at 100 Hz: logged outputs are compared at logged instants, and every output says that it
// is sparse.
TEST(CommandLine, ASparseFieldLogIsReplayedWithinItsTolerances) {
  const Folder f;
  std::string log = "time_s,battery_voltage_mV,user.start,pin.enable,core.pwm_duty[5%]\n", wrong = log;
  for (int i = 0; i < 200; ++i) {
    const std::string row = std::to_string(i * 0.01) + ",3900,0,0,0\n";
    log += row;
    wrong += i == 150 ? std::to_string(i * 0.01) + ",3900,0,1,0.4\n" : row;
  }
  write_file(f / "idle.csv", log);
  write_file(f / "driven.csv", wrong);
  const Ran same = run_program(program, {"replay", f / "idle.csv", "--firmware", "reference_pen"});
  EXPECT_EQ(same.code, 0) << same.out << same.err;
  EXPECT_NE(same.out.find("sparse"), std::string::npos) << same.out;
  write_file(f / "short.csv", log.substr(0, log.size() / 3));  // over before anything can be compared
  EXPECT_EQ(run_program(program, {"replay", f / "short.csv", "--firmware", "reference_pen"}).code, 2);
  const Ran other = run_program(program, {"replay", f / "driven.csv", "--firmware", "reference_pen"});
  EXPECT_EQ(other.code, 1) << other.out << other.err;
  EXPECT_NE(other.out.find("1.5"), std::string::npos) << other.out;
}

TEST(CommandLine, KilledInTheMiddleLeavesNoHalfWrittenFile) {
  const Folder f;
  std::string text = short_pass;
  text.replace(text.find("0.1 s"), 5, "3600 s");
  write_file(f / "a.yaml", text);
  const pid_t pid = fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    execl(program.c_str(), program.c_str(), "run", (f / "a.yaml").c_str(), "--no-always", "--out", (f / "runs").c_str(),
          nullptr);
    _exit(127);
  }
  usleep(300'000);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  usleep(100'000);
  std::size_t files = 0;
  if (std::filesystem::exists(f / "runs"))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(f / "runs"))
      files += entry.path().extension() == ".h5" ? 1 : 0;
  EXPECT_EQ(files, 0u);
}

}  // namespace
}  // namespace pensim::test
