#include "models/battery.h"

#include <cmath>

#include "models/elementary.h"

namespace pensim {

using elementary::exp;

CellCoefficients cell_coefficients(double s) {
  CellCoefficients k;
  k.open_V = -1.031 * exp(-35.0 * s) + 3.685 + s * (0.2156 + s * (-0.1178 + s * 0.3201));
  k.series_ohm = 0.1562 * exp(-24.37 * s) + 0.07446;
  k.fast_ohm = 0.3208 * exp(-29.14 * s) + 0.04669;
  k.fast_F = -752.9 * exp(-13.51 * s) + 703.6;
  k.slow_ohm = 6.603 * exp(-155.2 * s) + 0.04984;
  k.slow_F = -6056.0 * exp(-27.12 * s) + 4475.0;
  if (k.fast_F < 1.0) k.fast_F = 1.0;
  if (k.slow_F < 1.0) k.slow_F = 1.0;
  return k;
}

double cell_temperature_factor(double cell_K) {
  const double below_K = 298.15 - cell_K;
  return exp(below_K * (0.00792 + (below_K > 0.0 ? below_K * 0.001272 : 0.0)));
}

void battery_set_connector(const BatteryParams& params, BatteryState& state, double connector_ohm, double dt_s) {
  state.connector_ohm = connector_ohm;
  state.path_ohm = state.cell_ohm + params.protection_ohm + connector_ohm;
  state.rail_A_per_V = params.rail_F / dt_s;
  state.rail_decay_1 = exp(-dt_s / (state.path_ohm * params.rail_F));
}

namespace {

void set_coefficients(const BatteryParams& params, BatteryState& state, double cell_K, double factor,
                      double connector_ohm, double dt_s) {
  if (std::fabs(state.charge_1 - state.coefficient_charge_1) > 1e-5) {
    state.cell = cell_coefficients(state.charge_1);
    state.coefficient_charge_1 = state.charge_1;
  }
  const double cell_ohm = state.cell.series_ohm * factor * cell_temperature_factor(cell_K);
  if (std::fabs(cell_ohm - state.cell_ohm) > 1e-6 || connector_ohm != state.connector_ohm) {
    state.cell_ohm = cell_ohm;
    battery_set_connector(params, state, connector_ohm, dt_s);
  }
}

double branch_V(double before_V, double current_A, double ohm, double farad, double period_s) {
  const double limit_V = current_A * ohm;
  return limit_V + (before_V - limit_V) * exp(-period_s / (ohm * farad));
}

}  // namespace

void battery_reset(const BatteryParams& params, double cell_K, double dt_s, BatteryState& state) {
  state = BatteryState{};
  state.charge_1 = params.initial_charge_1;
  state.connector_ohm = -1.0;
  set_coefficients(params, state, cell_K, 1.0, 0.0, dt_s);
  state.source_V = state.cell.open_V;
  state.rail_V = state.source_V - state.path_ohm * params.electronics_A;
  state.cell_V = state.source_V - state.cell_ohm * params.electronics_A;
}

void battery_update(const BatteryParams& params, BatteryState& state, double cell_K, double resistance_factor_1,
                    double connector_ohm, std::int64_t charger, double period_s, double dt_s) {
  double charging_A = 0.0;
  if (charger) {
    const double full_A = (params.charger_V - (state.cell.open_V - state.fast_V - state.slow_V)) / state.cell_ohm;
    charging_A = full_A < 0.0 ? 0.0 : full_A < params.charger_A ? full_A : params.charger_A;
  }
  const double load_A = state.drawn_A_s / period_s, cell_A = load_A - charging_A;
  state.drawn_A_s = 0.0;
  const double charge = state.charge_1 - cell_A * period_s / params.capacity_A_s;
  state.charge_1 = charge < 0.0 ? 0.0 : charge > 1.0 ? 1.0 : charge;
  const double factor = resistance_factor_1 * cell_temperature_factor(cell_K);
  state.fast_V = branch_V(state.fast_V, cell_A, state.cell.fast_ohm * factor, state.cell.fast_F, period_s);
  state.slow_V = branch_V(state.slow_V, cell_A, state.cell.slow_ohm * factor, state.cell.slow_F, period_s);
  set_coefficients(params, state, cell_K, resistance_factor_1, connector_ohm, dt_s);
  state.source_V = state.cell.open_V - state.fast_V - state.slow_V + state.cell_ohm * charging_A;

  state.under_s = state.cell_V < params.cutoff_V ? state.under_s + period_s : 0.0;
  state.over_s = load_A > params.cutoff_A ? state.over_s + period_s : 0.0;
  if (!state.open) {
    if (state.under_s >= params.cutoff_delay_s)
      state.open = 1;
    else if (state.over_s >= params.cutoff_current_delay_s)
      state.open = 2;
    state.open_s = 0.0;
  } else {
    state.open_s += period_s;
    if ((state.open == 1 && charger) || (state.open == 2 && state.open_s >= params.reclose_s)) state.open = 0;
  }
}

}  // namespace pensim
