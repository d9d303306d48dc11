#include "sim/judge_run.h"

#include <algorithm>

#include "sim/engine.h"

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

Judgement judge_recording(const Recording& recording, const std::vector<Requirement>& requirements, const std::vector<Measure>& measures,
                          Tick planned) {
  const RecordedSignals source(recording, planned);
  Judgement judgement;
  const std::vector<Verdict> verdicts = judge_all(requirements, source);
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    const Requirement& q = requirements[i];
    const Verdict& v = verdicts[i];
    judgement.requirements.push_back({q.id, q.text, q.that, outcome_name(v.outcome), q.may_be_vacuous, q.always, v.margin, v.unit, v.at_s,
                                      v.reason.empty() ? v.atom : v.reason});
  }
  for (const Measure& m : measures) {
    judgement.measures[m.name] = measure(m, source);
    judgement.measure_units[m.name] = measure_unit(m);
  }
  judgement.roll_up = roll_up(requirements, verdicts);
  return judgement;
}

Tick planned_ticks(const ResolvedScenario& scenario, const Recording& recording) {
  if (scenario.rig == Rig::insertion && !recording.meta().hash.empty()) return recording.ticks();
  return std::max(recording.ticks(), scenario.duration);
}

std::vector<InputProblem> check_formulas(const ResolvedScenario& scenario) {
  std::vector<InputProblem> problems;
  const auto collect = [&](const auto& check) {
    try {
      check();
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  };
  const bool rig = scenario.rig == Rig::insertion;
  const RecordingPlan plan = rig ? rig_plan(extra_signals(scenario), 1, scenario.tick_ns) : RecordingPlan{};
  const auto recorded = [&](const SignalInfo& signal) {
    const auto same = [&](const SignalInfo& s) { return s.name == signal.name; };
    return std::any_of(plan.tick.begin(), plan.tick.end(), same) || std::any_of(plan.stroke.begin(), plan.stroke.end(), same);
  };
  const auto watched = [&](const std::string& name) { return std::find(scenario.watch.begin(), scenario.watch.end(), name) != scenario.watch.end(); };
  const auto check_signals = [&](const Formula& formula, const Location& at) {
    for (const SignalInfo& signal : formula.signals) {
      const std::string& name = signal.name;
      if (rig && !recorded(signal))
        problems.push_back({at, name + " is not recorded by the insertion rig",
                            name.rfind("needle.", 0) == 0 && name.find_first_of("0123456789") == 7 ? "add record: {needles: each}, and count needles from 0"
                                                                                                   : "it has needle.*, skin.indentation, skin.channel_depth, insertion.* and stroke.*"});
      else if (!rig && rig_only(name))
        problems.push_back({at, name + " is a signal of the insertion rig", "a pen has needle.tip_depth, needle.force and others"});
      else if (name.rfind("fw.", 0) == 0 && !watched(name.substr(3)))
        problems.push_back({at, name + " is not recorded", "add '" + name.substr(3) + "' to watch:"});
    }
  };
  for (const Requirement& q : scenario.requirements) collect([&] { check_signals(parse_formula(q.that, q.at), q.at); });
  for (const Measure& m : scenario.measures) collect([&] { check_signals(parse_measure(m.expression, m.at).of, m.at); });
  return problems;
}

void keep_verdicts(const Judgement& judgement, Recording& recording) {
  recording.verdicts().clear();
  recording.measures().clear();
  for (const RequirementResult& q : judgement.requirements)
    recording.verdicts().push_back({q.id, q.text, q.that, q.verdict, q.margin, q.unit, q.at_s, q.reason, q.may_be_vacuous});
  for (const auto& [name, value] : judgement.measures) recording.measures().push_back({name, value, judgement.measure_units.at(name)});
}

}  // namespace pensim
