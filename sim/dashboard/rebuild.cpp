#include "sim/dashboard/rebuild.h"

#include "sim/input/input_error.h"
#include "sim/scenario/firmware_spec.h"

namespace pensim::dashboard {
namespace {

void show_comparison(App& app) {
  app.compare = {};
  app.plots.curves.clear();
  app.plots.measured.clear();
  app.plots.violations = {};
  app.screen = Screen::compare;
  app.layout = Layout::compare;
  const double speed = app.playback.speed, at = app.cursor_s;
  app.playback = {};
  app.playback.speed = speed;
  app.playback.target_s = at;  // the cursor stays where it was
}

std::string title_of(const App& app) {
  const Scenario& scenario = app.session->scenario();
  return scenario.title.empty() ? scenario.path : scenario.title;
}

void rerun_session(App& app) {
  app.session->reload_core();
  app.other = {};
  app.other.recording = app.session->ghost();
  app.main.label = "Current core: " + title_of(app);
  app.other.label = "Previous run: " + title_of(app);
  app.other.requirements = app.main.requirements;
  app.ghost.recording = nullptr;
  app.main.recording = &app.session->recording();
  show_comparison(app);
  app.compare.against_ghost = true;
}

void rerun_recording(App& app) {
  auto session = Session::of_recording(*app.main.recording);
  session->run_to(session->duration());
  app.session = std::move(session);
  app.other = std::move(app.main);
  app.main = {};
  app.main.recording = &app.session->recording();
  app.main.label = "Current core: " + title_of(app);
  app.other.label = "Recording: " + title_of(app);
  app.main.requirements = app.session->scenario().requirements;
  show_comparison(app);
}

}  // namespace

std::string cannot_rebuild(const App& app) {
  if (!app.main.recording) return "Nothing is open.";
  const RecordingMeta& meta = app.main.recording->meta();
  if (meta.kind != RecordingKind::pen) return "A testing machine has no core.";
  if (meta.firmware.empty() || (!app.session && meta.resolved_scenario.empty()))
    return "This recording does not name a core and a scenario (it was imported, or made by a board).";
  return "";
}

void rebuild_and_rerun(App& app) {
  if (app.rebuild.build) return;
  app.rebuild = {};
  app.rebuild.problem = cannot_rebuild(app);
  if (!app.rebuild.problem.empty()) return;
  try {
    app.rebuild.build = std::make_unique<CoreBuild>(find_core(app.main.recording->meta().firmware).path);
    app.rebuild.command = app.rebuild.build->command();
  } catch (const InputError& e) {
    app.rebuild.problem = e.what();
  }
}

void advance_rebuild(App& app) {
  RebuildState& state = app.rebuild;
  if (!state.build) return;
  const CoreBuild::State now = state.build->poll();
  if (now == CoreBuild::State::running) return;
  state.messages = state.build->messages();
  if (now == CoreBuild::State::failed) {
    state.output = state.build->output();
    state.problem = "The core could not be built; the run shown is that of the previous core.";
  }
  state.build.reset();
  if (now == CoreBuild::State::failed || !app.main.recording) return;
  app.firmware.firmware.clear();  // names may be others
  try {
    if (app.session)
      rerun_session(app);
    else
      rerun_recording(app);
  } catch (const InputError& e) {
    state.problem = e.what();
  }
}

}  // namespace pensim::dashboard
