// Closed forms of the machine, the law of the nose against Boussinesq's integral equation, then the direction in which
// every input acts.
#include "models/insertion_rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace pensim;

namespace {

struct Machine {
  InsertionParams params;
  CartridgeParams cartridge;
  SkinParams skin;
  double dt_s = 20e-6;
};

// What a run shows.
struct Shown {
  double peak_N = 0, least_N = 0;         // on the machine
  double puncture_N = 0, puncture_m = 0;  // needles and way of the tips at the first puncture
  // when the retraction begins
  double indentation_m = 0, penetration_m = 0, travel_m = 0, force_N = 0, nose_N = 0, energy_J = 0;
  double penetrations_m = 0;  // mean over all needles, then
  double end_energy_J = 0, end_channel_m = 0, integral_J = 0;
};

using Each = std::function<void(const InsertionState&, InsertionPhase before)>;

Shown run(const Machine& m, const Each& each = nullptr) {
  const SkinParams skin = insertion_skin(m.params, m.cartridge, m.skin);
  const auto state = std::make_unique<InsertionState>();
  insertion_reset(m.params, m.cartridge, skin, 1, *state);
  Shown shown;
  while (state->phase != InsertionPhase::done) {
    const InsertionPhase phase = state->phase;
    const double tip_m = state->tip_m, force_N = state->force_N;
    insertion_step(m.params, m.cartridge, skin, *state, m.dt_s);
    shown.integral_J += 0.5 * (force_N + state->force_N) * (state->tip_m - tip_m);
    shown.peak_N = std::max(shown.peak_N, state->force_N);
    shown.least_N = std::min(shown.least_N, state->force_N);
    if (phase != InsertionPhase::retraction) {
      shown.indentation_m = state->out.indentation_mean_m;
      shown.penetration_m = state->out.penetration_max_m;
      shown.travel_m = state->travel_m;
      shown.force_N = state->force_N;
      shown.nose_N = state->nose_force_N;
      shown.energy_J = state->energy_J;
      shown.penetrations_m = 0;
      for (int i = 0; i < static_cast<int>(m.cartridge.needle_count); ++i)
        shown.penetrations_m += state->skin.needle_penetration_m[i] / static_cast<double>(m.cartridge.needle_count);
    }
    if (each) each(*state, phase);
  }
  shown.puncture_N = state->puncture_force_N;
  shown.puncture_m = state->puncture_tip_m;
  shown.end_energy_J = state->energy_J;
  shown.end_channel_m = insertion_channel_depth_m(*state);
  return shown;
}

// One needle on skin that is elastic, does not break, and lies on something rigid: F = B u^2, u = tip.
Machine elastic() {
  Machine m;
  m.cartridge.needle_count = 1;
  m.cartridge.height_scatter_m = 0;
  m.skin.equilibrium_share_1 = 1;
  m.skin.puncture_factor_1 = 1e6;
  m.skin.shear_modulus_Pa = 1e12;
  m.params.travel_m = 0.4e-3;
  m.params.speed_m_per_s = 10e-3;
  m.dt_s = 5e-6;
  return m;
}

Machine needles(std::int64_t count) {
  Machine m;
  m.cartridge.needle_count = count;
  if (count == 1) m.cartridge.footprint_radius_m = 1e-3;
  m.skin.shear_modulus_Pa = 30e3;
  m.params.speed_m_per_s = 10e-3;
  return m;
}

}  // namespace

// F = B x (x + l) of elastic skin under one needle.
double contact_m(const Machine& m) {
  return 8 * (cartridge_tip_diameter_m(m.cartridge) / 2) / (3 * m.skin.deep_indentation_1);
}
double elastic_N(const Machine& m, double x) { return m.skin.instantaneous_modulus_Pa * x * (x + contact_m(m)); }

TEST(InsertionRig, WorkOnElasticSkinIsTheIntegralOfItsLawAndComesBack) {
  const Machine m = elastic();
  const Shown shown = run(m);
  const double x = m.params.travel_m, work_J = m.skin.instantaneous_modulus_Pa * x * x * (x / 3 + contact_m(m) / 2);
  EXPECT_NEAR(shown.peak_N, elastic_N(m, x), 1e-3 * elastic_N(m, x));
  EXPECT_NEAR(shown.energy_J, work_J, 2e-3 * work_J);
  EXPECT_NEAR(shown.end_energy_J, 0, 1e-3 * shown.energy_J);
  EXPECT_GE(shown.least_N, 0);
}

