// measures.h - the table between the marks A and B.
#pragma once

#include <string>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

void draw_measures(App&);  // of the last used plot; both marks are there
// The whole table; "" without two marks.
std::string measures_csv(App&);

}  // namespace pensim::dashboard
