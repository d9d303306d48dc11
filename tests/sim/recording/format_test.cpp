// A recording of each version of the format, read back by value. tests/data/format_N.h5.gz was written by the program
// that introduced version N and is never written again: a file that a user kept must stay readable.
//
// When the format changes: count recording_format_version up, keep the files and this test as they are, and add
// format_N.h5.gz. The first file was made by
//   pensim run format_1.yaml --compress; gzip -9 -n runs/format_1.h5
// with the scenario that it carries, beside an always.yaml of one requirement (pinned below); the second is the first,
// read and written by the program that introduced version 2.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sim/recording/recording.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

std::string unpacked(const std::string& path) {
  gzFile packed = gzopen(path.c_str(), "rb");
  EXPECT_NE(packed, nullptr) << path;
  std::string bytes, piece(1 << 16, '\0');
  for (int n; (n = gzread(packed, piece.data(), static_cast<unsigned>(piece.size()))) > 0;)
    bytes.append(piece, 0, static_cast<std::size_t>(n));
  EXPECT_EQ(gzclose(packed), Z_OK) << path;
  return bytes;
}

class Format : public ::testing::TestWithParam<int> {
 protected:
  Format() {
    path_ = (fs::temp_directory_path() / ("pensim_format_" + std::to_string(::getpid()) + ".h5")).string();
    std::ofstream(path_, std::ios::binary) << unpacked("tests/data/format_" + std::to_string(GetParam()) + ".h5.gz");
    recording_ = Recording::open(path_);
  }
  ~Format() override { fs::remove(path_); }

  std::string path_;
  Recording recording_;
};