TEST(InsertionRig, LoadingAndUnloadingAreOneCurve) {
  const Machine m = elastic();
  int looked[2] = {0, 0};
  run(m, [&](const InsertionState& s, InsertionPhase phase) {
    if (s.tip_m < 0.1e-3) return;
    ++looked[phase == InsertionPhase::retraction];
    EXPECT_NEAR(s.force_N, elastic_N(m, s.tip_m), 1e-3 * elastic_N(m, m.params.travel_m));
  });
  EXPECT_GT(looked[0], 5000);
  EXPECT_NEAR(looked[0], looked[1], 2);
}

// What recoil leaves of a cut: less than the penetration, the less the softer the tent, and fixed once the needle
// turns.
TEST(InsertionRig, AChannelIsShorterThanThePenetrationAndStaysWhenTheNeedleLeaves) {
  Machine m = needles(1);
  m.cartridge.height_scatter_m = 0;
  double at_turn_m = 0, deepest_m = 0, before_m = 0, cut_m = 0;
  const Shown shown = run(m, [&](const InsertionState& s, InsertionPhase phase) {
    const double now_m = insertion_channel_depth_m(s);
    EXPECT_GE(now_m, before_m) << "a cut does not heal in a run";
    EXPECT_LE(now_m - before_m, s.cut_m[0] - cut_m + 1e-15) << "it grows by what the needle goes further in at most";
    before_m = now_m;
    cut_m = s.cut_m[0];
    deepest_m = std::max(deepest_m, s.out.penetration_max_m);
    if (phase == InsertionPhase::insertion) at_turn_m = now_m;
  });
  EXPECT_GT(at_turn_m, 0.2 * deepest_m);
  EXPECT_LT(at_turn_m, 0.8 * deepest_m);
  EXPECT_NEAR(shown.end_channel_m / at_turn_m, 1, 0.02);
  m.skin.instantaneous_modulus_Pa *= 100;  // a smaller tent: less recoil
  const Shown stiff = run(m);
  EXPECT_GT(stiff.end_channel_m / stiff.penetration_m, 1.3 * shown.end_channel_m / shown.penetration_m);
}

TEST(InsertionRig, EnergyIsTheIntegralOfForceOverTravel) {
  Machine m = needles(12);
  m.cartridge.needle_length_m = 1e-3;
  m.params.nose_inner_diameter_m = 6e-3;
  m.params.nose_outer_diameter_m = 9e-3;
  m.params.vibration_Hz = 150;
  m.params.vibration_amplitude_m = 30e-6;
  const Shown shown = run(m);
  EXPECT_GT(shown.nose_N, 0.1);
  EXPECT_GT(shown.end_energy_J, 0) << "skin gives back less than it took";
  EXPECT_NEAR(shown.end_energy_J, shown.integral_J, 1e-9 * shown.integral_J);
}

TEST(InsertionRig, WithoutFrictionNothingPullsAtTheNeedles) {
  Machine m = needles(1);
  m.skin.shaft_stress_Pa = 0;
  m.skin.cutting_drag_N_s_per_m = 1e-9;
  m.skin.shaft_viscosity_Pa_s_per_m = 0;
  EXPECT_GT(run(m).penetration_m, 0.2e-3);
  EXPECT_GT(run(m).least_N, -1e-6);
  m.skin.shaft_stress_Pa = 4e3;
  EXPECT_LT(run(m).least_N, -0.2e-3);
}

TEST(InsertionRig, AHeldPlaceRelaxes) {
  Machine m = elastic();
  m.skin.equilibrium_share_1 = 0.4;
  m.skin.slowest_time_s = 0.02;
  m.params.hold_s = 0.5;  // 25 times that
  double end_N = 0, hold_s = 0;
  const Shown shown = run(m, [&](const InsertionState& s, InsertionPhase phase) {
    if (phase != InsertionPhase::hold) return;
    EXPECT_EQ(s.travel_m, m.params.travel_m);
    end_N = s.force_N;
    hold_s += m.dt_s;
  });
  EXPECT_NEAR(hold_s, 0.5, 2 * m.dt_s);
  const double full_N = elastic_N(m, m.params.travel_m);
  EXPECT_NEAR(end_N, 0.4 * full_N, 1e-4 * full_N);
  EXPECT_GT(shown.peak_N, 0.6 * full_N);
}

