// run_child.h - what happens in the process of a run: the core is opened, the engine runs, the end is told.
#pragma once

#include <string>

#include "firmware_shim/crash.h"
#include "sim/blocks.h"
#include "sim/engine.h"
#include "sim/run.h"

namespace pensim {

// Why a core cannot be loaded ("" if it can): asked in a process of its own, since loading runs what a stranger wrote.
std::string core_refusal(const std::string& path);

// The body of a run. Fills `status`; returns when the run is over.
void run_body(const RunRequest&, const std::string& core_path, BlockStore&, RunStatus&, CrashPage*);

}  // namespace pensim
