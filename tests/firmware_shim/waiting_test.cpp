// A core with a main() that never returns: virtual time, handlers where it waits, and the verdict on a wait without an
// answer.
#include <dlfcn.h>

#include <filesystem>

#include "tests/firmware_shim/core_driver.h"

namespace pensim {
namespace {

std::string letters(const PenOut& out) {
  std::string text;
  for (int i = 4; i < 8; ++i)
    for (int shift = 0; shift < 32; shift += 8)
      if (const char c = static_cast<char>(out.aux[i] >> shift)) text += c;
  return text;
}

CoreDriver start(const std::string& core, int mode) {
  CoreDriver d("test:" + core);
  d.in.aux[0] = mode;
  return d;
}

TEST(Waiting, EveryCompilerAndLevelAgreesOnEveryTick) {
  struct Result {
    std::string name;
    std::uint64_t hash, polls;
  };
  std::vector<Result> results;
  std::vector<std::string> names;
  for (const char* compiler : {"gcc", "g++", "clang", "clang++"})
    for (const char* level : {"O0", "O2"})
      for (const char* model : {"", "_lp64"})
        names.push_back(std::string("test:polls_") + compiler + "_" + level + model);
  for (const std::string& name : names) {
    if (!std::filesystem::exists(CoreDriver::file(name))) continue;
    CoreDriver d(name);
    for (int k = 0; k < 20000; ++k) {
      if (k % 131 == 7) d.edge(PEN_LINE_HALL, true, static_cast<std::uint32_t>(k % 49));
      if (k % 131 == 90) d.edge(PEN_LINE_HALL, false, 3);
      d.pin(PEN_LINE_START, k % 300 > 40);
      d.in.adc[0] = static_cast<std::uint16_t>(k % 4096);
      d.tick();
    }
    // Exercised, not passed at zero: main() went round, handlers nested, strokes and atomics were counted.
    EXPECT_GT(d.out.aux[4], 100) << name;
    EXPECT_GT(d.out.aux[5], 200) << name;
    EXPECT_NE(d.out.aux[3], 0) << name;
    EXPECT_EQ(d.out.aux[6], 3) << name;  // 2 us latency, 1 us for the clock read
    EXPECT_GT(d.core->polls(), 1000000u) << name;
    EXPECT_FALSE(d.report.hang) << name;
    results.push_back({name, d.hash, d.core->polls()});
  }
  ASSERT_GE(results.size(), 4u);
  for (const Result& r : results) {
    EXPECT_EQ(r.hash, results[0].hash) << r.name << " and " << results[0].name;
    EXPECT_EQ(r.polls, results[0].polls) << r.name << " and " << results[0].name;
  }
}

class Levels : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Waiting, Levels, testing::Values("", "_O0"),
                         [](const auto& p) { return p.param.empty() ? "O2" : "O0"; });

TEST_P(Levels, MoreUrgentHandlersRunOnTopOfWaitingOnes) {
  CoreDriver d = start("interrupts" + GetParam(), 1);
  d.run_ms(10);
  // 1 ms: u; 2 ms: u, then the middle one, which waits 2.5 ms: u on top at 3 ms, the late one of 3 ms after it
  EXPECT_EQ(letters(d.out), "uu(u)L");
  EXPECT_EQ(d.report.interrupts_lost, 0u);
}

TEST_P(Levels, AnEdgeInterruptsAHandlerThatWaits) {
  CoreDriver d = start("interrupts" + GetParam(), 1);
  d.run(50);  // in the middle of the delay
  d.edge(PEN_LINE_HALL, true);
  d.run_ms(10);
  EXPECT_EQ(letters(d.out), "uu(Hu)L");
}

TEST_P(Levels, PendingTwiceRunsOnceWithTheNewestEdge) {
  CoreDriver d = start("interrupts" + GetParam(), 2);
  d.run(10);
  d.edge(PEN_LINE_HALL, true, 30);
  d.tick();
  d.edge(PEN_LINE_HALL, true, 20);
  d.edge(PEN_LINE_HALL, true, 10);
  d.tick();
  const std::uint32_t newest_us = 50 * 11 - 10;
  d.run_ms(10);
  EXPECT_EQ(d.out.aux[0], 0);  // while masked
  EXPECT_EQ(d.out.aux[3], 1);  // once, in pen_enable_interrupts
  EXPECT_EQ(static_cast<std::uint32_t>(d.out.aux[2]), newest_us);
  // two edges, and the urgent millisecond's four of five while masked for 5 ms
  EXPECT_EQ(d.report.interrupts_lost, 2u + 4u);
}

TEST_P(Levels, SleepBehindAMaskEndsWithoutTheHandler) {
  CoreDriver d = start("interrupts" + GetParam(), 3);
  d.run_ms(5);
  EXPECT_EQ(d.out.aux[0], 0);
  EXPECT_NEAR(d.out.aux[3], 1000, 2);  // woken by the urgent handler that became pending
  EXPECT_EQ(d.out.aux[4], 1);
}

TEST_P(Levels, VirtualTimeOfPollsDelaysAndClockReads) {
  CoreDriver d = start("interrupts" + GetParam(), 4);
  d.run_ms(3);
  EXPECT_EQ(d.out.aux[0], 51);  // 1000 polls of 50 ns and one clock read
  EXPECT_EQ(d.out.aux[1], 701);
  EXPECT_EQ(d.out.aux[2], 101);
}

// Each read is 50 ns, and each clock read 1 us: 32 001, 1001, 101 + 100 + 100 * 21 reads.
TEST_P(Levels, DelaysByVolatileLocalsParametersAndBitFields) {
  CoreDriver d = start("interrupts" + GetParam(), 19);
  d.run_ms(10);
  EXPECT_EQ(d.out.aux[0], 1601);
  EXPECT_EQ(d.out.aux[1], 51);
  EXPECT_NEAR(d.out.aux[2], 116, 1);
  EXPECT_EQ(d.out.aux[3], 21);  // 200 bit-fields, 200 other volatiles
}

TEST_P(Levels, BarriersMasksAndSleepInAssemblerAndAnAtomicOfSixteenBytes) {
  CoreDriver d = start("interrupts" + GetParam(), 20);
  d.in.adc[1] = 100;
  d.run_ms(10);
  EXPECT_EQ(d.out.aux[0], 0);  // behind cpsid
  EXPECT_EQ(d.out.aux[1], 1);  // pending three times, runs once
  EXPECT_NEAR(d.out.aux[2], 4000, 2);
  EXPECT_EQ(d.out.aux[3], 150);  // registers are kept
  EXPECT_EQ(d.out.aux[4], 12);
}

TEST_P(Levels, EqualPrioritiesDoNotPreemptEachOther) {
  CoreDriver d = start("interrupts" + GetParam(), 16);
  d.run(2);
  EXPECT_EQ(letters(d.out), "1a2m");  // the second one when the first is through, and both before main() goes on
}

TEST(Waiting, WithoutCountedReadsCallsStillWait) {
  CoreDriver d = start("interrupts_uncounted", 1);
  d.run_ms(10);
  EXPECT_EQ(letters(d.out), "uu(u)L");
  EXPECT_EQ(d.core->polls(), 0u);
  CoreDriver idle = start("interrupts_uncounted", 10);
  idle.run_ms(2000);
  EXPECT_FALSE(idle.report.hang);
}

TEST(Waiting, SleepIsNotLoad) {
  CoreDriver idle = start("interrupts", 10);
  idle.run(30);
  EXPECT_LT(idle.report.cpu_load, 0.01);
  CoreDriver busy = start("interrupts", 13);
  busy.run(30);
  EXPECT_GT(busy.report.cpu_load, 0.99);
}

TEST(Waiting, TheClockOfAnEdgeStandsAtItsStampAlsoWhereMainWasLater) {
  CoreDriver d = start("interrupts", 1);
  d.clock_start_us = 4294967000u;  // wraps on the way
  d.run(100);
  for (std::uint32_t before : {49u, 20u, 3u, 1u, 0u}) {
    d.edge(PEN_LINE_HALL, true, before);
    d.tick();
    EXPECT_EQ(d.out.aux[1], 3) << before;  // 2 us latency, 1 us for the clock read
  }
}

TEST(Waiting, MainThatReturnsSleepsOn) {
  CoreDriver d = start("interrupts", 5);
  d.run_ms(5);
  auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].find("main() has returned"), std::string::npos);
  d.edge(PEN_LINE_HALL, true);
  d.tick();
  EXPECT_EQ(d.out.aux[1], 3);  // handlers go on
}

