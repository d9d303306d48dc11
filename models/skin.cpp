#include "models/skin.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>
#include <utility>

#include "models/elementary.h"
#include "models/noise.h"

namespace pensim {

static_assert(std::is_trivially_copyable_v<SkinState> && std::is_trivially_copyable_v<HoleMemory>);

namespace {

constexpr std::uint32_t stream_puncture_scatter = 0x510001;
constexpr std::uint32_t stream_needle_height = 0x510002;

constexpr double lateral_grid_m = 50e-6;
constexpr int lateral_grid_points = 65;
constexpr double least_hole_m = 1e-6;    // CHOSEN: shallower holes are forgotten
constexpr double hole_lifetime_1 = 12;   // CHOSEN: a hole is gone after so many closing times (6 ppm of its depth)
constexpr double least_force_N = 1e-10;  // CHOSEN: below it the skin counts as relaxed
constexpr std::int64_t housekeeping_mask = 255;  // CHOSEN: every 256 steps; values fade by less than 1e-120 in between
constexpr double faded = 1e-100;
constexpr double patch_stiffest_1 = 20;  // CHOSEN: stiffness x step over inertia up to which missed force is made good;
                                         // 0.5 .. 2 in a pen
constexpr double plate_stiffness_ratio_1 = 50;  // CHOSEN: base plate on skin, x stiffness of the patch: hard against it

double square(double x) { return x * x; }

// f(0) .. f(branches - 1), written out.
template <class F, int... k>
[[gnu::always_inline]] inline void each_of(const F& f, std::integer_sequence<int, k...>) {
  (f(k), ...);
}
template <class F>
[[gnu::always_inline]] inline void each_branch(const F& f) {
  each_of(f, std::make_integer_sequence<int, relaxation_branches>{});
}

// Two needles at a time. The functions below stand once for one needle and once for two, with the same operations in
// the same order: which of them handles a needle does not change a bit.
typedef double Pair __attribute__((vector_size(16)));
typedef long long PairMask __attribute__((vector_size(16)));

inline Pair load(const double* x) {
  Pair pair;
  __builtin_memcpy(&pair, x, sizeof pair);
  return pair;
}
inline void store(double* x, Pair pair) { __builtin_memcpy(x, &pair, sizeof pair); }
template <class T>
inline T all(double x);
template <>
inline double all<double>(double x) {
  return x;
}
template <>
inline Pair all<Pair>(double x) {
  return Pair{x, x};
}
inline double magnitude(double x) { return std::fabs(x); }
inline Pair magnitude(Pair x) { return (Pair)((PairMask)x & 0x7fffffffffffffffLL); }
inline double select(bool mask, double a, double b) { return mask ? a : b; }
inline Pair select(PairMask mask, Pair a, Pair b) { return (Pair)(((PairMask)a & mask) | ((PairMask)b & ~mask)); }
// |x| of `size` with the sign of `sign`.
inline double signed_as(double size, double sign) { return std::signbit(sign) ? -size : size; }
inline Pair signed_as(Pair size, Pair sign) {
  return (Pair)((PairMask)size | ((PairMask)sign & static_cast<long long>(0x8000000000000000ULL)));
}
inline bool less(double a, double b) { return a < b; }
inline double root(double x) { return std::sqrt(x); }
inline double least(double a, double b) { return a < b ? a : b; }
inline double largest(double a, double b) { return a > b ? a : b; }
#if defined(__SSE2__)
// The operators < and | on such masks are taken apart into scalars by gcc 12.
inline bool any(PairMask mask) { return __builtin_ia32_movmskpd((Pair)mask) != 0; }
inline PairMask less(Pair a, Pair b) { return (PairMask)__builtin_ia32_cmpltpd(a, b); }
inline Pair root(Pair x) { return __builtin_ia32_sqrtpd(x); }
inline Pair least(Pair a, Pair b) { return __builtin_ia32_minpd(a, b); }
inline Pair largest(Pair a, Pair b) { return __builtin_ia32_maxpd(a, b); }
#else
inline bool any(PairMask mask) { return (mask[0] | mask[1]) != 0; }
inline PairMask less(Pair a, Pair b) { return a < b; }
inline Pair root(Pair x) { return Pair{std::sqrt(x[0]), std::sqrt(x[1])}; }
inline Pair least(Pair a, Pair b) { return select(a < b, a, b); }
inline Pair largest(Pair a, Pair b) { return select(a > b, a, b); }
#endif

// The coefficients of the law per needle for this step.
template <class T>
struct Law {
  T decay_1[relaxation_branches], gain_branch_1[relaxation_branches];
  T decay_hole_1, gain_branches_1, gain_1, inverse_gain_1;
  T modulus_Pa, inverse_modulus_1_per_Pa;                              // B
  T twice_tangent_Pa, four_tangent_Pa, half_inverse_tangent_1_per_Pa;  // tangent = gain B
  T contact_m, half_contact_m, contact_N_per_m;                        // l, l/2, tangent l
  T tip_m, slope_1, half_slope_1, cone_m, cone_area_1, girth_m;
  T toughness_J_per_m2, toughness_slope_J_per_m3, toughness_depth_m;
  T cut_1, reentry_1, stress_Pa, pi_stress_Pa, hook_N;
  T drag_N_per_m, drag_N_per_m3;  // eta/dt = these: constant, per lateral area
  double growth_1_per_m;

