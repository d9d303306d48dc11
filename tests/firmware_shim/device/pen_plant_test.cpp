// The plant that fits on a board against the full one: the reference core in air, 1 mm, 120 Hz.
#include "firmware_shim/device/pen_plant.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "firmware_shim/native/native_target.h"
#include "pen_plant_parameters.h"
#include "tests/sim/program.h"

namespace pensim {
namespace {

struct Means {
  double rate_Hz = 0, current_A = 0, screw_m = 0;
};

// As pen_alone.c has it: boot, then the core and the plant in turn.
Means small_plant(double from_s, double to_s, float needle_N_per_m = 0.0f) {
  const auto core = open_native(PENSIM_CORES "/reference_pen.so", {.private_copy = true});
  static PenPlant plant;
  pen_plant_reset(&plant, &pen_plant_parameters);
  PenPlantUser user{1e-3f, 120.0f, 0, needle_N_per_m};
  PenIn in;
  PenOut before{};
  while (plant.time_us < 5000) {
    pen_plant_sense(&plant, &user, &before, &in);
    pen_plant_move(&plant, &user, &before);
  }
  core->reset(PEN_RESET_POWER_ON);
  Means sum;
  long count = 0;
  for (long k = 0; plant.time_us < to_s * 1e6; ++k) {
    user.start = plant.time_us >= 300000u ? 1 : 0;
    pen_plant_sense(&plant, &user, &before, &in);
    PenOut out{};
    core->step(k, in, out);
    pen_plant_move(&plant, &user, &before);
    before = out;
    if (plant.time_us < from_s * 1e6) continue;
    sum.rate_Hz += pen_plant_rate_Hz(&plant);
    sum.current_A += plant.mean_current_A;
    sum.screw_m += plant.screw_m;
    ++count;
  }
  const auto n = static_cast<double>(count);
  return {sum.rate_Hz / n, sum.current_A / n, sum.screw_m / n};
}

TEST(PenPlant, RunsAsTheFullPlantDoesInAir) {
  const test::Folder folder;
  test::write_file(
      folder / "air.yaml",
      "title: In air\nduration: 2.6 s\nfirmware: reference_pen\noperator: {tremor: none}\n"
      "timeline:\n"
      "  - {at: 0 s, set: user.depth, to: 1 mm}\n"
      "  - {at: 0 s, set: user.rate, to: 120 Hz}\n"
      "  - {at: 0.3 s, set: user.start, to: on}\n"
      "measure: {rate: \"mean[1.5 s, 2.5 s](stroke.rate)\", current: \"mean[1.5 s, 2.5 s](motor.current)\", "
      "screw: \"mean[1.5 s, 2.5 s](screw.position)\"}\n"
      "require: [{id: RUNS, text: It runs, that: \"eventually[0 s, end] (motor.speed >= 60 Hz)\"}]\n");
  const test::Reported full = test::run_scenarios(PENSIM_PROGRAM, {folder / "air.yaml", "--no-always"});
  ASSERT_EQ(full.runs.size(), 1u) << full.ran.err;
  const auto measure = [&](const char* name) { return full.runs[0]["measures"][name].get<double>(); };
  const Means small = small_plant(1.5, 2.5);
  std::printf("rate %.2f Hz and %.2f Hz (full), current %.4f A and %.4f A, screw %.4f mm and %.4f mm\n", small.rate_Hz,
              measure("rate"), small.current_A, measure("current"), small.screw_m * 1e3, measure("screw") * 1e3);
  EXPECT_NEAR(small.rate_Hz, measure("rate"), 0.005 * measure("rate"));
  EXPECT_NEAR(small.current_A, measure("current"), 0.02 * measure("current"));
  EXPECT_NEAR(small.screw_m, measure("screw"), 0.1e-3);
}

TEST(PenPlant, LoadOnTheNeedlesTakesCurrent) {
  EXPECT_GT(small_plant(1.5, 2.0, 2000.0f).current_A, 1.1 * small_plant(1.5, 2.0).current_A);
}

// Without friction, damping and current what is in rotor and spring stays there: the step is as good as that.
TEST(PenPlant, KeepsItsEnergy) {
  PenPlantParameters p = pen_plant_parameters;
  p.friction_N_m = p.viscous_N_m_s_per_rad = p.spring_damping_N_s_per_m = 0.0f;
  static PenPlant plant;
  pen_plant_reset(&plant, &p);
  plant.speed_rad_per_s = 500.0f;
  const PenPlantUser user{1e-3f, 120.0f, 0, 0.0f};
  const PenOut off{};
  const auto energy_J = [&] {
    const double e = p.eccentricity_m, s = std::sin(plant.angle_rad), z = e * (1 - std::cos(plant.angle_rad));
    return 0.5 * (p.inertia_kg_m2 + p.moving_mass_kg * e * e * s * s) * std::pow(plant.speed_rad_per_s, 2) +
           p.spring_preload_N * z + 0.5 * p.spring_N_per_m * z * z;
  };
  const double before_J = energy_J();
  double most = 0;
  for (int k = 0; k < 20000; ++k) {
    pen_plant_move(&plant, &user, &off);
    most = std::max(most, std::abs(energy_J() / before_J - 1.0));
  }
  EXPECT_LT(most, 0.03);
}

}  // namespace
}  // namespace pensim
