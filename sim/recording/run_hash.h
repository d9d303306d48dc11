// run_hash.h - the hash of a run: equal hashes, equal runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "firmware_shim/pen_shim.h"

namespace pensim {

// The hash of a run: the bytes of PenIn and of PenOut, 64 ticks at a time, and every 200 ticks, behind those before it,
// the state of the plant; each value is the seed of the next, beginning with 0.
class RunHash {
 public:
  void tick(const PenIn& in, const PenOut& out) {
    waiting_[count_] = {in, out};
    if (++count_ == at_once) take_waiting();
  }
  void state(const void* bytes, std::size_t size);  // plain data without padding
  std::uint64_t value() const { return count_ > 0 ? of_waiting() : value_; }
  std::string text() const;  // 16 hex digits

 private:
  static constexpr std::size_t at_once = 64;
  struct Crossing {
    PenIn in;
    PenOut out;
  };
  static_assert(sizeof(Crossing) == sizeof(PenIn) + sizeof(PenOut));

  std::uint64_t of_waiting() const;
  void take_waiting();

  std::uint64_t value_ = 0;
  std::size_t count_ = 0;
  Crossing waiting_[at_once];
};

}  // namespace pensim
