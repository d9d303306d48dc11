// plant.h - the pen, the hand that holds it and the skin: joins the models, and is the only one that does.
//
// One call moves the plant by one firmware tick (tick_s), in steps_per_tick steps. Order within a tick:
//   1. screw: half steps of this tick join the queue; at most one is made       4. buttons, latches
//   2. hand, every 250 us: press, glide, tremor, nose gap                        5. every ms: heat, cell, thermistors,
//   hot resistances
//   3. per step: rotor and plate, bridge and winding, skin, rail
// Rotor and winding leapfrog: forces and current at an instant move the rotor over the step that begins there. 50 us is
// justified by halving the step (tests/models/plant_test.cpp, numerics_test.cpp): a stroke's peak penetration is 0.02 %
// off, a hundredth of the scatter between needles; steps_per_tick = 2 makes that 0.005 %.
//
// Axes: cam angle zero at the retracted dead centre; needle extension x = z - (S - d), z the plate, d the screw; tip
// depth below the undeformed skin = x cos(tilt) - nose gap, positive into the skin.
//
// Energy: the state counts what each part takes and gives (PlantEnergy). Each is taken from the physics of that part
// alone, so that what does not add up shows in the residual.
//
// Parameters: the pen P1, whose numbers stand with their sources in the header of each model. Noise and scatter: pure
// functions of `seed`. What a run may change from tick to tick is PlantInput; params never change.
//
// State: PlantState, trivially copyable, members of 8 bytes, no padding. Hash its first plant_hashed_bytes bytes: what
// follows is the memory of old holes, whose digest is the last of them.
//
// Not modelled: weight, vibration of the housing, sound, fluid ingress, radio interference, the display.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "models/battery.h"
#include "models/bridge.h"
#include "models/cartridge.h"
#include "models/depth_screw.h"
#include "models/drivetrain.h"
#include "models/hand.h"
#include "models/motor.h"
#include "models/parameters.h"
#include "models/sensors.h"
#include "models/skin.h"
#include "models/thermal.h"

