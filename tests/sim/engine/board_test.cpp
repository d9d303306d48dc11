// Every wire of the board, with the probe as firmware: what the core is shown is what the truth should give, what the
// core drives acts on the plant, and every fault acts on what it says and on nothing else.
#include "sim/engine/board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>

#include "firmware_shim/native/native_target.h"
#include "sim/engine/engine.h"
#include "sim/engine/plan.h"
#include "sim/engine/settings.h"
#include "sim/recording/recording.h"

namespace pensim {
namespace {

// The core stays loaded: each run resets it at power-on.
NativeTarget& probe() {
  static const std::unique_ptr<NativeTarget> core = open_native(PENSIM_CORES "/probe.so");
  return *core;
}

struct Recorded {
  ResolvedScenario scenario;
  std::unique_ptr<BlockStore> store;
  Recording recording;
  std::vector<PenIn> in;
  std::vector<PenOut> out;
  mutable std::map<std::string, std::vector<float>> read;  // a value a tick

  const std::vector<float>& operator[](const std::string& name) const {
    const auto known = read.find(name);
    if (known != read.end()) return known->second;
    const Samples s = recording.samples(name);
    std::vector<float> held(in.size());
    std::size_t at = 0;
    for (std::size_t k = 0; k < held.size(); ++k) {
      if (s.tick.empty()) {
        at = k / static_cast<std::size_t>(s.period_ticks);
      } else {
        while (at + 1 < s.value.size() && s.tick[at + 1] <= static_cast<Tick>(k)) ++at;
      }
      held[k] = s.value.at(at);
    }
    return read[name] = std::move(held);
  }
  // Bytes that the core said.
  std::string said() const {
    std::string text;
    for (const RecordedUart& u : recording.uart())
      if (!u.to_core) text += u.bytes;
    return text;
  }
};

constexpr std::size_t ticks_in(double s) { return static_cast<std::size_t>(s * 20000.0 + 0.5); }
constexpr std::size_t first_tick = 100;  // of the core: boot takes 5 ms

// `lines` of the timeline, `sections` of the scenario.
Recorded run(const std::string& duration, const std::string& lines, const std::string& sections = "") {
  std::string text = "title: board\nduration: " + duration + "\nfirmware: probe\n" + sections;
  if (!lines.empty()) text += "timeline:\n" + lines;
  LoadOptions load;
  load.always = false;
  Recorded r;
  r.scenario = resolve(parse_scenario(text, "board.yaml", "tests/data", load));
  r.store = std::make_unique<BlockStore>(recording_plan(r.scenario));
  RunStatus status;
  {
    BlockWriter writer(*r.store);
    run_engine(r.scenario, probe(), {}, {}, writer, r.store->plan(), status);
  }
  EXPECT_EQ(status.end, RunStatus::End::completed) << text;
  RecordingMeta meta;
  meta.tick_ns = r.scenario.tick_ns;
  r.recording = Recording::from_blocks(*r.store, meta);
  EXPECT_EQ(r.recording.ticks(), r.scenario.duration);
  r.in.resize(static_cast<std::size_t>(r.recording.ticks()));
  r.out.resize(r.in.size());
  r.recording.io(0, r.recording.ticks(), r.in.data(), r.out.data());
  return r;
}

const std::string silent = "  - {at: 0 s, set: aux.6, to: 1}\n";
std::string line(const std::string& inside) { return "  - {" + inside + "}\n"; }

double mean(const Recorded& r, std::size_t from, std::size_t to, const std::function<double(std::size_t)>& value) {
  double sum = 0;
  for (std::size_t k = from; k < to; ++k) sum += value(k);
  EXPECT_LE(to, r.in.size());
  return sum / static_cast<double>(to - from);
}
double mean_counts(const Recorded& r, int channel, double from_s, double to_s) {
  return mean(r, ticks_in(from_s), ticks_in(to_s),
              [&](std::size_t k) { return static_cast<double>(r.in[k].adc[channel]); });
}
double mean_of(const Recorded& r, const std::string& name, double from_s, double to_s) {
  const std::vector<float>& values = r[name];
  return mean(r, ticks_in(from_s), ticks_in(to_s), [&](std::size_t k) { return static_cast<double>(values[k]); });
}
constexpr double counts_per_V = 4095.0 / 3.3;
double ntc_ought(double temperature_K) {
  const double ohm = 10e3 * std::exp(3950.0 * (1.0 / temperature_K - 1.0 / 298.15));
  return 4095.0 * ohm / (ohm + 10e3);
}

// --- the converter

TEST(Converter, RoundsToTheNearestCountAndClips) {
  EXPECT_EQ(board_counts(0.49), 0);
  EXPECT_EQ(board_counts(0.5), 1);
  EXPECT_EQ(board_counts(1234.4), 1234);
  EXPECT_EQ(board_counts(1234.6), 1235);
  EXPECT_EQ(board_counts(-620.0), 0) << "the shunt amplifier is unipolar";
  EXPECT_EQ(board_counts(4094.6), 4095);
  EXPECT_EQ(board_counts(4343.2), 4095);
}

TEST(Converter, EveryReadingHasItsChannel) {
  SensorReadings r;
  r.motor_current_counts = 1;
  r.cell_counts = 2;
  r.ntc_motor_counts = 3;
  r.ntc_housing_counts = 4;
  r.nose_counts = 5;
  r.cartridge_id_counts = 6;
  r.rail_counts = 7;
  r.depth_dial_counts = 8;
  r.rate_dial_counts = 9;
  std::uint16_t adc[PEN_ADC_COUNT] = {};
  board_convert(r, adc);
  EXPECT_EQ(adc[PEN_ADC_MOTOR_CURRENT], 1);
  EXPECT_EQ(adc[PEN_ADC_BATTERY], 2);
  EXPECT_EQ(adc[PEN_ADC_NTC_MOTOR], 3);
  EXPECT_EQ(adc[PEN_ADC_NTC_HOUSING], 4);
  EXPECT_EQ(adc[PEN_ADC_NOSE_FORCE], 5);
  EXPECT_EQ(adc[PEN_ADC_CARTRIDGE_ID], 6);
  EXPECT_EQ(adc[PEN_ADC_SUPPLY], 7);
  EXPECT_EQ(adc[PEN_ADC_DEPTH_DIAL], 8);
  EXPECT_EQ(adc[PEN_ADC_RATE_DIAL], 9);
}

// --- inputs: channels

TEST(Channels, CellAndRailReadHalfTheirVoltage) {
  const Recorded r = run("0.6 s", silent + line("at: 0.3 s, fault: supply.contact, to: 10 ohm"));
  EXPECT_NEAR(mean_counts(r, PEN_ADC_BATTERY, 0.1, 0.3), mean_of(r, "battery.voltage", 0.1, 0.3) * counts_per_V / 2,
              0.2);
  // 25 mA of the electronics through 30 mohm of the protection, and then through 10 ohm more.
  EXPECT_NEAR(mean_counts(r, PEN_ADC_SUPPLY, 0.1, 0.3),
              (mean_of(r, "battery.voltage", 0.1, 0.3) - 25e-3 * 0.03) * counts_per_V / 2, 0.4);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_SUPPLY, 0.4, 0.6),
              (mean_of(r, "battery.voltage", 0.4, 0.6) - 25e-3 * 10.03) * counts_per_V / 2, 0.6);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_BATTERY, 0.4, 0.6), mean_of(r, "battery.voltage", 0.4, 0.6) * counts_per_V / 2,
              0.2);
}

