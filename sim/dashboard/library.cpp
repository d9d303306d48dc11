#include "sim/dashboard/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/input_error.h"
#include "sim/platform/program.h"

namespace pensim::dashboard {
namespace fs = std::filesystem;
namespace {

constexpr int thumbnail_columns = 96;

void list_files(Library& library) {
  library.listed = true;
  library.complete = false;
  library.scenarios.clear();
  library.recordings.clear();
  library.problem.clear();
  std::error_code error;
  if (!fs::is_directory(library.scenarios_folder, error))
    if (const std::string shared = share_path("scenarios"); !shared.empty()) library.scenarios_folder = shared;
  try {
    for (const ScenarioFile& file : expand_scenarios({library.scenarios_folder})) {
      LibraryScenario entry;
      entry.path = file.path;
      entry.label = file.label;
      const std::string inside =
          fs::path(file.path).parent_path().lexically_relative(library.scenarios_folder).string();
      entry.folder = inside.empty() || inside == "." ? "scenarios" : inside;
      library.scenarios.push_back(entry);
    }
  } catch (const InputError& e) {
    library.problem = e.what();
  }
  for (const std::string& path : library.saved) {  // scenarios that were saved elsewhere
    const bool listed = std::any_of(library.scenarios.begin(), library.scenarios.end(),
                                    [&](const LibraryScenario& s) { return fs::equivalent(s.path, path, error); });
    if (!listed && fs::is_regular_file(path, error)) {
      LibraryScenario entry;
      entry.path = entry.label = path;
      entry.folder = "saved";
      library.scenarios.push_back(entry);
    }
  }
  std::stable_sort(library.scenarios.begin(), library.scenarios.end(), [](const auto& a, const auto& b) {
    const bool a_first = a.folder == "treatment", b_first = b.folder == "treatment";
    return a_first != b_first ? a_first : a.folder < b.folder;
  });
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  for (fs::recursive_directory_iterator it(library.runs_folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && it != end; it.increment(error))
    if (it->path().extension() == ".h5") {
      std::error_code ignored;
      found.emplace_back(fs::last_write_time(it->path(), ignored), it->path().string());
    }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  for (const auto& [time, path] : found) {
    LibraryRecording entry;
    entry.path = path;
    library.recordings.push_back(entry);
  }
}

void read(LibraryScenario& entry) {
  entry.read = true;
  try {
    const Scenario scenario = load_scenario(entry.path);
    entry.title = scenario.title;
    entry.tags = scenario.tags;
    entry.duration_s = seconds(scenario.duration * scenario.tick_ns);
  } catch (const std::exception& e) {
    entry.problem = e.what();
  }
}

void read(LibraryRecording& entry) {
  entry.read = true;
  try {
    const Recording recording = Recording::open(entry.path);
    entry.title = recording.meta().title;
    entry.scenario = recording.meta().scenario_path;
    entry.verdict = recording.meta().verdict;
    entry.duration_s = recording.duration_s();
    if (recording.ticks() > 0 && recording.has("needle.tip_depth"))
      entry.depth = recording.envelope("needle.tip_depth", 0, recording.ticks() - 1, thumbnail_columns);
  } catch (const std::exception& e) {
    entry.problem = e.what();
  }
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void draw_thumbnail(ImDrawList* list, const Rect& room, const std::vector<MinMax>& depth) {
  float low = 0, high = 1e-6f;
  for (const MinMax& m : depth)
    if (std::isfinite(m.min) && std::isfinite(m.max)) low = std::min(low, m.min), high = std::max(high, m.max);
  const auto y = [&](float v) { return room.y1 - (v - low) / (high - low) * room.height(); };
  const Theme& t = theme();
  list->AddLine({room.x0, y(0)}, {room.x1, y(0)}, t.border);
  for (std::size_t i = 0; i < depth.size(); ++i) {
    if (!std::isfinite(depth[i].min)) continue;
    const float x0 = room.x0 + room.width() * static_cast<float>(i) / static_cast<float>(depth.size());
    const float x1 = room.x0 + room.width() * static_cast<float>(i + 1) / static_cast<float>(depth.size());
    list->AddRectFilled({x0, std::min(y(depth[i].max), y(depth[i].min) - 1)}, {x1, y(depth[i].min)},
                        with_alpha(signal_colour("needle.tip_depth"), 0.85f));
  }
}

// One line of the lists: true when pressed. Nothing is drawn when it is out of sight.
struct Row {
  bool pressed = false, visible = false;
  Rect room;
};
Row begin_row(const char* id, float height, bool marked) {
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  Row row;
  row.room = {p.x, p.y, p.x + width, p.y + height};
  row.pressed = ImGui::InvisibleButton(id, {width, height});
  row.visible = ImGui::IsItemVisible();
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float round = ImGui::GetStyle().FrameRounding;
  if (marked)
    list->AddRectFilled(p, {row.room.x1, row.room.y1}, with_alpha(t.accent, 0.18f), round);
  else if (ImGui::IsItemHovered())
    list->AddRectFilled(p, {row.room.x1, row.room.y1}, with_alpha(t.ink, 0.05f), round);
  return row;
}

// Of what the keyboard has come to.
void show_mark(ListMark& mark, int index) {
  if (mark.at == index && mark.moved) ImGui::SetScrollHereY();
}

void draw_scenarios(App& app, std::string& open, bool enter) {
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize(), height = std::floor(unit * 2.9f), pad = std::floor(unit * 0.6f);
  std::string folder;
  int shown = 0;
  const bool any_verdict = std::any_of(app.library.recordings.begin(), app.library.recordings.end(),
                                       [](const LibraryRecording& r) { return !r.scenario.empty(); }) ||
                           std::any_of(app.library.scenarios.begin(), app.library.scenarios.end(),
                                       [](const LibraryScenario& s) { return !s.problem.empty(); });
  for (const LibraryScenario& s : app.library.scenarios) {
    std::string all = s.title + " " + s.path;
    for (const std::string& tag : s.tags) all += " " + tag;
    if (!matches(app.library.search, all)) continue;
    ++shown;
    if (s.folder != folder) {
      if (!folder.empty()) ImGui::Dummy({0, unit * 0.3f});
      folder = s.folder;
      text(Font::small, t.accent, folder);
    }
    const int index = shown - 1;
    const Row row = begin_row(s.path.c_str(), height, app.library.mark.at == index);
    show_mark(app.library.mark, index);
    if (row.pressed || (enter && app.library.mark.at == index)) open = s.path;
    if (!s.problem.empty()) tooltip(s.problem);
    if (!row.visible) continue;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const LibraryRecording* last = nullptr;
    for (const LibraryRecording& r : app.library.recordings)
      if (r.read && r.problem.empty() && (r.scenario == s.path || r.scenario == s.label)) {
        last = &r;
        break;
      }
    float right = row.room.x1 - pad;
    const std::string verdict = !s.problem.empty() ? "error" : last ? last->verdict : "";
    const std::string word = !s.problem.empty() ? "has a problem" : last ? verdict_word(verdict) : "";
    if (!word.empty()) {
      const ImVec2 size = chip_size(word);
      draw_chip(list, right - size.x, row.room.y0 + (height - size.y) / 2, verdict_colour(verdict), word);
    }
    if (any_verdict) right -= unit * 7.2f;  // columns line up whatever the word
    const std::string duration = s.read && s.problem.empty() ? fmt::format("{:.4g} s", s.duration_s) : "";
    draw_text(list, Font::number, right - text_size(Font::number, duration).x,
              row.room.y0 + (height - font(Font::number)->FontSize) / 2, t.dim, duration);
    right -= unit * 4.2f;
    const float room = right - row.room.x0 - pad;
    const std::string title = !s.read              ? s.path
                              : !s.problem.empty() ? first_line(s.problem)
                              : s.title.empty()    ? s.label
                                                   : s.title;
    draw_text(list, Font::text, row.room.x0 + pad, row.room.y0 + unit * 0.3f, t.ink, fit_text(Font::text, title, room));
    std::string below = fs::path(s.path).filename().string();
    for (const std::string& tag : s.tags) below += "  ·  " + tag;
    draw_text(list, Font::small, row.room.x0 + pad, row.room.y0 + unit * 1.55f, t.dim,
              fit_text(Font::small, below, room));
  }
  app.library.shown_scenarios = shown;
  if (shown == 0) {
    if (!app.library.problem.empty())
      draw_empty("No scenarios found", app.library.problem);
    else
      draw_empty("No scenario matches '" + app.library.search + "'",
                 "Search looks at titles, file names and tags; Escape clears it.");
  }
}

void draw_recordings(App& app, std::string& open, bool enter) {
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize(), height = std::floor(unit * 3.4f), pad = std::floor(unit * 0.6f);
  int shown = 0;
  for (const LibraryRecording& r : app.library.recordings) {
    if (!matches(app.library.search, r.title + " " + r.path + " " + r.verdict)) continue;
    ++shown;
    const int index = app.library.shown_scenarios + shown - 1;
    const Row row = begin_row(r.path.c_str(), height, r.path == app.library.first || app.library.mark.at == index);
    show_mark(app.library.mark, index);
    if (row.pressed || (enter && app.library.mark.at == index)) {
      if (!ImGui::GetIO().KeyShift)
        open = r.path;
      else
        app.library.first = app.library.first == r.path ? "" : r.path;
    }
    if (!r.problem.empty()) tooltip(r.problem);
    if (!row.visible) continue;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float thumb = std::floor(unit * 6.5f);
    if (!r.depth.empty())
      draw_thumbnail(
          list, {row.room.x0 + pad, row.room.y0 + unit * 0.5f, row.room.x0 + pad + thumb, row.room.y1 - unit * 0.5f},
          r.depth);
    const float left = row.room.x0 + 2 * pad + thumb;
    float right = row.room.x1 - pad;
    if (r.read) {
      const std::string verdict = r.problem.empty() ? r.verdict : "error",
                        word = r.problem.empty() ? verdict_word(verdict) : "damaged";
      const ImVec2 size = chip_size(word);
      draw_chip(list, right - size.x, row.room.y0 + unit * 0.35f, verdict_colour(verdict), word);
      const std::string duration = r.problem.empty() ? fmt::format("{:.4g} s", r.duration_s) : "";
      draw_text(list, Font::small_number, right - text_size(Font::small_number, duration).x, row.room.y0 + unit * 2.0f,
                t.dim, duration);
      right -= std::max(size.x, unit * 4.0f) + pad;
    }
    const std::string title = !r.problem.empty() ? first_line(r.problem) : r.title.empty() ? r.path : r.title;
    draw_text(list, Font::text, left, row.room.y0 + unit * 0.45f, t.ink, fit_text(Font::text, title, right - left));
    draw_text(list, Font::small, left, row.room.y0 + unit * 1.95f, t.dim, fit_text(Font::small, r.path, right - left));
  }
  app.library.shown_recordings = shown;
  if (shown == 0) {
    if (app.library.recordings.empty())
      draw_empty("No recordings yet", "A recording is written to " + app.library.runs_folder +
                                          "/ by `pensim run SCENARIO`; pick a scenario on the left to run one live.");
    else
      draw_empty("No recording matches '" + app.library.search + "'",
                 "Search looks at titles, paths and verdicts; Escape clears it.");
  }
}

}  // namespace

std::string counted(const Library& library) {
  const auto count = [&](std::size_t all, int shown, const char* what) {
    const std::string words = fmt::format("{} {}{}", all, what, all == 1 ? "" : "s");
    return library.search.empty() ? words : fmt::format("{} of {}", shown, words);
  };
  return count(library.scenarios.size(), library.shown_scenarios, "scenario") + "  ·  " +
         count(library.recordings.size(), library.shown_recordings, "recording");
}

bool read_library(Library& library, int count) {
  if (!library.listed) list_files(library);
  const auto read_some = [&](auto& entries) {
    for (auto& entry : entries)
      if (!entry.read && count-- > 0) read(entry);
  };
  read_some(library.recordings);
  read_some(library.scenarios);
  return library.complete = count >= 0;
}

void draw_library(App& app) {
  const Theme& t = theme();
  Library& library = app.library;
  read_library(library, 4);
  const float unit = ImGui::GetFontSize();

  ImGui::SetNextItemWidth(std::min(ImGui::GetContentRegionAvail().x * 0.5f, unit * 30));
  if (app.plots.focus_search) {
    ImGui::SetKeyboardFocusHere();
    app.plots.focus_search = false;
  }
  char search[128] = {};
  library.search.copy(search, sizeof search - 1);
  if (ImGui::InputTextWithHint("##search", "Search scenarios and recordings   /", search, sizeof search)) {
    library.search = search;
    library.mark = {library.search.empty() ? -1 : 0, true};
  }
  const bool enter = !app.overlay.help &&
                     list_keys(library.mark.at, library.mark.moved, library.shown_scenarios + library.shown_recordings);
  std::size_t unread = 0;
  for (const LibraryScenario& s : library.scenarios) unread += !s.read;
  for (const LibraryRecording& r : library.recordings) unread += !r.read;
  const std::string counts = unread > 0 ? fmt::format("reading, {} files left", unread) : counted(library);
  ImGui::SameLine();
  ImGui::SetCursorPosX(ImGui::GetWindowWidth() - ImGui::GetStyle().WindowPadding.x - text_size(Font::small, counts).x);
  ImGui::AlignTextToFramePadding();
  text(Font::small, t.dim, counts);

  std::string scenario, recording;
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float gap = ImGui::GetStyle().ItemSpacing.x, half = std::floor((room.x - gap) * 0.56f);
  begin_panel("scenarios", "SCENARIOS  ·  click one to run it", {half, room.y});
  ImGui::BeginChild("list");
  draw_scenarios(app, scenario, enter);
  ImGui::EndChild();
  end_panel();
  ImGui::SameLine(0, gap);
  begin_panel("recordings",
              library.first.empty() ? "RECORDINGS  ·  click one to open it, shift + click to compare"
                                    : "RECORDINGS  ·  click the one to compare with",
              {room.x - gap - half, room.y});
  ImGui::BeginChild("list");
  draw_recordings(app, recording, enter);
  ImGui::EndChild();
  end_panel();

  try {
    if (!scenario.empty()) {
      library.first.clear();
      open_scenario(app, scenario);
    } else if (!recording.empty() && !library.first.empty() && recording != library.first) {
      open_comparison(app, library.first, recording);
      library.first.clear();
    } else if (!recording.empty()) {
      open_recording(app, recording);
    }
  } catch (const InputError& e) {
    app.message = e.what();
  }
}

}  // namespace pensim::dashboard
