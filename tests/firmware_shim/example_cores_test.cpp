// The three examples, one per shape of firmware: what they do is known in numbers.
#include "tests/firmware_shim/core_driver.h"

namespace pensim {
namespace {

TEST(ExampleRates, HoldsTheRateOfTheDial) {
  CoreDriver d("example_rates");
  d.run(1);
  EXPECT_EQ(d.out.watchdog, PEN_WATCHDOG_START);  // boot
  EXPECT_EQ(d.out.watchdog_timeout_ms, 100);
  d.in.adc[PEN_ADC_RATE_DIAL] = 2048;  // 60 + (0.50012 - 0.05) / 0.9 * 140 = 130.02 Hz
  d.run_ms(20);
  EXPECT_EQ(d.uart, "example_rates\r\n");
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_OFF);
  EXPECT_EQ(d.out.pins, 1 << PEN_OUT_LED_READY);
  d.pin(PEN_LINE_START, true);
  d.run_ms(11);
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_DRIVE);
  EXPECT_EQ(d.out.pins, 1 << PEN_OUT_ENABLE);
  // Standing still: duty = kp * error + integral = 0.004 * 130.02 + n * 0.00005 * 130.02, n calls of 1 ms
  const double error_Hz = 60.0 + (2048.0 / 4095.0 - 0.05) / 0.9 * 140.0;
  const double step = 0.00005 * error_Hz * 32767.0;
  const int before = d.out.duty_q15;
  d.run_ms(10);
  EXPECT_NEAR(d.out.duty_q15 - before, 10 * step, 2.0);
  // At the target rate the error is zero and the duty stands still.
  const auto stroke_us = static_cast<std::uint32_t>(1e6 / error_Hz + 0.5);
  std::uint32_t next_us = 50u * static_cast<std::uint32_t>(d.ticks);
  int settled = 0;
  for (int k = 0; k < 4000; ++k) {
    if (50u * static_cast<std::uint32_t>(d.ticks) >= next_us) {
      d.edge(PEN_LINE_HALL, true, 50u * static_cast<std::uint32_t>(d.ticks) - next_us);
      next_us += stroke_us;
    }
    d.tick();
    if (k == 2000) settled = d.out.duty_q15;
  }
  EXPECT_NEAR(d.out.duty_q15, settled, 4);
  EXPECT_GT(d.out.duty_q15, 0);
  EXPECT_EQ(d.report.interrupts_lost, 0u);
  EXPECT_TRUE(d.core->take_findings().empty());
}

TEST(ExampleRates, OvercurrentTripsWithinTheTick) {
  CoreDriver d("example_rates");
  d.in.adc[PEN_ADC_RATE_DIAL] = 2048;
  d.pin(PEN_LINE_START, true);
  d.run_ms(50);
  ASSERT_EQ(d.out.bridge_mode, PEN_BRIDGE_DRIVE);
  d.in.adc[PEN_ADC_MOTOR_CURRENT] = 3101;
  d.tick();
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_OFF);
  d.in.adc[PEN_ADC_MOTOR_CURRENT] = 0;
  d.run_ms(50);
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_OFF);  // until the button is let go
  d.pin(PEN_LINE_START, false);
  d.run_ms(20);
  d.pin(PEN_LINE_START, true);
  d.run_ms(20);
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_DRIVE);
}

