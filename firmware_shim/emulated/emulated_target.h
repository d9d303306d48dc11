// emulated_target.h - a core as the very ARM code that goes into the pen, on an emulated Cortex-M, in the process of
// its run.
//
// Linked into pensim-emulated only (libunicorn). A file is what pensim_add_core links as NAME.elf, or what somebody
// linked with our guest runtime (emulated/guest) and a port.
//
// Reset. Memory goes back to what the file says (.noinit: only at power-on), the processor to its reset state;
// constructors and boot() run inside the next step, then main(). There is no start-up code of the guest's own.
//
// Step. The runtime of a native core does the scheduling (host_runtime.h), the guest only computes. Functions called at
// rates are called as functions; handlers of shapes main and registers are entered as exceptions, so that naked
// handlers, SVC, and PendSV that changes the process stack work.
//
// timing: ideal     time passes where the core waits, exactly as in a native core: same hash
// timing: counted   instructions take time as well (thumb.h); handlers come between any two instructions;
//                   reading a volatile or the clock takes no time of its own. Functions called at rates become
//                     interrupt handlers of
//                   their priority over a main() that sleeps. Its hash is its own.
//
// Faults: a bad access, a jump to where no code is, an undefined instruction, BKPT, an SVC that nobody answers or that
// is masked, a stack that leaves its memory, abort(), exit(), and 50 million instructions without time passing. The
// guest's own fault handlers are not run: the fault is the verdict.
#pragma once

#include <memory>

#include "firmware_shim/target.h"

namespace pensim {

// Throws std::runtime_error for what is the user's: no such file, no core, another version of the seam.
std::unique_ptr<Target> open_emulated(const TargetSpec& spec);

}  // namespace pensim
