// Which files a path stands for.
#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/platform/program.h"
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

std::vector<ScenarioFile> expand_scenarios(const std::vector<std::string>& paths) {
  std::vector<ScenarioFile> files;
  std::vector<InputProblem> problems;
  std::set<std::string> known;
  const auto add = [&](const std::string& path) {
    if (known.insert(fs::path(path).lexically_normal().string()).second) files.push_back({path, path});
  };
  for (const std::string& path : paths) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) {
      problems.push_back({{path, 0, 0},
                          status.type() == fs::file_type::not_found ? "there is no such file or folder"
                                                                    : "cannot be opened: " + error.message(),
                          "check the path"});
      continue;
    }
    if (!fs::is_directory(status)) {
      add(path);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error), end;
    if (error) problems.push_back({{path, 0, 0}, "cannot be opened: " + error.message(), "check its permissions"});
    for (; !error && it != end; it.increment(error)) {
      const fs::path& p = it->path();
      if (it->is_directory(error) && p.filename() == "campaigns")
        it.disable_recursion_pending();
      else if (p.extension() == ".yaml" && p.filename() != "always.yaml" && it->is_regular_file(error))
        found.push_back(p.string());
    }
    std::sort(found.begin(), found.end());
    if (found.empty() && !error)
      problems.push_back(
          {{path, 0, 0}, "found no scenario (*.yaml) in this folder", "name a scenario, or another folder"});
    for (const std::string& file : found) add(file);
  }
  if (paths.empty()) problems.push_back({{"", 0, 0}, "found no scenario", "name a scenario file or a folder"});
  if (!problems.empty()) throw InputError(problems);
  return files;
}

}  // namespace pensim
