#include "sim/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "sim/engine/board.h"
#include "sim/engine/sample.h"
#include "sim/engine/supply.h"
#include "sim/engine/world.h"
#include "sim/recording/run_hash.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

constexpr Tick hash_period = 200;     // ticks between two hashes of the plant
constexpr Tick findings_period = 20;  // ticks between two looks for findings
constexpr double console_baud = 115200.0;

struct Run {
  const ResolvedScenario& scenario;
  Target& target;
  BlockWriter& writer;
  RunStatus& status;
  PlantDerived derived;
  World world;
  RunHash hash;
  std::size_t next_command = 0, next_poke = 0;
  Nanoseconds tick_ns;
  double tick_s;
  double lane_width_m;
  Tick ms_left = 0, slow_left = 0, hash_left = 0, findings_left = findings_period;
  std::int64_t strokes_before = 0, turns_before = 0;
  std::vector<WatchId> watches;
  std::vector<std::size_t> recorded_faults;
  bool has_link = false;
};

// --- 1. commands

void start_core(World& w, std::uint8_t cause, Tick now) {
  w.reset_cause = cause;
  w.clock_zero = now;
  w.watchdog = Watchdog{};
  w.out_before = PenOut{};
}

// Bytes as one line of text that says all of them: \n, \\ and \xNN.
std::string escaped(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      text += "\\n";
    else if (c == '\\')
      text += "\\\\";
    else if (byte < 0x20 || byte >= 0x7F)
      text += fmt::format("\\x{:02x}", byte);
    else
      text += c;
  }
  return text;
}

std::string canonical(const Command& c, double tick_s) {
  const char* const kind = kind_of(c).name;
  switch (c.kind) {
    case Command::Kind::set:
      return fmt::format("{} {} to {:.17g} over {:.9g} s", kind, c.name, c.value, static_cast<double>(c.over) * tick_s);
    case Command::Kind::fault:
      return fmt::format("{} {} to {:.17g} for {:.9g} s", kind, c.name, c.value,
                         static_cast<double>(c.duration) * tick_s);
    case Command::Kind::poke:
      return fmt::format("{} {} to {:.17g}", kind, c.name, c.value);
    case Command::Kind::uart:
      return fmt::format("{} {}", kind, escaped(c.text));
    case Command::Kind::reset:
      return fmt::format("{} {}", kind, static_cast<int>(c.value));
  }
  return kind;
}

void request_reset(Run& run, std::uint8_t cause, Tick now);

void take_commands(Run& run, const std::vector<CoreVariable>& pokes, Tick now) {
  World& w = run.world;
  const std::vector<Command>& commands = run.scenario.commands;
  for (; run.next_command < commands.size() && commands[run.next_command].at <= now; ++run.next_command) {
    const Command& c = commands[run.next_command];
    run.writer.command(now, canonical(c, run.tick_s));
    switch (c.kind) {
      case Command::Kind::set:
        if (c.name == "user.mode") w.mode_script = now;
        settings_apply(w.settings, c, now);
        break;
      case Command::Kind::fault:
        settings_apply(w.settings, c, now);
        break;
      case Command::Kind::poke:
        if (!run.target.poke(pokes.at(run.next_poke++), c.value) && run.status.refused[0] == '\0')
          fmt::format_to_n(run.status.refused, sizeof run.status.refused - 1, "{} at {:.6g} s",
                           canonical(c, run.tick_s), seconds(now * run.tick_ns));
        for (const std::string& finding : run.target.take_findings()) run.writer.finding(now, finding);
        break;
      case Command::Kind::uart:
        w.console.queue += c.text;
        break;
      case Command::Kind::reset:
        request_reset(run, static_cast<std::uint8_t>(c.value), now);
        break;
    }
  }
  settings_step(w.settings, now);
}

// --- 3. core

void request_reset(Run& run, std::uint8_t cause, Tick now) {
  World& w = run.world;
  nvm_power_loss(w.memory);
  start_core(w, cause, now);
  ++w.resets;
  supply_boot(w.supply, run.tick_ns);
}

void supervise_supply(Run& run, Tick now) {
  World& w = run.world;
  switch (supply_step(w.supply, w.truth.rail_voltage_V)) {
    case SupplyEvent::none:
      return;
    case SupplyEvent::failed:
      nvm_power_loss(w.memory);
      w.out_before = PenOut{};
      return;
    case SupplyEvent::back_from_brown_out:
      return request_reset(run, PEN_RESET_BROWN_OUT, now);
    case SupplyEvent::back_from_power_loss:
      request_reset(run, PEN_RESET_POWER_ON, now);
      w.clock_zero_us = 0;
  }
}

