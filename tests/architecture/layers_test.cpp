// Which folder may include which: layers.txt is the allow list, and it holds for every chain of includes, not for one
// line.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/architecture/tree.h"

namespace {

namespace fs = std::filesystem;
using tree::Include;

struct Layer {
  std::vector<std::string> ours;      // folders, or single files
  std::vector<std::string> external;  // beginnings of names in angle brackets; "posix" for the system's
};

// "sim/judge: sim/input sim/scenario/requirement.h | fmt/"
std::map<std::string, Layer> read_layers() {
  std::map<std::string, Layer> layers;
  for (const tree::Line& line : tree::lines("tests/architecture/layers.txt")) {
    const std::string text = line.text.substr(0, line.text.find('#'));
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) continue;
    Layer& layer = layers[text.substr(0, colon)];
    std::istringstream words(text.substr(colon + 1));
    bool external = false;
    for (std::string word; words >> word;) {
      if (word == "|")
        external = true;
      else
        (external ? layer.external : layer.ours).push_back(word);
    }
  }
  return layers;
}

// The line of layers.txt that a file falls under: its own, else that of the longest folder; "" if there is none.
std::string layer_of(const fs::path& file, const std::map<std::string, Layer>& layers) {
  if (layers.count(file.string()) != 0) return file.string();
  for (fs::path folder = file.parent_path(); !folder.empty(); folder = folder.parent_path())
    if (layers.count(folder.string()) != 0) return folder.string();
  return "";
}

std::vector<fs::path> all_sources() {
  std::vector<fs::path> all;
  for (const char* folder : {"models", "firmware_shim", "sim"})
    for (const fs::path& file : tree::sources(folder)) {
      // Cores and their runtime are firmware: what they include is a test of its own below.
      const std::string name = file.string();
      if (name.rfind("firmware_shim/cores/", 0) == 0 || name.rfind("firmware_shim/cmsis/", 0) == 0) continue;
      all.push_back(file);
    }
  return all;
}

// Every file that `file` reaches, with the file that included it.
std::map<fs::path, fs::path> reached_from(const fs::path& file) {
  std::map<fs::path, fs::path> by;
  std::vector<fs::path> open = {file};
  while (!open.empty()) {
    const fs::path next = open.back();
    open.pop_back();
    for (const Include& include : tree::includes(next)) {
      const fs::path found = include.quoted ? tree::resolve(include) : fs::path();
      if (!found.empty() && found != file && by.emplace(found, next).second) open.push_back(found);
    }
  }
  return by;
}

std::string chain(const fs::path& from, fs::path to, const std::map<fs::path, fs::path>& by) {
  std::string text = to.string();
  for (; to != from; text = to.string() + " -> " + text) to = by.at(to);
  return text;
}

bool is_standard_library(const std::string& header) {
  static const std::set<std::string> c_headers = {"assert.h", "errno.h",  "limits.h",  "math.h",   "setjmp.h",
                                                  "signal.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
                                                  "stdio.h",  "stdlib.h", "string.h"};
  return header.find_first_of("./") == std::string::npos || c_headers.count(header) != 0;
}

bool is_posix(const std::string& header) {
  static const std::set<std::string> names = {"cxxabi.h", "dlfcn.h", "elf.h",      "fcntl.h", "link.h",
                                              "malloc.h", "poll.h",  "pthread.h",  "pty.h",   "termios.h",
                                              "signal.h", "spawn.h", "ucontext.h", "unistd.h"};
  return names.count(header) != 0 || header.rfind("sys/", 0) == 0 || header.rfind("linux/", 0) == 0;
}

TEST(Layers, EveryFolderReachesOnlyWhatItsLineAllows) {
  const auto layers = read_layers();
  ASSERT_GT(layers.size(), 15u);
  std::set<std::pair<std::string, std::string>> used;
  std::size_t arrows = 0;
  for (const fs::path& file : all_sources()) {
    const std::string own = layer_of(file, layers);
    ASSERT_NE(own, "") << file << " lies in a folder that has no line in layers.txt";
    const std::vector<std::string>& allowed = layers.at(own).ours;
    const auto by = reached_from(file);
    for (const auto& [target, includer] : by) {
      const std::string other = layer_of(target, layers);
      if (other == own) continue;
      ++arrows;
      bool fine = false;
      for (const std::string& entry : allowed)
        if (entry == other || entry == target.string()) {
          fine = true;
          used.insert({own, entry});
        }
      EXPECT_TRUE(fine) << own << " may not reach " << target << "\n  " << chain(file, target, by)
                        << "\n  allowed in layers.txt: " << ::testing::PrintToString(allowed);
    }
  }
  EXPECT_GT(arrows, 500u);
  for (const auto& [folder, layer] : layers)
    for (const std::string& entry : layer.ours)
      EXPECT_EQ(used.count({folder, entry}), 1u)
          << folder << " is allowed " << entry << " and has no use for it: strike it out";
}

TEST(Layers, LibrariesFromOutsideStayInTheFoldersThatNeedThem) {
  const auto layers = read_layers();
  std::set<std::pair<std::string, std::string>> used;
  for (const fs::path& file : all_sources()) {
    const std::string own = layer_of(file, layers);
    for (const Include& include : tree::includes(file)) {
      if (include.quoted || is_standard_library(include.what)) continue;
      bool fine = false;
      for (const std::string& entry : layers.at(own).external)
        if (entry == "posix" ? is_posix(include.what) : include.what.rfind(entry, 0) == 0) {
          fine = true;
          used.insert({own, entry});
        }
      EXPECT_TRUE(fine) << place(include.line)
                        << "\n  allowed in layers.txt: " << ::testing::PrintToString(layers.at(own).external);
    }
  }
  for (const auto& [folder, layer] : layers)
    for (const std::string& entry : layer.external)
      EXPECT_EQ(used.count({folder, entry}), 1u)
          << folder << " is allowed <" << entry << "> and has no use for it: strike it out";
}

