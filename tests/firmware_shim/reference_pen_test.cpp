// The reference firmware on a scripted bench: a motor of first order, a screw with backlash, memories, and PenIn/PenOut
// between them.
// What the firmware did is read where a service technician would read it: pins, bridge, the event log in flash, the
// console.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "firmware_shim/native/native_target.h"

extern "C" {
#include "firmware_shim/cores/reference_pen/events.h"
#include "firmware_shim/cores/reference_pen/pen.h"
#include "firmware_shim/cores/reference_pen/safety.h"
}

namespace {

using pensim::NativeTarget;

constexpr double tick_s = 50e-6;
constexpr double pi = 3.14159265358979323846;

std::uint16_t counts(double value) { return static_cast<std::uint16_t>(std::clamp(std::lround(value), 0L, 4095L)); }
std::uint16_t ntc_counts(double celsius) {
  return counts(4095.0 / (1.0 + std::exp(-3950.0 * (1.0 / (celsius + 273.15) - 1.0 / 298.15))));
}

struct Record {
  unsigned sequence, time_ms, boot, code, state;
  int argument;
};

class Bench {
 public:
  // What the hand and the world do.
  double set_mm = 1.0, set_Hz = 120.0, nose_N = 0.0, cell_V = 3.8, cell_ohm = 0.15, grip_C = 25.0, motor_C = 25.0;
  int cartridge_counts = 1117;
  bool start = false, plus = false, minus = false, mode = false, confirm = false, cartridge = true, charger = false;
  // Faults.
  bool blocked = false, hall_dead = false, screw_jammed = false, memory_fails = false, drives_always = false;
  int extra_edge_us = 0;  // a spurious edge so long after each true one
  int current_counts = -1, home_level = -1, depth_dial_counts = -1;
  double current_offset_A = 0.0, lost_step_share = 0.0, start_bounce_ms = 0.0;
  double load_Nm = 0.0;
  // The mechanism.
  double speed_Hz = 0.0, turns = 0.3, current_A = 0.0, screw_mm = 0.0, screw_motor_mm = 0.0, backlash_mm = 0.035;
  std::array<std::uint8_t, PEN_NVM_PEN_BYTES> flash{};
  std::array<std::uint8_t, PEN_NVM_CARTRIDGE_BYTES> eeprom{};
  // What was seen.
  PenIn in{};
  PenOut out{};
  std::int64_t tick = 0;
  std::uint64_t writes = 0;
  std::vector<std::int64_t> kicks;
  int watchdog_timeout_ms = 0;
  std::string uart;
  std::uint32_t clock_us;

  explicit Bench(std::uint32_t clock_start_us = 0) : clock_us(clock_start_us) {
    target_ = pensim::open_native(std::string(PENSIM_CORES) + "/reference_pen.so");
    flash.fill(0xFF);
    eeprom.fill(0xFF);
    reset(PEN_RESET_POWER_ON);
  }

  void reset(std::uint8_t cause) {
    target_->reset(cause);
    cause_ = cause;
    out = PenOut{};
    operation_ = PenOut{};
    left_ = 0;
    watchdog_timeout_ms = 0;
    kicks.clear();
  }

  double now_s() const { return static_cast<double>(tick) * tick_s; }

  void step() {
    sense();
    PenOut next = out;
    next.watchdog = next.nvm_command = next.nvm_bank = next.nvm_length = next.uart_count = 0;
    next.stepper_steps = 0;
    next.watchdog_timeout_ms = next.nvm_address = 0;
    std::memset(next.uart, 0, sizeof next.uart);
    std::memset(next.nvm_data, 0, sizeof next.nvm_data);
    target_->step(tick, in, next);
    move(out);
    out = next;
    if (out.watchdog & PEN_WATCHDOG_START) watchdog_timeout_ms = out.watchdog_timeout_ms, kicks.push_back(tick);
    if (out.watchdog & PEN_WATCHDOG_KICK) kicks.push_back(tick);
    uart.append(reinterpret_cast<const char*>(out.uart), out.uart_count);
    ++tick;
    clock_us += 50;
  }

  void run(double seconds, const std::function<void()>& each = {}) {
    for (std::int64_t n = std::llround(seconds / tick_s); n > 0; --n) {
      step();
      if (each) each();
    }
  }

  // Seconds until `condition` holds, or -1.
  double until(double seconds, const std::function<bool()>& condition) {
    const double begin = now_s();
    for (std::int64_t n = std::llround(seconds / tick_s); n > 0; --n) {
      step();
      if (condition()) return now_s() - begin;
    }
    return -1.0;
  }

  void boot() {
    ASSERT_GT(until(1.0, [&] { return ready(); }), 0.0) << answer("status");
  }
  void boot_and_start(double settle_s = 0.6) {
    boot();
    run(0.05);
    start = true;
    run(settle_s);
    ASSERT_TRUE(driven()) << answer("status");
  }

  bool pin(int which) const { return (out.pins >> which & 1) != 0; }
  bool driven() const { return out.bridge_mode == PEN_BRIDGE_DRIVE && pin(PEN_OUT_ENABLE) && out.duty_q15 != 0; }
  bool braked() const { return out.bridge_mode == PEN_BRIDGE_BRAKE && pin(PEN_OUT_ENABLE); }
  bool ready() const { return pin(PEN_OUT_LED_READY); }