TEST(Channels, CurrentReadsOneVoltPerAmpereAndItsOffset) {
  // Full duty has no ripple; the mean of the sampled current is that of the winding plus the 4 mA of the amplifier.
  const Recorded r = run("0.8 s", silent + line("at: 0 s, fault: bridge.stuck_on, to: 1"));
  const double ampere = mean_of(r, "motor.current", 0.4, 0.8);
  EXPECT_GT(ampere, 0.05);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_MOTOR_CURRENT, 0.4, 0.8), (ampere + 4e-3) * counts_per_V, 0.6);
  const Recorded still = run("0.2 s", silent);
  EXPECT_NEAR(mean_counts(still, PEN_ADC_MOTOR_CURRENT, 0.0, 0.2), 4e-3 * counts_per_V, 0.5);
}

TEST(Channels, FaultsInAmpereAndVoltTakeTheScaleOfTheScenariosSensors) {
  const std::string faults = line("at: 0.2 s, fault: motor_current.offset, to: 0.2 A") +
                             line("at: 0.2 s, fault: battery_sense.offset, to: -0.3 V");
  const auto shift = [](const Recorded& r, int channel) {
    return mean_counts(r, channel, 0.2, 0.4) - mean_counts(r, channel, 0.0, 0.2);
  };
  const Recorded usual = run("0.4 s", silent + faults);
  EXPECT_NEAR(shift(usual, PEN_ADC_MOTOR_CURRENT), 0.2 * counts_per_V, 0.5);
  EXPECT_NEAR(shift(usual, PEN_ADC_BATTERY), -0.3 * counts_per_V / 2, 0.2);
  const Recorded other = run("0.4 s", silent + faults,
                             "parameters:\n  sensors.current_V_per_A: 2.5 V/A\n  sensors.voltage_divider: 0.4\n");
  EXPECT_NEAR(shift(other, PEN_ADC_MOTOR_CURRENT), 0.2 * 2.5 * counts_per_V, 0.5);
  EXPECT_NEAR(shift(other, PEN_ADC_BATTERY), -0.3 * 0.4 * counts_per_V, 0.2);
}

TEST(Channels, ThermistorsFollowTheirBodies) {
  const Recorded cold = run("0.2 s", silent, "pen: {temperature: 8 degC, ambient: 8 degC}\n");
  EXPECT_NEAR(mean_counts(cold, PEN_ADC_NTC_MOTOR, 0, 0.1), ntc_ought(281.15), 0.3);
  EXPECT_NEAR(mean_counts(cold, PEN_ADC_NTC_HOUSING, 0, 0.1), ntc_ought(281.15), 0.3);
  // A stalled motor warms: first winding, then case, then grip. The grip's thermistor follows the grip with 6 s.
  const Recorded r = run("20 s", silent + line("at: 0 s, fault: bridge.stuck_on, to: 0.4") +
                                     line("at: 0 s, fault: drivetrain.friction, to: 10 mN m"));
  const std::vector<float>& grip = r["housing.temperature"];
  double thermistor_K = grip[0];
  for (std::size_t k = 2000; k < r.in.size(); k += 2000)
    thermistor_K += (grip[k] - thermistor_K) * (1 - std::exp(-0.1 / 6.0));
  EXPECT_GT(grip.back() - grip[0], 0.2);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_NTC_HOUSING, 19.9, 20), ntc_ought(thermistor_K), 1.0);
  const double motor = mean_counts(r, PEN_ADC_NTC_MOTOR, 19.9, 20);
  EXPECT_LT(motor, ntc_ought(thermistor_K) - 5);
  EXPECT_GT(motor, ntc_ought(r["motor.temperature"].back()));
}

TEST(Channels, NoseForceReadsThePress) {
  const Recorded r = run(
      "4 s", silent + line("at: 0.1 s, set: operator.contact, to: on") + line("at: 1 s, set: operator.press, to: 4 N"),
      "operator: {press: 1 N, tremor: none, press_noise: 0 %}\n");
  EXPECT_NEAR(mean_counts(r, PEN_ADC_NOSE_FORCE, 0.0, 0.1), 0.3 * counts_per_V, 0.3);
  EXPECT_NEAR(mean_of(r, "hand.press", 3, 4), 4.0, 0.1);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_NOSE_FORCE, 3, 4), (0.3 + 0.3 * mean_of(r, "hand.press", 3, 4)) * counts_per_V,
              3.0);
}

TEST(Channels, IdentificationResistorTellsTheCartridge) {
  for (const auto& [needles, ohm] : std::map<int, double>{{1, 1000}, {6, 2210}, {12, 3740}}) {
    const Recorded r = run("0.2 s", silent + line("at: 0.1 s, set: cartridge.present, to: off"),
                           "cartridge: {needles: " + std::to_string(needles) + "}\n");
    EXPECT_NEAR(mean_counts(r, PEN_ADC_CARTRIDGE_ID, 0, 0.1), 4095 * ohm / (ohm + 10e3), 0.3) << needles;
    for (std::size_t k = ticks_in(0.1) + 2; k < r.in.size(); ++k)
      ASSERT_EQ(r.in[k].adc[PEN_ADC_CARTRIDGE_ID], 4095) << k;
  }
}

TEST(Channels, DialsReadTheirSetting) {
  const Recorded r =
      run("0.4 s", silent + line("at: 0 s, set: user.depth, to: 0.5 mm") + line("at: 0 s, set: user.rate, to: 80 Hz") +
                       line("at: 0.2 s, set: user.depth, to: 2.6 mm") + line("at: 0.3 s, set: user.rate, to: 190 Hz"));
  const auto depth = [](double mm) { return 4095 * (0.05 + 0.9 * (mm - 0.2) / 2.8); };
  const auto rate = [](double Hz) { return 4095 * (0.05 + 0.9 * (Hz - 60) / 140); };
  EXPECT_NEAR(mean_counts(r, PEN_ADC_DEPTH_DIAL, 0.01, 0.2), depth(0.5), 0.3);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_DEPTH_DIAL, 0.201, 0.4), depth(2.6), 0.3);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_RATE_DIAL, 0.01, 0.3), rate(80), 0.3);
  EXPECT_NEAR(mean_counts(r, PEN_ADC_RATE_DIAL, 0.301, 0.4), rate(190), 0.3);
}

// --- inputs: what the core itself saw

