// history.h - changes of the run and of the plots in the order in which they were made, to be taken back one by one.
#pragma once

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Once a frame, after drawing: notes what has changed. Plots that differ from the default ones are kept for the next
// run of the same kind (App::kept_plots).
void note_changes(App&);

bool can_undo(const App&);
bool can_redo(const App&);
// The last change, of whichever kind it was. App::notice says what was taken back. Throws InputError, and then nothing
// has changed.
void undo(App&);
void redo(App&);

// The live run holds changes that no file has.
bool unsaved(const App&);

// The plots to begin with: the kept ones, as far as this recording has their signals, else the default.
std::vector<Plot> first_plots(const App&);

}  // namespace pensim::dashboard
