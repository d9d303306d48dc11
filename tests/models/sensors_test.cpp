// Scaling as the board's header states it for the core; nothing is rounded or clipped.
#include "models/sensors.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>

using namespace pensim;

namespace {

struct Bench {
  SensorParams params;
  SensorState state;
  SensorInput input;
  Bench() {
    params.current_offset_A = params.current_noise_counts = params.noise_counts = 0.0;
    sensor_reset(params, 298.15, state);
    input.cell_V = input.rail_V = 3.7;
    input.id_ohm = 10e3;
    input.depth_m = 1e-3;
    input.rate_Hz = 120;
  }
  SensorReadings read(std::int64_t tick = 0, std::uint64_t seed = 1) {
    return sensor_sample(params, sensor_derive(params), state, input, seed, tick);
  }
};

}  // namespace

TEST(Sensors, CurrentIs0p806MilliamperesPerCount) {
  Bench b;
  for (const double a : {0.1, 0.5, 1.0, 2.6}) {
    b.input.motor_A = a;
    EXPECT_NEAR(b.read().motor_current_counts * 0.806e-3, a, 2e-4 * a) << a;
  }
  b.input.motor_A = -0.5;
  EXPECT_NEAR(b.read().motor_current_counts, -0.5 / 3.3 * 4095, 1e-9) << "the converter clips, not the sensor";
  b.input.motor_A = 3.5;
  EXPECT_NEAR(b.read().motor_current_counts, 3.5 / 3.3 * 4095, 1e-9);
  b.input.motor_A = 0.0;
  b.params.current_offset_A = 10e-3;
  EXPECT_NEAR(b.read().motor_current_counts, 12.409, 1e-3);
}

TEST(Sensors, VoltagesAre1p61MillivoltsPerCount) {
  Bench b;
  b.input.cell_V = 4.1;
  b.input.rail_V = 2.5;
  EXPECT_NEAR(b.read().cell_counts * 1.6117e-3, 4.1, 1e-4);
  EXPECT_NEAR(b.read().rail_counts * 1.6117e-3, 2.5, 1e-4);
}

TEST(Sensors, ThermistorFollowsItsLaw) {  // R = 10k exp(3950 (1/T - 1/298.15)): 32.6k at 0, 10k at 25, 4.16k... at 46
  Bench b;
  EXPECT_NEAR(ntc_resistance_ohm(b.params, 298.15), 10e3, 1e-6);
  EXPECT_NEAR(ntc_resistance_ohm(b.params, 273.15), 10e3 * std::exp(3950 * (1 / 273.15 - 1 / 298.15)), 1e-6);
  EXPECT_NEAR(ntc_resistance_ohm(b.params, 273.15), 33.6e3, 0.1e3);
  EXPECT_NEAR(b.read().ntc_motor_counts, 2047.5, 1e-9);
  for (const double celsius : {-20.0, 10.0, 41.0, 100.0}) {
    const double r = 10e3 * std::exp(3950 * (1 / (celsius + 273.15) - 1 / 298.15));
    EXPECT_NEAR(ntc_counts(b.params, celsius + 273.15), 4095 * r / (r + 10e3), 1e-6);
  }
  EXPECT_GT(ntc_counts(b.params, 283.15), ntc_counts(b.params, 303.15));  // warmer reads lower
}

TEST(Sensors, ThermistorsFollowWithTheirDelay) {
  Bench b;
  for (int k = 0; k < 60; ++k) sensor_update(b.params, b.state, 318.15, 308.15, 0.1);  // 6 s, one time constant
  EXPECT_NEAR(b.state.ntc_motor_K, 298.15 + 20 * 0.632121, 1e-4);
  EXPECT_NEAR(b.state.ntc_housing_K, 298.15 + 10 * 0.632121, 1e-4);
  EXPECT_NEAR(b.read().ntc_motor_counts, ntc_counts(b.params, b.state.ntc_motor_K), 1e-9);
  EXPECT_NEAR(b.read().ntc_housing_counts, ntc_counts(b.params, b.state.ntc_housing_K), 1e-9);
  EXPECT_GT(b.read().ntc_housing_counts, b.read().ntc_motor_counts + 50);
}

TEST(Sensors, NoseForceHas0p3VoltsOfRestAnd0p3VoltsPerNewton) {
  Bench b;
  EXPECT_NEAR(b.read().nose_counts, 0.3 / 3.3 * 4095, 1e-9);
  b.input.nose_N = 5.0;
  EXPECT_NEAR(b.read().nose_counts, 1.8 / 3.3 * 4095, 1e-9);
  b.input.nose_N = 12.0;
  EXPECT_NEAR(b.read().nose_counts, 3.9 / 3.3 * 4095, 1e-9);
}

TEST(Sensors, CartridgeResistorAndItsAbsence) {
  Bench b;
  EXPECT_NEAR(b.read().cartridge_id_counts, 2047.5, 1e-9);
  b.input.id_ohm = 3750;
  EXPECT_NEAR(b.read().cartridge_id_counts, 0.9 / 3.3 * 4095, 1e-9);
  b.input.id_ohm = -1;
  b.params.noise_counts = 1;
  EXPECT_EQ(b.read().cartridge_id_counts, 4095);
}

