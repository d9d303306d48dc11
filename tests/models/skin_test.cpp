// Closed forms, energy, directions, numerics. Published targets: `pensim validate`,
// tests/sim/validation/validate_test.cpp.
#include "models/skin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

using namespace pensim;

namespace {

struct Bench {
  CartridgeParams cartridge;
  SkinParams params;
  std::unique_ptr<SkinState> state = std::make_unique<SkinState>();
  std::unique_ptr<HoleMemory> holes = std::make_unique<HoleMemory>();
  SkinInput input;
  SkinOutput output;
  double dt_s = 25e-6;
  double peak_N = 0, least_N = 0, deepest_m = 0;  // extremes since forget()

  Bench(const CartridgeParams& c, const SkinParams& p, std::uint64_t seed = 1) : cartridge(c), params(p) {
    skin_reset(cartridge, params, seed, *state, *holes);
    input.tip_m = -1e-3;
    step();
  }
  void step() {
    skin_step(cartridge, params, *state, *holes, input, dt_s, output);
    peak_N = std::fmax(peak_N, output.force_N);
    least_N = std::fmin(least_N, output.force_N);
    deepest_m = std::fmax(deepest_m, output.penetration_max_m);
  }
  void forget() { peak_N = least_N = deepest_m = 0; }
  void place(double tip_m) {  // at once, the skin untouched
    input.tip_m = tip_m;
    input.tip_speed_m_per_s = 0;
    state->tip_m = tip_m;
  }
  // At constant speed to tip_m; `each` sees every step and may end the move by returning false.
  void move(double tip_m, double speed_m_per_s, const std::function<bool()>& each = nullptr) {
    const double from = input.tip_m;
    const long n = std::max(1L, std::lround(std::fabs(tip_m - from) / speed_m_per_s / dt_s));
    input.tip_speed_m_per_s = tip_m > from ? speed_m_per_s : -speed_m_per_s;
    for (long i = 1; i <= n; ++i) {
      input.tip_m = from + (tip_m - from) * static_cast<double>(i) / static_cast<double>(n);
      step();
      if (each && !each()) break;
    }
    input.tip_speed_m_per_s = 0;
  }
  void hold(double duration_s) {
    for (long i = std::lround(duration_s / dt_s); i > 0; --i) step();
  }
  // One stroke of the crank from its upper dead centre to the next; tips reach extension_m.
  void stroke(double extension_m, double rate_Hz, double crank_m = 1.25e-3,
              const std::function<void()>& each = nullptr) {
    const long n = std::lround(1 / rate_Hz / dt_s);
    for (long i = 1; i <= n; ++i) {
      const double phase = 2 * M_PI * static_cast<double>(i) / static_cast<double>(n);
      input.tip_m = extension_m - crank_m * (1 + std::cos(phase));
      input.tip_speed_m_per_s = 2 * M_PI * rate_Hz * crank_m * std::sin(phase);
      step();
      if (each) each();
    }
  }
};

CartridgeParams one_needle(double tip_m = 15e-6) {
  CartridgeParams cartridge;
  cartridge.needle_count = 1;
  cartridge.tip_diameter_m = tip_m;
  cartridge.height_scatter_m = 0;
  return cartridge;
}

CartridgeParams even(CartridgeParams cartridge) {
  cartridge.height_scatter_m = 0;
  return cartridge;
}

SkinParams without_scatter(SkinParams params = {}) {
  params.puncture_scatter_1 = 0;
  return params;
}

// Only the needle's own compliance is left.
SkinParams supported() {
  SkinParams params = without_scatter();
  params.shear_modulus_Pa = 1e12;
  return params;
}

double equilibrium_share(const SkinParams& p) { return p.equilibrium_share_1; }

struct Branch {
  double share_1, time_s;
};
std::vector<Branch> branches(const SkinParams& p) {
  double share_1[relaxation_branches], time_s[relaxation_branches];
  skin_relaxation(p, share_1, time_s);
  std::vector<Branch> all;
  for (int k = 0; k < relaxation_branches; ++k) all.push_back({share_1[k], time_s[k]});
  return all;
}

// l of a flat tip: F_e = B u (u + l).
double contact_m(const SkinParams& p, double tip_diameter_m) {
  return 8 * (tip_diameter_m / 2) / (3 * p.deep_indentation_1);
}

// Of a tent that grows as u = v t, branch k: s_k = g_k B v tau_k [2 v (t - tau_k (1 - exp(-t/tau_k))) + l (1 -
// exp(-t/tau_k))].
double ramp_branch(const SkinParams& p, Branch k, double v, double t, double l) {
  const double faded = k.time_s * (1 - std::exp(-t / k.time_s));
  return k.share_1 * p.instantaneous_modulus_Pa * v * (2 * v * k.time_s * (t - faded) + l * faded);
}
double ramp_force(const SkinParams& p, double v, double t, double l) {
  double force = equilibrium_share(p) * p.instantaneous_modulus_Pa * v * t * (v * t + l);
  for (const Branch& k : branches(p)) force += ramp_branch(p, k, v, t, l);
  return force;
}

}  // namespace

// ---- the tent ----

TEST(Skin, TentIsTheStaticLawWhenPushedSlowly) {
  SkinParams params = supported();
  params.equilibrium_share_1 = 0.05;
  params.slowest_time_s = 0.02;
  Bench bench(one_needle(300e-6), params);  // blunt: does not puncture
  bench.dt_s = 50e-6;
  bench.place(0);
  bench.move(0.1e-3, 2e-6);
  const double expected =
      equilibrium_share(params) * params.instantaneous_modulus_Pa * 0.1e-3 * (0.1e-3 + contact_m(params, 300e-6));
  EXPECT_NEAR(bench.output.force_N / expected, 1, 0.025);  // the lag of the slowest branch is below that
  EXPECT_EQ(bench.output.in_skin, 0);
}

