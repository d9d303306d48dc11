#include "sim/judge/requirement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "sim/judge/monitor.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

using Op = Formula::Op;
using Node = Formula::Node;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const Node& node_of(const Formula& f, int index) { return f.nodes[static_cast<std::size_t>(index)]; }

bool is_distance(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
}
bool is_atom(Op op) { return is_distance(op) || op == Op::equal || op == Op::not_equal || op == Op::truth; }

Tick to_ticks(Nanoseconds ns, Nanoseconds tick_ns) {
  return ns >= 0 ? (ns + tick_ns / 2) / tick_ns : -((-ns + tick_ns / 2) / tick_ns);
}

// Which ticks a formula may look at: those of the run, and what `end` means.
struct Extent {
  Tick ticks = 0;  // of the run, as planned
  Tick end = 0;    // the instant `end`
  Nanoseconds tick_ns = default_tick_ns;
};

// The window of a temporal operator seen from tick t: t + from .. t + to, and no tick outside of first .. last.
struct Window {
  Tick from = 0, to = 0, first = 0, last = 0;
};

Window window_of(const Node& node, const Extent& extent) {
  const auto bound = [&](const Formula::Bound& b) {
    return (b.from_end ? extent.end : 0) + to_ticks(b.offset, extent.tick_ns);
  };
  Window w{0, 0, 0, extent.ticks - 1};
  if (node.op == Op::once || node.op == Op::historically) {
    // Looking back there is no end to count from: `end` is as far as the length of the run.
    w.from = -std::max<Tick>(0, bound(node.to));
    w.to = -std::max<Tick>(0, bound(node.from));
    return w;
  }
  if (node.from.from_end)
    w.first = std::max<Tick>(0, bound(node.from));
  else
    w.from = bound(node.from);
  if (node.to.from_end) {
    w.to = Monitor::unbounded;
    w.last = std::min(w.last, bound(node.to));
  } else {
    w.to = bound(node.to);
  }
  return w;
}

struct Range {
  Tick first = 0, last = -1;
  bool empty() const { return first > last; }
};
// What the windows seen from the ticks of `at` hold together.
Range reach(const Window& w, const Range& at) {
  if (at.empty()) return {};
  return {std::max(at.first + w.from, w.first), std::min(at.last + w.to, w.last)};
}

// An atom and the ticks at which it is looked at.
struct Look {
  int atom = -1;  // node of the formula
  int node = -1;  // of the monitor
  Range at;
};

// A formula as nodes of a monitor.
class Compiler {
 public:
  Compiler(const Formula& formula, Monitor& monitor, const std::vector<const Samples*>& samples, const Extent& extent,
           bool cut_short)
      : f_(formula), monitor_(monitor), samples_(samples), extent_(extent), cut_short_(cut_short) {}

  int number(int index) {
    const Node& n = node_of(f_, index);
    switch (n.op) {
      case Op::number:
        return monitor_.constant(n.value);
      case Op::signal:
        return monitor_.signal(*samples_[static_cast<std::size_t>(n.signal)]);
      case Op::negate:
        return monitor_.negate(number(n.left));
      case Op::absolute:
        return monitor_.absolute(number(n.left));
      default:
        break;
    }
    const int left = number(n.left), right = number(n.right);
    switch (n.op) {
      case Op::add:
        return monitor_.add(left, right);
      case Op::subtract:
        return monitor_.subtract(left, right);
      case Op::multiply:
        return monitor_.multiply(left, right);
      case Op::divide:
        return monitor_.divide(left, right);
      case Op::minimum:
        return monitor_.minimum(left, right);
      default:
        return monitor_.maximum(left, right);
    }
  }

  // The condition at the ticks `at`. A run that was cut short gives an atom the value that helps the whole (`positive`:
  // what makes the atom true does) beyond its end, so that a formula that is still false is false whatever would have
  // come.
  int condition(int index, Range at, bool positive = true) {
    if (at.empty()) at = {};
    // rise(p) looks at p twice: without a memory rise(rise(rise(...))) would take twice as long with every level.
    const auto [known, is_new] = conditions_.try_emplace({index, at.first, at.last, positive}, -1);
    if (is_new) known->second = make_condition(index, at, positive);
    return known->second;
  }

