#include "models/thermal.h"

namespace pensim {

// Backward Euler; the chain winding - case - grip - air is eliminated from its ends towards the case.
void thermal_step(const ThermalParams& p, ThermalState& state, const ThermalInput& input, double dt_s) {
  const double winding_per_K = p.winding_J_per_K / dt_s, case_per_K = p.case_J_per_K / dt_s,
               grip_per_K = p.grip_J_per_K / dt_s;
  const double g1 = 1.0 / p.winding_to_case_K_per_W, gm = 1.0 / p.case_to_grip_K_per_W,
               g2 = 1.0 / p.grip_to_air_K_per_W;
  // winding = (w0 + g1 case) / wd, grip = (a0 + gm case) / ad
  const double w0 = winding_per_K * state.winding_K + input.winding_W, wd = winding_per_K + g1;
  const double a0 = grip_per_K * state.grip_K + input.grip_W + g2 * input.ambient_K, ad = grip_per_K + gm + g2;
  const double c0 = case_per_K * state.case_K + input.case_W + g1 * w0 / wd + gm * a0 / ad;
  const double cd = case_per_K + g1 + gm - g1 * g1 / wd - gm * gm / ad;
  state.case_K = c0 / cd;
  state.winding_K = (w0 + g1 * state.case_K) / wd;
  state.grip_K = (a0 + gm * state.case_K) / ad;
}

}  // namespace pensim
