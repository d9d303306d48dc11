#include "firmware_shim/counted_cost.h"

#include <gtest/gtest.h>

#include <memory>

#include "core_driver.h"
#include "firmware_shim/pen_port.h"

namespace pensim {
namespace {

CountedCost some() {
  CountedCost cost{"slow", 100'000'000, {{true, 0, "control", {}}}};
  for (const std::uint32_t cycles : {1000u, 1000u, 1000u, 2000u, 1000u}) add_call(cost.handlers[0], cycles);
  return cost;
}

TEST(CountedCost, ComesBackFromItsText) {
  const CountedCost cost = some();
  EXPECT_EQ(cost.handlers[0].calls.size(), 3u);
  CountedCost read;
  const CountedCostError error = read_counted_cost(counted_cost_text(cost), read);
  EXPECT_EQ(error.text, "");
  EXPECT_EQ(read, cost);
}

TEST(CountedCost, SaysWhatIsWrongAndWhere) {
  const struct {
    const char *text, *says;
    int line, column;
  } wrong[] = {
      {"", "`core NAME`", 1, 1},
      {"core a\n", "`clock HZ`", 1, 1},
      {"core a\nclock 1000000\n", "`handler`", 2, 1},
      {"core a b\n", "'b' behind", 1, 8},
      {"core\n", "`core NAME`", 1, 5},
      {"core a\nclock 12\n", "100000 to 1000000000", 2, 7},
      {"core a\nclock 99999999999\n", "100000 to 1000000000", 2, 7},
      {"core a\nclock 1000000\nhandler thing 0\n", "'thing'", 3, 9},
      {"core a\nclock 1000000\nhandler task 60\n", "0 to 59", 3, 14},
      {"core a\nclock 1000000\nhandler task 0\nhandler task 0 b\n", "already", 4, 9},
      {"core a\nclock 1000000\nhandler task 0\n12 y3\n", "xTIMES", 4, 4},
      {"core a\nclock 1000000\nhandler task 0\n12 x0\n", "xTIMES", 4, 4},
      {"core a\nclock 1000000\nhandler task 0\n  -3\n", "cycles", 4, 3},
      {"core a\nclock 1000000\nhandler task 0\n1 x2 3\n", "behind", 4, 6},
      {"core a\nclock 1000000\nhandler task 0\n", "no line of cycles", 3, 1},
      {"12\n", "'12'", 1, 1},
  };
  for (const auto& w : wrong) {
    CountedCost read;
    const CountedCostError error = read_counted_cost(w.text, read);
    EXPECT_NE(error.text.find(w.says), std::string::npos) << w.text << ": " << error.text;
    EXPECT_EQ(error.line, w.line) << w.text;
    EXPECT_EQ(error.column, w.column) << w.text;
  }
}

TEST(CountedCost, EachCallTakesItsOwnThenTheLongest) {
  PenPort port{};
  port.task_count = 1;
  CountedCalls calls(some(), port);
  for (const std::uint32_t us : {10u, 10u, 10u, 20u, 10u, 20u, 20u}) EXPECT_EQ(calls.next_ns(0), us * 1000);
  EXPECT_EQ(calls.take_used_up(), "task 0 control");
  EXPECT_EQ(calls.take_used_up(), "");
  EXPECT_EQ(calls.next_ns(7), 0u);
}

NativeOptions with(const CountedCost& cost) {
  NativeOptions options;
  options.cost = std::make_shared<CountedCost>(cost);
  return options;
}

// control() copies aux[0] of the input: the tick that it saw.
TEST(CountedCost, HoldsOutputsBackUntilTheTimeIsOver) {
  CountedCost cost = some();
  cost.handlers[0].calls = {{12'000, 1}};  // 120 us of ticks of 50: a call every three ticks
  CoreDriver d("test:slow", with(cost));
  std::string seen;
  for (int k = 0; k < 12; ++k) {
    d.in.aux[0] = k;
    d.tick();
    seen += std::to_string(d.out.aux[1]) + " ";
    EXPECT_EQ(d.report.cpu_load, 1.0) << k;
  }
  EXPECT_EQ(seen, "0 0 0 0 2 2 2 4 4 7 7 9 ");
  EXPECT_NEAR(d.report.act_delay_s, 130e-6, 25e-6);
  EXPECT_GT(d.report.interrupts_lost, 0u);
  const std::vector<std::string> findings = d.core->take_findings();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0], "task 0 control takes 120 us, more than there is until it is due again: an overrun");
}

TEST(CountedCost, OfAnotherCoreIsRefused) {
  CountedCost cost = some();
  cost.core = "probe";
  try {
    open_native(CoreDriver::file("test:slow"), with(cost));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("the costs are those of probe, the core is slow"), std::string::npos);
  }
  cost = some();
  cost.handlers[0].index = 3;
  EXPECT_THROW(open_native(CoreDriver::file("test:slow"), with(cost)), std::runtime_error);
}

}  // namespace
}  // namespace pensim