  std::vector<Record> log() const {
    std::vector<Record> records;
    for (std::size_t at = EVENT_FIRST_PAGE * PEN_NVM_PAGE_BYTES; at < flash.size(); at += EVENT_RECORD_BYTES) {
      const std::uint8_t* b = &flash[at];
      if (std::all_of(b, b + 16, [](int byte) { return byte == 0xFF; })) continue;
      std::uint32_t crc = 0xFFFF;
      for (int i = 0; i < 14; ++i) {
        crc ^= static_cast<std::uint32_t>(b[i]) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1 & 0xFFFF;
      }
      if (crc != static_cast<std::uint32_t>(b[14] | b[15] << 8)) continue;
      const auto u32 = [&](int i) {
        return b[i] | b[i + 1] << 8u | b[i + 2] << 16u | static_cast<unsigned>(b[i + 3]) << 24u;
      };
      records.push_back({u32(0), u32(4), static_cast<unsigned>(b[8] | b[9] << 8), b[10], b[11],
                         static_cast<std::int16_t>(b[12] | b[13] << 8)});
    }
    std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) { return a.sequence < b.sequence; });
    return records;
  }
  int count(event_code code) const {
    const std::vector<Record> records = log();
    return static_cast<int>(
        std::count_if(records.begin(), records.end(), [&](const Record& r) { return r.code == code; }));
  }
  int last_argument(event_code code) const {
    int argument = -1;
    for (const Record& r : log())
      if (r.code == code) argument = r.argument;
    return argument;
  }

  void type(const std::string& text) { typed_.insert(typed_.end(), text.begin(), text.end()); }
  std::string answer(const std::string& command) {
    uart.clear();
    type(command + "\r");
    run(0.2);
    return uart;
  }
  void press_mode_confirm() {
    mode = true, run(0.06), mode = false, run(0.06);
    confirm = true, run(0.06), confirm = false, run(0.06);
  }
  double extension_mm() const { return 1.75 * (1.0 - std::cos(2.0 * pi * turns)) - 3.5 + screw_mm; }

 private:
  std::unique_ptr<NativeTarget> target_;
  std::uint8_t cause_ = PEN_RESET_POWER_ON;
  PenOut operation_{};
  int left_ = 0;
  std::deque<char> typed_;
  double uart_credit_ = 0.0, screw_queue_ = 0.0, screw_credit_ = 0.0;
  std::uint32_t lost_phase_ = 0;
  std::vector<PenEdge> edges_;
  bool start_before_ = false;

  bool home() const { return home_level >= 0 ? home_level == 1 : screw_mm <= 0.0; }

  void sense() {
    in = PenIn{};
    in.time_us = clock_us;
    in.reset_cause = cause_;
    const double rail_V = cell_V - cell_ohm * std::max(0.0, current_A) * std::abs(out.duty_q15) / 32767.0;
    in.adc[PEN_ADC_MOTOR_CURRENT] = current_counts >= 0 ? static_cast<std::uint16_t>(current_counts)
                                                        : counts((current_A + current_offset_A) / 0.805861e-3);
    in.adc[PEN_ADC_BATTERY] = in.adc[PEN_ADC_SUPPLY] = counts(rail_V / 1.61172e-3);
    in.adc[PEN_ADC_NTC_MOTOR] = motor_C < -100 ? 4095 : ntc_counts(motor_C);
    in.adc[PEN_ADC_NTC_HOUSING] = grip_C < -100 ? 4095 : ntc_counts(grip_C);
    in.adc[PEN_ADC_NOSE_FORCE] = counts((0.3 + 0.3 * nose_N) / 3.3 * 4095.0);
    in.adc[PEN_ADC_CARTRIDGE_ID] = cartridge ? static_cast<std::uint16_t>(cartridge_counts) : 4095;
    in.adc[PEN_ADC_DEPTH_DIAL] = depth_dial_counts >= 0 ? static_cast<std::uint16_t>(depth_dial_counts)
                                                        : counts((0.05 + 0.9 * (set_mm - 0.2) / 2.8) * 4095.0);
    in.adc[PEN_ADC_RATE_DIAL] = counts((0.05 + 0.9 * (set_Hz - 60.0) / 140.0) * 4095.0);
    const bool levels[PEN_LINE_COUNT] = {false, start, plus, minus, mode, confirm, home(), cartridge, charger};
    for (int i = 0; i < PEN_LINE_COUNT; ++i) in.pins = static_cast<std::uint16_t>(in.pins | levels[i] << i);
    if (start != start_before_) edges_.push_back({clock_us, PEN_LINE_START, static_cast<std::uint8_t>(start), 0});
    start_before_ = start;
    for (const PenEdge& edge : edges_)
      if (in.edge_count < PEN_EDGES) in.edges[in.edge_count++] = edge;
    edges_.clear();
    uart_credit_ = std::min(8.0, uart_credit_ + 11520.0 * tick_s);
    while (uart_credit_ >= 1.0 && !typed_.empty()) {
      in.uart[in.uart_count++] = static_cast<std::uint8_t>(typed_.front());
      typed_.pop_front();
      uart_credit_ -= 1.0;
    }
    memory();
  }

  void memory() {
    in.nvm_status = operation_.nvm_command == PEN_NVM_NONE ? PEN_NVM_IDLE : PEN_NVM_BUSY;
    if (out.nvm_command != PEN_NVM_NONE) {
      EXPECT_EQ(operation_.nvm_command, PEN_NVM_NONE) << "a command while the memory was busy";
      operation_ = out;
      left_ = out.nvm_command == PEN_NVM_ERASE ? 400 : out.nvm_command == PEN_NVM_WRITE ? (out.nvm_bank ? 100 : 4) : 1;
      in.nvm_status = PEN_NVM_BUSY;
    }
    if (operation_.nvm_command == PEN_NVM_NONE || --left_ > 0) return;
    const PenOut o = operation_;
    operation_ = PenOut{};
    const bool changes = o.nvm_command == PEN_NVM_WRITE || o.nvm_command == PEN_NVM_ERASE;
    if ((o.nvm_bank == PEN_NVM_BANK_CARTRIDGE && !cartridge) || (changes && memory_fails)) {
      in.nvm_status = PEN_NVM_ERROR;
      return;
    }
    in.nvm_status = PEN_NVM_DONE;
    if (changes) ++writes;
    std::uint8_t* bytes = o.nvm_bank == PEN_NVM_BANK_PEN ? flash.data() : eeprom.data();
    if (o.nvm_command == PEN_NVM_ERASE) std::memset(bytes + o.nvm_address / 256 * 256, 0xFF, 256);
    for (int i = 0; i < o.nvm_length; ++i) {
      if (o.nvm_command == PEN_NVM_READ) in.nvm_data[i] = bytes[o.nvm_address + i];
      if (o.nvm_command == PEN_NVM_WRITE) {
        const int was = o.nvm_bank == PEN_NVM_BANK_PEN ? bytes[o.nvm_address + i] : 0xFF;
        bytes[o.nvm_address + i] = static_cast<std::uint8_t>(was & o.nvm_data[i]);
      }
    }
    in.nvm_length = o.nvm_command == PEN_NVM_READ ? o.nvm_length : 0;
  }

  void move(const PenOut& drive) {
    const bool enabled = (drive.pins >> PEN_OUT_ENABLE & 1) != 0;
    const bool closed = drives_always || (enabled && drive.bridge_mode != PEN_BRIDGE_OFF);
    const double duty = drives_always ? 0.7 : drive.bridge_mode == PEN_BRIDGE_DRIVE ? drive.duty_q15 / 32767.0 : 0.0;
    const double k = 3.25e-3, ohm = 1.38, inertia = 1e-7;
    double omega = 2.0 * pi * speed_Hz;
    current_A = closed ? (duty * cell_V - k * omega) / (ohm + cell_ohm * duty) : 0.0;
    const double torque = k * current_A, friction = 0.57e-3 + load_Nm;
    if (blocked) {
      omega = 0.0;
    } else if (omega == 0.0 && std::abs(torque) <= friction) {
      omega = 0.0;
    } else {
      const double before = omega;
      omega += tick_s * (torque - std::copysign(friction, omega != 0.0 ? omega : torque)) / inertia;
      if (before > 0.0 && omega < 0.0) omega = 0.0;
    }
    speed_Hz = omega / (2.0 * pi);
    const double turns_before = turns;
    turns += speed_Hz * tick_s;
    if (std::floor(turns) > std::floor(turns_before) && !hall_dead) {
      const double share = (std::floor(turns) - turns_before) / (turns - turns_before);
      edge(static_cast<int>(share * 50.0));
      if (extra_edge_us > 0) extra_left_ = extra_edge_us / 50;
    }
    if (extra_left_ > 0 && --extra_left_ == 0) edge(20);
    move_screw(drive.stepper_steps);
  }
  int extra_left_ = 0;

  void edge(int within_us) {
    edges_.push_back({clock_us + static_cast<std::uint32_t>(std::clamp(within_us, 1, 50)), PEN_LINE_HALL, 1, 0});
  }

  void move_screw(int half_steps) {
    screw_queue_ += half_steps;
    screw_credit_ = std::min(1.0, screw_credit_ + 600.0 * tick_s);
    if (screw_queue_ == 0.0 || screw_credit_ < 1.0) return;
    screw_credit_ -= 1.0;
    const double direction = screw_queue_ > 0 ? 1.0 : -1.0;
    screw_queue_ -= direction;
    lost_phase_ += static_cast<std::uint32_t>(1000.0 * lost_step_share);
    if (lost_phase_ >= 1000) {
      lost_phase_ -= 1000;
      return;
    }
    if (screw_jammed) return;
    screw_motor_mm = std::max(screw_motor_mm + direction * 0.0125, -0.2);
    // extending drags the nut at the low end
    screw_mm = std::clamp(screw_mm, screw_motor_mm - backlash_mm, screw_motor_mm);
  }
};

