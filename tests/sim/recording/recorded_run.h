// recorded_run.h - a synthetic run for the tests of recordings: every field of PenIn and PenOut moves, and all is a
// function of the tick.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "sim/engine/plan.h"
#include "sim/recording/block_writer.h"
#include "sim/recording/run_hash.h"

namespace pensim::recorded_run {

inline std::uint32_t scrambled(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ull;
  return static_cast<std::uint32_t>(x >> 32);
}

inline PenIn pen_in(Tick k) {
  PenIn in{};
  // wraps, and the clock was set once
  in.time_us = static_cast<std::uint32_t>(0xFFFFF000u + k * 50) + (k > 3000 ? 7u : 0u);
  for (unsigned i = 0; i < PEN_ADC_COUNT; ++i)
    in.adc[i] = i == PEN_ADC_CARTRIDGE_ID
                    ? std::uint16_t{1234}
                    : static_cast<std::uint16_t>(scrambled(static_cast<std::uint64_t>(k) * 16 + i) & 0xFFF);
  in.pins = static_cast<std::uint16_t>((k % 167 < 40 ? 1u << PEN_LINE_HALL : 0u) | 1u << PEN_LINE_CARTRIDGE |
                                       (k > 100 ? 1u << PEN_LINE_START : 0u));
  in.reset_cause = PEN_RESET_POWER_ON;
  if (k % 167 == 0 || k % 167 == 40) {
    in.edge_count = 1;
    in.edges[0] = {in.time_us - 3, PEN_LINE_HALL, static_cast<std::uint8_t>(in.pins & 1), 0};
  }
  if (k % 503 == 0) {
    in.uart_count = 3;
    std::memcpy(in.uart, "hi\n", 3);
  }
  if (k % 1009 == 0) {
    in.nvm_status = PEN_NVM_DONE;
    in.nvm_length = 16;
    std::memset(in.nvm_data, 0xA5, sizeof in.nvm_data);
  }
  in.aux[2] = static_cast<std::int32_t>(k / 700) * -1000;
  return in;
}

inline PenOut pen_out(Tick k) {
  PenOut out{};
  out.duty_q15 = static_cast<std::int16_t>(9000 - k % 211);
  out.bridge_mode = PEN_BRIDGE_DRIVE;
  out.watchdog = k % 20 == 0 ? PEN_WATCHDOG_KICK : 0;
  out.pins = 1u << PEN_OUT_ENABLE;
  out.stepper_steps = static_cast<std::int16_t>(k % 997 == 5 ? -4 : 0);
  if (k % 601 == 1) {
    out.uart_count = 2;
    out.uart[0] = 0;  // bytes of zero are bytes too
    out.uart[1] = 0;
  }
  if (k % 907 == 0) {
    out.nvm_command = PEN_NVM_WRITE;
    out.nvm_length = 16;
    out.nvm_address = static_cast<std::uint16_t>(k);
    std::memset(out.nvm_data, static_cast<int>(k & 0xFF) | 1, sizeof out.nvm_data);
  }
  out.aux[7] = k > 2500 && k < 4500 ? 5 : 0;
  return out;
}

inline float value(std::size_t column, Tick k) {
  if (column % 3 == 0) return static_cast<float>(column);  // constant
  if (column % 3 == 1)
    return static_cast<float>(scrambled(static_cast<std::uint64_t>(k) * 64 + column)) * 1e-6f - 1000.0f;
  return static_cast<float>(k / 1500) + static_cast<float>(column);
}

inline RecordingPlan plan() {
  ResolvedScenario scenario;
  scenario.plant.cartridge.needle_count = 12;
  scenario.watch = {"speed_loop.integral", "file.c:a/b"};
  scenario.commands.push_back({0, Command::Kind::fault, "hall.dropout", 1.0, 0, 0, ""});
  return recording_plan(scenario);
}

inline StrokeRow stroke(Tick end) {
  StrokeRow row;
  row.begin = end - 166;
  row.end = end;
  for (int i = 0; i < 11; ++i) row.value[i] = static_cast<float>(end) * static_cast<float>(i + 1);
  for (int i = 0; i < 12; ++i) row.needle_peak[i] = static_cast<float>(i) * 1e-4f;
  return row;
}

// Ticks [from, to) of the run.
inline void write(BlockWriter& writer, const RecordingPlan& p, Tick from, Tick to, RunHash* hash = nullptr) {
  std::vector<float> row(p.tick.size()), ms(p.ms.size()), slow(p.slow.size());
  for (Tick k = from; k < to; ++k) {
    if (k == 10) writer.command(k, "set user.depth 0.001");
    if (k % 4000 == 11) writer.command(k, "uart " + std::string(450, 'x') + std::to_string(k));
    if (k == 777) writer.finding(k, "HAL_ADC_Start is not answered by the port");
    if (k > 0 && k % 167 == 0) writer.stroke(stroke(k));
    if (k % p.ms_ticks == 0) {
      for (std::size_t i = 0; i < ms.size(); ++i) ms[i] = value(i + 1, k) + 0.5f;
      writer.ms(ms.data());
    }
    if (k % p.slow_ticks == 0) {
      for (std::size_t i = 0; i < slow.size(); ++i) slow[i] = static_cast<float>(k) + static_cast<float>(i);
      writer.slow(slow.data());
    }
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = value(i, k);
    const PenIn in = pen_in(k);
    const PenOut out = pen_out(k);
    writer.tick(row.data(), in, out);
    if (hash) hash->tick(in, out);
  }
}

}  // namespace pensim::recorded_run
