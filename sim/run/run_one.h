// run_one.h - one run: its process, what it left behind explained, judged, and kept if it is worth keeping.
#pragma once

#include "sim/recording/recording.h"
#include "sim/run/request.h"
#include "sim/run/result.h"

namespace pensim {

// What a recording says of its run before it has ended.
RecordingMeta meta_of(const RunRequest&);

// Used by a worker of run_all, by rerun and by --no-fork. The core runs in a child of the calling process, unless
// RunOptions::fork is false.
RunResult run_one(const RunRequest&, const RunOptions&);

}  // namespace pensim
