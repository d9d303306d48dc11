// The monitor against an evaluator that is written straight from the contract and visits every window tick by tick.
#include "sim/judge/requirement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/judge/memory_source.h"

namespace pensim {
namespace {

using Op = Formula::Op;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

Requirement require(const std::string& that) {
  Requirement out;
  out.id = "R-1";
  out.that = that;
  out.at = {"test.yaml", 1, 1};
  return out;
}

// --- brute force ---

struct Truth {
  bool value;
  double robustness;  // in the scale of the atoms
};

class BruteForce {
 public:
  BruteForce(const Formula& f, const MemorySource& source) : f_(f), source_(source), ticks_(source.planned_ticks()) {
    std::vector<int> distances;
    for (std::size_t i = 0; i < f.nodes.size(); ++i) {
      const Op op = f.nodes[i].op;
      if (op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal)
        distances.push_back(static_cast<int>(i));
    }
    bool mixed = false;
    const auto unit_of = [&](int a) { return first_signal_unit(a); };
    for (int a : distances) mixed = mixed || unit_of(a) != unit_of(distances.front());
    for (int a : distances) scale_[a] = mixed ? first_signal_scale(a) : 1.0;
  }

  double number(int i, Tick t) const {
    const Formula::Node& n = node(i);
    switch (n.op) {
      case Op::number:
        return n.value;
      case Op::signal:
        return source_.held(f_.signals[static_cast<std::size_t>(n.signal)].name, t);
      case Op::negate:
        return -number(n.left, t);
      case Op::absolute:
        return std::fabs(number(n.left, t));
      case Op::add:
        return number(n.left, t) + number(n.right, t);
      case Op::subtract:
        return number(n.left, t) - number(n.right, t);
      case Op::multiply:
        return number(n.left, t) * number(n.right, t);
      case Op::divide:
        return number(n.left, t) / number(n.right, t);
      case Op::minimum:
        return std::min(number(n.left, t), number(n.right, t));
      case Op::maximum:
        return std::max(number(n.left, t), number(n.right, t));
      default:
        ADD_FAILURE() << "no number";
        return 0.0;
    }
  }

  // Each part at each tick is worked out once; nothing else is shared.
  Truth at(int i, Tick t) const {
    auto& known = known_[static_cast<std::size_t>(i)];
    if (known.empty()) known.resize(static_cast<std::size_t>(ticks_));
    auto& slot = known[static_cast<std::size_t>(t)];
    if (!slot) slot = work_out(i, t);
    return *slot;
  }

  double scale(int atom) const { return scale_.at(atom); }
  bool is_mixed() const {
    return std::any_of(scale_.begin(), scale_.end(), [](const auto& s) { return s.second != 1.0; });
  }

 private:
  Truth work_out(int i, Tick t) const {
    const Formula::Node& n = node(i);
    const auto boolean = [](bool value) { return Truth{value, value ? inf : -inf}; };
    switch (n.op) {
      case Op::truth:
        return boolean(number(n.left, t) != 0.0);
      case Op::equal:
        return boolean(number(n.left, t) == number(n.right, t));
      case Op::not_equal:
        return boolean(number(n.left, t) != number(n.right, t));
      case Op::less:
        return compare(i, t, number(n.left, t) < number(n.right, t), number(n.right, t) - number(n.left, t));
      case Op::less_equal:
        return compare(i, t, number(n.left, t) <= number(n.right, t), number(n.right, t) - number(n.left, t));
      case Op::greater:
        return compare(i, t, number(n.left, t) > number(n.right, t), number(n.left, t) - number(n.right, t));
      case Op::greater_equal:
        return compare(i, t, number(n.left, t) >= number(n.right, t), number(n.left, t) - number(n.right, t));
      case Op::logical_not:
        return negation(at(n.left, t));
      case Op::logical_and:
        return both(at(n.left, t), at(n.right, t));
      case Op::logical_or:
        return either(at(n.left, t), at(n.right, t));
      case Op::implies:
        return either(negation(at(n.left, t)), at(n.right, t));
      case Op::rise:
        return t == 0 ? boolean(false) : both(at(n.left, t), negation(at(n.left, t - 1)));
      case Op::fall:
        return t == 0 ? boolean(false) : both(negation(at(n.left, t)), at(n.left, t - 1));
      default:
        break;
    }
    Truth out = boolean(n.op == Op::always || n.op == Op::historically);
    if (n.op == Op::once || n.op == Op::historically) {
      const Tick nearest = ticks_of(n.from), farthest = ticks_of(n.to);
      for (Tick s = std::max<Tick>(0, t - farthest); s <= t - nearest && s < ticks_; ++s) {
        const Truth here = at(n.left, s);
        out = n.op == Op::once ? either(out, here) : both(out, here);
      }
      return out;
    }
    // A bound with `end` is an instant, never before the one that is looked at; any other counts from that one.
    const Tick first = n.from.from_end ? std::max(t, ticks_of(n.from)) : t + ticks_of(n.from);
    const Tick last = std::min(ticks_ - 1, n.to.from_end ? ticks_of(n.to) : t + ticks_of(n.to));
    for (Tick s = first; s <= last; ++s) {
      if (n.op == Op::until) {
        Truth way = at(n.right, s);
        for (Tick r = t; r <= s; ++r) way = both(way, at(n.left, r));
        out = either(out, way);
      } else {
        const Truth here = at(n.left, s);
        out = n.op == Op::eventually ? either(out, here) : both(out, here);
      }
    }
    return out;
  }

  const Formula::Node& node(int i) const { return f_.nodes[static_cast<std::size_t>(i)]; }
  Truth compare(int i, Tick, bool value, double distance) const { return {value, distance / scale_.at(i)}; }
  static Truth negation(Truth a) { return {!a.value, -a.robustness}; }
  static Truth both(Truth a, Truth b) { return {a.value && b.value, std::min(a.robustness, b.robustness)}; }
  static Truth either(Truth a, Truth b) { return {a.value || b.value, std::max(a.robustness, b.robustness)}; }
  Tick ticks_of(const Formula::Bound& b) const { return (b.from_end ? ticks_ : 0) + b.offset / source_.tick_ns(); }

  const SignalInfo* first_signal(int i) const {
    const Formula::Node& n = node(i);
    if (n.op == Op::signal) return &f_.signals[static_cast<std::size_t>(n.signal)];
    for (int child : {n.left, n.right})
      if (child >= 0)
        if (const SignalInfo* found = first_signal(child)) return found;
    return nullptr;
  }
  std::string first_signal_unit(int i) const { return first_signal(i)->unit; }
  double first_signal_scale(int i) const { return first_signal(i)->full_scale; }

