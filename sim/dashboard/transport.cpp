#include "sim/dashboard/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/vocabulary/verdict.h"

namespace pensim::dashboard {
namespace {

// 0: no limit
constexpr double speeds[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 0};
constexpr double goal_piece_s = 0.02;  // that a session is let run while it looks for a stroke or an event

double tick_s(const App& app) {
  return app.main.recording ? seconds(app.main.recording->tick_ns()) : seconds(default_tick_ns);
}

bool can_run_on(const App& app) { return app.session && app.session->state() != Session::State::ended; }

void halt(App& app) {
  app.playback.playing = app.playback.live = false;
  app.playback.goal = Goal::none;
  app.playback.target_s.reset();
  if (app.session) app.session->pause();
}

// The cursor stays in sight.
void show_cursor(App& app) {
  const double span = app.time.to_s - app.time.from_s;
  if (app.cursor_s >= app.time.from_s && app.cursor_s <= app.time.to_s) return;
  app.time.from_s = std::max(0.0, app.cursor_s > app.time.to_s ? app.cursor_s - 0.9 * span : app.cursor_s - 0.1 * span);
  app.time.to_s = app.time.from_s + span;
}

std::vector<double> stroke_times(const App& app) {
  std::vector<double> out;
  for (const StrokeRow& row : app.main.recording->strokes()) out.push_back(static_cast<double>(row.end) * tick_s(app));
  return out;
}

// The neighbour of `at` in an ascending list; false if there is none.
bool neighbour(const std::vector<double>& times, double at, int direction, double& found) {
  const double grain = 1e-9;
  if (direction > 0) {
    const auto next = std::upper_bound(times.begin(), times.end(), at + grain);
    if (next == times.end()) return false;
    found = *next;
  } else {
    const auto next = std::lower_bound(times.begin(), times.end(), at - grain);
    if (next == times.begin()) return false;
    found = *(next - 1);
  }
  return true;
}

std::vector<double> goal_times(const App& app, Goal goal) {
  return goal == Goal::stroke ? stroke_times(app) : event_times(app);
}

}  // namespace

std::vector<double> event_times(const App& app) {
  std::vector<double> out;
  if (!app.main.recording) return out;
  const Recording& r = *app.main.recording;
  for (const RecordedText& c : r.commands()) out.push_back(static_cast<double>(c.at) * tick_s(app));
  for (const RecordedText& f : r.findings()) out.push_back(static_cast<double>(f.at) * tick_s(app));
  for (const RecordedVerdict& v : r.verdicts())
    if (outcome_named(v.outcome) == Outcome::fail) out.push_back(v.at_s);
  if (!r.meta().fault.kind.empty()) out.push_back(r.meta().fault.at_s);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void seek(App& app, double at_s) {
  halt(app);
  app.plots.pointing = false;
  app.cursor_s = std::clamp(at_s, 0.0, last_tick_s(app));
  if (at_s > app.cursor_s + tick_s(app) / 2 && can_run_on(app)) {
    app.playback.target_s = std::min(at_s, duration_s(app));
    app.session->run_to(static_cast<Tick>(std::llround(*app.playback.target_s / tick_s(app))));
  }
  show_cursor(app);
}

void play_or_pause(App& app) {
  if (!app.main.recording) return;
  if (app.playback.playing || app.playback.goal != Goal::none || app.playback.target_s) return halt(app);
  app.playback.playing = true;
  if (app.cursor_s >= last_tick_s(app) - tick_s(app) / 2) {
    if (can_run_on(app))
      app.playback.live = true;
    else
      app.cursor_s = 0;  // again from the beginning
  }
}

void step(App& app, Step unit, int direction) {
  if (!app.main.recording) return;
  if (unit == Step::tick || unit == Step::control) {
    const double size = unit == Step::tick ? tick_s(app) : std::max(1e-3, tick_s(app));
    seek(app, (std::round(app.cursor_s / tick_s(app)) + direction * std::round(size / tick_s(app))) * tick_s(app));
    return;
  }
  const Goal goal = unit == Step::stroke ? Goal::stroke : Goal::event;
  double at = 0;
  if (neighbour(goal_times(app, goal), app.cursor_s, direction, at)) {
    seek(app, at);
  } else if (direction > 0 && can_run_on(app)) {
    halt(app);
    app.playback.goal = goal;
  } else {
    seek(app, direction > 0 ? last_tick_s(app) : 0);
  }
}

void change_speed(App& app, int direction) {
  const auto* at = std::find(std::begin(speeds), std::end(speeds), app.playback.speed);
  const auto next = std::clamp<std::ptrdiff_t>((at == std::end(speeds) ? 9 : at - std::begin(speeds)) + direction, 0,
                                               std::ssize(speeds) - 1);
  app.playback.speed = speeds[next];
}

std::string speed_text(double speed) { return speed == 0 ? "max" : fmt::format("{:g}×", speed); }

void take_runs(App& app) {
  Document& before = app.compare.against_ghost ? app.other : app.ghost;
  if (app.main.recording != &app.session->recording()) app.plots.violations = {};
  if (before.recording != app.session->ghost() || app.main.recording != &app.session->recording()) {
    app.plots.curves.clear();
    app.plots.measured.clear();
    app.compare.comparing.reset();
    app.compare.compared = false;
  }
  app.main.recording = &app.session->recording();
  before.recording = app.session->ghost();
}

void advance(App& app, double wall_s) {
  Playback& play = app.playback;
  if (app.session) {
    if (app.session->poll(wall_s)) {
      app.plots.curves.clear();
      app.plots.measured.clear();
    }
    take_runs(app);
  }
  if (!app.main.recording) return;
  const double computed = last_tick_s(app);
  if (play.target_s) {
    app.cursor_s = std::min(*play.target_s, computed);
    if (computed >= *play.target_s - tick_s(app) / 2 || !can_run_on(app)) play.target_s.reset();
  } else if (play.goal != Goal::none) {
    double at = 0;
    if (neighbour(goal_times(app, play.goal), app.cursor_s, +1, at)) {
      halt(app);
      app.cursor_s = at;
    } else if (!can_run_on(app)) {
      play.goal = Goal::none;
      app.cursor_s = computed;
    } else if (app.session->state() == Session::State::paused) {
      app.session->run_to(app.session->now() + static_cast<Tick>(goal_piece_s / tick_s(app)));
    }
  } else if (play.live) {
    if (app.session->speed() != play.speed) app.session->set_speed(play.speed);
    if (app.session->state() == Session::State::paused) app.session->play();
    app.cursor_s = computed;
    if (!can_run_on(app)) play.playing = play.live = false;
  } else if (play.playing) {
    app.cursor_s = play.speed == 0 ? computed : std::min(app.cursor_s + wall_s * play.speed, computed);
    if (app.cursor_s >= computed) {
      if (can_run_on(app))
        play.live = true;
      else
        play.playing = false;
    }
  }
  // After a change of the past the cursor waits for the run to come up to it.
  if (app.cursor_s > computed && app.session && !play.playing && can_run_on(app)) play.target_s = app.cursor_s;
  app.cursor_s = std::clamp(app.cursor_s, 0.0, computed);
  if (play.playing && app.time.follow) show_cursor(app);
}

void draw_transport(App& app) {
  const Theme& t = theme();
  if (!app.main.recording) return;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float unit = ImGui::GetFontSize();
  const double computed = computed_s(app), duration = std::max(duration_s(app), 1e-9);

  // Scrub: the whole run, what was computed, the part on show, events.
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = std::floor(unit * 1.1f);
  const Rect bar{p.x, p.y + std::floor(height * 0.3f), p.x + width, p.y + std::floor(height * 0.7f)};
  const auto x_of = [&](double s) {
    return bar.x0 + static_cast<float>(std::clamp(s / duration, 0.0, 1.0)) * bar.width();
  };
  ImGui::InvisibleButton("scrub", {width, height});
  const bool hovered = ImGui::IsItemHovered();
  if (ImGui::IsItemActive())
    seek(app, std::min((ImGui::GetIO().MousePos.x - bar.x0) / bar.width() * duration, computed));
  if (hovered)
    tooltip(format_time(std::clamp((ImGui::GetIO().MousePos.x - bar.x0) / bar.width(), 0.0f, 1.0f) * duration, 1e-3));
  const float round = bar.height() / 2;
  list->AddRectFilled({bar.x0, bar.y0}, {bar.x1, bar.y1}, t.raised, round);
  list->AddRectFilled({bar.x0, bar.y0}, {x_of(computed), bar.y1}, mix(t.raised, t.ink, 0.18f), round);
  list->AddRectFilled({x_of(app.time.from_s), bar.y0},
                      {std::max(x_of(app.time.to_s), x_of(app.time.from_s) + 2), bar.y1}, with_alpha(t.accent, 0.45f),
                      round);
  float last = -1e9f;
  for (const double at : event_times(app)) {
    const float x = std::floor(x_of(at));
    if (x < last + 2) continue;
    last = x;
    list->AddRectFilled({x, bar.y0 - 2}, {x + std::max(1.0f, std::floor(app.scale)), bar.y1 + 2}, t.dim);
  }
  list->AddCircleFilled({x_of(app.cursor_s), (bar.y0 + bar.y1) / 2}, height * 0.36f, t.accent, 24);
  list->AddCircleFilled({x_of(app.cursor_s), (bar.y0 + bar.y1) / 2}, height * 0.17f, t.panel, 16);

  // Buttons.
  const struct {
    Icon icon;
    Step unit;
    const char* name;
    const char* keys;
  } steps[] = {{Icon::event, Step::event, "event", "ctrl+shift+arrow"},
               {Icon::stroke, Step::stroke, "stroke", "ctrl+arrow"},
               {Icon::control, Step::control, "control period, 1 ms", "shift+arrow"},
               {Icon::tick, Step::tick, "tick", "arrow"}};
  const float gap = std::floor(unit * 0.15f);
  if (icon_button("begin", Icon::to_begin, "To the start  (Home)")) seek(app, 0);
  for (const auto& s : steps) {
    ImGui::SameLine(0, gap);
    if (icon_button(fmt::format("back {}", s.name).c_str(), s.icon,
                    fmt::format("Step one {} back  ({} left)", s.name, s.keys), true))
      step(app, s.unit, -1);
  }
  ImGui::SameLine(0, unit * 0.5f);
  const bool busy = app.playback.playing || app.playback.goal != Goal::none || app.playback.target_s;
  if (icon_button("play", busy ? Icon::pause : Icon::play,
                  busy          ? "Pause  (space)"
                  : app.session ? "Run  (space)"
                                : "Play  (space)",
                  false, true))
    play_or_pause(app);
  ImGui::SameLine(0, unit * 0.5f);
  for (int i = 3; i >= 0; --i) {
    if (icon_button(fmt::format("on {}", steps[i].name).c_str(), steps[i].icon,
                    fmt::format("Step one {} forward  ({} right)", steps[i].name, steps[i].keys)))
      step(app, steps[i].unit, +1);
    ImGui::SameLine(0, gap);
  }
  if (icon_button("end", Icon::to_end, "To the end of the computed part  (End)")) seek(app, last_tick_s(app));

  ImGui::SameLine(0, unit);
  ImGui::PushFont(font(Font::number));
  const ImVec2 combo = ImGui::GetCursorScreenPos();
  std::vector<std::string> words;
  for (const double s : speeds) words.push_back(speed_text(s));
  int chosen = static_cast<int>(std::find(std::begin(speeds), std::end(speeds), app.playback.speed) - speeds);
  if (choose("##speed", speed_text(app.playback.speed), unit * 5.2f, words, chosen))
    app.playback.speed = speeds[chosen];
  ImGui::PopFont();
  const float caret = unit * 0.28f, caret_x = combo.x + unit * 4.4f, caret_y = combo.y + ImGui::GetFrameHeight() / 2;
  list->AddTriangleFilled({caret_x - caret, caret_y - caret / 2}, {caret_x + caret, caret_y - caret / 2},
                          {caret_x, caret_y + caret * 0.7f}, t.dim);
  tooltip("Simulation speed relative to real time  (+ and -)");

  // Times at the right: instant, length, wall time or how a recomputation goes.
  std::string state;
  if (app.session) {
    const double catching_up = app.session->catching_up();
    if (catching_up < 1)
      state = fmt::format("recomputing {:.0f} %", catching_up * 100);
    else if (app.session->state() == Session::State::running)
      state = fmt::format("running {:.3g}×", app.session->real_time_factor());
    else if (app.session->state() == Session::State::starting)
      state = "starting";
    else if (app.session->state() == Session::State::ended)
      state = app.session->fault() ? "firmware fault" : "ended";
    else
      state = "paused";
  } else {
    state = app.main.recording->meta().source == "simulation" ? "recording" : app.main.recording->meta().source;
  }
  const std::string hash = !app.session                     ? app.main.recording->meta().hash
                           : app.session->catching_up() < 1 ? std::string()
                                                            : app.session->hash();
  const int tick_digits = 5;
  const std::string now = fmt::format("{:.{}f} s", app.cursor_s, tick_digits), of = fmt::format("/ {:.4g} s", duration);
  const ImVec2 now_size = text_size(Font::number, now), of_size = text_size(Font::number, of),
               state_size = text_size(Font::small, state);
  ImGui::SameLine();
  const float y = ImGui::GetCursorScreenPos().y + (ImGui::GetFrameHeight() - font(Font::number)->FontSize) / 2;
  float right = p.x + width;
  const float left = ImGui::GetCursorScreenPos().x;
  draw_text(list, Font::number, right - of_size.x, y, t.dim, of);
  right -= of_size.x + unit * 0.5f;
  draw_text(list, Font::number, right - now_size.x, y, t.ink, now);
  right -= now_size.x + unit * 1.2f;
  if (right - state_size.x > left)
    draw_text(list, Font::small, right - state_size.x, y, app.session && app.session->fault() ? t.bad : t.dim, state);
  right -= state_size.x + unit * 1.2f;
  const ImVec2 hash_size = text_size(Font::small_number, hash);
  if (!hash.empty() && right - hash_size.x > left) {
    ImGui::SetCursorScreenPos({right - hash_size.x, y});
    if (ImGui::InvisibleButton("hash", hash_size)) {
      ImGui::SetClipboardText(hash.c_str());
      app.notice = "Copied: the hash of the run";
    }
    draw_text(list, Font::small_number, right - hash_size.x, y, ImGui::IsItemHovered() ? t.ink : t.dim, hash);
    tooltip("Hash of all that the core read and wrote: `pensim run` prints the same. Click: copies it.");
    right -= hash_size.x + unit * 1.2f;
  }
  const std::string tick = fmt::format("tick {}", std::llround(app.cursor_s / tick_s(app)));
  if (right - text_size(Font::small_number, tick).x > left)
    draw_text(list, Font::small_number, right - text_size(Font::small_number, tick).x, y, t.faint, tick);
  ImGui::NewLine();
}

}  // namespace pensim::dashboard
