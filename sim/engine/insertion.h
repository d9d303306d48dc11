// insertion.h - one run of `rig: insertion`: the machine of models/insertion_rig.h, row by row. There is no core; the
// run is one stroke.
//
// A row stands every tick_ns of the scenario and holds the state at its instant. Within a row the machine takes equal
// steps: a twenty-thousandth of the travel (1 to 50 us) while it moves, up to 50 us while it holds, and a fortieth of a
// period of the vibration at most. The run ends with the row in which the machine is done.
//
// The hash covers the state of the rig every 20 rows and at the end.
#pragma once

#include <string>
#include <vector>

#include "models/insertion_rig.h"
#include "sim/engine/engine.h"
#include "sim/recording/block_writer.h"
#include "sim/scenario/resolve.h"

namespace pensim {

// The one stroke of a run; mean and min over the needles when it ends.
struct RigStroke {
  double extension_peak_m = 0, penetration_peak_m = 0, penetration_mean_m = 0, penetration_min_m = 0;
  double force_peak_N = 0, dwell_s = 0;
  double needle_peak_m[needle_count_max] = {};
};

// Everything that changes during a run; the column `read` of signals.inl names its members as rig.*.
struct RigWorld {
  InsertionState state;
  double extension_m = 0;  // past nose or base plate, which stand on the skin until the needles are out by their
                           // length; without either: past the skin
  RigStroke stroke;
};

// The machine that a scenario describes, in the terms of the model.
InsertionParams insertion_params(const ResolvedScenario& scenario);

// What a machine cannot do: needles that do not fit through the nose. `file` stands for the place in messages.
std::vector<InputProblem> check_rig(const ResolvedScenario& scenario, const std::string& file);

// `writer` was opened with recording_plan(scenario).
void run_rig(const ResolvedScenario& scenario, BlockWriter& writer, RunStatus& status);

}  // namespace pensim
