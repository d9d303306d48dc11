// signal_name.h - names of signals that a scenario brings: aux.N, fw.VARIABLE, fault.NAME, needle.N.force|penetration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pensim {

inline constexpr int needles_max = 42;  // of a cartridge
inline constexpr int aux_inputs = 8;    // of a core

struct SignalName {
  enum class Form : std::uint8_t { plain, aux, variable, fault, needle_force, needle_penetration } form = Form::plain;
  int index = 0;          // N
  std::string_view part;  // VARIABLE or NAME: a piece of what was parsed
  bool is(Form f) const { return form == f; }
  bool of_needle() const { return is(Form::needle_force) || is(Form::needle_penetration); }
};
// `plain` is whatever has none of these forms, aux.8, aux.03 and needle.42.force too. Whether there is such a variable
// or fault is another question.
SignalName parse_signal_name(std::string_view name);

std::string aux_signal(int index);
std::string variable_signal(std::string_view variable);
std::string fault_signal(std::string_view fault);
std::string needle_force_signal(int needle);
std::string needle_penetration_signal(int needle);

// How much of the beginning of `text` is the name of a variable of a core as `pensim symbols` writes it, with what a
// pointer leads to: speed_loop.integral, table[3].gain, motor.c:state, pen::Driver::instances, Ring<float, 4>::pushes,
// motor->gain, *level. Template arguments count only before `::`, `.`, `[`, `->` or where a comparison could not end,
// so that `a < 3 and b > 2` has none.
std::size_t variable_name_length(std::string_view text);

// A variable of the core as it is written under `watch:`, with or without fw.
std::string_view watched_variable(std::string_view name);

}  // namespace pensim
