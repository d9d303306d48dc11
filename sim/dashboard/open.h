// open.h - what is on show: a scenario that runs, a recording, two of them, or the library.
#pragma once

#include <string>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// All throw InputError, and then nothing has changed.
void open_scenario(App&, const std::string& path, const SessionOptions& options = {});
void open_recording(App&, const std::string& path);
// The scenario inside the recording on show, run live up to the cursor.
void open_live(App&, const SessionOptions& options = {});
void open_comparison(App&, const std::string& path, const std::string& other);
// By what the file is: HDF5 or text.
void open_any(App&, const std::string& path);

void show_library(App&);  // drops a live run
// To the library, or out: at once, or after a question if the live run holds changes that no file has.
void leave(App&, Overlay::Leave);
bool may_close(App&);  // the window: false if it has to be asked first  // ends the session

double computed_s(const App&);   // end of what there is
double last_tick_s(const App&);  // its last tick: as far as the cursor goes
double duration_s(const App&);   // end of the run as planned

}  // namespace pensim::dashboard