  // Atoms of several dimensions are measured in full scales of their signal.
  void choose_scales(int root) {
    std::vector<int> distances;
    collect(root, distances);
    bool mixed = false;
    for (int a : distances) mixed = mixed || !agree(dimension(a), dimension(distances.front()));
    if (mixed)
      for (int a : distances) scale_[a] = full_scale(a);
  }

  // The signal that gives an atom its scale and unit: the first of the atom's dimension; -1 if it has none.
  int leading_signal(int index, const Dimension& wanted) const {
    const Node& n = node_of(f_, index);
    if (n.op == Op::signal) return agree(n.dimension, wanted) ? index : -1;
    for (int child : {n.left, n.right})
      if (child >= 0)
        if (const int found = leading_signal(child, wanted); found >= 0) return found;
    return -1;
  }
  Dimension dimension(int distance) const {
    // A bare 0 has taken the dimension of the other side.
    return node_of(f_, node_of(f_, distance).left).dimension;
  }
  std::string unit(int distance) const {
    const int leading = leading_signal(distance, dimension(distance));
    return leading >= 0 ? f_.signals[static_cast<std::size_t>(node_of(f_, leading).signal)].unit
                        : si_unit(dimension(distance));
  }

  // How large the sides of an atom are at a tick, at most a full scale: kelvins count from nowhere near, and 0.1 mJ is
  // much where nothing moves.
  double scale_at(int distance, Tick t) {
    const Node& n = node_of(f_, distance);
    const double sides =
        std::max(std::fabs(monitor_.at(number(n.left), t)), std::fabs(monitor_.at(number(n.right), t)));
    return sides > 0.0 ? std::min(sides, full_scale(distance)) : full_scale(distance);
  }

 private:
  double full_scale(int distance) const {
    const int leading = leading_signal(distance, dimension(distance));
    const double scale =
        leading >= 0 ? f_.signals[static_cast<std::size_t>(node_of(f_, leading).signal)].full_scale : size(distance);
    return std::isfinite(scale) && scale > 0.0 ? scale : 1.0;
  }

 public:
  // Of the atom of a monitor's node; -1 if it is none of this formula.
  int atom_of(int node) const {
    const auto found = atoms_.find(node);
    return found == atoms_.end() ? -1 : found->second;
  }

  std::vector<int> falsified;  // `implies` whose right side counts as false
  std::vector<Look> looks;
  std::vector<int> empty_windows;  // temporal operators under no other whose window holds no tick

 private:
  int make_condition(int index, const Range& at, bool positive) {
    const Node& n = node_of(f_, index);
    if (is_atom(n.op)) return atom(index, at, positive);
    switch (n.op) {
      case Op::logical_not:
        return monitor_.negate(condition(n.left, at, !positive));
      case Op::logical_and: {
        const int left = condition(n.left, at, positive);
        return monitor_.lower(left, condition(n.right, at, positive));
      }
      case Op::logical_or: {
        const int left = condition(n.left, at, positive);
        return monitor_.upper(left, condition(n.right, at, positive));
      }
      case Op::implies: {
        const int left = monitor_.negate(condition(n.left, at, !positive));
        const int right = condition(n.right, at, positive);  // also when it counts as false: its windows may be empty
        return monitor_.upper(left, std::find(falsified.begin(), falsified.end(), index) == falsified.end()
                                        ? right
                                        : monitor_.constant(-inf));
      }
      case Op::rise:
      case Op::fall: {
        // True now and not true a tick before; at tick 0 there is no tick before, and the window says false.
        const bool rise = n.op == Op::rise;
        const Range before{std::max<Tick>(0, at.first - 1), at.last - 1};
        const int now = condition(n.left, at, rise == positive);
        const int was = condition(n.left, before, rise != positive);
        if (rise) return monitor_.lower(now, monitor_.negate(monitor_.smallest(was, -1, -1)));
        return monitor_.lower(monitor_.negate(now), monitor_.largest(was, -1, -1));
      }
      case Op::until:
        return until(n, at, positive);
      default:
        break;
    }
    const bool smallest = n.op == Op::always || n.op == Op::historically;
    Window w = window_of(n, extent_);
    const Range looked = reach(w, at);
    note_window(index, at, looked);
    const double none = smallest ? inf : -inf;
    int operand = condition(n.left, looked, positive);
    if (at.first == at.last) {
      // At one instant the window is a range of ticks.
      w.from = looked.empty() ? 1 : looked.first - at.first;
      w.to = looked.empty() ? 0 : looked.last - at.first;
    } else {
      operand = monitor_.within(operand, w.first, w.last, none);
    }
    return smallest ? monitor_.smallest(operand, w.from, w.to) : monitor_.largest(operand, w.from, w.to);
  }

