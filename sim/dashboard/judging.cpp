#include "sim/dashboard/judging.h"

#include <limits>

#include "sim/input/input_error.h"
#include "sim/judge/judge.h"

namespace pensim::dashboard {
namespace {

struct Abandoned {};

class Signals : public RecordedSignals {
 public:
  Signals(const Recording& r, Tick planned, const std::atomic<bool>* abandoned)
      : RecordedSignals(r, planned), abandoned_(abandoned) {}
  const Samples* find(const std::string& name) const override {
    if (abandoned_ && *abandoned_) throw Abandoned{};
    return RecordedSignals::find(name);
  }

 private:
  const std::atomic<bool>* abandoned_;
};

std::vector<Verdict> verdicts_of(const std::vector<Requirement>& requirements, const Signals& signals) {
  try {
    return judge_all(requirements, signals);
  } catch (const InputError&) {  // one of them cannot be read: the others have their verdicts all the same
  }
  std::vector<Verdict> out;
  for (const Requirement& q : requirements) {
    try {
      out.push_back(judge(q, signals));
    } catch (const InputError& e) {
      out.emplace_back().reason = e.what();
    }
  }
  return out;
}

}  // namespace

JudgedRun judge_run(const Recording& r, const std::vector<Requirement>& requirements,
                    const std::vector<Measure>& measures, Tick planned, bool whole,
                    const std::atomic<bool>* abandoned) {
  JudgedRun out{r.ticks(), whole, {}, {}, RunVerdict::error};
  const Signals signals(r, std::max(planned, r.ticks()), abandoned);
  const std::vector<Verdict> verdicts = verdicts_of(requirements, signals);
  for (std::size_t i = 0; i < requirements.size(); ++i) out.verdicts[requirements[i].id] = verdicts[i];
  if (!whole) return out;
  out.roll_up = roll_up(requirements, verdicts).verdict;
  for (const Measure& m : measures) {
    double value = std::numeric_limits<double>::quiet_NaN();
    try {
      value = measure(m, signals);
    } catch (const InputError&) {
    }
    out.measures.push_back({m.name, value, measure_unit(m)});
  }
  return out;
}

Judging::Judging(RunSnapshot run, std::vector<Requirement> requirements, std::vector<Measure> measures, Tick planned,
                 bool whole)
    : run_(std::move(run)) {
  thread_ = std::thread([this, requirements = std::move(requirements), measures = std::move(measures), planned, whole] {
    try {
      result_ = judge_run(run_.recording, requirements, measures, planned, whole, &abandoned_);
    } catch (const Abandoned&) {
    }
    done_ = true;
  });
}

Judging::~Judging() {
  abandoned_ = true;
  thread_.join();
}

}  // namespace pensim::dashboard
