#include "sim/recording/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/recording/block_writer.h"
#include "sim/recording/pen_fields.h"

namespace pensim {
namespace {

constexpr Tick slab = 1 << 14;

std::string value_text(float value) { return fmt::format("{}", value); }

std::string place(Tick tick, Nanoseconds tick_ns) {
  return fmt::format("tick {} ({:.6f} s)", tick, seconds(tick * tick_ns));
}

// Values that are held at the given instants.
void compare_held(const Recording& a, const Recording& b, const SignalInfo& s, const std::vector<Tick>& instants,
                  Difference& d) {
  const Samples x = a.samples(s.name), y = b.samples(s.name);
  if (x.value.empty() || y.value.empty()) return;
  const auto held = [](const Samples& samples, Tick tick) {
    const auto last = static_cast<std::int64_t>(samples.value.size()) - 1;
    const std::int64_t i = samples.tick.empty() ? tick / samples.period_ticks
                                                : std::upper_bound(samples.tick.begin(), samples.tick.end(), tick) -
                                                      samples.tick.begin() - 1;
    return samples.value[static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, last))];
  };
  FieldDifference found{s.name, s.unit, 0, 0, "", ""};
  for (const Tick tick : instants) {
    const float p = held(x, tick), q = held(y, tick);
    if (std::memcmp(&p, &q, sizeof p) != 0 && found.count++ == 0) {
      found.first = tick;
      found.a = value_text(p);
      found.b = value_text(q);
    }
  }
  if (found.count > 0) d.fields.push_back(found);
}

void compare_others(const Recording& a, const Recording& b, Difference& d) {
  const RecordingMeta &x = a.meta(), &y = b.meta();
  const auto other = [&](const char* name, const std::string& p, const std::string& q) {
    if (p == q) return;
    const auto brief = [](std::string text) {
      text = text.substr(0, text.find('\n'));
      if (text.size() > 60) text = text.substr(0, 57) + "...";
      return text.empty() ? std::string("(none)") : text;
    };
    d.others.push_back(p.find('\n') != std::string::npos || q.find('\n') != std::string::npos ||
                               p.size() + q.size() > 240
                           ? fmt::format("{} differs", name)
                           : fmt::format("{}: {} | {}", name, brief(p), brief(q)));
  };
  other("source", x.source, y.source);
  other("coverage", x.sparse ? "sparse" : "complete", y.sparse ? "sparse" : "complete");
  other("started at reset", x.started_at_reset ? "yes" : "no", y.started_at_reset ? "yes" : "no");
  other("scenario", x.scenario_path, y.scenario_path);
  other("title", x.title, y.title);
  other("scenario text", x.scenario_text, y.scenario_text);
  if (x.scenario_text == y.scenario_text)
    other("resolved scenario (catalog, --set)", x.resolved_scenario, y.resolved_scenario);
  other("seed", std::to_string(x.seed), std::to_string(y.seed));
  other("firmware", x.firmware, y.firmware);
  other("firmware build id", x.firmware_build_id, y.firmware_build_id);
  other("firmware flags", x.firmware_flags, y.firmware_flags);
  other("simulator", x.simulator_version, y.simulator_version);
  other("simulator flags", x.simulator_flags, y.simulator_flags);
  other("git state", x.git_state, y.git_state);
  other("hash", x.hash, y.hash);
  other("verdict", x.verdict, y.verdict);
  other("end", x.end_cause, y.end_cause);
  for (const RecordedVerdict& v : a.verdicts()) {
    const auto it =
        std::find_if(b.verdicts().begin(), b.verdicts().end(), [&](const RecordedVerdict& w) { return w.id == v.id; });
    if (it == b.verdicts().end())
      d.others.push_back(fmt::format("requirement {}: {} | (none)", v.id, v.outcome));
    else if (it->outcome != v.outcome)
      d.others.push_back(fmt::format("requirement {}: {} | {}", v.id, v.outcome, it->outcome));
    else if (it->margin != v.margin)
      d.others.push_back(fmt::format("margin of {}: {:.6g} | {:.6g} {}", v.id, v.margin, it->margin, v.unit));
  }
  for (const RecordedVerdict& w : b.verdicts())
    if (std::none_of(a.verdicts().begin(), a.verdicts().end(), [&](const RecordedVerdict& v) { return w.id == v.id; }))
      d.others.push_back(fmt::format("requirement {}: (none) | {}", w.id, w.outcome));
  const auto &p = a.commands(), &q = b.commands();
  for (std::size_t i = 0; i < std::max(p.size(), q.size()); ++i) {
    const auto text = [&](const std::vector<RecordedText>& list) {
      return i < list.size() ? fmt::format("tick {} {}", list[i].at, list[i].text.substr(0, 60))
                             : std::string("(none)");
    };
    if (i < p.size() && i < q.size() && p[i].at == q[i].at && p[i].text == q[i].text) continue;
    d.others.push_back(fmt::format("command {}: {} | {}", i + 1, text(p), text(q)));
    break;
  }
  std::string only_a, only_b;
  for (const SignalInfo& s : a.signals())
    if (!b.has(s.name)) only_a += ' ' + s.name;
  for (const SignalInfo& s : b.signals())
    if (!a.has(s.name)) only_b += ' ' + s.name;
  if (!only_a.empty()) d.others.push_back("only in the first:" + only_a);
  if (!only_b.empty()) d.others.push_back("only in the second:" + only_b);
}

}  // namespace