  Law(const CartridgeParams& cartridge, const SkinParams& params, const SkinDerived& d)
      : decay_hole_1(all<T>(d.decay_hole_1)),
        gain_branches_1(all<T>(d.gain_branches_1)),
        gain_1(all<T>(d.gain_1)),
        inverse_gain_1(all<T>(d.inverse_gain_1)),
        modulus_Pa(all<T>(d.modulus_Pa)),
        inverse_modulus_1_per_Pa(all<T>(d.inverse_modulus_1_per_Pa)),
        twice_tangent_Pa(all<T>(2 * d.tangent_Pa)),
        four_tangent_Pa(all<T>(4 * d.tangent_Pa)),
        half_inverse_tangent_1_per_Pa(all<T>(d.half_inverse_tangent_1_per_Pa)),
        contact_m(all<T>(d.contact_m)),
        half_contact_m(all<T>(0.5 * d.contact_m)),
        contact_N_per_m(all<T>(d.tangent_Pa * d.contact_m)),
        tip_m(all<T>(d.tip_diameter_m)),
        slope_1(all<T>(d.cone_slope_1)),
        half_slope_1(all<T>(0.5 * d.cone_slope_1)),
        cone_m(all<T>(d.cone_length_m)),
        cone_area_1(all<T>(d.cone_area_1)),
        girth_m(all<T>(elementary::pi * cartridge.shaft_diameter_m)),
        toughness_J_per_m2(all<T>(params.epidermis_toughness_J_per_m2)),
        toughness_slope_J_per_m3(all<T>(d.toughness_slope_J_per_m3)),
        toughness_depth_m(all<T>(d.toughness_depth_m)),
        cut_1(all<T>(1 + params.spreading_ratio_1)),
        reentry_1(all<T>(params.reentry_ratio_1 * params.spreading_ratio_1)),
        stress_Pa(all<T>(params.shaft_stress_Pa)),
        pi_stress_Pa(all<T>(elementary::pi * params.shaft_stress_Pa)),
        hook_N(all<T>(d.hook_N)),
        drag_N_per_m(all<T>(params.cutting_drag_N_s_per_m * d.inverse_dt_Hz)),
        drag_N_per_m3(all<T>(params.shaft_viscosity_Pa_s_per_m * d.inverse_dt_Hz)),
        growth_1_per_m(params.tent_growth_1_per_m) {
    each_branch([&](int k) {
      decay_1[k] = all<T>(d.decay_1[k]);
      gain_branch_1[k] = all<T>(d.gain_branch_1[k]);
    });
  }
};

// 3 and 4: what resists the tip at the penetration p, into the tissue and out of it.
template <class T>
struct Resistance {
  T forward_N, forward_slope_N_per_m, friction_N, drag_N_per_m;
};

template <class T, class Mask>
inline Resistance<T> resistance(const Law<T>& law, T p, Mask reentry) {
  const T in_cone = least(p, law.cone_m);
  const T width = law.tip_m + law.slope_1 * in_cone;
  const T area = law.cone_area_1 * (law.tip_m + law.half_slope_1 * in_cone) * in_cone + law.girth_m * (p - in_cone);
  const T width_slope = select(less(p, law.cone_m), law.slope_1, T{});
  const T toughness = law.toughness_J_per_m2 + law.toughness_slope_J_per_m3 * least(p, law.toughness_depth_m);
  const T toughness_slope = select(less(p, law.toughness_depth_m), law.toughness_slope_J_per_m3, T{});
  const T share = select(reentry, law.reentry_1, law.cut_1);
  const T friction = law.stress_Pa * area;
  return {share * (toughness * width) + friction,
          share * (toughness_slope * width + toughness * width_slope) + law.pi_stress_Pa * width, friction + law.hook_N,
          law.drag_N_per_m + law.drag_N_per_m3 * area};
}

// Of a tent that grows exponentially; a type of its own, so that skin, which has none, does not pay for it.
struct GrowingLaw : Law<double> {
  using Law<double>::Law;
};

// E(u) = F_e/B and its slope, for |u|.
struct Grown {
  double force_m2, slope_m;
};
Grown grown(const Law<double>& law, double size_m) {
  const double a = law.growth_1_per_m, l = law.contact_m, x = a * size_m;
  // exp(x) - 1 - x; by its series where that cancels.
  const double rest = x < 0.1 ? 0.5 * x * x * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7)))))
                              : elementary::exp(x) - 1 - x;
  return {(2 / a * rest + l * (rest + x)) / a, 2 / a * (rest + x) + l * (1 + rest + x)};
}

// |u| with  stiffness E(|u|) + drag |u| = right, by Newton from above, where it comes down evenly.
[[gnu::noinline]] double grown_tent(const Law<double>& law, double stiffness_Pa, double drag_N_per_m, double right_N,
                                    double from_m) {
  constexpr double largest_exponent = 60;  // CHOSEN: no tent comes near it
  double u = std::min(from_m, largest_exponent / law.growth_1_per_m);
  for (int i = 0; i < 100; ++i) {
    const Grown e = grown(law, u);
    const double slope = stiffness_Pa * e.slope_m + drag_N_per_m;
    if (!(slope > 0)) break;
    const double less_m = (stiffness_Pa * e.force_m2 + drag_N_per_m * u - right_N) / slope;
    u = std::max(0.0, u - less_m);
    if (std::fabs(less_m) <= 1e-13 * u) break;
  }
  return u;
}

// 1: F_e and the slope of F at the tent u.
template <class T>
inline T elastic_force(const Law<T>& law, T u) {
  return law.modulus_Pa * u * (magnitude(u) + law.contact_m);
}
inline double elastic_force(const GrowingLaw& law, double u) {
  return signed_as(law.modulus_Pa * grown(law, magnitude(u)).force_m2, u);
}
template <class T>
inline T tent_slope(const Law<T>& law, T u) {
  return law.twice_tangent_Pa * magnitude(u) + law.contact_N_per_m;
}
inline double tent_slope(const GrowingLaw& law, double u) {
  return 0.5 * law.twice_tangent_Pa * grown(law, magnitude(u)).slope_m;
}

// The tent's memory at the begin of a step: F = gain F_e + H at its end.
template <class T>
struct Memory {
  T branch[relaxation_branches], before, H;
};

template <class T, class Load>
[[gnu::always_inline]] inline Memory<T> remember(const Law<T>& law, Load branch_N, T elastic_N) {
  Memory<T> m;
  m.before = elastic_N;
  m.H = -(law.gain_branches_1 * elastic_N);
  each_branch([&](int k) {
    m.branch[k] = law.decay_1[k] * branch_N(k);
    m.H += m.branch[k];
  });
  return m;
}

// 5 for one step, from the force at its begin: eta p' is the mean of what exceeds the resistance at begin and end. The
// begin weighs 3/(6 + z), the end (3 + z)/(6 + z), z = stiffness dt/eta: second order, and nothing rings however stiff
// the tent.
// The tent u at the end then solves  A u (|u| + l) + drag u = drag u_stuck - H + yield,  `settle`.
template <class T>
struct Flow {
  T tent_m, stiffness_N_per_m;
};

template <class T>
inline Flow<T> settle(const Law<T>& law, T drag_N_per_m, T right) {
  const T linear_N_per_m = drag_N_per_m + law.contact_N_per_m;
  const T both = root(linear_N_per_m * linear_N_per_m + law.four_tangent_Pa * magnitude(right));
  return {signed_as((both - linear_N_per_m) * law.half_inverse_tangent_1_per_Pa, right),
          (both - drag_N_per_m) * drag_N_per_m / both};
}
inline Flow<double> settle(const GrowingLaw& law, double drag_N_per_m, double right) {
  const double from_m = magnitude(settle<double>(law, drag_N_per_m, right).tent_m);
  const double u = grown_tent(law, 0.5 * law.twice_tangent_Pa, drag_N_per_m, magnitude(right), from_m),
               slope = tent_slope(law, u);
  return {signed_as(u, right), slope * drag_N_per_m / (slope + drag_N_per_m)};
}

