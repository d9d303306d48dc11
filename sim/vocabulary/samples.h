// samples.h - the values of one signal over a run, as float32 (what was sampled is what is judged, plotted and stored).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/vocabulary/time.h"

namespace pensim {

// A value is held from its sample until the next one. Uniform: sample i stands at tick i * period_ticks (tick is
// empty).
// By stroke: sample i stands from tick[i] on, tick[0] == 0, ascending.
struct Samples {
  std::vector<float> value;
  Tick period_ticks = 1;
  std::vector<Tick> tick;
};

}  // namespace pensim
