// VT-23: closed forms of cam, float and dwell; energy; friction that neither creeps nor chatters.
#include "models/drivetrain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace pensim;

namespace {

constexpr double pi = 3.14159265358979323846;

struct Bench {
  DrivetrainParams params;
  double plate_kg = 0.35e-3, rotor_kg_m2 = 7.1e-8, dt_s = 25e-6;
  DrivetrainDerived derived;
  DrivetrainState state;
  DrivetrainInput input;
  double crossing_s = -1;
  void start(double speed_Hz, double angle_rad = 0.0) {
    derived = drivetrain_derive(params, rotor_kg_m2, plate_kg, dt_s);
    drivetrain_reset(params, angle_rad, state);
    state.speed_rad_per_s = 2 * pi * speed_Hz;
  }
  double advance() {  // the friction's loss
    const double before_J = state.friction_J;
    drivetrain_step(params, derived, state, input, crossing_s);
    return state.friction_J - before_J;
  }
};

Bench flywheel(double speed_Hz) {  // constant speed: a rotor of 1 kg m^2
  Bench b;
  b.rotor_kg_m2 = 1.0;
  b.start(speed_Hz);
  return b;
}

}  // namespace

TEST(Drivetrain, PlateFollowsTheCam) {  // z = e (1 - cos phi)
  Bench b = flywheel(120.0);
  const double S = 2 * b.params.eccentricity_m;
  double highest = 0;
  for (int k = 1; k < 4000; ++k) {
    b.advance();
    EXPECT_NEAR(b.state.plate_m, 0.5 * S * (1 - std::cos(2 * pi * 120.0 * k * b.dt_s)), 1e-4 * S);
    highest = std::max(highest, b.state.plate_m);
  }
  EXPECT_NEAR(highest, S, 1e-3 * S);
  EXPECT_EQ(b.state.floats, 0);
}

TEST(Drivetrain, EntrySpeedDwellAndDrag) {  // v = w sqrt(d (2e - d)), dwell = acos(1 - d/e)/(pi f): derived table [D]
  struct Row {
    double f_Hz, d_mm, v_m_per_s, dwell_ms;
  };
  const Row rows[] = {{80, 0.5, 0.62, 3.1},  {80, 1.5, 0.87, 5.7},  {117, 0.5, 0.90, 2.1},  {117, 1.0, 1.16, 3.1},
                      {117, 1.5, 1.27, 3.9}, {117, 2.5, 1.16, 5.5}, {150, 0.5, 1.15, 1.65}, {150, 1.5, 1.63, 3.0},
                      {150, 2.5, 1.49, 4.3}, {200, 1.0, 1.99, 1.8}, {200, 2.5, 1.99, 3.2}};
  for (const Row& row : rows) {
    Bench b = flywheel(row.f_Hz);
    b.input.spring_factor_1 = 3.0;  // stays on the driver at 200 Hz
    const double e = b.params.eccentricity_m, nose_m = 2 * e - row.d_mm * 1e-3;
    double before_m = 0, before_m_per_s = 0, above_s = 0, entry_m_per_s = 0;
    int entries = 0;
    const int revolutions = 20, steps = static_cast<int>(revolutions / row.f_Hz / b.dt_s + 0.5);
    for (int k = 0; k < steps; ++k) {
      b.advance();
      const double now_m = b.state.plate_m, change_m = now_m - before_m;
      if (before_m > nose_m && now_m > nose_m)
        above_s += b.dt_s;
      else if (now_m > nose_m)
        above_s += b.dt_s * (now_m - nose_m) / change_m;
      else if (before_m > nose_m)
        above_s += b.dt_s * (nose_m - before_m) / change_m;
      if (before_m <= nose_m && now_m > nose_m) {
        entry_m_per_s +=
            before_m_per_s + (b.state.plate_speed_m_per_s - before_m_per_s) * (nose_m - before_m) / change_m;
        ++entries;
      }
      before_m = now_m;
      before_m_per_s = b.state.plate_speed_m_per_s;
    }
    const double d = row.d_mm * 1e-3, w = 2 * pi * row.f_Hz;
    ASSERT_EQ(entries, revolutions);
    EXPECT_EQ(b.state.floats, 0);
    EXPECT_NEAR(entry_m_per_s / entries / (w * std::sqrt(d * (2 * e - d))), 1.0, 1e-3) << row.f_Hz << " " << row.d_mm;
    EXPECT_NEAR(entry_m_per_s / entries, row.v_m_per_s, 0.006);
    EXPECT_NEAR(above_s / revolutions / (std::acos(1 - d / e) / pi / row.f_Hz), 1.0, 0.01);
    EXPECT_NEAR(above_s / revolutions * 1e3, row.dwell_ms, 0.06);
  }
}

