// memory_source.h - a run that a test writes down: samples by name.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/judge/requirement.h"

namespace pensim {

class MemorySource : public SignalSource {
 public:
  explicit MemorySource(Tick ticks, Nanoseconds tick_ns = default_tick_ns)
      : ticks_(ticks), planned_(ticks), tick_ns_(tick_ns) {}

  void set(const std::string& name, Samples samples) { samples_[name] = std::move(samples); }
  void set(const std::string& name, std::vector<float> values) { samples_[name].value = std::move(values); }
  void set(const std::string& name, float value) {
    set(name, std::vector<float>(static_cast<std::size_t>(ticks_), value));
  }
  void end_early(Tick planned, RunEnd how) {
    planned_ = planned;
    end_ = how;
  }
  void forget_truth() { has_truth_ = false; }
  std::vector<float>& values(const std::string& name) { return samples_.at(name).value; }

  // The first `cut` ticks.
  MemorySource until(Tick cut) const {
    MemorySource out(cut, tick_ns_);
    for (const auto& [name, s] : samples_) {
      Samples part = s;
      std::size_t n = 0;
      while (n < s.value.size() && (s.tick.empty() ? static_cast<Tick>(n) * s.period_ticks : s.tick[n]) < cut) ++n;
      part.value.resize(n);
      if (!s.tick.empty()) part.tick.resize(n);
      out.set(name, part);
    }
    return out;
  }
  // This run, then what `other` has at later ticks.
  MemorySource continued_by(const MemorySource& other) const {
    MemorySource out(other.ticks_, tick_ns_);
    for (const auto& [name, s] : samples_) {
      Samples both = s;
      const Samples& rest = other.samples_.at(name);
      for (std::size_t n = 0; n < rest.value.size(); ++n) {
        if ((rest.tick.empty() ? static_cast<Tick>(n) * rest.period_ticks : rest.tick[n]) < ticks_) continue;
        both.value.push_back(rest.value[n]);
        if (!rest.tick.empty()) both.tick.push_back(rest.tick[n]);
      }
      out.set(name, both);
    }
    return out;
  }

  // The value that is held at tick t, looked up sample by sample.
  double held(const std::string& name, Tick t) const {
    const Samples& s = samples_.at(name);
    if (s.tick.empty()) return static_cast<double>(s.value.at(static_cast<std::size_t>(t / s.period_ticks)));
    std::size_t i = 0;
    while (i + 1 < s.tick.size() && s.tick[i + 1] <= t) ++i;
    return static_cast<double>(s.value[i]);
  }

  const Samples* find(const std::string& name) const override {
    const auto found = samples_.find(name);
    return found == samples_.end() ? nullptr : &found->second;
  }
  Tick ticks() const override { return ticks_; }
  Nanoseconds tick_ns() const override { return tick_ns_; }
  Tick planned_ticks() const override { return planned_; }
  RunEnd run_end() const override { return end_; }
  bool has_truth() const override { return has_truth_; }

 private:
  std::map<std::string, Samples> samples_;
  Tick ticks_, planned_;
  Nanoseconds tick_ns_;
  RunEnd end_ = RunEnd::complete;
  bool has_truth_ = true;
};

}  // namespace pensim
