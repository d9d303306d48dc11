// sensors.h - from physical quantities to what a converter is given, and to switch positions: shunt, dividers,
// thermistors, dials, hall sensor, buttons.
//
// Readings are in counts of a 12 bit converter, but not rounded and not clipped: counts_at_reference stands for
// reference_V, so V = counts x reference_V / counts_at_reference. Counts and not volts, because noise is given in
// halves of a count: ties of the rounding are common, and a factor there and back would break some of them the other
// way. Which channel reads them, rounding and clipping are the board's (sim/engine/board.h). Scaling:
//   motor current  50 mohm x 20 = 1 V/A: 0.806 mA per count; negative currents are below 0
//   cell, rail     1:2: 1.61 mV per count
//   thermistors    10 kohm at 25 degC to ground, 10 kohm to 3.3 V; R = R_25 exp(B (1/T - 1/T_25)), B 3950 K
//                  (3435..3950) [R; 0.9];
//                  they follow the motor case and the grip with ntc_delay_s (5..10 s) [R; 0.9]
//   nose force     0.3 V + 0.3 V/N
//   cartridge id   resistor to ground, 10 kohm to 3.3 V; absent reads full scale
//   dials          5 % .. 95 % of full scale for 0.2..3.0 mm and 60..200 Hz
// Noise: current 3 counts rms, Gaussian [E]; the others 1 count rms [E] (sum of 16 fair bits, within +-4 counts). A
// pure function of (seed, tick).
// Hall: high while the cam is within hall_width_rad after the retracted dead centre; instants are interpolated within
// the step.
// Buttons bounce: up to 4 further changes within bounce_s (a few ms) [E]. Cartridge latch and charger contact do not.
//
// Not modelled: integral and differential error of the converter, its reference, crosstalk, hall jitter, electrostatic
// discharge.
#pragma once

#include <cstdint>

#include "models/parameters.h"

namespace pensim {

struct SensorParams {
  double reference_V = 3.3;           // [E]
  double current_V_per_A = 1.0;       // 50 mohm x 20 [D]
  double current_offset_A = 4e-3;     // +-10 mA [E]
  double current_gain_error_1 = 0.0;  // [E]
  double current_noise_counts = 3.0;  // rms [E]
  double voltage_divider_1 = 0.5;     // [E]
  double ntc_ohm = 10e3;              // at 25 degC [R; 0.9]
  double ntc_beta_K = 3950.0;         // 3435..3950 [R; 0.9]
  double ntc_reference_K = 298.15;    // 25 degC [R; 0.9]
  double ntc_pull_up_ohm = 10e3;      // [E]
  double ntc_delay_s = 6.0;
  double nose_V = 0.3;                // [E]
  double nose_V_per_N = 0.3;          // [E]
  double id_pull_up_ohm = 10e3;       // [E]
  double noise_counts = 1.0;          // rms, of all readings but the current [E]
  double dial_end_1 = 0.05;           // of full scale, left free at both ends of a dial's travel [E]
  double depth_dial_low_m = 0.2e-3;   // at the low end [E]
  double depth_dial_high_m = 3.0e-3;  // [E]
  double rate_dial_low_Hz = 60.0;     // [E]
  double rate_dial_high_Hz = 200.0;   // [E]
  double hall_width_rad = 0.5;        // [E]
  double bounce_s = 3e-3;
};

template <class Params, class F>
constexpr void each_sensor_param(Params& params, F f) {
  f("reference_V", params.reference_V);
  f("current_V_per_A", params.current_V_per_A);
  f("current_offset_A", params.current_offset_A);
  f("current_gain_error_1", params.current_gain_error_1);
  f("current_noise_counts", params.current_noise_counts);
  f("voltage_divider_1", params.voltage_divider_1);
  f("ntc_ohm", params.ntc_ohm);
  f("ntc_beta_K", params.ntc_beta_K);
  f("ntc_reference_K", params.ntc_reference_K);
  f("ntc_pull_up_ohm", params.ntc_pull_up_ohm);
  f("ntc_delay_s", params.ntc_delay_s);
  f("nose_V", params.nose_V);
  f("nose_V_per_N", params.nose_V_per_N);
  f("id_pull_up_ohm", params.id_pull_up_ohm);
  f("noise_counts", params.noise_counts);
  f("dial_end_1", params.dial_end_1);
  f("depth_dial_low_m", params.depth_dial_low_m);
  f("depth_dial_high_m", params.depth_dial_high_m);
  f("rate_dial_low_Hz", params.rate_dial_low_Hz);
  f("rate_dial_high_Hz", params.rate_dial_high_Hz);
  f("hall_width_rad", params.hall_width_rad);
  f("bounce_s", params.bounce_s);
}
static_assert(bytes_listed<SensorParams>([](auto& params, auto f) { each_sensor_param(params, f); }) ==
              sizeof(SensorParams));

inline constexpr double counts_at_reference = 4095.0;

struct SensorState {
  double ntc_motor_K = 296.15, ntc_housing_K = 296.15;  // of the thermistors
  double ntc_motor_counts = 0, ntc_housing_counts = 0;  // without noise
};

// What is measured, at the instant of sampling.
struct SensorInput {
  double motor_A = 0;  // filtered, ripple sample included
  double cell_V = 0, rail_V = 0;
  double nose_N = 0;
  double id_ohm = 0;  // negative: no cartridge
  double depth_m = 0, rate_Hz = 0;
};

// In counts, neither rounded nor clipped.
struct SensorReadings {
  double motor_current_counts = 0;
  double cell_counts = 0;
  double ntc_motor_counts = 0, ntc_housing_counts = 0;
  double nose_counts = 0;
  double cartridge_id_counts = 0;  // counts_at_reference without a cartridge
  double rail_counts = 0;
  double depth_dial_counts = 0, rate_dial_counts = 0;
};

struct SensorDerived {
  double nominal_counts_per_A = 0;  // of the motor current, without gain error
  double current_counts_per_A = 0, current_offset_counts = 0;
  double voltage_counts_per_V = 0;  // of cell and rail
  double nose_counts = 0, nose_counts_per_N = 0;
  double depth_dial_share_per_m = 0, rate_dial_share_per_Hz = 0;  // of full scale
  double lane_gain_counts = 0;                                    // of the noise of all but the current
};
SensorDerived sensor_derive(const SensorParams& params);

double ntc_resistance_ohm(const SensorParams& params, double temperature_K);
double ntc_counts(const SensorParams& params, double temperature_K);

void sensor_reset(const SensorParams& params, double temperature_K, SensorState& state);

// Every 100 ms or so: the thermistors follow.
void sensor_update(const SensorParams& params, SensorState& state, double case_K, double grip_K, double period_s);

SensorReadings sensor_sample(const SensorParams& params, const SensorDerived& derived, const SensorState& state,
                             const SensorInput& input, std::uint64_t seed, std::int64_t tick);

// A switch with bounce: `level` is what the line shows. Times count from the change.
struct ButtonState {
  std::int64_t wanted = 0, level = 0, changes = 0;
  std::int64_t left = 0;  // further changes of the line
  double next_s = 0;      // until the next of them, from the start of the coming step
};
// One step of dt_s. Calls nothing; writes up to 8 instants (ascending) at which the level toggled and returns their
// number.
std::int64_t button_step(const SensorParams& params, ButtonState& state, std::int64_t wanted, std::uint64_t seed,
                         std::uint32_t stream, double dt_s, double toggles_s[8]);

}  // namespace pensim
