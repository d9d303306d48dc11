// baseline.h - margins of a run against those of the same scenario in an earlier folder of recordings.
#pragma once

#include "sim/run/request.h"
#include "sim/run/result.h"

namespace pensim {

// A margin that lost more than RunOptions::fail_on_drop of its former value fails a run that passed; without that
// option, and for a run that failed already, losses above 1 % are findings. So is a recording that is not there.
// Throws InputError if the recording cannot be read or was changed since.
void compare_baseline(const RunOptions&, RunResult&);

}  // namespace pensim
