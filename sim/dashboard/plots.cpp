#include "sim/dashboard/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "sim/dashboard/compare.h"
#include "sim/dashboard/curve.h"
#include "sim/dashboard/history.h"
#include "sim/dashboard/lanes.h"
#include "sim/dashboard/legend.h"
#include "sim/dashboard/measures.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/transport.h"
#include "sim/dashboard/value_names.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/quantity.h"
#include "sim/vocabulary/signal_name.h"
#include "sim/vocabulary/verdict.h"

namespace pensim::dashboard {
namespace {

constexpr double shortest_view_s = 2e-6;

}  // namespace

std::vector<Plot> default_plots(const Recording& r) {
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

namespace {

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
  Rect area;
  bool hides = false;  // a logarithmic scale: values of 0 and below cannot be shown
};

// A signal that is drawn as a lane: states with names, a switch.
bool is_lane(App& app, const Plot& plot, const std::string& name) {
  return !plot.difference && can_read(*app.main.recording, name) &&
         (is_switch(name) || !value_names(app, name).empty());
}

// B - A, whichever of the two is the main document.
const Curve& difference_of(App& app, const std::string& name, int columns) {
  return read_difference(app.plots, first_of(app), second_of(app), name, app.time.from_s, app.time.to_s, columns);
}
bool shows_difference(const App& app, const Plot& plot, const std::string& name) {
  return plot.difference && app.other.recording && can_read(*app.other.recording, name);
}

std::vector<Group> groups_of(App& app, Plot& plot, const Rect& area) {
  std::vector<Group> groups;
  const Recording& r = *app.main.recording;
  const int columns = std::max(1, static_cast<int>(area.width()));
  for (const std::string& name : plot.signals) {
    if (!can_read(r, name) || is_lane(app, plot, name)) continue;
    const DisplayUnit unit = shown_unit(r, name);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.unit == unit.text; });
    if (group == groups.end()) {
      groups.push_back({unit.text, {1e300, -1e300, area.y1, area.y0, plot.log}, {}, 0, area});
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
      group->hides = group->hides || (plot.log && low <= 0);
      // a spike does not flatten the rest
      if (low < most && high > -most) low = std::max(low, -most), high = std::min(high, most);
      const double offset = plot.difference ? 0 : unit.offset;
      group->axis.from = std::min(group->axis.from, low * unit.factor + offset);
      group->axis.to = std::max(group->axis.to, high * unit.factor + offset);
    };
    if (shows_difference(app, plot, name)) {
      take(difference_of(app, name, columns));
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

// Zero at one height for both scales of a plot, where both hold it and neither loses more than half of its room.
void align_zeros(const Plot& plot, Group& a, Group& b) {
  const auto share = [&](const Group& g) {
    if (plot.log || plot.fixed.count(g.unit) || g.axis.from > 0 || g.axis.to <= 0) return -1.0;
    return -g.axis.from / (g.axis.to - g.axis.from);
  };
  const double shares[] = {share(a), share(b)}, most = std::max(shares[0], shares[1]);
  if (shares[0] < 0 || shares[1] < 0 || most > 0.5) return;
  for (Group* g : {&a, &b}) g->axis.from = -most / (1 - most) * g->axis.to;
}

// The first two units share the upper part of a plot (scales at the left and at the right), each further one has a
// strip with a scale of its own, each switch and enumeration a lane at the bottom.
struct Pieces {
  Rect main;
  std::vector<std::pair<std::string, Rect>> lanes;
  bool strips = true;  // false: there is no room for them, and further units are drawn over the others
};

Pieces place_pieces(App& app, const Plot& plot, const Rect& area, std::vector<Group>& groups) {
  const float small = font(Font::small)->FontSize, gap = std::floor(small * 0.45f);
  Pieces out;
  out.main = area;
  std::vector<std::string> lanes;
  for (const std::string& name : plot.signals)
    if (is_lane(app, plot, name)) lanes.push_back(name);
  const float lane = std::floor(std::min(small * 1.7f, area.height() * (groups.empty() ? 1.0f : 0.6f) /
                                                           static_cast<float>(std::max<std::size_t>(lanes.size(), 1))));
  for (std::size_t i = lanes.size(); i-- > 0;) {
    out.lanes.insert(out.lanes.begin(), {lanes[i], {area.x0, out.main.y1 - lane + 2, area.x1, out.main.y1}});
    out.main.y1 -= lane;
  }
  if (!lanes.empty()) out.main.y1 -= gap;
  const std::size_t further = groups.size() > 2 ? groups.size() - 2 : 0;
  const float strip = std::floor((out.main.height() - gap * static_cast<float>(further)) * 0.5f /
                                 (1 + 0.5f * static_cast<float>(further)));
  out.strips = further > 0 && strip >= small * 0.9f;
  if (out.strips) out.main.y1 -= (strip + gap) * static_cast<float>(further);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    groups[g].area = out.main;
    if (g >= 2 && out.strips) {
      const float top = out.main.y1 + gap + (strip + gap) * static_cast<float>(g - 2);
      groups[g].area = {area.x0, top, area.x1, top + strip};
    }
    groups[g].axis.pixel_from = groups[g].area.y1;
    groups[g].axis.pixel_to = groups[g].area.y0;
  }
  if (groups.size() > 1) align_zeros(plot, groups[0], groups[1]);
  return out;
}

// Columns of minimum and maximum: a line where they are thin or hardly overlap; else a pale shape between two bright
// edges, so that what lies below it can be read.
void draw_columns(ImDrawList* list, const Rect& area, const Curve& c, const Axis& y, const DisplayUnit& unit,
                  ImU32 colour, float thick) {
  std::vector<ImVec2> line, upper, lower;
  const auto end_line = [&](std::vector<ImVec2>& points, ImU32 ink) {
    if (points.size() > 1) list->AddPolyline(points.data(), static_cast<int>(points.size()), ink, 0, thick);
    points.clear();
  };
  const float step = area.width() / static_cast<float>(c.columns);
  const ImU32 fill = with_alpha(colour, 0.30f), edge = with_alpha(colour, 0.75f);
  float previous_top = 0, previous_low = 0;
  bool previous = false;
  Rect run;  // of columns that reach equally far, to be filled in one go
  const auto fill_run = [&] {
    if (run.x1 > run.x0) list->AddRectFilled({run.x0, run.y0}, {run.x1, run.y1}, fill);
    run = {};
  };
  const auto end_shape = [&] {
    fill_run();
    end_line(upper, edge);
    end_line(lower, edge);
  };
  for (int i = 0; i < c.columns; ++i) {
    const MinMax& m = c.column[static_cast<std::size_t>(i)];
    if (!std::isfinite(m.min) || !std::isfinite(m.max)) {
      end_line(line, colour);
      end_shape();
      previous = false;
      continue;
    }
    const float low = y.pixel(unit.shown(static_cast<double>(m.min))),
                top = y.pixel(unit.shown(static_cast<double>(m.max)));
    const float x = area.x0 + step * static_cast<float>(i), middle = (low + top) / 2;
    if (low - top > thick) {
      if (!line.empty()) line.push_back({x, std::clamp(line.back().y, top, low)});
      end_line(line, colour);
      // Columns hang together: each reaches to its neighbour.
      const float a = previous ? std::min(top, previous_low) : top, b = previous ? std::max(low, previous_top) : low;
      const float common = std::min(low, previous_low) - std::max(top, previous_top);
      if (previous && common < 0.4f * (low - top)) {  // a steep line rather than many strokes
        end_shape();
        list->AddRectFilled({x, a}, {x + std::max(step, thick), b}, with_alpha(colour, 0.85f));
      } else {
        if (run.x1 <= run.x0 || std::fabs(a - run.y0) > 0.5f || std::fabs(b - run.y1) > 0.5f || x - run.x1 > 0.5f) {
          fill_run();
          run = {x, a, x, b};
        }
        run.x1 = x + step;
        upper.push_back({x + step / 2, a});
        lower.push_back({x + step / 2, b});
      }
    } else {
      if (!upper.empty()) {
        const ImVec2 from{x, std::clamp(middle, upper.back().y, lower.back().y)};
        end_shape();
        line.push_back(from);
      }
      line.push_back({x + step / 2, middle});
    }
    previous_top = top;
    previous_low = low;
    previous = true;
  }
  end_line(line, colour);
  end_shape();
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
  // Dots where samples stand far apart; none on a constant.
  if (c.at_s.size() < 2 || dashed || c.low >= c.high) return;
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
void draw_requirement(App& app, ImDrawList* list, const Plot& plot, const Rect& area, const Axis& x,
                      const std::vector<Group>& groups) {
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
    for (const std::string& name : plot.signals)
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
        const DisplayUnit unit = shown_unit(r, limit.signal);
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
    out.push_back({static_cast<double>(c.at) * tick_s,
                   fault   ? t.bad
                   : reset ? t.warn
                           : t.accent,
                   command_words(c.text)});
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
  // Beside their marks and over what stands there: a command may be at the same instant.
  for (const auto& [mark, letter] : {std::pair{app.mark_a_s, "A"}, {app.mark_b_s, "B"}}) {
    if (!mark) continue;
    const float p = x.pixel(*mark), left = p + size + 2, width = text_size(Font::small, letter).x;
    if (p < lane.x0 || p > lane.x1) continue;
    list->AddRectFilled({left - 1, lane.y0 - 2}, {left + width + 1, lane.y1 - 1}, with_alpha(t.panel, 0.85f), 2);
    draw_text(list, Font::small, left, lane.y0 - lane.height() * 0.1f, t.palette[8], letter);
    list->AddLine({p, lane.y0}, {p, lane.y1}, t.palette[8]);
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
    if (io.MouseDelta.x != 0 || io.MouseDelta.y != 0 || active) state.pointing = true;
    if (state.pointing) state.next_hover_s = at;
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
          if (g.area.y0 != groups[0].area.y0) continue;  // the box is one of the upper scales
          const float p0 = area.y0 + static_cast<float>(std::max(share, state.box_begin->second)) * area.height();
          const float p1 = area.y0 + static_cast<float>(std::min(share, state.box_begin->second)) * area.height();
          plot.fixed[g.unit] = {g.axis.value(p0), g.axis.value(p1)};
        }
      set_view(app, std::min(state.box_begin->first, at), std::max(state.box_begin->first, at));
    } else if (state.box_begin && dy <= 4 && !io.KeyShift) {
      ImGui::OpenPopup("menu");
    } else if (!state.panning && !state.box_begin) {
      seek(app, at);
      state.pointing = true;
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
    escape_closes();
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
    if (ImGui::MenuItem("Copy what is shown as CSV")) {
      ImGui::SetClipboardText(plot_csv(app, plot).c_str());
      app.notice = "Copied: " + plot.title + ", " + format_time(app.time.from_s) + " to " + format_time(app.time.to_s);
    }
    if (ImGui::MenuItem("Add signals", "/")) state.browser = state.focus_search = true;
    if (state.plots.size() > 1 && ImGui::MenuItem("Remove this plot")) plot.signals.clear();
    if (ImGui::MenuItem("Default plots")) state.reset = true;
    ImGui::EndPopup();
  }
  ImGui::PopID();
}

void draw_signal(App& app, ImDrawList* list, const Plot& plot, const Group& g, const Axis& x, const std::string& name) {
  const Theme& t = theme();
  const int columns = std::max(1, static_cast<int>(g.area.width()));
  const float thick = std::max(1.0f, 1.4f * app.scale);
  DisplayUnit unit = shown_unit(*app.main.recording, name);
  const ImU32 colour = signal_colour(name);
  const bool dim = !app.selected.signal.empty() && app.selected.signal != name &&
                   std::find(plot.signals.begin(), plot.signals.end(), app.selected.signal) != plot.signals.end();
  const float strength = dim ? 0.3f : 1.0f;
  if (shows_difference(app, plot, name)) {
    unit.offset = 0;
    draw_curve(list, g.area, difference_of(app, name, columns), x, g.axis, unit, with_alpha(colour, strength), thick);
    return;
  }
  if (app.ghost.recording && can_read(*app.ghost.recording, name))
    draw_curve(list, g.area, read_curve(app.plots, app.ghost, name, app.time.from_s, app.time.to_s, columns), x, g.axis,
               unit, with_alpha(colour, 0.28f * strength), thick);
  const Curve& curve = read_curve(app.plots, app.main, name, app.time.from_s, app.time.to_s, columns);
  const auto draw_part = [&](float x0, float x1, float alpha) {
    list->PushClipRect({std::max(x0, g.area.x0), g.area.y0}, {std::min(x1, g.area.x1), g.area.y1 + 1}, true);
    draw_curve(list, g.area, curve, x, g.axis, unit, with_alpha(colour, alpha), thick);
    list->PopClipRect();
  };
  float done = g.area.x0;  // pale where it is a bound
  if (name == "stroke.rate" || name == "stroke.period")
    for (const auto& [from, to] : overdue_spans(app.main, app.time.from_s, app.time.to_s)) {
      draw_part(done, x.pixel(from), strength);
      draw_part(x.pixel(from), x.pixel(to), 0.35f * strength);
      done = x.pixel(to);
    }
  draw_part(done, g.area.x1, strength);
  if (app.other.recording && can_read(*app.other.recording, name))
    draw_curve(list, g.area, read_curve(app.plots, app.other, name, app.time.from_s, app.time.to_s, columns), x, g.axis,
               unit, with_alpha(mix(colour, t.ink, 0.35f), strength), thick, true);
}

// How far the curves of a group reach, as a share of its scale: what reaches farther is drawn first, small over large.
double reach_of(App& app, const Group& g, const std::string& name) {
  const Curve& c = read_curve(app.plots, app.main, name, app.time.from_s, app.time.to_s,
                              std::max(1, static_cast<int>(g.area.width())));
  const DisplayUnit unit = shown_unit(*app.main.recording, name);
  return static_cast<double>(c.high - c.low) * unit.factor / std::max(g.axis.to - g.axis.from, 1e-300);
}

void draw_plot(App& app, int index, const Rect& room, const Rect& area, bool last) {
  const Theme& t = theme();
  Plot& plot = app.plots.plots[static_cast<std::size_t>(index)];
  ImDrawList* list = ImGui::GetWindowDrawList();
  const Axis x{app.time.from_s, app.time.to_s, area.x0, area.x1, false};
  std::vector<Group> groups = groups_of(app, plot, area);
  const Pieces pieces = place_pieces(app, plot, area, groups);
  const auto unit_words = [](const Group& g) { return g.unit.empty() ? std::string("ratio") : g.unit; };

  // Title and units above the area.
  const float small = font(Font::small)->FontSize, head = area.y0 - small * 1.25f, gutter = area.x0 - room.x0;
  if (!groups.empty()) {
    const std::string unit = fit_text(Font::small, unit_words(groups[0]), gutter - small * 0.4f);
    draw_text(list, Font::small, area.x0 - small * 0.4f - text_size(Font::small, unit).x, head, t.dim, unit);
  }
  std::string title = plot.title + (plot.difference && app.other.recording ? ", B − A" : "");
  if (groups.size() > 2 && !pieces.strips) {
    title += "   (also ";
    for (std::size_t g = 2; g < groups.size(); ++g)
      title += fmt::format("{}{} … {} {}", g > 2 ? ", " : "", format_number(groups[g].axis.from, 3),
                           format_number(groups[g].axis.to, 3), unit_words(groups[g]));
    title += ")";
  }
  if (std::any_of(groups.begin(), groups.end(), [](const Group& g) { return g.hides; }))
    title += "   logarithmic: 0 and below are not shown";
  float title_room = area.width();
  if (groups.size() > 1) {
    draw_text(list, Font::small, area.x1 + small * 0.4f, head, t.dim, unit_words(groups[1]));
    title_room -= small;
  }
  draw_text(list, Font::small, area.x0 + small * 0.4f, head, index == app.plots.active ? t.ink : t.dim,
            fit_text(Font::small, title, title_room));

  const bool bare = groups.empty() && pieces.lanes.empty();
  const Rect lowest{area.x0, area.y0, area.x1, area.y1};
  if (!groups.empty() || bare)
    draw_axes(list, pieces.main, x, groups.empty() ? Axis{0, 1, area.y1, area.y0, false} : groups[0].axis,
              Font::small_number, false);
  for (std::size_t g = 2; g < groups.size() && pieces.strips; ++g)
    draw_axes(list, groups[g].area, x, groups[g].axis, Font::small_number, false);
  if (last) draw_x_labels(list, lowest, x, Font::small_number);
  if (groups.size() > 1)
    for (const AxisTick& tick : axis_ticks(groups[1].axis, small * 1.9f))
      if (!tick.label.empty())
        draw_text(list, Font::small_number, area.x1 + small * 0.4f,
                  std::floor(groups[1].axis.pixel(tick.value)) - font(Font::small_number)->FontSize / 2, t.dim,
                  tick.label);

  list->PushClipRect({area.x0, area.y0}, {area.x1, area.y1 + 1}, true);
  draw_requirement(app, list, plot, area, x, groups);
  for (const Group& g : groups) {
    list->PushClipRect({g.area.x0, g.area.y0}, {g.area.x1, g.area.y1 + 1}, true);
    std::vector<std::pair<double, std::string>> order;
    for (const std::string& name : g.signals) order.emplace_back(reach_of(app, g, name), name);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [reach, name] : order) draw_signal(app, list, plot, g, x, name);
    list->PopClipRect();
  }
  list->PopClipRect();
  for (std::size_t g = 2; g < groups.size() && pieces.strips; ++g) {  // which unit a strip is in
    const std::string unit = unit_words(groups[g]);
    const ImVec2 size = text_size(Font::small, unit), p{groups[g].area.x0 + small * 0.4f, groups[g].area.y0 + 1};
    list->AddRectFilled({p.x - 2, p.y}, {p.x + size.x + 2, p.y + size.y}, with_alpha(t.panel, 0.8f), 2);
    draw_text(list, Font::small, p.x, p.y, t.dim, unit);
  }
  for (const auto& [name, lane] : pieces.lanes) draw_lane(app, list, lane, x, name, gutter);
  list->PushClipRect({area.x0, area.y0}, {area.x1, area.y1 + 1}, true);
  draw_marks(app, list, area, x);
  list->PopClipRect();
  if (bare) draw_text(list, Font::small, area.x0 + small, (area.y0 + area.y1) / 2 - small, t.dim, "Drag a signal here");

  draw_legend(app, plot, index, {area.x1 + small * 3.6f, room.y0 + small * 0.2f, room.x1, area.y1});
  handle_mouse(app, plot, index, area, x, groups);
}

// --- signal list ---

// Into the last used plot, or out of it, or into a plot of its own.
void take_signal(PlotsState& state, const std::string& name, bool own) {
  std::vector<std::string>& signals = state.plots[static_cast<std::size_t>(state.active)].signals;
  if (own) {
    state.plots.push_back({label_of(name), {name}, false, false, {}});
    state.active = static_cast<int>(state.plots.size()) - 1;
  } else if (std::find(signals.begin(), signals.end(), name) != signals.end()) {
    if (signals.size() > 1 || state.plots.size() > 1) std::erase(signals, name);
  } else {
    signals.push_back(name);
  }
}

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
  if (ImGui::InputTextWithHint("##signals", "Search signals", search, sizeof search)) {
    state.search = search;
    state.mark = {state.search.empty() ? -1 : 0, true};
  }
  std::vector<std::string> names;
  for (const SignalInfo& s : app.main.recording->signals()) names.push_back(s.name);
  if (can_read(*app.main.recording, "stroke.jitter")) names.push_back("stroke.jitter");
  std::erase_if(names, [&](const std::string& name) { return !matches(state.search, name + " " + label_of(name)); });
  const bool enter = list_keys(state.mark.at, state.mark.moved, static_cast<int>(names.size()));
  if (enter) {
    take_signal(state, names[static_cast<std::size_t>(state.mark.at)], ImGui::GetIO().KeyCtrl);
    state.focus_search = true;  // Return has left the box
  }
  ImGui::BeginChild("signals", {0, -font(Font::small)->FontSize * 4.6f});
  if (state.mark.moved && state.mark.at >= 0)
    ImGui::SetScrollY(static_cast<float>(state.mark.at) * ImGui::GetTextLineHeightWithSpacing() -
                      ImGui::GetWindowHeight() / 2);
  if (names.empty()) text(Font::small, t.dim, "No signal with that name.");
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(names.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const std::string& name = names[static_cast<std::size_t>(i)];
      Plot& plot = state.plots[static_cast<std::size_t>(state.active)];
      const bool shown = std::find(plot.signals.begin(), plot.signals.end(), name) != plot.signals.end();
      const ImVec2 p = ImGui::GetCursorScreenPos();
      if (ImGui::Selectable(("##" + name).c_str(), shown || state.mark.at == i)) take_signal(state, name, false);
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
  text(Font::small, t.faint,
       "Click or Return: into the last used plot, or out of it; ctrl + Return: a plot of its own. Drag: onto a plot, "
       "or below for a new one.");
  ImGui::PopTextWrapPos();
  ImGui::EndChild();
}

}  // namespace

