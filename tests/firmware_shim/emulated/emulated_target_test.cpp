#include "firmware_shim/emulated/emulated_target.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firmware_shim/native/native_target.h"
#include "firmware_shim/symbols/symbols.h"
#include "misbehave.h"

namespace pensim {
namespace {

std::string file(const std::string& name, const char* ending) {
  const bool test = name.rfind("test:", 0) == 0;
  return (test ? PENSIM_TEST_CORES "/" + name.substr(5) : PENSIM_CORES "/" + name) + ending;
}

std::unique_ptr<Target> emulated(const std::string& name, const EmulatedOptions& options = {}) {
  TargetSpec spec;
  spec.kind = TargetSpec::Kind::emulated;
  spec.path = file(name, ".elf");
  spec.emulated = options;
  return open_emulated(spec);
}

// A pen that does a bit of everything, the same for both: pins and edges, analog values, bytes, a button held.
struct World {
  std::uint32_t seed = 12345;
  PenIn in{};
  std::uint32_t random() {
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
  }
  const PenIn& tick(std::int64_t k) {
    in.time_us = static_cast<std::uint32_t>(50 * k);
    in.reset_cause = PEN_RESET_POWER_ON;
    in.edge_count = in.uart_count = 0;
    std::memset(in.edges, 0, sizeof in.edges);
    std::memset(in.uart, 0, sizeof in.uart);
    for (auto& count : in.adc) count = static_cast<std::uint16_t>(1500 + random() % 800);
    if (k % 400 == 37) {  // the hall sensor
      const auto level = static_cast<std::uint8_t>(!(in.pins & 1));
      in.pins = static_cast<std::uint16_t>(in.pins ^ 1);
      in.edges[in.edge_count++] = {in.time_us - 1 - random() % 45, PEN_LINE_HALL, level, 0};
    }
    if (k % 3000 == 1000)
      in.pins = static_cast<std::uint16_t>(in.pins | 1u << PEN_LINE_START | 1u << PEN_LINE_CARTRIDGE);
    if (k % 7000 == 6500) in.pins = static_cast<std::uint16_t>(in.pins & ~(1u << PEN_LINE_START));
    if (k % 911 == 5) in.uart[in.uart_count++] = '?';
    if (k % 1777 == 5) in.aux[k % 8] = static_cast<std::int32_t>(random() % 3);
    return in;
  }
};

class EveryCore : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Emulated, EveryCore,
                         testing::Values("probe", "reference_pen", "example_rates", "example_main", "example_registers",
                                         "test:interrupts", "test:interrupts_O0", "test:order", "test:cortex",
                                         "test:life", "test:library", "test:peripherals", "test:small_cortex-m0",
                                         "test:small_cortex-m0plus", "test:small_cortex-m3", "test:small_cortex-m33"),
                         [](const auto& test) {
                           std::string name = test.param;
                           for (char& c : name)
                             if (c == ':' || c == '-') c = '_';
                           return name;
                         });

TEST_P(EveryCore, AnswersAsTheNativeOne) {
  const auto native = open_native(file(GetParam(), ".so"));
  const auto arm = emulated(GetParam());
  World a, b;
  PenOut x{}, y{};
  for (Target* target : {static_cast<Target*>(native.get()), arm.get()}) target->reset(PEN_RESET_POWER_ON);
  for (std::int64_t k = 0; k < 20000; ++k) {
    const StepReport of_x = native->step(k, a.tick(k), x), of_y = arm->step(k, b.tick(k), y);
    ASSERT_FALSE(of_y.faulted) << arm->fault()->kind << ": " << arm->fault()->detail;
    ASSERT_EQ(std::memcmp(&x, &y, sizeof x), 0) << "tick " << k << ", aux[0] " << x.aux[0] << " and " << y.aux[0];
    ASSERT_EQ(of_x.hang, of_y.hang) << "tick " << k;
    ASSERT_EQ(of_x.reset_requested, of_y.reset_requested) << "tick " << k;
    ASSERT_EQ(of_x.interrupts_lost, of_y.interrupts_lost) << "tick " << k;
    if (of_x.hang) return;
    if (k == 9000 || of_x.reset_requested) {  // in the middle of whatever it does
      native->reset(PEN_RESET_WATCHDOG);
      arm->reset(PEN_RESET_WATCHDOG);
    }
  }
}

// ---- exceptions ----

class EveryTiming : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Emulated, EveryTiming, testing::Bool(),
                         [](const auto& test) { return std::string(test.param ? "counted" : "ideal"); });

