// elementary.h - elementary functions from + - * / and sqrt only.
//
// The C library picks variants of sin, exp, log and pow by the CPU it finds (with or without FMA), and compilers fold
// calls with constant arguments; both change last bits and with them every hash of a run. What is here consists of
// operations that IEEE 754 defines to the bit, in a written order, so that gcc and clang, -O0 and -O2 and every CPU
// give the same bits.
// models/ and the engine use these and no others, at set-up too. Correct with -ffp-contract=off and round-to-nearest
// only.
//
// Accuracy: 2 ulp in the ranges stated [D: tests/models/elementary_test.cpp, against long double].
//   sin cos tan   |x| <= 1e6 rad; beyond that not a number, because the reduction is not carried that far
//   exp           all x; gradual underflow, +inf above 709.78
//   log           x > 0, subnormals included; 0 gives -inf, negative not a number
//   pow           x > 0 with |y log x| <= 100; x = 0 gives 0, 1 or inf by the sign of y; negative x is not a number
//   the others    all finite x
// Not modelled: errno, floating-point exception flags, the sign of zero in results other than sin, tan, atan, asin,
// cbrt, tanh.
#pragma once

namespace pensim::elementary {

inline constexpr double pi = 0x1.921fb54442d18p+1;

struct SinCos {
  double sin, cos;
};

SinCos sincos(double x_rad);
double sin(double x_rad);
double cos(double x_rad);
double tan(double x_rad);
double atan(double x);             // -pi/2 .. pi/2
double atan2(double y, double x);  // -pi .. pi; (0, 0) gives 0
double asin(double x);             // |x| <= 1, else not a number
double acos(double x);             // |x| <= 1, else not a number
double exp(double x);
double log(double x);
double pow(double x, double y);
double cbrt(double x);
double tanh(double x);

}  // namespace pensim::elementary
