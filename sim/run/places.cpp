#include "sim/run/places.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "sim/engine/plan.h"
#include "sim/platform/file.h"
#include "sim/platform/walk.h"
#include "sim/recording/file_sum.h"
#include "sim/recording/recording.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

// The nearest folder above that is there.
fs::path standing_folder(fs::path folder) {
  std::error_code error;
  if (folder.empty()) folder = ".";
  while (!fs::exists(folder, error) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  return fs::exists(folder, error) ? folder : fs::path(".");
}

std::string size_text(double bytes) {
  return bytes >= 1e9 ? fmt::format("{:.1f} GB", bytes / 1e9) : fmt::format("{:.0f} MB", bytes / 1e6);
}

// Why a file that is there may not be moved or lost; "" if it may.
std::string standing_refusal(const std::string& path, GivesWay who) {
  const char* const refusal = who == GivesWay::recording_of_run ? "the recording of a field log is there already"
                                                                : "the recording of a run is there already";
  std::error_code error;
  if (fs::file_size(path, error) == 0 && !error) return "";
  try {
    FileMark mark = file_mark(path);
    if (mark == FileMark::none)  // of an earlier program, if any
      mark = Recording::open(path).meta().source == "field log" ? FileMark::log : FileMark::run;
    return (mark == FileMark::log) == (who == GivesWay::field_log) ? "" : refusal;
  } catch (const std::exception&) {
    return "a file is there already that is no recording of this program";
  }
}

constexpr std::size_t longest_name = 255 - 5;  // of a file, with .prev
constexpr const char* mend_standing = "give another --out, move the file away, or take --force";

InputProblem at_recording(const std::string& path, const std::string& why, const std::string& help) {
  return {{path, 0, 0}, "the recording cannot be put there: " + why, help};
}

std::vector<InputProblem> check_disk(const std::vector<RunRequest>& requests, const RunOptions& options) {
  double bytes = 0;
  for (const RunRequest& r : requests) bytes += recording_bytes(r.resolved, options.compress);
  std::error_code error;
  const fs::space_info space = fs::space(standing_folder(options.out_dir), error);
  if (error || bytes <= static_cast<double>(space.available)) return {};
  return {{{options.out_dir, 0, 0},
           fmt::format("the recordings of {} would take about {}, {} are free",
                       requests.size() == 1 ? "this run" : fmt::format("these {} runs", requests.size()),
                       size_text(bytes), size_text(static_cast<double>(space.available))),
           "--keep none or failed, a shorter duration, another disk with --out; --force tries it"}};
}

}  // namespace

std::string folder_refusal(const std::string& folder) {
  std::error_code error;
  const fs::path above = standing_folder(folder);
  if (!fs::is_directory(above, error)) return above.string() + " is no folder";
  return access(above.c_str(), W_OK | X_OK) == 0 ? "" : above.string() + ": " + std::strerror(errno);
}

double recording_bytes(const ResolvedScenario& scenario, bool compress) {
  const RecordingPlan plan = recording_plan(scenario);
  constexpr double io_bytes = 48, pyramid = 1 + 2.0 / 64;
  const double columns =
      static_cast<double>(plan.tick.size()) + static_cast<double>(plan.ms.size()) / static_cast<double>(plan.ms_ticks);
  const double per_tick = (plan.kind == RecordingKind::pen ? io_bytes : 0) + sizeof(float) * pyramid * columns;
  constexpr double compressed = 0.3;  // of a pen at work 0.2
  const bool is_compressed = compress || scenario.duration * scenario.tick_ns > long_run_ns;
  return per_tick * static_cast<double>(scenario.duration) * (is_compressed ? compressed : 1.0);
}

std::string recording_refusal(const std::string& path, GivesWay who, bool force) {
  std::error_code error;
  const std::string previous = path + ".prev";
  const auto status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::directory) return "it is a folder";
  if (const std::string special = special_file(path); !special.empty()) return "it is " + special;
  if (const std::string folder = fs::path(path).parent_path().string();
      !folder.empty() && !fs::is_directory(folder, error))
    return folder_refusal(folder);
  const bool there = fs::exists(status);
  if (there && fs::is_directory(previous, error)) return previous + ", where the old one would go, is a folder";
  if (const std::string why = place_refusal(there ? previous : path, {}, true); !why.empty()) return why;
  if (!there || force) return "";
  if (const std::string why = standing_refusal(path, who); !why.empty()) return why;
  if (fs::exists(previous, error))
    if (const std::string why = standing_refusal(previous, who); !why.empty())
      return "the one that is there would become " + previous + ", but " + why;
  return "";
}

std::vector<InputProblem> check_places(const std::vector<RunRequest>& requests, const RunOptions& options) {
  std::vector<InputProblem> problems;
  if (options.keep == Keep::none) return problems;
  std::map<std::string, std::string> labels;   // by recording
  std::map<std::string, std::string> folders;  // what is wrong with them
  for (const RunRequest& r : requests) {
    const std::string path = recording_path(options.out_dir, r.label);
    const auto [known, is_new] = labels.emplace(path, r.label);
    if (!is_new) {
      problems.push_back({{r.label, 0, 0},
                          fmt::format("its recording would be {}, which is that of {}", path, known->second),
                          "run them in two calls with their own --out, rename one, or take --keep none"});
      continue;
    }
    const std::string folder = fs::path(path).parent_path().string();
    const auto [seen, first] = folders.emplace(folder, "");
    std::error_code error;
    if (first && !fs::is_directory(folder, error)) seen->second = folder_refusal(folder);
    std::string why = seen->second;
    if (why.empty() && fs::path(path).filename().string().size() > longest_name) {
      problems.push_back(
          at_recording(path, "its name is too long", "rename the scenario: 247 bytes without .yaml at most"));
      continue;
    }
    if (why.empty() && fs::is_directory(folder, error))
      why = recording_refusal(path, GivesWay::recording_of_run, options.force);
    if (!why.empty()) problems.push_back(at_recording(path, why, mend_standing));
  }
  if (problems.empty() && options.keep == Keep::all && !options.force) problems = check_disk(requests, options);
  return problems;
}

}  // namespace pensim
