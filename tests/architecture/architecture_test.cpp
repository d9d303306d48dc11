// The shape of the tree, checked: which part may include which, what may not stand on the path of a tick, and what no
// test may do.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Line {
  fs::path file;
  int number;
  std::string text;
};

std::vector<fs::path> sources(const std::string& folder, bool recurse = true) {
  std::vector<fs::path> found;
  for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
    if (!recurse && it->is_directory()) it.disable_recursion_pending();
    const std::string extension = it->path().extension();
    if (extension == ".h" || extension == ".cpp" || extension == ".c" || extension == ".inl")
      found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Line> lines(const fs::path& file) {
  std::ifstream in(file);
  std::vector<Line> out;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) out.push_back({file, number, text});
  return out;
}

std::vector<Line> includes(const std::string& folder, bool recurse = true) {
  std::vector<Line> out;
  for (const fs::path& file : sources(folder, recurse))
    for (const Line& line : lines(file))
      if (line.text.rfind("#include", 0) == 0) out.push_back(line);
  return out;
}

std::string place(const Line& line) {
  return line.file.string() + ":" + std::to_string(line.number) + ": " + line.text;
}

bool names(const Line& line, const std::string& what) { return line.text.find(what) != std::string::npos; }

TEST(Architecture, ModelsIncludeOnlyTheStandardLibraryAndEigen) {
  const auto all = includes("models");
  ASSERT_GT(all.size(), 20u);
  for (const Line& line : all) {
    EXPECT_FALSE(names(line, "firmware_shim/") || names(line, "sim/")) << place(line);
    EXPECT_FALSE(names(line, "boost") || names(line, "yaml") || names(line, "fmt/")) << place(line);
  }
}

TEST(Architecture, ShimKnowsNeitherModelsNorSim) {
  const auto all = includes("firmware_shim");
  ASSERT_GT(all.size(), 20u);
  for (const Line& line : all) EXPECT_FALSE(names(line, "\"models/") || names(line, "\"sim/")) << place(line);
}

// The dashboard is a client: what it shows comes from recordings, what it does goes through the session.
TEST(Architecture, DashboardKnowsNeitherModelsNorEngine) {
  const auto all = includes("sim/dashboard");
  ASSERT_GT(all.size(), 100u);
  for (const Line& line : all)
    for (const char* banned : {"\"models/", "sim/engine/engine.h", "sim/engine/board.h", "sim/engine/world.h",
                               "sim/engine/peripherals.h", "sim/engine/settings.h", "sim/run/child.h"})
      EXPECT_FALSE(names(line, banned)) << place(line);
}

TEST(Architecture, ReferencePenKnowsNothingOfTheBench) {
  std::size_t count = 0;
  for (const fs::path& file : sources("firmware_shim/cores/reference_pen")) {
    ++count;
    for (const Line& line : lines(file))
      for (const char* word : {"pensim", "pen_shim", "pen_port", "PenIn", "PenOut", "simulat", "bench"})
        EXPECT_FALSE(names(line, word)) << place(line);
  }
  EXPECT_GT(count, 5u);
}

TEST(Architecture, NoClockThreadFileOrRandomDeviceOnThePathOfATick) {
  std::vector<fs::path> path_of_a_tick = sources("models");
  for (const fs::path& file : sources("sim/engine")) path_of_a_tick.push_back(file);
  ASSERT_GT(path_of_a_tick.size(), 30u);
  const std::array banned = {
      "<chrono>",        "<thread>",       "<random>", "<fstream>", "<iostream>",           "<ctime>",
      "<time.h>",        "<sys/time.h>",   "<mutex>",  "<future>",  "<condition_variable>", "<filesystem>",
      "<unordered_map>", "<unordered_set>"};
  for (const fs::path& file : path_of_a_tick)
    for (const Line& line : lines(file))
      if (line.text.rfind("#include", 0) == 0) {
        for (const char* header : banned) EXPECT_FALSE(names(line, header)) << place(line);
      }
}

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

TEST(Architecture, DoublesInModelStructsSayTheirUnit) {
  const std::regex member(R"(^\s+double\s+([^;(]+);)");
  const std::regex unit(
      R"(.*_(m|s|Hz|N|Pa|V|A|W|J|K|C|kg|rad|ohm|H|F|1|um|us|counts?|factor|share|ratio|bits?)$|.*_per_.*|.*_(m2|m3|kg_m2|N_m|V_s|A_s|N_s)$|.*_(sin|cos|gain|scale)$)");
  std::size_t checked = 0;
  for (const fs::path& file : sources("models")) {
    if (file.extension() != ".h" || file.filename() == "elementary.h" || file.filename() == "noise.h") continue;
    bool in_params = false;
    for (const Line& line : lines(file)) {
      if (std::regex_search(line.text, std::regex(R"(^struct \w*Params\b)"))) in_params = true;
      if (line.text.rfind("};", 0) == 0) in_params = false;
      std::smatch match;
      if (!in_params || !std::regex_search(line.text, match, member)) continue;
      std::istringstream list(match[1].str());
      std::string item;
      while (std::getline(list, item, ',')) {
        std::string name = std::regex_replace(item, std::regex(R"(\{[^}]*\}|=.*$|\[.*\]|\s)"), "");
        if (name.empty() || name.find_first_of("}{0123456789.") == 0) continue;
        ++checked;
        EXPECT_TRUE(std::regex_match(name, unit)) << place(line) << "  '" << name << "' has no unit at its end";
      }
    }
  }
  EXPECT_GT(checked, 50u);
}

TEST(Architecture, NoTestIsSwitchedOff) {
  std::size_t files = 0;
  const std::array banned = {std::string("DISABLED") + "_", std::string("GTEST") + "_SKIP",
                             std::string("EXPECT_TRUE(") + "true)", std::string("SUCC") + "EED()"};
  for (const fs::path& file : sources("tests")) {
    ++files;
    for (const Line& line : lines(file))
      for (const std::string& word : banned) EXPECT_FALSE(names(line, word)) << place(line);
  }
  EXPECT_GT(files, 10u);
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
  for (const Line& line : lines("sim/vocabulary/faults.inl")) {
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
