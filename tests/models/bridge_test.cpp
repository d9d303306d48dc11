// The averaged bridge against a circuit that is switched at 100 ns, and against the figures of the design (40 kHz, L/R
// = 19 us).
#include "models/bridge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace pensim;

namespace {

constexpr double rail_V = 3.7, dt_s = 25e-6;

struct Switched {
  double mean_A = 0, peak_to_peak_A = 0, square_A2 = 0, sample_A = 0;  // square: about the mean
};

// Centre-aligned PWM from t = 0 at the centre of the off-time; steps of 100 ns, each solved exactly; dead time with
// body diodes.
Switched switched(double duty, double R, double L, double emf_V, double dead_s, double diode_V,
                  double step_s = 100e-9) {
  const double period_s = 25e-6, tau = L / R, tau_f = 1.0 / (2 * 3.14159265358979 * 10e3);
  const double on_s = 0.5 * period_s * (1 - duty), off_s = 0.5 * period_s * (1 + duty);
  const int n = static_cast<int>(std::lround(period_s / step_s));
  double i = (duty * rail_V - emf_V) / R, y = i;
  Switched out;
  for (int period = 0; period < 60; ++period) {
    double sum = 0, square = 0, high = -1e9, low = 1e9;
    for (int k = 0; k < n; ++k) {
      const double t = (k + 0.5) * step_s;
      double u = t >= on_s && t < off_s ? rail_V : 0.0;
      if ((t >= on_s && t < on_s + dead_s) || (t >= off_s && t < off_s + dead_s))
        u = i > 0 ? -diode_V : rail_V + diode_V;
      const double limit = (u - emf_V) / R, decay = std::exp(-step_s / tau);
      const double end = limit + (i - limit) * decay, middle = limit + (i - limit) * std::exp(-0.5 * step_s / tau);
      y = middle + (y - middle) * std::exp(-step_s / tau_f);
      i = end;
      sum += middle / n;
      square += middle * middle / n;
      high = std::max(high, i);
      low = std::min(low, i);
      if (k == n / 2 - 1) out.sample_A = y;
    }
    out.mean_A = sum;
    out.peak_to_peak_A = high - low;
    out.square_A2 = square - sum * sum;
  }
  return out;
}

struct Bench {
  MotorParams motor;
  BridgeParams params;
  BridgeDerived derived;
  BridgeState state;
  BridgeInput input;
  BridgeOutput output;
  Bench() {
    derived = bridge_derive(params, dt_s);
    refresh();
    input.mode = BridgeMode::drive;
    input.enable = 1;
    input.rail_V = rail_V;
  }
  void refresh() { bridge_set_resistance(motor, params, derived, state, motor.resistance_ohm); }
  void advance(int steps = 1) {
    for (int i = 0; i < steps; ++i) bridge_step(motor, params, derived, state, input, output);
  }
};

}  // namespace

TEST(Bridge, TimeConstantAndRippleOfTheDesign) {  // [D]: 19 us; 0.70 A at 72 %, 0.86 A at 50 %
  Bench b;
  EXPECT_NEAR(b.state.step.time_constant_s, 19e-6, 0.3e-6);
  const double scale_A = rail_V / b.state.step.resistance_ohm;
  const auto peak_to_peak = [&](double duty) {
    const PwmRipple r = pwm_ripple(duty, 25e-6, b.state.step.time_constant_s, b.derived.sense_time_constant_s);
    return (r.peak_1 + r.valley_1) * scale_A;
  };
  EXPECT_NEAR(peak_to_peak(0.72), 0.70, 0.005);
  EXPECT_NEAR(peak_to_peak(0.50), 0.86, 0.005);
  // Copper loss 2.3..3.0 times that of the mean, 180 mA; the sample reads 130 or 106 mA for a mean of 180.
  const PwmRipple r72 = pwm_ripple(0.72, 25e-6, b.state.step.time_constant_s, b.derived.sense_time_constant_s);
  const PwmRipple r50 = pwm_ripple(0.50, 25e-6, b.state.step.time_constant_s, b.derived.sense_time_constant_s);
  EXPECT_NEAR(1 + r72.square_1 * scale_A * scale_A / (0.18 * 0.18), 2.3, 0.1);
  EXPECT_NEAR(1 + r50.square_1 * scale_A * scale_A / (0.18 * 0.18), 3.0, 0.1);
  EXPECT_NEAR(0.18 + r72.sample_1 * scale_A, 0.130, 0.002);
  EXPECT_NEAR(0.18 + r50.sample_1 * scale_A, 0.106, 0.002);
}

