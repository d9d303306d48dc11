#include "sim/judge/monitor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace pensim {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int block = Monitor::block_ticks;

Tick floor_divide(Tick a, Tick b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

double smaller(double a, double b) { return a < b ? a : b; }
double larger(double a, double b) { return a > b ? a : b; }
double extreme(double a, double b, bool smallest) { return smallest ? smaller(a, b) : larger(a, b); }

// As `minimum` and `maximum` of numbers: a NaN stays.
double number_minimum(double a, double b) { return a < b ? a : (a == a ? b : a); }
double number_maximum(double a, double b) { return a > b ? a : (a == a ? b : a); }

double zero_truth(double x) { return x == 0.0 ? inf : (x == x ? -inf : x); }
double nonzero_truth(double x) { return x == 0.0 ? -inf : (x == x ? inf : x); }

// Loops of constant length over arrays that do not overlap, so that they vectorise at -O2.
template <class F>
void map1(double* __restrict__ out, const double* __restrict__ x, F f) {
  for (int i = 0; i < block; ++i) out[i] = f(x[i]);
}
template <class F>
void map2(double* __restrict__ out, const double* __restrict__ x, const double* __restrict__ y, F f) {
  for (int i = 0; i < block; ++i) out[i] = f(x[i], y[i]);
}
void widen(double* __restrict__ out, const float* __restrict__ x) {
  for (int i = 0; i < block; ++i) out[i] = static_cast<double>(x[i]);
}

struct FloatRange {
  float low, high;
  bool finite;
};

// In lanes, since a running minimum in one would not vectorise. NaN is in neither minimum nor maximum.
using Lanes = float __attribute__((vector_size(16)));

FloatRange range_of(const float* x, Tick n) {
  constexpr float most = std::numeric_limits<float>::infinity();
  constexpr int lanes = sizeof(Lanes) / sizeof(float);
  FloatRange out{most, -most, true};
  Lanes low = Lanes{} + most, high = Lanes{} - most, zero{};
  Tick i = 0;
  for (; i + lanes <= n; i += lanes) {
    Lanes v;
    std::memcpy(&v, x + i, sizeof v);
    low = v < low ? v : low;
    high = v > high ? v : high;
    zero += v * 0.0f;  // NaN for NaN and infinity
  }
  for (; i < n; ++i) {
    out.low = x[i] < out.low ? x[i] : out.low;
    out.high = x[i] > out.high ? x[i] : out.high;
    out.finite = out.finite && x[i] * 0.0f == 0.0f;
  }
  for (int l = 0; l < lanes; ++l) {
    out.low = std::min(out.low, low[l]);
    out.high = std::max(out.high, high[l]);
    out.finite = out.finite && zero[l] == 0.0f;
  }
  return out;
}

// The sample that is held at tick t.
Tick held_index(const Samples& samples, Tick t) {
  const Tick last = samples.size() - 1;
  if (samples.tick.empty()) return std::min(t / samples.period_ticks, last);
  const auto after = std::upper_bound(samples.tick.begin(), samples.tick.end(), t);
  return std::clamp<Tick>(after - samples.tick.begin() - 1, 0, last);
}

// First tick of the sample after `index`.
Tick end_of(const Samples& samples, Tick index) {
  if (index + 1 >= samples.size()) return Monitor::unbounded;
  return samples.tick.empty() ? (index + 1) * samples.period_ticks : samples.tick[static_cast<std::size_t>(index) + 1];
}

}  // namespace

Monitor::Monitor(Tick ticks, Tick recorded, Limits limits)
    : ticks_(ticks), recorded_(recorded), blocks_((ticks + block - 1) / block), kept_blocks_max_(limits.kept_blocks) {
  while (blocks_ >> shift_ >= limits.leaves) ++shift_;
  leaves_ = ((blocks_ - 1) >> shift_) + 1;
}

// --- nodes ---

int Monitor::make(Node node) {
  const Key key{node.kind,
                node.x,
                node.y,
                std::bit_cast<std::uint64_t>(node.a),
                std::bit_cast<std::uint64_t>(node.beyond),
                node.true_at_0,
                node.from,
                node.to,
                node.samples};
  const auto [place, is_new] = known_.emplace(key, size());
  if (!is_new) return place->second;
  bound(node);
  const bool window = node.kind == Kind::smallest || node.kind == Kind::largest || node.kind == Kind::until;
  for (int operand : {node.x, node.y})
    if (operand >= 0) ++get(operand).users;
  node.costly = window || (node.x >= 0 && get(node.x).costly) || (node.y >= 0 && get(node.y).costly);
  nodes_.push_back(std::move(node));
  return size() - 1;
}

int Monitor::constant(double value) {
  Node node;
  node.a = value;
  return make(std::move(node));
}
int Monitor::signal(const Samples& samples) {
  Node node;
  node.kind = Kind::signal;
  node.samples = &samples;
  return make(std::move(node));
}