  const Formula& f_;
  const MemorySource& source_;
  Tick ticks_;
  std::map<int, double> scale_;
  mutable std::vector<std::vector<std::optional<Truth>>> known_{f_.nodes.size()};
};

// --- random formulas and runs ---

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  std::uint64_t roll() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545F4914F6CDD1Du;
  }
  int below(int n) { return static_cast<int>((roll() >> 33) % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

struct Shape {
  bool two_dimensions = false;
  bool divisions = false;
  Tick ticks = 0;
};

// Forces are eighths of a newton, so that sums are exact and ties happen.
std::string random_number(Dice& dice, bool force, int depth, const Shape& shape) {
  const std::vector<std::string> forces = {"needle.force", "hand.press", "stroke.force_peak"};
  const std::vector<std::string> lengths = {"needle.tip_depth", "user.depth"};
  const auto& signals = force ? forces : lengths;
  const std::string signal = signals[static_cast<std::size_t>(dice.below(static_cast<int>(signals.size())))];
  const std::string literal =
      force ? std::to_string(dice.below(9)) + ".5 N" : std::to_string(dice.below(7) * 125) + " mm";
  if (depth == 0) return signal;
  const std::string a = random_number(dice, force, depth - 1, shape),
                    b = dice.chance(50) ? literal : random_number(dice, force, depth - 1, shape);
  switch (dice.below(shape.divisions ? 9 : 8)) {
    case 0:
      return "(" + a + " + " + b + ")";
    case 1:
      return "(" + a + " - " + b + ")";
    case 2:
      return "abs(" + a + " - " + b + ")";
    case 3:
      return "min(" + a + ", " + b + ")";
    case 4:
      return "max(" + a + ", " + b + ")";
    case 5:
      return "-" + a;
    case 6:
      return "0.5 * " + a;
    case 7:
      return a;
    default:
      return a + " / max(1, abs(" + b + " / " + (force ? "1 N" : "1 m") + "))";
  }
}

std::string random_window(Dice& dice, const Shape& shape, bool back) {
  const auto time = [](Tick t) { return std::to_string(t * 50) + " us"; };
  const int reach = static_cast<int>(shape.ticks) + 4;
  switch (dice.below(back ? 4 : 7)) {
    case 0:
      return "";
    case 1: {
      const int a = dice.below(4);
      return "[" + time(a) + ", " + time(a + dice.below(6)) + "]";
    }
    case 2: {
      const int a = dice.below(reach);
      return "[" + time(a) + ", " + time(a + dice.below(reach)) + "]";
    }
    case 3:
      return "[" + time(dice.below(5)) + ", end]";
    case 4:
      return "[" + time(dice.below(5)) + ", end - " + time(dice.below(reach)) + "]";
    case 5: {
      const int b = dice.below(8);
      return "[end - " + time(b + dice.below(8)) + ", end - " + time(b) + "]";
    }
    default:
      return "[end - " + time(dice.below(reach)) + ", " + time(dice.below(reach)) + "]";
  }
}

std::string random_condition(Dice& dice, int depth, const Shape& shape) {
  if (depth == 0 || dice.chance(10)) {
    if (dice.chance(25)) return dice.chance(50) ? "skin.contact" : "pin.start";
    const bool force = !shape.two_dimensions || dice.chance(50);
    const char* const operators[] = {"<", "<=", ">", ">=", "<=", ">=", "==", "!="};
    const std::string op = operators[dice.below(8)];
    const std::string literal =
        force ? std::to_string(dice.below(9)) + ".5 N" : std::to_string(dice.below(7) * 125) + " mm";
    const std::string left = random_number(dice, force, dice.below(3), shape);
    return left + " " + op + " " + (dice.chance(60) ? literal : random_number(dice, force, 1, shape));
  }
  const auto sub = [&] { return "(" + random_condition(dice, depth - 1, shape) + ")"; };
  switch (dice.below(12)) {
    case 0:
      return "not " + sub();
    case 1:
      return sub() + " and " + sub();
    case 2:
      return sub() + " or " + sub();
    case 3:
      return sub() + " implies " + sub();
    case 4:
      return "rise" + sub();
    case 5:
      return "fall" + sub();
    case 6:
      return "always" + random_window(dice, shape, false) + sub();
    case 7:
      return "eventually" + random_window(dice, shape, false) + sub();
    case 8:
      return "once" + random_window(dice, shape, true) + sub();
    case 9:
      return "historically" + random_window(dice, shape, true) + sub();
    case 10:
      return sub() + " until" + random_window(dice, shape, false) + " " + sub();
    default:
      return "always" + random_window(dice, shape, false) + sub();
  }
}

float quiet_eighths(Dice& dice, float before, int change_percent) {
  if (!dice.chance(change_percent)) return before;
  return static_cast<float>(dice.below(64) - 20) * 0.125f;
}

MemorySource random_run(Dice& dice, Tick ticks) {
  MemorySource source(ticks);
  const int change = dice.chance(30) ? 100 : dice.chance(50) ? 20 : 2;
  const auto fill = [&](const std::string& name, Tick period, bool boolean) {
    Samples s;
    s.period_ticks = period;
    float value = boolean ? 0.0f : static_cast<float>(dice.below(64) - 20) * 0.125f;
    for (Tick t = 0; t < ticks; t += period) {
      if (boolean)
        value = dice.chance(change) ? 1.0f - value : value;
      else
        value = quiet_eighths(dice, value, change);
      s.value.push_back(value);
    }
    source.set(name, s);
  };
  fill("needle.force", 1, false);
  fill("needle.tip_depth", 1, false);
  fill("hand.press", 20, false);
  fill("user.depth", 20, false);
  fill("skin.contact", 1, true);
  fill("pin.start", 1, true);
  Samples strokes;
  for (Tick t = 0; t < ticks; t += 1 + dice.below(40)) {
    strokes.tick.push_back(t);
    strokes.value.push_back(static_cast<float>(dice.below(64) - 20) * 0.125f);
  }
  source.set("stroke.force_peak", strokes);
  return source;
}

// What the verdict must say, from brute force.
void expect_equal(const std::string& text, const MemorySource& source) {
  const Formula formula = parse_formula(text, {"test.yaml", 1, 1});
  const BruteForce brute(formula, source);
  const Truth expected = brute.at(formula.root, 0);
  const Verdict verdict = judge(require(text), source);
  ASSERT_NE(verdict.outcome, Outcome::invalid) << text << "\n" << verdict.reason;
  ASSERT_NE(verdict.outcome, Outcome::not_applicable) << text;
  ASSERT_EQ(verdict.outcome != Outcome::fail, expected.value)
      << text << "\nmargin " << verdict.margin << " expected " << expected.robustness;
  if (std::isinf(expected.robustness)) {
    ASSERT_EQ(verdict.margin, expected.robustness) << text;
    return;
  }
  // The margin is that of an atom, in its own unit; divided by its full scale it is the robustness.
  double scale = 1.0;
  if (brute.is_mixed())
    scale = verdict.unit == "N" ? (verdict.atom.find("hand.press") != std::string::npos ? 0.0 : 5.0) : 3e-3;
  if (scale == 0.0) {
    // Which full scale counts depends on the first signal of the atom.
    const std::size_t press = verdict.atom.find("hand.press"), needle = verdict.atom.find("needle.force"),
                      peak = verdict.atom.find("stroke.force_peak");
    scale = press < needle && press < peak ? 10.0 : 5.0;
  }
  ASSERT_EQ(verdict.margin / scale, expected.robustness) << text << "\natom " << verdict.atom;
  // And the atom has it where the verdict says.
  ASSERT_FALSE(verdict.atom.empty()) << text;
  const Formula atom = parse_formula(verdict.atom, {"test.yaml", 1, 1});
  const Tick tick = std::llround(verdict.at_s * 1e9 / static_cast<double>(source.tick_ns()));
  ASSERT_EQ(std::fabs(BruteForce(atom, source).at(atom.root, tick).robustness), std::fabs(verdict.margin))
      << text << "\n"
      << verdict.atom << " at tick " << tick;
}

TEST(Requirement, RandomFormulasOnShortRunsEqualBruteForce) {
  int fails = 0, finite = 0;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    Dice dice(seed);
    Shape shape;
    shape.ticks = 1 + dice.below(60);
    shape.divisions = dice.chance(20);
    const MemorySource source = random_run(dice, shape.ticks);
    const std::string text = random_condition(dice, 1 + dice.below(4), shape);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_equal(text, source);
    if (HasFatalFailure()) return;
    const Verdict verdict = judge(require(text), source);
    fails += verdict.outcome == Outcome::fail;
    finite += std::isfinite(verdict.margin);
  }
  EXPECT_GT(fails, 4000);
  EXPECT_LT(fails, 16000);
  EXPECT_GT(finite, 5000);
}

TEST(Requirement, RandomFormulasOfTwoDimensionsEqualBruteForce) {
  int metres = 0, newtons = 0;
  for (std::uint64_t seed = 1; seed <= 8000; ++seed) {
    Dice dice(seed + 1000000);
    Shape shape;
    shape.ticks = 1 + dice.below(60);
    shape.two_dimensions = true;
    const MemorySource source = random_run(dice, shape.ticks);
    const std::string text = random_condition(dice, 1 + dice.below(4), shape);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_equal(text, source);
    if (HasFatalFailure()) return;
    const Verdict verdict = judge(require(text), source);
    metres += std::isfinite(verdict.margin) && verdict.unit == "m";
    newtons += std::isfinite(verdict.margin) && verdict.unit == "N";
  }
  EXPECT_GT(metres, 1000);
  EXPECT_GT(newtons, 1000);
}

// Runs of several blocks, windows shorter and longer than a block, one temporal operator inside another.
TEST(Requirement, WindowsAcrossBlocksEqualBruteForce) {
  int fails = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    Dice dice(seed + 2000000);
    Shape shape;
    shape.ticks = 900 + dice.below(3500);
    const MemorySource source = random_run(dice, shape.ticks);
    const char* const inner[] = {"always", "eventually", "once", "historically"};
    const char* const outer[] = {"always", "eventually"};
    const int kind = dice.below(4);
    const auto time = [](Tick t) { return std::to_string(t * 50) + " us"; };
    const int a = dice.chance(50) ? 0 : dice.below(1500);
    const int b = a + (dice.chance(50) ? dice.below(40) : dice.below(3000));
    std::string window = "[" + time(a) + ", " + time(b) + "]";
    if (dice.chance(20)) window = kind < 2 ? "[" + time(a) + ", end - " + time(dice.below(500)) + "]" : "";
    const std::string limit = std::to_string(dice.below(5)) + ".5 N";
    const std::string text =
        std::string(outer[dice.below(2)]) + "[" + time(dice.below(60)) + ", end - " + time(dice.below(60)) + "](" +
        (dice.chance(50) ? "skin.contact" : "needle.force > hand.press") + (dice.chance(50) ? " implies " : " and ") +
        inner[kind] + window + "(" + (dice.chance(50) ? "needle.force" : "stroke.force_peak") + " <= " + limit + "))";
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_equal(text, source);
    if (HasFatalFailure()) return;
    fails += judge(require(text), source).outcome == Outcome::fail;
  }
  EXPECT_GT(fails, 15);
  EXPECT_LT(fails, 105);
}

TEST(Requirement, UntilAcrossBlocksEqualsBruteForce) {
  int fails = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Dice dice(seed + 3000000);
    const Tick ticks = 1100 + dice.below(400);
    const MemorySource source = random_run(dice, ticks);
    const auto time = [](Tick t) { return std::to_string(t * 50) + " us"; };
    const int a = dice.below(40), b = a + dice.below(60);
    const std::string text = std::string(dice.chance(50) ? "eventually" : "always") + "[0, " + time(1050) +
                             "]((needle.force <= " + std::to_string(3 + dice.below(5)) + ".5 N) until[" + time(a) +
                             ", " + time(b) + "] (hand.press <= " + std::to_string(dice.below(4)) + ".5 N))";
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_equal(text, source);
    if (HasFatalFailure()) return;
    fails += judge(require(text), source).outcome == Outcome::fail;
  }
  EXPECT_GT(fails, 10);
  EXPECT_LT(fails, 55);
}

