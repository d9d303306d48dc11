// skin.h - what the needles feel: one lumped law per needle, and the patch of skin below the array.
//
// Axis: zero at the undeformed skin, positive into the skin. Force: positive when the skin resists entry.
// Needle i, tip at x_i:   x_i = u_g + u_i + p_i
//   u_g   displacement of the patch under the array      u_i   tent: further displacement of the surface at the needle
//   p_i   penetration                                    h_i   depth of the hole that the tip has cut at this place
//
// 1 Tent, quasi-linear viscoelastic:  F_e = B u (|u| + l),  F = g_inf F_e + sum s_k,  s_k' = -s_k/tau_k + g_k F_e'
//   Deep indentation, F_e = beta E u^2 whatever the tip, once u exceeds its radius a [F:bacca]; before, a flat punch in
//     incompressible
//   tissue, F_e = (8/3) E a u [R: Sneddon 1965; 0.95]. Their sum [D] has B = beta E and l = 8 a/(3 beta). In organs
//     under a capsule it
//   grows exponentially:  F_e = B (2 (e^(c u) - 1 - c u)/c^2 + l (e^(c u) - 1)/c), the same for small c u [D] VT-09.
//   tau_k evenly on a logarithmic scale, 5 ms to 10 s,
//   g_k ~ tau_k^-alpha: a power law t^-alpha cut off at both ends, so that a slow ramp leaves only slow branches to
//     relax (VT-16).
//   Exact for F_e linear within a step. A needle with p = 0 only pushes: where F would be negative the surface leaves
//     the tip
//   and recovers with F = 0. Its memory fades as exp(-way glided/tent_reach) from stroke to stroke.
// 2 Puncture at p = 0 when F >= F_p = F_p0(d_t) S_i f(v)/f(v_0), f = r_p + (1 - r_p)/(1 + v/v_p), v the tip's speed
// into the skin,
//   v_0 the speed at which F_p0 was measured.
//   F_p0: 4.59 mN/um d_t - 2.97 mN up to 40 um [R: Roemgens 2014; 0.9], 190 N/mm^2 A - 0.66 N, at least 0.08 N, from 80
//     um on
//   [F2:fang, after Davis 2004], a straight line between. S_i: region, state, and a lognormal scatter per needle [E].
// 3 Cutting (p = h): F_y = J(p) w(p) (1 + k_s) + tau_c A(p),  J(p) = J_e + (J_d - J_e) min(1, p/z_J)
// 4 Re-entry (p < h): F_y = 0.5 k_s J w + tau_c A. h decays with T_close. Holes are kept per needle and place for 512
// strokes.
// 5 Flow: eta p' = F - F_y above F_y, F + F_f below -F_f, else 0;  F_f = tau_c A + hook,  eta = eta_0 + b_v A. Implicit
//                                                                  in p.
// 6 Patch (Lysmer's analogue of a half space, footprint radius a):  m u'' + c u' + k (1 + (u/u_ref)^2) u = sum F - k
//                                                                   beta F_nose
//   for u = u_g - sink, with k = 8 G a x nose ring factor, c = 6.8 a^2 sqrt(rho G), m = 1.33 rho a^3
//   [R: Lysmer and Richart 1966, form; 0.8]. `sink` is how far the nose has pushed its surroundings in: the patch rides
//     on it
//   and bulges up relative to it. Linearly implicit.
// 7 Withdrawal: F < 0 lifts the skin (u < 0) until the shaft slips.
// 8 Glide: while a needle is in the skin the array drags it: F_lat = sum k_lat u_take, k_lat = 4 pi G p / max(0.7, ln(4
// p/D)) at
//   the mean penetration; beyond F_lat = J_d p per needle the skin slits [D/E]. tear = way in the skin beyond the shaft
//     diameter.
//
// The step may be 1 .. 50 us; the plant uses 50 us. Second order: the patch gets the needles' impulse, and the instants
// of puncture and exit within a step are interpolated. Against an independent solution by CVODE, strokes of 1 and 12
// needles at 120 Hz, 1 and 2 mm (tests/models/numerics_test.cpp), at 50 us: peak force within 0.13 %, peak penetration
// 0.05 %, dwell 0.11 %, work of a single stroke 2 %; at 25 us 0.04, 0.02, 0.03 and 1 %.
//
// 9 Stretch lambda in both directions of the plane: B and k times the normal stiffness of a half space that was
// stretched so, of a
//   one-term Ogden solid [D] from the surface of a pre-stretched solid [R: Dowaikh and Ogden 1990; 0.9]. With principal
//     moduli
//   A = (lambda W_1 - lambda_3 W_3) lambda^2/(lambda^2 - lambda_3^2), C the same with lambda_3^2 above, 2 D = lambda^2
//     W_11 +
//   lambda_3^2 W_33 - 2 (A - lambda W_1):   C (r (2 D/C + r) + 2 r - 1)/sqrt(2 D/C + 2 r), r = lambda^3, over its value
//                                           2 mu at 1.
//   1.17 at 1.1, 2.04 at 1.2 with the exponent of skin. Below 1 the skin is slack: the inverse at 1/lambda [E].
// 10 Recoil: the tip, at the bottom of its cut, has moved the tissue further than the tent at the surface, and
// stretched what is between.
//   Point load below the surface of an incompressible half space [R: Mindlin 1936; 0.9], disc in a full space with the
//     stiffness of the
//   law's own deep indentation: the tissue at the tip has moved u s, s = sqrt(1 + pi/(3 beta) h/u) [D]. So of the
//     penetration under load,
//   p = h + u (s - 1), the cut h is left when the needle has gone. Small strain, used far beyond it; set down after
//     VT-05 was known,
//   without a number from it.
//
// Not modelled: direct interaction of needles (none above a pitch of 150 um [F:olatunji]), a needle that meets a hole
// made by another needle, blood and serum, temperature, anisotropy (Langer's lines), layers as such (J(p) and F_p stand
// for them), the recoil while the needle sits still (p is kept), stick-slip of the nose, swelling and biological
// healing.
#pragma once