TEST_P(EveryTiming, TasksAreSwitchedByPendSVOnProcessStacks) {
  EmulatedOptions options;
  options.counted = GetParam();
  const auto arm = emulated("test:tasks", options);
  PenIn in{};
  PenOut out{};
  for (int k = 0; k < 800; ++k) {
    in.time_us = 50u * static_cast<unsigned>(k);
    const StepReport report = arm->step(k, in, out);
    ASSERT_FALSE(report.faulted) << arm->fault()->detail;
  }
  EXPECT_GT(out.aux[0], 200);
  EXPECT_GT(out.aux[1], 200);
  EXPECT_EQ(out.aux[2], 2) << "the tasks run on the main stack";
  EXPECT_EQ(out.aux[3], 0) << "floating point registers were mixed up";
  EXPECT_EQ(out.aux[4], 15);
  EXPECT_NEAR(out.aux[5], 39, 1) << "40 ms, a switch each ms";
  EXPECT_EQ(out.aux[6], 0) << "a switch while BASEPRI masked it";
  EXPECT_EQ(out.aux[7], 7);
}

// ---- counted instructions ----

TEST(Emulated, ATornReadingShowsOnlyWhereInstructionsTakeTime) {
  const auto backwards = [](Target& target) {
    PenIn in{};
    PenOut out{};
    for (int k = 0; k < 2000; ++k) {
      in.time_us = 50u * static_cast<unsigned>(k);
      target.step(k, in, out);
    }
    EXPECT_GT(out.aux[1], 2000);
    EXPECT_EQ(out.aux[2], 0) << "an exception came into an IT block and not back";
    return out.aux[0];
  };
  EmulatedOptions counted;
  counted.counted = true;
  EXPECT_EQ(backwards(*open_native(file("test:counter", ".so"))), 0);
  EXPECT_EQ(backwards(*emulated("test:counter")), 0);
  EXPECT_GT(backwards(*emulated("test:counter", counted)), 0);
}

TEST(Emulated, InstructionsTakeTimeDelayOutputsAndOverrun) {
  EmulatedOptions counted;
  counted.counted = true;
  const auto arm = emulated("test:slow", counted);
  PenIn in{};
  PenOut out{};
  std::vector<std::string> findings;
  const auto run = [&](int from, int to, std::int32_t turns) {
    StepReport report;
    for (int k = from; k < to; ++k) {
      in.time_us = 50u * static_cast<unsigned>(k);
      in.aux[0] = k;
      in.aux[1] = turns;
      report = arm->step(k, in, out);
      for (const std::string& finding : arm->take_findings()) findings.push_back(finding);
    }
    return report.cpu_load;
  };
  // 800 turns of three instructions, of which the branch takes 1 + 2: 40 us of 50 at 100 MHz.
  const double load = run(0, 100, 800);
  EXPECT_GT(load, 0.6);
  EXPECT_LT(load, 0.95);
  EXPECT_EQ(out.aux[1], 99) << "it is done within its tick";
  EXPECT_TRUE(findings.empty()) << findings.front();
  const std::int32_t calls = out.aux[0];
  EXPECT_EQ(run(100, 200, 1600), 1.0);
  EXPECT_LT(out.aux[0] - calls, 80) << "each call takes two ticks";
  EXPECT_LT(out.aux[1], 199) << "what it answers is older than a tick";
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("control() takes"), std::string::npos) << findings[0];
  EXPECT_NE(findings[0].find("overrun at 100.0 MHz"), std::string::npos) << findings[0];
}

