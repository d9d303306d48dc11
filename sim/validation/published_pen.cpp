// Motors, cell, thickness of skin, tremor, mechanism, devices: VT-19 to VT-24.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "models/battery.h"
#include "models/depth_screw.h"
#include "models/drivetrain.h"
#include "models/hand.h"
#include "models/motor.h"
#include "models/thermal.h"
#include "sim/catalog/catalog.h"
#include "sim/catalog/skin_sampler.h"
#include "sim/validation/published.h"

namespace pensim {
namespace {

using dashboard::Chart;
using dashboard::ChartSeries;

constexpr double pi = 3.14159265358979323846, rpm_per_rad_per_s = 30 / pi, dt_s = 25e-6;

Chart chart(const char* title, const char* x, const char* y) {
  Chart c;
  c.title = title;
  c.x_label = x;
  c.y_label = y;
  return c;
}

void add(Chart& c, const char* name, ChartSeries::Style style, int colour, std::vector<double> x,
         std::vector<double> y) {
  c.series.push_back({name, style, colour, std::move(x), std::move(y), {}, {}});
}

struct Worst {  // the largest of many deviations, where it is
  double deviation_1 = 0;
  std::string at;
  void see(double model, double published, const std::string& where) {
    const double d = model / published - 1;
    if (std::fabs(d) >= std::fabs(deviation_1)) deviation_1 = d, at = where;
  }
  TargetCheck check(const char* what, double tolerance_1) const {
    return within(std::string(what) + ", worst deviation, % (" + at + ")", deviation_1 * 100, -tolerance_1 * 100,
                  tolerance_1 * 100);
  }
};

// --- VT-19: windings of the catalog, run free, held and loaded ---

struct MotorRun {
  MotorParams motor;
  DrivetrainParams mechanism;
  DrivetrainDerived derived;
  DrivetrainState rotor;
  DrivetrainInput load;
  WindingStep step;
  double current_A = 0;

