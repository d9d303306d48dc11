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

// What a fault does: the column `effect` of faults.inl.
struct FaultEffect {
  enum class On : std::uint8_t { special, channel, line, plant } on = On::special;
  int where = 0;                              // channel or line
  double value = -1;                          // of channel or line; < 0: the magnitude
  double FaultScale::*counts_per = nullptr;   // the magnitude times this is added to the channel
  std::int64_t PlantFaults::*flag = nullptr;  // is set
  double PlantFaults::*member = nullptr;      // becomes the magnitude
};
// Has code of its own.
struct Special {
  constexpr operator FaultEffect() const { return {}; }
};
constexpr Special special;
constexpr FaultEffect adc_add(int channel, double FaultScale::*counts_per) {
  return {.on = FaultEffect::On::channel, .where = channel, .counts_per = counts_per};
}
constexpr FaultEffect adc_value(int channel, double counts) {
  return {.on = FaultEffect::On::channel, .where = channel, .value = counts};
}
constexpr FaultEffect adc_stuck(int channel) { return {.on = FaultEffect::On::channel, .where = channel}; }
constexpr FaultEffect line_value(int line, double level) {
  return {.on = FaultEffect::On::line, .where = line, .value = level};
}
constexpr FaultEffect line_stuck(int line) { return {.on = FaultEffect::On::line, .where = line}; }
constexpr FaultEffect plant(std::int64_t PlantFaults::*flag, double PlantFaults::*member = nullptr) {
  return {.on = FaultEffect::On::plant, .flag = flag, .member = member};
}
constexpr FaultEffect plant(double PlantFaults::*member) { return plant(nullptr, member); }

constexpr FaultEffect fault_effects[] = {
#define FAULT(id, name, unit, magnitude, low, high, effect, meaning) effect,
#include "sim/vocabulary/faults.inl"
};

// All members of PlantFaults are of 8 bytes.
consteval bool every_plant_fault_once() {
  std::size_t named = 0;
  for (const FaultEffect& e : fault_effects) {
    if (e.flag != nullptr) ++named;
    if (e.member != nullptr) ++named;
    for (const FaultEffect* other = fault_effects; other != &e; ++other)
      if ((e.flag != nullptr && e.flag == other->flag) || (e.member != nullptr && e.member == other->member))
        return false;
  }
  return named * 8 == sizeof(PlantFaults);
}
static_assert(every_plant_fault_once(), "faults.inl: every member of PlantFaults belongs to one fault");

template <class F>
void each_active_fault(const Settings& s, FaultEffect::On on, F act) {
  for (std::size_t i = 0; s.faults > 0 && i < std::size(fault_effects); ++i)
    if (s.fault[i].on && fault_effects[i].on == on) act(fault_effects[i], s.fault[i].magnitude);
}

void fault_channels(const Settings& s, const FaultScale& scale, PenIn& in) {
  each_active_fault(s, FaultEffect::On::channel, [&](const FaultEffect& e, double magnitude) {
    std::uint16_t& counts = in.adc[e.where];
    if (e.counts_per != nullptr)
      counts = offset(counts, magnitude * scale.*e.counts_per);
    else
      counts = board_counts(e.value < 0 ? magnitude : e.value);
  });
}

