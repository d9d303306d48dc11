// plots.h - what the plots panel remembers from frame to frame.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/recording/recording.h"

namespace pensim::dashboard {

struct Plot {
  std::string title;
  std::vector<std::string> signals;
  bool log = false, difference = false;                    // logarithmic scale; the other document minus this one
  std::map<std::string, std::pair<double, double>> fixed;  // limits by display unit, as shown; not there: fitted to
                                                           // what is seen
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

// A measured stretch of one signal, SI.
struct Stretch {
  double a = 0, b = 0, min = 0, max = 0, mean = 0, rms = 0;
  bool whole = true;  // mean and rms are known (the stretch is not too long)
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
  int active = 0;                               // plot that keys and the signal list act on
  bool browser = false, focus_search = false;
  std::string search;
  std::optional<std::pair<double, double>> box_begin;  // right-drag: time and share of the height where it began
  bool panning = false;
  int dragged_mark = 0;  // 1: A, 2: B, taken by the mouse
};

}  // namespace pensim::dashboard
