// The line of scenarios/always.yaml that judges the energy balance of every run: it holds, and it fails when energy
// comes from nowhere.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "models/plant.h"
#include "sim/judge/requirement.h"
#include "sim/scenario/scenario.h"
#include "tests/sim/judge/memory_source.h"

namespace pensim {
namespace {

constexpr Tick ticks = 20000, ms_ticks = 20;  // 1 s

// A pen on the skin, driven open loop; `spoil` is called at 0.5 s.
template <class Spoil>
Verdict judged(Spoil spoil) {
  PlantParams params;
  params.screw.initial_position_m = 1e-3;
  const PlantDerived derived = plant_derive(params);
  const auto state = std::make_unique<PlantState>();
  plant_reset(params, derived, *state);
  PlantInput input;
  input.enable = input.contact = 1;
  input.bridge_mode = BridgeMode::drive;
  input.duty_1 = 0.72;
  PlantEdges edges;
  Samples residual, turned_over;
  residual.period_ticks = turned_over.period_ticks = ms_ticks;
  for (Tick k = 0; k < ticks; ++k) {
    if (k == ticks / 2) spoil(*state);
    if (k % ms_ticks == 0) {
      PlantEnergy energy;
      plant_energy(params, derived, *state, energy);
      residual.value.push_back(static_cast<float>(energy.residual_J));
      turned_over.value.push_back(static_cast<float>(energy.turned_over_J));
    }
    plant_tick(params, derived, *state, input, edges);
  }
  EXPECT_GT(turned_over.value.back(), 0.3f);
  MemorySource run(ticks);
  run.set("energy.residual", residual);
  run.set("energy.turned_over", turned_over);
  for (const Requirement& requirement : load_always("scenarios/always.yaml"))
    if (requirement.id == "ENERGY") return judge(requirement, run);
  ADD_FAILURE() << "scenarios/always.yaml has no requirement ENERGY";
  return {};
}

TEST(Energy, AlwaysYamlJudgesTheBalance) {
  const Verdict sound = judged([](PlantState&) {});
  EXPECT_EQ(sound.outcome, Outcome::pass);
  EXPECT_LT(sound.margin, 0.2e-3);  // it is no wide line: 0.1 mJ at the start
  // One term that is not what happened, each by about 1 % of what had been turned over.
  for (double PlantState::*term :
       {&PlantState::winding_J, &PlantState::bridge_J, &PlantState::electronics_J, &PlantState::outside_J}) {
    const Verdict spoiled = judged([&](PlantState& state) { state.*term += 5e-3; });
    EXPECT_EQ(spoiled.outcome, Outcome::fail);
    EXPECT_GE(spoiled.at_s, 0.5);  // from there on; the residual swings a little within a stroke of 8 ms
    EXPECT_LT(spoiled.at_s, 0.508);
  }
  EXPECT_EQ(judged([](PlantState& s) { s.drivetrain.friction_J *= 1.02; }).outcome, Outcome::fail);
  EXPECT_EQ(judged([](PlantState& s) { s.battery.supplied_J *= 0.99; }).outcome, Outcome::fail);
  EXPECT_EQ(judged([](PlantState& s) { s.drivetrain.speed_rad_per_s *= 1.1; }).outcome, Outcome::fail);
}

}  // namespace
}  // namespace pensim