template <class L, class T, class Mask>
inline Flow<T> flow(const L& law, const Resistance<T>& r, Mask forward, T viscous_N_per_m, T begin_N, T stuck_m,
                    T slope_N_per_m, T H) {
  const T yield_N = select(forward, r.forward_N, -r.friction_N);
  const T hardening_N_per_m = select(forward, r.forward_slope_N_per_m, T{});
  const T excess_N = begin_N - yield_N;
  const T begun_N = select(forward, largest(T{}, excess_N), least(T{}, excess_N));
  const T thrice = all<T>(3) * viscous_N_per_m;
  const T ratio = thrice / (thrice + slope_N_per_m + hardening_N_per_m);  // weight of the begin over that of the end
  const T drag_N_per_m = viscous_N_per_m + ratio * viscous_N_per_m + hardening_N_per_m;
  const T right = drag_N_per_m * stuck_m - H + (yield_N - ratio * begun_N);
  return settle(law, drag_N_per_m, right);
}

// The tent with F = 0: the surface is free.
template <class T>
inline T free_tent(const Law<T>& law, T elastic_N) {
  const T half = law.half_contact_m;
  return signed_as(root(half * half + magnitude(elastic_N) * law.inverse_modulus_1_per_Pa) - half, elastic_N);
}
inline double any_free_tent(const Law<double>& law, double elastic_N) {
  const double tent_m = free_tent(law, elastic_N);
  return law.growth_1_per_m > 0
             ? signed_as(grown_tent(law, law.modulus_Pa, 0, magnitude(elastic_N), magnitude(tent_m)), elastic_N)
             : tent_m;
}
inline double free_tent(const GrowingLaw& law, double elastic_N) { return any_free_tent(law, elastic_N); }

// s_k(t + dt) = decay_k s_k(t) + gain_k (F_e(t + dt) - F_e(t)), exact while F_e is linear within the step.
void prepare_step(const SkinParams& params, double dt_s, SkinDerived& d) {
  double share_1[relaxation_branches], time_s[relaxation_branches];
  skin_relaxation(params, share_1, time_s);
  d.gain_branches_1 = 0;
  for (int k = 0; k < relaxation_branches; ++k) {
    d.decay_1[k] = elementary::exp(-dt_s / time_s[k]);
    d.gain_branch_1[k] = share_1[k] * time_s[k] / dt_s * (1 - d.decay_1[k]);
    d.gain_branches_1 += d.gain_branch_1[k];
  }
  d.gain_1 = params.equilibrium_share_1 + d.gain_branches_1;
  d.inverse_gain_1 = 1 / d.gain_1;
  d.modulus_Pa = params.instantaneous_modulus_Pa * skin_stretch_stiffness_1(params);
  d.tangent_Pa = d.gain_1 * d.modulus_Pa;
  d.half_inverse_tangent_1_per_Pa = 0.5 / d.tangent_Pa;
  d.inverse_modulus_1_per_Pa = 1 / d.modulus_Pa;
  d.decay_hole_1 = elementary::exp(-dt_s / params.hole_closing_time_s);
  d.dt_s = dt_s;
  d.inverse_dt_Hz = 1 / dt_s;
}

void prepare_tilt(double tilt_rad, SkinDerived& d) {
  const double sine = elementary::sin(tilt_rad);
  const int n = static_cast<int>(d.needle_count);
  d.offset_max_m = d.height_m[0] + d.along_m[0] * sine;
  for (int i = 0; i < n; ++i) {
    d.offset_m[i] = d.height_m[i] + d.along_m[i] * sine;
    d.offset_max_m = std::max(d.offset_max_m, d.offset_m[i]);
  }
  d.tilt_rad = tilt_rad;
}

void prepare_place(const CartridgeParams& cartridge, const SkinParams& params, double track_m, SkinDerived& d) {
  SkinPatch here;
  for (std::int64_t i = params.patch_count - 1; i >= 0; --i)
    if (track_m >= params.patches[i].from_m && track_m < params.patches[i].to_m) here = params.patches[i];
  d.place_m = track_m;
  const double a = cartridge.footprint_radius_m;
  const double shear_modulus = params.shear_modulus_Pa * here.stiffness_factor_1;
  const double bone = params.bone_backed_1;
  const double u_ref = params.stiffening_depth_m + bone * (params.bone_stiffening_depth_m - params.stiffening_depth_m);
  if (shear_modulus != d.shear_modulus_Pa) {
    d.shear_modulus_Pa = shear_modulus;
    d.mass_kg = 1.33 * params.density_kg_per_m3 * a * a * a;
    d.damping_N_s_per_m = 6.8 * a * a * std::sqrt(params.density_kg_per_m3 * shear_modulus);
    d.stiffness_N_per_m = params.nose_ring_factor_1 * 8 * shear_modulus * a *
                          (1 + bone * (params.bone_stiffness_ratio_1 - 1)) * skin_stretch_stiffness_1(params);
    d.stiffening_per_m2 = 1 / square(u_ref);
    for (int i = 1; i < lateral_grid_points; ++i) {
      const double p = i * lateral_grid_m;
      const double shape = std::max(0.7, elementary::log(4 * p / cartridge.shaft_diameter_m));
      d.lateral_stiffness_N_per_m[i] = 4 * elementary::pi * shear_modulus * p / shape;
    }
  }
  d.puncture_factor_1 = here.puncture_factor_1;
  d.toughness_depth_m = params.toughness_depth_m * here.dermis_factor_1;
  d.toughness_slope_J_per_m3 =
      (params.dermis_toughness_J_per_m2 - params.epidermis_toughness_J_per_m2) / d.toughness_depth_m;
  d.dermis_end_m = params.stratum_corneum_m + params.epidermis_m + params.dermis_m * here.dermis_factor_1;
}

// Holes at this place from earlier strokes: the newest one within half its width counts.
void recall_holes(const CartridgeParams& cartridge, const SkinParams& params, const HoleMemory& holes,
                  SkinState& state) {
  const int n = static_cast<int>(state.derived.needle_count);
  for (int i = 0; i < n; ++i) state.hole_m[i] = 0;
  const double reach_m = 0.5 * cartridge.shaft_diameter_m;
  const double oldest_s = state.time_s - hole_lifetime_1 * params.hole_closing_time_s;
  const SkinDerived& d = state.derived;
  int missing = n;
  for (std::int64_t j = holes.strokes - 1; j >= 0 && j >= holes.strokes - hole_strokes && missing > 0; --j) {
    const std::int64_t slot = j % hole_strokes;
    if (holes.time_s[slot] < oldest_s) break;
    const double along = state.stroke_track_m - holes.track_m[slot];
    if (std::fabs(along) > reach_m) continue;
    const double across = state.stroke_across_m - holes.across_m[slot];
    const double distance = std::sqrt(square(along) + square(across));
    if (distance > reach_m) continue;
    const double closed_1 = elementary::exp((holes.time_s[slot] - state.time_s) / params.hole_closing_time_s);
    for (int i = 0; i < n; ++i) {
      if (state.hole_m[i] > 0) continue;
      const double depth = static_cast<double>(holes.hole_m[slot][i]) * closed_1;
      const double width = d.tip_diameter_m + d.cone_slope_1 * std::min(depth, d.cone_length_m);
      if (depth < least_hole_m || distance > 0.5 * width) continue;
      state.hole_m[i] = depth;
      --missing;
    }
  }
}

