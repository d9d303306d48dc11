#include "tests/sim/scenario/bad_cases.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "sim/input/document.h"
#include "sim/input/quantity.h"
#include "sim/scenario/scenario_keys.h"

namespace pensim {
namespace {

const std::string marker = "\xC2\xA7";  // §

std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 't' || text[i + 1] == 'r')) {
      out += text[++i] == 't' ? '\t' : '\r';
    } else if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x') {
      out += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Takes the markers out of the text and gives their places, columns in characters.
std::vector<std::pair<int, int>> take_markers(std::string& text) {
  std::vector<std::pair<int, int>> places;
  std::string out;
  int line = 1, column = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, marker.size(), marker) == 0) {
      places.emplace_back(line, column);
      i += marker.size() - 1;
      continue;
    }
    out += text[i];
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 &&
               out.compare(0, std::string::npos, "\xEF\xBB\xBF") != 0) {
      column += out == "\xEF" ? 0 : 1;  // a byte order mark has no width
    }
  }
  text = out;
  return places;
}

// The third visitor of scenario_keys.h: every key with a value of every wrong kind.
class Corruptor {
 public:
  Corruptor(std::vector<BadCase>& cases, std::string before, std::string name, std::string indent)
      : cases_(cases), before_(std::move(before)), name_(std::move(name)), indent_(std::move(indent)) {}

  template <class T>
  void text(const char* key, T&, const char*) {
    not_scalar(key);
  }
  void formula(const char* key, std::string&, Location&, const char*) { not_scalar(key); }
  template <class T>
  void name(const char* key, T&, CatalogKind kind, const char*) {
    not_scalar(key);
    wrong(key, "unknown-name", "zzzz", fmt::format("expected a {} of the catalog", catalog_kind_name(kind)));
    wrong(key, "no-file", "./zzzz.yaml", "there is no such file");
  }
  template <class T>
  void quantity(const char* key, T&, const char* unit, double low, double high, const char*) {
    not_scalar(key);
    const bool plain = std::string_view(unit) == "1";
    const std::string expected = fmt::format("{}: expected {}", key, quantity_example(unit));
    if (!plain) wrong(key, "no-unit", "3", expected + ", found 3 (no unit)");
    wrong(key, "wrong-dimension", "3 kg m^2", expected + ", found 3 kg m^2 (moment of inertia)");
    wrong(key, "word", "much", expected + ", found `much`");
    wrong(key, "not-a-number", "nan", expected + ", found `nan`");
    wrong(key, "overflow", "1e999" + std::string(plain ? "" : " ") + (plain ? "" : unit), expected);
    wrong(key, "junk", fmt::format("1 {} x", plain ? "" : unit), expected);
    wrong(key, "too-large", fmt::format("{} {}", high * 2.0 + 1.0, plain ? "" : unit),
          fmt::format("expected {} {} to", key, format_quantity(low, unit)));
    wrong(key, "too-small", fmt::format("{} {}", low - 1e6, plain ? "" : unit),
          fmt::format("expected {} {} to", key, format_quantity(low, unit)));
  }
  template <class T>
  void whole(const char* key, T&, auto, auto, const char*) {
    not_scalar(key);
    wrong(key, "fraction", "1.5", "expected a whole number, found `1.5`");
    wrong(key, "word", "many", "expected a whole number, found `many`");
    wrong(key, "overflow", "99999999999999999999999", "expected a whole number from");
  }
  void flag(const char* key, bool&, const char*) {
    not_scalar(key);
    wrong(key, "word", "perhaps", "expected on or off, found `perhaps`");
  }
  template <class T, class C>
  void choice(const char* key, T&, std::initializer_list<std::pair<const char*, C>>, const char*) {
    any_choice(key);
  }
  template <class T>
  void choice(const char* key, T&, std::initializer_list<std::pair<const char*, T>>, const char*) {
    any_choice(key);
  }
  void choice(const char* key, std::optional<int>&, std::initializer_list<std::pair<const char*, int>>, const char*) {
    any_choice(key);
  }
  void level(const char* key, double&, std::initializer_list<std::pair<const char*, double>>, double, double,
             const char*) {
    any_choice(key);
  }
  void file(const char* key, std::string&, const char* word, std::size_t, const char*) {
    not_scalar(key);
    wrong(key, "no-file", "zzzz.bin", fmt::format("expected `{}` or a file", word));
    wrong(key, "folder", "./", "found a folder, expected a file");
  }
  void words(const char* key, std::vector<std::string>&, const char*) {
    wrong(key, "map", "{a: b}", "expected a list of words, found a map");
  }
  void firmware(const char* key, std::string&, const char*) { not_scalar(key); }
  void settable(const char* key, std::optional<std::string>&, const char*) { not_scalar(key); }
  void fault(const char* key, std::optional<std::string>&, const char*) { not_scalar(key); }
  void here(const Node*&) {}
  void raw(const char* key, const Node*&, const char*) { not_scalar(key); }
  void formulas(const char* key, std::vector<Measure>&, const char*) {
    wrong(key, "list", "[a]", "expected names with formulas, found a list");
  }
  void parameters(const char* key, std::map<std::string, std::pair<double, Location>>&, const char*) {
    wrong(key, "word", "all", "expected names of parameters with quantities, found `all`");
  }
  template <class F>
  void section(const char* key, const char*, F&& keys) {
    const std::string path = name_.empty() ? key : name_ + "." + key;
    wrong(key, "word", "yes please", "expected keys and values in " + path);
    wrong(key, "list", "[a]", "expected keys and values in " + path);
    wrong(key, "unknown-key", "{" + marker + "zzzz: 1}", fmt::format("found the key `zzzz` in {}", path), true);
    Corruptor inner(cases_, before_ + indent_ + key + ":\n", path, indent_ + "  ");
    keys(inner);
  }
  template <class T, class F>
  void list(const char* key, std::vector<T>&, const char*, F&&) {
    wrong(key, "word", "one", fmt::format("expected a list for {}, found `one`", key));
    wrong(key, "list-of-words", "[" + marker + "one]", "expected keys and values in", true);
  }

