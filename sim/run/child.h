// child.h - what happens in the process of a run: opens the core, runs the engine, and reports how it ended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firmware_shim/native/crash.h"
#include "sim/engine/engine.h"
#include "sim/recording/block_writer.h"
#include "sim/run/guarded.h"
#include "sim/run/request.h"
#include "sim/run/result.h"

namespace pensim {

struct BodyOptions {
  const CrashReport* crash_report = nullptr;  // null: no handlers; a debugger sees the fault itself
  GuardOptions guard;                         // with a crash report
  int heap_fill = 0;                          // 1..255: fresh memory is filled with it
  // A live run asks it how far to go: called before tick `next`, returns the first tick that is not allowed yet. It may
  // wait, change the commands from `next` on (then it says so), or leave a copy of the process. Empty: the run goes to
  // its end.
  struct Pass {
    Tick allowed = 0;
    bool commands_changed = false;
  };
  std::function<Pass(Tick next, std::vector<Command>& commands, BlockWriter& writer)> gate;
};

// The body of a run, in the process of the run. Fills `status`; returns when the run is over (a hang with a crash
// report does not).
void run_body(const RunRequest&, const TargetSpec& core, const BodyOptions&, BlockStore&, RunStatus&);

// Why a core with this tick cannot run in a pen with that one; "" if it can.
std::string tick_refusal(std::uint32_t core_tick_us, Nanoseconds pen_tick_ns);

// How the process of a run ended, as its parent found it.
struct ProcessEnd {
  CrashVerdict crash;
  std::string damage;  // guard words of the status page; "" if they are whole
  const RunStatus& status;
  std::string gave_up;  // why the parent ended it; "" if it did not
};
bool ended_well(const ProcessEnd&);
// If it is a verdict on the firmware.
std::optional<FirmwareFault> firmware_fault(const ProcessEnd&, Nanoseconds tick_ns);
// Else, if it did not end well: why, as an internal error.
std::string error_cause(const ProcessEnd&);

}  // namespace pensim