void store_holes(const SkinState& state, HoleMemory& holes) {
  const std::int64_t slot = holes.strokes % hole_strokes;
  const auto fold = [&holes](std::uint64_t bits) {
    std::uint64_t z = (holes.digest ^ bits) * 0x9e3779b97f4a7c15ULL;
    holes.digest = z ^ (z >> 29);
  };
  ++holes.strokes;
  holes.time_s[slot] = state.time_s;
  holes.track_m[slot] = state.stroke_track_m;
  holes.across_m[slot] = state.stroke_across_m;
  fold(std::bit_cast<std::uint64_t>(state.time_s));
  fold(std::bit_cast<std::uint64_t>(state.stroke_track_m));
  fold(std::bit_cast<std::uint64_t>(state.stroke_across_m));
  const int n = static_cast<int>(state.derived.needle_count);
  for (int i = 0; i < n; ++i) {
    const float depth = static_cast<float>(state.hole_m[i]);
    holes.hole_m[slot][i] = depth;
    fold(std::bit_cast<std::uint32_t>(depth));
  }
}

// Fading sums would end as subnormal numbers, which are slow; a skin at rest needs no work.
void housekeeping(SkinState& state) {
  if (std::fabs(state.patch_m) < faded) state.patch_m = 0;
  if (std::fabs(state.patch_speed_m_per_s) < faded) state.patch_speed_m_per_s = 0;
  if (state.recovery_steps > 0) {
    double most = std::fabs(state.sum_elastic_N);
    for (const double sum : state.sum_branch_N) most = std::max(most, std::fabs(sum));
    if (most < least_force_N) {
      const int n = static_cast<int>(state.derived.needle_count);
      for (int i = 0; i < n; ++i) {
        state.elastic_N[i] = 0;
        each_branch([&](int k) { state.branch_N[k][i] = 0; });
      }
      state.recovery_steps = 0;
      state.relaxed = 1;
    }
    return;
  }
  if (state.relaxed != 0) return;
  const int n = static_cast<int>(state.derived.needle_count);
  const auto forget = [n](double* x) {
    for (int i = 0; i < n; ++i)
      if (std::fabs(x[i]) < faded) x[i] = 0;
  };
  forget(state.elastic_N);
  for (double* branch_N : state.branch_N) forget(branch_N);
}

// 6: the patch, linearly implicit in its speed; the needles' force is predicted with their tangent stiffness. What the
// prediction missed, above all at a puncture, is made good in the next step, so that the patch gets the needles'
// impulse.
// Returns the force of the base plate.
double step_patch(const CartridgeParams& cartridge, const SkinParams& params, SkinState& state, const SkinInput& input,
                  double approach_m, double dt_s) {
  const SkinDerived& d = state.derived;
  const double k = d.stiffness_N_per_m;
  const double q = state.patch_m;
  const double bent = d.stiffening_per_m2 * q * q;
  const double inertia = d.mass_kg / dt_s;
  const double before = state.patch_speed_m_per_s;
  const double stiffness_N_s_per_m = dt_s * (k * (1 + 3 * bent) + state.patch_stiffness_N_per_m);
  // Weight of the step's end: 1/2 is second order, 1 damps what is stiff for this step; the plate always is.
  const double stiff = d.damping_N_s_per_m + stiffness_N_s_per_m;
  const double end_1 = input.base_plate != 0 ? 1 : (3 * inertia + stiff) / (6 * inertia + stiff);
  const double begin_1 = 1 - end_1;
  const double opposing_N_s_per_m = d.damping_N_s_per_m + end_1 * stiffness_N_s_per_m;
  double resistance_N_s_per_m = inertia + end_1 * opposing_N_s_per_m;
  double force = (inertia - begin_1 * opposing_N_s_per_m) * before + state.patch_force_N + state.patch_missed_N +
                 end_1 * state.patch_stiffness_N_per_m * approach_m - k * (params.bulge_m_per_N * input.nose_force_N) -
                 k * (1 + bent) * q;
  double speed = force / resistance_N_s_per_m;
  double plate_N = 0;
  if (input.base_plate != 0) {
    const double plate_m = input.tip_m - cartridge.needle_length_m - input.nose_sink_m - q;  // into the patch as it was
    if (plate_m - dt_s * speed > 0) {
      const double stiffness = plate_stiffness_ratio_1 * k;
      force += stiffness * plate_m;
      resistance_N_s_per_m += dt_s * stiffness;
      speed = force / resistance_N_s_per_m;
      plate_N = std::max(0.0, stiffness * (plate_m - dt_s * speed));
    }
  }
  state.patch_speed_m_per_s = speed;
  const double moved_m = dt_s * (end_1 * speed + begin_1 * before);
  state.patch_m = q + moved_m;
  // skin_step adds the force that the needles turn out to have.
  state.patch_missed_N = -(state.patch_force_N + state.patch_stiffness_N_per_m * (approach_m - moved_m));
  state.patch_end_1 = stiff < patch_stiffest_1 * inertia ? end_1 : 0;
  return plate_N;
}

// Sums over needles: even ones in lane 0, odd ones in lane 1.
struct Sums {
  Pair force_N, stiffness_N_per_m, tent_m, penetration_m, deepest_m, lift_m;
  double inside_1 = 0;  // largest share of the step that a needle spent inside which entered or left in it
};

// s_k at the end of the step.
template <class T>
[[gnu::always_inline]] inline T kept(const Law<T>& law, const Memory<T>& m, int k, T elastic_N) {
  return m.branch[k] + law.gain_branch_1[k] * (elastic_N - m.before);
}

// While no tip touches, F = 0 fixes F_e and recovery is linear in (s_k, F_e): only the sums over needles are stepped,
// and the needles catch up, by a power of the step's matrix, when the next stroke begins.
constexpr int recovery_size = relaxation_branches + 1;

inline void recover(const Law<double>& law, double (&x)[recovery_size]) {
  const Memory<double> m = remember(
      law, [&x](int k) { return x[k]; }, x[relaxation_branches]);
  const double elastic_N = -m.H * law.inverse_gain_1;
  each_branch([&](int k) { x[k] = kept(law, m, k, elastic_N); });
  x[relaxation_branches] = elastic_N;
}

