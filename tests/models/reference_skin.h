// reference_skin.h - one stroke of the skin law of models/skin.h, solved by CVODE, written from the equations and not
// from skin.cpp.
//
// State: the patch (q, q'), the work done on it, and per needle penetration p, hole h, branches s_k, and F_e, which is
// free while the tip is away:
//   away       F = 0:  F_e' = sum s_k/tau_k, the shares and g_inf being 1 together
//   touching   p = 0:  F_e = B E(u), u = x - q
//   inside     p' = max(0, F - F_y)/eta + min(0, F + F_f)/eta
// Contact, puncture, flow and stick, the bottom of the hole, exit and loss of contact are roots, at which the solver
// starts again; at the exit F_e jumps so that F = 0. The nose exerts no force, the pen is upright and does not glide.
#pragma once

#include <cstdint>

#include "models/cartridge.h"
#include "models/skin.h"

namespace pensim {

// Tips driven by a cam: x = e (1 - cos(2 pi f t)) - (2 e - d), from 0.5 mm above the skin until 0.5 mm above it again.
struct SkinStroke {
  double depth_m = 1e-3;
  double rate_Hz = 120;
  double eccentricity_m = 1.75e-3;
};

struct SkinStrokeResult {
  double peak_force_N = 0;        // sum over needles
  double peak_penetration_m = 0;  // deepest needle
  double work_J = 0;              // on the skin
  double dwell_s = 0;             // with a needle in the skin
  double last_penetration_m = 0;  // deepest needle at the end: 0 if all are out
  std::int64_t events = 0;
  std::int64_t steps = 0;
};

// `step_limit_s`: peaks of the force between two steps of the solver are missed; 0: no limit.
SkinStrokeResult reference_stroke(const CartridgeParams& cartridge, const SkinParams& params, std::uint64_t seed,
                                  const SkinStroke& stroke, double relative_tolerance, double step_limit_s);

// The same stroke through skin_step. `phase_1`: share of a step by which the first step begins later. The dwell is that
// of SkinState.
SkinStrokeResult stepped_stroke(const CartridgeParams& cartridge, const SkinParams& params, std::uint64_t seed,
                                const SkinStroke& stroke, double dt_s, double phase_1);

}  // namespace pensim
