#include "models/cartridge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

using namespace pensim;

TEST(Cartridge, LateralAreaIsTheIntegralOfTheWidth) {
  CartridgeParams params;
  for (const double length_m : {0.1e-3, 0.5e-3, 1.2e-3, 1.3e-3, 2.5e-3}) {
    // Surface of revolution: integral of pi w(p) over the slant, dp / cos(theta) in the cone, dp on the shaft.
    const int n = 20000;
    double area = 0;
    for (int i = 0; i < n; ++i) {
      const double w = needle_width_m(params, (i + 0.5) * length_m / n);
      const double slant = w < params.shaft_diameter_m ? 1 / std::cos(params.half_cone_angle_rad) : 1;
      area += M_PI * w * slant * length_m / n;
    }
    EXPECT_NEAR(needle_lateral_area_m2(params, length_m) / area, 1, 1e-4) << length_m;
  }
  EXPECT_EQ(needle_lateral_area_m2(params, 0), 0);
  EXPECT_DOUBLE_EQ(needle_width_m(params, 0), params.tip_diameter_m);
  EXPECT_DOUBLE_EQ(needle_width_m(params, 3e-3), params.shaft_diameter_m);
}

TEST(Cartridge, NeedlesStandAtThePitchAroundTheCentre) {
  for (std::int64_t n = 1; n <= needle_count_max; ++n) {
    CartridgeParams params;
    params.needle_count = n;
    NeedlePlace places[needle_count_max];
    cartridge_places(params, places);
    double along = 0, across = 0, closest = 1;
    for (int i = 0; i < n; ++i) {
      along += places[i].along_m;
      across += places[i].across_m;
      for (int j = 0; j < i; ++j)
        closest = std::fmin(closest,
                            std::hypot(places[i].along_m - places[j].along_m, places[i].across_m - places[j].across_m));
    }
    EXPECT_NEAR(along, 0, 1e-12) << n;
    EXPECT_NEAR(across, 0, 1e-12) << n;
    if (n > 1) {
      EXPECT_NEAR(closest, params.pitch_m, 1e-9) << n;
    }
  }
}

TEST(Cartridge, WearBluntsTheTipUpToItsLimit) {
  CartridgeParams params;
  EXPECT_DOUBLE_EQ(cartridge_tip_diameter_m(params), 15e-6);
  params.used_count = 1;
  EXPECT_DOUBLE_EQ(cartridge_tip_diameter_m(params), 40e-6);
  params.used_count = 9;
  EXPECT_DOUBLE_EQ(cartridge_tip_diameter_m(params), 40e-6);
  params.tip_diameter_m = 60e-6;  // made blunter than wear leads to
  EXPECT_DOUBLE_EQ(cartridge_tip_diameter_m(params), 60e-6);
}

TEST(Cartridge, TheParameterTableNamesEveryMemberOnce) {
  CartridgeParams params;
  std::set<std::string> names;
  std::size_t bytes = 0;
  each_cartridge_param(params, [&](const char* name, auto& value) {
    names.insert(name);
    bytes += sizeof value;
  });
  EXPECT_EQ(bytes, sizeof params);
  EXPECT_EQ(names.size() * 8, sizeof params);
}
