// samples.h - the values of one signal over a run, as float32 (what was sampled is what is judged, plotted and stored).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/vocabulary/time.h"

namespace pensim {

// A value is held from its sample until the next one. Uniform: sample i stands at tick i * period_ticks (tick is
// empty).
// By stroke: sample i stands from tick[i] on, tick[0] == 0, ascending.
// Those of a long run, uniform ones, are not held but read, piece by piece: `value` is empty then.
struct Samples {
  std::vector<float> value;
  Tick period_ticks = 1;
  std::vector<Tick> tick;
  std::int64_t count = 0;  // with `read`
  std::function<void(std::int64_t first, std::int64_t count, float* values)> read = {};

  std::int64_t size() const { return read ? count : static_cast<std::int64_t>(value.size()); }
};

}  // namespace pensim