// Reads the stroke rate off the truth, as a mean over the last `seconds`.
double mean_rate(Bench& bench, double seconds) {
  const double turns = bench.turns, begin = bench.now_s();
  bench.run(seconds);
  return (bench.turns - turns) / (bench.now_s() - begin);
}

// ---- power-on ----

TEST(ReferencePen, BootsHomesAndStartsTheWatchdogWithinHalfASecond) {
  Bench bench;
  bench.screw_mm = bench.screw_motor_mm = 1.2;
  const double ready_s = bench.until(1.0, [&] { return bench.ready(); });
  EXPECT_GT(ready_s, 0.15);
  EXPECT_LT(ready_s, 0.5);
  EXPECT_LE(bench.screw_mm, 0.0);
  EXPECT_EQ(bench.watchdog_timeout_ms, 20);
  EXPECT_FALSE(bench.pin(PEN_OUT_ENABLE));
}

TEST(ReferencePen, KicksTheWatchdogEveryTenMilliseconds) {
  Bench bench;
  bench.boot_and_start();
  bench.run(1.0);
  ASSERT_GT(bench.kicks.size(), 100u);
  for (std::size_t i = 1; i < bench.kicks.size(); ++i)
    EXPECT_LE((bench.kicks[i] - bench.kicks[i - 1]) * tick_s, 0.0101);
}

TEST(ReferencePen, HomingWithoutASwitchEndsInAlarm) {
  for (const int level : {0, 1}) {
    Bench bench;
    bench.home_level = level;
    bench.run(1.2);
    EXPECT_TRUE(bench.pin(PEN_OUT_LED_ALARM)) << level;
    EXPECT_EQ(bench.count(EVENT_HOMING_FAILED), 1) << level;
    bench.start = true;
    bench.run(0.3, [&] { ASSERT_FALSE(bench.driven()); });
  }
}

TEST(ReferencePen, CurrentOffsetBeyondAutoZeroIsRefusedAtBoot) {
  Bench good;
  good.current_offset_A = 0.010;
  good.boot();
  Bench bad;
  bad.current_offset_A = 0.020;
  bad.run(0.5);
  EXPECT_TRUE(bad.pin(PEN_OUT_LED_ALARM));
  EXPECT_EQ(bad.count(EVENT_SELF_TEST_FAILED), 1);
  EXPECT_EQ(bad.last_argument(EVENT_SELF_TEST_FAILED), SELF_TEST_CURRENT_ZERO);
}

