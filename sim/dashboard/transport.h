// transport.h - moving in time: what the transport bar, the keys and the panels ask for.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

enum class Step : std::uint8_t { tick, control, stroke, event };  // control: 1 ms

void play_or_pause(App&);
void step(App&, Step unit, int direction);  // beyond what was computed the session runs on
void seek(App&, double at_s);               // pauses
void change_speed(App&, int direction);     // 0.001 0.002 0.005 ... 100, then as fast as it goes
std::string speed_text(double speed);

// Once a frame, before drawing: lets the session run, moves the cursor.
void advance(App&, double wall_s);
// Points main, other and ghost to what the session has now: after anything that may have dropped a run.
void take_runs(App&);

// Instants that `step` by event stops at, ascending: commands, findings, failures, the end of a fault.
std::vector<double> event_times(const App&);

// --- the shared time axis ---
void fit_plots(App&);  // the whole run, fitted scales
void show_stretch(App&, double from_s, double to_s);

}  // namespace pensim::dashboard
