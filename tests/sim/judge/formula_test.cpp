#include "sim/judge/formula.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pensim {
namespace {

using Op = Formula::Op;

// Message of the one problem of a formula that begins at line 4, column 9 of a file; "file:line:column: message |
// hint".
std::string problem_of(const std::string& text) {
  try {
    parse_formula(text, {"a.yaml", 4, 9});
  } catch (const InputError& error) {
    EXPECT_EQ(error.problems().size(), 1u);
    const InputProblem& problem = error.problems().front();
    return std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column) + ": " + problem.message +
           (problem.hint.find("docs/requirements.md") != std::string::npos ? "" : " | " + problem.hint);
  }
  return "no problem";
}

std::string printed(const std::string& text) { return print(parse_formula(text, {})); }

double literal(const std::string& text) {
  const Formula formula = parse_formula(text, {});
  for (const Formula::Node& node : formula.nodes)
    if (node.op == Op::number) return node.value;
  ADD_FAILURE() << text << " holds no number";
  return 0.0;
}

TEST(Formula, BindsAsDocumented) {
  for (const auto& [text, expected] : {
           std::pair{"pin.start implies pin.plus implies pin.minus", "pin.start implies pin.plus implies pin.minus"},
           {"(pin.start implies pin.plus) implies pin.minus", "(pin.start implies pin.plus) implies pin.minus"},
           {"(pin.start and pin.plus) or pin.minus", "pin.start and pin.plus or pin.minus"},
           {"pin.start and (pin.plus or pin.minus)", "pin.start and (pin.plus or pin.minus)"},
           {"not (pin.start) and pin.plus", "not pin.start and pin.plus"},
           {"not (pin.start and pin.plus)", "not (pin.start and pin.plus)"},
           {"pin.start until pin.plus until[0, 1 s] pin.minus", "pin.start until pin.plus until[0 s, 1 s] pin.minus"},
           {"pin.start and pin.plus until pin.minus or pin.home", "pin.start and pin.plus until pin.minus or pin.home"},
           {"(pin.start and pin.plus) until (pin.minus or pin.home)",
            "(pin.start and pin.plus) until (pin.minus or pin.home)"},
           {"always always[0,end] pin.start", "always (always pin.start)"},
           {"always[1 s,end-50ms](abs(stroke.rate-user.rate)<=0.05*user.rate)",
            "always[1 s, end - 50 ms] (abs(stroke.rate - user.rate) <= 0.05 * user.rate)"},
           {"needle.force - (hand.press - 1 N) < 2N", "needle.force - (hand.press - 1 N) < 2N"},
           {"(needle.force - hand.press) - 1 N < 2 N", "needle.force - hand.press - 1 N < 2 N"},
           {"needle.force / (2 * 3) < 2 N", "needle.force / (2 * 3) < 2 N"},
           {"-needle.force * 2 < -(1 N + 2 N)", "-needle.force * 2 < -(1 N + 2 N)"},
           {"min(needle.force, max(1 N, hand.press)) >= 1 N", "min(needle.force, max(1 N, hand.press)) >= 1 N"},
           {"rise((pin.start)) or fall (pin.start and pin.plus)", "rise(pin.start) or fall(pin.start and pin.plus)"},
           {"once[10 ms, end] historically[0.05 ms, 1.5 ms] pin.start",
            "once[10 ms, end] (historically[50 us, 1500 us] pin.start)"},
           {"eventually[end - 1 s + 0.5 s, end] pin.start", "eventually[end - 500 ms, end] pin.start"},
           {"not pin.start == 1", "not pin.start == 1"},
       })
    EXPECT_EQ(printed(text), expected) << text;
}

