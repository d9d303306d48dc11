// Objects and tables, checked: libm in the models, faults that no scenario shows.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <regex>
#include <set>
#include <sstream>

#include "tests/architecture/tree.h"

namespace {

namespace fs = std::filesystem;

// glibc picks variants of sin, exp ... by CPU, and their bits differ: models use models/elementary.h.
TEST(Architecture, ModelsCallNoLibm) {
  const std::string command = std::string("nm --undefined-only ") + PENSIM_MODELS_ARCHIVE + " 2>/dev/null";
  std::FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string text;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), n);
  ASSERT_EQ(pclose(pipe), 0) << command;
  ASSERT_NE(text.find(" U "), std::string::npos) << "no undefined symbol at all: is this the right archive?";
  const std::set<std::string> libm = {"sin",   "cos",  "tan",    "sincos", "asin",   "acos",         "atan",
                                      "atan2", "sinh", "cosh",   "tanh",   "exp",    "exp2",         "expm1",
                                      "log",   "log2", "log10",  "log1p",  "pow",    "cbrt",         "hypot",
                                      "erf",   "erfc", "tgamma", "lgamma", "fma",    "sinf",         "cosf",
                                      "expf",  "logf", "powf",   "atan2f", "hypotf", "__pow_finite", "__exp_finite"};
  std::istringstream in(text);
  std::string word, previous;
  while (in >> word) {
    if (previous == "U") {
      EXPECT_EQ(libm.count(word), 0u) << word;
    }
    previous = word;
  }
}

// Every fault has a scenario that shows it.
TEST(Architecture, EveryFaultHasAScenario) {
  std::string all;
  for (auto it = fs::recursive_directory_iterator("scenarios"); it != fs::recursive_directory_iterator(); ++it)
    if (it->path().extension() == ".yaml") {
      std::ifstream in(it->path());
      all.append(std::istreambuf_iterator<char>(in), {});
    }
  std::size_t faults = 0;
  const std::regex entry(R"(^FAULT\(\w+, "([^"]+)\")");
  for (const tree::Line& line : tree::lines("sim/vocabulary/faults.inl")) {
    std::smatch match;
    if (std::regex_search(line.text, match, entry)) {
      ++faults;
      EXPECT_NE(all.find("fault: " + match[1].str()), std::string::npos)
          << match[1].str() << " is shown by no scenario";
    }
  }
  EXPECT_GT(faults, 20u);
}

}  // namespace