#define PENSIM_UNARY(name)        \
  int Monitor::name(int x) {      \
    Node node;                    \
    node.kind = Kind::name;       \
    node.x = x;                   \
    return make(std::move(node)); \
  }
PENSIM_UNARY(negate)
PENSIM_UNARY(absolute)
#undef PENSIM_UNARY
#define PENSIM_BINARY(name)         \
  int Monitor::name(int x, int y) { \
    Node node;                      \
    node.kind = Kind::name;         \
    node.x = x;                     \
    node.y = y;                     \
    return make(std::move(node));   \
  }
PENSIM_BINARY(add)
PENSIM_BINARY(subtract)
PENSIM_BINARY(multiply)
PENSIM_BINARY(divide)
PENSIM_BINARY(minimum)
PENSIM_BINARY(maximum)
PENSIM_BINARY(lower)
PENSIM_BINARY(upper)
#undef PENSIM_BINARY

int Monitor::distance(int x, double scale, bool true_at_0, double beyond) {
  Node node;
  node.kind = Kind::distance;
  node.x = x;
  node.a = scale;
  node.true_at_0 = true_at_0;
  node.beyond = beyond;
  return make(std::move(node));
}
int Monitor::is_zero(int x, double beyond) {
  Node node;
  node.kind = Kind::is_zero;
  node.x = x;
  node.beyond = beyond;
  return make(std::move(node));
}
int Monitor::is_nonzero(int x, double beyond) {
  Node node;
  node.kind = Kind::is_nonzero;
  node.x = x;
  node.beyond = beyond;
  return make(std::move(node));
}
int Monitor::within(int x, Tick from, Tick to, double outside) {
  if (from <= 0 && to >= ticks_ - 1) return x;
  Node node;
  node.kind = Kind::within;
  node.x = x;
  node.from = from;
  node.to = to;
  node.a = outside;
  return make(std::move(node));
}

int Monitor::window(Kind kind, int x, Tick from, Tick to) {
  if (from > to) return constant(kind == Kind::smallest ? inf : -inf);
  if (from == 0 && to == 0) return x;
  plant(x);
  Node node;
  node.kind = kind;
  node.x = x;
  node.from = std::clamp(from, -unbounded, unbounded);
  node.to = std::clamp(to, -unbounded, unbounded);
  return make(std::move(node));
}
int Monitor::smallest(int x, Tick from, Tick to) { return window(Kind::smallest, x, from, to); }
int Monitor::largest(int x, Tick from, Tick to) { return window(Kind::largest, x, from, to); }

int Monitor::until(int p, int q, Tick last) {
  if (last < 0) return constant(-inf);
  Node node;
  node.kind = Kind::until;
  node.x = p;
  node.y = q;
  node.to = std::min(last, ticks_ - 1);
  node.carry.assign(static_cast<std::size_t>(blocks_) + 1, -inf);
  node.carried = node.to / block + 1;
  return make(std::move(node));
}

void Monitor::mark(int node, std::vector<bool>& reached) const {
  if (node < 0 || reached[static_cast<std::size_t>(node)]) return;
  reached[static_cast<std::size_t>(node)] = true;
  mark(get(node).x, reached);
  mark(get(node).y, reached);
}

void Monitor::forget_blocks(int id) {
  Node& node = get(id);
  for (const auto& [k, data] : node.blocks) free_.push_back(data);
  node.blocks.clear();
  std::erase_if(kept_log_, [id](const auto& kept) { return kept.first == id; });
}

void Monitor::trim(std::size_t mark) {
  if (kept_log_.size() <= kept_blocks_max_) return;
  for (; kept_log_.size() > mark; kept_log_.pop_back()) {
    const auto [id, k] = kept_log_.back();
    auto& blocks = get(id).blocks;
    const auto kept = blocks.find(k);
    free_.push_back(kept->second);
    blocks.erase(kept);
  }
}

// --- bounds ---

Tick Monitor::last_of(Tick k) const { return std::min(k * block + block, ticks_) - 1; }

Monitor::Bounds Monitor::bounds_of_signal(const Samples& samples, Tick leaf) const {
  const Tick last_sample = samples.size() - 1;
  Tick first = first_of_leaf(leaf), last = last_of_leaf(leaf);
  if (samples.tick.empty() && samples.period_ticks == 1) {
    first = std::min(first, last_sample);
    last = std::min(last, last_sample);
  } else {
    first = held_index(samples, first);
    last = held_index(samples, last);
  }
  FloatRange range;
  if (samples.read) {
    range = range_of(nullptr, 0);
    float piece[block];
    for (Tick at = first; at <= last; at += block) {
      const Tick n = std::min<Tick>(block, last - at + 1);
      samples.read(at, n, piece);
      const FloatRange part = range_of(piece, n);
      range = {std::min(range.low, part.low), std::max(range.high, part.high), range.finite && part.finite};
    }
  } else {
    range = range_of(samples.value.data() + first, last - first + 1);
  }
  if (range.low > range.high) return {-inf, inf, true};  // NaN throughout
  return {static_cast<double>(range.low), static_cast<double>(range.high), !range.finite};
}

