// The real program with real files, the way a script calls it: exit codes, reports, what is kept and what is said.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

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
  ASSERT_TRUE(r.runs.is_array());
  EXPECT_EQ(r.runs.size(), 2u);  // a problem each
  for (const auto& problem : r.runs) EXPECT_TRUE(problem.at("bad_input"));
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
  write_file(f / "empty/not_one.txt", "");
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
                                                     {"run", a, "--firmware", "native:" + a},
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
                                                     {"judge", f / "empty/not_one.txt"},
                                                     {"export", f / "empty"},
                                                     {"run", "/dev/zero"},
                                                     {"run", f / "empty"},
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

// ---- baselines and shards over two real trees

// The margin of the cell's voltage, smaller with an emptier cell.
std::vector<std::string> trees_of_runs(const Folder& f, const char* charge) {
  return {f / "s", "--no-always", "--set", std::string("pen.battery.state_of_charge=") + charge, "--out"};
}

Reported against_baseline(const Folder& f, std::vector<std::string> more) {
  std::vector<std::string> arguments = trees_of_runs(f, "0.3");
  arguments.insert(arguments.end(), {f / "now", "--baseline", f / "before"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_scenarios(program, arguments);
}

TEST(CommandLine, ABaselineIsAnEarlierTreeOfRecordings) {
  const Folder f;
  for (const char* name : {"s/a.yaml", "s/deep/b.yaml"}) write_file(f / name, short_pass);
  std::vector<std::string> before = trees_of_runs(f, "1");
  before.push_back(f / "before");
  ASSERT_EQ(run_scenarios(program, before).ran.code, 0);
  write_file(f / "s/new.yaml", short_pass);

  const Reported told = against_baseline(f, {});
  EXPECT_EQ(told.ran.code, 0) << told.ran.out;
  ASSERT_EQ(told.runs.size(), 3u);
  double lost_percent = 0;
  for (const auto& run : told.runs) {
    ASSERT_EQ(run.at("findings").size(), 1u) << run;
    const std::string finding = run.at("findings")[0];
    if (run.at("scenario") == f / "s/new.yaml") {
      EXPECT_EQ(finding.rfind("baseline: there is no ", 0), 0u) << finding;
      continue;
    }
    ASSERT_EQ(std::sscanf(finding.c_str(), "baseline: TIME-01 lost %lf %%", &lost_percent), 1) << finding;
  }
  ASSERT_GT(lost_percent, 2.0);
  ASSERT_LT(lost_percent, 98.0);

  const auto share = [&](double percent) { return std::to_string(percent) + "%"; };
  EXPECT_EQ(against_baseline(f, {"--fail-on-drop", share(lost_percent + 1)}).ran.code, 0);
  const Reported failed = against_baseline(f, {"--fail-on-drop", share(lost_percent - 1)});
  EXPECT_EQ(failed.ran.code, 1);
  for (const auto& run : failed.runs) {
    const bool is_new = run.at("scenario") == f / "s/new.yaml";
    EXPECT_EQ(run.at("verdict"), is_new ? "pass" : "fail") << run;
    if (!is_new) {
      EXPECT_NE(run.at("cause").get<std::string>().find("TIME-01 lost"), std::string::npos) << run;
    }
  }
}

// Two machines with a shard each leave together what one machine leaves: the same runs, each once, into the same
// places.
TEST(CommandLine, ShardsTogetherAreTheWholeTree) {
  const Folder f;
  for (const char* name : {"s/a.yaml", "s/b.yaml", "s/deep/c.yaml", "s/deep/d.yaml", "s/e.yaml"})
    write_file(f / name, short_pass);
  const auto run = [&](const std::string& shard, const std::string& out) {
    std::vector<std::string> arguments = {f / "s", "--no-always", "--out", f / out};
    if (!shard.empty()) arguments.insert(arguments.end(), {"--shard", shard});
    const Reported r = run_scenarios(program, arguments);
    EXPECT_EQ(r.ran.code, 0) << r.ran.out << r.ran.err;
    std::vector<std::string> labels;
    for (const auto& one : r.runs) labels.push_back(one.at("scenario"));
    return labels;
  };
  const auto recordings = [&](const std::string& out) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(f / out))
      if (entry.is_regular_file()) found.push_back(entry.path().lexically_relative(f / out));
    std::sort(found.begin(), found.end());
    return found;
  };
  const std::vector<std::string> all = run("", "all"), first = run("1/2", "parts"), second = run("2/2", "parts");
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(first, (std::vector<std::string>{all[0], all[2], all[4]}));
  EXPECT_EQ(second, (std::vector<std::string>{all[1], all[3]}));
  EXPECT_EQ(recordings("parts"), recordings("all"));
}

