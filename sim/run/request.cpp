#include "sim/run/request.h"

#include <filesystem>

namespace pensim {

namespace fs = std::filesystem;

std::string recording_path(const std::string& out_dir, const std::string& label) {
  fs::path path(out_dir);
  for (const fs::path& part : fs::path(label).relative_path())
    if (part != "." && part != ".." && part != "") path /= part;
  return path.replace_extension(".h5").string();
}

}  // namespace pensim
