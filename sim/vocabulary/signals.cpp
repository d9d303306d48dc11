#include "sim/vocabulary/signals.h"

#include <algorithm>

#include "sim/vocabulary/command.h"
#include "sim/vocabulary/signal_name.h"
#include "sim/vocabulary/unique_names.h"

namespace pensim {
namespace {

constexpr SignalKind truth = SignalKind::truth, input = SignalKind::input, output = SignalKind::output;
constexpr SignalPeriod tick = SignalPeriod::tick, ms = SignalPeriod::ms, slow = SignalPeriod::slow,
                       stroke = SignalPeriod::stroke;

constexpr struct {
  const char* name;
} names[] = {
#define PEN_SIGNAL(name, unit, kind, period, full_scale, read, meaning) {name},
#define RIG_SIGNAL(name, unit, kind, period, full_scale, read, meaning) {name},
#define BOTH_SIGNAL(name, unit, kind, period, full_scale, pen_read, rig_read, meaning) {name},
#define IO_SIGNAL(name, unit, kind, full_scale, from, meaning) {name},
#define LINK_SIGNAL(name, unit, full_scale, read, meaning) {name},
#include "sim/vocabulary/signals.inl"
};
static_assert(unique_names(names), "signals.inl: a name stands twice");

}  // namespace

const std::vector<SignalInfo>& signal_table() {
  static const std::vector<SignalInfo> table = {
#define PEN_SIGNAL(name, unit, kind, period, full_scale, read, meaning) \
  {name, unit, kind, period, full_scale, meaning, SignalOf::pen},
#define RIG_SIGNAL(name, unit, kind, period, full_scale, read, meaning) \
  {name, unit, kind, period, full_scale, meaning, SignalOf::rig},
#define BOTH_SIGNAL(name, unit, kind, period, full_scale, pen_read, rig_read, meaning) \
  {name, unit, kind, period, full_scale, meaning, SignalOf::both},
#define IO_SIGNAL(name, unit, kind, full_scale, from, meaning) \
  {name, unit, kind, tick, full_scale, meaning, SignalOf::io},
#define LINK_SIGNAL(name, unit, full_scale, read, meaning) \
  {name, unit, output, tick, full_scale, meaning, SignalOf::link},
#include "sim/vocabulary/signals.inl"
  };
  return table;
}

const SignalInfo* find_signal(const std::string& name) {
  const auto& table = signal_table();
  const auto it = std::find_if(table.begin(), table.end(), [&](const SignalInfo& s) { return s.name == name; });
  return it == table.end() ? nullptr : &*it;
}

bool make_signal(const std::string& name, SignalInfo& info) {
  if (const SignalInfo* known = find_signal(name)) {
    info = *known;
    return true;
  }
  const SignalName parsed = parse_signal_name(name);
  switch (parsed.form) {
    case SignalName::Form::plain:
      return false;
    case SignalName::Form::aux:
      info = {name, "1", input, tick, 1.0, "auxiliary input of the core", SignalOf::io};
      return true;
    case SignalName::Form::variable:
      info = {name, "1", output, tick, 1.0, "variable of the firmware core"};
      return true;
    case SignalName::Form::fault: {
      const FaultKind* kind = find_fault(parsed.part);
      if (kind != nullptr) info = {name, "1", input, tick, 1.0, std::string("fault active: ") + kind->meaning};
      return kind != nullptr;
    }
    case SignalName::Form::needle_force:
      info = {name, "N", truth, tick, 1.0, "force of one needle", SignalOf::both};
      return true;
    case SignalName::Form::needle_penetration:
      info = {name, "m", truth, tick, 3e-3, "penetration of one needle", SignalOf::both};
      return true;
  }
  return false;
}

}  // namespace pensim