// ---- killed

std::vector<pid_t> children_of(pid_t pid) {
  std::istringstream list(read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children"));
  std::vector<pid_t> all;
  for (pid_t child; list >> child;) all.push_back(child);
  return all;
}

// Bytes that a process has in files in memory: the rows that its run has recorded.
std::uintmax_t recorded_bytes(pid_t pid) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
    struct stat status {};
    if (std::filesystem::read_symlink(entry.path(), error).string().rfind("/memfd:", 0) == 0 &&
        stat(entry.path().c_str(), &status) == 0)
      bytes += static_cast<std::uintmax_t>(status.st_blocks) * 512;
  }
  return bytes;
}

pid_t start_run(const Folder& f, const std::string& name) {
  const std::string scenario = f / name, out = f / "runs";
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int null = open("/dev/null", O_WRONLY);
  dup2(null, 1);
  execl(program.c_str(), program.c_str(), "run", scenario.c_str(), "--no-always", "--out", out.c_str(), nullptr);
  _exit(127);
}

// SIGKILL; whether it was still there, and gone with all of `others` within a while.
bool kill_with(pid_t pid, const std::vector<pid_t>& others) {
  kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  const auto lives = [](pid_t other) {
    const std::string state = read_file("/proc/" + std::to_string(other) + "/stat");
    return !state.empty() && state.find(") Z ") == std::string::npos;
  };
  for (const pid_t other : others)
    for (int i = 0; lives(other); ++i, usleep(1000))
      if (i == 10'000) ADD_FAILURE() << "process " << other << " of the run outlives it";
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

std::string with_duration(const std::string& duration) {
  std::string text = short_pass;
  return text.replace(text.find("0.1 s"), 5, duration);
}

TEST(CommandLine, KilledInTheMiddleOfARunLeavesNothing) {
  const Folder f;
  write_file(f / "a.yaml", with_duration("3600 s"));
  const pid_t pid = start_run(f, "a.yaml");
  std::vector<pid_t> of_the_run;  // who judges, and plant with core
  for (int i = 0; i < 60'000 && of_the_run.size() < 2; ++i, usleep(1000)) {
    of_the_run = children_of(pid);
    for (const pid_t child : of_the_run.empty() ? of_the_run : children_of(of_the_run[0]))
      if (recorded_bytes(child) > (1u << 20)) of_the_run.push_back(child);
  }
  ASSERT_EQ(of_the_run.size(), 2u) << "the run did not begin";
  EXPECT_TRUE(kill_with(pid, of_the_run));
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(f / "runs", error))
    EXPECT_FALSE(entry.is_regular_file()) << entry.path();
}

// Whether a process writes a recording: a file without a name in the folder of the runs.
bool writes_into(pid_t pid, const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error))
    if (std::filesystem::read_symlink(entry.path(), error).string().rfind(folder, 0) == 0) return true;
  return false;
}

// Killed while it writes: under the name there is the recording of before or the new one, whole, and nothing beside it.
TEST(CommandLine, KilledWhileItWritesLeavesAWholeRecordingUnderTheName) {
  const Folder f;
  write_file(f / "a.yaml", short_pass);
  const std::string folder = f / "runs" + f.path(), recording = folder + "/a.h5";
  ASSERT_EQ(run_program(program, {"run", f / "a.yaml", "--no-always", "--out", f / "runs"}).code, 0);
  ASSERT_TRUE(std::filesystem::exists(recording));
  write_file(f / "a.yaml", with_duration("10 s"));
  const pid_t pid = start_run(f, "a.yaml");
  bool writes = false;
  std::vector<pid_t> of_the_run;
  for (int i = 0; i < 600'000 && !writes; ++i, usleep(100)) {
    of_the_run = children_of(pid);
    for (const pid_t child : of_the_run) writes = writes || writes_into(child, folder);
  }
  ASSERT_TRUE(writes) << "nothing was written";
  EXPECT_TRUE(kill_with(pid, of_the_run));
  EXPECT_EQ(run_program(program, {"judge", recording}).code, 0);
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    EXPECT_TRUE(entry.path() == recording || entry.path() == recording + ".prev") << entry.path();
  write_file(f / "a.yaml", short_pass);
  EXPECT_EQ(run_program(program, {"run", f / "a.yaml", "--no-always", "--out", f / "runs"}).code, 0);
  EXPECT_EQ(run_program(program, {"judge", recording}).code, 0);
}

}  // namespace
}  // namespace pensim::test
