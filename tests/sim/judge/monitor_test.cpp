// Columns of random graphs at every tick against plain loops: runs of several blocks with long constant stretches, so
// that every shortcut over bounds is taken.
#include "sim/judge/monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace pensim {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }

 private:
  std::mt19937_64 engine_;
};

// A few levels, stretches of up to two blocks, and now and then a single other value.
Samples stretches(Dice& dice, Tick ticks) {
  Samples out;
  const int kind = dice.below(3);
  out.period_ticks = kind == 1 ? 20 : 1;
  const Tick count = (ticks + out.period_ticks - 1) / out.period_ticks;
  while (static_cast<Tick>(out.value.size()) < count) {
    const int level = dice.below(7) - 3, length = (1 + dice.below(2200)) / static_cast<int>(out.period_ticks) + 1,
              spikes = dice.chance(30) ? 5 : 0;
    for (int i = 0; i < length && static_cast<Tick>(out.value.size()) < count; ++i)
      out.value.push_back(static_cast<float>(dice.below(1000) < spikes ? dice.below(9) - 4 : level));
  }
  if (kind == 2) {
    // By stroke: the same values, written where they change.
    Samples sparse;
    for (Tick t = 0; t < ticks; ++t)
      if (t == 0 || out.value[static_cast<std::size_t>(t)] != out.value[static_cast<std::size_t>(t) - 1]) {
        sparse.tick.push_back(t);
        sparse.value.push_back(out.value[static_cast<std::size_t>(t)]);
      }
    return sparse;
  }
  return out;
}

Samples read_in_pieces(const Samples& held) {
  Samples out;
  out.period_ticks = held.period_ticks;
  out.count = held.size();
  out.read = [values = held.value](std::int64_t first, std::int64_t count, float* to) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = values.at(static_cast<std::size_t>(first + i));
  };
  return out;
}

struct Column {
  int node;
  std::vector<double> values;
};

std::vector<double> loop_window(const std::vector<double>& x, Tick from, Tick to, bool smallest) {
  const Tick n = static_cast<Tick>(x.size());
  std::vector<double> out(x.size(), smallest ? inf : -inf);
  for (Tick t = 0; t < n; ++t)
    for (Tick s = std::max<Tick>(0, t + from); s <= std::min(n - 1, t + to); ++s) {
      double& value = out[static_cast<std::size_t>(t)];
      value =
          smallest ? std::min(value, x[static_cast<std::size_t>(s)]) : std::max(value, x[static_cast<std::size_t>(s)]);
    }
  return out;
}

