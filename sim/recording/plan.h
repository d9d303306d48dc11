// plan.h - what a run samples, and in which order.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/vocabulary/signal_name.h"
#include "sim/vocabulary/signals.h"
#include "sim/vocabulary/time.h"

namespace pensim {

enum class RecordingKind : std::uint8_t { pen, rig };  // a rig has no core: no PenIn, no PenOut

inline constexpr int stroke_values_max = 16;

// What a run samples. The order of the lists is the order of the floats given to tick(), ms(), slow() and in
// StrokeRow::value.
struct RecordingPlan {
  RecordingKind kind = RecordingKind::pen;
  Nanoseconds tick_ns = default_tick_ns;
  Tick ms_ticks = 20;      // ms row i stands at tick i * ms_ticks
  Tick slow_ticks = 2000;  // slow row i stands at tick i * slow_ticks
  std::vector<SignalInfo> tick, ms, slow, stroke;
  int needles = 0;  // columns of StrokeRow::needle_peak that are kept
};

struct StrokeRow {
  Tick begin = 0, end = 0;
  float value[stroke_values_max] = {};
  float needle_peak[needles_max] = {};  // deepest penetration of each needle in this stroke; 0 if it did not
                                        // enter
};

}  // namespace pensim
