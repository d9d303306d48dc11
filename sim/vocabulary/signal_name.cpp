#include "sim/vocabulary/signal_name.h"

#include <charconv>

namespace pensim {
namespace {

using Form = SignalName::Form;

// Takes "12" from the front of `text`; false for a number of another form, or one at or above `limit`.
bool take_index(std::string_view& text, int limit, int& index) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  const auto digits = static_cast<std::size_t>(stop - text.data());
  if (error != std::errc() || index < 0 || index >= limit || (text[0] == '0' && digits > 1)) return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

}  // namespace

SignalName parse_signal_name(std::string_view name) {
  std::string_view rest = name;
  int index = 0;
  if (take(rest, "fw.")) return {rest.empty() ? Form::plain : Form::variable, 0, rest};
  if (take(rest, "fault.")) return {rest.empty() ? Form::plain : Form::fault, 0, rest};
  if (take(rest, "aux."))
    return take_index(rest, aux_inputs, index) && rest.empty() ? SignalName{Form::aux, index, {}} : SignalName{};
  if (!take(rest, "needle.") || !take_index(rest, needles_max, index)) return {};
  if (rest == ".force") return {Form::needle_force, index, {}};
  if (rest == ".penetration") return {Form::needle_penetration, index, {}};
  return {};
}

std::string aux_signal(int index) { return "aux." + std::to_string(index); }
std::string variable_signal(std::string_view variable) { return "fw." + std::string(variable); }
std::string fault_signal(std::string_view fault) { return "fault." + std::string(fault); }
std::string needle_force_signal(int needle) { return "needle." + std::to_string(needle) + ".force"; }
std::string needle_penetration_signal(int needle) { return "needle." + std::to_string(needle) + ".penetration"; }

std::string_view watched_variable(std::string_view name) {
  const SignalName parsed = parse_signal_name(name);
  return parsed.is(Form::variable) ? parsed.part : name;
}

}  // namespace pensim