// A requirement's verdict does not depend on which others are judged with it.
TEST(Requirement, TogetherAsAlone) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Dice dice(seed + 4000000);
    Shape shape;
    shape.ticks = 1 + dice.below(3000);
    const MemorySource source = random_run(dice, shape.ticks);
    std::vector<Requirement> requirements;
    for (int i = 0; i < 6; ++i) requirements.push_back(require(random_condition(dice, 1 + dice.below(4), shape)));
    const std::vector<Verdict> together = judge_all(requirements, source);
    ASSERT_EQ(together.size(), requirements.size());
    for (std::size_t i = 0; i < requirements.size(); ++i) {
      const Verdict alone = judge(requirements[i], source);
      EXPECT_EQ(alone.outcome, together[i].outcome) << requirements[i].that;
      EXPECT_EQ(alone.margin, together[i].margin) << requirements[i].that;
      EXPECT_EQ(alone.atom, together[i].atom) << requirements[i].that;
      EXPECT_EQ(alone.at_s, together[i].at_s) << requirements[i].that;
    }
  }
}

// A run that was cut short: a fail is a fail of every run that begins like it; a pass looked at nothing beyond.
TEST(Requirement, CutRunsSayOnlyWhatStaysTrue) {
  int fails = 0, passes = 0, invalid = 0, open = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    Dice dice(seed + 5000000);
    Shape shape;
    shape.ticks = 10 + dice.below(60);
    MemorySource whole = random_run(dice, shape.ticks);
    const Tick cut = 1 + dice.below(static_cast<int>(shape.ticks) - 1);
    const std::string text = random_condition(dice, 1 + dice.below(3), shape);
    const Formula formula = parse_formula(text, {});
    MemorySource part = whole.until(cut);
    part.end_early(shape.ticks, RunEnd::early);
    const Verdict verdict = judge(require(text), part);
    const bool needs_more = needed_end(formula, shape.ticks, default_tick_ns) >= cut;
    SCOPED_TRACE("seed " + std::to_string(seed) + ", cut at " + std::to_string(cut) + ": " + text);
    if (verdict.outcome == Outcome::invalid) {
      EXPECT_TRUE(needs_more);
      EXPECT_NE(verdict.reason.find("the run ended at"), std::string::npos) << verdict.reason;
    } else if (verdict.outcome != Outcome::fail) {
      EXPECT_FALSE(needs_more);
    }
    fails += verdict.outcome == Outcome::fail && needs_more;
    passes += verdict.outcome == Outcome::pass;
    invalid += verdict.outcome == Outcome::invalid;
    bool went_both_ways[2] = {false, false};
    for (int k = 0; k < 4; ++k) {
      MemorySource other = random_run(dice, shape.ticks);
      const MemorySource continued = part.continued_by(other);
      const bool holds = judge(require(text), continued).outcome != Outcome::fail;
      went_both_ways[holds] = true;
      if (verdict.outcome != Outcome::invalid) {
        EXPECT_EQ(holds, verdict.outcome != Outcome::fail);
      }
    }
    open += went_both_ways[0] && went_both_ways[1];
    part.end_early(shape.ticks, RunEnd::firmware_fault);
    EXPECT_EQ(judge(require(text), part).outcome, verdict.outcome == Outcome::fail ? Outcome::fail : Outcome::invalid);
    if (HasFailure()) return;
  }
  EXPECT_GT(fails, 300);
  EXPECT_GT(passes, 300);
  EXPECT_GT(invalid, 300);
  EXPECT_GT(open, 100);
}

