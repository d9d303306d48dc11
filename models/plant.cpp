#include "models/plant.h"

#include <cmath>

#include "models/elementary.h"

namespace pensim {
namespace {

constexpr double full_turn_rad = 2.0 * elementary::pi;
constexpr double hand_period_s = 250e-6, slow_period_s = 1e-3, thermistor_period_s = 0.1;
constexpr double away_m = -10e-3;  // tip depth that stands for "no needles there"
constexpr double electronics_min_V = 2.0;

constexpr std::int64_t button_bits = switch_bit(PlantSwitch::start) | switch_bit(PlantSwitch::plus) |
                                     switch_bit(PlantSwitch::minus) | switch_bit(PlantSwitch::mode) |
                                     switch_bit(PlantSwitch::confirm);

std::int64_t ticks_in(double period_s, double tick_s) {
  const std::int64_t ticks = static_cast<std::int64_t>(period_s / tick_s + 0.5);
  return ticks > 0 ? ticks : 1;
}

void toggle(PlantState& state, PlantEdges& edges, PlantSwitch from, double time_s) {
  state.closed ^= switch_bit(from);
  if (edges.count == plant_edges_max) return;
  std::int64_t at = edges.count++;
  for (; at > 0 && edges.edge[at - 1].time_s > time_s; --at) edges.edge[at] = edges.edge[at - 1];
  edges.edge[at] = {from, (state.closed & switch_bit(from)) != 0, time_s};
}

void set_switch(PlantState& state, PlantEdges& edges, PlantSwitch from, std::int64_t level) {
  if (((state.closed & switch_bit(from)) != 0) != (level != 0)) toggle(state, edges, from, 0.0);
}

void set_resistances(const PlantParams& params, const PlantDerived& derived, PlantState& state, double winding_factor) {
  state.winding_factor_1 = winding_factor;
  state.motor_V_s_per_rad = motor_constant_V_s_per_rad(params.motor, state.thermal.winding_K);
  bridge_set_resistance(params.motor, params.bridge, derived.bridge, state.bridge,
                        motor_resistance_ohm(params.motor, state.thermal.winding_K) * winding_factor);
}

void press_buttons(const PlantParams& params, PlantState& state, const PlantInput& input, PlantEdges& edges) {
  std::int64_t pending = (state.closed ^ input.buttons) & button_bits;
  for (int button = static_cast<int>(PlantSwitch::start); button <= static_cast<int>(PlantSwitch::confirm); ++button)
    if (state.buttons[button].left > 0) pending |= std::int64_t{1} << button;
  if (pending == 0) return;
  for (int button = static_cast<int>(PlantSwitch::start); button <= static_cast<int>(PlantSwitch::confirm); ++button) {
    if (!((pending >> button) & 1)) continue;
    double toggles_s[8];
    const std::int64_t count = button_step(params.sensors, state.buttons[button], (input.buttons >> button) & 1,
                                           static_cast<std::uint64_t>(params.seed), static_cast<std::uint32_t>(button),
                                           params.tick_s, toggles_s);
    for (std::int64_t i = 0; i < count; ++i) toggle(state, edges, static_cast<PlantSwitch>(button), toggles_s[i]);
  }
}

void move_hand(const PlantParams& params, const PlantDerived& derived, PlantState& state, const PlantInput& input) {
  HandInput hand;
  hand.contact = input.contact;
  hand.lift_m = input.lift_m;
  hand.press_N = input.press_N;
  hand.glide_m_per_s = input.glide_m_per_s;
  hand.tilt_rad = input.tilt_rad;
  hand.reaction_N = state.reaction_N_s / derived.hand_s;
  state.reaction_N_s = 0.0;
  hand_step(params.hand, state.hand, hand, derived.hand_s, state.nose);
  // Its output holds at the end of the interval that begins now.
  state.gap_m = state.nose.nose_gap_m + state.nose.nose_speed_m_per_s * derived.hand_s;
  if (state.nose.tilt_rad != state.tilt_rad) {
    state.tilt_rad = state.nose.tilt_rad;
    state.tilt_cos = elementary::cos(state.tilt_rad);
  }
}

// What changes slowly, once per millisecond.
void update_slow(const PlantParams& params, const PlantDerived& derived, PlantState& state, const PlantInput& input) {
  const double ms_s = derived.ms_s;
  const auto since = [ms_s](double total_J, double& seen_J) {
    const double mean_W = (total_J - seen_J) / ms_s;
    seen_J = total_J;
    return mean_W;
  };
  const double bridge_W = since(state.bridge_J, state.bridge_seen_J);
  const double friction_W = since(state.drivetrain.friction_J, state.friction_seen_J);
  ThermalInput heat;
  heat.winding_W = since(state.winding_J, state.winding_seen_J);
  const double case_share = params.thermal.case_share_1;
  heat.case_W = case_share * friction_W;
  heat.grip_W = bridge_W + (1.0 - case_share) * friction_W +
                (state.battery.rail_V > electronics_min_V ? params.battery.electronics_A * state.battery.rail_V : 0.0);
  heat.ambient_K = input.ambient_K;
  thermal_step(params.thermal, state.thermal, heat, ms_s);
  bridge_warm(params.bridge, state.bridge, bridge_W, state.thermal.grip_K, ms_s, input.enable);
  set_resistances(params, derived, state, input.faults.winding_factor_1);
  battery_update(params.battery, state.battery, state.thermal.grip_K, input.faults.battery_factor_1,
                 input.faults.contact_ohm, input.charger, ms_s, derived.dt_s);
  drivetrain_refresh(state.drivetrain);
  if (--state.thermistor_left <= 0) {
    state.thermistor_left = derived.thermistor_updates;
    sensor_update(params.sensors, state.sensors, state.thermal.case_K, state.thermal.grip_K,
                  ms_s * static_cast<double>(derived.thermistor_updates));
  }
}

double inductive_J(const PlantParams& params, const PlantState& state) {
  return 0.5 * params.motor.inductance_H * state.bridge.current_A * state.bridge.current_A;
}

double rail_J(const PlantParams& params, const PlantState& state) {
  return 0.5 * params.battery.rail_F * state.battery.rail_V * state.battery.rail_V;
}

double stored_J(const PlantParams& params, const PlantDerived& derived, const PlantState& state) {
  const DrivetrainEnergy mechanical = drivetrain_energy(params.drivetrain, derived.drivetrain, state.drivetrain,
                                                        state.spring_factor_1, state.cartridge);
  return mechanical.kinetic_J + mechanical.spring_J + inductive_J(params, state) + rail_J(params, state);
}

// Another cartridge or spring brings and takes what it stores.
void change_mechanism(const PlantParams& params, const PlantDerived& derived, PlantState& state,
                      const PlantInput& input) {
  const double before_J = stored_J(params, derived, state);
  state.cartridge = input.cartridge_present;
  state.spring_factor_1 = input.faults.spring_factor_1;
  state.outside_J += stored_J(params, derived, state) - before_J;
}

// The hall sensor's edge when the cam went from `before_rad` by `turned_rad` within a step.
void sense_cam(const PlantParams& params, PlantState& state, double before_rad, double turned_rad, double begin_s,
               double dt_s, PlantEdges& edges) {
  const double width_rad = params.sensors.hall_width_rad;
  const bool level = state.drivetrain.angle_rad < width_rad;
  if (level == ((state.closed & switch_bit(PlantSwitch::hall)) != 0) || turned_rad == 0.0) return;
  const double edge_rad = level == (turned_rad > 0.0) ? (level ? full_turn_rad : 0.0) : width_rad;
  double share = (edge_rad - before_rad) / turned_rad;
  share = share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
  toggle(state, edges, PlantSwitch::hall, begin_s + share * dt_s);
}

}  // namespace

PlantDerived plant_derive(const PlantParams& params) {
  PlantDerived d;
  d.dt_s = params.tick_s / static_cast<double>(params.steps_per_tick);
  d.ms_ticks = ticks_in(slow_period_s, params.tick_s);
  d.ms_s = static_cast<double>(d.ms_ticks) * params.tick_s;
  d.hand_ticks = ticks_in(hand_period_s, params.tick_s);
  d.hand_s = static_cast<double>(d.hand_ticks) * params.tick_s;
  d.thermistor_updates = ticks_in(thermistor_period_s, d.ms_s);
  d.stroke_m = 2.0 * params.drivetrain.eccentricity_m;
  d.bridge = bridge_derive(params.bridge, d.dt_s);
  d.drivetrain =
      drivetrain_derive(params.drivetrain, params.motor.inertia_kg_m2, params.cartridge.plate_mass_kg, d.dt_s);
  d.sensors = sensor_derive(params.sensors);
  return d;
}

void plant_reset(const PlantParams& params, const PlantDerived& derived, PlantState& state) {
  const std::uint64_t seed = static_cast<std::uint64_t>(params.seed);
  state = PlantState{};
  drivetrain_reset(params.drivetrain, params.initial_angle_rad, state.drivetrain);
  state.commutation_1 = motor_commutation_1(params.motor, state.drivetrain.cos_1);
  state.thermal = {params.thermal.initial_K, params.thermal.initial_K, params.thermal.initial_K};
  state.bridge.junction_K = params.thermal.initial_K;
  screw_reset(params.screw, seed, state.screw);
  battery_reset(params.battery, params.thermal.initial_K, derived.dt_s, state.battery);
  sensor_reset(params.sensors, params.thermal.initial_K, state.sensors);
  hand_reset(params.hand, seed, params.initial_lift_m, state.hand);
  state.nose.nose_gap_m = params.initial_lift_m;
  state.gap_m = params.initial_lift_m;
  skin_reset(params.cartridge, params.skin, seed, state.skin, state.holes);
  set_resistances(params, derived, state, 1.0);
  state.ms_left = derived.ms_ticks;
  state.thermistor_left = derived.thermistor_updates;
  state.closed = switch_bit(PlantSwitch::cartridge);
  if (state.drivetrain.angle_rad < params.sensors.hall_width_rad) state.closed |= switch_bit(PlantSwitch::hall);
  if (state.screw.home_closed) state.closed |= switch_bit(PlantSwitch::home);
  state.stored_start_J = stored_J(params, derived, state);
}

void plant_tick(const PlantParams& params, const PlantDerived& derived, PlantState& state, const PlantInput& input,
                PlantEdges& edges) {
  const PlantFaults& faults = input.faults;
  edges.count = 0;
  press_buttons(params, state, input, edges);
  set_switch(state, edges, PlantSwitch::cartridge, input.cartridge_present);
  set_switch(state, edges, PlantSwitch::charger, input.charger);
  if (input.cartridge_present != state.cartridge || faults.spring_factor_1 != state.spring_factor_1)
    change_mechanism(params, derived, state, input);
  const double home_s = screw_step(params.screw, static_cast<std::uint64_t>(params.seed), state.screw,
                                   {input.half_steps, faults.screw_jam, faults.screw_lost_share_1}, params.tick_s);
  if (home_s >= 0.0) toggle(state, edges, PlantSwitch::home, home_s);
  if (state.hand_left <= 0) {
    move_hand(params, derived, state, input);
    state.hand_left = derived.hand_ticks;
  }
  --state.hand_left;
  if (faults.winding_factor_1 != state.winding_factor_1)
    set_resistances(params, derived, state, faults.winding_factor_1);
  if (faults.contact_ohm != state.battery.connector_ohm)
    battery_set_connector(params.battery, state.battery, faults.contact_ohm, derived.dt_s);

  const double dt_s = derived.dt_s;
  const double retracted_m = derived.stroke_m - state.screw.position_m;  // from the plate's zero to the nose
  DrivetrainState& drivetrain = state.drivetrain;
  BridgeInput bridge_in;
  bridge_in.mode = faults.stuck ? BridgeMode::drive : input.bridge_mode;
  bridge_in.duty_1 = faults.stuck ? faults.stuck_duty_1 : input.duty_1;
  bridge_in.enable = faults.stuck ? 1 : input.enable;
  DrivetrainInput load;
  load.friction_N_m = params.motor.friction_N_m + params.drivetrain.friction_N_m + faults.friction_N_m;
  load.spring_factor_1 = faults.spring_factor_1;
  load.plate_present = input.cartridge_present;
  if (faults.obstruction) load.limit_m = faults.obstruction_m + retracted_m;
  SkinInput skin_in;
  skin_in.nose_force_N = state.nose.nose_force_N;
  skin_in.track_m = state.nose.track_m;
  skin_in.across_m = state.nose.across_m;
  skin_in.lateral_speed_m_per_s = state.nose.lateral_speed_m_per_s;
  skin_in.tilt_rad = state.tilt_rad;

  for (std::int64_t step = 0; step < params.steps_per_tick; ++step) {
    // rotor and plate: current and skin force as they are at the begin of the step
    const double constant_V_s = state.motor_V_s_per_rad * state.commutation_1;
    load.torque_N_m = constant_V_s * state.bridge.current_A;
    load.skin_N = state.skin_out.force_N * state.tilt_cos;
    const double before_rad = drivetrain.angle_rad, plate_before_m = drivetrain.plate_m;
    double crossing_s;
    drivetrain_step(params.drivetrain, derived.drivetrain, drivetrain, load, crossing_s);
    state.commutation_1 = motor_commutation_1(params.motor, drivetrain.cos_1);
    const double begin_s = static_cast<double>(step) * dt_s;
    sense_cam(params, state, before_rad, drivetrain.turned_rad, begin_s, dt_s, edges);
    if (crossing_s >= 0.0) {
      ++state.strokes;
      state.dead_centre_offset_s = begin_s + crossing_s;
    }

    // bridge and winding, against the mean emf of the step
    bridge_in.rail_V = state.battery.rail_V;
    bridge_in.emf_V = constant_V_s * drivetrain.speed_rad_per_s;
    BridgeOutput bridge;
    bridge_step(params.motor, params.bridge, derived.bridge, state.bridge, bridge_in, bridge);
    state.voltage_V = bridge.voltage_V;
    state.winding_J += (state.bridge.winding_ohm * bridge.square_A2 + bridge.brush_W) * dt_s;
    state.bridge_J +=
        ((state.bridge.step.resistance_ohm - state.bridge.winding_ohm) * bridge.square_A2 + bridge.diode_W) * dt_s;

    // skin
    state.gap_m -= state.nose.nose_speed_m_per_s * dt_s;
    const double gap_m = state.gap_m;
    skin_in.nose_sink_m = gap_m < 0.0 ? -gap_m : 0.0;
    if (input.cartridge_present) {
      skin_in.tip_m = (drivetrain.plate_m - retracted_m) * state.tilt_cos - gap_m;
      skin_in.tip_speed_m_per_s = drivetrain.plate_speed_m_per_s * state.tilt_cos + state.nose.nose_speed_m_per_s;
    } else {
      skin_in.tip_m = away_m;
      skin_in.tip_speed_m_per_s = 0.0;
    }
    const double force_before_N = state.skin_out.force_N, tip_before_m = state.skin.tip_m;
    skin_step(params.cartridge, params.skin, state.skin, state.holes, skin_in, dt_s, state.skin_out);
    state.outside_J += 0.5 * (force_before_N + state.skin_out.force_N) *
                       (skin_in.tip_m - tip_before_m - state.tilt_cos * (drivetrain.plate_m - plate_before_m));
    state.reaction_N_s += (state.skin_out.force_N + drivetrain.obstruction_N) * dt_s;

    // rail
    const double electronics_A = state.battery.rail_V > electronics_min_V ? params.battery.electronics_A : 0.0;
    state.electronics_J += electronics_A * state.battery.rail_V * dt_s;
    battery_step(state.battery, bridge.supply_A + electronics_A, faults.supply_cut, dt_s);
  }
  if (--state.ms_left <= 0) {
    state.ms_left = derived.ms_ticks;
    update_slow(params, derived, state, input);
  }
}

void plant_truth(const PlantDerived& derived, const PlantState& state, PlantTruth& truth) {
  truth.extension_m = state.drivetrain.plate_m - (derived.stroke_m - state.screw.position_m);
  const double gap_m = state.gap_m;
  truth.tip_depth_m = truth.extension_m * state.tilt_cos - gap_m;
  truth.indentation_m = state.skin_out.indentation_mean_m;
  truth.penetration_m = state.skin_out.penetration_mean_m;
  truth.penetration_max_m = state.skin_out.penetration_max_m;
  truth.needle_force_N = state.skin_out.force_N;
  truth.motor_speed_Hz = state.drivetrain.speed_rad_per_s * (1.0 / full_turn_rad);
  truth.motor_current_A = state.bridge.current_A;
  truth.motor_voltage_V = state.voltage_V;
  truth.screw_position_m = state.screw.position_m;
  truth.nose_gap_m = gap_m;
  truth.skin_tear_m = state.skin_out.tear_max_m;
  truth.press_N = state.nose.contact ? state.nose.hand_force_N : 0.0;
  truth.nose_force_N = state.nose.nose_force_N;
  truth.glide_m_per_s = state.nose.glide_m_per_s;
  truth.lateral_speed_m_per_s = state.nose.lateral_speed_m_per_s;
  truth.tilt_rad = state.tilt_rad;
  truth.track_m = state.nose.track_m;
  truth.battery_voltage_V = state.battery.cell_V;
  truth.rail_voltage_V = state.battery.rail_V;
  truth.motor_temperature_K = state.thermal.winding_K;
  truth.case_temperature_K = state.thermal.case_K;
  truth.housing_temperature_K = state.thermal.grip_K;
  truth.charge_1 = state.battery.charge_1;
  truth.cam_angle_rad = state.drivetrain.angle_rad;
  truth.dead_centre_offset_s = state.dead_centre_offset_s;
  truth.in_skin = state.skin_out.in_skin;
  truth.punctured = state.skin_out.punctures;
  truth.skin_contact = state.nose.contact;
  truth.lane = state.nose.lane;
  truth.revolutions = state.drivetrain.revolutions;
  truth.strokes = state.strokes;
  truth.floating = state.drivetrain.floating;
  truth.bridge_tripped = state.bridge.tripped | state.bridge.hot;
  truth.supply_open = state.battery.open;
}

void plant_energy(const PlantParams& params, const PlantDerived& derived, const PlantState& state,
                  PlantEnergy& energy) {
  const DrivetrainEnergy mechanical = drivetrain_energy(params.drivetrain, derived.drivetrain, state.drivetrain,
                                                        state.spring_factor_1, state.cartridge);
  energy.supplied_J = state.battery.supplied_J;
  energy.hand_J = state.outside_J;
  energy.electronics_J = state.electronics_J;
  energy.winding_J = state.winding_J;
  energy.bridge_J = state.bridge_J;
  energy.friction_J = state.drivetrain.friction_J;
  energy.damping_J = state.drivetrain.damping_J;
  energy.impact_J = state.drivetrain.impact_J;
  energy.skin_J = state.skin.work_J;
  energy.kinetic_J = mechanical.kinetic_J;
  energy.spring_J = mechanical.spring_J;
  energy.inductive_J = inductive_J(params, state);
  energy.rail_J = rail_J(params, state);
  const double spent_J = energy.winding_J + energy.bridge_J + energy.friction_J + energy.damping_J + energy.impact_J;
  const double mechanism_J = energy.kinetic_J + energy.spring_J + energy.inductive_J;
  energy.turned_over_J = spent_J + std::fabs(energy.skin_J) + mechanism_J;
  energy.residual_J = energy.supplied_J + energy.hand_J - energy.electronics_J - spent_J - energy.skin_J -
                      (mechanism_J + energy.rail_J - state.stored_start_J);
}

SensorReadings plant_sense(const PlantParams& params, const PlantDerived& derived, const PlantState& state,
                           const PlantInput& input, std::int64_t tick) {
  SensorInput measured;
  measured.motor_A = state.bridge.sensed_A + state.bridge.ripple_sample_A;
  measured.cell_V = state.battery.cell_V;
  measured.rail_V = state.battery.rail_V;
  measured.nose_N = state.nose.nose_force_N;
  measured.id_ohm = input.cartridge_present ? params.cartridge.id_resistance_ohm : -1.0;
  measured.depth_m = input.depth_m;
  measured.rate_Hz = input.rate_Hz;
  return sensor_sample(params.sensors, derived.sensors, state.sensors, measured,
                       static_cast<std::uint64_t>(params.seed), tick);
}

}  // namespace pensim
