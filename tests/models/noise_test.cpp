#include "models/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

using pensim::noise_normal;
using pensim::noise_uniform;

namespace {
constexpr int count = 1000000;
}

TEST(Noise, NormalHasTheStatedMoments) {
  double s1 = 0, s2 = 0, s3 = 0, s4 = 0, extreme = 0;
  int beyond_3 = 0;
  for (int i = 0; i < count; ++i) {
    const double x = noise_normal(7, 3, i);
    s1 += x;
    s2 += x * x;
    s3 += x * x * x;
    s4 += x * x * x * x;
    extreme = std::fmax(extreme, std::fabs(x));
    beyond_3 += std::fabs(x) > 3.0;
  }
  // Standard errors at n = 1e6: mean 0.001, variance 0.0014, third moment 0.0038, fourth 0.0098.
  EXPECT_NEAR(s1 / count, 0.0, 0.004);
  EXPECT_NEAR(s2 / count, 1.0, 0.006);
  EXPECT_NEAR(s3 / count, 0.0, 0.016);
  EXPECT_NEAR(s4 / count, 3.0 - 0.0602, 0.04);  // excess kurtosis of the sum: (32 (-1/8) - 2/120)/(8 + 1/6)^2
  EXPECT_GT(extreme, 4.2);
  EXPECT_LE(extreme, 5.95);
  EXPECT_NEAR(beyond_3 / 2700.0, 0.85, 0.06);  // of the Gaussian 0.27 %; 0.85 by the Edgeworth term of the kurtosis
}

TEST(Noise, UniformFillsTheUnitIntervalEvenly) {
  std::vector<int> bins(64);
  for (int i = 0; i < count; ++i) {
    const double u = noise_uniform(1, 0, i);
    ASSERT_TRUE(u >= 0.0 && u < 1.0);
    ++bins[static_cast<std::size_t>(u * 64)];
  }
  double chi_squared = 0;
  for (const int n : bins) chi_squared += (n - count / 64.0) * (n - count / 64.0) / (count / 64.0);
  EXPECT_LT(chi_squared, 110.0);  // 63 degrees of freedom: 1e-4 to exceed 115
  EXPECT_GT(chi_squared, 25.0);
}

// What would betray a weak mix: neighbouring ticks, neighbouring streams, neighbouring seeds.
TEST(Noise, NeighboursAreUncorrelated) {
  const auto correlation = [](auto a, auto b) {
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += a(i) * b(i);
    return sum / count;
  };
  const auto base = [](int i) { return noise_normal(7, 3, i); };
  EXPECT_NEAR(correlation(base, base), 1.0, 0.01);
  for (const int lag : {1, 2, 3, 20, 1000, 65536})
    EXPECT_NEAR(correlation(base, [lag](int i) { return noise_normal(7, 3, i + lag); }), 0.0, 0.005) << lag;
  for (const std::uint32_t stream : {0u, 1u, 2u, 4u, 5u, 100u})
    EXPECT_NEAR(correlation(base, [stream](int i) { return noise_normal(7, stream, i); }), 0.0, 0.005) << stream;
  for (const std::uint64_t seed : {0u, 1u, 6u, 8u, 9u, 1000u})
    EXPECT_NEAR(correlation(base, [seed](int i) { return noise_normal(seed, 3, i); }), 0.0, 0.005) << seed;
}

TEST(Noise, SpectrumIsWhite) {  // power in 16 bands of a 4096-point transform, averaged over 32 stretches
  constexpr int n = 4096, bands = 16, stretches = 32;
  std::vector<double> power(bands, 0.0);
  for (int stretch = 0; stretch < stretches; ++stretch)
    for (int band = 0; band < bands; ++band)
      for (int line = 0; line < 4; ++line) {
        const double w = 2 * 3.14159265358979 * (band * 128 + 17 + 31 * line) / n;
        double re = 0, im = 0;
        for (int i = 0; i < n; ++i) {
          const double x = noise_normal(42, 9, std::int64_t{stretch} * n + i);
          re += x * std::cos(w * i);
          im += x * std::sin(w * i);
        }
        power[static_cast<std::size_t>(band)] += (re * re + im * im) / n / (4.0 * stretches);
      }
  for (const double p : power) EXPECT_NEAR(p, 1.0, 0.36);  // 128 lines: standard error 0.09
}

TEST(Noise, IsAPureFunctionWithPinnedValues) {
  EXPECT_EQ(pensim::noise_bits(1, 2, 3), pensim::noise_bits(1, 2, 3));
  EXPECT_NE(pensim::noise_bits(1, 2, 3), pensim::noise_bits(1, 3, 2));
  EXPECT_NE(pensim::noise_bits(1, 2, 3), pensim::noise_bits(2, 1, 3));
  EXPECT_EQ(pensim::noise_bits(0, 0, -1), 12640317089315288448ULL);
}
