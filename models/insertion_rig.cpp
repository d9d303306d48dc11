#include "models/insertion_rig.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "models/elementary.h"

namespace pensim {

static_assert(std::is_trivially_copyable_v<InsertionState>);

namespace {

constexpr double least_opening_1 = 1.05;  // CHOSEN: of the footprint; closer the fits end
constexpr double held_flat_1 = 1000;      // CHOSEN: stiffness of the patch under a base plate: no needle moves it by a
                                          // micrometre

// f: the rim at a/x is held while a patch of radius a is pressed in.
double rim_factor(double x) { return 1 - 0.4 * elementary::log(1 - std::min(x, 1 / least_opening_1)); }

// D: how far the surface in an opening of radius e stays behind a disc of radius 1 around it, per sink; mean over its
// part x.
double dish_1(double e, double x) {
  const double e3 = e * e * e;
  return (0.405 * e + 0.08 * e3 + 0.06 * e3 * e3 * e * e) * elementary::pow(1 - x * x, 0.28);
}

double disc_damping_N_s_per_m(double radius_m, double shear_modulus_Pa, double density_kg_per_m3) {
  return 6.8 * radius_m * radius_m * std::sqrt(density_kg_per_m3 * shear_modulus_Pa);
}

// G as the patch of skin.h has it: stretched, with bone behind it or not.
double effective_shear_modulus_Pa(const SkinParams& skin) {
  return skin.shear_modulus_Pa * (1 + skin.bone_backed_1 * (skin.bone_stiffness_ratio_1 - 1)) *
         skin_stretch_stiffness_1(skin);
}

// A sine that begins with the phases in which it is wanted, and ends with a whole period.
double vibrate(const InsertionParams& params, InsertionState& state, double dt_s) {
  const bool wanted = state.phase == InsertionPhase::insertion ? params.vibrates_in_insertion != 0
                      : state.phase == InsertionPhase::hold    ? params.vibrates_in_hold != 0
                                                               : false;
  if (params.vibration_amplitude_m <= 0 || (!wanted && state.vibration_1 == 0)) return 0;
  state.vibration_1 += params.vibration_Hz * dt_s;
  if (state.vibration_1 >= 1) state.vibration_1 = wanted ? state.vibration_1 - 1 : 0;
  return params.vibration_amplitude_m * elementary::sin(2 * elementary::pi * state.vibration_1);
}

// The machine's own movement in this step.
void move(const InsertionParams& params, InsertionState& state, double dt_s) {
  const double step_m = params.speed_m_per_s * dt_s;
  switch (state.phase) {
    case InsertionPhase::insertion:
      state.travel_m = std::min(state.travel_m + step_m, params.travel_m);
      break;
    case InsertionPhase::hold:
      if (params.press_N > 0) {
        const double sink_m = state.skin.sink_m;
        const double nose_N_per_m = state.nose.stiffness_N_per_m * (1 + 2 * state.nose.stiffening_per_m * sink_m) +
                                    state.nose.damping_N_s_per_m / dt_s;
        // Of the needles alone: the patch in series makes it less, so the force is never overshot.
        const double needles_N_per_m =
            std::max(state.out.stiffness_N_per_m, 1e-3 * state.skin.derived.stiffness_N_per_m);
        const double stiffness = needles_N_per_m + (sink_m > 0 ? nose_N_per_m : 0);
        state.travel_m += std::clamp((params.press_N - state.force_N) / stiffness, -step_m, step_m);
        state.travel_m = std::min(state.travel_m, params.travel_m);
      }
      state.hold_left_s -= dt_s;
      break;
    case InsertionPhase::retraction:
      state.travel_m = std::max(state.travel_m - step_m, -params.clear_m);
      break;
    case InsertionPhase::done:
      break;
  }
}

void change_phase(const InsertionParams& params, InsertionState& state, double dt_s) {
  if (state.phase == InsertionPhase::insertion &&
      (state.travel_m >= params.travel_m || (params.press_N > 0 && state.force_N >= params.press_N)))
    state.phase = InsertionPhase::hold;
  if (state.phase == InsertionPhase::hold && state.hold_left_s < 0.5 * dt_s)
    state.phase = params.retract != 0 ? InsertionPhase::retraction : InsertionPhase::done;
  if (state.phase == InsertionPhase::retraction && state.travel_m <= -params.clear_m)
    state.phase = InsertionPhase::done;
}

void cut_channels(const SkinParams& skin, InsertionState& state) {
  const SkinDerived& d = state.skin.derived;
  const double above_m = state.skin.tip_m - (state.skin.patch_m + state.skin.sink_m);
  for (int i = 0; i < static_cast<int>(d.needle_count); ++i) {
    const double p = state.skin.needle_penetration_m[i];
    if (!(p > state.cut_m[i])) continue;
    // A tent that unloads lengthens no cut: never by more than the needle went further in.
    const double left_m = skin_unloaded_cut_m(skin, p, above_m + d.offset_m[i] - p);
    state.channel_m[i] = std::min(std::max(left_m, state.channel_m[i]), state.channel_m[i] + (p - state.cut_m[i]));
    state.cut_m[i] = p;
  }
}

}  // namespace

NoseLaw nose_law(double inner_diameter_m, double outer_diameter_m, double footprint_radius_m, double shear_modulus_Pa,
                 double density_kg_per_m3) {
  const double a = footprint_radius_m;
  const double outer_m = 0.5 * outer_diameter_m;
  const double inner_m = std::min(std::max(0.5 * inner_diameter_m, least_opening_1 * a), 0.98 * outer_m);
  const double e = inner_m / outer_m;
  const double through = std::sqrt(1 - e * e);
  const double tangent = elementary::tan(1.28 * e);
  // Smythe; artanh e = ln((1 + e)/(1 - e)) / 2.
  const double s = (2 / elementary::pi) * (elementary::acos(e) + 0.5 * through * elementary::log((1 + e) / (1 - e))) *
                   (1 + 0.0143 / e * tangent * tangent * tangent);
  const double x = std::min(a / inner_m, 1 / least_opening_1);
  NoseLaw law;
  law.ring_factor_1 = rim_factor(x);
  law.stiffness_N_per_m = 8 * shear_modulus_Pa * outer_m * s;
  law.damping_N_s_per_m = disc_damping_N_s_per_m(outer_m, shear_modulus_Pa, density_kg_per_m3);
  law.bulge_m_per_N = dish_1(e, x) / law.stiffness_N_per_m;
  return law;
}

NoseLaw insertion_nose(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin) {
  const double a = cartridge.footprint_radius_m;
  const double G = effective_shear_modulus_Pa(skin);
  double radius_m = 0.5 * params.nose_outer_diameter_m;
  NoseLaw nose;
  if (params.base_plate != 0) {
    radius_m = std::max(a + 0.5 * cartridge.pitch_m, radius_m);
    nose.ring_factor_1 = held_flat_1;
    nose.stiffness_N_per_m = 8 * G * radius_m;
    nose.bulge_m_per_N = dish_1(0.5 * cartridge.pitch_m / radius_m, 1 / least_opening_1) / nose.stiffness_N_per_m;
    nose.damping_N_s_per_m = disc_damping_N_s_per_m(radius_m, G, skin.density_kg_per_m3);
  } else if (radius_m > 0) {
    nose = nose_law(params.nose_inner_diameter_m, params.nose_outer_diameter_m, a, G, skin.density_kg_per_m3);
  } else {
    return nose;
  }
  const double u_ref_m =
      skin.stiffening_depth_m + skin.bone_backed_1 * (skin.bone_stiffening_depth_m - skin.stiffening_depth_m);
  const double z_ref_m = u_ref_m * radius_m / a;
  nose.stiffening_per_m = 1 / z_ref_m;
  return nose;
}

SkinParams insertion_skin(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin) {
  const NoseLaw nose = insertion_nose(params, cartridge, skin);
  SkinParams held = skin;
  held.nose_ring_factor_1 = nose.ring_factor_1;
  held.bulge_m_per_N = nose.bulge_m_per_N;
  return held;
}

void insertion_reset(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin,
                     std::uint64_t seed, InsertionState& state) {
  state = InsertionState{};
  skin_reset(cartridge, skin, seed, state.skin, state.holes);
  state.nose = insertion_nose(params, cartridge, skin);
  state.travel_m = state.tip_m = -params.approach_m;
  state.hold_left_s = params.hold_s;
}

double insertion_channel_depth_m(const InsertionState& state) {
  double sum_m = 0;
  int count = 0;
  for (int i = 0; i < static_cast<int>(state.skin.derived.needle_count); ++i) {
    sum_m += state.channel_m[i];
    count += state.channel_m[i] > 0;
  }
  return count > 0 ? sum_m / count : 0;
}

void insertion_step(const InsertionParams& params, const CartridgeParams& cartridge, const SkinParams& skin,
                    InsertionState& state, double dt_s) {
  if (state.phase == InsertionPhase::done) return;
  move(params, state, dt_s);
  const double before_m = state.tip_m;
  state.tip_m = state.travel_m + vibrate(params, state, dt_s);
  state.time_s += dt_s;

  SkinInput input;
  input.tip_m = state.tip_m;
  input.tip_speed_m_per_s = (state.tip_m - before_m) / dt_s;
  double nose_N = 0;
  if (state.nose.stiffness_N_per_m > 0) {
    input.nose_sink_m = std::max(0.0, state.tip_m - cartridge.needle_length_m);
    const double sunk_before_m = std::max(0.0, before_m - cartridge.needle_length_m);
    input.nose_force_N = state.nose.stiffness_N_per_m * input.nose_sink_m;
    const double sink_m = input.nose_sink_m;
    if (sink_m > 0)
      nose_N = std::max(0.0, input.nose_force_N * (1 + state.nose.stiffening_per_m * sink_m) +
                                 state.nose.damping_N_s_per_m * (sink_m - sunk_before_m) / dt_s);
  }
  skin_step(cartridge, skin, state.skin, state.holes, input, dt_s, state.out);
  cut_channels(skin, state);
  if (state.out.punctures > 0 && state.puncture_force_N == 0) {
    state.puncture_force_N = state.needle_force_N;
    state.puncture_tip_m = before_m;
  }
  state.needle_force_N = state.out.force_N;
  const double total_N = state.out.force_N + nose_N;
  state.energy_J += 0.5 * (state.force_N + total_N) * (state.tip_m - before_m);
  state.nose_force_N = nose_N;
  state.force_N = total_N;
  change_phase(params, state, dt_s);
}

}  // namespace pensim
