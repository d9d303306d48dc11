// battery.h - lithium cell, protection, connector and supply rail.
//
// Cell (VT-20, form of Chen and Rincon-Mora 2006, coefficients [F:chencode], 850 mAh [R; 0.9]), s = state of charge:
//   V_oc = -1.031 e^(-35 s) + 3.685 + 0.2156 s - 0.1178 s^2 + 0.3201 s^3
//   R_0 = 0.1562 e^(-24.37 s) + 0.07446         V = V_oc - V_1 - V_2 - R_0 I
//   R_1 = 0.3208 e^(-29.14 s) + 0.04669   C_1 = -752.9 e^(-13.51 s) + 703.6      V_k' = I/C_k - V_k/(R_k C_k)
//   R_2 = 6.603 e^(-155.2 s) + 0.04984    C_2 = -6056 e^(-27.12 s) + 4475        s' = -I/Q
// C_k are held above 1 F: the fit turns negative below 0.5 % and 1.1 % charge. Temperature: the resistances times
// exp(0.00792 x + 0.001272 x^2), x = 25 degC - T (linear term only above 25 degC), through x1.5 at 10 and x2.7 at 0
// degC [R; 0.7: x1.5, x2.5..3].
// Rail: a capacitor behind R_0, connector and protection switch, C V' = (V_cell - V)/R - I; exact within a step.
// Protection: opens below cutoff_V (2.75..3.0) or above cutoff_A (3 A) after their delays; recloses after a charger is
// connected (voltage), or after reclose_s (current) [E].
// Charger: constant current, then constant voltage.
//
//   capacity_A_s 3060 (850 mAh), rail_F 100 uF [E], protection_ohm 0.03 [E], cutoff_V 2.8, cutoff_A 3.0, delays 20 ms,
//     12 ms [E]
//   electronics: idle 12 mA, display 8 mA, LED 5 mA [E], drawn while the rail is above 2 V
//
// Not modelled: hysteresis of V_oc, self-discharge, heating of the cell by its own loss, cycle ageing (fault
// battery.aged scales the resistances), inductance of the wiring.
#pragma once

#include <cstdint>

#include "models/parameters.h"

namespace pensim {

struct BatteryParams {
  double capacity_A_s = 3060.0;
  double initial_charge_1 = 0.8;  // the scenario's [E]
  double protection_ohm = 0.03;
  double cutoff_V = 2.8;
  double cutoff_delay_s = 20e-3;  // [E]
  double cutoff_A = 3.0;
  double cutoff_current_delay_s = 12e-3;  // [E]
  double reclose_s = 1.0;
  double rail_F = 100e-6;
  double electronics_A = 25e-3;  // idle 12, display 8, LED 5 mA [E]
  double charger_A = 0.425;      // half the capacity per hour [E]
  double charger_V = 4.2;        // [R: lithium cells; 0.95]
};

template <class Params, class F>
constexpr void each_battery_param(Params& params, F f) {
  f("capacity_A_s", params.capacity_A_s);
  f("initial_charge_1", params.initial_charge_1);
  f("protection_ohm", params.protection_ohm);
  f("cutoff_V", params.cutoff_V);
  f("cutoff_delay_s", params.cutoff_delay_s);
  f("cutoff_A", params.cutoff_A);
  f("cutoff_current_delay_s", params.cutoff_current_delay_s);
  f("reclose_s", params.reclose_s);
  f("rail_F", params.rail_F);
  f("electronics_A", params.electronics_A);
  f("charger_A", params.charger_A);
  f("charger_V", params.charger_V);
}
static_assert(bytes_listed<BatteryParams>([](auto& params, auto f) { each_battery_param(params, f); }) ==
              sizeof(BatteryParams));

// Coefficients of VT-20 at 25 degC.
struct CellCoefficients {
  double open_V = 0, series_ohm = 0, fast_ohm = 0, fast_F = 0, slow_ohm = 0, slow_F = 0;
};
CellCoefficients cell_coefficients(double charge_1);
double cell_temperature_factor(double cell_K);

struct BatteryState {
  double charge_1 = 0;            // s
  double fast_V = 0, slow_V = 0;  // V_1, V_2
  double rail_V = 0;
  double cell_V = 0;                 // at the cell's terminals
  double source_V = 0;               // V_oc - V_1 - V_2, held between updates
  double cell_ohm = 0;               // R_0 with temperature and age
  double path_ohm = 0;               // cell, protection and connector
  double rail_decay_1 = 0;           // of the rail over one step
  double rail_A_per_V = 0;           // rail capacity over one step
  double connector_ohm = 0;          // for which the two above hold
  double drawn_A_s = 0;              // from the cell since the last update
  double supplied_J = 0;             // from the cell into the rail since reset
  double under_s = 0, over_s = 0;    // how long the protection's limits have been exceeded
  double open_s = 0;                 // how long it has been open
  std::int64_t open = 0;             // 0 closed, 1 open by voltage, 2 open by current
  double coefficient_charge_1 = -1;  // at which the coefficients below hold
  CellCoefficients cell;
};

void battery_reset(const BatteryParams& params, double cell_K, double dt_s, BatteryState& state);

// Every millisecond: charge, branches, resistances, protection, charger.
void battery_update(const BatteryParams& params, BatteryState& state, double cell_K, double resistance_factor_1,
                    double connector_ohm, std::int64_t charger, double period_s, double dt_s);

// When the connector's resistance has changed between updates.
void battery_set_connector(const BatteryParams& params, BatteryState& state, double connector_ohm, double dt_s);

// Every plant step: the rail under a load current (negative: it is fed), `cut` opens the connector.
inline void battery_step(BatteryState& state, double load_A, std::int64_t cut, double dt_s) {
  double cell_A;
  if (cut | state.open) {
    const double rail_V = state.rail_V - load_A / state.rail_A_per_V;
    state.rail_V = rail_V > 0.0 ? rail_V : 0.0;
    cell_A = 0.0;
  } else {
    const double limit_V = state.source_V - state.path_ohm * load_A;
    const double before_V = state.rail_V;
    const double rail_V = limit_V + (before_V - limit_V) * state.rail_decay_1;
    state.rail_V = rail_V > 0.0 ? rail_V : 0.0;
    const double charging_A = (state.rail_V - before_V) * state.rail_A_per_V;
    cell_A = load_A + charging_A;
    state.supplied_J +=
        (load_A * (state.source_V - state.path_ohm * cell_A) + 0.5 * charging_A * (state.rail_V + before_V)) * dt_s;
  }
  state.cell_V = state.source_V - state.cell_ohm * cell_A;
  state.drawn_A_s += cell_A * dt_s;
}

}  // namespace pensim
