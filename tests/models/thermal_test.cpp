#include "models/thermal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

using namespace pensim;

namespace {

struct DataSheet {
  const char* name;
  double r1_K_per_W, r2_K_per_W, winding_s, case_s;
};
constexpr DataSheet sheets[] = {{"1331SR", 6, 25, 5, 190}, {"0816SR", 20, 48, 4.2, 242}};  // VT-19 [F:f1331, f0816]

ThermalParams in_free_air(const DataSheet& sheet) {  // the grip stands for the room
  ThermalParams p;
  p.winding_to_case_K_per_W = sheet.r1_K_per_W;
  p.winding_J_per_K = sheet.winding_s / sheet.r1_K_per_W;
  p.case_to_grip_K_per_W = sheet.r2_K_per_W;
  p.case_J_per_K = sheet.case_s / sheet.r2_K_per_W;
  p.grip_J_per_K = 1e12;
  return p;
}

template <class Read>
double time_to_63_percent(const ThermalParams& p, const ThermalInput& input, double rise_K, Read read) {
  ThermalState state;
  double time_s = 0;
  while (read(state) - 296.15 < 0.6321205588 * rise_K && time_s < 2000.0) {
    thermal_step(p, state, input, 1e-2);
    time_s += 1e-2;
  }
  return time_s;
}

}  // namespace

TEST(Thermal, TimeConstantsOfTheDataSheets) {  // each node against its neighbour held, which is how tau_w1 and tau_w2
                                               // are defined
  for (const DataSheet& sheet : sheets) {
    ThermalParams winding_alone = in_free_air(sheet);
    winding_alone.case_J_per_K = 1e12;
    ThermalInput heat;
    heat.winding_W = 1.0;
    const double winding_s =
        time_to_63_percent(winding_alone, heat, sheet.r1_K_per_W, [](const ThermalState& s) { return s.winding_K; });
    ThermalParams case_alone = in_free_air(sheet);
    case_alone.winding_J_per_K = 1e-6;
    const double case_s =
        time_to_63_percent(case_alone, heat, sheet.r2_K_per_W, [](const ThermalState& s) { return s.case_K; });
    std::printf("  %s tau_w1 %.2f (%.1f) s, tau_w2 %.1f (%.0f) s\n", sheet.name, winding_s, sheet.winding_s, case_s,
                sheet.case_s);
    EXPECT_NEAR(winding_s / sheet.winding_s, 1.0, 0.05) << sheet.name;
    EXPECT_NEAR(case_s / sheet.case_s, 1.0, 0.05) << sheet.name;
  }
}

TEST(Thermal, StepResponseOfTheCoupledMotor) {  // exact solution of the two nodes; and what coupling makes of the data
                                                // sheet's poles
  for (const DataSheet& sheet : sheets) {
    const ThermalParams p = in_free_air(sheet);
    const double cw = p.winding_J_per_K, cc = p.case_J_per_K, g1 = 1 / sheet.r1_K_per_W, g2 = 1 / sheet.r2_K_per_W;
    const double trace = g1 / cw + (g1 + g2) / cc, determinant = g1 * g2 / (cw * cc);
    const double root = std::sqrt(trace * trace - 4 * determinant);
    const double fast = 0.5 * (trace + root), slow = 0.5 * (trace - root);
    std::printf("  %s poles %.2f s and %.1f s (data sheet %.1f and %.0f)\n", sheet.name, 1 / fast, 1 / slow,
                sheet.winding_s, sheet.case_s);
    ThermalState state;
    ThermalInput heat;
    heat.winding_W = 1.0;
    const double end = sheet.r1_K_per_W + sheet.r2_K_per_W;
    // T = end + a e^(-fast t) + b e^(-slow t) with T(0) = 0 and T'(0) = 1/C_w
    const double a = (slow * end - 1 / cw) / (fast - slow), b = -end - a;
    for (int k = 1; k <= 600000; ++k) {
      thermal_step(p, state, heat, 1e-3);
      if (k == 2000 || k == 20000 || k == 200000 || k == 600000) {
        const double t = k * 1e-3;
        EXPECT_NEAR(state.winding_K - 296.15, end + a * std::exp(-fast * t) + b * std::exp(-slow * t), 2e-3 * end)
            << sheet.name << " " << t;
      }
    }
  }
}

TEST(Thermal, StallHeatsTheWindingBy8p5KelvinPerSecond) {  // hazard H8 [D]: 2.6 A in 1.05 ohm
  const ThermalParams p;
  ThermalState state;
  ThermalInput heat;
  heat.winding_W = 2.6 * 2.6 * 1.05;
  for (int k = 0; k < 100; ++k) thermal_step(p, state, heat, 1e-3);
  EXPECT_NEAR((state.winding_K - 296.15) / 0.1, 8.5, 0.15);
}

TEST(Thermal, GripIn440SecondsTo11KelvinPerWatt) {  // 40 J/K x 11 K/W
  ThermalParams p;
  p.case_J_per_K = p.winding_J_per_K = 1e-3;
  ThermalInput heat;
  heat.grip_W = 0.7;
  EXPECT_NEAR(time_to_63_percent(p, heat, 7.7, [](const ThermalState& s) { return s.grip_K; }), 440.0, 5.0);
  ThermalState state;
  for (int k = 0; k < 5000; ++k) thermal_step(p, state, heat, 1.0);
  EXPECT_NEAR(state.grip_K - 296.15, 7.7, 0.01);  // "0.7 W: +8 K"
}

TEST(Thermal, HeatIsConserved) {
  ThermalParams p;
  p.grip_to_air_K_per_W = 1e15;
  ThermalState state;
  ThermalInput heat;
  heat.winding_W = 0.5;
  heat.case_W = 0.2;
  heat.grip_W = 0.3;
  for (int k = 0; k < 100000; ++k) thermal_step(p, state, heat, 1e-3);
  const double stored_J =
      0.83 * (state.winding_K - 296.15) + 7.6 * (state.case_K - 296.15) + 40.0 * (state.grip_K - 296.15);
  EXPECT_NEAR(stored_J, 100.0, 1e-3);
}

TEST(Thermal, CoolsToTheAir) {
  const ThermalParams p;
  ThermalState state{360.0, 340.0, 320.0};
  ThermalInput input;
  input.ambient_K = 280.0;
  for (int k = 0; k < 20000; ++k) thermal_step(p, state, input, 1.0);
  EXPECT_NEAR(state.winding_K, 280.0, 1e-6);
  EXPECT_NEAR(state.grip_K, 280.0, 1e-6);
}