Comparing::Comparing(const Recording& a, const Recording& b) : a_(a), b_(b) {
  const RecordingMeta &x = a.meta(), &y = b.meta();
  Difference& d = result_;
  d.tick_ns = x.tick_ns;
  compare_others(a, b, d);
  const auto kind = [](const RecordingMeta& m) { return m.kind == RecordingKind::pen ? "a pen" : "a rig"; };
  if (x.kind != y.kind)
    d.why_not = fmt::format("one is of {}, the other of {}", kind(x), kind(y));
  else if (x.seam_version != y.seam_version)
    d.why_not = fmt::format("their seam versions are {} and {}", x.seam_version, y.seam_version);
  else if (x.tick_ns != y.tick_ns)
    d.why_not = fmt::format("their ticks are {} ns and {} ns", x.tick_ns, y.tick_ns);
  done_ = !d.comparable();
  if (done_) return;

  d.ticks = std::min(a.ticks(), b.ticks());
  d.sparse = x.sparse || y.sparse;
  if (d.sparse) {
    for (const Recording* r : {&a, &b}) {
      if (!r->meta().sparse || r->signals().empty()) continue;
      const std::vector<Tick> logged = r->range(r->signals()[0].name, 0, d.ticks - 1).tick;
      instants_.insert(instants_.end(), logged.begin(), logged.end());
    }
    std::sort(instants_.begin(), instants_.end());
    instants_.erase(std::unique(instants_.begin(), instants_.end()), instants_.end());
  }
  io_ = !d.sparse && a.has_io() && b.has_io();
  in_.resize(pen_in_fields().size());
  out_.resize(pen_out_fields().size());
  for (const SignalInfo& s : a.signals()) {
    if (!b.has(s.name) || s.name == "core.cpu_load" || s.name == "core.act_delay") continue;
    if (!d.sparse && a.has_io() && s.of == SignalOf::io) continue;  // told by its field
    signals_.push_back(s);
  }
}

void Comparing::compare_io(Tick from, Tick count) {
  const auto n = static_cast<std::size_t>(count);
  std::vector<PenIn> in_a(n), in_b(n);
  std::vector<PenOut> out_a(n), out_b(n);
  const auto note = [](const std::vector<PenField>& fields, std::vector<FieldDifference>& found, const void* x,
                       const void* y, Tick tick) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const PenField& f = fields[i];
      if (std::memcmp(static_cast<const char*>(x) + f.at, static_cast<const char*>(y) + f.at, f.size) == 0) continue;
      if (found[i].count++ == 0) found[i] = {f.name, "", tick, 1, field_text(f, x), field_text(f, y)};
    }
  };
  a_.io(from, count, in_a.data(), out_a.data());
  b_.io(from, count, in_b.data(), out_b.data());
  for (std::size_t k = 0; k < n; ++k) {
    const Tick tick = from + static_cast<Tick>(k);
    if (std::memcmp(&in_a[k], &in_b[k], sizeof(PenIn)) != 0) note(pen_in_fields(), in_, &in_a[k], &in_b[k], tick);
    if (std::memcmp(&out_a[k], &out_b[k], sizeof(PenOut)) != 0)
      note(pen_out_fields(), out_, &out_a[k], &out_b[k], tick);
  }
}

// Values at the same instants.
void Comparing::compare_signal(const SignalInfo& s, Tick from, Tick count) {
  const SampleRange x = a_.range(s.name, from, from + count - 1), y = b_.range(s.name, from, from + count - 1);
  if (x.first == y.first && x.period_ticks == y.period_ticks && x.value.size() == y.value.size() &&
      (x.value.empty() || std::memcmp(x.value.data(), y.value.data(), x.value.size() * sizeof(float)) == 0))
    return;
  const auto n = std::min(x.value.size(), y.value.size());
  for (std::size_t i = 0; i < n; ++i)
    if (std::memcmp(&x.value[i], &y.value[i], sizeof(float)) != 0 && found_.count++ == 0) {
      found_.first = (x.first + static_cast<std::int64_t>(i)) * x.period_ticks;
      found_.a = value_text(x.value[i]);
      found_.b = value_text(y.value[i]);
    }
}