TEST(InsertionRig, AHeldForceStaysAndTheNeedlesCreepOn) {
  for (const bool nose : {false, true}) {
    Machine m = needles(12);
    m.cartridge.needle_length_m = 1e-3;
    m.params.travel_m = 10e-3;
    m.params.press_N = 1;
    m.params.hold_s = 1;
    if (nose) {
      m.params.nose_inner_diameter_m = 6e-3;
      m.params.nose_outer_diameter_m = 9e-3;
    }
    double first_m = 0, last_m = 0, worst_N = 0, into_s = 0;
    const Shown shown = run(m, [&](const InsertionState& s, InsertionPhase phase) {
      if (phase != InsertionPhase::hold) return;
      if (first_m == 0) first_m = s.travel_m;
      last_m = s.travel_m;
      if ((into_s += m.dt_s) > 10e-3) worst_N = std::max(worst_N, std::fabs(s.force_N - m.params.press_N));
    });
    EXPECT_LT(worst_N, 5e-3 * m.params.press_N) << nose;
    EXPECT_GT(last_m - first_m, 20e-6) << nose;
    EXPECT_LT(shown.peak_N, 1.01 * m.params.press_N) << nose;
    EXPECT_EQ(shown.nose_N > 0.3, nose);
  }
}

TEST(InsertionRig, APressThatTheSkinNeverCarriesEndsAtTheLimitOfTravel) {
  Machine m = needles(1);
  m.params.travel_m = 3e-3;
  m.params.press_N = 50;
  m.params.hold_s = 0.1;
  const Shown shown = run(m);
  EXPECT_EQ(shown.travel_m, 3e-3);
  EXPECT_LT(shown.peak_N, 1);
}

TEST(InsertionRig, HalfTheStepShowsTheSame) {
  for (const std::int64_t count : {1, 12}) {
    Machine m = needles(count);
    m.cartridge.needle_length_m = 1e-3;
    m.params.hold_s = 0.2;
    m.params.base_plate = count == 12;
    m.dt_s = 10e-6;
    const Shown whole = run(m);
    m.dt_s /= 2;
    const Shown half = run(m);
    EXPECT_NEAR(whole.peak_N, half.peak_N, 5e-3 * half.peak_N) << count;
    EXPECT_NEAR(whole.puncture_N, half.puncture_N, 5e-3 * half.puncture_N) << count;
    EXPECT_NEAR(whole.penetration_m, half.penetration_m, 5e-3 * half.penetration_m) << count;
    EXPECT_NEAR(whole.energy_J, half.energy_J, 5e-3 * half.energy_J) << count;
  }
}