void Monitor::bound(Node& node) const {
  node.bounds.resize(static_cast<std::size_t>(leaves_));
  if (node.kind == Kind::smallest || node.kind == Kind::largest) return bound_window(node);
  if (node.kind == Kind::until) return bound_until(node);
  const bool number = node.kind <= Kind::maximum;
  for (Tick k = 0; k < leaves_; ++k) {
    const auto index = static_cast<std::size_t>(k);
    const Bounds x = node.x >= 0 ? get(node.x).bounds[index] : Bounds{};
    const Bounds y = node.y >= 0 ? get(node.y).bounds[index] : Bounds{};
    Bounds& out = node.bounds[index];
    // What an infinite operand brings (infinity - infinity, 0 * infinity) is looked at value by value.
    out.nan = number && (x.nan || y.nan ||
                         (node.y >= 0 && !(std::isfinite(x.low) && std::isfinite(x.high) && std::isfinite(y.low) &&
                                           std::isfinite(y.high))));
    switch (node.kind) {
      case Kind::constant:
        out.low = out.high = node.a;
        break;
      case Kind::signal:
        out = bounds_of_signal(*node.samples, k);
        break;
      case Kind::negate:
        out.low = -x.high;
        out.high = -x.low;
        break;
      case Kind::absolute:
        out.low = x.low > 0.0 ? x.low : x.high < 0.0 ? -x.high : 0.0;
        out.high = larger(-x.low, x.high);
        break;
      case Kind::add:
        out.low = x.low + y.low;
        out.high = x.high + y.high;
        break;
      case Kind::subtract:
        out.low = x.low - y.high;
        out.high = x.high - y.low;
        break;
      case Kind::multiply:
      case Kind::divide: {
        if (node.kind == Kind::divide && y.low <= 0.0 && y.high >= 0.0) {
          out = {-inf, inf, true};
          break;
        }
        const bool product = node.kind == Kind::multiply;
        const double corners[] = {product ? x.low * y.low : x.low / y.low, product ? x.low * y.high : x.low / y.high,
                                  product ? x.high * y.low : x.high / y.low,
                                  product ? x.high * y.high : x.high / y.high};
        out.low = out.high = corners[0];
        bool broken = false;
        for (double corner : corners) {
          broken = broken || corner != corner;
          out.low = smaller(corner, out.low);
          out.high = larger(corner, out.high);
        }
        if (broken) out = {-inf, inf, true};
        break;
      }
      case Kind::minimum:
      case Kind::lower:
        out.low = smaller(x.low, y.low);
        out.high = smaller(x.high, y.high);
        break;
      case Kind::maximum:
      case Kind::upper:
        out.low = larger(x.low, y.low);
        out.high = larger(x.high, y.high);
        break;
      case Kind::distance: {
        const double step = node.true_at_0 ? tie : -tie;
        out.low = (node.a == 1.0 ? x.low : x.low / node.a) + step;
        out.high = (node.a == 1.0 ? x.high : x.high / node.a) + step;
        break;
      }
      case Kind::is_zero:
      case Kind::is_nonzero: {
        const bool zero_true = node.kind == Kind::is_zero;
        const bool never_zero = x.low > 0.0 || x.high < 0.0, always_zero = x.low == 0.0 && x.high == 0.0;
        out.low = (zero_true ? always_zero : never_zero) ? inf : -inf;
        out.high = (zero_true ? never_zero : always_zero) ? -inf : inf;
        break;
      }
      case Kind::within: {
        const Tick first = first_of_leaf(k), last = last_of_leaf(k);
        const bool none = last < node.from || first > node.to, all = first >= node.from && last <= node.to;
        out = none  ? Bounds{node.a, node.a, false}
              : all ? Bounds{x.low, x.high, false}
                    : Bounds{smaller(x.low, node.a), larger(x.high, node.a), false};
        break;
      }
      case Kind::smallest:
      case Kind::largest:
      case Kind::until:
        break;
    }
    if (out.low != out.low || out.high != out.high) out = {-inf, inf, out.nan || number};
    const bool atom = node.kind == Kind::distance || node.kind == Kind::is_zero || node.kind == Kind::is_nonzero;
    if (atom && last_of_leaf(k) >= recorded_) {
      if (first_of_leaf(k) >= recorded_)
        out = {node.beyond, node.beyond, false};
      else
        out = {smaller(out.low, node.beyond), larger(out.high, node.beyond), false};
    }
    node.any_nan = node.any_nan || out.nan;
  }
}