void begin_recovery(const Law<double>& law, SkinState& state) {
  const int n = static_cast<int>(state.derived.needle_count);
  state.sum_elastic_N = 0;
  for (double& sum : state.sum_branch_N) sum = 0;
  double tents = 0;
  for (int i = 0; i < n; ++i) {
    each_branch([&](int k) { state.sum_branch_N[k] += state.branch_N[k][i]; });
    state.sum_elastic_N += state.elastic_N[i];
    tents += any_free_tent(law, state.elastic_N[i]);
  }
  const double of_mean = any_free_tent(law, state.sum_elastic_N * state.derived.inverse_needle_count_1);
  const double share = tents * state.derived.inverse_needle_count_1;
  state.tent_shape_1 = std::fabs(share) < std::fabs(of_mean) ? std::fabs(share / of_mean) : 1;
}

// One step of the sums. Returns the mean tent.
double step_recovery(const Law<double>& law, SkinState& state) {
  if (state.recovery_steps == 0) begin_recovery(law, state);
  ++state.recovery_steps;
  double x[recovery_size];
  each_branch([&](int k) { x[k] = state.sum_branch_N[k]; });
  x[relaxation_branches] = state.sum_elastic_N;
  recover(law, x);
  each_branch([&](int k) { state.sum_branch_N[k] = x[k]; });
  state.sum_elastic_N = x[relaxation_branches];
  return state.tent_shape_1 * any_free_tent(law, state.sum_elastic_N * state.derived.inverse_needle_count_1);
}

typedef double RecoveryMatrix[recovery_size][recovery_size];

void multiply(const RecoveryMatrix& a, const RecoveryMatrix& b, RecoveryMatrix& product) {
  RecoveryMatrix result = {};
  for (int i = 0; i < recovery_size; ++i)
    for (int k = 0; k < recovery_size; ++k)
      for (int j = 0; j < recovery_size; ++j) result[i][j] += a[i][k] * b[k][j];
  __builtin_memcpy(product, result, sizeof result);
}

// Brings the needles to the present, `moved_m` beside where the last stroke began: fresh skin has no memory.
void end_recovery(const Law<double>& law, const SkinParams& params, double moved_m, SkinState& state) {
  RecoveryMatrix square_, power = {};
  for (int j = 0; j < recovery_size; ++j) {
    double column[recovery_size] = {};
    column[j] = 1;
    recover(law, column);
    for (int i = 0; i < recovery_size; ++i) square_[i][j] = column[i];
    power[j][j] = 1;
  }
  for (std::int64_t steps = state.recovery_steps; steps > 0; steps >>= 1) {
    if (steps & 1) multiply(square_, power, power);
    if (steps > 1) multiply(square_, square_, square_);
  }
  const double kept_1 = elementary::exp(-std::fabs(moved_m) / params.tent_reach_m);
  for (auto& line : power)
    for (double& x : line) x *= kept_1;
  const int n = static_cast<int>(state.derived.needle_count);
  for (int i = 0; i < n; ++i) {
    double from[recovery_size], to[recovery_size] = {};
    each_branch([&](int k) { from[k] = state.branch_N[k][i]; });
    from[relaxation_branches] = state.elastic_N[i];
    for (int k = 0; k < recovery_size; ++k)
      for (int j = 0; j < recovery_size; ++j) to[k] += power[k][j] * from[j];
    each_branch([&](int k) { state.branch_N[k][i] = to[k]; });
    state.elastic_N[i] = to[relaxation_branches];
  }
  state.recovery_steps = 0;
}

// What is common to the needles in one step.
struct Step {
  const CartridgeParams& cartridge;
  const SkinParams& params;
  const HoleMemory& holes;
  const SkinInput& input;
  double above_m;              // mean tip plane below the patch
  double rate_1;               // F_p here and at this speed over F_p at rest
  double reentry_threshold_N;  // to enter an existing hole
};

// One needle, whatever happens to it.
template <class L>
[[gnu::noinline]] void step_needle(const Step& step, SkinState& state, int i, Sums& sums) {
  const SkinDerived& d = state.derived;
  const L law(step.cartridge, step.params, d);
  const double X = step.above_m + d.offset_m[i];
  const Memory<double> m = remember(
      law, [&](int k) { return state.branch_N[k][i]; }, state.elastic_N[i]);
  double p = state.needle_penetration_m[i];
  double u = X - p;
  double elastic = elastic_force(law, u);
  double F = law.gain_1 * elastic + m.H;
  double slope = tent_slope(law, u);
  double span = 1;                           // share of the step during which the tip may move through the tissue
  double begin_N = state.needle_force_N[i];  // force at the begin of that
  bool flows = p > 0;
  bool leaves = p == 0 && !(F > 0);

  if (p == 0 && F > 0) {
    if (state.stroke_open == 0) {
      state.stroke_open = 1;
      state.stroke_track_m = step.input.track_m;
      state.stroke_across_m = step.input.across_m;
      recall_holes(step.cartridge, step.params, step.holes, state);
    }
    const bool hole = state.hole_m[i] > 0;
    const double threshold = hole ? step.reentry_threshold_N : d.puncture_N[i] * step.rate_1;
    if (F >= threshold) {
      // F ~ (u + l/2)^2 - (l/2)^2, so the root of F + A (l/2)^2 grows evenly within the step.
      const double flat_N = 0.5 * law.half_contact_m * law.contact_N_per_m;
      const double root_from = std::sqrt(state.needle_force_N[i] + flat_N);
      const double root_to = std::sqrt(F + flat_N);
      const double root_at = std::sqrt(threshold + flat_N);
      span = root_at > root_from ? (root_to - root_at) / (root_to - root_from) : 1;
      flows = span > 0;
      begin_N = threshold;
      sums.inside_1 = std::max(sums.inside_1, span);
      state.punctures += flows;
      state.reentries += flows && hole;
    }
  }

  while (flows) {
    const bool reentry = p < state.hole_m[i];
    const Resistance<double> r = resistance(law, p, reentry);
    const bool forward = F > r.forward_N;
    if (!forward && !(F < -r.friction_N)) break;
    const Flow<double> end = flow(law, r, forward, r.drag_N_per_m / span, begin_N, u, slope, m.H);
    const double moved = u - end.tent_m;
    if (reentry && p + moved > state.hole_m[i]) {
      // At the bottom of the hole: cut on for the rest of the step.
      span *= 1 - (state.hole_m[i] - p) / moved;
      flows = span > 0;
      p = state.hole_m[i];
      u = X - p;
      slope = tent_slope(law, u);
    } else {
      p += moved;
      u = end.tent_m;
      slope = end.stiffness_N_per_m;
      flows = false;
      leaves = p <= 0;
      if (leaves && state.needle_penetration_m[i] > 0) sums.inside_1 = std::max(sums.inside_1, (p - moved) / -moved);
    }
    elastic = elastic_force(law, u);
    F = law.gain_1 * elastic + m.H;
  }

  if (leaves) {
    // The tip is out and the surface leaves it.
    p = 0;
    elastic = -m.H * law.inverse_gain_1;
    F = 0;
    slope = 0;
    u = free_tent(law, elastic);
  }
  state.hole_m[i] = largest(p, law.decay_hole_1 * state.hole_m[i]);
  each_branch([&](int k) { state.branch_N[k][i] = kept(law, m, k, elastic); });
  state.elastic_N[i] = elastic;
  state.needle_penetration_m[i] = p;
  state.needle_force_N[i] = F;
  const int lane = i & 1;
  sums.force_N[lane] += F;
  sums.stiffness_N_per_m[lane] += slope;
  sums.tent_m[lane] += u;
  sums.penetration_m[lane] += p;
  sums.deepest_m[lane] = largest(sums.deepest_m[lane] + 0.0, p);
  sums.lift_m[lane] = largest(sums.lift_m[lane] + 0.0, -u);
}