TEST(Inputs, TheCoreSeesExactlyWhatIsRecorded) {
  std::string lines;
  for (int i = 0; i < 8; ++i)
    if (i != 6)
      lines += line("at: 0." + std::to_string(i + 1) + " s, set: aux." + std::to_string(i) +
                    ", to: " + std::to_string(7 + 1000 * i));
  lines += line("at: 0.2 s, fault: bridge.stuck_on, to: 0.5") + line("at: 0.3 s, uart: \"hello\\r\"") +
           line("at: 0.1 s, set: user.button.plus, to: on");
  const Recorded r = run("1 s", lines);
  std::size_t pages[8] = {};
  std::int64_t edges = 0, uart = 0, sum = 0, rising[PEN_LINE_COUNT] = {}, falling = 0;
  for (std::size_t k = 0; k < r.in.size(); ++k) {
    const PenIn& in = r.in[k];
    const std::int32_t* aux = r.out[k].aux;
    if (k < first_tick) {
      EXPECT_EQ(in.reset_cause, 0) << k;
      continue;
    }
    ASSERT_EQ(aux[7], static_cast<std::int32_t>(k - first_tick)) << k;
    edges += in.edge_count;
    for (int i = 0; i < in.edge_count; ++i) ++(in.edges[i].level ? rising[in.edges[i].line] : falling);
    uart += in.uart_count;
    for (int i = 0; i < in.uart_count; ++i) sum += in.uart[i];
    ++pages[aux[0]];
    switch (aux[0]) {
      case 0:
        for (int i = 0; i < 6; ++i) ASSERT_EQ(aux[1 + i], in.adc[i]) << k;
        break;
      case 1:
        for (int i = 0; i < 3; ++i) ASSERT_EQ(aux[1 + i], in.adc[6 + i]) << k;
        ASSERT_EQ(aux[4], in.pins) << k;
        ASSERT_EQ(aux[5], PEN_RESET_POWER_ON) << k;
        ASSERT_EQ(static_cast<std::uint32_t>(aux[6]), in.time_us) << k;
        break;
      case 2:
        ASSERT_EQ(aux[1], edges) << k;
        if (edges > 0) {
          ASSERT_EQ(aux[5], 2) << k << ": the clock in a handler stands at the stamp plus latency";
        }
        ASSERT_EQ(aux[6], 0) << k;
        break;
      case 3:
        for (int i = 0; i < 6; ++i) ASSERT_EQ(aux[1 + i], rising[i]) << k;
        break;
      case 4:
        for (int i = 0; i < 3; ++i) ASSERT_EQ(aux[1 + i], rising[6 + i]) << k;
        ASSERT_EQ(aux[4], falling) << k;
        break;
      case 5:
        ASSERT_EQ(aux[1], uart) << k;
        ASSERT_EQ(aux[3], sum) << k;
        break;
      case 7:
        ASSERT_EQ(aux[1], in.aux[0] + in.aux[4] * 256) << k;
        for (int i = 1; i < 4; ++i) ASSERT_EQ(aux[1 + i], in.aux[i]) << k;
        ASSERT_EQ(aux[5], in.aux[5]) << k;
        ASSERT_EQ(aux[6], in.aux[6] + in.aux[7] * 256) << k;
        break;
      default:
        break;
    }
  }
  for (const std::size_t page : pages) EXPECT_GT(page, 1000u);
  EXPECT_GT(edges, 50);
  EXPECT_EQ(uart, 6);
  for (int i = 0; i < 8; ++i)
    if (i != 6) {
      const std::size_t at = ticks_in(0.1 * (i + 1));
      EXPECT_EQ(r.in[at - 1].aux[i], 0) << i;
      EXPECT_EQ(r.in[at].aux[i], 7 + 1000 * i) << i;
      EXPECT_EQ(r["aux." + std::to_string(i)][at], static_cast<float>(7 + 1000 * i)) << i;
    }
}

// --- inputs: lines

// Edges of one line with their ticks; every edge of the run is checked: stamp within the tick before, in order, level
// as the pin ends.
struct Edge {
  std::size_t tick = 0;
  std::uint32_t time_us = 0;
  int level = 0;
};
std::map<int, std::vector<Edge>> edges_of(const Recorded& r) {
  std::map<int, std::vector<Edge>> all;
  std::map<int, int> level;
  for (std::size_t k = 0; k < r.in.size(); ++k) {
    const PenIn& in = r.in[k];
    if (in.reset_cause == 0) continue;
    std::uint32_t before = in.time_us - 50;
    EXPECT_LE(in.edge_count, PEN_EDGES);
    for (int i = 0; i < in.edge_count; ++i) {
      const PenEdge& e = in.edges[i];
      EXPECT_LE(e.time_us - before, in.time_us - before) << k;  // in order, not later than now
      before = e.time_us;
      if (level.count(e.line) > 0) {
        EXPECT_NE(level[e.line], e.level) << k << " line " << static_cast<int>(e.line);
      }
      level[e.line] = e.level;
      all[e.line].push_back({k, e.time_us, e.level});
    }
    for (const auto& [line, now] : level) EXPECT_EQ(in.pins >> line & 1, now) << k << " line " << line;
  }
  return all;
}

TEST(Lines, EveryButtonAndSwitchHasItsOwn) {
  const struct {
    const char* name;
    int line;
    int rest;
    double bounce_s;
  } cases[] = {{"user.start", PEN_LINE_START, 0, 5e-3},           {"user.button.start", PEN_LINE_START, 0, 5e-3},
               {"user.button.plus", PEN_LINE_PLUS, 0, 5e-3},      {"user.button.minus", PEN_LINE_MINUS, 0, 5e-3},
               {"user.button.mode", PEN_LINE_MODE, 0, 5e-3},      {"user.button.confirm", PEN_LINE_CONFIRM, 0, 5e-3},
               {"cartridge.present", PEN_LINE_CARTRIDGE, 1, 0.0}, {"charger.connected", PEN_LINE_CHARGER, 0, 0.0}};
  for (const auto& c : cases) {
    const std::string on = c.rest == 0 ? "on" : "off", off = c.rest == 0 ? "off" : "on";
    const Recorded r = run("0.3 s", silent + line(std::string("at: 0.1 s, set: ") + c.name + ", to: " + on) +
                                        line(std::string("at: 0.2 s, set: ") + c.name + ", to: " + off));
    const std::map<int, std::vector<Edge>> edges = edges_of(r);
    ASSERT_EQ(edges.size(), 1u) << c.name;
    ASSERT_EQ(edges.begin()->first, c.line) << c.name;
    const std::vector<Edge>& e = edges.begin()->second;
    EXPECT_EQ(e.size() % 2, 0u) << c.name;
    if (c.bounce_s == 0.0) {
      EXPECT_EQ(e.size(), 2u) << c.name;
    }
    // A setting is sensed in the tick after it; what bounces comes to rest.
    EXPECT_EQ(e.front().tick, ticks_in(0.1) + 1) << c.name;
    EXPECT_EQ(e.front().level, 1 - c.rest) << c.name;
    for (const Edge& edge : e) {
      const double since_s = static_cast<double>(edge.tick) * 50e-6 - (edge.tick < ticks_in(0.2) ? 0.1 : 0.2);
      EXPECT_LE(since_s, c.bounce_s + 60e-6) << c.name;
    }
    for (std::size_t k = 1; k < r.in.size(); ++k) {
      const bool settled = k > ticks_in(0.106) && k <= ticks_in(0.2), rest = k <= ticks_in(0.1) || k > ticks_in(0.206);
      if (settled || rest) {
        ASSERT_EQ(r.in[k].pins >> c.line & 1, settled ? 1 - c.rest : c.rest) << c.name << " " << k;
      }
    }
  }
}

