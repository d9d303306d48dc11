// Field logs: what comes in whole, what is refused with line and column, and what a core answers when it is fed with
// them.
#include "sim/exchange/field_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "sim/exchange/csv_export.h"
#include "sim/input/input_error.h"
#include "sim/recording/difference.h"
#include "sim/run/replay.h"
#include "tests/sim/recording/recorded_run.h"

namespace pensim {
namespace {

using namespace recorded_run;
namespace fs = std::filesystem;

class Import : public ::testing::Test {
 protected:
  Import() : folder_(fs::temp_directory_path() / ("pensim_import_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Import() override { fs::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string log(const std::string& text) const {
    std::ofstream(file("log.csv"), std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
    return file("log.csv");
  }
  // The message for a log, without its path.
  std::string message(const std::string& text) const {
    try {
      import_log(log(text));
    } catch (const InputError& error) {
      std::string what = error.what();
      for (std::size_t at; (at = what.find(folder_.string() + "/")) != std::string::npos;)
        what.erase(at, folder_.string().size() + 1);
      return what;
    }
    return "no error";
  }
  fs::path folder_;
};

// A core of three lines: the duty follows the depth dial, the lamp a hall edge, and a counter counts what it has seen.
class FakeCore : public Target {
 public:
  void reset(std::uint8_t cause) override {
    edges_ = 0;
    causes.push_back(cause);
  }
  StepReport step(std::int64_t, const PenIn& in, PenOut& out) override {
    edges_ += in.edge_count;
    last = in;
    out.duty_q15 = static_cast<std::int16_t>(in.adc[PEN_ADC_DEPTH_DIAL] * 8 + duty_error);
    out.bridge_mode = PEN_BRIDGE_DRIVE;
    out.pins = static_cast<std::uint16_t>((edges_ % 2) << PEN_OUT_LED_READY);
    return {};
  }
  WatchId watch(const CoreVariable&) override { return 0; }
  void read(const WatchId*, std::size_t count, float* values) const override {
    std::fill_n(values, count, static_cast<float>(edges_));
  }
  double peek(const CoreVariable&) const override { return static_cast<double>(edges_) + peek_error; }
  bool poke(const CoreVariable&, double) override { return true; }
  std::uint32_t tick_us() const override { return 50; }
  std::vector<std::string> take_findings() override { return {}; }

  int duty_error = 0;
  double peek_error = 0;
  std::vector<int> causes;
  PenIn last{};

 private:
  unsigned edges_ = 0;
};

// A run of the fake core as the engine would record it: boot, a reset by the watchdog at tick 1500 and boot again.
std::unique_ptr<BlockStore> core_run(Tick ticks = 4000) {
  ResolvedScenario scenario;
  scenario.watch = {"edges"};
  auto store = std::make_unique<BlockStore>(recording_plan(scenario));
  BlockWriter writer(*store);
  FakeCore core;
  std::vector<float> row(store->plan().tick.size(), 0.0f);
  for (Tick k = 0; k < ticks; ++k) {
    PenIn in = pen_in(k);
    PenOut out{};
    if (k < 100 || (k > 1500 && k <= 1600)) {
      in.reset_cause = 0;
      in.time_us = 0;
    } else {
      in.reset_cause = k > 1500 ? PEN_RESET_WATCHDOG : PEN_RESET_POWER_ON;
      if (k == 100 || k == 1601) core.reset(in.reset_cause);
      core.step(0, in, out);
      row.back() = static_cast<float>(core.peek({}));
      if (k == 1500) out = PenOut{};
    }
    writer.tick(row.data(), in, out);
  }
  return store;
}

TEST_F(Import, ACompleteLogIsTheRecordingItCameFrom) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 6100);
  const Recording run = Recording::from_blocks(store);
  std::FILE* out = std::fopen(file("log.csv").c_str(), "wb");
  export_complete(run, out, "log.csv");
  std::fclose(out);
  const Recording back = import_log(file("log.csv"));
  EXPECT_FALSE(back.meta().sparse);
  EXPECT_TRUE(back.meta().started_at_reset);
  EXPECT_EQ(back.meta().source, "field log");
  const Difference d = diff(run, back);
  EXPECT_TRUE(d.equal()) << d.text();
  EXPECT_EQ(d.ticks, 6100);
  EXPECT_EQ(command_import({file("log.csv"), ""}), 0);
  EXPECT_TRUE(diff(run, Recording::open(file("log.h5"))).equal());
}

TEST_F(Import, ACompleteLogIsReadStrictly) {
  const auto store = core_run(120);
  std::FILE* out = std::fopen(file("whole.csv").c_str(), "wb");
  export_complete(Recording::from_blocks(*store), out, "whole.csv");
  std::fclose(out);
  std::ifstream in(file("whole.csv"), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return message(text.replace(at, from.size(), to));
  };
  EXPECT_EQ(message(whole), "no error");
  // Rows that are gone show in the clock, also where no column counts them.
  std::string cut;
  int row = -2;  // the header is -1
  for (std::size_t at = 0, end; at < whole.size(); at = end + 2) {
    end = whole.find("\r\n", at);
    if (whole[at] != '#') ++row;
    const bool keep = whole[at] == '#' || row < 110 || row >= 113;
    if (keep)
      cut += (whole[at] == '#' ? whole.substr(at, end - at)
                               : whole.substr(whole.find(',', at) + 1, end - whole.find(',', at) - 1)) +
             "\r\n";
  }
  EXPECT_NE(message(cut).find("in.time_us goes on from 1354 to 1554, expected a tick of 50000 ns"), std::string::npos)
      << message(cut);
  EXPECT_NE(with("\r\n7,", "\r\n8,").find("log.csv:13:1: tick is '8', expected 7"), std::string::npos)
      << with("\r\n7,", "\r\n8,");
  EXPECT_NE(with("in.pins", "in.pims").find("did you mean 'in.pins'?"), std::string::npos);
  EXPECT_NE(with("in.edges", "in.uart").find("stands twice"), std::string::npos);
  EXPECT_NE(with(",out.duty_q15", "").find("lacks out.duty_q15"), std::string::npos);
  EXPECT_NE(with("\r\n7,", "\r\n7,1,").find("cells where the header has"), std::string::npos);
  EXPECT_NE(with("# tick_ns: 50000", "# tick_ns: 5 us").find("expected a number from 1000 to 1000000"),
            std::string::npos);
  EXPECT_NE(with("\r\n9,0,", "\r\n9,x,").find("'x' is no value of in.time_us"), std::string::npos);
  EXPECT_NE(with("# started_at_reset: yes", "# started_at_reset: maybe").find("expected yes or no"), std::string::npos);
  EXPECT_NE(message(whole.substr(0, whole.find("\r\n0,") + 2)).find("the log has no rows"), std::string::npos);
}

TEST_F(Import, ASparseLog) {
  const Recording r =
      import_log(log("\xEF\xBB\xBF# title: returned pen 17\r\n"
                     "# firmware: reference_pen\r\n"
                     "time_ms,adc.battery,motor_speed_Hz[5%],motor.temperature [degC] "
                     "[2],pin.start,#serial,state,fw.mode,battery_voltage_mV\r\n"
                     "1000,2300,,23.5,off,x,BOOT,,3900\r\n"
                     "\r\n"
                     "1010,,100,,on,y,\"RUN, fast\",2,\r\n"
                     "1250.025,2290,101.5,24.5,1,z,,+3,3850.5\r\n"));
  EXPECT_TRUE(r.meta().sparse);
  EXPECT_FALSE(r.meta().started_at_reset);
  EXPECT_EQ(r.meta().title, "returned pen 17");
  EXPECT_EQ(r.meta().firmware, "reference_pen");
  EXPECT_EQ(r.ticks(), 5002);
  EXPECT_EQ(r.signals().size(), 6u);
  EXPECT_EQ(r.at("adc.battery", 0), 2300.0f);
  EXPECT_EQ(r.at("adc.battery", 5000), 2300.0f);
  EXPECT_EQ(r.at("adc.battery", 5001), 2290.0f);
  EXPECT_TRUE(std::isnan(r.at("motor.speed", 199)));
  EXPECT_EQ(r.at("motor.speed", 200), 100.0f);
  EXPECT_EQ(r.at("motor.temperature", 0), 296.65f);
  EXPECT_EQ(r.at("pin.start", 200), 1.0f);
  EXPECT_EQ(r.at("fw.mode", 5001), 3.0f);
  EXPECT_EQ(r.at("battery.voltage", 5001), 3.8505f);
  ASSERT_EQ(r.findings().size(), 2u);
  EXPECT_EQ(r.findings()[1].text, "state RUN, fast");
  EXPECT_EQ(r.findings()[1].at, 200);
  ASSERT_EQ(r.meta().tolerances.size(), 2u);
  EXPECT_EQ(r.meta().tolerances[0].signal, "motor.speed");
  EXPECT_EQ(r.meta().tolerances[0].value, 0.05);
  EXPECT_TRUE(r.meta().tolerances[0].relative);
  EXPECT_EQ(r.meta().tolerances[1].value, 2.0);  // a difference of 2 degC is 2 K
  EXPECT_FALSE(r.meta().tolerances[1].relative);

  r.write(file("sparse.h5"));
  const Recording back = Recording::open(file("sparse.h5"));
  EXPECT_TRUE(diff(r, back).equal());
  EXPECT_TRUE(diff(r, back).others.empty()) << diff(r, back).text();
  EXPECT_EQ(back.ticks(), r.ticks());
  EXPECT_EQ(back.findings().size(), 2u);
  EXPECT_EQ(back.meta().tolerances.size(), 2u);
  EXPECT_EQ(back.meta().tolerances[0].value, 0.05);
  EXPECT_EQ(back.meta().notes, r.meta().notes);
  EXPECT_EQ(back.samples("adc.battery").tick, (std::vector<Tick>{0, 200, 5001}));
  EXPECT_FALSE(back.has_io());
}

TEST_F(Import, OurOwnExportIsALog) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 400);
  const Recording run = Recording::from_blocks(store);
  CsvOptions o;
  o.signals = {"needle.tip_depth", "adc.battery", "hand.press", "core.pwm_duty", "motor.speed"};
  o.every = 20;
  std::FILE* out = std::fopen(file("log.csv").c_str(), "wb");
  export_signals(run, o, out, "log.csv");
  std::fclose(out);
  const Recording back = import_log(file("log.csv"));
  EXPECT_EQ(back.ticks(), 381);
  for (const std::string& name : o.signals)
    for (Tick k = 0; k < 381; k += 20) EXPECT_EQ(back.at(name, k), run.at(name, k)) << name << " at " << k;
  EXPECT_TRUE(diff(run, back).equal()) << diff(run, back).text();  // at the logged instants
}

