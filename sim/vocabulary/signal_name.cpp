#include "sim/vocabulary/signal_name.h"

#include <algorithm>
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

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

char char_at(std::string_view text, std::size_t i) { return i < text.size() ? text[i] : '\0'; }

std::size_t word_end(std::string_view text, std::size_t at) {
  while (is_letter(char_at(text, at)) || is_digit(char_at(text, at))) ++at;
  return at;
}

// Behind `<...>` at `at`, or `at` if there are no template arguments.
std::size_t arguments_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0, i = at;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '<') ++depth;
    if (c == '>' && --depth == 0) break;
    if (depth == 0 ||
        (!is_letter(c) && !is_digit(c) && std::string_view("<>, :*&()-'").find(c) == std::string_view::npos))
      return at;
  }
  if (i >= text.size()) return at;
  ++i;
  const std::string_view rest = text.substr(i);
  if (rest.starts_with("::") || rest.starts_with("->") || rest.starts_with('[') ||
      (rest.starts_with('.') && is_letter(char_at(rest, 1))))
    return i;
  const std::size_t next = rest.find_first_not_of(' ');
  const char after = next == std::string_view::npos ? '\0' : rest[next];
  return std::string_view("),*/=!<>").find(after) != std::string_view::npos || after == '\0' ? i : at;
}

}  // namespace

std::size_t variable_name_length(std::string_view text) {
  std::size_t at = std::min(text.find_first_not_of('*'), text.size());
  if (!is_letter(char_at(text, at))) return 0;
  at = arguments_end(text, word_end(text, at));
  for (;;) {
    const char c = char_at(text, at), next = char_at(text, at + 1);
    if (c == '[' && is_digit(next)) {
      std::size_t close = at + 1;
      while (is_digit(char_at(text, close))) ++close;
      if (char_at(text, close) != ']') return at;
      at = close + 1;
      continue;
    }
    const bool two = (c == ':' && next == ':') || (c == '-' && next == '>');
    if (!two && c != '.' && c != ':') return at;
    const std::size_t word = at + (two ? 2 : 1);
    if (!is_letter(char_at(text, word)) && !(c == '.' && is_digit(char_at(text, word)))) return at;
    at = arguments_end(text, word_end(text, word));
  }
}

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
