// requirements_panel.h - what the list of requirements works out, without a pixel.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Rows of a judged recording, or of what a live run has been judged so far; worst margin over scale first, what has no
// margin last.
void refresh_requirements(App&, double wall_s);
// A live run whose verdicts are not (all) those of what is on show.
bool being_judged(const App&);
// Of all that is on show: recorded, or of a live run that has ended and was judged; none: not known.
std::optional<RunVerdict> run_verdict(const App&);

Verdict verdict_of(const RecordedVerdict&);

// A formula for reading: a new line before each and, or, implies, indented by its brackets.
struct FormulaLine {
  int begin = 0, end = 0, indent = 0;
};
std::vector<FormulaLine> formula_lines(const std::string& text);

// For each part of a formula (in the order of explain): does it have to hold, or not to hold, at `tick`, so that the
// formula does? Neither for what is outside the window of the outermost `always`, behind an antecedent that is false,
// beside what fulfils an `or`, and where any one of many instants would do.
std::vector<Need> needs_of(const Formula&, const std::vector<PartTruth>&, Tick tick, Tick planned, Nanoseconds tick_ns);

// Selects it and moves the cursor to where it is closest to failing.
void select_requirement(App&, const RequirementsState::Row&);
// The next (-1: previous) one of those on show.
void walk_requirements(App&, int direction);

}  // namespace pensim::dashboard