TEST(Waiting, SoftwareResetStopsTheCore) {
  CoreDriver d = start("interrupts", 6);
  d.run(2);
  EXPECT_FALSE(d.report.reset_requested);
  d.run(1);
  EXPECT_TRUE(d.report.reset_requested);
  d.run(5);
  EXPECT_TRUE(d.report.reset_requested);
  d.reset(PEN_RESET_SOFTWARE);
  d.run(2);
  EXPECT_FALSE(d.report.reset_requested);
}

TEST(Waiting, TheStackHoldsWhatIsUsual) {
  CoreDriver d = start("interrupts", 15);
  d.run(1);
  EXPECT_EQ(d.out.aux[0], 3);
}

// ---- hang ----

struct Verdict {
  bool hang = false;
  double at_s = 0.0;
};

Verdict wait_for_verdict(CoreDriver& d, double limit_s) {
  for (int k = 0; k < static_cast<int>(limit_s * 20000); ++k) {
    d.tick();
    if (d.report.hang) return {true, static_cast<double>(d.ticks) * 50e-6};
  }
  return {};
}

TEST(Hang,
     AFlagThatNoHandlerSets) {  // three periodic handlers run all the while, look at nothing outside, and do not set it
  CoreDriver d = start("interrupts_no_edges", 7);
  d.run_ms(10);
  const auto waits = d.core->waiting();
  EXPECT_NE(waits.addresses[0], 0u);
  EXPECT_LT(waits.since_s, 0.001);
  const Verdict v = wait_for_verdict(d, 2.0);
  EXPECT_TRUE(v.hang);
  EXPECT_NEAR(v.at_s, 1.0, 0.001);
}