TEST(Lines, AWishForAModePressesModeThenConfirm) {
  const Recorded r = run("0.6 s", silent + line("at: 0.1 s, set: user.mode, to: 1"));
  const std::map<int, std::vector<Edge>> edges = edges_of(r);
  ASSERT_EQ(edges.size(), 2u);
  EXPECT_EQ(edges.at(PEN_LINE_MODE).front().tick, ticks_in(0.1) + 1);
  EXPECT_EQ(edges.at(PEN_LINE_CONFIRM).front().tick, ticks_in(0.3) + 1);
  EXPECT_EQ(r.in[ticks_in(0.15)].pins >> PEN_LINE_MODE & 1, 1);
  EXPECT_EQ(r.in[ticks_in(0.25)].pins & (1 << PEN_LINE_MODE | 1 << PEN_LINE_CONFIRM), 0);
  EXPECT_EQ(r.in[ticks_in(0.35)].pins >> PEN_LINE_CONFIRM & 1, 1);
  EXPECT_EQ(r.in[ticks_in(0.45)].pins & (1 << PEN_LINE_MODE | 1 << PEN_LINE_CONFIRM), 0);
}

TEST(Lines, HallRisesWhenTheCamPassesTheRetractedDeadCentre) {
  const Recorded r = run("0.6 s", silent + line("at: 0 s, fault: bridge.stuck_on, to: 0.6"));
  const std::map<int, std::vector<Edge>> edges = edges_of(r);
  ASSERT_EQ(edges.size(), 1u);
  std::vector<Edge> rising;
  for (const Edge& e : edges.at(PEN_LINE_HALL))
    if (e.level == 1) rising.push_back(e);
  ASSERT_GT(rising.size(), 20u);
  for (std::size_t i = 2; i < rising.size(); ++i) {
    // The period of the stroke that ends here, from the truth; a stamp is cut to whole microseconds.
    const double between_s = (rising[i].time_us - rising[i - 1].time_us) * 1e-6;
    EXPECT_NEAR(between_s, r["stroke.period"][rising[i].tick], 1.5e-6) << i;
    EXPECT_NEAR(r["motor.speed"][rising[i].tick], 1.0 / between_s, 0.12 / between_s) << i;  // it varies within a turn
    // Retracted: the plate is at its lowest, S below the screw's position.
    const double eccentricity_m = r.scenario.plant.drivetrain.eccentricity_m;
    EXPECT_NEAR(r["needle.extension"][rising[i].tick], r["screw.position"][rising[i].tick] - 2 * eccentricity_m,
                0.06e-3)
        << i;
  }
}

TEST(Lines, HomeFollowsTheScrew) {
  // The first way out is lost, so the way back leads past home; then out and back again and again.
  const Recorded r =
      run("0.2 s", line("at: 5 ms, fault: screw.lost_steps, to: 1, for: 10 ms"),
          "parameters: {screw.initial_position: 5 um, screw.home_repeatability: 0 um, screw.backlash: 0 um}\n");
  const std::map<int, std::vector<Edge>> edges = edges_of(r);
  ASSERT_TRUE(edges.count(PEN_LINE_HOME));
  EXPECT_EQ(edges.at(PEN_LINE_HOME).front().level, 1);
  EXPECT_GE(edges.at(PEN_LINE_HOME).size(), 15u);
  for (std::size_t k = 1; k < r.in.size(); ++k)
    ASSERT_EQ(r.in[k].pins >> PEN_LINE_HOME & 1, r["screw.position"][k] > 0 ? 0 : 1) << k;
}

// --- console

TEST(Console, BytesGoBothWaysAtTheBaudRate) {
  const Recorded r = run("0.3 s", silent + line("at: 0.05 s, uart: \"the quick brown fox\"") +
                                      line("at: 0.1 s, uart: \"?adc 4 9999\\r?what\\r\"") +
                                      line("at: 0.15 s, uart: \"?aux 6 1\\r?cause 0 1\\r?pin 7 1\\r?pin 1 1\\r\""));
  const std::string said = r.said();
  EXPECT_EQ(said.find("probe 1\r\nTHE QUICK BROWN FOXadc 4 reads "), 0u) << said;
  EXPECT_NE(said.find(", ought to be 9999: off by -"), std::string::npos) << said;
  EXPECT_NE(said.find("what?\r\naux 6 reads 1, ought to be 1: ok\r\ncause 0 reads 1, ought to be 1: ok\r\npin 7 reads "
                      "1, ought to be 1: ok\r\n"
                      "pin 1 reads 0, ought to be 1: off by -1\r\n"),
            std::string::npos)
      << said;
  // 115200 baud are 11520 bytes a second: 19 bytes take 1.65 ms in either direction.
  for (const bool to_core : {true, false}) {
    std::size_t count = 0, first = 0, last = 0;
    for (std::size_t k = ticks_in(0.05); k < ticks_in(0.1); ++k) {
      const int now = to_core ? r.in[k].uart_count : r.out[k].uart_count;
      if (now == 0) continue;
      if (count == 0) first = k;
      last = k;
      count += static_cast<std::size_t>(now);
      EXPECT_LE(now, 1);
    }
    EXPECT_EQ(count, 19u) << to_core;
    EXPECT_NEAR(static_cast<double>(last - first) * 50e-6, 18 / 11520.0, 100e-6) << to_core;
    EXPECT_NEAR(static_cast<double>(first) * 50e-6, 0.05, 250e-6) << to_core;
  }
}

// --- memories

// Ticks from the command in PenOut to its result in PenIn.
std::size_t nvm_ticks(const Recorded& r, double from_s, int status) {
  std::size_t command = 0;
  for (std::size_t k = ticks_in(from_s); k < r.in.size(); ++k) {
    if (command == 0 && r.out[k].nvm_command != PEN_NVM_NONE) command = k;
    if (command != 0 && k > command) {
      if (r.in[k].nvm_status == status) return k - command;
      EXPECT_EQ(r.in[k].nvm_status, PEN_NVM_BUSY) << k;
    }
  }
  return 0;
}
// The data of the first DONE read after `from_s`.
std::string nvm_bytes(const Recorded& r, double from_s) {
  for (std::size_t k = ticks_in(from_s); k < r.in.size(); ++k)
    if (r.in[k].nvm_status == PEN_NVM_DONE)
      return std::string(reinterpret_cast<const char*>(r.in[k].nvm_data), r.in[k].nvm_length);
  return "nothing";
}

