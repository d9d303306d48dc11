// Emulated cores through the real program: the same hashes as native ones, and what is said where they differ.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/program.h"

namespace pensim {
namespace {

using test::Reported;
using test::run_scenarios;

const std::string cores = PENSIM_CORES "/", test_cores = PENSIM_TEST_CORES "/";

// Twelve of every kind: treatment, hazards, faults; resets, power cuts, memory, console.
TEST(Emulated, TheReferenceCoreHasTheSameHashInTwelveScenarios) {
  std::vector<std::string> arguments;
  for (const char* name :
       {"treatment/cheek_1mm", "treatment/depth_change", "treatment/periorbital", "hazards/supply_dip",
        "hazards/cartridge_removed", "hazards/release_on_skin", "hazards/stall", "hazards/task_dead",
        "faults/hall_dropout", "faults/supply_cut", "faults/nvm_fail", "faults/screw_lost_steps"})
    arguments.push_back(std::string("scenarios/") + name + ".yaml");
  const auto with = [&](const std::string& firmware) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--firmware", firmware});
    return run_scenarios(PENSIM_PROGRAM, all);
  };
  const Reported native = with("native:" + cores + "reference_pen.so");
  const Reported arm = with("emulated:" + cores + "reference_pen.elf");
  ASSERT_EQ(native.ran.code, 0) << native.ran.out;
  EXPECT_EQ(arm.ran.code, 0) << arm.ran.out << arm.ran.err;
  ASSERT_EQ(arm.runs.size(), arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    EXPECT_EQ(native.runs[i]["hash"].get<std::string>().size(), 16u);
    EXPECT_EQ(native.runs[i]["hash"], arm.runs[i]["hash"]) << native.runs[i]["scenario"];
    EXPECT_EQ(native.runs[i]["verdict"], arm.runs[i]["verdict"]) << native.runs[i]["scenario"];
  }
}

const std::string short_run = R"(title: half a second
duration: 0.5 s
)";

TEST(Emulated, AlsoRunsBothAndComparesThem) {
  const test::Folder folder;
  test::write_file(folder / "short.yaml", short_run);
  for (const char* also : {"emulated", "native"}) {
    const bool native_first = std::string(also) == "emulated";
    const Reported same = run_scenarios(
        PENSIM_PROGRAM,
        {folder / "short.yaml", "--no-always", "--also", also, "--firmware",
         native_first ? "native:" + cores + "example_main.so" : "emulated:" + cores + "example_main.elf"});
    EXPECT_EQ(same.ran.code, 0) << same.ran.out << same.ran.err;
    EXPECT_NE(same.ran.out.find("the same hash"), std::string::npos) << same.ran.out;
  }
}

// A multiply-add in one rounding on the ARM side only.
TEST(Emulated, ADifferenceIsNamedByTickFieldAndVariable) {
  const test::Folder folder;
  test::write_file(folder / "short.yaml", short_run);
  const Reported apart = run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--no-always", "--also", "emulated",
                                                        "--firmware", "native:" + test_cores + "filter_contracted.so"});
  EXPECT_EQ(apart.ran.code, 1) << apart.ran.out << apart.ran.err;
  ASSERT_EQ(apart.runs.size(), 1u);
  const std::string cause = apart.runs[0]["cause"];
  EXPECT_NE(cause.find("native and emulated differ"), std::string::npos) << cause;
  EXPECT_NE(cause.find("out.aux"), std::string::npos) << cause;
  EXPECT_NE(cause.find("state parts first, at tick"), std::string::npos) << cause;
  const Reported same = run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--no-always", "--also", "emulated",
                                                       "--firmware", "native:" + test_cores + "filter.so"});
  EXPECT_EQ(same.ran.code, 0) << same.ran.out << same.ran.err;
}

