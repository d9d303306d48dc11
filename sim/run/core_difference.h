// core_difference.h - two builds of a core fed with the same inputs: the first variable in which they part.
//
// Both get the PenIn of a recording, from its first tick on; after each tick every number of file scope that both have
// under one name is compared as a double (NaN equals NaN). Left out: pointers, since the same object lies elsewhere in
// another build, and what only one side has.
#pragma once

#include <cstddef>
#include <string>

#include "firmware_shim/symbols/symbols.h"
#include "firmware_shim/target.h"
#include "sim/recording/recording.h"

namespace pensim {

struct CoreDifference {
  std::size_t compared = 0;  // variables
  bool found = false;
  Tick tick = 0;
  std::string variable, a, b;  // the first in order of names of those that part in this tick
  std::size_t others = 0;      // that part in the same tick
};

// Up to and with tick `last`.
CoreDifference core_difference(const Recording& inputs, Tick last, Target& a, const CoreSymbols& of_a, Target& b,
                               const CoreSymbols& of_b);

// "speed_loop.integral parts first, at tick 812 (0.0406 s): 0.25 | 0.251; 3 others in the same tick"
std::string core_difference_text(const CoreDifference&, Nanoseconds tick_ns);

// Such a text of two cores, found in a process of its own, or a sentence why there is none.
std::string first_variable_apart(const Recording& inputs, Tick last, const TargetSpec& a, const TargetSpec& b);

}  // namespace pensim
