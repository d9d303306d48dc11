#include "sim/engine/board.h"

#include <algorithm>
#include <iterator>

namespace pensim {
namespace {

constexpr double converter_full_scale = 4095.0;
constexpr double converter_per_reading = converter_full_scale / counts_at_reference;
constexpr Nanoseconds spurious_ns = 4'000;  // spacing of spurious hall edges [E]

// The line of each switch, in the order of PlantSwitch.
constexpr int line_of_switch[] = {PEN_LINE_HALL,    PEN_LINE_START, PEN_LINE_PLUS,      PEN_LINE_MINUS,  PEN_LINE_MODE,
                                  PEN_LINE_CONFIRM, PEN_LINE_HOME,  PEN_LINE_CARTRIDGE, PEN_LINE_CHARGER};
static_assert(std::size(line_of_switch) == plant_switches && plant_switches == PEN_LINE_COUNT);

constexpr int line_of(PlantSwitch s) { return line_of_switch[static_cast<std::size_t>(s)]; }

std::uint16_t pins_of(std::int64_t closed) {
  unsigned pins = 0;
  for (std::size_t i = 0; i < std::size(line_of_switch); ++i)
    pins |= static_cast<unsigned>(closed >> i & 1) << line_of_switch[i];
  return static_cast<std::uint16_t>(pins);
}

std::uint16_t offset(std::uint16_t counts, double by) { return board_counts(static_cast<double>(counts) + by); }

// What an ampere or a volt at the input of a channel is on it.
struct FaultScale {
  double current_counts_per_A, cell_counts_per_V;
};
FaultScale fault_scale(const SensorDerived& sensors) {
  return {sensors.nominal_counts_per_A * converter_per_reading, sensors.voltage_counts_per_V * converter_per_reading};
}

void fault_channels(const Settings& s, const FaultScale& scale, PenIn& in) {
  const auto on = [&](Fault f) { return s.of(f).on; };
  const auto magnitude = [&](Fault f) { return s.of(f).magnitude; };
  if (on(Fault::current_offset))
    in.adc[PEN_ADC_MOTOR_CURRENT] =
        offset(in.adc[PEN_ADC_MOTOR_CURRENT], magnitude(Fault::current_offset) * scale.current_counts_per_A);
  if (on(Fault::current_stuck)) in.adc[PEN_ADC_MOTOR_CURRENT] = board_counts(magnitude(Fault::current_stuck));
  if (on(Fault::battery_offset))
    in.adc[PEN_ADC_BATTERY] =
        offset(in.adc[PEN_ADC_BATTERY], magnitude(Fault::battery_offset) * scale.cell_counts_per_V);
  if (on(Fault::ntc_motor_open)) in.adc[PEN_ADC_NTC_MOTOR] = 4095;
  if (on(Fault::ntc_motor_short)) in.adc[PEN_ADC_NTC_MOTOR] = 0;
  if (on(Fault::ntc_housing_open)) in.adc[PEN_ADC_NTC_HOUSING] = 4095;
  if (on(Fault::ntc_housing_short)) in.adc[PEN_ADC_NTC_HOUSING] = 0;
  if (on(Fault::nose_force_stuck)) in.adc[PEN_ADC_NOSE_FORCE] = board_counts(magnitude(Fault::nose_force_stuck));
  if (on(Fault::depth_dial_open)) in.adc[PEN_ADC_DEPTH_DIAL] = 4095;
  if (on(Fault::rate_dial_open)) in.adc[PEN_ADC_RATE_DIAL] = 4095;
  if (on(Fault::cartridge_id_wrong)) in.adc[PEN_ADC_CARTRIDGE_ID] = board_counts(magnitude(Fault::cartridge_id_wrong));
}

// The level that a line is stuck at, or -1.
int stuck_level(const Settings& s, int line) {
  if (line == PEN_LINE_HALL && s.of(Fault::hall_dropout).on) return 0;
  if (line == PEN_LINE_START && s.of(Fault::start_stuck).on) return s.of(Fault::start_stuck).magnitude > 0.5 ? 1 : 0;
  if (line == PEN_LINE_HOME && s.of(Fault::home_stuck).on) return s.of(Fault::home_stuck).magnitude > 0.5 ? 1 : 0;
  return -1;
}

void add_edge(PenIn& in, std::uint32_t time_us, int line, int level) {
  if (in.edge_count == PEN_EDGES) {
    in.edge_overflow = 1;
    return;
  }
  in.edges[in.edge_count++] = {time_us, static_cast<std::uint8_t>(line), static_cast<std::uint8_t>(level), 0};
}

void sense_lines(World& w, Tick now, Nanoseconds tick_ns, PenIn& in) {
  const Nanoseconds now_ns = now * tick_ns;
  std::uint16_t pins = pins_of(plant_closed(w.plant));
  const bool any_fault = w.settings.faults > 0;
  std::uint16_t stuck = 0;
  if (any_fault)
    for (const int line : {PEN_LINE_HALL, PEN_LINE_START, PEN_LINE_HOME})
      if (const int level = stuck_level(w.settings, line); level >= 0) {
        const auto bit = static_cast<std::uint16_t>(1u << line);
        stuck |= bit;
        pins = static_cast<std::uint16_t>(level == 1 ? pins | bit : pins & ~bit);
      }
  const int spurious = any_fault && w.settings.of(Fault::hall_extra_edges).on
                           ? static_cast<int>(w.settings.of(Fault::hall_extra_edges).magnitude + 0.5)
                           : 0;
  std::uint16_t seen = w.pins_before;
  for (std::int64_t i = 0; i < w.edges.count; ++i) {
    const PlantEdge& edge = w.edges.edge[i];
    const int line = line_of(edge.from);
    const auto bit = static_cast<std::uint16_t>(1u << line);
    if ((stuck & bit) != 0) continue;
    const Nanoseconds at_ns = now_ns - tick_ns + static_cast<Nanoseconds>(edge.time_s * 1e9);
    add_edge(in, core_clock_us(w, at_ns, tick_ns), line, static_cast<int>(edge.level));
    seen = static_cast<std::uint16_t>(edge.level != 0 ? seen | bit : seen & ~bit);
    if (line == PEN_LINE_HALL && edge.level == 1)
      for (int k = 1; k <= 2 * spurious; ++k)
        add_edge(in, core_clock_us(w, std::min(now_ns, at_ns + k * spurious_ns), tick_ns), line, k % 2 == 0 ? 1 : 0);
  }
  // A level that a fault (or its end) changed is an edge now.
  for (int line = 0; seen != pins && line < PEN_LINE_COUNT; ++line) {
    const auto bit = static_cast<std::uint16_t>(1u << line);
    if (((seen ^ pins) & bit) != 0) add_edge(in, core_clock_us(w, now_ns, tick_ns), line, (pins & bit) != 0 ? 1 : 0);
  }
  in.pins = pins;
  w.pins_before = pins;
}

// user.mode is a wish: the user presses mode, then confirm, each for 100 ms.
std::int64_t pressed_by_mode_wish(const World& w, Tick now, Nanoseconds tick_ns) {
  if (w.mode_script < 0) return 0;
  const Nanoseconds since_ns = (now - w.mode_script) * tick_ns;
  if (since_ns < 100'000'000) return switch_bit(PlantSwitch::mode);
  if (since_ns >= 200'000'000 && since_ns < 300'000'000) return switch_bit(PlantSwitch::confirm);
  return 0;
}

void drive_from_settings(World& w) {
  const Settings& s = w.settings;
  PlantInput& p = w.plant_input;
  const auto held = [](bool pressed, PlantSwitch button) { return pressed ? switch_bit(button) : std::int64_t{0}; };
  w.buttons_held = held(start_is_held(s), PlantSwitch::start) | held(s.is_on(Set::button_plus), PlantSwitch::plus) |
                   held(s.is_on(Set::button_minus), PlantSwitch::minus) |
                   held(s.is_on(Set::button_mode), PlantSwitch::mode) |
                   held(s.is_on(Set::button_confirm), PlantSwitch::confirm);
  p.contact = s.is_on(Set::contact) ? 1 : 0;
  p.lift_m = s.of(Set::lift);
  p.press_N = s.of(Set::press);
  p.glide_m_per_s = s.of(Set::glide);
  p.tilt_rad = s.of(Set::tilt);
  p.depth_m = s.of(Set::user_depth);
  p.rate_Hz = s.of(Set::user_rate);
  p.cartridge_present = s.is_on(Set::cartridge_present) ? 1 : 0;
  p.charger = s.is_on(Set::charger) ? 1 : 0;
  p.ambient_K = s.of(Set::ambient);
  const auto on = [&](Fault f) { return s.of(f).on; };
  const auto magnitude = [&](Fault f, double otherwise) { return s.of(f).on ? s.of(f).magnitude : otherwise; };
  PlantFaults& f = p.faults;
  f.obstruction = on(Fault::obstruction) ? 1 : 0;
  f.obstruction_m = magnitude(Fault::obstruction, 0.0);
  f.friction_N_m = magnitude(Fault::friction, 0.0);
  f.spring_factor_1 = magnitude(Fault::spring_weak, 1.0);
  f.screw_jam = on(Fault::screw_jam) ? 1 : 0;
  f.screw_lost_share_1 = magnitude(Fault::screw_lost_steps, 0.0);
  f.winding_factor_1 = magnitude(Fault::brush_wear, 1.0);
  f.battery_factor_1 = magnitude(Fault::battery_aged, 1.0);
  f.contact_ohm = magnitude(Fault::supply_contact, 0.0);
  f.supply_cut = on(Fault::supply_cut) ? 1 : 0;
  f.stuck = on(Fault::bridge_stuck_on) ? 1 : 0;
  f.stuck_duty_1 = magnitude(Fault::bridge_stuck_on, 0.0);
}

}  // namespace

std::uint16_t board_counts(double counts) {
  const double held = counts > 0.0 ? counts : 0.0;
  return static_cast<std::uint16_t>(
      static_cast<int>((held < converter_full_scale ? held : converter_full_scale) + 0.5));
}

void board_convert(const SensorReadings& r, std::uint16_t adc[PEN_ADC_COUNT]) {
  const auto convert = [](double reading_counts) { return board_counts(reading_counts * converter_per_reading); };
  adc[PEN_ADC_MOTOR_CURRENT] = convert(r.motor_current_counts);
  adc[PEN_ADC_BATTERY] = convert(r.cell_counts);
  adc[PEN_ADC_NTC_MOTOR] = convert(r.ntc_motor_counts);
  adc[PEN_ADC_NTC_HOUSING] = convert(r.ntc_housing_counts);
  adc[PEN_ADC_NOSE_FORCE] = convert(r.nose_counts);
  adc[PEN_ADC_CARTRIDGE_ID] = convert(r.cartridge_id_counts);
  adc[PEN_ADC_SUPPLY] = convert(r.rail_counts);
  adc[PEN_ADC_DEPTH_DIAL] = convert(r.depth_dial_counts);
  adc[PEN_ADC_RATE_DIAL] = convert(r.rate_dial_counts);
}

std::uint32_t core_clock_us(const World& w, Nanoseconds at_ns, Nanoseconds tick_ns) {
  const Nanoseconds since_ns = at_ns - w.clock_zero * tick_ns;
  return w.clock_zero_us + static_cast<std::uint32_t>(since_ns / 1000);  // wraps as on the hardware
}

void board_sense(const PlantParams& params, const PlantDerived& derived, World& w, Tick now, Nanoseconds tick_ns,
                 PenIn& in) {
  board_convert(plant_sense(params, derived, w.plant, w.plant_input, now), in.adc);
  if (w.settings.faults > 0) fault_channels(w.settings, fault_scale(derived.sensors), in);
  sense_lines(w, now, tick_ns, in);
  for (std::size_t i = 0; i < PEN_AUX; ++i) in.aux[i] = w.settings.aux[i];
  if (w.power == CorePower::running) {
    in.time_us = core_clock_us(w, now * tick_ns, tick_ns);
    in.reset_cause = w.reset_cause;
  } else {
    // Nobody looks: edges of a core that is off go nowhere.
    in.edge_count = in.edge_overflow = 0;
    for (PenEdge& edge : in.edges) edge = PenEdge{};
  }
}

void board_drive(World& w, const PenOut& out, Tick now, Nanoseconds tick_ns) {
  PlantInput& p = w.plant_input;
  p.bridge_mode = out.bridge_mode == PEN_BRIDGE_DRIVE   ? BridgeMode::drive
                  : out.bridge_mode == PEN_BRIDGE_BRAKE ? BridgeMode::brake
                                                        : BridgeMode::off;
  p.enable = (out.pins >> PEN_OUT_ENABLE) & 1;
  p.duty_1 = static_cast<double>(out.duty_q15) / 32767.0;
  p.half_steps = out.stepper_steps;
  if (w.settings.changed) {
    drive_from_settings(w);
    w.settings.changed = false;
  }
  p.buttons = w.buttons_held | pressed_by_mode_wish(w, now, tick_ns);
}

}  // namespace pensim
