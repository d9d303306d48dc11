#include "firmware_shim/emulated/emulated_target.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "faults.h"
#include "firmware_shim/counted_cost.h"
#include "firmware_shim/emulated/elf_image.h"
#include "firmware_shim/emulated/guest/pen_guest.h"
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
                                         "test:small_cortex-m0plus", "test:small_cortex-m3", "test:small_cortex-m33",
                                         "test:library_cortex-m33"),
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

// ---- counted costs for a native run ----

struct Costs {
  int file = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
  ~Costs() { ::close(file); }
  CountedCost read() const {
    std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), ' ');
    EXPECT_EQ(::pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    CountedCost costs;
    const CountedCostError error = read_counted_cost(text, costs);
    EXPECT_EQ(error.text, "") << error.line << ": " << text.substr(0, 300);
    return costs;
  }
};

struct Cost {
  const char* core;
  std::uint32_t clock_Hz;
  std::int32_t turns;  // of the loop of `slow`
  double least_delay_s, most_delay_s;
};
class EveryCost : public testing::TestWithParam<Cost> {};
INSTANTIATE_TEST_SUITE_P(Emulated, EveryCost,
                         testing::Values(Cost{"test:slow", 0, 800, 30e-6, 50e-6},
                                         Cost{"test:slow", 0, 1600, 60e-6, 120e-6},
                                         Cost{"test:slow", 20'000'000, 1000, 200e-6, 330e-6},
                                         Cost{"reference_pen", 0, 0, 1e-7, 50e-6}),
                         [](const auto& test) {
                           return std::string(test.param.core).substr(*test.param.core == 't' ? 5 : 0) + "_" +
                                  std::to_string(test.param.clock_Hz / 1000000) + "_" +
                                  std::to_string(test.param.turns);
                         });

// The emulated run counts; the native one takes as long, and answers the same in the same ticks. Where calls cross
// ticks, one that begins or ends within some cycles of a tick may see or show the next one.
TEST_P(EveryCost, GivenToANativeRunMakesTheSameDelays) {
  const Cost& p = GetParam();
  std::string outputs;
  std::vector<StepReport> reports;
  int other = 0;  // ticks
  const auto run = [&](Target& target, bool compare) {
    World world;
    PenOut out{};
    for (std::int64_t k = 0; k < 8000; ++k) {
      PenIn in = world.tick(k);
      if (p.turns) {
        in.aux[0] = static_cast<std::int32_t>(k);
        in.aux[1] = p.turns;
      }
      const StepReport report = target.step(k, in, out);
      ASSERT_FALSE(report.faulted);
      const std::string bytes(reinterpret_cast<const char*>(&out), sizeof out);
      const auto at = static_cast<std::size_t>(k);
      if (compare && p.turns > 800) {
        PenOut there;
        std::memcpy(&there, outputs.data() + at * sizeof out, sizeof there);
        ASSERT_NEAR(out.aux[0], there.aux[0], 1) << "calls, tick " << k;
        other += out.aux[1] != there.aux[1];
      } else if (compare) {
        ASSERT_EQ(outputs.substr(at * sizeof out, sizeof out), bytes) << "tick " << k;
        ASSERT_EQ(report.interrupts_lost, reports[at].interrupts_lost) << "tick " << k;
        ASSERT_NEAR(report.act_delay_s, reports[at].act_delay_s, 2e-6) << "tick " << k;
      }
      if (compare) {
        ASSERT_NEAR(report.cpu_load, reports[at].cpu_load, 0.05) << "tick " << k;
      } else {
        outputs += bytes;
        reports.push_back(report);
      }
    }
  };
  const Costs costs;
  {
    EmulatedOptions counted;
    counted.counted = true;
    counted.clock_Hz = p.clock_Hz;
    counted.cost_file = costs.file;
    const auto arm = emulated(p.core, counted);
    run(*arm, false);
  }
  EXPECT_GE(reports.back().act_delay_s, p.least_delay_s);
  EXPECT_LE(reports.back().act_delay_s, p.most_delay_s);
  NativeOptions options;
  options.cost = std::make_shared<CountedCost>(costs.read());
  const auto native = open_native(file(p.core, ".so"), options);
  run(*native, true);
  EXPECT_LT(other, 300);
  const auto free_of_cost = open_native(file(p.core, ".so"));
  PenOut out{};
  EXPECT_EQ(free_of_cost->step(0, PenIn{}, out).act_delay_s, 0.0);
}

