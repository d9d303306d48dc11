#include "sim/draw/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/draw/axes.h"
#include "sim/draw/headless.h"

namespace pensim::dashboard {
namespace {

bool drawable(double v, bool log) { return std::isfinite(v) && (!log || v > 0); }

// Over everything that is drawn; bars start at zero.
void fit(const Chart& chart, bool horizontal, double& low, double& high) {
  low = std::numeric_limits<double>::infinity();
  high = -low;
  const bool log = horizontal ? chart.x_log : chart.y_log;
  const auto take = [&](double v) {
    if (!drawable(v, log)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  };
  for (const ChartSeries& s : chart.series) {
    for (const double v : horizontal ? s.x : s.y) take(v);
    if (horizontal) continue;
    for (const double v : s.y_low) take(v);
    for (const double v : s.y_high) take(v);
    if (s.style == ChartSeries::Style::bars) take(0);
  }
  if (log) {
    if (!(low <= high)) low = 1, high = 10;
    low /= 1.25;
    high *= 1.25;
    return;
  }
  const bool points = std::any_of(chart.series.begin(), chart.series.end(), [](const ChartSeries& s) {
    return s.style == ChartSeries::Style::points || s.style == ChartSeries::Style::bars;
  });
  if (horizontal && !points && low < high) return;  // curves run from edge to edge
  round_limits(low, high);
}

struct Place {
  Axis x, y;
  bool at(double vx, double vy, ImVec2& p) const {
    if (!drawable(vx, x.log) || !drawable(vy, y.log)) return false;
    p = {x.pixel(vx), y.pixel(vy)};
    return true;
  }
};

// The runs of points without a hole.
std::vector<std::vector<ImVec2>> pieces(const std::vector<double>& x, const std::vector<double>& y,
                                        const Place& place) {
  std::vector<std::vector<ImVec2>> out(1);
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    ImVec2 p;
    if (place.at(x[i], y[i], p))
      out.back().push_back(p);
    else if (!out.back().empty())
      out.emplace_back();
  }
  return out;
}

void draw_marker(ImDrawList* list, ImVec2 p, int colour, float radius, ImU32 ink) {
  // Shape follows colour, so that grey print tells series apart: disc, square, triangle, diamond.
  switch (colour % 4) {
    case 0:
      list->AddCircleFilled(p, radius, ink, 20);
      break;
    case 1:
      list->AddRectFilled({p.x - radius * 0.9f, p.y - radius * 0.9f}, {p.x + radius * 0.9f, p.y + radius * 0.9f}, ink);
      break;
    case 2:
      list->AddTriangleFilled({p.x, p.y - radius * 1.2f}, {p.x + radius * 1.1f, p.y + radius * 0.8f},
                              {p.x - radius * 1.1f, p.y + radius * 0.8f}, ink);
      break;
    default:
      list->AddQuadFilled({p.x, p.y - radius * 1.3f}, {p.x + radius * 1.3f, p.y}, {p.x, p.y + radius * 1.3f},
                          {p.x - radius * 1.3f, p.y}, ink);
  }
}

void draw_series(ImDrawList* list, const ChartSeries& s, const Place& place, float unit) {
  const Theme& t = theme();
  const ImU32 ink = t.palette[static_cast<std::size_t>(std::abs(s.colour)) % palette_size];
  const float thick = std::max(1.0f, 0.14f * unit), radius = 0.30f * unit;
  switch (s.style) {
    case ChartSeries::Style::line:
      for (const auto& piece : pieces(s.x, s.y, place))
        list->AddPolyline(piece.data(), static_cast<int>(piece.size()), ink, 0, thick);
      break;
    case ChartSeries::Style::dashed:
      for (const auto& piece : pieces(s.x, s.y, place))
        draw_dashed(list, piece.data(), static_cast<int>(piece.size()), ink, thick, 0.7f * unit, 0.45f * unit);
      break;
    case ChartSeries::Style::band: {
      const std::size_t n = std::min({s.x.size(), s.y_low.size(), s.y_high.size()});
      for (std::size_t i = 1; i < n; ++i) {
        ImVec2 a, b, c, d;
        if (place.at(s.x[i - 1], s.y_low[i - 1], a) && place.at(s.x[i - 1], s.y_high[i - 1], b) &&
            place.at(s.x[i], s.y_high[i], c) && place.at(s.x[i], s.y_low[i], d))
          list->PrimReserve(6, 4), list->PrimQuadUV(a, b, c, d, ImGui::GetFontTexUvWhitePixel(),
                                                    ImGui::GetFontTexUvWhitePixel(), ImGui::GetFontTexUvWhitePixel(),
                                                    ImGui::GetFontTexUvWhitePixel(), with_alpha(ink, 0.18f));
      }
      for (const auto* edge : {&s.y_low, &s.y_high})
        for (const auto& piece : pieces(s.x, *edge, place))
          list->AddPolyline(piece.data(), static_cast<int>(piece.size()), with_alpha(ink, 0.55f), 0,
                            std::max(1.0f, thick / 2));
      break;
    }
    case ChartSeries::Style::bars: {
      // As wide as the closest neighbours allow.
      float width = 3.0f * unit;
      std::vector<float> at;
      for (std::size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i)
        if (ImVec2 p; place.at(s.x[i], s.y[i], p)) at.push_back(p.x);
      std::sort(at.begin(), at.end());
      for (std::size_t i = 1; i < at.size(); ++i)
        if (at[i] > at[i - 1]) width = std::min(width, at[i] - at[i - 1]);
      const float half = std::max(1.0f, width * 0.42f), base = place.y.log ? place.y.pixel_from : place.y.pixel(0);
      for (std::size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i)
        if (ImVec2 p; place.at(s.x[i], s.y[i], p))
          list->AddRectFilled({p.x - half, std::min(p.y, base)}, {p.x + half, std::max(p.y, base)},
                              with_alpha(ink, 0.75f));
      break;
    }
    case ChartSeries::Style::points:
      break;
  }
  if (s.style == ChartSeries::Style::band) return;
  for (std::size_t i = 0; i < std::min(s.x.size(), s.y.size()); ++i) {
    ImVec2 p, low, high;
    if (!place.at(s.x[i], s.y[i], p)) continue;
    if (i < s.y_low.size() && i < s.y_high.size() && place.at(s.x[i], s.y_high[i], high)) {
      if (!place.at(s.x[i], s.y_low[i], low)) low = {high.x, place.y.pixel_from};  // below a log axis
      const float cap = 0.3f * unit;
      list->AddLine(low, high, ink, std::max(1.0f, thick * 0.8f));
      for (const float y : {low.y, high.y})
        list->AddLine({p.x - cap, y}, {p.x + cap, y}, ink, std::max(1.0f, thick * 0.8f));
    }
    if (s.style == ChartSeries::Style::points) draw_marker(list, p, s.colour, radius, ink);
  }
}

// The sign of a series in the legend, `width` wide around the height `y`.
void draw_key(ImDrawList* list, const ChartSeries& s, float x, float y, float width, float unit) {
  const ImU32 ink = theme().palette[static_cast<std::size_t>(std::abs(s.colour)) % palette_size];
  const float thick = std::max(1.0f, 0.14f * unit), half = 0.32f * unit;
  const ImVec2 ends[] = {{x, y}, {x + width, y}};
  switch (s.style) {
    case ChartSeries::Style::line:
      list->AddLine(ends[0], ends[1], ink, thick);
      break;
    case ChartSeries::Style::dashed:
      draw_dashed(list, ends, 2, ink, thick, 0.5f * unit, 0.3f * unit);
      break;
    case ChartSeries::Style::band:
      list->AddRectFilled({x, y - half}, {x + width, y + half}, with_alpha(ink, 0.3f));
      break;
    case ChartSeries::Style::bars:
      list->AddRectFilled({x + width / 4, y - half}, {x + width * 3 / 4, y + half}, with_alpha(ink, 0.75f));
      break;
    case ChartSeries::Style::points:
      draw_marker(list, {x + width / 2, y}, s.colour, 0.30f * unit, ink);
      break;
  }
}

// At the size of its font times the scale; charts beside each other may be smaller than the screen's text.
struct Letters {
  float scale;
  float height(Font f) const { return font(f)->FontSize * scale; }
  float width(Font f, const std::string& text) const { return text_size(f, text).x * scale; }
  void draw(ImDrawList* list, Font f, float x, float y, ImU32 colour, const std::string& text) const {
    list->AddText(font(f), height(f), {std::floor(x + 0.5f), std::floor(y + 0.5f)}, colour, text.c_str());
  }
};

}  // namespace

void draw_chart(ImDrawList* list, float x, float y, float width, float height, const Chart& chart, float text_scale) {
  const Theme& t = theme();
  const Letters letters{text_scale};
  const float unit = letters.height(Font::text), small = letters.height(Font::small), edge = std::floor(unit * 0.9f);
  float top = y + edge;
  const float left = x + edge, right = x + width - edge;

  if (!chart.title.empty()) {
    letters.draw(list, Font::heading, left, top, t.ink,
                 fit_text(Font::heading, chart.title, (right - left) / text_scale));
    top += letters.height(Font::heading) * 1.3f;
  }
  if (!chart.note.empty()) {
    letters.draw(list, Font::small, left, top, t.dim, fit_text(Font::small, chart.note, (right - left) / text_scale));
    top += small * 1.5f;
  }
  // The legend stands above the plot, in as many rows as it needs, and so covers nothing.
  const float key = std::floor(1.8f * unit), key_gap = std::floor(0.5f * unit), entry_gap = std::floor(1.6f * unit);
  float entry = left;
  bool any = false;
  for (const ChartSeries& s : chart.series) {
    if (s.name.empty()) continue;
    const std::string name = fit_text(Font::small, s.name, (right - left - key - key_gap) / text_scale);
    const float needed = key + key_gap + letters.width(Font::small, name);
    if (entry > left && entry + needed > right) {
      entry = left;
      top += small * 1.5f;
    }
    draw_key(list, s, entry, std::floor(top + small * 0.55f), key, unit);
    letters.draw(list, Font::small, entry + key + key_gap, top, t.ink, name);
    entry += needed + entry_gap;
    any = true;
  }
  if (any) top += small * 1.7f;
  if (!chart.y_label.empty()) {
    letters.draw(list, Font::small, left, top, t.dim,
                 fit_text(Font::small, chart.y_label, (right - left) / text_scale));
    top += small * 1.2f;
  }
  top += small * 0.6f;

  Place place;
  place.x.log = chart.x_log;
  place.y.log = chart.y_log;
  place.x.from = chart.x_from, place.x.to = chart.x_to;
  place.y.from = chart.y_from, place.y.to = chart.y_to;
  if (chart.x_from == 0 && chart.x_to == 0) fit(chart, true, place.x.from, place.x.to);
  if (chart.y_from == 0 && chart.y_to == 0) fit(chart, false, place.y.from, place.y.to);

  Rect plot{left, std::floor(top), right,
            std::floor(y + height - edge - small * (chart.x_label.empty() ? 1.5f : 3.1f))};
  place.y.pixel_from = plot.y1;
  place.y.pixel_to = plot.y0;
  float label_width = 0;
  const float number = letters.height(Font::small_number);
  const auto y_ticks = axis_ticks(place.y, number * 2.6f);
  for (const AxisTick& tick : y_ticks)
    label_width = std::max(label_width, letters.width(Font::small_number, tick.label));
  plot.x0 = std::floor(left + label_width + small * 0.8f);
  place.x.pixel_from = plot.x0;
  place.x.pixel_to = plot.x1;
  if (plot.width() < 4 * unit || plot.height() < 3 * unit) return;  // no room for a plot

  const float hair = std::max(1.0f, std::floor(unit / 14));
  const auto at = [](float p) { return std::floor(p) + 0.5f; };
  for (const AxisTick& tick : y_ticks) {
    const float p = at(place.y.pixel(tick.value));
    list->AddLine({plot.x0, p}, {plot.x1, p}, tick.minor ? with_alpha(t.grid, 0.6f) : t.grid, hair);
    letters.draw(list, Font::small_number, plot.x0 - small * 0.5f - letters.width(Font::small_number, tick.label),
                 p - number / 2, t.dim, tick.label);
  }
  float free_from = x;
  for (const AxisTick& tick : axis_ticks(place.x, number * 5.0f)) {
    const float p = at(place.x.pixel(tick.value)), w = letters.width(Font::small_number, tick.label);
    list->AddLine({p, plot.y0}, {p, plot.y1}, tick.minor ? with_alpha(t.grid, 0.6f) : t.grid, hair);
    const float label = std::min(p - w / 2, x + width - w - 2);
    if (tick.label.empty() || label < free_from) continue;
    letters.draw(list, Font::small_number, label, plot.y1 + small * 0.45f, t.dim, tick.label);
    free_from = label + w + number * 0.7f;
  }
  list->AddLine({at(plot.x0), plot.y0}, {at(plot.x0), plot.y1}, t.dim, hair);
  list->AddLine({plot.x0, at(plot.y1)}, {plot.x1, at(plot.y1)}, t.dim, hair);
  if (!chart.x_label.empty()) {
    const std::string label = fit_text(Font::small, chart.x_label, (plot.x1 - left) / text_scale);
    const float w = letters.width(Font::small, label);
    letters.draw(list, Font::small, std::max(left, (plot.x0 + plot.x1 - w) / 2), plot.y1 + small * 1.9f, t.dim, label);
  }
  const bool data =
      std::any_of(chart.series.begin(), chart.series.end(), [](const ChartSeries& s) { return !s.x.empty(); });
  if (!data) letters.draw(list, Font::text, plot.x0 + unit, plot.y0 + unit, t.dim, "No data to draw");

  // Bands below curves below points; markers may stand on the edge of the plot.
  using Style = ChartSeries::Style;
  for (const auto& styles : {std::vector{Style::band}, std::vector{Style::bars},
                             std::vector{Style::line, Style::dashed}, std::vector{Style::points}}) {
    const float spill = styles.front() == Style::points ? unit * 0.4f : 1.0f;
    list->PushClipRect({plot.x0 - spill, plot.y0 - spill}, {plot.x1 + spill, plot.y1 + spill}, true);
    for (const ChartSeries& s : chart.series)
      if (std::find(styles.begin(), styles.end(), s.style) != styles.end()) draw_series(list, s, place, unit);
    list->PopClipRect();
  }
}

void write_chart_png(const std::string& path, const Chart& chart, int width, int height) {
  const float scale = static_cast<float>(std::clamp(std::min(width / 700.0, height / 470.0), 0.5, 4.0));
  Headless screen(width, height, scale, false);
  screen.frame([&] {
    ImDrawList* list = ImGui::GetBackgroundDrawList();
    list->AddRectFilled({0, 0}, {static_cast<float>(width), static_cast<float>(height)}, theme().panel);
    draw_chart(list, 0, 0, static_cast<float>(width), static_cast<float>(height), chart);
  });
  write_png(path, screen.picture());
}

}  // namespace pensim::dashboard
