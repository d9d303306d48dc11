// timeline.h - the fault calendar without a pixel: lanes, and what a drag makes of a command.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/app.h"

namespace pensim::dashboard {

// The timeline of the session, or the one that a recording was made with.
std::vector<Command> commands_of(const App&);

// One lane per fault and setting, faults first, in the order of their tables; pokes, UART and resets share the last one, "".
std::vector<std::string> lanes_of(const std::vector<Command>&);
std::string lane_of(const Command&);

// The command after `part` of it was dragged to `tick`: its begin, its end, or all of it. Stays inside [0, duration]; at least one tick long.
Command dragged(const Command& before, TimelineState::Part part, Tick tick, Tick duration);

// The nearest begin or end of another command within `reach` ticks, else the tick itself.
Tick snap(const std::vector<Command>&, int except, Tick tick, Tick reach);

// A fault or setting with its usual value, placed at a tick. A fault lasts a tenth of the stretch on show.
Command placed(const std::string& name, bool fault, Tick at, Tick length);

std::string unit_of(const Command&);
std::string meaning_of(const Command&);
std::string value_text(const Command&);  // "1.5 mm", "on", "" for a fault without a magnitude

}  // namespace pensim::dashboard
