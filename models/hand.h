// hand.h - the operator: presses the nose on the skin, glides along the track, trembles, lifts off.
//
// Axis: zero at the undeformed skin, positive into the skin. The nose is at z = -gap.
//   (m_hand + m_pen) z'' = k (z_eq - z) + b (z_eq' - z') - F_nose - R
//   F_nose = max(0, k_n z + c_n z') while z > 0       the nose ring on the skin pushes, never pulls
// k, b, m: impedance of hand and forearm on a pen [R: Hasser and Cutkosky 2002, Kuchenbecker 2003, Fu and Cavusoglu
// 2012; 0.5].
// R: reaction of everything else on the pen along its axis (needles), positive away from the skin.
// z_eq: where the hand would rest. On the skin z_eq = press (1/k + 1/k_n), so that F_nose = press while R = 0; in the
// air z_eq = -lift. It follows with the voluntary bandwidth (critically damped, second order). Press noise scales
// press, tremor adds.
// Press noise: 15 % rms in 0.1 .. 2 Hz [E]. Tremor: three resonators driven by noise, peak at 8.1 Hz [F:otosurgery],
// lateral 100..250 um rms, axial 10..50 um rms of z_eq (VT-22: 254/166/15 um, one typical subject [F:tremor-f4]).
// In contact F_nose = press - R k_n/(k + k_n) at rest [D].
// Glide: back and forth on a track; each pass is the next lane; after the last the first again. The pen glides in
// contact only.
//
// The step may be 1 us .. 1 ms. Noise is drawn every noise_period_s and interpolated.
//
// Not modelled: weight of the pen, fatigue, drift of the tremor's frequency with load, reflexes to pain or sound,
// stamping rhythm (the timeline sets contact), rotation of the pen, stick-slip of the nose, viscoelastic creep under
// the nose.
#pragma once

#include <cstdint>

#include "models/parameters.h"

