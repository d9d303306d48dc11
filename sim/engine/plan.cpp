#include "sim/engine/plan.h"

#include <algorithm>
#include <stdexcept>

#include "sim/engine/sample.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

static_assert(pen_columns<SignalPeriod::stroke> <= stroke_values_max);
static_assert(needles_max == needle_count_max);

std::vector<SignalInfo>& columns(RecordingPlan& plan, SignalPeriod period) {
  switch (period) {
    case SignalPeriod::ms:
      return plan.ms;
    case SignalPeriod::slow:
      return plan.slow;
    case SignalPeriod::stroke:
      return plan.stroke;
    default:
      return plan.tick;
  }
}

bool in_rows_of(RecordingKind kind, const SignalInfo& signal) {
  return signal.of == SignalOf::both || signal.of == (kind == RecordingKind::pen ? SignalOf::pen : SignalOf::rig);
}

bool has_fault(const ResolvedScenario& scenario, const char* name) {
  return std::any_of(scenario.commands.begin(), scenario.commands.end(),
                     [&](const Command& c) { return c.kind == Command::Kind::fault && c.name == name; });
}

void add(RecordingPlan& plan, const std::string& name) {
  SignalInfo signal;
  if (!make_signal(name, signal)) throw std::invalid_argument("no signal is called '" + name + "'");
  plan.tick.push_back(signal);
}

}  // namespace

RecordingPlan recording_plan(const ResolvedScenario& scenario, bool every_fault) {
  RecordingPlan plan;
  plan.kind = scenario.rig == Rig::pen ? RecordingKind::pen : RecordingKind::rig;
  plan.tick_ns = scenario.tick_ns;
  if (plan.kind == RecordingKind::pen) {
    plan.ms_ticks = 1'000'000 / scenario.tick_ns;
    plan.slow_ticks = 100'000'000 / scenario.tick_ns;
  }
  plan.needles = static_cast<int>(scenario.plant.cartridge.needle_count);
  for (const SignalInfo& signal : signal_table())
    if (in_rows_of(plan.kind, signal)) columns(plan, signal.period).push_back(signal);
  if (plan.kind == RecordingKind::pen && is_link(scenario.firmware))
    for (const SignalInfo& signal : signal_table())
      if (signal.of == SignalOf::link) plan.tick.push_back(signal);
  for (const std::string& variable : scenario.watch) add(plan, variable_signal(variable));
  for (const FaultKind& fault : fault_kinds)
    if (every_fault || has_fault(scenario, fault.name)) add(plan, fault_signal(fault.name));
  for (int i = 0; scenario.record.each_needle && i < plan.needles; ++i) {
    add(plan, needle_force_signal(i));
    add(plan, needle_penetration_signal(i));
  }
  return plan;
}

}  // namespace pensim