// A blunt tip is a flat punch at first, F = (8/3) E a u [Sneddon 1965], and no longer matters deep in, F = beta E u^2
// [F:bacca].
TEST(Skin, ABluntTipIsAFlatPunchAtFirstAndForgottenDeepIn) {
  SkinParams params = supported();
  params.puncture_factor_1 = 1e6;
  params.equilibrium_share_1 = 1;  // elastic
  const double E = params.instantaneous_modulus_Pa / params.deep_indentation_1, a = 150e-6;
  const auto force_at = [&](double tip_diameter_m, double depth_m) {
    Bench bench(one_needle(tip_diameter_m), params);
    bench.place(0);
    bench.move(depth_m, 1e-2);
    return bench.output.force_N;
  };
  EXPECT_NEAR(force_at(2 * a, 1e-6) / (8.0 / 3 * E * a * 1e-6), 1, 2e-3);
  EXPECT_NEAR(force_at(5e-6, 2e-3) / (params.deep_indentation_1 * E * 4e-6), 1, 0.02);
  EXPECT_GT(force_at(2 * a, 20e-6) / force_at(a, 20e-6), 1.8);  // ~ a while shallow
  EXPECT_LT(force_at(2 * a, 5e-3) / force_at(a, 5e-3), 1.15);   // deep in hardly
}

// F_e = B (2 (e^(c u) - 1 - c u)/c^2 + l (e^(c u) - 1)/c), there and back.
TEST(Skin, AGrowingTentIsTheExponentialAndTheParabolaWhenShallow) {
  SkinParams params = supported();
  params.equilibrium_share_1 = 1;  // elastic
  params.puncture_factor_1 = 1e6;
  for (const double c : {1e-3, 10.0, 500.0, 3000.0}) {
    params.tent_growth_1_per_m = c;
    Bench bench(one_needle(100e-6), params);
    const double l = contact_m(params, 100e-6), B = params.instantaneous_modulus_Pa;
    const auto law = [&](double u) {
      return c < 1 ? B * u * (u + l) : B * (2 * (std::expm1(c * u) - c * u) / (c * c) + l * std::expm1(c * u) / c);
    };
    bench.place(0);
    for (const double u : {1e-6, 50e-6, 0.4e-3, 1.5e-3}) {
      bench.move(u, 1e-2);
      EXPECT_NEAR(bench.output.force_N / law(bench.input.tip_m), 1, 1e-5) << c << " " << u;
    }
    bench.move(0.2e-3, 1e-2);
    EXPECT_NEAR(bench.output.force_N / law(bench.input.tip_m), 1, 1e-5) << c;
    bench.move(-0.1e-3, 1e-2);
    EXPECT_EQ(bench.output.force_N, 0);
    EXPECT_NEAR(bench.output.indentation_mean_m, 0, 1e-9);
  }
}

// Neo-Hookean (exponent 2): (r^3 + r^2 + 3 r - 1)/(2 lambda^4 (r + 1)), r = lambda^3; one-term Ogden with 9 by hand.
TEST(Skin, StretchStiffensAsASurfaceThatWasStretchedBeforeThePush) {
  SkinParams params;
  EXPECT_EQ(skin_stretch_stiffness_1(params), 1);
  params.stretch_exponent_1 = 2;
  for (const double lambda : {1.01, 1.1, 1.3, 1.6}) {
    params.stretch_1 = lambda;
    const double r = std::pow(lambda, 3);
    EXPECT_NEAR(skin_stretch_stiffness_1(params), (r * r * r + r * r + 3 * r - 1) / (2 * std::pow(lambda, 4) * (r + 1)),
                1e-9);
  }
  params.stretch_exponent_1 = 9;
  params.stretch_1 = 1.1;
  EXPECT_NEAR(skin_stretch_stiffness_1(params), 1.167, 2e-3);
  params.stretch_1 = 1.2;
  const double at_1_2 = skin_stretch_stiffness_1(params);
  EXPECT_NEAR(at_1_2, 2.042, 5e-3);
  params.stretch_1 = 1 / 1.2;
  EXPECT_NEAR(skin_stretch_stiffness_1(params) * at_1_2, 1, 1e-12);
  params.stretch_1 = 1 + 1e-5;
  EXPECT_NEAR(skin_stretch_stiffness_1(params), 1, 1e-4);  // nothing cancels near 1
}

// The tent of stretched skin is stiffer too, not only the patch.
TEST(Skin, AStretchedTentBreaksSooner) {
  const auto at = [](double stretch) {
    SkinParams params = supported();
    params.puncture_scatter_1 = 0;
    params.stretch_1 = stretch;
    Bench bench(one_needle(), params);
    bench.place(0);
    double tip_m = 0;
    bench.move(1e-3, 1e-2, [&] {
      tip_m = bench.input.tip_m;
      return bench.output.in_skin == 0;
    });
    return tip_m;
  };
  EXPECT_LT(at(1.2), 0.8 * at(1.0));
  EXPECT_GT(at(1.2), 0.6 * at(1.0));  // F_p is the same, F ~ u^2
}

// p = h + u (s - 1) and s^2 = 1 + pi/(3 beta) h/u.
TEST(Skin, RecoilOfACutFollowsFromTheTentItWasMadeUnder) {
  const SkinParams params;
  const double k = M_PI / (3 * params.deep_indentation_1);
  for (const double u : {10e-6, 0.1e-3, 0.5e-3, 2e-3})
    for (const double h : {1e-6, 50e-6, 0.2e-3, 1e-3, 5e-3}) {
      const double p = h + u * (std::sqrt(1 + k * h / u) - 1);
      EXPECT_NEAR(skin_unloaded_cut_m(params, p, u) / h, 1, 1e-9) << u << " " << h;
    }
  EXPECT_EQ(skin_unloaded_cut_m(params, 0.5e-3, 0), 0.5e-3);
  EXPECT_EQ(skin_unloaded_cut_m(params, 0.5e-3, -0.1e-3), 0.5e-3);  // lifted: nothing springs back
  EXPECT_EQ(skin_unloaded_cut_m(params, 0, 0.5e-3), 0);
}

TEST(Skin, RampFollowsTheConvolutionOfTheBranches) {
  const SkinParams params = supported();
  for (const double speed : {1e-4, 1e-3, 1e-2, 0.1}) {
    Bench bench(one_needle(400e-6), params);
    bench.dt_s = 5e-6;
    bench.place(0);
    bench.move(0.12e-3, speed);
    EXPECT_NEAR(bench.output.force_N / ramp_force(params, speed, 0.12e-3 / speed, contact_m(params, 400e-6)), 1, 2e-3)
        << speed;
    EXPECT_NEAR(bench.output.indentation_mean_m, 0.12e-3, 1e-9);
  }
}

