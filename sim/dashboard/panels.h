// panels.h - what the special panels remember from frame to frame. What was read of a recording is kept with the
// recording's mark and read anew when that differs.
#pragma once

#include <imgui.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/dashboard/core_build.h"
#include "sim/dashboard/pen_view.h"
#include "sim/judge/requirement.h"
#include "sim/recording/difference.h"
#include "sim/recording/recording.h"
#include "sim/vocabulary/command.h"

namespace pensim::dashboard {

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
};

struct RequirementsState {
  struct Row {
    std::string id, text, that, source;
    Verdict verdict;
    double relative = 0;  // margin over scale; sorts the list
    bool judged = false, so_far = false;
  };
  std::optional<Mark> mark;
  std::vector<Row> rows;  // worst first
  double judged_to_s = 0;
  char filter[96] = {};
  int show = 0;  // all, failed, passed
  // Live: one requirement a frame.
  std::optional<std::size_t> next;  // of the document's requirements; none: no pass under way
  double began_wall_s = -1;
  Tick judging_to = 0;
  std::map<std::string, Verdict> judged;
  // Parts of the selected formula at the cursor.
  std::string explained;
  Tick explained_at = -1;
  std::optional<Mark> explained_mark;
  std::vector<PartTruth> parts;
  std::string problem;
};

struct FirmwareState {
  char uart[128] = {}, search[96] = {}, poke[64] = {};
  std::string poking, problem;                                       // variable whose poke box is open
  std::string searched;                                              // what `found` was looked up for
  std::vector<std::pair<std::string, std::string>> found;            // name, type
  std::string firmware;                                              // whose names these are
  std::map<std::string, std::map<std::int64_t, std::string>> names;  // of enumerators, by signal
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
  std::string placing;  // a fault or settable taken from the list, on its way
  bool placing_fault = false;
  std::optional<double> place_s;  // where a press in the list places; none: at the cursor
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
  struct Judged {  // recorded, or worked out here for a run that carries no verdicts: one
                   // requirement a frame
    std::optional<Mark> mark;
    std::size_t next = 0;
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

}  // namespace pensim::dashboard
