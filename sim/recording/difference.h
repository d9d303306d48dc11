// difference.h - two recordings side by side: are they comparable, are they equal, where do they part.
//
// Comparable: seam version, tick and kind agree. Equal: every PenIn and PenOut, every signal that both have, and the
// length, to the bit; core.cpu_load and core.act_delay are left out, as they are from the hash. Of a sparse log only
// its instants are compared. Everything else that is not the same (seed, firmware, title, verdicts, signals of one side
// only) is listed and decides nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/recording/recording.h"

namespace pensim {

struct FieldDifference {
  std::string field;       // "out.duty_q15", "motor.speed", "length"
  std::string unit;        // of a signal
  Tick first = 0;          // tick at which it differs first
  std::int64_t count = 0;  // samples that differ
  std::string a, b;        // its values there
};

struct Difference {
  std::string why_not;                  // not comparable: why
  std::vector<FieldDifference> fields;  // those that differ, by first tick; inputs before outputs before signals
  std::vector<std::string> others;      // what is not the same besides
  Tick ticks = 0;                       // compared
  Nanoseconds tick_ns = default_tick_ns;
  bool sparse = false;  // only logged instants were compared

  bool comparable() const { return why_not.empty(); }
  bool equal() const { return comparable() && fields.empty(); }
  int exit_code() const { return !comparable() ? 2 : fields.empty() ? 0 : 1; }
  std::string summary() const;  // one line
  std::string text() const;     // for a terminal
};

Difference diff(const Recording& a, const Recording& b);

// The same, piece by piece, for those who must not wait. Both recordings outlive it and stay as they are.
class Comparing {
 public:
  Comparing(const Recording& a, const Recording& b);
  bool advance();           // one piece: 16384 ticks of a signal, or a signal of strokes; true when all is
                            // compared
  double progress() const;  // 0..1
  const Difference& result() const { return result_; }  // whole when advance() said so

 private:
  void compare_io(Tick from, Tick count);
  void compare_signal(const SignalInfo& signal, Tick from, Tick count);

  const Recording &a_, &b_;
  Difference result_;
  std::vector<SignalInfo> signals_;        // that are compared
  std::vector<Tick> instants_;             // a sparse log: those that were logged
  std::vector<FieldDifference> in_, out_;  // by field
  FieldDifference found_;                  // of the present signal
  bool io_ = false, done_ = false;         // PenIn and PenOut are to be compared, first
  std::size_t next_ = 0;                   // of signals_
  Tick from_ = 0;
};

}  // namespace pensim
