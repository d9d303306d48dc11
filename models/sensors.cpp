#include "models/sensors.h"

#include "models/elementary.h"
#include "models/noise.h"

namespace pensim {
namespace {

constexpr std::uint32_t current_stream = 0x100, other_stream = 0x101, bounce_stream = 0x110;

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
  const double counts_per_V = counts_at_reference / params.reference_V;
  const double dial_share = 1.0 - 2.0 * params.dial_end_1;
  SensorDerived d;
  d.nominal_counts_per_A = counts_per_V * params.current_V_per_A;
  d.current_counts_per_A = d.nominal_counts_per_A * (1.0 + params.current_gain_error_1);
  d.current_offset_counts = d.nominal_counts_per_A * params.current_offset_A;
  d.voltage_counts_per_V = counts_per_V * params.voltage_divider_1;
  d.nose_counts = counts_per_V * params.nose_V;
  d.nose_counts_per_N = counts_per_V * params.nose_V_per_N;
  d.depth_dial_share_per_m = dial_share / (params.depth_dial_high_m - params.depth_dial_low_m);
  d.rate_dial_share_per_Hz = dial_share / (params.rate_dial_high_Hz - params.rate_dial_low_Hz);
  d.lane_gain_counts = 0.5 * params.noise_counts;
  return d;
}

double ntc_resistance_ohm(const SensorParams& params, double temperature_K) {
  return params.ntc_ohm * elementary::exp(params.ntc_beta_K * (1.0 / temperature_K - 1.0 / params.ntc_reference_K));
}

double ntc_counts(const SensorParams& params, double temperature_K) {
  const double ohm = ntc_resistance_ohm(params, temperature_K);
  return counts_at_reference * ohm / (ohm + params.ntc_pull_up_ohm);
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

SensorReadings sensor_sample(const SensorParams& params, const SensorDerived& d, const SensorState& state,
                             const SensorInput& input, std::uint64_t seed, std::int64_t tick) {
  const std::uint64_t first = lane_bits(noise_bits(seed, other_stream, 2 * tick));
  const std::uint64_t second = lane_bits(noise_bits(seed, other_stream, 2 * tick + 1));
  const double gain = d.lane_gain_counts;
  SensorReadings r;
  r.motor_current_counts = d.current_counts_per_A * input.motor_A + d.current_offset_counts +
                           params.current_noise_counts * noise_normal(seed, current_stream, tick);
  r.cell_counts = d.voltage_counts_per_V * input.cell_V + gain * lane(first, 0);
  r.ntc_motor_counts = state.ntc_motor_counts + gain * lane(first, 1);
  r.ntc_housing_counts = state.ntc_housing_counts + gain * lane(first, 2);
  r.nose_counts = d.nose_counts + d.nose_counts_per_N * input.nose_N + gain * lane(first, 3);
  r.cartridge_id_counts =
      input.id_ohm < 0.0
          ? counts_at_reference
          : counts_at_reference * input.id_ohm / (input.id_ohm + params.id_pull_up_ohm) + gain * lane(second, 0);
  r.rail_counts = d.voltage_counts_per_V * input.rail_V + gain * lane(second, 1);
  r.depth_dial_counts =
      counts_at_reference * (params.dial_end_1 + (input.depth_m - params.depth_dial_low_m) * d.depth_dial_share_per_m) +
      gain * lane(second, 2);
  r.rate_dial_counts =
      counts_at_reference * (params.dial_end_1 + (input.rate_Hz - params.rate_dial_low_Hz) * d.rate_dial_share_per_Hz) +
      gain * lane(second, 3);
  return r;
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
