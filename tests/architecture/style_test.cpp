// What a reader may rely on in every file: line length, units at the end of names, no test that is switched off, no
// large files.
#include <gtest/gtest.h>

#include <array>
#include <regex>
#include <set>
#include <sstream>

#include "tests/architecture/tree.h"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_line = 120;

std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Tables (.inl) have one row a line, however long it is.
TEST(Style, LinesFitIntoTheColumnsOfClangFormat) {
  std::size_t checked = 0;
  for (const char* folder : {"models", "firmware_shim", "sim", "tests"})
    for (const fs::path& file : tree::files(folder, {".h", ".cpp", ".c"}))
      for (const tree::Line& line : tree::lines(file)) {
        ++checked;
        EXPECT_LE(columns(line.text), longest_line) << place(line) << "\n  (./dev format)";
      }
  EXPECT_GT(checked, 50'000u);
}

bool says_its_unit(const std::string& name) {
  static const std::regex unit(R"(.*_(m|s|Hz|N|Pa|V|A|W|J|K|C|kg|rad|ohm|H|F|1|um|us|ns|mm|deg|counts?|bits?|bytes)$)"
                               R"(|.*_(factor|share|ratio|sin|cos|gain|scale|ticks)$|.*_per_.*)"
                               R"(|.*_(m2|m3|A2|kg_m2|N_m|V_s|A_s|N_s|N_m2)$)");
  return std::regex_match(name, unit);
}

// "double a_m = 1, b_s{2};" -> a_m, b_s
std::vector<std::string> declared(const std::string& list) {
  std::vector<std::string> names;
  const std::string plain = std::regex_replace(list, std::regex(R"(\{[^}]*\}|=[^,;]*|\[[^\]]*\])"), "");
  std::istringstream in(plain);
  for (std::string item; std::getline(in, item, ',');) {
    item.erase(0, item.find_first_not_of(" *&"));
    item.erase(item.find_last_not_of(' ') + 1);
    if (!item.empty() && (std::isalpha(static_cast<unsigned char>(item[0])) != 0 || item[0] == '_'))
      names.push_back(item);
  }
  return names;
}

// "name  why": doubles whose unit stands elsewhere. The list may only shrink.
std::set<std::string> known_without_unit() {
  std::set<std::string> known;
  for (const tree::Line& line : tree::lines("tests/architecture/doubles_without_unit.txt"))
    if (!line.text.empty() && line.text[0] != '#') known.insert(line.text.substr(0, line.text.find(' ')));
  return known;
}

TEST(Style, DoublesInHeadersSayTheirUnit) {
  const std::regex member(R"(^\s+(?:mutable )?double ([^;()]+);)");
  const std::set<std::string> known = known_without_unit();
  std::set<std::string> met;
  std::size_t checked = 0;
  for (const char* folder : {"models", "sim"})
    for (const fs::path& file : tree::files(folder, {".h"}))
      for (const tree::Line& line : tree::lines(file)) {
        const std::string code = line.text.substr(0, line.text.find("//"));
        std::smatch match;
        if (!std::regex_search(code, match, member)) continue;
        for (std::string name : declared(match[1].str())) {
          ++checked;
          while (!name.empty() && name.back() == '_') name.pop_back();  // a private member
          if (says_its_unit(name)) continue;
          EXPECT_EQ(known.count(name), 1u)
              << place(line) << "\n  '" << name << "' has no unit at its end (_1: a ratio)";
          met.insert(name);
        }
      }
  EXPECT_GT(checked, 300u);
  for (const std::string& name : known)
    EXPECT_EQ(met.count(name), 1u) << "doubles_without_unit.txt: '" << name << "' is gone: strike the line out";
}

// Parameters, which files of the catalog name, know no exception.
TEST(Style, EveryParameterOfAModelSaysItsUnit) {
  const std::regex member(R"(^\s+double ([^;()]+);)");
  std::size_t checked = 0;
  for (const fs::path& file : tree::files("models", {".h"})) {
    bool in_params = false;
    for (const tree::Line& line : tree::lines(file)) {
      if (std::regex_search(line.text, std::regex(R"(^struct \w*Params\b)"))) in_params = true;
      if (line.text.rfind("};", 0) == 0) in_params = false;
      const std::string code = line.text.substr(0, line.text.find("//"));
      std::smatch match;
      if (!in_params || !std::regex_search(code, match, member)) continue;
      for (const std::string& name : declared(match[1].str())) {
        ++checked;
        EXPECT_TRUE(says_its_unit(name)) << place(line) << "\n  '" << name << "' has no unit at its end";
      }
    }
  }
  EXPECT_GT(checked, 150u);
}

TEST(Style, NoTestIsSwitchedOff) {
  std::size_t files = 0;
  const std::array banned = {std::string("DISABLED") + "_", std::string("GTEST") + "_SKIP",
                             std::string("EXPECT_TRUE(") + "true)", std::string("SUCC") + "EED()"};
  for (const fs::path& file : tree::sources("tests")) {
    ++files;
    for (const tree::Line& line : tree::lines(file))
      for (const std::string& word : banned) EXPECT_EQ(line.text.find(word), std::string::npos) << place(line);
  }
  EXPECT_GT(files, 40u);
}

// Large data are generated, or stand elsewhere with a hash here.
TEST(Style, NoFileIsLargerThanAMegabyte) {
  std::size_t files = 0;
  for (const char* folder : {"cmake", "docs", "firmware_shim", "models", "scenarios", "sim", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) {
        ++files;
        EXPECT_LE(entry.file_size(), std::uintmax_t{1} << 20) << entry.path();
      }
  EXPECT_GT(files, 400u);
}

}  // namespace