TEST(Emulated, AFaultIsAVerdictOfTheRun) {
  const test::Folder folder;
  test::write_file(folder / "null.yaml", short_run + R"(timeline:
  - {at: 10 ms, set: aux.0, to: 1}
)");
  const Reported wrong = run_scenarios(
      PENSIM_PROGRAM, {folder / "null.yaml", "--no-always", "--firmware", "emulated:" + cores + "misbehave.elf"});
  EXPECT_EQ(wrong.ran.code, 3) << wrong.ran.out << wrong.ran.err;
  const auto& fault = wrong.runs.at(0).at("firmware_fault");
  EXPECT_EQ(fault.at("kind"), "segfault");
  EXPECT_EQ(fault.at("function"), "put");
  EXPECT_EQ(fault.at("file"), "firmware_shim/cores/misbehave/misbehave.c");
  EXPECT_GT(fault.at("line"), 0);
  EXPECT_DOUBLE_EQ(fault.at("at_s"), 0.01);
}

TEST(Emulated, CountedTimingNeedsAnEmulatedCore) {
  const test::Folder folder;
  test::write_file(folder / "counted.yaml", short_run + "timing: counted\n");
  const Reported native = run_scenarios(PENSIM_PROGRAM, {folder / "counted.yaml", "--no-always"});
  EXPECT_EQ(native.ran.code, 2);
  EXPECT_NE(native.ran.err.find("counted.yaml:3"), std::string::npos) << native.ran.err;
  EXPECT_NE(native.ran.err.find("emulated:PATH.elf"), std::string::npos) << native.ran.err;
  const std::string firmware = "emulated:" + cores + "example_main.elf";
  const Reported first =
      run_scenarios(PENSIM_PROGRAM, {folder / "counted.yaml", "--no-always", "--firmware", firmware});
  test::write_file(folder / "ideal.yaml", short_run);
  const Reported again = run_scenarios(
      PENSIM_PROGRAM, {folder / "ideal.yaml", "--no-always", "--firmware", firmware, "--timing", "counted"});
  const Reported ideal = run_scenarios(PENSIM_PROGRAM, {folder / "ideal.yaml", "--no-always", "--firmware", firmware});
  ASSERT_EQ(first.ran.code, 0) << first.ran.out << first.ran.err;
  EXPECT_EQ(first.runs[0]["hash"], again.runs[0]["hash"]) << again.ran.err;
  EXPECT_NE(first.runs[0]["hash"], ideal.runs[0]["hash"]);
}

// However counted time was asked for, the recording holds it.
TEST(Emulated, ARerunCountsAsTheRecordedRunDid) {
  const test::Folder folder;
  const std::string firmware = "emulated:" + cores + "example_main.elf";
  test::write_file(folder / "key.yaml", short_run + "timing: counted\n");
  test::write_file(folder / "option.yaml", short_run);
  for (const std::string name : {"key", "option"}) {
    std::vector<std::string> arguments = {
        folder / (name + ".yaml"), "--no-always", "--firmware", firmware, "--out", folder / "runs"};
    if (name == "option") arguments.insert(arguments.end(), {"--timing", "counted"});
    const Reported recorded = run_scenarios(PENSIM_PROGRAM, arguments);
    ASSERT_EQ(recorded.ran.code, 0) << recorded.ran.out << recorded.ran.err;
    const std::string recording = recorded.runs[0]["recording"];
    const test::Ran again = test::run_program(PENSIM_PROGRAM, {"rerun", recording});
    EXPECT_EQ(again.code, 0) << name << ": " << again.out << again.err;
    EXPECT_NE(again.out.find("hash of the rerun " + recorded.runs[0]["hash"].get<std::string>()), std::string::npos)
        << again.out;
    const test::Ran native =
        test::run_program(PENSIM_PROGRAM, {"rerun", recording, "--firmware", "native:" + cores + "example_main.so"});
    EXPECT_EQ(native.code, 1) << native.out << native.err;
    EXPECT_NE(native.out.find("made with timing: counted"), std::string::npos) << native.out;
  }
}