// An arrow and one back, through whatever folders, would make the two one folder.
TEST(Layers, TheLinesHaveNoCircle) {
  const auto layers = read_layers();
  std::map<std::string, int> state;  // 1: under way, 2: done
  const auto visit = [&](const auto& self, const std::string& folder) -> void {
    state[folder] = 1;
    for (const std::string& entry : layers.at(folder).ours) {
      if (layers.count(entry) == 0) {
        EXPECT_TRUE(fs::is_regular_file(entry)) << folder << ": there is no folder with a line and no file " << entry;
        continue;
      }
      EXPECT_NE(state[entry], 1) << folder << " and " << entry << " may include each other";
      if (state[entry] == 0) self(self, entry);
    }
    state[folder] = 2;
  };
  for (const auto& [folder, layer] : layers) {
    EXPECT_TRUE(fs::exists(folder)) << "layers.txt has a line for " << folder;
    if (state[folder] == 0) visit(visit, folder);
  }
}

// A library links what its folder may include, and nothing else: sim/CMakeLists.txt, pensim_folder(NAME LIBRARY...).
TEST(Layers, LibrariesLinkWhatTheirFolderMayInclude) {
  const auto layers = read_layers();
  const std::regex call(R"(^\s*pensim_folder\((\w+)([^)]*)\))");
  std::size_t folders = 0;
  for (const tree::Line& line : tree::lines("sim/CMakeLists.txt")) {
    std::smatch match;
    if (!std::regex_search(line.text, match, call)) continue;
    ++folders;
    const std::string own = "sim/" + match[1].str();
    ASSERT_EQ(layers.count(own), 1u) << place(line);
    std::istringstream words(match[2].str());
    for (std::string word; words >> word;) {
      if (word.rfind("pensim_", 0) != 0) continue;
      const std::string name = word.substr(7);
      const std::string folder = name == "models" ? "models" : name == "shim" ? "firmware_shim" : "sim/" + name;
      const auto& allowed = layers.at(own).ours;
      EXPECT_TRUE(std::any_of(allowed.begin(), allowed.end(),
                              [&](const std::string& entry) { return entry.rfind(folder, 0) == 0; }))
          << place(line) << "\n  " << own << " may not include " << folder;
    }
  }
  EXPECT_GT(folders, 12u);
}

// Inside a run there is no clock, thread, file or random device: none in models/ and sim/engine/, and none in a header
// that they reach.
TEST(Layers, NoClockThreadFileOrRandomDeviceOnThePathOfATick) {
  const std::set<std::string> banned = {
      "chrono",       "thread",   "random",        "fstream",       "iostream",
      "ctime",        "time.h",   "sys/time.h",    "mutex",         "future",
      "filesystem",   "unistd.h", "unordered_map", "unordered_set", "condition_variable",
      "sys/random.h", "fcntl.h",  "pthread.h"};
  const std::regex call(R"(\b(clock_gettime|gettimeofday|getenv|getpid|rdtsc|rand|srand|random|time)\s*\()");
  std::size_t checked = 0;
  for (const char* folder : {"models", "sim/engine"})
    for (const fs::path& file : tree::sources(folder)) {
      std::vector<fs::path> all = {file};
      for (const auto& [target, by] : reached_from(file)) all.push_back(target);
      for (const fs::path& target : all)
        for (const Include& include : tree::includes(target)) {
          ++checked;
          EXPECT_EQ(banned.count(include.what), 0u) << file << " reaches " << place(include.line);
        }
      for (const tree::Line& line : tree::lines(file)) {
        const std::string code = line.text.substr(0, line.text.find("//"));
        EXPECT_FALSE(std::regex_search(code, call)) << place(line);
      }
    }
  EXPECT_GT(checked, 300u);
}

// The firmware that stands for a customer's knows nothing of the simulator.
TEST(Layers, ReferencePenKnowsNothingOfTheSimulator) {
  std::size_t count = 0;
  for (const fs::path& file : tree::sources("firmware_shim/cores/reference_pen")) {
    ++count;
    for (const tree::Line& line : tree::lines(file))
      for (const char* word : {"pensim", "pen_shim", "pen_port", "PenIn", "PenOut", "simulat", "bench"})
        EXPECT_EQ(line.text.find(word), std::string::npos) << place(line);
  }
  EXPECT_GT(count, 5u);
}

TEST(Layers, EveryHeaderIsIncludedBySomebody) {
  std::set<fs::path> wanted;
  std::set<std::string> wanted_by_a_build;  // -include FILE, and folders of headers for cores
  for (const auto& entry : fs::directory_iterator("cmake")) {
    std::ifstream in(entry.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const std::regex header(R"([\w.]+\.h\b)");
    for (std::sregex_iterator m(text.begin(), text.end(), header), end; m != end; ++m)
      wanted_by_a_build.insert(m->str());
  }
  for (const char* folder : {"models", "firmware_shim", "sim", "tests"})
    for (const fs::path& file : tree::sources(folder))
      for (const Include& include : tree::includes(file))
        if (const fs::path found = tree::resolve(include); !found.empty()) wanted.insert(found);
  std::size_t headers = 0;
  for (const fs::path& file : all_sources()) {
    if (file.extension() != ".h" && file.extension() != ".inl") continue;
    ++headers;
    if (file.string().starts_with("firmware_shim/rtos/")) continue;  // a kernel that is not ours includes it
    EXPECT_TRUE(wanted.count(file) || wanted_by_a_build.count(file.filename())) << file << " is included by nobody";
  }
  EXPECT_GT(headers, 80u);
}

}  // namespace
