// insertion_rig.h - a materials-testing machine that drives a needle or a cartridge into skin: constant speed or
// constant force, hold, retract, with a vibration along the axis if wanted. No pen, no hand, no firmware.
//
// Axis: zero at the undeformed skin, positive into the skin. Travel counts from first touch of the undeformed surface;
// the rig starts `approach_m` above it.
//
//   insertion   at speed_m_per_s until travel_m, or until the skin carries press_N
//   hold        for hold_s at that position; force-controlled: at that force, so the needles creep on. The machine then
//               moves by
//               (press - force) / stiffness per step, never faster than speed_m_per_s, never beyond travel_m
//   retraction  at the same speed to clear_m above the surface
//
// Nose and base plate stand on the skin from the start, at its undeformed surface, and hold it: the needles are driven
// out through them. After needle_length_m of travel the machine meets them and takes them along; from there they carry
// their share.
//
// Law of the nose, a rigid ring of radii b_i, b_o on an incompressible half space of shear modulus G, around a patch of
// radius a:
//   1/c_rr = 8 G b_o s(b_i/b_o)            force of the nose per sink; s by Smythe's formula for the capacity of an
//                                          annulus
//                                          [R: Smythe 1951; 0.8], [D] by the analogy of both potential problems
//   bulge  = c_rr D(b_i/b_o, a/b_i)        how far the surface in the opening stays behind the ring, per force of the
//                                          nose
//   k      = 8 G a f(a/b_i),  f = 1 - 0.4 ln(1 - a/b_i)      the rim is held: 1 for a wide opening, 2 at b_i = 1.09 a
//   s, D, f: fits to Boussinesq's integral equation of disc and ring [D]: f and s within 5 %, D within 10 % for b_i/b_o
//     <= 0.8 and
//   a/b_i <= 0.9 (tests/models/insertion_rig_test.cpp solves it). An opening below 1.05 a counts as 1.05 a.
// A pen's nose of 5.5 mm and 9 mm gives twelve needles f = 1.96 and, with G = 50 kPa, 0.094 mm/N: the estimates 2 and
// 0.1 mm/N of SkinParams.
// Law of the base plate: it touches the skin half a pitch from every needle, closer than the tent of the needle
// reaches, and carries what the neighbours push. So nothing but the tent yields, as in skin that is supported: k = 1000
// x 8 G a [E]. (The tent was fitted to single needles in skin that nothing held; holding its outskirts would stiffen
// it, which is left out.) Pressed on, the skin bulges into each opening of half a pitch, by D(pitch/2 over the radius
// of the plate, 1/1.05) per sink: deeper needles.
// It bears as a rigid disc of radius a + pitch/2 [E], or as far as a nose around it reaches.
// Both stiffen as they sink, F = (z/c_rr) (1 + z/z_ref), z_ref = u_ref b/a: punches of one shape are alike, a wider one
// is never softer, and deep in, F ~ z^2 whatever the radius, as deep indentation has it [F:bacca] [D]; u_ref is the
// patch's [E].
//
// Not modelled: compliance, inertia and ramps of the machine, weight of the cartridge, creep below the nose, a nose or
// plate that loses touch because the needles pull the surface away from it (its fixture holds it on), layers below the
// nose.
#pragma once

#include <cstdint>

#include "models/cartridge.h"
#include "models/skin.h"

namespace pensim {

struct InsertionParams {
  double speed_m_per_s = 1e-3;  // 1e-6..10
  double travel_m = 1.5e-3;     // force-controlled: the most that the machine moves
  double press_N = 0;           // > 0: force-controlled; needles, base plate and nose together carry it
  double hold_s = 0;
  std::int64_t retract = 1;
  std::int64_t base_plate = 0;       // the cartridge's plate holds the skin flat around the needles
  double nose_inner_diameter_m = 0;  // 0: no nose
  double nose_outer_diameter_m = 0;
  double vibration_Hz = 0;
  double vibration_amplitude_m = 0;  // half of peak to peak
  std::int64_t vibrates_in_insertion = 1;
  std::int64_t vibrates_in_hold = 1;
  double approach_m = 50e-6;
  double clear_m = 1e-3;  // the run ends so far above the surface
};

struct NoseLaw {
  double ring_factor_1 = 1;      // k over 8 G a
  double stiffness_N_per_m = 0;  // 1/c_rr
  double damping_N_s_per_m = 0;  // of a disc as wide (Lysmer's analogue, as the patch of skin.h)
  double bulge_m_per_N = 0;      // for the linear part of the force
  double stiffening_per_m = 0;   // 1/z_ref; insertion_nose sets it
};

// `shear_modulus_Pa` with stretch and backing. Inner below outer diameter; both positive.
NoseLaw nose_law(double inner_diameter_m, double outer_diameter_m, double footprint_radius_m, double shear_modulus_Pa,
                 double density_kg_per_m3);

// What stands around the needles: nose, base plate, both (as one), or neither (all 0, ring factor 1).
NoseLaw insertion_nose(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin);

enum class InsertionPhase : std::int64_t { insertion, hold, retraction, done };

struct InsertionState {
  SkinState skin;
  SkinOutput out;
  NoseLaw nose;         // constant
  double travel_m = 0;  // of the machine, without vibration
  double tip_m = 0;     // with it
  double time_s = 0;
  double energy_J = 0;  // work of the machine on the skin: integral of force over tip travel
  double needle_force_N = 0;
  double nose_force_N = 0;      // of nose and base plate
  double force_N = 0;           // on the machine: needles, base plate and nose
  double puncture_force_N = 0;  // of the needles, just before the first puncture; 0 until then
  double puncture_tip_m = 0;    // where the tips were then
  double hold_left_s = 0;
  double cut_m[needle_count_max] = {};      // deepest penetration of each needle
  double channel_m[needle_count_max] = {};  // what recoil leaves of it; pores stay for hours (12-18 h [F:kalluri]), a
                                            // run has none of that
  double vibration_1 = 0;                   // of a period, 0..1
  InsertionPhase phase = InsertionPhase::insertion;
  HoleMemory holes;  // last, as in PlantState
};

// The skin as nose and base plate hold it. The functions below take this one.
SkinParams insertion_skin(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin);

void insertion_reset(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin,
                     std::uint64_t seed, InsertionState& state);

// Mean over the needles that have cut a channel of the depth that is left of it once the needle has gone; 0 if there is
// none.
double insertion_channel_depth_m(const InsertionState& state);

// One step of dt_s: up to 50 us, and to a fortieth of a period of the vibration. Nothing moves once the phase is
// `done`.
void insertion_step(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin,
                    InsertionState& state, double dt_s);

}  // namespace pensim
