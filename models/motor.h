// motor.h - winding of a brushed DC motor, and what its temperature does to it. The rotor moves in drivetrain.h.
//
//   L di/dt = u - (R_w + R_s) i - k w - v_b sgn(i)      T = k i
//   R_w = R (1 + a_Cu (T_w - T_ref))      k = k_ref (1 + a_B (T_w - T_ref)) (1 + r cos(c phi))
// i positive turns the cam forward. Within a step u and w are constant and i is solved exactly (exponential), so the
// step may be longer than L/R = 19 us. r: commutation ripple, c = 2 x 5 segments per revolution; the same k acts on emf
// and torque, so energy is kept.
//
//   member                 default   source
//   resistance_ohm         1.05      at T_ref; 1331 frame rewound for one cell [D] from [F:f1331]
//   inductance_H           26 uH     [D]
//   constant_V_s_per_rad   3.25e-3   k_E = k_M [D]
//   friction_N_m           0.12e-3   M_R, brushes and bearings [F:f1331]
//   inertia_kg_m2          7.1e-8    [F:f1331]
//   copper_per_K, magnet_per_K  +0.39 %/K, -0.11 %/K  [R; 0.95]
//   brush_drop_V           0         the data sheet's R contains it; 0.02 precious metal, 0.1..0.2 graphite [R; 0.6]
//   commutation_1          0.005     [E]
//
// Not modelled: single segments that fail, cogging (the 1331 is coreless), iron loss, brushless motors, radio noise.
#pragma once

#include "models/parameters.h"

namespace pensim {

struct MotorParams {
  double resistance_ohm = 1.05;
  double inductance_H = 26e-6;
  double constant_V_s_per_rad = 3.25e-3;
  double friction_N_m = 0.12e-3;
  double inertia_kg_m2 = 7.1e-8;
  double brush_drop_V = 0.0;
  double commutation_1 = 0.005;
  double copper_per_K = 3.9e-3;
  double magnet_per_K = -1.1e-3;
  double reference_temperature_K = 298.15;  // 25 degC of the data sheets [R; 0.9]
};

template <class Params, class F>
constexpr void each_motor_param(Params& params, F f) {
  f("resistance_ohm", params.resistance_ohm);
  f("inductance_H", params.inductance_H);
  f("constant_V_s_per_rad", params.constant_V_s_per_rad);
  f("friction_N_m", params.friction_N_m);
  f("inertia_kg_m2", params.inertia_kg_m2);
  f("brush_drop_V", params.brush_drop_V);
  f("commutation_1", params.commutation_1);
  f("copper_per_K", params.copper_per_K);
  f("magnet_per_K", params.magnet_per_K);
  f("reference_temperature_K", params.reference_temperature_K);
}
static_assert(bytes_listed<MotorParams>([](auto& params, auto f) { each_motor_param(params, f); }) ==
              sizeof(MotorParams));

double motor_resistance_ohm(const MotorParams& params, double winding_K);
double motor_constant_V_s_per_rad(const MotorParams& params, double winding_K);

// 1 + r cos(10 phi), from cos(phi).
inline double motor_commutation_1(const MotorParams& params, double cos_1) {
  const double square = cos_1 * cos_1;
  const double cos5 = cos_1 * (5.0 + square * (16.0 * square - 20.0));
  return 1.0 + params.commutation_1 * (2.0 * cos5 * cos5 - 1.0);
}

// The exponential of one step of a circuit with time constant L/R: set once for a resistance and a step.
struct WindingStep {
  double resistance_ohm = 0;
  double conductance_A_per_V = 0;
  double time_constant_s = 0;
  double decay_1 = 0;          // exp(-h/tau)
  double mean_weight_1 = 0;    // mean of exp(-t/tau) over the step
  double square_weight_1 = 0;  // mean of exp(-2 t/tau)
};
WindingStep winding_step_of(const MotorParams& params, double total_resistance_ohm, double dt_s);

struct WindingCurrent {
  double end_A = 0;      // at the end of the step
  double mean_A = 0;     // over the step
  double square_A2 = 0;  // mean square over the step
};

// Under a constant voltage (applied minus emf) over the whole step.
inline WindingCurrent winding_advance(const WindingStep& step, double current_A, double voltage_V) {
  const double limit_A = voltage_V * step.conductance_A_per_V;
  const double excess_A = current_A - limit_A;
  return {limit_A + excess_A * step.decay_1, limit_A + excess_A * step.mean_weight_1,
          limit_A * limit_A + excess_A * (2.0 * limit_A * step.mean_weight_1 + excess_A * step.square_weight_1)};
}

// Against a voltage that opposes the current (body diodes): ends at zero when it gets there. voltage_V has the sign
// opposite to current_A, or drives the current on.
WindingCurrent winding_run_out(const WindingStep& step, double dt_s, double current_A, double voltage_V);

}  // namespace pensim
