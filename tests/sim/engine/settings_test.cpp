#include "sim/engine/settings.h"

#include <gtest/gtest.h>

namespace pensim {
namespace {

Command set(const char* name, double value, Tick over = 0) { return {0, Command::Kind::set, name, value, over, 0, ""}; }
Command fault(const char* name, double value, Tick duration) {
  return {0, Command::Kind::fault, name, value, 0, duration, ""};
}

TEST(Settings, EnumsStandInTheOrderOfTheTables) {
  EXPECT_EQ(settable_index("user.depth"), static_cast<int>(Set::user_depth));
  EXPECT_EQ(settable_index("operator.contact"), static_cast<int>(Set::contact));
  EXPECT_EQ(settable_index("ambient.temperature"), static_cast<int>(Set::ambient));
  EXPECT_EQ(fault_index("hall.dropout"), static_cast<int>(Fault::hall_dropout));
  EXPECT_EQ(fault_index("ntc_housing.short"), static_cast<int>(Fault::ntc_housing_short));
  EXPECT_EQ(fault_index("plate.obstruction"), static_cast<int>(Fault::obstruction));
  EXPECT_EQ(fault_index("supply.cut"), static_cast<int>(Fault::supply_cut));
  EXPECT_EQ(fault_index("bridge.stuck_on"), static_cast<int>(Fault::bridge_stuck_on));
  EXPECT_EQ(settable_index("user.dept"), -1);
}

TEST(Settings, ARampIsLinearAndEndsAtItsTarget) {
  Settings s;
  settings_apply(s, set("operator.press", 1.0), 0);
  EXPECT_EQ(s.of(Set::press), 1.0);
  settings_apply(s, set("operator.press", 3.0, 100), 10);
  settings_step(s, 10);
  EXPECT_EQ(s.of(Set::press), 1.0);
  settings_step(s, 60);
  EXPECT_DOUBLE_EQ(s.of(Set::press), 2.0);
  EXPECT_EQ(s.ramps, 1);
  settings_step(s, 110);
  EXPECT_EQ(s.of(Set::press), 3.0);
  EXPECT_EQ(s.ramps, 0);
}

TEST(Settings, ANewValueEndsARamp) {
  Settings s;
  settings_apply(s, set("operator.press", 3.0, 100), 0);
  settings_step(s, 50);
  settings_apply(s, set("operator.press", 0.5), 50);
  settings_step(s, 80);
  EXPECT_EQ(s.of(Set::press), 0.5);
  EXPECT_EQ(s.ramps, 0);
}

TEST(Settings, AFaultLastsAsLongAsItSays) {
  Settings s;
  settings_apply(s, fault("hall.dropout", 0, 40), 100);
  settings_apply(s, fault("screw.jam", 0, 0), 100);
  settings_step(s, 139);
  EXPECT_TRUE(s.of(Fault::hall_dropout).on);
  settings_step(s, 140);
  EXPECT_FALSE(s.of(Fault::hall_dropout).on);
  settings_step(s, 1'000'000);
  EXPECT_TRUE(s.of(Fault::screw_jam).on);
  EXPECT_EQ(s.faults, 1);
}

TEST(Settings, AuxiliaryInputs) {
  Settings s;
  settings_apply(s, set("aux.7", -3), 0);
  EXPECT_EQ(s.aux[7], -3);
}

}  // namespace
}  // namespace pensim