TEST(Bridge, RippleIsThatOfTheSwitchedCircuit) {
  Bench b;
  const double R = b.state.step.resistance_ohm, scale_A = rail_V / R;
  for (const double duty : {0.08, 0.2, 0.36, 0.5, 0.64, 0.72, 0.88, 0.96}) {
    const Switched s = switched(duty, R, b.motor.inductance_H, 0.0, 0.0, 0.7);
    const PwmRipple r = pwm_ripple(duty, 25e-6, b.state.step.time_constant_s, b.derived.sense_time_constant_s);
    EXPECT_NEAR((r.peak_1 + r.valley_1) * scale_A, s.peak_to_peak_A, 1e-3) << duty;
    EXPECT_NEAR(r.square_1 * scale_A * scale_A, s.square_A2, 2e-4) << duty;
    EXPECT_NEAR(r.sample_1 * scale_A, s.sample_A - s.mean_A, 1.5e-3) << duty;
  }
}

TEST(Bridge, RippleWhereBothTimeConstantsMeet) {
  const PwmRipple at = pwm_ripple(0.6, 25e-6, 16e-6, 16e-6), near = pwm_ripple(0.6, 25e-6, 16e-6, 16.2e-6);
  EXPECT_NEAR(at.sample_1, near.sample_1, 0.02 * std::fabs(near.sample_1));
  EXPECT_EQ(pwm_ripple(1.0, 25e-6, 16e-6, 16e-6).square_1, 0.0);
  EXPECT_EQ(pwm_ripple(0.0, 25e-6, 16e-6, 16e-6).square_1, 0.0);
}

TEST(Bridge, MeanCurrentIsThatOfTheSwitchedCircuitWithDeadTime) {
  for (const double emf_V : {0.0, 1.2, 2.4, 2.66, 3.2})
    for (const double duty : {0.4, 0.72}) {
      Bench b;
      b.params.trip_A = 100.0;
      b.input.duty_1 = duty;
      b.input.emf_V = emf_V;
      b.advance(200);
      const Switched s = switched(duty, b.state.step.resistance_ohm, b.motor.inductance_H, emf_V, 0.2e-6, 0.7, 25e-9);
      EXPECT_NEAR(b.output.mean_A, s.mean_A, 4e-3) << duty << " " << emf_V;
      EXPECT_NEAR(b.state.sensed_A + b.state.ripple_sample_A, s.sample_A, 8e-3) << duty << " " << emf_V;
    }
}

TEST(Bridge, DeadTimeCostsNothingWhileTheRippleCrossesZero) {  // and t_d/T (V + 2 V_f) when it does not
  Bench low, high;
  low.input.duty_1 = high.input.duty_1 = 0.72;
  low.input.emf_V = 0.72 * rail_V - 0.18 * low.state.step.resistance_ohm;
  high.input.emf_V = 0.72 * rail_V - 1.0 * high.state.step.resistance_ohm;
  low.advance(100);
  high.advance(100);
  EXPECT_NEAR(low.output.mean_A, 0.18, 0.002);
  EXPECT_NEAR(high.output.mean_A, 1.0 - 0.008 * (rail_V + 1.4) / high.state.step.resistance_ohm, 0.002);
}

TEST(Bridge, StallCurrentIs2p6A) {  // stall at 3.7 V
  Bench b;
  b.input.duty_1 = 1.0;
  b.advance(40);
  EXPECT_NEAR(b.output.mean_A, 3.7 / 1.38, 1e-3);
  EXPECT_NEAR(b.output.mean_A, 2.6, 0.1);
  EXPECT_EQ(b.state.tripped, 0);
}

TEST(Bridge, NegativeDutyMirrors) {
  Bench forward, backward;
  forward.input.duty_1 = 0.6;
  forward.input.emf_V = 1.5;
  backward.input.duty_1 = -0.6;
  backward.input.emf_V = -1.5;
  forward.advance(50);
  backward.advance(50);
  EXPECT_GT(forward.output.mean_A, 0.3);
  EXPECT_EQ(forward.output.mean_A, -backward.output.mean_A);
  EXPECT_EQ(forward.state.ripple_sample_A, -backward.state.ripple_sample_A);
  EXPECT_EQ(forward.output.supply_A, backward.output.supply_A);
  EXPECT_EQ(forward.output.square_A2, backward.output.square_A2);
  EXPECT_GT(forward.output.voltage_V, 0.0);
}

TEST(Bridge, PowerFromTheRailIsHeatAndMotion) {
  Bench b;
  b.params.dead_time_s = 0.0;
  b.derived = bridge_derive(b.params, dt_s);
  double rail_J = 0, heat_J = 0, motion_J = 0;
  for (int k = 0; k < 4000; ++k) {
    b.input.duty_1 = k < 2000 ? 0.8 : 0.3;  // the second half brakes into the rail
    b.input.emf_V = 2.0 + 0.5 * std::sin(k * 0.01);
    b.advance();
    rail_J += rail_V * b.output.supply_A * dt_s;
    heat_J += b.state.step.resistance_ohm * b.output.square_A2 * dt_s;
    motion_J += b.input.emf_V * b.output.mean_A * dt_s;
  }
  const double stored_J = 0.5 * b.motor.inductance_H * b.state.current_A * b.state.current_A;
  EXPECT_GT(heat_J, 0.01);
  EXPECT_NEAR(rail_J, heat_J + motion_J + stored_J, 1e-9);
}