TEST(ReferencePen, AutoZeroTakesTheOffsetOutOfTheMeasurement) {
  const auto indicated_A = [](double offset_A) {
    Bench bench;
    bench.current_offset_A = offset_A;
    bench.boot();
    const std::string status = bench.answer("status");
    return std::stod(status.substr(status.find("current ") + 8));
  };
  EXPECT_NEAR(indicated_A(0.0), 0.0, 0.0011);
  EXPECT_NEAR(indicated_A(0.010), 0.0, 0.0011);
}

// ---- start and stop, H18 ----

TEST(ReferencePen, StartHeldAtPowerUpStartsNothingUntilReleasedAndPressedAgain) {
  Bench bench;
  bench.start = true;
  bench.run(1.5, [&] { ASSERT_FALSE(bench.driven()); });
  bench.start = false;
  bench.run(0.1);
  bench.start = true;
  bench.run(0.2);
  EXPECT_TRUE(bench.driven());
}

TEST(ReferencePen, PressDuringHomingCountsWhileItIsHeld) {
  Bench bench;
  bench.screw_mm = bench.screw_motor_mm = 2.5;
  bench.run(0.1);
  EXPECT_FALSE(bench.ready());
  bench.start = true;
  EXPECT_GT(bench.until(0.6, [&] { return bench.driven(); }), 0.1);
}

TEST(ReferencePen, StartsFromEveryPositionOfTheCam) {
  for (int i = 0; i < 20; ++i) {
    Bench bench;
    bench.turns = i / 20.0;
    bench.boot_and_start(0.3);
    EXPECT_EQ(bench.count(EVENT_STALL), 0) << bench.turns;
  }
}

TEST(ReferencePen, PressIsDebouncedForThirtyMilliseconds) {
  Bench bench;
  bench.boot();
  bench.run(0.05);
  for (int i = 0; i < 5; ++i) {
    bench.start = true;
    bench.run(0.025, [&] { ASSERT_FALSE(bench.driven()); });
    bench.start = false;
    bench.run(0.005, [&] { ASSERT_FALSE(bench.driven()); });
  }
  bench.start = true;
  const double delay_s = bench.until(0.1, [&] { return bench.driven(); });
  EXPECT_GE(delay_s, 0.029);
  EXPECT_LE(delay_s, 0.034);
}

TEST(ReferencePen, BounceBetweenTwoSamplesStartsTheDebounceAnew) {
  Bench bench;
  bench.boot();
  bench.run(0.05);
  bench.start = true;
  bench.run(0.0201);
  while ((bench.tick - 5) % 20 != 3) bench.step();  // the firmware samples every 20 ticks, at 250 us
  bench.start = false, bench.run(0.0002);
  bench.start = true;
  EXPECT_GE(bench.until(0.1, [&] { return bench.driven(); }), 0.029);
}

TEST(ReferencePen, ReleaseRemovesTheDriveAtOnceAndBrakesWithinTenMilliseconds) {
  for (const double set_Hz : {62.0, 100.0, 150.0})
    for (int i = 0; i < 10; ++i) {
      Bench bench;
      bench.set_Hz = set_Hz;
      bench.boot_and_start(0.3 + 0.0017 * i);
      bench.start = false;
      const double off_s = bench.until(0.1, [&] { return !bench.driven(); });
      EXPECT_GT(off_s, 0.0005);
      EXPECT_LE(off_s, 0.004);
      const double brake_s = bench.braked() ? 0.0 : bench.until(0.1, [&] { return bench.braked(); });
      EXPECT_LE(off_s + brake_s, 0.010) << set_Hz;
    }
}

TEST(ReferencePen, ReleaseParksWithinFourHundredMilliseconds) {
  Bench bench;
  bench.set_mm = 1.5;
  bench.boot_and_start(0.8);
  EXPECT_NEAR(bench.screw_mm, 1.5, 0.02);
  bench.start = false;
  bench.run(0.060);
  EXPECT_EQ(bench.speed_Hz, 0.0);
  bench.run(0.340);
  EXPECT_LE(bench.screw_mm, 0.0);
  EXPECT_FALSE(bench.pin(PEN_OUT_ENABLE));
  EXPECT_EQ(bench.last_argument(EVENT_STOP), STOP_RELEASED);
}

TEST(ReferencePen, NeverDrivesWhileTheStartButtonIsUp) {
  Bench bench;
  bench.boot_and_start();
  bench.start = false;
  bench.run(0.010);
  bench.run(2.0, [&] { ASSERT_FALSE(bench.driven()); });
}

// ---- stroke rate, H7, H2 ----

TEST(ReferencePen, HoldsTheSetRateInAirAndUnderLoad) {
  for (const double set_Hz : {80.0, 120.0, 150.0}) {
    Bench bench;
    bench.set_Hz = set_Hz;
    bench.cell_V = 4.0;
    bench.boot_and_start();
    EXPECT_NEAR(mean_rate(bench, 0.3), set_Hz, 0.02 * set_Hz);
    bench.load_Nm = 0.4e-3;
    bench.run(0.3);
    EXPECT_NEAR(mean_rate(bench, 0.3), set_Hz, 0.02 * set_Hz);
  }
}

TEST(ReferencePen, RateSurvivesTheWrapOfTheClock) {
  Bench bench(0u - 700000u);
  bench.boot_and_start(0.3);
  double slowest = 1e9, fastest = 0.0;
  bench.run(0.15);
  bench.run(0.5, [&] {
    slowest = std::min(slowest, bench.speed_Hz);
    fastest = std::max(fastest, bench.speed_Hz);
    ASSERT_TRUE(bench.driven());
  });
  EXPECT_LT(bench.clock_us, 1000000u) << "the clock was meant to wrap";
  EXPECT_GT(slowest, 0.95 * 120.0);
  EXPECT_LT(fastest, 1.05 * 120.0);
}

