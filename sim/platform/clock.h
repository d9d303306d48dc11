// clock.h - how long something took for the user: never a time that a run could see.
#pragma once

#include <chrono>

namespace pensim {

// Seconds of a clock that only goes forward, from an arbitrary zero.
inline double wall_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace pensim
