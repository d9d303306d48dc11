// strokes.h - what the strokes panel works out, without a pixel.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Row of /strokes that holds the tick (else the last one before it); -1: none.
int stroke_of(const Recording&, Tick tick);

// Rows of /strokes laid over each other around `stroke`: at most `most`, only those that lie in [from, to] where any
// do.
struct StrokeSpan {
  int first = 0, last = -1;
};
StrokeSpan strokes_around(const Recording&, int stroke, Tick from, Tick to, int most);

// One value per stroke, as shown: a column of /strokes, or "stroke.period" between interpolated boundaries.
std::vector<double> stroke_values(const Recording&, const std::string& name, StrokeSpan span);

// Lays strokes over each other: each sample stands at its phase, 0..1 between the boundaries of its stroke. Kept while
// nothing changed.
void lay_over(StrokesState::Overlay&, const Recording&, const std::string& signal, StrokeSpan span, int phases,
              int levels);

// What the needles do from one tick to the next.
enum class Phase : std::uint8_t { free, tent, puncture, cutting, dwell, withdrawal };
struct PhaseInput {
  double penetration_m, before_m, force_N, in_skin, punctures;
};  // punctures since the tick before
Phase phase_of(const PhaseInput&);
const char* phase_name(Phase);

}  // namespace pensim::dashboard
