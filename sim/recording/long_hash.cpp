#include "sim/recording/long_hash.h"

#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>  // puts the functions that choose in the place of those of xxhash.h
#endif

namespace pensim {
namespace {

#ifdef __x86_64__
// The library leaves the upper halves of the vector registers in use: floating point after it would take 2.5 times as
// long.
__attribute__((target("avx"))) void clear_upper_halves() { __builtin_ia32_vzeroupper(); }
const bool has_upper_halves = __builtin_cpu_supports("avx");
#else
void clear_upper_halves() {}
constexpr bool has_upper_halves = false;
#endif

}  // namespace

std::uint64_t long_hash(const void* bytes, std::size_t size, std::uint64_t seed) {
  const std::uint64_t value = XXH3_64bits_withSeed(bytes, size, seed);
  if (has_upper_halves) clear_upper_halves();
  return value;
}

}  // namespace pensim
