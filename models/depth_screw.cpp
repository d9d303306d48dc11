#include "models/depth_screw.h"

#include "models/noise.h"

namespace pensim {
namespace {

constexpr std::uint32_t home_stream = 0x120;

double draw_home_m(const ScrewParams& params, std::uint64_t seed, std::int64_t passage) {
  return params.home_repeatability_m * (2.0 * noise_uniform(seed, home_stream, passage) - 1.0);
}

}  // namespace

void screw_reset(const ScrewParams& params, std::uint64_t seed, ScrewState& state) {
  state = ScrewState{};
  state.rotor_m = params.initial_position_m;
  state.position_m = params.initial_position_m;
  state.home_m = draw_home_m(params, seed, 0);
  state.home_closed = state.position_m <= state.home_m;
}

double screw_step(const ScrewParams& params, std::uint64_t seed, ScrewState& state, const ScrewInput& input,
                  double dt_s) {
  state.queue += input.half_steps;
  if (state.queue == 0 || state.wait_s >= dt_s) {
    state.wait_s = state.wait_s > dt_s ? state.wait_s - dt_s : 0.0;
    return -1.0;
  }
  const double instant_s = state.wait_s;
  state.wait_s += 1.0 / params.half_step_rate_per_s - dt_s;
  const std::int64_t direction = state.queue > 0 ? 1 : -1;
  state.queue -= direction;

  bool lost = input.jammed != 0;
  state.lost_1 += input.lost_share_1;
  if (state.lost_1 >= 1.0 - 1e-9) {
    state.lost_1 -= 1.0;
    lost = true;
  }
  const double rotor_m = state.rotor_m + static_cast<double>(direction) * params.half_step_m;
  double position_m = state.position_m;
  if (direction > 0 && rotor_m > position_m) position_m = rotor_m;
  if (direction < 0 && rotor_m + params.backlash_m < position_m) position_m = rotor_m + params.backlash_m;
  const double tolerance_m = 0.01 * params.half_step_m;
  if (position_m > params.upper_stop_m + tolerance_m || position_m < params.lower_stop_m - tolerance_m) lost = true;
  if (lost) {
    ++state.steps_lost;
    return -1.0;
  }
  state.rotor_m = rotor_m;
  state.position_m = position_m;
  const bool closes = direction < 0 && !state.home_closed && position_m <= state.home_m;
  const bool opens = direction > 0 && state.home_closed && position_m > state.home_m;
  if (!closes && !opens) return -1.0;
  state.home_closed = closes;
  ++state.home_passages;
  state.home_m = draw_home_m(params, seed, state.home_passages);
  return instant_s;
}

}  // namespace pensim
