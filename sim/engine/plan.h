// plan.h - what a run records: the columns of its rows, in order. Those of signals.inl come first, as sample.h fills
// them; then, every tick, watched variables (scenario.watch), faults of the timeline and, if each needle is recorded,
// its force and penetration.
#pragma once

#include "sim/recording/plan.h"
#include "sim/scenario/resolve.h"

namespace pensim {

// every_fault: a column for each fault there is, for a live session, whose timeline may change.
RecordingPlan recording_plan(const ResolvedScenario&, bool every_fault = false);

}  // namespace pensim
