#include "sim/session/undo.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/input/input_error.h"

namespace pensim {
namespace {

Command command(Tick at, const std::string& name, double value) {
  Command c;
  c.at = at;
  c.name = name;
  c.value = value;
  return c;
}

Inputs with_override(const std::string& text) {
  Inputs inputs;
  inputs.overrides = {text};
  return inputs;
}

struct Undo : testing::Test {
  UndoStack stack;
  Inputs present = with_override("a");
  UndoStack::Apply apply = [this](const Inputs& wanted) { present = wanted; };
  void change(const std::string& text) {
    stack.changed(present);
    present = with_override(text);
  }
  std::string now() const { return present.overrides[0]; }
};

TEST_F(Undo, WalksThroughAllChangesAndBack) {
  EXPECT_FALSE(stack.can_undo());
  change("b");
  change("c");
  stack.undo(present, apply);
  EXPECT_EQ(now(), "b");
  stack.undo(present, apply);
  EXPECT_EQ(now(), "a");
  EXPECT_FALSE(stack.can_undo());
  stack.undo(present, apply);  // nothing to undo
  EXPECT_EQ(now(), "a");
  stack.redo(present, apply);
  stack.redo(present, apply);
  EXPECT_EQ(now(), "c");
  EXPECT_FALSE(stack.can_redo());
}

TEST_F(Undo, AChangeForgetsWhatWasUndone) {
  change("b");
  stack.undo(present, apply);
  EXPECT_TRUE(stack.can_redo());
  change("d");
  EXPECT_FALSE(stack.can_redo());
  stack.undo(present, apply);
  EXPECT_EQ(now(), "a");
}

TEST_F(Undo, WhatIsRefusedMovesNothing) {
  change("b");
  const auto refuse = [](const Inputs&) { throw InputError(InputProblem{{"x", 0, 0}, "refused", ""}); };
  EXPECT_THROW(stack.undo(present, refuse), InputError);
  EXPECT_TRUE(stack.can_undo());
  EXPECT_FALSE(stack.can_redo());
  stack.undo(present, apply);
  EXPECT_EQ(now(), "a");
}

TEST(Timeline, TheFirstDifferenceIsTheEarlierOfTwoTicks) {
  const std::vector<Command> a = {command(10, "user.depth", 1), command(20, "user.rate", 2)};
  EXPECT_EQ(first_difference(a, a), std::nullopt);
  auto b = a;
  b[1] = command(30, "user.rate", 2);
  EXPECT_EQ(first_difference(a, b), 20);
  EXPECT_EQ(first_difference(b, a), 20);
  b = {a[0]};
  EXPECT_EQ(first_difference(a, b), 20);
  b = {command(5, "user.depth", 0), a[0], a[1]};
  EXPECT_EQ(first_difference(a, b), 5);
  EXPECT_EQ(first_difference({}, a), 10);
}

TEST(Timeline, ValuesAreComparedToTheBit) {
  const std::vector<Command> nan = {command(0, "x", std::nan(""))}, zero = {command(0, "x", 0.0)},
                             minus = {command(0, "x", -0.0)};
  EXPECT_TRUE(same_timeline(nan, nan));
  EXPECT_FALSE(same_timeline(zero, minus));
}

TEST(Timeline, TidyKeepsWhatALineOfItsKindHolds) {
  Command c = command(10, "user.depth", 1e-3);
  c.over = 5, c.duration = 6, c.text = "typed";
  Command set = c, fault = c, uart = c;
  tidy(set);
  EXPECT_EQ(set.over, 5);
  EXPECT_EQ(set.duration, 0);
  EXPECT_EQ(set.text, "");
  fault.kind = Command::Kind::fault;
  tidy(fault);
  EXPECT_EQ(fault.over, 0);
  EXPECT_EQ(fault.duration, 6);
  uart.kind = Command::Kind::uart;
  tidy(uart);
  EXPECT_EQ(uart.text, "typed");
  EXPECT_EQ(uart.name, "");
  EXPECT_EQ(uart.value, 0);
}

}  // namespace
}  // namespace pensim
