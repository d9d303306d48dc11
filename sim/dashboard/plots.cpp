#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/vocabulary/signal_name.h"
#include "sim/vocabulary/verdict.h"

namespace pensim::dashboard {
namespace {

constexpr double shortest_view_s = 2e-6;

std::vector<Plot> plots_of(const Recording& r) {
  std::vector<Plot> plots = {
      {"Depth",
       {"user.depth", "screw.position", "needle.extension", "needle.tip_depth", "skin.indentation",
        "needle.penetration", "needle.penetration_max", "skin.channel_depth", "insertion.travel"},
       false,
       false,
       {}},
      {"Force", {"needle.force", "hand.press", "insertion.energy"}, false, false, {}},
      {"Stroke timing",
       {"stroke.rate", "user.rate", "stroke.period", "stroke.dwell", "stroke.jitter", "stroke.drag"},
       false,
       false,
       {}},
      {"Motor and battery",
       {"motor.speed", "motor.current", "motor.voltage", "battery.voltage", "core.pwm_duty"},
       false,
       false,
       {}}};
  for (const SignalInfo& s : r.signals())
    if (parse_signal_name(s.name).is(SignalName::Form::needle_force)) plots[1].signals.push_back(s.name);
  for (Plot& p : plots) std::erase_if(p.signals, [&](const std::string& name) { return !can_read(r, name); });
  if (r.meta().kind == RecordingKind::rig) {  // one stroke; the plate goes where the machine goes
    std::erase_if(plots, [](const Plot& p) { return p.title == "Stroke timing"; });
    if (r.has("insertion.travel")) std::erase(plots[0].signals, "needle.extension");
  }
  std::erase_if(plots, [](const Plot& p) { return p.signals.empty(); });
  if (plots.empty()) {  // a log of other channels
    plots.push_back({"Signals", {}, false, false, {}});
    for (const SignalInfo& s : r.signals())
      if (plots[0].signals.size() < 6) plots[0].signals.push_back(s.name);
  }
  return plots;
}

// --- time axis ---

void set_view(App& app, double from, double to) {
  const double longest = std::max(duration_s(app) * 1.2, 1e-3);
  const double span = std::clamp(to - from, shortest_view_s, longest);
  const double middle = (from + to) / 2;
  from = std::clamp(middle - span / 2, -0.1 * longest, std::max(duration_s(app) * 1.1 - span, -0.1 * longest));
  app.time.from_s = from;
  app.time.to_s = from + span;
  app.time.follow = false;
}

void fit_all(App& app) {
  app.time = {0,
              std::max({duration_s(app),
                        app.other.recording ? app.other.recording->duration_s() + app.other.shift_s : 0.0, 1e-3}),
              true};
  for (Plot& p : app.plots.plots) p.fixed.clear();
}

// --- one plot ---

struct Group {  // signals of one display unit share a scale
  std::string unit;
  Axis axis;
  std::vector<std::string> signals;
  double least_span = 0;  // so that noise does not fill the plot
};

std::vector<Group> groups_of(App& app, Plot& plot, const Rect& area) {
  std::vector<Group> groups;
  const Recording& r = *app.main.recording;
  const int columns = std::max(1, static_cast<int>(area.width()));
  for (const std::string& name : plot.signals) {
    if (!can_read(r, name)) continue;
    const DisplayUnit unit = display_unit(unit_of(r, name));
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.unit == unit.text; });
    if (group == groups.end()) {
      groups.push_back({unit.text, {1e300, -1e300, area.y1, area.y0, plot.log}, {}, 0});
      group = groups.end() - 1;
    }
    group->signals.push_back(name);
    const SignalInfo* known = find_signal(name);
    if (known && !plot.difference)
      group->least_span = std::max(group->least_span, 0.02 * known->full_scale * unit.factor);
    const double most = known && unit.offset == 0 ? 1.5 * known->full_scale : std::numeric_limits<double>::infinity();
    const auto take = [&](const Curve& c) {
      double low = static_cast<double>(c.low), high = static_cast<double>(c.high);
      if (low > high) return;
      // a spike does not flatten the rest
      if (low < most && high > -most) low = std::max(low, -most), high = std::min(high, most);
      const double offset = plot.difference ? 0 : unit.offset;
      group->axis.from = std::min(group->axis.from, low * unit.factor + offset);
      group->axis.to = std::max(group->axis.to, high * unit.factor + offset);
    };
    if (plot.difference && app.other.recording && can_read(*app.other.recording, name)) {
      take(read_difference(app.plots, app.main, app.other, name, app.time.from_s, app.time.to_s, columns));
      continue;
    }
    take(read_curve(app.plots, app.main, name, app.time.from_s, app.time.to_s, columns));
    for (const Document* d : {&app.ghost, &app.other})
      if (d->recording && can_read(*d->recording, name))
        take(read_curve(app.plots, *d, name, app.time.from_s, app.time.to_s, columns));
  }
  for (Group& g : groups) {
    if (const auto fixed = plot.fixed.find(g.unit); fixed != plot.fixed.end()) {
      g.axis.from = fixed->second.first;
      g.axis.to = fixed->second.second;
    } else if (plot.log) {
      g.axis.to = g.axis.to > 0 ? g.axis.to * 1.3 : 1;
      g.axis.from = std::clamp(g.axis.from, g.axis.to * 1e-6, g.axis.to / 10);
    } else {
      if (g.axis.from <= g.axis.to && g.axis.to - g.axis.from < g.least_span) {
        const double middle = (g.axis.from + g.axis.to) / 2;
        g.axis.from = middle - g.least_span / 2;
        g.axis.to = middle + g.least_span / 2;
      }
      // zero where it is near
      if (g.axis.from <= g.axis.to && g.axis.from > 0 && g.axis.from < 0.35 * g.axis.to) g.axis.from = 0;
      round_limits(g.axis.from, g.axis.to);
    }
  }
  return groups;
}