namespace pensim {

struct HandParams {
  double hand_mass_kg = 0.12;            // 0.08..0.15 [R: Hasser and Cutkosky 2002; 0.5]
  double pen_mass_kg = 0.12;             // handpiece [E]
  double damping_N_s_per_m = 3;          // 2..6 [R: Fu and Cavusoglu 2012; 0.5]
  double stiffness_N_per_m = 300;        // 150..600 [R: Fu and Cavusoglu 2012; 0.5]
  double nose_stiffness_N_per_m = 2000;  // k_n, skin under the nose ring [E]: 8 G R with G 50 kPa, R 5 mm
  double nose_damping_N_s_per_m = 5;     // c_n [E]
  double voluntary_bandwidth_Hz = 1.5;   // 1..2 [R; 0.8]
  double press_noise_1 = 0.15;           // rms over mean [E]
  double press_noise_low_Hz = 0.1;       // [E]
  double press_noise_high_Hz = 2;        // [E]
  double tremor_peak_Hz = 8.1;           // [F:otosurgery]
  double tremor_damping_ratio_1 = 0.1;   // width of the peak [E]
  double tremor_along_m = 150e-6;        // rms, 100..250 um, below the 254 um of [F:tremor-f4] [E]
  double tremor_across_m = 150e-6;       // as along; 166 um in [F:tremor-f4] [E]
  double tremor_axial_m = 20e-6;         // rms, 15 um braced [F:tremor-f4], 10..50 [E]
  double track_length_m = 40e-3;         // 0: the pen stays in one place [E]
  double lane_pitch_m = 4e-3;            // between lanes [E]
  double noise_period_s = 1e-3;          // of the samples, interpolated between [E]
  std::int64_t pass_count = 1;           // lanes [E]
};

template <class Params, class F>
constexpr void each_hand_param(Params& params, F f) {
  f("hand_mass_kg", params.hand_mass_kg);
  f("pen_mass_kg", params.pen_mass_kg);
  f("damping_N_s_per_m", params.damping_N_s_per_m);
  f("stiffness_N_per_m", params.stiffness_N_per_m);
  f("nose_stiffness_N_per_m", params.nose_stiffness_N_per_m);
  f("nose_damping_N_s_per_m", params.nose_damping_N_s_per_m);
  f("voluntary_bandwidth_Hz", params.voluntary_bandwidth_Hz);
  f("press_noise_1", params.press_noise_1);
  f("press_noise_low_Hz", params.press_noise_low_Hz);
  f("press_noise_high_Hz", params.press_noise_high_Hz);
  f("tremor_peak_Hz", params.tremor_peak_Hz);
  f("tremor_damping_ratio_1", params.tremor_damping_ratio_1);
  f("tremor_along_m", params.tremor_along_m);
  f("tremor_across_m", params.tremor_across_m);
  f("tremor_axial_m", params.tremor_axial_m);
  f("track_length_m", params.track_length_m);
  f("lane_pitch_m", params.lane_pitch_m);
  f("noise_period_s", params.noise_period_s);
  f("pass_count", params.pass_count);
}
static_assert(bytes_listed<HandParams>([](auto& params, auto f) { each_hand_param(params, f); }) == sizeof(HandParams));

struct HandInput {
  double press_N = 1.5;      // mean force wanted
  double lift_m = 10e-3;     // height of the nose while lifted
  double glide_m_per_s = 0;  // speed wanted along the track, >= 0
  double tilt_rad = 0;
  double reaction_N = 0;     // R: of the needles on the pen, positive away from the skin
  std::int64_t contact = 0;  // 1: the operator wants the nose on the skin
};

struct HandOutput {
  double nose_gap_m = 0;             // from the nose to the undeformed skin; negative while pressed in
  double nose_speed_m_per_s = 0;     // into the skin
  double nose_force_N = 0;           // of the nose on the skin, >= 0
  double nose_sink_m = 0;            // max(0, -gap)
  double hand_force_N = 0;           // of the hand on the pen, towards the skin
  double track_m = 0;                // place along the track, tremor included
  double across_m = 0;               // place across it: lane and tremor
  double glide_m_per_s = 0;          // speed along the track without tremor; negative on the way back
  double lateral_speed_m_per_s = 0;  // over the skin, tremor included, >= 0
  double tilt_rad = 0;
  std::int64_t lane = 0;
  std::int64_t contact = 0;  // the nose touches
};

struct HandState {
  std::uint64_t seed = 0;
  double nose_m = 0;  // z
  double nose_speed_m_per_s = 0;
  double rest_m = 0;  // z_eq without noise and tremor
  double rest_speed_m_per_s = 0;
  double rest_total_m = 0;   // z_eq of the last step
  double glide_m_per_s = 0;  // >= 0
  double way_m = 0;          // 0..track_length_m
  double direction_1 = 1;    // 1 or -1
  double tilt_rad = 0;
  double phase_s = 0;        // since the last noise sample
  double press_first_1 = 0;  // filters of the press noise
  double press_second_1 = 0;
  double press_slow_1 = 0;
  double tremor_x_1[3] = {};  // resonators of unit variance: along, across, axial
  double tremor_y_1[3] = {};  // their speed over 2 pi f
  double from_1[4] = {};      // interpolated: tremor along, across, axial, press noise
  double slope_per_s[4] = {};
  std::int64_t noise_index = 0;
  std::int64_t pass = 0;
  std::int64_t lane = 0;
  // What follows is derived from the params and the step.
  double dt_s = 0, inverse_dt_Hz = 0;
  double glide_gain_1 = 0, rest_gain_Hz = 0, rest_factor_1 = 0;
  double free_factor_per_kg = 0, contact_factor_per_kg = 0, compliance_m_per_N = 0;
  double tremor_xx_1 = 0, tremor_xy_1 = 0, tremor_yy_1 = 0;
  double tremor_drive_x_1 = 0, tremor_drive_xy_1 = 0, tremor_drive_y_1 = 0;
  double press_fast_decay_1 = 0, press_slow_decay_1 = 0, press_drive_1 = 0;
};

// Lifted to lift_m, at rest, at the begin of the first lane.
void hand_reset(const HandParams& params, std::uint64_t seed, double lift_m, HandState& state);

void hand_step(const HandParams& params, HandState& state, const HandInput& input, double dt_s, HandOutput& output);

}  // namespace pensim
