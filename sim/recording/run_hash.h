// run_hash.h - the hash of a run: equal hashes, equal runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "firmware_shim/pen_shim.h"

namespace pensim {

// The hash of a run: per tick the bytes of PenIn and PenOut, every 20 ticks the state of the plant; each value is the
// seed of the next.
class RunHash {
 public:
  void tick(const PenIn& in, const PenOut& out);
  void state(const void* bytes, std::size_t size);  // plain data without padding
  std::uint64_t value() const { return value_; }
  std::string text() const;  // 16 hex digits

 private:
  std::uint64_t value_ = 0;
};

}  // namespace pensim