TEST(Memories, ThePensFlashWritesReadsErasesAndSurvivesAReset) {
  const Recorded r = run(
      "0.6 s", silent + line("at: 0.05 s, uart: \"!w 0 272 4 65\\r\"") + line("at: 0.10 s, uart: \"!r 0 271 6\\r\"") +
                   line("at: 0.15 s, reset: software") + line("at: 0.20 s, uart: \"!r 0 272 4\\r\"") +
                   line("at: 0.25 s, uart: \"!e 256\\r\"") + line("at: 0.35 s, uart: \"!r 0 272 4\\r\"") +
                   line("at: 0.40 s, uart: \"!w 0 250 16 0\\r\"") + line("at: 0.50 s, uart: \"!r 0 4090 16\\r\""));
  EXPECT_EQ(nvm_ticks(r, 0.05, PEN_NVM_DONE), 4u);  // 200 us
  EXPECT_EQ(nvm_bytes(r, 0.10),
            "\xff"
            "ABCD\xff");
  EXPECT_EQ(nvm_ticks(r, 0.10, PEN_NVM_DONE), 1u);
  EXPECT_EQ(nvm_bytes(r, 0.20), "ABCD");
  EXPECT_EQ(nvm_ticks(r, 0.25, PEN_NVM_DONE), 400u);  // 20 ms
  EXPECT_EQ(nvm_bytes(r, 0.35), "\xff\xff\xff\xff");
  EXPECT_GT(nvm_ticks(r, 0.40, PEN_NVM_ERROR), 0u);  // over the end of a page
  EXPECT_GT(nvm_ticks(r, 0.50, PEN_NVM_ERROR), 0u);  // over the end of the memory
  EXPECT_EQ(r["nvm.writes"].back(), 2.0f);
}

TEST(Memories, TheCartridgeHasItsOwnAndASerialNumber) {
  const Recorded r =
      run("0.5 s",
          silent + line("at: 0.05 s, uart: \"!w 1 8 3 97\\r\"") + line("at: 0.10 s, uart: \"!r 1 7 5\\r\"") +
              line("at: 0.15 s, uart: \"!s\\r\"") + line("at: 0.20 s, uart: \"!r 0 7 5\\r\"") +
              line("at: 0.25 s, set: cartridge.present, to: off") + line("at: 0.30 s, uart: \"!r 1 7 5\\r\"") +
              line("at: 0.35 s, uart: \"!s\\r\"") + line("at: 0.40 s, set: cartridge.present, to: on") +
              line("at: 0.45 s, uart: \"!r 1 8 3\\r\""),
          "cartridge: {serial: 1234567890123}\n");
  EXPECT_EQ(nvm_ticks(r, 0.05, PEN_NVM_DONE), 100u);  // 5 ms
  EXPECT_EQ(nvm_bytes(r, 0.10),
            "\xff"
            "abc\xff");
  const std::string serial = nvm_bytes(r, 0.15);
  ASSERT_EQ(serial.size(), 8u);
  std::uint64_t number = 0;
  for (int i = 8; i-- > 0;) number = number << 8 | static_cast<unsigned char>(serial[static_cast<std::size_t>(i)]);
  EXPECT_EQ(number, 1234567890123u);
  EXPECT_EQ(nvm_bytes(r, 0.20), "\xff\xff\xff\xff\xff");  // the pen's flash is another memory
  EXPECT_EQ(nvm_ticks(r, 0.30, PEN_NVM_ERROR), 1u);
  EXPECT_EQ(nvm_ticks(r, 0.35, PEN_NVM_ERROR), 1u);
  EXPECT_EQ(nvm_bytes(r, 0.45), "abc");
}

// --- resets

struct Reset {
  std::size_t down = 0, up = 0;  // first tick that the core does not see; first that it sees again
  int cause = 0;
};
std::vector<Reset> resets(const Recorded& r) {
  std::vector<Reset> all;
  for (std::size_t k = 1; k < r.in.size(); ++k) {
    if (r.in[k].reset_cause == 0 && r.in[k - 1].reset_cause != 0) all.push_back({k, 0, 0});
    if (r.in[k].reset_cause != 0 && r.in[k - 1].reset_cause == 0 && !all.empty()) {
      all.back().up = k;
      all.back().cause = r.in[k].reset_cause;
      EXPECT_EQ(r.out[k].aux[7], 0) << "the core begins anew";
      EXPECT_EQ(r["core.resets"][k], static_cast<float>(all.size()));
      EXPECT_EQ(r["core.reset_cause"][k], static_cast<float>(all.back().cause));
    }
  }
  for (const Reset& reset : all)
    for (std::size_t k = reset.down; k < reset.up; ++k) {
      const PenOut nothing{};
      EXPECT_EQ(std::memcmp(&r.out[k], &nothing, sizeof nothing), 0) << "outputs are in their pull state at " << k;
    }
  return all;
}

TEST(Resets, PowerOnIsTheFirst) {
  const Recorded r = run("0.1 s", silent);
  EXPECT_TRUE(resets(r).empty());
  EXPECT_EQ(r.in[first_tick - 1].reset_cause, 0);
  EXPECT_EQ(r.in[first_tick].reset_cause, PEN_RESET_POWER_ON);
  EXPECT_EQ(r.said().find("probe 1\r\n"), 0u);
}

TEST(Resets, ByPinAndBySoftware) {
  const Recorded r = run("0.3 s", silent + line("at: 0.1 s, reset: pin") + line("at: 0.2 s, uart: \"!reset\\r\""));
  const std::vector<Reset> all = resets(r);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].cause, PEN_RESET_PIN);
  EXPECT_EQ(all[0].down, ticks_in(0.1));
  EXPECT_EQ(all[0].up - all[0].down, 100u);
  EXPECT_EQ(all[1].cause, PEN_RESET_SOFTWARE);
  EXPECT_EQ(r.said(), "probe 1\r\nprobe 2\r\nprobe 5\r\n");
}

TEST(Resets, TheWatchdogBitesWhenItIsNotKicked) {
  // Started with 250 ms at the core's first tick, kicked every 5 ms until bit 30 is set, last at n = 1950.
  const Recorded r = run(
      "0.5 s", silent + line("at: 0 s, set: aux.7, to: -2147483648") + line("at: 0.1 s, set: aux.7, to: -1073741824"));
  const std::vector<Reset> all = resets(r);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].cause, PEN_RESET_WATCHDOG);
  const std::size_t last_kick = first_tick + 1850;
  EXPECT_EQ(r.out[last_kick].watchdog, PEN_WATCHDOG_KICK);
  EXPECT_EQ(all[0].down, last_kick + 5000 + 1);  // the tick of the bite itself is the core's last
  const Recorded kicked = run("0.5 s", silent + line("at: 0 s, set: aux.7, to: -2147483648"));
  EXPECT_TRUE(resets(kicked).empty());
  const Recorded never = run("0.5 s", silent + line("at: 0 s, set: aux.7, to: 1073741824"));
  EXPECT_TRUE(resets(never).empty());
}

TEST(Resets, BrownOutByABadContactUnderLoad) {
  const Recorded r = run("0.4 s", silent + line("at: 0.1 s, fault: bridge.stuck_on, to: 1, for: 0.1 s") +
                                      line("at: 0.1 s, fault: supply.contact, to: 0.8 ohm, for: 0.15 s"));
  const std::vector<Reset> all = resets(r);
  ASSERT_GE(all.size(), 1u);
  for (const Reset& reset : all) {
    EXPECT_EQ(reset.cause, PEN_RESET_BROWN_OUT);
    EXPECT_LT(r["adc.supply"][reset.down], 2.5 * counts_per_V / 2 + 5);
    EXPECT_GT(r["adc.supply"][reset.down], 2.0 * counts_per_V / 2);
    EXPECT_GT(r["adc.supply"][reset.up - 100], 2.6 * counts_per_V / 2 - 5);
  }
  EXPECT_NE(r.said().find("probe 3\r\n"), std::string::npos);
}

