// legend.h - the names and numbers beside a plot.
#pragma once

#include <string>

#include "sim/dashboard/state.h"
#include "sim/draw/axes.h"

namespace pensim::dashboard {

std::string label_of(const std::string& signal);

// The numbers of an entry: of one run; of two A, B and B - A; of a difference B - A alone.
struct LegendNumbers {
  std::string value, second, change;
};
LegendNumbers legend_numbers(App&, const Plot&, const std::string& signal, double at_s);
// With the stroke that a value per stroke is of: "dwell, stroke 212".
std::string legend_label(const App&, const std::string& signal, double at_s);
std::string legend_hint(const App&, const std::string& signal, double at_s);

// Of plot number `index`; entries are pressed, dragged, removed; longer than the room, it is scrolled.
void draw_legend(App&, Plot&, int index, const Rect& room);

}  // namespace pensim::dashboard