TEST(ReferencePen, IntegratorDoesNotWindUpWhileTheSupplyIsTooLow) {
  Bench bench;
  bench.set_Hz = 157.0;
  bench.cell_V = 3.55;
  bench.cell_ohm = 0.05;
  bench.load_Nm = 0.5e-3;
  bench.boot_and_start();
  bench.run(2.0);
  EXPECT_LT(mean_rate(bench, 0.2), 152.0) << "the supply was meant to be too low";
  bench.load_Nm = 0.0;
  bench.cell_V = 4.1;
  double fastest = 0.0;
  bench.run(0.5, [&] { fastest = std::max(fastest, bench.speed_Hz); });
  EXPECT_LT(fastest, 1.06 * 157.0);
  EXPECT_GT(fastest, 150.0);
}

TEST(ReferencePen, RateIsCappedBelowTheFloatOfThePlate) {
  Bench bench;
  bench.set_Hz = 200.0;
  bench.cell_V = 4.2;
  bench.boot_and_start();
  EXPECT_NEAR(mean_rate(bench, 0.3), 157.0, 2.0);
}

TEST(ReferencePen, SpuriousEdgesAreRejected) {
  for (const int after_us : {300, 2000, 5000}) {
    Bench bench;
    bench.boot_and_start();
    bench.extra_edge_us = after_us;
    bench.run(0.2);
    EXPECT_NEAR(mean_rate(bench, 0.4), 120.0, 3.0) << after_us;
    EXPECT_TRUE(bench.driven());
    bench.start = false;
    bench.run(0.3);
    EXPECT_EQ(bench.count(EVENT_HALL_REJECTED), 1) << after_us;
  }
}

TEST(ReferencePen, SpuriousEdgesFromTheStartDoNotSetTheRate) {
  Bench bench;
  bench.extra_edge_us = 4000;
  bench.boot_and_start();
  EXPECT_NEAR(mean_rate(bench, 0.4), 120.0, 4.0);
}

// ---- depth, H1, H4, H5 ----

TEST(ReferencePen, DepthIsRightFromBothSidesDespiteBacklash) {
  for (const double backlash_mm : {0.020, 0.050}) {
    Bench bench;
    bench.backlash_mm = backlash_mm;
    bench.boot_and_start();
    for (const double set_mm : {0.5, 1.3, 0.8, 0.2, 1.5, 1.45}) {
      bench.set_mm = set_mm;
      bench.run(0.6);
      EXPECT_NEAR(bench.screw_mm, set_mm, 0.026) << backlash_mm;
    }
  }
}

TEST(ReferencePen, NeedlesStayRetractedUntilTheMotorHasSpeed) {
  Bench bench;
  bench.boot();
  bench.run(0.05);
  bench.start = true;
  bool extended = false;
  bench.run(0.5, [&] {
    if (bench.screw_mm > 0.0 && !extended) {
      extended = true;
      EXPECT_GT(bench.speed_Hz, 60.0);
    }
  });
  EXPECT_TRUE(extended);
}

TEST(ReferencePen, DepthIsCappedUntilUnlockedInTwoSteps) {
  Bench bench;
  bench.set_mm = 2.5;
  bench.boot_and_start();
  EXPECT_NEAR(bench.screw_mm, 1.5, 0.026);
  bench.start = false;
  bench.run(0.5);
  bench.mode = true, bench.run(1.7), bench.mode = false, bench.run(0.05);
  bench.start = true, bench.run(0.7);
  EXPECT_NEAR(bench.screw_mm, 1.5, 0.026) << "one step is not enough";
  bench.start = false, bench.run(0.5);
  bench.mode = true, bench.run(1.7), bench.mode = false, bench.run(0.05);
  bench.confirm = true, bench.run(0.06), bench.confirm = false, bench.run(0.05);
  bench.start = true, bench.run(0.7);
  EXPECT_NEAR(bench.screw_mm, 2.5, 0.026);
}

TEST(ReferencePen, EyeAreaCapsDepthAndRateAndIsLeftInTwoSteps) {
  Bench bench;
  bench.boot_and_start();
  bench.press_mode_confirm();
  bench.run(0.5);
  EXPECT_NEAR(bench.screw_mm, 0.5, 0.026);
  EXPECT_NEAR(mean_rate(bench, 0.3), 100.0, 3.0);
  bench.press_mode_confirm();  // not while running
  bench.run(0.5);
  EXPECT_NEAR(bench.screw_mm, 0.5, 0.026);
  bench.start = false, bench.run(0.5);
  bench.mode = true, bench.run(0.06), bench.mode = false, bench.run(0.06);  // one step only
  bench.start = true, bench.run(0.5);
  EXPECT_NEAR(bench.screw_mm, 0.5, 0.026);
  bench.start = false, bench.run(6.0);  // the proposal is forgotten
  bench.confirm = true, bench.run(0.06), bench.confirm = false, bench.run(0.06);
  bench.start = true, bench.run(0.5);
  EXPECT_NEAR(bench.screw_mm, 0.5, 0.026);
  bench.start = false, bench.run(0.5);
  bench.press_mode_confirm();
  bench.start = true, bench.run(0.6);
  EXPECT_NEAR(bench.screw_mm, 1.0, 0.026);
}

TEST(ReferencePen, OpenDepthDialKeepsTheDepth) {
  Bench bench;
  bench.set_mm = 0.5;
  bench.boot_and_start();
  bench.depth_dial_counts = 4095;
  bench.run(0.5);
  EXPECT_NEAR(bench.screw_mm, 0.5, 0.026);
  bench.start = false, bench.run(0.5);
  bench.start = true;
  bench.run(0.3, [&] { ASSERT_FALSE(bench.driven()); });
  EXPECT_EQ(bench.last_argument(EVENT_START_REFUSED), INHIBIT_DIAL);
}

TEST(ReferencePen, JammedScrewIsFoundAtParking) {
  Bench bench;
  bench.boot_and_start();
  bench.screw_jammed = true;
  bench.start = false;
  bench.run(0.6);
  EXPECT_FALSE(bench.pin(PEN_OUT_ENABLE));
  EXPECT_TRUE(bench.pin(PEN_OUT_LED_ALARM));
  EXPECT_EQ(bench.count(EVENT_SCREW_JAM), 1);
}

