#include "sim/dashboard/curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/input/input_error.h"

namespace pensim::dashboard {
namespace {

constexpr float nan_f = std::numeric_limits<float>::quiet_NaN();
constexpr Tick difference_ticks_max = 4'000'000, measure_ticks_max = 20'000'000, shading_ticks_max = 20'000'000;
constexpr const char* jitter = "stroke.jitter";

// The jitter of strokes that end in [from, to], and of the one before.
SampleRange jitter_range(const Recording& r, Tick from, Tick to) {
  SampleRange out;
  out.period_ticks = 0;
  const std::vector<StrokeRow>& rows = r.strokes();
  const double tick_s = seconds(r.tick_ns());
  auto i = static_cast<std::size_t>(
      std::lower_bound(rows.begin(), rows.end(), from, [](const StrokeRow& row, Tick t) { return row.end < t; }) -
      rows.begin());
  for (i = i > 0 ? i - 1 : 0; i < rows.size() && rows[i].end <= to; ++i) {
    const double before = i > 0 ? static_cast<double>(rows[i - 1].end - rows[i - 1].begin)
                                : static_cast<double>(rows[i].end - rows[i].begin);
    out.tick.push_back(rows[i].end);
    out.value.push_back(
        static_cast<float>(std::fabs(static_cast<double>(rows[i].end - rows[i].begin) - before) * tick_s));
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

bool can_read(const Recording& r, const std::string& name) { return r.has(name == jitter ? "stroke.period" : name); }

std::string unit_of(const Recording& r, const std::string& name) {
  if (name == jitter) return "s";
  const SignalInfo* info = r.find(name);
  return info ? info->unit : "1";
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

Stretch measure_stretch(const Document& doc, const std::string& name, double a_s, double b_s) {
  const Recording& r = *doc.recording;
  const double tick_s = seconds(r.tick_ns()), nan = std::numeric_limits<double>::quiet_NaN();
  Stretch m{value_at(doc, name, a_s), value_at(doc, name, b_s), nan, nan, nan, nan, true};
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
  // A value counts for as long as it is held.
  const SampleRange s = range_of(r, name, from, to);
  double sum = 0, squares = 0, weight = 0;
  for (std::size_t i = 0; i < s.value.size(); ++i) {
    const auto v = static_cast<double>(s.value[i]);
    if (std::isnan(v)) continue;
    const Tick begin = std::max(sample_tick(s, i), from), end = i + 1 < s.value.size() ? sample_tick(s, i + 1) : to + 1;
    const auto held = static_cast<double>(std::max<Tick>(end - begin, 0));
    sum += v * held, squares += v * v * held, weight += held;
    m.min = std::fmin(m.min, v), m.max = std::fmax(m.max, v);
  }
  if (weight > 0) m.mean = sum / weight, m.rms = std::sqrt(squares / weight);
  return m;
}

namespace {

// A recording as the judge sees it, without the engine.
class RecordedColumns : public SignalSource {
 public:
  explicit RecordedColumns(const Recording& r) : recording_(r) {}
  const Samples* find(const std::string& name) const override {
    const auto [known, is_new] = read_.try_emplace(name);
    if (is_new && recording_.has(name)) known->second = std::make_unique<Samples>(recording_.samples(name));
    return known->second.get();
  }
  Tick ticks() const override { return recording_.ticks(); }
  Nanoseconds tick_ns() const override { return recording_.tick_ns(); }

 private:
  const Recording& recording_;
  mutable std::map<std::string, std::unique_ptr<Samples>> read_;
};

}  // namespace

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
      v.spans = violations(parse_formula(q.that, q.at), RecordedColumns(*r));
    } catch (const InputError&) {
      // A formula that names what this recording does not have has nothing to shade.
    }
  }
}

}  // namespace pensim::dashboard
