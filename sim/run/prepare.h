// prepare.h - scenarios and cores are read and checked before the first run: every problem of every file at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware_shim/symbols/symbols.h"
#include "sim/run/request.h"
#include "sim/scenario/scenario.h"

namespace pensim {

// What a run is asked for on the command line; shared by `run` and `check`.
struct PrepareOptions {
  std::vector<std::string> paths;
  std::vector<std::string> overrides;  // --set
  std::vector<std::string> watch;
  std::optional<std::string> firmware;
  std::optional<std::uint64_t> seed;
  std::string filter;
  bool always = true;
  int shard = 1, shards = 1;
};

// Reads, checks and resolves everything; every problem of every file goes to `problems`, nothing is thrown for bad
// input.
std::vector<RunRequest> prepare(const PrepareOptions&, std::vector<InputProblem>& problems);

// The variables that a run watches and pokes exist in the core; enumerators of pokes become their numbers. Loads
// nothing.
void check_core_names(ResolvedScenario& resolved, const Scenario& scenario, const CoreSymbols& symbols,
                      std::vector<InputProblem>& problems);

}  // namespace pensim