// An emulated run counts what each call takes; a native one with these costs is the same run.
TEST(Emulated, CountedCostsMakeANativeRunTheSame) {
  const test::Folder folder;
  for (const std::string name : {"treatment/cheek_1mm", "hazards/supply_dip", "faults/hall_dropout"}) {
    const std::string scenario = "scenarios/" + name + ".yaml", costs = folder / "reference.cost";
    const Reported counted =
        run_scenarios(PENSIM_PROGRAM, {scenario, "--firmware", "emulated:" + cores + "reference_pen.elf", "--timing",
                                       "counted", "--write-cost", costs});
    ASSERT_EQ(counted.ran.code, 0) << counted.ran.out << counted.ran.err;
    const Reported native = run_scenarios(
        PENSIM_PROGRAM, {scenario, "--firmware", "native:" + cores + "reference_pen.so", "--cost", costs});
    ASSERT_EQ(native.ran.code, 0) << native.ran.out << native.ran.err;
    EXPECT_EQ(native.runs[0]["hash"], counted.runs[0]["hash"]) << name;
    EXPECT_EQ(native.ran.out.find("fewer calls"), std::string::npos) << native.ran.out;
  }
}

// Calls that take longer than there is time: another run than without, the same again from its recording.
TEST(Emulated, CostsAreInTheRecording) {
  const test::Folder folder;
  test::write_file(folder / "costs",
                   "core reference_pen\nclock 1000000\n" + std::string("handler task 0\n120 # us of 50\n"));
  test::write_file(folder / "short.yaml", short_run + "core: {cost: costs}\n");
  const Reported slow = run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--no-always", "--out", folder / "runs"});
  ASSERT_EQ(slow.ran.code, 0) << slow.ran.out << slow.ran.err;
  const Reported free_of_cost =
      run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--no-always", "--set", "core.cost=none"});
  EXPECT_NE(slow.runs[0]["hash"], free_of_cost.runs[0]["hash"]);
  EXPECT_NE(slow.ran.out.find("task 0 takes 120 us"), std::string::npos) << slow.ran.out;
  const test::Ran again = test::run_program(PENSIM_PROGRAM, {"rerun", slow.runs[0]["recording"].get<std::string>()});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
}

TEST(Emulated, WrongCostsAndClocksAreRefusedInWords) {
  const test::Folder folder;
  test::write_file(folder / "short.yaml", short_run);
  const auto says = [&](const std::string& words, const std::vector<std::string>& with) {
    std::vector<std::string> arguments = {folder / "short.yaml", "--no-always"};
    arguments.insert(arguments.end(), with.begin(), with.end());
    const Reported refused = run_scenarios(PENSIM_PROGRAM, arguments);
    EXPECT_EQ(refused.ran.code, 2) << refused.ran.out;
    EXPECT_NE(refused.ran.err.find(words), std::string::npos) << words << ": " << refused.ran.err;
  };
  const std::string arm = "emulated:" + cores + "reference_pen.elf";
  test::write_file(folder / "wrong", "core reference_pen\nclock 1000000\nhandler task 0\n12 20\n");
  says("wrong:4:4: expected xTIMES", {"--cost", folder / "wrong"});
  test::write_file(folder / "other", "core probe\nclock 1000000\nhandler task 0\n12\n");
  says("the costs are those of probe", {"--cost", folder / "other"});
  says("which a native core takes", {"--cost", folder / "other", "--firmware", arm});
  says("no/such", {"--cost", "no/such"});
  says("only an emulated run", {"--write-cost", folder / "new"});
  says("only an emulated run", {"--write-cost", folder / "new", "--firmware", arm});
  says("cannot be written", {"--write-cost", "/no/such/folder/costs", "--firmware", arm, "--timing", "counted"});
  says("core.clock", {"--set", "core.clock=84 MHz"});
  says("core.clock", {"--set", "core.clock=10 kHz", "--firmware", arm});
  says("core.clock", {"--set", "core.clock=2 GHz", "--firmware", arm});
}

