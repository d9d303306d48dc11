#include "sim/vocabulary/signals.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sim/vocabulary/command.h"
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
#include "sim/vocabulary/signals.inl"
};
static_assert(unique_names(names), "signals.inl: a name stands twice");

bool index_after(const std::string& name, const char* prefix, std::size_t limit, std::string& rest) {
  const std::size_t length = std::strlen(prefix);
  if (name.compare(0, length, prefix) != 0) return false;
  std::size_t index = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + length, end, index);
  if (error != std::errc() || index >= limit) return false;
  if (name[length] == '0' && stop != name.data() + length + 1) return false;
  rest.assign(stop, end);
  return true;
}

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
  std::string rest;
  if (name.size() > 3 && name.compare(0, 3, "fw.") == 0) {
    info = {name, "1", output, tick, 1.0, "variable of the firmware core"};
    return true;
  }
  if (index_after(name, "aux.", 8, rest) && rest.empty()) {
    info = {name, "1", input, tick, 1.0, "auxiliary input of the core", SignalOf::io};
    return true;
  }
  if (index_after(name, "needle.", 42, rest)) {
    if (rest == ".force")
      info = {name, "N", truth, tick, 1.0, "force of one needle", SignalOf::both};
    else if (rest == ".penetration")
      info = {name, "m", truth, tick, 3e-3, "penetration of one needle", SignalOf::both};
    else
      return false;
    return true;
  }
  if (name.compare(0, 6, "fault.") == 0) {
    for (const FaultKind& kind : fault_kinds)
      if (name.compare(6, std::string::npos, kind.name) == 0) {
        info = {name, "1", input, tick, 1.0, std::string("fault active: ") + kind.meaning};
        return true;
      }
  }
  return false;
}

}  // namespace pensim