TEST(Drivetrain, FloatBeginsAtTheOnsetFrequency) {  // w = sqrt((F0 + k S)/(m e)); derived table [D]
  struct Row {
    double m_g, F0, k, onset_Hz;
  };
  const Row rows[] = {{0.25, 0.30, 150, 219}, {0.25, 0.50, 200, 264}, {0.25, 0.15, 75, 155},  {0.35, 0.30, 150, 185},
                      {0.35, 0.50, 200, 223}, {0.35, 0.15, 75, 131},  {0.50, 0.30, 150, 155}, {0.50, 0.50, 200, 186},
                      {0.50, 0.15, 75, 109},  {1.00, 0.30, 150, 109}, {1.00, 0.50, 200, 132}, {1.00, 0.15, 75, 77}};
  for (const Row& row : rows)
    for (const double share : {0.98, 1.02}) {
      Bench b = flywheel(1.0);
      b.plate_kg = row.m_g * 1e-3;
      b.params.spring_preload_N = row.F0;
      b.params.spring_N_per_m = row.k;
      const double onset_Hz = std::sqrt((row.F0 + row.k * 3.5e-3) / (b.plate_kg * 1.75e-3)) / (2 * pi);
      EXPECT_NEAR(onset_Hz, row.onset_Hz, 0.6);
      b.start(share * onset_Hz);
      double highest_m = 0;
      for (int k = 0; k < 4000; ++k) {
        b.advance();
        highest_m = std::max(highest_m, b.state.plate_m);
      }
      EXPECT_EQ(b.state.floats > 0, share > 1.0) << row.m_g << " g, " << share * onset_Hz << " Hz";
      if (share > 1.0) {
        EXPECT_GT(highest_m, 3.5e-3);
      }
    }
}

TEST(Drivetrain, FloatingPlateOvershootsToTheStopAndReturns) {
  Bench b = flywheel(260.0);
  b.input.spring_factor_1 = 0.5;  // fatigued spring: 131 Hz
  double highest_m = 0;
  int on_driver = 0, floating = 0;
  for (int k = 0; k < 8000; ++k) {
    b.advance();
    highest_m = std::max(highest_m, b.state.plate_m);
    ASSERT_GE(b.state.plate_m, b.params.eccentricity_m * (1 - b.state.cos_1) - 1e-12);  // never behind the driver
    (b.state.floating ? floating : on_driver)++;
  }
  EXPECT_NEAR(highest_m, 3.8e-3, 1e-9);  // S + 0.3 mm
  EXPECT_GT(floating, 500);
  EXPECT_GT(on_driver, 500);
}

