#include "sim/long_hash.h"

#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>  // puts the functions that choose in the place of those of xxhash.h
#endif

namespace pensim {

std::uint64_t long_hash(const void* bytes, std::size_t size, std::uint64_t seed) { return XXH3_64bits_withSeed(bytes, size, seed); }

}  // namespace pensim
