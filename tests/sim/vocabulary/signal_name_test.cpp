#include "sim/vocabulary/signal_name.h"

#include <gtest/gtest.h>

namespace pensim {
namespace {

using Form = SignalName::Form;

TEST(SignalName, IsTakenApartAsItWasPutTogether) {
  for (int i = 0; i < aux_inputs; ++i) {
    EXPECT_TRUE(parse_signal_name(aux_signal(i)).is(Form::aux));
    EXPECT_EQ(parse_signal_name(aux_signal(i)).index, i);
  }
  for (int i = 0; i < needles_max; ++i) {
    EXPECT_TRUE(parse_signal_name(needle_force_signal(i)).is(Form::needle_force));
    EXPECT_TRUE(parse_signal_name(needle_penetration_signal(i)).is(Form::needle_penetration));
    EXPECT_EQ(parse_signal_name(needle_force_signal(i)).index, i);
    EXPECT_EQ(parse_signal_name(needle_penetration_signal(i)).index, i);
  }
  EXPECT_TRUE(parse_signal_name(variable_signal("a.b[3]")).is(Form::variable));
  EXPECT_EQ(parse_signal_name("fw.a.b[3]").part, "a.b[3]");
  EXPECT_TRUE(parse_signal_name(fault_signal("hall.dropout")).is(Form::fault));
  EXPECT_EQ(parse_signal_name("fault.hall.dropout").part, "hall.dropout");
}

TEST(SignalName, OfAnotherFormIsPlain) {
  for (const char* name : {"", "aux.", "aux.8", "aux.03", "aux.-1", "aux.1 ", "aux.1.force", "fw.", "fault.",
                           "needle.force", "needle.42.force", "needle.00.force", "needle.1", "needle.1.forces",
                           "needle.x.force", "needle.99999999999.force", "user.depth"})
    EXPECT_TRUE(parse_signal_name(name).is(Form::plain)) << name;
}

TEST(SignalName, AVariableIsWatchedWithOrWithoutItsPrefix) {
  EXPECT_EQ(watched_variable("fw.pen.state"), "pen.state");
  EXPECT_EQ(watched_variable("pen.state"), "pen.state");
}

}  // namespace
}  // namespace pensim
