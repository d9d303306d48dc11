#include "sim/run/formulas.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/plan.h"
#include "sim/judge/formula.h"
#include "sim/vocabulary/signal_name.h"

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
  const auto watched = [&](std::string_view name) {
    return std::find(scenario.watch.begin(), scenario.watch.end(), name) != scenario.watch.end();
  };
  const auto check_signals = [&](const Formula& formula, const Location& at) {
    for (const SignalInfo& signal : formula.signals) {
      const std::string& name = signal.name;
      const SignalName parsed = parse_signal_name(name);
      if (rig && !recorded(signal))
        problems.push_back({at, name + " is not recorded by the insertion rig",
                            parsed.of_needle()
                                ? "add record: {needles: each}, and count needles from 0"
                                : "it has needle.*, skin.indentation, skin.channel_depth, insertion.* and stroke.*"});
      else if (!rig && signal.of == SignalOf::rig)
        problems.push_back(
            {at, name + " is a signal of the insertion rig", "a pen has needle.tip_depth, needle.force and others"});
      else if (parsed.is(SignalName::Form::variable) && !watched(parsed.part))
        problems.push_back({at, name + " is not recorded", fmt::format("add '{}' to watch:", parsed.part)});
    }
  };
  for (const Requirement& q : scenario.requirements) collect([&] { check_signals(parse_formula(q.that, q.at), q.at); });
  for (const Measure& m : scenario.measures)
    collect([&] { check_signals(parse_measure(m.expression, m.at).of, m.at); });
  return problems;
}

}  // namespace pensim
