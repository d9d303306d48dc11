// depth_screw.h - stepper and lead screw that set how far the needles protrude at full stroke.
//
// Position d >= 0 extends. The rotor moves by half steps, one per 1/rate while its queue holds any; the nut follows
// with backlash:
// extending d = rotor, retracting d = rotor + backlash. The home switch, on the nut, is closed at and below home (d =
// 0) and opens above it; each passage draws its own home from +-home_repeatability_m (uniform). Between the stops at
// lower_stop_m and upper_stop_m the rotor moves; steps against a stop are lost.
//
//   half_step_m           12.5 um   20 steps/rev, 0.5 mm pitch [E], 20 steps/rev [R; 0.85]
//   half_step_rate_per_s  600       300 full steps/s [E]
//   backlash_m            35 um     20..50 um [E]
//   home_repeatability_m  20 um     [E]
//   upper_stop_m          3.0 mm    [E];  lower_stop_m  -0.15 mm [E]
//
// Not modelled: ringing of a step, loss of steps by load or acceleration (the fault screw.lost_steps stands for it),
// holding current, pitch error of the screw.
#pragma once

#include <cstdint>

#include "models/parameters.h"

namespace pensim {

struct ScrewParams {
  double half_step_m = 12.5e-6;
  double half_step_rate_per_s = 600.0;
  double backlash_m = 35e-6;
  double home_repeatability_m = 20e-6;
  double lower_stop_m = -0.15e-3;
  double upper_stop_m = 3.0e-3;
  double initial_position_m = 0.4e-3;  // [E]
};

template <class Params, class F>
constexpr void each_screw_param(Params& params, F f) {
  f("half_step_m", params.half_step_m);
  f("half_step_rate_per_s", params.half_step_rate_per_s);
  f("backlash_m", params.backlash_m);
  f("home_repeatability_m", params.home_repeatability_m);
  f("lower_stop_m", params.lower_stop_m);
  f("upper_stop_m", params.upper_stop_m);
  f("initial_position_m", params.initial_position_m);
}
static_assert(bytes_listed<ScrewParams>([](auto& params, auto f) { each_screw_param(params, f); }) ==
              sizeof(ScrewParams));

struct ScrewState {
  double rotor_m = 0;
  double position_m = 0;   // d, of the nut
  double home_m = 0;       // where the switch works at its next passage
  double wait_s = 0;       // until the next half step may be made
  double lost_1 = 0;       // fraction of a step that the fault has still to lose
  std::int64_t queue = 0;  // half steps still to make
  std::int64_t home_closed = 0;
  std::int64_t home_passages = 0;
  std::int64_t steps_lost = 0;  // by fault or stop, since reset
};

struct ScrewInput {
  std::int64_t half_steps = 0;  // to add to the queue
  std::int64_t jammed = 0;
  double lost_share_1 = 0;  // 0..1
};

void screw_reset(const ScrewParams& params, std::uint64_t seed, ScrewState& state);

// One step of dt_s, at most 1/rate. Returns the instant within it at which the home switch changed, or -1.
double screw_step(const ScrewParams& params, std::uint64_t seed, ScrewState& state, const ScrewInput& input,
                  double dt_s);

}  // namespace pensim
