// requirements_panel.h - what the list of requirements works out, without a pixel.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Rows of a judged recording, or of what a live run has been judged so far; worst margin over scale first, what has no
// margin last.
void refresh_requirements(App&, double wall_s);

// Of a recording that may not have come to its planned end. A formula that it cannot answer is invalid, with the
// reason.
Verdict judge_so_far(const Requirement&, const Recording&, Tick planned);
double measure_so_far(const Measure&, const Recording&, Tick planned);
Verdict verdict_of(const RecordedVerdict&);

// A formula for reading: a new line before each and, or, implies, indented by its brackets.
struct FormulaLine {
  int begin = 0, end = 0, indent = 0;
};
std::vector<FormulaLine> formula_lines(const std::string& text);

// Selects it and moves the cursor to where it is closest to failing.
void select_requirement(App&, const RequirementsState::Row&);

}  // namespace pensim::dashboard