// Columns of minimum and maximum: a smooth line where they are thin, a filled shape where they are not.
void draw_columns(ImDrawList* list, const Rect& area, const Curve& c, const Axis& y, const DisplayUnit& unit,
                  ImU32 colour, float thick) {
  std::vector<ImVec2> line;
  const auto flush = [&] {
    if (line.size() > 1) list->AddPolyline(line.data(), static_cast<int>(line.size()), colour, 0, thick);
    line.clear();
  };
  const float step = area.width() / static_cast<float>(c.columns);
  const bool opaque = colour >> IM_COL32_A_SHIFT == 255;
  const ImU32 fill = opaque ? mix(theme().panel, colour, 0.85f) : colour;
  const float wider = opaque ? std::max(0.0f, (thick - step) / 2) : 0;  // no thinner than a line
  float previous_top = 0, previous_low = 0;
  bool previous = false;
  Rect run;  // of columns that reach equally far, to be filled in one go
  const auto fill_run = [&] {
    if (run.x1 > run.x0) list->AddRectFilled({run.x0 - wider, run.y0}, {run.x1 + wider, run.y1}, fill);
    run = {};
  };
  for (int i = 0; i < c.columns; ++i) {
    const MinMax& m = c.column[static_cast<std::size_t>(i)];
    if (!std::isfinite(m.min) || !std::isfinite(m.max)) {
      flush();
      previous = false;
      continue;
    }
    const float low = y.pixel(unit.shown(static_cast<double>(m.min))),
                top = y.pixel(unit.shown(static_cast<double>(m.max)));
    const float x = area.x0 + step * static_cast<float>(i), middle = (low + top) / 2;
    if (low - top > thick) {
      if (!line.empty()) line.push_back({x, std::clamp(line.back().y, top, low)});
      flush();
      // Columns hang together: each reaches to its neighbour.
      const float a = previous ? std::min(top, previous_low) : top, b = previous ? std::max(low, previous_top) : low;
      if (run.x1 <= run.x0 || std::fabs(a - run.y0) > 0.5f || std::fabs(b - run.y1) > 0.5f || x - run.x1 > 0.5f) {
        fill_run();
        run = {x, a, x, b};
      }
      run.x1 = x + step;
    } else {
      if (line.empty() && previous) line.push_back({x, std::clamp(middle, previous_top, previous_low)});
      line.push_back({x + step / 2, middle});
    }
    previous_top = top;
    previous_low = low;
    previous = true;
  }
  fill_run();
  flush();
}

void draw_samples(ImDrawList* list, const Rect& area, const Curve& c, const Axis& x, const Axis& y,
                  const DisplayUnit& unit, ImU32 colour, float thick, bool dashed) {
  std::vector<ImVec2> line;
  const auto flush = [&] {
    if (line.size() > 1 && dashed)
      draw_dashed(list, line.data(), static_cast<int>(line.size()), colour, thick, thick * 5, thick * 3);
    else if (line.size() > 1)
      list->AddPolyline(line.data(), static_cast<int>(line.size()), colour, 0, thick);
    line.clear();
  };
  for (std::size_t i = 0; i < c.value.size(); ++i) {
    if (!std::isfinite(c.value[i])) {
      flush();
      continue;
    }
    const ImVec2 p = {x.pixel(c.at_s[i]), y.pixel(unit.shown(static_cast<double>(c.value[i])))};
    if (c.steps && !line.empty() && line.back().y == p.y && i + 1 < c.value.size()) continue;
    if (c.steps && !line.empty() && line.back().y != p.y) line.push_back({p.x, line.back().y});
    line.push_back(p);
  }
  flush();
  // Dots where samples stand far apart.
  if (c.at_s.size() < 2 || dashed) return;
  const float apart = (x.pixel(c.at_s.back()) - x.pixel(c.at_s.front())) / static_cast<float>(c.at_s.size() - 1);
  if (apart < 7 * thick || c.at_s.size() > 4000) return;
  for (std::size_t i = 0; i < c.value.size(); ++i) {
    const ImVec2 p = {x.pixel(c.at_s[i]), y.pixel(unit.shown(static_cast<double>(c.value[i])))};
    if (std::isfinite(c.value[i]) && area.contains(p)) list->AddCircleFilled(p, thick * 1.7f, colour, 10);
  }
}

void draw_curve(ImDrawList* list, const Rect& area, const Curve& c, const Axis& x, const Axis& y,
                const DisplayUnit& unit, ImU32 colour, float thick, bool dashed = false) {
  if (c.samples) {
    draw_samples(list, area, c, x, y, unit, colour, thick, dashed);
  } else if (dashed) {  // the outline of its columns
    for (const bool upper : {false, true}) {
      std::vector<ImVec2> line;
      for (int i = 0; i < c.columns; ++i) {
        const MinMax& m = c.column[static_cast<std::size_t>(i)];
        if (std::isfinite(m.min))
          line.push_back({area.x0 + (static_cast<float>(i) + 0.5f) * area.width() / static_cast<float>(c.columns),
                          y.pixel(unit.shown(static_cast<double>(upper ? m.max : m.min)))});
      }
      draw_dashed(list, line.data(), static_cast<int>(line.size()), colour, thick, thick * 5, thick * 3);
    }
  } else {
    draw_columns(list, area, c, y, unit, colour, thick);
  }
}

// --- limits of the selected requirement ---

