// core_runner CORE.so: 0.2 s of a core with the rate dial at 2048 counts; prints what it sent and its last outputs.
// Used by install_test.
#include <cstdio>
#include <stdexcept>
#include <string>

#include "firmware_shim/native/native_target.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: core_runner CORE.so\n");
    return 2;
  }
  try {
    auto core = pensim::open_native(arguments[1]);
    core->reset(PEN_RESET_POWER_ON);
    PenIn in{};
    PenOut out{};
    in.reset_cause = PEN_RESET_POWER_ON;
    in.adc[PEN_ADC_RATE_DIAL] = 2048;
    std::string uart;
    for (int tick = 0; tick < 4000; ++tick) {
      core->step(tick, in, out);
      uart.append(reinterpret_cast<const char*>(out.uart), out.uart_count);
      in.time_us += core->tick_us();
    }
    std::printf("uart: %sduty: %d\nmode: %d\nload_bias: %zu\n", uart.c_str(), out.duty_q15, out.bridge_mode,
                static_cast<std::size_t>(core->load_bias()));
  } catch (const std::runtime_error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
