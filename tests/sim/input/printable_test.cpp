#include "sim/input/printable.h"

#include <gtest/gtest.h>

#include "sim/input/input_error.h"

namespace pensim {
namespace {

TEST(Printable, TextStays) {
  for (const char* text : {"", "a b/c.yaml", "Prüfstand Ä, 5 µm, 日本, 🖊"}) EXPECT_EQ(printable(text), text);
}

TEST(Printable, NothingThatSteersATerminalStays) {
  EXPECT_EQ(printable("\x1b]0;x\a"), "\\x1b]0;x\\x07");
  EXPECT_EQ(printable(std::string("a\0b\x7f", 4)), "a\\x00b\\x7f");
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\x0d");
  EXPECT_EQ(printable("\xc2\x9b\x33\x31m"), "\\u009b31m");  // CSI in one character
  EXPECT_EQ(printable("a\u202eb\u2066\u2028"), "a\\u202eb\\u2066\\u2028");
  EXPECT_EQ(printable("\x9b\xff\xc3"), "\\x9b\\xff\\xc3");                    // no UTF-8
  EXPECT_EQ(printable("\xc0\xaf\xed\xa0\x80"), "\\xc0\\xaf\\xed\\xa0\\x80");  // too long; a surrogate
  EXPECT_EQ(printable_lines("a\nb\x1b"), "a\nb\\x1b");
}

TEST(Printable, AProblemIsPrintable) {
  const InputProblem problem{{"a\x1b\n.yaml", 1, 2}, "found \x1b[2J", "write\x07 it"};
  EXPECT_EQ(problem.text(), "a\\x1b\\n.yaml:1:2: found \\x1b[2J\n  help: write\\x07 it");
}

}  // namespace
}  // namespace pensim