TEST(Emulated, CountedTimeIsTheSameAgain) {
  EmulatedOptions counted;
  counted.counted = true;
  std::string first;
  for (int turn = 0; turn < 2; ++turn) {
    const auto arm = emulated("reference_pen", counted);
    World world;
    PenOut out{};
    std::string all;
    for (std::int64_t k = 0; k < 2000; ++k) {
      ASSERT_FALSE(arm->step(k, world.tick(k), out).faulted) << arm->fault()->detail;
      all.append(reinterpret_cast<const char*>(&out), sizeof out);
    }
    if (turn == 1) {
      EXPECT_EQ(all, first);
    }
    first = all;
  }
}

// ---- faults ----

int line_of(const std::string& mark) {
  std::ifstream source(MISBEHAVE_SOURCE);
  int number = 1;
  for (std::string line; std::getline(source, line); ++number)
    if (line.find("/* at: " + mark + " */") != std::string::npos) return number;
  ADD_FAILURE() << "no line is marked at: " << mark;
  return -1;
}

struct Wrong {
  int what;
  const char *kind, *function, *mark, *detail;  // mark "": any line
};

class EveryFault : public testing::TestWithParam<Wrong> {};
INSTANTIATE_TEST_SUITE_P(Emulated, EveryFault,
                         testing::Values(Wrong{NULL_WRITE, "segfault", "put", "NULL_WRITE", "write to 0x00000000"},
                                         Wrong{NULL_READ, "segfault", "null_read", "NULL_READ", "read of 0x00000008"},
                                         Wrong{RECURSE, "stack_overflow", "recurse", "", "below the stack"},
                                         Wrong{HUGE_FRAME, "stack_overflow", "huge_frame", "", "below the stack"},
                                         Wrong{TRAP, "illegal_instruction", "control", "TRAP", "undefined instruction"},
                                         Wrong{SPIN, "hang", "spin", "", "without time passing"},
                                         Wrong{SCRIBBLE_UP, "segfault", "scribble", "SCRIBBLE", "write to 0x"},
                                         Wrong{CALL_1234, "segfault", "", "", "jump to 0x00001234"},
                                         Wrong{ABORT, "abort", "abort", "", "abort()"},
                                         Wrong{EXIT_0, "exit", "exit", "", "exit code 0"}),
                         [](const auto& test) {
                           return std::string(test.param.kind) + std::to_string(test.param.what);
                         });

TEST_P(EveryFault, IsNamedWithFunctionAndLine) {
  const Wrong& wrong = GetParam();
  for (const char* core : {"misbehave", "misbehave_main"}) {
    SCOPED_TRACE(core);
    const auto arm = emulated(core);
    PenIn in{};
    PenOut out{};
    StepReport report;
    for (int k = 0; k < 30 && !report.faulted; ++k) {
      in.time_us = 50u * static_cast<unsigned>(k);
      in.aux[0] = k >= 7 ? wrong.what : 0;
      report = arm->step(k, in, out);
    }
    ASSERT_TRUE(report.faulted);
    const TargetFault& fault = *arm->fault();
    EXPECT_EQ(fault.kind, wrong.kind) << fault.detail;
    EXPECT_EQ(fault.tick, 7);
    EXPECT_NE(fault.detail.find(wrong.detail), std::string::npos) << fault.detail;
    EXPECT_NE(fault.registers.find("pc 0x"), std::string::npos);
    ASSERT_GE(fault.frames.size(), 2u) << fault.detail;
    EXPECT_EQ(fault.frames[0].function, wrong.function);
    if (*wrong.mark) {
      EXPECT_EQ(fault.frames[0].line, line_of(wrong.mark));
      EXPECT_EQ(fault.frames[0].file, "firmware_shim/cores/misbehave/misbehave.c");
    }
    std::string callers;
    for (const TargetFault::Place& place : fault.frames) callers += place.function + " ";
    if (std::string(wrong.kind) != "stack_overflow") {
      EXPECT_NE(callers.find("control"), std::string::npos) << callers;
    }
    EXPECT_TRUE(arm->step(31, in, out).faulted) << "it cannot go on";
    arm->reset(PEN_RESET_WATCHDOG);
    in.aux[0] = 0;
    EXPECT_FALSE(arm->step(32, in, out).faulted) << "a reset starts it anew";
  }
}

