// thermal.h - winding, motor case, grip.
//
//   C_w T_w' = P_w - (T_w - T_c)/R_1
//   C_c T_c' = P_c + (T_w - T_c)/R_1 - (T_c - T_g)/R_m
//   C_g T_g' = P_g + (T_c - T_g)/R_m - (T_g - T_a)/R_2
//   R_1 6 K/W, C_w 0.83 J/K, C_c 7.6 J/K: data sheet 1331SR R_th1 and tau/R_th [F:f1331], [D]
//   R_m 3 K/W: the case in the grip [E]; in free air (R_th2) it is 25 K/W to ambient [F:f1331]
//   R_2 11 K/W, C_g 40 J/K: 45 g of aluminium, air and hand [E]
//
// With R_1, R_th2 and these capacities the winding alone (case held) has 5 s and the case alone 190 s, as on the data
// sheet; coupled the poles lie at 4.5 and 211 s.
// Linearly implicit: any step is stable.
//
// Not modelled: the hand as a heat source or sink of its own, radiation, gradients along the grip.
#pragma once

#include "models/parameters.h"

namespace pensim {

struct ThermalParams {
  double winding_to_case_K_per_W = 6.0;  // R_th1 [F:f1331]
  double winding_J_per_K = 0.83;         // 5 s over 6 K/W [D] from [F:f1331]
  double case_J_per_K = 7.6;             // 190 s over 25 K/W [D] from [F:f1331]
  double case_to_grip_K_per_W = 3.0;     // [E]
  double grip_J_per_K = 40.0;            // 45 g of aluminium [E]
  double grip_to_air_K_per_W = 11.0;     // air and hand [E]
  double case_share_1 = 0.2;             // of friction, heats the case: brushes, bearings; 0.12 of 0.57 mN m [D]
  double initial_K = 296.15;             // the scenario's ambient [E]
};

template <class Params, class F>
constexpr void each_thermal_param(Params& params, F f) {
  f("winding_to_case_K_per_W", params.winding_to_case_K_per_W);
  f("winding_J_per_K", params.winding_J_per_K);
  f("case_J_per_K", params.case_J_per_K);
  f("case_to_grip_K_per_W", params.case_to_grip_K_per_W);
  f("grip_J_per_K", params.grip_J_per_K);
  f("grip_to_air_K_per_W", params.grip_to_air_K_per_W);
  f("case_share_1", params.case_share_1);
  f("initial_K", params.initial_K);
}
static_assert(bytes_listed<ThermalParams>([](auto& params, auto f) { each_thermal_param(params, f); }) ==
              sizeof(ThermalParams));

struct ThermalState {
  double winding_K = 296.15;
  double case_K = 296.15;
  double grip_K = 296.15;
};

struct ThermalInput {
  double winding_W = 0, case_W = 0, grip_W = 0;  // heat put into each
  double ambient_K = 296.15;
};

void thermal_step(const ThermalParams& params, ThermalState& state, const ThermalInput& input, double dt_s);

}  // namespace pensim
