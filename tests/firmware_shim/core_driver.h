// core_driver.h - feeds a native core tick by tick and keeps what came out. For tests.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "firmware_shim/native/native_target.h"

namespace pensim {

struct CoreDriver {
  // A core by its name, or one that only tests need by "test:" and its name.
  explicit CoreDriver(const std::string& name, const NativeOptions& options = {})
      : core(open_native(file(name), options)) {
    core->reset(PEN_RESET_POWER_ON);
    in.reset_cause = PEN_RESET_POWER_ON;
    in.nvm_status = PEN_NVM_IDLE;
  }

  static std::string file(const std::string& name) {
    const bool test = name.rfind("test:", 0) == 0;
    return test ? PENSIM_TEST_CORES "/" + name.substr(5) + ".so" : PENSIM_CORES "/" + name + ".so";
  }

  // One tick; what is consumed once (edges, bytes) is gone afterwards.
  const PenOut& tick() {
    in.time_us = clock_start_us + 50u * static_cast<std::uint32_t>(ticks);
    report = core->step(ticks, in, out);
    ++ticks;
    uart.append(reinterpret_cast<const char*>(out.uart), out.uart_count);
    kicks += (out.watchdog & PEN_WATCHDOG_KICK) != 0;
    steps += out.stepper_steps;
    hash_bytes(&out, sizeof out);
    in.edge_count = in.edge_overflow = in.uart_count = 0;
    std::memset(in.edges, 0, sizeof in.edges);
    std::memset(in.uart, 0, sizeof in.uart);
    return out;
  }
  void run(int count) {
    for (int i = 0; i < count; ++i) tick();
  }
  void run_ms(double ms) { run(static_cast<int>(ms * 20 + 0.5)); }

  // An edge before_us microseconds before the coming tick.
  void edge(std::uint8_t line, bool level, std::uint32_t before_us = 10) {
    const std::uint32_t now_us = clock_start_us + 50u * static_cast<std::uint32_t>(ticks);
    in.edges[in.edge_count++] = {now_us - before_us, line, static_cast<std::uint8_t>(level), 0};
    pin(line, level);
  }
  void pin(std::uint8_t line, bool level) {
    in.pins = static_cast<std::uint16_t>(level ? in.pins | 1u << line : in.pins & ~(1u << line));
  }
  void type(const std::string& text) {
    for (char c : text) in.uart[in.uart_count++] = static_cast<std::uint8_t>(c);
  }
  void reset(std::uint8_t cause) {
    core->reset(cause);
    in.reset_cause = cause;
  }

  void hash_bytes(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211ull;  // FNV-1a
  }

  std::unique_ptr<NativeTarget> core;
  PenIn in{};
  PenOut out{};
  StepReport report;
  std::uint32_t clock_start_us = 0;
  long ticks = 0;
  long steps = 0;
  int kicks = 0;
  std::string uart;
  std::uint64_t hash = 1469598103934665603ull;
};

}  // namespace pensim
