// settings.h - the values of everything settable, with their ramps, and the faults that are active. Commands change
// them; nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>

#include "firmware_shim/pen_shim.h"
#include "sim/vocabulary/command.h"
#include "sim/vocabulary/time.h"

namespace pensim {

struct Settings {
  struct Value {
    double now = 0.0;
    double from = 0.0, to = 0.0;  // ramp
    Tick begin = 0, length = 0;   // length 0: no ramp under way
  };
  struct Active {
    bool on = false;
    double magnitude = 0.0;
    Tick until = 0;  // first tick without it; 0: the end of the run
  };
  std::array<Value, std::size(settables)> value{};
  std::array<Active, std::size(fault_kinds)> fault{};
  std::array<std::int32_t, PEN_AUX> aux{};
  int ramps = 0;        // under way
  int faults = 0;       // active
  bool changed = true;  // something changed in this tick: what depends on it must be derived again

  double of(Setting s) const { return value[static_cast<std::size_t>(s)].now; }
  bool is_on(Setting s) const { return of(s) > 0.5; }
  const Active& of(Fault f) const { return fault[static_cast<std::size_t>(f)]; }
};

// Either name of the button.
inline bool start_is_held(const Settings& s) { return s.is_on(Setting::user_start) || s.is_on(Setting::button_start); }

// Takes a command of kind set or fault that is due at `now`; names were checked when the scenario was read.
void settings_apply(Settings&, const Command&, Tick now);
// Moves ramps to `now` and ends faults that are over.
void settings_step(Settings&, Tick now);

}  // namespace pensim
