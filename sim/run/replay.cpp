#include "sim/run/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "models/sensors.h"
#include "sim/engine/board.h"
#include "sim/engine/peripherals.h"
#include "sim/recording/pen_fields.h"
#include "sim/recording/source.h"

namespace pensim {
namespace {

constexpr Tick slab = 1 << 12;

const CoreVariable* variable_of(const ReplayOptions& options, const std::string& signal) {
  for (const auto& [name, variable] : options.variables)
    if (name == signal) return &variable;
  return nullptr;
}

std::string value_text(float value) { return fmt::format("{}", value); }

// Samples in rising ticks.
class Cursor {
 public:
  explicit Cursor(Samples samples) : samples_(std::move(samples)) {}
  float at(Tick tick) {
    if (samples_.value.empty()) return std::numeric_limits<float>::quiet_NaN();
    const auto last = static_cast<std::int64_t>(samples_.value.size()) - 1;
    if (samples_.tick.empty())
      return samples_.value[static_cast<std::size_t>(std::clamp<std::int64_t>(tick / samples_.period_ticks, 0, last))];
    while (index_ < last && samples_.tick[static_cast<std::size_t>(index_ + 1)] <= tick) ++index_;
    return samples_.value[static_cast<std::size_t>(index_)];
  }

 private:
  Samples samples_;
  std::int64_t index_ = 0;
};

void replay_complete(const Recording& recording, Target& target, const ReplayOptions& options, ReplayResult& result) {
  const std::vector<PenField>& fields = pen_out_fields();
  std::vector<FieldDifference> found(fields.size());
  struct Watched {
    std::string name;
    const CoreVariable* variable;
    Cursor recorded;
    FieldDifference found;
  };
  std::vector<Watched> watched;
  for (const SignalInfo& s : recording.signals())
    if (const CoreVariable* v = variable_of(options, s.name))
      watched.push_back({s.name, v, Cursor(recording.samples(s.name)), {}});
  for (const RecordedText& command : recording.commands())
    if (command.text.compare(0, 5, "poke ") == 0)
      result.notes.push_back(fmt::format("tick {}: '{}' of the run is not repeated", command.at, command.text));

  std::vector<PenIn> in(static_cast<std::size_t>(slab) + 1);
  std::vector<PenOut> out(static_cast<std::size_t>(slab));
  const PenOut nothing{};
  bool running = false;
  for (Tick from = 0; from < recording.ticks(); from += slab) {
    const Tick n = std::min(slab, recording.ticks() - from), with_next = std::min(n + 1, recording.ticks() - from);
    recording.io(from, with_next, in.data(), nullptr);
    recording.io(from, n, nullptr, out.data());
    for (std::size_t k = 0; k < static_cast<std::size_t>(n); ++k) {
      const Tick tick = from + static_cast<Tick>(k);
      const bool runs = in[k].reset_cause != 0;
      if (runs && !running) target.reset(in[k].reset_cause);
      running = runs;
      if (!runs) continue;
      PenOut answer{};
      if (options.progress) options.progress->store(tick, std::memory_order_relaxed);
      target.step(tick, in[k], answer);
      ++result.compared;
      for (Watched& w : watched) {
        const auto now = static_cast<float>(target.peek(*w.variable));
        const float then = w.recorded.at(tick);
        if (std::memcmp(&now, &then, sizeof now) != 0 && w.found.count++ == 0)
          w.found = {w.name, "", tick, 1, value_text(then), value_text(now)};
      }
      if (std::memcmp(&answer, &out[k], sizeof answer) == 0) continue;
      const bool reset_follows = k + 1 < static_cast<std::size_t>(with_next) && in[k + 1].reset_cause == 0;
      if (reset_follows && std::memcmp(&out[k], &nothing, sizeof nothing) == 0) continue;
      for (std::size_t i = 0; i < fields.size(); ++i) {
        const PenField& f = fields[i];
        if (std::memcmp(reinterpret_cast<const char*>(&out[k]) + f.at, reinterpret_cast<const char*>(&answer) + f.at,
                        f.size) == 0)
          continue;
        if (found[i].count++ == 0) found[i] = {f.name, "", tick, 1, field_text(f, &out[k]), field_text(f, &answer)};
      }
    }
  }
  result.ticks = recording.ticks();
  for (const FieldDifference& f : found)
    if (f.count > 0) result.fields.push_back(f);
  for (const Watched& w : watched)
    if (w.found.count > 0) result.fields.push_back(w.found);
}

struct LoggedChannel {
  int adc;
  const char *counts, *quantity;  // signals that give it: as counts, or as what it measures
  double SensorInput::*measured;
};
constexpr LoggedChannel adc_channels[] = {
    {PEN_ADC_MOTOR_CURRENT, "adc.motor_current", "motor.current", &SensorInput::motor_A},
    {PEN_ADC_BATTERY, "adc.battery", "battery.voltage", &SensorInput::cell_V},
    {PEN_ADC_NTC_MOTOR, "adc.ntc_motor", nullptr, nullptr},
    {PEN_ADC_NTC_HOUSING, "adc.ntc_housing", nullptr, nullptr},
    {PEN_ADC_NOSE_FORCE, "adc.nose_force", "hand.press", &SensorInput::nose_N},
    {PEN_ADC_CARTRIDGE_ID, "adc.cartridge_id", nullptr, nullptr},
    {PEN_ADC_SUPPLY, "adc.supply", "battery.voltage", &SensorInput::rail_V},
    {PEN_ADC_DEPTH_DIAL, "adc.depth_dial", "user.depth", &SensorInput::depth_m},
    {PEN_ADC_RATE_DIAL, "adc.rate_dial", "user.rate", &SensorInput::rate_Hz}};

// Sensors and converter of the default pen, without offset and noise.
class LoggedSensors {
 public:
  LoggedSensors() {
    params_.current_offset_A = params_.current_noise_counts = params_.noise_counts = 0.0;
    derived_ = sensor_derive(params_);
    sensor_reset(params_, params_.ntc_reference_K, state_);
    measured.cell_V = measured.rail_V = 3.9;
    measured.id_ohm = 5.76e3;  // 14 needles
    measured.depth_m = params_.depth_dial_low_m;
    measured.rate_Hz = params_.rate_dial_low_Hz;
  }
  SensorInput measured;  // at rest
  void convert(const SensorInput& input, PenIn& in) const {
    board_convert(sensor_sample(params_, derived_, state_, input, 0, 0), in.adc);
  }

