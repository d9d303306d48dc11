#include "sim/dashboard/strokes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"

namespace pensim::dashboard {

int stroke_of(const Recording& r, Tick tick) {
  const auto& strokes = r.strokes();
  const auto it =
      std::upper_bound(strokes.begin(), strokes.end(), tick, [](Tick t, const StrokeRow& s) { return t < s.begin; });
  return static_cast<int>(it - strokes.begin()) - 1;
}

StrokeSpan strokes_around(const Recording& r, int stroke, Tick from, Tick to, int most) {
  const auto& strokes = r.strokes();
  const int count = static_cast<int>(strokes.size());
  if (count == 0) return {};
  int first = 0, last = count - 1;
  while (first <= last && strokes[static_cast<std::size_t>(first)].begin < from) ++first;
  while (last >= first && strokes[static_cast<std::size_t>(last)].end > to) --last;
  if (first > last) first = 0, last = count - 1;
  if (last - first + 1 > most) {
    const int middle = std::clamp(stroke, first + most / 2, last - (most - 1) / 2);
    first = middle - most / 2;
    last = first + most - 1;
  }
  return {first, last};
}

void lay_over(StrokesState::Overlay& o, const Recording& r, const std::string& signal, StrokeSpan span, int phases,
              int levels) {
  const Mark mark = mark_of(r);
  if (o.mark == mark && o.signal == signal && o.first == span.first && o.last == span.last && o.phases == phases &&
      o.levels == levels)
    return;
  o = {};
  o.mark = mark;
  o.signal = signal;
  o.first = span.first;
  o.last = span.last;
  o.phases = phases;
  o.levels = levels;
  if (!r.has(signal) || span.last < span.first) return;
  o.unit = r.find(signal)->unit;
  const auto& strokes = r.strokes();
  // Value of every stroke at the middle of every phase; least and most for the scale.
  std::vector<std::vector<float>> by_phase(static_cast<std::size_t>(phases));
  std::vector<float> value(static_cast<std::size_t>(phases));
  std::vector<std::vector<float>> rows;
  o.low = std::numeric_limits<double>::infinity();
  o.high = -o.low;
  for (int s = span.first; s <= span.last; ++s) {
    const StrokeRow& row = strokes[static_cast<std::size_t>(s)];
    if (row.end <= row.begin) continue;
    const SampleRange range = r.range(signal, row.begin, row.end);
    if (range.value.empty()) continue;
    for (int i = 0; i < phases; ++i) {
      const double tick =
          static_cast<double>(row.begin) + (i + 0.5) / phases * static_cast<double>(row.end - row.begin);
      std::size_t k = 0;
      if (range.period_ticks > 0)
        k = static_cast<std::size_t>(std::clamp<double>(
            std::floor(tick / static_cast<double>(range.period_ticks)) - static_cast<double>(range.first), 0,
            static_cast<double>(range.value.size() - 1)));
      else
        k = static_cast<std::size_t>(std::max<std::ptrdiff_t>(
            0,
            std::upper_bound(range.tick.begin(), range.tick.end(), static_cast<Tick>(tick)) - range.tick.begin() - 1));
      value[static_cast<std::size_t>(i)] = range.value[k];
      if (!std::isfinite(range.value[k])) continue;
      by_phase[static_cast<std::size_t>(i)].push_back(range.value[k]);
      o.low = std::min(o.low, static_cast<double>(range.value[k]));
      o.high = std::max(o.high, static_cast<double>(range.value[k]));
    }
    rows.push_back(value);
  }
  const double factor = display_unit(o.unit).factor;
  double low = o.low * factor, high = o.high * factor;
  round_limits(low, high);
  o.low = low / factor;
  o.high = high / factor;
  // A stroke passes through every cell between its values at two neighbouring phases, each once.
  o.count.assign(static_cast<std::size_t>(phases) * static_cast<std::size_t>(levels), 0);
  const auto level = [&](float v) {
    return std::clamp(static_cast<int>((static_cast<double>(v) - o.low) / (o.high - o.low) * levels), 0, levels - 1);
  };
  for (const auto& row : rows) {
    for (int i = 0; i < phases; ++i) {
      const float a = row[static_cast<std::size_t>(i)], b = row[static_cast<std::size_t>(std::min(i + 1, phases - 1))];
      if (!std::isfinite(a) || !std::isfinite(b)) continue;
      int from = level(a), to = level(b);
      if (from > to)
        std::swap(++to, from), from = std::min(from, to);
      else if (to > from)
        --to;
      for (int k = from; k <= to; ++k)
        o.count_max = std::max(o.count_max, ++o.count[static_cast<std::size_t>(i * levels + k)]);
    }
  }
  for (auto& values : by_phase) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double p) {
      return values.empty() ? std::nan("")
                            : static_cast<double>(
                                  values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1) + 0.5)]);
    };
    o.p5.push_back(at(0.05));
    o.p50.push_back(at(0.5));
    o.p95.push_back(at(0.95));
  }
}