  int atom(int index, const Range& at, bool positive) {
    const Node& n = node_of(f_, index);
    const double beyond = cut_short_ ? (positive ? inf : -inf) : 0.0;
    int out = -1, operand = -1;
    switch (n.op) {
      case Op::truth:
        operand = number(n.left);
        out = monitor_.is_nonzero(operand, beyond);
        break;
      case Op::equal:
        operand = monitor_.subtract(number(n.left), number(n.right));
        out = monitor_.is_zero(operand, beyond);
        break;
      case Op::not_equal:
        operand = monitor_.subtract(number(n.left), number(n.right));
        out = monitor_.is_nonzero(operand, beyond);
        break;
      default: {
        const int left = number(n.left), right = number(n.right);
        const bool right_is_more = n.op == Op::less || n.op == Op::less_equal;
        operand = right_is_more ? monitor_.subtract(right, left) : monitor_.subtract(left, right);
        const auto scale = scale_.find(index);
        out = monitor_.distance(operand, scale == scale_.end() ? 1.0 : scale->second,
                                n.op == Op::less_equal || n.op == Op::greater_equal, beyond);
      }
    }
    atoms_.emplace(out, index);
    if (!at.empty()) looks.push_back({index, operand, at});
    return out;
  }

  // p until[a,b] q = largest over t + a .. t + b of lower(q, smallest of p from t to there)
  //               = lower(eventually[a,b] q, lower(always[0,a] p, (p until q) at t + a)):
  // p's smallest falls with the distance, so if both a q in the window and a p-until-q beyond a exceed a value, one
  // instant does.
  int until(const Node& n, const Range& at, bool positive) {
    const Window w = window_of(n, extent_);
    const Range looked = reach(w, at);
    note_window(static_cast<int>(&n - f_.nodes.data()), at, looked);
    const int p = condition(n.left, looked.empty() ? Range{} : Range{at.first, looked.last}, positive);
    const int q = monitor_.within(condition(n.right, looked, positive), w.first, w.last, -inf);
    if (looked.empty()) return monitor_.constant(-inf);
    const int some_q = monitor_.largest(q, w.from, w.to);
    const int unbounded = monitor_.until(p, q, looked.last);
    return monitor_.lower(some_q,
                          monitor_.lower(monitor_.smallest(p, 0, w.from), monitor_.largest(unbounded, w.from, w.from)));
  }

  void note_window(int index, const Range& at, const Range& looked) {
    if (at.first == at.last && looked.empty()) empty_windows.push_back(index);
  }

  void collect(int index, std::vector<int>& out) const {
    const Node& n = node_of(f_, index);
    if (is_distance(n.op)) out.push_back(index);
    if (is_atom(n.op)) return;
    for (int child : {n.left, n.right})
      if (child >= 0) collect(child, out);
  }

  // Of an expression, from the full scales of its signals: for an atom such as `needle.force * needle.tip_depth <= 1
  // mJ`.
  double size(int index) const {
    const Node& n = node_of(f_, index);
    switch (n.op) {
      case Op::number:
        return std::fabs(n.value);
      case Op::signal:
        return f_.signals[static_cast<std::size_t>(n.signal)].full_scale;
      case Op::negate:
      case Op::absolute:
        return size(n.left);
      case Op::multiply:
        return size(n.left) * size(n.right);
      case Op::divide:
        return size(n.left) / size(n.right);
      default: {
        // A number beside an expression does not say how large that is.
        const bool left = has_signal(n.left), right = has_signal(n.right);
        if (left != right) return size(left ? n.left : n.right);
        return std::max(size(n.left), size(n.right));
      }
    }
  }
  bool has_signal(int index) const {
    const Node& n = node_of(f_, index);
    return n.op == Op::signal || (n.left >= 0 && has_signal(n.left)) || (n.right >= 0 && has_signal(n.right));
  }