TEST(Hang, AFlagThatAnEdgeMightStillSetIsNone) {
  CoreDriver d = start("interrupts", 7);
  EXPECT_FALSE(wait_for_verdict(d, 2.0).hang);
  CoreDriver strict = start("interrupts_strict", 7);  // the strict rule does not ask who might
  const Verdict v = wait_for_verdict(strict, 2.0);
  EXPECT_TRUE(v.hang);
  EXPECT_NEAR(v.at_s, 0.5, 0.001);
}

TEST(Hang, AWaitBehindAMask) {
  CoreDriver d = start("interrupts", 11);
  const Verdict v = wait_for_verdict(d, 2.0);
  EXPECT_TRUE(v.hang);
  EXPECT_NEAR(v.at_s, 1.0, 0.001);
}

TEST(Hang, AHandlerThatNeverReturns) {
  CoreDriver strict = start("interrupts_strict", 9);
  const Verdict v = wait_for_verdict(strict, 2.0);
  EXPECT_TRUE(v.hang);
  EXPECT_NEAR(v.at_s, 0.503, 0.001);
}

TEST(Hang, NotWithAWatchdog) {
  CoreDriver strict = start("interrupts_strict", 12);
  EXPECT_FALSE(wait_for_verdict(strict, 2.0).hang);
}