bool Comparing::advance() {
  if (done_) return true;
  Difference& d = result_;
  const Tick count = std::min(slab, d.ticks - from_);
  if (io_) {
    if (count > 0) compare_io(from_, count);
    from_ += count;
    if (from_ < d.ticks) return false;
    for (const auto* found : {&in_, &out_})
      for (const FieldDifference& f : *found)
        if (f.count > 0) d.fields.push_back(f);
    io_ = false;
    from_ = 0;
    return false;
  }
  if (next_ < signals_.size()) {
    const SignalInfo& s = signals_[next_];
    if (d.sparse) {
      compare_held(a_, b_, s, instants_, d);
    } else if (s.period == SignalPeriod::stroke) {
      std::vector<Tick> ends;
      for (const Recording* r : {&a_, &b_})
        for (const Tick tick : r->samples(s.name).tick)
          if (tick < d.ticks) ends.push_back(tick);
      std::sort(ends.begin(), ends.end());
      ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
      compare_held(a_, b_, s, ends, d);
    } else {
      if (from_ == 0) found_ = {s.name, s.unit, 0, 0, "", ""};
      if (count > 0) compare_signal(s, from_, count);
      from_ += count;
      if (from_ < d.ticks) return false;
      if (found_.count > 0) d.fields.push_back(found_);
    }
    from_ = 0;
    ++next_;
    return false;
  }
  if (!d.sparse && a_.ticks() != b_.ticks())
    d.fields.push_back({"length", "ticks", d.ticks, std::max(a_.ticks(), b_.ticks()) - d.ticks,
                        std::to_string(a_.ticks()), std::to_string(b_.ticks())});
  std::stable_sort(d.fields.begin(), d.fields.end(),
                   [](const FieldDifference& p, const FieldDifference& q) { return p.first < q.first; });
  done_ = true;
  return true;
}

double Comparing::progress() const {
  if (done_) return 1.0;
  const double part = result_.ticks > 0 ? static_cast<double>(from_) / static_cast<double>(result_.ticks) : 0.0;
  const double of_io = io_ ? 0.0 : 1.0, all = static_cast<double>(signals_.size()) + 1.0;
  return std::min(1.0, (of_io + static_cast<double>(next_) + part) / all);
}

Difference diff(const Recording& a, const Recording& b) {
  Comparing comparing(a, b);
  while (!comparing.advance()) {
  }
  return comparing.result();
}

std::string Difference::summary() const {
  if (!comparable()) return "not comparable: " + why_not;
  if (equal()) return fmt::format("equal over {} ticks", ticks);
  const FieldDifference& f = fields[0];
  return fmt::format("first difference at {}: {} {} | {}{}", place(f.first, tick_ns), f.field,
                     f.a.empty() ? "(none)" : f.a, f.b.empty() ? "(none)" : f.b,
                     f.unit.empty() || f.unit == "1" ? "" : " " + f.unit);
}

std::string Difference::text() const {
  std::string out;
  for (const std::string& other : others) out += "  " + other + '\n';
  if (!others.empty()) out += '\n';
  out += summary() + '\n';
  if (!comparable() || equal()) return out;
  const Tick first = fields[0].first;
  if (!sparse && fields[0].field != "length")
    out += fields[0].field.compare(0, 4, "out.") == 0
               ? "  inputs were equal up to here: the core answered differently\n"
           : fields[0].field.compare(0, 3, "in.") == 0
               ? "  the core was given something else: look at the plant, the commands or the seed\n"
               : "";
  out += fmt::format("\n  {:<28} {:>18} {:>18}   {:>10}  {}\n", "field", "first recording", "second recording",
                     "from tick", "samples that differ");
  constexpr std::size_t most = 40;
  for (std::size_t i = 0; i < std::min(fields.size(), most); ++i) {
    const FieldDifference& f = fields[i];
    out += fmt::format("{} {:<28} {:>18} {:>18}   {:>10}  {}\n", f.first == first ? '>' : ' ',
                       f.field + (f.unit.empty() || f.unit == "1" ? "" : " [" + f.unit + "]"), f.a.empty() ? "-" : f.a,
                       f.b.empty() ? "-" : f.b, f.first, f.count);
  }
  if (fields.size() > most) out += fmt::format("  and {} more\n", fields.size() - most);
  return out;
}

}  // namespace pensim
