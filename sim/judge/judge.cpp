#include "sim/judge/judge.h"

namespace pensim {

RecordedSignals::RecordedSignals(const Recording& recording, Tick planned) : recording_(recording), planned_(planned) {}

const Samples* RecordedSignals::find(const std::string& name) const {
  const auto known = read_.find(name);
  if (known != read_.end()) return known->second.get();
  std::unique_ptr<Samples> samples;
  if (recording_.has(name)) samples = std::make_unique<Samples>(recording_.samples(name));
  return (read_[name] = std::move(samples)).get();
}

Tick RecordedSignals::ticks() const { return recording_.ticks(); }
Nanoseconds RecordedSignals::tick_ns() const { return recording_.tick_ns(); }

RunEnd RecordedSignals::run_end() const {
  if (!recording_.meta().fault.kind.empty()) return RunEnd::firmware_fault;
  return recording_.ticks() < planned_ ? RunEnd::early : RunEnd::complete;
}

bool RecordedSignals::has_truth() const { return recording_.meta().source == "simulation"; }

Judgement judge_recording(const Recording& recording, const std::vector<Requirement>& requirements,
                          const std::vector<Measure>& measures, Tick planned) {
  const RecordedSignals source(recording, planned);
  Judgement judgement;
  const std::vector<Verdict> verdicts = judge_all(requirements, source);
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    const Requirement& q = requirements[i];
    const Verdict& v = verdicts[i];
    judgement.requirements.push_back({q.id, q.text, q.that, v.outcome, q.may_be_vacuous, q.always, v.margin, v.unit,
                                      v.at_s, v.reason.empty() ? v.atom : v.reason, v.relative});
  }
  for (const Measure& m : measures) {
    judgement.measures[m.name] = measure(m, source);
    judgement.measure_units[m.name] = measure_unit(m);
  }
  judgement.roll_up = roll_up(requirements, verdicts);
  return judgement;
}

void keep_verdicts(const Judgement& judgement, Recording& recording) {
  recording.verdicts().clear();
  recording.measures().clear();
  for (const RequirementResult& q : judgement.requirements)
    recording.verdicts().push_back(
        {q.id, q.text, q.that, outcome_name(q.outcome), q.margin, q.unit, q.at_s, q.reason, q.may_be_vacuous});
  for (const auto& [name, value] : judgement.measures)
    recording.measures().push_back({name, value, judgement.measure_units.at(name)});
}

}  // namespace pensim
