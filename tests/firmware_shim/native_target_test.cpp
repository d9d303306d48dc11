#include "firmware_shim/native_target.h"

#include <gtest/gtest.h>

#include <cstring>

namespace pensim {
namespace {

TEST(NativeTarget, SpeedLoop) {
  auto core = open_native(PENSIM_CORES "/example_rates.so");
  EXPECT_EQ(core->load_bias(), 0u);
  PenIn in{};
  PenOut out{};
  std::string uart;
  in.pins = 1 << PEN_LINE_START;
  in.adc[PEN_ADC_RATE_DIAL] = 2000;
  for (int k = 0; k < 20000; ++k) {
    in.time_us = 50u * k;
    core->step(in, out);
    uart.append(reinterpret_cast<char*>(out.uart), out.uart_count);
  }
  EXPECT_EQ(uart, "example_rates\r\n");
  EXPECT_EQ(out.bridge_mode, PEN_BRIDGE_DRIVE);
  EXPECT_EQ(out.duty_q15, 31128);
}

}  // namespace
}  // namespace pensim