// The middle of what a number of a formula is in each column; SI. Empty: it cannot be said.
std::vector<double> evaluate(App& app, const Formula& f, int index, int columns) {
  using Op = Formula::Op;
  const Formula::Node& n = f.nodes[static_cast<std::size_t>(index)];
  const auto size = static_cast<std::size_t>(columns);
  if (n.op == Op::number) return std::vector<double>(size, n.value);
  if (n.op == Op::signal) {
    const std::string& name = f.signals[static_cast<std::size_t>(n.signal)].name;
    if (!can_read(*app.main.recording, name)) return {};
    const Tick from = static_cast<Tick>(app.time.from_s / seconds(app.main.recording->tick_ns())),
               to = static_cast<Tick>(app.time.to_s / seconds(app.main.recording->tick_ns()));
    std::vector<double> out;
    for (const MinMax& m : app.main.recording->envelope(name, from, to, columns))
      out.push_back((static_cast<double>(m.min) + static_cast<double>(m.max)) / 2);
    return out;
  }
  std::vector<double> a = n.left >= 0 ? evaluate(app, f, n.left, columns) : std::vector<double>{};
  if (a.empty()) return {};
  const std::vector<double> b = n.right >= 0 ? evaluate(app, f, n.right, columns) : std::vector<double>(size, 0);
  if (b.empty()) return {};
  for (std::size_t i = 0; i < size; ++i) {
    switch (n.op) {
      case Op::negate:
        a[i] = -a[i];
        break;
      case Op::absolute:
        a[i] = std::fabs(a[i]);
        break;
      case Op::add:
        a[i] += b[i];
        break;
      case Op::subtract:
        a[i] -= b[i];
        break;
      case Op::multiply:
        a[i] *= b[i];
        break;
      case Op::divide:
        a[i] /= b[i];
        break;
      case Op::minimum:
        a[i] = std::fmin(a[i], b[i]);
        break;
      case Op::maximum:
        a[i] = std::fmax(a[i], b[i]);
        break;
      default:
        return {};
    }
  }
  return a;
}

struct Limit {  // of a signal: what its values must stay below or above
  std::string signal;
  std::vector<double> value;
};

// signal <= e, signal >= e, abs(signal - x) <= e, and their mirror images.
std::vector<Limit> limits_of(App& app, const Formula& f, int columns) {
  using Op = Formula::Op;
  std::vector<Limit> out;
  for (const Formula::Node& n : f.nodes) {
    if (n.op != Op::less && n.op != Op::less_equal && n.op != Op::greater && n.op != Op::greater_equal) continue;
    for (const auto& [side, other] : {std::pair{n.left, n.right}, {n.right, n.left}}) {
      const Formula::Node& s = f.nodes[static_cast<std::size_t>(side)];
      const std::vector<double> e = evaluate(app, f, other, columns);
      if (e.empty()) continue;
      if (s.op == Op::signal) out.push_back({f.signals[static_cast<std::size_t>(s.signal)].name, e});
      if (s.op != Op::absolute || s.left < 0) continue;
      const Formula::Node& d = f.nodes[static_cast<std::size_t>(s.left)];
      if (d.op != Op::subtract && d.op != Op::signal) continue;
      const Formula::Node& signal = d.op == Op::signal ? d : f.nodes[static_cast<std::size_t>(d.left)];
      if (signal.op != Op::signal) continue;
      const std::vector<double> x =
          d.op == Op::signal ? std::vector<double>(e.size(), 0) : evaluate(app, f, d.right, columns);
      if (x.empty()) continue;
      Limit low{f.signals[static_cast<std::size_t>(signal.signal)].name, x}, high = low;
      for (std::size_t i = 0; i < e.size(); ++i) low.value[i] -= e[i], high.value[i] += e[i];
      out.push_back(low);
      out.push_back(high);
    }
  }
  return out;
}

// The selected requirement in a plot that shows one of its signals: limits as lines, violated spans shaded.
void draw_requirement(App& app, ImDrawList* list, const Rect& area, const Axis& x, const std::vector<Group>& groups) {
  const Theme& t = theme();
  const Recording& r = *app.main.recording;
  for (const Requirement& q : app.main.requirements) {
    if (q.id != app.selected.requirement) continue;
    Formula f;
    try {
      f = parse_formula(q.that, q.at);
    } catch (const InputError&) {
      return;
    }
    bool concerned = false;
    for (const Group& g : groups)
      for (const std::string& name : g.signals)
        for (const SignalInfo& s : f.signals) concerned = concerned || s.name == name;
    if (!concerned) return;
    if (app.plots.violations.too_long)
      draw_text(list, Font::small, area.x0 + 6, area.y1 - font(Font::small)->FontSize * 1.3f, t.warn,
                q.id + ": too long a run to shade");
    const double tick_s = seconds(r.tick_ns());
    float drawn_to = -1e9f;
    for (const auto& [first, last] : app.plots.violations.spans) {
      const float x0 = std::max(x.pixel(static_cast<double>(first) * tick_s), area.x0),
                  x1 = std::min(x.pixel(static_cast<double>(last + 1) * tick_s), area.x1);
      if (x1 < area.x0 || x0 > area.x1 || x1 < drawn_to) continue;
      drawn_to = std::max(x1, x0 + 1.5f);
      list->AddRectFilled({x0, area.y0}, {drawn_to, area.y1}, with_alpha(t.bad, 0.20f));
    }
    const int columns = std::max(2, static_cast<int>(area.width()) / 2);
    for (const Limit& limit : limits_of(app, f, columns)) {
      for (const Group& g : groups) {
        if (std::find(g.signals.begin(), g.signals.end(), limit.signal) == g.signals.end()) continue;
        const DisplayUnit unit = display_unit(unit_of(r, limit.signal));
        std::vector<ImVec2> line;
        for (std::size_t i = 0; i < limit.value.size(); ++i)
          if (std::isfinite(limit.value[i]))
            line.push_back({area.x0 + (static_cast<float>(i) + 0.5f) * area.width() / static_cast<float>(columns),
                            g.axis.pixel(unit.shown(limit.value[i]))});
        draw_dashed(list, line.data(), static_cast<int>(line.size()), t.bad, std::max(1.0f, app.scale), 6 * app.scale,
                    4 * app.scale);
      }
    }
  }
}

// --- legend ---