  explicit MotorRun(const MotorParams& m) : motor(m) {
    motor.commutation_1 = 0;
    mechanism.cam_inertia_kg_m2 = mechanism.rod_mass_kg = mechanism.viscous_N_m_s_per_rad = mechanism.friction_N_m = 0;
    derived = drivetrain_derive(mechanism, motor.inertia_kg_m2, 0, dt_s);
    drivetrain_reset(mechanism, 0, rotor);
    load.plate_present = 0;
    load.friction_N_m = motor.friction_N_m;
    step = winding_step_of(motor, motor_resistance_ohm(motor, motor.reference_temperature_K), dt_s);
  }
  double advance(double voltage_V) {  // its speed in rpm
    const double k = motor_constant_V_s_per_rad(motor, motor.reference_temperature_K);
    load.torque_N_m = k * current_A;
    double crossing_s;
    drivetrain_step(mechanism, derived, rotor, load, crossing_s);
    current_A = winding_advance(step, current_A, voltage_V - k * rotor.speed_rad_per_s).end_A;
    return rotor.speed_rad_per_s * rpm_per_rad_per_s;
  }
  double settled_rpm(double voltage_V) {
    double rpm = 0;
    for (int i = 0; i < 6000; ++i) rpm = advance(voltage_V);
    return rpm;
  }
};

MotorParams winding(const std::string& name) {
  MotorParams m;
  for (const CatalogValue& v : catalog_entry(CatalogKind::motor, name).values)
    each_motor_param(m, [&](const char* parameter, double& value) {
      if (v.parameter == std::string("motor.") + parameter) value = v.number;
    });
  return m;
}

TargetResult motors(const TargetModels&) {
  struct Sheet {
    const char* name;
    double voltage_V, no_load_rpm, stall_mN_m, slope_rpm_per_mN_m, time_constant_ms;
  };
  constexpr Sheet sheets[] = {
      {"faulhaber_1331t006sr", 6, 10600, 11.20, 946, 7},    {"faulhaber_1331t012sr", 12, 9900, 9.90, 1000, 7},
      {"faulhaber_1331t024sr", 24, 10400, 9.76, 1070, 7},   {"faulhaber_0816k003sr", 3, 13250, 1.15, 11475, 6.1},
      {"faulhaber_0816k006sr", 6, 13500, 1.13, 11904, 6.5}, {"faulhaber_0816k009sr", 9, 13500, 1.15, 11714, 6.2},
      {"faulhaber_0816k012sr", 12, 12600, 1.00, 12553, 6.5}};
  Worst speed, stall, slope, time;
  TargetResult r;
  std::vector<double> published, model;
  for (const Sheet& s : sheets) {
    const MotorParams m = winding(s.name);
    MotorRun free(m), held(m), loaded(m), start(m);
    const double rpm = free.settled_rpm(s.voltage_V);
    held.load.friction_N_m = 1;
    held.settled_rpm(s.voltage_V);
    loaded.load.friction_N_m += 0.2e-3 * s.stall_mN_m;
    double tau_s = 0;
    while (start.advance(s.voltage_V) < 0.6321205588 * rpm) tau_s += dt_s;
    speed.see(rpm, s.no_load_rpm, s.name);
    stall.see((m.constant_V_s_per_rad * held.current_A - m.friction_N_m) * 1e3, s.stall_mN_m, s.name);
    slope.see((rpm - loaded.settled_rpm(s.voltage_V)) / (0.2 * s.stall_mN_m), s.slope_rpm_per_mN_m, s.name);
    time.see(tau_s * 1e3, s.time_constant_ms, s.name);
    published.push_back(s.no_load_rpm);
    model.push_back(rpm);
  }
  Worst thermal;
  struct Heat {
    const char* name;
    double r1, r2, winding_s, case_s;
  };
  for (const Heat& h : {Heat{"1331SR", 6, 25, 5, 190}, Heat{"0816SR", 20, 48, 4.2, 242}}) {
    ThermalParams p;
    p.winding_to_case_K_per_W = h.r1;
    p.winding_J_per_K = h.winding_s / h.r1;
    p.case_to_grip_K_per_W = h.r2;
    p.case_J_per_K = 1e12;  // the case held
    p.grip_J_per_K = 1e12;
    ThermalState state;
    ThermalInput input;
    input.winding_W = 0.5;
    double time_s = 0;
    const double start_K = state.winding_K;
    while (state.winding_K - start_K < 0.6321205588 * 0.5 * h.r1 && time_s < 1000)
      thermal_step(p, state, input, 1e-3), time_s += 1e-3;
    thermal.see(time_s, h.winding_s, h.name);
  }
  r.checks = {speed.check("speed without load", 0.02), stall.check("stall torque", 0.03),
              slope.check("speed per torque", 0.03), time.check("mechanical time constant", 0.05),
              thermal.check("time constant of the winding", 0.05)};
  r.chart = chart("VT-19 speed without load", "data sheet, rpm", "model, rpm");
  add(r.chart, "equal", ChartSeries::Style::dashed, 0, {9500, 14000}, {9500, 14000});
  add(r.chart, "model", ChartSeries::Style::points, 1, published, model);
  return r;
}

// --- VT-20 ---

TargetResult cell(const TargetModels&) {
  // To the digits of the table.
  struct Row {
    double charge_1, open_V, series_mohm, fast_mohm, fast_F, slow_mohm, slow_F;
  };
  constexpr Row rows[] = {{0.02, 3.177, 170, 226, 129, 346, 954}, {0.05, 3.516, 121, 121, 320, 53, 2914},
                          {0.10, 3.675, 88, 64, 509, 50, 4073},   {0.20, 3.725, 76, 48, 653, 50, 4448},
                          {0.50, 3.803, 75, 47, 703, 50, 4475},   {0.90, 4.017, 75, 47, 704, 50, 4475},
                          {1.00, 4.103, 75, 47, 704, 50, 4475}};
  double open = 0, resistances = 0, capacities = 0;
  std::vector<double> charge, published, x, y;
  for (const Row& row : rows) {
    const CellCoefficients c = cell_coefficients(row.charge_1);
    open = std::max(open, std::fabs(c.open_V - row.open_V) * 1e3);
    resistances = std::max({resistances, std::fabs(c.series_ohm * 1e3 - row.series_mohm),
                            std::fabs(c.fast_ohm * 1e3 - row.fast_mohm), std::fabs(c.slow_ohm * 1e3 - row.slow_mohm)});
    capacities = std::max({capacities, std::fabs(c.fast_F - row.fast_F), std::fabs(c.slow_F - row.slow_F)});
    charge.push_back(row.charge_1);
    published.push_back(row.open_V);
  }
  for (double s = 0.02; s <= 1; s += 0.01) x.push_back(s), y.push_back(cell_coefficients(s).open_V);
  TargetResult r;
  r.checks = {within("open voltage, largest difference, mV", open, 0, 0.6),
              within("resistances, mohm", resistances, 0, 1), within("capacities, F", capacities, 0, 1)};
  r.chart = chart("VT-20 open voltage of the cell", "state of charge", "voltage, V");
  add(r.chart, "published", ChartSeries::Style::points, 0, charge, published);
  add(r.chart, "model", ChartSeries::Style::line, 1, x, y);
  return r;
}

// --- VT-21 ---

TargetResult thickness(const TargetModels&) {
  struct Site {
    const char* region;
    double male_mm, male_sd, female_mm, female_sd;
  };
  constexpr Site sites[] = {{"forehead", 1.17, 0.28, 0.86, 0.16}, {"glabella", 1.14, 0.30, 0.90, 0.23},
                            {"temple", 1.06, 0.20, 0.80, 0.19},   {"eyelid", 0.67, 0.14, 0.58, 0.11},
                            {"nose", 1.03, 0.16, 0.93, 0.25},     {"cheek", 1.14, 0.21, 0.87, 0.35},
                            {"jaw", 1.02, 0.24, 0.91, 0.34},      {"neck", 0.98, 0.22, 0.99, 0.20}};
  constexpr int people = 10'000;
  Worst mean, deviation;
  std::vector<double> published, model;
  const auto draw = [&](const std::string& where, const std::vector<CatalogValue>& values, double mm, double sd) {
    const auto dermis =
        std::find_if(values.begin(), values.end(), [](const CatalogValue& v) { return v.key == "dermis"; });
    double sum = 0, squares = 0;
    if (dermis != values.end())
      for (int person = 0; person < people; ++person) {
        const double d = drawn_value(*dermis, 1, person) * 1e3;
        sum += d;
        squares += d * d;
      }
    mean.see(sum / people, mm, where);
    deviation.see(std::sqrt(std::max(0.0, squares / people - std::pow(sum / people, 2))), sd, where);
    published.push_back(mm);
    model.push_back(sum / people);
  };
  for (const Site& s : sites) {
    const CatalogEntry& entry = catalog_entry(CatalogKind::region, s.region);
    draw(std::string(s.region) + ", men", entry.male, s.male_mm, s.male_sd);
    draw(std::string(s.region) + ", women", entry.female, s.female_mm, s.female_sd);
  }
  TargetResult r;
  r.checks = {mean.check("mean of the dermis", 0.02), deviation.check("its standard deviation", 0.10)};
  r.note = "epidermis: the law has histology's, ultrasound reads 3-4 times too much and gives its spread only";
  r.chart = chart("VT-21 dermis of eight sites, two sexes", "published mean, mm", "mean of 10 000 drawn, mm");
  add(r.chart, "equal", ChartSeries::Style::dashed, 0, {0.5, 1.2}, {0.5, 1.2});
  add(r.chart, "drawn", ChartSeries::Style::points, 1, published, model);
  return r;
}

// --- VT-22 ---

TargetResult tremor(const TargetModels&) {
  HandParams params;
  HandState state;
  HandInput input;
  HandOutput output;
  input.contact = 0;
  hand_reset(params, 1, input.lift_m, state);
  std::vector<double> ways[3];
  for (int i = 0; i < 200'000; ++i) {
    hand_step(params, state, input, 1e-3, output);
    if (i % 10 != 0) continue;  // 100 Hz
    ways[0].push_back(output.track_m);
    ways[1].push_back(output.across_m);
    ways[2].push_back(output.nose_gap_m);
  }
  TargetResult r;
  const char* names[] = {"along", "across", "axial"};
  std::vector<double> frequencies, power;
  for (double f = 1; f <= 25; f += 0.5) frequencies.push_back(f);
  for (int k = 0; k < 3; ++k) {
    const std::vector<double>& x = ways[k];
    double sum = 0, squares = 0;
    for (const double v : x) sum += v, squares += v * v;
    const double mean = sum / static_cast<double>(x.size());
    r.checks.push_back(within(std::string(names[k]) + ": rms, um",
                              std::sqrt(squares / static_cast<double>(x.size()) - mean * mean) * 1e6, k < 2 ? 100 : 10,
                              k < 2 ? 250 : 50));
    std::vector<double> of(frequencies.size());
    constexpr std::size_t length = 400;  // segments of 4 s
    for (std::size_t from = 0; from + length <= x.size(); from += length)
      for (std::size_t j = 0; j < of.size(); ++j) {
        double re = 0, im = 0;
        for (std::size_t i = 0; i < length; ++i) {
          const double at = static_cast<double>(i), window = 0.5 - 0.5 * std::cos(2 * pi * at / length),
                       phase = 2 * pi * frequencies[j] * at / 100;
          re += window * (x[from + i] - mean) * std::cos(phase);
          im += window * (x[from + i] - mean) * std::sin(phase);
        }
        of[j] += (re * re + im * im) * 1e12;
      }
    r.checks.push_back(
        within(std::string(names[k]) + ": peak of the spectrum, Hz",
               frequencies[static_cast<std::size_t>(std::max_element(of.begin(), of.end()) - of.begin())], 6, 12));
    if (k == 0) power = of;
  }
  r.chart = chart("VT-22 tremor along the track", "frequency, Hz", "power, relative");
  const double most = *std::max_element(power.begin(), power.end());
  for (double& p : power) p /= most;
  add(r.chart, "model", ChartSeries::Style::line, 1, frequencies, power);
  add(r.chart, "published peak, 6-12 Hz", ChartSeries::Style::line, 0, {6, 12}, {1.02, 1.02});
  return r;
}

// --- VT-23 ---

struct Flywheel {  // the mechanism behind a rotor that nothing slows
  DrivetrainParams params;
  DrivetrainDerived derived;
  DrivetrainState state;
  DrivetrainInput input;
  void start(double plate_kg, double rate_Hz) {
    derived = drivetrain_derive(params, 1.0, plate_kg, dt_s);
    drivetrain_reset(params, 0, state);
    state.speed_rad_per_s = 2 * pi * rate_Hz;
  }
  void advance() {
    double crossing_s;
    drivetrain_step(params, derived, state, input, crossing_s);
  }
};

TargetResult mechanism(const TargetModels&) {
  TargetResult r;
  double kinematics_1 = 0;
  {
    Flywheel b;
    b.start(0.35e-3, 120);
    for (int k = 1; k < 4000; ++k) {
      b.advance();
      const double e = b.params.eccentricity_m;
      kinematics_1 =
          std::max(kinematics_1, std::fabs(b.state.plate_m - e * (1 - std::cos(2 * pi * 120 * k * dt_s))) / (2 * e));
    }
  }
  Worst onset, dwell, speed;
  std::vector<double> expected, found;
  struct Spring {
    double plate_g, preload_N, spring_N_per_m;
  };
  for (const Spring& s : {Spring{0.25, 0.30, 150},
                          {0.35, 0.30, 150},
                          {0.35, 0.50, 200},
                          {0.35, 0.15, 75},
                          {0.50, 0.15, 75},
                          {1.00, 0.30, 150}}) {
    Flywheel b;
    b.params.spring_preload_N = s.preload_N;
    b.params.spring_N_per_m = s.spring_N_per_m;
    const double closed_Hz = std::sqrt((s.preload_N + s.spring_N_per_m * 2 * b.params.eccentricity_m) /
                                       (s.plate_g * 1e-3 * b.params.eccentricity_m)) /
                             (2 * pi);
    double low = 0.5 * closed_Hz, high = 1.5 * closed_Hz;  // floats at high, not at low
    for (int i = 0; i < 12; ++i) {
      const double rate = 0.5 * (low + high);
      b.start(s.plate_g * 1e-3, rate);
      for (int k = 0; k < 2000; ++k) b.advance();
      (b.state.floats > 0 ? high : low) = rate;
    }
    onset.see(high, closed_Hz, std::to_string(std::lround(closed_Hz)) + " Hz");
    expected.push_back(closed_Hz);
    found.push_back(high);
  }
  for (const double depth_m : {0.5e-3, 1.5e-3, 2.5e-3}) {
    Flywheel b;
    b.input.spring_factor_1 = 3;
    b.start(0.35e-3, 117);
    const double e = b.params.eccentricity_m, nose_m = 2 * e - depth_m, w = 2 * pi * 117;
    const int revolutions = 20, steps = static_cast<int>(revolutions / 117.0 / dt_s + 0.5);
    double before_m = 0, before_m_per_s = 0, above_s = 0, entry_m_per_s = 0;
    int entries = 0;
    for (int k = 0; k < steps; ++k) {
      b.advance();
      const double now_m = b.state.plate_m, change_m = now_m - before_m;
      if (before_m > nose_m && now_m > nose_m)
        above_s += dt_s;
      else if (now_m > nose_m)
        above_s += dt_s * (now_m - nose_m) / change_m;
      else if (before_m > nose_m)
        above_s += dt_s * (nose_m - before_m) / change_m;
      if (before_m <= nose_m && now_m > nose_m) {
        entry_m_per_s +=
            before_m_per_s + (b.state.plate_speed_m_per_s - before_m_per_s) * (nose_m - before_m) / change_m;
        ++entries;
      }
      before_m = now_m;
      before_m_per_s = b.state.plate_speed_m_per_s;
    }
    const std::string at = std::to_string(depth_m * 1e3).substr(0, 3) + " mm";
    dwell.see(above_s / revolutions, std::acos(1 - depth_m / e) / pi / 117, at);
    speed.see(entry_m_per_s / std::max(1, entries), w * std::sqrt(depth_m * (2 * e - depth_m)), at);
  }
  r.checks = {
      within("plate against e (1 - cos phi), largest difference over the stroke, %", kinematics_1 * 100, 0, 0.1),
      speed.check("speed at entry", 0.001), dwell.check("dwell", 0.01), onset.check("onset of float", 0.02)};
  r.chart = chart("VT-23 onset of float", "closed form, Hz", "model, Hz");
  add(r.chart, "equal", ChartSeries::Style::dashed, 0, {70, 230}, {70, 230});
  add(r.chart, "model", ChartSeries::Style::points, 1, expected, found);
  return r;
}

// --- VT-24 ---

// Strokes per second of the default pen in the air, under a voltage at the motor.
double pen_rate_Hz(double voltage_V) {
  const MotorParams m;
  DrivetrainParams p;
  DrivetrainState state;
  DrivetrainInput load;
  const DrivetrainDerived derived = drivetrain_derive(p, m.inertia_kg_m2, TargetModels{}.cartridge.plate_mass_kg, dt_s);
  drivetrain_reset(p, 0, state);
  load.friction_N_m = p.friction_N_m + m.friction_N_m;
  const double k = motor_constant_V_s_per_rad(m, m.reference_temperature_K);
  const WindingStep step = winding_step_of(m, motor_resistance_ohm(m, m.reference_temperature_K), dt_s);
  double current_A = 0, turned_rad = 0;
  constexpr int settle = 40'000, measure = 20'000;
  for (int i = 0; i < settle + measure; ++i) {
    load.torque_N_m = k * current_A;
    double crossing_s;
    drivetrain_step(p, derived, state, load, crossing_s);
    current_A = winding_advance(step, current_A, voltage_V - k * state.speed_rad_per_s).end_A;
    if (i >= settle) turned_rad += state.speed_rad_per_s * dt_s;
  }
  return turned_rad / (2 * pi) / (measure * dt_s);
}

TargetResult devices(const TargetModels&) {
  TargetResult r;
  std::vector<double> volts, rates;
  for (const double v : {1.5, 2.0, 2.5, 3.0, 3.5, 3.7, 4.1}) volts.push_back(v), rates.push_back(pen_rate_Hz(v));
  r.checks.push_back(within("Exceed, 100-150 Hz: rate at 1.5 V, a duty of 40 %, Hz", rates[0], 0, 100));
  r.checks.push_back(within("Exceed, 100-150 Hz: rate at 3.7 V, a nominal cell, Hz", rates[5], 150, 1e3));
  r.checks.push_back(within("SkinPen, 7000 rpm: rate at 3.7 V, a nominal cell, Hz", rates[5], 116.7, 1e3));
  const ScrewParams s;
  r.checks.push_back(within("Exceed, depth +-0.15 mm: half step, backlash and twice the home switch, mm",
                            (0.5 * s.half_step_m + s.backlash_m + 2 * s.home_repeatability_m) * 1e3, 0, 0.15));
  r.chart = chart("VT-24 strokes per second in the air", "voltage at the motor, V", "rate, Hz");
  add(r.chart, "published band of Exceed", ChartSeries::Style::dashed, 0, {1.5, 4.1}, {100, 100});
  add(r.chart, "", ChartSeries::Style::dashed, 0, {1.5, 4.1}, {150, 150});
  add(r.chart, "model", ChartSeries::Style::line, 1, volts, rates);
  return r;
}

}  // namespace

void add_pen_targets(std::vector<PublishedTarget>& rows) {
  using enum TargetRole;
  rows.push_back(
      {"VT-19", analytic, "Faulhaber 1331..SR, 0816..SR", "windings of the catalog at their nominal voltage", motors});
  rows.push_back({"VT-20", analytic, "Chen and Rincon-Mora 2006", "coefficients at seven states of charge", cell});
  rows.push_back(
      {"VT-21", analytic, "BMC Med Imaging 2022, ultrasound", "10 000 drawn people per site and sex", thickness});
  rows.push_back({"VT-22", analytic, "PMC3032442; otosurgery; Lakie", "pen in the air for 200 s", tremor});
  rows.push_back({"VT-23", analytic, "closed forms", "cam of 1.75 mm, constant speed", mechanism});
  rows.push_back({"VT-24", analytic, "K182407, DEN160029", "default pen in the air", devices});
}

}  // namespace pensim
