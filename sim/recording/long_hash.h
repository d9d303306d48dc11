// long_hash.h - XXH3 of many bytes, with the widest vectors that this CPU has. The value is the same on every CPU, and
// that of XXH3_64bits_withSeed; below 250 bytes the inlined function is faster.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pensim {

std::uint64_t long_hash(const void* bytes, std::size_t size, std::uint64_t seed = 0);

}  // namespace pensim