Phase phase_of(const PhaseInput& p) {
  if (p.punctures > 0) return Phase::puncture;
  if (p.in_skin <= 0) return p.force_N > 5e-3 ? Phase::tent : Phase::free;
  const double change = p.penetration_m - p.before_m;  // per tick
  return change > 0.5e-6 ? Phase::cutting : change < -0.5e-6 ? Phase::withdrawal : Phase::dwell;
}

const char* phase_name(Phase phase) {
  static constexpr const char* names[] = {"free", "tent", "puncture", "cutting", "dwell", "withdrawal"};
  return names[static_cast<std::size_t>(phase)];
}

namespace {

struct Choice {
  const char* name;
  const char* signal;
};
constexpr Choice choices[] = {
    {"extension", "needle.extension"}, {"tip depth", "needle.tip_depth"}, {"penetration", "needle.penetration_max"},
    {"force", "needle.force"},         {"current", "motor.current"},      {"speed", "motor.speed"}};

ImU32 phase_colour(Phase phase) {
  static constexpr int index[] = {0, 8, 7, 4, 3, 1};
  return phase == Phase::free ? theme().faint : theme().palette[index[static_cast<std::size_t>(phase)]];
}

// The frame of a plot below a title; `inner` is where curves go.
Rect frame(ImDrawList* list, const Rect& room, const std::string& title, const Axis& x, const Axis& y,
           const std::string& x_label) {
  const Theme& t = theme();
  const float line = font(Font::small_number)->FontSize;
  draw_text(list, Font::small, room.x0, room.y0, t.dim, fit_text(Font::small, title, room.width()));
  Axis ax = x, ay = y;
  const Rect inner{room.x0 + line * 3.4f, room.y0 + line * 1.8f, room.x1 - 4, room.y1 - line * 1.9f};
  ax.pixel_from = inner.x0, ax.pixel_to = inner.x1, ay.pixel_from = inner.y1, ay.pixel_to = inner.y0;
  draw_axes(list, inner, ax, ay, Font::small_number);
  const ImVec2 size = text_size(Font::small, x_label);
  draw_text(list, Font::small, inner.x1 - size.x, room.y0, t.faint, x_label);
  return inner;
}

void draw_overlay(App& app, const Recording& r, ImDrawList* list, const Rect& room, int stroke, StrokeSpan span) {
  const Theme& t = theme();
  const Choice& choice = choices[app.strokes.signal];
  auto& o = app.strokes.overlay;
  lay_over(o, r, choice.signal, span, std::clamp(static_cast<int>(room.width() / 1.25f), 60, 720),
           std::clamp(static_cast<int>(room.height() / 1.25f), 40, 480));
  const DisplayUnit unit = display_unit(o.unit);
  const std::string title = fmt::format("{}{} of {} strokes, 5 to 95 %", choice.name,
                                        unit.text.empty() ? "" : ", " + unit.text + ",", span.last - span.first + 1);
  const Rect inner =
      frame(list, room, title, {0, 360, 0, 1, false}, {unit.shown(o.low), unit.shown(o.high), 0, 1, false}, "cam, °");
  if (o.count.empty() || o.count_max == 0) return;
  const Axis x{0, 1, inner.x0, inner.x1, false}, y{o.low, o.high, inner.y1, inner.y0, false};
  const ImU32 colour = signal_colour(choice.signal);
  list->PushClipRect({inner.x0, inner.y0}, {inner.x1, inner.y1}, true);
  // Persistence: brightness by the logarithm of how often a cell was passed.
  const float w = inner.width() / static_cast<float>(o.phases), h = inner.height() / static_cast<float>(o.levels);
  const double full = std::log1p(static_cast<double>(o.count_max));
  // Cells of equal shade above each other are one piece.
  constexpr int shades = 24;
  const auto shade = [&](int i, int k) {
    const int count = k < o.levels ? o.count[static_cast<std::size_t>(i * o.levels + k)] : 0;
    return count == 0 ? 0 : 1 + static_cast<int>(std::log1p(count) / full * (shades - 1));
  };
  for (int i = 0; i < o.phases; ++i) {
    int begin = 0;
    for (int k = 1; k <= o.levels; ++k) {
      const int here = shade(i, begin);
      if (k < o.levels && shade(i, k) == here) continue;
      if (here > 0)
        list->AddRectFilled({inner.x0 + static_cast<float>(i) * w, inner.y1 - static_cast<float>(k) * h},
                            {inner.x0 + static_cast<float>(i + 1) * w, inner.y1 - static_cast<float>(begin) * h},
                            with_alpha(colour, 0.10f + 0.75f * static_cast<float>(here) / shades));
      begin = k;
    }
  }
  const auto curve = [&](const std::vector<double>& values, ImU32 ink, float thick, bool dashed) {
    std::vector<ImVec2> points;
    for (int i = 0; i < o.phases; ++i)
      if (std::isfinite(values[static_cast<std::size_t>(i)]))
        points.push_back({x.pixel((i + 0.5) / o.phases), y.pixel(values[static_cast<std::size_t>(i)])});
    if (dashed)
      draw_dashed(list, points.data(), static_cast<int>(points.size()), ink, thick, 5, 4);
    else
      list->AddPolyline(points.data(), static_cast<int>(points.size()), ink, 0, thick);
  };
  curve(o.p5, with_alpha(t.ink, 0.6f), 1, true);
  curve(o.p95, with_alpha(t.ink, 0.6f), 1, true);
  // The stroke at the cursor.
  if (stroke >= 0) {
    const StrokeRow& row = r.strokes()[static_cast<std::size_t>(stroke)];
    const SampleRange range = r.range(choice.signal, row.begin, row.end);
    std::vector<ImVec2> points;
    for (std::size_t i = 0; i < range.value.size(); ++i) {
      const Tick tick =
          range.period_ticks > 0 ? (range.first + static_cast<std::int64_t>(i)) * range.period_ticks : range.tick[i];
      const double phase = static_cast<double>(tick - row.begin) / static_cast<double>(row.end - row.begin);
      if (std::isfinite(range.value[i]))
        points.push_back({x.pixel(phase), y.pixel(static_cast<double>(range.value[i]))});
    }
    list->AddPolyline(points.data(), static_cast<int>(points.size()), with_alpha(t.panel, 0.8f), 0, 4);
    list->AddPolyline(points.data(), static_cast<int>(points.size()), t.ink, 0, 2);
    const Tick tick = static_cast<Tick>(std::llround(app.cursor_s / seconds(r.tick_ns())));
    if (tick >= row.begin && tick <= row.end && tick < r.ticks()) {
      const ImVec2 p{x.pixel(static_cast<double>(tick - row.begin) / static_cast<double>(row.end - row.begin)),
                     y.pixel(static_cast<double>(r.at(choice.signal, tick)))};
      list->AddCircleFilled(p, 5, t.panel, 20);
      list->AddCircleFilled(p, 3.5f, t.accent, 20);
    }
  }
  list->PopClipRect();
}

void draw_loops(const Recording& r, ImDrawList* list, const Rect& room, int stroke) {
  const Theme& t = theme();
  constexpr int loops = 24;
  const auto& strokes = r.strokes();
  const int first = std::max(0, stroke - loops + 1);
  struct Loop {
    std::vector<float> penetration, force, in_skin, punctured;
  };
  std::vector<Loop> all;
  double deepest = 0.05e-3, least = 0, most = 0.05;
  for (int s = first; s <= stroke; ++s) {
    const StrokeRow& row = strokes[static_cast<std::size_t>(s)];
    Loop loop{r.range("needle.penetration_max", row.begin, row.end).value,
              r.range("needle.force", row.begin, row.end).value, r.range("needle.in_skin", row.begin, row.end).value,
              r.range("needle.punctured", row.begin, row.end).value};
    for (const float p : loop.penetration) deepest = std::max(deepest, static_cast<double>(p));
    for (const float f : loop.force)
      least = std::min(least, static_cast<double>(f)), most = std::max(most, static_cast<double>(f));
    all.push_back(std::move(loop));
  }
  round_limits(least, most);
  double low = 0, high = deepest * 1e3;
  round_limits(low, high);
  low = 0;
  const Rect inner = frame(list, room, fmt::format("force, N, over penetration; last {} strokes", all.size()),
                           {low, high, 0, 1, false}, {least, most, 0, 1, false}, "mm");
  const Axis x{low, high, inner.x0, inner.x1, false}, y{least, most, inner.y1, inner.y0, false};
  list->PushClipRect({inner.x0, inner.y0}, {inner.x1, inner.y1}, true);
  const auto point = [&](const Loop& loop, std::size_t i) {
    return ImVec2{x.pixel(static_cast<double>(loop.penetration[i]) * 1e3), y.pixel(static_cast<double>(loop.force[i]))};
  };
  for (std::size_t s = 0; s + 1 < all.size(); ++s) {
    std::vector<ImVec2> points;
    for (std::size_t i = 0; i < std::min(all[s].penetration.size(), all[s].force.size()); ++i)
      points.push_back(point(all[s], i));
    list->AddPolyline(points.data(), static_cast<int>(points.size()),
                      with_alpha(t.dim, 0.10f + 0.25f * static_cast<float>(s) / static_cast<float>(all.size())), 0, 1);
  }
  std::array<ImVec2, 6> where{};
  std::array<int, 6> seen{};
  if (!all.empty()) {
    const Loop& loop = all.back();
    const std::size_t n =
        std::min({loop.penetration.size(), loop.force.size(), loop.in_skin.size(), loop.punctured.size()});
    for (std::size_t i = 1; i < n; ++i) {
      const Phase phase =
          phase_of({static_cast<double>(loop.penetration[i]), static_cast<double>(loop.penetration[i - 1]),
                    static_cast<double>(loop.force[i]), static_cast<double>(loop.in_skin[i]),
                    static_cast<double>(loop.punctured[i] - loop.punctured[i - 1])});
      const ImVec2 a = point(loop, i - 1), b = point(loop, i);
      list->AddLine(a, b, phase_colour(phase), 2.4f);
      const auto k = static_cast<std::size_t>(phase);
      where[k] = {where[k].x + b.x, where[k].y + b.y};
      ++seen[k];
    }
  }
  list->PopClipRect();
  // Names in the colours of their pieces.
  float lx = inner.x0 + 8;
  for (std::size_t k = 1; k < 6; ++k) {
    const std::string name = phase_name(static_cast<Phase>(k));
    const float width = text_size(Font::small, name).x;
    if (lx + width > inner.x1) break;
    draw_text(list, Font::small, lx, inner.y0 + 2, seen[k] ? phase_colour(static_cast<Phase>(k)) : t.faint, name);
    lx += width + 10;
  }
}

}  // namespace

