#include "models/motor.h"

#include "models/elementary.h"

namespace pensim {

double motor_resistance_ohm(const MotorParams& params, double winding_K) {
  return params.resistance_ohm * (1.0 + params.copper_per_K * (winding_K - params.reference_temperature_K));
}

double motor_constant_V_s_per_rad(const MotorParams& params, double winding_K) {
  return params.constant_V_s_per_rad * (1.0 + params.magnet_per_K * (winding_K - params.reference_temperature_K));
}

WindingStep winding_step_of(const MotorParams& params, double total_resistance_ohm, double dt_s) {
  WindingStep step;
  step.resistance_ohm = total_resistance_ohm;
  step.conductance_A_per_V = 1.0 / total_resistance_ohm;
  step.time_constant_s = params.inductance_H / total_resistance_ohm;
  const double ratio = step.time_constant_s / dt_s;
  step.decay_1 = elementary::exp(-dt_s / step.time_constant_s);
  step.mean_weight_1 = ratio * (1.0 - step.decay_1);
  step.square_weight_1 = 0.5 * ratio * (1.0 - step.decay_1 * step.decay_1);
  return step;
}

WindingCurrent winding_run_out(const WindingStep& step, double dt_s, double current_A, double voltage_V) {
  const WindingCurrent whole = winding_advance(step, current_A, voltage_V);
  if (current_A == 0.0 || whole.end_A * current_A > 0.0) return whole;
  // i = limit + excess e^(-t/tau) = 0 at e^(-t/tau) = -limit/excess
  const double limit_A = voltage_V * step.conductance_A_per_V, excess_A = current_A - limit_A;
  const double decay = -limit_A / excess_A;
  const double time_s = -step.time_constant_s * elementary::log(decay);
  const double weight = step.time_constant_s * (1.0 - decay);
  const double square_weight = 0.5 * step.time_constant_s * (1.0 - decay * decay);
  return {
      0.0, (limit_A * time_s + excess_A * weight) / dt_s,
      (limit_A * limit_A * time_s + 2.0 * limit_A * excess_A * weight + excess_A * excess_A * square_weight) / dt_s};
}

}  // namespace pensim
