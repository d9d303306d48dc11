#include "sim/run/geometry.h"

#include <algorithm>
#include <cmath>

#include "models/cartridge.h"

namespace pensim {

PenGeometry recorded_geometry(const ResolvedScenario& scenario) {
  const CartridgeParams& cartridge = scenario.plant.cartridge;
  const SkinParams& skin = scenario.plant.skin;
  PenGeometry g;
  g.eccentricity_m = scenario.plant.drivetrain.eccentricity_m;
  g.needle_length_m = cartridge.needle_length_m;
  g.tip_diameter_m = cartridge_tip_diameter_m(cartridge);
  g.shaft_diameter_m = cartridge.shaft_diameter_m;
  g.half_cone_angle_rad = cartridge.half_cone_angle_rad;
  g.footprint_radius_m = cartridge.footprint_radius_m;
  g.stratum_corneum_m = skin.stratum_corneum_m;
  g.epidermis_m = skin.epidermis_m;
  g.dermis_m = skin.dermis_m;
  g.bone_m = skin.bone_backed_1 > 0 ? skin.soft_tissue_depth_m : 0;
  g.hole_closing_s = skin.hole_closing_time_s;
  NeedlePlace places[needle_count_max];
  cartridge_places(cartridge, places);
  double reach_m = 0;
  for (std::int64_t i = 0; i < std::clamp<std::int64_t>(cartridge.needle_count, 1, needle_count_max); ++i) {
    g.along_m.push_back(places[i].along_m);
    g.across_m.push_back(places[i].across_m);
    reach_m = std::max(reach_m, std::hypot(places[i].along_m, places[i].across_m));
  }
  if (scenario.rig == Rig::insertion) {
    g.nose_inner_m = scenario.insertion.nose_inner_diameter_m.value_or(0) / 2;
    g.nose_outer_m = scenario.insertion.nose_outer_diameter_m.value_or(0) / 2;
    g.base_plate = scenario.insertion.base_plate;
  } else {
    g.nose_inner_m = std::max({2.75e-3, g.footprint_radius_m * 1.1, reach_m + 0.5 * cartridge.pitch_m});
    g.nose_outer_m = g.nose_inner_m + 1.75e-3;
  }
  return g;
}

}  // namespace pensim