TEST(Emulated, TheClockThatIsAskedForCountsSysTickToo) {
  for (const std::uint32_t clock_Hz : {0u, 84'000'000u, 16'800'000u}) {
    EmulatedOptions options;
    options.clock_Hz = clock_Hz;
    const auto arm = emulated("test:stranger", options);
    PenIn in{};
    PenOut out{};
    for (int k = 0; k < 2000; ++k) arm->step(k, in, out);
    const int ms = clock_Hz == 0 ? 100 : clock_Hz == 84'000'000 ? 50 : 10;  // it sets SysTick for 168 MHz
    EXPECT_NEAR(out.aux[0], ms, 1);
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

// ---- the firmware's own fault handlers ----

struct Answer {
  std::int32_t what, then;
  const char* fault;  // "": it goes on
  std::int32_t exception, status_bit;
};
void PrintTo(const Answer& a, std::ostream* to) { *to << a.what << "," << a.then; }

// Runs `what` from tick 5 on; the last outputs.
PenOut provoke(Target& core, std::int32_t what, std::int32_t then, int ticks, StepReport& report) {
  PenIn in{};
  PenOut out{};
  for (int k = 0; k < ticks && !report.faulted && !report.hang && !report.reset_requested; ++k) {
    in.time_us = 50u * static_cast<unsigned>(k);
    in.aux[0] = k >= 5 ? what : NOTHING;
    in.aux[1] = then;
    in.edge_count = k == 6;
    in.edges[0] = {in.time_us - 5, PEN_LINE_START, 1, 0};
    report = core.step(k, in, out);
  }
  return out;
}

class EveryAnswer : public testing::TestWithParam<Answer> {};
INSTANTIATE_TEST_SUITE_P(
    Emulated, EveryAnswer,
    testing::Values(Answer{BAD_WRITE, SKIP, "", 3, 9}, Answer{BAD_CODE, SKIP, "", 3, 16},
                    Answer{USAGE_ENABLED, SKIP, "", 6, 16}, Answer{WRITE_FLASH, SKIP, "", 3, 9},
                    Answer{BAD_WRITE, COME_BACK, "again and again: HardFault_Handler()", 3, 9},
                    Answer{BAD_WRITE, STAY, "HardFault_Handler(), which answers it, does not return", 3, 9},
                    Answer{USAGE_ENABLED, STAY, "UsageFault_Handler(), which answers it, does not return", 6, 16},
                    Answer{BAD_WRITE, FAULT_AGAIN,
                           "in HardFault_Handler(), which answers another fault: write to 0x60000000", 3, 9}));

TEST_P(EveryAnswer, IsGivenByTheFirmwareAsOnTheTarget) {
  const Answer& a = GetParam();
  const auto core = emulated("test:faults");
  StepReport report;
  const PenOut out = provoke(*core, a.what, a.then, 60, report);
  EXPECT_EQ(report.faulted, *a.fault != 0);
  if (*a.fault) {
    ASSERT_TRUE(core->fault());
    EXPECT_NE(core->fault()->detail.find(a.fault), std::string::npos) << core->fault()->detail;
    EXPECT_EQ(core->fault()->tick, 5);
    EXPECT_EQ(core->fault()->frames.at(0).function, a.then == FAULT_AGAIN ? "answer" : "do_wrong");
    return;
  }
  EXPECT_EQ(out.aux[0], 1);
  EXPECT_EQ(out.aux[1], a.exception);
  EXPECT_EQ(out.aux[2] >> a.status_bit & 1, 1) << out.aux[2];
  EXPECT_EQ(out.aux[5], 0) << "CFSR is cleared by writing ones";
  EXPECT_GT(out.aux[4], 40) << "main() goes on";
  const std::vector<std::string> findings = core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find(a.exception == 6 ? "UsageFault_Handler() answers a fault in do_wrong"
                                              : "HardFault_Handler() answers a fault in do_wrong"),
            std::string::npos)
      << findings[0];
}

TEST(Emulated, AFaultHandlerMayResetOrWaitForTheWatchdog) {
  const auto core = emulated("test:faults");
  StepReport report;
  provoke(*core, BAD_WRITE, RESET_CORE, 60, report);
  EXPECT_TRUE(report.reset_requested);
  core->reset(PEN_RESET_SOFTWARE);
  report = {};
  PenIn in{};
  PenOut out{};
  for (int k = 0; k < 300; ++k) {
    in.time_us = 50u * static_cast<unsigned>(k);
    in.aux[0] = k < 5 ? NOTHING : k < 10 ? WATCHED : BAD_WRITE;
    in.aux[1] = STAY;
    report = core->step(k, in, out);
    ASSERT_FALSE(report.faulted) << "its watchdog would reset it: " << core->fault()->detail;
  }
  EXPECT_EQ(out.aux[0], 1);
  core->reset(PEN_RESET_WATCHDOG);
  in.aux[0] = NOTHING;
  core->step(300, in, out);
  EXPECT_EQ(out.aux[0], 0);
}

TEST_P(EveryTiming, AccessesThatAreNotAligned) {
  EmulatedOptions options;
  options.counted = GetParam();
  StepReport report;
  const auto word = emulated("test:faults", options);
  EXPECT_EQ(provoke(*word, UNALIGNED_WORD, SKIP, 60, report).aux[5], 7);
  EXPECT_FALSE(report.faulted);
  const auto pair = emulated("test:faults", options);
  const PenOut out = provoke(*pair, UNALIGNED_LDRD, SKIP, 60, report);
  if (!options.counted) return;  // it works there: docs/emulated.md
  EXPECT_EQ(out.aux[0], 1);
  EXPECT_EQ(out.aux[2], 1 << 24);
}

TEST_P(EveryTiming, ALoopWithoutEndIsFoundInEveryKindOfHandler) {
  EmulatedOptions options;
  options.counted = GetParam();
  if (options.counted) options.clock_Hz = 10'000'000;  // fewer instructions in a second
  const struct {
    std::int32_t what;
    const char* handler;
  } loops[] = {{SPIN_TIMER, "timer"},
               {SPIN_EDGE, "edge"},
               {SPIN_SYSTICK, "SysTick_Handler"},
               {SPIN_PENDSV, "PendSV_Handler"},
               {SPIN_SVC, "SVC_Handler"}};
  for (const auto& loop : loops) {
    if (!options.counted && loop.what != SPIN_SYSTICK) continue;  // 50 million instructions each
    const auto core = emulated("test:faults", options);
    StepReport report;
    provoke(*core, loop.what, SKIP, 25000, report);
    ASSERT_TRUE(report.faulted || report.hang) << loop.handler;
    std::string callers;
    for (const TargetFault::Place& place : core->fault()->frames) callers += place.function + " ";
    EXPECT_EQ(core->fault()->kind, "hang");
    EXPECT_NE(callers.find(loop.handler), std::string::npos) << callers;
    EXPECT_NE(callers.find("main"), std::string::npos) << callers;
  }
}

TEST_P(EveryTiming, SleepIsNoLoadAndNoHangBeforeItsTime) {
  EmulatedOptions options;
  options.counted = GetParam();
  const auto core = emulated("test:faults", options);
  StepReport report;
  provoke(*core, SLEEP_FOR_EVER, SKIP, 50, report);
  EXPECT_FALSE(report.hang);
  EXPECT_LT(report.cpu_load, 0.01);
}

TEST_P(EveryTiming, ALoopOverPlainMemoryGetsTime) {
  EmulatedOptions options;
  options.counted = GetParam();
  const auto core = emulated("test:faults", options);
  PenIn in{};
  PenOut out{};
  for (int k = 0; k < 300; ++k) {
    in.time_us = 50u * static_cast<unsigned>(k);
    in.aux[0] = k >= 5 ? PLAIN_WAIT : NOTHING;
    in.aux[2] = k >= 200;
    const StepReport report = core->step(k, in, out);
    ASSERT_FALSE(report.faulted || report.hang) << k << ": " << core->fault()->detail;
    if (k < 200) {
      ASSERT_EQ(out.aux[5], 0) << k;
    } else if (k >= 202) {
      ASSERT_EQ(out.aux[5], 9) << k;
    }
  }
  const std::vector<std::string> findings = core->take_findings();
  ASSERT_EQ(findings.size(), options.counted ? 0u : 1u);
  if (!options.counted) {
    EXPECT_NE(findings[0].find("waits in do_wrong by reading plain memory"), std::string::npos) << findings[0];
  }
}

TEST(Emulated, CodeInRamMayChange) {
  const auto core = emulated("test:faults");
  StepReport report;
  EXPECT_EQ(provoke(*core, RUN_IN_RAM, SKIP, 60, report).aux[5], 404142);
  EXPECT_FALSE(report.faulted);
}

TEST(Emulated, AThousandResets) {
  const auto core = emulated("test:faults");
  for (int turn = 0; turn < 1000; ++turn) {
    StepReport report;
    const bool wrong = turn % 10 == 0;
    const PenOut out = provoke(*core, wrong ? BAD_WRITE : NOTHING, turn % 20 ? SKIP : FAULT_AGAIN, 7, report);
    EXPECT_EQ(report.faulted, turn % 20 == 0) << turn;
    EXPECT_GT(out.aux[4], 3) << turn;
    core->reset(turn % 5 ? PEN_RESET_WATCHDOG : PEN_RESET_POWER_ON);
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

// ---- a file that somebody else has linked ----

TEST(Emulated, ACoreLinkedByHandRuns) {
  const auto core = emulated("test:stranger");
  PenIn in{};
  PenOut out{};
  for (int k = 0; k < 2000; ++k) ASSERT_FALSE(core->step(k, in, out).faulted) << core->fault()->detail;
  EXPECT_EQ(out.aux[2], 1234) << ".data";
  EXPECT_EQ(out.aux[3], 321) << ".rodata";
  EXPECT_NEAR(out.aux[0], 100, 1) << "SysTick";
  EXPECT_NEAR(out.aux[1], 1000, 2) << "timer";
  const std::vector<std::string> findings = core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("it runs with `timing: counted`"), std::string::npos);
  in.aux[0] = 1;
  StepReport report;
  for (int k = 2000; k < 25000 && !report.faulted; ++k) report = core->step(k, in, out);
  ASSERT_TRUE(report.faulted);
  EXPECT_NE(core->fault()->detail.find("HardFault_Handler(), which answers it, does not return"), std::string::npos)
      << core->fault()->detail;
  EXPECT_EQ(core->fault()->frames.at(0).function, "main");
  EXPECT_NE(core->fault()->frames.at(0).file.find("stranger/main.c"), std::string::npos);
}

// Its stack lies above its data, as a vendor's script has it.
TEST(Emulated, AStackOverflowBetweenDataIsFound) {
  const auto core = emulated("test:stranger");
  PenIn in{};
  PenOut out{};
  in.aux[0] = 2;
  StepReport report;
  for (int k = 0; k < 3000 && !report.faulted; ++k) report = core->step(k, in, out);
  ASSERT_TRUE(report.faulted);
  EXPECT_EQ(core->fault()->kind, "stack_overflow") << core->fault()->detail;
  EXPECT_EQ(core->fault()->frames.at(0).function, "deeper");
}

struct Patched {
  std::vector<char> bytes;
  explicit Patched(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  template <class T>
  T& at(std::size_t offset) {
    return *reinterpret_cast<T*>(bytes.data() + offset);
  }
  Elf32_Phdr& segment(int i) {
    return at<Elf32_Phdr>(at<Elf32_Ehdr>(0).e_phoff + static_cast<std::size_t>(i) * sizeof(Elf32_Phdr));
  }
  Elf32_Shdr& section(int i) {
    return at<Elf32_Shdr>(at<Elf32_Ehdr>(0).e_shoff + static_cast<std::size_t>(i) * sizeof(Elf32_Shdr));
  }
  std::uint32_t& word(std::uint32_t address) {
    for (int i = 0; i < at<Elf32_Ehdr>(0).e_phnum; ++i) {
      const Elf32_Phdr& p = segment(i);
      if (p.p_type == PT_LOAD && address - p.p_vaddr < p.p_filesz)
        return at<std::uint32_t>(p.p_offset + (address - p.p_vaddr));
    }
    ADD_FAILURE() << "not in the file";
    return at<std::uint32_t>(0);
  }
};

std::string refusal(const std::string& path) {
  TargetSpec spec;
  spec.kind = TargetSpec::Kind::emulated;
  spec.path = path;
  try {
    open_emulated(spec);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(Emulated, AWrongLinkIsRefusedInWords) {
  const std::string path = file("test:stranger", ".elf");
  const ElfImage image(path);
  const std::uint32_t port = *image.symbol("pen_port"), guest = *image.symbol("pen_guest");
  const auto patched = [&](const std::function<void(Patched&)>& change) {
    Patched file(path);
    change(file);
    const std::string name = testing::TempDir() + "emulated_wrong_link.elf";
    std::ofstream(name, std::ios::binary).write(file.bytes.data(), static_cast<std::streamsize>(file.bytes.size()));
    return refusal(name);
  };
  const auto says = [&](const std::string& words, const std::function<void(Patched&)>& change) {
    const std::string why = patched(change);
    EXPECT_NE(why.find(words), std::string::npos) << words << ": " << why;
  };
  EXPECT_EQ(patched([](Patched&) {}), "");
  EXPECT_NE(refusal(path + ".stripped").find("its symbols were stripped"), std::string::npos)
      << refusal(path + ".stripped");
  says("pen_port: .main is 0x08004", [&](Patched& f) { f.word(port + 4 * 5) &= ~1u; });
  says("bit 0 of its address is 0", [&](Patched& f) { f.word(port + 4 * 5) &= ~1u; });
  says("where there is no code", [&](Patched& f) { f.word(port + 4 * 5) = 0x20000001; });
  says("pen_guest_entry is 0x00000101", [&](Patched& f) { f.word(guest + offsetof(PenGuest, entry)) = 0x101; });
  says("table of vectors at 0x70000000", [&](Patched& f) { f.word(guest + offsetof(PenGuest, vectors)) = 0x70000000; });
  says("it has no stack", [&](Patched& f) {
    f.word(guest + offsetof(PenGuest, stack_begin)) = f.word(guest + offsetof(PenGuest, stack_end));
  });
  says("two of its segments overlap", [&](Patched& f) {
    for (int i = 0; i < f.at<Elf32_Ehdr>(0).e_phnum; ++i)
      if (f.segment(i).p_vaddr == 0x20000000) f.segment(i).p_vaddr = f.segment(i).p_paddr = 0x08004010;
  });
  says("no ELF file for ARM", [&](Patched& f) { f.at<Elf32_Ehdr>(0).e_machine = EM_386; });
  const int sections = Patched(path).at<Elf32_Ehdr>(0).e_shnum;
  for (int i = 0; i < sections; ++i)
    for (const std::uint32_t value : {0x7FFFFFFFu, 0xFFFFFFF0u})
      for (int field = 0; field < 10; field += i % 2 ? 2 : 3)
        patched([&](Patched& f) { reinterpret_cast<std::uint32_t*>(&f.section(i))[field] = value; });
  TargetSpec spec;
  spec.kind = TargetSpec::Kind::emulated;
  spec.path = path + ".bare";
  const auto bare = open_emulated(spec);
  const std::vector<std::string> findings = bare->take_findings();
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_NE(findings[0].find("no debug information"), std::string::npos);
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
