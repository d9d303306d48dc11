#include "sim/dashboard/remember.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "sim/dashboard/keys.h"
#include "sim/platform/file.h"

namespace pensim::dashboard {
namespace {

std::filesystem::path file() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state)
    return std::filesystem::path(state) / "pensim/dashboard.json";
  if (const char* home = std::getenv("HOME"); home && *home)
    return std::filesystem::path(home) / ".local/state/pensim/dashboard.json";
  return {};
}

}  // namespace

Remembered recall() {
  Remembered out;
  std::ifstream in(file());
  const nlohmann::json json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_object()) return out;
  if (const auto dark = json.find("dark"); dark != json.end() && dark->is_boolean()) out.dark = *dark;
  if (const auto layout = json.find("layout"); layout != json.end() && layout->is_string())
    layout_from_name(*layout, out.layout);
  const auto size = [&](const char* key, int low, int high, int& value) {
    if (const auto found = json.find(key); found != json.end() && found->is_number_integer())
      value = std::clamp<int>(static_cast<int>(std::clamp<std::int64_t>(*found, low, high)), low, high);
  };
  size("width", 640, 16384, out.width);
  size("height", 400, 16384, out.height);
  return out;
}

void remember(const Remembered& r) {
  const std::filesystem::path path = file();
  if (path.empty()) return;
  const nlohmann::json json{
      {"dark", r.dark}, {"layout", layout_name(r.layout)}, {"width", r.width}, {"height", r.height}};
  try {
    std::filesystem::create_directories(path.parent_path());
    replace_file(path, json.dump(2) + "\n");
  } catch (const std::system_error&) {  // then the next start begins with the defaults
  }
}

}  // namespace pensim::dashboard
