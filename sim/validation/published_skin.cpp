// Needles in skin: VT-01 to VT-17 but VT-06 and VT-14. The machine is models/insertion_rig.h without a nose unless a
// row says so; one needle without scatter, whose tip and shaft are the published ones where they are known and the
// cartridge's where not.
#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <memory>

#include "models/insertion_rig.h"
#include "sim/catalog/catalog.h"
#include "sim/validation/published.h"

namespace pensim {
namespace {

using dashboard::Chart;
using dashboard::ChartSeries;

constexpr double pi = 3.14159265358979323846, none = std::numeric_limits<double>::infinity();

struct Machine {
  InsertionParams motion;
  CartridgeParams cartridge;
  SkinParams skin;
  double dt_s = 25e-6;
};

using Each = std::function<bool(const InsertionState&)>;  // false ends the run

std::unique_ptr<InsertionState> drive(const Machine& m, const Each& each) {
  const SkinParams skin = insertion_skin(m.motion, m.cartridge, m.skin);
  auto state = std::make_unique<InsertionState>();
  insertion_reset(m.motion, m.cartridge, skin, 1, *state);
  while (state->phase != InsertionPhase::done) {
    insertion_step(m.motion, m.cartridge, skin, *state, m.dt_s);
    if (each && !each(*state)) break;
  }
  return state;
}

Machine needle(const TargetModels& models, double speed_m_per_s, double travel_m) {
  Machine m;
  m.cartridge = models.cartridge;
  m.cartridge.needle_count = 1;
  m.cartridge.height_scatter_m = 0;
  m.cartridge.needle_length_m = 1;  // the base plate stays away
  m.skin = models.skin;
  m.skin.puncture_scatter_1 = 0;
  m.motion.speed_m_per_s = speed_m_per_s;
  m.motion.travel_m = travel_m;
  m.motion.retract = 0;
  m.dt_s = std::clamp(1e-6 / speed_m_per_s, 1e-6, 50e-6);  // 1 um per step
  return m;
}

Machine supported(Machine m) {  // only the needle's own tent yields
  m.skin.shear_modulus_Pa = 1e12;
  return m;
}

struct Puncture {
  double force_N = 0, tip_m = 0, tent_m = 0, energy_J = 0;
};

Puncture puncture(const Machine& m) {
  Puncture p;
  const auto end = drive(m, [&](const InsertionState& s) {
    if (s.out.in_skin > 0) return false;
    p.tent_m = s.out.indentation_mean_m;
    p.energy_J = s.energy_J;
    return true;
  });
  p.force_N = end->puncture_force_N;
  p.tip_m = end->puncture_tip_m;
  return p;
}

std::string tenths(double v) {
  const long n = std::lround(v * 10);
  return std::to_string(n / 10) + "." + std::to_string(n % 10);
}

Chart chart(const char* title, const char* x, const char* y) {
  Chart c;
  c.title = title;
  c.x_label = x;
  c.y_label = y;
  return c;
}

void line(Chart& c, const char* name, int colour, std::vector<double> x, std::vector<double> y) {
  c.series.push_back({name, ChartSeries::Style::line, colour, std::move(x), std::move(y), {}, {}});
}

void published(Chart& c, std::vector<double> x, std::vector<double> y, std::vector<double> low = {},
               std::vector<double> high = {}) {
  c.series.push_back(
      {"published", ChartSeries::Style::points, 0, std::move(x), std::move(y), std::move(low), std::move(high)});
}

// A chart of the checks themselves, for targets without a curve: model over published band, in bands.
Chart chart_of_checks(const char* title, const std::vector<TargetCheck>& checks) {
  Chart c = chart(title, "check, in the order of the table", "model; published band");
  std::vector<double> x, model, middle, low, high;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    x.push_back(static_cast<double>(i + 1));
    model.push_back(checks[i].model);
    const double l = std::isinf(checks[i].low) ? std::min(0.0, checks[i].high) : checks[i].low;
    const double h = std::isinf(checks[i].high) ? std::max(checks[i].model, checks[i].low) : checks[i].high;
    middle.push_back(0.5 * (l + h));
    low.push_back(l);
    high.push_back(h);
  }
  published(c, x, middle, low, high);
  c.series.push_back({"model", ChartSeries::Style::points, 1, x, model, {}, {}});
  c.x_from = 0.5;
  c.x_to = static_cast<double>(checks.size()) + 0.5;
  return c;
}

TargetResult davis(const TargetModels& models) {
  TargetResult r;
  std::vector<double> area_mm2, force, fit, low, high;
  for (const double radius_m : {40e-6, 50e-6, 60e-6, 70e-6, 80e-6}) {
    Machine m = needle(models, 1.1e-3, 20e-3);
    m.cartridge.tip_diameter_m = 2 * radius_m;
    m.cartridge.shaft_diameter_m = std::max(m.cartridge.shaft_diameter_m, 2.1 * radius_m);
    const double area = pi * radius_m * radius_m * 1e6, published_N = 190 * area - 0.66;
    area_mm2.push_back(area);
    force.push_back(puncture(m).force_N);
    fit.push_back(published_N);
    low.push_back(0.65 * published_N);
    high.push_back(1.35 * published_N);
    r.checks.push_back(around("radius " + std::to_string(std::lround(radius_m * 1e6)) + " um: force, N", force.back(),
                              published_N, 0.35 * published_N));
  }
  r.checks.push_back(around("slope of force over tip area, N/mm2",
                            (force.back() - force.front()) / (area_mm2.back() - area_mm2.front()), 190, 30));
  r.chart = chart("VT-01 blunt tips", "area of the tip, mm2", "force at puncture, N");
  published(r.chart, area_mm2, fit, low, high);
  line(r.chart, "model", 1, area_mm2, force);
  return r;
}

TargetResult roemgens(const TargetModels& models) {
  TargetResult r;
  std::vector<double> tips, force, depth, line_mN, low, high;
  double drop_least = none, drop_most = 0;
  for (const double tip_um : {5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 37.0}) {
    Machine m = needle(models, 1e-3, 1.5e-3);
    m.cartridge.tip_diameter_m = tip_um * 1e-6;
    const auto end = drive(m, nullptr);
    const double published_mN = 20 + 147.0 / 32 * (tip_um - 5);
    tips.push_back(tip_um);
    force.push_back(end->puncture_force_N * 1e3);
    depth.push_back(end->out.penetration_max_m * 1e3);
    line_mN.push_back(published_mN);
    low.push_back(0.8 * published_mN);
    high.push_back(1.2 * published_mN);
    drop_least = std::min(drop_least, end->puncture_tip_m * 1e6);
    drop_most = std::max(drop_most, end->puncture_tip_m * 1e6);
    if (tip_um == 5 || tip_um == 20 || tip_um == 37)
      r.checks.push_back(around("tip " + std::to_string(std::lround(tip_um)) + " um: force, mN", force.back(),
                                published_mN, 0.2 * published_mN));
  }
  double sum = 0;
  for (const double d : depth) sum += d;
  const auto [least, most] = std::minmax_element(depth.begin(), depth.end());
  TargetCheck spread =
      within("penetration at 1.5 mm, (max - min)/mean over seven tips", (*most - *least) / (sum / 7), 0, 0.30);
  spread.residual = spread.model / 0.30;
  r.checks.push_back(spread);
  r.note = "not judged: the drop comes at " + std::to_string(std::lround(drop_least)) + " um (5 um tip) to " +
           std::to_string(std::lround(drop_most)) + " um (37 um); published about 160 um for all";
  r.chart = chart("VT-02 sharp tips", "diameter of the tip, um", "force at puncture, mN");
  published(r.chart, tips, line_mN, low, high);
  line(r.chart, "model", 1, tips, force);
  return r;
}

TargetResult olatunji(const TargetModels& models) {
  TargetResult r;
  std::vector<double> speeds, force;
  for (const double speed : {0.25e-3, 0.5e-3, 0.75e-3, 1e-3, 1.5e-3, 2e-3}) {
    speeds.push_back(speed * 1e3);
    force.push_back(puncture(needle(models, speed, 3e-3)).force_N * 1e3);
  }
  // Neighbours at a pen's pitch, in skin whose patch does not yield: what is left is direct interaction.
  Machine two = supported(needle(models, 0.5e-3, 3e-3)), one = two;
  two.cartridge.needle_count = 12;
  r.checks.push_back(around("force per needle of twelve over that of one, local",
                            puncture(two).force_N / 12 / puncture(one).force_N, 1, 0.03));
  r.checks.push_back(
      within("change of force from 0.5 to 1.0 mm/s, %", (force[3] / force[1] - 1) * 100, -28 - 15, -24 + 15));
  r.note = "not judged: " + std::to_string(std::lround(force[1])) +
           " mN at 0.5 mm/s for a 15 um tip; published 28-30 mN, tip unknown";
  r.chart = chart("VT-03 speed of a slow press", "speed, mm/s", "force per needle, mN");
  published(r.chart, {0.5, 1.0}, {29, 21.5}, {28, 21.4}, {30, 21.6});
  line(r.chart, "model, tip 15 um", 1, speeds, force);
  return r;
}

double pull_out_N(Machine m, double depth_m) {  // per depth_m of needle in the skin
  m.motion.retract = 1;
  double inside_m = 0, least_N = 0;
  bool held = false;
  InsertionParams motion = m.motion;
  // Where it must go so that depth_m is in the skin; then the same again with a second of rest.
  drive(m, [&](const InsertionState& s) {
    motion.travel_m = s.travel_m;
    return s.out.penetration_max_m < depth_m;
  });
  m.motion = motion;
  m.motion.hold_s = 1;
  drive(m, [&](const InsertionState& s) {
    if (s.phase == InsertionPhase::hold) inside_m = s.out.penetration_max_m, held = true;
    if (held) least_N = std::min(least_N, s.force_N);
    return true;
  });
  return inside_m > 0 ? -least_N * depth_m / inside_m : 0;
}

TargetResult lam(const TargetModels& models) {
  TargetResult r;
  std::vector<double> nominal_mm, share;
  for (const double nominal : {0.5e-3, 0.75e-3, 1.0e-3, 1.5e-3}) {
    nominal_mm.push_back(nominal * 1e3);
    share.push_back(drive(needle(models, 1e-3, nominal), nullptr)->out.penetration_max_m / nominal);
  }
  r.checks.push_back(within("buried share at 0.75 mm", share[1], 0.3, 0.5));
  r.checks.push_back(within("buried share at 1.0 mm", share[2], 0.3, 0.5));
  Machine wire = needle(models, 1e-3, 20e-3);
  wire.cartridge.shaft_diameter_m = 100e-6;
  wire.cartridge.half_cone_angle_rad = pi / 3;
  r.checks.push_back(by_factor("retraction of 0.1 mm wire from 0.1 mm, mN", pull_out_N(wire, 0.1e-3) * 1e3, 0.1, 2));
  Machine hypodermic = needle(models, 1e-3, 40e-3);
  hypodermic.cartridge.shaft_diameter_m = 0.4e-3;
  r.checks.push_back(
      by_factor("retraction of a 0.4 mm needle from 5 mm, mN", pull_out_N(hypodermic, 5e-3) * 1e3, 10, 2));
  r.chart = chart("VT-04 how much of a needle is in the skin", "nominal insertion, mm", "buried share");
  published(r.chart, {0.75, 1.0}, {0.4, 0.4}, {0.3, 0.3}, {0.5, 0.5});
  line(r.chart, "model", 1, nominal_mm, share);
  return r;
}

TargetResult kalluri(const TargetModels& models) {
  TargetResult r;
  Machine m = needle(models, 10e-3, 0.77e-3);
  m.cartridge.tip_diameter_m = 8e-6;
  m.cartridge.shaft_diameter_m = 140e-6;
  m.cartridge.half_cone_angle_rad = std::atan(0.5 * (140 - 8) / 770.0);
  m.motion.retract = 1;
  std::vector<double> tip_um, inside_um, left_um;
  double deepest_m = 0;
  const auto end = drive(m, [&](const InsertionState& s) {
    deepest_m = std::max(deepest_m, s.out.penetration_max_m);
    if (s.phase != InsertionPhase::insertion) return true;
    tip_um.push_back(s.tip_m * 1e6);
    inside_um.push_back(s.out.penetration_max_m * 1e6);
    left_um.push_back(insertion_channel_depth_m(s) * 1e6);
    return true;
  });
  r.checks.push_back(
      around("depth of the channel after removal, um", insertion_channel_depth_m(*end) * 1e6, 152.5, 9.6));
  const double surface_um =
      std::min(m.cartridge.tip_diameter_m + 2 * std::tan(m.cartridge.half_cone_angle_rad) * deepest_m,
               m.cartridge.shaft_diameter_m) *
      1e6;
  r.note = "not judged: under load " + std::to_string(std::lround(deepest_m * 1e6)) +
           " um of the needle are in the skin, its diameter at the surface is " + tenths(surface_um) +
           " um; published diameter of the channel there 70.7 +-9.9 um";
  r.chart = chart("VT-05 roller needle of 770 um", "tip below the undeformed skin, um", "depth in the skin, um");
  published(r.chart, {770}, {152.5}, {142.9}, {162.1});
  line(r.chart, "model, under load", 1, tip_um, inside_um);
  line(r.chart, "model, left after removal", 2, tip_um, left_um);
  return r;
}

TargetResult verbaan(const TargetModels& models) {
  TargetResult r;
  r.chart = chart("VT-07 pressed and shot in, 0.3 mm of travel", "speed, m/s", "penetration, um");
  r.chart.x_log = true;
  int colour = 1;
  for (const double tip_um : {15.0, 30.0, 60.0}) {
    std::vector<double> speeds, depth;
    for (const double speed : {3e-3, 30e-3, 0.3, 1.0, 3.0}) {
      Machine m = supported(needle(models, speed, 0.3e-3));
      m.cartridge.tip_diameter_m = tip_um * 1e-6;
      m.motion.hold_s = 1e-3;
      m.dt_s = speed > 0.1 ? 1e-6 : 25e-6;
      speeds.push_back(speed);
      depth.push_back(drive(m, nullptr)->out.penetration_max_m * 1e6);
    }
    const std::string tip = std::to_string(std::lround(tip_um)) + " um";
    r.checks.push_back(holds(tip + ": not pierced at 3 mm/s", depth[0] == 0));
    r.checks.push_back(holds(tip + ": pierced at 1 m/s", depth[3] > 0));
    r.checks.push_back(holds(tip + ": pierced at 3 m/s", depth[4] > 0));
    line(r.chart, ("model, tip " + tip).c_str(), colour++, speeds, depth);
  }
  return r;
}

TargetResult mahvash(const TargetModels& models) {
  TargetResult r;
  std::vector<double> mm_per_s, force, tent, energy;
  for (const double speed : {1e-3, 10e-3, 30e-3, 0.1, 0.25, 1.0}) {
    Machine m = supported(needle(models, speed, 3e-3));
    m.dt_s = std::clamp(0.2e-6 / speed, 0.2e-6, 25e-6);
    const Puncture p = puncture(m);
    mm_per_s.push_back(speed * 1e3);
    force.push_back(p.force_N * 1e3);
    tent.push_back(p.tent_m * 1e3);
    energy.push_back(p.energy_J * 1e6);
  }
  const auto trend = [&](const char* what, const std::vector<double>& y) {
    double steepest = 0;
    for (std::size_t i = 1; i < y.size(); ++i) steepest = std::max(steepest, y[i] / y[i - 1]);
    r.checks.push_back(within(std::string(what) + ": largest ratio to the next slower speed", steepest, 0, 1));
    r.checks.push_back(within(std::string(what) + ": change from 0.1 to 1 m/s, %", (y[5] / y[3] - 1) * 100, -5, 5));
  };
  trend("force", force);
  trend("tent", tent);
  trend("energy", energy);
  r.chart = chart("VT-08 rupture and speed", "speed, mm/s", "force, mN; tent, 10 um; energy, 0.1 uJ");
  r.chart.x_log = true;
  for (double& t : tent) t *= 100;
  for (double& e : energy) e *= 10;
  line(r.chart, "force", 1, mm_per_s, force);
  line(r.chart, "tent", 2, mm_per_s, tent);
  line(r.chart, "energy", 3, mm_per_s, energy);
  return r;
}

TargetResult okamura(const TargetModels& models) {
  constexpr double z_mm[] = {9.46,  10.14, 10.83, 11.51, 12.20, 12.88, 13.57, 14.21, 14.85,
                             15.38, 16.24, 16.62, 17.03, 17.57, 18.08, 18.53, 18.92, 19.15};
  constexpr double F_N[] = {0.025, 0.046, 0.077, 0.106, 0.150, 0.196, 0.251, 0.315, 0.389,
                            0.460, 0.551, 0.679, 0.775, 0.904, 1.059, 1.206, 1.313, 1.414};
  TargetResult r;
  // The tent of an organ under a capsule, elastic, under a sharp point: stiffness, growth and first touch are the
  // liver's own. Fitted in closed form, then pressed in the machine.
  Machine liver = needle(models, 3e-3, 0);
  liver.cartridge.shaft_diameter_m = 1.27e-3;
  liver.cartridge.tip_diameter_m = 1e-6;
  liver.skin.equilibrium_share_1 = 1;
  liver.skin.puncture_factor_1 = 1e6;
  liver = supported(liver);
  double best = none, touch_mm = 0;
  for (double growth_per_mm = 0.02; growth_per_mm < 1; growth_per_mm += 0.01)
    for (double z0 = 5; z0 < 9.46; z0 += 0.02) {
      const auto tent = [&](double z) {
        const double x = growth_per_mm * std::max(0.0, z - z0);
        return 2 * (std::expm1(x) - x) / (growth_per_mm * growth_per_mm);
      };
      double ff = 0, fy = 0, squares = 0;
      for (std::size_t i = 0; i < std::size(z_mm); ++i) ff += std::pow(tent(z_mm[i]), 2), fy += tent(z_mm[i]) * F_N[i];
      for (std::size_t i = 0; i < std::size(z_mm); ++i) squares += std::pow(fy / ff * tent(z_mm[i]) - F_N[i], 2);
      if (squares >= best) continue;
      best = squares, touch_mm = z0;
      liver.skin.tent_growth_1_per_m = growth_per_mm * 1e3;
      liver.skin.instantaneous_modulus_Pa = fy / ff * 1e6;
    }
  liver.motion.travel_m = (z_mm[std::size(z_mm) - 1] - touch_mm) * 1e-3;
  liver.motion.hold_s = 1e-3;
  std::vector<double> x(std::begin(z_mm), std::end(z_mm)), y(std::begin(F_N), std::end(F_N)), pressed;
  drive(liver, [&](const InsertionState& s) {
    if (pressed.size() < x.size() && s.tip_m * 1e3 >= x[pressed.size()] - touch_mm - 1e-6) pressed.push_back(s.force_N);
    return true;
  });
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += std::pow(pressed.at(i) - y[i], 2);
  r.checks.push_back(within("growing tent fitted to the curve: RMS over peak, %",
                            std::sqrt(squares / static_cast<double>(x.size())) / 1.414 * 100, 0, 3));
  // The drop at the first puncture, in our skin.
  Machine m = needle(models, 3e-3, 20e-3);
  m.cartridge.shaft_diameter_m = 1.27e-3;
  m.cartridge.half_cone_angle_rad = 10 * pi / 180;
  double peak_N = 0, at_m = 0, after_N = 0;
  std::vector<double> travel_mm, force;
  drive(m, [&](const InsertionState& s) {
    travel_mm.push_back(s.tip_m * 1e3);
    force.push_back(s.force_N);
    if (s.out.in_skin == 0) {
      peak_N = after_N = s.force_N, at_m = s.tip_m;
      return true;
    }
    after_N = std::min(after_N, s.force_N);
    return s.tip_m < at_m + 0.2e-3;
  });
  r.checks.push_back(within("drop within 0.2 mm of the first puncture, %", (1 - after_N / peak_N) * 100, 75, none));
  r.note = "the liver's growth is " + std::to_string(std::lround(liver.skin.tent_growth_1_per_m)) +
           " 1/m; skin has none. Its later punctures of capsule and lobes (drops of 40-55 %) have nothing that answers "
           "to them in the law";
  r.chart = chart("VT-09 pressing on liver, 18G at 3 mm/s", "depth, mm", "force, N");
  published(r.chart, x, y);
  line(r.chart, "growing tent in the machine", 1, x, pressed);
  return r;
}

// |G*| of the tent over its instantaneous value.
double dynamic_modulus_1(const SkinParams& skin, double frequency_Hz) {
  double share_1[relaxation_branches], time_s[relaxation_branches];
  skin_relaxation(skin, share_1, time_s);
  std::complex<double> sum = skin.equilibrium_share_1;
  for (int k = 0; k < relaxation_branches; ++k) {
    const std::complex<double> w(0, 2 * pi * frequency_Hz * time_s[k]);
    sum += share_1[k] * w / (1.0 + w);
  }
  return std::abs(sum);
}

TargetResult shergold(const TargetModels& models) {
  TargetResult r;
  std::vector<double> radius_mm, pressure_MPa;
  for (const double radius : {0.1e-3, 0.25e-3, 0.5e-3}) {
    Machine m = needle(models, 1e-3, 40e-3);
    m.cartridge.shaft_diameter_m = 2 * radius;
    m.cartridge.half_cone_angle_rad = 10 * pi / 180;
    const auto end = drive(m, [](const InsertionState& s) { return s.out.penetration_max_m < 5e-3; });
    radius_mm.push_back(radius * 1e3);
    pressure_MPa.push_back(end->force_N / (pi * radius * radius) * 1e-6);
  }
  r.checks.push_back(holds("pressure on a sharp shank falls with its radius, 0.1 > 0.25 > 0.5 mm",
                           pressure_MPa[0] > pressure_MPa[1] && pressure_MPa[1] > pressure_MPa[2]));
  r.checks.push_back(within("modulus at 1 kHz over that at 0.004 Hz",
                            dynamic_modulus_1(models.skin, 1000) / dynamic_modulus_1(models.skin, 0.004), 5, 25));
  r.note = "flat over sharp (2-3) is not judged: the law has no ring crack of a flat punch";
  r.chart = chart("VT-10 pressure on the shank at 5 mm", "radius of the shank, mm", "pressure, MPa");
  line(r.chart, "model, sharp", 1, radius_mm, pressure_MPa);
  return r;
}

TargetResult barnett(const TargetModels& models) {
  TargetResult r;
  for (const double depth_m : {5e-3, 20e-3}) {
    Machine m = needle(models, 5e-3, 40e-3);
    m.cartridge.shaft_diameter_m = 0.5e-3;
    m.skin.hole_closing_time_s = 600;  // the second insertion follows in seconds
    double first_N = 0, at_m = 0;
    const auto end = drive(m, [&](const InsertionState& s) { return s.out.penetration_max_m < depth_m; });
    first_N = end->force_N;
    at_m = end->travel_m;
    const double tear = models.skin.dermis_toughness_J_per_m2 * needle_width_m(m.cartridge, depth_m);
    const double friction = models.skin.shaft_stress_Pa * needle_lateral_area_m2(m.cartridge, depth_m);
    const std::string at = std::to_string(std::lround(depth_m * 1e3)) + " mm: ";
    r.checks.push_back(around(at + "tearing, % of the force", tear / first_N * 100, 61, 10));
    r.checks.push_back(around(at + "spreading, %", models.skin.spreading_ratio_1 * tear / first_N * 100, 18, 8));
    r.checks.push_back(around(at + "friction, %", friction / first_N * 100, 21, 10));
    // In again, in the same hole: the skin as it was left.
    const SkinParams skin = insertion_skin(m.motion, m.cartridge, m.skin);
    InsertionState& s = *end;
    InsertionParams motion = m.motion;
    motion.travel_m = at_m;
    motion.retract = 1;
    s.phase = InsertionPhase::retraction;
    while (s.phase != InsertionPhase::done) insertion_step(motion, m.cartridge, skin, s, m.dt_s);
    s.phase = InsertionPhase::insertion;
    motion.travel_m = 60e-3;
    while (s.phase == InsertionPhase::insertion && s.out.penetration_max_m < 0.95 * depth_m)
      insertion_step(motion, m.cartridge, skin, s, m.dt_s);
    r.checks.push_back(within(at + "second over first force, %", s.force_N / first_N * 100, 20, 45));
  }
  r.chart = chart_of_checks("VT-11 tearing, spreading, friction, second over first; at 5 and 20 mm, %", r.checks);
  return r;
}

TargetResult vibration(const TargetModels& models) {
  TargetResult r;
  std::vector<double> speeds, ratio;
  const double slow_N = puncture(supported(needle(models, 1e-3, 3e-3))).force_N;
  for (const double speed : {1e-3, 3e-3, 10e-3, 30e-3, 0.1, 0.3, 1.0}) {
    Machine m = supported(needle(models, speed, 3e-3));
    m.dt_s = std::clamp(0.2e-6 / speed, 0.2e-6, 25e-6);
    speeds.push_back(speed);
    ratio.push_back(puncture(m).force_N / slow_N);
  }
  r.checks.push_back(within("force at 0.3 m/s over that at 1 mm/s", ratio[5], 0.60, 0.75));
  r.checks.push_back(within("force at 1 m/s over that at 1 mm/s", ratio[6], 0.60, 0.75));
  r.chart = chart("VT-12 vibration lowers the force", "speed of the tip, m/s", "force over that at 1 mm/s");
  r.chart.x_log = true;
  published(r.chart, {0.3, 1.0}, {0.675, 0.675}, {0.60, 0.60}, {0.75, 0.75});
  line(r.chart, "model", 1, speeds, ratio);
  return r;
}

TargetResult meliga(const TargetModels& models) {
  TargetResult r;
  std::vector<double> speeds, backing;
  for (const double speed : {2.0, 10.0}) {
    Machine m = needle(models, speed, 0.3e-3);
    m.cartridge.needle_count = needle_count_max;
    m.cartridge.pitch_m = 0.4e-3;
    double before_N = 0, patch_m = 0, total_J = 0, patch_J = 0;
    drive(m, [&](const InsertionState& s) {
      const double now_m = s.skin.patch_m + s.skin.sink_m;
      patch_J += 0.5 * (before_N + s.needle_force_N) * (now_m - patch_m);
      total_J = s.energy_J;
      before_N = s.needle_force_N;
      patch_m = now_m;
      return s.phase == InsertionPhase::insertion;
    });
    speeds.push_back(speed);
    backing.push_back(patch_J / total_J * 100);
  }
  r.checks.push_back(within("toughness of the outer layers, J/m2; about 10, not above 100",
                            models.skin.epidermis_toughness_J_per_m2, 0, 100));
  r.checks.push_back(within("share of the work that goes below the needles at 2 m/s, %", backing[0], 50, 100));
  r.checks.push_back(holds("that share falls from 2 to 10 m/s", backing[1] < backing[0]));
  r.note =
      "published 95 % at 2 m/s and 45 % at 10 m/s, with a piston of 35 g and thousands of points; the rig's speed is "
      "constant";
  r.chart = chart("VT-13 what goes into the backing", "speed, m/s", "share of the work, %");
  published(r.chart, {2, 10}, {95, 45});
  line(r.chart, "model", 1, speeds, backing);
  return r;
}

TargetResult condition(const TargetModels& models) {
  TargetResult r;
  const auto force_at = [&](double shaft_m, double friction_1, std::int64_t uses) {
    Machine m = needle(models, 1e-3, 20e-3);
    m.cartridge.shaft_diameter_m = shaft_m;
    m.cartridge.used_count = uses;
    m.skin.shaft_stress_Pa *= friction_1;
    double peak_N = 0;
    drive(m, [&](const InsertionState& s) {
      peak_N = std::max(peak_N, s.force_N);
      return s.out.penetration_max_m < 3e-3;
    });
    return peak_N;
  };
  const double thin = force_at(0.31e-3, 1, 0), thick = force_at(0.41e-3, 1, 0);
  r.checks.push_back(holds("30G below 27G to 3 mm", thin < thick));
  r.checks.push_back(holds("lubricated (shaft stress x 0.8) below dry", force_at(0.31e-3, 0.8, 0) < thin));
  r.checks.push_back(holds("used (blunter, hooked) above new", force_at(0.31e-3, 1, 1) > thin));
  const auto factor = [](const char* region) {
    for (const CatalogValue& v : catalog_entry(CatalogKind::region, region).values)
      if (v.key == "puncture_factor") return v.number;
    return 1.0;
  };
  r.checks.push_back(holds("upper arm above abdomen (catalog)", factor("upper_arm") > factor("abdomen")));
  r.note = "bevels (5-bevel 23 % below 3-bevel) are not modelled";
  r.chart = chart("VT-15 diameter of the shank", "diameter, mm", "peak force to 3 mm, N");
  std::vector<double> x, y;
  for (const double shaft : {0.2, 0.25, 0.31, 0.36, 0.41, 0.5})
    x.push_back(shaft), y.push_back(force_at(shaft * 1e-3, 1, 0));
  line(r.chart, "model", 1, x, y);
  return r;
}

// The time constant of a one-term QLV fitted to a simulated ramp and hold: F/F(ramp's end) = G + (1 - G) exp(-t/tau).
struct OneTerm {
  double tau_s = 0, rest_1 = 0;
};
OneTerm one_term(const TargetModels& models, double rate_Hz, std::vector<double>* times = nullptr,
                 std::vector<double>* forces = nullptr) {
  constexpr double strain_1 = 0.4, hold_s = 5, depth_m = 0.2e-3;
  Machine m = supported(needle(models, depth_m * rate_Hz / strain_1, depth_m));
  m.cartridge.tip_diameter_m = m.cartridge.shaft_diameter_m = 1e-3;  // never pierces
  m.cartridge.half_cone_angle_rad = 0.1;
  m.motion.approach_m = 0;
  m.motion.hold_s = hold_s;
  m.dt_s = std::min(50e-6, strain_1 / rate_Hz / 200);
  std::vector<double> t, F;
  double start_s = -1, peak_N = 0, last_s = -1;
  drive(m, [&](const InsertionState& s) {
    if (s.phase == InsertionPhase::insertion) {
      start_s = s.time_s, peak_N = s.force_N;
    } else if (s.time_s - start_s - last_s > 2.5e-3) {
      last_s = s.time_s - start_s;
      t.push_back(last_s);
      F.push_back(s.force_N / peak_N);
    }
    return true;
  });
  OneTerm best;
  double least = none;
  for (double tau = 1e-3; tau < 30; tau *= 1.02) {
    double bb = 0, by = 0, squares = 0;
    for (std::size_t i = 0; i < t.size(); ++i) {
      const double e = std::exp(-t[i] / tau);
      bb += (1 - e) * (1 - e), by += (F[i] - e) * (1 - e);
    }
    const double rest = by / bb;
    for (std::size_t i = 0; i < t.size(); ++i) {
      const double e = std::exp(-t[i] / tau);
      squares += std::pow(F[i] - rest - (1 - rest) * e, 2);
    }
    if (squares < least) least = squares, best = {tau, rest};
  }
  if (times) *times = t, *forces = F;
  return best;
}

TargetResult wang(const TargetModels& models) {
  TargetResult r;
  std::vector<double> rates = {0.06, 0.3, 1.2, 5, 22.88}, tau;
  double rest[2] = {};
  for (const double rate : rates) {
    const OneTerm fit = one_term(models, rate);
    tau.push_back(fit.tau_s);
    rest[rate > 1] = fit.rest_1;
    if (rate == 0.06) rest[0] = fit.rest_1;
  }
  r.checks.push_back(by_factor("tau1 at 0.06 1/s, s", tau.front(), 1.90, 2.5));
  r.checks.push_back(by_factor("tau1 at 22.88 1/s, s", tau.back(), 0.31, 2.5));
  r.checks.push_back(within("tau1 at 22.88 over tau1 at 0.06 1/s", tau.back() / tau.front(), 0, 1));
  r.checks.back().residual = 0;  // follows from the two above
  char text[160];
  std::snprintf(
      text, sizeof text,
      "not judged: residual ratio %.2f at 22.88 1/s, published 0.28 +-0.13 to 0.47 +-0.17; hold of 5 s assumed",
      rest[1]);
  r.note = text;
  r.chart = chart("VT-16 one-term relaxation after a ramp", "strain rate, 1/s", "time constant, s");
  r.chart.x_log = r.chart.y_log = true;
  published(r.chart, {0.06, 22.88}, {1.90, 0.31}, {0.76, 0.124}, {4.75, 0.775});
  line(r.chart, "model", 1, rates, tau);
  return r;
}

TargetResult touchlab(const TargetModels& models) {
  TargetResult r;
  const auto probe = [&](double frequency_Hz, double amplitude_m) {
    Machine m = supported(needle(models, 1e-3, 0.3e-3));
    m.cartridge.tip_diameter_m = m.cartridge.shaft_diameter_m = 0.5e-3;
    m.motion.hold_s = 10.5;
    m.motion.vibration_Hz = frequency_Hz;
    m.motion.vibration_amplitude_m = amplitude_m;
    m.motion.vibrates_in_insertion = 0;
    m.motion.retract = 1;
    m.dt_s = std::min(50e-6, 1 / (50 * frequency_Hz));
    struct {
      double contact_1 = 0, stiffness_N_per_m = 0, left_m = 0;
    } seen;
    double low_N = none, high_N = 0, steps = 0, touching = 0;
    drive(m, [&](const InsertionState& s) {
      if (s.phase == InsertionPhase::hold && s.hold_left_s < 0.5) {
        low_N = std::min(low_N, s.needle_force_N);
        high_N = std::max(high_N, s.needle_force_N);
        ++steps;
        touching += s.needle_force_N > 0;
      }
      if (s.phase == InsertionPhase::retraction && s.needle_force_N == 0) {
        seen.left_m = s.out.indentation_mean_m;
        return false;
      }
      return true;
    });
    seen.contact_1 = touching / steps;
    seen.stiffness_N_per_m = (high_N - low_N) / (2 * amplitude_m);
    return seen;
  };
  const auto wide = probe(20, 0.1e-3);
  // At most what the probe was pushed in: 0.3 mm and the amplitude of 0.1 mm.
  r.checks.push_back(within("depression when the probe loses touch on withdrawal, um", wide.left_m * 1e6, 1, 400));
  std::vector<double> frequencies = {5, 20, 100}, stiffness;
  for (const double f : frequencies) stiffness.push_back(probe(f, 10e-6).stiffness_N_per_m);
  r.checks.push_back(holds("force over amplitude rises from 5 over 20 to 100 Hz",
                           stiffness[0] < stiffness[1] && stiffness[1] < stiffness[2]));
  char text[128];
  std::snprintf(
      text, sizeof text,
      "not judged: the probe touches for %.0f %% of a period at 20 Hz and 0.1 mm; curves are in the thesis only",
      wide.contact_1 * 100);
  r.note = text;
  r.chart = chart("VT-17 flat probe of 0.5 mm, 0.3 mm deep", "frequency, Hz", "force over amplitude, N/m");
  r.chart.x_log = true;
  line(r.chart, "model", 1, frequencies, stiffness);
  return r;
}

}  // namespace

