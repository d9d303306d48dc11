#include "models/hand.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "models/elementary.h"
#include "models/noise.h"

namespace pensim {

static_assert(std::is_trivially_copyable_v<HandState>);

namespace {

constexpr std::uint32_t stream_tremor = 0x520001;  // six: real and imaginary part of along, across, axial
constexpr std::uint32_t stream_press = 0x520007;
constexpr int sources = 4;  // tremor along, across, axial; press noise
constexpr int press = 3;

// Tremor: x'' + 2 zeta w x' + w^2 x = white noise, exactly, per sample. In (x, y = x'/w) the stationary covariance is
// the identity, one sample multiplies by M = exp of the system matrix, so the noise added has covariance 1 - M M^T = L
// L^T.
void prepare_tremor(const HandParams& params, HandState& state) {
  const double turn = 2 * elementary::pi * params.tremor_peak_Hz * params.noise_period_s;
  const double zeta = params.tremor_damping_ratio_1;
  const double ratio = std::sqrt(1 - zeta * zeta);  // damped over undamped frequency
  const double shrink = elementary::exp(-turn * zeta);
  const elementary::SinCos angle = elementary::sincos(turn * ratio);
  const double lag = zeta / ratio * angle.sin;
  state.tremor_xx_1 = shrink * (angle.cos + lag);
  state.tremor_xy_1 = shrink * (angle.sin / ratio);
  state.tremor_yy_1 = shrink * (angle.cos - lag);
  const double xx = state.tremor_xx_1, xy = state.tremor_xy_1, yx = -xy, yy = state.tremor_yy_1;
  const double q11 = std::max(0.0, 1 - (xx * xx + xy * xy));
  const double q12 = -(xx * yx + xy * yy);
  const double q22 = std::max(0.0, 1 - (yx * yx + yy * yy));
  state.tremor_drive_x_1 = std::sqrt(q11);
  state.tremor_drive_xy_1 = q11 > 0 ? q12 / state.tremor_drive_x_1 : 0;
  state.tremor_drive_y_1 = std::sqrt(std::max(0.0, q22 - state.tremor_drive_xy_1 * state.tremor_drive_xy_1));
}

// Press noise: white noise through two low-pass filters at the upper corner, less what a third one at the lower corner
// passes.
struct PressFilter {
  double first_1, second_1, slow_1;
};

inline double filter_press(const HandState& state, PressFilter& f, double white) {
  const double a = state.press_fast_decay_1;
  const double b = state.press_slow_decay_1;
  f.first_1 = a * f.first_1 + (1 - a) * white;
  f.second_1 = a * f.second_1 + (1 - a) * f.first_1;
  f.slow_1 = b * f.slow_1 + (1 - b) * f.second_1;
  return f.second_1 - f.slow_1;
}

void prepare_press(const HandParams& params, HandState& state) {
  const double turn = 2 * elementary::pi * params.noise_period_s;
  state.press_fast_decay_1 = elementary::exp(-turn * params.press_noise_high_Hz);
  state.press_slow_decay_1 = elementary::exp(-turn * params.press_noise_low_Hz);
  // Variance for white noise of variance 1: the sum of the squared impulse response, to where 3e-4 of its tail is left.
  PressFilter f = {0, 0, 0};
  double variance = 0;
  double left = 1;
  for (double white = 1; left > 3e-4; white = 0, left *= state.press_slow_decay_1) {
    const double y = filter_press(state, f, white);
    variance += y * y;
  }
  state.press_drive_1 = variance > 0 ? 1 / std::sqrt(variance) : 0;
}

void prepare_step(const HandParams& params, double dt_s, HandState& state) {
  const double omega = 2 * elementary::pi * params.voluntary_bandwidth_Hz;
  const double held = params.damping_N_s_per_m + dt_s * params.stiffness_N_per_m;
  const double inertia = params.hand_mass_kg + params.pen_mass_kg + dt_s * held;
  const double nose = params.nose_damping_N_s_per_m + dt_s * params.nose_stiffness_N_per_m;
  state.dt_s = dt_s;
  state.inverse_dt_Hz = 1 / dt_s;
  state.glide_gain_1 = 1 - elementary::exp(-omega * dt_s);
  state.rest_gain_Hz = dt_s * omega * omega;
  state.rest_factor_1 = 1 / (1 + 2 * dt_s * omega + dt_s * dt_s * omega * omega);
  state.free_factor_per_kg = 1 / inertia;
  state.contact_factor_per_kg = 1 / (inertia + dt_s * nose);
  state.compliance_m_per_N = 1 / params.stiffness_N_per_m + 1 / params.nose_stiffness_N_per_m;
}

// Interpolates from where the noise is to its next sample.
void next_sample(const HandParams& params, HandState& state) {
  const std::int64_t index = state.noise_index++;
  double to[sources];
  for (std::uint32_t axis = 0; axis < 3; ++axis) {
    const double x = state.tremor_x_1[axis];
    const double y = state.tremor_y_1[axis];
    const double n1 = noise_normal(state.seed, stream_tremor + 2 * axis, index);
    const double n2 = noise_normal(state.seed, stream_tremor + 2 * axis + 1, index);
    state.tremor_x_1[axis] = state.tremor_xx_1 * x + state.tremor_xy_1 * y + state.tremor_drive_x_1 * n1;
    state.tremor_y_1[axis] =
        state.tremor_yy_1 * y - state.tremor_xy_1 * x + (state.tremor_drive_xy_1 * n1 + state.tremor_drive_y_1 * n2);
    to[axis] = state.tremor_x_1[axis];
  }
  PressFilter filter = {state.press_first_1, state.press_second_1, state.press_slow_1};
  to[press] = filter_press(state, filter, state.press_drive_1 * noise_normal(state.seed, stream_press, index));
  state.press_first_1 = filter.first_1;
  state.press_second_1 = filter.second_1;
  state.press_slow_1 = filter.slow_1;
  const double inverse_period_Hz = 1 / params.noise_period_s;
  for (int i = 0; i < sources; ++i) {
    state.from_1[i] += state.slope_per_s[i] * params.noise_period_s;
    state.slope_per_s[i] = (to[i] - state.from_1[i]) * inverse_period_Hz;
  }
}

void glide(const HandParams& params, HandState& state, double way_m) {
  const double length_m = params.track_length_m;
  if (length_m <= 0) return;
  state.way_m += state.direction_1 * way_m;
  while (state.way_m < 0 || state.way_m > length_m) {
    state.way_m = state.way_m < 0 ? -state.way_m : 2 * length_m - state.way_m;
    state.direction_1 = -state.direction_1;
    state.pass += 1;
    state.lane = params.pass_count > 1 ? state.pass % params.pass_count : 0;
  }
}

}  // namespace

void hand_reset(const HandParams& params, std::uint64_t seed, double lift_m, HandState& state) {
  state = HandState{};
  state.seed = seed;
  state.nose_m = -lift_m;
  state.rest_m = -lift_m;
  prepare_tremor(params, state);
  prepare_press(params, state);
  // Tremor is stationary from the first sample on; the press noise grows from 0 while the pen comes down.
  for (std::uint32_t axis = 0; axis < 3; ++axis) {
    state.tremor_x_1[axis] = noise_normal(seed, stream_tremor + 2 * axis, 0);
    state.tremor_y_1[axis] = noise_normal(seed, stream_tremor + 2 * axis + 1, 0);
    state.from_1[axis] = state.tremor_x_1[axis];
  }
  state.noise_index = 1;
  state.rest_total_m = state.rest_m + params.tremor_axial_m * state.from_1[2];
  next_sample(params, state);
}

void hand_step(const HandParams& params, HandState& state, const HandInput& input, double dt_s, HandOutput& output) {
  if (dt_s != state.dt_s) prepare_step(params, dt_s, state);
  state.phase_s += dt_s;
  // Half a step of slack: the sum of many steps may fall short of the period by rounding.
  while (state.phase_s > params.noise_period_s + 0.5 * dt_s) {
    state.phase_s -= params.noise_period_s;
    next_sample(params, state);
  }
  double noise_1[sources];
  for (int i = 0; i < sources; ++i) noise_1[i] = state.from_1[i] + state.slope_per_s[i] * state.phase_s;

  // Where the hand would rest: critically damped towards the target, implicit.
  const double k = params.stiffness_N_per_m;
  const double k_n = params.nose_stiffness_N_per_m;
  const double target_m = input.contact != 0 ? input.press_N * state.compliance_m_per_N : -input.lift_m;
  state.rest_speed_m_per_s =
      (state.rest_speed_m_per_s + state.rest_gain_Hz * (target_m - state.rest_m)) * state.rest_factor_1;
  state.rest_m += dt_s * state.rest_speed_m_per_s;
  // Press noise scales the force: the part of z_eq that stands for it, and nothing while the pen is lifted.
  const double pressed_m = std::max(0.0, state.rest_m);
  const double rest_m =
      state.rest_m + params.press_noise_1 * noise_1[press] * pressed_m + params.tremor_axial_m * noise_1[2];
  const double rest_speed = (rest_m - state.rest_total_m) * state.inverse_dt_Hz;
  state.rest_total_m = rest_m;

  // The pen, implicit; the nose pushes while it is in the skin.
  const double mass = params.hand_mass_kg + params.pen_mass_kg;
  const double b = params.damping_N_s_per_m;
  const double z = state.nose_m;
  const double momentum =
      mass * state.nose_speed_m_per_s + dt_s * (k * (rest_m - z) + b * rest_speed - input.reaction_N);
  double speed = momentum * state.free_factor_per_kg;
  double nose_N = 0;
  if (z + dt_s * speed > 0) {
    const double c_n = params.nose_damping_N_s_per_m;
    const double held = (momentum - dt_s * k_n * z) * state.contact_factor_per_kg;
    const double force = k_n * (z + dt_s * held) + c_n * held;
    if (force > 0) {
      nose_N = force;
      speed = held;
    }
  }
  state.nose_speed_m_per_s = speed;
  state.nose_m = z + dt_s * speed;

  // Over the skin.
  state.glide_m_per_s += state.glide_gain_1 * (input.glide_m_per_s - state.glide_m_per_s);
  const bool touches = nose_N > 0;
  const bool moves = touches && params.track_length_m > 0;
  if (moves) glide(params, state, state.glide_m_per_s * dt_s);
  state.tilt_rad += state.glide_gain_1 * (input.tilt_rad - state.tilt_rad);

  const double along_speed =
      (moves ? state.direction_1 * state.glide_m_per_s : 0) + params.tremor_along_m * state.slope_per_s[0];
  const double across_speed = params.tremor_across_m * state.slope_per_s[1];
  output.nose_gap_m = -state.nose_m;
  output.nose_speed_m_per_s = state.nose_speed_m_per_s;
  output.nose_force_N = nose_N;
  output.nose_sink_m = std::max(0.0, state.nose_m);
  output.hand_force_N = k * (rest_m - state.nose_m) + b * (rest_speed - speed);
  output.track_m = state.way_m + params.tremor_along_m * noise_1[0];
  output.across_m = static_cast<double>(state.lane) * params.lane_pitch_m + params.tremor_across_m * noise_1[1];
  output.glide_m_per_s = moves ? state.direction_1 * state.glide_m_per_s : 0;
  output.lateral_speed_m_per_s = std::sqrt(along_speed * along_speed + across_speed * across_speed);
  output.tilt_rad = state.tilt_rad;
  output.lane = state.lane;
  output.contact = touches;
}

}  // namespace pensim
