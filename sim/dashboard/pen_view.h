// pen_view.h - what a recording says of the pen, its cartridge and the skin: the numbers that the picture is drawn
// from.
#pragma once

#include <string>
#include <vector>

#include "sim/recording/recording.h"

namespace pensim::dashboard {

struct PenView {
  bool known = false;             // the recording tells its parameters; false: a field log, a damaged text
  bool rig = false;               // a testing machine: no cam, no motor, no hand
  std::string region, condition;  // of the skin, as the scenario names them; "" if it does not

  double eccentricity_m = 1.75e-3;  // of the cam; half the stroke
  double needle_length_m = 3e-3, tip_diameter_m = 15e-6, shaft_diameter_m = 0.25e-3, half_cone_angle_rad = 0.096;
  double footprint_radius_m = 2.5e-3;                    // of the patch of skin under the array
  double nose_inner_m = 2.75e-3, nose_outer_m = 4.5e-3;  // radii; 0: no nose. Those of a pen are drawn, not parameters
                                                         // [E]
  bool base_plate = false;
  std::vector<double> along_m, across_m;  // where needle i stands on the plate

  double stratum_corneum_m = 15e-6, epidermis_m = 60e-6, dermis_m = 1e-3;
  double bone_m = 0;  // depth of the bone; 0: none
  double hole_closing_s = 3;
};

// From meta().resolved_scenario and, for the names, meta().scenario_text.
PenView pen_view(const RecordingMeta& meta);

// The `count` places of a hexagonal lattice closest to its centre, moved so that their mean is 0 (as models/cartridge.h
// places needles).
void hexagonal_places(int count, double pitch_m, std::vector<double>& along_m, std::vector<double>& across_m);

}  // namespace pensim::dashboard
