// timeline.h - the lines of a timeline as commands, and instants as ticks.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/reader.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/scenario_keys.h"

namespace pensim {

Nanoseconds nanoseconds(double s);
Tick nearest_tick(double s, Nanoseconds tick_ns);
// Seconds without the noise of the last digit.
std::string time_text(Tick tick, Nanoseconds tick_ns);

class Timeline {
 public:
  Timeline(Scenario& scenario, const Context& context) : scenario_(scenario), context_(context) {}

  void add(const TimelineLine& line);
  // After the last of them: what lines do to each other. The newest of a name wins, with a note; a fault that would be
  // switched off by a shorter one inside it, or hidden by another of the same part, is a problem.
  void compare_lines();
  bool symbol(const std::string& name, const Location& at);

 private:
  static std::string example(const std::string& name);
  bool set_value(const Node& to, Command& command) const;
  bool fault_value(const TimelineLine& line, Command& command) const;
  Scenario& scenario_;
  const Context& context_;
  struct Line {
    Command command;
    Location at;
    Tick end() const;  // first tick that it no longer says anything about
  };
  void compare_sets(const Line& earlier, const Line& later);
  void compare_faults(const Line& earlier, const Line& later);
  std::vector<Line> lines_;  // sets and faults
  std::map<std::pair<Tick, std::string>, int> seen_;
};

}  // namespace pensim
