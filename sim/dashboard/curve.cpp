#include "sim/dashboard/curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/input/input_error.h"
#include "sim/judge/judge.h"

namespace pensim::dashboard {
namespace {

constexpr float nan_f = std::numeric_limits<float>::quiet_NaN();
constexpr Tick difference_ticks_max = 4'000'000, measure_ticks_max = 20'000'000, shading_ticks_max = 20'000'000;
constexpr const char* jitter = "stroke.jitter";

// The jitter of strokes that end in [from, to], and of the one before. The first stroke has none before it.
SampleRange jitter_range(const Recording& r, Tick from, Tick to) {
  SampleRange out;
  out.period_ticks = 0;
  const std::vector<StrokeRow>& rows = r.strokes();
  auto i = static_cast<std::size_t>(
      std::lower_bound(rows.begin(), rows.end(), from, [](const StrokeRow& row, Tick t) { return row.end < t; }) -
      rows.begin());
  i = std::max<std::size_t>(i > 0 ? i - 1 : 0, 1);
  double before = i < rows.size() ? period_of(r, rows[i - 1]) : 0;
  for (; i < rows.size() && rows[i].end <= to; ++i) {
    const double period = period_of(r, rows[i]);
    out.tick.push_back(rows[i].end);
    out.value.push_back(static_cast<float>(std::fabs(period - before)));
    before = period;
  }
  return out;
}

SampleRange range_of(const Recording& r, const std::string& name, Tick from, Tick to) {
  return name == jitter ? jitter_range(r, from, to) : r.range(name, from, to);
}

Tick sample_tick(const SampleRange& s, std::size_t i) {
  return s.period_ticks > 0 ? (s.first + static_cast<Tick>(i)) * s.period_ticks : s.tick[i];
}

// Physics between two samples is smooth; what firmware, people and strokes set is held.
bool is_held(const Recording& r, const std::string& name) {
  const SignalInfo* info = r.find(name);
  return !info || info->kind != SignalKind::truth || info->period == SignalPeriod::stroke || info->unit == "1";
}

void find_extremes(Curve& c) {
  c.low = std::numeric_limits<float>::infinity();
  c.high = -c.low;
  const auto take = [&](float low, float high) {
    if (std::isfinite(low)) c.low = std::min(c.low, low);
    if (std::isfinite(high)) c.high = std::max(c.high, high);
  };
  for (const MinMax& m : c.column) take(m.min, m.max);
  for (const float v : c.value) take(v, v);
}

}  // namespace

double period_of(const Recording& r, const StrokeRow& stroke) {
  if (stroke.end < r.ticks() && r.has("stroke.period"))
    if (const auto period = static_cast<double>(r.at("stroke.period", stroke.end)); period > 0) return period;
  return seconds((stroke.end - stroke.begin) * r.tick_ns());
}

bool is_per_stroke(const Recording& r, const std::string& name) {
  const SignalInfo* info = r.find(name);
  return name == jitter || (info && info->period == SignalPeriod::stroke);
}

std::vector<std::pair<double, double>> overdue_spans(const Document& doc, double from_s, double to_s) {
  constexpr double late = 1.5;
  const Recording& r = *doc.recording;
  const double tick_s = seconds(r.tick_ns());
  const std::vector<StrokeRow>& rows = r.strokes();
  std::vector<std::pair<double, double>> out;
  for (auto i = static_cast<std::size_t>(std::max(whole_stroke_at(doc, from_s) - 1, 0)); i < rows.size(); ++i) {
    const double end_s = static_cast<double>(rows[i].end) * tick_s + doc.shift_s;
    if (end_s > to_s) break;
    const double next_s = i + 1 < rows.size() ? static_cast<double>(rows[i + 1].end) * tick_s + doc.shift_s
                                              : r.duration_s() + doc.shift_s;
    const double begin_s = end_s + late * static_cast<double>(rows[i].end - rows[i].begin) * tick_s;
    if (next_s > begin_s && next_s > from_s) out.emplace_back(std::max(begin_s, from_s), std::min(next_s, to_s));
  }
  return out;
}

int whole_stroke_at(const Document& doc, double at_s) {
  const Recording& r = *doc.recording;
  const auto tick = static_cast<Tick>(std::floor((at_s - doc.shift_s) / seconds(r.tick_ns()) + 1e-6));
  const std::vector<StrokeRow>& rows = r.strokes();
  return static_cast<int>(
      std::upper_bound(rows.begin(), rows.end(), tick, [](Tick t, const StrokeRow& row) { return t < row.end; }) -
      rows.begin());
}

bool can_read(const Recording& r, const std::string& name) { return r.has(name == jitter ? "stroke.period" : name); }

std::string unit_of(const Recording& r, const std::string& name) {
  if (name == jitter) return "s";
  const SignalInfo* info = r.find(name);
  return info ? info->unit : "1";
}

DisplayUnit shown_unit(const Recording& r, const std::string& name) {
  return name == jitter ? DisplayUnit{"µs", 1e6, 0} : display_unit(unit_of(r, name));
}

const Curve& read_curve(PlotsState& state, const Document& doc, const std::string& name, double from_s, double to_s,
                        int columns) {
  const Recording& r = *doc.recording;
  const double tick_s = seconds(r.tick_ns());
  const auto from = static_cast<Tick>(std::floor((from_s - doc.shift_s) / tick_s)),
             to = static_cast<Tick>(std::ceil((to_s - doc.shift_s) / tick_s));
  Curve& c = state.curves[{doc.recording, name}];
  if (c.recording == doc.recording && c.from == from && c.to == to && c.columns == columns && c.ticks == r.ticks())
    return c;
  c = {doc.recording, from, to, r.ticks(), columns, false, is_held(r, name), {}, {}, {}, 0, 0, 0};

  Tick period = 1;
  if (name == jitter)
    period = 0;
  else
    period = r.range(name, 0, 0).period_ticks;
  c.samples = period == 0 || (to - from) / period <= 2 * columns;
  if (period == 0 && name != jitter && (to - from) > 4096 * static_cast<Tick>(columns)) c.samples = false;
  if (!c.samples) {
    c.column = r.envelope(name, from, to, columns);
  } else {
    // One sample beyond each edge, so that the line does.
    const Tick margin = std::max<Tick>(period, 1);
    const SampleRange s = range_of(r, name, from - margin, to + margin);
    c.value = s.value;
    c.at_s.reserve(s.value.size());
    for (std::size_t i = 0; i < s.value.size(); ++i)
      c.at_s.push_back(static_cast<double>(sample_tick(s, i)) * tick_s + doc.shift_s);
    if (c.steps && !c.value.empty()) {  // held to the end of what there is
      const double end = std::min(to_s, r.duration_s() + doc.shift_s);
      if (end > c.at_s.back()) {
        c.at_s.push_back(end);
        c.value.push_back(c.value.back());
      }
    }
  }
  find_extremes(c);
  return c;
}

const Curve& read_difference(PlotsState& state, const Document& main, const Document& other, const std::string& name,
                             double from_s, double to_s, int columns) {
  const Recording &a = *main.recording, &b = *other.recording;
  const double tick_s = seconds(a.tick_ns());
  Curve& c = state.curves[{other.recording, "difference of " + name}];
  const auto from = static_cast<Tick>(std::floor((from_s - main.shift_s) / tick_s)),
             to = static_cast<Tick>(std::ceil((to_s - main.shift_s) / tick_s));
  const Tick ticks = std::min(a.ticks(), b.ticks());
  // tick of b = tick of a + shift
  const auto shift = static_cast<Tick>(std::llround((main.shift_s - other.shift_s) / tick_s));
  if (c.recording == other.recording && c.from == from && c.to == to && c.columns == columns && c.ticks == ticks &&
      c.shift == shift)
    return c;
  c = {other.recording,
       from,
       to,
       ticks,
       columns,
       false,
       false,
       std::vector<MinMax>(static_cast<std::size_t>(columns), MinMax{nan_f, nan_f}),
       {},
       {},
       0,
       0,
       shift};
  if (to - from <= difference_ticks_max) {
    const Tick first = std::max<Tick>({from, 0, -shift}), last = std::min({to, a.ticks() - 1, b.ticks() - 1 - shift});
    if (first <= last) {
      const SampleRange sa = range_of(a, name, first, last), sb = range_of(b, name, first + shift, last + shift);
      std::size_t j = 0;
      for (std::size_t i = 0; i < sa.value.size() && !sb.value.empty(); ++i) {
        const Tick at = std::max(sample_tick(sa, i), first);
        while (j + 1 < sb.value.size() && sample_tick(sb, j + 1) <= at + shift) ++j;
        const auto column = static_cast<std::size_t>(std::clamp<double>(
            static_cast<double>(at - from) * columns / static_cast<double>(to - from + 1), 0, columns - 1));
        const float d = sb.value[j] - sa.value[i];
        c.column[column].min = std::fmin(c.column[column].min, d);
        c.column[column].max = std::fmax(c.column[column].max, d);
      }
    }
  } else {
    const std::vector<MinMax> ea = a.envelope(name, from, to, columns),
                              eb = b.envelope(name, from + shift, to + shift, columns);
    for (std::size_t i = 0; i < c.column.size(); ++i) c.column[i] = {eb[i].min - ea[i].max, eb[i].max - ea[i].min};
  }
  find_extremes(c);
  return c;
}

double value_at(const Document& doc, const std::string& name, double at_s) {
  const Recording& r = *doc.recording;
  const auto tick = static_cast<Tick>(std::floor((at_s - doc.shift_s) / seconds(r.tick_ns()) + 1e-6));
  if (tick < 0 || tick >= r.ticks()) return std::numeric_limits<double>::quiet_NaN();
  if (name != jitter) return static_cast<double>(r.at(name, tick));
  const SampleRange s = jitter_range(r, tick, tick);
  return s.value.empty() ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(s.value.back());
}

std::vector<double> held_values(const Document& doc, const std::string& name, Tick from, Tick to, Tick step) {
  const SampleRange s = range_of(*doc.recording, name, from, to);
  std::vector<double> out;
  std::size_t i = 0;
  for (Tick tick = from; tick <= to; tick += step) {
    while (i + 1 < s.value.size() && sample_tick(s, i + 1) <= tick) ++i;
    const bool held = i < s.value.size() && (sample_tick(s, i) <= tick);
    out.push_back(held ? static_cast<double>(s.value[i]) : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

std::optional<double> extreme_at(const Document& doc, const std::string& name, double from_s, double to_s,
                                 bool largest) {
  const Recording& r = *doc.recording;
  const double tick_s = seconds(r.tick_ns());
  Tick from = std::max<Tick>(static_cast<Tick>(std::floor((from_s - doc.shift_s) / tick_s)), 0),
       to = std::min(static_cast<Tick>(std::ceil((to_s - doc.shift_s) / tick_s)), r.ticks() - 1);
  if (from > to) return {};
  const auto better = [&](float a, float b) { return largest ? a > b : a < b; };
  // Down to a piece that can be read whole, by the extremes of its parts.
  constexpr int parts = 64;
  while (name != jitter && to - from > difference_ticks_max / 64) {
    const std::vector<MinMax> part = r.envelope(name, from, to + 1, parts);
    int best = -1;
    for (int i = 0; i < parts; ++i) {
      const MinMax& m = part[static_cast<std::size_t>(i)];
      if (!std::isfinite(m.min)) continue;
      const MinMax& b = part[static_cast<std::size_t>(std::max(best, 0))];
      if (best < 0 || better(largest ? m.max : m.min, largest ? b.max : b.min)) best = i;
    }
    if (best < 0) return {};
    const Tick length = to + 1 - from, first = from;
    from = first + length * best / parts;
    to = std::min(to, first + length * (best + 1) / parts);
  }
  const SampleRange s = range_of(r, name, from, to);
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < s.value.size(); ++i)
    if (std::isfinite(s.value[i]) && (!best || better(s.value[i], s.value[*best]))) best = i;
  if (!best) return {};
  return static_cast<double>(std::max(sample_tick(s, *best), from)) * tick_s + doc.shift_s;
}

std::optional<Pulse> pulse_at(const Document& doc, const std::string& name, double at_s) {
  const Recording& r = *doc.recording;
  const double tick_s = seconds(r.tick_ns()), here = at_s - doc.shift_s;
  const auto tick = static_cast<Tick>(std::floor(here / tick_s + 1e-6)), reach = static_cast<Tick>(2 / tick_s);
  if (tick < 0 || tick >= r.ticks() || !r.has(name)) return {};
  const Tick first = std::max<Tick>(tick - reach, 0), last = std::min(tick + reach, r.ticks() - 1);
  const SampleRange s = r.range(name, first, last);
  std::size_t i = 0;  // the sample that is held here
  while (i + 1 < s.value.size() && sample_tick(s, i + 1) <= tick) ++i;
  if (s.value.empty()) return {};
  std::size_t begin = i, end = i + 1;
  while (begin > 0 && s.value[begin - 1] == s.value[i]) --begin;
  while (end < s.value.size() && s.value[end] == s.value[i]) ++end;
  const auto at = [&](std::size_t k) {
    return static_cast<double>(k < s.value.size() ? std::max(sample_tick(s, k), first) : last + 1) * tick_s +
           doc.shift_s;
  };
  Pulse out{at(begin), at(end), {}, static_cast<double>(s.value[i])};
  for (std::size_t k = end; k < s.value.size(); ++k)
    if (s.value[k] == s.value[i]) {
      out.next_s = at(k);
      break;
    }
  return out;
}

namespace {

// What is measured of a signal: its samples in [from, to], each with the share that it counts for.
struct Measured {
  std::vector<Tick> tick;
  std::vector<double> value, weight;
};

// Values per stroke count once each, in the stroke's last tick; a stroke that has not ended has none, so that a motor
// that stands still does not look like one that coasts.
bool counts_by_stroke(const Recording& r, const std::string& name) {
  return is_per_stroke(r, name) || name == "stroke.period" || name == "stroke.rate";
}

Measured measured_samples(const Recording& r, const std::string& name, Tick from, Tick to) {
  Measured out;
  const auto take = [&](Tick at, double value, double weight) {
    if (std::isnan(value)) return;
    out.tick.push_back(at);
    out.value.push_back(value);
    out.weight.push_back(weight);
  };
  if (name == "stroke.period" || name == "stroke.rate") {
    for (const StrokeRow& row : r.strokes()) {
      if (row.end < from || row.end > to) continue;
      const double period = period_of(r, row);
      take(row.end, name == "stroke.period" ? period : 1 / period, 1);
    }
    return out;
  }
  const SampleRange s = range_of(r, name, from, to);
  const bool by_stroke = counts_by_stroke(r, name);
  for (std::size_t i = 0; i < s.value.size(); ++i) {
    const Tick at = sample_tick(s, i), begin = std::max(at, from),
               end = i + 1 < s.value.size() ? sample_tick(s, i + 1) : to + 1;
    if (by_stroke && (at < from || at > to)) continue;
    // A value counts for as long as it is held.
    take(begin, static_cast<double>(s.value[i]), by_stroke ? 1 : static_cast<double>(std::max<Tick>(end - begin, 0)));
  }
  return out;
}

void find_mean(const Measured& s, Stretch& m) {
  double sum = 0, squares = 0, weight = 0;
  for (std::size_t i = 0; i < s.value.size(); ++i) sum += s.value[i] * s.weight[i], weight += s.weight[i];
  if (weight <= 0) return;
  m.mean = sum / weight;
  for (std::size_t i = 0; i < s.value.size(); ++i) {
    const double d = s.value[i] - m.mean;
    squares += d * d * s.weight[i];
    m.min = std::fmin(m.min, s.value[i]), m.max = std::fmax(m.max, s.value[i]);
  }
  m.deviation = std::sqrt(squares / weight);
  m.rms = std::hypot(m.mean, m.deviation);
}

// Rises through the middle of what it spans; it must have fallen through by a tenth before it rises again, so that
// noise is no edge.
void find_edges(const Measured& s, double tick_s, Stretch& m) {
  const double span = m.max - m.min, high = m.min + 0.55 * span, low = m.min + 0.45 * span;
  m.rises = 0;
  if (!(span > 0)) return;
  Tick first = 0, last = 0;
  bool below = s.value.front() <= low;
  for (std::size_t i = 1; i < s.value.size(); ++i) {
    if (s.value[i] <= low) below = true;
    if (!below || s.value[i] < high) continue;
    below = false;
    if (m.rises++ == 0) first = s.tick[i];
    last = s.tick[i];
  }
  if (m.rises > 1) m.frequency_Hz = static_cast<double>(m.rises - 1) / (static_cast<double>(last - first) * tick_s);
}

// From what holds at A to the mean of the last tenth before B.
void find_step(const Measured& s, Tick from, Tick to, double tick_s, double start, Stretch& m) {
  if (s.value.size() < 4 || std::isnan(start)) return;
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < s.value.size(); ++i)
    if (s.tick[i] >= to - (to - from) / 10) sum += s.value[i] * s.weight[i], weight += s.weight[i];
  if (weight <= 0) return;
  const double final = sum / weight, step = final - start;
  if (!(std::fabs(step) > 0.1 * (m.max - m.min)) || step == 0) return;
  double beyond = 0;
  Tick at_10 = -1, at_90 = -1, settled = -1;
  bool inside = false;
  for (std::size_t i = 0; i < s.value.size(); ++i) {
    const double share = (s.value[i] - start) / step;
    if (at_10 < 0 && share >= 0.1) at_10 = s.tick[i];
    if (at_90 < 0 && share >= 0.9) at_90 = s.tick[i];
    beyond = std::max(beyond, share - 1);
    const bool now = std::fabs(share - 1) <= 0.02;
    if (now && !inside) settled = s.tick[i];
    inside = now;
  }
  m.overshoot_1 = beyond;
  if (at_10 >= 0 && at_90 >= 0) m.rise_s = static_cast<double>(at_90 - at_10) * tick_s;
  if (inside && settled >= 0) m.settling_s = static_cast<double>(settled - from) * tick_s;
}

}  // namespace

Stretch measure_stretch(const Document& doc, const std::string& name, double a_s, double b_s) {
  const Recording& r = *doc.recording;
  const double tick_s = seconds(r.tick_ns());
  Stretch m;
  m.a = value_at(doc, name, a_s), m.b = value_at(doc, name, b_s);
  m.by_stroke = counts_by_stroke(r, name);
  const auto tick_of = [&](double s) {
    return std::clamp<Tick>(static_cast<Tick>(std::floor((s - doc.shift_s) / tick_s + 1e-6)), 0,
                            std::max<Tick>(r.ticks() - 1, 0));
  };
  const Tick from = tick_of(std::min(a_s, b_s)), to = tick_of(std::max(a_s, b_s));
  if (r.ticks() == 0) return m;
  if (to - from > measure_ticks_max) {
    const std::vector<MinMax> all = r.envelope(name, from, to, 1);
    m.min = static_cast<double>(all[0].min), m.max = static_cast<double>(all[0].max);
    m.whole = false;
    return m;
  }
  const Measured s = measured_samples(r, name, from, to);
  m.count = static_cast<std::int64_t>(s.value.size());
  if (s.value.empty()) return m;
  find_mean(s, m);
  find_edges(s, tick_s, m);
  find_step(s, from, to, tick_s, a_s <= b_s ? m.a : m.b, m);
  return m;
}

void find_violations(App& app) {
  Violations& v = app.plots.violations;
  const Recording* r = app.main.recording;
  if (v.requirement == app.selected.requirement && v.recording == r &&
      (r == nullptr || v.ticks == r->ticks() || app.playback.playing))
    return;
  v = {app.selected.requirement, r, r ? r->ticks() : 0, {}, r && r->ticks() > shading_ticks_max};
  if (!r || v.requirement.empty() || v.too_long) return;
  for (const Requirement& q : app.main.requirements) {
    if (q.id != v.requirement) continue;
    try {
      v.spans = violations(parse_formula(q.that, q.at), RecordedSignals(*r, r->ticks()));
    } catch (const InputError&) {
      // A formula that names what this recording does not have has nothing to shade.
    }
  }
}

}  // namespace pensim::dashboard