std::string label_of(const std::string& name) {
  static const std::pair<const char*, const char*> known[] = {{"user.depth", "set depth"},
                                                              {"screw.position", "screw"},
                                                              {"needle.extension", "extension"},
                                                              {"needle.tip_depth", "tip depth"},
                                                              {"skin.indentation", "indentation"},
                                                              {"needle.penetration", "penetration, mean"},
                                                              {"needle.penetration_max", "penetration, deepest"},
                                                              {"needle.force", "needle force"},
                                                              {"hand.press", "hand press"},
                                                              {"stroke.rate", "stroke rate"},
                                                              {"user.rate", "set rate"},
                                                              {"stroke.period", "period"},
                                                              {"stroke.dwell", "dwell"},
                                                              {"stroke.drag", "drag"},
                                                              {"stroke.jitter", "jitter"},
                                                              {"motor.speed", "speed"},
                                                              {"motor.current", "current"},
                                                              {"motor.voltage", "voltage"},
                                                              {"battery.voltage", "battery"},
                                                              {"core.pwm_duty", "duty"},
                                                              {"skin.channel_depth", "channel depth"},
                                                              {"insertion.travel", "machine"},
                                                              {"insertion.force", "machine force"},
                                                              {"insertion.nose_force", "nose force"},
                                                              {"insertion.energy", "work"}};
  for (const auto& [signal, label] : known)
    if (name == signal) return label;
  return name;
}

void draw_legend(App& app, Plot& plot, int index, const Rect& room) {
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float line = std::floor(font(Font::small)->FontSize * 1.22f);
  const double at = app.plots.hover_s.value_or(app.cursor_s);
  const int fit = std::max(1, static_cast<int>(room.height() / line));
  const int count = static_cast<int>(plot.signals.size()), shown = count <= fit ? count : fit - 1;
  std::string removed;
  for (int i = 0; i < shown; ++i) {
    const std::string& name = plot.signals[static_cast<std::size_t>(i)];
    const float y = room.y0 + line * static_cast<float>(i);
    ImGui::SetCursorScreenPos({room.x0, y});
    ImGui::PushID(index * 1000 + i);
    if (ImGui::InvisibleButton("entry", {room.width(), line}))
      app.selected.signal = app.selected.signal == name ? "" : name;
    if (ImGui::IsItemClicked(ImGuiMouseButton_Middle)) removed = name;
    if (ImGui::BeginDragDropSource()) {
      ImGui::SetDragDropPayload("signal", name.c_str(), name.size() + 1);
      ImGui::TextUnformatted(name.c_str());
      ImGui::EndDragDropSource();
    }
    const SignalInfo* info = app.main.recording->find(name);
    tooltip(name + (info ? "\n" + info->meaning : "\ndifference of successive periods") +
            "\nDrag it onto another plot; middle click removes it.");
    if (ImGui::IsItemHovered() || app.selected.signal == name)
      list->AddRectFilled({room.x0, y}, {room.x1, y + line}, with_alpha(t.ink, 0.06f), 3);
    ImGui::PopID();
    const DisplayUnit unit = display_unit(unit_of(*app.main.recording, name));
    const bool readable = can_read(*app.main.recording, name);
    double value = readable ? value_at(app.main, name, at) : std::numeric_limits<double>::quiet_NaN();
    if (plot.difference && app.other.recording && can_read(*app.other.recording, name))
      value = value_at(app.other, name, at) - value;
    const std::string number = !readable ? "–"
                               : std::isnan(value)
                                   ? "–"
                                   : format_number(plot.difference ? value * unit.factor : unit.shown(value)),
                      units = unit.text;
    const float unit_width = text_size(Font::small, "mm/s").x, right = room.x1 - 2;
    draw_text(list, Font::small, right - unit_width, y + line * 0.1f, t.dim, fit_text(Font::small, units, unit_width));
    const float number_width = text_size(Font::small_number, number).x,
                number_x = right - unit_width - font(Font::small)->FontSize * 0.4f - number_width;
    draw_text(list, Font::small_number, number_x, y + line * 0.1f, t.ink, number);
    const float mark = font(Font::small)->FontSize * 0.75f;
    list->AddRectFilled({room.x0 + 2, y + line / 2 - 1.5f * app.scale},
                        {room.x0 + 2 + mark, y + line / 2 + 1.5f * app.scale}, signal_colour(name), 1);
    const float label_x = room.x0 + 2 + mark * 1.6f;
    draw_text(list, Font::small, label_x, y + line * 0.1f, t.dim,
              fit_text(Font::small, label_of(name), number_x - label_x - 4));
  }
  if (shown < count) {
    const std::string more = fmt::format("and {} more", count - shown);
    draw_text(list, Font::small, room.x0 + 2, room.y0 + line * static_cast<float>(shown) + line * 0.1f, t.faint, more);
  }
  if (!removed.empty()) std::erase(plot.signals, removed);
}

// --- marks ---

void draw_marks(App& app, ImDrawList* list, const Rect& area, const Axis& x) {
  const Theme& t = theme();
  const float hair = std::max(1.0f, std::floor(app.scale));
  const auto line = [&](double at, ImU32 colour) {
    const float p = std::floor(x.pixel(at)) + 0.5f;
    if (p >= area.x0 && p <= area.x1) list->AddLine({p, area.y0}, {p, area.y1}, colour, hair);
  };
  if (app.mark_a_s && app.mark_b_s) {
    const float a = x.pixel(std::min(*app.mark_a_s, *app.mark_b_s)),
                b = x.pixel(std::max(*app.mark_a_s, *app.mark_b_s));
    list->AddRectFilled({std::max(a, area.x0), area.y0}, {std::min(b, area.x1), area.y1},
                        with_alpha(t.palette[8], 0.10f));
  }
  if (app.mark_a_s) line(*app.mark_a_s, t.palette[8]);
  if (app.mark_b_s) line(*app.mark_b_s, t.palette[8]);
  line(app.cursor_s, t.accent);
  if (app.plots.hover_s) line(*app.plots.hover_s, with_alpha(t.ink, 0.45f));
}

// What happened, for the lane above the plots.
struct Event {
  double at_s;
  ImU32 colour;
  std::string text;
};

std::vector<Event> events_of(const App& app) {
  const Theme& t = theme();
  std::vector<Event> out;
  const Recording& r = *app.main.recording;
  const double tick_s = seconds(r.tick_ns());
  for (const RecordedText& c : r.commands()) {
    const bool fault = c.text.rfind("fault", 0) == 0, reset = c.text.rfind("reset", 0) == 0;
    out.push_back({static_cast<double>(c.at) * tick_s, fault ? t.bad : reset ? t.warn : t.accent, c.text});
  }
  for (const RecordedText& f : r.findings()) out.push_back({static_cast<double>(f.at) * tick_s, t.warn, f.text});
  for (const RecordedVerdict& v : r.verdicts())
    if (outcome_named(v.outcome) == Outcome::fail) out.push_back({v.at_s, t.bad, v.id + " fails: " + v.text});
  if (!r.meta().fault.kind.empty())
    out.push_back(
        {r.meta().fault.at_s, t.bad, "firmware fault: " + r.meta().fault.kind + " in " + r.meta().fault.function});
  return out;
}

