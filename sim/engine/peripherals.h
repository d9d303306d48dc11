// peripherals.h - what surrounds the core on its chip and board, the same for every target: watchdog, non-volatile
// memories, serial console. Plain state, free functions; times are firmware ticks.
//
// Numbers [E], in the manner of a small Cortex-M4 part: page erase 20 ms, write of up to 16 bytes 200 us, cartridge
// EEPROM write 5 ms, flash endurance 10 000 erases per page.
// Not modelled: read disturb, retention, clock drift of the watchdog, framing errors on the serial line.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "firmware_shim/pen_shim.h"
#include "sim/vocabulary/time.h"

namespace pensim {

inline constexpr std::uint32_t nvm_pages = PEN_NVM_PEN_BYTES / PEN_NVM_PAGE_BYTES;
inline constexpr std::uint64_t nvm_endurance_erases = 10'000;  // per page; a worn page reports an error and keeps its
                                                               // bits

// What is 0 is done in one tick.
struct NvmTimes {
  Nanoseconds erase_ns = 20'000'000, write_ns = 200'000, cartridge_write_ns = 5'000'000;
};

struct NonVolatileMemory {
  std::array<std::uint8_t, PEN_NVM_PEN_BYTES> pen{};
  std::array<std::uint8_t, PEN_NVM_CARTRIDGE_BYTES> cartridge{};
  std::array<std::uint8_t, 8> cartridge_serial{};
  std::array<std::uint64_t, nvm_pages> erases{};  // per page, over the pen's life
  std::uint64_t writes = 0;                       // writes and erases carried out in this run
  // The operation under way; command PEN_NVM_NONE when idle.
  PenOut request{};
  Tick ticks_total = 0, ticks_left = 0;
  NvmTimes times;
};

// Contents as given (missing bytes are 0xFF, blank); the serial number of the cartridge shows in PEN_NVM_SERIAL, low
// byte first.
void nvm_reset(NonVolatileMemory&, const std::vector<std::uint8_t>& pen, const std::vector<std::uint8_t>& cartridge,
               std::uint64_t serial, const NvmTimes& times = {});
// Takes the command of PenOut, if any, and moves the operation under way by one tick. The result goes to `in` of the
// next tick.
void nvm_step(NonVolatileMemory&, const PenOut& out, bool cartridge_present, bool writes_fail, Nanoseconds tick_ns,
              PenIn& in);
// The supply failed: a write or erase under way is torn at a byte.
void nvm_power_loss(NonVolatileMemory&);

struct Watchdog {
  bool started = false;
  Tick timeout = 0, left = 0;
};
// True when it bites in this tick.
bool watchdog_step(Watchdog&, const PenOut& out, Nanoseconds tick_ns);

// The line from a console to the core: bytes queue here and arrive at the baud rate.
struct ConsoleLine {
  std::string queue;
  std::size_t sent = 0;
  double credit_bytes = 0.0;
};
void console_step(ConsoleLine&, double baud, Nanoseconds tick_ns, PenIn& in);

}  // namespace pensim
