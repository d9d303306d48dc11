// plots.h - what the plots work out, without a pixel.
#pragma once

#include <string>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// The plots that a recording of its kind begins with.
std::vector<Plot> default_plots(const Recording&);

// Moves the cursor to the largest (smallest) value, in the part of the run that is on show, of the highlighted signal,
// else of the first one of the last used plot.
void go_to_extreme(App&, bool largest);

// What a plot shows as CSV, in its units: the time in seconds, then every signal as it is held; each tick, or every
// n-th so that there are at most `most` rows.
std::string plot_csv(const App&, const Plot&, Tick most = 20000);

}  // namespace pensim::dashboard