// Where a count goes up within the view: columns whose value is more than that of the column before.
std::vector<double> rises(App& app, const std::string& name, int columns) {
  std::vector<double> out;
  if (!app.main.recording->has(name)) return out;
  const Curve& c = read_curve(app.plots, app.main, name, app.time.from_s, app.time.to_s, columns);
  if (c.samples) {
    for (std::size_t i = 1; i < c.value.size(); ++i)
      if (c.value[i] > c.value[i - 1]) out.push_back(c.at_s[i]);
  } else {
    for (std::size_t i = 0; i < c.column.size(); ++i)
      if (c.column[i].max > (i > 0 ? c.column[i - 1].max : c.column[i].min))
        out.push_back(app.time.from_s + (static_cast<double>(i) + 0.5) / columns * (app.time.to_s - app.time.from_s));
  }
  return out;
}

void draw_event_lane(App& app, const Rect& lane, const Axis& x, float lowest) {
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = std::floor((lane.y0 + lane.y1) / 2), size = lane.height() * 0.30f;
  list->AddLine({lane.x0, lane.y1 - 0.5f}, {lane.x1, lane.y1 - 0.5f}, t.grid);
  for (const auto& [mark, letter] : {std::pair{app.mark_a_s, "A"}, {app.mark_b_s, "B"}}) {
    if (!mark) continue;
    const float p = x.pixel(*mark), half = text_size(Font::small, letter).x / 2;
    if (p >= lane.x0 && p <= lane.x1)
      draw_text(list, Font::small, p - half, lane.y0 - lane.height() * 0.1f, t.palette[8], letter);
  }
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsWindowHovered() && mouse.y >= lane.y0 && mouse.y < lane.y1;
  // Punctures only where they can be told apart.
  const int columns = std::max(1, static_cast<int>(lane.width()));
  if (app.time.to_s - app.time.from_s < 0.5)
    for (const double at : rises(app, "needle.punctured", columns)) {
      const float p = x.pixel(at);
      if (p >= lane.x0 && p <= lane.x1)
        list->AddLine({p, middle - size}, {p, middle + size}, t.palette[4], std::max(1.0f, app.scale));
    }
  std::vector<Event> events = events_of(app);
  for (const double at : rises(app, "core.resets", columns)) events.push_back({at, t.warn, "reset of the core"});
  std::string hint;
  for (const Event& e : events) {
    const float p = std::floor(x.pixel(e.at_s));
    if (p < lane.x0 || p > lane.x1) continue;
    list->AddTriangleFilled({p - size, middle - size}, {p + size, middle - size}, {p, middle + size}, e.colour);
    list->AddLine({p + 0.5f, lane.y1}, {p + 0.5f, lowest}, with_alpha(e.colour, 0.22f));
    if (hovered && std::fabs(mouse.x - p) <= size + 2)
      hint += (hint.empty() ? "" : "\n") + format_time(e.at_s) + "  " + e.text;
  }
  if (!hint.empty()) {
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 34);
    ImGui::TextUnformatted(hint.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
}

// --- mouse ---

void handle_mouse(App& app, Plot& plot, int index, const Rect& area, const Axis& x, const std::vector<Group>& groups) {
  const ImGuiIO& io = ImGui::GetIO();
  PlotsState& state = app.plots;
  ImGui::SetCursorScreenPos({area.x0, area.y0});
  ImGui::PushID(index);
  ImGui::InvisibleButton("plot", {area.width(), area.height()},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  const double at = x.value(std::clamp(io.MousePos.x, area.x0, area.x1));
  if (hovered || active) {
    state.next_hover_s = at;
    state.active = index;
  }
  if (hovered && io.MouseWheel != 0) {
    const double factor = std::pow(0.8, static_cast<double>(io.MouseWheel));
    set_view(app, at + (app.time.from_s - at) * factor, at + (app.time.to_s - at) * factor);
  }
  if (hovered && io.MouseWheelH != 0) {
    const double shift = -0.1 * static_cast<double>(io.MouseWheelH) * (app.time.to_s - app.time.from_s);
    set_view(app, app.time.from_s + shift, app.time.to_s + shift);
  }
  const bool boxing = io.KeyShift || ImGui::IsMouseDown(ImGuiMouseButton_Right);
  const double share = std::clamp((io.MousePos.y - area.y0) / area.height(), 0.0f, 1.0f);
  if (ImGui::IsItemActivated() && boxing) state.box_begin = {at, share};
  // A mark is taken where the mouse is near it.
  const auto near = [&](const std::optional<double>& mark) {
    return mark && std::fabs(x.pixel(*mark) - io.MousePos.x) <= 4 * app.scale;
  };
  const int mark_here = near(app.mark_b_s) ? 2 : near(app.mark_a_s) ? 1 : 0;
  if (hovered && mark_here) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (ImGui::IsItemActivated() && !boxing) state.dragged_mark = mark_here;
  if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    fit_all(app);
    state.box_begin.reset();
  } else if (active && state.box_begin) {
    const float bx = x.pixel(state.box_begin->first),
                by = area.y0 + static_cast<float>(state.box_begin->second) * area.height();
    const float my = area.y0 + static_cast<float>(share) * area.height(), mx = x.pixel(at);
    const Theme& t = theme();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled({std::min(bx, mx), std::min(by, my)}, {std::max(bx, mx), std::max(by, my)},
                        with_alpha(t.accent, 0.18f));
    list->AddRect({std::min(bx, mx), std::min(by, my)}, {std::max(bx, mx), std::max(by, my)}, t.accent);
  } else if (active && state.dragged_mark && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 3)) {
    (state.dragged_mark == 1 ? app.mark_a_s : app.mark_b_s) = at;
    state.panning = true;
  } else if (active && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 3)) {
    const double shift =
        -static_cast<double>(io.MouseDelta.x) / static_cast<double>(area.width()) * (app.time.to_s - app.time.from_s);
    if (shift != 0) set_view(app, app.time.from_s + shift, app.time.to_s + shift);
    state.panning = true;
  }
  if (ImGui::IsItemDeactivated()) {
    const float dx = state.box_begin ? std::fabs(x.pixel(state.box_begin->first) - x.pixel(at)) : 0;
    const float dy =
        state.box_begin ? static_cast<float>(std::fabs(share - state.box_begin->second)) * area.height() : 0;
    if (state.box_begin && dx > 4) {
      if (dy > 12)
        for (const Group& g : groups) {
          const float p0 = area.y0 + static_cast<float>(std::max(share, state.box_begin->second)) * area.height();
          const float p1 = area.y0 + static_cast<float>(std::min(share, state.box_begin->second)) * area.height();
          plot.fixed[g.unit] = {g.axis.value(p0), g.axis.value(p1)};
        }
      set_view(app, std::min(state.box_begin->first, at), std::max(state.box_begin->first, at));
    } else if (state.box_begin && dy <= 4 && !io.KeyShift) {
      ImGui::OpenPopup("menu");
    } else if (!state.panning && !state.box_begin) {
      seek(app, at);
    }
    state.box_begin.reset();
    state.panning = false;
    state.dragged_mark = 0;
  }
  if (ImGui::BeginDragDropTarget()) {
    if (const ImGuiPayload* payload = ImGui::AcceptDragDropPayload("signal")) {
      const std::string name(static_cast<const char*>(payload->Data));
      if (std::find(plot.signals.begin(), plot.signals.end(), name) == plot.signals.end()) plot.signals.push_back(name);
    }
    ImGui::EndDragDropTarget();
  }
  if (ImGui::BeginPopup("menu")) {
    bool fixed = !plot.fixed.empty();
    if (ImGui::MenuItem("Fit all", "f")) fit_all(app);
    if (ImGui::MenuItem("Keep this scale", nullptr, &fixed)) {
      plot.fixed.clear();
      if (fixed)
        for (const Group& g : groups) plot.fixed[g.unit] = {g.axis.from, g.axis.to};
    }
    if (ImGui::MenuItem("Logarithmic scale", nullptr, &plot.log)) plot.fixed.clear();
    if (app.other.recording && ImGui::MenuItem("Difference of the two", "d", &plot.difference)) plot.fixed.clear();
    if (ImGui::MenuItem("Mark A here", "a")) app.mark_a_s = at;
    if (ImGui::MenuItem("Mark B here", "b")) app.mark_b_s = at;
    if (ImGui::MenuItem("Add signals", "/")) state.browser = state.focus_search = true;
    if (state.plots.size() > 1 && ImGui::MenuItem("Remove this plot")) plot.signals.clear();
    ImGui::EndPopup();
  }
  ImGui::PopID();
}

