// scenario_text.h - a scenario with other inputs, as the text of a scenario file: what a session saves, and what it
// checks itself by.
//
// What was not changed (keys, lines of a list) stays as it is written in the original, with its units and comments; a
// key that `--set` changes is written anew, without its comments. New numbers are written as people write them where
// that reads back to the same double, else in SI; instants as whole nanoseconds.
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
