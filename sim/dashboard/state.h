// state.h - everything the dashboard knows, as plain data: what is on show (App), and what each panel remembers from
// frame to frame. What was read of a recording is kept with the recording's mark and read again when that differs.
#pragma once

#include <imgui.h>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/dashboard/core_build.h"
#include "sim/dashboard/judging.h"
#include "sim/dashboard/pen_view.h"
#include "sim/judge/requirement.h"
#include "sim/recording/difference.h"
#include "sim/recording/recording.h"
#include "sim/session/session.h"
#include "sim/vocabulary/command.h"

namespace pensim::dashboard {

// An entry of a list that the keyboard has come to; -1: none.
struct ListMark {
  int at = -1;
  bool moved = false;  // in this frame: to be scrolled to
};

// --- library: scenarios by folder, recordings in runs/ ---

struct LibraryScenario {
  std::string path, label, folder;  // opens it; as shown; "treatment"
  std::string title, problem;       // what is wrong with the file; "" if nothing
  std::vector<std::string> tags;
  double duration_s = 0;
  bool read = false;
};

struct LibraryRecording {
  std::string path, title, scenario, verdict, problem;
  double duration_s = 0;
  std::vector<MinMax> depth;  // tip depth over the run, for its thumbnail
  bool read = false;
};

struct Library {
  std::string scenarios_folder = "scenarios", runs_folder = "runs";
  bool listed = false, complete = false;  // the folders were listed; every file was read
  std::vector<LibraryScenario> scenarios;
  std::vector<LibraryRecording> recordings;  // newest first
  std::vector<std::string> saved;            // scenarios that were saved here, wherever that is
  std::string search;
  std::string first;    // recording that is to be compared with the next one that is picked
  ListMark mark;        // over the scenarios, then the recordings on show
  int shown_scenarios = 0, shown_recordings = 0;
  std::string problem;  // why nothing could be listed
};

// --- plots ---

struct Plot {
  std::string title;
  std::vector<std::string> signals;
  bool log = false, difference = false;                    // logarithmic scale; B minus A of two runs
  std::map<std::string, std::pair<double, double>> fixed;  // limits by display unit, as shown; not there: fitted to
                                                           // what is seen
  int legend_first = 0;                                    // entry of the legend that stands at its top
};

// A curve as it was last read: one minimum and maximum per pixel column, or the samples themselves where they are
// further apart.
struct Curve {
  const Recording* recording = nullptr;
  Tick from = 0, to = 0, ticks = 0;  // asked for; length of the recording then
  int columns = 0;
  bool samples = false, steps = false;  // holds samples; they are held until the next one
  std::vector<MinMax> column;
  std::vector<double> at_s;
  std::vector<float> value;
  float low = 0, high = 0;  // of all that is finite; low > high: nothing is
  Tick shift = 0;           // a difference: by which the other one was moved
};

// A measured stretch of one signal, SI; NaN where there is no such thing.
struct Stretch {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  double a = none, b = none;  // held at the marks
  double min = none, max = none, mean = none, rms = none, deviation = none;
  double frequency_Hz = none;                                   // of its rises
  double overshoot_1 = none, rise_s = none, settling_s = none;  // of a step from A on: over its height, 10 to 90 %,
                                                                // to stay within 2 %
  std::int64_t count = 0, rises = 0;                            // samples (strokes), rises through the middle
  bool by_stroke = false;  // each stroke counts once; else by the time for which a value is held
  bool whole = true;       // not only min and max are known (the stretch is not too long)
};

// What is shaded: where the operand of the outermost `always` of a requirement does not hold.
struct Violations {
  std::string requirement;
  const Recording* recording = nullptr;
  Tick ticks = 0;
  std::vector<std::pair<Tick, Tick>> spans;
  bool too_long = false;  // to be worked out while one waits
};

struct PlotsState {
  std::vector<Plot> plots;  // made for the recording when empty
  std::map<std::pair<const Recording*, std::string>, Curve> curves;
  std::map<std::string, Stretch> measured;
  std::optional<std::pair<double, double>> measured_marks;
  Violations violations;
  std::optional<double> hover_s, next_hover_s;  // crosshair; where the mouse was found while this frame is drawn
  bool pointing = false;                        // the mouse has moved since the cursor has: values are those there
  int active = 0;                               // plot that keys and the signal list act on
  bool browser = false, focus_search = false;
  std::string search;
  ListMark mark;                                       // in the list of signals
  std::optional<std::pair<double, double>> box_begin;  // right-drag: time and share of the height where it began
  bool panning = false;
  int dragged_mark = 0;  // 1: A, 2: B, taken by the mouse
  int measure_page = 0;  // of the table between the marks: levels, edges, step
  bool reset = false;    // the default plots are asked for
};

// --- the other panels ---

// Tells a recording, and how far it goes, from what was there before.
struct Mark {
  const Recording* recording = nullptr;
  std::string hash, path;
  Tick ticks = 0;
  std::size_t strokes = 0, commands = 0;
  bool operator==(const Mark&) const = default;
};
Mark mark_of(const Recording& recording);

struct PictureState {
  enum class Zoom : std::uint8_t { nose, skin, both };
  Zoom zoom = Zoom::both;
  std::optional<Mark> mark;
  PenView view;
};

struct StrokesState {
  int signal = 0;  // index into what can be chosen
  int page = 0;    // where there is room for one plot only: overlay, loops, histograms
  int most = 400;  // strokes laid over each other
  struct Trace {
    std::int64_t stroke = 0;
    std::vector<float> phase, value;
  };
  struct Overlay {  // as last laid over each other
    std::optional<Mark> mark;
    std::string signal, unit;
    int first = 0, last = -1;  // rows of /strokes
    double low = 0, high = 1;
    int phases = 0, levels = 0;
    std::vector<int> count;  // strokes that pass through a cell, by phase, then by level
    int count_max = 0;
    std::vector<double> p5, p50, p95;  // by phase
  } overlay;
  struct Values {  // one per stroke, as last read
    std::optional<Mark> mark;
    int first = 0, last = -1;
    std::vector<double> value;
  };
  std::map<std::string, Values> values;  // by name
};

// Whether a part of a formula has to hold, or not to hold, at the cursor.
enum class Need : std::uint8_t { none, hold, not_hold };

struct RequirementsState {
  struct Row {
    std::string id, text, that, source;
    Verdict verdict;
    double relative = 0;  // margin over scale; sorts the list
    bool judged = false;  // the verdict is that of what is on show
    bool so_far = false;  // ... as far as it was computed
  };
  std::optional<Mark> mark;  // of the recording that the rows are of
  std::vector<Row> rows;     // worst first
  char filter[96] = {};
  int show = 0;           // all, failed, passed
  std::string scroll_to;  // the keyboard has come to it
  // A live run is judged in the background, all requirements in one go.
  std::unique_ptr<Judging> judging;  // under way
  std::optional<Mark> judging_of, judged_of;
  double began_wall_s = -1;
  JudgedRun judged;
  // Parts of the selected formula at the cursor.
  std::string explained;
  Tick explained_at = -1;
  std::optional<Mark> explained_mark;
  std::vector<PartTruth> parts;
  std::vector<Need> needs;  // of each part
  std::string problem;
};

struct FirmwareState {
  char uart[128] = {}, search[96] = {}, poke[64] = {};
  std::string poking, problem;                                       // variable whose poke box is open
  std::string searched;                                              // what `found` was looked up for
  std::vector<std::pair<std::string, std::string>> found;            // name, type
  ListMark mark;                                                     // in `found`
  std::string firmware;                                              // whose names these are
  std::vector<std::string> builds;                                   // of the same core, `firmware` among them
  std::map<std::string, std::map<std::int64_t, std::string>> names;  // of enumerators, by signal; value_names()
};

struct TimelineState {
  enum class Part : std::uint8_t { none, whole, begin, end };
  struct Block {
    float x0 = 0, x1 = 0, y0 = 0, y1 = 0;
  };  // x0 == x1: an instant
  // As last drawn; a block for every command, in their order.
  Block area;  // from_s .. to_s of the shared axis
  std::vector<Block> blocks;
  // Dragging; `command` is -1 while the axis is dragged.
  Part dragging = Part::none;
  int command = -1;
  double grabbed_s = 0;  // from the edge that is dragged to the mouse
  bool moved = false, panning = false;
  Command before, now;
  // The editor.
  int editing = -1;
  bool focus = false;
  char value[64] = {}, at[64] = {}, length[64] = {};
  std::string problem;
  // The list of what can be placed.
  bool list = false, focus_search = false;
  char search[64] = {};
  ListMark mark;
  std::string placing;  // a fault or settable taken from the list, on its way
  bool placing_fault = false;
  std::optional<double> place_s;  // where a click in the list places; none: at the cursor
  int menu = -1;                  // command of the menu
  double menu_s = 0;
  float scroll = 0;
  // What a recording says of its inputs.
  std::string resolved;  // JSON that was read
  std::vector<Command> recorded;
  std::map<std::string, double> initial;  // settings before the first command
};

// A is what was before, B what is compared with it. Of two recordings A is the main document; of a session and the run
// before its core was built again, A is that run.
struct CompareState {
  struct Row {
    std::string id, text;
    std::optional<Verdict> a, b;  // none: not asked for there, or not judged yet
    double change = 0;            // of the margin, over the larger one; sorts the rows, worse first
  };
  struct Judged {  // recorded, or worked out in the background for a run that carries no verdicts
    std::optional<Mark> mark;
    std::unique_ptr<Judging> judging;
    std::map<std::string, Verdict> verdicts;
    std::vector<RecordedMeasure> measures;
    bool complete = false;
  };
  int align = 0;  // index into alignments()
  std::optional<Mark> aligned_main, aligned_other;
  int aligned = -1;
  std::string no_event;      // why they cannot be aligned so
  std::optional<Mark> a, b;  // of what is compared
  std::unique_ptr<Comparing> comparing;
  bool compared = false;  // all of it
  Judged judged_a, judged_b;
  std::vector<Row> rows;
  bool against_ghost = false;  // `other` is the run before the session's core was built again
};

struct RebuildState {
  std::unique_ptr<CoreBuild> build;      // under way
  std::string command, problem, output;  // as it is run; why there is no new run; what was printed, if it failed
  std::vector<CompilerMessage> messages;
};

// What can be taken back: changes of the run, which the session holds, and plots as they were before a change.
struct History {
  struct Entry {
    bool of_run = false;
    std::vector<Plot> plots;
  };
  std::vector<Entry> done, undone;
  std::vector<Plot> plots;         // as last seen
  std::size_t run_changes = 0;     // of the session, as last seen
  std::size_t saved_revision = 0;  // of the session, when it was last saved
};

// --- everything ---

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
  enum class Leave : std::uint8_t { no, to_library, quit };
  bool help = false, go_to = false, save = false, set_up = false;
  Leave leave = Leave::no;     // asked for while the run holds unsaved changes
  Leave then = Leave::no;      // after saving
  bool focus = false;          // the line is to be typed into
  std::string text;            // that is being typed
  std::string saved, problem;  // file that was written; why it was not
  std::string overwrite;       // file that is there and would be replaced: Enter once more does it
  ListMark mark;               // of what completes the text
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
  float scale = 1;  // of fonts and spacing: the display's, times what the user wants
  float enlarged = 1;
  std::string message;  // an error or hint on show, with what to do
  std::string notice;   // what has just been done; goes by itself
  std::string notice_shown;
  double notice_since_s = 0;
  std::string read_message;  // of the run, clicked away

  Layout layout = Layout::run;
  Playback playback;
  PlotsState plots;
  std::map<std::string, std::vector<Plot>> kept_plots;  // by kind of run: those that the user made
  bool kept_changed = false;                            // to be written
  History history;
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

}  // namespace pensim::dashboard
