// run_all.h - runs scenarios: every run in a process of its own, recorded, judged, and kept if it is worth keeping.
//
//   caller ── worker (one per job; trusted: reads blocks, judges, writes HDF5) ── child (plant and core; may crash)
//
// What the core does to the child cannot reach the recording (recording/block_writer.h) nor the verdict; what the
// worker says goes to the caller as one JSON text through a pipe. A worker that dies is a verdict `error`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/platform/process.h"
#include "sim/run/request.h"
#include "sim/run/result.h"

namespace pensim {

// Called in the process of the caller, by its thread.
struct RunEvents {
  std::function<void(const std::string& label)> started;
  std::function<void(const RunResult&)> ended;
};

// All of them, `jobs` at a time; results in the order of the requests. With `signals`, one that was noted ends it: runs
// under way are killed, and these and the rest have the verdict `error`, whose cause names the signal.
std::vector<RunResult> run_all(const std::vector<RunRequest>&, const RunOptions&, const RunEvents&,
                               const EndSignals* signals = nullptr);

}  // namespace pensim