// One tick of the core: PenOut_k. False when the run ends here.
bool step_core(Run& run, const PenIn& in, PenOut& out, Tick now) {
  World& w = run.world;
  out = PenOut{};
  w.report = StepReport{};
  if (w.supply.power == CorePower::booting) {
    if (!supply_boot_step(w.supply)) return true;
    run.target.reset(w.reset_cause);
    w.clock_zero = now + 1;  // the core's first tick is the next one
    return true;
  }
  if (w.supply.power != CorePower::running) return true;
  w.report = run.target.step(now, in, out);
  if (watchdog_step(w.watchdog, out, run.tick_ns)) {
    request_reset(run, PEN_RESET_WATCHDOG, now);
    out = PenOut{};
  } else if (w.report.reset_requested) {
    request_reset(run, PEN_RESET_SOFTWARE, now);
    out = PenOut{};
  } else if (w.report.faulted || w.report.hang) {
    return false;
  }
  return true;
}

// --- 4. record

StrokeRow stroke_row(const World& w) {
  StrokeRow row;
  row.begin = w.stroke.begin;
  row.end = w.stroke.end;
  sample<SignalPeriod::stroke>(w, row.value);
  std::copy(w.stroke.needle_penetration_peak_m.begin(), w.stroke.needle_penetration_peak_m.end(), row.needle_peak);
  return row;
}

StrokeInput stroke_input(Run& run) {
  const World& w = run.world;
  const PlantTruth& t = w.truth;
  StrokeInput s;
  s.now_ns = w.now_ns;
  // A cam that rocks about the dead centre passes it again and again: a stroke ends with a whole turn.
  s.boundary = t.strokes != run.strokes_before && (w.strokes.last_boundary_ns < 0 || t.revolutions > run.turns_before);
  if (s.boundary) {
    s.boundary_ns = w.now_ns - run.tick_ns + static_cast<Nanoseconds>(t.dead_centre_offset_s * 1e9);
    run.turns_before = t.revolutions;
  }
  run.strokes_before = t.strokes;
  s.extension_m = t.extension_m;
  s.force_N = t.needle_force_N;
  s.lateral_speed_m_per_s = t.lateral_speed_m_per_s;
  s.in_skin = t.in_skin;
  s.punctured = t.punctured;
  s.penetration_m = plant_needle_penetration(w.plant);
  s.needle_count = static_cast<int>(run.scenario.plant.cartridge.needle_count);
  s.track_m = t.track_m;
  s.lane = t.lane;
  return s;
}

void record_slower_rows(Run& run, const RecordingPlan& plan) {
  World& w = run.world;
  if (--run.ms_left < 0) {
    float values[pen_columns<SignalPeriod::ms>];
    plant_energy(run.scenario.plant, run.derived, w.plant, w.energy);
    sample<SignalPeriod::ms>(w, values);
    run.writer.ms(values);
    run.ms_left = plan.ms_ticks - 1;
  }
  if (--run.slow_left < 0) {
    float values[pen_columns<SignalPeriod::slow>];
    sample<SignalPeriod::slow>(w, values);
    run.writer.slow(values);
    run.slow_left = plan.slow_ticks - 1;
  }
}

// What a scenario adds to the columns of a tick, in the order of recording_plan.
void record_extras(const Run& run, float* row) {
  const World& w = run.world;
  if (run.has_link) {
    sample_link(w, row);
    row += link_columns;
  }
  if (!run.watches.empty()) run.target.read(run.watches.data(), run.watches.size(), row);
  row += run.watches.size();
  for (const std::size_t fault : run.recorded_faults) *row++ = w.settings.fault[fault].on ? 1.0f : 0.0f;
  for (int i = 0; run.scenario.record.each_needle && i < run.scenario.plant.cartridge.needle_count; ++i) {
    *row++ = static_cast<float>(plant_needle_force(w.plant)[i]);
    *row++ = static_cast<float>(plant_needle_penetration(w.plant)[i]);
  }
}