void go_to_extreme(App& app, bool largest) {
  if (app.plots.plots.empty()) return;
  const Plot& plot = app.plots.plots[static_cast<std::size_t>(app.plots.active)];
  std::string name = app.selected.signal;
  if (name.empty() || !can_read(*app.main.recording, name)) name = plot.signals.empty() ? "" : plot.signals.front();
  if (name.empty() || !can_read(*app.main.recording, name)) return;
  const std::optional<double> at = extreme_at(app.main, name, app.time.from_s, app.time.to_s, largest);
  if (!at) return;
  seek(app, *at);
  app.notice = fmt::format("{} of {}: {} at {}", largest ? "Maximum" : "Minimum", label_of(name),
                           format_value(value_at(app.main, name, *at), unit_of(*app.main.recording, name), 5),
                           format_time(*at, 1e-5));
}

std::string plot_csv(const App& app, const Plot& plot, Tick most) {
  const Recording& r = *app.main.recording;
  const double tick_s = seconds(r.tick_ns());
  const Tick from = std::max<Tick>(static_cast<Tick>(std::ceil(app.time.from_s / tick_s)), 0),
             to = std::min(static_cast<Tick>(std::floor(app.time.to_s / tick_s)), r.ticks() - 1);
  std::string out = "time s";
  std::vector<std::string> names;
  for (const std::string& name : plot.signals)
    if (can_read(r, name)) {
      const std::string unit = shown_unit(r, name).text;
      names.push_back(name);
      out += "," + name + (unit.empty() ? "" : " " + unit);
    }
  out += "\n";
  if (from > to) return out;
  const Tick step = (to - from) / most + 1;
  std::vector<std::vector<double>> columns;
  for (const std::string& name : names) columns.push_back(held_values(app.main, name, from, to, step));
  for (Tick tick = from; tick <= to; tick += step) {
    out += fmt::format("{}", static_cast<double>(tick * r.tick_ns()) / 1e9);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double value = columns[i][static_cast<std::size_t>((tick - from) / step)];
      const double shown = shown_unit(r, names[i]).shown(value);
      out += std::isnan(value) ? "," : fmt::format(",{:.7g}", shown);
    }
    out += "\n";
  }
  return out;
}

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
  if (state.plots.empty()) state.plots = first_plots(app);
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
  const char* drop = "ghost: the run before the change  ×";
  const float ghost = app.ghost.recording ? text_size(Font::text, drop).x + unit * 2 : 0;
  text(Font::small_number, t.dim, fit_text(Font::small_number, line, ImGui::GetContentRegionAvail().x - ghost));
  if (app.ghost.recording) {
    ImGui::SameLine(ImGui::GetWindowContentRegionMax().x - ghost + unit);
    if (ImGui::Button(drop)) {
      app.session->drop_ghost();
      take_runs(app);
    }
    tooltip("Drawn pale in the plots. Click: it is dropped; undo drops it too.");
  }

  ImVec2 p = ImGui::GetCursorScreenPos();
  ImVec2 room = ImGui::GetContentRegionAvail();
  if (state.browser) {
    const float width = std::min(unit * 14, room.x * 0.35f);
    draw_browser(app, width, room.y);
    p.x += width + unit * 0.5f;
    room.x -= width + unit * 0.5f;
  }
  const bool measuring = app.mark_a_s && app.mark_b_s;
  std::size_t most_signals = 0;  // the table is as high for every plot, so that none moves when another one is touched
  for (const Plot& plot : state.plots) most_signals = std::max(most_signals, plot.signals.size());
  const float table =
      measuring ? std::min(room.y * 0.4f,
                           (ImGui::GetTextLineHeight() + 3) * static_cast<float>(most_signals + 1) + unit * 0.5f)
                : 0;
  const ImGuiPayload* dragged = ImGui::GetDragDropPayload();
  const bool dropping = dragged && dragged->IsDataType("signal");
  const float target = dropping ? unit * 3.4f : 0;

  const float gutter = std::ceil(text_size(Font::small_number, "-00.00").x + small * 0.6f),
              legend = std::ceil(std::min(small * (app.other.recording ? 21.0f : 19.0f), room.x * 0.42f));
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
  if (state.reset) state.plots = default_plots(r);
  state.reset = false;
  state.active = std::clamp(state.active, 0, static_cast<int>(state.plots.size()) - 1);
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