  const Formula& f_;
  Monitor& monitor_;
  const std::vector<const Samples*>& samples_;
  const Extent& extent_;
  bool cut_short_;
  std::map<int, double> scale_;
  std::map<int, int> atoms_;
  std::map<std::tuple<int, Tick, Tick, bool>, int> conditions_;
};

// The `implies` that stand in no other.
void outermost_implies(const Formula& f, int index, std::vector<int>& out) {
  const Node& n = node_of(f, index);
  if (n.op == Op::implies) {
    out.push_back(index);
    return;
  }
  if (!n.condition || is_atom(n.op)) return;
  for (int child : {n.left, n.right})
    if (child >= 0) outermost_implies(f, child, out);
}

struct Value {
  double margin = 0.0;
  std::string unit = "1";
  double at_s = 0.0;
  std::string atom;
  bool truth = false;
  double relative = 0.0;
};

Value value_at(const Formula& f, Compiler& compiler, Monitor& monitor, int root, Tick t, Nanoseconds tick_ns) {
  Value out;
  const double value = monitor.at(root, t);
  out.truth = value > 0.0;
  out.margin = std::fabs(value) <= Monitor::tie ? 0.0 : value;
  const Monitor::Attained attained = monitor.locate(root, t, value);
  const int atom = attained.atom < 0 ? -1 : compiler.atom_of(attained.atom);
  if (atom < 0) return out;
  out.atom = excerpt(f, node_of(f, atom));
  out.at_s = seconds(attained.tick * tick_ns);
  if (std::isinf(value)) return out;
  out.unit = compiler.unit(atom);
  // Without the scale and the tie: what the sides differ by.
  const double apart = std::fabs(monitor.at(monitor.operand(attained.atom), attained.tick));
  out.margin = out.margin < 0.0 ? -apart : out.margin > 0.0 ? apart : 0.0;
  out.relative = out.margin / compiler.scale_at(atom, attained.tick);
  return out;
}

std::string amount(double value, const std::string& unit) {
  if (unit == "K") return fmt::format("{:.4g} K", value);  // a difference
  return format_quantity(value, unit);
}

std::string instant(Tick t, Nanoseconds tick_ns) { return fmt::format("{:.9g} s", seconds(t * tick_ns)); }

// Samples of the formula's signals, in their order. A signal that is not there: nullptr, and a word on it.
std::vector<const Samples*> find_samples(const Formula& f, const SignalSource& source) {
  std::vector<const Samples*> out;
  for (const SignalInfo& info : f.signals) {
    const Samples* samples = source.find(info.name);
    if (samples && (samples->size() == 0 || (samples->tick.empty() && samples->period_ticks < 1) ||
                    (!samples->tick.empty() && samples->tick.size() != samples->value.size())))
      samples = nullptr;
    out.push_back(samples);
  }
  return out;
}

// The first tick at which an atom has no value; -1: none.
std::pair<Tick, int> first_nan(Monitor& monitor, const std::vector<Look>& looks, Tick recorded) {
  Tick first = -1;
  int atom = -1;
  for (const Look& look : looks) {
    const Tick last = std::min(look.at.last, recorded - 1);
    if (look.at.first > last) continue;
    const Tick t = monitor.first_nan(look.node, look.at.first, last);
    if (t >= 0 && (first < 0 || t < first)) {
      first = t;
      atom = look.atom;
    }
  }
  return {first, atom};
}

Tick last_look(const std::vector<Look>& looks) {
  Tick last = -1;
  for (const Look& look : looks) last = std::max(last, look.at.last);
  return last;
}

// One requirement in the monitor that it shares with the others.
struct Case {
  Formula formula;
  std::vector<const Samples*> samples;
  std::optional<Compiler> compiler;
  int root = -1;
  int vacuous_root = -1;  // right side of `implies` false; -1: no `implies`
  std::vector<bool> reached;
  std::optional<Verdict> early;  // known without looking at ticks
};

