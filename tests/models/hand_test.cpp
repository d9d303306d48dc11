#include "models/hand.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <vector>

using namespace pensim;

namespace {

constexpr double tick_s = 50e-6;

struct Operator {
  HandParams params;
  HandState state;
  HandInput input;
  HandOutput output;
  double dt_s = tick_s;

  explicit Operator(const HandParams& p = {}, std::uint64_t seed = 1) : params(p) {
    hand_reset(params, seed, input.lift_m, state);
  }
  void run(double duration_s) {
    for (long i = std::lround(duration_s / dt_s); i > 0; --i) hand_step(params, state, input, dt_s, output);
  }
};

HandParams steady() {
  HandParams params;
  params.press_noise_1 = 0;
  params.tremor_along_m = params.tremor_across_m = params.tremor_axial_m = 0;
  return params;
}

// Power of x at the frequency f, by projection on sine and cosine (Hann window).
double power_at(const std::vector<double>& x, double rate_Hz, double f_Hz) {
  double re = 0, im = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double window = 0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i) / static_cast<double>(x.size()));
    const double phase = 2 * M_PI * f_Hz * static_cast<double>(i) / rate_Hz;
    re += window * x[i] * std::cos(phase);
    im += window * x[i] * std::sin(phase);
  }
  return re * re + im * im;
}

// Mean periodogram over segments of 4 s.
std::vector<double> spectrum(const std::vector<double>& x, double rate_Hz, const std::vector<double>& frequencies_Hz) {
  std::vector<double> power(frequencies_Hz.size());
  const std::size_t length = static_cast<std::size_t>(4 * rate_Hz);
  for (std::size_t from = 0; from + length <= x.size(); from += length) {
    const std::vector<double> part(x.begin() + static_cast<long>(from), x.begin() + static_cast<long>(from + length));
    for (std::size_t i = 0; i < power.size(); ++i) power[i] += power_at(part, rate_Hz, frequencies_Hz[i]);
  }
  return power;
}

double rms(const std::vector<double>& x) {
  double sum = 0, squares = 0;
  for (const double v : x) sum += v;
  const double mean = sum / static_cast<double>(x.size());
  for (const double v : x) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(x.size()));
}

}  // namespace

// VT-22: peak in 6-12 Hz, lateral 100-250 um rms, axial 10-50 um rms, measured on a pen held in the air.
TEST(Hand, TremorHasTheSpectrumAndSizeOfThePublishedOne) {
  Operator hand;
  hand.dt_s = 1e-3;
  hand.input.contact = 0;
  std::vector<double> along, across, axial;
  for (int i = 0; i < 200000; ++i) {
    hand.run(1e-3);
    if (i % 10 != 0) continue;  // 100 Hz
    along.push_back(hand.output.track_m);
    across.push_back(hand.output.across_m);
    axial.push_back(hand.output.nose_gap_m);
  }
  std::printf("VT-22 rms um: along %.0f across %.0f axial %.1f\n", rms(along) * 1e6, rms(across) * 1e6,
              rms(axial) * 1e6);
  for (const auto* x : {&along, &across}) {
    EXPECT_GT(rms(*x), 100e-6);
    EXPECT_LT(rms(*x), 250e-6);
    EXPECT_NEAR(rms(*x), 150e-6, 10e-6);  // the parameter; 200 s hold some 1000 independent values
  }
  EXPECT_GT(rms(axial), 10e-6);
  EXPECT_LT(rms(axial), 50e-6);
  std::vector<double> frequencies;
  for (double f = 1; f <= 25; f += 0.5) frequencies.push_back(f);
  for (const auto* x : {&along, &across, &axial}) {
    const std::vector<double> power = spectrum(*x, 100, frequencies);
    std::size_t peak = 0;
    for (std::size_t i = 0; i < power.size(); ++i)
      if (power[i] > power[peak]) peak = i;
    std::printf("VT-22 peak %.1f Hz\n", frequencies[peak]);
    EXPECT_GE(frequencies[peak], 6);
    EXPECT_LE(frequencies[peak], 12);
    // A peak, not a plateau: its neighbours an octave away carry less than a quarter.
    EXPECT_LT(power[4], power[peak] / 4);   // 3 Hz
    EXPECT_LT(power[38], power[peak] / 4);  // 20 Hz
  }
}