// Lines at the level that a fault holds.
struct StuckLines {
  std::uint16_t lines = 0, high = 0;
};
StuckLines stuck_lines(const Settings& s) {
  StuckLines stuck;
  each_active_fault(s, FaultEffect::On::line, [&](const FaultEffect& e, double magnitude) {
    const auto bit = static_cast<std::uint16_t>(1u << e.where);
    stuck.lines |= bit;
    if ((e.value < 0 ? magnitude : e.value) > 0.5) stuck.high |= bit;
  });
  return stuck;
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
  const StuckLines stuck = stuck_lines(w.settings);
  const auto pins = static_cast<std::uint16_t>((pins_of(plant_closed(w.plant)) & ~stuck.lines) | stuck.high);
  const Settings::Active& extra = w.settings.of(Fault::hall_extra_edges);
  const int spurious = extra.on ? static_cast<int>(extra.magnitude + 0.5) : 0;
  std::uint16_t seen = w.pins_before;
  for (std::int64_t i = 0; i < w.edges.count; ++i) {
    const PlantEdge& edge = w.edges.edge[i];
    const int line = line_of(edge.from);
    const auto bit = static_cast<std::uint16_t>(1u << line);
    if ((stuck.lines & bit) != 0) continue;
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

// What a settable sets: the column `target` of settables.inl.
struct Button {
  std::int64_t& held;
  PlantSwitch which;
};
void set_target(double& member, double value) { member = value; }
void set_target(std::int64_t& flag, double value) { flag = value > 0.5 ? 1 : 0; }
void set_target(const Button& button, double value) {
  if (value > 0.5) button.held |= switch_bit(button.which);
}
void set_target(Special, double) {}

void drive_from_settings(World& w) {
  PlantInput& plant = w.plant_input;
  const auto button = [&](PlantSwitch which) { return Button{w.buttons_held, which}; };
  w.buttons_held = 0;
#define SETTABLE(id, name, unit, form, start, low, high, target, meaning) \
  set_target(target, w.settings.of(Setting::id));
#include "sim/vocabulary/settables.inl"
  plant.faults = PlantFaults{};
  each_active_fault(w.settings, FaultEffect::On::plant, [&](const FaultEffect& e, double magnitude) {
    if (e.flag != nullptr) plant.faults.*e.flag = 1;
    if (e.member != nullptr) plant.faults.*e.member = magnitude;
  });
}

}  // namespace

std::uint16_t board_counts(double counts) {
  const double held = counts > 0.0 ? counts : 0.0;
  return static_cast<std::uint16_t>(
      static_cast<int>((held < converter_full_scale ? held : converter_full_scale) + 0.5));
}

namespace {

// board_counts of two values, with the same operations.
#if defined(__SSE2__)
void convert_pair(double first, double second, std::uint16_t* counts) {
  typedef double Pair __attribute__((vector_size(16)));
  constexpr Pair full_scale = {converter_full_scale, converter_full_scale};
  const Pair held = __builtin_ia32_minpd(__builtin_ia32_maxpd(Pair{first, second}, Pair{}), full_scale) + 0.5;
  const auto whole = __builtin_ia32_cvttpd2dq(held);
  counts[0] = static_cast<std::uint16_t>(whole[0]);
  counts[1] = static_cast<std::uint16_t>(whole[1]);
}
#else
void convert_pair(double first, double second, std::uint16_t* counts) {
  counts[0] = board_counts(first);
  counts[1] = board_counts(second);
}
#endif

}  // namespace

void board_convert(const SensorReadings& r, std::uint16_t adc[PEN_ADC_COUNT]) {
  static_assert(PEN_ADC_BATTERY == PEN_ADC_MOTOR_CURRENT + 1 && PEN_ADC_NTC_HOUSING == PEN_ADC_NTC_MOTOR + 1 &&
                PEN_ADC_CARTRIDGE_ID == PEN_ADC_NOSE_FORCE + 1 && PEN_ADC_DEPTH_DIAL == PEN_ADC_SUPPLY + 1);
  const auto pair = [adc](int channel, double first_counts, double second_counts) {
    convert_pair(first_counts * converter_per_reading, second_counts * converter_per_reading, adc + channel);
  };
  pair(PEN_ADC_MOTOR_CURRENT, r.motor_current_counts, r.cell_counts);
  pair(PEN_ADC_NTC_MOTOR, r.ntc_motor_counts, r.ntc_housing_counts);
  pair(PEN_ADC_NOSE_FORCE, r.nose_counts, r.cartridge_id_counts);
  pair(PEN_ADC_SUPPLY, r.rail_counts, r.depth_dial_counts);
  adc[PEN_ADC_RATE_DIAL] = board_counts(r.rate_dial_counts * converter_per_reading);
}

std::uint32_t core_clock_us(const World& w, Nanoseconds at_ns, Nanoseconds tick_ns) {
  const Nanoseconds since_ns = at_ns - w.clock_zero * tick_ns;
  return w.clock_zero_us + static_cast<std::uint32_t>(since_ns / 1000);  // wraps as on the hardware
}

void board_sense(const PlantParams& params, const PlantDerived& derived, World& w, Tick now, Nanoseconds tick_ns,
                 PenIn& in) {
  board_convert(plant_sense(params, derived, w.plant, w.plant_input, now), in.adc);
  fault_channels(w.settings, fault_scale(derived.sensors), in);
  sense_lines(w, now, tick_ns, in);
  for (std::size_t i = 0; i < PEN_AUX; ++i) in.aux[i] = w.settings.aux[i];
  if (w.supply.power == CorePower::running) {
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
