#include "sim/platform/program.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace pensim {

namespace fs = std::filesystem;

std::string program_path() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

std::string program_folder() {
  const std::string path = program_path();
  return path.empty() ? "." : fs::path(path).parent_path().string();
}

std::string program_beside(const std::string& name) {
  const fs::path folder = program_folder();
  std::error_code error;
  for (const fs::path& path : {folder / name, folder.parent_path() / name})
    if (access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path, error)) return path.string();
  return "";
}

std::string share_path(const std::string& name) {
  std::vector<fs::path> shares;
  if (const char* share = std::getenv("PENSIM_SHARE"); share && *share) shares.emplace_back(share);
  // The build tree has share/pensim beside the program and above its tests; an installation above bin/.
  for (const char* up : {".", "..", "../.."})
    shares.push_back((fs::path(program_folder()) / up / "share" / "pensim").lexically_normal());
  std::error_code error;
  for (const fs::path& share : shares)
    if (fs::exists(share / name, error)) return (share / name).string();
  return "";
}

std::vector<std::string> core_folders() {
  std::vector<std::string> folders;
  if (const char* list = std::getenv("PENSIM_CORES")) {
    std::istringstream items(list);
    for (std::string folder; std::getline(items, folder, ':');)
      if (!folder.empty()) folders.push_back(folder);
  }
  const fs::path here = program_folder();
  for (const fs::path& folder : {here / "cores", here / ".." / "lib" / "pensim" / "cores"})
    folders.push_back(folder.lexically_normal().string());
  return folders;
}

}  // namespace pensim