TEST(Hang, AWatchdogThatAHandlerKicksDoesNotSaveMain) {
  CoreDriver d = start("interrupts_no_edges", 17);
  const Verdict v = wait_for_verdict(d, 3.0);
  EXPECT_TRUE(v.hang);
  EXPECT_NEAR(v.at_s, 1.0, 0.002);
  EXPECT_GT(d.kicks, 900);
  CoreDriver busy = start("interrupts_no_edges", 18);  // the same, but the outputs change
  EXPECT_FALSE(wait_for_verdict(busy, 3.0).hang);
}

TEST(Hang, NotWhileWaitingForThePin) {
  CoreDriver d = start("interrupts", 8);
  EXPECT_FALSE(wait_for_verdict(d, 3.0).hang);
  EXPECT_EQ(d.out.aux[0], 0);
  d.pin(PEN_LINE_START, true);
  d.tick();
  d.tick();
  EXPECT_EQ(d.out.aux[0], 1);
}

TEST(Hang, NotInSleepNorInAnIdleLoopNorInADelay) {
  for (int mode : {10, 13, 14}) {
    CoreDriver d = start("interrupts", mode);
    EXPECT_FALSE(wait_for_verdict(d, 2.5).hang) << mode;
  }
}

TEST(Hang, SleepWithNobodyToWakeIt) {
  CoreDriver d = start("cortex", 0);
  const Verdict v = wait_for_verdict(d, 2.0);
  EXPECT_TRUE(v.hang);
  EXPECT_NEAR(v.at_s, 1.0, 0.001);
}

TEST(Hang, ARegisterBitThatNobodyFeeds) {
  CoreDriver d = start("cortex", 6);
  const Verdict v = wait_for_verdict(d, 2.0);
  EXPECT_TRUE(v.hang);
  EXPECT_NEAR(v.at_s, 1.0, 0.001);
  EXPECT_EQ(d.core->waiting().addresses[0], 0x40000000u);
}

TEST(Hang, NotOnARegisterThatTheOutsideFeeds) {
  CoreDriver d = start("cortex", 7);
  EXPECT_FALSE(wait_for_verdict(d, 2.0).hang);
  d.pin(PEN_LINE_HALL, true);
  d.run(2);
  EXPECT_EQ(d.out.aux[0], 1);
}

// The suspended core's registers are what a debugger needs to say where it waits.
TEST(Hang, ThePlaceCanBeFound) {
  CoreDriver d = start("interrupts", 11);
  d.run(10);
  const CoreStack s = d.core->core_stack();
  EXPECT_EQ(s.end - s.begin, 256u * 1024u);
  EXPECT_EQ(s.begin - s.guard_begin, 4096u);
  EXPECT_GT(s.sp, s.begin);
  EXPECT_LT(s.sp, s.end);
  EXPECT_LT(s.end, 0x100000000u);
  // Frame pointers lead from the host's switch into the core: the first return addresses inside it are the runtime,
  // then main().
  std::vector<std::uintptr_t> frames;
  for (std::uintptr_t rbp = s.rbp; rbp >= s.sp && rbp + 16 <= s.end && frames.size() < 20;
       rbp = *reinterpret_cast<const std::uintptr_t*>(rbp))
    frames.push_back(*reinterpret_cast<const std::uintptr_t*>(rbp + 8));
  const auto& ranges = d.core->loaded_ranges();
  int inside = 0;
  for (std::uintptr_t pc : frames)
    for (const auto& r : ranges) inside += r.executable && pc >= r.begin && pc < r.end;
  EXPECT_GE(inside, 3);          // main <- volatile read <- time passes <- next tick
  EXPECT_GT(s.pc, 0x70000000u);  // the switch itself is in this program
}

// ---- shape (c) ----

TEST_P(Levels, CycleCounterAndSysTick) {
  CoreDriver d = start("cortex" + GetParam(), 1);
  d.run_ms(40);
  EXPECT_NEAR(d.out.aux[0], 100000, 10);  // 1 ms at 100 MHz, and a poll
  EXPECT_EQ(d.out.aux[1], 10);
  EXPECT_NEAR(d.out.aux[2], 50000, 100);  // half way through the eleventh
  EXPECT_EQ(d.out.aux[3], 1);
  EXPECT_EQ(d.out.aux[4], 0);  // reading clears it
  EXPECT_EQ(d.out.aux[5], 10);
}

