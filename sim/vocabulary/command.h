// command.h - what enters a run from outside, at the tick in which it is taken: a line of a timeline, a click, a fault,
// a poke.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "sim/vocabulary/time.h"
#include "sim/vocabulary/unique_names.h"

namespace pensim {

struct Command {
  enum class Kind : std::uint8_t {
#define COMMAND(kind, named, to, over, lasts, text) kind,
#include "sim/vocabulary/command_kinds.inl"
  };
  Tick at = 0;
  Kind kind = Kind::set;
  std::string name;    // settable (settables.inl, "aux.3"), fault (faults.inl) or core variable; "" for uart and
                       // reset
  double value = 0.0;  // SI; magnitude of a fault; for reset the PEN_RESET_* cause
  Tick over = 0;       // set: linear ramp from the value at `at`; 0 is a step
  Tick duration = 0;   // fault: 0 is until the end of the run
  std::string text;    // uart: bytes typed; poke: the enumerator whose number becomes `value`
};

struct CommandKind {
  const char* name;
  bool named, to, over, lasts, text;
};
inline constexpr CommandKind command_kinds[] = {
#define COMMAND(kind, named, to, over, lasts, text) {#kind, named, to, over, lasts, text},
#include "sim/vocabulary/command_kinds.inl"
};
constexpr const CommandKind& kind_of(const Command& c) { return command_kinds[static_cast<std::size_t>(c.kind)]; }

// nullptr if there is none of this name.
constexpr const CommandKind* find_command_kind(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(command_kinds), std::end(command_kinds), [&](const auto& k) { return k.name == name; });
  return found == std::end(command_kinds) ? nullptr : found;
}

// Position i is cause i + 1, PEN_RESET_*.
struct ResetCause {
  const char* name;
  const char* words;
};
inline constexpr ResetCause reset_causes[] = {
#define RESET_CAUSE(name, number, words) {name, words},
#include "sim/vocabulary/reset_causes.inl"
};
// nullptr if no cause has this number.
constexpr const ResetCause* reset_cause(double number) {
  for (const ResetCause& cause : reset_causes)
    if (static_cast<double>(&cause - reset_causes + 1) == number) return &cause;
  return nullptr;
}

struct Settable {
  enum class Form : std::uint8_t { quantity, number, on_off };
  const char* name;
  const char* unit;
  Form form;
  double start, low, high;
  const char* meaning;
};
struct FaultKind {
  const char* name;
  const char* unit;
  double magnitude, low, high;
  const char* meaning;
};

// Positions in the tables.
enum class Setting : std::uint8_t {
#define SETTABLE(id, name, unit, form, start, low, high, target, meaning) id,
#include "sim/vocabulary/settables.inl"
};
enum class Fault : std::uint8_t {
#define FAULT(id, name, unit, magnitude, low, high, effect, meaning) id,
#include "sim/vocabulary/faults.inl"
};

inline constexpr Settable settables[] = {
#define SETTABLE(id, name, unit, form, start, low, high, target, meaning) \
  {name, unit, Settable::Form::form, start, low, high, meaning},
#include "sim/vocabulary/settables.inl"
};
inline constexpr FaultKind fault_kinds[] = {
#define FAULT(id, name, unit, magnitude, low, high, effect, meaning) {name, unit, magnitude, low, high, meaning},
#include "sim/vocabulary/faults.inl"
};
static_assert(unique_names(settables) && unique_names(fault_kinds), "a name stands twice");
static_assert(std::all_of(std::begin(settables), std::end(settables),
                          [](const Settable& s) { return s.low <= s.start && s.start <= s.high; }),
              "settables.inl: a start out of its range");
static_assert(std::all_of(std::begin(fault_kinds), std::end(fault_kinds),
                          [](const FaultKind& f) { return f.low <= f.magnitude && f.magnitude <= f.high; }),
              "faults.inl: a magnitude out of its range");

constexpr const Settable& settable(Setting s) { return settables[static_cast<std::size_t>(s)]; }
constexpr const FaultKind& fault_kind(Fault f) { return fault_kinds[static_cast<std::size_t>(f)]; }

// nullptr if there is none of this name.
constexpr const Settable* find_settable(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(settables), std::end(settables), [&](const auto& s) { return s.name == name; });
  return found == std::end(settables) ? nullptr : found;
}
constexpr const FaultKind* find_fault(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(fault_kinds), std::end(fault_kinds), [&](const auto& f) { return f.name == name; });
  return found == std::end(fault_kinds) ? nullptr : found;
}

}  // namespace pensim