TEST(ReferencePen, LostStepsAreFoundAtTheHomeSwitchAndHomedAnew) {
  Bench bench;
  bench.boot();
  bench.run(0.05);
  bench.lost_step_share = 0.3;  // while extending only
  bench.start = true;
  bench.run(0.6);
  bench.lost_step_share = 0.0;
  EXPECT_LT(bench.screw_mm, 0.85);
  bench.start = false;
  bench.run(1.0);
  EXPECT_EQ(bench.count(EVENT_LOST_STEPS), 1);
  EXPECT_TRUE(bench.ready()) << bench.answer("status");
  bench.start = true;
  bench.run(0.6);
  EXPECT_NEAR(bench.screw_mm, 1.0, 0.026);
}

// ---- skin: H3, H6 ----

TEST(ReferencePen, RefusesToStartOnTheSkin) {
  Bench bench;
  bench.boot();
  bench.nose_N = 0.25;
  bench.run(0.1);
  EXPECT_TRUE(bench.pin(PEN_OUT_LED_CONTACT));
  bench.start = true;
  bench.run(0.3, [&] { ASSERT_FALSE(bench.driven()); });
  EXPECT_EQ(bench.last_argument(EVENT_START_REFUSED), INHIBIT_CONTACT);
  bench.nose_N = 0.0;
  bench.run(0.3, [&] { ASSERT_FALSE(bench.driven()) << "a refused press must not come alive when the pen is lifted"; });
  bench.start = false, bench.run(0.05);
  bench.start = true, bench.run(0.1);
  EXPECT_TRUE(bench.driven());
}

TEST(ReferencePen, LowRateInSkinStopsWithinTwentyMillisecondsAndRetracts) {
  Bench bench;
  bench.boot_and_start();
  bench.nose_N = 1.5;
  bench.run(0.2);
  bench.load_Nm = 9e-3;  // brakes hard, but does not lock the cam at once
  double below_s = -1.0, edge_s = bench.now_s(), turns = bench.turns;
  bench.run(0.2, [&] { /* the rate is below 60 Hz when a revolution takes longer than 16.7 ms */
                       if (std::floor(bench.turns) > std::floor(turns)) edge_s = bench.now_s();
                       turns = bench.turns;
                       if (below_s < 0.0 && bench.now_s() - edge_s > 1.0 / 60.0) below_s = bench.now_s();
                       if (below_s > 0.0 && bench.now_s() - below_s > 0.020) {
                         ASSERT_FALSE(bench.driven());
                       }
  });
  ASSERT_GT(below_s, 0.0);
  EXPECT_LE(bench.screw_mm, 0.1);
}

TEST(ReferencePen, PressWarnsAtFiveAndStopsAtEightNewton) {
  Bench bench;
  bench.boot_and_start();
  bench.nose_N = 5.3;
  bench.run(0.45);
  EXPECT_EQ(bench.count(EVENT_PRESS_HIGH), 0);
  bench.run(0.2);
  EXPECT_EQ(bench.count(EVENT_PRESS_HIGH), 1);
  EXPECT_TRUE(bench.driven());
  bench.nose_N = 8.5;
  EXPECT_GT(bench.until(0.1, [&] { return !bench.driven(); }), 0.0);
  bench.run(0.3);
  EXPECT_EQ(bench.last_argument(EVENT_STOP), STOP_PRESS);
}

// ---- stall, H8, H10 ----

TEST(ReferencePen, StallIsDetectedRestartedThreeTimesAndLatched) {
  Bench bench;
  bench.boot_and_start();
  bench.blocked = true;
  const double off_s = bench.until(0.2, [&] { return !bench.driven(); });
  EXPECT_GT(off_s, 0.0);
  EXPECT_LE(off_s, 0.100);
  int starts = 0;
  double driven_s = off_s;
  bool before = false;
  bench.run(5.0, [&] {
    const bool driven = bench.driven();
    if (driven && !before) ++starts;
    if (driven) driven_s += tick_s;
    before = driven;
  });
  EXPECT_EQ(starts, 3);
  EXPECT_LE(driven_s, 0.3);
  EXPECT_EQ(bench.count(EVENT_STALL), 4);
  EXPECT_EQ(bench.count(EVENT_STALL_LATCH), 1);
  bench.blocked = false;
  bench.start = false, bench.run(0.2);
  bench.confirm = true, bench.run(1.5), bench.confirm = false;
  bench.start = true;
  bench.run(0.5, [&] { ASSERT_FALSE(bench.driven()) << "latched until power-off"; });
  bench.start = false;
  bench.eeprom.fill(0xFF);
  bench.reset(PEN_RESET_POWER_ON);
  bench.boot_and_start();
}

TEST(ReferencePen, StallThatGoesAwayIsRestarted) {
  Bench bench;
  bench.boot_and_start();
  bench.blocked = true;
  bench.run(0.1);
  EXPECT_FALSE(bench.driven());
  bench.blocked = false;
  bench.run(1.2);
  EXPECT_TRUE(bench.driven());
  EXPECT_NEAR(bench.speed_Hz, 120.0, 4.0);
  EXPECT_EQ(bench.count(EVENT_STALL), 1);
}

// ---- sensors, H12, H13, H14 ----

TEST(ReferencePen, LostHallSensorStops) {
  Bench bench;
  bench.boot_and_start();
  bench.hall_dead = true;
  const double off_s = bench.until(0.2, [&] { return !bench.driven(); });
  EXPECT_GT(off_s, 0.015);
  EXPECT_LE(off_s, 0.036);  // 25 ms after the last edge, which lies up to 8.3 ms back
  bench.run(0.4);
  EXPECT_EQ(bench.count(EVENT_HALL_LOST), 1);
  EXPECT_TRUE(bench.pin(PEN_OUT_LED_ALARM));
}

