// run.h - runs scenarios: every run in a process of its own, recorded, judged, and kept if it is worth keeping.
//
//   caller ── worker (one per job; trusted: reads blocks, judges, writes HDF5) ── child (plant and core; may crash)
//
// What the core does to the child cannot reach the recording (blocks.h) nor the verdict; what the worker says goes to
// the caller as one JSON text through a pipe. A worker that dies is a verdict `error`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firmware_shim/symbols/symbols.h"
#include "sim/recording/recording.h"
#include "sim/run/result.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/scenario.h"

namespace pensim {

enum class Keep { all, failed, none };

struct RunOptions {
  std::string out_dir = "runs";
  Keep keep = Keep::all;
  int jobs = 1;
  bool twice = false;  // run again with another heap fill and load address; the hashes must be equal
  bool fork = true;    // false: in the calling process, for gdb, perf, valgrind; one scenario
  bool compress = false;
  std::string baseline_dir;  // recordings of an earlier call; margins are compared
  double fail_on_drop = -1;  // share of a margin that may be lost against the baseline; < 0: report only
};

// Everything that one run needs, checked.
struct RunRequest {
  std::string label;          // as shown and reported
  std::string scenario_text;  // of the file, for the recording
  ResolvedScenario resolved;
  std::string core_path;       // shared object; "" for a rig
  std::string reproduce;       // the one line
  std::string recording_path;  // "": from the label
  double prepare_s = 0;        // time taken to read it
};

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

// The file of a core: NAME in build/cores beside the program, the install prefix and PENSIM_CORES, or native:PATH.
// Throws InputError.
std::string find_core(const std::string& firmware);

// Where the recording of a scenario goes: out_dir + the label without its extension + ".h5", never outside out_dir.
std::string recording_path(const std::string& out_dir, const std::string& label);

// What a recording says of its run before it has ended.
RecordingMeta meta_of(const RunRequest&);

// One run in the calling process' children; used by a worker, by rerun and by --no-fork.
RunResult run_one(const RunRequest&, const RunOptions&);

// Called in the process of the caller, by its thread.
struct RunEvents {
  std::function<void(const std::string& label)> started;
  std::function<void(const RunResult&)> ended;
};

// All of them, `jobs` at a time; results in the order of the requests.
std::vector<RunResult> run_all(const std::vector<RunRequest>&, const RunOptions&, const RunEvents&);

}  // namespace pensim
