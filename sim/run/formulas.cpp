#include "sim/run/formulas.h"

#include <algorithm>

#include "sim/engine/plan.h"
#include "sim/judge/formula.h"

namespace pensim {

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
  const RecordingPlan plan = rig ? recording_plan(scenario) : RecordingPlan{};
  const auto recorded = [&](const SignalInfo& signal) {
    const auto same = [&](const SignalInfo& s) { return s.name == signal.name; };
    return std::any_of(plan.tick.begin(), plan.tick.end(), same) ||
           std::any_of(plan.stroke.begin(), plan.stroke.end(), same);
  };
  const auto watched = [&](const std::string& name) {
    return std::find(scenario.watch.begin(), scenario.watch.end(), name) != scenario.watch.end();
  };
  const auto check_signals = [&](const Formula& formula, const Location& at) {
    for (const SignalInfo& signal : formula.signals) {
      const std::string& name = signal.name;
      if (rig && !recorded(signal))
        problems.push_back({at, name + " is not recorded by the insertion rig",
                            name.rfind("needle.", 0) == 0 && name.find_first_of("0123456789") == 7
                                ? "add record: {needles: each}, and count needles from 0"
                                : "it has needle.*, skin.indentation, skin.channel_depth, insertion.* and stroke.*"});
      else if (!rig && signal.of == SignalOf::rig)
        problems.push_back(
            {at, name + " is a signal of the insertion rig", "a pen has needle.tip_depth, needle.force and others"});
      else if (name.rfind("fw.", 0) == 0 && !watched(name.substr(3)))
        problems.push_back({at, name + " is not recorded", "add '" + name.substr(3) + "' to watch:"});
    }
  };
  for (const Requirement& q : scenario.requirements) collect([&] { check_signals(parse_formula(q.that, q.at), q.at); });
  for (const Measure& m : scenario.measures)
    collect([&] { check_signals(parse_measure(m.expression, m.at).of, m.at); });
  return problems;
}

}  // namespace pensim
