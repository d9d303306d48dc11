// cartridge.h - the needle array: how many needles, their shape, where they stand on the plate, how worn they are.
//
// A needle is a cone of half angle theta that starts at the tip disc and ends in a cylindrical shaft:
//   w(p) = min(d_t + 2 p tan(theta), D)         width at the distance p from the tip
//   A(p) = lateral area of the cone up to its end, then of the shaft
//
//   symbol  member              default   range       source
//   N       needle_count        12        1..42       [E] pens have 1, 6, 12, 14, 16, 24, 36, 42
//   d_t     tip_diameter_m      15 um     5..60 um    [E]
//   theta   half_cone_angle_rad 5.5 deg   4..9 deg    [E]
//   D       shaft_diameter_m    0.25 mm   0.18..0.35  [E], 0.35 mm [F:exceed]
//   pitch   pitch_m             0.9 mm    0.7..1.2    [E]
//   a       footprint_radius_m  2.5 mm    1.0..4.0    [E]
//   m_p     plate_mass_kg       0.35 g                [E]
//
// Wear: a used cartridge has blunter tips and hooks.
// The tip grows by tip_wear_m per use up to worn_tip_diameter_m (40 um [E]), and each needle of a used cartridge is
// held by hook_force_N on withdrawal (1..10 mN [E]; Praestmark 2016 reports that small hooks raise the force
// [F:praestmark]).
//
// Not modelled: bevels (a 5-bevel tip needs 23 % less force than a 3-bevel one [F:hirsch]), lumen, bending and breaking
// of needles, the membrane and its fluid.
#pragma once

#include <cstdint>

#include "models/parameters.h"

namespace pensim {

inline constexpr std::int64_t needle_count_max = 42;

struct CartridgeParams {
  std::int64_t needle_count = 12;
  double tip_diameter_m = 15e-6;                    // new
  double worn_tip_diameter_m = 40e-6;               // bluntest tip that wear leads to
  double tip_wear_m = 25e-6;                        // growth of the tip diameter per use
  double half_cone_angle_rad = 0.0959931088596881;  // 5.5 deg
  double shaft_diameter_m = 0.25e-3;
  double needle_length_m = 3.0e-3;     // from the plate to the tip [E]
  double pitch_m = 0.9e-3;             // between neighbouring needles
  double footprint_radius_m = 2.5e-3;  // of the patch of skin that the array loads
  double plate_mass_kg = 0.35e-3;
  double height_scatter_m = 10e-6;  // standard deviation of the tips' heights [E]
  double hook_force_N = 3e-3;       // per needle of a used cartridge [E]
  double id_resistance_ohm = 10e3;  // identification resistor [E]
  std::int64_t used_count = 0;      // uses before this one; the scenario's [E]
};

template <class Params, class F>
constexpr void each_cartridge_param(Params& params, F f) {
  f("needle_count", params.needle_count);
  f("tip_diameter_m", params.tip_diameter_m);
  f("worn_tip_diameter_m", params.worn_tip_diameter_m);
  f("tip_wear_m", params.tip_wear_m);
  f("half_cone_angle_rad", params.half_cone_angle_rad);
  f("shaft_diameter_m", params.shaft_diameter_m);
  f("needle_length_m", params.needle_length_m);
  f("pitch_m", params.pitch_m);
  f("footprint_radius_m", params.footprint_radius_m);
  f("plate_mass_kg", params.plate_mass_kg);
  f("height_scatter_m", params.height_scatter_m);
  f("hook_force_N", params.hook_force_N);
  f("id_resistance_ohm", params.id_resistance_ohm);
  f("used_count", params.used_count);
}
static_assert(bytes_listed<CartridgeParams>([](auto& params, auto f) { each_cartridge_param(params, f); }) ==
              sizeof(CartridgeParams));

// Tip diameter with wear: never sharper than new, never blunter by wear than worn_tip_diameter_m.
double cartridge_tip_diameter_m(const CartridgeParams& params);

// w(p), and the lateral area A(p) of the part of the needle within `penetration_m` of its tip.
double needle_width_m(const CartridgeParams& params, double penetration_m);
double needle_lateral_area_m2(const CartridgeParams& params, double penetration_m);

// Where needle i stands on the plate: the N places of a hexagonal lattice closest to its centre, moved so that their
// mean is 0.
struct NeedlePlace {
  double along_m;  // in the direction of tilt and glide
  double across_m;
};
void cartridge_places(const CartridgeParams& params, NeedlePlace places[needle_count_max]);

}  // namespace pensim
