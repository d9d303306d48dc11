// geometry.h - what pen, cartridge and skin of a run look like: enough to draw them, computed once before the run.
#pragma once

#include <vector>

namespace pensim {

struct PenGeometry {
  double eccentricity_m = 0;   // of the cam; half the stroke
  double needle_length_m = 0;  // from the plate to the tip
  double tip_diameter_m = 0;   // with its wear
  double shaft_diameter_m = 0;
  double half_cone_angle_rad = 0;
  double footprint_radius_m = 0;                                // of the patch of skin under the array
  double nose_inner_m = 0, nose_outer_m = 0;                    // radii; 0: no nose
  double stratum_corneum_m = 0, epidermis_m = 0, dermis_m = 0;  // thicknesses
  double bone_m = 0;                                            // depth of the bone; 0: none
  double hole_closing_s = 0;                                    // time constant
  bool base_plate = false;                                      // a plate around the needles holds the skin flat
  std::vector<double> along_m, across_m;  // where needle i stands on the plate; empty: nothing is known

  bool known() const { return !along_m.empty(); }
  bool operator==(const PenGeometry&) const = default;
};

// Every number with the name that it has in a file.
template <class Geometry, class F>
void each_geometry_number(Geometry& g, F&& f) {
  f("eccentricity_m", g.eccentricity_m);
  f("needle_length_m", g.needle_length_m);
  f("tip_diameter_m", g.tip_diameter_m);
  f("shaft_diameter_m", g.shaft_diameter_m);
  f("half_cone_angle_rad", g.half_cone_angle_rad);
  f("footprint_radius_m", g.footprint_radius_m);
  f("nose_inner_m", g.nose_inner_m);
  f("nose_outer_m", g.nose_outer_m);
  f("stratum_corneum_m", g.stratum_corneum_m);
  f("epidermis_m", g.epidermis_m);
  f("dermis_m", g.dermis_m);
  f("bone_m", g.bone_m);
  f("hole_closing_s", g.hole_closing_s);
}

}  // namespace pensim