TEST(Monitor, ColumnsOfRandomGraphsEqualLoops) {
  int short_windows = 0, long_windows = 0, untils = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    Dice dice(seed);
    const Tick ticks = 1 + dice.below(4600);
    const Tick recorded = dice.chance(25) ? 1 + dice.below(static_cast<int>(ticks)) : ticks;
    // Half of them as in a run of hours: several blocks share their bounds, and hardly one is kept.
    const Monitor::Limits tight{1 + dice.below(3), static_cast<std::size_t>(dice.below(3))};
    Monitor monitor(ticks, recorded, dice.chance(50) ? tight : Monitor::Limits());
    std::vector<Samples> samples;
    for (int i = 0; i < 3; ++i) samples.push_back(stretches(dice, recorded));
    std::vector<Samples> pieces = samples;  // what the monitor sees: held, or read
    for (std::size_t i = 0; i < pieces.size(); ++i)
      if (samples[i].tick.empty() && dice.chance(50)) pieces[i] = read_in_pieces(samples[i]);
    std::vector<Column> columns;
    std::string made;
    for (std::size_t piece = 0; piece < samples.size(); ++piece) {
      const Samples& s = samples[piece];
      Column c{monitor.signal(pieces[piece]), {}};
      const double limit = dice.below(5) - 2;
      const double beyond = dice.chance(50) ? inf : -inf;
      const bool strict = dice.chance(50), zero = dice.chance(25);
      const int difference = monitor.subtract(c.node, monitor.constant(limit));
      c.node = zero ? monitor.is_zero(difference, beyond) : monitor.distance(difference, 2.0, !strict, beyond);
      for (Tick t = 0; t < ticks; ++t) {
        std::size_t i = 0;
        if (s.tick.empty())
          i = std::min(static_cast<std::size_t>(t / s.period_ticks), s.value.size() - 1);
        else
          while (i + 1 < s.tick.size() && s.tick[i + 1] <= t) ++i;
        const double apart = static_cast<double>(s.value[i]) - limit;
        c.values.push_back(t >= recorded ? beyond
                           : zero        ? (apart == 0.0 ? inf : -inf)
                                         : apart / 2.0 + (strict ? -Monitor::tie : Monitor::tie));
      }
      columns.push_back(c);
    }
    const auto pick = [&]() -> const Column& {
      return columns[static_cast<std::size_t>(dice.below(static_cast<int>(columns.size())))];
    };
    for (int step = 0; step < 7; ++step) {
      const Column x = pick(), y = pick();
      Column c;
      const int kind = dice.below(9);
      made += " " + std::to_string(kind);
      if (kind == 0) {
        c.node = monitor.negate(x.node);
        for (double v : x.values) c.values.push_back(-v);
      } else if (kind <= 2) {
        c.node = kind == 1 ? monitor.lower(x.node, y.node) : monitor.upper(x.node, y.node);
        for (std::size_t t = 0; t < x.values.size(); ++t)
          c.values.push_back(kind == 1 ? std::min(x.values[t], y.values[t]) : std::max(x.values[t], y.values[t]));
      } else if (kind == 3) {
        const Tick from = dice.below(static_cast<int>(ticks)), to = from + dice.below(static_cast<int>(ticks));
        const double outside = dice.chance(50) ? inf : -inf;
        c.node = monitor.within(x.node, from, to, outside);
        for (Tick t = 0; t < ticks; ++t)
          c.values.push_back(t >= from && t <= to ? x.values[static_cast<std::size_t>(t)] : outside);
      } else if (kind == 4) {
        const Tick last = dice.below(static_cast<int>(ticks));
        c.node = monitor.until(x.node, y.node, last);
        c.values.assign(static_cast<std::size_t>(ticks), -inf);
        double next = -inf;
        for (Tick t = last; t >= 0; --t)
          c.values[static_cast<std::size_t>(t)] = next =
              std::min(x.values[static_cast<std::size_t>(t)], std::max(y.values[static_cast<std::size_t>(t)], next));
        ++untils;
      } else {
        const Tick length = dice.chance(50) ? dice.below(60) : dice.chance(50) ? dice.below(1100) : dice.below(5000);
        const Tick from = dice.chance(30)   ? 0
                          : dice.chance(70) ? dice.below(2000) - 1000 - (dice.chance(50) ? length : 0)
                                            : dice.below(9000) - 4500;
        const bool smallest = kind % 2 == 0;
        const Tick to = dice.chance(10) ? Monitor::unbounded : from + length;
        c.node = smallest ? monitor.smallest(x.node, from, to) : monitor.largest(x.node, from, to);
        c.values = loop_window(x.values, from, to, smallest);
        ++(length < Monitor::block_ticks ? short_windows : long_windows);
      }
      columns.push_back(c);
    }
    // Outermost windows first, while no block is known: they go by bounds.
    for (auto it = columns.rbegin(); it != columns.rend(); ++it) {
      const Tick from = dice.below(static_cast<int>(ticks)), to = from + dice.below(static_cast<int>(ticks - from));
      const auto begin = it->values.begin() + from, end = it->values.begin() + to + 1;
      ASSERT_EQ(monitor.fold(it->node, from, to, true), *std::min_element(begin, end))
          << "seed " << seed << ":" << made;
      ASSERT_EQ(monitor.fold(it->node, from, to, false), *std::max_element(begin, end))
          << "seed " << seed << ":" << made;
    }
    for (auto it = columns.rbegin(); it != columns.rend(); ++it) {
      Tick t = 0;
      monitor.each(it->node, 0, ticks - 1, [&](const double* values, int n) {
        for (int i = 0; i < n; ++i, ++t)
          if (values[i] != it->values[static_cast<std::size_t>(t)]) {
            ADD_FAILURE() << "seed " << seed << ":" << made << "; node " << it->node << " at tick " << t << " of "
                          << ticks << ": " << values[i] << " instead of " << it->values[static_cast<std::size_t>(t)];
            n = 0;
          }
      });
      if (HasFailure()) return;
      for (int k = 0; k < 5; ++k) {
        const Tick s = dice.below(static_cast<int>(ticks));
        const double value = monitor.at(it->node, s);
        ASSERT_EQ(value, it->values[static_cast<std::size_t>(s)]) << "seed " << seed << ":" << made;
        const Monitor::Attained attained = monitor.locate(it->node, s, value);
        if (attained.atom >= 0) {
          ASSERT_EQ(std::fabs(monitor.at(attained.atom, attained.tick)), std::fabs(value))
              << "seed " << seed << ":" << made;
        } else {
          ASSERT_TRUE(std::isinf(value)) << "seed " << seed << ":" << made;
        }
      }
    }
  }
  EXPECT_GT(short_windows, 200);
  EXPECT_GT(long_windows, 60);
  EXPECT_GT(untils, 60);
}

