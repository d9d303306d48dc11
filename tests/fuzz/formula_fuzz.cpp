// Any bytes as a formula or a measure: refused with a place and a mend, or printed, read again and judged on a small
// run.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sim/judge/requirement.h"
#include "tests/sim/judge/memory_source.h"

namespace {

using namespace pensim;

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

template <class F>
void refused_or_fine(const std::string& text, F&& f) {
  try {
    f();
  } catch (const InputError& error) {
    require(error.problems().size() == 1, "not one problem");
    const InputProblem& problem = error.problems().front();
    require(!problem.message.empty() && !problem.hint.empty(), "a problem without words or mend");
    require(problem.at.line >= 1 && problem.at.column >= 1, "a problem without a place");
    require(problem.at.column <= static_cast<int>(text.size()) + 1, "a place beyond the formula");
  }
}

// Every signal of the table, of 1500 ticks.
const MemorySource& run() {
  static const MemorySource source = [] {
    constexpr Tick ticks = 1500;
    MemorySource out(ticks);
    std::uint32_t state = 1;
    for (const SignalInfo& info : signal_table()) {
      Samples samples;
      samples.period_ticks = info.period == SignalPeriod::tick ? 1 : info.period == SignalPeriod::ms ? 20 : 300;
      for (Tick t = 0; t < ticks; t += samples.period_ticks) {
        state = state * 1664525u + 1013904223u;
        if (info.period == SignalPeriod::stroke) samples.tick.push_back(t);
        samples.value.push_back(static_cast<float>(info.full_scale) *
                                static_cast<float>(static_cast<int>(state >> 29)) * 0.125f);
      }
      out.set(info.name, samples);
    }
    return out;
  }();
  return source;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Location at{"fuzz.yaml", 1, 1};
  refused_or_fine(text, [&] {
    const Formula formula = parse_formula(text, at);
    const std::string printed = print(formula);
    const Formula again = parse_formula(printed, at);
    require(print(again) == printed, "what is printed is not what is read");
    require(again.nodes.size() == formula.nodes.size(), "what is printed is another formula");
    if (formula.nodes.size() > 200) return;
    Requirement requirement, other;
    requirement.that = text;
    other.that = printed;
    const Verdict verdict = judge(requirement, run()), same = judge(other, run());
    require(verdict.outcome == same.outcome, "the printed formula has another verdict");
    require(verdict.margin == same.margin && verdict.at_s == same.at_s, "the printed formula has another margin");
    require(!std::isnan(verdict.margin), "a margin that is not a number");
    require(verdict.outcome == Outcome::pass || !verdict.reason.empty(), "no reason");
    require(needed_end(formula, run().ticks(), run().tick_ns()) < run().ticks(), "needs a tick beyond the run");
    check_formula(text, at, run().ticks(), run().tick_ns());
    if (formula.nodes.size() > 40) return;
    for (Tick t : {Tick{0}, Tick{1100}}) require(!explain(formula, run(), t).empty(), "nothing to explain");
  });
  refused_or_fine(text, [&] {
    Measure m;
    m.at = at;
    m.expression = text;
    const double value = measure(m, run());
    require(measure_unit(m) != "", "a measure without a unit");
    const MeasureFormula::Kind kind = parse_measure(text, at).kind;
    const bool a_size = kind == MeasureFormula::Kind::rms || kind == MeasureFormula::Kind::count ||
                        kind == MeasureFormula::Kind::duration;
    require(!a_size || !(value < 0.0), "a negative size");
  });
  return 0;
}