 private:
  void not_scalar(const char* key) {
    wrong(key, "list", "[a]", "found a list");
    wrong(key, "map", "{a: b}", "found a map");
    wrong(key, "nothing", "~", "found nothing");
  }
  void any_choice(const char* key) {
    not_scalar(key);
    wrong(key, "word", "zzzz", "expected one of");
  }
  void wrong(const char* key, const char* how, const std::string& value, const std::string& fragment,
             bool marked = false) {
    BadCase bad;
    bad.name = fmt::format("{}{}-{}", name_.empty() ? "" : name_ + ".", key, how);
    const bool is_duration = name_.empty() && std::string_view(key) == "duration";
    const bool is_rig = std::string_view(key) == "insertion" || name_.rfind("insertion", 0) == 0;
    bad.text = fmt::format("{}{}{}{}: {}{}\n",
                           is_duration ? ""
                           : is_rig    ? "rig: insertion\n"
                                       : "duration: 1 s\n",
                           before_, indent_, key, marked ? "" : marker, value);
    const auto places = take_markers(bad.text);
    bad.problems.push_back({places.at(0).first, places.at(0).second, false, fragment, ""});
    cases_.push_back(std::move(bad));
  }

  std::vector<BadCase>& cases_;
  std::string before_, name_, indent_;
};

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

std::vector<BadCase> written_bad_cases(const std::string& file) {
  std::istringstream stream(read_file(file));
  std::vector<BadCase> cases;
  std::string line;
  bool header = true;
  const auto begins = [&](const char* word) { return line.rfind(word, 0) == 0; };
  const auto rest = [&](std::size_t from) { return line.substr(from); };
  while (std::getline(stream, line)) {
    if (begins("=== ")) {
      cases.push_back({rest(4), "", {}, {}});
      header = true;
    } else if (cases.empty()) {
      continue;  // the explanation on top
    } else if (header && begins("> ")) {
      cases.back().problems.push_back({1, 1, false, rest(2), ""});
    } else if (header && begins("file> ")) {
      cases.back().problems.push_back({0, 0, false, rest(6), ""});
    } else if (header && begins("option> ")) {
      cases.back().problems.push_back({0, 0, true, rest(8), ""});
    } else if (header && begins("mend> ")) {
      cases.back().problems.back().mend = rest(6);
    } else if (header && begins("set> ")) {
      cases.back().overrides.push_back(rest(5));
    } else {
      header = false;
      cases.back().text += line + "\n";
    }
  }
  for (BadCase& bad : cases) {
    bad.text = unescaped(bad.text);
    const auto places = take_markers(bad.text);
    std::size_t next = 0;
    for (ExpectedProblem& problem : bad.problems) {
      if (problem.line == 0) continue;
      if (next >= places.size()) throw std::runtime_error(bad.name + ": more expectations than markers");
      problem.line = places[next].first;
      problem.column = places[next++].second;
    }
    if (next != places.size() || bad.problems.empty())
      throw std::runtime_error(bad.name + ": more markers than expectations");
  }
  return cases;
}