void Monitor::bound_window(Node& node) const {
  const bool smallest = node.kind == Kind::smallest;
  const double none = smallest ? inf : -inf;
  const Node& x = get(node.x);
  const Tick end = ticks_ - 1;
  for (Tick k = 0; k < leaves_; ++k) {
    Bounds& out = node.bounds[static_cast<std::size_t>(k)];
    const Tick first = first_of_leaf(k), last = last_of_leaf(k);
    if (first + node.from > end || last + node.to < 0) {
      out = {none, none, false};
      continue;
    }
    const bool some_empty = last + node.from > end || first + node.to < 0;
    const Tick begin = std::max<Tick>(0, first + node.from);
    const Span reach = span(*x.tree, leaf_of(begin), leaf_of(std::min(end, last + node.to)));
    double far = smallest ? reach.least_low : reach.most_high;  // no window goes beyond this
    double near = none;                                         // every window goes as far as this
    if (!some_empty) {
      const Tick common_first = std::max<Tick>(0, last + node.from), common_last = std::min(end, first + node.to);
      if (common_first <= common_last) {
        const Span common = span(*x.tree, leaf_of(common_first), leaf_of(common_last));
        near = smallest ? common.least_high : common.most_low;
      } else {
        // Every window holds the tick at which it begins.
        const Span begins = span(*x.tree, leaf_of(begin), leaf_of(common_first));
        near = smallest ? begins.most_high : begins.least_low;
      }
    }
    out = smallest ? Bounds{far, near, false} : Bounds{near, far, false};
  }
}

void Monitor::bound_until(Node& node) const {
  Bounds next{-inf, -inf, false};
  for (Tick k = leaves_ - 1; k >= 0; --k) {
    const auto index = static_cast<std::size_t>(k);
    if (first_of_leaf(k) <= node.to) {
      const Bounds &p = get(node.x).bounds[index], &q = get(node.y).bounds[index];
      next = {smaller(p.low, larger(q.low, next.low)), smaller(p.high, larger(q.high, next.high)), false};
      if (last_of_leaf(k) > node.to) next.low = -inf;
    }
    node.bounds[index] = next;
  }
}

// --- extremes over blocks ---

void Monitor::plant(int id) {
  Node& node = get(id);
  if (node.tree) return;
  node.tree = std::make_unique<Tree>();
  Tree& tree = *node.tree;
  while (tree.leaves < leaves_) tree.leaves *= 2;
  tree.spans.assign(static_cast<std::size_t>(2 * tree.leaves), Span{inf, inf, -inf, -inf});
  tree.exact.assign(static_cast<std::size_t>(leaves_), false);
  for (Tick k = 0; k < leaves_; ++k) {
    const Bounds& b = node.bounds[static_cast<std::size_t>(k)];
    tree.spans[static_cast<std::size_t>(tree.leaves + k)] = {b.low, b.high, b.low, b.high};
    tree.exact[static_cast<std::size_t>(k)] = b.constant();
  }
  for (auto i = static_cast<std::size_t>(tree.leaves) - 1; i >= 1; --i) {
    const Span &l = tree.spans[2 * i], &r = tree.spans[2 * i + 1];
    tree.spans[i] = {smaller(l.least_low, r.least_low), smaller(l.least_high, r.least_high),
                     larger(l.most_low, r.most_low), larger(l.most_high, r.most_high)};
  }
}

Monitor::Span Monitor::span(const Tree& tree, Tick first, Tick last) const {
  Span out{inf, inf, -inf, -inf};
  const auto take = [&](std::size_t i) {
    const Span& s = tree.spans[i];
    out = {smaller(out.least_low, s.least_low), smaller(out.least_high, s.least_high), larger(out.most_low, s.most_low),
           larger(out.most_high, s.most_high)};
  };
  auto l = static_cast<std::size_t>(tree.leaves + first), r = static_cast<std::size_t>(tree.leaves + last + 1);
  for (; l < r; l /= 2, r /= 2) {
    if (l & 1) take(l++);
    if (r & 1) take(--r);
  }
  return out;
}

// The bounds of a leaf become what its values attain.
void Monitor::tighten(int id, Tick leaf, int slot) {
  double low = inf, high = -inf;
  const std::size_t before = mark();
  for (Tick k = leaf << shift_; k < std::min((leaf + 1) << shift_, blocks_); ++k) {
    const View view = eval(id, k, slot);
    const Tick n = last_of(k) - k * block + 1;
    if (view.data) {
      for (Tick i = 0; i < n; ++i) {
        low = smaller(view.data[i], low);
        high = larger(view.data[i], high);
      }
    } else {
      low = smaller(view.value, low);
      high = larger(view.value, high);
    }
    trim(before);
  }
  if (low > high) low = high = -inf;  // NaN throughout: outside of what any formula looks at
  Node& node = get(id);
  Bounds& bounds = node.bounds[static_cast<std::size_t>(leaf)];
  bounds.low = low;
  bounds.high = high;
  Tree& tree = *node.tree;
  tree.exact[static_cast<std::size_t>(leaf)] = true;
  auto i = static_cast<std::size_t>(tree.leaves + leaf);
  tree.spans[i] = {low, high, low, high};
  while ((i /= 2) >= 1) {
    const Span &l = tree.spans[2 * i], &r = tree.spans[2 * i + 1];
    tree.spans[i] = {smaller(l.least_low, r.least_low), smaller(l.least_high, r.least_high),
                     larger(l.most_low, r.most_low), larger(l.most_high, r.most_high)};
  }
}

