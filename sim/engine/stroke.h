// stroke.h - strokes and dose, from the truth of each tick. A stroke runs from one passage of the retracted dead centre
// to the next.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "sim/vocabulary/signal_name.h"
#include "sim/vocabulary/time.h"

namespace pensim {

// What one tick says about the needles.
struct StrokeInput {
  Nanoseconds now_ns = 0;       // instant of the tick
  bool boundary = false;        // the retracted dead centre was passed since the last tick ...
  Nanoseconds boundary_ns = 0;  // ... at this instant
  double extension_m = 0.0, force_N = 0.0, lateral_speed_m_per_s = 0.0;
  std::int64_t in_skin = 0, punctured = 0;
  const double* penetration_m = nullptr;  // per needle; 0 if not in the skin
  int needle_count = 0;
  double track_m = 0.0;  // position along the lane
  std::int64_t lane = 0;
};

// One row of /strokes.
struct Stroke {
  std::int64_t index = 0;   // strokes completed, this one included
  Tick begin = 0, end = 0;  // ticks at which its boundaries were seen
  double period_s = 0.0;
  double extension_peak_m = -1.0, force_peak_N = 0.0;
  double penetration_peak_m = 0.0, penetration_mean_m = 0.0, penetration_min_m = 0.0;
  double dwell_s = 0.0, drag_m = 0.0;
  double puncture_count = 0.0, density_per_m2 = 0.0, density_max_per_m2 = 0.0;
  std::array<float, needles_max> needle_penetration_peak_m{};
};

// Punctures are counted in cells of the treated lane: 1 mm along it, as wide as the array.
inline constexpr int dose_lanes = 16, dose_cells = 256;

struct StrokeTracker {
  Nanoseconds last_boundary_ns = -1;  // before the first boundary
  double last_period_s = 0.0;
  Stroke current{};
  std::int64_t punctured_before = 0;
  std::int64_t cells_touched = 0, cell_max = 0;
  std::array<std::int64_t, dose_lanes * dose_cells> cell{};
};

// Moves by one tick. True when a stroke was completed: `completed` is its row. The time before the first boundary is no
// stroke.
bool stroke_step(StrokeTracker&, const StrokeInput&, Tick tick, double tick_s, double lane_width_m, Stroke& completed);

// max(last period, time since the last boundary); 0 before the first whole stroke, which is the first that was
// measured.
inline double stroke_period_s(const StrokeTracker& s, Nanoseconds now_ns) {
  if (s.last_period_s <= 0.0) return 0.0;
  return std::max(s.last_period_s, seconds(now_ns - s.last_boundary_ns));
}
// Its inverse; 0 before the first whole stroke. While a stroke lasts longer than the last one: an upper bound.
inline double stroke_rate_Hz(const StrokeTracker& s, Nanoseconds now_ns) {
  const double period_s = stroke_period_s(s, now_ns);
  return period_s > 0.0 ? 1.0 / period_s : 0.0;
}

}  // namespace pensim
