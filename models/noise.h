// noise.h - noise is a pure function of (seed, stream, index): nothing is drawn from a sequence, so a new source shifts
// no other, and any sample can be had out of order. `stream` numbers the source, `index` is the firmware tick (or the
// stroke, the needle, ...). Integer arithmetic, additions and one multiplication: the same bits everywhere.
//
// noise_uniform  0 <= u < 1, 53 bits.
// noise_normal   mean 0, variance 1 exactly: the sum of 32 fair bits and two uniforms of 16 bits, scaled. Skewness 0,
//                excess
//                kurtosis -0.06, 0.85 of the Gaussian share beyond 3 sigma, and the tails end at +-5.95 sigma [D].
// Mixing: a weighted sum of the three arguments (odd 64-bit constants) through the finaliser of splitmix64 [R: Steele,
// Lea and Flood 2014, constants of Stafford's variant 13].
// Not modelled: spectra other than white; where a model needs a coloured one it filters this.
#pragma once

#include <cstdint>

namespace pensim {

inline std::uint64_t noise_bits(std::uint64_t seed, std::uint32_t stream, std::int64_t index) {
  std::uint64_t z = seed * 0xd1342543de82ef95ULL + (std::uint64_t{stream} + 1) * 0xaef17502108ef2d9ULL +
                    static_cast<std::uint64_t>(index) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

inline double noise_uniform(std::uint64_t seed, std::uint32_t stream, std::int64_t index) {
  return static_cast<double>(static_cast<std::int64_t>(noise_bits(seed, stream, index) >> 11)) * 0x1p-53;
}

inline double noise_normal(std::uint64_t seed, std::uint32_t stream, std::int64_t index) {
  const std::uint64_t z = noise_bits(seed, stream, index);
  std::uint32_t n = static_cast<std::uint32_t>(z);  // number of set bits among 32
  n -= (n >> 1) & 0x55555555u;
  n = (n & 0x33333333u) + ((n >> 2) & 0x33333333u);
  n = (((n + (n >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24;
  // In units of 2^-16: 32 bits of variance 1/4, two uniforms on 0..65535 (mean 65535/2 each, variance (2^32 - 1)/12).
  const std::int64_t sum = (static_cast<std::int64_t>(n) - 16) * 65536 +
                           static_cast<std::int64_t>((z >> 32) & 0xffffu) + static_cast<std::int64_t>(z >> 48) - 65535;
  return static_cast<double>(sum) * 5.339463899424956e-06;  // 2^-16 / sqrt(8 + (1 - 2^-32)/6)
}

}  // namespace pensim
