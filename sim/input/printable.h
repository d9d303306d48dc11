// printable.h - text that came from outside, made safe for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace pensim {

// One line: control characters (an escape could clear the screen or set its title), characters that turn the direction
// of writing, and bytes that are no UTF-8 become \xNN or \uNNNN; a line end \n, a tab \t. Everything else stays.
std::string printable(std::string_view text);
// The same, but line ends stay.
std::string printable_lines(std::string_view text);

// The character (UTF-8) at text[at]; moves `at` behind it. -1: a byte that is none, `at` moves by one.
int next_character(std::string_view text, std::size_t& at);

}  // namespace pensim
