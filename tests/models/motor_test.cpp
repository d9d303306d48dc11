// VT-19: seven motors against their data sheets, run as models: winding and free rotor under a constant voltage.
#include "models/motor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/drivetrain.h"

using namespace pensim;

namespace {

struct DataSheet {
  const char* name;
  double voltage_V, resistance_ohm, no_load_rpm, no_load_A, stall_mN_m, friction_mN_m, emf_mV_per_rpm,
      torque_mN_m_per_A, slope_rpm_per_mN_m, inductance_uH, time_constant_ms, inertia_g_cm2;
};
// [F:f1331] and [F:f0816]
constexpr DataSheet sheets[] = {
    {"1331T006SR", 6, 2.83, 10600, 0.0220, 11.20, 0.12, 0.56, 5.35, 946, 70, 7, 0.71},
    {"1331T012SR", 12, 13.7, 9900, 0.0105, 9.90, 0.12, 1.20, 11.4, 1000, 310, 7, 0.67},
    {"1331T024SR", 24, 52.9, 10400, 0.0055, 9.76, 0.12, 2.28, 21.8, 1070, 1100, 7, 0.63},
    {"0816K003SR", 3, 5.4, 13250, 0.016, 1.15, 0.034, 0.221, 2.11, 11475, 53, 6.1, 0.051},
    {"0816K006SR", 6, 21.2, 13500, 0.0083, 1.13, 0.034, 0.431, 4.12, 11904, 217, 6.5, 0.052},
    {"0816K009SR", 9, 47, 13500, 0.0057, 1.15, 0.035, 0.648, 6.19, 11714, 507, 6.2, 0.051},
    {"0816K012SR", 12, 101.8, 12600, 0.0039, 1.00, 0.034, 0.922, 8.80, 12553, 1033, 6.5, 0.049}};

constexpr double dt_s = 25e-6, rpm_per_rad_per_s = 9.549296585513721;

struct Bench {  // a motor on its own, no cam
  MotorParams motor;
  DrivetrainParams mechanism;
  DrivetrainDerived derived;
  DrivetrainState rotor;
  DrivetrainInput load;
  WindingStep step;
  double current_A = 0, mean_A = 0;

  explicit Bench(const DataSheet& sheet) {
    motor.resistance_ohm = sheet.resistance_ohm;
    motor.inductance_H = sheet.inductance_uH * 1e-6;
    motor.constant_V_s_per_rad = sheet.torque_mN_m_per_A * 1e-3;
    motor.friction_N_m = sheet.friction_mN_m * 1e-3;
    motor.inertia_kg_m2 = sheet.inertia_g_cm2 * 1e-7;
    motor.commutation_1 = 0.0;
    mechanism.cam_inertia_kg_m2 = mechanism.rod_mass_kg = mechanism.viscous_N_m_s_per_rad = mechanism.friction_N_m =
        0.0;
    derived = drivetrain_derive(mechanism, motor.inertia_kg_m2, 0.0, dt_s);
    drivetrain_reset(mechanism, 0.0, rotor);
    load.plate_present = 0;
    load.friction_N_m = motor.friction_N_m;
    step = winding_step_of(motor, motor_resistance_ohm(motor, motor.reference_temperature_K), dt_s);
  }
  void advance(double voltage_V) {
    const double k = motor_constant_V_s_per_rad(motor, motor.reference_temperature_K);
    load.torque_N_m = k * current_A;
    double crossing_s;
    drivetrain_step(mechanism, derived, rotor, load, crossing_s);
    const WindingCurrent i = winding_advance(step, current_A, voltage_V - k * rotor.speed_rad_per_s);
    current_A = i.end_A;
    mean_A = i.mean_A;
  }
  double settled_rpm(double voltage_V) {
    for (int i = 0; i < 6000; ++i) advance(voltage_V);  // 150 ms, over 20 mechanical time constants
    return rotor.speed_rad_per_s * rpm_per_rad_per_s;
  }
};

}  // namespace

TEST(Motor, NoLoadSpeedAndCurrentOfTheDataSheet) {
  for (const DataSheet& sheet : sheets) {
    Bench bench(sheet);
    const double rpm = bench.settled_rpm(sheet.voltage_V);
    std::printf("  %s n0 %.0f (%.0f) rpm, I0 %.2f (%.2f) mA\n", sheet.name, rpm, sheet.no_load_rpm, bench.mean_A * 1e3,
                sheet.no_load_A * 1e3);
    EXPECT_NEAR(rpm / sheet.no_load_rpm, 1.0, 0.02) << sheet.name;
    EXPECT_NEAR(bench.mean_A / sheet.no_load_A, 1.0, 0.04) << sheet.name;  // I0 is printed with two digits
  }
}

TEST(Motor, StallTorqueOfTheDataSheet) {
  for (const DataSheet& sheet : sheets) {
    Bench bench(sheet);
    bench.load.friction_N_m = 1.0;  // held
    bench.settled_rpm(sheet.voltage_V);
    const double torque_mN_m = (bench.motor.constant_V_s_per_rad * bench.current_A - bench.motor.friction_N_m) * 1e3;
    EXPECT_EQ(bench.rotor.speed_rad_per_s, 0.0);
    std::printf("  %s M_H %.2f (%.2f) mN m\n", sheet.name, torque_mN_m, sheet.stall_mN_m);
    EXPECT_NEAR(torque_mN_m / sheet.stall_mN_m, 1.0, 0.03) << sheet.name;
  }
}

