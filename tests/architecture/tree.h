// tree.h - the source tree as the architecture tests read it: files, lines, include lines. Paths are relative to the
// root.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace tree {

namespace fs = std::filesystem;

struct Line {
  fs::path file;
  int number;
  std::string text;
};

// Files below `folder` with one of the endings, sorted.
inline std::vector<fs::path> files(const std::string& folder, const std::vector<std::string>& endings) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() &&
        std::find(endings.begin(), endings.end(), entry.path().extension().string()) != endings.end())
      found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

inline std::vector<fs::path> sources(const std::string& folder) { return files(folder, {".h", ".cpp", ".c", ".inl"}); }

inline std::vector<Line> lines(const fs::path& file) {
  std::ifstream in(file);
  std::vector<Line> out;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) out.push_back({file, number, text});
  return out;
}

inline std::string place(const Line& line) {
  return line.file.string() + ":" + std::to_string(line.number) + ": " + line.text;
}

// `#include "x"` or `#include <x>`: x, and whether it stood in quotes.
struct Include {
  Line line;
  std::string what;
  bool quoted;
};

inline std::vector<Include> includes(const fs::path& file) {
  std::vector<Include> out;
  for (const Line& line : lines(file)) {
    if (line.text.rfind("#include", 0) != 0) continue;
    const std::size_t begin = line.text.find_first_of("\"<");
    const std::size_t end = line.text.find_first_of("\">", begin + 1);
    if (begin == std::string::npos || end == std::string::npos) continue;
    out.push_back({line, line.text.substr(begin + 1, end - begin - 1), line.text[begin] == '"'});
  }
  return out;
}

// The file of the tree that a quoted include means; empty if it is none of ours.
inline fs::path resolve(const Include& include) {
  for (const fs::path& candidate : {fs::path(include.what), include.line.file.parent_path() / include.what,
                                    fs::path("firmware_shim") / include.what})
    if (fs::is_regular_file(candidate)) return candidate.lexically_normal();
  return {};
}

}  // namespace tree