// Exact extreme over whole leaves first..last.
double Monitor::whole(int id, Tick first, Tick last, bool smallest, int slot) {
  if (first > last) return smallest ? inf : -inf;
  const Span all = span(*get(id).tree, first, last);
  double best = smallest ? all.least_high : all.most_low;  // which some tick is sure to reach
  descend(id, 1, 0, get(id).tree->leaves - 1, first, last, smallest, best, slot);
  return best;
}

void Monitor::descend(int id, std::size_t i, Tick low, Tick high, Tick first, Tick last, bool smallest, double& best,
                      int slot) {
  if (high < first || low > last) return;
  const Tree& tree = *get(id).tree;
  if (smallest ? tree.spans[i].least_low >= best : tree.spans[i].most_high <= best) return;
  if (low == high) {
    if (!tree.exact[static_cast<std::size_t>(low)]) tighten(id, low, slot);
    const Span& leaf = tree.spans[i];
    best = extreme(best, smallest ? leaf.least_low : leaf.most_high, smallest);
    return;
  }
  const Tick middle = low + (high - low) / 2;
  const Span &l = tree.spans[2 * i], &r = tree.spans[2 * i + 1];
  const bool right_first = smallest ? r.least_low < l.least_low : r.most_high > l.most_high;
  if (right_first) descend(id, 2 * i + 1, middle + 1, high, first, last, smallest, best, slot);
  descend(id, 2 * i, low, middle, first, last, smallest, best, slot);
  if (!right_first) descend(id, 2 * i + 1, middle + 1, high, first, last, smallest, best, slot);
}

// Of ticks from..to, and `best`.
double Monitor::extreme_of_ticks(int id, Tick from, Tick to, bool smallest, double best, int slot) {
  const std::size_t before = mark();
  for (Tick k = from / block; k <= to / block; ++k) {
    const Bounds& bounds = bounds_at(get(id), k);
    if (smallest ? bounds.low >= best : bounds.high <= best) continue;
    const View view = eval(id, k, slot);
    const Tick begin = std::max(from, k * block) - k * block, end = std::min(to, last_of(k)) - k * block;
    for (Tick i = begin; i <= end; ++i) best = extreme(view[i], best, smallest);
    trim(before);
  }
  return best;
}

// Of whole blocks first..last.
double Monitor::extreme_of_blocks(int id, Tick first, Tick last, bool smallest, int slot) {
  if (first > last) return smallest ? inf : -inf;
  const Tick leaf = (first + (Tick{1} << shift_) - 1) >> shift_;          // the first whole one
  const Tick end = last == blocks_ - 1 ? leaves_ : (last + 1) >> shift_;  // behind the last whole one
  if (leaf >= end) return extreme_of_ticks(id, first * block, last_of(last), smallest, smallest ? inf : -inf, slot);
  double best = whole(id, leaf, end - 1, smallest, slot);
  if (leaf << shift_ > first) best = extreme_of_ticks(id, first * block, first_of_leaf(leaf) - 1, smallest, best, slot);
  if (end << shift_ <= last) best = extreme_of_ticks(id, first_of_leaf(end), last_of(last), smallest, best, slot);
  return best;
}

double Monitor::fold(int id, Tick from, Tick to, bool smallest) {
  from = std::max<Tick>(from, 0);
  to = std::min(to, ticks_ - 1);
  double best = smallest ? inf : -inf;
  if (from > to) return best;
  plant(id);
  const Tick first = leaf_of(from), last = leaf_of(to);
  const Tick whole_first = from == first_of_leaf(first) ? first : first + 1,
             whole_last = to == last_of_leaf(last) ? last : last - 1;
  best = whole(id, whole_first, whole_last, smallest, 0);
  for (Tick leaf : {first, last}) {
    if (leaf >= whole_first && leaf <= whole_last) continue;
    best =
        extreme_of_ticks(id, std::max(from, first_of_leaf(leaf)), std::min(to, last_of_leaf(leaf)), smallest, best, 0);
  }
  return best;
}

// --- values ---

double* Monitor::scratch(int slot) {
  while (static_cast<int>(scratch_.size()) <= slot) scratch_.push_back(std::make_unique<double[]>(block));
  return scratch_[static_cast<std::size_t>(slot)].get();
}

double* Monitor::take_block() {
  if (free_.empty()) {
    constexpr int at_once = 32;
    pool_.push_back(std::make_unique<double[]>(static_cast<std::size_t>(block) * at_once));
    for (int i = at_once - 1; i >= 0; --i)
      free_.push_back(pool_.back().get() + static_cast<std::size_t>(block) * static_cast<std::size_t>(i));
  }
  double* out = free_.back();
  free_.pop_back();
  return out;
}

