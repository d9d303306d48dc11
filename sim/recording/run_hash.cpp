#include "sim/recording/run_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/recording/long_hash.h"

namespace pensim {

void RunHash::tick(const PenIn& in, const PenOut& out) {
  value_ = XXH3_64bits_withSeed(&in, sizeof in, value_);
  value_ = XXH3_64bits_withSeed(&out, sizeof out, value_);
}

void RunHash::state(const void* bytes, std::size_t size) { value_ = long_hash(bytes, size, value_); }

std::string RunHash::text() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 0; i < 16; ++i) text[static_cast<std::size_t>(i)] = digits[(value_ >> (60 - 4 * i)) & 15];
  return text;
}

}  // namespace pensim