std::vector<BadCase> generated_bad_cases() {
  std::vector<BadCase> cases;
  {
    Corruptor corruptor(cases, "", "", "");
    Scenario scenario;
    ScenarioExtras extras;
    scenario_keys(corruptor, scenario, extras);
  }
  const auto add = [&](const char* name, std::string text, int line, int column, const char* fragment) {
    cases.push_back({name, std::move(text), {}, {{line, column, false, fragment, ""}}});
  };
  add("huge", "title: " + repeated("x", 5u << 20) + "\n", 0, 0, "expected at most 4 MB");
  add("long-title", "duration: 1 s\ntitle: " + repeated("x", 5000) + "\n", 2, 8,
      "expected at most 4000 characters, found 5000");
  add("deep-flow", "tags: " + repeated("[", 100) + repeated("]", 100), 1, 54, "found more than 48 levels of nesting");
  // each [ may be a key, too
  add("deeper-flow", "tags: " + repeated("[", 100'000), 1, 31, "found more than 48 levels of nesting");
  add("deep-flow-maps", "a: " + repeated("{a: ", 100'000), 1, 4 + 4 * 47, "found more than 48 levels of nesting");
  add("deep-block", repeated("- ", 100'000), 1, 97, "found more than 48 levels of nesting");
  add("deep-keys", repeated("? ", 100'000), 1, 97, "found more than 48 levels of nesting");
  add("many-values", "tags: [" + repeated("x,", 250'000) + "x]", 1, 8 + 2 * 199'997, "found more than 200000 values");
  {
    std::string keys = "duration: 1 s\n";
    for (int k = 0; k < 6000; ++k) keys += fmt::format("k{}: 1\n", k);
    add("many-keys", keys, 5001, 1, "found more than 5000 keys in one map");
  }
  {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int k = 1; k < 9; ++k)
      bomb += fmt::format("a{}: &a{} [{}*a{}]\n", k, k, repeated(fmt::format("*a{}, ", k - 1), 9), k - 1);
    // a0 is 11 nodes, each level 10 of the one before and itself: a4 is 111 111, and its first copy passes the limit
    add("alias-bomb", bomb, 6, 10, "found more than 200000 values");
  }
  add("binary",
      std::string("\x7F"
                  "ELF\x02\x01\x01\x00\x00",
                  9),
      1, 1, "found a byte 0x7F, expected text");
  add("only-nul", std::string(1000, '\0'), 1, 1, "found a byte 0x00, expected text");
  return cases;
}

void write_bad_cases(const std::string& folder, const std::vector<BadCase>& cases) {
  std::filesystem::create_directories(folder);
  for (const BadCase& bad : cases) {
    std::ofstream stream(std::filesystem::path(folder) / (bad.name + ".yaml"), std::ios::binary);
    stream << bad.text;
    if (!stream.flush()) throw std::runtime_error("cannot write " + bad.name);
  }
}

std::string compare_problems(const BadCase& bad, const std::vector<InputProblem>& found) {
  std::string difference;
  std::vector<bool> used(found.size());
  for (const ExpectedProblem& expected : bad.problems) {
    bool matched = false;
    for (std::size_t i = 0; i < found.size() && !matched; ++i) {
      const InputProblem& problem = found[i];
      if (used[i] || problem.at.line != expected.line || problem.at.column != expected.column) continue;
      if (problem.message.find(expected.fragment) == std::string::npos ||
          problem.hint.find(expected.mend) == std::string::npos)
        continue;
      if (problem.hint.empty() || problem.at.file.empty() ||
          (problem.at.file.rfind("--set ", 0) == 0) != expected.option)
        continue;
      used[i] = matched = true;
    }
    if (!matched)
      difference += fmt::format("  expected {}:{}: {}{}\n", expected.line, expected.column, expected.fragment,
                                expected.mend.empty() ? "" : " (help: " + expected.mend + ")");
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!used[i]) difference += "  found    " + found[i].text() + "\n";
  return difference;
}

}  // namespace pensim