TEST(Emulated, TheClockOfTheScenarioMakesTheCoreSlow) {
  const test::Folder folder;
  test::write_file(folder / "short.yaml", short_run + R"yaml(timing: counted
measure: {load: "mean(core.cpu_load)", delay: "max(core.act_delay)"}
)yaml");
  const auto measured = [&](const std::string& clock, const std::string& name) {
    const Reported ran =
        run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--no-always", "--firmware",
                                       "emulated:" + cores + "reference_pen.elf", "--set", "core.clock=" + clock});
    EXPECT_EQ(ran.ran.code, 0) << ran.ran.out << ran.ran.err;
    return ran.runs.at(0).at("measures").at(name).get<double>();
  };
  EXPECT_NEAR(measured("84 MHz", "load") / measured("168 MHz", "load"), 2.0, 0.1);
  EXPECT_GT(measured("84 MHz", "delay"), 1.5 * measured("168 MHz", "delay"));
}

TEST(Emulated, TheSecondRunOfTwiceHasAnotherFilling) {
  const test::Folder folder;
  test::write_file(folder / "short.yaml", short_run);
  const Reported twice = run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--no-always", "--twice", "--firmware",
                                                        "emulated:" + cores + "reference_pen.elf"});
  EXPECT_EQ(twice.ran.code, 0) << twice.ran.out << twice.ran.err;
}

// The runs of pensim-emulated whose command line names `folder`: processes below those that judge them.
std::vector<pid_t> runs_of(const std::string& folder) {
  std::map<pid_t, pid_t> parents;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = test::read_file("/proc/" + name + "/stat");
    if (stat.find("(pensim-emulated)") == std::string::npos ||
        test::read_file("/proc/" + name + "/cmdline").find(folder) == std::string::npos)
      continue;
    parents[std::stoi(name)] = std::stoi(stat.substr(stat.find(") ") + 4));
  }
  std::vector<pid_t> runs;
  for (const auto& [pid, parent] : parents)
    if (const auto above = parents.find(parent); above != parents.end() && parents.count(above->second))
      runs.push_back(pid);
  return runs;
}

TEST(Emulated, ARunThatIsKilledInTheMidstIsNamedAndTheOthersEnd) {
  const test::Folder folder;
  for (const char* name : {"a", "b", "c"}) test::write_file(folder / name + ".yaml", "duration: 3 s\n");
  std::atomic<bool> ended = false;
  std::thread killer([&] {
    while (!ended) {
      const std::vector<pid_t> runs = runs_of(folder.path());
      if (runs.empty()) continue;
      kill(runs.front(), SIGKILL);
      return;
    }
  });
  const Reported ran = run_scenarios(PENSIM_PROGRAM, {folder.path(), "--no-always", "--jobs", "3", "--also", "emulated",
                                                      "--firmware", "native:" + cores + "reference_pen.so"});
  ended = true;
  killer.join();
  EXPECT_EQ(ran.ran.code, 4) << ran.ran.out << ran.ran.err;
  ASSERT_EQ(ran.runs.size(), 3u);
  int errors = 0;
  for (const auto& run : ran.runs) {
    if (run["verdict"] != "error") continue;
    ++errors;
    EXPECT_NE(run["cause"].get<std::string>().find("Killed"), std::string::npos) << run["cause"];
  }
  EXPECT_EQ(errors, 1);
}

TEST(Emulated, WhatCannotBeRunIsRefusedInWords) {
  const test::Folder folder;
  test::write_file(folder / "short.yaml", short_run);
  const auto error = [&](const std::string& firmware) {
    const Reported refused = run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--firmware", firmware});
    EXPECT_EQ(refused.ran.code, 2) << refused.ran.out;
    return refused.ran.err;
  };
  EXPECT_NE(error("emulated:/no/such.elf").find("there is no file /no/such.elf"), std::string::npos);
  EXPECT_NE(error("emulated:" + cores + "probe.so").find("no ELF file for ARM"), std::string::npos);
}

}  // namespace
}  // namespace pensim
