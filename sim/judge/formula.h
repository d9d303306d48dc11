// formula.h - what a requirement or a measure says: text becomes a tree whose names, dimensions and windows are
// checked.
//
//   condition  = condition implies condition | condition or condition | condition and condition | condition until[a,b]
//              condition
//              | not condition | always[a,b] condition | eventually[a,b] ... | once[a,b] ... | historically[a,b] ...
//              | rise(condition) | fall(condition) | number < number  (also <= > >= == !=) | signal of unit 1 |
//              (condition)
//   number     = number + number (also - * /) | -number | abs(number) | min(number, number) | max(number, number)
//              | signal | quantity such as 50 ms | (number)
//   window     = [a, b], 0 <= a <= b, each a time, `end`, or `end - 50 ms`; left out: [0, end]
//   measure    = max min mean rms last [a,b] (number), count duration [a,b] (condition)
//
// Binding, loosest first: implies (to the right), or, and, until (to the right), then not and always ... , comparison,
// + -, * /, -.
// docs/requirements.md has the meaning and worked examples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/input/input_error.h"
#include "sim/input/quantity.h"
#include "sim/vocabulary/signals.h"
#include "sim/vocabulary/time.h"

namespace pensim {

struct Formula {
  enum class Op : std::uint8_t {
    number,
    signal,
    negate,
    absolute,
    add,
    subtract,
    multiply,
    divide,
    minimum,
    maximum,  // numbers
    // a signal as condition: nonzero
    truth,
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    logical_not,
    logical_and,
    logical_or,
    implies,
    rise,
    fall,
    always,
    eventually,
    until,
    once,
    historically,
  };
  // A bound with `end` is an instant counted from the end of the run, any other a distance from the instant that is
  // looked at.
  struct Bound {
    bool from_end = false;
    Nanoseconds offset = 0;
    bool operator==(const Bound&) const = default;
  };
  struct Node {
    Op op = Op::number;
    bool condition = false;
    bool in_brackets = false;           // as written
    bool absolute_temperature = false;  // a quantity in degC
    int left = -1, right = -1;          // operands; children stand before their parent in `nodes`
    int signal = -1;                    // index into `signals`
    int begin = 0, end = 0;             // bytes of `text`
    int height = 1;
    double value = 0.0;       // of a number, SI
    Dimension dimension;      // of a number; counts are pure numbers here
    Bound from, to{true, 0};  // of a temporal operator
  };

  std::string text;
  std::vector<Node> nodes;
  int root = -1;
  std::vector<SignalInfo> signals;  // those that it names, each once
};

struct MeasureFormula {
  enum class Kind : std::uint8_t { max, min, mean, rms, last, count, duration };
  Kind kind = Kind::max;
  Formula::Bound from, to{true, 0};
  Formula of;  // a condition for count and duration, else a number
};

inline constexpr std::size_t formula_bytes_max = 65536;
inline constexpr int formula_height_max = 400;

// `at` is where the first character stands. Throw InputError.
Formula parse_formula(const std::string& text, const Location& at);
MeasureFormula parse_measure(const std::string& text, const Location& at);

// A formula of the same meaning with the fewest brackets (what stands under always ... keeps its own) and one blank
// between words.
std::string print(const Formula& formula, int node);
inline std::string print(const Formula& formula) { return print(formula, formula.root); }

// Unit of the SI value of a number: "m", "N", "J", "m N^2" ...
std::string si_unit(const Dimension& dimension);

// The bytes [begin, end) of the text with every run of blanks as one.
std::string excerpt(const Formula& formula, const Formula::Node& node);

// Where byte `byte` of a text stands whose first character stands at `at`.
Location place(const std::string& text, const Location& at, int byte);

bool is_temporal(Formula::Op op);
bool agree(const Dimension& a, const Dimension& b);  // may be compared: angles are pure numbers, but Hz is not rad/s

}  // namespace pensim