// Row k and what belongs before it; findings are asked for now and then, and at the end.
void record_row(Run& run, const RecordingPlan& plan, const PenIn& in, const PenOut& out, Tick k, bool last) {
  World& w = run.world;
  if (stroke_step(w.strokes, stroke_input(run), k, run.tick_s, run.lane_width_m, w.stroke))
    run.writer.stroke(stroke_row(w));
  record_slower_rows(run, plan);
  float* const row = run.writer.row();
  sample<SignalPeriod::tick>(w, row);
  record_extras(run, row + pen_columns<SignalPeriod::tick>);
  run.hash.tick(in, out);
  if (--run.hash_left < 0) {
    run.hash.state(&w.plant, plant_hashed_bytes);
    run.hash_left = hash_period - 1;
  }
  run.writer.tick(in, out);
  if (--run.findings_left == 0 || last) {
    for (const std::string& finding : run.target.take_findings()) run.writer.finding(k, finding);
    run.findings_left = findings_period;
  }
  run.status.ticks.store(k + 1, std::memory_order_relaxed);
}

void begin(Run& run, const std::vector<CoreVariable>& watches, const RecordingPlan& plan) {
  const ResolvedScenario& scenario = run.scenario;
  World& w = run.world;
  plant_reset(scenario.plant, run.derived, w.plant);
  nvm_reset(w.memory, scenario.pen_memory, scenario.cartridge_memory, scenario.cartridge_serial);
  for (const InitialSetting& s : scenario.settings)
    settings_apply(w.settings, Command{0, Command::Kind::set, s.name, s.value, 0, 0, ""}, 0);
  w.clock_zero_us = scenario.clock_start_us;
  supply_boot(w.supply, run.tick_ns);
  board_drive(w, PenOut{}, 0, run.tick_ns);
  plant_truth(run.derived, w.plant, w.truth);
  run.strokes_before = w.truth.strokes;
  for (const CoreVariable& variable : watches) run.watches.push_back(run.target.watch(variable));
  for (std::size_t i = 0; i < std::size(fault_kinds); ++i)
    for (const SignalInfo& s : plan.tick)
      if (s.name == fault_signal(fault_kinds[i].name)) run.recorded_faults.push_back(i);
}

}  // namespace

void run_engine(const ResolvedScenario& scenario, Target& target, const std::vector<CoreVariable>& watches,
                const std::vector<CoreVariable>& pokes, BlockWriter& writer, const RecordingPlan& plan,
                RunStatus& status, RunGate* gate) {
  // A World is large (hole memory) and lives on the heap.
  const auto owner = std::make_unique<Run>(Run{.scenario = scenario,
                                               .target = target,
                                               .writer = writer,
                                               .status = status,
                                               .derived = plant_derive(scenario.plant),
                                               .world = {},
                                               .hash = {},
                                               .tick_ns = scenario.tick_ns,
                                               .tick_s = seconds(scenario.tick_ns),
                                               .lane_width_m = 2.0 * scenario.plant.cartridge.footprint_radius_m,
                                               .watches = {},
                                               .recorded_faults = {},
                                               .has_link = is_link(scenario.firmware)});
  Run& run = *owner;
  World& w = run.world;
  begin(run, watches, plan);
  bool goes_on = true;
  for (Tick k = 0; k < scenario.duration; ++k) {
    w.now_ns = k * run.tick_ns;
    while (gate != nullptr && k >= gate->allowed) gate->pass(k);
    // 1. commands
    take_commands(run, pokes, k);
    // 2. sense
    PenIn in{};
    supervise_supply(run, k);
    board_sense(scenario.plant, run.derived, w, k, run.tick_ns, in);
    nvm_step(w.memory, w.out_before, w.settings.is_on(Setting::cartridge_present), w.settings.of(Fault::nvm_fail).on,
             run.tick_ns, in);
    if (w.supply.power == CorePower::running) console_step(w.console, console_baud, run.tick_ns, in);
    // 3. core
    PenOut out;
    goes_on = step_core(run, in, out, k);
    // 4. record
    record_row(run, plan, in, out, k, !goes_on);
    if (!goes_on) break;
    // 5. the plant moves under the outputs of the tick before
    board_drive(w, w.out_before, k, run.tick_ns);
    plant_tick(scenario.plant, run.derived, w.plant, w.plant_input, w.edges);
    plant_truth(run.derived, w.plant, w.truth);
    w.out_before = out;
  }
  status.hash = run.hash.value();
  status.end = goes_on ? RunStatus::End::completed : RunStatus::End::hang;
}

}  // namespace pensim