TEST(InsertionRig, TheSameRunIsTheSameBits) {
  Machine m = needles(12);
  m.params.vibration_Hz = 1000;
  m.params.vibration_amplitude_m = 20e-6;
  const SkinParams skin = insertion_skin(m.params, m.cartridge, m.skin);
  const auto one = std::make_unique<InsertionState>(), two = std::make_unique<InsertionState>();
  for (InsertionState* state : {one.get(), two.get()}) {
    insertion_reset(m.params, m.cartridge, skin, 3, *state);
    for (int i = 0; i < 20'000; ++i) insertion_step(m.params, m.cartridge, skin, *state, m.dt_s);
  }
  EXPECT_EQ(std::memcmp(one.get(), two.get(), sizeof *one), 0);
  EXPECT_GT(one->out.punctures, 0);
}

TEST(InsertionRig, VibrationIsASineOnTheTravelAndEndsWithAWholePeriod) {
  Machine m = elastic();
  m.params.hold_s = 0.0975;  // 19.5 periods
  m.params.vibration_Hz = 200;
  m.params.vibration_amplitude_m = 25e-6;
  m.params.vibrates_in_insertion = 0;
  double high_m = 0, low_m = 0;
  int rises = 0;
  double before_m = 0;
  run(m, [&](const InsertionState& s, InsertionPhase phase) {
    const double beside_m = s.tip_m - s.travel_m;
    if (phase == InsertionPhase::insertion) {
      EXPECT_EQ(beside_m, 0);
    }
    if (phase == InsertionPhase::hold) {
      high_m = std::max(high_m, beside_m);
      low_m = std::min(low_m, beside_m);
      rises += before_m <= 0 && beside_m > 0;
      before_m = beside_m;
    }
    if (phase == InsertionPhase::retraction && s.travel_m < 0.3e-3) {
      EXPECT_EQ(beside_m, 0);
    }
  });
  EXPECT_NEAR(high_m, 25e-6, 0.1e-6);
  EXPECT_NEAR(low_m, -25e-6, 0.1e-6);
  EXPECT_EQ(rises, 20);
}

TEST(InsertionRig, BeyondTheirLengthTheNeedlesTakeTheNoseAlong) {
  // Needles that the skin does not feel: what is left is the nose.
  Machine m = needles(12);
  m.skin.instantaneous_modulus_Pa = 1e-3;
  m.skin.stiffening_depth_m = 1;
  m.cartridge.needle_length_m = 0.5e-3;
  m.params.nose_inner_diameter_m = 6e-3;
  m.params.nose_outer_diameter_m = 9e-3;
  m.params.hold_s = 0.5;
  const NoseLaw nose =
      nose_law(6e-3, 9e-3, m.cartridge.footprint_radius_m, m.skin.shear_modulus_Pa, m.skin.density_kg_per_m3);
  double patch_m = 0;
  const Shown shown = run(m, [&](const InsertionState& s, InsertionPhase phase) {
    if (s.tip_m < 0.5e-3) {
      EXPECT_EQ(s.nose_force_N, 0);
    }
    if (phase == InsertionPhase::hold) patch_m = s.skin.patch_m;
  });
  const double linear_N = nose.stiffness_N_per_m * 1e-3, z_ref_m = 4.5e-3 / m.cartridge.footprint_radius_m;
  EXPECT_NEAR(shown.nose_N, linear_N * (1 + 1e-3 / z_ref_m), 1e-6);
  EXPECT_NEAR(patch_m, -nose.bulge_m_per_N * linear_N, 1e-3 * nose.bulge_m_per_N * linear_N);
}

TEST(InsertionRig, TheBasePlateBearsAndKeepsTheNeedlesAtTheirLength) {
  Machine m = needles(12);
  m.cartridge.needle_length_m = 0.5e-3;
  m.params.travel_m = 2.5e-3;
  const Shown bare = run(m);
  m.params.base_plate = 1;
  const Shown plate = run(m);
  EXPECT_GT(bare.penetration_m, 0.65e-3);
  EXPECT_LT(plate.penetration_m, 0.5e-3 + 40e-6);  // height of the tips
  EXPECT_GT(plate.force_N, 1.5 * bare.force_N);
}

// --- the law of the nose

namespace {

// Frictionless contact of a rigid disc (radius 1) and a concentric rigid ring with a half space, G = 1, nu = 0.5:
// piecewise constant pressure on rings, the surface displaced as asked at their middles. A ring of pressure q at s
// displaces the surface at r by (1 - nu)/G q s (2/pi) K(k)/(r + s) ds, k^2 = 4 r s/(r + s)^2 [Johnson, Contact
// Mechanics, 3.8].
class DiscAndRing {
 public:
  DiscAndRing(double inner, double outer) {
    std::vector<std::pair<double, double>> cells;
    const double pi = std::acos(-1.0);
    for (int i = 0; i < n; ++i) cells.emplace_back(std::sin(pi / 2 * i / n), std::sin(pi / 2 * (i + 1) / n));
    const auto at = [&](int i) { return inner + (outer - inner) * (1 - std::cos(pi * i / n)) / 2; };
    for (int i = 0; i < n; ++i) cells.emplace_back(at(i), at(i + 1));
    // Influence matrix and two right sides: disc up, ring held; and the other way round.
    double rows[2 * n][2 * n + 2];
    for (int i = 0; i < 2 * n; ++i) {
      for (int j = 0; j < 2 * n; ++j)
        rows[i][j] = 0.5 * displacement(0.5 * (cells[i].first + cells[i].second), cells[j]);
      rows[i][2 * n] = i < n;
      rows[i][2 * n + 1] = i >= n;
    }
    for (int pivot = 0; pivot < 2 * n; ++pivot)  // the diagonal is the largest
      for (int i = 0; i < 2 * n; ++i) {
        if (i == pivot) continue;
        const double share = rows[i][pivot] / rows[pivot][pivot];
        for (int j = pivot; j < 2 * n + 2; ++j) rows[i][j] -= share * rows[pivot][j];
      }
    double force[2][2] = {};  // on disc and ring, in the two cases
    for (int i = 0; i < 2 * n; ++i)
      for (int c = 0; c < 2; ++c)
        force[i / n][c] += pi * (cells[i].second * cells[i].second - cells[i].first * cells[i].first) *
                           rows[i][2 * n + c] / rows[i][i];
    const double determinant = force[0][0] * force[1][1] - force[0][1] * force[1][0];
    disc = force[0][0];
    ring = force[0][0] / determinant;
    behind = ring + force[0][1] / determinant;
  }
  double disc = 0;    // force per displacement of the disc while the ring is held
  double ring = 0;    // sink of the ring per force on it
  double behind = 0;  // of the surface in the opening, per force on the ring

 private:
  static constexpr int n = 24;
  static double displacement(double r, std::pair<double, double> cell) {
    if (r > cell.first && r < cell.second) return part(r, r, cell.first) + part(r, r, cell.second);
    return r >= cell.second ? part(r, cell.second, cell.first) : part(r, cell.first, cell.second);
  }
  // From `end` (where the kernel is steep) to `other`, by Gauss's five points on s = end + (other - end) t^3, in two
  // halves.
  static double part(double r, double end, double other) {
    static constexpr double x[] = {-0.9061798459386640, -0.5384693101056831, 0, 0.5384693101056831, 0.9061798459386640};
    static constexpr double w[] = {0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665,
                                   0.2369268850561891};
    double sum = 0;
    for (const double from : {0.0, 0.5})
      for (int i = 0; i < 5; ++i) {
        const double t = from + 0.25 * (1 + x[i]);
        const double s = end + (other - end) * t * t * t;
        const double k = std::min(2 * std::sqrt(r * s) / (r + s), 1 - 1e-15);
        sum += 0.25 * w[i] * 3 * t * t * std::fabs(other - end) * s * (2 / std::acos(-1.0)) * std::comp_ellint_1(k) /
               (r + s);
      }
    return sum;
  }
};

}  // namespace

TEST(NoseLaw, DiscAloneHasTheStiffnessOfBoussinesq) {
  EXPECT_NEAR(DiscAndRing(100, 101).disc, 8, 0.1);  // 4 G a/(1 - nu)
}

TEST(NoseLaw, FollowsTheIntegralEquation) {
  for (const double ratio : {0.3, 0.5, 0.7, 0.8})
    for (const double x : {0.2, 0.5, 0.8, 0.9}) {
      const double inner = 1 / x, outer = inner / ratio;
      const DiscAndRing exact(inner, outer);
      const NoseLaw law = nose_law(2 * inner, 2 * outer, 1, 1, 1);
      const std::string where = "b_i/b_o " + std::to_string(ratio) + ", a/b_i " + std::to_string(x);
      EXPECT_NEAR(law.ring_factor_1, exact.disc / 8, 0.05 * exact.disc / 8) << where;
      EXPECT_NEAR(1 / law.stiffness_N_per_m, exact.ring, 0.05 * exact.ring) << where;
      EXPECT_NEAR(law.bulge_m_per_N, exact.behind, 0.10 * exact.behind) << where;
    }
}

TEST(NoseLaw, OfAPenGivesWhatThePensSkinHas) {
  const CartridgeParams twelve;
  const SkinParams pen;
  const NoseLaw law = nose_law(5.5e-3, 9e-3, twelve.footprint_radius_m, pen.shear_modulus_Pa, pen.density_kg_per_m3);
  EXPECT_NEAR(law.ring_factor_1, pen.nose_ring_factor_1, 0.1 * pen.nose_ring_factor_1);
  EXPECT_NEAR(law.bulge_m_per_N, pen.bulge_m_per_N, 0.1 * pen.bulge_m_per_N);
}

TEST(NoseLaw, WideOpeningsLetTheSkinGoAndNarrowNosesMakeItBulge) {
  const auto law = [](double inner, double outer) { return nose_law(inner, outer, 2.5e-3, 50e3, 1050); };
  EXPECT_NEAR(law(80e-3, 90e-3).ring_factor_1, 1, 0.03);
  EXPECT_GT(law(6e-3, 12e-3).ring_factor_1, law(8e-3, 12e-3).ring_factor_1);
  EXPECT_GT(law(6e-3, 8e-3).bulge_m_per_N, law(6e-3, 12e-3).bulge_m_per_N) << "same opening";
  EXPECT_GT(law(9e-3, 12e-3).bulge_m_per_N, law(6e-3, 12e-3).bulge_m_per_N) << "same outer diameter, wider opening";
  EXPECT_GT(law(6e-3, 12e-3).bulge_m_per_N, law(12e-3, 24e-3).bulge_m_per_N) << "same shape, twice the size";
  EXPECT_TRUE(std::isfinite(law(0.5e-3, 0.6e-3).bulge_m_per_N)) << "a nose narrower than the array";
}

// Needles of a pen injector behind hubs of several widths: a wider one sinks less at every press.
TEST(InsertionRig, AWiderNoseSinksLessAtEveryPress) {
  for (const double press_N : {0.5, 2.0, 8.0}) {
    double narrower_m = 1;
    for (const double outer_m : {3e-3, 6e-3, 9e-3, 14e-3}) {
      Machine m = needles(1);
      m.skin.shear_modulus_Pa = 15e3;
      m.cartridge.needle_length_m = 4e-3;
      m.params.press_N = press_N;
      m.params.travel_m = 30e-3;
      m.params.speed_m_per_s = 10e-3;
      m.params.nose_inner_diameter_m = 2e-3;
      m.params.nose_outer_diameter_m = outer_m;
      m.params.hold_s = 0.1;
      double tip_m = 0;
      run(m, [&](const InsertionState& s, InsertionPhase phase) {
        if (phase == InsertionPhase::hold) tip_m = s.tip_m;
      });
      EXPECT_GT(tip_m, 4e-3) << press_N << " N on " << outer_m;
      EXPECT_LT(tip_m, narrower_m) << press_N << " N on " << outer_m;
      narrower_m = tip_m;
    }
  }
}

// --- directions

// What each input does: from `less` to `more` of it the value grows, or falls.
TEST(InsertionRig, EveryInputActsInItsDirection) {
  using Change = std::function<void(Machine&)>;
  const auto press = [](double press_N) {
    return [=](Machine& m) {
      m.params.press_N = press_N;
      m.params.travel_m = 10e-3;
      m.params.hold_s = 0.2;
    };
  };
  const auto nose = [](double inner_m, double outer_m) {
    return [=](Machine& m) {
      m.params.nose_inner_diameter_m = inner_m;
      m.params.nose_outer_diameter_m = outer_m;
    };
  };
  const auto pressed_nose = [&](double inner_m, double outer_m, double press_N) -> Change {
    return [=](Machine& m) {
      press(press_N)(m);
      nose(inner_m, outer_m)(m);
      m.cartridge.needle_length_m = 1e-3;
    };
  };
  const Change nothing = [](Machine&) {};
  struct Row {
    const char* what;
    std::int64_t count;
    Change less, more;
    double Shown::*value;
    int sign;
  };
  const auto tip = [](double tip_m) { return [=](Machine& m) { m.cartridge.tip_diameter_m = tip_m; }; };
  const auto speed = [](double v) {
    return [=](Machine& m) {
      m.params.speed_m_per_s = v;
      m.dt_s = v > 0.1 ? 1e-6 : 20e-6;
    };
  };
  const auto travel = [](double x) { return [=](Machine& m) { m.params.travel_m = x; }; };
  const auto stretch = [](double s) { return [=](Machine& m) { m.skin.stretch_1 = s; }; };
  const auto cone = [](double a) { return [=](Machine& m) { m.cartridge.half_cone_angle_rad = a; }; };
  const auto shaft = [](double d) { return [=](Machine& m) { m.cartridge.shaft_diameter_m = d; }; };
  const auto vibration = [](double f) {
    return [=](Machine& m) {
      m.params.speed_m_per_s = 1e-3;
      m.params.vibration_Hz = f;
      m.params.vibration_amplitude_m = f > 0 ? 50e-6 : 0;
      m.dt_s = 20e-6;
    };
  };
  const Change plate = [](Machine& m) { m.params.base_plate = 1; };
  const auto pressed_plate = [&](double force_N) {
    return [=](Machine& m) {
      press(force_N)(m);
      m.params.base_plate = 1;
    };
  };
  const Change bed_of_36 = [&](Machine& m) {
    press(1.5)(m);
    m.cartridge.needle_count = 36;
  };
  const Row rows[] = {
      {"blunter tip, puncture force", 1, tip(10e-6), tip(20e-6), &Shown::puncture_N, 1},
      {"blunter tip, travel to puncture", 1, tip(10e-6), tip(20e-6), &Shown::puncture_m, 1},
      {"speed, puncture force", 1, speed(3e-3), speed(1.0), &Shown::puncture_N, -1},
      {"speed, travel to puncture", 1, speed(3e-3), speed(1.0), &Shown::puncture_m, -1},
      {"speed, penetration", 1, speed(3e-3), speed(1.0), &Shown::penetration_m, 1},
      {"travel, penetration", 1, travel(1.2e-3), travel(2e-3), &Shown::penetration_m, 1},
      {"travel, work", 1, travel(1.2e-3), travel(2e-3), &Shown::energy_J, 1},
      {"stretch, indentation", 12, stretch(1.0), stretch(1.2), &Shown::indentation_m, -1},
      {"stretch, penetration", 12, stretch(1.0), stretch(1.2), &Shown::penetration_m, 1},
      {"stretch, travel to puncture", 12, stretch(1.0), stretch(1.2), &Shown::puncture_m, -1},
      {"base plate, penetration", 12, nothing, plate, &Shown::penetration_m, 1},
      {"base plate, indentation", 12, nothing, plate, &Shown::indentation_m, -1},
      {"press on a base plate, penetration", 12, pressed_plate(2), pressed_plate(8), &Shown::penetration_m, 1},
      {"base plate, travel to puncture", 12, nothing, plate, &Shown::puncture_m, -1},
      {"nose close to the needles, penetration", 12, nothing, nose(6e-3, 12e-3), &Shown::penetration_m, 1},
      {"wider opening, indentation", 12, nose(6e-3, 12e-3), nose(12e-3, 20e-3), &Shown::indentation_m, 1},
      {"wider opening, penetration", 12, nose(6e-3, 12e-3), nose(12e-3, 20e-3), &Shown::penetration_m, -1},
      {"press, penetration", 12, press(1), press(2), &Shown::penetration_m, 1},
      {"press on a nose, penetration", 12, pressed_nose(6e-3, 9e-3, 1.5), pressed_nose(6e-3, 9e-3, 4),
       &Shown::penetration_m, 1},
      {"wider nose at the same press, penetration", 12, pressed_nose(6e-3, 9e-3, 3), pressed_nose(12e-3, 20e-3, 3),
       &Shown::penetration_m, -1},
      {"more needles at the same press, mean penetration", 12, press(1.5), bed_of_36, &Shown::penetrations_m, -1},
      {"wider cone, force", 1, cone(0.07), cone(0.2), &Shown::peak_N, 1},
      {"wider cone, penetration", 1, cone(0.07), cone(0.2), &Shown::penetration_m, -1},
      {"thicker shaft, penetration", 1, shaft(0.1e-3), shaft(0.35e-3), &Shown::penetration_m, -1},
      {"vibration, puncture force", 12, vibration(0), vibration(150), &Shown::puncture_N, -1},
      {"vibration, travel to puncture", 12, vibration(0), vibration(150), &Shown::puncture_m, -1},
  };
  for (const Row& row : rows) {
    Machine less = needles(row.count), more = needles(row.count);
    row.less(less);
    row.more(more);
    const double from = run(less).*row.value, to = run(more).*row.value;
    EXPECT_GT(row.sign * (to - from), 0.01 * std::fabs(from)) << row.what << ": " << from << " to " << to;
  }
}
