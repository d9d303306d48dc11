#include "sim/engine/insertion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>

#include "sim/engine/sample.h"
#include "sim/recording/run_hash.h"

namespace pensim {
namespace {

constexpr int hash_period = 20;
constexpr double longest_step_s = 50e-6, shortest_step_s = 1e-6;

// What a step may last in this phase.
double step_limit_s(const InsertionParams& machine, InsertionPhase phase) {
  double limit_s = longest_step_s;
  if (phase != InsertionPhase::hold) {
    const double way_m = machine.press_N > 0 ? InsertionParams{}.travel_m : machine.travel_m;
    limit_s = std::clamp(way_m / machine.speed_m_per_s / 20'000, shortest_step_s, longest_step_s);
  }
  return machine.vibration_Hz > 0 ? std::min(limit_s, 1 / (40 * machine.vibration_Hz)) : limit_s;
}

double extension_m(const CartridgeParams& cartridge, const InsertionState& state) {
  return state.nose.stiffness_N_per_m > 0 ? std::min(state.tip_m, cartridge.needle_length_m) : state.tip_m;
}

void take_peaks(RigWorld& rig, int needles, double dt_s) {
  const InsertionState& state = rig.state;
  RigStroke& stroke = rig.stroke;
  stroke.extension_peak_m = std::max(stroke.extension_peak_m, rig.extension_m);
  stroke.penetration_peak_m = std::max(stroke.penetration_peak_m, state.out.penetration_max_m);
  stroke.force_peak_N = std::max(stroke.force_peak_N, state.needle_force_N);
  if (state.out.in_skin > 0) stroke.dwell_s += dt_s;
  for (int i = 0; i < needles; ++i)
    stroke.needle_peak_m[i] = std::max(stroke.needle_peak_m[i], state.skin.needle_penetration_m[i]);
}

StrokeRow stroke_row(RigWorld& rig, int needles, Tick end) {
  StrokeRow row;
  row.end = end;
  const auto& peaks = rig.stroke.needle_peak_m;
  rig.stroke.penetration_mean_m = std::accumulate(peaks, peaks + needles, 0.0) / needles;
  rig.stroke.penetration_min_m = *std::min_element(peaks, peaks + needles);
  sample<SignalPeriod::stroke>(rig, row.value);
  std::copy(peaks, peaks + needles, row.needle_peak);
  return row;
}

}  // namespace

InsertionParams insertion_params(const ResolvedScenario& scenario) {
  const InsertionChoice& i = scenario.insertion;
  InsertionParams p;
  p.speed_m_per_s = i.speed_m_per_s;
  p.travel_m = i.press_N ? press_travel_m : i.travel_m.value_or(p.travel_m);
  p.press_N = i.press_N.value_or(0);
  p.hold_s = i.hold_s;
  p.retract = i.retract;
  p.base_plate = i.base_plate;
  p.nose_inner_diameter_m = i.nose_inner_diameter_m.value_or(0);
  p.nose_outer_diameter_m = i.nose_outer_diameter_m.value_or(0);
  p.vibration_Hz = i.vibration_frequency_Hz;
  p.vibration_amplitude_m = i.vibration_amplitude_m;
  p.vibrates_in_insertion = i.vibrates_in_insertion;
  p.vibrates_in_hold = i.vibrates_in_hold;
  return p;
}

std::vector<InputProblem> check_rig(const ResolvedScenario& scenario, const std::string& file) {
  std::vector<InputProblem> problems;
  const CartridgeParams& cartridge = scenario.plant.cartridge;
  NeedlePlace places[needle_count_max];
  cartridge_places(cartridge, places);
  double reach_m = 0;
  for (const NeedlePlace& place : places)
    reach_m = std::max(reach_m, std::sqrt(place.along_m * place.along_m + place.across_m * place.across_m));
  const double across_m = 2 * reach_m + cartridge.shaft_diameter_m;
  if (const std::optional<double> inner_m = scenario.insertion.nose_inner_diameter_m; inner_m && *inner_m < across_m)
    problems.push_back({{file, 0, 0},
                        fmt::format("the needles stand within {:.3g} mm and do not fit through a nose of {:.3g} mm",
                                    1e3 * across_m, 1e3 * *inner_m),
                        "widen insertion.nose.inner_diameter, or choose fewer needles or a smaller pitch"});
  return problems;
}

void run_rig(const ResolvedScenario& scenario, BlockWriter& writer, RunStatus& status) {
  const InsertionParams machine = insertion_params(scenario);
  const CartridgeParams& cartridge = scenario.plant.cartridge;
  const SkinParams skin = insertion_skin(machine, cartridge, scenario.plant.skin);
  const auto owner = std::make_unique<RigWorld>();  // large: hole memory
  RigWorld& rig = *owner;
  InsertionState& state = rig.state;
  insertion_reset(machine, cartridge, skin, scenario.seed, state);
  rig.extension_m = extension_m(cartridge, state);

  const int needles = static_cast<int>(cartridge.needle_count);
  const int each_needle = scenario.record.each_needle ? needles : 0;
  std::vector<float> row(rig_columns<SignalPeriod::tick> + 2 * static_cast<std::size_t>(each_needle));
  const double row_s = seconds(scenario.tick_ns);
  constexpr std::size_t hashed_bytes = offsetof(InsertionState, holes) + sizeof(HoleMemory::digest);
  RunHash hash;
  double most_N = 0;
  bool reached = machine.press_N == 0;
  for (Tick k = 0;; ++k) {
    const bool over = state.phase == InsertionPhase::done;
    if (over) writer.stroke(stroke_row(rig, needles, k));
    sample<SignalPeriod::tick>(rig, row.data());
    for (int i = 0; i < each_needle; ++i) {
      const std::size_t at = rig_columns<SignalPeriod::tick> + 2 * static_cast<std::size_t>(i);
      row[at] = static_cast<float>(state.skin.needle_force_N[i]);
      row[at + 1] = static_cast<float>(state.skin.needle_penetration_m[i]);
    }
    if (k % hash_period == 0 || over) hash.state(&state, hashed_bytes);
    if (over && !reached) {
      writer.finding(k, fmt::format("the press of {:.4g} N was not reached: on its way to the machine's limit of "
                                    "{:.3g} mm the skin carried {:.4g} N at most",
                                    machine.press_N, 1e3 * machine.travel_m, most_N));
    }
    writer.tick(row.data());
    status.ticks.store(k + 1, std::memory_order_relaxed);
    if (over) break;
    // The steps of a row are those of the phase in which it begins; a hold that ends within the row takes short ones.
    const bool holds_on = state.phase == InsertionPhase::hold && state.hold_left_s > row_s;
    const double limit_s = step_limit_s(machine, holds_on ? InsertionPhase::hold : InsertionPhase::insertion);
    const auto steps = std::max<Tick>(1, static_cast<Tick>(std::ceil(row_s / limit_s * (1 - 1e-9))));
    const double dt_s = row_s / static_cast<double>(steps);
    for (Tick step = 0; step < steps && state.phase != InsertionPhase::done; ++step) {
      insertion_step(machine, cartridge, skin, state, dt_s);
      reached = reached || state.force_N >= machine.press_N;
      most_N = std::max(most_N, state.force_N);
      rig.extension_m = extension_m(cartridge, state);
      take_peaks(rig, needles, dt_s);
    }
  }
  status.hash = hash.value();
  status.end = RunStatus::End::completed;
}

}  // namespace pensim
