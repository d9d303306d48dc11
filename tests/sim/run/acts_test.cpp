// What a core does to its process stays there: its floating-point state, flags, signals, timers, forks, descriptors and
// system calls reach neither plant, verdict nor another run, and the core is blamed for them. Through the real program,
// one call for all acts of a core.
#include "tests/sim/run/cores/acts.h"

#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>

#include "sim/recording/recording.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;

struct Act {
  const char* name;
  int what;
  std::string kind, said;
};
#define ACT(name, kind, said) {#name, name, kind, said},
const std::vector<Act> of_a_pc = {ACTS_OF_A_PC(ACT)};
const std::vector<Act> anywhere = {ACTS_ANYWHERE(ACT)};
#undef ACT

// In a main(): what it left runs into the runtime that is linked into the core, or into the switch of its stack, and
// that is the core's fault too. Out of pthread_exit a fiber has nothing to return to.
std::vector<Act> of_a_main(std::vector<Act> acts) {
  std::erase_if(acts, [](const Act& act) { return act.what == PTHREAD_EXIT || act.what == X87_UNMASKED_PENDING; });
  for (Act& act : acts)
    if (act.what == ALIGNMENT_CHECK) act = {act.name, act.what, "bus_error", "misaligned"};
  return acts;
}

std::string scenario(const std::string& core, int what) {
  return "title: acts\nduration: 0.2 s\nfirmware: native:" PENSIM_TEST_CORES "/" + core +
         ".so\ntimeline:\n  - {at: 0.05 s, set: aux.0, to: " + std::to_string(what) +
         "}\nrequire:\n  - {id: TURNS-01, that: \"eventually (motor.speed > 1 Hz)\"}\n";
}

