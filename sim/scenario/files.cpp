// Which files a path stands for.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "sim/platform/program.h"
#include "sim/platform/walk.h"
#include "sim/scenario/scenario.h"

namespace pensim {

namespace fs = std::filesystem;

std::string find_always(const std::string& scenario_path) {
  std::error_code error;
  fs::path folder = fs::path(scenario_path).parent_path();
  if (folder.empty()) folder = ".";
  const fs::path top = fs::absolute(folder, error).lexically_normal();
  fs::path shown = folder;
  for (fs::path at = top;; at = at.parent_path()) {
    if (fs::is_regular_file(at / "always.yaml", error)) {
      const fs::path relative = at.lexically_relative(top);
      return ((folder / relative).lexically_normal() / "always.yaml").lexically_normal().string();
    }
    if (at == at.parent_path()) break;
  }
  return share_path("scenarios/always.yaml");
}

namespace {

// Why something below a folder is not taken; "" if nobody could have meant it as a scenario.
std::string why_skipped(const fs::path& path, Found found) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool looks_like_one = ending == ".yaml" || ending == ".yml";
  switch (found) {
    case Found::file:
      return looks_like_one ? "a scenario's name ends in .yaml" : "";
    case Found::folder:
      return looks_like_one ? "is a folder; what is in it is taken" : "";
    case Found::dangling_link:
      return looks_like_one ? "is a link to nothing" : "";
    case Found::special:
      return looks_like_one ? "is " + special_file(path.string()) : "";
    case Found::link_to_folder:
      return "is a link to a folder, which is not followed: name the folder";
    case Found::other_system:
      return "is on another file system: name it to search there";
    case Found::unreadable:
      return "is a folder that cannot be opened";
  }
  return "";
}

std::vector<std::string> scenarios_below(const std::string& folder, const SearchEvents& events) {
  std::vector<std::string> found;
  walk(folder, [&](const std::string& name, Found what) {
    const fs::path path(name);
    if (what == Found::folder && path.filename() == "campaigns") return false;
    if (what == Found::file && path.extension() == ".yaml") {
      if (path.filename() != "always.yaml") found.push_back(name);
      return false;
    }
    if (const std::string why = why_skipped(path, what); !why.empty() && events.skipped)
      events.skipped(name + ": " + why);
    if (what == Found::folder && events.entered) events.entered(name);
    return what == Found::folder;
  });
  std::sort(found.begin(), found.end());
  return found;
}

// Why a path as the user gave it stands for no scenario; "" if it may.
std::string why_none(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return "there is no such file or folder";
  if (!fs::exists(status)) return "cannot be opened: " + error.message();
  if (const std::string special = special_file(path); !special.empty())
    return "is " + special + ", expected a file or a folder";
  if (fs::is_directory(status) && shows_the_kernel(path)) return "shows the kernel; no scenarios lie there";
  return "";
}

}  // namespace

std::vector<ScenarioFile> expand_scenarios(const std::vector<std::string>& paths, const SearchEvents& events) {
  std::vector<ScenarioFile> files;
  std::vector<InputProblem> problems;
  std::set<std::string> known;
  const auto add = [&](const std::string& path) {
    std::error_code error;
    if (known.insert(fs::absolute(path, error).lexically_normal().string()).second) files.push_back({path, path});
  };
  for (const std::string& path : paths) {
    if (const std::string why = why_none(path); !why.empty()) {
      problems.push_back({{path, 0, 0}, why, "check the path"});
      continue;
    }
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      add(path);
      continue;
    }
    if (fs::directory_iterator(path, error); error) {
      problems.push_back({{path, 0, 0}, "cannot be opened: " + error.message(), "check its permissions"});
      continue;
    }
    const std::vector<std::string> found = scenarios_below(path, events);
    if (found.empty())
      problems.push_back(
          {{path, 0, 0}, "found no scenario (*.yaml) in this folder", "name a scenario, or another folder"});
    for (const std::string& file : found) add(file);
  }
  if (paths.empty()) problems.push_back({{"", 0, 0}, "found no scenario", "name a scenario file or a folder"});
  if (!problems.empty()) throw InputError(problems);
  return files;
}

}  // namespace pensim
