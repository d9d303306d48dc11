#include "models/bridge.h"

#include <cmath>

#include "models/elementary.h"

namespace pensim {

// Rail and resistance 1, emf 0 (it shifts the mean alone). On for D T from the valley i_v, off for (1 - D) T from the
// peak i_p:
//   on  i = 1 + b e^(-t/tau), b = i_v - 1      off  i = i_p e^(-t/tau)      mean D
// The filter y' = (i - y)/tau_f answers with g = tau/(tau - tau_f):
//   on  y = 1 + g b e^(-t/tau) + K e^(-t/tau_f)      off  y = g i_p e^(-t/tau) + K' e^(-t/tau_f)
// and continuity over a period gives K = (g - 1)(1 - f_off)/(1 - f_on f_off), f = e^(-.../tau_f).
PwmRipple pwm_ripple(double duty, double period_s, double winding_time_constant_s, double sense_time_constant_s) {
  PwmRipple ripple;
  if (!(duty > 0.0 && duty < 1.0)) return ripple;
  const double tau = winding_time_constant_s;
  double tau_f = sense_time_constant_s;
  if (std::fabs(tau - tau_f) < 1e-3 * tau) tau_f = 0.999 * tau;  // the two exponentials would merge
  const double on_s = duty * period_s, off_s = (1.0 - duty) * period_s;
  const double half_on = elementary::exp(-0.5 * on_s / tau), half_on_f = elementary::exp(-0.5 * on_s / tau_f);
  const double e_on = half_on * half_on, f_on = half_on_f * half_on_f;
  const double e_off = elementary::exp(-off_s / tau), f_off = elementary::exp(-off_s / tau_f);
  const double peak = (1.0 - e_on) / (1.0 - e_on * e_off), valley = peak * e_off;
  const double b = valley - 1.0;
  const double square = on_s + 2.0 * b * tau * (1.0 - e_on) +
                        0.5 * tau * (b * b * (1.0 - e_on * e_on) + peak * peak * (1.0 - e_off * e_off));
  const double g = tau / (tau - tau_f);
  const double k = (g - 1.0) * (1.0 - f_off) / (1.0 - f_on * f_off);
  ripple.peak_1 = peak - duty;
  ripple.valley_1 = duty - valley;
  ripple.square_1 = square / period_s - duty * duty;
  if (ripple.square_1 < 0.0) ripple.square_1 = 0.0;
  ripple.sample_1 = 1.0 + g * b * half_on + k * half_on_f - duty;
  return ripple;
}

BridgeDerived bridge_derive(const BridgeParams& params, double dt_s) {
  BridgeDerived d;
  d.dt_s = dt_s;
  d.sense_time_constant_s = 1.0 / (2.0 * elementary::pi * params.sense_pole_Hz);
  d.sense_decay_1 = elementary::exp(-dt_s / d.sense_time_constant_s);
  d.per_blend_per_A = 1.0 / params.dead_time_blend_A;
  d.dead_share_1 = params.dead_time_s / params.pwm_period_s;
  return d;
}

void bridge_set_resistance(const MotorParams& motor, const BridgeParams& params, const BridgeDerived& derived,
                           BridgeState& state, double winding_ohm) {
  state.winding_ohm = winding_ohm;
  const double switch_ohm = params.switch_ohm * (1.0 + params.switch_per_K * (state.junction_K - 298.15));
  state.step = winding_step_of(motor, winding_ohm + switch_ohm + params.shunt_ohm, derived.dt_s);
}

namespace {

double soft_sign(double x) { return x > 1.0 ? 1.0 : x < -1.0 ? -1.0 : x; }

void float_or_run_out(const BridgeParams& params, const BridgeDerived& derived, BridgeState& state,
                      const BridgeInput& input, BridgeOutput& output) {
  const double clamp_V = input.rail_V + 2.0 * params.diode_V;
  state.ripple_sample_A = 0.0;
  if (state.current_A == 0.0 && std::fabs(input.emf_V) <= clamp_V) {
    output = BridgeOutput{};
    state.sensed_A *= derived.sense_decay_1;
    return;
  }
  const double against_V = state.current_A > 0.0 || (state.current_A == 0.0 && input.emf_V < 0.0) ? -clamp_V : clamp_V;
  const WindingCurrent i = winding_run_out(state.step, derived.dt_s, state.current_A, against_V - input.emf_V);
  state.current_A = i.end_A;
  state.sensed_A = i.mean_A + (state.sensed_A - i.mean_A) * derived.sense_decay_1;
  output.mean_A = i.mean_A;
  output.square_A2 = i.square_A2;
  output.supply_A = -std::fabs(i.mean_A);
  output.voltage_V = against_V - (state.step.resistance_ohm - state.winding_ohm) * i.mean_A;
  output.diode_W = 2.0 * params.diode_V * std::fabs(i.mean_A);
  output.brush_W = 0.0;
}

}  // namespace

void bridge_step(const MotorParams& motor, const BridgeParams& params, const BridgeDerived& derived, BridgeState& state,
                 const BridgeInput& input, BridgeOutput& output) {
  if (input.rail_V < params.lockout_V)
    state.locked_out = 1;
  else if (input.rail_V > params.lockout_release_V)
    state.locked_out = 0;
  if (!input.enable) state.tripped = 0;
  const bool off = !input.enable || input.mode == BridgeMode::off || (state.tripped | state.hot | state.locked_out);
  if (off) return float_or_run_out(params, derived, state, input, output);

  const bool drive = input.mode == BridgeMode::drive;
  const double duty = drive ? input.duty_1 : 0.0;
  const double sign = duty < 0.0 ? -1.0 : 1.0, magnitude = std::fabs(duty);
  double voltage_V = duty * input.rail_V, ripple_square_A2 = 0.0, ripple_supply_A = 0.0, peak_A = 0.0, dead_share = 0.0;
  state.ripple_sample_A = 0.0;
  if (magnitude > 0.0 && magnitude < 1.0) {
    if (magnitude != state.ripple_duty_1 || state.step.time_constant_s != state.ripple_time_constant_s) {
      state.ripple =
          pwm_ripple(magnitude, params.pwm_period_s, state.step.time_constant_s, derived.sense_time_constant_s);
      state.ripple_duty_1 = magnitude;
      state.ripple_time_constant_s = state.step.time_constant_s;
    }
    const double scale_A = input.rail_V * state.step.conductance_A_per_V;
    ripple_square_A2 = state.ripple.square_1 * scale_A * scale_A;
    ripple_supply_A = state.ripple.square_1 * scale_A;  // what the ripple loses, over the rail
    peak_A = state.ripple.peak_1 * scale_A;
    state.ripple_sample_A = sign * state.ripple.sample_1 * scale_A;
    const double forward_A = sign * state.current_A, per_A = derived.per_blend_per_A;
    dead_share =
        sign * derived.dead_share_1 *
        (soft_sign((forward_A - state.ripple.valley_1 * scale_A) * per_A) + soft_sign((forward_A + peak_A) * per_A));
    voltage_V -= dead_share * (0.5 * input.rail_V + params.diode_V);
  }
  const double brush_V = motor.brush_drop_V > 0.0 ? motor.brush_drop_V * soft_sign(state.current_A * 50.0) : 0.0;
  const double driving_V = voltage_V - input.emf_V - brush_V;
  const WindingCurrent i = winding_advance(state.step, state.current_A, driving_V);
  state.current_A = i.end_A;
  state.sensed_A = i.mean_A + (state.sensed_A - i.mean_A) * derived.sense_decay_1;
  if (std::fabs(i.end_A) + peak_A > params.trip_A) state.tripped = 1;
  output.mean_A = i.mean_A;
  output.square_A2 = i.square_A2 + ripple_square_A2;
  // In the periodic steady state the rail gives what the mean gives and what the ripple loses.
  output.supply_A = (duty - 0.5 * dead_share) * i.mean_A + ripple_supply_A;
  output.voltage_V = voltage_V - (state.step.resistance_ohm - state.winding_ohm) * i.mean_A;
  output.diode_W = dead_share * params.diode_V * i.mean_A;
  output.brush_W = brush_V * i.mean_A;
}

void bridge_warm(const BridgeParams& params, BridgeState& state, double loss_W, double housing_K, double dt_s,
                 std::int64_t enable) {
  const double share = dt_s / (params.junction_K_per_W * params.junction_J_per_K);
  state.junction_K = (state.junction_K + share * (housing_K + loss_W * params.junction_K_per_W)) / (1.0 + share);
  if (state.junction_K > params.hot_K)
    state.hot = 1;
  else if (state.junction_K < params.cooled_K && !enable)
    state.hot = 0;
}

}  // namespace pensim
