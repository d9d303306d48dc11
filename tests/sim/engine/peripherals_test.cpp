#include "sim/engine/peripherals.h"

#include <gtest/gtest.h>

#include <cstring>

namespace pensim {
namespace {

constexpr Nanoseconds tick = default_tick_ns;

PenOut command(std::uint8_t what, std::uint8_t bank, std::uint16_t address, std::uint8_t length,
               std::uint8_t fill = 0) {
  PenOut out{};
  out.nvm_command = what;
  out.nvm_bank = bank;
  out.nvm_address = address;
  out.nvm_length = length;
  std::memset(out.nvm_data, fill, sizeof out.nvm_data);
  return out;
}

struct Answer {
  std::uint8_t status = 0;
  int ticks = 0;
  PenIn in{};
};

Answer carry_out(NonVolatileMemory& nvm, const PenOut& out, bool cartridge = true, bool fail = false) {
  PenOut now = out;
  for (int k = 1; k < 10'000; ++k) {
    PenIn in{};
    nvm_step(nvm, now, cartridge, fail, tick, in);
    if (in.nvm_status == PEN_NVM_DONE || in.nvm_status == PEN_NVM_ERROR) return {in.nvm_status, k, in};
    now = PenOut{};
  }
  return {};
}

NonVolatileMemory blank() {
  NonVolatileMemory nvm;
  nvm_reset(nvm, {}, {}, 0x1122334455667788u);
  return nvm;
}

TEST(NonVolatileMemory, WritesClearBitsAndErasesSetThem) {
  NonVolatileMemory nvm = blank();
  const Answer written = carry_out(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 0x110, 16, 0x0F));
  EXPECT_EQ(written.status, PEN_NVM_DONE);
  EXPECT_EQ(written.ticks, 4);  // 200 us
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 0x110, 1, 0xF3)).status, PEN_NVM_DONE);
  EXPECT_EQ(nvm.pen[0x110], 0x03);
  EXPECT_EQ(nvm.pen[0x111], 0x0F);
  const Answer read = carry_out(nvm, command(PEN_NVM_READ, PEN_NVM_BANK_PEN, 0x110, 2));
  EXPECT_EQ(read.ticks, 1);
  EXPECT_EQ(read.in.nvm_length, 2);
  EXPECT_EQ(read.in.nvm_data[0], 0x03);
  const Answer erased = carry_out(nvm, command(PEN_NVM_ERASE, PEN_NVM_BANK_PEN, 0x1F0, 0));
  EXPECT_EQ(erased.status, PEN_NVM_DONE);
  EXPECT_EQ(erased.ticks, 400);  // 20 ms
  EXPECT_EQ(nvm.pen[0x110], 0xFF);
  EXPECT_EQ(nvm.writes, 3u);
}

TEST(NonVolatileMemory, RefusesWhatIsOutOfRangeOrAbsent) {
  NonVolatileMemory nvm = blank();
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_READ, PEN_NVM_BANK_PEN, 4090, 7)).status, PEN_NVM_ERROR);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 0xF8, 9)).status, PEN_NVM_ERROR);  // crosses a page
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 0, 17)).status, PEN_NVM_ERROR);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_ERASE, PEN_NVM_BANK_CARTRIDGE, 0, 0)).status, PEN_NVM_ERROR);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_READ, 7, 0, 1)).status, PEN_NVM_ERROR);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_READ, PEN_NVM_BANK_CARTRIDGE, 0, 1), false).status, PEN_NVM_ERROR);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 0, 1), true, true).status, PEN_NVM_ERROR);
  EXPECT_EQ(nvm.writes, 0u);
}

TEST(NonVolatileMemory, CartridgeHasASerialNumberAndTakesBytes) {
  NonVolatileMemory nvm = blank();
  const Answer serial = carry_out(nvm, command(PEN_NVM_SERIAL, PEN_NVM_BANK_CARTRIDGE, 0, 0));
  EXPECT_EQ(serial.in.nvm_length, 8);
  EXPECT_EQ(serial.in.nvm_data[0], 0x88);
  EXPECT_EQ(serial.in.nvm_data[7], 0x11);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_CARTRIDGE, 0, 2, 0x00)).ticks, 100);  // 5 ms
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_CARTRIDGE, 0, 1, 0xA5)).status, PEN_NVM_DONE);
  EXPECT_EQ(nvm.cartridge[0], 0xA5);  // bits may be set again without an erase
}

