#include "sim/engine/settings.h"

#include <gtest/gtest.h>

namespace pensim {
namespace {

Command set(const char* name, double value, Tick over = 0) { return {0, Command::Kind::set, name, value, over, 0, ""}; }
Command fault(const char* name, double value, Tick duration) {
  return {0, Command::Kind::fault, name, value, 0, duration, ""};
}

TEST(Settings, NamesAreFoundAtTheirPositions) {
  for (const Settable& s : settables) EXPECT_EQ(find_settable(s.name), &s);
  for (const FaultKind& f : fault_kinds) EXPECT_EQ(find_fault(f.name), &f);
  EXPECT_EQ(find_settable("user.dept"), nullptr);
  EXPECT_EQ(find_fault("hall"), nullptr);
}

TEST(Settings, ARampIsLinearAndEndsAtItsTarget) {
  Settings s;
  settings_apply(s, set("operator.press", 1.0), 0);
  EXPECT_EQ(s.of(Setting::press), 1.0);
  settings_apply(s, set("operator.press", 3.0, 100), 10);
  settings_step(s, 10);
  EXPECT_EQ(s.of(Setting::press), 1.0);
  settings_step(s, 60);
  EXPECT_DOUBLE_EQ(s.of(Setting::press), 2.0);
  EXPECT_EQ(s.ramps, 1);
  settings_step(s, 110);
  EXPECT_EQ(s.of(Setting::press), 3.0);
  EXPECT_EQ(s.ramps, 0);
}

TEST(Settings, ANewValueEndsARamp) {
  Settings s;
  settings_apply(s, set("operator.press", 3.0, 100), 0);
  settings_step(s, 50);
  settings_apply(s, set("operator.press", 0.5), 50);
  settings_step(s, 80);
  EXPECT_EQ(s.of(Setting::press), 0.5);
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
