// requirement.h - requirements judged on a recording: discrete-time signal temporal logic with margins.
//
// A formula is evaluated at ticks, on held values, as robustness [Donze & Maler 2010]: a comparison measures the
// difference of its sides, `not` negates, `and` takes the smaller, `or` the larger, a window the smallest or largest in
// it. Pass or fail is the Boolean value, which < and <= decide where the difference is 0. docs/requirements.md has
// every rule with an example.
//
// [Donze & Maler 2010] A. Donze, O. Maler. Robust satisfaction of temporal logic over real-valued signals. FORMATS
// 2010.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/judge/formula.h"
#include "sim/judge/verdict.h"
#include "sim/scenario/requirement.h"
#include "sim/vocabulary/samples.h"
#include "sim/vocabulary/time.h"

namespace pensim {

enum class RunEnd : std::uint8_t { complete, early, firmware_fault };

// What is judged: a simulation, a board run, a field log.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
  virtual const Samples* find(const std::string& name) const = 0;  // nullptr: not recorded; stays valid as long as the
                                                                   // source
  virtual Tick ticks() const = 0;                                  // that were recorded
  virtual Nanoseconds tick_ns() const = 0;
  virtual Tick planned_ticks() const {
    return ticks();
  }  // `end` of formulas; more than ticks() if the run
     // ended before
  virtual RunEnd run_end() const { return RunEnd::complete; }
  virtual bool has_truth() const {
    return true;
  }  // false: truth signals were never known (field log,
     // board)
};

struct Verdict {
  Outcome outcome = Outcome::invalid;
  double margin = 0.0;  // in `unit`; +-infinity if only Boolean atoms decide; 0 without a verdict
  std::string unit;     // of the atom that attains the margin; "1" if the margin is infinite
  double at_s = 0.0;    // where it attains it
  std::string atom;     // its text; "" if no tick was looked at
  std::string reason;   // a sentence for all but pass
  double relative = 0.0;  // the margin as a share of the larger side of its atom there, at most of a full
                          // scale of its signal; 0 without a finite margin
};

// Verdicts in the order of the requirements. Columns and subformulas that they share are worked out once. Throws
// InputError for a formula that parse_formula refuses.
std::vector<Verdict> judge_all(const std::vector<Requirement>& requirements, const SignalSource& source);
Verdict judge(const Requirement& requirement, const SignalSource& source);

struct ScenarioVerdict {
  RunVerdict verdict = RunVerdict::error;  // pass, measured, fail or error
  std::string cause;                       // the requirement that decides, and why
};
// Of a run without a firmware fault. `fail` if one fails or is vacuous without being allowed to; else `error` if one is
// invalid; else `pass`, or `measured` if there is none.
ScenarioVerdict roll_up(const std::vector<Requirement>& requirements, const std::vector<Verdict>& verdicts);

// Plain SI number. NaN if the window holds no tick, a value is NaN, or a signal was not recorded. Throws InputError
// like parse_measure.
double measure(const Measure& measure, const SignalSource& source);
std::string measure_unit(const Measure& measure);

// One part of a formula at one instant.
struct PartTruth {
  int begin = 0, end = 0;  // bytes of the formula's text
  int depth = 0;           // 0: the whole formula
  std::string text;
  bool known = false;  // false: a signal is missing or NaN, or the run ended before the instants that it needs
  bool truth = false;
  double margin = 0.0;  // as in Verdict
  std::string unit;
};
// Every condition of the formula, the whole one first, each before its parts, each evaluated at `tick`.
std::vector<PartTruth> explain(const Formula& formula, const SignalSource& source, Tick tick);

// Ticks [first, last] at which the operand of an outermost `always` does not hold (of each, where `and` joins several),
// ascending and disjoint; of another formula its first window, whole, if it does not hold. Where a signal is missing:
// none.
std::vector<std::pair<Tick, Tick>> violations(const Formula& formula, const SignalSource& source);

// The last tick that a formula looks at in a run of `ticks` ticks; -1: none.
Tick needed_end(const Formula& formula, Tick ticks, Nanoseconds tick_ns);

// Hints for `check`: windows without a tick in a run of that length, `always p implies q`. Throws InputError like
// parse_formula.
std::vector<InputProblem> check_formula(const std::string& text, const Location& at, Tick ticks, Nanoseconds tick_ns);

}  // namespace pensim