TEST_F(Import, AnEventLog) {
  const Recording r = import_log(log("time,state,code\n0.5,RUN,0\n0.5,ALARM,17\n2,OFF,\n"));
  EXPECT_TRUE(r.signals().empty());
  ASSERT_EQ(r.findings().size(), 3u);
  EXPECT_EQ(r.findings()[1].text, "state ALARM, code 17");
  EXPECT_EQ(r.findings()[2].at, 30'000);
  r.write(file("events.h5"));
  EXPECT_EQ(Recording::open(file("events.h5")).findings().size(), 3u);
}

TEST_F(Import, OtherSeparators) {
  EXPECT_EQ(import_log(log("time_s;pin.start\n0;1\n1;0\n")).at("pin.start", 20'000), 0.0f);
  EXPECT_EQ(import_log(log("time_s\tpin.start\n0\t1\n")).at("pin.start", 0), 1.0f);
}

TEST_F(Import, MistakesHaveLineAndColumn) {
  EXPECT_EQ(message(""), "log.csv: is empty\n  help: a log begins with a line of column names: see docs/recording.md");
  EXPECT_NE(message("time_s,pin.start\n").find("the log has no rows"), std::string::npos);
  EXPECT_NE(message("pin.start\n1\n").find("log.csv:1:1: the log has no column of time"), std::string::npos);
  EXPECT_NE(message("time_s\n1\n").find("no column with a signal"), std::string::npos);
  EXPECT_NE(
      message("time_s,pin.strat\n").find("log.csv:1:8: 'pin.strat' is no signal\n  help: did you mean 'pin.start'?"),
      std::string::npos);
  EXPECT_NE(message("time_s,t_ms,pin.start\n0,0,0\n").find("log.csv:1:8: a second column of time"), std::string::npos);
  EXPECT_NE(message("time_s,pin.start,pin_start\n0,0,0\n").find("'pin.start' stands twice"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed [N]\n0,0\n").find("(force)"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed [furlong]\n0,0\n").find("log.csv:1:8: "), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed[-3%]\n0,0\n").find("is no tolerance"), std::string::npos);
  EXPECT_NE(message("time_s,stroke.index\n0,0\n").find("cannot be logged"), std::string::npos);
  EXPECT_NE(
      message("time_s,pin.start\n0,1\n0.5,2\n").find("log.csv:3:5: '2' is no value of pin.start: expected 0 or 1"),
      std::string::npos);
  EXPECT_NE(message("time_s,adc.battery\n0,4096\n").find("expected counts from 0 to 4095"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,nan\n").find("log.csv:2:3: 'nan' is no number"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,inf\n").find("is no number"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,1e300\n").find("too large"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,1.5x\n").find("is no number"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n,1\n").find("log.csv:2:1: '' is no number"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n1,1\n0.5,1\n").find("log.csv:3:1: time goes back from 1 s to 0.5 s"),
            std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,1\n1e9,1\n").find("is the unit of the time right?"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,1\n1,2,3\n").find("log.csv:3:5: 3 cells where the header has 2 columns"),
            std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0\n").find("1 cells where the header has 2 columns"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,\"1\n").find("not closed"), std::string::npos);
  EXPECT_NE(message("time_s,motor.speed\n0,\"1\"2\n").find("log.csv:2:6: text after the closing"), std::string::npos);
  EXPECT_NE(message(std::string("time_s,motor.speed\n0,1\0,\n", 26)).find("log.csv:2:4: a NUL byte"),
            std::string::npos);
  EXPECT_NE(message(std::string(2'000'000, 'x')).find("a line of more than"), std::string::npos);
  EXPECT_NE(message(std::string(100'000, ',')).find("more than 1000 columns"), std::string::npos);
  EXPECT_THROW(import_log(folder_.string()), InputError);
  EXPECT_THROW(import_log(file("missing.csv")), InputError);
  // Several in one go, and not more than a screen of them.
  try {
    std::string text = "time_s,motor.speed\n";
    for (int i = 0; i < 100; ++i) text += "0,x\n";
    import_log(log(text));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.problems().size(), 20u);
    EXPECT_EQ(error.problems()[7].at.line, 9);
  }
}

TEST_F(Import, RubbishIsRefused) {
  for (std::uint64_t i = 0; i < 400; ++i) {
    std::string text = i % 2 == 0 ? "time_s,adc.battery,state\n0,1,a\n1,2,b\n" : "";
    for (std::uint64_t j = 0; j < 40 + i; ++j) {
      static constexpr char alphabet[] = "0123456789.,,,\"\n\n-eE#[]%:;abc \r\t\x80\xFF";
      text += i % 3 == 0 ? static_cast<char>(scrambled(i * 1000 + j))
                         : alphabet[scrambled(i * 1000 + j) % (sizeof alphabet - 1)];
    }
    try {
      const Recording r = import_log(log(text));
      EXPECT_GE(r.ticks(), 1);
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("log.csv"), std::string::npos);
    }
  }
}

// -------------------------------------------------------------------------------------------------------------------
// replay

CoreVariable any_variable() { return {}; }

TEST(Replay, TheSameCoreAnswersTheSame) {
  const auto store = core_run();
  FakeCore core;
  const ReplayResult r = replay(Recording::from_blocks(*store), core, {{{"fw.edges", any_variable()}}});
  EXPECT_EQ(r.exit_code(), 0) << r.text();
  EXPECT_EQ(core.causes, (std::vector<int>{PEN_RESET_POWER_ON, PEN_RESET_WATCHDOG}));
  EXPECT_EQ(r.compared, 4000 - 200);
  EXPECT_EQ(r.summary(), "equal: every PenOut of 3800 ticks of the core");
}

TEST(Replay, AnotherCoreIsCaughtAtItsFirstDifference) {
  const auto store = core_run();
  const Recording recording = Recording::from_blocks(*store);
  FakeCore core;
  core.duty_error = 1;
  ReplayResult r = replay(recording, core);
  EXPECT_EQ(r.exit_code(), 1);
  ASSERT_EQ(r.fields.size(), 1u) << r.text();
  EXPECT_EQ(r.fields[0].field, "out.duty_q15");
  EXPECT_EQ(r.fields[0].first, 100);
  EXPECT_EQ(r.fields[0].count, 3799);  // the tick of the reset has no recorded output
  PenIn in;
  PenOut out;
  recording.io(100, 1, &in, &out);
  EXPECT_EQ(r.fields[0].a, std::to_string(out.duty_q15));
  EXPECT_EQ(r.fields[0].b, std::to_string(out.duty_q15 + 1));
  EXPECT_NE(r.summary().find("tick 100 (0.005000 s)"), std::string::npos);

  FakeCore other;
  other.peek_error = 1;
  r = replay(recording, other, {{{"fw.edges", any_variable()}}});
  ASSERT_EQ(r.fields.size(), 1u);
  EXPECT_EQ(r.fields[0].field, "fw.edges");
}

TEST(Replay, WhatCannotBeReplayed) {
  FakeCore core;
  RecordingPlan rig;
  rig.kind = RecordingKind::rig;
  BlockStore rig_store(rig);
  EXPECT_NE(replay(Recording::from_blocks(rig_store), core).why_not.find("rig"), std::string::npos);
  RecordingPlan slow = plan();
  slow.tick_ns = 100'000;
  BlockStore slow_store(slow);
  EXPECT_NE(replay(Recording::from_blocks(slow_store), core).why_not.find("tick of 100000 ns, this core 50 us"),
            std::string::npos);
  BlockStore store(plan());
  Recording r = Recording::from_blocks(store);
  r.meta().started_at_reset = false;
  EXPECT_NE(replay(r, core).why_not.find("does not begin at a reset"), std::string::npos);
  r.meta().started_at_reset = true;
  r.meta().seam_version = 9;
  EXPECT_EQ(replay(r, core).exit_code(), 2);
}

TEST_F(Import, ASparseLogIsReplayedWithinTolerance) {
  const std::string body = "0,819,0.2,1\n0.01,1638,0.41,\n0.02,,0.4,0\n";
  const auto run = [&](const std::string& header, FakeCore& core) {
    return replay(import_log(log("# started_at_reset: yes\n" + header + body)), core);
  };
  FakeCore core;
  ReplayResult r = run("time_s,adc.depth_dial,core.pwm_duty[5%],pin.led_ready\n", core);
  // Duty is 819*8/32767 = 0.19996 and 0.39992; 0.41 is 2.5 % off. The lamp, without tolerance, is off where the log
  // says 1.
  ASSERT_EQ(r.fields.size(), 1u) << r.text();
  EXPECT_EQ(r.fields[0].field, "pin.led_ready");
  EXPECT_EQ(r.fields[0].first, 0);
  EXPECT_EQ(r.fields[0].count, 2);
  EXPECT_EQ(r.compared, 6);
  EXPECT_TRUE(r.sparse);
  EXPECT_NE(r.text().find("sparse log"), std::string::npos);

  FakeCore again;
  r = run("time_s,adc.depth_dial,core.pwm_duty[1%],#x\n", again);
  ASSERT_EQ(r.fields.size(), 1u);
  EXPECT_EQ(r.fields[0].field, "core.pwm_duty");
  EXPECT_EQ(r.fields[0].first, 200);
  EXPECT_EQ(r.fields[0].a, "0.41");
  FakeCore third;
  EXPECT_EQ(run("time_s,adc.depth_dial,core.pwm_duty[0.02],#x\n", third).exit_code(), 0);
  EXPECT_EQ(third.causes, std::vector<int>{PEN_RESET_POWER_ON});
  // What was not logged rests, and is said.
  EXPECT_NE(r.text().find("at rest, since not logged: adc.motor_current"), std::string::npos) << r.text();
  EXPECT_EQ(third.last.adc[PEN_ADC_BATTERY], 2420);
  EXPECT_EQ(third.last.adc[PEN_ADC_CARTRIDGE_ID], 1497);
  EXPECT_EQ(third.last.pins, 1u << PEN_LINE_CARTRIDGE | 1u << PEN_LINE_HOME);
}

TEST_F(Import, QuantitiesStandForCounts) {
  FakeCore core;
  replay(import_log(log("time_s,battery_voltage_V,user_depth_mm,motor.current,user.start,aux.3,hand.press\n0,3.6,1.5,1,"
                        "on,-7,2\n0.1,3.6,1.5,1,on,-7,2\n")),
         core);
  EXPECT_EQ(core.last.adc[PEN_ADC_BATTERY], 2234);  // 1.8 V
  EXPECT_EQ(core.last.adc[PEN_ADC_SUPPLY], 2234);
  EXPECT_EQ(core.last.adc[PEN_ADC_DEPTH_DIAL], 1916);     // 1.3 mm of 2.8 mm above 5 %
  EXPECT_EQ(core.last.adc[PEN_ADC_MOTOR_CURRENT], 1241);  // 1 V
  EXPECT_EQ(core.last.adc[PEN_ADC_NOSE_FORCE], 1117);     // 0.9 V
  EXPECT_EQ(core.last.pins >> PEN_LINE_START & 1, 1);
  EXPECT_EQ(core.last.aux[3], -7);
}

TEST_F(Import, SpeedBecomesHallEdges) {
  FakeCore core;
  const Recording r = import_log(log("# started_at_reset: yes\ntime_s,motor.speed,fw.edges[1]\n0,120,0\n1,120,240\n"));
  const ReplayResult result = replay(r, core, {{{"fw.edges", any_variable()}}});
  EXPECT_EQ(result.exit_code(), 0) << result.text();
  EXPECT_EQ(result.compared, 2);
  EXPECT_NE(result.text().find("pin.hall is made from motor.speed"), std::string::npos);
}

TEST_F(Import, ALogFromTheMiddleIsComparedLater) {
  FakeCore core;
  const ReplayResult r =
      replay(import_log(log("time_s,adc.depth_dial,core.pwm_duty[5%]\n0,819,0.9\n0.99,819,0.9\n1.01,819,0.2\n")), core);
  EXPECT_EQ(r.exit_code(), 0) << r.text();
  EXPECT_EQ(r.compared, 1);
  EXPECT_EQ(r.from, 20'000);
  EXPECT_NE(r.text().find("does not begin at a reset"), std::string::npos);
}

// Writes to both memories, reads them back and moves the screw.
class MemoryCore : public FakeCore {
 public:
  StepReport step(std::int64_t, const PenIn& in, PenOut& out) override {
    const auto tick = in.time_us / 50;
    if (in.nvm_status != PEN_NVM_IDLE) answers[tick] = in;
    home.push_back(in.pins >> PEN_LINE_HOME & 1);
    const auto ask = [&](int command, int bank, int address, int length, std::uint8_t byte) {
      out.nvm_command = static_cast<std::uint8_t>(command);
      out.nvm_bank = static_cast<std::uint8_t>(bank);
      out.nvm_address = static_cast<std::uint16_t>(address);
      out.nvm_length = static_cast<std::uint8_t>(length);
      std::memset(out.nvm_data, byte, static_cast<std::size_t>(length));
    };
    if (tick == 10) ask(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 300, 2, 0x0F);
    if (tick == 20) ask(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, 300, 1, 0xF3);
    if (tick == 30) ask(PEN_NVM_READ, PEN_NVM_BANK_PEN, 299, 3, 0);
    if (tick == 40) ask(PEN_NVM_ERASE, PEN_NVM_BANK_PEN, 300, 0, 0);
    if (tick == 50) ask(PEN_NVM_READ, PEN_NVM_BANK_PEN, 300, 1, 0);
    if (tick == 60) ask(PEN_NVM_READ, PEN_NVM_BANK_PEN, 4090, 16, 0);
    if (tick == 70) ask(PEN_NVM_SERIAL, PEN_NVM_BANK_CARTRIDGE, 0, 0, 0);
    if (tick == 75) ask(PEN_NVM_WRITE, PEN_NVM_BANK_PEN, PEN_NVM_PAGE_BYTES - 1, 2, 0);
    if (tick == 80) out.stepper_steps = 5;
    if (tick == 90) out.stepper_steps = -9;
    return {};
  }
  std::map<std::uint32_t, PenIn> answers;
  std::vector<int> home;
};

TEST_F(Import, WhatWasNotLoggedRestsAsAPenDoes) {
  MemoryCore core;
  replay(import_log(log("# started_at_reset: yes\ntime_s,pin.start\n0,0\n0.01,1\n")), core);
  ASSERT_EQ(core.answers.size(), 8u);
  const PenIn& read = core.answers.at(31);
  EXPECT_EQ(read.nvm_status, PEN_NVM_DONE);
  EXPECT_EQ(read.nvm_length, 3);
  EXPECT_EQ(read.nvm_data[0], 0xFF);
  EXPECT_EQ(read.nvm_data[1], 0x03);  // a write only clears bits
  EXPECT_EQ(read.nvm_data[2], 0x0F);
  EXPECT_EQ(core.answers.at(51).nvm_data[0], 0xFF);
  EXPECT_EQ(core.answers.at(61).nvm_status, PEN_NVM_ERROR);
  EXPECT_EQ(core.answers.at(71).nvm_length, 8);
  EXPECT_EQ(core.answers.at(71).nvm_data[0], 1);
  EXPECT_EQ(core.answers.at(76).nvm_status, PEN_NVM_ERROR) << "no write crosses a page, as in a run";
  EXPECT_EQ(core.home[80], 1);
  EXPECT_EQ(core.home[81], 0);
  EXPECT_EQ(core.home[90], 0);
  EXPECT_EQ(core.home[91], 1);
}

TEST_F(Import, NothingToCompareIsSaid) {
  FakeCore core;
  const ReplayResult r = replay(import_log(log("time,state,code\n0,RUN,0\n0.1,OFF,1\n")), core);
  EXPECT_NE(r.text().find("nothing to compare"), std::string::npos);
}

}  // namespace
}  // namespace pensim
