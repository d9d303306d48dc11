#include "models/elementary.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace pensim::elementary {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double pi_2_hi = 0x1.921fb54442d18p+0, pi_2_lo = 0x1.1a62633145c07p-54;
constexpr double ln2_hi = 0x1.62e42feep-1, ln2_lo = 0x1.a39ef35793c76p-33;  // hi has 32 bits: k ln2_hi is exact
// x + shift - shift rounds |x| < 2^51 to integer
constexpr double round_shift = 0x1.8p+52;

double power_of_two(std::int64_t k) { return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52); }

struct Sum {
  double hi, lo;
};

Sum two_sum(double a, double b) {  // hi + lo = a + b exactly [Knuth]
  const double hi = a + b;
  const double b_part = hi - a;
  return {hi, (a - (hi - b_part)) + (b - b_part)};
}

Sum two_product(double a, double b) {    // hi + lo = a b exactly, |a|, |b| < 2^995 [Dekker]
  constexpr double split = 134217729.0;  // 2^27 + 1
  const double hi = a * b;
  const double ta = split * a, tb = split * b;
  const double a_hi = ta - (ta - a), b_hi = tb - (tb - b);
  const double a_lo = a - a_hi, b_lo = b - b_hi;
  return {hi, ((a_hi * b_hi - hi) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo};
}

Sum quotient(Sum a, Sum b) {  // a / b, |lo| much smaller than |hi|
  const Sum top = two_sum(a.hi, a.lo), bottom = two_sum(b.hi, b.lo);
  const double q = top.hi / bottom.hi;
  const Sum back = two_product(q, bottom.hi);
  const double q_lo = ((((top.hi - back.hi) - back.lo) + top.lo) - q * bottom.lo) / bottom.hi;
  return {q + q_lo, q_lo - ((q + q_lo) - q)};
}

struct Reduced {
  double r, tail;  // x = quadrant pi/2 + r + tail, |r| <= pi/4
  std::uint64_t quadrant;
};

// pi/2 in parts of 33 bits: their products with n are exact up to n = 2^20 [Cody and Waite]. Next to a multiple of
// pi/2, where the subtractions cancel, one more part is taken off.
Reduced reduce(double x) {
  const double shifted = x * 0x1.45f306dc9c883p-1 + round_shift;
  const double n = shifted - round_shift;
  const std::uint64_t quadrant = std::bit_cast<std::uint64_t>(shifted);
  const double first = x - n * 0x1.921fb544p+0, part = n * 0x1.0b4611a6p-34;  // part < 2^-13
  const double second = first - part;
  if (std::fabs(second) > 0x1p-12) {
    const double third = n * 0x1.3198a2e037073p-69 - ((first - second) - part);
    const double r = second - third;
    return {r, (second - r) - third, quadrant};
  }
  const Sum exact = two_sum(first, -part);
  const Sum third = two_sum(exact.hi, -(n * 0x1.3198a2ep-69));
  const double fourth = n * 0x1.b839a252049cp-104 - third.lo - exact.lo;
  const double r = third.hi - fourth;
  return {r, (third.hi - r) - fourth, quadrant};
}

// Taylor series; the first term left out is below 2^-60 of the result on |r| <= pi/4.
struct Kernel {
  Sum sin, cos;
};

Kernel kernel(double r, double tail) {
  const double z = r * r, z2 = z * z, z4 = z2 * z2;
  const double s = (-1.0 / 6 + z * (1.0 / 120)) + z2 * (-1.0 / 5040 + z * (1.0 / 362880)) +
                   z4 * ((-1.0 / 39916800 + z * (1.0 / 6227020800.0)) +
                         z2 * (-1.0 / 1307674368000.0 + z * (1.0 / 355687428096000.0)));
  const double c = (1.0 / 24 + z * (-1.0 / 720)) + z2 * (1.0 / 40320 + z * (-1.0 / 3628800)) +
                   z4 * ((1.0 / 479001600 + z * (-1.0 / 87178291200.0)) + z2 * (1.0 / 20922789888000.0));
  const double half = 0.5 * z, one_minus = 1.0 - half;
  return {{r, r * z * s + (tail - half * tail)}, {one_minus, ((1.0 - one_minus) - half) + (z2 * c - r * tail)}};
}

// atan(i/16) in two parts.
constexpr Sum atan_table[17] = {{0x0p+0, 0x0p+0},
                                {0x1.ff55bb72cfdeap-5, -0x1.c934d86d23f1dp-60},
                                {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
                                {0x1.7b97b4bce5b02p-3, 0x1.347b0b4f881cap-58},
                                {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
                                {0x1.362773707ebccp-2, -0x1.963a544b672d8p-57},
                                {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
                                {0x1.a64eec3cc23fdp-2, -0x1.24dec1b50b7ffp-56},
                                {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
                                {0x1.0657e94db30dp-1, -0x1.d5b495f6349e6p-56},
                                {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
                                {0x1.345f01cce37bbp-1, 0x1.1021137c71102p-55},
                                {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
                                {0x1.5d58987169b18p-1, 0x1.0028e4bc5e7cap-57},
                                {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
                                {0x1.819d0b7158a4dp-1, -0x1.bf76229d3b917p-56},
                                {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}};

// log(i/16), i = 11..23, in two parts.
constexpr Sum log_table[13] = {
    {-0x1.7fafa3bd8151cp-2, 0x1.219024acd3b76p-58},  {-0x1.269621134db92p-2, -0x1.e0efadd9db02bp-56},
    {-0x1.a93ed3c8ad9e3p-3, -0x1.bcafa9de97203p-57}, {-0x1.1178e8227e47cp-3, 0x1.0e63a5f01c691p-58},
    {-0x1.08598b59e3a07p-4, 0x1.dd7009902bf32p-58},  {0x0p+0, 0x0p+0},
    {0x1.f0a30c01162a6p-5, 0x1.85f325c5bbacdp-59},   {0x1.e27076e2af2e6p-4, -0x1.61578001e0162p-60},
    {0x1.5ff3070a793d4p-3, -0x1.bc60efafc6f6ep-58},  {0x1.c8ff7c79a9a22p-3, -0x1.4f689f8434012p-57},
    {0x1.1675cababa60ep-2, 0x1.ce63eab883717p-61},   {0x1.4618bc21c5ec2p-2, 0x1.f42decdeccf1dp-56},
    {0x1.739d7f6bbd007p-2, -0x1.8c76ceb014b04p-56}};

// log x = k ln 2 + log c + log(m/c), x = 2^k m, 11/16 <= m < 23/16, c the nearest sixteenth;
// log(m/c) = 2 atanh s with s = (m - c)/(m + c), |s| <= 1/43.
Sum log_in_two_parts(double x) {
  std::int64_t k = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p+54;
    k = -54;
  }
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  k += static_cast<std::int64_t>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL);
  if (m >= 1.4375) {
    m *= 0.5;
    ++k;
  }
  const int i = static_cast<int>(m * 16.0 + 0.5);
  const double c = i * 0.0625;
  const Sum& log_c = log_table[i - 11];
  const double difference = m - c;  // exact
  const Sum sum = two_sum(m, c);
  const double s = difference / sum.hi;
  const Sum back = two_product(s, sum.hi);
  const double s_lo = (((difference - back.hi) - back.lo) - s * sum.lo) / sum.hi;
  const double z = s * s;
  const double series = s * z * (2.0 / 3 + z * (2.0 / 5 + z * (2.0 / 7 + z * (2.0 / 9 + z * (2.0 / 11)))));
  const double kd = static_cast<double>(k);
  const Sum a = two_sum(kd * ln2_hi, log_c.hi);
  const Sum b = two_sum(a.hi, 2.0 * s);
  const double lo = (((kd * ln2_lo + log_c.lo) + a.lo) + b.lo) + (2.0 * s_lo + series);
  const double hi = b.hi + lo;
  return {hi, (b.hi - hi) + lo};
}

// e^(x + tail), |tail| much smaller than 1.
double exp_of_two_parts(double x, double tail) {
  if (!(x < 709.782712893384)) return x >= 709.782712893384 ? inf : nan;
  if (x < -745.2) return 0.0;
  const double k = (x * 0x1.71547652b82fep+0 + round_shift) - round_shift;
  const double hi = x - k * ln2_hi, lo = k * ln2_lo - tail;
  const double r = hi - lo, r_lo = (hi - r) - lo;
  const double z = r * r, z2 = z * z, z4 = z2 * z2;
  const double p = (1.0 / 2 + r * (1.0 / 6)) + z * (1.0 / 24 + r * (1.0 / 120)) +
                   z2 * ((1.0 / 720 + r * (1.0 / 5040)) + z * (1.0 / 40320 + r * (1.0 / 362880))) +
                   z4 * ((1.0 / 3628800 + r * (1.0 / 39916800)) + z * (1.0 / 479001600 + r * (1.0 / 6227020800.0)));
  const double e = 1.0 + (r + (z * p + (r_lo + r * r_lo)));
  const std::int64_t n = static_cast<std::int64_t>(k);
  if (n > 1000) return e * power_of_two(n - 100) * 0x1p+100;
  if (n < -1000) return e * power_of_two(n + 100) * 0x1p-100;
  return e * power_of_two(n);
}

}  // namespace

SinCos sincos(double x) {
  if (!(std::fabs(x) <= 1e6)) return {nan, nan};
  const Reduced reduced = reduce(x);
  const Kernel k = kernel(reduced.r, reduced.tail);
  const double k_sin = k.sin.hi + k.sin.lo, k_cos = k.cos.hi + k.cos.lo;
  const bool swap = reduced.quadrant & 1;
  const double s = swap ? k_cos : k_sin, c = swap ? k_sin : k_cos;
  return {reduced.quadrant & 2 ? -s : s, (reduced.quadrant + 1) & 2 ? -c : c};
}

double sin(double x) { return x == 0.0 ? x : sincos(x).sin; }

double cos(double x) { return sincos(x).cos; }

double tan(double x) {
  if (x == 0.0) return x;
  if (!(std::fabs(x) <= 1e6)) return nan;
  const Reduced reduced = reduce(x);
  const Kernel k = kernel(reduced.r, reduced.tail);
  return reduced.quadrant & 1 ? -quotient(k.cos, k.sin).hi : quotient(k.sin, k.cos).hi;
}

static double atan_of_two_parts(double x, double tail) {
  const double magnitude = std::fabs(x);
  const bool inverted = magnitude > 1.0;
  const double y = inverted ? 1.0 / magnitude : magnitude;
  const int i = static_cast<int>(y * 16.0 + 0.5);
  const double c = i * 0.0625;
  const double t = (y - c) / (1.0 + y * c);  // |t| <= 1/31
  const double z = t * t;
  const double shift = (x < 0.0 ? -tail : tail) / (1.0 + magnitude * magnitude);
  const double series = t * z * (-1.0 / 3 + z * (1.0 / 5 + z * (-1.0 / 7 + z * (1.0 / 9 + z * (-1.0 / 11)))));
  const Sum& base = atan_table[i];
  const double lo = base.lo + series;
  const double result = inverted ? pi_2_hi - (base.hi - (pi_2_lo - lo - t + shift)) : base.hi + (t + (lo + shift));
  return x < 0.0 ? -result : result;
}

double atan(double x) {
  if (x != x) return nan;
  return x == 0.0 ? x : atan_of_two_parts(x, 0.0);
}

double atan2(double y, double x) {
  if (x != x || y != y) return nan;
  if (y == 0.0) return x < 0.0 ? pi : 0.0;
  if (x == 0.0) return y > 0.0 ? pi_2_hi : -pi_2_hi;
  const double a = atan(std::fabs(y / x));
  const double from_x_axis = x > 0.0 ? a : pi - (a - 0x1.1a62633145c07p-53);
  return y > 0.0 ? from_x_axis : -from_x_axis;
}

static Sum root_of_one_minus_square(double x) {
  const Sum square = two_product(x, x);
  const Sum difference = two_sum(1.0, -square.hi);
  const double lo = difference.lo - square.lo;
  const double root = std::sqrt(difference.hi);
  const Sum back = two_product(root, root);
  return {root, ((difference.hi - back.hi) - back.lo + lo) / (2.0 * root)};
}

double asin(double x) {
  if (!(std::fabs(x) <= 1.0)) return nan;
  if (std::fabs(x) < 0x1p-27) return x;
  if (std::fabs(x) == 1.0) return x * pi_2_hi;
  const Sum q = quotient({x, 0.0}, root_of_one_minus_square(x));
  return atan_of_two_parts(q.hi, q.lo);
}

double acos(double x) {
  if (!(std::fabs(x) <= 1.0)) return nan;
  if (x == 1.0) return 0.0;
  if (x == -1.0) return pi;
  if (x <= 0.5) return pi_2_hi - (asin(x) - pi_2_lo);
  const Sum q = quotient(root_of_one_minus_square(x), {x, 0.0});
  return atan_of_two_parts(q.hi, q.lo);
}

double exp(double x) { return exp_of_two_parts(x, 0.0); }

double log(double x) {
  if (!(x > 0.0)) return x == 0.0 ? -inf : nan;
  if (x == inf) return inf;
  return log_in_two_parts(x).hi;
}

double pow(double x, double y) {
  if (y == 0.0) return 1.0;
  if (!(x > 0.0)) return x == 0.0 ? (y > 0.0 ? 0.0 : inf) : nan;
  const Sum l = log_in_two_parts(x);
  const Sum product = two_product(y, l.hi);
  return exp_of_two_parts(product.hi, product.lo + y * l.lo);
}

double cbrt(double x) {
  if (x == 0.0 || x != x || x - x != 0.0) return x;
  double magnitude = std::fabs(x), scale = 1.0;
  if (magnitude < 0x1p-1000) {
    magnitude *= 0x1p+90;
    scale = 0x1p-30;
  } else if (magnitude > 0x1p+1000) {
    magnitude *= 0x1p-90;
    scale = 0x1p+30;
  }
  // A third of the exponent: within 6 %; Halley's iteration triples the digits.
  double t = std::bit_cast<double>(std::bit_cast<std::uint64_t>(magnitude) / 3 + 0x2a9f7893782da1ceULL);
  for (int i = 0; i < 3; ++i) {
    const double cube = t * t * t;
    t = t * (1.0 - (cube - magnitude) / (2.0 * cube + magnitude));
  }
  const double square = t * t;
  t -= (t - magnitude / square) / 3.0;
  return x < 0.0 ? -t * scale : t * scale;
}

double tanh(double x) {
  const double magnitude = std::fabs(x);
  if (x != x) return nan;
  if (magnitude > 22.0) return x < 0.0 ? -1.0 : 1.0;
  if (magnitude > 0.55) {
    const double t = 1.0 - 2.0 / (exp(2.0 * magnitude) + 1.0);
    return x < 0.0 ? -t : t;
  }
  // (sinh(x)/x - cosh x)/cosh x, whose series starts at -x^2/3
  const double z = x * x;
  const double difference =
      z * (-1.0 / 3 +
           z * (-1.0 / 30 +
                z * (-1.0 / 840 + z * (-1.0 / 45360 +
                                       z * (-1.0 / 3991680 + z * (-1.0 / 518918400.0 + z * (-1.0 / 93405312000.0)))))));
  const double cosh =
      1.0 + z * (1.0 / 2 +
                 z * (1.0 / 24 +
                      z * (1.0 / 720 + z * (1.0 / 40320 +
                                            z * (1.0 / 3628800 + z * (1.0 / 479001600 + z * (1.0 / 87178291200.0)))))));
  return x + x * (difference / cosh);
}

}  // namespace pensim::elementary
