// rebuild.h - from a changed core to its curves: the core is built again, the run done again, what was there before is
// compared with it.
#pragma once

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Why the core of what is on show cannot be built again; "" if it can.
std::string cannot_rebuild(const App&);

// Begins; nothing waits for the compiler. If it fails, app.rebuild holds its messages and the run on show stays. If it
// succeeds, a session reloads its core and comes up to where it was; a recording's scenario is run as a session to its
// end, as fast as it goes. The run on show becomes app.other.
void rebuild_and_rerun(App&);

// Once a frame.
void advance_rebuild(App&);

}  // namespace pensim::dashboard