struct Called {
  Folder folder;
  Reported reported;
  std::map<std::string, nlohmann::json> runs;  // by name of the act
  Called(const std::string& core, const std::vector<Act>& acts, const std::vector<std::string>& options = {}) {
    for (const Act& act : acts) write_file(folder / ("s/" + std::string(act.name) + ".yaml"), scenario(core, act.what));
    write_file(folder / "s/a_none.yaml", scenario(core, NO_ACT));
    write_file(folder / "s/z_none.yaml", scenario(core, NO_ACT));
    std::vector<std::string> arguments = {folder / "s", "--no-always", "--jobs", "2", "--out", folder / "runs"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    reported = run_scenarios(program, arguments);
    for (const auto& run : reported.runs)
      runs[std::filesystem::path(run.at("scenario").get<std::string>()).stem()] = run;
  }
};

// The plant with the act is the plant without, at every sample.
void expect_same_plant(const std::string& a, const std::string& b) {
  const Recording x = Recording::open(a), y = Recording::open(b);
  ASSERT_EQ(x.ticks(), y.ticks());
  for (const SignalInfo& s : y.signals()) {
    if (s.name.starts_with("aux.") || s.name.starts_with("core.") || s.name.find("aux") != std::string::npos) continue;
    const Samples ours = x.samples(s.name), theirs = y.samples(s.name);
    EXPECT_TRUE(std::equal(ours.value.begin(), ours.value.end(), theirs.value.begin(), theirs.value.end(),
                           [](float p, float q) { return p == q || (p != p && q != q); }))
        << s.name;
  }
}

void expect_blamed(const Called& called, const std::vector<Act>& acts) {
  ASSERT_EQ(called.runs.size(), acts.size() + 2) << called.reported.ran.err;
  EXPECT_EQ(called.reported.ran.code, 3) << called.reported.ran.out;
  EXPECT_EQ(called.runs.at("a_none").at("hash"), called.runs.at("z_none").at("hash"));
  EXPECT_EQ(called.runs.at("a_none").at("verdict"), "pass");
  for (const Act& act : acts) {
    SCOPED_TRACE(act.name);
    const auto& run = called.runs.at(act.name);
    if (act.kind.empty()) {
      EXPECT_EQ(run.at("verdict"), "pass") << run.dump(1);
      EXPECT_NE(run.at("findings").dump().find(act.said), std::string::npos) << run.dump(1);
      expect_same_plant(run.at("recording"), called.runs.at("a_none").at("recording"));
      continue;
    }
    ASSERT_EQ(run.at("verdict"), "firmware_fault") << run.dump(1);
    const auto& fault = run.at("firmware_fault");
    EXPECT_EQ(fault.at("kind"), act.kind) << fault.dump(1);
    EXPECT_NE(fault.at("detail").get<std::string>().find(act.said), std::string::npos) << fault.dump(1);
    EXPECT_EQ(std::filesystem::path(fault.at("file").get<std::string>()).filename(), "acts.c") << fault.dump(1);
    EXPECT_GT(fault.at("line"), 0);
    EXPECT_NEAR(fault.at("at_s").get<double>(), 0.05, 1e-4);
    EXPECT_EQ(Recording::open(run.at("recording")).ticks(), 1000);
  }
}

TEST(Acts, OfACoreWithTheCLibraryOfThePc) {
  std::vector<Act> all = of_a_pc;
  all.insert(all.end(), anywhere.begin(), anywhere.end());
  for (const char* core : {"acts", "acts_main"}) {
    SCOPED_TRACE(core);
    const std::vector<Act> these = std::string(core) == "acts" ? all : of_a_main(all);
    const Called called(core, these);
    expect_blamed(called, these);
    EXPECT_FALSE(std::filesystem::exists("acts_were_here"));
    EXPECT_EQ(called.reported.ran.out.find("PRINTED BY THE CORE"), std::string::npos) << "the report is the program's";
    EXPECT_NE(called.reported.ran.err.find("PRINTED BY THE CORE"), std::string::npos);
  }
}

TEST(Acts, OfACoreWithPointersOf4Bytes) {
  for (const char* core : {"acts_ilp32", "acts_ilp32_main"}) {
    SCOPED_TRACE(core);
    const std::vector<Act> these = std::string(core) == "acts_ilp32" ? anywhere : of_a_main(anywhere);
    const Called called(core, these);
    expect_blamed(called, these);
  }
}

TEST(Acts, AnAddressOfAStackIsFoundByASecondRun) {
  for (const char* core : {"acts", "acts_main", "acts_ilp32", "acts_ilp32_main"}) {
    SCOPED_TRACE(core);
    const Folder f;
    write_file(f / "s/a.yaml", scenario(core, LOCAL_ADDRESS));
    write_file(f / "s/b.yaml", scenario(core, NO_ACT));
    const Reported r = run_scenarios(program, {f / "s", "--no-always", "--twice", "--out", f / "runs"});
    ASSERT_EQ(r.runs.size(), 2u) << r.ran.err;
    EXPECT_EQ(r.runs[0].at("verdict"), "error") << r.runs[0].dump(1);
    EXPECT_NE(r.runs[0].at("cause").get<std::string>().find("aux"), std::string::npos) << r.runs[0].dump(1);
    EXPECT_EQ(r.runs[1].at("verdict"), "pass") << r.runs[1].dump(1);
  }
}

std::string check_of(const std::string& core, const std::vector<std::string>& options, const std::string& act = "") {
  const Folder f;
  write_file(f / "a.yaml", "title: x\nduration: 0.01 s\nfirmware: native:" PENSIM_TEST_CORES "/" + core + ".so\n");
  std::vector<std::string> arguments = {"run", f / "a.yaml", "--no-always", "--keep", "none"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const Ran ran = run_program(program, arguments, act.empty() ? std::vector<std::string>{} : std::vector{"ACT=" + act});
  EXPECT_EQ(ran.code, act.empty() && core == "loads" ? 0 : 2) << ran.out << ran.err;
  return ran.err;
}

TEST(Acts, WhileTheFileIsLoaded) {
  EXPECT_EQ(check_of("loads", {}), "");
  const std::vector<std::pair<std::string, std::string>> all = {
      {"crash", "loading it ended the process: segfault"},
      {"spin", "hang: more than 2 s of processor time while it was loaded"},
      {"exit", "exit: the core ended the process with exit code 0"},
      {"abort", "abort"},
      {"fork", "refused_call: the core called clone of the PC's system"},
      {"kill", "refused_call: the core called kill of the PC's system"},
      {"write", "refused_call: the core called openat of the PC's system"},
      {"answer", "refused_call: the core called write of the PC's system"},
  };
  for (const auto& [act, said] : all) {
    const std::string found = check_of("loads", {}, act);
    EXPECT_NE(found.find(said), std::string::npos) << act << "\n" << found;
  }
  const std::string sleeps = check_of("loads", {"--timeout", "1 s"}, "sleep");
  EXPECT_NE(sleeps.find("had not ended after 1 s of wall clock"), std::string::npos) << sleeps;
  EXPECT_FALSE(std::filesystem::exists("acts_were_here"));
  // Without the sandbox the call goes on, too: it waits for its child, whatever that leaves behind.
  const std::string answers = check_of("loads", {"--no-sandbox"}, "answer");
  EXPECT_NE(answers.find("cannot be loaded"), std::string::npos) << answers;
}

TEST(Acts, PortsThatCannotBeHonouredAreRefused) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"slow_tick", "its port says a tick of 100 us, but this pen's is 50 us"},
      {"phase_alone", "tasks[0]: phase_us = 50 without a period"},
      {"unanswered_rates", "unanswered_ms: functions at rates cannot wait"},
      {"stack_of_the_pc", "stack_bytes: functions at rates of a core with 8-byte pointers run on the PC's stack"},
      {"traps_twice", "divide_by_zero_traps is 2, expected 0 or 1"},
  };
  for (const auto& [core, said] : all) {
    const std::string found = check_of(core, {});
    EXPECT_NE(found.find(said), std::string::npos) << core << "\n" << found;
  }
}