// --- single rules, with numbers that can be checked by hand; a tick is 50 us, so 0.1 ms are two ---

MemorySource force(std::vector<float> values) {
  MemorySource source(static_cast<Tick>(values.size()));
  source.set("needle.force", std::move(values));
  return source;
}

TEST(Requirement, MarginIsTheSmallestDistanceWithItsAtomAndTime) {
  const MemorySource source = force({1.0f, 3.0f, 4.5f, 2.0f, 4.5f});
  const Verdict verdict = judge(require("always (needle.force  <=\n 5 N)"), source);
  EXPECT_EQ(verdict.outcome, Outcome::pass);
  EXPECT_EQ(verdict.margin, 0.5);
  EXPECT_EQ(verdict.unit, "N");
  EXPECT_EQ(verdict.at_s, 100e-6);
  EXPECT_EQ(verdict.atom, "needle.force <= 5 N");
  EXPECT_EQ(verdict.reason, "");
  const Verdict missed = judge(require("always (needle.force <= 4 N)"), source);
  EXPECT_EQ(missed.outcome, Outcome::fail);
  EXPECT_EQ(missed.margin, -0.5);
  EXPECT_EQ(missed.reason, "`needle.force <= 4 N` is missed by 0.5 N at 0.0001 s");
  EXPECT_EQ(judge(require("eventually (needle.force >= 4 N)"), source).margin, 0.5);
  EXPECT_EQ(judge(require("eventually (needle.force >= 6 N)"), source).margin, -1.5);
}

TEST(Requirement, StrictComparisonsDecideAtDistanceZero) {
  const MemorySource source = force({2.0f, 2.0f});
  for (const auto& [text, holds] : {std::pair{"always (needle.force <= 2 N)", true},
                                    {"always (needle.force < 2 N)", false},
                                    {"always (needle.force >= 2 N)", true},
                                    {"always (needle.force > 2 N)", false},
                                    {"not eventually (needle.force < 2 N)", true},
                                    {"always not (needle.force >= 2 N)", false}}) {
    const Verdict verdict = judge(require(text), source);
    EXPECT_EQ(verdict.outcome, holds ? Outcome::pass : Outcome::fail) << text;
    EXPECT_EQ(verdict.margin, 0.0) << text;
    EXPECT_FALSE(std::signbit(verdict.margin)) << text;
    EXPECT_EQ(verdict.unit, "N") << text;
  }
}

TEST(Requirement, BooleanAtomsHaveInfiniteMargins) {
  MemorySource source(3);
  source.set("skin.contact", {1.0f, 0.0f, 1.0f});
  source.set("user.mode", {2.0f, 2.0f, 2.0f});
  EXPECT_EQ(judge(require("always skin.contact"), source).margin, -inf);
  EXPECT_EQ(judge(require("always skin.contact"), source).at_s, 50e-6);
  EXPECT_EQ(judge(require("always skin.contact"), source).reason, "`skin.contact` decides at 5e-05 s");
  EXPECT_EQ(judge(require("eventually skin.contact"), source).margin, inf);
  EXPECT_EQ(judge(require("always (user.mode == 2)"), source).margin, inf);
  EXPECT_EQ(judge(require("always (user.mode == 2)"), source).unit, "1");
  EXPECT_EQ(judge(require("always (user.mode != 2)"), source).outcome, Outcome::fail);
}

