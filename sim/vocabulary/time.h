// time.h - time is an integer. A run counts firmware ticks; nanoseconds exist where instants are read or written.
#pragma once

#include <cstdint>

namespace pensim {

using Tick = std::int64_t;  // firmware ticks since the start of the run
using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds ns_per_s = 1'000'000'000;
inline constexpr Nanoseconds default_tick_ns = 50'000;

constexpr double seconds(Nanoseconds t) { return static_cast<double>(t) * 1e-9; }

}  // namespace pensim
