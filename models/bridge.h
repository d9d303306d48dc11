// bridge.h - H-bridge between supply rail and winding: off, drive, brake; PWM ripple; trip.
//
// off    all switches open: the current runs out through the body diodes against rail + 2 V_f, then the winding floats.
// drive  PWM, centre aligned, synchronous slow decay: rail for the share |duty| of a period, shorted otherwise.
// brake  both low sides on.
//
// The winding's current is carried as its mean over a PWM period. What the period adds follows in closed form, for a
// duty D, with tau = L/R, V the rail (deviation from the mean, periodic steady state):
//   peak to peak  V/R (1 - e^{-DT/tau})(1 - e^{-(1-D)T/tau})/(1 - e^{-T/tau})
//   mean square   goes into copper and switch loss and is drawn from the rail
//   value at the centre of the on-time behind a one-pole filter (10 kHz): what the sampled current shows beside its
//     mean
// Test: tests/models/bridge_test.cpp against a circuit switched at 100 ns; 0.70 A at 72 %, 0.86 A at 50 % [D].
//
// Dead time: during it the current flows through diodes, so the edge at the valley and the one at the peak of the
// ripple shift the mean voltage by -t_d/T (V/2 + V_f)(f(valley) + f(peak)), f = the current's sign, linear within
// +-dead_time_blend_A, and the share of the period that loads the rail by -t_d/(2 T)(f(valley) + f(peak)). With a
// ripple that crosses zero the two cancel.
//
//   member                 default   source
//   switch_ohm             0.28      high + low side at 25 degC; +0.4 %/K [R: TI DRV8837 class; 0.7]
//   shunt_ohm              0.05      in the motor line [E]
//   pwm_period_s           25 us     40 kHz [E]
//   dead_time_s            0.2 us    [E]
//   diode_V                0.7       [E]
//   trip_A                 3.0       1.9..3.5; latched until the bridge is disabled [R; 0.7], latch [E]
//   hot_K, cooled_K        150, 130 degC [R; 0.7]; junction_K_per_W 60, junction_J_per_K 0.01 [E]
//   lockout_V, lockout_release_V  1.9, 2.0 [R; 0.7]
//   sense_pole_Hz          10 kHz    [E]
//
// Not modelled: switching loss, rise and fall times, charge pump, shoot-through, the 3 us of the trip, a broken switch.
#pragma once

#include <cstdint>

#include "models/motor.h"
#include "models/parameters.h"

namespace pensim {

struct BridgeParams {
  double switch_ohm = 0.28;
  double switch_per_K = 4e-3;  // [R: TI DRV8837 class; 0.7]
  double shunt_ohm = 0.05;
  double pwm_period_s = 25e-6;
  double dead_time_s = 0.2e-6;
  double dead_time_blend_A = 0.05;  // [E]
  double diode_V = 0.7;
  double trip_A = 3.0;
  double hot_K = 423.15;
  double cooled_K = 403.15;
  double junction_K_per_W = 60.0;
  double junction_J_per_K = 0.01;
  double lockout_V = 1.9;
  double lockout_release_V = 2.0;
  double sense_pole_Hz = 10e3;
};

template <class Params, class F>
constexpr void each_bridge_param(Params& params, F f) {
  f("switch_ohm", params.switch_ohm);
  f("switch_per_K", params.switch_per_K);
  f("shunt_ohm", params.shunt_ohm);
  f("pwm_period_s", params.pwm_period_s);
  f("dead_time_s", params.dead_time_s);
  f("dead_time_blend_A", params.dead_time_blend_A);
  f("diode_V", params.diode_V);
  f("trip_A", params.trip_A);
  f("hot_K", params.hot_K);
  f("cooled_K", params.cooled_K);
  f("junction_K_per_W", params.junction_K_per_W);
  f("junction_J_per_K", params.junction_J_per_K);
  f("lockout_V", params.lockout_V);
  f("lockout_release_V", params.lockout_release_V);
  f("sense_pole_Hz", params.sense_pole_Hz);
}
static_assert(bytes_listed<BridgeParams>([](auto& params, auto f) { each_bridge_param(params, f); }) ==
              sizeof(BridgeParams));

enum class BridgeMode : std::int64_t { off, drive, brake };

// Ripple of one duty, for a rail of 1 V and a resistance of 1 ohm: times V/R gives amperes. Mirrored for a negative
// duty.
struct PwmRipple {
  double peak_1 = 0;    // highest current above the mean
  double valley_1 = 0;  // lowest current below the mean, positive
  double square_1 = 0;  // mean square
  double sample_1 = 0;  // behind the filter, at the centre of the on-time, above the mean
};
PwmRipple pwm_ripple(double duty_1, double period_s, double winding_time_constant_s, double sense_time_constant_s);

struct BridgeState {
  double current_A = 0;        // winding, mean over a period
  double sensed_A = 0;         // behind the filter, without ripple
  double ripple_sample_A = 0;  // what the ripple adds to the sample
  double junction_K = 298.15;
  double winding_ohm = 0;     // of the step below
  double ripple_duty_1 = -1;  // duty and time constant of the ripple below
  double ripple_time_constant_s = 0;
  WindingStep step;
  PwmRipple ripple;
  std::int64_t tripped = 0;     // over-current, latched until disabled
  std::int64_t hot = 0;         // over-temperature, latched until cool and disabled
  std::int64_t locked_out = 0;  // rail too low
};

struct BridgeInput {
  BridgeMode mode = BridgeMode::off;
  double duty_1 = 0;  // -1..1
  double rail_V = 0;
  double emf_V = 0;
  std::int64_t enable = 0;
};

struct BridgeOutput {
  double mean_A = 0;     // through the winding over the step
  double square_A2 = 0;  // its mean square, ripple included
  double supply_A = 0;   // mean, from the rail
  double voltage_V = 0;  // mean, at the winding; 0 while it floats
  double diode_W = 0;    // mean loss in body diodes
  double brush_W = 0;    // mean loss across the brushes
};

// Constants of a step length.
struct BridgeDerived {
  double dt_s = 0;
  double sense_decay_1 = 0;
  double sense_time_constant_s = 0;
  double dead_share_1 = 0;  // dead time over PWM period
  double per_blend_per_A = 0;
};
BridgeDerived bridge_derive(const BridgeParams& params, double dt_s);

// When the winding's resistance or the junction's temperature has changed.
void bridge_set_resistance(const MotorParams& motor, const BridgeParams& params, const BridgeDerived& derived,
                           BridgeState& state, double winding_ohm);

void bridge_step(const MotorParams& motor, const BridgeParams& params, const BridgeDerived& derived, BridgeState& state,
                 const BridgeInput& input, BridgeOutput& output);

// Junction temperature over dt_s with a mean loss, towards the housing.
void bridge_warm(const BridgeParams& params, BridgeState& state, double loss_W, double housing_K, double dt_s,
                 std::int64_t enable);

}  // namespace pensim
