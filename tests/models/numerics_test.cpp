// Numerics: what the step of the plant costs in accuracy, and the skin law against an independent solution by CVODE.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "models/plant.h"
#include "tests/models/reference_skin.h"

using namespace pensim;

namespace {

struct Outcome {
  double turns = 0;       // of the cam: speed, integrated
  double charge_A_s = 0;  // through the winding
  double heat_J = 0;
  double skin_J = 0;  // work on the skin
};

// A pen from rest, driven from the first tick, on the skin if `contact`.
Outcome whole_plant(std::int64_t steps_per_tick, bool contact, double time_s) {
  PlantParams params;
  params.steps_per_tick = steps_per_tick;
  params.initial_lift_m = 0;
  params.screw.initial_position_m = 2e-3;  // every needle enters, at every step: no marginal puncture decides
  params.hand.tremor_axial_m = params.hand.tremor_along_m = params.hand.tremor_across_m = params.hand.press_noise_1 = 0;
  const PlantDerived derived = plant_derive(params);
  const auto state = std::make_unique<PlantState>();
  plant_reset(params, derived, *state);
  PlantInput input;
  input.enable = 1;
  input.bridge_mode = BridgeMode::drive;
  input.duty_1 = 0.72;
  input.contact = contact;
  PlantEdges edges;
  PlantTruth truth;
  PlantEnergy energy;
  Outcome outcome;
  const auto ticks = static_cast<std::int64_t>(std::llround(time_s / params.tick_s));
  for (std::int64_t k = 0; k < ticks; ++k) {
    plant_tick(params, derived, *state, input, edges);
    plant_truth(derived, *state, truth);
    outcome.charge_A_s += truth.motor_current_A * params.tick_s;
  }
  plant_energy(params, derived, *state, energy);
  outcome.turns = static_cast<double>(truth.revolutions) + truth.cam_angle_rad / 6.283185307179586;
  outcome.heat_J = energy.winding_J + energy.bridge_J + energy.friction_J;
  outcome.skin_J = energy.skin_J;
  return outcome;
}

double relative(double value, double exact) { return value / exact - 1; }

}  // namespace

// From 50 us to 1.6 us, against 0.8 us. The parts are of second order; that rail, bridge and rotor take turns and that
// a drop of the force falls somewhere within a step leaves first order, with small factors. The order is that of the
// sum of the four errors, each over its limit at 25 us: a single one may pass through 0.
TEST(Numerics, OrderOfTheWholePlant) {
  const struct {
    const char* name;
    double Outcome::*what;
    double limit;
  } rows[] = {{"turns of the cam", &Outcome::turns, 3e-5},
              {"charge", &Outcome::charge_A_s, 2e-4},
              {"heat", &Outcome::heat_J, 5e-5},
              {"work on the skin", &Outcome::skin_J, 2e-3}};
  for (const bool contact : {false, true}) {
    std::vector<Outcome> at;
    for (const std::int64_t steps : {1, 2, 4, 8, 16, 32, 64}) at.push_back(whole_plant(steps, contact, 0.4));
    std::array<double, 6> sum{};
    for (const auto& row : rows) {
      if (!contact && row.what == &Outcome::skin_J) continue;
      std::printf("  %s, %-16s error at 50, 25, 12.5, 6.25, 3.1, 1.6 us:", contact ? "skin" : "air ", row.name);
      for (std::size_t i = 0; i < sum.size(); ++i) {
        const double error = relative(at[i].*row.what, at.back().*row.what);
        std::printf(" %+.1e", error);
        sum[i] += std::fabs(error) / row.limit;
      }
      std::printf("\n");
      EXPECT_LT(std::fabs(relative(at[0].*row.what, at.back().*row.what)), 2 * row.limit) << row.name;
      EXPECT_LT(std::fabs(relative(at[1].*row.what, at.back().*row.what)), row.limit) << row.name;
    }
    const double order = std::log2(sum[0] / sum[4]) / 4;
    std::printf("  %s, order from 50 to 3.1 us %.2f\n", contact ? "skin" : "air ", order);
    EXPECT_GT(order, 0.7);
    EXPECT_LT(order, 2.5);
    EXPECT_EQ(at.back().skin_J > 0.01, contact);
  }
}

