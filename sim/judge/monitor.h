// monitor.h - the columns behind formulas: a graph of nodes over ticks, evaluated in blocks of 1024 ticks and only
// where it matters.
//
// Every node knows bounds of its values per span of blocks (one block, more in a long run, so that their memory has an
// end), from the minimum and maximum of the samples upwards. A window at one
// instant (the outermost `always` of a requirement) visits blocks in the order of what they may bring and skips those
// that cannot change the result;
// a block that is constant is never spelled out. Bounds are worked out with the operations of the values themselves,
// which rounding keeps monotone, so skipping never changes a bit of the result. The cost of a sliding window does not
// depend on its length: running extremes inside windows of up to a block [van Herk 1992], a tree over blocks beyond.
//
// Robustness in one double: 0 never occurs. A comparison that is true at distance 0 gives +tie, one that is false -tie,
// a Boolean atom +-infinity; so the Boolean value of every condition is value > 0, and not, and, or, windows are -x,
// min, max, min or max over ticks.
//
// [van Herk 1992] M. van Herk. A fast algorithm for local minimum and maximum filters. Pattern Recognition Letters 13.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/vocabulary/samples.h"
#include "sim/vocabulary/time.h"

namespace pensim {

class Monitor {
 public:
  static constexpr int block_ticks = 1024;
  static constexpr double tie = 2.2250738585072014e-308;  // the smallest normal double
  static constexpr Tick unbounded = Tick{1} << 50;

  // What bounds its memory, whatever the length of the run.
  struct Limits {
    Tick leaves = 2048;  // spans of blocks with bounds of their own: single blocks up to 105 s of ticks of 50 us
    std::size_t kept_blocks = 4096;  // 32 MB
  };
  // `ticks` >= `recorded` > 0: beyond what was recorded, conditions have the value that their atom was given for it.
  Monitor(Tick ticks, Tick recorded, Limits limits);
  Monitor(Tick ticks, Tick recorded) : Monitor(ticks, recorded, Limits()) {}

  // --- nodes; the same node made twice is one. Operands are nodes. ---
  int constant(double value);
  int signal(const Samples& samples);  // which must outlive this
  int negate(int x);
  int absolute(int x);
  int add(int x, int y);
  int subtract(int x, int y);
  int multiply(int x, int y);
  int divide(int x, int y);   // by 0: NaN
  int minimum(int x, int y);  // of numbers: NaN if either is
  int maximum(int x, int y);
  // Atoms: NaN where x is.
  int distance(int x, double scale, bool true_at_0, double beyond);  // x / scale
  int is_zero(int x, double beyond);
  int is_nonzero(int x, double beyond);
  // Conditions.
  int lower(int x, int y);
  int upper(int x, int y);
  int within(int x, Tick from, Tick to, double outside);  // x at ticks from..to
  // Smallest or largest of x over ticks t + from .. t + to that are in the run; +infinity or -infinity if none is.
  int smallest(int x, Tick from, Tick to);
  int largest(int x, Tick from, Tick to);
  // u(t) = lower(p(t), upper(q(t), u(t + 1))), -infinity after `last`.
  int until(int p, int q, Tick last);

  // --- values ---
  double at(int node, Tick t);
  // The first tick of from..to where the node is NaN; -1: none.
  Tick first_nan(int node, Tick from, Tick to);
  // f(const double* values, n) for ticks from..to, in order, in pieces.
  template <class F>
  void each(int node, Tick from, Tick to, F&& f) {
    double held[block_ticks];
    while (from <= to) {
      const Tick k = from / block_ticks, first = from - k * block_ticks;
      const Tick n = (to - from < block_ticks - first ? to - from + 1 : block_ticks - first);
      const std::size_t before = mark();
      const View view = eval(node, k, 0);
      if (!view.data)
        for (Tick i = 0; i < n; ++i) held[i] = view.value;
      f(view.data ? view.data + first : held, static_cast<int>(n));
      trim(before);
      from += n;
    }
  }
  // Smallest or largest value at ticks from..to; +-infinity if there are none.
  double fold(int node, Tick from, Tick to, bool smallest);

  struct Attained {
    int atom = -1;  // node; -1: the value comes from an empty window or from beyond what was recorded
    Tick tick = 0;
  };
  // Which atom, and at which tick, gives `value` to the node at t (the earliest in every window). `value` must be
  // at(node, t).
  Attained locate(int node, Tick t, double value);

  int operand(int atom) const { return nodes_[static_cast<std::size_t>(atom)].x; }
  int size() const { return static_cast<int>(nodes_.size()); }
  void mark(int node, std::vector<bool>& reached) const;  // the node and all below it
  void forget_blocks(int node);                           // their values; bounds stay

