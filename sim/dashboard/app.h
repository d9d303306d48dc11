// app.h - everything the dashboard knows, as plain data. A panel is a function of it that fills the room it is given
// (ImGui::GetContentRegionAvail) and posts commands to the session; it keeps nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/dashboard/library.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/plots.h"
#include "sim/judge/requirement.h"
#include "sim/recording/recording.h"
#include "sim/scenario/scenario.h"
#include "sim/session/session.h"

namespace pensim::dashboard {

// A run on show: of a session, of a file, the ghost, the other one of a comparison.
struct Document {
  const Recording* recording = nullptr;  // points into the session or into `owned`
  std::unique_ptr<Recording> owned;
  std::string label;
  std::vector<Requirement> requirements;  // with their formulas, as in the scenario
  double shift_s = 0;                     // comparison: added to its times so that the chosen events coincide
};

struct TimeView {  // shared by every plot
  double from_s = 0, to_s = 1;
  bool follow = true;  // the right edge keeps up with a live run
};

struct Selection {
  std::string requirement;  // id
  int command = -1;         // index into the timeline
  std::string signal;
};

enum class Screen : std::uint8_t { library, run, compare };
enum class Layout : std::uint8_t { run, stroke, firmware, requirements, compare, plots };  // keys 1..6

// What a session is asked to run up to, beyond what a tick count can say.
enum class Goal : std::uint8_t { none, stroke, event };

struct Playback {
  bool playing = false;  // the cursor moves
  bool live = false;     // the cursor is the end of what was computed: playing runs the session
  double speed = 1;      // virtual over wall time; 0: as fast as it goes
  Goal goal = Goal::none;
  std::optional<double> target_s;  // the cursor goes there when it has been computed
};

struct Overlay {  // what stands over the panels
  bool help = false, go_to = false, save = false, set_up = false;
  std::string text;            // that is being typed
  std::string saved, problem;  // file that was written; why it was not
};

struct App {
  Screen screen = Screen::library;
  std::unique_ptr<Session> session;          // null while a recording is viewed
  Document main, other, ghost;               // recording == nullptr: not there
  double cursor_s = 0;                       // what the picture and the values show
  std::optional<double> mark_a_s, mark_b_s;  // measuring cursors
  TimeView time;
  Selection selected;
  bool dark = true;
  float scale = 1;      // of fonts and spacing: the display's
  std::string message;  // an error or hint on show, with what to do

  Layout layout = Layout::run;
  Playback playback;
  PlotsState plots;
  PictureState picture;
  StrokesState strokes;
  RequirementsState requirements;
  FirmwareState firmware;
  TimelineState timeline;
  CompareState compare;
  RebuildState rebuild;
  Library library;
  Overlay overlay;
  bool quit = false;
};

// --- panels ---
void draw_library(App&);  // scenarios and recordings: pick one
void draw_plots(App&);    // stacked plots on the shared time axis
void draw_picture(App&);  // the pen and the skin, to scale, at the cursor
void draw_strokes(App&);  // strokes aligned on phase (persistence), force over penetration, histograms
void draw_requirements(App&);
void draw_firmware(App&);   // states, console, watched variables, event log, load
void draw_timeline(App&);   // commands and faults as blocks: the fault calendar
void draw_compare(App&);    // table of margins, first difference
void draw_transport(App&);  // run, pause, step, speed, times

// Whole window: layout, menus, keys. Call between ImGui::NewFrame and ImGui::Render. `wall_s`: since the last call.
void draw_app(App&, double wall_s);

}  // namespace pensim::dashboard
