#include "sim/dashboard/open.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "sim/dashboard/history.h"
#include "sim/input/input_error.h"
#include "sim/vocabulary/verdict.h"

namespace pensim::dashboard {
namespace {

bool is_hdf5(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0)
    throw InputError({{path, 0, 0},
                      "no such file",
                      "give a scenario (.yaml) or a recording (.h5); `pensim list` shows the scenarios"});
  if (S_ISDIR(info.st_mode))
    throw InputError(
        {{path, 0, 0},
         "this is a folder",
         "give one scenario (.yaml) or recording (.h5); without an argument the dashboard opens its library"});
  char magic[8] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  return std::string(magic, 8) == "\x89HDF\r\n\x1a\n";
}

Document document_of(const std::string& path) {
  if (!is_hdf5(path))
    throw InputError({{path, 0, 0},
                      "this is not a recording",
                      "give a .h5 file that `pensim run` wrote; a field log first goes through `pensim import`"});
  Document document;
  document.owned = std::make_unique<Recording>(Recording::open(path));
  document.recording = document.owned.get();
  const Recording& r = *document.recording;
  if (r.ticks() == 0) throw InputError({{path, 0, 0}, "the recording contains no samples", "run its scenario again"});
  document.label = r.meta().title.empty() ? path : r.meta().title;
  for (const RecordedVerdict& v : r.verdicts())
    document.requirements.push_back({v.id, v.text, v.that, v.may_be_vacuous, false, {path, 0, 0}});
  return document;
}

void begin_view(App& app, double duration) {
  app.ghost = {};
  app.cursor_s = 0;
  app.mark_a_s.reset();
  app.mark_b_s.reset();
  app.time = {0, std::max(duration, 1e-3), true};
  app.selected = {};
  app.message.clear();
  app.playback.playing = app.playback.live = false;
  app.playback.goal = Goal::none;
  app.playback.target_s.reset();
  app.plots.plots.clear();
  app.plots.curves.clear();
  app.plots.measured.clear();
  app.plots.violations = {};
  app.compare = {};
  app.rebuild = {};
  app.history = {};
  app.requirements = {};
}

void show_session(App& app, std::unique_ptr<Session> session, const std::string& path) {
  app.session = std::move(session);
  const Scenario& scenario = app.session->scenario();
  begin_view(app, seconds(app.session->duration() * scenario.tick_ns));
  app.main = {};
  app.main.recording = &app.session->recording();
  app.main.label = scenario.title.empty() ? path : scenario.title;
  app.main.requirements = scenario.requirements;
  app.other = {};
  app.screen = Screen::run;
  if (app.layout == Layout::compare) app.layout = Layout::run;
}

}  // namespace

void open_scenario(App& app, const std::string& path, const SessionOptions& options) {
  show_session(app, std::make_unique<Session>(path, options), path);
  app.playback.playing = app.playback.live = true;
}

void open_live(App& app, const SessionOptions& options) {
  const double at_s = app.cursor_s;
  show_session(app, Session::of_recording(*app.main.recording, options), app.main.label);
  app.playback.target_s = std::min(at_s, seconds(app.session->duration() * app.session->scenario().tick_ns));
  app.session->run_to(
      static_cast<Tick>(std::llround(*app.playback.target_s / seconds(app.session->scenario().tick_ns))));
}

void open_recording(App& app, const std::string& path) {
  Document document = document_of(path);
  app.session.reset();
  app.main = std::move(document);
  app.other = {};
  begin_view(app, app.main.recording->duration_s());
  app.screen = Screen::run;
  if (app.layout == Layout::compare) app.layout = Layout::run;
  // What is looked at first: where a requirement failed, else the middle.
  app.cursor_s = app.main.recording->duration_s() / 2;
  for (const RecordedVerdict& v : app.main.recording->verdicts())
    if (outcome_named(v.outcome) == Outcome::fail) {
      app.cursor_s = std::clamp(v.at_s, 0.0, last_tick_s(app));
      app.selected.requirement = v.id;
      break;
    }
}

void open_comparison(App& app, const std::string& path, const std::string& other) {
  Document second = document_of(other);
  open_recording(app, path);
  app.other = std::move(second);
  if (app.main.label == app.other.label) app.main.label = path, app.other.label = other;  // told apart by their files
  app.screen = Screen::compare;
  app.layout = Layout::compare;
  app.time.to_s = std::max(app.time.to_s, app.other.recording->duration_s());
}

void open_any(App& app, const std::string& path) {
  if (is_hdf5(path))
    open_recording(app, path);
  else
    open_scenario(app, path);
}

void show_library(App& app) {
  app.requirements = {};
  app.session.reset();
  app.main = {};
  app.other = {};
  app.ghost = {};
  app.compare = {};
  app.rebuild = {};
  app.history = {};
  app.plots.curves.clear();
  app.plots.plots.clear();
  app.playback = {};
  app.library.listed = false;  // runs may have come
  app.screen = Screen::library;
}

void leave(App& app, Overlay::Leave where) {
  if (unsaved(app)) {
    app.overlay = {};
    app.overlay.leave = where;
  } else if (where == Overlay::Leave::to_library) {
    show_library(app);
  } else {
    app.quit = true;
  }
}

bool may_close(App& app) {
  if (!app.quit) leave(app, Overlay::Leave::quit);
  return app.quit;
}

double computed_s(const App& app) { return app.main.recording ? app.main.recording->duration_s() : 0.0; }

double last_tick_s(const App& app) {
  const Recording* r = app.main.recording;
  return r && r->ticks() > 0 ? seconds((r->ticks() - 1) * r->tick_ns()) : 0.0;
}

double duration_s(const App& app) {
  if (app.session) return std::max(seconds(app.session->duration() * app.session->scenario().tick_ns), computed_s(app));
  return computed_s(app);
}

}  // namespace pensim::dashboard
