// Scaling as the board's header states it for the core.
#include "models/sensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

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
  std::uint16_t read(AdcChannel channel, std::int64_t tick = 0, std::uint64_t seed = 1) {
    std::uint16_t counts[adc_channels];
    sensor_sample(params, sensor_derive(params), state, input, seed, tick, counts);
    return counts[static_cast<int>(channel)];
  }
};

}  // namespace

TEST(Sensors, CurrentIs0p806MilliamperesPerCount) {
  Bench b;
  for (const double a : {0.1, 0.5, 1.0, 2.6}) {
    b.input.motor_A = a;
    EXPECT_NEAR(b.read(AdcChannel::motor_current) * 0.806e-3, a, 0.5e-3 + 2e-4 * a) << a;
  }
  b.input.motor_A = -0.5;
  EXPECT_EQ(b.read(AdcChannel::motor_current), 0);
  b.input.motor_A = 3.5;
  EXPECT_EQ(b.read(AdcChannel::motor_current), 4095);
  b.input.motor_A = 0.0;
  b.params.current_offset_A = 10e-3;
  EXPECT_NEAR(b.read(AdcChannel::motor_current), 12.4, 0.6);
}

TEST(Sensors, VoltagesAre1p61MillivoltsPerCount) {
  Bench b;
  b.input.cell_V = 4.1;
  b.input.rail_V = 2.5;
  EXPECT_NEAR(b.read(AdcChannel::battery) * 1.6117e-3, 4.1, 1e-3);
  EXPECT_NEAR(b.read(AdcChannel::supply) * 1.6117e-3, 2.5, 1e-3);
}

TEST(Sensors, ThermistorFollowsItsLaw) {  // R = 10k exp(3950 (1/T - 1/298.15)): 32.6k at 0, 10k at 25, 4.16k... at 46
  Bench b;
  EXPECT_NEAR(ntc_resistance_ohm(b.params, 298.15), 10e3, 1e-6);
  EXPECT_NEAR(ntc_resistance_ohm(b.params, 273.15), 10e3 * std::exp(3950 * (1 / 273.15 - 1 / 298.15)), 1e-6);
  EXPECT_NEAR(ntc_resistance_ohm(b.params, 273.15), 33.6e3, 0.1e3);
  EXPECT_NEAR(b.read(AdcChannel::ntc_motor), 2048, 1);
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
  EXPECT_NEAR(b.read(AdcChannel::ntc_motor), ntc_counts(b.params, b.state.ntc_motor_K), 0.5);
  EXPECT_NEAR(b.read(AdcChannel::ntc_housing), ntc_counts(b.params, b.state.ntc_housing_K), 0.5);
  EXPECT_GT(b.read(AdcChannel::ntc_housing), b.read(AdcChannel::ntc_motor) + 50);
}

TEST(Sensors, NoseForceHas0p3VoltsOfRestAnd0p3VoltsPerNewton) {
  Bench b;
  EXPECT_EQ(b.read(AdcChannel::nose_force), 372);
  b.input.nose_N = 5.0;
  EXPECT_NEAR(b.read(AdcChannel::nose_force), 1.8 / 3.3 * 4095, 0.51);
  b.input.nose_N = 12.0;
  EXPECT_EQ(b.read(AdcChannel::nose_force), 4095);
}

TEST(Sensors, CartridgeResistorAndItsAbsence) {
  Bench b;
  EXPECT_NEAR(b.read(AdcChannel::cartridge_id), 2048, 1);
  b.input.id_ohm = 3750;
  EXPECT_NEAR(b.read(AdcChannel::cartridge_id), 1117, 1);  // 0.9 V
  b.input.id_ohm = -1;
  b.params.noise_counts = 1;
  EXPECT_EQ(b.read(AdcChannel::cartridge_id), 4095);
}

TEST(Sensors, DialsSpan5To95Percent) {
  Bench b;
  b.input.depth_m = 0.2e-3;
  b.input.rate_Hz = 200;
  EXPECT_NEAR(b.read(AdcChannel::depth_dial), 0.05 * 4095, 0.51);
  EXPECT_NEAR(b.read(AdcChannel::rate_dial), 0.95 * 4095, 0.51);
  b.input.depth_m = 3.0e-3;
  b.input.rate_Hz = 60;
  EXPECT_NEAR(b.read(AdcChannel::depth_dial), 0.95 * 4095, 0.51);
  EXPECT_NEAR(b.read(AdcChannel::rate_dial), 0.05 * 4095, 0.51);
}

TEST(Sensors, NoiseHasTheStatedStrengthOnEveryChannel) {
  Bench b;
  b.params = SensorParams{};
  b.input.motor_A = 0.5;
  b.input.nose_N = 2.0;
  const int n = 20000;
  std::vector<double> sum(adc_channels), square(adc_channels), cross(adc_channels);
  std::uint16_t counts[adc_channels];
  const SensorDerived derived = sensor_derive(b.params);
  for (int k = 0; k < n; ++k) {
    sensor_sample(b.params, derived, b.state, b.input, 3, k, counts);
    for (std::size_t c = 0; c < adc_channels; ++c) {
      sum[c] += counts[c];
      square[c] += static_cast<double>(counts[c]) * counts[c];
    }
  }
  for (std::size_t c = 0; c < adc_channels; ++c) {
    const double mean = sum[c] / n, rms = std::sqrt(square[c] / n - mean * mean);
    const double wanted = c == 0 ? 3.0 : 1.0;
    EXPECT_NEAR(rms, std::sqrt(wanted * wanted + 1.0 / 12), 0.06 * wanted) << c;
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
    EXPECT_EQ(b.read(AdcChannel::motor_current, k), b.read(AdcChannel::motor_current, k));
    equal += b.read(AdcChannel::motor_current, k, 1) == b.read(AdcChannel::motor_current, k, 2);
  }
  EXPECT_LT(equal, 120);
  EXPECT_GT(equal, 5);
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