TEST(Formula, WhatIsPrintedIsTheSameFormula) {
  for (const char* text :
       {"always[1 s, end - 50 ms] (abs(stroke.rate - user.rate) <= 0.05 * user.rate)",
        "(pin.start implies pin.plus) implies not (pin.minus or not rise(pin.home)) and adc.battery / 2 - -3 > 1.5e3 * "
        "2",
        "motor.temperature - -5 degC < 3 K until[0, 1 s] (battery.voltage * motor.current >= 2 W until pin.start)"}) {
    const Formula once = parse_formula(text, {});
    const Formula twice = parse_formula(print(once), {});
    ASSERT_EQ(once.nodes.size(), twice.nodes.size());
    for (std::size_t i = 0; i < once.nodes.size(); ++i) {
      EXPECT_EQ(once.nodes[i].op, twice.nodes[i].op);
      EXPECT_EQ(once.nodes[i].value, twice.nodes[i].value);
      EXPECT_EQ(once.nodes[i].left, twice.nodes[i].left);
      EXPECT_EQ(once.nodes[i].right, twice.nodes[i].right);
    }
    EXPECT_EQ(print(once), print(twice));
  }
}

TEST(Formula, QuantitiesBecomeSi) {
  EXPECT_EQ(literal("needle.extension <= 1 mm"), 1e-3);
  EXPECT_EQ(literal("needle.extension <= 0.5mm"), 0.5e-3);
  EXPECT_EQ(literal("needle.extension <= 120 um"), 120e-6);
  EXPECT_EQ(literal("stroke.period <= 50 ms"), 50e-3);
  EXPECT_EQ(literal("stroke.period <= 2 min"), 120.0);
  EXPECT_EQ(literal("stroke.rate <= 7200 rpm"), 120.0);
  EXPECT_EQ(literal("core.pwm_duty <= 5 %"), 0.05);
  EXPECT_EQ(literal("core.pwm_duty <= 5% and pin.start"), 0.05);
  EXPECT_EQ(literal("motor.temperature <= 60 degC"), 333.15);
  EXPECT_EQ(literal("motor.temperature <= -5 degC"), 268.15);
  EXPECT_EQ(literal("motor.temperature <= 333 K"), 333.0);
  EXPECT_EQ(literal("operator.glide <= 20 mm/s"), 20e-3);
  EXPECT_EQ(literal("dose.density <= 3000 1/cm^2"), 3e7);
  EXPECT_EQ(literal("needle.force / needle.extension <= 2 N/mm"), 2000.0);
  EXPECT_EQ(literal("motor.current * stroke.period <= 1 mA h"), 3.6);
  EXPECT_EQ(literal("adc.motor_current < 4000"), 4000.0);
  EXPECT_EQ(literal("adc.motor_current < 4000 count"), 4000.0);
  EXPECT_EQ(literal("2 mm < needle.extension"), 2e-3);
  EXPECT_EQ(literal("min(1 mm, needle.extension) > 0"), 1e-3);
  EXPECT_EQ(literal("1 N/needle.force < 2"), 1.0);
  EXPECT_DOUBLE_EQ(literal("operator.tilt < 5 deg"), 5 * 3.14159265358979323846 / 180);
  EXPECT_EQ(literal("battery.voltage >= 3.0 V and motor.current < 1 A"), 3.0);
}