TEST(ReferencePen, HallSensorDeadFromTheStartStops) {
  Bench bench;
  bench.hall_dead = true;
  bench.boot();
  bench.run(0.05);
  bench.start = true;
  ASSERT_GT(bench.until(0.1, [&] { return bench.driven(); }), 0.0);
  const double off_s = bench.until(0.2, [&] { return !bench.driven(); });
  EXPECT_GT(off_s, 0.0);
  EXPECT_LE(off_s, 0.1);
}

TEST(ReferencePen, StuckCurrentSensorStopsWithinTwentyMilliseconds) {
  for (const int stuck : {0, 4095}) {
    Bench bench;
    bench.boot_and_start();
    bench.current_counts = stuck;
    const double off_s = bench.until(0.2, [&] { return !bench.driven(); });
    EXPECT_GT(off_s, 0.0) << stuck;
    EXPECT_LE(off_s, 0.020) << stuck;
    bench.run(0.4);
    EXPECT_EQ(bench.last_argument(EVENT_STOP), STOP_CURRENT_SENSOR) << stuck;
  }
}

TEST(ReferencePen, SlowingDownByTheDialIsNoSensorFault) {
  Bench bench;
  bench.set_Hz = 155.0;
  bench.boot_and_start();
  bench.set_Hz = 70.0;
  bench.run(0.8);
  EXPECT_TRUE(bench.driven());
  EXPECT_NEAR(mean_rate(bench, 0.3), 70.0, 2.0);
}

TEST(ReferencePen, OpenNtcHalvesTheRate) {
  Bench bench;
  bench.set_Hz = 150.0;
  bench.boot_and_start();
  bench.grip_C = -1000.0;
  bench.run(1.5);
  EXPECT_NEAR(mean_rate(bench, 0.3), 75.0, 2.0);
  EXPECT_EQ(bench.last_argument(EVENT_NTC_FAULT), 2);
}

// ---- temperature, H9 ----

TEST(ReferencePen, GripTemperatureWarnsDeratesAndStops) {
  Bench bench;
  bench.boot_and_start();
  bench.grip_C = 39.3;
  bench.run(1.5);
  EXPECT_EQ(bench.count(EVENT_GRIP_WARM), 1);
  EXPECT_NEAR(mean_rate(bench, 0.3), 120.0, 3.0);
  bench.grip_C = 40.5;
  bench.run(1.5);
  EXPECT_NEAR(mean_rate(bench, 0.3), 90.0, 5.0);
  bench.grip_C = 41.5;
  bench.run(1.5);
  EXPECT_LT(mean_rate(bench, 0.3), 65.0);
  bench.grip_C = 43.5;
  bench.run(1.5);
  EXPECT_FALSE(bench.driven());
  EXPECT_EQ(bench.last_argument(EVENT_STOP), STOP_TEMPERATURE);
}

// ---- battery, H11, H22 ----

TEST(ReferencePen, UndervoltageLatchesAfterHalfASecond) {
  Bench bench;
  bench.set_Hz = 80.0;
  bench.boot_and_start();
  bench.cell_ohm = 0.0;
  bench.cell_V = 2.95;
  bench.run(0.4);
  EXPECT_TRUE(bench.driven());
  bench.run(0.3);
  EXPECT_FALSE(bench.driven());
  EXPECT_EQ(bench.count(EVENT_UNDERVOLTAGE), 1);
  bench.cell_V = 3.8;
  bench.start = false, bench.run(0.5);
  bench.start = true;
  bench.run(0.5, [&] { ASSERT_FALSE(bench.driven()); });
}

TEST(ReferencePen, EmptyBatteryRefusesTheStartLowBatteryWarns) {
  Bench empty;
  empty.cell_V = 3.45;
  empty.run(0.6);
  empty.start = true;
  empty.run(0.3, [&] { ASSERT_FALSE(empty.driven()); });
  EXPECT_EQ(empty.last_argument(EVENT_START_REFUSED), INHIBIT_BATTERY);
  Bench low;
  low.cell_V = 3.66;
  low.cell_ohm = 0.02;
  low.boot_and_start();
  EXPECT_EQ(low.count(EVENT_LOW_BATTERY), 1);
}

// ---- cartridge, H15 ----

TEST(ReferencePen, CartridgeIsMarkedAtTheFirstStartAndRefusedAfterwards) {
  Bench bench;
  bench.boot();
  bench.run(0.1);
  EXPECT_EQ(bench.eeprom[0], 0xFF);
  bench.start = true, bench.run(0.2);
  EXPECT_EQ(bench.eeprom[0], 1);
  bench.start = false, bench.run(0.5);
  bench.start = true, bench.run(0.2);
  EXPECT_TRUE(bench.driven()) << "the same session goes on";
  bench.start = false, bench.run(0.5);
  bench.cartridge = false, bench.run(0.1);
  bench.cartridge = true, bench.run(0.2);
  bench.start = true;
  bench.run(0.3, [&] { ASSERT_FALSE(bench.driven()); });
  EXPECT_EQ(bench.last_argument(EVENT_START_REFUSED), INHIBIT_USED);
}

TEST(ReferencePen, AbsentAndUnknownCartridgesRefuseTheStart) {
  for (const int id : {4095, 200, 1250}) {
    Bench bench;
    bench.cartridge = id != 4095;
    bench.cartridge_counts = id;
    bench.run(0.6);
    bench.start = true;
    bench.run(0.3, [&] { ASSERT_FALSE(bench.driven()) << id; });
    EXPECT_EQ(bench.last_argument(EVENT_START_REFUSED), INHIBIT_CARTRIDGE) << id;
  }
}

TEST(ReferencePen, RemovedCartridgeStopsTheDrive) {
  Bench bench;
  bench.boot_and_start();
  bench.cartridge = false;
  const double off_s = bench.until(0.1, [&] { return !bench.driven(); });
  EXPECT_GT(off_s, 0.0);
  EXPECT_LE(off_s, 0.010);
}

// ---- H18 rest, H20 ----