// Two needles to which nothing out of the ordinary happens, each outside or inside. Returns false, with nothing
// changed, if either meets an event (first touch of a stroke, puncture, bottom of a hole, exit).
[[gnu::always_inline]] inline bool step_pair(const Law<Pair>& law, const Step& step, SkinState& state, int i,
                                             Sums& sums) {
  Pair p = load(state.needle_penetration_m + i);
  const PairMask inside = less(Pair{}, p);
  const Memory<Pair> m = remember(
      law, [&](int k) { return load(state.branch_N[k] + i); }, load(state.elastic_N + i));
  const Pair hole = load(state.hole_m + i);
  Pair u = step.above_m + load(state.derived.offset_m + i) - p;
  Pair elastic = elastic_force(law, u);
  Pair F = law.gain_1 * elastic + m.H;
  Pair slope = tent_slope(law, u);
  if (any(inside)) {
    const PairMask reentry = less(p, hole);
    const Resistance<Pair> r = resistance(law, p, reentry);
    const PairMask forward = less(r.forward_N, F);
    const PairMask moves = inside & (forward | less(F, -r.friction_N));
    if (any(moves)) {
      const Flow<Pair> end = flow(law, r, forward, r.drag_N_per_m, load(state.needle_force_N + i), u, slope, m.H);
      p = select(moves, p + (u - end.tent_m), p);
      if (any(inside & ((reentry & less(hole, p)) | ~less(Pair{}, p)))) return false;
      u = select(moves, end.tent_m, u);
      slope = select(moves, end.stiffness_N_per_m, slope);
      elastic = elastic_force(law, u);
      F = law.gain_1 * elastic + m.H;
    }
  }
  if (any(~inside)) {
    const PairMask touches = ~inside & less(Pair{}, F);
    if (any(touches)) {
      const Pair threshold = select(less(Pair{}, hole), Pair{} + step.reentry_threshold_N,
                                    load(state.derived.puncture_N + i) * step.rate_1);
      if (state.stroke_open == 0 || any(touches & ~less(F, threshold))) return false;
    }
    const PairMask held = inside | touches;
    const Pair free = -m.H * law.inverse_gain_1;
    elastic = select(held, elastic, free);
    F = select(held, F, Pair{});
    slope = select(held, slope, Pair{});
    u = select(held, u, free_tent(law, free));
  }
  if (any(inside)) {
    store(state.needle_penetration_m + i, p);
    sums.penetration_m += p;
    sums.deepest_m = largest(sums.deepest_m, p);
  }
  store(state.hole_m + i, largest(p, law.decay_hole_1 * hole));
  each_branch([&](int k) { store(state.branch_N[k] + i, kept(law, m, k, elastic)); });
  store(state.elastic_N + i, elastic);
  store(state.needle_force_N + i, F);
  sums.force_N += F;
  sums.stiffness_N_per_m += slope;
  sums.tent_m += u;
  sums.lift_m = largest(sums.lift_m, -u);
  return true;
}

// All needles. Sums are taken over even and odd needles apart, then together.
Sums step_needles(const Step& step, SkinState& state) {
  const Law<Pair> law(step.cartridge, step.params, state.derived);
  const int n = static_cast<int>(state.derived.needle_count);
  Sums sums;
  sums.force_N = sums.stiffness_N_per_m = sums.tent_m = sums.penetration_m = sums.deepest_m = Pair{};
  sums.lift_m = Pair{state.stroke_open != 0 ? state.lift_m : 0.0, 0.0};
  if (step.params.tent_growth_1_per_m > 0) {
    for (int i = 0; i < n; ++i) step_needle<GrowingLaw>(step, state, i, sums);
    return sums;
  }
  for (int i = 0; i < n; i += 2) {
    if (i + 1 < n && step_pair(law, step, state, i, sums)) continue;
    Sums detour = sums;  // so that `sums` itself may stay in registers
    step_needle<Law<double>>(step, state, i, detour);
    if (i + 1 < n) step_needle<Law<double>>(step, state, i + 1, detour);
    sums = detour;
  }
  return sums;
}

// What the array does as a whole in one step.
struct Array {
  double force_N = 0, stiffness_N_per_m = 0;  // of the law per needle
  double bone_N = 0, bone_N_per_m = 0;
  double tent_m = 0;  // mean
  double penetration_max_m = 0;
  std::int64_t in_skin = 0, below_dermis = 0;
};

// What follows from the step's length, tilt and place.
void refresh(const CartridgeParams& cartridge, const SkinParams& params, SkinState& state, const SkinInput& input,
             double dt_s) {
  SkinDerived& d = state.derived;
  if (dt_s != d.dt_s) {
    if (state.recovery_steps > 0)
      end_recovery(Law<double>(cartridge, params, d), params, input.track_m - state.stroke_track_m, state);
    prepare_step(params, dt_s, d);
  }
  if (input.tilt_rad != d.tilt_rad) prepare_tilt(input.tilt_rad, d);
  if (params.patch_count > 0 && input.track_m != d.place_m) prepare_place(cartridge, params, input.track_m, d);
}

void count_needles(const SkinState& state, Array& array) {
  const SkinDerived& d = state.derived;
  const int n = static_cast<int>(d.needle_count);
  for (int i = 0; i < n; ++i) array.in_skin += state.needle_penetration_m[i] > 0;
  if (array.penetration_max_m > d.dermis_end_m)
    for (int i = 0; i < n; ++i) array.below_dermis += state.needle_penetration_m[i] > d.dermis_end_m;
}