Chart stroke_chart(const TargetModels& models) {
  Machine m = needle(models, 1e-3, 1e-3);
  const auto state = std::make_unique<SkinState>();
  const auto holes = std::make_unique<HoleMemory>();
  skin_reset(m.cartridge, m.skin, 1, *state, *holes);
  SkinInput input;
  SkinOutput output;
  constexpr double e = 1.75e-3, depth_m = 1.5e-3, rate_Hz = 120, step_s = 5e-6;
  Chart c = chart("One stroke of one needle, 1.5 mm at 120 Hz", "penetration, mm", "force, mN");
  c.note = "the skin tents until it breaks, is cut, holds the shaft while the needle turns, is lifted, lets go";
  const char* names[] = {"tent before puncture", "cutting", "stuck: tent unloads, then is lifted", "slipping out"};
  for (int k = 0; k < 4; ++k) line(c, names[k], k + 1, {}, {});
  std::size_t phase = 0;
  double before_m = 0;
  for (double t = 0; t < 1 / rate_Hz; t += step_s) {
    input.tip_m = depth_m - e * (1 + std::cos(2 * pi * rate_Hz * t));
    input.tip_speed_m_per_s = 2 * pi * rate_Hz * e * std::sin(2 * pi * rate_Hz * t);
    skin_step(m.cartridge, m.skin, *state, *holes, input, step_s, output);
    const double p = output.penetration_max_m;
    const std::size_t now = p == 0 ? 0 : p > before_m ? 1 : p < before_m ? 3 : 2;
    if (now == 0 && phase != 0) break;  // out
    if (now != phase && !c.series[phase].x.empty())
      c.series[now].x.push_back(c.series[phase].x.back()), c.series[now].y.push_back(c.series[phase].y.back());
    phase = now;
    before_m = p;
    c.series[phase].x.push_back(p * 1e3);
    c.series[phase].y.push_back(output.force_N * 1e3);
  }
  return c;
}