 private:
  enum class Kind : std::uint8_t {
    constant,
    signal,
    negate,
    absolute,
    add,
    subtract,
    multiply,
    divide,
    minimum,
    maximum,
    distance,
    is_zero,
    is_nonzero,
    lower,
    upper,
    within,
    smallest,
    largest,
    until,
  };
  struct Bounds {
    double low = 0.0, high = 0.0;  // of the values that are numbers
    bool nan = false;              // some may be none
    bool constant() const { return low == high && !nan; }
  };
  // Extremes of the bounds over ranges of blocks.
  struct Span {
    double least_low, least_high, most_low, most_high;
  };
  struct Tree {
    std::vector<Span> spans;
    std::vector<bool> exact;  // per leaf: the bounds are attained
    Tick leaves = 1;
  };
  struct Node {
    Kind kind = Kind::constant;
    int x = -1, y = -1;
    double a = 0.0, beyond = 0.0;
    bool true_at_0 = false;
    Tick from = 0, to = 0;
    const Samples* samples = nullptr;
    std::vector<Bounds> bounds;  // per leaf
    bool any_nan = false;
    bool costly = false;  // a window is in it
    int users = 0;
    bool kept = false;                         // its blocks, once they are worked out
    std::unordered_map<Tick, double*> blocks;  // those that are
    std::unique_ptr<Tree> tree;   // over x's of windows
    std::vector<double> carry;    // until: value at the first tick of block k
    Tick carried = 0;             // ... known from this block on
  };
  struct View {
    const double* data = nullptr;  // block_ticks values, or
    double value = 0.0;            // ... one for the whole block
    double operator[](Tick i) const { return data ? data[i] : value; }
  };
  using Key = std::tuple<Kind, int, int, std::uint64_t, std::uint64_t, bool, Tick, Tick, const Samples*>;

  int make(Node node);
  int window(Kind kind, int x, Tick from, Tick to);
  void bound(Node& node) const;
  void bound_window(Node& node) const;
  void bound_until(Node& node) const;
  Bounds bounds_of_signal(const Samples& samples, Tick k) const;
  void plant(int node);  // its tree
  Span span(const Tree& tree, Tick first, Tick last) const;
  double whole(int node, Tick first, Tick last, bool smallest, int slot);
  double extreme_of_blocks(int node, Tick first, Tick last, bool smallest, int slot);
  double extreme_of_ticks(int node, Tick from, Tick to, bool smallest, double best, int slot);
  void descend(int node, std::size_t at, Tick low, Tick high, Tick first, Tick last, bool smallest, double& best,
               int slot);
  void tighten(int node, Tick k, int slot);

  Node& get(int node) { return nodes_[static_cast<std::size_t>(node)]; }
  const Node& get(int node) const { return nodes_[static_cast<std::size_t>(node)]; }
  Tick last_of(Tick k) const;  // tick of block k
  // Leaves of the bounds: spans of 2^shift_ blocks.
  Tick leaf_of(Tick t) const { return t / block_ticks >> shift_; }
  Tick first_of_leaf(Tick leaf) const { return (leaf << shift_) * block_ticks; }
  Tick last_of_leaf(Tick leaf) const { return last_of(std::min(((leaf + 1) << shift_), blocks_) - 1); }
  const Bounds& bounds_at(const Node& node, Tick k) const { return node.bounds[static_cast<std::size_t>(k >> shift_)]; }
  View eval(int node, Tick k, int slot);
  View eval_signal(const Node& node, Tick k, double* out) const;
  View eval_within(const Node& node, Tick k, double* out, int slot);
  View eval_short_window(const Node& node, Tick k, double* out, int slot);
  View eval_long_window(const Node& node, Tick k, double* out, int slot);
  View eval_until(Node& node, Tick k, double* out, int slot);
  void keep(int node);
  // Blocks that were kept after `mark` go if there are too many; nobody may hold one of them.
  std::size_t mark() const { return kept_log_.size(); }
  void trim(std::size_t mark);
  double* scratch(int slot);
  double* take_block();

  Tick ticks_, recorded_, blocks_, leaves_ = 0;
  int shift_ = 0;
  std::size_t kept_blocks_max_;
  std::vector<std::pair<int, Tick>> kept_log_;  // node and block, in the order in which they were kept
  std::deque<Node> nodes_;
  std::map<Key, int> known_;
  std::vector<std::unique_ptr<double[]>> scratch_;
  std::vector<std::unique_ptr<double[]>> pool_;
  std::vector<double*> free_;
  std::vector<double> gathered_, prefix_, suffix_;
};

}  // namespace pensim
