#include "sim/engine/settings.h"

#include <cmath>
#include <stdexcept>

#include "sim/vocabulary/signal_name.h"

namespace pensim {

void settings_apply(Settings& s, const Command& command, Tick now) {
  s.changed = true;
  if (command.kind == Command::Kind::fault) {
    const FaultKind* kind = find_fault(command.name);
    if (kind == nullptr) throw std::invalid_argument("unknown fault " + command.name);
    Settings::Active& fault = s.fault[static_cast<std::size_t>(kind - fault_kinds)];
    if (!fault.on) ++s.faults;
    fault = {true, command.value, command.duration > 0 ? now + command.duration : 0};
    return;
  }
  if (const SignalName name = parse_signal_name(command.name); name.is(SignalName::Form::aux)) {
    s.aux[static_cast<std::size_t>(name.index)] = static_cast<std::int32_t>(std::llround(command.value));
    return;
  }
  const Settable* settable = find_settable(command.name);
  if (settable == nullptr) throw std::invalid_argument("unknown settable " + command.name);
  Settings::Value& value = s.value[static_cast<std::size_t>(settable - settables)];
  if (value.length > 0) --s.ramps;
  value = {command.over > 0 ? value.now : command.value, value.now, command.value, now, command.over};
  if (value.length > 0) ++s.ramps;
}

void settings_step(Settings& s, Tick now) {
  if (s.ramps > 0) {
    s.changed = true;
    for (Settings::Value& v : s.value) {
      if (v.length == 0) continue;
      const Tick gone = now - v.begin;
      if (gone >= v.length) {
        v.now = v.to;
        v.length = 0;
        --s.ramps;
      } else {
        v.now = v.from + (v.to - v.from) * (static_cast<double>(gone) / static_cast<double>(v.length));
      }
    }
  }
  if (s.faults > 0) {
    for (Settings::Active& f : s.fault)
      if (f.on && f.until > 0 && now >= f.until) {
        f = Settings::Active{};
        --s.faults;
        s.changed = true;
      }
  }
}

}  // namespace pensim
