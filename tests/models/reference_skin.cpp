#include "tests/models/reference_skin.h"

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace pensim {
namespace {

using std::numbers::pi;

struct Tip {
  double e, f, retracted_m, begin_s, end_s;
  explicit Tip(const SkinStroke& stroke)
      : e(stroke.eccentricity_m), f(stroke.rate_Hz), retracted_m(2 * e - stroke.depth_m) {
    begin_s = std::acos(1 - (retracted_m - 0.5e-3) / e) / (2 * pi * f);
    end_s = 1 / f - begin_s;
  }
  double at(double t) const { return e * (1 - std::cos(2 * pi * f * t)) - retracted_m; }
  double speed(double t) const { return 2 * pi * f * e * std::sin(2 * pi * f * t); }
};

enum class Contact { away, touching, inside };
constexpr int elastic = 2 + relaxation_branches;  // F_e, after p, h and s_k
// of the patch (q, q', work) and per needle
constexpr int patch_size = 3, needle_size = 3 + relaxation_branches, roots = 4;

struct Needle {
  double height_m, puncture_N;  // with its scatter
  Contact contact = Contact::away;
  bool cutting = true;  // at the bottom of its hole
  int flow = 0;         // +1 further in, -1 out, 0 stuck
};

struct Stroke {
  const CartridgeParams& cartridge;
  const SkinParams& params;
  Tip tip;
  std::vector<Needle> needles;
  double tip_diameter_m, contact_m, mass_kg, damping, stiffness;
  double share[relaxation_branches], time_s[relaxation_branches], rest_1;

  double puncture_rate(double t) const {
    const double v = std::max(0.0, tip.speed(t));
    const auto f = [&](double speed) {
      return params.puncture_floor_1 + (1 - params.puncture_floor_1) / (1 + speed / params.puncture_speed_m_per_s);
    };
    return f(v) / f(params.reference_speed_m_per_s);
  }
  double reentry_threshold_N() const {
    return params.reentry_ratio_1 * params.spreading_ratio_1 * params.epidermis_toughness_J_per_m2 * tip_diameter_m;
  }
  double area_m2(double p) const {
    const double tan_theta = std::tan(cartridge.half_cone_angle_rad),
                 cone_m = (cartridge.shaft_diameter_m - tip_diameter_m) / (2 * tan_theta);
    const double c = std::min(p, cone_m);
    return pi * c * (tip_diameter_m + c * tan_theta) / std::cos(cartridge.half_cone_angle_rad) +
           pi * cartridge.shaft_diameter_m * (p - c);
  }
  double yield_N(double p, bool cutting) const {
    const double w =
        std::min(cartridge.shaft_diameter_m, tip_diameter_m + 2 * p * std::tan(cartridge.half_cone_angle_rad));
    const double J =
        params.epidermis_toughness_J_per_m2 + (params.dermis_toughness_J_per_m2 - params.epidermis_toughness_J_per_m2) *
                                                  std::min(1.0, p / params.toughness_depth_m);
    return (cutting ? 1 + params.spreading_ratio_1 : params.reentry_ratio_1 * params.spreading_ratio_1) * J * w +
           params.shaft_stress_Pa * area_m2(p);
  }
  double friction_N(double p) const {
    return params.shaft_stress_Pa * area_m2(p) + (cartridge.used_count > 0 ? cartridge.hook_force_N : 0.0);
  }
  double drag_N_s_per_m(double p) const {
    return params.cutting_drag_N_s_per_m + params.shaft_viscosity_Pa_s_per_m * area_m2(p);
  }

  double modulus_Pa() const { return params.instantaneous_modulus_Pa * skin_stretch_stiffness_1(params); }
  // E(|u|) and its derivative.
  double shape_m2(double size) const {
    const double c = params.tent_growth_1_per_m;
    return c > 0 ? 2 * (std::expm1(c * size) - c * size) / (c * c) + contact_m * std::expm1(c * size) / c
                 : size * (size + contact_m);
  }
  double shape_slope_m(double size) const {
    const double c = params.tent_growth_1_per_m;
    return c > 0 ? 2 * std::expm1(c * size) / c + contact_m * std::exp(c * size) : 2 * size + contact_m;
  }
  double elastic_N(double u) const { return modulus_Pa() * std::copysign(shape_m2(std::fabs(u)), u); }
  double free_tent_m(double elastic_N) const {
    const double half = 0.5 * contact_m, size = std::sqrt(half * half + std::fabs(elastic_N) / modulus_Pa()) - half;
    if (!(params.tent_growth_1_per_m > 0)) return std::copysign(size, elastic_N);
    double low = 0, high = size;
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      (modulus_Pa() * shape_m2(middle) < std::fabs(elastic_N) ? low : high) = middle;
    }
    return std::copysign(low, elastic_N);
  }
  double tent_m(double t, const double* y, std::size_t i) const {
    return tip.at(t) + needles[i].height_m - y[0] - y[patch_size + needle_size * i];
  }
  double force_N(double t, const double* y, std::size_t i) const {
    if (needles[i].contact == Contact::away) return 0.0;
    const double u = tent_m(t, y, i);
    const double* s = y + patch_size + needle_size * i + 2;
    double sum_N = rest_1 * elastic_N(u);
    for (int b = 0; b < relaxation_branches; ++b) sum_N += s[b];
    return sum_N;
  }
  double total_N(double t, const double* y) const {
    double sum = 0;
    for (std::size_t i = 0; i < needles.size(); ++i) sum += force_N(t, y, i);
    return sum;
  }
};

int right_side(double t, N_Vector state, N_Vector change, void* user) {
  const Stroke& k = *static_cast<const Stroke*>(user);
  const double* y = N_VGetArrayPointer(state);
  double* d = N_VGetArrayPointer(change);
  double sum_N = 0;
  for (std::size_t i = 0; i < k.needles.size(); ++i) {
    const Needle& needle = k.needles[i];
    const double *n = y + patch_size + needle_size * i, p = n[0];
    double* dn = d + patch_size + needle_size * i;
    double fading = 0;
    for (int b = 0; b < relaxation_branches; ++b) fading += n[2 + b] / k.time_s[b];
    dn[0] = 0;
    dn[1] = -n[1] / k.params.hole_closing_time_s;
    if (needle.contact == Contact::away) {
      dn[elastic] = fading;
    } else {
      const double F = k.force_N(t, y, i), u = k.tent_m(t, y, i);
      sum_N += F;
      if (needle.contact == Contact::inside)
        dn[0] = (std::max(0.0, F - k.yield_N(p, needle.cutting)) + std::min(0.0, F + k.friction_N(p))) /
                k.drag_N_s_per_m(p);
      if (needle.contact == Contact::inside && needle.cutting) dn[1] = dn[0];
      // a hole does not close round the needle
      else if (needle.contact == Contact::inside && n[1] <= p)
        dn[1] = std::max(dn[1], dn[0]);
      dn[elastic] = k.modulus_Pa() * k.shape_slope_m(std::fabs(u)) * (k.tip.speed(t) - y[1] - dn[0]);
    }
    for (int b = 0; b < relaxation_branches; ++b) dn[2 + b] = -n[2 + b] / k.time_s[b] + k.share[b] * dn[elastic];
  }
  const double bent = y[0] / k.params.stiffening_depth_m;
  d[0] = y[1];
  d[2] = sum_N * k.tip.speed(t);
  d[1] = (sum_N - k.damping * y[1] - k.stiffness * (1 + bent * bent) * y[0]) / k.mass_kg;
  return 0;
}

int root_functions(double t, N_Vector state, double* g, void* user) {
  const Stroke& k = *static_cast<const Stroke*>(user);
  const double* y = N_VGetArrayPointer(state);
  for (std::size_t i = 0; i < k.needles.size(); ++i) {
    const Needle& needle = k.needles[i];
    const double *n = y + patch_size + needle_size * i, F = k.force_N(t, y, i);
    double* out = g + roots * i;
    std::fill(out, out + roots, 1.0);
    if (needle.contact == Contact::away) {
      out[0] = k.tent_m(t, y, i) - k.free_tent_m(n[elastic]);
    } else if (needle.contact == Contact::touching) {
      out[0] = F - (n[1] > 0 ? k.reentry_threshold_N() : needle.puncture_N * k.puncture_rate(t));
      out[1] = F;
    } else {
      // A flow begins and ends a hair apart, so that rounding does not start it a thousand times.
      constexpr double hair_N = 1e-10;
      out[0] = F - k.yield_N(n[0], needle.cutting) + (needle.flow > 0 ? hair_N : -hair_N);
      out[1] = F + k.friction_N(n[0]) + (needle.flow < 0 ? -hair_N : hair_N);
      if (!needle.cutting && needle.flow > 0) out[2] = n[1] - n[0];
      out[3] = n[0];
    }
  }
  return 0;
}

// What the roots change. `fired` has the sign with which each was passed.
void cross(Stroke& k, double t, double* y, const std::vector<int>& fired) {
  for (std::size_t i = 0; i < k.needles.size(); ++i) {
    Needle& needle = k.needles[i];
    double* n = y + patch_size + needle_size * i;
    const int* root = fired.data() + roots * i;
    const auto bend = [&] {
      const double u = k.tent_m(t, y, i);
      n[elastic] = k.elastic_N(u);
    };
    if (needle.contact == Contact::away) {
      if (root[0] > 0) needle.contact = Contact::touching;
    } else if (needle.contact == Contact::touching) {
      if (root[0] > 0) {
        needle.contact = Contact::inside;
        needle.flow = 1;
        needle.cutting = !(n[1] > 0);
      } else if (root[1] < 0) {
        bend();
        needle.contact = Contact::away;
      }
    } else if (root[3] < 0) {  // exit: the surface leaves the tip
      const double F = k.force_N(t, y, i);
      bend();
      n[0] = 0;
      n[elastic] -= F;
      for (int b = 0; b < relaxation_branches; ++b) n[2 + b] -= k.share[b] * F;
      needle.contact = Contact::away;
    } else {
      if (root[0] != 0) needle.flow = root[0] > 0 ? 1 : 0;
      if (root[1] != 0) needle.flow = root[1] < 0 ? -1 : 0;
      if (root[1] < 0) needle.cutting = false;
      if (root[2] < 0) needle.cutting = true;
    }
  }
}

void demand(int flag, const char* what) {
  if (flag < 0) throw std::runtime_error(std::string("CVODE: ") + what + " failed with " + std::to_string(flag));
}

Stroke make_stroke(const CartridgeParams& cartridge, const SkinParams& params, std::uint64_t seed,
                   const SkinStroke& stroke) {
  Stroke k{cartridge, params, Tip(stroke), {}, cartridge_tip_diameter_m(cartridge), 0, 0, 0, 0, {}, {}, 0};
  k.contact_m = 8 * (0.5 * k.tip_diameter_m) / (3 * params.deep_indentation_1);
  const double a = cartridge.footprint_radius_m, G = params.shear_modulus_Pa;
  k.mass_kg = 1.33 * params.density_kg_per_m3 * a * a * a;
  k.damping = 6.8 * a * a * std::sqrt(params.density_kg_per_m3 * G);
  k.stiffness = params.nose_ring_factor_1 * 8 * G * a * skin_stretch_stiffness_1(params);
  skin_relaxation(params, k.share, k.time_s);
  k.rest_1 = params.equilibrium_share_1;
  // The needles that the seed draws: data of the stroke.
  const auto state = std::make_unique<SkinState>();
  const auto holes = std::make_unique<HoleMemory>();
  skin_reset(cartridge, params, seed, *state, *holes);
  for (std::int64_t i = 0; i < cartridge.needle_count; ++i)
    k.needles.push_back({state->derived.height_m[i], state->derived.puncture_N[i]});
  return k;
}

}  // namespace

