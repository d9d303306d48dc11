#include "sim/judge/formula.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string_view>

#include "sim/vocabulary/command.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

using Op = Formula::Op;

constexpr std::size_t kelvin_index = 4, radian_index = 5, count_index = 6;
constexpr int brackets_max = 100;
constexpr double bound_max_s = 1e8;

constexpr const char* reserved[] = {"always",  "eventually", "until", "once", "historically", "not", "and", "or",
                                    "implies", "rise",       "fall",  "abs",  "min",          "max", "end"};

bool is_reserved(std::string_view word) {
  return std::find(std::begin(reserved), std::end(reserved), word) != std::end(reserved);
}

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Dimension without_counts(Dimension d) {
  d.exponents[count_index] = 0;
  return d;
}

bool is_angle(const Dimension& d) {
  Dimension rest = d;
  rest.exponents[radian_index] = 0;
  return rest.none();
}

bool bare_zero(const Formula::Node& node) {
  return node.op == Op::number && node.value == 0.0 && node.dimension.none();
}
bool is_temperature(const Dimension& d) {
  Dimension kelvin;
  kelvin.exponents[kelvin_index] = 1;
  return d == kelvin;
}

std::string collapse(std::string_view text) {
  std::string out;
  for (char c : text) {
    const char shown = blank(c) ? ' ' : c;
    if (shown != ' ' || (!out.empty() && out.back() != ' ')) out += shown;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string shortened(std::string text) {
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

// An operand with the place that it takes in the text, brackets included.
struct Part {
  int node = -1;
  int begin = 0, end = 0;
};

class Parser {
 public:
  Parser(const std::string& text, const Location& at) : text_(text), at_(at) {
    if (text.size() > formula_bytes_max)
      throw InputError({at_, fmt::format("the formula has {} bytes, more than {}", text.size(), formula_bytes_max),
                        "split it into several requirements"});
    formula_.text = text;
  }

  Formula formula() {
    const Part whole = condition(implication());
    finish();
    formula_.root = whole.node;
    return std::move(formula_);
  }

  MeasureFormula measure() {
    MeasureFormula out;
    constexpr const char* kinds[] = {"max", "min", "mean", "rms", "last", "count", "duration"};
    const int begin = next();
    const std::string_view word = peek_word();
    const auto kind = std::find(std::begin(kinds), std::end(kinds), word);
    if (kind == std::end(kinds)) {
      const std::string near = nearest_name(std::string(word), {std::begin(kinds), std::end(kinds)});
      fail(begin, "expected one of max, min, mean, rms, last, count, duration, found " + found(),
           near.empty() ? "a measure looks like max[1 s, end](needle.force)" : "did you mean " + near + "?");
    }
    out.kind = static_cast<MeasureFormula::Kind>(kind - std::begin(kinds));
    pos_ += word.size();
    window(out.from, out.to);
    expect('(');
    const int inner = next();
    Part of = implication();
    if (next() < size() && text_[pos_] == ',')
      fail(begin, fmt::format("the measure `{}` takes one number, found a second", word),
           fmt::format("the larger or smaller of two numbers is an inner one: {}({}(a, b))", word, word));
    expect(')');
    finish();
    const bool of_condition = out.kind == MeasureFormula::Kind::count || out.kind == MeasureFormula::Kind::duration;
    if (of_condition) {
      of = condition(of);
    } else if (node(of).condition) {
      fail(inner, fmt::format("`{}` measures a number, found the condition `{}`", word, shown(of)),
           "count(...) and duration(...) measure conditions");
    }
    formula_.root = of.node;
    out.of = std::move(formula_);
    return out;
  }

 private:
  [[noreturn]] void fail(int position, const std::string& message, const std::string& hint = "") const {
    throw InputError({place(text_, at_, position), message,
                      hint.empty() ? "the language of formulas is in docs/requirements.md" : hint});
  }

  int size() const { return static_cast<int>(text_.size()); }
  int here() const { return static_cast<int>(pos_); }
  int next() {
    while (pos_ < text_.size() && blank(text_[pos_])) ++pos_;
    return here();
  }
  char at(std::size_t position) const { return position < text_.size() ? text_[position] : '\0'; }

  // The word at the cursor, "" if there is none.
  std::string_view peek_word() {
    next();
    std::size_t end = pos_;
    if (letter(at(end)))
      while (letter(at(end)) || digit(at(end))) ++end;
    return std::string_view(text_).substr(pos_, end - pos_);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word || at(pos_ + word.size()) == '.') return false;
    pos_ += word.size();
    return true;
  }
  bool take(char c) {
    next();
    if (at(pos_) != c) return false;
    ++pos_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(here(), fmt::format("expected `{}`, found {}", c, found()));
  }

  // What stands at the cursor, for messages.
  std::string found() {
    next();
    if (pos_ >= text_.size()) return "the end of the formula";
    const char c = text_[pos_];
    std::size_t end = pos_ + 1;
    if (letter(c) || digit(c)) {
      while (letter(at(end)) || digit(at(end)) || at(end) == '.') ++end;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return fmt::format("the byte 0x{:02x}", static_cast<unsigned char>(c));
    } else {
      while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    }
    return "`" + shortened(text_.substr(pos_, end - pos_)) + "`";
  }

  void finish() {
    next();
    if (pos_ >= text_.size()) return;
    std::string hint;
    if (at(pos_) == '=')
      hint = "equality is written ==";
    else if (at(pos_) == '&' || at(pos_) == '|' || at(pos_) == '!')
      hint = "write and, or, not, != for &&, ||, !, <>";
    else if (at(pos_) == '-' && at(pos_ + 1) == '>')
      hint = "write implies";
    else if (at(pos_) == ')')
      hint = "there is no `(` for it";
    else if (const std::string word(peek_word()); !word.empty()) {
      const std::string near = nearest_name(word, {"implies", "and", "or", "until"});
      if (!near.empty() && near != word) hint = "did you mean " + near + "?";
    }
    fail(here(), "expected the end of the formula or an operator, found " + found(), hint);
  }

  struct Nesting {
    explicit Nesting(Parser& parser) : depth(parser.depth_) {
      if (++depth > brackets_max) {
        --depth;
        parser.fail(parser.here(), fmt::format("nested deeper than {} levels", brackets_max),
                    "split it into several requirements");
      }
    }
    ~Nesting() { --depth; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    int& depth;
  };

  Formula::Node& node(const Part& part) { return formula_.nodes[static_cast<std::size_t>(part.node)]; }
  std::string shown(const Part& part) { return shortened(excerpt(formula_, node(part))); }

  Part add(Formula::Node made, int begin, int end) {
    made.begin = begin;
    made.end = end;
    for (int child : {made.left, made.right})
      if (child >= 0) made.height = std::max(made.height, formula_.nodes[static_cast<std::size_t>(child)].height + 1);
    if (made.height > formula_height_max)
      fail(begin, fmt::format("more than {} operators in a row or inside one another", formula_height_max),
           "split it into several requirements");
    formula_.nodes.push_back(made);
    return {static_cast<int>(formula_.nodes.size()) - 1, begin, end};
  }

  Part condition(Part part) {
    const Formula::Node& it = node(part);
    if (it.condition) return part;
    if (it.op == Op::signal && it.dimension.none()) {
      Formula::Node made;
      made.op = Op::truth;
      made.condition = true;
      made.left = part.node;
      made.in_brackets = it.in_brackets;
      return {add(made, it.begin, it.end).node, part.begin, part.end};
    }
    fail(part.begin,
         fmt::format("expected a condition, found `{}`, which is a {}", shown(part), dimension_name(it.dimension)),
         it.op == Op::signal ? "compare it, for example with <=; only a signal without a dimension stands alone"
                             : "compare it, for example with <=");
  }
  Part number(Part part) {
    if (node(part).condition) fail(part.begin, fmt::format("expected a number, found the condition `{}`", shown(part)));
    return part;
  }

  Part logical(Op op, Part left, Part right) {
    left = condition(left);
    right = condition(right);
    Formula::Node made;
    made.op = op;
    made.condition = true;
    made.left = left.node;
    made.right = right.node;
    return add(made, left.begin, right.end);
  }

  Part implication() {
    const Part left = disjunction();
    if (!take_word("implies")) return left;
    condition_checked(left);
    const Nesting nesting(*this);
    return logical(Op::implies, left, implication());
  }
  Part disjunction() {
    Part left = conjunction();
    while (take_word("or")) left = logical(Op::logical_or, left, conjunction());
    return left;
  }
  Part conjunction() {
    Part left = until();
    while (take_word("and")) left = logical(Op::logical_and, left, until());
    return left;
  }
  Part until() {
    const Part left = unary();
    if (!take_word("until")) return left;
    const Nesting nesting(*this);
    Formula::Bound from, to{true, 0};
    window(from, to);
    const Part out = logical(Op::until, left, until());
    node(out).from = from;
    node(out).to = to;
    return out;
  }
  // A number left of `implies` is reported before what stands right of it is read.
  void condition_checked(const Part& part) {
    if (!node(part).condition && !(node(part).op == Op::signal && node(part).dimension.none())) condition(part);
  }

  Part unary() {
    const int begin = next();
    constexpr struct {
      const char* word;
      Op op;
      bool window;
    } words[] = {{"not", Op::logical_not, false},
                 {"always", Op::always, true},
                 {"eventually", Op::eventually, true},
                 {"once", Op::once, true},
                 {"historically", Op::historically, true}};
    for (const auto& entry : words) {
      if (!take_word(entry.word)) continue;
      const Nesting nesting(*this);
      Formula::Node made;
      made.op = entry.op;
      made.condition = true;
      if (entry.window) window(made.from, made.to);
      const Part operand = condition(unary());
      made.left = operand.node;
      return add(made, begin, operand.end);
    }
    return comparison();
  }

  std::optional<Op> take_comparison() {
    next();
    constexpr struct {
      const char* text;
      Op op;
    } operators[] = {{"<=", Op::less_equal}, {">=", Op::greater_equal}, {"==", Op::equal},
                     {"!=", Op::not_equal},  {"<", Op::less},           {">", Op::greater}};
    for (const auto& entry : operators) {
      const std::string_view symbol = entry.text;
      if (text_.compare(pos_, symbol.size(), symbol) != 0) continue;
      pos_ += symbol.size();
      return entry.op;
    }
    return std::nullopt;
  }

  Part comparison() {
    const Part left = sum();
    const auto op = take_comparison();
    if (!op) return left;
    number(left);
    const Part right = number(sum());
    matching(left, right, "compares");
    Formula::Node made;
    made.op = *op;
    made.condition = true;
    made.left = left.node;
    made.right = right.node;
    const Part out = add(made, left.begin, right.end);
    const int again = next();
    if (take_comparison()) fail(again, "one comparison follows another", "write a <= b and b <= c");
    return out;
  }

  // Both sides of one dimension; a 0 without a unit takes that of the other side, except that of a temperature.
  void matching(const Part& left, const Part& right, const char* verb) {
    Formula::Node& a = node(left);
    Formula::Node& b = node(right);
    if (agree(a.dimension, b.dimension)) return;
    if (bare_zero(a) && !is_temperature(b.dimension)) {
      a.dimension = b.dimension;
      return;
    }
    if (bare_zero(b) && !is_temperature(a.dimension)) {
      b.dimension = a.dimension;
      return;
    }
    const std::string expected = dimension_name(a.dimension), actual = dimension_name(b.dimension);
    std::string hint;
    if (b.dimension.none() && b.op == Op::number)
      hint = "give the unit, for example " + si_unit(a.dimension);
    else if (a.dimension.none() && a.op == Op::number)
      hint = "give the unit, for example " + si_unit(b.dimension);
    fail(right.begin,
         fmt::format("expected a {} as in `{}`, found `{}`, which is a {}: {} only what has one dimension", expected,
                     shown(left), shown(right), actual, verb),
         hint);
  }

  Part binary(Op op, const Part& left, const Part& right) {
    number(left);
    number(right);
    Formula::Node made;
    made.op = op;
    made.left = left.node;
    made.right = right.node;
    if (op == Op::multiply || op == Op::divide) {
      for (const Part& side : {left, right})
        if (node(side).absolute_temperature)
          fail(side.begin, fmt::format("`{}` is an absolute temperature and has no multiple", shown(side)),
               "write differences in K");
      const int sign = op == Op::multiply ? 1 : -1;
      for (std::size_t k = 0; k < made.dimension.exponents.size(); ++k) {
        const int power = node(left).dimension.exponents[k] + sign * node(right).dimension.exponents[k];
        if (std::abs(power) > 30) fail(left.begin, fmt::format("`{}` has a dimension beyond all units", shown(left)));
        made.dimension.exponents[k] = static_cast<std::int8_t>(power);
      }
    } else {
      matching(left, right,
               op == Op::subtract  ? "- takes"
               : op == Op::add     ? "+ takes"
               : op == Op::minimum ? "min takes"
                                   : "max takes");
      if (op == Op::add && node(left).absolute_temperature && node(right).absolute_temperature)
        fail(right.begin,
             fmt::format("`{}` and `{}` are absolute temperatures and have no sum", shown(left), shown(right)),
             "write differences in K");
      made.dimension = is_angle(node(left).dimension) ? node(right).dimension : node(left).dimension;
    }
    return add(made, left.begin, right.end);
  }

  Part sum() {
    Part left = product();
    while (true) {
      next();
      const char c = at(pos_);
      if (c != '+' && (c != '-' || at(pos_ + 1) == '>')) return left;
      ++pos_;
      left = binary(c == '+' ? Op::add : Op::subtract, left, product());
    }
  }
  Part product() {
    Part left = factor();
    while (true) {
      next();
      const char c = at(pos_);
      if (c != '*' && c != '/') return left;
      ++pos_;
      left = binary(c == '*' ? Op::multiply : Op::divide, left, factor());
    }
  }
  Part factor() {
    const int begin = next();
    if (!take('-')) return primary();
    const Nesting nesting(*this);
    next();
    if (digit(at(pos_)) || at(pos_) == '.') {
      const std::size_t start = pos_;
      const Part literal = quantity(begin, "-");
      if (node(literal).absolute_temperature) return literal;
      formula_.nodes.pop_back();
      pos_ = start;
    }
    const Part operand = number(factor());
    if (node(operand).absolute_temperature)
      fail(operand.begin, fmt::format("`{}` is an absolute temperature and has no negative", shown(operand)),
           "write -5 degC");
    Formula::Node made;
    made.op = Op::negate;
    made.left = operand.node;
    made.dimension = node(operand).dimension;
    return add(made, begin, operand.end);
  }

  Part primary() {
    const int begin = next();
    const char c = at(pos_);
    if (digit(c) || (c == '.' && digit(at(pos_ + 1)))) return quantity(begin, "");
    if (take('(')) {
      const Nesting nesting(*this);
      Part inner = implication();
      expect(')');
      node(inner).in_brackets = true;
      return {inner.node, begin, here()};
    }
    if (!letter(c)) fail(begin, "expected a signal, a number or `(`, found " + found(), c == '!' ? "write not" : "");
    if (at(pos_ + peek_word().size()) != '.') return function(begin);
    return signal(begin);
  }

  Part function(int begin) {
    const Nesting nesting(*this);
    for (const auto& [word, op] : {std::pair{"rise", Op::rise}, {"fall", Op::fall}, {"abs", Op::absolute}}) {
      if (!take_word(word)) continue;
      expect('(');
      const Part operand = op == Op::absolute ? number(implication()) : condition(implication());
      expect(')');
      Formula::Node made;
      made.op = op;
      made.condition = op != Op::absolute;
      made.left = operand.node;
      if (op == Op::absolute) made.dimension = node(operand).dimension;
      return add(made, begin, here());
    }
    for (const auto& [word, op] : {std::pair{"min", Op::minimum}, {"max", Op::maximum}}) {
      if (!take_word(word)) continue;
      expect('(');
      const Part left = number(implication());
      if (next() < size() && at(pos_) == ')')
        fail(here(), fmt::format("{} takes two numbers, found one", word), fmt::format("{}(a, b)", word));
      expect(',');
      const Part right = number(implication());
      expect(')');
      Part out = binary(op, left, right);
      node(out).begin = begin;
      node(out).end = here();
      return {out.node, begin, here()};
    }
    const std::string word(peek_word());
    if (is_reserved(word))
      fail(begin, fmt::format("expected a signal, a number or `(`, found `{}`", word),
           word == "end" ? "`end` stands in the bounds of a window only" : "put what belongs together into brackets");
    if (find_unit(word))
      fail(begin, fmt::format("the unit `{}` stands without a number", word), fmt::format("write 1 {}", word));
    return signal(begin);
  }

  // Where the signal at the cursor ends.
  std::size_t signal_end() {
    std::size_t end = pos_ + peek_word().size();
    if (text_.compare(pos_, 3, "fw.") == 0)
      if (const std::size_t length = variable_name_length(std::string_view(text_).substr(pos_ + 3)))
        return pos_ + 3 + length;
    while (true) {
      if (at(end) == '.' && (letter(at(end + 1)) || digit(at(end + 1)))) {
        ++end;
      } else if (at(end) == ':' && at(end + 1) == ':' && letter(at(end + 2))) {
        end += 2;
      } else if (at(end) == '[' && digit(at(end + 1))) {
        std::size_t close = end + 1;
        while (digit(at(close))) ++close;
        if (at(close) != ']') return end;
        end = close + 1;
        continue;
      } else {
        return end;
      }
      while (letter(at(end)) || digit(at(end))) ++end;
    }
  }

  Part signal(int begin) {
    const std::size_t end = signal_end();
    const std::string name = text_.substr(pos_, end - pos_);
    Formula::Node made;
    made.op = Op::signal;
    for (std::size_t k = 0; k < formula_.signals.size() && made.signal < 0; ++k)
      if (formula_.signals[k].name == name) made.signal = static_cast<int>(k);
    if (made.signal < 0) {
      SignalInfo info;
      if (name.size() > 200 || !make_signal(name, info)) unknown(begin, name);
      made.signal = static_cast<int>(formula_.signals.size());
      formula_.signals.push_back(info);
    }
    const std::string& unit_text = formula_.signals[static_cast<std::size_t>(made.signal)].unit;
    const auto unit = find_unit(unit_text);
    if (!unit) fail(begin, fmt::format("the signal `{}` has the unit `{}`, which is no unit", name, unit_text));
    made.dimension = without_counts(unit->dimension);
    pos_ = end;
    return add(made, begin, here());
  }

  [[noreturn]] void unknown(int begin, const std::string& name) {
    std::vector<std::string> known;
    for (const SignalInfo& info : signal_table()) known.push_back(info.name);
    for (const FaultKind& kind : fault_kinds) known.push_back(fault_signal(kind.name));
    if (name.find('.') == std::string::npos) {
      const std::string near = nearest_name(name, {std::begin(reserved), std::end(reserved)});
      if (!near.empty())
        fail(begin, fmt::format("`{}` is neither a word of formulas nor a signal", shortened(name)),
             "did you mean " + near + "?");
      for (const std::string& candidate : known)
        if (candidate.size() > name.size() &&
            candidate.compare(candidate.size() - name.size() - 1, std::string::npos, "." + name) == 0)
          fail(begin, fmt::format("there is no signal `{}`", shortened(name)), "did you mean " + candidate + "?");
    }
    const std::string near = nearest_name(name, known);
    std::string hint = near.empty() ? "" : "did you mean " + near + "?";
    if (hint.empty() && name.find('.') == std::string::npos)
      hint = "a variable of the firmware is fw." + shortened(name);
    fail(begin, fmt::format("there is no signal `{}`", shortened(name)), hint);
  }

  // A number with its unit, if one follows. `begin` is where the literal starts, its sign included.
  Part quantity(int begin, const std::string& sign) {
    const std::size_t start = pos_;
    double plain = 0.0;
    const auto [stop, error] = std::from_chars(text_.data() + pos_, text_.data() + text_.size(), plain);
    if (error == std::errc::invalid_argument) fail(begin, "expected a number, found " + found());
    pos_ = static_cast<std::size_t>(stop - text_.data());
    const std::string digits = text_.substr(start, pos_ - start);
    const std::size_t end_of_digits = pos_;
    const std::string unit = unit_text();
    const std::size_t end = unit.empty() ? end_of_digits : pos_;
    pos_ = end;
    Formula::Node made;
    try {
      const Quantity found_quantity = parse_quantity(sign + digits + (unit.empty() ? "" : " " + unit));
      made.value = found_quantity.value;
      made.dimension = without_counts(found_quantity.unit.dimension);
      made.absolute_temperature = found_quantity.unit.offset != 0.0;
    } catch (const QuantityError& problem) {
      fail(begin, problem.what(), problem.hint);
    }
    return add(made, begin, here());
  }

  // The longest unit at the cursor: symbols with exponents, joined by `/` without blanks or by one blank ("mA h"); ""
  // and the cursor unmoved if there is none.
  std::string unit_text() {
    const std::size_t before = pos_;
    next();
    const std::size_t start = pos_;
    std::size_t accepted = start;
    std::size_t scan = start;
    if (at(scan) == '1' && at(scan + 1) == '/') scan += 2;
    while (true) {
      const std::size_t word = scan;
      while (letter(at(scan)) || at(scan) == '%' || static_cast<unsigned char>(at(scan)) >= 0x80) ++scan;
      const std::string symbol = text_.substr(word, scan - word);
      const bool called = symbol == "min" && at_after_blanks(scan) == '(';
      if (symbol.empty() || called || (is_reserved(symbol) && symbol != "min")) break;
      if (at(scan) == '.' || at(scan) == '[' || at(scan) == '(' || at(scan) == ':') break;  // a signal or a function
      if (at(scan) == '^') {
        ++scan;
        if (at(scan) == '-') ++scan;
        while (digit(at(scan))) ++scan;
      } else if (digit(at(scan))) {
        while (digit(at(scan)) || letter(at(scan))) ++scan;
        if (at(scan) == '.' || at(scan) == '[') break;
      }
      if (!find_unit(std::string_view(text_).substr(start, scan - start))) {
        // The first word has to be a unit; a later one may belong to something else.
        if (accepted == start) {
          accepted = scan;
          break;
        }
        break;
      }
      accepted = scan;
      if (at(scan) == '/' && (letter(at(scan + 1)) || static_cast<unsigned char>(at(scan + 1)) >= 0x80))
        ++scan;
      else if (at(scan) == ' ' && letter(at(scan + 1)))
        ++scan;
      else
        break;
    }
    pos_ = accepted == start ? before : accepted;
    return text_.substr(start, accepted - start);
  }
  char at_after_blanks(std::size_t position) const {
    while (position < text_.size() && blank(text_[position])) ++position;
    return at(position);
  }

  // [a, b], or nothing.
  void window(Formula::Bound& from, Formula::Bound& to) {
    const int begin = next();
    if (!take('[')) return;
    from = bound();
    expect(',');
    to = bound();
    expect(']');
    if (from.from_end == to.from_end && from.offset > to.offset)
      fail(begin,
           fmt::format("the window `{}` begins after its end",
                       shortened(collapse(std::string_view(text_).substr(static_cast<std::size_t>(begin),
                                                                         pos_ - static_cast<std::size_t>(begin))))),
           "the earlier bound stands first");
  }

  Formula::Bound bound() {
    const int begin = next();
    Formula::Bound out;
    bool minus = take('-');
    double sum_s = 0.0;
    Nanoseconds sum_ns = 0;
    while (true) {
      const int term = next();
      if (take_word("end")) {
        if (out.from_end || minus) fail(term, "`end` stands once in a bound, with a plus", "write end - 50 ms");
        out.from_end = true;
      } else {
        if (!digit(at(pos_)) && at(pos_) != '.')
          fail(term, "expected a time such as 50 ms, or `end`, found " + found(),
               "a window looks like [1 s, end - 50 ms]");
        const Part literal = quantity(term, "");
        const Formula::Node value = node(literal);
        formula_.nodes.pop_back();
        Dimension time;
        time.exponents[2] = 1;
        if (!(value.dimension == time) && !bare_zero(value))
          fail(term, fmt::format("expected a time such as 50 ms, found `{}`, which is a {}",
                                 shortened(collapse(std::string_view(text_).substr(
                                     static_cast<std::size_t>(term), pos_ - static_cast<std::size_t>(term)))),
                                 dimension_name(value.dimension)));
        sum_s += value.value;
        if (sum_s > bound_max_s) fail(term, fmt::format("a bound beyond {:g} s", bound_max_s));
        sum_ns += (minus ? -1 : 1) * std::llround(value.value * 1e9);
      }
      if (take('+'))
        minus = false;
      else if (take('-'))
        minus = true;
      else
        break;
    }
    out.offset = sum_ns;
    if (!out.from_end && out.offset < 0)
      fail(begin, "a bound before the instant that is looked at",
           "bounds are not negative; once and historically look back");
    return out;
  }

  const std::string& text_;
  Location at_;
  Formula formula_;
  std::size_t pos_ = 0;
  int depth_ = 0;
};

std::string time_text(Nanoseconds ns) {
  if (ns % 1'000'000'000 == 0) return fmt::format("{} s", ns / 1'000'000'000);
  if (ns % 1'000'000 == 0) return fmt::format("{} ms", ns / 1'000'000);
  if (ns % 1'000 == 0) return fmt::format("{} us", ns / 1'000);
  return fmt::format("{} ns", ns);
}

std::string bound_text(const Formula::Bound& bound) {
  if (!bound.from_end) return time_text(bound.offset);
  if (bound.offset == 0) return "end";
  return bound.offset > 0 ? "end + " + time_text(bound.offset) : "end - " + time_text(-bound.offset);
}

int binding(Op op) {
  switch (op) {
    case Op::implies:
      return 1;
    case Op::logical_or:
      return 2;
    case Op::logical_and:
      return 3;
    case Op::until:
      return 4;
    case Op::logical_not:
    case Op::always:
    case Op::eventually:
    case Op::once:
    case Op::historically:
      return 5;
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::equal:
    case Op::not_equal:
      return 6;
    case Op::add:
    case Op::subtract:
      return 7;
    case Op::multiply:
    case Op::divide:
      return 8;
    case Op::negate:
      return 9;
    case Op::number:
    case Op::signal:
    case Op::absolute:
    case Op::minimum:
    case Op::maximum:
    case Op::truth:
    case Op::rise:
    case Op::fall:
      return 10;
  }
  return 10;
}

const char* word(Op op) {
  switch (op) {
    case Op::add:
      return "+";
    case Op::subtract:
      return "-";
    case Op::multiply:
      return "*";
    case Op::divide:
      return "/";
    case Op::minimum:
      return "min";
    case Op::maximum:
      return "max";
    case Op::absolute:
      return "abs";
    case Op::less:
      return "<";
    case Op::less_equal:
      return "<=";
    case Op::greater:
      return ">";
    case Op::greater_equal:
      return ">=";
    case Op::equal:
      return "==";
    case Op::not_equal:
      return "!=";
    case Op::logical_not:
      return "not";
    case Op::logical_and:
      return "and";
    case Op::logical_or:
      return "or";
    case Op::implies:
      return "implies";
    case Op::rise:
      return "rise";
    case Op::fall:
      return "fall";
    case Op::always:
      return "always";
    case Op::eventually:
      return "eventually";
    case Op::until:
      return "until";
    case Op::once:
      return "once";
    case Op::historically:
      return "historically";
    case Op::number:
    case Op::signal:
    case Op::negate:
    case Op::truth:
      break;
  }
  return "";
}

std::string print_at(const Formula& formula, int index, int least) {
  const Formula::Node& node = formula.nodes[static_cast<std::size_t>(index)];
  const int own = binding(node.op);
  const auto left = [&](int at_least) { return print_at(formula, node.left, at_least); };
  const auto right = [&](int at_least) { return print_at(formula, node.right, at_least); };
  std::string window;
  if (is_temporal(node.op) && !(node.from == Formula::Bound{} && node.to == Formula::Bound{true, 0}))
    window = "[" + bound_text(node.from) + ", " + bound_text(node.to) + "]";
  std::string out;
  switch (node.op) {
    case Op::number:
      out = excerpt(formula, node);
      break;
    case Op::signal:
      out = formula.signals[static_cast<std::size_t>(node.signal)].name;
      break;
    case Op::truth:
      return print_at(formula, node.left, least);
    case Op::negate:
      out = "-" + left(9);
      break;
    case Op::absolute:
    case Op::rise:
    case Op::fall:
      out = std::string(word(node.op)) + "(" + left(0) + ")";
      break;
    case Op::minimum:
    case Op::maximum:
      out = std::string(word(node.op)) + "(" + left(0) + ", " + right(0) + ")";
      break;
    case Op::logical_not:
      out = "not " + left(5);
      break;
    case Op::always:
    case Op::eventually:
    case Op::once:
    case Op::historically:
      out = word(node.op) + window + " " + left(10);
      break;
    case Op::until:
      out = left(5) + " until" + window + " " + right(4);
      break;
    case Op::implies:
      out = left(2) + " implies " + right(1);
      break;
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::equal:
    case Op::not_equal:
      out = left(7) + " " + word(node.op) + " " + right(7);
      break;
    case Op::logical_or:
    case Op::logical_and:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
      out = left(own) + " " + word(node.op) + " " + right(own + 1);
      break;
  }
  return own < least ? "(" + out + ")" : out;
}

}  // namespace

bool is_temporal(Formula::Op op) {
  return op == Op::always || op == Op::eventually || op == Op::until || op == Op::once || op == Op::historically;
}

bool agree(const Dimension& a, const Dimension& b) {
  return a == b || (is_angle(a) && is_angle(b)) || same_dimension(a, b);
}

Location place(const std::string& text, const Location& at, int byte) {
  Location out = at;
  if (out.line <= 0) out.line = out.column = 1;
  if (out.column <= 0) out.column = 1;
  for (std::size_t k = 0; k < static_cast<std::size_t>(byte) && k < text.size(); ++k) {
    if (text[k] == '\n') {
      ++out.line;
      out.column = 1;
    } else if ((static_cast<unsigned char>(text[k]) & 0xC0) != 0x80) {
      ++out.column;
    }
  }
  return out;
}

Formula parse_formula(const std::string& text, const Location& at) { return Parser(text, at).formula(); }

MeasureFormula parse_measure(const std::string& text, const Location& at) { return Parser(text, at).measure(); }

std::string print(const Formula& formula, int node) { return print_at(formula, node, 0); }

std::string si_unit(const Dimension& dimension) {
  const Dimension plain = without_counts(dimension);
  for (const char* unit : {"1",     "m",   "s",   "kg",  "A",   "K",     "rad",   "Hz",  "N",     "Pa",  "J",
                           "W",     "V",   "ohm", "C",   "m/s", "m/s^2", "1/m^2", "1/m", "m^2",   "m^3", "N/m",
                           "N s/m", "N s", "N/s", "A/s", "V/s", "K/s",   "rad/s", "J/K", "kg/m^3"})
    if (find_unit(unit)->dimension == plain) return unit;
  constexpr const char* base[] = {"m", "kg", "s", "A", "K", "rad"};
  std::string up, down;
  for (std::size_t k = 0; k < std::size(base); ++k) {
    const int power = plain.exponents[k];
    if (power > 0) up += (up.empty() ? "" : " ") + std::string(base[k]) + (power > 1 ? fmt::format("^{}", power) : "");
    if (power < 0) down += "/" + std::string(base[k]) + (power < -1 ? fmt::format("^{}", -power) : "");
  }
  return (up.empty() ? "1" : up) + down;
}

std::string excerpt(const Formula& formula, const Formula::Node& node) {
  return collapse(std::string_view(formula.text)
                      .substr(static_cast<std::size_t>(node.begin), static_cast<std::size_t>(node.end - node.begin)));
}

}  // namespace pensim
