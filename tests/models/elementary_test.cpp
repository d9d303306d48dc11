// Against the long double functions of the C library, which carry 11 bits more.
#include "models/elementary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

namespace e = pensim::elementary;

namespace {

double ulp_error(double got, long double exact) {
  const double rounded = static_cast<double>(exact);
  const double magnitude = std::fabs(rounded);
  const double ulp = std::nextafter(magnitude, std::numeric_limits<double>::infinity()) - magnitude;
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) / static_cast<long double>(ulp));
}

// Low-discrepancy points, plus the same points spread evenly over the exponents when the range is positive.
double worst_ulp(double low, double high, bool logarithmic, const std::function<double(double)>& got,
                 const std::function<long double(long double)>& exact, int count = 200000) {
  double worst = 0, where = 0;
  for (int i = 0; i < count; ++i) {
    const double u = std::fmod(0.5 + i * 0.6180339887498949, 1.0);
    const double x =
        logarithmic ? std::exp2(std::log2(low) + u * (std::log2(high) - std::log2(low))) : low + (high - low) * u;
    const double error = ulp_error(got(x), exact(x));
    if (!(error <= worst)) {
      worst = error;
      where = x;
    }
  }
  std::printf("  [%g, %g]: worst %.3f ulp at %.17g\n", low, high, worst, where);
  return worst;
}

}  // namespace

TEST(Elementary, SineAndCosineWithin2Ulp) {
  const auto s = [](long double x) { return sinl(x); };
  const auto c = [](long double x) { return cosl(x); };
  for (const double range : {0.785, 10.0, 1e3, 1e6}) {
    EXPECT_LE(worst_ulp(-range, range, false, e::sin, s), 2.0);
    EXPECT_LE(worst_ulp(-range, range, false, e::cos, c), 2.0);
    EXPECT_LE(worst_ulp(-range, range, false, e::tan, [](long double x) { return tanl(x); }), 2.0);
  }
  EXPECT_LE(worst_ulp(1e-300, 1e6, true, e::sin, s), 2.0);
  EXPECT_LE(worst_ulp(1e-300, 1e6, true, e::tan, [](long double x) { return tanl(x); }), 2.0);
}

TEST(Elementary, SineNextToMultiplesOfPi) {  // the reduction cancels here
  double worst = 0;
  for (int n = 1; n < 600000; n += 7) {
    const double x = static_cast<double>(n * 1.57079632679489661923132169163975144L);
    const e::SinCos k = e::sincos(x);
    worst = std::fmax(worst, ulp_error(k.sin, sinl(x)));
    worst = std::fmax(worst, ulp_error(k.cos, cosl(x)));
  }
  EXPECT_LE(worst, 2.0);
}

TEST(Elementary, SineBeyondItsRangeIsNotANumber) {
  EXPECT_TRUE(std::isnan(e::sin(1.1e6)));
  EXPECT_TRUE(std::isnan(e::cos(-1e300)));
  EXPECT_TRUE(std::isnan(e::sin(std::numeric_limits<double>::infinity())));
}

