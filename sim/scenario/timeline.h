// timeline.h - the lines of a timeline as commands, and instants as ticks.
#pragma once

#include <map>
#include <string>
#include <utility>

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
  bool symbol(const std::string& name, const Location& at);

 private:
  static std::string example(const std::string& name);
  bool set_value(const Node& to, Command& command) const;
  bool fault_value(const TimelineLine& line, Command& command) const;
  Scenario& scenario_;
  const Context& context_;
  std::map<std::pair<Tick, std::string>, int> seen_;
};

}  // namespace pensim