std::vector<double> stroke_values(const Recording& r, const std::string& name, StrokeSpan span) {
  const auto& columns = r.stroke_columns();
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const SignalInfo& s) { return s.name == name; });
  const bool period = name == "stroke.period";
  std::vector<double> out;
  if (!period && column == columns.end()) return out;
  const DisplayUnit unit = display_unit(period ? "s" : column->unit);
  for (int s = span.first; s <= span.last; ++s) {
    const StrokeRow& row = r.strokes()[static_cast<std::size_t>(s)];
    out.push_back(unit.shown(period ? period_of(r, row) : static_cast<double>(row.value[column - columns.begin()])));
  }
  return out;
}

namespace {

void draw_histogram(StrokesState& state, const Recording& r, ImDrawList* list, const Rect& room,
                    const std::string& name, int stroke, StrokeSpan span, bool jitter) {
  const Theme& t = theme();
  StrokesState::Values& known = state.values[name];
  if (const Mark mark = mark_of(r); known.mark != mark || known.first != span.first || known.last != span.last)
    known = {mark, span.first, span.last, stroke_values(r, name, span)};
  std::vector<double> values = known.value;
  const double mine = stroke >= span.first && stroke <= span.last
                          ? values[static_cast<std::size_t>(stroke - span.first)]
                          : std::nan("");
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return;
  const DisplayUnit unit = display_unit(name == "stroke.period" ? "s" : r.find(name)->unit);
  double mean = 0, square = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) square += (v - mean) * (v - mean) / static_cast<double>(values.size());
  double low = *std::min_element(values.begin(), values.end()), high = *std::max_element(values.begin(), values.end());
  round_limits(low, high);
  constexpr int bins = 32;
  std::vector<int> count(static_cast<std::size_t>(bins));
  for (const double v : values)
    ++count[static_cast<std::size_t>(std::clamp(static_cast<int>((v - low) / (high - low) * bins), 0, bins - 1))];
  const double top = static_cast<double>(*std::max_element(count.begin(), count.end())) * 1.08;
  const std::string what = name.substr(name.find('.') + 1);
  std::string title = jitter ? fmt::format("{} {} ± {} {}", what, format_number(mean, 4),
                                           format_number(std::sqrt(square), 2), unit.text)
                             : fmt::format("{} {} {}", what, format_number(mean, 3), unit.text);
  if (std::isfinite(mine)) title += fmt::format(", here {}", format_number(mine, jitter ? 5 : 4));
  const Rect inner = frame(list, room, title, {low, high, 0, 1, false}, {0, top, 0, 1, false}, unit.text);
  const Axis x{low, high, inner.x0, inner.x1, false}, y{0, top, inner.y1, inner.y0, false};
  for (int i = 0; i < bins; ++i) {
    if (count[static_cast<std::size_t>(i)] == 0) continue;
    const float a = x.pixel(low + (high - low) * i / bins), b = x.pixel(low + (high - low) * (i + 1) / bins);
    list->AddRectFilled({a + 0.5f, y.pixel(count[static_cast<std::size_t>(i)])},
                        {std::max(b - 0.5f, a + 1.5f), inner.y1}, with_alpha(signal_colour(name), 0.8f));
  }
  if (std::isfinite(mine)) list->AddLine({x.pixel(mine), inner.y0}, {x.pixel(mine), inner.y1}, t.ink, 1.5f);
}

}  // namespace