TEST(Elementary, ExponentialWithin2Ulp) {
  const auto f = [](long double x) { return expl(x); };
  EXPECT_LE(worst_ulp(-1, 1, false, e::exp, f), 2.0);
  EXPECT_LE(worst_ulp(-700, 709.7, false, e::exp, f), 2.0);
  EXPECT_LE(worst_ulp(1e-300, 1, true, e::exp, f), 2.0);
  EXPECT_LE(worst_ulp(-745, -708, false, e::exp, f, 20000), 2.0);  // gradual underflow
  EXPECT_EQ(e::exp(0.0), 1.0);
  EXPECT_EQ(e::exp(710.0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(e::exp(-1000.0), 0.0);
  EXPECT_EQ(e::exp(-std::numeric_limits<double>::infinity()), 0.0);
  EXPECT_TRUE(std::isnan(e::exp(std::nan(""))));
}

TEST(Elementary, LogarithmWithin2Ulp) {
  const auto f = [](long double x) { return logl(x); };
  EXPECT_LE(worst_ulp(0.5, 2, false, e::log, f), 2.0);
  EXPECT_LE(worst_ulp(1e-320, 1e308, true, e::log, f), 2.0);
  EXPECT_LE(worst_ulp(1 - 1e-9, 1 + 1e-9, false, e::log, f), 2.0);
  EXPECT_EQ(e::log(1.0), 0.0);
  EXPECT_EQ(e::log(0.0), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(e::log(-1.0)));
}

TEST(Elementary, PowerWithin2Ulp) {
  for (const double y : {2.0, 0.5, 1.0 / 3, -1.7, 7.25, 2.0 / 3})
    EXPECT_LE(worst_ulp(
                  1e-5, 1e5, true, [y](double x) { return e::pow(x, y); }, [y](long double x) { return powl(x, y); }),
              2.0)
        << y;
  EXPECT_LE(worst_ulp(
                -40, 40, false, [](double y) { return e::pow(10.0, y); }, [](long double y) { return powl(10.0L, y); }),
            2.0);
  EXPECT_EQ(e::pow(3.0, 2.0), 9.0);
  EXPECT_EQ(e::pow(0.0, 2.0), 0.0);
  EXPECT_EQ(e::pow(0.0, 0.0), 1.0);
  EXPECT_TRUE(std::isnan(e::pow(-1.0, 2.0)));
}

TEST(Elementary, InverseTrigonometricWithin2Ulp) {
  const auto f = [](long double x) { return atanl(x); };
  EXPECT_LE(worst_ulp(-3, 3, false, e::atan, f), 2.0);
  EXPECT_LE(worst_ulp(1e-300, 1e300, true, e::atan, f), 2.0);
  EXPECT_LE(worst_ulp(-1, 1, false, e::asin, [](long double x) { return asinl(x); }), 2.0);
  EXPECT_LE(worst_ulp(1e-300, 1, true, e::asin, [](long double x) { return asinl(x); }), 2.0);
  EXPECT_LE(worst_ulp(-1, 1, false, e::acos, [](long double x) { return acosl(x); }), 2.0);
  EXPECT_LE(worst_ulp(
                1e-15, 0.5, true, [](double x) { return e::acos(1 - x); },
                [](long double x) { return acosl(1 - static_cast<double>(x)); }),
            2.0);
  EXPECT_EQ(e::acos(1.0), 0.0);
  EXPECT_TRUE(std::isnan(e::acos(1.0000001)));
}

TEST(Elementary, ArcTangentOfTwoArgumentsInAllQuadrants) {
  double worst = 0;
  for (int i = 0; i < 100000; ++i) {
    const double angle = -3.1415 + 6.283 * std::fmod(0.5 + i * 0.6180339887498949, 1.0);
    const double y = std::sin(angle) * 3.7, x = std::cos(angle) * 3.7;
    worst = std::fmax(worst, ulp_error(e::atan2(y, x), atan2l(y, x)));
  }
  EXPECT_LE(worst, 2.0);
  EXPECT_EQ(e::atan2(0.0, 0.0), 0.0);
  EXPECT_EQ(e::atan2(0.0, -1.0), e::pi);
  EXPECT_EQ(e::atan2(-1.0, 0.0), -e::pi / 2);
}

TEST(Elementary, CubeRootAndHyperbolicTangentWithin2Ulp) {
  EXPECT_LE(worst_ulp(-10, 10, false, e::cbrt, [](long double x) { return cbrtl(x); }), 2.0);
  EXPECT_LE(worst_ulp(1e-320, 1e308, true, e::cbrt, [](long double x) { return cbrtl(x); }), 2.0);
  EXPECT_LE(worst_ulp(-1, 1, false, e::tanh, [](long double x) { return tanhl(x); }), 2.0);
  EXPECT_LE(worst_ulp(-25, 25, false, e::tanh, [](long double x) { return tanhl(x); }), 2.0);
  EXPECT_LE(worst_ulp(1e-300, 1, true, e::tanh, [](long double x) { return tanhl(x); }), 2.0);
}

// The bits themselves: a digest of every function over a grid. It changes with contraction, with another evaluation
// order, or when a compiler replaces a call; the number is the same for gcc and clang at -O0 and -O2.
TEST(Elementary, SameBitsFromEveryBuild) {
  std::uint64_t digest = 0xcbf29ce484222325ULL;
  const auto add = [&digest](double value) {
    digest = (digest ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3ULL;
  };
  for (int i = 1; i < 20000; ++i) {
    const double x = i * 0.00137;
    const e::SinCos k = e::sincos(x * 31);
    for (const double value : {k.sin, k.cos, e::exp(x), e::log(x), e::pow(x, 1.7), e::atan(x), e::asin(i / 20000.0),
                               e::acos(i / 20000.0), e::cbrt(x), e::tanh(x * 0.1), e::atan2(x, 3.0 - x)})
      add(value);
  }
  EXPECT_EQ(digest, 0x2fb643afae0f9c05ULL);
}