TEST(ReferencePen, MotionWithoutDriveIsAlarm) {
  Bench bench;
  bench.boot();
  bench.run(0.1);
  bench.drives_always = true;
  bench.run(0.5);
  EXPECT_TRUE(bench.pin(PEN_OUT_LED_ALARM));
  EXPECT_GE(bench.count(EVENT_UNCOMMANDED_MOTION), 1);
}

TEST(ReferencePen, SessionEndsAfterThirtyMinutesOfNeedling) {
  Bench bench;
  bench.set_Hz = 62.0;
  bench.boot_and_start();
  const double off_s = bench.until(1805.0, [&] { return !bench.driven(); });
  EXPECT_NEAR(off_s, 1799.4, 1.0);
  bench.run(0.5);
  EXPECT_EQ(bench.count(EVENT_SESSION_LIMIT), 1);
  EXPECT_EQ(bench.last_argument(EVENT_STOP), STOP_SESSION);
}

// ---- event log and settings ----

TEST(ReferencePen, LogSurvivesResetsAndNumbersItsBoots) {
  Bench bench;
  bench.boot();
  bench.run(0.1);
  bench.reset(PEN_RESET_BROWN_OUT);
  bench.boot();
  bench.run(0.1);
  std::vector<Record> boots;
  for (const Record& r : bench.log())
    if (r.code == EVENT_BOOT) boots.push_back(r);
  ASSERT_EQ(boots.size(), 2u);
  EXPECT_EQ(boots[0].argument, PEN_RESET_POWER_ON);
  EXPECT_EQ(boots[1].argument, PEN_RESET_BROWN_OUT);
  EXPECT_EQ(boots[1].boot, boots[0].boot + 1);
}

TEST(ReferencePen, TornRecordIsSkippedAndReported) {
  Bench bench;
  bench.boot();
  bench.run(0.1);
  const std::size_t records = bench.log().size();
  const std::size_t at = EVENT_FIRST_PAGE * PEN_NVM_PAGE_BYTES + records * EVENT_RECORD_BYTES;
  std::fill_n(bench.flash.begin() + static_cast<long>(at), 6, std::uint8_t{0x05});
  bench.reset(PEN_RESET_POWER_ON);
  bench.boot();
  bench.run(0.1);
  EXPECT_EQ(bench.last_argument(EVENT_TORN_RECORDS), 1);
  EXPECT_GT(bench.log().size(), records + 1);
  EXPECT_EQ(bench.flash[at], 0x05) << "the torn record was overwritten without an erase";
}

TEST(ReferencePen, LogRingSpreadsOverItsPagesAndKeepsTheNewest) {
  Bench bench;
  for (int boot = 0; boot < 170; ++boot) {
    bench.boot();
    bench.run(0.02);
    bench.reset(PEN_RESET_POWER_ON);
  }
  bench.boot();
  bench.run(0.1);
  const std::vector<Record> records = bench.log();
  EXPECT_GT(records.back().sequence, EVENT_SLOTS + 20u) << "the ring was meant to go round";
  EXPECT_GE(records.size(), EVENT_SLOTS - 32u);
  for (std::size_t i = 1; i < records.size(); ++i) EXPECT_EQ(records[i].sequence, records[i - 1].sequence + 1);
  EXPECT_EQ(records.back().boot, 171u);
}

TEST(ReferencePen, MemoryThatRefusesWritesDoesNotStopThePen) {
  Bench bench;
  bench.memory_fails = true;
  bench.boot();
  bench.run(0.2);
  EXPECT_NE(bench.answer("log").find("log 0 of 0 dropped"), std::string::npos);
  EXPECT_TRUE(bench.ready());
}

// ---- console ----

TEST(ReferencePen, ConsoleAnswersAndHandlesBadInput) {
  Bench bench;
  bench.boot();
  EXPECT_EQ(bench.answer("version"), "reference_pen 1.0.0\r\n");
  EXPECT_NE(bench.answer("help").find("status"), std::string::npos);
  EXPECT_NE(bench.answer("status").find("state ready"), std::string::npos);
  EXPECT_EQ(bench.answer("rubbish"), "error: unknown command, try help\r\n");
  EXPECT_EQ(bench.answer(std::string(300, 'x')), "error: line too long\r\n");
  EXPECT_EQ(bench.answer("versionx"), "error: unknown command, try help\r\n");
  EXPECT_EQ(bench.answer("get kp"), "kp 0.01200\r\n");
  EXPECT_EQ(bench.answer("set kp 0.009"), "kp 0.00900\r\n");
  EXPECT_EQ(bench.answer("set kp 7"), "error: number from 0.0 to 0.1\r\n");
  EXPECT_EQ(bench.answer("set kp 0.0x"), "error: number from 0.0 to 0.1\r\n");
  EXPECT_EQ(bench.answer("set colour 1"), "error: no such parameter; kp ki rate_limit quiet\r\n");
  EXPECT_NE(bench.answer("log").find("code 1 "), std::string::npos);
}

TEST(ReferencePen, SavedSettingsSurviveAndACorruptCopyFallsBack) {
  Bench bench;
  bench.boot();
  bench.answer("set kp 0.011");
  EXPECT_EQ(bench.answer("save"), "saving\r\n");
  bench.answer("set kp 0.010");
  bench.answer("save");
  bench.reset(PEN_RESET_POWER_ON);
  bench.boot();
  EXPECT_EQ(bench.answer("get kp"), "kp 0.01000\r\n");
  bench.flash[8] ^= 0xFF;  // sequence 2 lies in page 0
  bench.reset(PEN_RESET_POWER_ON);
  bench.boot();
  EXPECT_EQ(bench.answer("get kp"), "kp 0.01100\r\n");
  bench.flash[256 + 8] ^= 0xFF;
  bench.reset(PEN_RESET_POWER_ON);
  bench.boot();
  EXPECT_EQ(bench.answer("get kp"), "kp 0.01200\r\n");
  bench.run(0.1);
  EXPECT_EQ(bench.count(EVENT_SETTINGS_DEFAULTED), 1);
}

}  // namespace