SkinStrokeResult reference_stroke(const CartridgeParams& cartridge, const SkinParams& params, std::uint64_t seed,
                                  const SkinStroke& stroke, double relative_tolerance, double step_limit_s) {
  Stroke k = make_stroke(cartridge, params, seed, stroke);
  const auto size = static_cast<sunindextype>(patch_size + needle_size * k.needles.size());
  SUNContext context = nullptr;
  demand(SUNContext_Create(nullptr, &context), "SUNContext_Create");
  N_Vector y = N_VNew_Serial(size, context), tolerance = N_VNew_Serial(size, context);
  N_VConst(0.0, y);
  // Of 1 mm, 1 m/s, 1 N, 1 mJ.
  N_VConst(relative_tolerance, tolerance);
  double* atol = N_VGetArrayPointer(tolerance);
  atol[0] *= 1e-3, atol[2] *= 1e-3;
  for (std::size_t i = 0; i < k.needles.size(); ++i)
    atol[patch_size + needle_size * i] *= 1e-3, atol[patch_size + needle_size * i + 1] *= 1e-3;
  SUNMatrix matrix = SUNDenseMatrix(size, size, context);
  SUNLinearSolver solver = SUNLinSol_Dense(y, matrix, context);
  void* cvode = CVodeCreate(CV_BDF, context);
  demand(CVodeInit(cvode, right_side, k.tip.begin_s, y), "CVodeInit");
  demand(CVodeSVtolerances(cvode, relative_tolerance, tolerance), "CVodeSVtolerances");
  demand(CVodeSetUserData(cvode, &k), "CVodeSetUserData");
  demand(CVodeSetLinearSolver(cvode, solver, matrix), "CVodeSetLinearSolver");
  demand(CVodeSetMaxNumSteps(cvode, 10'000'000), "CVodeSetMaxNumSteps");
  if (step_limit_s > 0) demand(CVodeSetMaxStep(cvode, step_limit_s), "CVodeSetMaxStep");
  demand(CVodeRootInit(cvode, static_cast<int>(roots * k.needles.size()), root_functions), "CVodeRootInit");
  demand(CVodeSetNoInactiveRootWarn(cvode), "CVodeSetNoInactiveRootWarn");
  demand(CVodeSetStopTime(cvode, k.tip.end_s), "CVodeSetStopTime");

  SkinStrokeResult result;
  std::vector<int> fired(roots * k.needles.size());
  double t = k.tip.begin_s, entered_s = -1;
  while (t < k.tip.end_s) {
    const double before_s = t;
    const int flag = CVode(cvode, k.tip.end_s, y, &t, CV_ONE_STEP);
    demand(flag, "CVode");
    ++result.steps;
    double* values = N_VGetArrayPointer(y);
    result.peak_force_N = std::max(result.peak_force_N, k.total_N(t, values));
    result.last_penetration_m = 0;
    for (std::size_t i = 0; i < k.needles.size(); ++i)
      result.last_penetration_m = std::max(result.last_penetration_m, values[patch_size + needle_size * i]);
    result.peak_penetration_m = std::max(result.peak_penetration_m, result.last_penetration_m);
    if (flag != CV_ROOT_RETURN) continue;
    demand(CVodeGetRootInfo(cvode, fired.data()), "CVodeGetRootInfo");
    cross(k, t, values, fired);
    const bool inside =
        std::any_of(k.needles.begin(), k.needles.end(), [](const Needle& n) { return n.contact == Contact::inside; });
    if (inside && entered_s < 0) entered_s = t;
    if (!inside && entered_s >= 0) {
      result.dwell_s += t - entered_s;
      entered_s = -1;
    }
    if (++result.events > 100'000 || (t == before_s && result.events > 50'000))
      throw std::runtime_error("the events of the stroke do not end");
    demand(CVodeReInit(cvode, t, y), "CVodeReInit");
    demand(CVodeSetStopTime(cvode, k.tip.end_s), "CVodeSetStopTime");
  }
  result.work_J = N_VGetArrayPointer(y)[2];
  CVodeFree(&cvode);
  SUNLinSolFree(solver);
  SUNMatDestroy(matrix);
  N_VDestroy(tolerance);
  N_VDestroy(y);
  SUNContext_Free(&context);
  return result;
}

SkinStrokeResult stepped_stroke(const CartridgeParams& cartridge, const SkinParams& params, std::uint64_t seed,
                                const SkinStroke& stroke, double dt_s, double phase_1) {
  const Tip tip(stroke);
  const auto state = std::make_unique<SkinState>();
  const auto holes = std::make_unique<HoleMemory>();
  skin_reset(cartridge, params, seed, *state, *holes);
  SkinInput input;
  SkinOutput output;
  SkinStrokeResult result;
  const double begin_s = tip.begin_s + phase_1 * dt_s;
  for (double t = begin_s; t < tip.end_s; t = begin_s + static_cast<double>(++result.steps) * dt_s) {
    input.tip_m = tip.at(t);
    input.tip_speed_m_per_s = tip.speed(t);
    skin_step(cartridge, params, *state, *holes, input, dt_s, output);
    result.peak_force_N = std::max(result.peak_force_N, output.force_N);
    result.peak_penetration_m = std::max(result.peak_penetration_m, output.penetration_max_m);
    result.dwell_s = std::max(result.dwell_s, output.dwell_s);
    result.last_penetration_m = output.penetration_max_m;
    result.work_J = output.work_J;
  }
  return result;
}

}  // namespace pensim
