// timeline_edit.h - commands of the timeline as they are written, placed and changed; the drawing is timeline.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

std::string unit_of(const Command&);     // "" for what has none
const char* meaning_of(const Command&);  // "" for a core variable
std::string value_text(const Command&);  // as it is typed: "1.5 mm", "on", "brown_out"; "" where there is no value
std::string length_text(const Command&, Nanoseconds tick_ns);  // of a ramp or fault: "0.5 s", "0 s" for a step, "to the
                                                               // end"
Tick end_of(const Command&, Tick run_end);                     // of a ramp or fault; else its tick

// Reads what the user typed into the editor. Throws QuantityError.
Command edited(Command, const std::string& value, const std::string& at, const std::string& length,
               Nanoseconds tick_ns);

// The command after `part` of it was dragged to `tick`: its begin, its end, or all of it; inside the run. A fault lasts
// at least one tick, and to the end if dragged there; a ramp may become a step.
Command dragged(Command, TimelineState::Part part, Tick tick, Tick run_end);
// The nearest begin or end of another command within `reach` ticks, if there is one.
std::optional<Tick> nearest_edge(const std::vector<Command>&, int except, Tick tick, Tick reach, Tick run_end);

// A change of the session's timeline; the changed command is selected. What is refused becomes `message`, and nothing
// has changed.
bool post_command(App&, const Command&, std::string& message);
bool replace_command(App&, int index, const Command&, std::string& message);
void erase_command(App&, int index);

// A new fault or setting at that tick: the magnitude of the table, the other position of a switch, else what holds
// there.
Command new_command(const App&, const std::string& name, bool fault, Tick at);

// The commands on show: those of the session, else those of the recording. Reads the recording's when it is another
// one.
const std::vector<Command>& commands_on_show(App&);
// The setting before the first command; 0 if it is not known.
double initial_value(const App&, const std::string& name);

// To whole milliseconds (ticks where those stand far apart), to the edges of other commands and the cursor where they
// are near.
Tick snapped(const App&, double at_s, int but, double ms_pixels, double near_s, bool free);

}  // namespace pensim::dashboard