TEST(Skin, RelaxationAfterARampIsThePronySum) {
  const SkinParams params = supported();
  Bench bench(one_needle(400e-6), params);
  const double speed = 1e-2, rise_s = 15e-3;
  bench.dt_s = 5e-6;
  bench.place(0);
  bench.move(speed * rise_s, speed);
  const double l = contact_m(params, 400e-6);
  const double elastic = params.instantaneous_modulus_Pa * speed * rise_s * (speed * rise_s + l);
  for (const double wait_s : {1e-3, 5e-3, 20e-3, 0.1, 0.5}) {
    bench.hold(wait_s);
    static double waited = 0;
    waited = wait_s == 1e-3 ? wait_s : waited + wait_s;
    double expected = equilibrium_share(params) * elastic;
    for (const Branch& k : branches(params))
      expected += ramp_branch(params, k, speed, rise_s, l) * std::exp(-waited / k.time_s);
    EXPECT_NEAR(bench.output.force_N / expected, 1, 1e-3) << waited;
  }
}

TEST(Skin, TheSurfaceLeavesATipThatWithdrawsFasterThanItRecovers) {
  Bench bench(one_needle(400e-6), supported());
  bench.place(0);
  bench.move(0.15e-3, 1e-2);
  bench.hold(0.2);
  const double held = bench.output.indentation_mean_m;
  bench.forget();
  bench.move(-0.5e-3, 0.1);
  EXPECT_EQ(bench.least_N, 0);  // no puncture: pushes only
  EXPECT_EQ(bench.output.force_N, 0);
  // Depressed after the tip has gone (VT-17: the probe loses contact), and level again later.
  EXPECT_GT(bench.output.indentation_mean_m, 0.05 * held);
  EXPECT_LT(bench.output.indentation_mean_m, held);
  const double left = bench.output.indentation_mean_m;
  // A free surface creeps back slower than a held one relaxes. Its slowest mode exp(-r t) is the least root of
  // g_inf = sum g_k r tau_k/(1 - r tau_k), and it is F_e = B u (u + l) that fades so.
  const SkinParams& params = bench.params;
  double low = 0, high = 1 / params.slowest_time_s;
  for (int i = 0; i < 100; ++i) {
    const double r = 0.5 * (low + high);
    double sum = -equilibrium_share(params);
    for (const auto [g, tau] : branches(params)) sum += g * r * tau / (1 - r * tau);
    (sum < 0 ? low : high) = r;
  }
  bench.dt_s = 50e-6;
  bench.hold(60);
  const double early = bench.output.indentation_mean_m;
  bench.hold(30);
  const double late = bench.output.indentation_mean_m, l = contact_m(params, 400e-6);
  EXPECT_NEAR(late * (late + l) / (early * (early + l)), std::exp(-30 * low), 0.01);
  EXPECT_LT(bench.output.indentation_mean_m, left);
  bench.hold(1500);
  EXPECT_EQ(bench.state->relaxed, 1);
}

// ---- puncture ----

TEST(Skin, PunctureForceOfSharpTipsIsThePublishedLine) {
  // VT-02: 20 mN at 5 um, 167 mN at 37 um, linear; +-20 %. Measured in a slow press, not read from the function.
  const double published[][2] = {{5e-6, 20e-3}, {20e-6, 20e-3 + 147e-3 * 15 / 32}, {37e-6, 167e-3}};
  for (const auto& [tip, force] : published) {
    Bench bench(one_needle(tip), supported());
    bench.place(0);
    bench.dt_s = 10e-6;
    bench.move(1.5e-3, 1e-3, [&] { return bench.output.in_skin == 0; });
    EXPECT_EQ(bench.output.punctures, 1);
    std::printf("  VT-02 tip %2.0f um: %.1f mN, published %.1f mN\n", tip * 1e6, bench.peak_N * 1e3, force * 1e3);
    EXPECT_NEAR(bench.peak_N / force, 1, 0.2);
  }
}

TEST(Skin, PunctureForceOfBluntTipsIsThePublishedFit) {
  // VT-01: 190 N/mm^2 A - 0.66 N for radii from 40 um; the published slope is 190 +-30 N/mm^2.
  const SkinParams params;
  double last_force = 0, last_area = 0;
  for (const double radius : {40e-6, 50e-6, 60e-6, 70e-6, 80e-6}) {
    const double area = M_PI * radius * radius;
    const double fit = 190e6 * area - 0.66;
    const double force = skin_puncture_force_N(params, 2 * radius);
    std::printf("  VT-01 radius %.0f um: %.3f N, fit %.3f N\n", radius * 1e6, force, fit);
    EXPECT_NEAR(force / fit, 1, 1e-12);  // the law is the fit itself; what a press makes of it is `pensim validate`
    if (last_area > 0) {
      EXPECT_NEAR((force - last_force) / (area - last_area) * 1e-6, 190, 1e-9);
    }
    last_force = force;
    last_area = area;
  }
  double last = 0;
  for (double tip = 3e-6; tip < 100e-6; tip += 0.5e-6) {
    const double force = skin_puncture_force_N(params, tip);
    EXPECT_GT(force, last) << tip;
    EXPECT_LT(force - last, 0.02) << tip;  // no jump where the two laws meet
    last = force;
  }
}

TEST(Skin, PunctureForceFallsWithSpeed) {
  // VT-12: at 0.3 m/s and more 0.60..0.75 of the quasi-static one. VT-08: force, tent and energy fall with speed, to a
  // limit.
  struct Result {
    double speed, force, tent, energy;
  };
  std::vector<Result> results;
  for (const double speed : {1e-3, 1e-2, 3e-2, 0.1, 0.25, 0.3, 1.0, 3.0}) {
    Bench bench(one_needle(), supported());
    bench.place(0);
    bench.dt_s = std::fmin(1e-6, 0.2e-6 / speed);
    if (speed < 0.01) bench.dt_s = 10e-6;
    double tent = 0, energy = 0;
    bench.move(1.5e-3, speed, [&] {
      if (bench.output.in_skin != 0) return false;
      tent = bench.output.indentation_mean_m;
      energy = bench.output.work_J;
      return true;
    });
    ASSERT_EQ(bench.output.in_skin, 1) << speed;
    results.push_back({speed, bench.peak_N, tent, energy});
    std::printf("  VT-08 %6.0f mm/s: %.1f mN, tent %.3f mm, %.2f uJ\n", speed * 1e3, bench.peak_N * 1e3, tent * 1e3,
                energy * 1e6);
  }
  for (std::size_t i = 1; i < results.size(); ++i) {
    EXPECT_LE(results[i].force, results[i - 1].force * 1.002);
    EXPECT_LE(results[i].tent, results[i - 1].tent * 1.002);
    EXPECT_LE(results[i].energy, results[i - 1].energy * 1.002);
  }
  for (const Result& r : results) {
    if (r.speed < 0.3) continue;
    EXPECT_GE(r.force / results.front().force, 0.60);
    EXPECT_LE(r.force / results.front().force, 0.75);
  }
}