 private:
  SensorParams params_;
  SensorDerived derived_;
  SensorState state_;
};

// PenIn of a sparse log, tick by tick.
class LogInput {
 public:
  LogInput(const Recording& recording, std::vector<std::string>& notes) : tick_us_(recording.tick_ns() / 1000) {
    std::string resting;
    nvm_reset(memory_, {}, {}, 1, NvmTimes{0, 0, 0});
    for (const LoggedChannel& c : adc_channels) {
      const char* name = recording.has(c.counts)                   ? c.counts
                         : c.quantity && recording.has(c.quantity) ? c.quantity
                                                                   : nullptr;
      if (name)
        channels_.push_back({c.adc, name == c.counts ? nullptr : c.measured, Cursor(recording.samples(name))});
      else
        resting += fmt::format(" {}", c.counts);
    }
    for (const DerivedSignal& d : derived_signals()) {
      const bool input_pin = d.rule == DerivedSignal::Rule::bit && d.word == block_format::in_pins_word;
      if (!input_pin && d.rule != DerivedSignal::Rule::aux) continue;
      std::string name = d.name;
      if (input_pin && d.bit == PEN_LINE_START && !recording.has(name)) name = "user.start";
      if (recording.has(name))
        (input_pin ? pins_ : aux_).emplace_back(d.bit, Cursor(recording.samples(name)));
      else if (input_pin && d.bit == PEN_LINE_HALL && recording.has("motor.speed"))
        speed_.emplace_back(recording.samples("motor.speed"));
      else if (input_pin)
        resting += fmt::format(" {}", d.name);
    }
    if (!resting.empty()) notes.push_back("at rest, since not logged:" + resting);
    if (!speed_.empty()) notes.push_back("pin.hall is made from motor.speed");
  }

  PenIn at(Tick tick) {
    PenIn in{};
    in.time_us = static_cast<std::uint32_t>(tick * tick_us_);
    in.reset_cause = PEN_RESET_POWER_ON;
    convert_channels(tick, in);
    nvm_step(memory_, std::exchange(out_before_, PenOut{}), true, false, tick_us_ * 1000, in);
    unsigned pins = 1u << PEN_LINE_CARTRIDGE | (screw_steps_ == 0 ? 1u << PEN_LINE_HOME : 0u);
    for (auto& [bit, cursor] : pins_) {
      const float level = cursor.at(tick);
      if (!std::isnan(level)) pins = level > 0.5f ? pins | 1u << bit : pins & ~(1u << bit);
    }
    for (auto& [index, cursor] : aux_) {
      const float value = cursor.at(tick);
      if (!std::isnan(value))
        in.aux[index] = static_cast<std::int32_t>(std::clamp(value, -2147483520.0f, 2147483520.0f));
    }
    if (!speed_.empty()) turn(speed_[0].at(tick), in, pins);
    if (tick > 0)
      for (int line = 0; line < PEN_LINE_COUNT; ++line) {
        if (line == PEN_LINE_HALL && !speed_.empty()) continue;
        if (((pins ^ pins_before_) >> line & 1) != 0) add_edge(in, in.time_us, line, pins >> line & 1);
      }
    in.pins = static_cast<std::uint16_t>(pins);
    pins_before_ = pins;
    return in;
  }