TEST(Formula, BoundsAreWholeNanosecondsOrCountFromTheEnd) {
  const Formula f = parse_formula("always[0.1 ms, end - 2 s - 50 ms] eventually[0, 1 min] pin.start", {});
  const Formula::Node& outer = f.nodes[static_cast<std::size_t>(f.root)];
  EXPECT_EQ(outer.from, (Formula::Bound{false, 100'000}));
  EXPECT_EQ(outer.to, (Formula::Bound{true, -2'050'000'000}));
  const Formula::Node& inner = f.nodes[static_cast<std::size_t>(outer.left)];
  EXPECT_EQ(inner.from, (Formula::Bound{false, 0}));
  EXPECT_EQ(inner.to, (Formula::Bound{false, 60'000'000'000}));
  const Formula whole = parse_formula("always pin.start", {});
  EXPECT_EQ(whole.nodes.back().to, (Formula::Bound{true, 0}));
}

TEST(Formula, SignalsOfFirmwareFaultsNeedlesAndRigs) {
  const Formula f = parse_formula(
      "fw.table[3].gain > 2 and fw.speed_loop.integral <= 5 and fw.ns::x == 1 and aux.3 > 0 and needle.3.force < 1 N "
      "and not fault.hall.dropout "
      "and fw.table[3].gain < 9",
      {});
  ASSERT_EQ(f.signals.size(), 6u);
  EXPECT_EQ(f.signals[0].name, "fw.table[3].gain");
  EXPECT_EQ(f.signals[2].name, "fw.ns::x");
  EXPECT_EQ(f.signals[4].name, "needle.3.force");
  EXPECT_EQ(f.signals[5].name, "fault.hall.dropout");
  EXPECT_EQ(parse_formula("insertion.travel <= 1 mm", {}).signals.front().name, "insertion.travel");
}

TEST(Formula, DimensionsAreChecked) {
  EXPECT_EQ(problem_of("needle.tip_depth <= 1 N"),
            "4:29: expected a length as in `needle.tip_depth`, found `1 N`, which is a force: compares only what has "
            "one dimension");
  EXPECT_EQ(problem_of("always (needle.force <=\n  hand.press + 2 mm)"),
            "5:16: expected a force as in `hand.press`, found `2 mm`, which is a length: + takes only what has one "
            "dimension");
  EXPECT_EQ(problem_of("needle.force <= 5"),
            "4:25: expected a force as in `needle.force`, found `5`, which is a pure number: compares only what has "
            "one dimension | give the unit, for example N");
  EXPECT_EQ(problem_of("max(stroke.rate, 2 s) > 1 Hz"),
            "4:26: expected a frequency as in `stroke.rate`, found `2 s`, which is a time: max takes only what has one "
            "dimension");
  EXPECT_EQ(problem_of("needle.force * needle.tip_depth <= 1 mJ"), "no problem");
  EXPECT_EQ(problem_of("needle.tip_depth / stroke.period <= 20 mm/s"), "no problem");
  EXPECT_EQ(problem_of("1 / stroke.period >= 100 Hz"), "no problem");
  EXPECT_EQ(problem_of("operator.tilt <= 0.1 and operator.tilt < 5 deg"), "no problem");
  EXPECT_NE(problem_of("motor.speed <= 10 rad/s"), "no problem");
  EXPECT_EQ(problem_of("needle.force > 0 and 0 < needle.tip_depth"), "no problem");
  EXPECT_NE(problem_of("motor.temperature > 0"), "no problem");
  EXPECT_EQ(problem_of("motor.temperature <= 2 * 60 degC"),
            "4:34: `60 degC` is an absolute temperature and has no multiple | write differences in K");
  EXPECT_EQ(problem_of("motor.temperature - 20 degC <= 5 K"), "no problem");
  EXPECT_EQ(problem_of("motor.temperature <= 20 degC + 5 degC"),
            "4:40: `20 degC` and `5 degC` are absolute temperatures and have no sum | write differences in K");
}

TEST(Formula, ConditionsAndNumbersAreToldApart) {
  EXPECT_EQ(problem_of("always needle.force"),
            "4:16: expected a condition, found `needle.force`, which is a force | compare it, for example with <=; "
            "only a signal without a dimension stands alone");
  EXPECT_EQ(
      problem_of("not (1 N + needle.force)"),
      "4:13: expected a condition, found `1 N + needle.force`, which is a force | compare it, for example with <=");
  EXPECT_EQ(problem_of("needle.force implies pin.start").substr(0, 27), "4:9: expected a condition, ");
  EXPECT_EQ(problem_of("1 + (pin.start and pin.plus) > 2"),
            "4:13: expected a number, found the condition `pin.start and pin.plus`");
  EXPECT_EQ(problem_of("(pin.start) and ((pin.plus)) == 1"), "no problem");
  EXPECT_EQ(problem_of("1 mm < needle.extension < 2 mm"),
            "4:33: one comparison follows another | write a <= b and b <= c");
}

TEST(Formula, UnknownNamesBringTheNearest) {
  EXPECT_EQ(problem_of("always (neddle.force <= 5 N)"),
            "4:17: there is no signal `neddle.force` | did you mean needle.force?");
  EXPECT_EQ(problem_of("alway pin.start"),
            "4:9: `alway` is neither a word of formulas nor a signal | did you mean always?");
  EXPECT_EQ(problem_of("tip_depth < 1 mm"), "4:9: there is no signal `tip_depth` | did you mean needle.tip_depth?");
  EXPECT_EQ(problem_of("integral < 1"),
            "4:9: there is no signal `integral` | a variable of the firmware is fw.integral");
  EXPECT_EQ(problem_of("needle.force < 5 Nm"),
            "4:24: expected a number with a unit such as 1.5 mm, found 5 Nm: `Nm` is no unit | did you mean N m? units "
            "are case-sensitive: mm, um, Hz, N, mm/s, "
            "%, degC, deg, V, mA, mA h, ohm, kPa, rpm");
  EXPECT_EQ(problem_of("needle.force / m < 5"), "4:24: the unit `m` stands without a number | write 1 m");
  EXPECT_EQ(problem_of("pin.start ant pin.plus"),
            "4:19: expected the end of the formula or an operator, found `ant` | did you mean and?");
}

TEST(Formula, SyntaxIsReportedWhereItBreaks) {
  EXPECT_EQ(problem_of(""), "4:9: expected a signal, a number or `(`, found the end of the formula");
  EXPECT_EQ(problem_of("always (pin.start"), "4:26: expected `)`, found the end of the formula");
  EXPECT_EQ(problem_of("pin.start)"),
            "4:18: expected the end of the formula or an operator, found `)` | there is no `(` for it");
  EXPECT_EQ(
      problem_of("pin.start && pin.plus"),
      "4:19: expected the end of the formula or an operator, found `&` | write and, or, not, != for &&, ||, !, <>");
  EXPECT_EQ(problem_of("pin.start -> pin.plus"),
            "4:19: expected the end of the formula or an operator, found `-` | write implies");
  EXPECT_EQ(problem_of("user.mode = 1"),
            "4:19: expected the end of the formula or an operator, found `=` | equality is written ==");
  EXPECT_EQ(problem_of("!pin.start"), "4:9: expected a signal, a number or `(`, found `!` | write not");
  EXPECT_EQ(problem_of("pin.start\n and \x01"), "5:6: expected a signal, a number or `(`, found the byte 0x01");
  EXPECT_EQ(problem_of("pin.start and end"),
            "4:23: expected a signal, a number or `(`, found `end` | `end` stands in the bounds of a window only");
  EXPECT_EQ(problem_of("max(needle.force) > 1 N"), "4:25: max takes two numbers, found one | max(a, b)");
  EXPECT_EQ(problem_of("\xC2\xB5 > 1"), "4:9: expected a signal, a number or `(`, found `\xC2\xB5`");
}

TEST(Formula, WindowsAreChecked) {
  EXPECT_EQ(problem_of("always[2 s, 1 s] pin.start"),
            "4:15: the window `[2 s, 1 s]` begins after its end | the earlier bound stands first");
  EXPECT_EQ(problem_of("always[end, end - 1 s] pin.start"),
            "4:15: the window `[end, end - 1 s]` begins after its end | the earlier bound stands first");
  EXPECT_EQ(
      problem_of("always[-1 s, 1 s] pin.start"),
      "4:16: a bound before the instant that is looked at | bounds are not negative; once and historically look back");
  EXPECT_EQ(problem_of("always[1 mm, 1 s] pin.start"),
            "4:16: expected a time such as 50 ms, found `1 mm`, which is a length");
  EXPECT_EQ(problem_of("always[1, 2 s] pin.start"),
            "4:16: expected a time such as 50 ms, found `1`, which is a pure number");
  EXPECT_EQ(
      problem_of("always[needle.force, 2 s] pin.start"),
      "4:16: expected a time such as 50 ms, or `end`, found `needle.force` | a window looks like [1 s, end - 50 ms]");
  EXPECT_EQ(problem_of("always[1 s; 2 s] pin.start"), "4:19: expected `,`, found `;`");
  EXPECT_EQ(problem_of("always[0, 1e12 s] pin.start"), "4:19: a bound beyond 1e+08 s");
  EXPECT_EQ(problem_of("always[0, end + end] pin.start"),
            "4:25: `end` stands once in a bound, with a plus | write end - 50 ms");
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Formula, HostileSizesAreErrors) {
  EXPECT_NE(problem_of(repeated("(", 60000)).find("nested deeper than"), std::string::npos);
  EXPECT_NE(problem_of(repeated("not ", 10000) + "pin.start").find("nested deeper than"), std::string::npos);
  EXPECT_NE(problem_of(repeated("-", 60000) + "1 N < needle.force").find("nested deeper than"), std::string::npos);
  EXPECT_NE(problem_of(repeated("pin.start implies ", 3000) + "pin.start").find("nested deeper than"),
            std::string::npos);
  EXPECT_NE(problem_of(repeated("pin.start and ", 3000) + "pin.start").find("operators in a row"), std::string::npos);
  EXPECT_NE(problem_of(repeated("needle.force * ", 3000) + "1 < 2 N").find("beyond all units"), std::string::npos);
  EXPECT_NE(problem_of(repeated(" ", 70000)).find("70000 bytes"), std::string::npos);
  EXPECT_NE(problem_of(repeated("a", 60000)).find("there is no signal"), std::string::npos);
  EXPECT_NE(problem_of("needle.force < " + repeated("9", 60000) + " N"), "no problem");
  EXPECT_NE(problem_of("needle.force < 1e999 N"), "no problem");
  EXPECT_EQ(problem_of(repeated("(", 100) + "pin.start" + repeated(")", 100)), "no problem");
  EXPECT_EQ(problem_of(repeated("pin.start and ", 300) + "pin.start"), "no problem");
}

TEST(Formula, Measures) {
  const MeasureFormula m = parse_measure("max[1 s, end](needle.force)", {});
  EXPECT_EQ(m.kind, MeasureFormula::Kind::max);
  EXPECT_EQ(m.from, (Formula::Bound{false, 1'000'000'000}));
  EXPECT_EQ(m.of.nodes[static_cast<std::size_t>(m.of.root)].op, Op::signal);
  EXPECT_EQ(parse_measure("min(max(needle.force, 1 N))", {}).kind, MeasureFormula::Kind::min);
  EXPECT_EQ(parse_measure("count(rise(pin.hall))", {}).kind, MeasureFormula::Kind::count);
  const auto problem = [](const std::string& text) {
    try {
      parse_measure(text, {"a.yaml", 1, 1});
    } catch (const InputError& error) {
      const InputProblem& p = error.problems().front();
      return std::to_string(p.at.column) + ": " + p.message +
             (p.hint.find("docs/requirements.md") != std::string::npos ? "" : " | " + p.hint);
    }
    return std::string("no problem");
  };
  EXPECT_EQ(problem("max(needle.force, 1 N)"),
            "1: the measure `max` takes one number, found a second | the larger or smaller of two numbers is an inner "
            "one: max(max(a, b))");
  EXPECT_EQ(problem("maen(needle.force)"),
            "1: expected one of max, min, mean, rms, last, count, duration, found `maen` | did you mean mean?");
  EXPECT_EQ(problem("mean(pin.start and pin.plus)"),
            "6: `mean` measures a number, found the condition `pin.start and pin.plus` | count(...) and duration(...) "
            "measure conditions");
  EXPECT_EQ(problem("duration(needle.force)").substr(0, 14), "10: expected a");
  EXPECT_EQ(problem("mean(needle.force) / 2"), "20: expected the end of the formula or an operator, found `/`");
}

}  // namespace
}  // namespace pensim