TEST(Skin, ScatterOfThePunctureForceIsLognormalWithTheStatedVariation) {
  CartridgeParams cartridge;
  cartridge.needle_count = 42;
  SkinParams params;
  const double mean_N = skin_puncture_force_N(params, cartridge.tip_diameter_m);
  double n = 0, sum = 0, squares = 0, logs = 0, log_squares = 0, height_squares = 0;
  auto state = std::make_unique<SkinState>();
  auto holes = std::make_unique<HoleMemory>();
  std::set<double> different;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    skin_reset(cartridge, params, seed, *state, *holes);
    for (int i = 0; i < 42; ++i) {
      const double x = state->derived.puncture_N[i] / mean_N;
      ++n;
      sum += x;
      squares += x * x;
      logs += std::log(x);
      log_squares += std::log(x) * std::log(x);
      height_squares += state->derived.height_m[i] * state->derived.height_m[i];
      different.insert(x);
    }
  }
  const double mean = sum / n, cv = std::sqrt(squares / n - mean * mean) / mean;
  const double s = std::sqrt(log_squares / n - std::pow(logs / n, 2));
  std::printf("  mean %.4f CV %.4f, deviation of the logarithm %.4f\n", mean, cv, s);
  EXPECT_NEAR(mean, 1, 4 * 0.25 / std::sqrt(n));
  EXPECT_NEAR(cv, 0.25, 0.006);
  EXPECT_NEAR(s, std::sqrt(std::log(1 + 0.25 * 0.25)), 0.006);
  EXPECT_NEAR(std::sqrt(height_squares / n), cartridge.height_scatter_m, 0.03 * cartridge.height_scatter_m);
  EXPECT_GT(different.size(), 20000u);
}

TEST(Skin, AnArrayEntersAsASeriesOfInsertions) {
  Bench bench(CartridgeParams{}, SkinParams{});
  bench.place(0);
  std::set<std::int64_t> counts;
  bench.move(1.5e-3, 1e-3, [&] { return counts.insert(bench.output.in_skin), true; });
  EXPECT_GE(counts.size(), 8u);
  EXPECT_EQ(*counts.rbegin(), 12);
  EXPECT_EQ(bench.output.punctures, 12);
}

// ---- inside ----

TEST(Skin, SlowAdvanceMeetsTheCuttingResistance) {
  const SkinParams params = supported();
  const CartridgeParams cartridge = one_needle();
  Bench bench(cartridge, params);
  bench.place(0);
  const double speed = 1e-4;
  bench.dt_s = 50e-6;
  bench.move(1.2e-3, speed);
  const double p = bench.output.penetration_max_m;
  ASSERT_GT(p, 0.3e-3);
  const double toughness =
      params.epidermis_toughness_J_per_m2 + (params.dermis_toughness_J_per_m2 - params.epidermis_toughness_J_per_m2) *
                                                std::fmin(1, p / params.toughness_depth_m);
  const double area = needle_lateral_area_m2(cartridge, p);
  const double cut =
      toughness * needle_width_m(cartridge, p) * (1 + params.spreading_ratio_1) + params.shaft_stress_Pa * area;
  const double viscous = (params.cutting_drag_N_s_per_m + params.shaft_viscosity_Pa_s_per_m * area) * speed;
  EXPECT_NEAR(bench.output.force_N / (cut + viscous), 1, 0.01);
}

TEST(Skin, WithdrawalPullsTheSkinUpUntilTheShaftSlips) {
  SkinParams params = supported();
  params.slowest_time_s = 0.2;  // relaxed before it is pulled
  CartridgeParams cartridge = one_needle();
  cartridge.worn_tip_diameter_m = cartridge.tip_diameter_m;  // only the hook tells used from new
  double pulls[2];
  for (const int used : {0, 1}) {
    cartridge.used_count = used;
    Bench bench(cartridge, params);
    bench.place(0);
    bench.move(1.5e-3, 1e-3);
    bench.hold(2);
    const double p = bench.output.penetration_max_m;
    const double friction =
        params.shaft_stress_Pa * needle_lateral_area_m2(cartridge, p) + used * cartridge.hook_force_N;
    bench.forget();
    double highest = 0;
    bench.move(-1e-3, 1e-4, [&] { return highest = std::fmin(highest, bench.output.indentation_mean_m), true; });
    pulls[used] = -bench.least_N;
    std::printf("  pull-out %.3f mN, friction of the shaft %.3f mN, lift %.0f um\n", pulls[used] * 1e3, friction * 1e3,
                -highest * 1e6);
    EXPECT_LT(bench.least_N, 0);
    EXPECT_NEAR(pulls[used] / friction, 1, 0.05);
    EXPECT_LT(highest, -10e-6);
    EXPECT_EQ(bench.output.in_skin, 0);
    EXPECT_EQ(bench.output.force_N, 0);
  }
  EXPECT_NEAR(pulls[1] - pulls[0], cartridge.hook_force_N, 0.1 * cartridge.hook_force_N);
}

TEST(Skin, ClosedCyclesDissipate) {
  for (const double rate : {2.0, 30.0, 120.0, 200.0})
    for (const double extension : {0.05e-3, 0.3e-3, 1.0e-3, 2.5e-3}) {
      Bench bench(CartridgeParams{}, SkinParams{});
      double before = bench.output.work_J;
      for (int i = 0; i < 4; ++i) {
        bench.stroke(extension, rate, 1.75e-3);
        EXPECT_EQ(bench.output.in_skin, 0);
        EXPECT_GT(bench.output.work_J - before, 0) << rate << " Hz " << extension << " m, stroke " << i;
        before = bench.output.work_J;
      }
    }
}