TEST(Hand, PressHasTheWantedMeanAndNoise) {
  HandParams params;
  params.tremor_axial_m = 0;
  Operator hand(params);
  hand.dt_s = 250e-6;
  hand.input.contact = 1;
  hand.run(3);
  std::vector<double> force;
  double sum = 0;
  for (int i = 0; i < 60000; ++i) {
    hand.run(10e-3);
    force.push_back(hand.output.nose_force_N);
    sum += hand.output.nose_force_N;
  }
  const double mean = sum / static_cast<double>(force.size());
  std::printf("press mean %.4f N, rms/mean %.4f\n", mean, rms(force) / mean);
  EXPECT_NEAR(mean, 1.5, 0.02);
  EXPECT_NEAR(rms(force) / mean, 0.15, 0.012);  // 600 s of noise above 0.1 Hz; the contact's resonance adds a little
  const std::vector<double> power = spectrum(force, 100, {0.5, 1, 6, 12});
  EXPECT_GT(power[0], 10 * power[2]);
  EXPECT_GT(power[1], 30 * power[3]);
}

TEST(Hand, PressAndDeflectionAtRestAreThoseOfTwoSprings) {
  const HandParams params = steady();
  Operator hand(params);
  hand.input.contact = 1;
  hand.input.press_N = 2;
  hand.run(4);
  EXPECT_NEAR(hand.output.nose_force_N, 2, 1e-6);
  EXPECT_NEAR(hand.output.nose_gap_m, -2 / params.nose_stiffness_N_per_m, 1e-9);
  EXPECT_NEAR(hand.output.hand_force_N, 2, 1e-6);
  // A reaction of the needles is shared between hand and nose in the ratio of their stiffnesses.
  hand.input.reaction_N = 0.5;
  hand.run(4);
  const double k = params.stiffness_N_per_m, k_n = params.nose_stiffness_N_per_m;
  EXPECT_NEAR(hand.output.nose_gap_m, -2 / k_n + 0.5 / (k + k_n), 1e-9);
  EXPECT_NEAR(hand.output.nose_force_N, 2 - 0.5 * k_n / (k + k_n), 1e-6);
  EXPECT_NEAR(hand.output.hand_force_N, hand.output.nose_force_N + 0.5, 1e-6);  // balance of the pen
}

TEST(Hand, FreePenSwingsAtItsNaturalFrequency) {
  const HandParams params = steady();
  Operator hand(params);
  hand.dt_s = 25e-6;
  hand.run(1);
  hand.state.nose_m += 1e-3;  // let go 1 mm off the rest
  double last = hand.state.nose_m + 10e-3;
  std::vector<double> crossings_s;
  for (int i = 0; i < 40000; ++i) {
    hand.run(25e-6);
    const double now = hand.state.nose_m + 10e-3;
    if (last > 0 && now <= 0) crossings_s.push_back((i + last / (last - now)) * 25e-6);
    last = now;
  }
  ASSERT_GE(crossings_s.size(), 3u);
  const double mass = params.hand_mass_kg + params.pen_mass_kg;
  const double sigma = params.damping_N_s_per_m / (2 * mass);
  const double omega = std::sqrt(params.stiffness_N_per_m / mass - sigma * sigma);
  EXPECT_NEAR((crossings_s[2] - crossings_s[0]) / 2, 2 * M_PI / omega, 2e-4);
}

TEST(Hand, LiftsOffInPlausibleTimeAndComesDownAgain) {
  Operator hand;
  hand.input.contact = 1;
  hand.run(2);
  EXPECT_EQ(hand.output.contact, 1);
  EXPECT_LT(hand.output.nose_gap_m, 0);
  EXPECT_GT(hand.output.nose_sink_m, 0);
  hand.input.contact = 0;
  hand.input.lift_m = 3e-3;
  double off_s = 0;
  while (hand.output.contact != 0 && off_s < 1) {
    hand.run(tick_s);
    off_s += tick_s;
  }
  std::printf("off the skin after %.0f ms\n", off_s * 1e3);
  EXPECT_GT(off_s, 0.02);
  EXPECT_LT(off_s, 0.5);
  EXPECT_EQ(hand.output.nose_force_N, 0);
  EXPECT_LT(hand.output.nose_sink_m, 20e-6);  // the damper lets the nose leave a little before the surface is level
  hand.run(0.02);
  EXPECT_EQ(hand.output.nose_sink_m, 0);
  hand.run(1.5);
  EXPECT_NEAR(hand.output.nose_gap_m, 3e-3, 0.2e-3);
  hand.input.contact = 1;
  double on_s = 0;
  while (hand.output.contact == 0 && on_s < 2) {
    hand.run(tick_s);
    on_s += tick_s;
  }
  std::printf("on the skin after %.0f ms\n", on_s * 1e3);
  EXPECT_GT(on_s, 0.02);
  EXPECT_LT(on_s, 0.5);
  // Impact does not exceed a few times the press.
  double peak = 0;
  for (int i = 0; i < 20000; ++i) {
    hand.run(tick_s);
    peak = std::fmax(peak, hand.output.nose_force_N);
  }
  EXPECT_LT(peak, 3 * hand.input.press_N);
  EXPECT_GT(peak, hand.input.press_N);
}