TEST(Sensors, DialsSpan5To95Percent) {
  Bench b;
  b.input.depth_m = 0.2e-3;
  b.input.rate_Hz = 200;
  EXPECT_NEAR(b.read().depth_dial_counts, 0.05 * 4095, 1e-9);
  EXPECT_NEAR(b.read().rate_dial_counts, 0.95 * 4095, 1e-9);
  b.input.depth_m = 3.0e-3;
  b.input.rate_Hz = 60;
  EXPECT_NEAR(b.read().depth_dial_counts, 0.95 * 4095, 1e-9);
  EXPECT_NEAR(b.read().rate_dial_counts, 0.05 * 4095, 1e-9);
}

TEST(Sensors, EndsOfTheDialsAreParameters) {
  Bench b;
  b.params.dial_end_1 = 0.1;
  b.params.depth_dial_low_m = 0.5e-3;
  b.params.depth_dial_high_m = 2.5e-3;
  b.params.rate_dial_low_Hz = 20;
  b.params.rate_dial_high_Hz = 100;
  b.input.depth_m = 2.5e-3;
  b.input.rate_Hz = 60;
  EXPECT_NEAR(b.read().depth_dial_counts, 0.9 * 4095, 1e-9);
  EXPECT_NEAR(b.read().rate_dial_counts, 0.5 * 4095, 1e-9);
}

TEST(Sensors, NoiseHasTheStatedStrengthOnEveryChannel) {
  Bench b;
  b.params = SensorParams{};
  b.input.motor_A = 0.5;
  b.input.nose_N = 2.0;
  const int n = 20000;
  constexpr std::size_t readings = sizeof(SensorReadings) / sizeof(double);
  double sum[readings] = {}, square[readings] = {};
  const SensorDerived derived = sensor_derive(b.params);
  for (int k = 0; k < n; ++k) {
    const auto counts =
        std::bit_cast<std::array<double, readings>>(sensor_sample(b.params, derived, b.state, b.input, 3, k));
    for (std::size_t c = 0; c < readings; ++c) {
      sum[c] += counts[c];
      square[c] += counts[c] * counts[c];
    }
  }
  for (std::size_t c = 0; c < readings; ++c) {
    const double mean = sum[c] / n, rms = std::sqrt(square[c] / n - mean * mean);
    const double wanted = c == 0 ? 3.0 : 1.0;
    EXPECT_NEAR(rms, wanted, 0.03 * wanted) << c;
  }
  EXPECT_NEAR(sum[0] / n, (0.5 + 4e-3) * 4095 / 3.3, 0.1);
}

TEST(Sensors, NoiseIsAFunctionOfSeedAndTick) {
  Bench b;
  b.params.noise_counts = 1;
  b.params.current_noise_counts = 3;
  b.input.motor_A = 1;
  int equal = 0;
  for (int k = 0; k < 500; ++k) {
    EXPECT_EQ(b.read(k).motor_current_counts, b.read(k).motor_current_counts);
    equal += b.read(k, 1).motor_current_counts == b.read(k, 2).motor_current_counts;
  }
  EXPECT_EQ(equal, 0);
}

TEST(Sensors, ButtonsBounceAndSettle) {
  SensorParams params;
  int bounced = 0, total = 0;
  for (std::uint32_t line = 1; line <= 5; ++line) {
    ButtonState button;
    for (int press = 0; press < 40; ++press) {
      const std::int64_t wanted = 1 - button.wanted;
      double time_s = 0, last_s = -1;
      int changes = 0;
      for (int k = 0; k < 200; ++k, time_s += 50e-6) {
        double toggles_s[8];
        const std::int64_t n = button_step(params, button, wanted, 11, line, 50e-6, toggles_s);
        for (std::int64_t i = 0; i < n; ++i) {
          EXPECT_GE(toggles_s[i], 0.0);
          EXPECT_LT(toggles_s[i], 50e-6);
          EXPECT_GT(time_s + toggles_s[i], last_s);
          last_s = time_s + toggles_s[i];
          ++changes;
        }
        if (k == 0) {
          EXPECT_EQ(changes, 1);  // answers at once
        }
      }
      EXPECT_EQ(button.level, wanted);
      EXPECT_EQ(changes % 2, 1);
      EXPECT_LE(changes, 5);
      EXPECT_LE(last_s, params.bounce_s);
      bounced += changes > 1;
      ++total;
    }
  }
  EXPECT_GT(bounced, total / 2);
  EXPECT_LT(bounced, total);
}

TEST(Sensors, AButtonReleasedWhileItBouncesEndsReleased) {
  SensorParams params;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    ButtonState button;
    double toggles_s[8];
    for (int k = 0; k < 4; ++k) button_step(params, button, 1, seed, 1, 50e-6, toggles_s);
    for (int k = 0; k < 200; ++k) button_step(params, button, 0, seed, 1, 50e-6, toggles_s);
    EXPECT_EQ(button.level, 0) << seed;
  }
}