TEST(Skin, AHoleIsEnteredAgainAtLowerForce) {
  // VT-11: what tearing cost at the first insertion is not paid again at the second. Held flat, so that displacement
  // tells.
  Bench bench(even({}), supported());
  struct Stroke {
    double entry_N = 0, half_way_N = 0, work_J = 0;
  };
  const auto stroke = [&] {
    Stroke s;
    bench.place(-1e-3);
    const double work = bench.output.work_J;
    double last = 0;
    bench.move(1e-3, 0.1, [&] {
      if (bench.output.in_skin == 0) s.entry_N = bench.output.force_N;
      if (last < 0.25e-3 && bench.output.penetration_max_m >= 0.25e-3) s.half_way_N = bench.output.force_N;
      last = bench.output.penetration_max_m;
      return true;
    });
    s.work_J = bench.output.work_J - work;
    bench.move(-1e-3, 0.1);
    return s;
  };
  const Stroke first = stroke();
  EXPECT_EQ(bench.output.punctures, 12);
  EXPECT_EQ(bench.output.reentries, 0);
  bench.hold(1);
  const Stroke second = stroke();
  std::printf("  second / first: force at entry %.2f, at 0.25 mm %.2f, work %.2f\n", second.entry_N / first.entry_N,
              second.half_way_N / first.half_way_N, second.work_J / first.work_J);
  EXPECT_EQ(bench.output.punctures, 24);
  EXPECT_EQ(bench.output.reentries, 12);
  EXPECT_LT(second.entry_N, 0.1 * first.entry_N);
  EXPECT_LT(second.half_way_N, 0.5 * first.half_way_N);
  EXPECT_LT(second.work_J, 0.8 * first.work_J);
  // Beside the hole the skin is whole.
  bench.hold(10);
  bench.input.track_m = 1e-3;
  const Stroke beside = stroke();
  EXPECT_EQ(bench.output.reentries, 12);
  EXPECT_NEAR(beside.entry_N / first.entry_N, 1, 0.05);
  EXPECT_NEAR(beside.work_J / first.work_J, 1, 0.05);
}

TEST(Skin, AHoleIsMetWithinHalfItsWidth) {
  const CartridgeParams cartridge = even({});
  for (const double share : {0.9, 1.1})
    for (const bool across : {false, true}) {
      Bench bench(cartridge, without_scatter());
      bench.stroke(1e-3, 120);
      const double depth = static_cast<double>(bench.holes->hole_m[0][0]);
      const double reach = 0.5 * needle_width_m(cartridge, depth);
      (across ? bench.input.across_m : bench.input.track_m) = share * reach;
      bench.stroke(1e-3, 120);
      EXPECT_EQ(bench.output.reentries, share < 1 ? 12 : 0) << share << across;
    }
}

TEST(Skin, HolesCloseExponentially) {
  const SkinParams params = without_scatter();
  for (const double wait_s : {0.5, 3.0, 6.0}) {
    Bench bench(even({}), params);
    bench.stroke(1e-3, 120);
    const double depth = static_cast<double>(bench.holes->hole_m[0][0]), at = bench.holes->time_s[0];
    EXPECT_GT(depth, 0.3e-3);
    bench.hold(wait_s);
    double met = 0, touched = 0;
    bench.stroke(1e-3, 120, 1.25e-3, [&] {
      if (bench.state->stroke_open != 0 && touched == 0) {
        touched = bench.state->time_s;
        met = bench.state->hole_m[0];
      }
    });
    ASSERT_GT(touched, 0);
    EXPECT_NEAR(met / (depth * std::exp(-(touched - at) / params.hole_closing_time_s)), 1, 1e-4);
  }
  Bench bench(even({}), params);
  bench.stroke(1e-3, 120);
  bench.hold(60);
  bench.stroke(1e-3, 120);
  EXPECT_EQ(bench.output.reentries, 0);  // closed
}

TEST(Skin, HoleMemoryIsBoundedAndItsDigestFollowsIt) {
  CartridgeParams cartridge = even({});
  Bench bench(cartridge, without_scatter());
  std::set<std::uint64_t> digests;
  for (int i = 0; i < 600; ++i) {
    bench.input.track_m = i * 1e-3;
    bench.stroke(1e-3, 200);
    digests.insert(bench.holes->digest);
  }
  EXPECT_EQ(digests.size(), 600u);
  EXPECT_EQ(bench.holes->strokes, 600);
  EXPECT_EQ(bench.holes->track_m[599 - 512], 599e-3);  // the ring has come round
  const std::uint64_t digest = bench.holes->digest;
  bench.hold(1);
  EXPECT_EQ(bench.holes->digest, digest);
}

// ---- the patch ----

TEST(Skin, PatchStandsWhereItsCubicSpringHoldsTheBulge) {
  const SkinParams params = without_scatter();
  const CartridgeParams cartridge;
  Bench bench(cartridge, params);
  for (const double nose_N : {0.5, 1.5, 5.0}) {
    bench.input.nose_force_N = nose_N;
    bench.input.tip_m = -5e-3;
    bench.hold(0.05);
    double u = 0;  // (1 + (u/u_ref)^2) u = -beta F, Newton
    for (int i = 0; i < 50; ++i) {
      const double r2 = 1 / (params.stiffening_depth_m * params.stiffening_depth_m);
      u -= (u + r2 * u * u * u + params.bulge_m_per_N * nose_N) / (1 + 3 * r2 * u * u);
    }
    EXPECT_NEAR(bench.output.indentation_mean_m / u, 1, 1e-6);
    EXPECT_LT(u, 0);
    // It rides on what the nose has pushed in.
    bench.input.nose_sink_m = 0.7e-3;
    bench.hold(0.05);
    EXPECT_NEAR(bench.output.indentation_mean_m, 0.7e-3 + u, 1e-9);
    bench.input.nose_sink_m = 0;
  }
}

TEST(Skin, PatchStiffnessIsThatOfTheHalfSpace) {
  // Blunt needles, long after: the array's static displacement against k (1 + (u/u_ref)^2) u, k = 16 G a.
  SkinParams params = without_scatter();
  params.slowest_time_s = 0.02;
  CartridgeParams cartridge = even({});
  cartridge.tip_diameter_m = 250e-6;
  Bench bench(cartridge, params);
  bench.place(-0.1e-3);
  bench.move(0.3e-3, 1e-2);
  bench.hold(10);
  EXPECT_EQ(bench.output.in_skin, 0);
  const double u = bench.state->patch_m;
  const double k = 2 * 8 * params.shear_modulus_Pa * cartridge.footprint_radius_m;
  EXPECT_GT(u, 1e-6);
  EXPECT_NEAR(bench.output.force_N / (k * (1 + u * u / (params.stiffening_depth_m * params.stiffening_depth_m)) * u), 1,
              1e-6);
  const double tent = bench.output.indentation_mean_m - u;
  EXPECT_NEAR(bench.output.force_N / (12 * equilibrium_share(params) * params.instantaneous_modulus_Pa * tent *
                                      (tent + contact_m(params, 250e-6))),
              1, 1e-3);
}

