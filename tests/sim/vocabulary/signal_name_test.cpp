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

TEST(SignalName, AVariableIsAsLongAsItsName) {
  for (const char* name :
       {"a", "speed_loop.integral", "table[3].gain", "grid[1][2]", "motor.c:state", "pen::Driver::instances",
        "drive::Ring<float, 4>::pushes", "Map<Ring<int, 2>, char const*>::count[2].x", "level<3>", "motor->gain",
        "table[2]->next->gain", "*level", "**where", "samples._M_elems[2]", "f<(pen::Mode)1>::v"})
    EXPECT_EQ(variable_name_length(name), std::string_view(name).size()) << name;
  for (const auto& [text, length] : {std::pair{"a < 3 and b > 2", 1},
                                     {"a<3 and b> 2", 1},
                                     {"a<3 and b>-2", 1},
                                     {"a<3, fw.b>(2)", 1},
                                     {"level<3>)", 8},
                                     {"level<3> == 2", 8},
                                     {"a.b - c", 3},
                                     {"a->b - c", 4},
                                     {"a - >b", 1},
                                     {"a[x]", 1},
                                     {"a[1", 1},
                                     {"3a", 0},
                                     {"", 0},
                                     {"*", 0},
                                     {"a<b", 1},
                                     {"a::<b>", 1},
                                     {"a..b", 1},
                                     {"a b", 1}})
    EXPECT_EQ(variable_name_length(text), static_cast<std::size_t>(length)) << text;
}

}  // namespace
}  // namespace pensim
