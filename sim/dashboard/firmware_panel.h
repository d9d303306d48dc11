// firmware_panel.h - what the firmware panel works out, without a pixel.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

struct StateSpan {
  Tick from = 0, to = 0;
  std::int64_t value = 0;
};
// The stretches of [from, to) in which a watched variable keeps its value; at most `most`, then the rest as one.
std::vector<StateSpan> state_spans(const Recording&, const std::string& signal, Tick from, Tick to,
                                   std::size_t most = 2000);

struct LogLine {
  Tick at = 0;
  enum class Kind : std::uint8_t { finding, command, reset, uart_in, uart_out } kind = Kind::finding;
  std::string text;
};
// Findings, commands, resets with their cause and console lines, in order of time.
std::vector<LogLine> event_log(const Recording&);

// Command for what was typed into a poke box: a number, or the name of an enumerator. Throws InputError.
Command poke_command(const std::string& symbol, const std::string& typed, Tick at);

}  // namespace pensim::dashboard
