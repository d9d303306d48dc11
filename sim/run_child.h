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

struct BodyOptions {
  const CrashReport* crash_report = nullptr;  // null: no handlers; a debugger sees the fault itself
  bool lock_host_memory = false;              // find a core that writes where it must not
  int heap_fill = 0;                          // 1..255: fresh memory is filled with it
};

// The body of a run, in the process of the run. Fills `status`; returns when the run is over (a hang with a crash report does not).
void run_body(const RunRequest&, const std::string& core_path, const BodyOptions&, BlockStore&, RunStatus&);

}  // namespace pensim
