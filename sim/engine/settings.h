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

// Positions in settables.inl.
enum class Set : int {
  user_depth,
  user_rate,
  user_start,
  user_mode,
  button_plus,
  button_minus,
  button_mode,
  button_confirm,
  button_start,
  contact,
  lift,
  press,
  glide,
  tilt,
  cartridge_present,
  charger,
  ambient,
  count
};
static_assert(static_cast<std::size_t>(Set::count) == std::size(settables));

// Positions in faults.inl.
enum class Fault : int {
  hall_dropout,
  hall_extra_edges,
  start_stuck,
  home_stuck,
  current_offset,
  current_stuck,
  battery_offset,
  ntc_motor_open,
  ntc_motor_short,
  ntc_housing_open,
  ntc_housing_short,
  nose_force_stuck,
  depth_dial_open,
  rate_dial_open,
  cartridge_id_wrong,
  nvm_fail,
  obstruction,
  friction,
  spring_weak,
  screw_jam,
  screw_lost_steps,
  brush_wear,
  battery_aged,
  supply_contact,
  supply_cut,
  bridge_stuck_on,
  count
};
static_assert(static_cast<std::size_t>(Fault::count) == std::size(fault_kinds));

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
  std::array<Value, static_cast<std::size_t>(Set::count)> value{};
  std::array<Active, static_cast<std::size_t>(Fault::count)> fault{};
  std::array<std::int32_t, PEN_AUX> aux{};
  int ramps = 0;        // under way
  int faults = 0;       // active
  bool changed = true;  // something changed in this tick: what depends on it must be derived anew

  double of(Set s) const { return value[static_cast<std::size_t>(s)].now; }
  bool is_on(Set s) const { return of(s) > 0.5; }
  const Active& of(Fault f) const { return fault[static_cast<std::size_t>(f)]; }
};

// Either name of the button.
inline bool start_is_held(const Settings& s) { return s.is_on(Set::user_start) || s.is_on(Set::button_start); }

// The positions of a name, -1 if it is not in the table.
int settable_index(const std::string& name);
int fault_index(const std::string& name);

// Takes a command of kind set or fault that is due at `now`; names were checked when the scenario was read.
void settings_apply(Settings&, const Command&, Tick now);
// Moves ramps to `now` and ends faults that are over.
void settings_step(Settings&, Tick now);

}  // namespace pensim