// The values of block k; operands use slots above `slot`.
Monitor::View Monitor::eval(int id, Tick k, int slot) {
  Node& node = get(id);
  if (bounds_at(node, k).constant()) return {nullptr, bounds_at(node, k).low};
  if (node.costly && node.users > 1) keep(id);
  if (node.kept)
    if (const auto kept = node.blocks.find(k); kept != node.blocks.end()) return {kept->second, 0.0};

  double* const out = node.kept ? take_block() : scratch(slot);
  const auto unary = [&](auto f) -> View {
    const View x = eval(node.x, k, slot + 1);
    if (!x.data) return {nullptr, f(x.value)};
    map1(out, x.data, f);
    return {out, 0.0};
  };
  const auto binary = [&](auto f) -> View {
    const View x = eval(node.x, k, slot + 1), y = eval(node.y, k, slot + 2);
    if (x.data && y.data)
      map2(out, x.data, y.data, f);
    else if (x.data)
      map1(out, x.data, [f, c = y.value](double v) { return f(v, c); });
    else if (y.data)
      map1(out, y.data, [f, c = x.value](double v) { return f(c, v); });
    else
      return {nullptr, f(x.value, y.value)};
    return {out, 0.0};
  };
  const auto atom = [&](auto f) -> View {
    View view = unary(f);
    if (last_of(k) < recorded_) return view;
    if (!view.data) std::fill_n(out, block, view.value);
    for (Tick t = std::max(recorded_, k * block); t <= last_of(k); ++t) out[t - k * block] = node.beyond;
    return {out, 0.0};
  };

  View view;
  switch (node.kind) {
    case Kind::constant:
      view = {nullptr, node.a};
      break;
    case Kind::signal:
      view = eval_signal(node, k, out);
      break;
    case Kind::negate:
      view = unary([](double v) { return -v; });
      break;
    case Kind::absolute:
      view = unary([](double v) { return std::fabs(v); });
      break;
    case Kind::add:
      view = binary([](double v, double w) { return v + w; });
      break;
    case Kind::subtract:
      view = binary([](double v, double w) { return v - w; });
      break;
    case Kind::multiply:
      view = binary([](double v, double w) { return v * w; });
      break;
    case Kind::divide:
      view = binary([](double v, double w) { return w == 0.0 ? nan : v / w; });
      break;
    case Kind::minimum:
      view = binary([](double v, double w) { return number_minimum(v, w); });
      break;
    case Kind::maximum:
      view = binary([](double v, double w) { return number_maximum(v, w); });
      break;
    case Kind::distance: {
      const double step = node.true_at_0 ? tie : -tie, scale = node.a;
      if (scale == 1.0)
        view = atom([step](double v) { return v + step; });
      else
        view = atom([step, scale](double v) { return v / scale + step; });
      break;
    }
    case Kind::is_zero:
      view = atom([](double v) { return zero_truth(v); });
      break;
    case Kind::is_nonzero:
      view = atom([](double v) { return nonzero_truth(v); });
      break;
    case Kind::lower:
    case Kind::upper: {
      // The side that cannot be reached by the other decides alone.
      const bool low = node.kind == Kind::lower;
      const Bounds &x = bounds_at(get(node.x), k), &y = bounds_at(get(node.y), k);
      const bool x_alone = low ? x.high <= y.low : x.low >= y.high, y_alone = low ? y.high <= x.low : y.low >= x.high;
      if (x_alone || y_alone) {
        view = eval(x_alone ? node.x : node.y, k, slot + 1);
        if (view.data) std::copy_n(view.data, block, out);
        if (view.data) view.data = out;
      } else if (low) {
        view = binary([](double v, double w) { return smaller(v, w); });
      } else {
        view = binary([](double v, double w) { return larger(v, w); });
      }
      break;
    }
    case Kind::within:
      view = eval_within(node, k, out, slot);
      break;
    case Kind::smallest:
    case Kind::largest:
      keep(node.x);
      view = node.to - node.from < block ? eval_short_window(node, k, out, slot) : eval_long_window(node, k, out, slot);
      break;
    case Kind::until:
      view = eval_until(node, k, out, slot);
      break;
  }
  if (node.kept) {
    if (view.data) {
      node.blocks.emplace(k, out);
      kept_log_.emplace_back(id, k);
    } else {
      free_.push_back(out);
    }
  }
  return view;
}

Monitor::View Monitor::eval_signal(const Node& node, Tick k, double* out) const {
  const Samples& samples = *node.samples;
  const Tick first = k * block;
  float piece[block];
  if (samples.tick.empty() && samples.period_ticks == 1 && first + block <= samples.size()) {
    if (samples.read) samples.read(first, block, piece);
    widen(out, samples.read ? piece : samples.value.data() + first);
    return {out, 0.0};
  }
  Tick index = held_index(samples, first);
  const Tick read_from = samples.read ? index : 0;
  if (samples.read) samples.read(index, held_index(samples, first + block - 1) - index + 1, piece);
  const float* const values = samples.read ? piece : samples.value.data();
  for (Tick t = first; t < first + block; ++index) {
    const Tick end = std::min(first + block, end_of(samples, index));
    const double value = static_cast<double>(values[index - read_from]);
    for (; t < end; ++t) out[t - first] = value;
  }
  return {out, 0.0};
}