TEST(Resets, PowerLossEndsInAPowerOn) {
  const Recorded r =
      run("0.4 s",
          silent + line("at: 0.05 s, uart: \"!w 0 0 4 65\\r\"") + line("at: 0.1 s, fault: supply.cut, for: 0.1 s") +
              line("at: 0.3 s, uart: \"!r 0 0 4\\r\""),
          "pen: {clock_start: 4294.9 s}\n");
  const std::vector<Reset> all = resets(r);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].cause, PEN_RESET_POWER_ON);
  // below 2 V the electronics draw nothing more
  EXPECT_LT(r["adc.supply"][ticks_in(0.2) - 1], 2.0 * counts_per_V / 2 + 5);
  EXPECT_GE(all[0].up, ticks_in(0.2) + 100);
  EXPECT_EQ(r.in[first_tick].time_us, 4294900000u);
  EXPECT_EQ(r.in[all[0].up].time_us, 0u) << "the clock starts anew";
  EXPECT_EQ(nvm_bytes(r, 0.3), "ABCD");
}

// --- outputs

TEST(Outputs, PinsAndDutyAreRecordedAsDriven) {
  const Recorded r = run("0.2 s", "");
  const char* const pins[] = {"pin.enable", "pin.led_ready", "pin.led_alarm", "pin.led_contact", "pin.buzzer"};
  for (std::size_t k = first_tick; k < r.in.size(); ++k) {
    const std::size_t n = k - first_tick;
    for (std::size_t i = 0; i < 5; ++i)
      ASSERT_EQ(r[pins[i]][k], static_cast<float>(n / 20 >> i & 1)) << pins[i] << " " << k;
    const double q15 = std::min(32767.0, static_cast<double>(n % 512) * 128 - 32768 + 128);
    ASSERT_FLOAT_EQ(r["core.pwm_duty"][k], static_cast<float>(q15 / 32767)) << k;
    ASSERT_EQ(r.out[k].bridge_mode, n / 200 % 3) << k;
  }
  for (std::size_t k = 0; k < first_tick; ++k) {
    for (const char* pin : pins) EXPECT_EQ(r[pin][k], 0.0f);
    EXPECT_EQ(r["core.pwm_duty"][k], 0.0f);
  }
}

TEST(Outputs, TheBridgeDrivesBrakesAndCoastsTwoRowsAfterTheCommand) {
  // PenOut of tick k acts on the way from k + 1 to k + 2.
  const Recorded r = run("1 s", "");
  std::size_t drives = 0, brakes = 0, off = 0;
  double torque_agrees = 0, torque_counts = 0;
  for (std::size_t k = first_tick + 8; k + 2 < r.in.size(); ++k) {
    const auto enabled = [&](std::size_t at) { return (r.out[at].pins & 1 << PEN_OUT_ENABLE) != 0; };
    bool steady = true;  // for 0.4 ms the same
    for (std::size_t i = k - 8; i < k; ++i)
      steady = steady && enabled(i) == enabled(k) && r.out[i].bridge_mode == r.out[k].bridge_mode;
    if (!steady) continue;
    const double volt = r["motor.voltage"][k + 2], ampere = r["motor.current"][k + 2], duty = r["core.pwm_duty"][k];
    const double rail = r["adc.supply"][k + 2] / counts_per_V * 2;
    if (!enabled(k) || r.out[k].bridge_mode == PEN_BRIDGE_OFF) {
      ++off;
      EXPECT_LT(std::abs(ampere), 2e-3) << k;
    } else if (r.out[k].bridge_mode == PEN_BRIDGE_DRIVE) {
      if (std::abs(duty) > 0.6) continue;  // up to the trip at 3 A
      ++drives;
      EXPECT_NEAR(volt, duty * rail - 0.33 * ampere, 0.15) << k;  // switches and shunt
      if (std::abs(duty) > 0.4) {
        EXPECT_GT(ampere * duty, 0) << k;
        torque_counts += 1;
        torque_agrees += (r["motor.speed"][k + 2] - r["motor.speed"][k]) * duty > 0 ? 1 : 0;
      }
    } else {
      ++brakes;
      EXPECT_NEAR(volt, -0.33 * ampere, 0.05) << k;
    }
  }
  EXPECT_GT(drives, 500u);
  EXPECT_GT(brakes, 500u);
  EXPECT_GT(off, 5000u);
  EXPECT_GT(torque_agrees / torque_counts, 0.8) << "a positive duty turns forwards";
}

TEST(Outputs, BrakingOpposesTheRotorAndOffLetsItCoast) {
  const Recorded r = run("0.6 s", line("at: 0.1 s, fault: bridge.stuck_on, to: 0.8, for: 0.2 s"));
  const std::size_t end = ticks_in(0.3) + 4;
  EXPECT_GT(r["motor.speed"][end], 80.0f);
  std::size_t brakes = 0;
  for (std::size_t k = end + 8; k + 2 < r.in.size(); ++k) {
    const bool braked = r.out[k].bridge_mode == PEN_BRIDGE_BRAKE && r.out[k - 4].bridge_mode == PEN_BRIDGE_BRAKE &&
                        (r.out[k].pins & r.out[k - 4].pins & 1 << PEN_OUT_ENABLE) != 0;
    if (!braked || r["motor.speed"][k] < 20.0f) continue;
    ++brakes;
    EXPECT_LT(r["motor.current"][k + 2], 0.0f) << k;
  }
  EXPECT_GT(brakes, 10u);
}

TEST(Outputs, StepsMoveTheScrew) {
  // +3 at n = 100, -3 at n = 300, ...: 12.5 um a half step at 600 a second, 35 um of backlash on the way back.
  const Recorded r = run("0.15 s", "");
  const std::vector<float>& screw = r["screw.position"];
  const double start = screw[0];
  const std::size_t plus = first_tick + 100, minus = first_tick + 300;
  EXPECT_EQ(r.out[plus].stepper_steps, 3);
  EXPECT_EQ(r.out[minus].stepper_steps, -3);
  for (std::size_t k = 0; k < plus + 2; ++k) ASSERT_FLOAT_EQ(screw[k], static_cast<float>(start)) << k;
  EXPECT_NEAR(screw[plus + 2], start + 12.5e-6, 1e-9);
  EXPECT_NEAR(screw[plus + 120], start + 37.5e-6, 1e-9);
  EXPECT_NEAR(screw[minus + 1], start + 37.5e-6, 1e-9);
  EXPECT_NEAR(screw[minus + 120], start + 35e-6, 1e-9);
  EXPECT_NEAR(screw[plus + 400 + 120], start + 37.5e-6, 1e-9);
}

// --- faults