TEST(Motor, SpeedDropUnderLoadOfTheDataSheet) {
  for (const DataSheet& sheet : sheets) {
    Bench free(sheet), loaded(sheet);
    const double load_mN_m = 0.2 * sheet.stall_mN_m;
    loaded.load.friction_N_m += load_mN_m * 1e-3;
    const double slope = (free.settled_rpm(sheet.voltage_V) - loaded.settled_rpm(sheet.voltage_V)) / load_mN_m;
    std::printf("  %s dn/dM %.0f (%.0f) rpm/mN m\n", sheet.name, slope, sheet.slope_rpm_per_mN_m);
    EXPECT_NEAR(slope / sheet.slope_rpm_per_mN_m, 1.0, 0.03) << sheet.name;
  }
}

TEST(Motor, MechanicalTimeConstantOfTheDataSheet) {
  for (const DataSheet& sheet : sheets) {
    Bench bench(sheet), end(sheet);
    const double target = 0.6321205588 * end.settled_rpm(sheet.voltage_V);
    double time_s = 0, before = 0, now = 0;
    while (now < target && time_s < 0.1) {
      before = now;
      bench.advance(sheet.voltage_V);
      now = bench.rotor.speed_rad_per_s * rpm_per_rad_per_s;
      time_s += dt_s;
    }
    time_s -= dt_s * (now - target) / (now - before) + 0.5 * dt_s;  // speed is the mean of a step
    std::printf("  %s tau_m %.2f (%.1f) ms\n", sheet.name, time_s * 1e3, sheet.time_constant_ms);
    EXPECT_NEAR(time_s * 1e3 / sheet.time_constant_ms, 1.0, 0.05) << sheet.name;
  }
}

TEST(Motor, ReversesWithTheVoltage) {
  Bench forward(sheets[0]), backward(sheets[0]);
  EXPECT_GT(forward.settled_rpm(6.0), 10000.0);
  EXPECT_NEAR(backward.settled_rpm(-6.0), -forward.rotor.speed_rad_per_s * rpm_per_rad_per_s, 1e-6);
  EXPECT_LT(backward.mean_A, 0.0);
}

TEST(Motor, CurrentOfAStepIsTheExponential) {
  MotorParams motor;
  const double R = 1.38, tau = motor.inductance_H / R;
  for (const double h : {1e-6, 25e-6, 200e-6}) {
    const WindingCurrent i = winding_advance(winding_step_of(motor, R, h), 0.3, 2.0);
    const double limit = 2.0 / R;
    EXPECT_NEAR(i.end_A, limit + (0.3 - limit) * std::exp(-h / tau), 1e-12);
    double mean = 0, square = 0;
    const int n = 20000;
    for (int k = 0; k < n; ++k) {
      const double a = limit + (0.3 - limit) * std::exp(-(k + 0.5) / n * h / tau);
      mean += a / n;
      square += a * a / n;
    }
    EXPECT_NEAR(i.mean_A, mean, 1e-7);
    EXPECT_NEAR(i.square_A2, square, 1e-7);
  }
}

TEST(Motor, RunsOutThroughDiodesAndStops) {  // L di/dt = -V - R i ends at t = tau log(1 + i R/V)
  MotorParams motor;
  const double R = 1.38, tau = motor.inductance_H / R, V = 5.0, start = 1.0;
  const double end_s = tau * std::log(1.0 + start * R / V);
  double current = start, charge = 0;
  const WindingStep step = winding_step_of(motor, R, 1e-6);
  int steps = 0;
  for (; current > 0.0 && steps < 100; ++steps) {
    const WindingCurrent i = winding_run_out(step, 1e-6, current, -V);
    charge += i.mean_A * 1e-6;
    current = i.end_A;
  }
  EXPECT_EQ(current, 0.0);
  EXPECT_EQ(steps, static_cast<int>(std::ceil(end_s / 1e-6)));
  EXPECT_NEAR(charge, tau * start - V / R * end_s, 1e-9 * start);  // integral of the ODE: L (0 - i) = -V t - R q
}

TEST(Motor, TemperatureCoefficients) {  // copper +0.39 %/K, magnet -0.11 %/K [R; 0.95]
  const MotorParams motor;
  EXPECT_NEAR(motor_resistance_ohm(motor, 298.15 + 75.0) / motor.resistance_ohm, 1.2925, 1e-9);
  EXPECT_NEAR(motor_constant_V_s_per_rad(motor, 298.15 + 75.0) / motor.constant_V_s_per_rad, 0.9175, 1e-9);
}

TEST(Motor, CommutationHasTenPeaksAndNoMean) {
  MotorParams motor;
  motor.commutation_1 = 0.02;
  double mean = 0;
  int peaks = 0;
  const int n = 3600;
  for (int i = 0; i < n; ++i) {
    const auto at = [&](int k) { return motor_commutation_1(motor, std::cos(2 * 3.14159265358979 * k / n)); };
    mean += at(i) / n;
    EXPECT_NEAR(at(i), 1.0 + 0.02 * std::cos(10 * 2 * 3.14159265358979 * i / n), 1e-12);
    peaks += at(i) > at(i - 1) && at(i) >= at(i + 1);
  }
  EXPECT_NEAR(mean, 1.0, 1e-12);
  EXPECT_EQ(peaks, 10);
}
