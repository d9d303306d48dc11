#include "sim/input/printable.h"

#include <fmt/format.h>

namespace pensim {
namespace {

bool turns_writing(int c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

// C0, DEL, C1, and the two line ends of Unicode.
bool is_control(int c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; }

std::string shown(std::string_view text, bool keep_lines) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const int c = next_character(text, at);
    if (c == '\n')
      out += keep_lines ? "\n" : "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c < 0 || (is_control(c) && c < 0x80))
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[begin]));
    else if (is_control(c) || turns_writing(c))
      out += fmt::format("\\u{:04x}", c);
    else
      out += text.substr(begin, at - begin);
  }
  return out;
}

}  // namespace

int next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xC2 && first < 0xE0   ? 1
                   : first >= 0xE0 && first < 0xF0 ? 2
                   : first >= 0xF0 && first < 0xF5 ? 3
                                                   : 0;
  if (more == 0 || at + static_cast<std::size_t>(more) > text.size()) return -1;
  int c = first & (0x3F >> more);
  for (std::size_t i = at; i < at + static_cast<std::size_t>(more); ++i) {
    if ((byte(i) & 0xC0) != 0x80) return -1;
    c = (c << 6) | (byte(i) & 0x3F);
  }
  constexpr int smallest[] = {0, 0x80, 0x800, 0x10000};
  if (c < smallest[more] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return -1;
  at += static_cast<std::size_t>(more);
  return c;
}

std::string printable(std::string_view text) { return shown(text, false); }
std::string printable_lines(std::string_view text) { return shown(text, true); }

}  // namespace pensim