TEST(Hand, TheNoseOnlyPushes) {
  HandParams params;
  params.tremor_axial_m = 300e-6;  // far above a hand's, to bounce
  Operator hand(params);
  hand.input.contact = 1;
  hand.input.press_N = 0.1;
  int off = 0, on = 0;
  for (int i = 0; i < 100000; ++i) {
    hand.run(tick_s);
    ASSERT_GE(hand.output.nose_force_N, 0);
    ASSERT_EQ(hand.output.nose_sink_m, std::fmax(0.0, -hand.output.nose_gap_m));
    if (hand.output.nose_gap_m > 0) {
      ASSERT_EQ(hand.output.nose_force_N, 0);
    }
    (hand.output.contact != 0 ? on : off)++;
  }
  EXPECT_GT(off, 1000);
  EXPECT_GT(on, 1000);
}

TEST(Hand, GlidesBackAndForthThroughTheLanes) {
  HandParams params = steady();
  params.track_length_m = 10e-3;
  params.pass_count = 3;
  Operator hand(params);
  hand.input.contact = 1;
  hand.input.glide_m_per_s = 20e-3;
  double way = 0, last = 0;
  std::vector<std::int64_t> lanes = {0};
  for (int i = 0; i < 60000; ++i) {  // 3 s
    hand.run(tick_s);
    ASSERT_GE(hand.output.track_m, 0);
    ASSERT_LE(hand.output.track_m, params.track_length_m);
    ASSERT_NEAR(std::fabs(hand.output.glide_m_per_s), hand.output.lateral_speed_m_per_s, 1e-15);
    way += hand.output.lateral_speed_m_per_s * tick_s;
    if (hand.output.lane != lanes.back()) {
      lanes.push_back(hand.output.lane);
      ASSERT_NEAR(hand.output.across_m, static_cast<double>(hand.output.lane) * params.lane_pitch_m, 1e-12);
    } else if (hand.output.contact != 0 && i > 0) {
      // Way and speed agree within a pass.
      ASSERT_NEAR(hand.output.track_m - last, hand.output.glide_m_per_s * tick_s, 1e-9);
    }
    last = hand.output.track_m;
  }
  ASSERT_GE(lanes.size(), 5u);
  for (std::size_t i = 0; i < lanes.size(); ++i) EXPECT_EQ(lanes[i], static_cast<std::int64_t>(i % 3));
  EXPECT_NEAR(way / 10e-3,
              static_cast<double>(hand.state.pass) + (hand.state.direction_1 > 0 ? last : 10e-3 - last) / 10e-3, 1e-6);
  EXPECT_NEAR(hand.output.lateral_speed_m_per_s, 20e-3, 1e-9);
}

TEST(Hand, LateralSpeedIsTheRateOfTheWay) {
  Operator hand;
  hand.input.contact = 1;
  hand.input.glide_m_per_s = 20e-3;
  hand.run(2);
  double along = hand.output.track_m, across = hand.output.across_m;
  double expected = 0, stated = 0;
  for (int i = 0; i < 10000; ++i) {  // 0.5 s: within the first pass of 40 mm
    hand.run(tick_s);
    if (hand.output.lane != 0) break;
    expected += std::hypot(hand.output.track_m - along, hand.output.across_m - across);
    stated += hand.output.lateral_speed_m_per_s * tick_s;
    along = hand.output.track_m;
    across = hand.output.across_m;
  }
  EXPECT_NEAR(stated / expected, 1, 0.01);
}

TEST(Hand, SameSeedSameBitsOtherSeedOtherHand) {
  Operator a({}, 5), b({}, 5), c({}, 6);
  for (Operator* hand : {&a, &b, &c}) {
    hand->input.contact = 1;
    hand->run(0.5);
  }
  EXPECT_EQ(std::memcmp(&a.state, &b.state, sizeof a.state), 0);
  EXPECT_NE(a.output.track_m, c.output.track_m);
}

TEST(Hand, HardlyDependsOnTheStep) {
  HandParams params;
  double coarse = 0, fine = 0;
  for (const double dt_s : {1e-3, 25e-6}) {
    Operator hand(params);
    hand.dt_s = dt_s;
    hand.input.contact = 1;
    hand.run(2);
    double sum = 0;
    for (int i = 0; i < 1000; ++i) {
      hand.run(1e-3);
      sum += hand.output.nose_force_N;
    }
    (dt_s > 1e-4 ? coarse : fine) = sum / 1000;
  }
  EXPECT_NEAR(coarse / fine, 1, 0.02);
}

TEST(Hand, TheParameterTableNamesEveryMemberOnce) {
  HandParams params;
  std::set<std::string> names;
  std::size_t bytes = 0;
  each_hand_param(params, [&](const char* name, auto& value) {
    names.insert(name);
    bytes += sizeof value;
  });
  EXPECT_EQ(bytes, sizeof params);
  EXPECT_EQ(names.size() * 8, sizeof params);
}