TEST(Skin, PatchOscillatesWithItsMassSpringAndDamper) {
  // Released after a bulge: m u'' + c u' + k u = 0 for small u. With these values overdamped: two exponentials.
  const SkinParams params = without_scatter();
  const CartridgeParams cartridge;
  Bench bench(cartridge, params);
  bench.dt_s = 1e-6;
  bench.input.tip_m = -5e-3;
  bench.input.nose_force_N = 0.01;
  bench.hold(5e-3);
  const double u0 = bench.output.indentation_mean_m;
  bench.input.nose_force_N = 0;
  const double a = cartridge.footprint_radius_m, G = params.shear_modulus_Pa, rho = params.density_kg_per_m3;
  const double m = 1.33 * rho * a * a * a, c = 6.8 * a * a * std::sqrt(rho * G), k = 16 * G * a;
  const double discriminant = c * c - 4 * m * k;
  for (const double t : {50e-6, 150e-6, 400e-6}) {
    bench.hold(t - (t == 50e-6 ? 0 : t == 150e-6 ? 50e-6 : 150e-6));
    double expected;
    const double s = c / (2 * m);
    if (discriminant < 0) {
      const double w = std::sqrt(-discriminant) / (2 * m);
      expected = u0 * std::exp(-s * t) * (std::cos(w * t) + s / w * std::sin(w * t));
    } else {
      const double w = std::sqrt(discriminant) / (2 * m);
      expected = u0 * std::exp(-s * t) * (std::cosh(w * t) + s / w * std::sinh(w * t));
    }
    EXPECT_NEAR(bench.output.indentation_mean_m / u0, expected / u0, 0.01) << t;
  }
}

TEST(Skin, StaysBoundedAtAnyStepAndFootprint) {
  for (const double radius : {0.5e-3, 1e-3, 4e-3})
    for (const double dt_s : {1e-6, 25e-6, 50e-6})
      for (const int needles : {1, 42}) {
        CartridgeParams cartridge;
        cartridge.needle_count = needles;
        cartridge.footprint_radius_m = radius;
        SkinParams params;
        params.shear_modulus_Pa = 10e3;
        Bench bench(cartridge, params);
        bench.dt_s = dt_s;
        for (int i = 0; i < 5; ++i) {
          bench.stroke(2.5e-3, 200, 1.75e-3, [&] { ASSERT_LT(std::fabs(bench.state->patch_m), 5e-3); });
          bench.input.nose_force_N = i % 2 * 10;  // hammered
        }
        EXPECT_TRUE(std::isfinite(bench.output.force_N));
        EXPECT_LT(bench.peak_N, 100);
        EXPECT_GT(bench.peak_N, 0.05);
      }
}

TEST(Skin, MoreNeedlesShareTheLoadAndEnterLess) {
  double last_depth = 1, last_force = 0;
  for (const int n : {1, 2, 3, 6, 12, 16, 24, 36, 42}) {
    CartridgeParams cartridge = even({});
    cartridge.needle_count = n;
    Bench bench(cartridge, without_scatter());
    bench.stroke(1e-3, 120);
    EXPECT_LT(bench.deepest_m, last_depth) << n;
    EXPECT_GT(bench.peak_N, last_force) << n;
    last_depth = bench.deepest_m;
    last_force = bench.peak_N;
  }
}

TEST(Skin, PatchesOfTheTrackChangeTheSkin) {
  SkinParams params = without_scatter();
  params.patch_count = 2;
  params.patches[0] = {10e-3, 14e-3, 3.0, 1.5, 0.8};
  params.patches[1] = {12e-3, 20e-3, 0.5, 0.5, 1.0};  // its first 2 mm lie under the first patch
  const auto peak = [&](double track_m) {
    Bench bench(even({}), params);
    bench.input.track_m = track_m;
    bench.stroke(1e-3, 120);
    return bench.peak_N;
  };
  const double plain = peak(0), scar = peak(11e-3), both = peak(13e-3), soft = peak(15e-3);
  EXPECT_GT(scar, 1.2 * plain);
  EXPECT_EQ(both, scar);
  EXPECT_LT(soft, 0.9 * plain);
  EXPECT_EQ(peak(20e-3), plain);
}

TEST(Skin, BoneStopsTheNeedles) {
  SkinParams params = without_scatter();
  params.bone_backed_1 = 1;
  params.soft_tissue_depth_m = 2e-3;
  Bench bench(even({}), params);
  bench.place(-0.1e-3);
  bench.move(1.99e-3, 10e-3);
  const double before = bench.output.force_N;
  bench.move(2.09e-3, 10e-3);
  EXPECT_NEAR((bench.output.force_N - before) / (12 * params.bone_stiffness_N_per_m * 0.09e-3), 1, 0.05);
}

TEST(Skin, BasePlateStopsTheNeedlesAtTheirLength) {
  CartridgeParams cartridge = even({});
  cartridge.needle_length_m = 0.6e-3;
  for (const int plate : {0, 1}) {
    Bench bench(cartridge, without_scatter());
    bench.input.base_plate = plate;
    bench.place(-0.1e-3);
    bench.move(3e-3, 10e-3);
    bench.hold(1);
    const double into = bench.output.penetration_max_m / cartridge.needle_length_m;
    std::printf("  base plate %d: penetration / length %.2f, force %.2f N\n", plate, into, bench.output.force_N);
    if (plate) {
      EXPECT_LT(into, 1.0);
      EXPECT_GT(into, 0.5);
      EXPECT_GT(bench.output.force_N, 2);  // mostly of the plate
    } else {
      EXPECT_GT(into, 1.2);  // without a plate nothing but the skin stops them
    }
  }
}