TEST(Acts, APokeThatCannotBeAppliedFailsTheRun) {
  const Folder f;
  const auto run = [&](const std::string& line) {
    write_file(f / "a.yaml", "title: x\nduration: 0.02 s\nfirmware: reference_pen\ntimeline:\n  - " + line + "\n");
    return run_program(program, {"run", f / "a.yaml", "--no-always", "--keep", "none"});
  };
  const Ran huge = run("{at: 0.01 s, poke: speed_loop.integral, to: 1e300}");
  EXPECT_EQ(huge.code, 2) << huge.out;
  EXPECT_NE(huge.err.find("a.yaml:5:"), std::string::npos) << huge.err;
  EXPECT_NE(huge.err.find("poke speed_loop.integral: 1e+300 does not fit into it"), std::string::npos) << huge.err;
  EXPECT_EQ(run("{at: 0.01 s, poke: speed_loop.integral, to: 1.5}").code, 0);
}

// Without the sandbox a core may do what its user may, but no call waits for it, and no other run is another.
TEST(Acts, WithoutTheSandboxNoCallWaitsForACore) {
  std::vector<Act> waits;
  for (const Act& act : of_a_pc)
    for (const int what : {RAISE_STOP, FORK, STOP_PARENT, BLOCK_SIGNALS, STOP_TIMERS, KILL_PARENT, OUTLIVE_PARENT,
                           FORGE_A_RESULT, CLOSE_ALL, DIRECTION_FLAG})
      if (act.what == what) waits.push_back(act);
  const Called called("acts", waits, {"--no-sandbox", "--timeout", "2 s"});
  ASSERT_EQ(called.runs.size(), waits.size() + 2) << called.reported.ran.err;
  EXPECT_EQ(called.runs.at("a_none").at("hash"), called.runs.at("z_none").at("hash"));
  for (const char* hangs : {"RAISE_STOP", "BLOCK_SIGNALS", "STOP_TIMERS", "OUTLIVE_PARENT"}) {
    const auto& run = called.runs.at(hangs);
    EXPECT_EQ(run.at("verdict"), "firmware_fault") << run.dump(1);
    EXPECT_EQ(run.at("firmware_fault").at("kind"), "hang");
    EXPECT_NE(run.at("firmware_fault").at("detail").get<std::string>().find("--timeout"), std::string::npos);
    EXPECT_EQ(Recording::open(run.at("recording")).ticks(), 1000);
  }
  EXPECT_EQ(called.runs.at("FORGE_A_RESULT").at("verdict"), "error");
  EXPECT_NE(called.runs.at("FORGE_A_RESULT").at("hash"), "0000000000000000");
  EXPECT_EQ(called.runs.at("KILL_PARENT").at("verdict"), "error");
}

}  // namespace
}  // namespace pensim::test
