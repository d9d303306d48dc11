// Tasks of an RTOS: the runtime's own threads, and what becomes of a handler that switches stacks by itself.
#include "tests/firmware_shim/core_driver.h"

namespace pensim {
namespace {

TEST(Threads, ATinyKernelPreemptsSleepsAndIsWokenByHandlers) {
  std::uint64_t first = 0;
  for (const char* name : {"test:kernel", "test:kernel_O0"}) {
    CoreDriver d(name);
    d.run_ms(1000);
    EXPECT_NEAR(d.out.aux[0], 495, 2) << name;  // every second tick, but for a tick that each fiftieth waits out
    EXPECT_NEAR(d.out.aux[1], 199, 1) << name;
    EXPECT_EQ(d.out.aux[2], 1) << name;  // the idle task runs, and never waits
    EXPECT_GT(d.out.aux[3], 500) << name;
    EXPECT_EQ(d.out.aux[4], 77) << name;
    EXPECT_FALSE(d.report.hang) << name;
    EXPECT_EQ(d.report.interrupts_lost, 0u) << name;
    const auto findings = d.core->take_findings();
    ASSERT_EQ(findings.size(), 1u) << name;
    EXPECT_NE(findings[0].find("no room for the stack of a task (1024 KiB): raise .stack_bytes"), std::string::npos);
    if (!first) first = d.hash;
    EXPECT_EQ(d.hash, first) << name;
  }
}

// The port of FreeRTOS over a stand-in for the kernel, with the names of V7 and of later ones.
TEST(FreeRTOS, RunsTasksAndMasksInterruptsUntilTheSchedulerStarts) {
  for (const char* name : {"test:rtos_old", "test:rtos_new"}) {
    CoreDriver d(name);
    d.run_ms(100);
    EXPECT_EQ(d.out.aux[0], 0) << name;
    EXPECT_NEAR(d.out.aux[1], 49, 1) << name;
    EXPECT_EQ(d.out.aux[2], 1) << name;
    EXPECT_NEAR(d.out.aux[3], 980, 10) << name;
    EXPECT_EQ(d.out.aux[4], 8) << name;
  }
}

TEST(Threads, AResetStartsThemAnew) {
  CoreDriver d("test:kernel");
  d.run_ms(100);
  d.reset(PEN_RESET_SOFTWARE);
  d.run_ms(100);
  EXPECT_NEAR(d.out.aux[0], 49, 2);
  EXPECT_EQ(d.out.aux[4], 77);
}

TEST(Threads, AHandlerThatSwitchesStacksByItselfCountsAsReturned) {
  CoreDriver d("test:switching");
  d.run_ms(1000);
  EXPECT_EQ(d.out.aux[1], 999);  // ticks go on while the task runs
  EXPECT_EQ(d.out.aux[0], 99);
}

// Below the edge handlers, above everything else: not a hang, since an edge might answer.
TEST(Threads, AHandlerThatDoesNotReturnIsTold) {
  CoreDriver d("test:interrupts");
  d.in.aux[0] = 9;
  d.run_ms(1100);
  EXPECT_FALSE(d.report.hang);
  const auto findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].rfind("the handler late (", 0), 0u) << findings[0];
}

}  // namespace
}  // namespace pensim