TEST(Skin, TiltLowersOneSideOfTheArray) {
  CartridgeParams cartridge = even({});
  Bench bench(cartridge, without_scatter());
  bench.input.tilt_rad = 0.1;
  bench.stroke(1e-3, 120, 1.25e-3, [&] {
    if (bench.output.penetration_max_m < 0.35e-3) return;
    for (int i = 0; i < 12; ++i)
      for (int j = 0; j < 12; ++j) {
        if (bench.state->derived.along_m[i] > bench.state->derived.along_m[j] + 1e-4) {
          EXPECT_GE(bench.state->needle_penetration_m[i], bench.state->needle_penetration_m[j]);
        }
      }
  });
  EXPECT_GT(bench.deepest_m, 0.35e-3);
}

// ---- glide ----

// The tent's memory from stroke to stroke fades as exp(-way/tent_reach); a needle that lands far beside finds fresh
// skin.
TEST(Skin, MemoryOfTheTentFadesAlongTheGlide) {
  SkinParams params = without_scatter();
  params.puncture_factor_1 = 1e3;            // it only pushes
  const auto memory_N = [&](double way_m) {  // what is left of F_e at the first touch of the second stroke
    Bench bench(one_needle(), params);
    bench.place(-10e-6);
    bench.move(0.3e-3, 0.1);
    bench.hold(20e-3);
    bench.move(-0.5e-3, 0.1);
    bench.hold(5e-3);
    EXPECT_GT(bench.state->recovery_steps, 0);
    bench.place(-1e-9);
    bench.input.track_m += way_m;
    // in steps of 25 pm, until the needle is brought to the present
    bench.move(0.3e-3, 1e-6, [&] { return bench.state->recovery_steps > 0; });
    double left_N = 0;
    for (int k = 0; k < relaxation_branches; ++k) left_N += bench.state->branch_N[k][0];
    return left_N;
  };
  const double here_N = memory_N(0);
  EXPECT_LT(here_N, -1e-4);  // relaxed: the branches pull
  for (const double reaches : {0.1, 0.5, 1.0, 3.0})
    EXPECT_NEAR(memory_N(reaches * params.tent_reach_m) / here_N, std::exp(-reaches), 1e-5) << reaches;
  EXPECT_NEAR(memory_N(-params.tent_reach_m) / here_N, std::exp(-1.0), 1e-5);  // either way
  EXPECT_NEAR(memory_N(100 * params.tent_reach_m) / here_N, 0, 1e-5);
}

TEST(Skin, DragIsSpeedTimesDwellAndTearIsWhatExceedsTheShaft) {
  const CartridgeParams cartridge = even({});
  const SkinParams params = without_scatter();
  Bench bench(cartridge, params);
  bench.input.lateral_speed_m_per_s = 50e-3;
  double drag = 0, dwell = 0;
  bench.stroke(1e-3, 10, 1.25e-3, [&] {
    if (bench.output.in_skin > 0) {
      drag = bench.output.drag_m;
      dwell = bench.output.dwell_s;
    }
  });
  EXPECT_GT(dwell, 5e-3);
  EXPECT_NEAR(drag, 50e-3 * dwell, 1e-12);
  EXPECT_NEAR(bench.output.tear_max_m, drag - cartridge.shaft_diameter_m, 1e-12);
  // A fast stroke drags less than a shaft: no longer tear.
  const double tear = bench.output.tear_max_m;
  bench.stroke(1e-3, 120);
  EXPECT_EQ(bench.output.tear_max_m, tear);
  EXPECT_EQ(bench.output.drag_m, 0);  // out again
}

TEST(Skin, LateralForceIsTheTakeUpTimesTheStiffnessUntilTheSkinSlits) {
  const CartridgeParams cartridge = even({});
  const SkinParams params = without_scatter();
  Bench bench(cartridge, params);
  bench.place(-0.1e-3);
  bench.move(1.2e-3, 0.1);
  ASSERT_EQ(bench.output.in_skin, 12);
  const double p = bench.output.penetration_mean_m;
  const double k =
      4 * M_PI * params.shear_modulus_Pa * p / std::fmax(0.7, std::log(4 * p / cartridge.shaft_diameter_m));
  bench.input.lateral_speed_m_per_s = 20e-3;
  bench.hold(20e-3);  // 0.4 mm
  EXPECT_NEAR(bench.output.lateral_force_N / (12 * k * bench.state->takeup_m), 1, 0.01);
  EXPECT_NEAR(bench.state->takeup_m, 0.4e-3, 1e-9);
  EXPECT_EQ(bench.state->slit_m, 0);
  bench.hold(0.5);  // 10 mm
  const double slit_N = params.dermis_toughness_J_per_m2 * bench.output.penetration_mean_m;
  EXPECT_NEAR(bench.output.lateral_force_N / (12 * slit_N), 1, 1e-9);
  EXPECT_GT(bench.state->slit_m, 5e-3);
  EXPECT_NEAR(bench.state->slit_m + bench.state->takeup_m, bench.output.drag_m, 1e-9);
  bench.input.nose_force_N = 2;
  bench.step();
  EXPECT_DOUBLE_EQ(bench.output.nose_friction_N, 2 * params.nose_friction_1);
}

// ---- numerics ----

TEST(Skin, HalvingTheStepConverges) {
  struct Result {
    double dt_s, force, depth;
  };
  std::vector<Result> results;
  for (double dt_s = 50e-6; dt_s > 0.7e-6; dt_s /= 2) {
    Bench bench(CartridgeParams{}, SkinParams{});
    bench.dt_s = dt_s;
    bench.stroke(1e-3, 120);
    results.push_back({dt_s, bench.peak_N, bench.deepest_m});
  }
  const Result& finest = results.back();
  for (std::size_t i = 0; i + 1 < results.size(); ++i) {
    const Result& r = results[i];
    std::printf("  dt %8.4f us: force %.5f N (%+.3f %%), penetration %.5f mm (%+.3f %%)", r.dt_s * 1e6, r.force,
                (r.force / finest.force - 1) * 100, r.depth * 1e3, (r.depth / finest.depth - 1) * 100);
    if (i > 0 && i + 2 < results.size())
      std::printf(", order %.2f / %.2f", std::log2((results[i - 1].force - r.force) / (r.force - results[i + 1].force)),
                  std::log2((results[i - 1].depth - r.depth) / (r.depth - results[i + 1].depth)));
    std::printf("\n");
  }
  EXPECT_NEAR(results[1].force / results[5].force, 1, 0.01);  // 25 us against 1.5625 us
  EXPECT_NEAR(results[1].depth / results[5].depth, 1, 0.01);
  EXPECT_LT(std::fabs(results[5].force - finest.force), 0.25 * std::fabs(results[1].force - finest.force));
  EXPECT_LT(std::fabs(results[5].depth - finest.depth), 0.25 * std::fabs(results[1].depth - finest.depth));
}