Verdict verdict_of(Case& it, Monitor& monitor, const SignalSource& source, Nanoseconds tick_ns) {
  Verdict out;
  Compiler& compiler = *it.compiler;
  const Tick recorded = source.ticks();
  if (const auto [tick, atom] = first_nan(monitor, compiler.looks, recorded); tick >= 0) {
    out.at_s = seconds(tick * tick_ns);
    out.atom = excerpt(it.formula, node_of(it.formula, atom));
    out.reason = fmt::format("`{}` has no value at {}: a sample is not a number, or a division by 0", out.atom,
                             instant(tick, tick_ns));
    return out;
  }
  const Value value = value_at(it.formula, compiler, monitor, it.root, 0, tick_ns);
  if (value.truth && source.run_end() == RunEnd::firmware_fault) {
    out.reason = fmt::format("the firmware failed at {}; until then it held", instant(recorded, tick_ns));
    return out;
  }
  if (const Tick last = last_look(compiler.looks); value.truth && last >= recorded) {
    out.reason = fmt::format("the run ended at {}, before {}, which it needs", instant(recorded, tick_ns),
                             instant(last, tick_ns));
    return out;
  }
  out.margin = value.margin;
  out.unit = value.unit;
  out.at_s = value.at_s;
  out.atom = value.atom;
  out.relative = value.relative;
  if (!value.truth) {
    out.outcome = Outcome::fail;
    if (value.atom.empty())
      out.reason = "a window held no tick";
    else if (std::isinf(value.margin))
      out.reason = fmt::format("`{}` decides at {:.9g} s", value.atom, value.at_s);
    else
      out.reason = fmt::format("`{}` is missed by {} at {:.9g} s", value.atom,
                               amount(std::fabs(value.margin), value.unit), value.at_s);
    return out;
  }
  out.outcome = Outcome::pass;
  if (!compiler.empty_windows.empty()) {
    const Node& window = node_of(it.formula, compiler.empty_windows.front());
    out.outcome = Outcome::vacuous;
    out.reason = fmt::format("the window of `{}` held no tick",
                             print(it.formula, static_cast<int>(&window - it.formula.nodes.data())));
  } else if (it.vacuous_root >= 0 && monitor.at(it.vacuous_root, 0) > 0.0) {
    out.outcome = Outcome::vacuous;
    out.reason = "the left side of `implies` never held where it counts";
  }
  return out;
}

// Walks the conditions with the ticks at which each is looked at from tick 0.
template <class F>
void visit_reach(const Formula& f, int index, const Range& at, const Extent& extent, F&& visit) {
  const Node& n = node_of(f, index);
  if (!n.condition) return;
  if (n.op == Op::rise || n.op == Op::fall) {
    visit(index, at, at);
    visit_reach(f, n.left, at, extent, visit);
    return;
  }
  if (!is_temporal(n.op)) {
    visit(index, at, at);
    if (is_atom(n.op)) return;
    for (int child : {n.left, n.right})
      if (child >= 0) visit_reach(f, child, at, extent, visit);
    return;
  }
  Range looked = reach(window_of(n, extent), at);
  if (looked.empty()) looked = {};
  visit(index, at, looked);
  if (n.op == Op::until) {
    visit_reach(f, n.left, looked.empty() ? Range{} : Range{at.first, looked.last}, extent, visit);
    visit_reach(f, n.right, looked, extent, visit);
  } else {
    visit_reach(f, n.left, looked, extent, visit);
  }
}

}  // namespace

