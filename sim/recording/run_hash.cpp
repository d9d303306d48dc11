#include "sim/recording/run_hash.h"

#include "sim/recording/long_hash.h"

namespace pensim {

std::uint64_t RunHash::of_waiting() const { return long_hash(waiting_, count_ * sizeof *waiting_, value_); }

void RunHash::take_waiting() {
  value_ = of_waiting();
  count_ = 0;
}

void RunHash::state(const void* bytes, std::size_t size) {
  if (count_ > 0) take_waiting();
  value_ = long_hash(bytes, size, value_);
}

std::string RunHash::text() const {
  static constexpr char digits[] = "0123456789abcdef";
  const std::uint64_t now = value();
  std::string text(16, '0');
  for (int i = 0; i < 16; ++i) text[static_cast<std::size_t>(i)] = digits[(now >> (60 - 4 * i)) & 15];
  return text;
}

}  // namespace pensim