TEST(Bridge, BrakeShortsAndOffFloats) {
  Bench b;
  b.input.duty_1 = 0.7;
  b.input.emf_V = 2.4;
  b.advance(50);
  b.input.mode = BridgeMode::brake;
  b.advance(40);
  EXPECT_NEAR(b.output.mean_A, -2.4 / b.state.step.resistance_ohm, 1e-6);
  EXPECT_EQ(b.output.supply_A, 0.0);
  b.input.mode = BridgeMode::off;
  b.advance();
  EXPECT_LT(b.output.supply_A, 0.0);  // the diodes feed the rail while the current runs out
  b.advance(4);
  EXPECT_EQ(b.state.current_A, 0.0);
  EXPECT_EQ(b.output.mean_A, 0.0);
  EXPECT_EQ(b.output.voltage_V, 0.0);
  b.input.emf_V = rail_V + 2 * 0.7 + 0.5;  // driven from outside, faster than the rail
  b.advance(20);
  EXPECT_NEAR(b.output.mean_A, -0.5 / b.state.step.resistance_ohm, 1e-6);
}

TEST(Bridge, EnableGatesEverything) {
  Bench b;
  b.input.duty_1 = 1.0;
  b.input.enable = 0;
  b.advance(40);
  EXPECT_EQ(b.output.mean_A, 0.0);
  b.input.enable = 1;
  b.advance(40);
  EXPECT_GT(b.output.mean_A, 2.0);
}

TEST(Bridge, OverCurrentTripsAndLatchesUntilDisabled) {
  Bench b;
  b.input.duty_1 = 1.0;
  b.input.emf_V = -1.0;  // plugging: (3.7 + 1)/1.38 = 3.4 A
  b.advance(100);
  EXPECT_EQ(b.state.tripped, 1);
  EXPECT_EQ(b.state.current_A, 0.0);
  b.input.emf_V = 1.0;
  b.advance(100);
  EXPECT_EQ(b.state.current_A, 0.0);
  b.input.enable = 0;
  b.advance();
  b.input.enable = 1;
  b.advance(100);
  EXPECT_NEAR(b.state.current_A, 2.7 / b.state.step.resistance_ohm, 1e-6);
}

TEST(Bridge, PeakOfTheRippleTripsTheComparator) {  // 2.8 A mean passes at full duty, not with 0.35 A of ripple on top
  for (const double duty : {1.0, 0.72}) {
    Bench b;
    b.input.rail_V = duty == 1.0 ? 2.8 * b.state.step.resistance_ohm : 2.8 * b.state.step.resistance_ohm / duty + 0.05;
    b.input.duty_1 = duty;
    b.advance(60);
    EXPECT_EQ(b.state.tripped, duty < 1.0) << duty;
  }
}

TEST(Bridge, LocksOutBelow1p9V) {
  Bench b;
  b.input.duty_1 = 1.0;
  b.input.rail_V = 1.85;
  b.advance(40);
  EXPECT_EQ(b.state.current_A, 0.0);
  b.input.rail_V = 1.95;
  b.advance(40);
  EXPECT_EQ(b.state.current_A, 0.0);
  b.input.rail_V = 2.05;
  b.advance(40);
  EXPECT_GT(b.state.current_A, 1.0);
}

TEST(Bridge, OverTemperatureLatchesUntilCoolAndDisabled) {
  Bench b;
  const double loss_W = 3.0;  // 180 K above the housing in the end
  double time_s = 0;
  while (!b.state.hot && time_s < 10.0) {
    bridge_warm(b.params, b.state, loss_W, 298.15, 1e-3, 1);
    time_s += 1e-3;
  }
  // 298.15 + 180 (1 - e^(-t/0.6 s)) = 423.15
  EXPECT_NEAR(time_s, 0.6 * std::log(180.0 / 55.0), 0.01);
  b.input.duty_1 = 1.0;
  b.advance(40);
  EXPECT_EQ(b.state.current_A, 0.0);
  for (int i = 0; i < 3000; ++i) bridge_warm(b.params, b.state, 0.0, 298.15, 1e-3, 1);
  EXPECT_EQ(b.state.hot, 1);  // cool, but still enabled
  bridge_warm(b.params, b.state, 0.0, 298.15, 1e-3, 0);
  EXPECT_EQ(b.state.hot, 0);
}

TEST(Bridge, SwitchResistanceRisesWithTheJunction) {
  Bench b;
  const double cold = b.state.step.resistance_ohm;
  EXPECT_NEAR(cold, 1.38, 1e-12);
  b.state.junction_K = 298.15 + 100.0;
  b.refresh();
  EXPECT_NEAR(b.state.step.resistance_ohm - cold, 0.4 * 0.28, 1e-12);
}
