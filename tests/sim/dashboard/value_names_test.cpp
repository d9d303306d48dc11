#include "sim/dashboard/value_names.h"

#include <gtest/gtest.h>

#include "sim/dashboard/set_up.h"
#include "sim/scenario/key_list.h"

namespace pensim::dashboard {
namespace {

TEST(ValueNames, CommandsReadAsTheyWouldBeWritten) {
  EXPECT_EQ(command_words("set user.depth to 0.00050000000000000001 over 0 s"), "set user.depth to 0.5 mm");
  EXPECT_EQ(command_words("set operator.press to 3 over 0.29999999999999999 s"),
            "set operator.press to 3 N over 0.3 s");
  EXPECT_EQ(command_words("set user.start to 1 over 0 s"), "set user.start on");
  EXPECT_EQ(command_words("set operator.contact to 0 over 0 s"), "set operator.contact off");
  EXPECT_EQ(command_words("fault hall.dropout to 0 for 0.5 s"), "fault hall.dropout for 0.5 s");
  EXPECT_EQ(command_words("fault drivetrain.friction to 0.00105 for 0 s"), "fault drivetrain.friction to 1.05 mN m");
  EXPECT_EQ(command_words("poke speed_loop.integral to 0.29999999999999999"), "poke speed_loop.integral = 0.3");
  EXPECT_EQ(command_words("set aux.3 to 7 over 0 s"), "set aux.3 to 7");
  for (const char* other : {"", "uart ?\\n", "reset 4", "set x", "a remark about set user.depth to 1 over 0 s"})
    EXPECT_EQ(command_words(other), other);
}

TEST(ValueNames, StatesHaveNames) {
  App app;
  Recording recording;
  app.main.recording = &recording;
  EXPECT_EQ(value_words(app, "core.reset_cause", 4), "watchdog");
  EXPECT_EQ(value_words(app, "user.mode", 1), "eye area");
  EXPECT_EQ(value_words(app, "pin.hall", 1), "on");
  EXPECT_EQ(value_words(app, "pin.hall", 0), "off");
  EXPECT_EQ(value_words(app, "motor.speed", 0.5), "0.50000");
  EXPECT_TRUE(value_names(app, "motor.speed").empty());
}

TEST(SetUp, CompletesKeysThenTheirWords) {
  Scenario scenario;
  scenario.skin.region = "cheek";
  const auto keys = set_up_choices(scenario, "region");
  ASSERT_FALSE(keys.empty());
  EXPECT_EQ(keys[0].text, "skin.region=");
  EXPECT_EQ(keys[0].shown, "skin.region = cheek");
  const auto words = set_up_choices(scenario, "skin.region=foreh");
  ASSERT_EQ(words.size(), 1u);
  EXPECT_EQ(words[0].text, "skin.region=forehead");
  // A quantity offers what it is, and says its range.
  const auto press = set_up_choices(scenario, "operator.press=");
  ASSERT_EQ(press.size(), 1u);
  EXPECT_NE(press[0].hint.find("N to"), std::string::npos) << press[0].hint;
  EXPECT_GT(set_up_choices(scenario, "").size(), 30u);
  EXPECT_TRUE(set_up_choices(scenario, "no such key").empty());
}

}  // namespace
}  // namespace pensim::dashboard
