// formulas.h - the formulas of a scenario against what its run records.
#pragma once

#include <vector>

#include "sim/input/input_error.h"
#include "sim/recording/recording.h"
#include "sim/scenario/resolve.h"

namespace pensim {

// How many ticks the run was to have: `end` of formulas. A rig that came to its end had as many as it took.
Tick planned_ticks(const ResolvedScenario&, const Recording&);

// Every formula and measure of a scenario: unknown names, dimensions, windows that hold no tick.
std::vector<InputProblem> check_formulas(const ResolvedScenario&);

}  // namespace pensim
