// panels.h - a panel is a function of the app's state that fills the space it is given
// (ImGui::GetContentRegionAvail) and posts commands to the session; what it remembers is in state.h.
#pragma once

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

void draw_library(App&);  // scenarios and recordings: pick one
void draw_plots(App&);    // stacked plots on the shared time axis
void draw_picture(App&);  // the pen and the skin, to scale, at the cursor
void draw_strokes(App&);  // strokes aligned on phase (persistence), force over penetration, histograms
void draw_requirements(App&);
void draw_firmware(App&);   // states, console, watched variables, event log, load
void draw_timeline(App&);   // commands and faults as blocks: the fault calendar
void draw_compare(App&);    // table of margins, first difference
void draw_transport(App&);  // run, pause, step, speed, times

}  // namespace pensim::dashboard