TEST_P(Format, SaysWhatItIs) {
  const RecordingMeta& m = recording_.meta();
  EXPECT_EQ(m.kind, RecordingKind::pen);
  EXPECT_FALSE(m.sparse);
  EXPECT_TRUE(m.started_at_reset);
  EXPECT_EQ(m.seam_version, 1u);
  EXPECT_EQ(m.tick_ns, 50'000);
  EXPECT_EQ(recording_.ticks(), 4100);
  EXPECT_EQ(m.seed, 7u);
  EXPECT_EQ(m.source, "simulation");
  EXPECT_EQ(m.title, "a pinned recording of format 1");
  EXPECT_EQ(m.scenario_path, "format_1.yaml");
  EXPECT_EQ(m.scenario_text.substr(0, 38), "title: a pinned recording of format 1\n");
  EXPECT_EQ(m.resolved_scenario.substr(0, 27), "{\n \"resolved_version\": 2,\n ");
  EXPECT_EQ(m.firmware, "reference_pen");
  EXPECT_EQ(m.firmware_build_id, "8630986beb2a98b3f9bbb88b51ede43efb899fc1");
  EXPECT_EQ(m.simulator_version, "0.1.0");
  EXPECT_EQ(m.git_state, "0556ace5203b");
  EXPECT_EQ(m.hash, "70ba73eb253d1711");
  EXPECT_EQ(m.verdict, "fail");
  EXPECT_EQ(m.end_cause, "end of scenario");
  EXPECT_EQ(m.fault.kind, "");
  EXPECT_FALSE(m.geometry.known());  // came later, as an addition
  EXPECT_TRUE(m.notes.empty());
}

TEST_P(Format, Signals) {
  EXPECT_EQ(recording_.signals().size(), 74u + 11u);  // /signals and the columns of /strokes
  const struct {
    const char *name, *unit;
    SignalKind kind;
    Tick tick;
    float value;
  } expected[] = {{"motor.speed", "Hz", SignalKind::truth, 4076, 127.619156f},
                  {"motor.speed", "Hz", SignalKind::truth, 4099, 124.604546f},
                  {"battery.voltage", "V", SignalKind::truth, 0, 4.0150743f},
                  {"battery.voltage", "V", SignalKind::truth, 4099, 4.0048656f},
                  {"motor.temperature", "K", SignalKind::truth, 4000, 296.19342f},
                  {"adc.battery", "count", SignalKind::input, 84, 2494.0f},
                  {"adc.battery", "count", SignalKind::input, 4099, 2486.0f},
                  {"pin.hall", "1", SignalKind::input, 0, 1.0f},
                  {"pin.hall", "1", SignalKind::input, 4099, 0.0f},
                  {"core.pwm_duty", "1", SignalKind::output, 4099, 0.6936857f},
                  {"core.reset_cause", "1", SignalKind::input, 99, 0.0f},
                  {"core.reset_cause", "1", SignalKind::input, 100, 1.0f},
                  {"fw.pen.state", "1", SignalKind::output, 4099, 4.0f},
                  {"user.rate", "Hz", SignalKind::input, 4099, 120.0f},  // constant: nothing is stored
                  {"fault.hall.dropout", "1", SignalKind::input, 3800, 1.0f}};
  for (const auto& e : expected) {
    const SignalInfo* info = recording_.find(e.name);
    ASSERT_NE(info, nullptr) << e.name;
    EXPECT_EQ(info->unit, e.unit) << e.name;
    EXPECT_EQ(info->kind, e.kind) << e.name;
    EXPECT_EQ(recording_.at(e.name, e.tick), e.value) << e.name << " at tick " << e.tick;
  }
  const std::vector<MinMax> pyramid = recording_.pyramid("motor.speed", 4096, 1, 1);
  ASSERT_EQ(pyramid.size(), 1u);
  EXPECT_EQ(pyramid[0].min, 124.604546f);
  EXPECT_EQ(pyramid[0].max, 125.18795f);
}

TEST_P(Format, Strokes) {
  ASSERT_EQ(recording_.strokes().size(), 3u);
  EXPECT_EQ(recording_.stroke_needles(), 3);
  ASSERT_EQ(recording_.stroke_columns().size(), 11u);
  EXPECT_EQ(recording_.stroke_columns()[1].name, "stroke.extension_peak");
  EXPECT_EQ(recording_.stroke_columns()[1].unit, "m");
  const StrokeRow &first = recording_.strokes()[0], &last = recording_.strokes()[2];
  EXPECT_EQ(first.begin, 3558);
  EXPECT_EQ(first.end, 3746);
  EXPECT_EQ(first.value[0], 1.0f);
  EXPECT_EQ(first.value[1], 9.936418e-06f);
  EXPECT_EQ(last.begin, 3914);
  EXPECT_EQ(last.end, 4077);
  EXPECT_EQ(last.value[0], 3.0f);
  EXPECT_EQ(last.value[1], 9.84676e-06f);
  EXPECT_EQ(recording_.at("stroke.index", 4099), 3.0f);
}

TEST_P(Format, PenInAndPenOut) {
  PenIn in;
  PenOut out;
  recording_.io(3900, 1, &in, &out);
  EXPECT_EQ(in.time_us, 190'000u);
  const int counts[PEN_ADC_COUNT] = {244, 2482, 2139, 2140, 370, 1117, 2476, 1259, 1784};
  for (int i = 0; i < PEN_ADC_COUNT; ++i) EXPECT_EQ(in.adc[i], counts[i]) << i;
  EXPECT_EQ(in.pins, 194);
  EXPECT_EQ(in.reset_cause, 1);
  EXPECT_EQ(out.duty_q15, 23592);
  EXPECT_EQ(out.bridge_mode, 1);
  EXPECT_EQ(out.pins, 19);
  EXPECT_EQ(out.stepper_steps, 0);
  recording_.io(4089, 1, &in, nullptr);
  EXPECT_EQ(in.edge_count, 1);
  EXPECT_EQ(in.edges[0].time_us, 199'447u);
  EXPECT_EQ(in.edges[1].time_us, 0u);
  recording_.io(106, 1, &in, nullptr);
  EXPECT_EQ(in.nvm_data[0], 0xFF);
  recording_.io(107, 1, &in, nullptr);
  EXPECT_EQ(in.edges[0].time_us, 0u);
}

TEST_P(Format, CommandsVerdictsMeasures) {
  const std::pair<Tick, const char*> commands[] = {{200, "set user.rate to 120 over 0 s"},
                                                   {400, "uart id"},
                                                   {2200, "set user.start to 1 over 0 s"},
                                                   {3800, "fault hall.dropout to 0 for 0.002 s"}};
  ASSERT_EQ(recording_.commands().size(), std::size(commands));
  for (std::size_t i = 0; i < std::size(commands); ++i) {
    EXPECT_EQ(recording_.commands()[i].at, commands[i].first);
    EXPECT_EQ(recording_.commands()[i].text, commands[i].second);
  }
  ASSERT_EQ(recording_.uart().size(), 2u);
  EXPECT_EQ(recording_.uart()[0].at, 401);
  EXPECT_TRUE(recording_.uart()[0].to_core);
  EXPECT_EQ(recording_.uart()[0].bytes + recording_.uart()[1].bytes, "id");

  ASSERT_EQ(recording_.verdicts().size(), 3u);
  const RecordedVerdict& missed = recording_.verdicts()[1];
  EXPECT_EQ(missed.id, "FORMAT-02");
  EXPECT_EQ(missed.outcome, "fail");
  EXPECT_NEAR(missed.margin, -126.619, 5e-4);
  EXPECT_EQ(missed.unit, "Hz");
  EXPECT_EQ(missed.at_s, 0.2038);
  EXPECT_EQ(missed.text, "a miss");
  EXPECT_EQ(missed.that, "always (motor.speed <= 1 Hz)");
  EXPECT_EQ(missed.atom, "`motor.speed <= 1 Hz` is missed by 126.619 Hz at 0.2038 s");
  EXPECT_FALSE(missed.may_be_vacuous);
  EXPECT_EQ(recording_.verdicts()[0].outcome, "pass");
  EXPECT_EQ(recording_.verdicts()[2].id, "ALWAYS-01");
  ASSERT_EQ(recording_.measures().size(), 1u);
  EXPECT_EQ(recording_.measures()[0].name, "top_speed");
  EXPECT_NEAR(recording_.measures()[0].value, 127.61915588, 1e-8);
  EXPECT_EQ(recording_.measures()[0].unit, "Hz");
}

INSTANTIATE_TEST_SUITE_P(Versions, Format, ::testing::Range(1, recording_format_version + 1));

}  // namespace
}  // namespace pensim