void step_bone(const SkinParams& params, const SkinDerived& d, double tip_m, Array& array) {
  if (!(params.bone_backed_1 > 0 && tip_m + d.offset_max_m > params.soft_tissue_depth_m)) return;
  for (int i = 0; i < static_cast<int>(d.needle_count); ++i) {
    const double into_m = tip_m + d.offset_m[i] - params.soft_tissue_depth_m;
    if (into_m > 0) {
      array.bone_N += params.bone_stiffness_N_per_m * into_m;
      array.bone_N_per_m += params.bone_stiffness_N_per_m;
    }
  }
}

// Lateral force per needle at the mean penetration; what it cannot hold is slit.
double pull_sideways(const SkinParams& params, SkinState& state, double mean_m) {
  const double* const stiffness = state.derived.lateral_stiffness_N_per_m;
  const double at = std::min(mean_m / lateral_grid_m, static_cast<double>(lateral_grid_points - 1));
  const int cell = std::min(static_cast<int>(at), lateral_grid_points - 2);
  const double k_lat = stiffness[cell] + (at - cell) * (stiffness[cell + 1] - stiffness[cell]);
  const double slit_N = params.dermis_toughness_J_per_m2 * mean_m;
  const double pull = k_lat * state.takeup_m;
  if (!(std::fabs(pull) > slit_N)) return pull;
  const double held_m = slit_N / k_lat;
  state.slit_m += std::fabs(state.takeup_m) - held_m;
  state.takeup_m = state.takeup_m < 0 ? -held_m : held_m;
  return state.takeup_m < 0 ? -slit_N : slit_N;
}

// 8: the array is dragged along while it is in the skin. `inside_1`: share of the step that a needle spent inside which
// entered or left in it; `penetration_m`: sum over needles.
void step_glide(const CartridgeParams& cartridge, const SkinParams& params, SkinState& state, const SkinInput& input,
                double dt_s, std::int64_t in_skin, double inside_1, double penetration_m, SkinOutput& output) {
  if (in_skin > 0 && state.in_skin > 0)
    inside_1 = 1;
  else if (in_skin == 0 && state.in_skin == 0)
    inside_1 = 0;
  state.drag_m += std::fabs(input.lateral_speed_m_per_s) * inside_1 * dt_s;
  state.dwell_s += inside_1 * dt_s;
  if (in_skin == 0) return;
  const double mean_m = penetration_m / static_cast<double>(in_skin);
  state.takeup_m += input.lateral_speed_m_per_s * dt_s;
  if (state.takeup_m != 0) output.lateral_force_N = static_cast<double>(in_skin) * pull_sideways(params, state, mean_m);
  state.tear_max_m = std::max(state.tear_max_m, state.drag_m - cartridge.shaft_diameter_m);
  output.penetration_mean_m = mean_m;
}

void close_stroke(SkinState& state, HoleMemory& holes) {
  if (state.entered != 0) store_holes(state, holes);
  state.stroke_open = 0;
  state.entered = 0;
  state.drag_m = 0;
  state.dwell_s = 0;
  state.takeup_m = 0;
  state.slit_m = 0;
}

// The array while a tip touches or may touch in this step; `above_m`: mean tip plane below the patch.
Array step_stroke(const CartridgeParams& cartridge, const SkinParams& params, SkinState& state, HoleMemory& holes,
                  const SkinInput& input, double above_m, double dt_s, SkinOutput& output) {
  const SkinDerived& d = state.derived;
  const Step step{
      cartridge,
      params,
      holes,
      input,
      above_m,
      d.puncture_factor_1 * skin_puncture_rate_1(params, input.tip_speed_m_per_s),
      params.reentry_ratio_1 * params.spreading_ratio_1 * params.epidermis_toughness_J_per_m2 * d.tip_diameter_m};
  if (state.recovery_steps > 0)
    end_recovery(Law<double>(cartridge, params, d), params, input.track_m - state.stroke_track_m, state);
  state.relaxed = 0;
  const Sums sums = step_needles(step, state);
  Array array;
  array.force_N = sums.force_N[0] + sums.force_N[1];
  array.stiffness_N_per_m = sums.stiffness_N_per_m[0] + sums.stiffness_N_per_m[1];
  array.tent_m = (sums.tent_m[0] + sums.tent_m[1]) * d.inverse_needle_count_1;
  array.penetration_max_m = std::max(sums.deepest_m[0], sums.deepest_m[1]);
  if (array.penetration_max_m > 0) {
    state.entered = 1;
    count_needles(state, array);
  }
  step_bone(params, d, input.tip_m, array);
  step_glide(cartridge, params, state, input, dt_s, array.in_skin, sums.inside_1,
             sums.penetration_m[0] + sums.penetration_m[1], output);
  state.lift_m = std::max(sums.lift_m[0], sums.lift_m[1]);
  state.in_skin = array.in_skin;
  output.drag_m = state.drag_m;
  output.dwell_s = state.dwell_s;
  if (state.stroke_open != 0 && array.in_skin == 0 && array.stiffness_N_per_m == 0) close_stroke(state, holes);
  return array;
}

// The array while no tip can reach the surface.
Array step_away(const CartridgeParams& cartridge, const SkinParams& params, SkinState& state, SkinOutput& output) {
  Array array;
  if (state.relaxed == 0) array.tent_m = step_recovery(Law<double>(cartridge, params, state.derived), state);
  output.drag_m = 0;
  output.dwell_s = 0;
  return array;
}

}  // namespace

double skin_puncture_force_N(const SkinParams& params, double tip_diameter_m) {
  const auto sharp = [&params](double d) {
    return std::max(1e-3, params.puncture_slope_N_per_m * d + params.puncture_offset_N);
  };
  const auto blunt = [&params](double d) {
    return std::max(params.blunt_puncture_floor_N, params.blunt_puncture_stress_Pa * (elementary::pi / 4) * square(d) +
                                                       params.blunt_puncture_offset_N);
  };
  if (tip_diameter_m <= params.sharp_limit_m) return sharp(tip_diameter_m);
  if (tip_diameter_m >= params.blunt_limit_m) return blunt(tip_diameter_m);
  const double from = sharp(params.sharp_limit_m);
  const double to = blunt(params.blunt_limit_m);
  return from + (to - from) * (tip_diameter_m - params.sharp_limit_m) / (params.blunt_limit_m - params.sharp_limit_m);
}

