// plot.h - what every plot and chart shares: rectangles, axes, ticks, curves of minimum and maximum per pixel column.
#pragma once

#include <imgui.h>

#include <string>
#include <vector>

#include "sim/draw/theme.h"

namespace pensim::dashboard {

struct Rect {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
  bool contains(ImVec2 p) const { return p.x >= x0 && p.x < x1 && p.y >= y0 && p.y < y1; }
};

// From values to pixels; from == pixel_from. A vertical axis has pixel_from below pixel_to.
struct Axis {
  double from = 0, to = 1;
  float pixel_from = 0, pixel_to = 1;
  bool log = false;
  float pixel(double value) const;  // cut to a million pixels beyond the ends, so that no coordinate overflows
  double value(float pixel) const;
};

struct AxisTick {
  double value = 0;
  std::string label;
  bool minor = false;  // a grid line without a label (log axes)
};

// Round values (1, 2, 5 times a power of ten) at least `distance` pixels apart.
std::vector<AxisTick> axis_ticks(const Axis& axis, float distance);
// Ends on round values a little outside [low, high]; works for equal or non-finite ends, too.
void round_limits(double& low, double& high);

// Text helpers: sizes are those of the font.
ImVec2 text_size(Font which, const std::string& text);
void draw_text(ImDrawList* list, Font which, float x, float y, ImU32 colour, const std::string& text);
// Shortened with an ellipsis to at most `width` pixels.
std::string fit_text(Font which, const std::string& text, float width);

// Grid, frame and tick labels around `plot`; the labels of x stand below it unless `x_labels` is false, those of y at
// its left.
void draw_axes(ImDrawList* list, const Rect& plot, const Axis& x, const Axis& y, Font labels, bool x_labels = true);
// The labels of x alone.
void draw_x_labels(ImDrawList* list, const Rect& plot, const Axis& x, Font labels);

// Dashes of `on` pixels with gaps of `off`.
void draw_dashed(ImDrawList* list, const ImVec2* points, int count, ImU32 colour, float thickness, float on, float off);

}  // namespace pensim::dashboard