void draw_strokes(App& app) {
  if (!app.main.recording || app.main.recording->strokes().empty() || !app.main.recording->has("needle.extension")) {
    draw_empty("No strokes",
               app.main.recording && app.main.recording->ticks() > 0
                   ? "The cam has not passed its retracted dead centre yet, or this log does not record it."
                   : "Play the run.");
    return;
  }
  const Theme& t = theme();
  const Recording& r = *app.main.recording;
  StrokesState& state = app.strokes;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 p = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const float line = font(Font::small)->FontSize;
  const double tick_s = seconds(r.tick_ns());
  const int stroke = stroke_of(r, static_cast<Tick>(std::llround(app.cursor_s / tick_s)));
  const StrokeSpan span = strokes_around(r, std::max(stroke, 0), static_cast<Tick>(app.time.from_s / tick_s),
                                         static_cast<Tick>(app.time.to_s / tick_s), state.most);

  const float head = std::floor(line * 1.6f);
  float x = p.x;
  const auto choose = [&](const std::string& id, const std::string& name, bool on) {
    const float w = text_size(Font::small, name).x + line;
    if (x + w > p.x + room.x) return false;
    ImGui::SetCursorScreenPos({x, p.y});
    const bool pressed = ImGui::InvisibleButton(id.c_str(), {w, head});
    draw_text(list, Font::small, x + line / 2, p.y + 2, on ? t.accent : ImGui::IsItemHovered() ? t.ink : t.dim, name);
    x += w;
    return pressed;
  };
  for (int i = 0; i < static_cast<int>(std::size(choices)); ++i)
    if (r.has(choices[i].signal) && choose(choices[i].signal, choices[i].name, state.signal == i)) state.signal = i;
  if (!r.has(choices[state.signal].signal)) state.signal = 0;
  const std::string mine =
      stroke < 0 ? "before the first stroke" : fmt::format("stroke {} of {}", stroke + 1, r.strokes().size());
  const float mine_w = text_size(Font::small_number, mine).x;
  const Rect rest{p.x, p.y + head + 4, p.x + room.x, p.y + room.y};
  const bool has_loops =
      r.has("needle.penetration_max") && r.has("needle.force") && r.has("needle.in_skin") && r.has("needle.punctured");
  const float gap = line;
  if (rest.width() < line * 36 || rest.height() < line * 22) {
    static constexpr const char* pages[] = {"overlay", "loops", "histograms"};
    x = std::max(x, p.x + room.x - line * 17);
    for (int i = 0; i < 3; ++i)
      if (choose(pages[i], pages[i], state.page == i)) state.page = i;
    if (state.page == 0)
      draw_overlay(app, r, list, rest, stroke, span);
    else if (state.page == 1 && has_loops)
      draw_loops(r, list, rest, stroke);
    else
      draw_histogram(state, r, list, rest, "stroke.period", stroke, span, true);
  } else {
    if (x + mine_w < p.x + room.x) draw_text(list, Font::small_number, p.x + room.x - mine_w, p.y + 2, t.ink, mine);
    const float top = std::floor(rest.y0 + rest.height() * 0.46f), middle = std::floor(rest.y0 + rest.height() * 0.74f);
    draw_overlay(app, r, list, {rest.x0, rest.y0, rest.x1, top}, stroke, span);
    if (has_loops && stroke >= 0) draw_loops(r, list, {rest.x0, top + gap, rest.x1, middle}, stroke);
    const float third = (rest.width() - 2 * gap) / 3;
    int i = 0;
    for (const char* name : {"stroke.period", "stroke.dwell", "stroke.drag"}) {
      const float left = rest.x0 + static_cast<float>(i++) * (third + gap);
      draw_histogram(state, r, list, {left, middle + gap, left + third, rest.y1}, name, stroke, span, i == 1);
    }
  }
  ImGui::SetCursorScreenPos(p);
  ImGui::Dummy(room);
}

}  // namespace pensim::dashboard