void draw_plot(App& app, int index, const Rect& room, const Rect& area, bool last) {
  const Theme& t = theme();
  Plot& plot = app.plots.plots[static_cast<std::size_t>(index)];
  ImDrawList* list = ImGui::GetWindowDrawList();
  const Axis x{app.time.from_s, app.time.to_s, area.x0, area.x1, false};
  std::vector<Group> groups = groups_of(app, plot, area);

  // Title and units above the area, as far as scales can be read: the first at the left, the second at the right.
  const float small = font(Font::small)->FontSize, head = area.y0 - small * 1.25f;
  const std::string first_unit = groups.empty() ? "" : groups[0].unit;
  if (!first_unit.empty())
    draw_text(list, Font::small, area.x0 - small * 0.4f - text_size(Font::small, first_unit).x, head, t.dim,
              first_unit);
  std::string title = plot.title + (plot.difference ? ", difference" : "");
  if (groups.size() > 2) {
    title += "   (also ";
    for (std::size_t g = 2; g < groups.size(); ++g)
      title += fmt::format("{}{:g} … {:g} {}", g > 2 ? ", " : "", groups[g].axis.from, groups[g].axis.to,
                           groups[g].unit.empty() ? "as ratio" : groups[g].unit);
    title += ")";
  }
  float title_room = area.width();
  if (groups.size() > 1) {
    const std::string unit = groups[1].unit.empty() ? "ratio" : groups[1].unit;
    draw_text(list, Font::small, area.x1 + small * 0.4f, head, t.dim, unit);
    title_room -= small;
  }
  draw_text(list, Font::small, area.x0 + small * 0.4f, head, index == app.plots.active ? t.ink : t.dim,
            fit_text(Font::small, title, title_room));

  draw_axes(list, area, x, groups.empty() ? Axis{0, 1, area.y1, area.y0, false} : groups[0].axis, Font::small_number,
            last);
  if (groups.size() > 1)
    for (const AxisTick& tick : axis_ticks(groups[1].axis, small * 1.9f))
      if (!tick.label.empty())
        draw_text(list, Font::small_number, area.x1 + small * 0.4f,
                  std::floor(groups[1].axis.pixel(tick.value)) - font(Font::small_number)->FontSize / 2, t.faint,
                  tick.label);

  list->PushClipRect({area.x0, area.y0}, {area.x1, area.y1 + 1}, true);
  draw_requirement(app, list, area, x, groups);
  const int columns = std::max(1, static_cast<int>(area.width()));
  const float thick = std::max(1.0f, 1.4f * app.scale);
  for (const Group& g : groups) {
    for (const std::string& name : g.signals) {
      DisplayUnit unit = display_unit(unit_of(*app.main.recording, name));
      const ImU32 colour = signal_colour(name);
      const bool dim = !app.selected.signal.empty() && app.selected.signal != name &&
                       std::find(plot.signals.begin(), plot.signals.end(), app.selected.signal) != plot.signals.end();
      const float strength = dim ? 0.3f : 1.0f;
      if (plot.difference && app.other.recording && can_read(*app.other.recording, name)) {
        unit.offset = 0;
        draw_curve(list, area,
                   read_difference(app.plots, app.main, app.other, name, app.time.from_s, app.time.to_s, columns), x,
                   g.axis, unit, with_alpha(colour, strength), thick);
        continue;
      }
      if (app.ghost.recording && can_read(*app.ghost.recording, name))
        draw_curve(list, area, read_curve(app.plots, app.ghost, name, app.time.from_s, app.time.to_s, columns), x,
                   g.axis, unit, with_alpha(colour, 0.28f * strength), thick);
      draw_curve(list, area, read_curve(app.plots, app.main, name, app.time.from_s, app.time.to_s, columns), x, g.axis,
                 unit, with_alpha(colour, strength), thick);
      if (app.other.recording && can_read(*app.other.recording, name))
        draw_curve(list, area, read_curve(app.plots, app.other, name, app.time.from_s, app.time.to_s, columns), x,
                   g.axis, unit, with_alpha(mix(colour, t.ink, 0.35f), strength), thick, true);
    }
  }
  draw_marks(app, list, area, x);
  list->PopClipRect();
  if (groups.empty())
    draw_text(list, Font::small, area.x0 + small, (area.y0 + area.y1) / 2 - small, t.faint, "Drag a signal here");

  draw_legend(app, plot, index,
              {room.x1 - (room.x1 - area.x1) + small * 4.2f, room.y0 + small * 0.2f, room.x1, area.y1});
  handle_mouse(app, plot, index, area, x, groups);
}

