#include "sim/engine/stroke.h"

#include <algorithm>
#include <cmath>

namespace pensim {
namespace {

constexpr double cell_length_m = 1e-3;

void count_dose(StrokeTracker& s, const StrokeInput& in, std::int64_t punctures) {
  if (punctures <= 0) return;
  const auto lane = std::clamp<std::int64_t>(in.lane, 0, dose_lanes - 1);
  const auto index =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(in.track_m / cell_length_m)), 0, dose_cells - 1);
  std::int64_t& cell = s.cell[static_cast<std::size_t>(lane * dose_cells + index)];
  if (cell == 0) ++s.cells_touched;
  cell += punctures;
  s.cell_max = std::max(s.cell_max, cell);
}

}  // namespace

bool stroke_step(StrokeTracker& s, const StrokeInput& in, Tick tick, double tick_s, double lane_width_m,
                 Stroke& completed) {
  count_dose(s, in, in.punctured - s.punctured_before);
  s.punctured_before = in.punctured;

  bool done = false;
  if (in.boundary) {
    if (s.last_boundary_ns >= 0) {
      completed = s.current;
      completed.end = tick;
      completed.period_s = seconds(in.boundary_ns - s.last_boundary_ns);
      s.last_period_s = completed.period_s;
      double sum = 0.0, least = in.needle_count > 0 ? 1.0 : 0.0;
      for (int i = 0; i < in.needle_count; ++i) {
        const double peak = static_cast<double>(completed.needle_penetration_peak_m[static_cast<std::size_t>(i)]);
        sum += peak;
        least = std::min(least, peak);
      }
      completed.penetration_mean_m = in.needle_count > 0 ? sum / in.needle_count : 0.0;
      completed.penetration_min_m = least;
      completed.puncture_count = static_cast<double>(in.punctured);
      const double cell_area_m2 = cell_length_m * lane_width_m;
      if (s.cells_touched > 0) {
        completed.density_per_m2 =
            static_cast<double>(in.punctured) / (static_cast<double>(s.cells_touched) * cell_area_m2);
        completed.density_max_per_m2 = static_cast<double>(s.cell_max) / cell_area_m2;
      }
      done = true;
    }
    const std::int64_t index = s.current.index + 1;
    s.current = Stroke{};
    s.current.index = index;
    s.current.begin = tick;
    s.last_boundary_ns = in.boundary_ns;
  }
  if (s.last_boundary_ns < 0) return false;

  Stroke& c = s.current;
  c.extension_peak_m = std::max(c.extension_peak_m, in.extension_m);
  c.force_peak_N = std::max(c.force_peak_N, in.force_N);
  if (in.in_skin > 0) {
    c.dwell_s += tick_s;
    c.drag_m += std::fabs(in.lateral_speed_m_per_s) * tick_s;
    for (int i = 0; i < in.needle_count; ++i) {
      float& peak = c.needle_penetration_peak_m[static_cast<std::size_t>(i)];
      const auto now = static_cast<float>(in.penetration_m[i]);
      if (now > peak) {
        peak = now;
        c.penetration_peak_m = std::max(c.penetration_peak_m, in.penetration_m[i]);
      }
    }
  }
  return done;
}

}  // namespace pensim