  // What the core answered: the screw follows, memory commands are taken.
  void take(const PenOut& out) {
    screw_steps_ = std::max<std::int64_t>(screw_steps_ + out.stepper_steps, 0);
    out_before_ = out;
  }

 private:
  static constexpr double pulse = 0.1;  // share of a revolution for which the hall sensor is high [E]
  struct Channel {
    int adc;
    double SensorInput::*measured;  // null: counts were logged
    Cursor cursor;
  };

  void convert_channels(Tick tick, PenIn& in) {
    SensorInput measured = sensors_.measured;
    for (Channel& c : channels_)
      if (const double value = static_cast<double>(c.cursor.at(tick)); c.measured && !std::isnan(value))
        measured.*c.measured = value;
    sensors_.convert(measured, in);
    for (Channel& c : channels_)
      if (const double value = static_cast<double>(c.cursor.at(tick)); !c.measured && !std::isnan(value))
        in.adc[c.adc] = board_counts(value);
  }

  static void add_edge(PenIn& in, std::uint32_t time_us, int line, unsigned level) {
    if (in.edge_count == PEN_EDGES) {
      in.edge_overflow = 1;
      return;
    }
    in.edges[in.edge_count++] = {time_us, static_cast<std::uint8_t>(line), static_cast<std::uint8_t>(level), 0};
  }

  // The cam turns on by one tick; the sensor rises at whole revolutions.
  void turn(float speed_Hz, PenIn& in, unsigned& pins) {
    const double by =
        std::isnan(speed_Hz)
            ? 0.0
            : std::clamp(std::fabs(static_cast<double>(speed_Hz)) * static_cast<double>(tick_us_) * 1e-6, 0.0, 0.5);
    const double before = phase_;
    phase_ += by;
    const auto stamp = [&](double at) {
      return in.time_us - static_cast<std::uint32_t>((phase_ - at) / by * static_cast<double>(tick_us_));
    };
    if (before < pulse && phase_ >= pulse) add_edge(in, stamp(pulse), PEN_LINE_HALL, 0);
    if (phase_ >= 1.0) {
      add_edge(in, stamp(1.0), PEN_LINE_HALL, 1);
      phase_ -= 1.0;
    }
    if (phase_ < pulse) pins |= 1u << PEN_LINE_HALL;
  }

