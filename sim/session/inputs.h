// inputs.h - what can be changed in a session, and where two timelines differ.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/vocabulary/command.h"
#include "sim/vocabulary/time.h"

namespace pensim {

struct Inputs {
  std::vector<Command> timeline;  // sorted by tick
  Nanoseconds tick_ns = default_tick_ns;
  std::vector<std::string> overrides, watch;  // --set; names of core variables
};

// To the bit: a value that is not a number equals itself.
bool same_timeline(const std::vector<Command>& a, const std::vector<Command>& b);
// The first tick at which they differ, if they do.
std::optional<Tick> first_difference(const std::vector<Command>& a, const std::vector<Command>& b);

// Clears what a line of this kind does not hold, so that the command reads back from a scenario as it is.
void tidy(Command&);

// For messages: "fault hall.dropout at 2 s".
std::string described(const Command&, Nanoseconds tick_ns);

}  // namespace pensim
