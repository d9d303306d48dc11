#include "sim/session/pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/input/input_error.h"

namespace pensim {

static constexpr double most_backlog_s = 0.1;  // of wall time

void Pace::set_factor(double factor) {
  if (!std::isfinite(factor) || factor < 0.0 || (factor > 0.0 && factor < 0.001) || factor > 1e6)
    throw InputError(InputProblem{{"speed", 0, 0},
                                  fmt::format("found {}, expected 0.001 to 1000000, or 0: as fast as possible", factor),
                                  "1 is real time"});
  factor_ = factor;
  drop_backlog();
}

Tick Pace::granted(double passed_s, Nanoseconds tick_ns, const Progress& run) {
  if (factor_ == 0.0) return run.duration;
  const double ticks = passed_s * factor_ / seconds(tick_ns), most = most_backlog_s * factor_ / seconds(tick_ns);
  backlog_ticks_ = std::min(backlog_ticks_ + ticks, std::max(ticks, most));
  const auto whole = static_cast<Tick>(backlog_ticks_);
  backlog_ticks_ -= static_cast<double>(whole);
  if (whole == 0) return run.allowed;
  // What was allowed and is not yet done counts against the backlog.
  const Tick to = std::min(
      {run.duration, std::max(run.allowed, run.now) + whole, run.now + std::max(whole, static_cast<Tick>(most))});
  return std::max(to, run.allowed);
}

void RealTimeMeter::note(Tick now) {
  if (noted_.empty() || noted_.back().second != now) noted_.emplace_back(wall_s_, now);
  while (noted_.size() > 2 && noted_[1].first < wall_s_ - 1.0) noted_.pop_front();
}

double RealTimeMeter::factor(Nanoseconds tick_ns) const {
  if (noted_.size() < 2 || wall_s_ <= noted_.front().first) return 0.0;
  return seconds((noted_.back().second - noted_.front().second) * tick_ns) / (wall_s_ - noted_.front().first);
}

}  // namespace pensim