TEST(Requirement, WindowsAreClosedAndCutAtTheEndOfTheRun) {
  const MemorySource source = force({9.0f, 1.0f, 1.0f, 1.0f, 9.0f});
  EXPECT_EQ(judge(require("always[50 us, 150 us] (needle.force < 2 N)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("always[0 s, 150 us] (needle.force < 2 N)"), source).outcome, Outcome::fail);
  EXPECT_EQ(judge(require("always[50 us, 200 us] (needle.force < 2 N)"), source).outcome, Outcome::fail);
  // `end` is 250 us, one tick after the last: end - 100 us is tick 3.
  EXPECT_EQ(judge(require("always[50 us, end - 100 us] (needle.force < 2 N)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("always[50 us, end - 50 us] (needle.force < 2 N)"), source).outcome, Outcome::fail);
  EXPECT_EQ(judge(require("always[50 us, 10 s] (needle.force < 2 N)"), source).margin, -7.0);
  EXPECT_EQ(judge(require("eventually[200 us, 10 s] (needle.force > 8 N)"), source).margin, 1.0);
  // Bounds are rounded to the nearest tick.
  EXPECT_EQ(judge(require("always[26 us, 174 us] (needle.force < 2 N)"), source).outcome, Outcome::pass);
}

TEST(Requirement, EmptyWindowsAreTrueOrFalseAndVacuous) {
  const MemorySource source = force({1.0f, 1.0f});
  const Verdict always = judge(require("always[1 s, 2 s] (needle.force > 5 N)"), source);
  EXPECT_EQ(always.outcome, Outcome::vacuous);
  EXPECT_EQ(always.margin, inf);
  EXPECT_EQ(always.atom, "");
  EXPECT_EQ(always.reason, "the window of `always[1 s, 2 s] (needle.force > 5 N)` held no tick");
  EXPECT_EQ(judge(require("historically[1 s, 2 s] (needle.force > 5 N)"), source).outcome, Outcome::vacuous);
  EXPECT_EQ(judge(require("not eventually[1 s, 2 s] (needle.force < 5 N)"), source).outcome, Outcome::vacuous);
  for (const char* text : {"eventually[1 s, 2 s] (needle.force < 5 N)", "once[1 s, 2 s] (needle.force < 5 N)",
                           "(needle.force < 5 N) until[1 s, 2 s] (needle.force < 5 N)",
                           "eventually[end - 50 us, 0 s] (needle.force < 5 N)"}) {
    const Verdict verdict = judge(require(text), source);
    EXPECT_EQ(verdict.outcome, Outcome::fail) << text;
    EXPECT_EQ(verdict.margin, -inf) << text;
    EXPECT_EQ(verdict.reason, "a window held no tick") << text;
  }
}

TEST(Requirement, EndInAnInnerWindowIsAnInstant) {
  // From each of ticks 0..2, one of the ticks up to `end - 100 us` (tick 2) is high.
  EXPECT_EQ(
      judge(require("always[0, 100 us] eventually[0, end - 100 us] (needle.force > 8 N)"), force({1, 1, 9, 1})).outcome,
      Outcome::pass);
  EXPECT_EQ(
      judge(require("always[0, 100 us] eventually[0, end - 100 us] (needle.force > 8 N)"), force({1, 9, 1, 9})).outcome,
      Outcome::fail);
}

TEST(Requirement, RiseAndFallNeedATickBefore) {
  MemorySource source(4);
  source.set("pin.start", {1.0f, 0.0f, 1.0f, 1.0f});
  EXPECT_EQ(judge(require("rise(pin.start)"), source).outcome, Outcome::fail);
  EXPECT_EQ(judge(require("fall(pin.start)"), source).outcome, Outcome::fail);
  EXPECT_EQ(judge(require("always[50 us, 50 us] fall(pin.start)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("always[100 us, 100 us] rise(pin.start)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("eventually[150 us, end] rise(pin.start)"), source).outcome, Outcome::fail);
}

TEST(Requirement, UntilHoldsUpToAndWithTheInstantOfTheSecond) {
  MemorySource source(5);
  source.set("pin.start", {1.0f, 1.0f, 1.0f, 0.0f, 0.0f});
  source.set("pin.plus", {0.0f, 0.0f, 1.0f, 0.0f, 0.0f});
  source.set("pin.minus", {0.0f, 0.0f, 0.0f, 1.0f, 0.0f});
  EXPECT_EQ(judge(require("pin.start until pin.plus"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("pin.start until pin.minus"), source).outcome, Outcome::fail);
  EXPECT_EQ(judge(require("pin.start until[0, 50 us] pin.plus"), source).outcome, Outcome::fail);
  EXPECT_EQ(judge(require("pin.start until[100 us, 1 s] pin.plus"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("pin.start until[150 us, 1 s] pin.plus"), source).outcome, Outcome::fail);
}

TEST(Requirement, PassesThatTestNothingAreVacuous) {
  MemorySource source(4);
  source.set("pin.start", {0.0f, 0.0f, 0.0f, 0.0f});
  source.set("pin.plus", {0.0f, 1.0f, 0.0f, 0.0f});
  source.set("needle.force", {1.0f, 1.0f, 1.0f, 1.0f});
  const Verdict never = judge(require("always (pin.start implies needle.force < 5 N)"), source);
  EXPECT_EQ(never.outcome, Outcome::vacuous);
  EXPECT_EQ(never.reason, "the left side of `implies` never held where it counts");
  EXPECT_EQ(judge(require("always (pin.plus implies needle.force < 5 N)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("always (pin.plus implies needle.force > 5 N)"), source).outcome, Outcome::fail);
  // Outside of the window of the outermost `always` it does not count.
  EXPECT_EQ(judge(require("always[100 us, end] (pin.plus implies needle.force < 5 N)"), source).outcome,
            Outcome::vacuous);
  // The outermost one counts, not those inside.
  EXPECT_EQ(judge(require("always (pin.plus implies (pin.start implies needle.force < 5 N))"), source).outcome,
            Outcome::pass);
  // Of several side by side, one is enough.
  EXPECT_EQ(judge(require("always ((pin.plus implies needle.force < 5 N) and (pin.start implies needle.force > 5 N))"),
                  source)
                .outcome,
            Outcome::pass);
  EXPECT_EQ(judge(require("always ((pin.start implies needle.force < 5 N) and (pin.start implies needle.force > 5 N))"),
                  source)
                .outcome,
            Outcome::vacuous);
}

TEST(Requirement, AtomsOfSeveralDimensionsAreComparedInFullScales) {
  MemorySource source(2);
  source.set("needle.force", {1.0f, 2.0f});     // full scale 5 N: the limit is 3/5 away
  source.set("motor.speed", {120.0f, 110.0f});  // full scale 200 Hz: the limit is 90/200 away
  const Verdict verdict = judge(require("always (needle.force <= 5 N and motor.speed <= 200 Hz)"), source);
  EXPECT_EQ(verdict.outcome, Outcome::pass);
  EXPECT_EQ(verdict.margin, 80.0);
  EXPECT_EQ(verdict.unit, "Hz");
  EXPECT_EQ(verdict.atom, "motor.speed <= 200 Hz");
  EXPECT_EQ(verdict.at_s, 0.0);
  const Verdict other = judge(require("always (needle.force <= 3 N and motor.speed <= 200 Hz)"), source);
  EXPECT_EQ(other.margin, 1.0);
  EXPECT_EQ(other.unit, "N");
  EXPECT_EQ(other.at_s, 50e-6);
  // One dimension: plain SI, whatever the full scales are.
  source.set("hand.press", {9.5f, 9.5f});
  EXPECT_EQ(judge(require("always (needle.force <= 5 N and hand.press <= 10 N)"), source).atom, "hand.press <= 10 N");
  // No signal of the atom's dimension: the product of the full scales, 5 N * 3 mm = 15 mJ, so 14 mJ are 0.93 and the
  // speed is nearer.
  source.set("needle.tip_depth", {1e-3f, 0.0f});
  const Verdict work =
      judge(require("always (needle.force * needle.tip_depth <= 15 mJ and motor.speed <= 200 Hz)"), source);
  EXPECT_EQ(work.unit, "Hz");
  const Verdict less_work =
      judge(require("always (needle.force * needle.tip_depth <= 2 mJ and motor.speed <= 200 Hz)"), source);
  EXPECT_EQ(less_work.unit, "J");
  EXPECT_NEAR(less_work.margin, 1e-3, 1e-10);
}

TEST(Requirement, NotANumberIsInvalidWhereItIsLookedAt) {
  MemorySource source = force({1.0f, not_a_number, 1.0f, 1.0f});
  const Verdict verdict = judge(require("always (needle.force < 5 N)"), source);
  EXPECT_EQ(verdict.outcome, Outcome::invalid);
  EXPECT_EQ(verdict.reason,
            "`needle.force < 5 N` has no value at 5e-05 s: a sample is not a number, or a division by 0");
  EXPECT_EQ(judge(require("always[100 us, end] (needle.force < 5 N)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("always[0, 0] (needle.force < 5 N)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("always[100 us, end] historically[0, 50 us] (needle.force < 5 N)"), source).outcome,
            Outcome::invalid);
  EXPECT_EQ(judge(require("always (max(needle.force, 1 N) < 5 N)"), source).outcome, Outcome::invalid);
  EXPECT_EQ(judge(require("eventually (needle.force == 1 N)"), source).outcome, Outcome::invalid);
  EXPECT_EQ(judge(require("always (needle.force / 0 N < 5)"), force({1.0f})).outcome, Outcome::invalid);
  EXPECT_EQ(judge(require("always (1 N / needle.force < 5)"), force({1.0f, 0.0f})).at_s, 50e-6);
  EXPECT_EQ(
      judge(require("always (needle.force < 5 N)"), force({1.0f, -std::numeric_limits<float>::infinity()})).outcome,
      Outcome::pass);
  source.set("pin.start", {0.0f, 0.0f, not_a_number, 0.0f});
  EXPECT_EQ(judge(require("always not pin.start"), source).outcome, Outcome::invalid);
}

// The same, with NaN at random places in runs of several blocks: invalid exactly if a tick that is looked at has one.
TEST(Requirement, NotANumberOutsideOfWhatIsLookedAtChangesNothing) {
  int invalid = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Dice dice(seed + 6000000);
    const Tick ticks = 1000 + dice.below(4000);
    const MemorySource clean = random_run(dice, ticks);
    MemorySource holed = clean;
    const Tick a = dice.below(static_cast<int>(ticks)), b = a + dice.below(static_cast<int>(ticks - a));
    const Tick reach = dice.below(1500), hole = dice.below(static_cast<int>(ticks));
    const auto time = [](Tick t) { return std::to_string(t * 50) + " us"; };
    const bool back = dice.chance(50);
    const std::string text = "always[" + time(a) + ", " + time(b) + "] (" + (back ? "historically" : "eventually") +
                             "[0, " + time(reach) + "] (needle.force < 3 N) or skin.contact)";
    holed.values("needle.force")[static_cast<std::size_t>(hole)] = not_a_number;
    const Tick first = back ? std::max<Tick>(0, a - reach) : a, last = back ? b : std::min(ticks - 1, b + reach);
    const Verdict expected = judge(require(text), clean), verdict = judge(require(text), holed);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
    if (hole >= first && hole <= last) {
      ++invalid;
      EXPECT_EQ(verdict.outcome, Outcome::invalid);
      EXPECT_EQ(verdict.at_s, seconds(hole * default_tick_ns));
    } else {
      EXPECT_EQ(verdict.outcome, expected.outcome);
      EXPECT_EQ(verdict.margin, expected.margin);
    }
  }
  EXPECT_GT(invalid, 100);
  EXPECT_LT(invalid, 350);
}

TEST(Requirement, SignalsThatAreNotThere) {
  MemorySource log = force({1.0f});
  log.set("adc.battery", {2400.0f});
  EXPECT_EQ(judge(require("always (motor.speed < 5 Hz)"), log).outcome, Outcome::invalid);
  EXPECT_EQ(judge(require("always (motor.speed < 5 Hz)"), log).reason, "`motor.speed` was not recorded");
  EXPECT_EQ(judge(require("always (fw.speed_loop.integral < 5)"), log).reason,
            "`fw.speed_loop.integral` was not recorded; name it under `watch:`");
  log.forget_truth();
  EXPECT_EQ(judge(require("always (motor.speed < 5 Hz)"), log).outcome, Outcome::not_applicable);
  EXPECT_EQ(judge(require("always (fw.x < 5 and motor.speed < 5 Hz)"), log).outcome, Outcome::not_applicable);
  EXPECT_EQ(judge(require("always (fw.x < 5)"), log).outcome, Outcome::invalid);
  EXPECT_EQ(judge(require("always (adc.battery > 2000)"), log).margin, 400.0);
  EXPECT_EQ(judge(require("always (adc.battery > 2000)"), log).unit, "count");
  EXPECT_EQ(judge(require("always (needle.force < 5 N)"), MemorySource(0)).outcome, Outcome::invalid);
}

TEST(Requirement, AfterAFirmwareFaultAFailStaysAndTheRestIsInvalid) {
  MemorySource source = force({1.0f, 6.0f, 1.0f});
  source.end_early(1000, RunEnd::firmware_fault);
  EXPECT_EQ(judge(require("always (needle.force < 5 N)"), source).outcome, Outcome::fail);
  EXPECT_EQ(judge(require("always (needle.force < 7 N)"), source).outcome, Outcome::invalid);
  EXPECT_EQ(judge(require("always[0, 50 us] (needle.force < 7 N)"), source).reason,
            "the firmware failed at 0.00015 s; until then it held");
  // What may still come is no fail.
  EXPECT_EQ(judge(require("eventually (needle.force > 7 N)"), source).outcome, Outcome::invalid);
  EXPECT_EQ(judge(require("eventually[0, 100 us] (needle.force > 7 N)"), source).outcome, Outcome::fail);
  source.end_early(1000, RunEnd::early);
  EXPECT_EQ(judge(require("always[0, 50 us] (needle.force < 7 N)"), source).outcome, Outcome::pass);
  EXPECT_EQ(judge(require("always[0, end - 10 ms] (needle.force < 7 N)"), source).reason,
            "the run ended at 0.00015 s, before 0.04 s, which it needs");
}

TEST(Requirement, RollUp) {
  const auto roll = [](std::vector<Outcome> outcomes, bool may_be_vacuous) {
    std::vector<Requirement> requirements;
    std::vector<Verdict> verdicts;
    for (Outcome outcome : outcomes) {
      requirements.push_back(require("pin.start"));
      requirements.back().id = "R-" + std::to_string(requirements.size());
      requirements.back().may_be_vacuous = may_be_vacuous;
      verdicts.emplace_back();
      verdicts.back().outcome = outcome;
      verdicts.back().reason = "because";
    }
    return roll_up(requirements, verdicts);
  };
  EXPECT_EQ(roll({}, false).verdict, RunVerdict::measured);
  EXPECT_EQ(roll({Outcome::pass, Outcome::not_applicable}, false).verdict, RunVerdict::pass);
  EXPECT_EQ(roll({Outcome::pass, Outcome::vacuous}, false).verdict, RunVerdict::fail);
  EXPECT_EQ(roll({Outcome::pass, Outcome::vacuous}, false).cause, "R-2 is vacuous: because");
  EXPECT_EQ(roll({Outcome::pass, Outcome::vacuous}, true).verdict, RunVerdict::pass);
  EXPECT_EQ(roll({Outcome::invalid, Outcome::pass}, false).verdict, RunVerdict::error);
  EXPECT_EQ(roll({Outcome::invalid, Outcome::fail}, false).verdict, RunVerdict::fail);
}

TEST(Requirement, ExplainSaysWhichPartsAreFalseAtAnInstant) {
  MemorySource source(3);
  source.set("pin.start", {0.0f, 1.0f, 1.0f});
  source.set("needle.force", {1.0f, 6.0f, 2.0f});
  const Formula formula = parse_formula("always (pin.start implies needle.force <= 5 N)", {});
  const auto parts = explain(formula, source, 1);
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].text, formula.text);
  EXPECT_FALSE(parts[0].truth);
  EXPECT_EQ(parts[0].margin, -1.0);
  EXPECT_EQ(parts[1].text, "pin.start implies needle.force <= 5 N");
  EXPECT_FALSE(parts[1].truth);
  EXPECT_EQ(parts[2].text, "pin.start");
  EXPECT_TRUE(parts[2].truth);
  EXPECT_EQ(parts[3].text, "needle.force <= 5 N");
  EXPECT_FALSE(parts[3].truth);
  EXPECT_EQ(parts[3].depth, 2);
  EXPECT_EQ(parts[3].unit, "N");
  EXPECT_EQ(formula.text.substr(static_cast<std::size_t>(parts[3].begin),
                                static_cast<std::size_t>(parts[3].end - parts[3].begin)),
            "needle.force <= 5 N");
  for (const PartTruth& part : parts) EXPECT_TRUE(part.known);
  EXPECT_TRUE(explain(formula, source, 2)[0].truth);  // from here on it holds
  for (const PartTruth& part : explain(formula, source, 3)) EXPECT_FALSE(part.known);
  source.end_early(10, RunEnd::early);
  const auto cut = explain(formula, source, 2);
  EXPECT_FALSE(cut[0].known);
  EXPECT_TRUE(cut[1].known && cut[1].truth);
}

TEST(Requirement, CheckHintsAtWindowsWithoutATickAndAtLooseBrackets) {
  const Location at{"a.yaml", 10, 5};
  const auto hints =
      check_formula("always (pin.start implies eventually[5 s, 6 s] pin.plus)", at, 20000, default_tick_ns);
  ASSERT_EQ(hints.size(), 1u);
  EXPECT_EQ(hints[0].at.line, 10);
  EXPECT_EQ(hints[0].at.column, 31);
  EXPECT_EQ(hints[0].message,
            "the window of `eventually[5 s, 6 s] pin.plus` holds no tick in a run of 1 s, so it is false");
  EXPECT_TRUE(
      check_formula("always (pin.start implies eventually[5 s, 6 s] pin.plus)", at, 200000, default_tick_ns).empty());
  const auto loose = check_formula("always pin.start implies pin.plus", at, 20000, default_tick_ns);
  ASSERT_EQ(loose.size(), 1u);
  EXPECT_EQ(loose[0].message, "`always pin.start` ends before the next word");
  EXPECT_TRUE(check_formula("always (pin.start) implies pin.plus", at, 20000, default_tick_ns).empty());
  EXPECT_EQ(check_formula("always pin.start and pin.plus", at, 20000, default_tick_ns).size(), 1u);
  EXPECT_TRUE(check_formula("always pin.start and always pin.plus", at, 20000, default_tick_ns).empty());
  EXPECT_THROW(check_formula("always pin.strat", at, 20000, default_tick_ns), InputError);
}

TEST(Requirement, NeededEnd) {
  const auto needed = [](const char* text) { return needed_end(parse_formula(text, {}), 20000, default_tick_ns); };
  EXPECT_EQ(needed("pin.start"), 0);
  EXPECT_EQ(needed("always pin.start"), 19999);
  EXPECT_EQ(needed("always[0, end - 50 ms] pin.start"), 19000);
  EXPECT_EQ(needed("always[0, 10 ms] eventually[1 ms, 5 ms] pin.start"), 300);
  EXPECT_EQ(needed("always[0, 10 ms] once[1 ms, 5 ms] pin.start"), 180);
  EXPECT_EQ(needed("always[0, 10 ms] (pin.start until[1 ms, 5 ms] pin.plus)"), 300);
  EXPECT_EQ(needed("always[2 s, 3 s] pin.start"), -1);
}

// Nesting costs what it says, not twice as much with every level.
TEST(Requirement, DeepNestingStaysCheap) {
  Dice dice(7);
  const MemorySource source = random_run(dice, 5000);
  std::string rises = "pin.start", lefts = "skin.contact", rights = "skin.contact", windows = "needle.force < 3 N";
  for (int i = 0; i < 90; ++i) {
    rises = "rise(" + rises + ")";
    if (i < 45) lefts = "(" + lefts + ") until[0, 10 ms] pin.start";
    if (i < 45) rights = "pin.start until[0, 10 ms] (" + rights + ")";
    if (i < 40)
      windows =
          std::string(i % 2 ? "eventually" : "always") + "[0, " + std::to_string(1 + i % 7) + " ms] (" + windows + ")";
  }
  for (const std::string& text : {rises, lefts, rights, windows}) {
    EXPECT_NE(judge(require("always (" + text + " or skin.contact)"), source).outcome, Outcome::invalid);
    EXPECT_EQ(explain(parse_formula(text, {}), source, 10).front().depth, 0);
  }
}

// The example of the scenario format.
TEST(Requirement, StrokeRateOfTheExample) {
  const Tick ticks = 120000;
  MemorySource source(ticks);
  std::vector<float> rate(static_cast<std::size_t>(ticks), 118.0f);
  for (std::size_t t = 0; t < 20000; ++t) rate[t] = 0.0f;
  rate[70000] = 125.5f;
  for (std::size_t t = 119001; t < 120000; ++t) rate[t] = 0.0f;
  source.set("stroke.rate", rate);
  Samples set;
  set.period_ticks = 20;
  set.value.assign(6000, 120.0f);
  source.set("user.rate", set);
  Requirement requirement = require("always[1 s, end - 50 ms] (abs(stroke.rate - user.rate) <= 0.05 * user.rate)");
  const Verdict verdict = judge(requirement, source);
  EXPECT_EQ(verdict.outcome, Outcome::pass);
  EXPECT_EQ(verdict.margin, 0.5);
  EXPECT_EQ(verdict.unit, "Hz");
  EXPECT_EQ(verdict.at_s, 3.5);
  source.values("stroke.rate")[119000] = 0.0f;
  EXPECT_EQ(judge(requirement, source).margin, -114.0);
}

// Where a requirement does not hold: inside the window of its outermost `always`, tick by tick, against the same looked
// up by hand.
TEST(Requirement, ViolationsAreTheTicksThatDoNotHold) {
  MemorySource source(3000);
  std::vector<float> force(3000), depth(3000);
  for (std::size_t i = 0; i < 3000; ++i)
    force[i] = i % 100 < 3 ? 6.0f : 1.0f, depth[i] = i >= 1500 && i < 1600 ? 2e-3f : 0.0f;
  source.set("needle.force", force);
  source.set("needle.tip_depth", depth);
  using Spans = std::vector<std::pair<Tick, Tick>>;
  const auto spans = [&](const std::string& that) { return violations(parse_formula(that, {}), source); };
  Spans expected;
  for (Tick t = 1000; t <= 2000; t += 100) expected.emplace_back(t, std::min<Tick>(t + 2, 2000));
  EXPECT_EQ(spans("always[50 ms, 100 ms] (needle.force <= 5 N)"), expected);
  EXPECT_EQ(spans("always (needle.tip_depth <= 1 mm)"), (Spans{{1500, 1599}}));
  // Two windows joined: what touches is one span.
  EXPECT_EQ(spans("always (needle.tip_depth <= 1 mm) and always[80 ms, 80.1 ms] (needle.force < 0 N)"),
            (Spans{{1500, 1602}}));
  EXPECT_EQ(spans("always (needle.force < 10 N)"), Spans{});
  // A window that looks 50 ticks ahead finds no force from the third tick of each hundred on, until the next hundred is
  // that near.
  const Spans ahead = spans("always[50 ms, 100 ms] (eventually[0 s, 2.5 ms] (needle.force > 5 N))");
  ASSERT_EQ(ahead.size(), 10u);
  EXPECT_EQ(ahead.front(), (std::pair<Tick, Tick>{1003, 1049}));
  EXPECT_EQ(spans("eventually[10 ms, 20 ms] (needle.force > 7 N)"), (Spans{{200, 400}}));
  EXPECT_EQ(spans("eventually[10 ms, 20 ms] (needle.force > 5 N)"), Spans{});
  EXPECT_EQ(spans("always (motor.speed < 1 Hz)"), Spans{});  // not recorded: nothing can be said
}

// The page that explains all this: its formulas are read, its worked examples are judged.
TEST(Requirement, ExamplesOfTheDocumentation) {
  std::ifstream in("docs/requirements.md");
  ASSERT_TRUE(in) << "not started in the source directory";
  std::string line, block;
  int formulas = 0, measures = 0, examples = 0;
  MemorySource source(5);
  while (std::getline(in, line)) {
    if (line.rfind("```", 0) == 0) {
      block = block.empty() ? line.substr(3) : "";
      continue;
    }
    if (block == "formula") {
      EXPECT_NO_THROW(parse_formula(line, {})) << line;
      ++formulas;
    } else if (block == "measure") {
      EXPECT_NO_THROW(parse_measure(line, {})) << line;
      ++measures;
    } else if (block == "run") {
      std::istringstream words(line);
      std::string name;
      words >> name;
      std::vector<float> values;
      for (float value; words >> value;) values.push_back(value);
      ASSERT_EQ(values.size(), 5u) << line;
      source.set(name, values);
    } else if (line.rfind("| `", 0) == 0 && line.find(" us |") != std::string::npos) {
      std::vector<std::string> cells;
      for (std::size_t from = 2; from < line.size();) {
        const std::size_t bar = line.find(" |", from);
        if (bar == std::string::npos) break;
        cells.push_back(line.substr(from, bar - from));
        from = bar + 3;
      }
      ASSERT_EQ(cells.size(), 5u) << line;
      const Verdict verdict = judge(require(cells[0].substr(1, cells[0].size() - 2)), source);
      EXPECT_EQ(outcome_name(verdict.outcome), cells[1]) << line << "\n" << verdict.reason;
      EXPECT_EQ(verdict.margin, cells[2] == "inf" ? inf : cells[2] == "-inf" ? -inf : std::stod(cells[2])) << line;
      EXPECT_EQ(verdict.unit, cells[3]) << line;
      EXPECT_NEAR(verdict.at_s, std::stod(cells[4]) * 1e-6, 1e-12) << line;
      ++examples;
    }
  }
  EXPECT_GE(formulas, 6);
  EXPECT_GE(measures, 5);
  EXPECT_GE(examples, 18);
}

}  // namespace
}  // namespace pensim