// What a fault does between 0.2 s and 0.3 s, against the same run without it.
struct FaultCase {
  std::string to;                    // magnitude, "" for the table's
  std::vector<std::string> changes;  // signals that differ while it is on
  std::vector<std::string> stays;    // signals that do not, over the whole run; {"truth"}: every truth there is
  std::function<void(const Recorded&, const Recorded&)> check;  // with the fault, without
  std::string lines, sections;                                  // of both runs
};

constexpr std::size_t fault_from = 4000, fault_to = 6000;

std::function<void(const Recorded&, const Recorded&)> reads(const std::string& signal, float value) {
  return [=](const Recorded& r, const Recorded&) {
    for (std::size_t k = fault_from; k < fault_to; ++k) ASSERT_EQ(r[signal][k], value) << signal << " " << k;
  };
}
std::function<void(const Recorded&, const Recorded&)> shifted(const std::string& signal, double counts) {
  return [=](const Recorded& r, const Recorded& base) {
    for (std::size_t k = fault_from; k < fault_to; ++k)
      ASSERT_NEAR(r[signal][k], std::min(4095.0, std::max(0.0, base[signal][k] + counts)), 0.51) << signal << " " << k;
  };
}
double mean_between(const Recorded& r, const std::string& name) { return mean_of(r, name, 0.25, 0.3); }
std::function<void(const Recorded&, const Recorded&)> lower(const std::string& signal, double by_at_least) {
  return [=](const Recorded& r, const Recorded& base) {
    EXPECT_LT(mean_between(r, signal), mean_between(base, signal) - by_at_least) << signal;
  };
}

// A pen that runs on skin, whatever the probe drives.
const std::string running =
    line("at: 0 s, fault: bridge.stuck_on, to: 0.5") + line("at: 0.02 s, set: operator.contact, to: on");
const std::string running_in_air = line("at: 0 s, fault: bridge.stuck_on, to: 0.5");

const std::map<std::string, FaultCase>& fault_cases() {
  const std::vector<std::string> truth = {"truth"};
  const std::vector<std::string> set = {"user.depth", "user.rate", "user.start", "screw.position", "core.pwm_duty"};
  const std::vector<std::string> dials = {"user.depth", "user.rate", "user.start"};
  static const std::map<std::string, FaultCase> cases = {
      {"hall.dropout", {"", {"pin.hall"}, truth, reads("pin.hall", 0), running, ""}},
      {"hall.extra_edges",
       {"2",
        {},
        truth,
        [](const Recorded& r, const Recorded& base) {
          std::size_t rising = 0, spurious = 0;
          for (std::size_t k = fault_from; k < fault_to; ++k) {
            for (int i = 0; i < base.in[k].edge_count; ++i)
              rising += base.in[k].edges[i].line == PEN_LINE_HALL && base.in[k].edges[i].level == 1;
            spurious += static_cast<std::size_t>(r.in[k].edge_count - base.in[k].edge_count);
          }
          EXPECT_GT(rising, 3u);
          EXPECT_EQ(spurious, rising * 4);  // two pulses are four edges
          // up and down in turn
          EXPECT_GT(edges_of(r).at(PEN_LINE_HALL).size(), edges_of(base).at(PEN_LINE_HALL).size());
        },
        running,
        ""}},
      {"start.stuck", {"1", {"pin.start"}, truth, reads("pin.start", 1), running, ""}},
      {"home.stuck", {"1", {"pin.home"}, truth, reads("pin.home", 1), running, ""}},
      {"motor_current.offset",
       {"0.1 A", {"adc.motor_current"}, truth, shifted("adc.motor_current", 124.09), running, ""}},
      {"motor_current.stuck", {"1234", {"adc.motor_current"}, truth, reads("adc.motor_current", 1234), running, ""}},
      {"battery_sense.offset", {"-0.3 V", {"adc.battery"}, truth, shifted("adc.battery", -186.14), running, ""}},
      {"ntc_motor.open", {"", {"adc.ntc_motor"}, truth, reads("adc.ntc_motor", 4095), running, ""}},
      {"ntc_motor.short", {"", {"adc.ntc_motor"}, truth, reads("adc.ntc_motor", 0), running, ""}},
      {"ntc_housing.open", {"", {"adc.ntc_housing"}, truth, reads("adc.ntc_housing", 4095), running, ""}},
      {"ntc_housing.short", {"", {"adc.ntc_housing"}, truth, reads("adc.ntc_housing", 0), running, ""}},
      {"nose_force.stuck", {"1000", {"adc.nose_force"}, truth, reads("adc.nose_force", 1000), running, ""}},
      {"depth_dial.open", {"", {"adc.depth_dial"}, truth, reads("adc.depth_dial", 4095), running, ""}},
      {"rate_dial.open", {"", {"adc.rate_dial"}, truth, reads("adc.rate_dial", 4095), running, ""}},
      {"cartridge_id.wrong", {"200", {"adc.cartridge_id"}, truth, reads("adc.cartridge_id", 200), running, ""}},
      {"nvm.fail",
       {"",
        {"nvm.writes"},
        truth,
        [](const Recorded& r, const Recorded& base) {
          EXPECT_EQ(base["nvm.writes"].back(), 3.0f);
          EXPECT_EQ(r["nvm.writes"].back(), 2.0f);  // the cartridge's memory is another one, and later ones succeed
                                                    // again
          EXPECT_NE(r.said().find("nvm error"), std::string::npos);
          EXPECT_EQ(base.said().find("nvm error"), std::string::npos);
        },
        running + line("at: 0.21 s, uart: \"!w 0 0 4 65\\r\"") + line("at: 0.25 s, uart: \"!w 1 0 4 65\\r\"") +
            line("at: 0.31 s, uart: \"!w 0 0 4 65\\r\""),
        ""}},
      {"plate.obstruction",
       {"-1 mm",
        {"needle.extension"},
        set,
        [](const Recorded& r, const Recorded& base) {
          float highest = -1, base_highest = -1;
          for (std::size_t k = ticks_in(0.22); k < fault_to; ++k) {
            highest = std::max(highest, r["needle.extension"][k]);
            base_highest = std::max(base_highest, base["needle.extension"][k]);
          }
          EXPECT_GT(base_highest, 0.2e-3f);
          EXPECT_LT(highest, -0.8e-3f);  // it gives a little
        },
        running_in_air,
        ""}},
      {"drivetrain.friction", {"", {"motor.speed"}, set, lower("motor.speed", 5.0), running_in_air, ""}},
      {"spring.weak", {"0", {"motor.speed", "motor.current"}, set, nullptr, running_in_air, ""}},
      {"screw.jam",
       {"",
        {"screw.position"},
        {"motor.speed", "motor.current", "battery.voltage", "user.depth", "core.pwm_duty"},
        [](const Recorded& r, const Recorded&) {
          for (std::size_t k = fault_from + 1; k < fault_to; ++k)
            ASSERT_EQ(r["screw.position"][k], r["screw.position"][fault_from]) << k;
        },
        running_in_air,
        ""}},
      {"screw.lost_steps",
       {"1",
        {"screw.position"},
        {"motor.speed", "motor.current", "battery.voltage", "user.depth", "core.pwm_duty"},
        [](const Recorded& r, const Recorded&) {
          for (std::size_t k = fault_from + 1; k < fault_to; ++k)
            ASSERT_EQ(r["screw.position"][k], r["screw.position"][fault_from]) << k;
        },
        running_in_air,
        ""}},
      {"motor.brush_wear", {"3", {"motor.speed", "motor.current"}, set, lower("motor.speed", 2.0), running_in_air, ""}},
      {"battery.aged",
       {"10", {"battery.voltage", "motor.speed"}, set, lower("battery.voltage", 0.02), running_in_air, ""}},
      {"supply.contact", {"1 ohm", {"adc.supply", "motor.speed"}, set, lower("adc.supply", 20.0), running_in_air, ""}},
      {"supply.cut",
       {"",
        {"adc.supply", "motor.speed", "core.reset_cause"},
        dials,
        [](const Recorded& r, const Recorded&) {
          EXPECT_LT(mean_between(r, "adc.supply"), 2.0 * counts_per_V / 2 + 1);
          EXPECT_EQ(r["core.reset_cause"].back(), static_cast<float>(PEN_RESET_POWER_ON));
          EXPECT_EQ(r["core.resets"].back(), 1.0f);
          EXPECT_GT(mean_between(r, "battery.voltage"), 3.5);  // the cell itself is well
        },
        running_in_air,
        ""}},
      {"bridge.stuck_on",
       {"0.5",
        {"motor.speed", "motor.current", "motor.voltage"},
        set,
        [](const Recorded& r, const Recorded&) {
          for (std::size_t k = fault_from + 4; k < fault_to; ++k)
            ASSERT_NEAR(r["motor.voltage"][k],
                        0.5 * r["adc.supply"][k] / counts_per_V * 2 - 0.33 * r["motor.current"][k], 0.15)
                << k;
        },
        silent,
        ""}},
  };
  return cases;
}