TEST(NonVolatileMemory, SecondCommandWhileBusyIsAnErrorAndHarmsNothing) {
  NonVolatileMemory nvm = blank();
  PenIn in{};
  nvm_step(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 0, 16, 0x00), true, false, tick, in);
  EXPECT_EQ(in.nvm_status, PEN_NVM_BUSY);
  in = PenIn{};
  nvm_step(nvm, command(PEN_NVM_ERASE, PEN_NVM_BANK_PEN, 0, 0), true, false, tick, in);
  EXPECT_EQ(in.nvm_status, PEN_NVM_ERROR);
  EXPECT_EQ(carry_out(nvm, PenOut{}).status, PEN_NVM_DONE);
  EXPECT_EQ(nvm.pen[15], 0x00);
}

TEST(NonVolatileMemory, PowerLossTearsAWriteAtAByte) {
  NonVolatileMemory nvm = blank();
  PenIn in{};
  nvm_step(nvm, command(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 0, 16, 0x00), true, false, tick, in);
  in = PenIn{};
  nvm_step(nvm, PenOut{}, true, false, tick, in);  // two of four ticks
  nvm_power_loss(nvm);
  EXPECT_EQ(nvm.pen[7], 0x00);
  EXPECT_EQ(nvm.pen[8], 0xFF);
  in = PenIn{};
  nvm_step(nvm, PenOut{}, true, false, tick, in);
  EXPECT_EQ(in.nvm_status, PEN_NVM_IDLE);
}

TEST(NonVolatileMemory, APageWearsOut) {
  NonVolatileMemory nvm = blank();
  nvm.erases[3] = nvm_endurance_erases - 1;
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_ERASE, PEN_NVM_BANK_PEN, 0x300, 0)).status, PEN_NVM_DONE);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_ERASE, PEN_NVM_BANK_PEN, 0x300, 0)).status, PEN_NVM_ERROR);
  EXPECT_EQ(carry_out(nvm, command(PEN_NVM_ERASE, PEN_NVM_BANK_PEN, 0x400, 0)).status, PEN_NVM_DONE);
}

TEST(WatchdogTimer, BitesAfterItsTimeoutAndCannotBeStopped) {
  Watchdog watchdog;
  PenOut out{};
  for (int k = 0; k < 1000; ++k) EXPECT_FALSE(watchdog_step(watchdog, out, tick));  // never started
  out.watchdog = PEN_WATCHDOG_START;
  out.watchdog_timeout_ms = 20;
  EXPECT_FALSE(watchdog_step(watchdog, out, tick));
  out.watchdog = PEN_WATCHDOG_KICK;
  for (int k = 0; k < 1000; ++k) EXPECT_FALSE(watchdog_step(watchdog, out, tick));
  out.watchdog = PEN_WATCHDOG_START;  // starting again changes nothing
  out.watchdog_timeout_ms = 60'000;
  int ticks = 0;
  while (!watchdog_step(watchdog, out, tick)) ASSERT_LT(++ticks, 1000);
  EXPECT_EQ(ticks + 1, 400);
}

TEST(Console, BytesArriveAtTheBaudRate) {
  ConsoleLine line;
  line.queue.assign(1152, 'x');
  std::size_t received = 0;
  int ticks = 0;
  while (received < 1152) {
    PenIn in{};
    console_step(line, 115200.0, tick, in);
    ASSERT_LE(in.uart_count, 1);
    received += in.uart_count;
    ASSERT_LT(++ticks, 10'000);
  }
  EXPECT_NEAR(ticks * 50e-6, 0.1, 1e-4);  // 11 520 bytes a second
  EXPECT_TRUE(line.queue.empty());
}

}  // namespace
}  // namespace pensim
