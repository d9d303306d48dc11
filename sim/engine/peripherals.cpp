#include "sim/engine/peripherals.h"

#include <algorithm>
#include <cstring>

namespace pensim {
namespace {

Tick ticks_of(Nanoseconds duration, Nanoseconds tick_ns) {
  return std::max<Tick>(1, (duration + tick_ns - 1) / tick_ns);
}

bool in_range(const PenOut& r) {
  const std::uint32_t bytes = r.nvm_bank == PEN_NVM_BANK_PEN ? PEN_NVM_PEN_BYTES : PEN_NVM_CARTRIDGE_BYTES;
  switch (r.nvm_command) {
    case PEN_NVM_READ:
      return r.nvm_length >= 1 && r.nvm_length <= PEN_NVM_BYTES && r.nvm_address + r.nvm_length <= bytes;
    case PEN_NVM_WRITE:
      if (r.nvm_length < 1 || r.nvm_length > PEN_NVM_BYTES || r.nvm_address + r.nvm_length > bytes) return false;
      return r.nvm_bank != PEN_NVM_BANK_PEN ||
             r.nvm_address / PEN_NVM_PAGE_BYTES == (r.nvm_address + r.nvm_length - 1u) / PEN_NVM_PAGE_BYTES;
    case PEN_NVM_ERASE:
      return r.nvm_bank == PEN_NVM_BANK_PEN && r.nvm_address < PEN_NVM_PEN_BYTES;
    case PEN_NVM_SERIAL:
      return r.nvm_bank == PEN_NVM_BANK_CARTRIDGE;
    default:
      return false;
  }
}

// The first `count` bytes of the write or erase under way take effect.
void take_effect(NonVolatileMemory& nvm, std::uint32_t count) {
  const PenOut& r = nvm.request;
  if (r.nvm_command == PEN_NVM_ERASE) {
    const std::uint32_t page = r.nvm_address / PEN_NVM_PAGE_BYTES;
    std::fill_n(nvm.pen.begin() + page * PEN_NVM_PAGE_BYTES, count, std::uint8_t{0xFF});
  } else if (r.nvm_bank == PEN_NVM_BANK_PEN) {
    for (std::uint32_t i = 0; i < count; ++i) nvm.pen[r.nvm_address + i] &= r.nvm_data[i];
  } else {
    std::copy_n(r.nvm_data, count, nvm.cartridge.begin() + r.nvm_address);
  }
}

}  // namespace

void nvm_reset(NonVolatileMemory& nvm, const std::vector<std::uint8_t>& pen, const std::vector<std::uint8_t>& cartridge,
               std::uint64_t serial, const NvmTimes& times) {
  nvm = NonVolatileMemory{};
  nvm.times = times;
  nvm.pen.fill(0xFF);
  nvm.cartridge.fill(0xFF);
  std::copy_n(pen.begin(), std::min(pen.size(), nvm.pen.size()), nvm.pen.begin());
  std::copy_n(cartridge.begin(), std::min(cartridge.size(), nvm.cartridge.size()), nvm.cartridge.begin());
  for (std::uint8_t& byte : nvm.cartridge_serial) {
    byte = static_cast<std::uint8_t>(serial);
    serial >>= 8;
  }
}

void nvm_step(NonVolatileMemory& nvm, const PenOut& out, bool cartridge_present, bool writes_fail, Nanoseconds tick_ns,
              PenIn& in) {
  in.nvm_status = nvm.request.nvm_command == PEN_NVM_NONE ? PEN_NVM_IDLE : PEN_NVM_BUSY;
  if (out.nvm_command != PEN_NVM_NONE) {
    if (nvm.request.nvm_command != PEN_NVM_NONE) {
      in.nvm_status = PEN_NVM_ERROR;
    } else {
      nvm.request = out;
      const bool pen = out.nvm_bank == PEN_NVM_BANK_PEN;
      const Nanoseconds duration = out.nvm_command == PEN_NVM_ERASE          ? nvm.times.erase_ns
                                   : out.nvm_command == PEN_NVM_WRITE && pen ? nvm.times.write_ns
                                   : out.nvm_command == PEN_NVM_WRITE        ? nvm.times.cartridge_write_ns
                                                                             : tick_ns;
      nvm.ticks_total = nvm.ticks_left = ticks_of(duration, tick_ns);
      in.nvm_status = PEN_NVM_BUSY;
    }
  }
  if (nvm.request.nvm_command == PEN_NVM_NONE || --nvm.ticks_left > 0) return;

  const PenOut request = nvm.request;
  const bool cartridge = request.nvm_bank == PEN_NVM_BANK_CARTRIDGE;
  const bool changes = request.nvm_command == PEN_NVM_WRITE || request.nvm_command == PEN_NVM_ERASE;
  bool ok = request.nvm_bank <= PEN_NVM_BANK_CARTRIDGE && in_range(request) && (!cartridge || cartridge_present) &&
            !(changes && writes_fail && !cartridge);
  if (ok && request.nvm_command == PEN_NVM_ERASE) {
    std::uint64_t& erases = nvm.erases[request.nvm_address / PEN_NVM_PAGE_BYTES];
    ok = ++erases <= nvm_endurance_erases;
  }
  if (ok && changes) {
    take_effect(nvm, request.nvm_command == PEN_NVM_ERASE ? PEN_NVM_PAGE_BYTES : request.nvm_length);
    ++nvm.writes;
  }
  if (ok && request.nvm_command == PEN_NVM_READ) {
    const std::uint8_t* from = cartridge ? nvm.cartridge.data() : nvm.pen.data();
    std::memcpy(in.nvm_data, from + request.nvm_address, request.nvm_length);
    in.nvm_length = request.nvm_length;
  }
  if (ok && request.nvm_command == PEN_NVM_SERIAL) {
    std::memcpy(in.nvm_data, nvm.cartridge_serial.data(), nvm.cartridge_serial.size());
    in.nvm_length = static_cast<std::uint8_t>(nvm.cartridge_serial.size());
  }
  in.nvm_status = ok ? PEN_NVM_DONE : PEN_NVM_ERROR;
  nvm.request = PenOut{};
}

void nvm_power_loss(NonVolatileMemory& nvm) {
  const PenOut& r = nvm.request;
  const bool changes = r.nvm_command == PEN_NVM_WRITE || r.nvm_command == PEN_NVM_ERASE;
  if (changes && in_range(r)) {
    const std::uint32_t bytes = r.nvm_command == PEN_NVM_ERASE ? PEN_NVM_PAGE_BYTES : r.nvm_length;
    const auto done = static_cast<std::uint32_t>(bytes * (nvm.ticks_total - nvm.ticks_left) / nvm.ticks_total);
    take_effect(nvm, std::min(done, bytes));
  }
  nvm.request = PenOut{};
  nvm.ticks_left = nvm.ticks_total = 0;
}

bool watchdog_step(Watchdog& watchdog, const PenOut& out, Nanoseconds tick_ns) {
  if ((out.watchdog & PEN_WATCHDOG_START) != 0 && !watchdog.started && out.watchdog_timeout_ms > 0) {
    watchdog.started = true;
    watchdog.timeout = ticks_of(static_cast<Nanoseconds>(out.watchdog_timeout_ms) * 1'000'000, tick_ns);
    watchdog.left = watchdog.timeout;
    return false;
  }
  if (!watchdog.started) return false;
  if ((out.watchdog & PEN_WATCHDOG_KICK) != 0) {
    watchdog.left = watchdog.timeout;
    return false;
  }
  return --watchdog.left <= 0;
}

void console_step(ConsoleLine& line, double baud, Nanoseconds tick_ns, PenIn& in) {
  if (line.sent == line.queue.size()) {
    line.credit_bytes = 0.0;
    return;
  }
  line.credit_bytes += baud / 10.0 * 1e-9 * static_cast<double>(tick_ns);  // start bit, 8 data bits, stop bit
  while (line.credit_bytes >= 1.0 && in.uart_count < PEN_UART_BYTES && line.sent < line.queue.size()) {
    in.uart[in.uart_count++] = static_cast<std::uint8_t>(line.queue[line.sent++]);
    line.credit_bytes -= 1.0;
  }
  line.credit_bytes = std::min(line.credit_bytes, 1.0 * PEN_UART_BYTES);
  if (line.sent == line.queue.size()) {
    line.queue.clear();
    line.sent = 0;
  }
}

}  // namespace pensim