std::vector<Verdict> judge_all(const std::vector<Requirement>& requirements, const SignalSource& source) {
  const Tick recorded = source.ticks();
  const Tick planned = std::max(recorded, source.planned_ticks());
  const Extent extent{planned, planned, source.tick_ns()};
  Monitor monitor(planned, recorded);
  std::vector<Case> cases(requirements.size());
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    Case& it = cases[i];
    it.formula = parse_formula(requirements[i].that, requirements[i].at);
    it.samples = find_samples(it.formula, source);
    Verdict verdict;
    for (std::size_t k = 0; k < it.samples.size(); ++k) {
      if (it.samples[k]) continue;
      const SignalInfo& info = it.formula.signals[k];
      const bool unknowable = info.kind == SignalKind::truth && !source.has_truth();
      if (it.early && !unknowable) continue;
      verdict.outcome = unknowable ? Outcome::not_applicable : Outcome::invalid;
      verdict.reason = unknowable ? fmt::format("`{}` is known in a simulation only", info.name)
                                  : fmt::format("`{}` was not recorded{}", info.name,
                                                parse_signal_name(info.name).is(SignalName::Form::variable)
                                                    ? "; name it under `watch:`"
                                                    : "");
      it.early = verdict;
      if (unknowable) break;
    }
    if (!it.early && recorded < 1) {
      verdict.reason = "the run has no tick";
      it.early = verdict;
    }
    if (it.early) continue;
    it.compiler.emplace(it.formula, monitor, it.samples, extent, planned > recorded);
    it.compiler->choose_scales(it.formula.root);
    it.root = it.compiler->condition(it.formula.root, {0, 0});
    std::vector<int> implications;
    outermost_implies(it.formula, it.formula.root, implications);
    if (implications.empty()) continue;
    Compiler falsified(it.formula, monitor, it.samples, extent, planned > recorded);
    falsified.falsified = implications;
    falsified.choose_scales(it.formula.root);
    it.vacuous_root = falsified.condition(it.formula.root, {0, 0});
  }
  // A node's blocks go when no later requirement needs them.
  std::vector<int> last_user(static_cast<std::size_t>(monitor.size()), -1);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].early) continue;
    cases[i].reached.assign(static_cast<std::size_t>(monitor.size()), false);
    monitor.mark(cases[i].root, cases[i].reached);
    monitor.mark(cases[i].vacuous_root, cases[i].reached);
    for (std::size_t n = 0; n < last_user.size(); ++n)
      if (cases[i].reached[n]) last_user[n] = static_cast<int>(i);
  }
  std::vector<Verdict> out;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].early) {
      out.push_back(*cases[i].early);
      continue;
    }
    out.push_back(verdict_of(cases[i], monitor, source, extent.tick_ns));
    for (std::size_t n = 0; n < last_user.size(); ++n)
      if (last_user[n] == static_cast<int>(i)) monitor.forget_blocks(static_cast<int>(n));
  }
  return out;
}

Verdict judge(const Requirement& requirement, const SignalSource& source) {
  return judge_all({requirement}, source).front();
}

ScenarioVerdict roll_up(const std::vector<Requirement>& requirements, const std::vector<Verdict>& verdicts) {
  if (verdicts.empty()) return {RunVerdict::measured, ""};
  const auto cause = [&](std::size_t i) {
    return requirements[i].id + " is " + outcome_name(verdicts[i].outcome) + ": " + verdicts[i].reason;
  };
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    if (fails(verdicts[i].outcome, requirements[i].may_be_vacuous)) return {RunVerdict::fail, cause(i)};
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    if (verdicts[i].outcome == Outcome::invalid) return {RunVerdict::error, cause(i)};
  return {RunVerdict::pass, ""};
}