// --- signal list ---

void draw_browser(App& app, float width, float height) {
  const Theme& t = theme();
  PlotsState& state = app.plots;
  ImGui::BeginChild("browser", {width, height});
  ImGui::SetNextItemWidth(-1);
  if (state.focus_search) {
    ImGui::SetKeyboardFocusHere();
    state.focus_search = false;
  }
  char search[128] = {};
  state.search.copy(search, sizeof search - 1);
  if (ImGui::InputTextWithHint("##signals", "Search signals", search, sizeof search)) state.search = search;
  ImGui::BeginChild("signals", {0, -font(Font::small)->FontSize * 3.2f});
  std::vector<std::string> names;
  for (const SignalInfo& s : app.main.recording->signals()) names.push_back(s.name);
  if (can_read(*app.main.recording, "stroke.jitter")) names.push_back("stroke.jitter");
  std::erase_if(names, [&](const std::string& name) {
    const auto same = [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    return !state.search.empty() &&
           std::search(name.begin(), name.end(), state.search.begin(), state.search.end(), same) == name.end();
  });
  if (names.empty()) text(Font::small, t.dim, "No signal with that name.");
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(names.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const std::string& name = names[static_cast<std::size_t>(i)];
      Plot& plot = state.plots[static_cast<std::size_t>(state.active)];
      const bool shown = std::find(plot.signals.begin(), plot.signals.end(), name) != plot.signals.end();
      const ImVec2 p = ImGui::GetCursorScreenPos();
      if (ImGui::Selectable(("##" + name).c_str(), shown)) {
        if (shown)
          std::erase(plot.signals, name);
        else
          plot.signals.push_back(name);
      }
      if (ImGui::BeginDragDropSource()) {
        ImGui::SetDragDropPayload("signal", name.c_str(), name.size() + 1);
        ImGui::TextUnformatted(name.c_str());
        ImGui::EndDragDropSource();
      }
      const SignalInfo* info = app.main.recording->find(name);
      if (info) tooltip(name + "\n" + info->meaning + (info->unit == "1" ? "" : ", " + display_unit(info->unit).text));
      ImDrawList* list = ImGui::GetWindowDrawList();
      const float size = font(Font::small)->FontSize;
      list->AddCircleFilled({p.x + size * 0.5f, p.y + ImGui::GetTextLineHeight() / 2}, size * 0.25f,
                            signal_colour(name), 16);
      draw_text(list, Font::small, p.x + size * 1.2f, p.y + 1, shown ? t.ink : t.dim,
                fit_text(Font::small, name, width - size * 2.5f));
    }
  }
  ImGui::EndChild();
  ImGui::PushTextWrapPos(0);
  text(Font::small, t.faint, "Click: adds it to the last used plot. Drag: onto a plot, or below for a new one.");
  ImGui::PopTextWrapPos();
  ImGui::EndChild();
}

void draw_measures(App& app) {
  const Theme& t = theme();
  PlotsState& state = app.plots;
  const std::pair<double, double> marks{*app.mark_a_s, *app.mark_b_s};
  if (state.measured_marks != marks) {
    state.measured.clear();
    state.measured_marks = marks;
  }
  Plot& plot = state.plots[static_cast<std::size_t>(state.active)];
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, {ImGui::GetStyle().CellPadding.x, 1});
  const bool narrow = ImGui::GetContentRegionAvail().x < ImGui::GetFontSize() * 38;
  const std::vector<const char*> heads =
      narrow ? std::vector<const char*>{"A to B", "B − A", "mean", "min", "max"}
             : std::vector<const char*>{"between the marks", "at A", "at B", "B − A", "mean", "rms", "min", "max"};
  if (ImGui::BeginTable("measures", static_cast<int>(heads.size()),
                        ImGuiTableFlags_SizingStretchProp | ImGuiTableFlags_BordersInnerH)) {
    ImGui::TableNextRow();
    for (const char* head : heads) {
      ImGui::TableNextColumn();
      text(Font::small, t.dim, head);
    }
    for (const std::string& name : plot.signals) {
      if (!can_read(*app.main.recording, name)) continue;
      auto [known, is_new] = state.measured.try_emplace(name);
      if (is_new) known->second = measure_stretch(app.main, name, marks.first, marks.second);
      const Stretch& m = known->second;
      const DisplayUnit u = display_unit(unit_of(*app.main.recording, name));
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      const std::string label = label_of(name) + (u.text.empty() ? "" : ", " + u.text);
      text(Font::small, signal_colour(name), fit_text(Font::small, label, ImGui::GetContentRegionAvail().x));
      const auto cell = [&](double v) {
        ImGui::TableNextColumn();
        text(Font::small_number, t.ink, std::isnan(v) ? "–" : format_number(v));
      };
      if (!narrow) cell(u.shown(m.a)), cell(u.shown(m.b));
      cell((m.b - m.a) * u.factor);
      cell(m.whole ? u.shown(m.mean) : NAN);
      if (!narrow) cell(m.whole && u.offset == 0 ? u.shown(m.rms) : NAN);
      cell(u.shown(m.min)), cell(u.shown(m.max));
    }
    ImGui::EndTable();
  }
  ImGui::PopStyleVar();
}

}  // namespace

