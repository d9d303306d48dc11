#include "sim/engine/supply.h"

#include <gtest/gtest.h>

namespace pensim {
namespace {

Supply running() { return {CorePower::running, 0}; }

TEST(Supply, ADipBelowTheBrownOutLevelHoldsTheCoreUntilTheRelease) {
  Supply s = running();
  EXPECT_EQ(supply_step(s, brown_out_V), SupplyEvent::none);
  EXPECT_EQ(supply_step(s, brown_out_V - 0.01), SupplyEvent::failed);
  EXPECT_EQ(s.power, CorePower::held);
  EXPECT_EQ(supply_step(s, brown_out_release_V - 0.01), SupplyEvent::none);
  EXPECT_EQ(supply_step(s, brown_out_release_V), SupplyEvent::back_from_brown_out);
}

TEST(Supply, WhoeverWasBelowTwoVoltIsPoweredOnAnew) {
  Supply s = running();
  EXPECT_EQ(supply_step(s, power_lost_V), SupplyEvent::failed);
  EXPECT_EQ(s.power, CorePower::off);
  EXPECT_EQ(supply_step(s, 2.55), SupplyEvent::none);
  EXPECT_EQ(supply_step(s, 3.7), SupplyEvent::back_from_power_loss);

  Supply slow = running();
  EXPECT_EQ(supply_step(slow, 2.4), SupplyEvent::failed);
  EXPECT_EQ(supply_step(slow, 1.9), SupplyEvent::none);
  EXPECT_EQ(supply_step(slow, 3.7), SupplyEvent::back_from_power_loss);
}

TEST(Supply, ABootLastsFiveMilliseconds) {
  Supply s = running();
  supply_boot(s, 50'000);
  EXPECT_EQ(s.power, CorePower::booting);
  for (int k = 1; k < 100; ++k) ASSERT_FALSE(supply_boot_step(s)) << k;
  EXPECT_TRUE(supply_boot_step(s));
  EXPECT_EQ(s.power, CorePower::running);
}

}  // namespace
}  // namespace pensim