TEST_P(Levels, InterruptControllerByRegistersAndFunctions) {
  CoreDriver d = start("cortex" + GetParam(), 2);
  d.run(5);
  EXPECT_EQ(d.out.aux[0], 0);
  EXPECT_EQ(d.out.aux[1], 1);    // pended before it was enabled: runs on enabling
  EXPECT_EQ(d.out.aux[2], 110);  // b once, PendSV once, and not before b was through
  EXPECT_EQ(d.out.aux[3], 19);
  EXPECT_EQ(d.out.aux[4], 1);
  EXPECT_EQ(d.out.aux[5], 11);  // disabled: pending, not run
}

TEST_P(Levels, Masks) {
  CoreDriver d = start("cortex" + GetParam(), 3);
  d.run(5);
  EXPECT_EQ(d.out.aux[0], 1);
  EXPECT_EQ(d.out.aux[1], 1);
  EXPECT_EQ(d.out.aux[2], 1);  // BASEPRI at its priority holds it back
  EXPECT_EQ(d.out.aux[3], 2);
  EXPECT_EQ(d.out.aux[4], 0x60);
}

TEST_P(Levels, ExclusiveAccessFailsOnceWhenAHandlerComesBetween) {
  CoreDriver d = start("cortex" + GetParam(), 4);
  d.run(5);
  EXPECT_EQ(d.out.aux[0], 2);
  EXPECT_EQ(d.out.aux[1], 11);
}

TEST_P(Levels, EveryRegisterWriteIsSeenInOrder) {
  CoreDriver d = start("cortex" + GetParam(), 5);
  d.run(5);
  EXPECT_EQ(d.out.aux[0], 5);
  EXPECT_EQ(d.out.aux[1], 1122334455);
}

TEST_P(Levels, ResetByTheRegister) {
  CoreDriver d = start("cortex" + GetParam(), 8);
  d.tick();
  EXPECT_TRUE(d.report.reset_requested);
  d.reset(PEN_RESET_SOFTWARE);
  d.in.aux[0] = 5;
  d.run(5);
  EXPECT_EQ(d.out.aux[1], 1122334455);
}

TEST_P(Levels, AnIdleLoopOfNopsTakesTime) {
  CoreDriver d = start("cortex" + GetParam(), 9);
  d.run(100);
  EXPECT_EQ(d.out.aux[0], 1);
}

TEST_P(Levels, WaitForEvent) {
  CoreDriver d = start("cortex" + GetParam(), 10);
  d.run_ms(20);
  EXPECT_LT(d.out.aux[0], 50);  // the event was set: no sleep
  EXPECT_EQ(d.out.aux[1], 1);
}

TEST_P(Levels, Intrinsics) {
  CoreDriver d = start("cortex" + GetParam(), 11);
  d.run(2);
  EXPECT_EQ(d.out.aux[0], 15 + 3200);
  EXPECT_EQ(static_cast<std::uint32_t>(d.out.aux[1]), 0x80000001u);
  EXPECT_EQ(d.out.aux[2], 0x44332211);
  EXPECT_EQ(d.out.aux[3], 32767);
  EXPECT_EQ(d.out.aux[4], 1);
  EXPECT_EQ(d.out.aux[5], 24);
  EXPECT_EQ(d.out.aux[6], 0x10000000);
  EXPECT_EQ(d.out.aux[7], 0x22114433);
}

TEST(Registers, ASecondCoreWithTheSameRegistersIsRefused) {
  CoreDriver d("test:cortex");
  EXPECT_THROW(open_native(CoreDriver::file("test:cortex_O0")), std::runtime_error);
}

}  // namespace
}  // namespace pensim