  std::int64_t tick_us_;
  std::vector<Channel> channels_;
  std::vector<std::pair<int, Cursor>> pins_, aux_;
  std::vector<Cursor> speed_;
  LoggedSensors sensors_;
  NonVolatileMemory memory_;
  PenOut out_before_{};
  std::int64_t screw_steps_ = 0;  // from home
  double phase_ = 0.5;
  unsigned pins_before_ = 0;
};

void replay_sparse(const Recording& recording, Target& target, const ReplayOptions& options, ReplayResult& result) {
  struct Compared {
    std::string name;
    const DerivedSignal* derived;
    const CoreVariable* variable;
    Samples logged;
    RecordedTolerance tolerance;
    std::size_t next;
    FieldDifference found;
  };
  std::vector<Compared> compared;
  std::string left_out;
  for (const SignalInfo& s : recording.signals()) {
    Compared c{
        s.name, nullptr, variable_of(options, s.name), {}, {s.name, 0, false}, 0, {s.name, s.unit, 0, 0, "", ""}};
    for (const DerivedSignal& d : derived_signals())
      if (d.name == s.name && d.rule != DerivedSignal::Rule::aux && d.word >= block_format::in_words) c.derived = &d;
    for (const RecordedTolerance& t : recording.meta().tolerances)
      if (t.signal == s.name) c.tolerance = t;
    if (c.derived || c.variable) {
      c.logged = recording.samples(s.name);
      compared.push_back(std::move(c));
    } else if (s.kind == SignalKind::output) {
      left_out += ' ' + s.name;
    }
  }
  if (!left_out.empty()) result.notes.push_back("not compared, since this core does not give it:" + left_out);
  if (compared.empty())
    result.notes.push_back(
        "nothing to compare: the log has no output of the core (core.pwm_duty, pin.<output>, fw.<variable>)");

  if (!recording.meta().started_at_reset) {
    result.from = ns_per_s / recording.tick_ns();
    result.notes.push_back(
        "the log does not begin at a reset: compared from 1 s on, when a core that started cold should have caught up");
  }
  LogInput input(recording, result.notes);
  target.reset(PEN_RESET_POWER_ON);
  for (Tick tick = 0; tick < recording.ticks(); ++tick) {
    const PenIn in = input.at(tick);
    PenOut out{};
    if (options.progress) options.progress->store(tick, std::memory_order_relaxed);
    target.step(tick, in, out);
    input.take(out);
    for (Compared& c : compared) {
      if (c.next >= c.logged.tick.size() || c.logged.tick[c.next] != tick) continue;
      const float logged = c.logged.value[c.next++];
      if (tick < result.from || std::isnan(logged)) continue;
      float now;
      if (c.derived) {
        std::uint16_t word;
        std::memcpy(&word,
                    reinterpret_cast<const unsigned char*>(&out) + 2 * (c.derived->word - block_format::in_words),
                    sizeof word);
        now = derived_value(*c.derived, word);
      } else {
        now = static_cast<float>(target.peek(*c.variable));
      }
      ++result.compared;
      const double allowed =
          c.tolerance.relative ? c.tolerance.value * std::fabs(static_cast<double>(logged)) : c.tolerance.value;
      if (std::fabs(static_cast<double>(now) - static_cast<double>(logged)) <= allowed) continue;
      if (c.found.count++ == 0) {
        c.found.first = tick;
        c.found.a = value_text(logged);
        c.found.b = value_text(now);
      }
    }
  }
  result.ticks = recording.ticks();
  for (const Compared& c : compared)
    if (c.found.count > 0) result.fields.push_back(c.found);
}

}  // namespace

ReplayResult replay(const Recording& recording, Target& target, const ReplayOptions& options) {
  ReplayResult result;
  const RecordingMeta& meta = recording.meta();
  result.sparse = meta.sparse;
  result.tick_ns = meta.tick_ns;
  if (meta.kind == RecordingKind::rig)
    result.why_not = "a rig has no firmware core, so there is nothing to replay";
  else if (meta.seam_version != PEN_SHIM_VERSION)
    result.why_not =
        fmt::format("the recording has seam version {}, this program {}", meta.seam_version, PEN_SHIM_VERSION);
  else if (static_cast<Nanoseconds>(target.tick_us()) * 1000 != meta.tick_ns)
    result.why_not = fmt::format("the recording has a tick of {} ns, this core {} us", meta.tick_ns, target.tick_us());
  else if (!meta.sparse && !meta.started_at_reset)
    result.why_not = "the recording does not begin at a reset, so the state of the core at its beginning is unknown";
  if (!result.why_not.empty()) return result;
  if (meta.sparse)
    replay_sparse(recording, target, options, result);
  else
    replay_complete(recording, target, options, result);
  std::stable_sort(result.fields.begin(), result.fields.end(),
                   [](const FieldDifference& a, const FieldDifference& b) { return a.first < b.first; });
  return result;
}

std::string ReplayResult::summary() const {
  if (!why_not.empty()) return "cannot be replayed: " + why_not;
  const std::string what =
      sparse ? fmt::format("{} logged values (sparse log)", compared) : fmt::format("{} ticks of the core", compared);
  if (fields.empty()) return sparse ? "within tolerance: " + what : "equal: every PenOut of " + what;
  const FieldDifference& f = fields[0];
  return fmt::format("first difference at tick {} ({:.6f} s): {} recorded {}, this core {}{}", f.first,
                     seconds(f.first * tick_ns), f.field, f.a.empty() ? "(none)" : f.a, f.b.empty() ? "(none)" : f.b,
                     sparse ? " (sparse log)" : "");
}

std::string ReplayResult::text() const {
  std::string out = summary() + '\n';
  for (const std::string& note : notes) out += "  " + note + '\n';
  if (fields.empty()) return out;
  out += fmt::format("\n  {:<28} {:>18} {:>18}   {:>10}  {}\n", "output", "recorded", "this core", "from tick",
                     sparse ? "values off" : "ticks that differ");
  for (const FieldDifference& f : fields)
    out += fmt::format("{} {:<28} {:>18} {:>18}   {:>10}  {}\n", f.first == fields[0].first ? '>' : ' ', f.field,
                       f.a.empty() ? "-" : f.a, f.b.empty() ? "-" : f.b, f.first, f.count);
  return out;
}

}  // namespace pensim