// A plate that is released flies as an oscillator: x(t) = -F0/k + (x0 + F0/k) cos wt + v0/w sin wt.
TEST(Drivetrain, FreeFlightIsTheOscillator) {
  Bench b = flywheel(0.0);
  b.params.spring_damping_N_s_per_m = 0.0;
  b.start(0.0);
  b.state.floating = 1;
  b.state.plate_m = 1e-3;
  b.state.plate_speed_m_per_s = 1.0;
  const double w = std::sqrt(150.0 / 0.35e-3), rest_m = -0.3 / 150.0;
  b.state.plate_acceleration_m_per_s2 = 0.0;
  for (int k = 1; k <= 60; ++k) {
    b.advance();
    // speeds are those of the middle of a step: the start is at -dt/2
    const double t = k * b.dt_s, v0 = 1.0 - 0.5 * b.dt_s * (0.3 + 150.0 * 1e-3) / 0.35e-3;
    const double exact_m = rest_m + (1e-3 - rest_m) * std::cos(w * t) + v0 / w * std::sin(w * t);
    if (exact_m > 3.5e-3) break;
    EXPECT_NEAR(b.state.plate_m, exact_m, 2e-7) << k;
  }
  EXPECT_EQ(b.state.floating, 1);
}

TEST(Drivetrain, ImpactSharesMomentumWithTheRotor) {
  Bench b;
  b.params.viscous_N_m_s_per_rad = 0;
  b.start(100.0, 1.2);
  b.state.floating = 1;
  b.state.plate_m = b.params.eccentricity_m * (1 - std::cos(1.2)) + 1e-6;
  b.state.plate_speed_m_per_s = -1.0;
  const double w = b.state.speed_rad_per_s;
  b.input.spring_factor_1 = 0.0;
  b.params.spring_damping_N_s_per_m = 0.0;
  b.advance();
  // Rotor and rod against plate, along the plate's way at the angle of the impact; the rod's centripetal term acts over
  // one step.
  const double s = b.state.sin_1, lever_m = b.params.eccentricity_m * s;
  const double inertia = b.derived.inertia_kg_m2 + b.derived.rod_kg_m2 * s * s;
  const double s0 = std::sin(1.2), c0 = std::cos(1.2);
  const double w_free =
      w - b.dt_s * b.derived.rod_kg_m2 * s0 * c0 * w * w / (b.derived.inertia_kg_m2 + b.derived.rod_kg_m2 * s0 * s0);
  const double closing = lever_m * w_free + 1.0;
  EXPECT_NEAR((b.state.plate_speed_m_per_s - lever_m * b.state.speed_rad_per_s) / closing, b.params.restitution_1,
              1e-9);
  EXPECT_NEAR(inertia * (w_free - b.state.speed_rad_per_s) / lever_m, b.plate_kg * (b.state.plate_speed_m_per_s + 1.0),
              1e-12);
  EXPECT_EQ(b.state.floating, 1);
}

TEST(Drivetrain, EnergyIsKeptWithoutFriction) {
  Bench b;
  b.params.viscous_N_m_s_per_rad = b.params.spring_damping_N_s_per_m = 0.0;
  b.start(100.0);
  const auto energy_J = [&](double w) {
    const double inertia = b.derived.inertia_kg_m2 + b.derived.both_kg_m2 * b.state.sin_1 * b.state.sin_1,
                 z = b.state.plate_m;
    return 0.5 * inertia * w * w + 0.3 * z + 0.5 * 150.0 * z * z;
  };
  double first = 0, low = 1e9, high = 0, fastest = 0, slowest = 1e9;
  for (int k = 0; k < 40000; ++k) {  // 1 s, 100 revolutions
    const double before = b.state.speed_rad_per_s;
    const DrivetrainState at = b.state;
    b.advance();
    const double w = 0.5 * (before + b.state.speed_rad_per_s);  // at the instant of `at`
    const DrivetrainState after = b.state;
    b.state = at;
    const double e = energy_J(w);
    b.state = after;
    if (k == 200) first = e;
    if (k >= 200) {
      low = std::min(low, e);
      high = std::max(high, e);
      fastest = std::max(fastest, w);
      slowest = std::min(slowest, w);
    }
  }
  EXPECT_GT(fastest / slowest, 1.02);  // energy really goes back and forth
  EXPECT_NEAR(low / first, 1.0, 2e-4);
  EXPECT_NEAR(high / first, 1.0, 2e-4);
}

