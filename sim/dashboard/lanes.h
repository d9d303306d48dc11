// lanes.h - switches and signals whose values have names, as lanes on the time axis of the plots.
#pragma once

#include <string>

#include "sim/dashboard/state.h"
#include "sim/draw/axes.h"

namespace pensim::dashboard {

// `gutter`: room for the name at its left. The pointer over it tells how long the state lasts and how often it comes.
// Of two runs the upper half is the main one's.
void draw_lane(App&, ImDrawList*, const Rect& lane, const Axis& x, const std::string& signal, float gutter);

}  // namespace pensim::dashboard