void fit_plots(App& app) { fit_all(app); }
void show_stretch(App& app, double from_s, double to_s) { set_view(app, from_s, to_s); }

void draw_plots(App& app) {
  const Theme& t = theme();
  PlotsState& state = app.plots;
  if (!app.main.recording) return draw_empty("Nothing to plot", "Open a scenario or a recording from the library.");
  if (app.main.recording->ticks() == 0)
    return draw_empty("The run is starting", "The first samples will be here in a moment.");
  const Recording& r = *app.main.recording;
  std::erase_if(state.plots, [](const Plot& p) { return p.signals.empty(); });
  if (state.plots.empty()) state.plots = plots_of(r);
  state.active = std::clamp(state.active, 0, static_cast<int>(state.plots.size()) - 1);
  find_violations(app);
  state.hover_s = state.next_hover_s;
  state.next_hover_s.reset();

  const float small = font(Font::small)->FontSize, unit = ImGui::GetFontSize();
  // First line: signals, what is seen, the marks.
  if (icon_button("signals", Icon::plus, "Signals: search, click or drag  (/)", false, state.browser)) {
    state.browser = !state.browser;
    state.focus_search = state.browser;
  }
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  const double span = app.time.to_s - app.time.from_s;
  std::string line =
      fmt::format("{} … {}", format_time(app.time.from_s, span / 1000), format_time(app.time.to_s, span / 1000));
  if (app.plots.hover_s) line = "at " + format_time(*app.plots.hover_s, span / 1000);
  if (app.mark_a_s) line += "    A " + format_time(*app.mark_a_s, span / 1000);
  if (app.mark_b_s) line += "    B " + format_time(*app.mark_b_s, span / 1000);
  if (app.mark_a_s && app.mark_b_s && *app.mark_a_s != *app.mark_b_s) {
    const double d = *app.mark_b_s - *app.mark_a_s;
    line += fmt::format("    Δt {} ms    1/Δt {} Hz", format_number(d * 1e3, 5), format_number(1 / std::fabs(d), 5));
  }
  text(Font::small_number, t.dim, fit_text(Font::small_number, line, ImGui::GetContentRegionAvail().x));

  ImVec2 p = ImGui::GetCursorScreenPos();
  ImVec2 room = ImGui::GetContentRegionAvail();
  if (state.browser) {
    const float width = std::min(unit * 14, room.x * 0.35f);
    draw_browser(app, width, room.y);
    p.x += width + unit * 0.5f;
    room.x -= width + unit * 0.5f;
  }
  const bool measuring = app.mark_a_s && app.mark_b_s;
  const float table =
      measuring
          ? std::min(room.y * 0.4f,
                     (ImGui::GetTextLineHeight() +
                      3) * static_cast<float>(state.plots[static_cast<std::size_t>(state.active)].signals.size() + 1) +
                         unit * 0.5f)
          : 0;
  const ImGuiPayload* dragged = ImGui::GetDragDropPayload();
  const bool dropping = dragged && dragged->IsDataType("signal");
  const float target = dropping ? unit * 2.2f : 0;

  const float gutter = std::ceil(text_size(Font::small_number, "-00.00").x + small * 0.6f),
              legend = std::ceil(std::min(small * 20.5f, room.x * 0.38f));
  const float lane = std::floor(small * 1.1f), head = std::floor(small * 1.4f), foot = std::floor(small * 1.9f);
  const auto count = static_cast<float>(state.plots.size());
  const float height = std::floor((room.y - lane - foot - table - target) / count);
  const Rect lane_room{p.x + gutter, p.y, p.x + room.x - legend, p.y + lane};
  const Axis x{app.time.from_s, app.time.to_s, lane_room.x0, lane_room.x1, false};
  if (height > head + small * 2 && lane_room.width() > small * 6) {
    for (int i = 0; i < static_cast<int>(state.plots.size()); ++i) {
      const float top = p.y + lane + height * static_cast<float>(i);
      const Rect plot_room{p.x, top, p.x + room.x, top + height};
      draw_plot(app, i, plot_room, {lane_room.x0, top + head, lane_room.x1, top + height - small * 0.3f},
                i + 1 == static_cast<int>(state.plots.size()));
    }
    draw_text(ImGui::GetWindowDrawList(), Font::small, lane_room.x1 + small * 2.4f,
              p.y + lane + height * count + small * 0.05f, t.dim, "s");
    draw_event_lane(app, lane_room, x, p.y + lane + height * count);
  } else {
    ImGui::SetCursorScreenPos(p);
    draw_empty("No room for the plots", "Make the window larger, or remove a plot.");
  }
  const float below = p.y + lane + height * count + foot;
  if (dropping) {
    ImGui::SetCursorScreenPos({p.x + gutter, below});
    ImGui::Button("Drop here for a new plot", {lane_room.width(), target - unit * 0.4f});
    if (ImGui::BeginDragDropTarget()) {
      if (const ImGuiPayload* payload = ImGui::AcceptDragDropPayload("signal")) {
        const std::string name(static_cast<const char*>(payload->Data));
        state.plots.push_back({label_of(name), {name}, false, false, {}});
      }
      ImGui::EndDragDropTarget();
    }
  }
  if (measuring) {
    ImGui::SetCursorScreenPos({p.x, below + target});
    ImGui::BeginChild("measures", {room.x, table});
    draw_measures(app);
    ImGui::EndChild();
  }
}

}  // namespace pensim::dashboard