void add_skin_targets(std::vector<PublishedTarget>& rows) {
  using enum TargetRole;
  rows.push_back(
      {"VT-01", calibration, "Davis 2004, J Biomech 37:1155", "one needle, tip radius 40-80 um, 1.1 mm/s", davis});
  rows.push_back({"VT-02", calibration, "Roemgens 2014, J Mech Behav Biomed Mater 40:397",
                  "one needle, tip 5-37 um, 1 mm/s (speed not known), 1.5 mm", roemgens});
  rows.push_back(
      {"VT-03", calibration, "Olatunji 2013, J Pharm Sci 102:1209", "one needle, 0.5 and 1.0 mm/s", olatunji});
  rows.push_back(
      {"VT-04", calibration, "Lam 2008, BIODEVICES", "one needle, 1 mm/s; retraction after 1 s of rest", lam});
  rows.push_back(
      {"VT-05", hold_out, "Kalluri 2011, AAPS J", "needle of 770 um, base 140 um, tip radius 4 um, 10 mm/s", kalluri});
  rows.push_back(
      {"VT-07", hold_out, "Verbaan 2008, J Control Release", "supported skin, tips 15-60 um, 0.3 mm", verbaan});
  rows.push_back({"VT-08", trend, "Mahvash and Dupont 2009/2010", "supported skin, 1-1000 mm/s", mahvash});
  rows.push_back({"VT-09", trend, "Okamura 2004, IEEE TBME 51:1707", "18G, 1.27 mm, 3 mm/s", okamura});
  rows.push_back({"VT-10", trend, "Shergold and Fleck 2004/2005/2006",
                  "shank radius 0.1, 0.25, 0.5 mm, 5 mm deep, 1 mm/s", shergold});
  rows.push_back(
      {"VT-11", hold_out, "Barnett 2015, J Manuf Sci Eng", "25G, 0.5 mm, 5 and 20 mm deep, 5 mm/s", barnett});
  rows.push_back(
      {"VT-12", calibration, "MSEC 2014 V002T02A025", "supported skin, 0.3 and 1 m/s against 1 mm/s", vibration});
  rows.push_back({"VT-13", trend, "Meliga 2017", "42 needles, pitch 0.4 mm, 2 and 10 m/s, 0.3 mm", meliga});
  rows.push_back({"VT-15", trend, "Praestmark 2016, Egekvist 1999", "30G and 27G to 3 mm, 1 mm/s", condition});
  rows.push_back({"VT-16", calibration, "Wang 2015, PLoS ONE 10:e0120897",
                  "ramp to strain 0.4 at 0.06-22.88 1/s, hold of 5 s", wang});
  rows.push_back(
      {"VT-17", trend, "Touchlab, Diller 2001", "flat probe of 0.5 mm, 0.3 mm at 1 mm/s, 10 s, 20 Hz", touchlab});
}

}  // namespace pensim