double skin_stretch_stiffness_1(const SkinParams& params) {
  const double lambda = std::max(params.stretch_1, 1 / params.stretch_1);
  if (lambda < 1 + 1e-6) return 1;
  const double n = params.stretch_exponent_1;
  const double across2 = 1 / square(square(lambda)), along2 = square(lambda);  // lambda_3^2, lambda^2
  // lambda W', over mu
  const double along = 2 / n * elementary::pow(lambda, n), across = 2 / n * elementary::pow(across2, 0.5 * n);
  const double A = (along - across) * along2 / (along2 - across2);
  const double C = (along - across) * across2 / (along2 - across2);
  const double bend = ((n - 1) * (along + across) - 2 * (A - along)) / C;  // 2 D/C
  const double r = lambda * lambda * lambda;
  const double stiffer = 0.5 * C * (r * (bend + r) + 2 * r - 1) / std::sqrt(bend + 2 * r);
  return params.stretch_1 > 1 ? stiffer : 1 / stiffer;
}

double skin_puncture_rate_1(const SkinParams& params, double tip_speed_m_per_s) {
  const auto raw = [&params](double speed_m_per_s) {
    return params.puncture_floor_1 + (1 - params.puncture_floor_1) * params.puncture_speed_m_per_s /
                                         (params.puncture_speed_m_per_s + speed_m_per_s);
  };
  return raw(std::max(0.0, tip_speed_m_per_s)) / raw(params.reference_speed_m_per_s);
}

void skin_relaxation(const SkinParams& params, double (&share_1)[relaxation_branches],
                     double (&time_s)[relaxation_branches]) {
  const double ratio = elementary::pow(params.slowest_time_s / params.fastest_time_s, 1.0 / (relaxation_branches - 1));
  double sum = 0;
  for (int k = 0; k < relaxation_branches; ++k) {
    time_s[k] = k == 0 ? params.fastest_time_s : time_s[k - 1] * ratio;
    share_1[k] = elementary::pow(time_s[k], -params.relaxation_exponent_1);
    sum += share_1[k];
  }
  for (double& share : share_1) share *= (1 - params.equilibrium_share_1) / sum;
}

double skin_unloaded_cut_m(const SkinParams& params, double penetration_m, double tent_m) {
  if (!(tent_m > 1e-9 * penetration_m)) return penetration_m;
  const double k = elementary::pi / (3 * params.deep_indentation_1);
  // p = h + u (s - 1), s^2 = 1 + k h/u
  const double s = 0.5 * (std::sqrt(square(k + 2) + 4 * k * penetration_m / tent_m) - k);
  return std::max(0.0, penetration_m - tent_m * (s - 1));
}

void skin_reset(const CartridgeParams& cartridge, const SkinParams& params, std::uint64_t seed, SkinState& state,
                HoleMemory& holes) {
  state = SkinState{};
  holes = HoleMemory{};
  SkinDerived& d = state.derived;
  const std::int64_t n = std::clamp<std::int64_t>(cartridge.needle_count, 1, needle_count_max);
  d.needle_count = static_cast<double>(n);
  d.inverse_needle_count_1 = 1 / d.needle_count;

  d.tip_diameter_m = cartridge_tip_diameter_m(cartridge);
  const double tan_theta = elementary::tan(cartridge.half_cone_angle_rad);
  d.cone_slope_1 = 2 * tan_theta;
  d.cone_length_m = std::max(0.0, (cartridge.shaft_diameter_m - d.tip_diameter_m) / d.cone_slope_1);
  d.contact_m = 4 * d.tip_diameter_m / (3 * params.deep_indentation_1);
  d.cone_area_1 = elementary::pi / elementary::cos(cartridge.half_cone_angle_rad);
  d.hook_N = cartridge.used_count > 0 ? cartridge.hook_force_N : 0;

  // Lognormal with mean 1: exp(s z - s^2/2), s^2 = ln(1 + CV^2).
  const double variance = elementary::log(1 + square(params.puncture_scatter_1));
  const double deviation = std::sqrt(variance);
  const double force = skin_puncture_force_N(params, d.tip_diameter_m) * params.puncture_factor_1;
  NeedlePlace places[needle_count_max];
  cartridge_places(cartridge, places);
  for (std::int64_t i = 0; i < n; ++i) {
    d.puncture_N[i] =
        force * elementary::exp(deviation * noise_normal(seed, stream_puncture_scatter, i) - 0.5 * variance);
    d.height_m[i] = cartridge.height_scatter_m * noise_normal(seed, stream_needle_height, i);
    d.along_m[i] = places[i].along_m;
  }
  prepare_tilt(0, d);
  prepare_place(cartridge, params, 0, d);
}

void skin_step(const CartridgeParams& cartridge, const SkinParams& params, SkinState& state, HoleMemory& holes,
               const SkinInput& input, double dt_s, SkinOutput& output) {
  refresh(cartridge, params, state, input, dt_s);
  if (state.started == 0) {
    state.started = 1;
    state.tip_m = input.tip_m;
    state.sink_m = input.nose_sink_m;
  }
  const double tip_change_m = input.tip_m - state.tip_m;
  state.time_s += dt_s;
  ++state.steps;

  const double plate_N =
      step_patch(cartridge, params, state, input, tip_change_m - (input.nose_sink_m - state.sink_m), dt_s);
  state.tip_m = input.tip_m;
  state.sink_m = input.nose_sink_m;
  const double patch_m = state.patch_m + state.sink_m;  // u_g
  const double above_m = input.tip_m - patch_m;

  output.penetration_mean_m = 0;
  output.lateral_force_N = 0;
  const bool away = state.stroke_open == 0 && above_m + state.derived.offset_max_m < -state.lift_m;
  const Array array = away ? step_away(cartridge, params, state, output)
                           : step_stroke(cartridge, params, state, holes, input, above_m, dt_s, output);
  if ((state.steps & housekeeping_mask) == 0) housekeeping(state);

  const double total = array.force_N + plate_N + array.bone_N;
  output.force_N = total;
  output.stiffness_N_per_m = array.stiffness_N_per_m + array.bone_N_per_m +
                             (plate_N > 0 ? plate_stiffness_ratio_1 * state.derived.stiffness_N_per_m : 0);
  output.indentation_mean_m = patch_m + array.tent_m;
  output.penetration_max_m = array.penetration_max_m;
  output.in_skin = array.in_skin;
  output.below_dermis = array.below_dermis;
  output.punctures = state.punctures;
  output.reentries = state.reentries;
  output.tear_max_m = state.tear_max_m;
  output.nose_friction_N = input.lateral_speed_m_per_s == 0  ? 0
                           : input.lateral_speed_m_per_s > 0 ? params.nose_friction_1 * input.nose_force_N
                                                             : -params.nose_friction_1 * input.nose_force_N;
  state.work_J += 0.5 * (state.force_N + total) * tip_change_m;
  output.work_J = state.work_J;
  state.force_N = total;
  state.patch_missed_N = state.patch_end_1 * (state.patch_missed_N + array.force_N);
  state.patch_force_N = array.force_N;
  state.patch_stiffness_N_per_m = array.stiffness_N_per_m;
}

}  // namespace pensim