Monitor::View Monitor::eval_within(const Node& node, Tick k, double* out, int slot) {
  const Tick first = k * block;
  const View x = eval(node.x, k, slot + 1);
  for (Tick i = 0; i < block; ++i) out[i] = first + i >= node.from && first + i <= node.to ? x[i] : node.a;
  return {out, 0.0};
}

// Blocks of what a window looks at are asked for by several of its own, and those of a window with several users once
// by each.
void Monitor::keep(int id) {
  Node& node = get(id);
  if (node.kept) return;
  node.kept = true;
}

// Windows of up to a block: the values that they touch side by side, cut into pieces of the window's length; a window
// is the end of one piece and the beginning of the next.
Monitor::View Monitor::eval_short_window(const Node& node, Tick k, double* out, int slot) {
  const bool smallest = node.kind == Kind::smallest;
  const double none = smallest ? inf : -inf;
  const Tick begin = k * block + node.from, length = node.to - node.from + 1, count = block + length - 1;
  const Tick first = std::max<Tick>(0, floor_divide(begin, block)),
             last = std::min(blocks_ - 1, floor_divide(begin + count - 1, block));
  for (Tick j = first; j <= last; ++j) eval(node.x, j, slot + 1);  // operands that are windows use the same buffers
  gathered_.assign(static_cast<std::size_t>(count), none);
  for (Tick j = first; j <= last; ++j) {
    const View x = eval(node.x, j, slot + 1);
    const Tick from = std::max(begin, j * block), to = std::min(begin + count - 1, last_of(j));
    if (from > to) continue;
    if (x.data)
      std::copy_n(x.data + (from - j * block), to - from + 1, gathered_.begin() + (from - begin));
    else
      std::fill_n(gathered_.begin() + (from - begin), to - from + 1, x.value);
  }
  const double* const g = gathered_.data();
  if (length == 1) {
    std::copy_n(g, block, out);
    return {out, 0.0};
  }
  prefix_.resize(static_cast<std::size_t>(count));
  suffix_.resize(static_cast<std::size_t>(count));
  double* const prefix = prefix_.data();
  double* const suffix = suffix_.data();
  const auto run = [&](auto op) {
    for (Tick piece = 0; piece < count; piece += length) {
      const Tick end = std::min(piece + length, count);
      double running = none;
      for (Tick i = piece; i < end; ++i) prefix[i] = running = op(g[i], running);
      running = none;
      for (Tick i = end - 1; i >= piece; --i) suffix[i] = running = op(g[i], running);
    }
    for (Tick i = 0; i < block; ++i) out[i] = op(suffix[i], prefix[i + length - 1]);
  };
  if (smallest)
    run([](double v, double w) { return smaller(v, w); });
  else
    run([](double v, double w) { return larger(v, w); });
  return {out, 0.0};
}

// Windows beyond a block: the end of the block where they begin, whole blocks, the beginning of the block where they
// end.
Monitor::View Monitor::eval_long_window(const Node& node, Tick k, double* out, int slot) {
  const bool smallest = node.kind == Kind::smallest;
  const double none = smallest ? inf : -inf;
  const Tick first = k * block, last = last_of(k), end_of_run = ticks_ - 1;
  double* const head = scratch(slot + 1);
  double* const tail = scratch(slot + 2);
  Tick head_block = -1, tail_block = -1;
  const auto running = [&](Tick j, double* to, bool backward) {
    const View x = eval(node.x, j, slot + 3);
    const Tick n = last_of(j) - j * block + 1;
    double value = none;
    std::fill_n(to, block, none);
    for (Tick i = backward ? n - 1 : 0; i >= 0 && i < n; i += backward ? -1 : 1)
      to[i] = value = extreme(x[i], value, smallest);
    if (!backward)
      for (Tick i = n; i < block; ++i) to[i] = value;
  };
  for (Tick t = first; t <= last;) {
    const Tick begin = t + node.from, end = t + node.to;
    const Tick b = floor_divide(begin, block), e = floor_divide(end, block);
    // Both blocks stay for the instants t..stop.
    const Tick stop = std::min({last, (b + 1) * block - 1 - node.from, (e + 1) * block - 1 - node.to});
    const bool has_head = b >= 0 && b < blocks_, has_tail = e >= 0 && e < blocks_;
    if (begin > end_of_run || end < 0) {
      for (; t <= stop; ++t) {
        const bool empty = t + node.from > end_of_run || t + node.to < 0;
        if (!empty) break;
        out[t - first] = none;
      }
      continue;
    }
    const double middle =
        extreme_of_blocks(node.x, std::max<Tick>(b + 1, 0), std::min(e - 1, blocks_ - 1), smallest, slot + 3);
    if (has_head && head_block != b) {
      running(b, head, true);
      head_block = b;
    }
    if (has_tail && tail_block != e) {
      running(e, tail, false);
      tail_block = e;
    }
    for (; t <= stop; ++t) {
      double value = middle;
      if (has_head) value = extreme(value, head[t + node.from - b * block], smallest);
      if (has_tail) value = extreme(value, tail[t + node.to - e * block], smallest);
      out[t - first] = value;
    }
  }
  for (Tick i = last - first + 1; i < block; ++i) out[i] = none;
  return {out, 0.0};
}