// ---- variables ----

TEST(Emulated, VariablesAreWatchedPeekedAndPoked) {
  const auto arm = emulated("test:order");
  const auto core = emulated("test:slow");
  const CoreSymbols symbols(file("test:slow", ".elf"));
  const CoreVariable calls = symbols.find("calls");
  const WatchId watch = core->watch(calls);
  PenIn in{};
  PenOut out{};
  for (int k = 0; k < 10; ++k) core->step(k, in, out);
  float value = 0.0f;
  core->read(&watch, 1, &value);
  EXPECT_EQ(value, 10.0f);
  EXPECT_EQ(core->peek(calls), 10.0);
  core->poke(calls, 500.0);
  core->step(10, in, out);
  EXPECT_EQ(out.aux[0], 501);
  core->poke(calls, 1e12);
  ASSERT_EQ(core->take_findings().size(), 1u);
  core->reset(PEN_RESET_WATCHDOG);
  EXPECT_EQ(core->peek(calls), 0.0);
}

// ---- files ----

// A bit of a register by its alias is that bit, on both kinds of processor; flash that the port lists is plain memory.
TEST(Emulated, BitBandAliasesAndPagesOfFlashAreWhatTheyAreOnTheTarget) {
  const auto native = open_native(file("test:peripherals", ".so"));
  const auto arm = emulated("test:peripherals");
  for (Target* target : {static_cast<Target*>(native.get()), arm.get()}) {
    PenIn in{};
    PenOut out{};
    target->reset(PEN_RESET_POWER_ON);
    for (int k = 0; k < 40; ++k) {
      in.time_us = 50u * static_cast<unsigned>(k);
      ASSERT_FALSE(target->step(k, in, out).faulted) << target->fault()->detail;
    }
    EXPECT_EQ(out.aux[0] & ~0x11, 0xE0);
    EXPECT_EQ((out.aux[0] & 1) ^ (out.aux[0] >> 4 & 1), 1) << out.aux[0];
    EXPECT_EQ(out.aux[1], 0x1234);
    EXPECT_EQ(out.aux[2], -1);
    EXPECT_EQ(out.aux[3] % 2, 1);  // one of the whole register, then two a round
    EXPECT_GT(out.aux[3], 20);
    EXPECT_GE(out.aux[4], 150);
    EXPECT_LE(out.aux[4], 250);
    EXPECT_EQ(out.aux[5], 1);
    EXPECT_EQ(static_cast<std::uint32_t>(out.aux[6]), 0x80000001u);
  }
}

TEST(Emulated, AFileThatIsNoCoreIsRefusedInWords) {
  const auto why = [](const std::string& path) -> std::string {
    TargetSpec spec;
    spec.kind = TargetSpec::Kind::emulated;
    spec.path = path;
    try {
      open_emulated(spec);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(why("/no/such/file").find("cannot be read"), std::string::npos);
  EXPECT_NE(why(MISBEHAVE_SOURCE).find("is no ELF file"), std::string::npos);
  EXPECT_NE(why(PENSIM_CORES "/probe.so").find("no ELF file for ARM"), std::string::npos);
}

}  // namespace
}  // namespace pensim