double measure(const Measure& measure, const SignalSource& source) {
  using Kind = MeasureFormula::Kind;
  const MeasureFormula parsed = parse_measure(measure.expression, measure.at);
  const std::vector<const Samples*> samples = find_samples(parsed.of, source);
  const Tick recorded = source.ticks();
  if (recorded < 1 || std::find(samples.begin(), samples.end(), nullptr) != samples.end()) return nan;
  // Over what is there: windows inside are cut where the recording ends, `end` stays what was planned.
  const Extent extent{recorded, std::max(recorded, source.planned_ticks()), source.tick_ns()};
  Monitor monitor(recorded, recorded);
  Compiler compiler(parsed.of, monitor, samples, extent, false);
  Node bounds;
  bounds.op = Op::always;
  bounds.from = parsed.from;
  bounds.to = parsed.to;
  const Range window = reach(window_of(bounds, extent), {0, 0});
  if (window.empty()) return nan;
  const double tick_s = seconds(extent.tick_ns);
  if (parsed.kind == Kind::count || parsed.kind == Kind::duration) {
    const Range looked{parsed.kind == Kind::count ? std::max<Tick>(0, window.first - 1) : window.first, window.last};
    const int root = compiler.condition(parsed.of.root, looked);
    if (first_nan(monitor, compiler.looks, recorded).first >= 0) return nan;
    std::int64_t times = 0;
    bool before = window.first == 0;  // tick 0 is no rise
    Tick t = looked.first;
    monitor.each(root, looked.first, looked.last, [&](const double* values, int n) {
      for (int i = 0; i < n; ++i, ++t) {
        const bool now = values[i] > 0.0;
        if (t >= window.first) times += parsed.kind == Kind::duration ? now : now && !before;
        before = now;
      }
    });
    return parsed.kind == Kind::duration ? static_cast<double>(times) * tick_s : static_cast<double>(times);
  }
  const int root = compiler.number(parsed.of.root);
  if (monitor.first_nan(root, window.first, window.last) >= 0) return nan;
  if (parsed.kind == Kind::max || parsed.kind == Kind::min)
    return monitor.fold(root, window.first, window.last, parsed.kind == Kind::min);
  if (parsed.kind == Kind::last) return monitor.at(root, window.last);
  const bool squares = parsed.kind == Kind::rms;
  double sum = 0.0;
  monitor.each(root, window.first, window.last, [&](const double* values, int n) {
    double part = 0.0;
    for (int i = 0; i < n; ++i) part += squares ? values[i] * values[i] : values[i];
    sum += part;
  });
  const double mean = sum / static_cast<double>(window.last - window.first + 1);
  return squares ? std::sqrt(mean) : mean;
}

std::string measure_unit(const Measure& measure) {
  using Kind = MeasureFormula::Kind;
  const MeasureFormula parsed = parse_measure(measure.expression, measure.at);
  if (parsed.kind == Kind::count) return "1";
  if (parsed.kind == Kind::duration) return "s";
  const Node& of = node_of(parsed.of, parsed.of.root);
  if (of.op == Op::signal) return parsed.of.signals[static_cast<std::size_t>(of.signal)].unit;
  return si_unit(of.dimension);
}

std::vector<PartTruth> explain(const Formula& formula, const SignalSource& source, Tick tick) {
  const Tick recorded = source.ticks();
  const Tick planned = std::max(recorded, source.planned_ticks());
  const Extent extent{planned, planned, source.tick_ns()};
  const std::vector<const Samples*> samples = find_samples(formula, source);
  std::optional<Monitor> monitor;
  if (recorded > 0) monitor.emplace(planned, recorded);

  std::vector<PartTruth> out;
  std::vector<std::pair<int, int>> open{{formula.root, 0}};
  while (!open.empty()) {
    const auto [index, depth] = open.back();
    open.pop_back();
    const Node& n = node_of(formula, index);
    if (!n.condition) continue;
    PartTruth part{n.begin, n.end, depth, excerpt(formula, n), false, false, 0.0, "1"};
    bool all_there = monitor && tick >= 0 && tick < recorded;
    std::vector<int> inside{index};
    while (!inside.empty()) {
      const Node& m = node_of(formula, inside.back());
      inside.pop_back();
      if (m.signal >= 0) all_there = all_there && samples[static_cast<std::size_t>(m.signal)];
      for (int child : {m.left, m.right})
        if (child >= 0) inside.push_back(child);
    }
    if (all_there) {
      Compiler compiler(formula, *monitor, samples, extent, planned > recorded);
      compiler.choose_scales(index);
      const int best = compiler.condition(index, {tick, tick});
      part.known = first_nan(*monitor, compiler.looks, recorded).first < 0;
      if (part.known) {
        const Value value = value_at(formula, compiler, *monitor, best, tick, extent.tick_ns);
        part.truth = value.truth;
        part.margin = value.margin;
        part.unit = value.unit;
        if (planned > recorded && value.truth) {
          Compiler against(formula, *monitor, samples, extent, true);
          against.choose_scales(index);
          part.known = monitor->at(against.condition(index, {tick, tick}, false), tick) > 0.0;
        }
      }
    }
    out.push_back(part);
    if (is_atom(n.op)) continue;
    for (int child : {n.right, n.left})
      if (child >= 0) open.emplace_back(child, depth + 1);
  }
  return out;
}