TEST(Numerics, ReferenceOfTheSkinIsConverged) {
  CartridgeParams cartridge;
  const SkinStroke stroke;
  const SkinStrokeResult loose = reference_stroke(cartridge, SkinParams{}, 3, stroke, 1e-8, 2e-6);
  const SkinStrokeResult tight = reference_stroke(cartridge, SkinParams{}, 3, stroke, 1e-11, 1e-6);
  std::printf("  %ld and %ld events, %ld and %ld steps; force %.2e penetration %.2e dwell %.2e work %.2e\n",
              static_cast<long>(loose.events), static_cast<long>(tight.events), static_cast<long>(loose.steps),
              static_cast<long>(tight.steps), relative(loose.peak_force_N, tight.peak_force_N),
              relative(loose.peak_penetration_m, tight.peak_penetration_m), relative(loose.dwell_s, tight.dwell_s),
              relative(loose.work_J, tight.work_J));
  EXPECT_NEAR(relative(loose.peak_force_N, tight.peak_force_N), 0, 1e-5);
  EXPECT_NEAR(relative(loose.peak_penetration_m, tight.peak_penetration_m), 0, 1e-5);
  EXPECT_NEAR(relative(loose.dwell_s, tight.dwell_s), 0, 1e-5);
  EXPECT_NEAR(relative(loose.work_J, tight.work_J), 0, 1e-5);
  EXPECT_GE(tight.events, 12 * 4);  // contact, puncture, flow, stick, exit of each needle
  EXPECT_EQ(tight.last_penetration_m, 0.0);
}

// Largest error over eight phases of the step against the stroke.
// A tent that grows exponentially, as an organ's: the same law needle by needle.
TEST(Numerics, GrowingTentAgainstCvode) {
  SkinParams params;
  params.tent_growth_1_per_m = 2000;  // a factor of e on half a millimetre
  for (const std::int64_t needles : {1, 6}) {
    CartridgeParams cartridge;
    cartridge.needle_count = needles;
    const SkinStroke stroke;
    const SkinStrokeResult exact = reference_stroke(cartridge, params, 3, stroke, 1e-10, 1e-6),
                           skin = reference_stroke(cartridge, SkinParams{}, 3, stroke, 1e-8, 0);
    EXPECT_GT(exact.peak_penetration_m, 1.02 * skin.peak_penetration_m) << "stiffer, so more of the needle goes in";
    for (const auto& [step_s, limit] : {std::pair{25e-6, 1e-3}, {1.5625e-6, 2e-5}}) {
      const SkinStrokeResult ours = stepped_stroke(cartridge, params, 3, stroke, step_s, 0.3);
      EXPECT_LT(std::fabs(relative(ours.peak_force_N, exact.peak_force_N)), limit);
      EXPECT_LT(std::fabs(relative(ours.peak_penetration_m, exact.peak_penetration_m)), limit);
      EXPECT_LT(std::fabs(relative(ours.dwell_s, exact.dwell_s)), limit);
    }
  }
}

TEST(Numerics, SkinStepAgainstCvode) {
  std::printf("  needles  depth     step     force  penetration   dwell     work\n");
  for (const std::int64_t needles : {1, 12})
    for (const double depth_m : {1e-3, 2e-3}) {
      CartridgeParams cartridge;
      cartridge.needle_count = needles;
      SkinStroke stroke;
      stroke.depth_m = depth_m;
      const SkinStrokeResult exact = reference_stroke(cartridge, SkinParams{}, 3, stroke, 1e-10, 1e-6);
      ASSERT_GT(exact.peak_penetration_m, 0.2e-3);
      std::array<std::array<double, 4>, 4> error{};
      const double steps_s[] = {50e-6, 25e-6, 6.25e-6, 1.5625e-6};
      for (std::size_t k = 0; k < error.size(); ++k) {
        for (int phase = 0; phase < 8; ++phase) {
          const SkinStrokeResult ours = stepped_stroke(cartridge, SkinParams{}, 3, stroke, steps_s[k], phase / 8.0);
          const double found[] = {relative(ours.peak_force_N, exact.peak_force_N),
                                  relative(ours.peak_penetration_m, exact.peak_penetration_m),
                                  relative(ours.dwell_s, exact.dwell_s), relative(ours.work_J, exact.work_J)};
          for (std::size_t i = 0; i < 4; ++i) error[k][i] = std::max(error[k][i], std::fabs(found[i]));
          EXPECT_EQ(ours.last_penetration_m, 0.0);
        }
        std::printf("  %7ld  %.0f mm %6.2f us  %6.3f %%  %6.3f %%   %6.3f %%  %6.3f %%\n", static_cast<long>(needles),
                    depth_m * 1e3, steps_s[k] * 1e6, error[k][0] * 100, error[k][1] * 100, error[k][2] * 100,
                    error[k][3] * 100);
      }
      const auto &plant = error[0], &half = error[1];
      for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(plant[i], 2e-3);
      EXPECT_LT(plant[3], 2.4e-2);  // of one stroke: what a soft tent takes up while the needle slips out within a step
      for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(half[i], 1e-3);
      EXPECT_LT(half[3], 1.2e-2);
      // a quarter of the step, a sixteenth of the error ...
      for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(error[2][i], 2e-4);
      for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(error[3][i], 2e-5);  // ... towards the same limit as CVODE's
      EXPECT_LT(error[3][3], 7e-4);                                      // in proportion to the step
    }
}