TEST(Monitor, NodesMadeTwiceAreOne) {
  Samples samples;
  samples.value = {1.0f, 2.0f};
  Monitor monitor(2, 2);
  const int a = monitor.distance(monitor.signal(samples), 1.0, true, 0.0);
  const int window = monitor.smallest(a, 0, 1);
  const int nodes = monitor.size();
  EXPECT_EQ(monitor.smallest(monitor.distance(monitor.signal(samples), 1.0, true, 0.0), 0, 1), window);
  EXPECT_EQ(monitor.size(), nodes);
  EXPECT_NE(monitor.distance(monitor.signal(samples), 1.0, false, 0.0), a);
}

TEST(Monitor, ForgottenBlocksAreWorkedOutAgain) {
  Samples samples;
  for (int i = 0; i < 3000; ++i) samples.value.push_back(static_cast<float>(i % 97));
  Monitor monitor(3000, 3000);
  const int a = monitor.distance(monitor.signal(samples), 1.0, true, 0.0);
  const int window = monitor.largest(a, 0, 10);
  const auto sum = [&] {
    double total = 0.0;
    monitor.each(window, 0, 2999, [&](const double* values, int n) {
      for (int i = 0; i < n; ++i) total += values[i];
    });
    return total;
  };
  const double first = sum();
  for (int n = 0; n < monitor.size(); ++n) monitor.forget_blocks(n);
  EXPECT_EQ(sum(), first);
  EXPECT_GT(first, 0.0);
}

// Arithmetic that only bounds see: what they allow must hold what there is.
TEST(Monitor, BoundsHoldArithmetic) {
  int pruned = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Dice dice(seed + 1000);
    const Tick ticks = 3000 + dice.below(2000);
    std::vector<Samples> samples;
    for (int i = 0; i < 2; ++i) samples.push_back(stretches(dice, ticks));
    Monitor fresh(ticks, ticks), full(ticks, ticks);
    std::vector<int> a, b;
    for (const Samples& s : samples) {
      a.push_back(fresh.signal(s));
      b.push_back(full.signal(s));
    }
    for (int step = 0; step < 6; ++step) {
      const auto x = static_cast<std::size_t>(dice.below(static_cast<int>(a.size()))),
                 y = static_cast<std::size_t>(dice.below(static_cast<int>(a.size())));
      const auto make = [&](Monitor& m, const std::vector<int>& n, int kind) {
        switch (kind) {
          case 0:
            return m.add(n[x], n[y]);
          case 1:
            return m.subtract(n[x], n[y]);
          case 2:
            return m.multiply(n[x], n[y]);
          case 3:
            return m.divide(n[x], m.add(m.absolute(n[y]), m.constant(0.5)));
          case 4:
            return m.divide(n[x], m.subtract(m.minimum(n[y], m.constant(-0.75)), m.constant(0.0)));
          case 5:
            return m.minimum(n[x], n[y]);
          case 6:
            return m.maximum(n[x], m.negate(n[y]));
          default:
            return m.absolute(n[x]);
        }
      };
      const int kind = dice.below(8);
      a.push_back(make(fresh, a, kind));
      b.push_back(make(full, b, kind));
    }
    std::vector<double> values;
    full.each(b.back(), 0, ticks - 1, [&](const double* v, int n) { values.insert(values.end(), v, v + n); });
    const Tick from = dice.below(static_cast<int>(ticks)), to = from + dice.below(static_cast<int>(ticks - from));
    double low = inf, high = -inf;
    for (Tick t = from; t <= to; ++t) {
      low = std::min(low, values[static_cast<std::size_t>(t)]);
      high = std::max(high, values[static_cast<std::size_t>(t)]);
    }
    ASSERT_EQ(fresh.fold(a.back(), from, to, true), low) << "seed " << seed;
    ASSERT_EQ(fresh.fold(a.back(), from, to, false), high) << "seed " << seed;
    pruned += low < high;
  }
  EXPECT_GT(pruned, 150);
}

}  // namespace
}  // namespace pensim
