// prepare.h - scenarios and cores are read and checked before the first run: every problem of every file at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
  std::optional<double> timeout_s;  // wall clock for loading a core
  std::size_t shard = 1, shards = 1;
  enum class Cores : unsigned char {
    unread,  // scenarios only
    read,
    held  // read once, whatever happens to the files later (cores.h): for calls that run them in other processes
  } cores = Cores::read;
  bool twice = false, also_other_kind = false;  // find the files of these too
  std::vector<std::string> reproduce_with;      // further words of the line that reproduces a run
  SearchEvents search;
  std::function<bool()> stop;  // asked between scenarios; empty: never
};

// Reads, checks and resolves everything; every problem of every file goes to `problems`, nothing is thrown for bad
// input. No code of a core runs but in a process of its own.
std::vector<RunRequest> prepare(const PrepareOptions&, std::vector<InputProblem>& problems);

// The variables that a run watches and pokes exist in the core; enumerators of pokes become their numbers. A name that
// the scenario watches, and no requirement or measure reads, may be another core's: it is struck out of `watch` with a
// finding. `asked` are names that were asked for beside the scenario (--watch): they must exist. Loads nothing.
void check_core_names(ResolvedScenario& resolved, const Scenario& scenario, const std::vector<std::string>& asked,
                      const CoreSymbols& symbols, std::vector<InputProblem>& problems,
                      std::vector<std::string>& findings);

}  // namespace pensim