TEST(Drivetrain, CoastingLosesTheFrictionWork) {
  Bench b;
  b.params.spring_preload_N = b.params.spring_N_per_m = b.params.spring_damping_N_s_per_m =
      b.params.viscous_N_m_s_per_rad = 0.0;
  b.params.rod_mass_kg = 0.0;
  b.plate_kg = 0.0;
  b.input.plate_present = 0;
  b.input.friction_N_m = 0.57e-3;
  b.start(120.0);
  const double w = 2 * pi * 120.0;
  double lost_J = 0, time_s = 0;
  while (b.state.speed_rad_per_s > 0 && time_s < 1.0) {
    lost_J += b.advance();
    time_s += b.dt_s;
  }
  EXPECT_NEAR(time_s, 1.0e-7 * w / 0.57e-3, 2 * b.dt_s);  // J w/T
  EXPECT_NEAR(lost_J, 0.5 * 1.0e-7 * w * w, 1e-3 * lost_J);
  EXPECT_EQ(b.state.speed_rad_per_s, 0.0);
}

TEST(Drivetrain, SticksWithoutCreepOrChatter) {
  Bench b;
  b.input.friction_N_m = 0.57e-3;
  b.start(0.0, 0.9);
  const double spring_N_m = 1.75e-3 * std::sin(0.9) * (0.3 + 150.0 * 1.75e-3 * (1 - std::cos(0.9)));
  ASSERT_LT(spring_N_m, 0.57e-3);
  const double angle = b.state.angle_rad;
  for (int k = 0; k < 100000; ++k) {
    b.input.torque_N_m = spring_N_m + 0.5e-3 * std::sin(k * 0.37);  // rattles below the break-away torque
    b.advance();
    ASSERT_EQ(b.state.speed_rad_per_s, 0.0);
  }
  EXPECT_EQ(b.state.angle_rad, angle);
  b.input.torque_N_m = spring_N_m + 0.6e-3;
  b.advance();
  EXPECT_GT(b.state.speed_rad_per_s, 0.0);
  b.start(0.0, 0.9);
  b.input.torque_N_m = spring_N_m - 0.6e-3;
  b.advance();
  EXPECT_LT(b.state.speed_rad_per_s, 0.0);
}

TEST(Drivetrain, SpringPushesBackAndSkinResists) {  // signs
  Bench b;
  b.start(0.0, 1.0);
  b.advance();
  EXPECT_LT(b.state.speed_rad_per_s, 0.0);
  Bench with_skin = b;
  b.start(0.0, 1.0);
  with_skin.start(0.0, 1.0);
  with_skin.input.skin_N = 1.0;
  b.advance();
  with_skin.advance();
  EXPECT_LT(with_skin.state.speed_rad_per_s, b.state.speed_rad_per_s);
  Bench backwards;
  backwards.start(0.0, 2 * pi - 1.0);  // on the way back the same spring drives forward
  backwards.advance();
  EXPECT_GT(backwards.state.speed_rad_per_s, 0.0);
}

TEST(Drivetrain, RevolutionsCountBothWaysWithInterpolatedCrossings) {
  Bench b = flywheel(100.0);
  double last_s = -1;
  int crossings = 0;
  for (int k = 0; k < 8000; ++k) {
    b.advance();
    if (b.crossing_s < 0) continue;
    ASSERT_LE(b.crossing_s, b.dt_s);
    const double at_s = k * b.dt_s + b.crossing_s;
    if (last_s >= 0) {
      EXPECT_NEAR(at_s - last_s, 0.01, 1e-9);
    }
    last_s = at_s;
    ++crossings;
  }
  EXPECT_NEAR(crossings, 20, 1);  // 200 ms
  EXPECT_EQ(b.state.revolutions, crossings);
  b.state.speed_rad_per_s *= -1;
  b.state.acceleration_rad_per_s2 = 0;
  for (int k = 0; k < 8000; ++k) {
    b.advance();
    EXPECT_EQ(b.crossing_s, -1.0);
  }
  EXPECT_NEAR(static_cast<double>(b.state.revolutions), 0.0, 1.0);
}

