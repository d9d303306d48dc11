#include "sim/engine/insertion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>

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

// Peaks of the one stroke.
struct Peaks {
  double extension_m = 0, penetration_m = 0, force_N = 0, dwell_s = 0;
  double needle_m[needle_count_max] = {};
};

// Past nose or base plate, which stand on the skin until the needles are out by their length; without either: past the
// skin.
double extension_m(const CartridgeParams& cartridge, const InsertionState& state) {
  return state.nose.stiffness_N_per_m > 0 ? std::min(state.tip_m, cartridge.needle_length_m) : state.tip_m;
}

void take_peaks(const InsertionState& state, double extension, int needles, double dt_s, Peaks& peaks) {
  peaks.extension_m = std::max(peaks.extension_m, extension);
  peaks.penetration_m = std::max(peaks.penetration_m, state.out.penetration_max_m);
  peaks.force_N = std::max(peaks.force_N, state.needle_force_N);
  if (state.out.in_skin > 0) peaks.dwell_s += dt_s;
  for (int i = 0; i < needles; ++i) peaks.needle_m[i] = std::max(peaks.needle_m[i], state.skin.needle_penetration_m[i]);
}

StrokeRow stroke_row(const Peaks& peaks, int needles, Tick end) {
  StrokeRow row;
  row.end = end;
  double sum = 0, least = peaks.needle_m[0];
  for (int i = 0; i < needles; ++i) {
    sum += peaks.needle_m[i];
    least = std::min(least, peaks.needle_m[i]);
    row.needle_peak[i] = static_cast<float>(peaks.needle_m[i]);
  }
  const double values[] = {1,     peaks.extension_m, peaks.penetration_m, sum / needles,
                           least, peaks.force_N,     peaks.dwell_s};
  for (std::size_t i = 0; i < std::size(values); ++i) row.value[i] = static_cast<float>(values[i]);
  return row;
}

// In the order of rig_plan.
void sample(const InsertionState& state, double extension, int each_needle, std::vector<float>& row) {
  row.clear();
  const auto put = [&](double value) { row.push_back(static_cast<float>(value)); };
  put(extension);
  put(state.tip_m);
  put(state.out.indentation_mean_m);
  put(static_cast<double>(state.out.in_skin));
  put(state.out.penetration_mean_m);
  put(state.out.penetration_max_m);
  put(state.needle_force_N);
  put(static_cast<double>(state.out.punctures));
  put(insertion_channel_depth_m(state));
  put(state.travel_m);
  put(state.force_N);
  put(state.nose_force_N);
  put(state.energy_J);
  put(static_cast<double>(state.phase));
  put(state.puncture_force_N);
  put(state.puncture_tip_m);
  for (int i = 0; i < each_needle; ++i) {
    put(state.skin.needle_force_N[i]);
    put(state.skin.needle_penetration_m[i]);
  }
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
  const auto owner = std::make_unique<InsertionState>();  // large: hole memory
  InsertionState& state = *owner;
  insertion_reset(machine, cartridge, skin, scenario.seed, state);

  const int needles = static_cast<int>(cartridge.needle_count);
  const double row_s = seconds(scenario.tick_ns);
  constexpr std::size_t hashed_bytes = offsetof(InsertionState, holes) + sizeof(HoleMemory::digest);
  RunHash hash;
  Peaks peaks;
  std::vector<float> row;
  double most_N = 0;
  bool reached = machine.press_N == 0;
  for (Tick k = 0;; ++k) {
    const bool over = state.phase == InsertionPhase::done;
    if (over) writer.stroke(stroke_row(peaks, needles, k));
    sample(state, extension_m(cartridge, state), scenario.record.each_needle ? needles : 0, row);
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
      take_peaks(state, extension_m(cartridge, state), needles, dt_s, peaks);
    }
  }
  status.hash = hash.value();
  status.end = RunStatus::End::completed;
}

}  // namespace pensim