TEST(ExampleMain, HomesFollowsTheDialAndRuns) {
  CoreDriver d("example_main");
  d.in.adc[PEN_ADC_BATTERY] = 2400;
  d.in.adc[PEN_ADC_DEPTH_DIAL] = 400;
  d.run_ms(100);
  EXPECT_NEAR(d.steps, -200, 2);  // a half step back every 500 us
  EXPECT_EQ(d.uart, "homing\r\n");
  d.pin(PEN_LINE_HOME, true);
  d.steps = 0;
  d.run_ms(300);
  EXPECT_EQ(d.uart, "homing\r\nready\r\n");
  EXPECT_NEAR(d.steps, 100, 1);  // 400 counts / 4, one per 2 ms
  EXPECT_EQ(d.out.pins, 1 << PEN_OUT_LED_READY);
  EXPECT_LT(d.report.cpu_load, 0.1);  // asleep
  d.pin(PEN_LINE_START, true);
  d.run_ms(10);
  EXPECT_EQ(d.out.duty_q15, 20000);
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_DRIVE);
  for (int i = 0; i < 10; ++i) {  // strokes of 5 ms: 200 Hz
    d.edge(PEN_LINE_HALL, true);
    d.run_ms(5);
  }
  EXPECT_EQ(d.out.duty_q15, 16000);
  d.in.adc[PEN_ADC_BATTERY] = 2000;
  d.run_ms(5);
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_OFF);
  EXPECT_EQ(d.out.pins, 1 << PEN_OUT_LED_READY | 1 << PEN_OUT_LED_ALARM);
  EXPECT_EQ(d.report.interrupts_lost, 0u);
  EXPECT_FALSE(d.report.hang);
  EXPECT_TRUE(d.core->take_findings().empty());
}

TEST(ExampleRegisters, SoftStartTripAndConsole) {
  CoreDriver d("example_registers");
  d.run_ms(20);
  EXPECT_EQ(d.uart, "registers\r\n");
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_OFF);
  EXPECT_EQ(d.out.pins, 1 << PEN_OUT_LED_READY);
  d.pin(PEN_LINE_START, true);
  d.run_ms(100);  // 20 loops of 5 ms, a fiftieth of full scale each
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_DRIVE);
  EXPECT_EQ(d.out.pins, 1 << PEN_OUT_ENABLE);
  EXPECT_NEAR(d.out.duty_q15, 0.4 * 32767, 0.021 * 32767);
  d.run_ms(200);
  EXPECT_EQ(d.out.duty_q15, 1260 * 32767 / 2100);  // six tenths
  for (int i = 0; i < 123; ++i) {
    d.edge(PEN_LINE_HALL, true);
    d.run(10);
  }
  d.uart.clear();
  d.type("?");
  d.run_ms(10);
  EXPECT_EQ(d.uart, "123\r\n");
  d.in.adc[PEN_ADC_MOTOR_CURRENT] = 3101;
  d.run(3);  // the trip runs at 10 kHz
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_OFF);
  EXPECT_TRUE(d.out.pins & 1 << PEN_OUT_LED_ALARM);
  d.in.adc[PEN_ADC_MOTOR_CURRENT] = 0;
  d.run_ms(1500);
  EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_OFF);
  EXPECT_FALSE(d.report.hang);  // idles in WFI
  EXPECT_EQ(d.report.interrupts_lost, 0u);
  EXPECT_TRUE(d.core->take_findings().empty());
}

TEST(Examples, SameOutputAtTheOtherLoadAddress) {
  for (const char* name : {"example_rates", "example_main", "example_registers"}) {
    std::uint64_t hash[2], first_address[2];
    for (int twice = 0; twice < 2; ++twice) {
      CoreDriver d(std::string(name) + (twice ? ".twice" : ""));
      d.in.adc[PEN_ADC_RATE_DIAL] = 3000;
      d.in.adc[PEN_ADC_BATTERY] = 2400;
      d.pin(PEN_LINE_START, true);
      d.pin(PEN_LINE_HOME, true);
      for (int i = 0; i < 400; ++i) {
        d.edge(PEN_LINE_HALL, true, 7);
        if (i % 100 == 50) d.type("?");
        d.run(50);
      }
      EXPECT_EQ(d.out.bridge_mode, PEN_BRIDGE_DRIVE) << name;
      EXPECT_EQ(d.core->load_bias(), 0u);
      hash[twice] = d.hash;
      first_address[twice] = d.core->loaded_ranges().front().begin;
    }
    EXPECT_EQ(hash[0], hash[1]) << name;
    EXPECT_EQ(first_address[0], 0x20001000u);
    EXPECT_EQ(first_address[1], 0x28000000u);
  }
}

}  // namespace
}  // namespace pensim