namespace pensim {

struct PlantParams {
  MotorParams motor;
  BridgeParams bridge;
  DrivetrainParams drivetrain;
  ScrewParams screw;
  CartridgeParams cartridge;
  SkinParams skin;
  HandParams hand;
  BatteryParams battery;
  ThermalParams thermal;
  SensorParams sensors;
  std::int64_t seed = 1;            // the scenario's [E]
  std::int64_t steps_per_tick = 1;  // by halving [E]
  double tick_s = 50e-6;            // the firmware's fastest task [E]
  double initial_angle_rad = 0.2;   // of the cam [E]
  double initial_lift_m = 10e-3;    // of the nose above the skin; the scenario's [E]
};

// Calls f("motor.", "resistance_ohm", member) for every parameter: double or std::int64_t. The one table of them.
template <class Params, class F>
constexpr void each_plant_member(Params& params, F f) {
  const auto with = [&f](const char* prefix) {
    return [&f, prefix](const char* name, auto& member) { f(prefix, name, member); };
  };
  each_motor_param(params.motor, with("motor."));
  each_bridge_param(params.bridge, with("bridge."));
  each_drivetrain_param(params.drivetrain, with("drivetrain."));
  each_screw_param(params.screw, with("screw."));
  each_cartridge_param(params.cartridge, with("cartridge."));
  each_skin_param(params.skin, with("skin."));
  each_hand_param(params.hand, with("hand."));
  each_battery_param(params.battery, with("battery."));
  each_thermal_param(params.thermal, with("thermal."));
  each_sensor_param(params.sensors, with("sensors."));
  with("")("seed", params.seed);
  with("")("steps_per_tick", params.steps_per_tick);
  with("")("tick_s", params.tick_s);
  with("")("initial_angle_rad", params.initial_angle_rad);
  with("")("initial_lift_m", params.initial_lift_m);
}
static_assert(bytes_listed<PlantParams>([](auto& params, auto f) {
                each_plant_member(params, [&f](const char*, const char* name, auto& member) { f(name, member); });
              }) == sizeof(PlantParams));

// The same by f("motor.resistance_ohm", member).
template <class Params, class F>
void each_plant_param(Params& params, F f) {
  each_plant_member(params, [&f](const char* prefix, const char* name, auto& member) {
    f((std::string(prefix) + name).c_str(), member);
  });
}

// What a pen opens and closes. A set of them is a sum of switch_bit; where each is wired is the board's.
enum class PlantSwitch : std::int64_t { hall, start, plus, minus, mode, confirm, home, cartridge, charger, count };
inline constexpr std::int64_t plant_switches = static_cast<std::int64_t>(PlantSwitch::count);
constexpr std::int64_t switch_bit(PlantSwitch s) { return std::int64_t{1} << static_cast<std::int64_t>(s); }

// Faults of the pen itself. Faults of sensors act on counts and edges, elsewhere.
struct PlantFaults {
  double obstruction_m = 0;      // extension at which the needles meet something hard ...
  std::int64_t obstruction = 0;  // ... if on
  double friction_N_m = 0;       // added Coulomb friction
  double spring_factor_1 = 1;    // of the return spring's force
  double screw_lost_share_1 = 0;
  double winding_factor_1 = 1;  // brush wear: resistance
  double battery_factor_1 = 1;  // age: resistances of the cell
  double contact_ohm = 0;       // added in the battery connector
  double stuck_duty_1 = 0;      // the bridge drives with this ...
  std::int64_t stuck = 0;       // ... if on
  std::int64_t screw_jam = 0;
  std::int64_t supply_cut = 0;
};

// Held over a tick.
struct PlantInput {
  // from the core
  BridgeMode bridge_mode = BridgeMode::off;
  std::int64_t enable = 0;
  double duty_1 = 0;            // -1..1
  std::int64_t half_steps = 0;  // added to the screw's queue in this tick
  // from the operator
  std::int64_t contact = 0;  // wants the nose on the skin
  double lift_m = 10e-3;
  double press_N = 1.5;
  double glide_m_per_s = 0.02;
  double tilt_rad = 0;
  // from the user and the surroundings
  double depth_m = 1e-3;     // dial
  double rate_Hz = 120;      // dial
  std::int64_t buttons = 0;  // switch_bit of PlantSwitch::start .. confirm: held
  std::int64_t cartridge_present = 1;
  std::int64_t charger = 0;
  double ambient_K = 296.15;
  PlantFaults faults;
};

struct PlantEdge {
  PlantSwitch from = PlantSwitch::hall;
  std::int64_t level = 0;  // after the edge
  double time_s = 0;       // since the begin of the tick, 0 .. tick_s
};
inline constexpr std::int64_t plant_edges_max = 32;
struct PlantEdges {
  std::int64_t count = 0;
  PlantEdge edge[plant_edges_max];  // in time order
};

// Constants of a set of params.
struct PlantDerived {
  double dt_s = 0;            // plant step
  double ms_s = 0;            // ms_ticks x tick_s
  double hand_s = 0;          // hand_ticks x tick_s
  std::int64_t ms_ticks = 0;  // ticks between two updates of the slow states
  std::int64_t hand_ticks = 0;
  std::int64_t thermistor_updates = 0;  // slow updates between two of the thermistors
  double stroke_m = 0;                  // S
  BridgeDerived bridge;
  DrivetrainDerived drivetrain;
  SensorDerived sensors;
};
PlantDerived plant_derive(const PlantParams& params);

struct PlantState {
  DrivetrainState drivetrain;
  BridgeState bridge;
  ScrewState screw;
  BatteryState battery;
  ThermalState thermal;
  SensorState sensors;
  ButtonState buttons[plant_switches];
  HandState hand;
  HandOutput nose;      // of the last hand step
  SkinOutput skin_out;  // of the last plant step
  SkinState skin;
  double motor_V_s_per_rad = 0;        // k at the winding's temperature
  double commutation_1 = 1;            // of k at the cam's angle
  double dead_centre_offset_s = 0;     // within the last tick, of the last forward passage of the retracted dead centre
  double voltage_V = 0;                // at the winding, last step
  double gap_m = 0;                    // of the nose, between hand steps
  double reaction_N_s = 0;             // of the needles on the pen, since the last hand step
  double electronics_J = 0;            // used since reset
  double winding_J = 0, bridge_J = 0;  // heat since reset
  double outside_J = 0;                // put in since reset by what moves the pen, changes a cartridge or a spring
  double stored_start_J = 0;           // at reset
  double winding_seen_J = 0, bridge_seen_J = 0, friction_seen_J = 0;  // of the heat, what the slow update has taken
  double spring_factor_1 = 1;
  double winding_factor_1 = 1;  // for which the bridge's resistances hold
  std::int64_t strokes = 0;     // forward passages of the retracted dead centre
  double tilt_rad = 0, tilt_cos = 1;
  std::int64_t ms_left = 0, hand_left = 0, thermistor_left = 0;
  std::int64_t closed = 0;     // switches, sum of switch_bit
  std::int64_t cartridge = 1;  // a plate is there
  HoleMemory holes;            // last
};
static_assert(std::is_trivially_copyable_v<PlantState>);
inline constexpr std::size_t plant_hashed_bytes = offsetof(PlantState, holes) + sizeof(HoleMemory::digest);

void plant_reset(const PlantParams& params, const PlantDerived& derived, PlantState& state);

// Moves the plant by one tick.
void plant_tick(const PlantParams& params, const PlantDerived& derived, PlantState& state, const PlantInput& input,
                PlantEdges& edges);

// What only a simulation knows, at the end of the last tick.
struct PlantTruth {
  double extension_m = 0;  // without a cartridge: of the retracted plate
  double tip_depth_m = 0;
  double indentation_m = 0;
  double penetration_m = 0;
  double penetration_max_m = 0;
  double needle_force_N = 0;
  double motor_speed_Hz = 0;  // of the cam, signed
  double motor_current_A = 0;
  double motor_voltage_V = 0;
  double screw_position_m = 0;
  double nose_gap_m = 0;
  double skin_tear_m = 0;
  double press_N = 0;  // of the hand, through the pen, on the skin; 0 without contact
  double nose_force_N = 0;
  double glide_m_per_s = 0;          // along the track, without tremor
  double lateral_speed_m_per_s = 0;  // over the skin, tremor included
  double tilt_rad = 0;
  double track_m = 0;
  double battery_voltage_V = 0;
  double rail_voltage_V = 0;
  double motor_temperature_K = 0;  // winding
  double case_temperature_K = 0;
  double housing_temperature_K = 0;
  double charge_1 = 0;
  double cam_angle_rad = 0;         // 0 .. 2 pi
  double dead_centre_offset_s = 0;  // within the last tick, of the last forward passage of the retracted dead centre
  std::int64_t in_skin = 0;
  std::int64_t punctured = 0;
  std::int64_t skin_contact = 0;  // the nose touches
  std::int64_t lane = 0;
  std::int64_t revolutions = 0;     // net
  std::int64_t strokes = 0;         // forward passages
  std::int64_t floating = 0;        // the plate has left the driver
  std::int64_t bridge_tripped = 0;  // over-current or over-temperature
  std::int64_t supply_open = 0;     // the cell's protection
};
void plant_truth(const PlantDerived& derived, const PlantState& state, PlantTruth& truth);

// Where the energy is and went since reset, at the end of the last tick:
//   supplied + hand = electronics + winding + bridge + friction + damping + impact + skin + change of what is stored +
//     residual
struct PlantEnergy {
  double supplied_J = 0;  // from the cell into the supply rail
  double hand_J = 0;      // by hand and depth screw against the needles; by a cartridge or spring that
                          // is changed
  double electronics_J = 0;
  double winding_J = 0;      // heat: winding and brushes,
  double bridge_J = 0;       // switches, shunt, diodes,
  double friction_J = 0;     // friction of motor and mechanism, Coulomb and viscous,
  double damping_J = 0;      // damping of the return spring,
  double impact_J = 0;       // plate on driver, stop and obstruction
  double skin_J = 0;         // work of the needles on the skin
  double kinetic_J = 0;      // stored: rotor, cam, rod, plate,
  double spring_J = 0;       // return spring,
  double inductive_J = 0;    // winding's mean current,
  double rail_J = 0;         // rail's capacitor
  double turned_over_J = 0;  // all that left the rail for motor and mechanism: heat, work and what they
                             // store
  double residual_J = 0;
};
void plant_energy(const PlantParams& params, const PlantDerived& derived, const PlantState& state, PlantEnergy& energy);

// Per needle, cartridge.needle_count values: 0 outside the skin.
inline const double* plant_needle_force(const PlantState& state) { return state.skin.needle_force_N; }
inline const double* plant_needle_penetration(const PlantState& state) { return state.skin.needle_penetration_m; }

// What the sensors read at the instant of `tick`.
SensorReadings plant_sense(const PlantParams& params, const PlantDerived& derived, const PlantState& state,
                           const PlantInput& input, std::int64_t tick);

// The switches that are closed (hall: the magnet is near), sum of switch_bit.
inline std::int64_t plant_closed(const PlantState& state) { return state.closed; }

}  // namespace pensim
