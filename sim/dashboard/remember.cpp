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

// Plots by kind of run; what is not of this form is left out.
std::map<std::string, std::vector<Plot>> plots_from(const nlohmann::json& json) {
  std::map<std::string, std::vector<Plot>> out;
  if (!json.is_object()) return out;
  for (const auto& [kind, list] : json.items()) {
    if (!list.is_array()) continue;
    for (const auto& item : list) {
      if (!item.is_object() || !item.contains("signals") || !item["signals"].is_array()) continue;
      Plot plot;
      if (item.contains("title") && item["title"].is_string()) plot.title = item["title"];
      if (item.contains("log") && item["log"].is_boolean()) plot.log = item["log"];
      for (const auto& name : item["signals"])
        if (name.is_string()) plot.signals.push_back(name);
      if (!plot.signals.empty() && out[kind].size() < 32) out[kind].push_back(std::move(plot));
    }
  }
  return out;
}

nlohmann::json json_of(const std::map<std::string, std::vector<Plot>>& plots) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [kind, list] : plots)
    for (const Plot& p : list) out[kind].push_back({{"title", p.title}, {"signals", p.signals}, {"log", p.log}});
  return out;
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
  if (const auto plots = json.find("plots"); plots != json.end()) out.plots = plots_from(*plots);
  if (const auto enlarged = json.find("enlarged"); enlarged != json.end() && enlarged->is_number())
    out.enlarged = std::clamp(static_cast<float>(enlarged->get<double>()), 0.7f, 2.5f);
  if (const auto saved = json.find("saved"); saved != json.end() && saved->is_array())
    for (const auto& path : *saved)
      if (path.is_string() && out.saved.size() < 50) out.saved.push_back(path);
  return out;
}

void remember(const Remembered& r) {
  const std::filesystem::path path = file();
  if (path.empty()) return;
  const nlohmann::json json{{"dark", r.dark},        {"layout", layout_name(r.layout)}, {"width", r.width},
                            {"height", r.height},    {"plots", json_of(r.plots)},       {"saved", r.saved},
                            {"enlarged", r.enlarged}};
  try {
    std::filesystem::create_directories(path.parent_path());
    replace_file(path, json.dump(2) + "\n");
  } catch (const std::system_error&) {  // then the next start begins with the defaults
  }
}

}  // namespace pensim::dashboard
