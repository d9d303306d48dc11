// Every finding of the runtime is a sentence, on whatever kind of target.
#include "firmware_shim/finding_text.h"

#include <gtest/gtest.h>

#include <set>

#include "firmware_shim/runtime/pen_runtime.h"

namespace pensim {
namespace {

TEST(FindingText, EveryKindHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  for (std::uint32_t kind = PEN_FINDING_UNANSWERED; kind <= PEN_FINDING_HEAP_EXHAUSTED; ++kind) {
    const std::string text = finding_text(kind, "HAL_Init", 4711, 9600);
    EXPECT_EQ(text.find("unknown finding"), std::string::npos) << kind;
    EXPECT_TRUE(sentences.insert(text).second) << text;
  }
  EXPECT_EQ(finding_text(PEN_FINDING_HEAP_EXHAUSTED + 1, "", 0, 0).find("unknown finding"), 0u);
  EXPECT_NE(finding_text(PEN_FINDING_UART_OVERFLOW, "", 3, 9600).find("at 9600 baud"), std::string::npos);
  EXPECT_EQ(finding_text(PEN_FINDING_UART_OVERFLOW, "", 3, 0).find("baud)"), std::string::npos);
}

}  // namespace
}  // namespace pensim
