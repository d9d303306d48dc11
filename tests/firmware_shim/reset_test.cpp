// What a reset restores, what survives it, and that nothing of a core is ever unwound.
#include "tests/firmware_shim/core_driver.h"

// A reset drops what the core had on the heap, as a real one does; AddressSanitizer would call it a leak.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace pensim {
namespace {

void expect_fresh(CoreDriver& d, int survivor) {
  d.tick();
  EXPECT_EQ(d.out.aux[0], 10011002);  // two constructors, in order, each once
  EXPECT_EQ(d.out.aux[1], 7);         // .data
  EXPECT_EQ(d.out.aux[2], 0);         // .bss
  EXPECT_EQ(d.out.aux[3], 'c');       // a relocated pointer
  EXPECT_EQ(d.out.aux[4], survivor);  // .noinit
  EXPECT_EQ(d.out.aux[5], 401);       // a function's static, and an inline variable of a template
  EXPECT_EQ(d.out.aux[6], 0);
}

TEST(Reset, RestoresDataAndRunsConstructorsAgain) {
  CoreDriver d("test:life");
  expect_fresh(d, 1);
  d.run(100);
  d.reset(PEN_RESET_WATCHDOG);
  expect_fresh(d, 2);
  d.run(100);
  d.reset(PEN_RESET_PIN);
  expect_fresh(d, 3);
}

TEST(Reset, NoinitSurvivesAllButPowerLoss) {
  CoreDriver d("test:life");
  expect_fresh(d, 1);
  int survivor = 1;
  for (std::uint8_t cause : {PEN_RESET_PIN, PEN_RESET_BROWN_OUT, PEN_RESET_WATCHDOG, PEN_RESET_SOFTWARE}) {
    d.reset(cause);
    expect_fresh(d, ++survivor);
  }
  d.reset(PEN_RESET_POWER_ON);
  expect_fresh(d, 1);
}

TEST(Reset, InTheMiddleOfAWaitDeepInTheStack) {
  CoreDriver d("test:life");
  expect_fresh(d, 1);
  for (int i = 2; i < 100; ++i) {
    d.pin(PEN_LINE_PLUS, true);
    d.run(30);  // past the millisecond that wakes it
    const CoreStack s = d.core->core_stack();
    ASSERT_GT(s.end - s.sp, 500u);  // 20 calls deep
    d.pin(PEN_LINE_PLUS, false);
    d.reset(PEN_RESET_WATCHDOG);
    expect_fresh(d, i);
  }
}

TEST(Reset, AnExceptionAcrossTicksIsTheCoresOwnBusiness) {
  CoreDriver d("test:life");
  d.pin(PEN_LINE_MODE, true);
  d.run(2);  // inside the catch block, suspended
  try {
    throw std::runtime_error("host");
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "host");
    d.run(100);
    EXPECT_EQ(d.out.aux[7], 3);
  }
  d.pin(PEN_LINE_MODE, false);
  d.run(100);
  EXPECT_EQ(d.out.aux[7], 2);
  d.pin(PEN_LINE_MODE, true);
  d.run(2);
  d.reset(PEN_RESET_WATCHDOG);  // in the catch block: dropped, not unwound
  d.pin(PEN_LINE_MODE, false);
  expect_fresh(d, 2);
}

TEST(Reset, ARunAfterAResetIsTheRunFromTheStart) {
  CoreDriver a("test:polls_gcc_O2"), b("test:polls_gcc_O2");
  auto drive = [](CoreDriver& d) {
    d.hash = 0;
    d.ticks = 0;
    for (int k = 0; k < 3000; ++k) {
      if (k % 131 == 7) d.edge(PEN_LINE_HALL, true, 9);
      d.pin(PEN_LINE_START, k % 300 > 40);
      d.tick();
    }
    return d.hash;
  };
  b.run(777);
  b.reset(PEN_RESET_POWER_ON);
  EXPECT_EQ(drive(a), drive(b));
}

TEST(Reset, LostInterruptsAreCountedSincePowerOn) {
  CoreDriver d("test:interrupts");
  d.in.aux[0] = 2;
  d.run_ms(10);
  const auto lost = d.report.interrupts_lost;
  EXPECT_GT(lost, 0u);
  d.reset(PEN_RESET_WATCHDOG);
  d.run_ms(10);
  EXPECT_EQ(d.report.interrupts_lost, 2 * lost);
  d.reset(PEN_RESET_POWER_ON);
  d.run(1);
  EXPECT_EQ(d.report.interrupts_lost, 0u);
}

TEST(Reset, RegistersAreZeroAgain) {
  CoreDriver d("example_registers");
  d.run_ms(20);
  EXPECT_EQ(d.uart, "registers\r\n");
  EXPECT_EQ(*reinterpret_cast<volatile std::uint32_t*>(0x40010010), 2100u);  // TIM1->ARR
  d.core->reset(PEN_RESET_WATCHDOG);
  EXPECT_EQ(*reinterpret_cast<volatile std::uint32_t*>(0x40010010), 0u);
  d.run_ms(20);
  EXPECT_EQ(d.uart, "registers\r\nregisters\r\n");
}

}  // namespace
}  // namespace pensim