Monitor::View Monitor::eval_until(Node& node, Tick k, double* out, int slot) {
  const auto pass = [&](Tick j, double* to) {
    double value = node.carry[static_cast<std::size_t>(j) + 1];
    const View p = eval(node.x, j, slot + 1), q = eval(node.y, j, slot + 2);
    const Tick begin = j * block;
    for (Tick t = std::min(last_of(j), node.to); t >= begin; --t) {
      value = smaller(p[t - begin], larger(q[t - begin], value));
      if (to) to[t - begin] = value;
    }
    node.carry[static_cast<std::size_t>(j)] = value;
  };
  while (node.carried > k + 1) {
    const Tick j = node.carried - 1;
    const Bounds& bounds = bounds_at(node, j);
    if (bounds.constant())
      node.carry[static_cast<std::size_t>(j)] = bounds.low;
    else
      pass(j, nullptr);
    node.carried = j;
  }
  std::fill_n(out, block, -inf);
  pass(k, out);
  node.carried = std::min(node.carried, k);
  return {out, 0.0};
}

double Monitor::at(int id, Tick t) {
  const Node& node = get(id);
  switch (node.kind) {
    case Kind::lower:
      return smaller(at(node.x, t), at(node.y, t));
    case Kind::upper:
      return larger(at(node.x, t), at(node.y, t));
    case Kind::negate:
      return -at(node.x, t);
    case Kind::within:
      return t >= node.from && t <= node.to ? at(node.x, t) : node.a;
    case Kind::smallest:
      return fold(node.x, t + node.from, t + node.to, true);
    case Kind::largest:
      return fold(node.x, t + node.from, t + node.to, false);
    default:
      return eval(id, t / block, 0)[t % block];
  }
}

Tick Monitor::first_nan(int id, Tick from, Tick to) {
  if (!get(id).any_nan) return -1;
  for (Tick k = from / block; k <= to / block; ++k) {
    if (!bounds_at(get(id), k).nan) continue;
    const std::size_t before = mark();
    const View view = eval(id, k, 0);
    for (Tick t = std::max(from, k * block); t <= std::min(to, last_of(k)); ++t)
      if (std::isnan(view[t - k * block])) return t;
    trim(before);
  }
  return -1;
}

Monitor::Attained Monitor::locate(int id, Tick t, double value) {
  while (true) {
    const Node& node = get(id);
    switch (node.kind) {
      case Kind::lower:
      case Kind::upper:
        id = at(node.x, t) == value ? node.x : node.y;
        break;
      case Kind::negate:
        value = -value;
        id = node.x;
        break;
      case Kind::within:
        if (t < node.from || t > node.to) return {};
        id = node.x;
        break;
      case Kind::smallest:
      case Kind::largest: {
        const Tick from = std::max<Tick>(0, t + node.from), to = std::min(ticks_ - 1, t + node.to);
        Tick found = -1;
        for (Tick k = from / block; k <= to / block && found < 0 && from <= to; ++k) {
          const Bounds& bounds = bounds_at(get(node.x), k);
          if (value < bounds.low || value > bounds.high) continue;
          const View view = eval(node.x, k, 0);
          for (Tick s = std::max(from, k * block); s <= std::min(to, last_of(k)) && found < 0; ++s)
            if (view[s - k * block] == value) found = s;
        }
        if (found < 0) return {};
        t = found;
        id = node.x;
        break;
      }
      case Kind::until: {
        int next = -1;
        for (Tick k = t / block; k <= node.to / block && next < 0; ++k) {
          const View p = eval(node.x, k, 0), q = eval(node.y, k, 1);
          for (Tick s = std::max(t, k * block); s <= std::min(node.to, last_of(k)) && next < 0; ++s) {
            next = p[s - k * block] == value ? node.x : q[s - k * block] == value ? node.y : -1;
            if (next >= 0) t = s;
          }
        }
        if (next < 0) return {};
        id = next;
        break;
      }
      case Kind::distance:
      case Kind::is_zero:
      case Kind::is_nonzero:
        return t < recorded_ ? Attained{id, t} : Attained{};
      default:
        return {};
    }
  }
}

}  // namespace pensim