TEST(Skin, StiffnessIsTheSlopeOfTheForce) {
  // Two runs that part in one step; in stuck and slipping contact. The patch moves with the needles, so it is fixed
  // here.
  for (const double tip_m : {0.08e-3, 0.7e-3}) {
    double force[2], slope = 0;
    for (const int k : {0, 1}) {
      Bench bench(even({}), supported());
      bench.place(-0.05e-3);
      bench.move(tip_m, 0.05);
      bench.input.tip_m += 1e-7 + k * 1e-9;
      bench.step();
      force[k] = bench.output.force_N;
      slope = bench.output.stiffness_N_per_m;
    }
    EXPECT_GT(slope, 100);
    EXPECT_NEAR((force[1] - force[0]) / 1e-9 / slope, 1, 0.3);  // slip changes yield and drag too
  }
}

TEST(Skin, CatchingUpEqualsSteppingEveryNeedle) {
  Bench jump(CartridgeParams{}, SkinParams{}), walk(CartridgeParams{}, SkinParams{});
  jump.stroke(1e-3, 120);
  walk.stroke(1e-3, 120);
  jump.place(-1e-3);
  walk.place(-1e-3);
  for (int i = 0; i < 777; ++i) {
    walk.state->lift_m = 1;  // as if the surface could be this high: no short cut
    jump.step();
    walk.step();
    ASSERT_EQ(walk.state->recovery_steps, 0);
    ASSERT_NEAR(jump.output.indentation_mean_m, walk.output.indentation_mean_m, 2e-6);
  }
  ASSERT_GE(jump.state->recovery_steps, 777);
  for (Bench* bench : {&jump, &walk}) {
    bench->input.tip_m = 0.3e-3;
    bench->step();
  }
  ASSERT_GT(walk.output.force_N, 0.01);
  for (int i = 0; i < 12; ++i) {
    EXPECT_NEAR(jump.state->needle_force_N[i] / walk.state->needle_force_N[i], 1, 1e-9);
    for (int k = 0; k < relaxation_branches; ++k)
      EXPECT_NEAR(jump.state->branch_N[k][i], walk.state->branch_N[k][i], 1e-12);
  }
}

TEST(Skin, ANeedleBehavesAloneAsInAPair) {
  // In immovable skin the needles do not know of each other: 1 needle (one at a time) and 2, 12 (two at a time) give
  // the same bits.
  SkinParams params = without_scatter();
  params.shear_modulus_Pa = 1e60;
  std::vector<double> histories[3];
  int k = 0;
  for (const int n : {1, 2, 12}) {
    CartridgeParams cartridge = even({});
    cartridge.needle_count = n;
    Bench bench(cartridge, params);
    for (int i = 0; i < 3; ++i)
      bench.stroke(1e-3, 120, 1.25e-3, [&] {
        histories[k].push_back(bench.state->needle_force_N[0]);
        histories[k].push_back(bench.state->needle_penetration_m[0]);
        if (n > 1) {
          ASSERT_EQ(bench.state->needle_force_N[0], bench.state->needle_force_N[n - 1]);
        }
      });
    ++k;
  }
  EXPECT_EQ(histories[0], histories[1]);
  EXPECT_EQ(histories[0], histories[2]);
  EXPECT_GT(*std::max_element(histories[0].begin(), histories[0].end()), 0.02);
}

TEST(Skin, SameInputSameBits) {
  const auto run = [](std::uint64_t seed) {
    Bench bench(CartridgeParams{}, SkinParams{}, seed);
    for (int i = 0; i < 20; ++i) {
      bench.input.track_m = i * 20e-6;
      bench.stroke(1e-3, 120);
    }
    std::string bytes(sizeof(SkinState), '\0');
    std::memcpy(bytes.data(), bench.state.get(), sizeof(SkinState));
    return std::pair(bytes, bench.holes->digest);
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3).second, run(4).second);
}

TEST(Skin, NothingFadesIntoSubnormalNumbers) {
  Bench bench(CartridgeParams{}, SkinParams{});
  bench.place(-0.1e-3);
  bench.move(1e-3, 0.1);
  const auto check = [&] {
    const SkinState& s = *bench.state;
    for (int i = 0; i < 12; ++i)
      for (const double x :
           {s.elastic_N[i], s.branch_N[0][i], s.branch_N[1][i], s.branch_N[2][i], s.branch_N[3][i], s.branch_N[4][i]})
        ASSERT_NE(std::fpclassify(x), FP_SUBNORMAL);
    for (const double x : {s.sum_elastic_N, s.sum_branch_N[0], s.sum_branch_N[4], s.patch_m, s.patch_speed_m_per_s})
      ASSERT_NE(std::fpclassify(x), FP_SUBNORMAL);
  };
  for (int i = 0; i < 100; ++i) {
    bench.hold(20e-3);
    check();
  }
  EXPECT_EQ(bench.output.in_skin, 12);
  bench.move(-1e-3, 0.1);
  bench.dt_s = 50e-6;
  for (int i = 0; i < 7500; ++i) {
    bench.hold(0.2);
    check();
  }
  EXPECT_EQ(bench.state->relaxed, 1);
}

TEST(Skin, TheParameterTableNamesEveryMemberOnce) {
  SkinParams params;
  std::set<std::string> names;
  std::size_t bytes = 0;
  each_skin_param(params, [&](const char* name, auto& value) {
    names.insert(name);
    bytes += sizeof value;
  });
  EXPECT_EQ(bytes, sizeof params);
  EXPECT_EQ(names.size() * 8, sizeof params);
  // It writes through: the table is how a recorded run gets its skin back.
  SkinParams other;
  other.patches[7].dermis_factor_1 = 0.5;
  EXPECT_NE(std::memcmp(&params, &other, sizeof params), 0);
  each_skin_param(params, [&](const char* name, auto& value) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, double>)
      if (std::string(name) == "patch7_dermis_factor_1") value = 0.5;
  });
  EXPECT_EQ(std::memcmp(&params, &other, sizeof params), 0);
}
