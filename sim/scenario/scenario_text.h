// scenario_text.h - a scenario with other inputs, as the text of a scenario file: what a session saves, and what it
// checks itself by.
//
// The keys of the original stay in their order (comments are lost); `--set` overrides are merged; timeline and watch
// are replaced.
// Numbers are printed in SI with the digits that read back to the same double, instants as whole nanoseconds.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace pensim {

struct ScenarioEdits {
  std::vector<std::string> overrides;  // instead of those of the original
  std::vector<Command> timeline;       // at ticks of `tick_ns`
  Nanoseconds tick_ns = default_tick_ns;
  std::vector<std::string> watch;
  std::vector<Requirement> require;  // in addition to the original's own
};

// `folder`: where the text will stand; paths of files in or below it are written relative to it, others absolute. "":
// all absolute.
// Throws InputError for an override that does not fit.
std::string scenario_text(const Scenario& original, const ScenarioEdits& edits, const std::string& folder);

}  // namespace pensim
