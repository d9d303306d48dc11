// pace.h - virtual time against wall time: how far a live run may go, and how fast it went.
#pragma once

#include <deque>
#include <utility>

#include "sim/vocabulary/time.h"

namespace pensim {

// Where a run stands, in ticks.
struct Progress {
  Tick now = 0;       // computed
  Tick allowed = 0;   // may go so far already
  Tick duration = 0;  // of the whole run
};

// Grants ticks as wall time passes. A run that is slower than asked for does not catch up later: at most 0.1 s of wall
// time is kept as backlog.
class Pace {
 public:
  double factor() const { return factor_; }  // virtual over wall time; 0: as fast as possible
  void set_factor(double factor);            // 0, or 0.001 to 1000000; otherwise throws InputError
  // The tick that the run may go to after `passed_s` more of wall time; never less than `allowed`.
  Tick granted(double passed_s, Nanoseconds tick_ns, const Progress&);
  void drop_backlog() { backlog_ticks_ = 0.0; }

 private:
  double factor_ = 1.0, backlog_ticks_ = 0.0;  // below 1, or wall time that has passed during a frame
};

// Virtual over wall time in the last second of wall time.
class RealTimeMeter {
 public:
  void pass(double wall_s) { wall_s_ += wall_s; }
  void note(Tick now);
  void clear() { noted_.clear(); }
  double factor(Nanoseconds tick_ns) const;  // 0 until it is known

 private:
  double wall_s_ = 0.0;
  std::deque<std::pair<double, Tick>> noted_;  // wall time at which a tick was reached
};

}  // namespace pensim
