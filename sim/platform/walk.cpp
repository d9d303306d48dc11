#include "sim/platform/walk.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

namespace pensim {
namespace {

std::optional<std::vector<std::string>> names_in(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(folder, error), end;
  for (; !error && entry != end; entry.increment(error)) names.push_back(entry->path().filename().string());
  if (error) return std::nullopt;
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Found> found_at(const std::string& path, dev_t device) {
  struct stat itself {
  }, behind{};
  if (::lstat(path.c_str(), &itself) != 0) return std::nullopt;  // gone meanwhile
  if (S_ISDIR(itself.st_mode)) return itself.st_dev == device ? Found::folder : Found::other_system;
  if (S_ISREG(itself.st_mode)) return Found::file;
  if (!S_ISLNK(itself.st_mode)) return Found::special;
  if (::stat(path.c_str(), &behind) != 0) return Found::dangling_link;
  if (S_ISDIR(behind.st_mode)) return Found::link_to_folder;
  return S_ISREG(behind.st_mode) ? Found::file : Found::special;
}

}  // namespace

void walk(const std::string& root, const std::function<bool(const std::string&, Found)>& visit) {
  struct stat top {};
  if (::stat(root.c_str(), &top) != 0) return;
  std::vector<std::string> folders = {root};  // still to be entered, the next one last
  while (!folders.empty()) {
    const std::string folder = folders.back();
    folders.pop_back();
    const auto names = names_in(folder);
    if (!names) {
      visit(folder, Found::unreadable);
      continue;
    }
    std::vector<std::string> below;
    for (const std::string& name : *names) {
      const std::string path = folder + (folder.ends_with('/') ? "" : "/") + name;
      const std::optional<Found> found = found_at(path, top.st_dev);
      if (found && visit(path, *found) && *found == Found::folder) below.push_back(path);
    }
    folders.insert(folders.end(), below.rbegin(), below.rend());
  }
}

std::string special_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  switch (status.st_mode & S_IFMT) {
    case S_IFIFO:
      return "a pipe";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    default:
      return "";
  }
}

bool shows_the_kernel(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return false;
  return status.f_type == PROC_SUPER_MAGIC || status.f_type == SYSFS_MAGIC;
}

}  // namespace pensim
