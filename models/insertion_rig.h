// insertion_rig.h - a materials-testing machine that drives a needle or a cartridge into skin: constant speed or constant force, hold,
// retract, with a vibration along the axis if wanted. No pen, no hand, no firmware.
//
// Axis: zero at the undeformed skin, positive into the skin. Travel counts from first touch of the undeformed surface; the rig starts
// `approach_m` above it.
//
// Phases: approach and insertion at speed_m_per_s until travel_m (or until the skin carries press_N), hold for hold_s (at constant
// position, or under force control at constant force), retraction at the same speed to 1 mm above the surface.
//
// Not modelled: compliance of the machine and of its load cell, weight of the cartridge.
#pragma once

#include <cstdint>

#include "models/cartridge.h"
#include "models/skin.h"

namespace pensim {

struct InsertionParams {
  double speed_m_per_s = 1e-3;
  double travel_m = 1.5e-3;
  double press_N = 0;                  // > 0: force-controlled instead of travel; needles and nose together carry it
  double hold_s = 0;
  std::int64_t retract = 1;
  std::int64_t base_plate = 0;         // the cartridge's plate holds the skin flat around the needles
  double nose_inner_diameter_m = 0;    // 0: no nose. A ring around the needles that moves with them
  double nose_outer_diameter_m = 0;
  double vibration_Hz = 0;
  double vibration_amplitude_m = 0;    // half of peak to peak
  double approach_m = 50e-6;
};

struct InsertionState {
  SkinState skin;
  SkinOutput out;
  double travel_m = 0;                 // of the machine, without vibration
  double tip_m = 0;                    // with it
  double time_s = 0;
  double energy_J = 0;                 // work of the machine on the skin: integral of force over tip travel
  double nose_force_N = 0;
  double force_N = 0;                  // on the machine: needles, base plate and nose
  double hold_left_s = 0;
  std::int64_t phase = 0;              // 0 insertion, 1 hold, 2 retraction, 3 done
  HoleMemory holes;                    // last, as in PlantState
};

void insertion_reset(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin, std::uint64_t seed,
                     InsertionState& state);

// One step of dt_s (1 .. 50 us).
void insertion_step(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin, InsertionState& state,
                    double dt_s);

}  // namespace pensim