TEST(Drivetrain, RotationKeepsSineAndCosine) {  // an hour at 120 Hz would be 1.4e8 steps; a refresh comes every 40
  Bench b = flywheel(120.0);
  double worst = 0;
  for (int k = 0; k < 400000; ++k) {
    b.advance();
    if (k % 40 == 0) drivetrain_refresh(b.state);
    worst = std::max({worst, std::fabs(b.state.sin_1 - std::sin(b.state.angle_rad)),
                      std::fabs(b.state.cos_1 - std::cos(b.state.angle_rad))});
  }
  EXPECT_LT(worst, 1e-14);
}

TEST(Drivetrain, ObstructionStopsTheNeedles) {
  Bench b;
  b.start(120.0);
  b.input.friction_N_m = 0.57e-3;
  b.input.limit_m = 2.5e-3;
  b.input.torque_N_m = 8e-3;  // stall torque
  double highest_m = 0;
  for (int k = 0; k < 8000; ++k) {
    b.advance();
    highest_m = std::max(highest_m, b.state.plate_m);
  }
  EXPECT_LT(highest_m, 2.5e-3 + 0.3e-3);  // the rotor's 28 mJ against 1e6 N/m: 0.24 mm
  EXPECT_GT(highest_m, 2.5e-3);
  EXPECT_NEAR(b.state.plate_m, 2.5e-3, 10e-6);
  EXPECT_NEAR(b.state.speed_rad_per_s, 0.0, 0.5);
  EXPECT_EQ(b.state.revolutions, 0);
}

TEST(Drivetrain, WithoutCartridgeThereIsNoPlate) {
  Bench b;
  b.input.plate_present = 0;
  b.start(100.0);
  b.params.viscous_N_m_s_per_rad = 0.0;
  for (int k = 0; k < 1000; ++k) b.advance();
  EXPECT_EQ(b.state.plate_m, 0.0);
  EXPECT_EQ(b.state.floats, 0);
  b.input.plate_present = 1;
  b.advance();
  EXPECT_NEAR(b.state.plate_m, b.params.eccentricity_m * (1 - b.state.cos_1), 1e-15);
}

TEST(Drivetrain, HalvingTheStepQuartersTheError) {
  const auto angle_after = [](double dt_s) {  // 10 ms of a loaded start
    Bench b;
    b.dt_s = dt_s;
    b.start(60.0, 0.3);
    b.input.friction_N_m = 0.57e-3;
    b.input.torque_N_m = 1.5e-3;
    const int n = static_cast<int>(0.01 / dt_s + 0.5);
    // the start speed belongs to the instant 0, not to the step before it
    for (int k = 0; k < n; ++k) {
      if (k == 0) {
        Bench probe = b;
        probe.advance();
        b.state.speed_rad_per_s -= 0.5 * (probe.state.speed_rad_per_s - b.state.speed_rad_per_s);
      }
      b.advance();
    }
    return b.state.angle_rad + 2 * pi * static_cast<double>(b.state.revolutions);
  };
  const double a = angle_after(100e-6), b = angle_after(50e-6), c = angle_after(25e-6), exact = angle_after(1e-6);
  std::printf("  errors %.3g %.3g %.3g rad, orders %.2f %.2f\n", a - exact, b - exact, c - exact,
              std::log2((a - exact) / (b - exact)), std::log2((b - exact) / (c - exact)));
  EXPECT_GT(std::log2(std::fabs((a - exact) / (c - exact))) / 2, 1.7);
  EXPECT_LT(std::fabs(c - exact), 1e-3);
}
