// Emulated cores through the real program: the same hashes as native ones, and what is said where they differ.
#include <gtest/gtest.h>

#include <string>

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

TEST(Emulated, TheSecondRunOfTwiceHasAnotherFilling) {
  const test::Folder folder;
  test::write_file(folder / "short.yaml", short_run);
  const Reported twice = run_scenarios(PENSIM_PROGRAM, {folder / "short.yaml", "--no-always", "--twice", "--firmware",
                                                        "emulated:" + cores + "reference_pen.elf"});
  EXPECT_EQ(twice.ran.code, 0) << twice.ran.out << twice.ran.err;
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
