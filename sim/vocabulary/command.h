// command.h - what enters a run from outside, at the tick in which it is taken: a line of a timeline, a click, a fault,
// a poke.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/vocabulary/time.h"
#include "sim/vocabulary/unique_names.h"

namespace pensim {

struct Command {
  enum class Kind : std::uint8_t { set, fault, poke, uart, reset };
  Tick at = 0;
  Kind kind = Kind::set;
  std::string name;    // settable (settables.inl, "aux.3"), fault (faults.inl) or core variable; "" for uart and
                       // reset
  double value = 0.0;  // SI; magnitude of a fault; for reset the PEN_RESET_* cause
  Tick over = 0;       // set: linear ramp from the value at `at`; 0 is a step
  Tick duration = 0;   // fault: 0 is until the end of the run
  std::string text;    // uart: bytes typed; poke: the enumerator whose number becomes `value`
};

struct Settable {
  const char* name;
  const char* unit;
  double start, low, high;
  const char* meaning;
};
struct FaultKind {
  const char* name;
  const char* unit;
  double magnitude, low, high;
  const char* meaning;
};

inline constexpr Settable settables[] = {
#define SETTABLE(name, unit, start, low, high, meaning) {name, unit, start, low, high, meaning},
#include "sim/vocabulary/settables.inl"
#undef SETTABLE
};
inline constexpr FaultKind fault_kinds[] = {
#define FAULT(name, unit, magnitude, low, high, meaning) {name, unit, magnitude, low, high, meaning},
#include "sim/vocabulary/faults.inl"
#undef FAULT
};
static_assert(unique_names(settables) && unique_names(fault_kinds), "a name stands twice");

}  // namespace pensim