std::vector<std::pair<Tick, Tick>> violations(const Formula& formula, const SignalSource& source) {
  std::vector<std::pair<Tick, Tick>> spans;
  const Tick recorded = source.ticks();
  const std::vector<const Samples*> samples = find_samples(formula, source);
  if (recorded == 0 || std::find(samples.begin(), samples.end(), nullptr) != samples.end()) return spans;
  const Tick planned = std::max(recorded, source.planned_ticks());
  const Extent extent{planned, planned, source.tick_ns()};
  Monitor monitor(planned, recorded);
  std::vector<int> open{formula.root};
  while (!open.empty()) {
    const int index = open.back();
    const Node& n = node_of(formula, index);
    open.pop_back();
    if (n.op == Op::logical_and) {
      open.push_back(n.left);
      open.push_back(n.right);
      continue;
    }
    Compiler compiler(formula, monitor, samples, extent, planned > recorded);
    const Range now{0, 0};
    Range looked = is_temporal(n.op) ? reach(window_of(n, extent), now) : now;
    looked.last = std::min(looked.last, recorded - 1);
    if (looked.empty()) continue;
    if (n.op != Op::always) {
      if (!(monitor.at(compiler.condition(index, now), 0) > 0.0)) spans.emplace_back(looked.first, looked.last);
      continue;
    }
    Tick tick = looked.first;
    monitor.each(compiler.condition(n.left, looked), looked.first, looked.last, [&](const double* values, int count) {
      for (int i = 0; i < count; ++i, ++tick) {
        if (!(values[i] <= 0.0)) continue;
        if (!spans.empty() && spans.back().second == tick - 1)
          spans.back().second = tick;
        else
          spans.emplace_back(tick, tick);
      }
    });
  }
  std::sort(spans.begin(), spans.end());
  std::vector<std::pair<Tick, Tick>> joined;
  for (const auto& span : spans) {
    if (!joined.empty() && span.first <= joined.back().second + 1)
      joined.back().second = std::max(joined.back().second, span.second);
    else
      joined.push_back(span);
  }
  return joined;
}

Tick needed_end(const Formula& formula, Tick ticks, Nanoseconds tick_ns) {
  Tick last = -1;
  visit_reach(formula, formula.root, {0, 0}, {ticks, ticks, tick_ns}, [&](int index, const Range& at, const Range&) {
    if (is_atom(node_of(formula, index).op) && !at.empty()) last = std::max(last, at.last);
  });
  return last;
}

std::vector<InputProblem> check_formula(const std::string& text, const Location& at, Tick ticks, Nanoseconds tick_ns) {
  const Formula formula = parse_formula(text, at);
  std::vector<InputProblem> hints;
  visit_reach(formula, formula.root, {0, 0}, {ticks, ticks, tick_ns},
              [&](int index, const Range& seen_from, const Range& looked) {
                const Node& n = node_of(formula, index);
                if (is_temporal(n.op) && looked.empty() && !seen_from.empty())
                  hints.push_back({place(text, at, n.begin),
                                   fmt::format("the window of `{}` holds no tick in a run of {}, so it is {}",
                                               print(formula, index), instant(ticks, tick_ns),
                                               n.op == Op::always || n.op == Op::historically ? "true" : "false"),
                                   "move the window, or make the run longer"});
                if (n.op != Op::implies && n.op != Op::logical_and && n.op != Op::logical_or) return;
                const Node &left = node_of(formula, n.left), &right = node_of(formula, n.right);
                const bool swallowed = is_temporal(left.op) && left.op != Op::until && !left.in_brackets &&
                                       !node_of(formula, left.left).in_brackets &&
                                       (n.op == Op::implies || !is_temporal(right.op));
                if (swallowed)
                  hints.push_back({place(text, at, left.begin),
                                   fmt::format("`{}` ends before the next word", print(formula, n.left)),
                                   "it binds tighter than and, or, implies: put what belongs to it into brackets"});
              });
  return hints;
}

}  // namespace pensim
