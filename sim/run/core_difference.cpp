#include "sim/run/core_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "sim/run/guarded.h"
#include "sim/vocabulary/time.h"

namespace pensim {
namespace {

// Names of numbers, array elements one by one.
std::set<std::string> names_of(const CoreSymbols& symbols) {
  std::set<std::string> names;
  for (const char* pattern : {"", "["})
    for (const SymbolLine& line : symbols.list(pattern))
      if (line.type.find('*') == std::string::npos) names.insert(line.name);
  return names;
}

struct Pair {
  std::string name;
  CoreVariable a, b;
};

std::vector<Pair> common_variables(const CoreSymbols& of_a, const CoreSymbols& of_b) {
  std::vector<Pair> pairs;
  const std::set<std::string> names_b = names_of(of_b);
  for (const std::string& name : names_of(of_a)) {
    if (!names_b.count(name)) continue;
    try {
      pairs.push_back({name, of_a.find(name), of_b.find(name)});
    } catch (const SymbolError&) {  // a whole array, or optimised away on one side
    }
  }
  return pairs;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// Where the recorded core was reset, then each of its inputs.
class Fed {
 public:
  explicit Fed(Target& target) : target_(target) {}
  bool step(Tick tick, const PenIn& in) {
    const bool runs = in.reset_cause != 0;
    if (runs && !running_) target_.reset(in.reset_cause);
    running_ = runs;
    PenOut out{};
    if (runs) target_.step(tick, in, out);
    return runs;
  }

 private:
  Target& target_;
  bool running_ = false;
};

// Whether they part after this tick.
bool compare(const std::vector<Pair>& pairs, const Target& a, const Target& b, Tick tick, CoreDifference& result) {
  for (const Pair& pair : pairs) {
    const double x = a.peek(pair.a), y = b.peek(pair.b);
    if (same(x, y)) continue;
    if (result.found) {
      ++result.others;
      continue;
    }
    result.found = true;
    result.tick = tick;
    result.variable = pair.name;
    result.a = fmt::format("{}", x);
    result.b = fmt::format("{}", y);
  }
  return result.found;
}

}  // namespace

CoreDifference core_difference(const Recording& inputs, Tick last, Target& a, const CoreSymbols& of_a, Target& b,
                               const CoreSymbols& of_b) {
  constexpr Tick slab = 4096;
  const std::vector<Pair> pairs = common_variables(of_a, of_b);
  CoreDifference result;
  result.compared = pairs.size();
  Fed fed_a(a), fed_b(b);
  std::vector<PenIn> in(static_cast<std::size_t>(slab));
  const Tick end = std::min(last + 1, inputs.ticks());
  for (Tick from = 0; from < end; from += slab) {
    const Tick n = std::min(slab, end - from);
    inputs.io(from, n, in.data(), nullptr);
    for (Tick k = 0; k < n; ++k) {
      const PenIn& now = in[static_cast<std::size_t>(k)];
      const bool a_runs = fed_a.step(from + k, now), b_runs = fed_b.step(from + k, now);
      if (a_runs && b_runs && compare(pairs, a, b, from + k, result)) return result;
    }
  }
  return result;
}

std::string core_difference_text(const CoreDifference& d, Nanoseconds tick_ns) {
  if (!d.found) return fmt::format("{} variables of both cores agree up to there", d.compared);
  std::string text = fmt::format("{} parts first, at tick {} ({:.6f} s): {} | {}", d.variable, d.tick,
                                 seconds(d.tick * tick_ns), d.a, d.b);
  if (d.others > 0) text += fmt::format("; {} other{} in the same tick", d.others, d.others == 1 ? "" : "s");
  return text;
}

std::string first_variable_apart(const Recording& inputs, Tick last, const TargetSpec& a, const TargetSpec& b) {
  const Answer answer = ask_in_child(a, {}, Descriptors::kept, [&](const CrashReport& report) {
    const std::unique_ptr<Target> first = open_guarded(a, report, {.readable = {b.path}});
    const std::unique_ptr<Target> second = open_target(b);
    const CoreDifference found =
        core_difference(inputs, last, *first, CoreSymbols(a.path), *second, CoreSymbols(b.path));
    return core_difference_text(found, inputs.tick_ns());
  });
  return answer.said ? *answer.said : "the variables are not compared: " + answer.why_not;
}

}  // namespace pensim