#include <cstdint>

#include "models/cartridge.h"
#include "models/parameters.h"

namespace pensim {

inline constexpr std::int64_t skin_patches_max = 8;
inline constexpr int relaxation_branches = 5;
inline constexpr std::int64_t hole_strokes = 512;  // 4 s at 120 Hz; older holes have closed

// A stretch of the track with other skin: factors on the values of SkinParams.
struct SkinPatch {
  double from_m = 0;
  double to_m = 0;
  double stiffness_factor_1 = 1;  // x G
  double puncture_factor_1 = 1;   // x F_p
  double dermis_factor_1 = 1;     // x thickness of the dermis, and x z_J
};

struct SkinParams {
  // "Joint fit": on VT-01, 02, 03, 04, 12, 16 by `pensim validate --fit`, with its 95 % interval. Flat directions,
  // where the prior of sim/validation/fit_skin.cpp stands: g_inf; B with J_d; r_p with v_p.
  // Tent. B = beta E_0, the tent's modulus before any relaxation.
  double deep_indentation_1 = 0.3;            // beta, 0.2..0.5 [E]
  double instantaneous_modulus_Pa = 0.513e6;  // B [D] joint fit, 95 % 0.24..1.09 MPa
  double tent_growth_1_per_m = 0;             // c: 0 for skin; liver 240 [D] from VT-09
  double equilibrium_share_1 = 0.051;         // g_inf [D] joint fit, 95 % 0.01..0.36, flat
  double relaxation_exponent_1 = 0.079;       // alpha [D] joint fit, 95 % -0.12..0.28
  double fastest_time_s = 5e-3;               // tau_1 [D] from [F:mahvash]: force, tent and energy reach their bounds
                                              // by 0.1 m/s
  double slowest_time_s = 10;                 // tau_5 [E]: the longest hold of the targets
  double tent_reach_m = 0.5e-3;               // along the glide; a needle that lands beyond it finds fresh skin [E]
  // Puncture. VT-02 below sharp_limit_m, VT-01 above blunt_limit_m.
  double puncture_slope_N_per_m = 4590;      // [R: Roemgens 2014; 0.9]
  double puncture_offset_N = -2.97e-3;       // [D] from the same
  double sharp_limit_m = 40e-6;              // largest tip of VT-02 [R: Roemgens 2014, 37 um; 0.9]
  double blunt_puncture_stress_Pa = 190e6;   // [F2:fang]
  double blunt_puncture_offset_N = -0.66;    // [F2:fang]
  double blunt_puncture_floor_N = 0.08;      // [F2:fang]
  double blunt_limit_m = 80e-6;              // between VT-02 and VT-01 [E]
  double puncture_factor_1 = 1.0;            // S of the region and state, 0.75..2 [E]
  double puncture_scatter_1 = 0.25;          // coefficient of variation between needles [E]
  double puncture_floor_1 = 0.425;           // r_p [D] joint fit, 95 % 0.2..0.66
  double puncture_speed_m_per_s = 0.556e-3;  // v_p [D] joint fit, 95 % 0.1..2.7 mm/s
  double reference_speed_m_per_s = 1.0e-3;   // v_0: Davis 1.1 mm/s [F:ilt]; of Roemgens not known, so taken [E]
  // Cutting, spreading, friction of the shaft.
  double epidermis_toughness_J_per_m2 = 10;  // J_e [F:meliga], 10..200
  double dermis_toughness_J_per_m2 = 943;    // J_d [D] joint fit, 95 % 576..1400
  double toughness_depth_m = 0.8e-3;         // z_J [E]
  double spreading_ratio_1 = 0.30;           // k_s, 0.2..0.4 [D] from [F:barnett]
  double reentry_ratio_1 = 0.5;              // share of spreading that an existing hole still costs [E]
  double shaft_stress_Pa = 2.4e3;            // tau_c [D] joint fit, 95 % 1.5..3.9 kPa
  double cutting_drag_N_s_per_m = 0.02;      // eta_0 [E]
  double shaft_viscosity_Pa_s_per_m = 5e3;   // b_v [E]
  // Patch under the array.
  double shear_modulus_Pa = 50e3;           // G above 50 Hz, 10..300 kPa [E]
  double density_kg_per_m3 = 1050;          // [R; 0.9]
  double nose_ring_factor_1 = 2;            // the nose clamps the rim; 1 without a nose [E]
  double stiffening_depth_m = 1.0e-3;       // u_ref [E]
  double bulge_m_per_N = 0.1e-3;            // beta_n, 0.05..0.2 mm/N [E]
  double bone_backed_1 = 0;                 // 0 no .. 1 yes; 0 is soft tissue [E]
  double bone_stiffness_ratio_1 = 3;        // k when bone-backed [E]
  double bone_stiffening_depth_m = 0.5e-3;  // u_ref when bone-backed [E]
  double bone_stiffness_N_per_m = 20e3;     // per needle that meets the bone [E]
  double stretch_1 = 1;                     // in-plane stretch ratio; the scenario's [E]
  double stretch_exponent_1 = 9;            // of skin's one-term Ogden law [R: Shergold and Fleck; 0.8]
  // Layers. Histology for the upper two, ultrasound for the dermis (VT-21).
  double stratum_corneum_m = 15e-6;    // [R; 0.7]
  double epidermis_m = 60e-6;          // viable; [F2:fang]
  double dermis_m = 1.0e-3;            // [F:hfus]
  double soft_tissue_depth_m = 20e-3;  // to the bone, if bone-backed; forehead 4..6 mm [R; 0.6]
  double hole_closing_time_s = 3;      // T_close, 2..5 s [E]
  double nose_friction_1 = 0.45;       // nose on dry skin, 0.3..0.6 [E]
  std::int64_t patch_count = 0;        // 0..8; where patches overlap the first counts
  SkinPatch patches[skin_patches_max];
};

inline constexpr const char* skin_patch_names[skin_patches_max][5] = {
    {"patch0_from_m", "patch0_to_m", "patch0_stiffness_factor_1", "patch0_puncture_factor_1", "patch0_dermis_factor_1"},
    {"patch1_from_m", "patch1_to_m", "patch1_stiffness_factor_1", "patch1_puncture_factor_1", "patch1_dermis_factor_1"},
    {"patch2_from_m", "patch2_to_m", "patch2_stiffness_factor_1", "patch2_puncture_factor_1", "patch2_dermis_factor_1"},
    {"patch3_from_m", "patch3_to_m", "patch3_stiffness_factor_1", "patch3_puncture_factor_1", "patch3_dermis_factor_1"},
    {"patch4_from_m", "patch4_to_m", "patch4_stiffness_factor_1", "patch4_puncture_factor_1", "patch4_dermis_factor_1"},
    {"patch5_from_m", "patch5_to_m", "patch5_stiffness_factor_1", "patch5_puncture_factor_1", "patch5_dermis_factor_1"},
    {"patch6_from_m", "patch6_to_m", "patch6_stiffness_factor_1", "patch6_puncture_factor_1", "patch6_dermis_factor_1"},
    {"patch7_from_m", "patch7_to_m", "patch7_stiffness_factor_1", "patch7_puncture_factor_1",
     "patch7_dermis_factor_1"}};

template <class Params, class F>
constexpr void each_skin_param(Params& params, F f) {
  f("deep_indentation_1", params.deep_indentation_1);
  f("instantaneous_modulus_Pa", params.instantaneous_modulus_Pa);
  f("tent_growth_1_per_m", params.tent_growth_1_per_m);
  f("equilibrium_share_1", params.equilibrium_share_1);
  f("relaxation_exponent_1", params.relaxation_exponent_1);
  f("fastest_time_s", params.fastest_time_s);
  f("slowest_time_s", params.slowest_time_s);
  f("tent_reach_m", params.tent_reach_m);
  f("puncture_slope_N_per_m", params.puncture_slope_N_per_m);
  f("puncture_offset_N", params.puncture_offset_N);
  f("sharp_limit_m", params.sharp_limit_m);
  f("blunt_puncture_stress_Pa", params.blunt_puncture_stress_Pa);
  f("blunt_puncture_offset_N", params.blunt_puncture_offset_N);
  f("blunt_puncture_floor_N", params.blunt_puncture_floor_N);
  f("blunt_limit_m", params.blunt_limit_m);
  f("puncture_factor_1", params.puncture_factor_1);
  f("puncture_scatter_1", params.puncture_scatter_1);
  f("puncture_floor_1", params.puncture_floor_1);
  f("puncture_speed_m_per_s", params.puncture_speed_m_per_s);
  f("reference_speed_m_per_s", params.reference_speed_m_per_s);
  f("epidermis_toughness_J_per_m2", params.epidermis_toughness_J_per_m2);
  f("dermis_toughness_J_per_m2", params.dermis_toughness_J_per_m2);
  f("toughness_depth_m", params.toughness_depth_m);
  f("spreading_ratio_1", params.spreading_ratio_1);
  f("reentry_ratio_1", params.reentry_ratio_1);
  f("shaft_stress_Pa", params.shaft_stress_Pa);
  f("cutting_drag_N_s_per_m", params.cutting_drag_N_s_per_m);
  f("shaft_viscosity_Pa_s_per_m", params.shaft_viscosity_Pa_s_per_m);
  f("shear_modulus_Pa", params.shear_modulus_Pa);
  f("density_kg_per_m3", params.density_kg_per_m3);
  f("nose_ring_factor_1", params.nose_ring_factor_1);
  f("stiffening_depth_m", params.stiffening_depth_m);
  f("bulge_m_per_N", params.bulge_m_per_N);
  f("bone_backed_1", params.bone_backed_1);
  f("bone_stiffness_ratio_1", params.bone_stiffness_ratio_1);
  f("bone_stiffening_depth_m", params.bone_stiffening_depth_m);
  f("bone_stiffness_N_per_m", params.bone_stiffness_N_per_m);
  f("stretch_1", params.stretch_1);
  f("stretch_exponent_1", params.stretch_exponent_1);
  f("stratum_corneum_m", params.stratum_corneum_m);
  f("epidermis_m", params.epidermis_m);
  f("dermis_m", params.dermis_m);
  f("soft_tissue_depth_m", params.soft_tissue_depth_m);
  f("hole_closing_time_s", params.hole_closing_time_s);
  f("nose_friction_1", params.nose_friction_1);
  f("patch_count", params.patch_count);
  for (std::int64_t i = 0; i < skin_patches_max; ++i) {
    f(skin_patch_names[i][0], params.patches[i].from_m);
    f(skin_patch_names[i][1], params.patches[i].to_m);
    f(skin_patch_names[i][2], params.patches[i].stiffness_factor_1);
    f(skin_patch_names[i][3], params.patches[i].puncture_factor_1);
    f(skin_patch_names[i][4], params.patches[i].dermis_factor_1);
  }
}
static_assert(bytes_listed<SkinParams>([](auto& params, auto f) { each_skin_param(params, f); }) == sizeof(SkinParams));

struct SkinInput {
  double tip_m = 0;                  // mean tip plane below the undeformed skin; negative above it
  double tip_speed_m_per_s = 0;      // into the skin; the puncture force depends on it
  double nose_force_N = 0;           // of the nose ring on the skin
  double nose_sink_m = 0;            // how far the nose has pushed the skin around the array in: max(0, -nose gap)
  double track_m = 0;                // place along the track
  double across_m = 0;               // place across it: lane and tremor
  double lateral_speed_m_per_s = 0;  // over the skin
  double tilt_rad = 0;               // of the pen from the normal of the skin
  std::int64_t base_plate = 0;       // 1: the cartridge's plate, needle_length_m above the tips, may press on the skin
};

struct SkinOutput {
  double force_N = 0;             // sum over needles (and base plate), positive when the skin resists entry
  double stiffness_N_per_m = 0;   // d force / d tip at the present state, >= 0: for an implicit plant
  double indentation_mean_m = 0;  // mean over all needles of u_g + u_i
  double penetration_mean_m = 0;  // mean over the needles in the skin; 0 if none
  double penetration_max_m = 0;
  std::int64_t in_skin = 0;       // needles with p > 0
  std::int64_t below_dermis = 0;  // needles that have passed through the whole dermis
  std::int64_t punctures = 0;     // entries into the skin since reset: surface broken, or an existing hole entered
                                  // again
  std::int64_t reentries = 0;     // those of them that entered an existing hole
  double lateral_force_N = 0;     // of the skin on the needles, against the glide
  double nose_friction_N = 0;     // of the skin on the nose, against the glide
  double drag_m = 0;              // lateral way of this stroke while in the skin
  double dwell_s = 0;             // time of this stroke with a needle in the skin
  double tear_max_m = 0;          // longest tear since reset
  double work_J = 0;              // done on the skin by the needles since reset
};

// Of the params, the seed, the step, the tilt and the place on the track: constant between changes of those.
struct SkinDerived {
  double height_m[needle_count_max] = {};  // of the tips: needle i is at tip_m + height_m + along_m sin(tilt)
  double along_m[needle_count_max] = {};
  double offset_m[needle_count_max] = {};    // height_m + along_m sin(tilt)
  double puncture_N[needle_count_max] = {};  // F_p at rest, with scatter
  double needle_count = 0, inverse_needle_count_1 = 0;
  double offset_max_m = 0;
  double tilt_rad = 0;
  double place_m = 0;                  // of the patch factors below
  double dt_s = 0, inverse_dt_Hz = 0;  // of the decay factors below
  double decay_1[relaxation_branches] = {}, decay_hole_1 = 0;
  double gain_branch_1[relaxation_branches] = {};              // s_k += gain_k dF_e
  double gain_branches_1 = 0, gain_1 = 0, inverse_gain_1 = 0;  // their sum; gain = g_inf + sum
  double modulus_Pa = 0;                                       // B, stretched
  double tangent_Pa = 0, half_inverse_tangent_1_per_Pa = 0, inverse_modulus_1_per_Pa = 0;  // tangent = gain B
  double contact_m = 0;                                                                    // l
  double tip_diameter_m = 0, cone_slope_1 = 0, cone_length_m = 0, cone_area_1 = 0;
  double toughness_slope_J_per_m3 = 0, toughness_depth_m = 0;
  double hook_N = 0;
  double puncture_factor_1 = 1;                                                             // of the patch
  double mass_kg = 0, damping_N_s_per_m = 0, stiffness_N_per_m = 0, stiffening_per_m2 = 0;  // of the skin patch
  double lateral_stiffness_N_per_m[65] = {};  // k_lat at multiples of 50 um
  double dermis_end_m = 0;
  double shear_modulus_Pa = 0;
};

struct SkinState {
  // Per needle. Rows beyond needle_count stay 0.
  double elastic_N[needle_count_max] = {};                      // F_e
  double branch_N[relaxation_branches][needle_count_max] = {};  // s_k
  double needle_penetration_m[needle_count_max] = {};
  double needle_force_N[needle_count_max] = {};
  double hole_m[needle_count_max] = {};  // h at the present place
  // Patch.
  double patch_m = 0;  // u_g - sink
  double patch_speed_m_per_s = 0;
  double sink_m = 0;
  double patch_force_N = 0;            // of the needles on the patch, last step
  double patch_stiffness_N_per_m = 0;  // of the needles, last step
  double patch_missed_N = 0;           // of their force, by its prediction for the last step, with the weight
                                       // of
  double patch_end_1 = 0;              // the step's end
  double force_N = 0;                  // output of the last step
  double tip_m = 0;
  double time_s = 0;
  // Present stroke: from the first needle that touches to the last one that leaves.
  double stroke_track_m = 0;
  double stroke_across_m = 0;
  double drag_m = 0;
  double dwell_s = 0;
  double takeup_m = 0;  // lateral displacement of the array since entry that the skin follows,
                        // signed
  double slit_m = 0;    // way cut beyond it
  double tear_max_m = 0;
  double lift_m = 0;  // highest tent above the patch in this stroke
  double work_J = 0;
  std::int64_t started = 0;
  std::int64_t stroke_open = 0;  // a needle has touched since all were out
  std::int64_t entered = 0;      // a needle has been in the skin in this stroke
  std::int64_t in_skin = 0;
  std::int64_t relaxed = 1;  // all F_e, s_k are 0
  std::int64_t steps = 0;
  // While no tip touches: sums over needles, mean tent over tent of the mean, and how many steps the needles' own F_e
  // and s_k are behind.
  double sum_elastic_N = 0;
  double sum_branch_N[relaxation_branches] = {};
  double tent_shape_1 = 1;
  std::int64_t recovery_steps = 0;
  std::int64_t punctures = 0;
  std::int64_t reentries = 0;
  SkinDerived derived;  // here and not beside the params, since tilt and place change it; hashed with the rest
};

// Holes of the last 512 strokes, per needle. Big and rarely changed: `digest` folds every change, so a hash reads that
// alone.
struct HoleMemory {
  std::uint64_t digest = 0;
  std::int64_t strokes = 0;  // recorded since reset; the newest is at (strokes - 1) mod 512
  double time_s[hole_strokes] = {};
  double track_m[hole_strokes] = {};
  double across_m[hole_strokes] = {};
  float hole_m[hole_strokes][needle_count_max] = {};
};

// F_p0 of a tip of this diameter at rest, without S and scatter.
double skin_puncture_force_N(const SkinParams& params, double tip_diameter_m);

// Stiffness of stretched skin against a push from above over that at stretch_1 = 1.
double skin_stretch_stiffness_1(const SkinParams& params);

// f(v)/f(v_0): how the force that punctures changes with the tip's speed.
double skin_puncture_rate_1(const SkinParams& params, double tip_speed_m_per_s);

// g_k and tau_k of the tent.
void skin_relaxation(const SkinParams& params, double (&share_1)[relaxation_branches],
                     double (&time_s)[relaxation_branches]);

// Draws heights and puncture scatter of the needles from `seed`; the skin is untouched and at rest.
void skin_reset(const CartridgeParams& cartridge, const SkinParams& params, std::uint64_t seed, SkinState& state,
                HoleMemory& holes);

// One step of dt_s (1..50 us) to the tip position and nose force of `input`, which hold at its end.
void skin_step(const CartridgeParams& cartridge, const SkinParams& params, SkinState& state, HoleMemory& holes,
               const SkinInput& input, double dt_s, SkinOutput& output);

// h: what is left in the unloaded skin of a cut of this penetration, made under this tent. 0..penetration_m.
double skin_unloaded_cut_m(const SkinParams& params, double penetration_m, double tent_m);

}  // namespace pensim
