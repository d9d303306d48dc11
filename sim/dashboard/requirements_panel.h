// requirements_panel.h - what the list of requirements works out, without a pixel.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/app.h"

namespace pensim::dashboard {

// Rows of a judged recording, or of what a live run has been judged so far; worst margin over scale first, what has no margin last.
void refresh_requirements(App&, double wall_s);

// A formula for reading: a new line before each and, or, implies, indented by its brackets.
struct FormulaLine { int begin = 0, end = 0, indent = 0; };
std::vector<FormulaLine> formula_lines(const std::string& text);

// Selects it and moves the cursor to where it is closest to failing.
void select_requirement(App&, const RequirementsState::Row&);

}  // namespace pensim::dashboard