TEST(Faults, EachActsOnWhatItSaysAndLeavesTheTruth) {
  std::size_t seen = 0;
  for (const FaultKind& kind : fault_kinds) {
    SCOPED_TRACE(kind.name);
    const auto found = fault_cases().find(kind.name);
    ASSERT_NE(found, fault_cases().end()) << kind.name << ": add what it changes";
    ++seen;
    const FaultCase& c = found->second;
    const Recorded base = run("0.4 s", c.lines, c.sections);
    const Recorded r = run("0.4 s",
                           c.lines + line(std::string("at: 0.2 s, fault: ") + kind.name +
                                          (c.to.empty() ? "" : ", to: " + c.to) + ", for: 0.1 s"),
                           c.sections);

    // It begins and ends at its ticks, and says so.
    const std::vector<float>& active = r[std::string("fault.") + kind.name];
    for (std::size_t k = 0; k < r.in.size(); ++k)
      ASSERT_EQ(active[k], k >= fault_from && k < fault_to ? 1.0f : 0.0f) << k;
    // Nothing differs before.
    ASSERT_EQ(std::memcmp(r.in.data(), base.in.data(), fault_from * sizeof(PenIn)), 0);
    ASSERT_EQ(std::memcmp(r.out.data(), base.out.data(), fault_from * sizeof(PenOut)), 0);

    for (const std::string& name : c.changes) {
      std::size_t different = 0;
      for (std::size_t k = fault_from; k < fault_to; ++k) different += r[name][k] != base[name][k];
      EXPECT_GT(different, 0u) << name;
    }
    std::vector<std::string> stays = c.stays;
    const bool all_truth = stays == std::vector<std::string>{"truth"};
    if (all_truth) {
      stays.clear();
      for (const SignalInfo& s : base.recording.signals())
        if (s.kind == SignalKind::truth || s.name.rfind("user.", 0) == 0) stays.push_back(s.name);
      EXPECT_GT(stays.size(), 30u);
      // Sensor faults touch their channel or line only, and leave no trace.
      for (const SignalInfo& s : base.recording.signals())
        if ((s.name.rfind("adc.", 0) == 0 || s.name.rfind("pin.", 0) == 0) &&
            std::find(c.changes.begin(), c.changes.end(), s.name) == c.changes.end())
          stays.push_back(s.name);
      for (const std::string& name : c.changes)
        if (name != "nvm.writes") {
          for (std::size_t k = fault_to + 1; k < r.in.size(); ++k)
            ASSERT_EQ(r[name][k], base[name][k]) << name << " after the fault, " << k;
        }
    }
    for (const std::string& name : stays) EXPECT_EQ(r[name], base[name]) << name;
    if (c.check) c.check(r, base);
  }
  EXPECT_EQ(seen, fault_cases().size());
}

TEST(Faults, MoreEdgesThanFitAreFlagged) {
  // Four spurious pulses behind a true edge are nine edges in a tick, unless the pulse ends in the next.
  const Recorded r = run("0.4 s", silent + line("at: 0 s, fault: bridge.stuck_on, to: 0.5") +
                                      line("at: 0.2 s, fault: hall.extra_edges, to: 4"));
  std::size_t flagged = 0;
  for (std::size_t k = first_tick; k < r.in.size(); ++k) {
    if (r.in[k].edge_overflow == 0) continue;
    ++flagged;
    EXPECT_GE(k, ticks_in(0.2));
    EXPECT_EQ(r.in[k].edge_count, PEN_EDGES) << "the first ones are kept";
  }
  EXPECT_GT(flagged, 5u);
  std::int32_t counted = 0;
  for (std::size_t k = first_tick; k < r.in.size(); ++k)
    if (r.out[k].aux[0] == 2) counted = r.out[k].aux[6];
  EXPECT_NEAR(counted, static_cast<double>(flagged), 1.0);
}

TEST(Faults, ALineThatAFaultMovesHasAnEdge) {
  const Recorded r = run("0.3 s", silent + line("at: 0.1 s, fault: start.stuck, to: 1, for: 0.1 s") +
                                      line("at: 0.15 s, fault: home.stuck, to: 1, for: 0.1 s"));
  const std::map<int, std::vector<Edge>> edges = edges_of(r);
  ASSERT_EQ(edges.size(), 2u);
  ASSERT_EQ(edges.at(PEN_LINE_START).size(), 2u);
  EXPECT_EQ(edges.at(PEN_LINE_START)[0].tick, ticks_in(0.1));
  EXPECT_EQ(edges.at(PEN_LINE_START)[1].tick, ticks_in(0.2));
  ASSERT_EQ(edges.at(PEN_LINE_HOME).size(), 2u);
  EXPECT_EQ(edges.at(PEN_LINE_HOME)[0].tick, ticks_in(0.15));
  EXPECT_EQ(edges.at(PEN_LINE_HOME)[1].tick, ticks_in(0.25));
}

TEST(Commands, TypedBytesAreRecordedWhole) {
  const std::string filler(1000, 'x');
  const Recorded r = run("0.05 s", line("at: 10 ms, uart: \"a\\0\\xff\\\\\\n" + filler + "z\""));
  ASSERT_EQ(r.recording.commands().size(), 1u);
  // \xff of YAML is a character, and two bytes.
  EXPECT_EQ(r.recording.commands()[0].text, "uart a\\x00\\xc3\\xbf\\\\\\n" + filler + "z");
}

}  // namespace
}  // namespace pensim
