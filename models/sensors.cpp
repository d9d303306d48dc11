#include "models/sensors.h"

#include "models/elementary.h"
#include "models/noise.h"

namespace pensim {
namespace {

constexpr std::uint32_t current_stream = 0x100, other_stream = 0x101, bounce_stream = 0x110;

inline std::uint16_t to_counts(double value) {
  const double held = value > 0.0 ? value : 0.0;
  return static_cast<std::uint16_t>(static_cast<int>((held < adc_full_scale ? held : adc_full_scale) + 0.5));
}

// Number of set bits in each of four lanes of 16 bits: mean 8, standard deviation 2.
inline std::uint64_t lane_bits(std::uint64_t z) {
  z -= (z >> 1) & 0x5555555555555555ULL;
  z = (z & 0x3333333333333333ULL) + ((z >> 2) & 0x3333333333333333ULL);
  z = (z + (z >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
  return (z + (z >> 8)) & 0x00ff00ff00ff00ffULL;
}

inline double lane(std::uint64_t bits, int index) {
  return static_cast<double>(static_cast<int>((bits >> (16 * index)) & 0xff) - 8);
}

}  // namespace

SensorDerived sensor_derive(const SensorParams& params) {
  const double counts_per_V = adc_full_scale / params.reference_V;
  SensorDerived d;
  d.current_counts_per_A = counts_per_V * params.current_V_per_A * (1.0 + params.current_gain_error_1);
  d.current_offset_counts = counts_per_V * params.current_V_per_A * params.current_offset_A;
  d.voltage_counts_per_V = counts_per_V * params.voltage_divider_1;
  d.nose_counts = counts_per_V * params.nose_V;
  d.nose_counts_per_N = counts_per_V * params.nose_V_per_N;
  d.lane_gain_counts = 0.5 * params.noise_counts;
  return d;
}

double ntc_resistance_ohm(const SensorParams& params, double temperature_K) {
  return params.ntc_ohm * elementary::exp(params.ntc_beta_K * (1.0 / temperature_K - 1.0 / params.ntc_reference_K));
}

double ntc_counts(const SensorParams& params, double temperature_K) {
  const double ohm = ntc_resistance_ohm(params, temperature_K);
  return adc_full_scale * ohm / (ohm + params.ntc_pull_up_ohm);
}

void sensor_reset(const SensorParams& params, double temperature_K, SensorState& state) {
  state = SensorState{};
  state.ntc_motor_K = temperature_K;
  state.ntc_housing_K = temperature_K;
  state.ntc_motor_counts = ntc_counts(params, temperature_K);
  state.ntc_housing_counts = state.ntc_motor_counts;
}

void sensor_update(const SensorParams& params, SensorState& state, double case_K, double grip_K, double period_s) {
  const double share = 1.0 - elementary::exp(-period_s / params.ntc_delay_s);
  state.ntc_motor_K += (case_K - state.ntc_motor_K) * share;
  state.ntc_housing_K += (grip_K - state.ntc_housing_K) * share;
  state.ntc_motor_counts = ntc_counts(params, state.ntc_motor_K);
  state.ntc_housing_counts = ntc_counts(params, state.ntc_housing_K);
}

void sensor_sample(const SensorParams& params, const SensorDerived& d, const SensorState& state,
                   const SensorInput& input, std::uint64_t seed, std::int64_t tick,
                   std::uint16_t counts[adc_channels]) {
  const std::uint64_t first = lane_bits(noise_bits(seed, other_stream, 2 * tick));
  const std::uint64_t second = lane_bits(noise_bits(seed, other_stream, 2 * tick + 1));
  const double gain = d.lane_gain_counts;
  counts[0] = to_counts(d.current_counts_per_A * input.motor_A + d.current_offset_counts +
                        params.current_noise_counts * noise_normal(seed, current_stream, tick));
  counts[1] = to_counts(d.voltage_counts_per_V * input.cell_V + gain * lane(first, 0));
  counts[2] = to_counts(state.ntc_motor_counts + gain * lane(first, 1));
  counts[3] = to_counts(state.ntc_housing_counts + gain * lane(first, 2));
  counts[4] = to_counts(d.nose_counts + d.nose_counts_per_N * input.nose_N + gain * lane(first, 3));
  counts[5] =
      input.id_ohm < 0.0
          ? std::uint16_t{4095}
          : to_counts(adc_full_scale * input.id_ohm / (input.id_ohm + params.id_pull_up_ohm) + gain * lane(second, 0));
  counts[6] = to_counts(d.voltage_counts_per_V * input.rail_V + gain * lane(second, 1));
  counts[7] = to_counts(adc_full_scale * (0.05 + (input.depth_m - 0.2e-3) * (0.9 / 2.8e-3)) + gain * lane(second, 2));
  counts[8] = to_counts(adc_full_scale * (0.05 + (input.rate_Hz - 60.0) * (0.9 / 140.0)) + gain * lane(second, 3));
}

std::int64_t button_step(const SensorParams& params, ButtonState& state, std::int64_t wanted, std::uint64_t seed,
                         std::uint32_t stream, double dt_s, double toggles_s[8]) {
  if (wanted != state.wanted) {
    state.wanted = wanted;
    ++state.changes;
    const double draw = noise_uniform(seed, bounce_stream + stream, state.changes * 8);
    state.left = (state.level != wanted) + 2 * static_cast<std::int64_t>(3.0 * draw);
    state.next_s = 0.0;
  }
  std::int64_t count = 0;
  while (state.left > 0 && state.next_s < dt_s && count < 8) {
    state.level = 1 - state.level;
    toggles_s[count++] = state.next_s;
    --state.left;
    const double draw = noise_uniform(seed, bounce_stream + stream, state.changes * 8 + 1 + state.left);
    state.next_s += params.bounce_s * (0.025 + 0.225 * draw);
  }
  state.next_s = state.left > 0 ? state.next_s - dt_s : 0.0;
  return count;
}

}  // namespace pensim
