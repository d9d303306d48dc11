// Where two recordings part: first tick, field, values; and what is no difference.
#include "sim/recording/difference.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "sim/recording/pen_fields.h"
#include "tests/sim/recording/recorded_run.h"

namespace pensim {
namespace {

using namespace recorded_run;

// The synthetic run with one thing changed at one tick.
struct Change {
  Tick tick = -1;
  std::size_t column = 0;  // of the row
  float add = 0.0f;
  std::size_t in_byte = sizeof(PenIn), out_byte = sizeof(PenOut);
};

constexpr Tick length = 4500;

std::unique_ptr<BlockStore> run(const Change& change = {}, Tick ticks = length, RecordingPlan p = plan()) {
  auto store = std::make_unique<BlockStore>(p);
  BlockWriter writer(*store);
  std::vector<float> row(p.tick.size());
  for (Tick k = 0; k < ticks; ++k) {
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = value(i, k);
    PenIn in = pen_in(k);
    PenOut out = pen_out(k);
    if (k == change.tick) {
      row[change.column] += change.add;
      if (change.in_byte < sizeof in) reinterpret_cast<unsigned char*>(&in)[change.in_byte] ^= 1;
      if (change.out_byte < sizeof out) reinterpret_cast<unsigned char*>(&out)[change.out_byte] ^= 1;
    }
    writer.tick(row.data(), in, out);
  }
  return store;
}

TEST(Compare, EqualRunsAreEqual) {
  const auto a = run(), b = run();
  const Difference d = diff(Recording::from_blocks(*a), Recording::from_blocks(*b));
  EXPECT_TRUE(d.equal()) << d.text();
  EXPECT_EQ(d.exit_code(), 0);
  EXPECT_EQ(d.ticks, length);
  EXPECT_EQ(d.summary(), "equal over 4500 ticks");
  EXPECT_TRUE(d.others.empty());
}

TEST(Compare, EveryByteOfTheSeamHasAField) {
  for (const bool inputs : {true, false}) {
    const auto& fields = inputs ? pen_in_fields() : pen_out_fields();
    std::vector<int> covered(inputs ? sizeof(PenIn) : sizeof(PenOut), 0);
    for (const PenField& f : fields)
      for (std::size_t i = f.at; i < f.at + f.size; ++i) ++covered.at(i);
    EXPECT_EQ(std::count(covered.begin(), covered.end(), 1), static_cast<std::ptrdiff_t>(covered.size()))
        << (inputs ? "PenIn" : "PenOut");
  }
}

TEST(Compare, FieldsAreTextAndBack) {
  for (Tick k = 0; k < 6000; ++k) {
    const PenIn in = pen_in(k);
    const PenOut out = pen_out(k);
    PenIn in_back;
    PenOut out_back;
    std::memset(&in_back, 0xEE, sizeof in_back);
    std::memset(&out_back, 0xEE, sizeof out_back);
    for (const PenField& f : pen_in_fields()) ASSERT_TRUE(field_from_text(f, field_text(f, &in), &in_back)) << f.name;
    for (const PenField& f : pen_out_fields())
      ASSERT_TRUE(field_from_text(f, field_text(f, &out), &out_back)) << f.name;
    ASSERT_EQ(std::memcmp(&in, &in_back, sizeof in), 0) << k;
    ASSERT_EQ(std::memcmp(&out, &out_back, sizeof out), 0) << k;
  }
  PenIn in{};
  for (int i = 0; i < 8; ++i)
    in.edges[i] = {0xFFFFFFFFu, static_cast<std::uint8_t>(i), 255, static_cast<std::uint16_t>(i == 3 ? 65535 : 0)};
  const auto edges = std::find_if(pen_in_fields().begin(), pen_in_fields().end(),
                                  [](const PenField& f) { return f.name == "in.edges"; });
  PenIn back{};
  EXPECT_TRUE(field_from_text(*edges, field_text(*edges, &in), &back));
  EXPECT_EQ(std::memcmp(&in, &back, sizeof in), 0);
  for (const char* wrong : {"1", "1:2", "1:2:", "1:2:3 ", " 1:2:3", "1:2:3  4:5:6", "4294967296:0:0", "1:256:0",
                            "1:2:3:65536", "1:2:3 x", "1:1:1 1:1:1 1:1:1 1:1:1 1:1:1 1:1:1 1:1:1 1:1:1 1:1:1"})
    EXPECT_FALSE(field_from_text(*edges, wrong, &back)) << wrong;
  for (const PenField& f : pen_out_fields())
    for (const char* wrong :
         {"zz", "1.5", "99999999999", "-99999999999", "1 ", "0102030405060708090a0b0c0d0e0f1011", "123x"}) {
      PenOut out{};
      EXPECT_FALSE(field_from_text(f, wrong, &out)) << f.name << " from " << wrong;
    }
}

TEST(Compare, AnOutputThatDiffers) {
  Change c;
  c.tick = 3210;
  c.out_byte = 0;
  const auto a = run(), b = run(c);
  const Difference d = diff(Recording::from_blocks(*a), Recording::from_blocks(*b));
  EXPECT_EQ(d.exit_code(), 1);
  ASSERT_EQ(d.fields.size(), 1u) << d.text();
  EXPECT_EQ(d.fields[0].field, "out.duty_q15");
  EXPECT_EQ(d.fields[0].first, 3210);
  EXPECT_EQ(d.fields[0].count, 1);
  EXPECT_EQ(d.fields[0].a, std::to_string(pen_out(3210).duty_q15));
  EXPECT_EQ(d.fields[0].b, std::to_string(pen_out(3210).duty_q15 ^ 1));
  EXPECT_NE(d.summary().find("tick 3210 (0.160500 s): out.duty_q15"), std::string::npos) << d.summary();
  EXPECT_NE(d.text().find("the core answered differently"), std::string::npos);
}

TEST(Compare, EveryByteOfTheSeamCounts) {
  const auto a = run({}, 60);
  const Recording x = Recording::from_blocks(*a);
  for (std::size_t byte = 0; byte < sizeof(PenIn) + sizeof(PenOut); ++byte) {
    Change c;
    c.tick = 41;
    if (byte < sizeof(PenIn))
      c.in_byte = byte;
    else
      c.out_byte = byte - sizeof(PenIn);
    const auto b = run(c, 60);
    const Difference d = diff(x, Recording::from_blocks(*b));
    ASSERT_EQ(d.fields.size(), 1u) << "byte " << byte;
    EXPECT_EQ(d.fields[0].first, 41);
    EXPECT_EQ(d.fields[0].field.compare(0, 3, byte < sizeof(PenIn) ? "in." : "out"), 0) << d.fields[0].field;
  }
}

TEST(Compare, ASignalThatDiffers) {
  const auto names = plan();
  Change c;
  c.tick = 2222;
  c.column = 1;
  c.add = 0.5f;
  const auto a = run(), b = run(c);
  Difference d = diff(Recording::from_blocks(*a), Recording::from_blocks(*b));
  ASSERT_EQ(d.fields.size(), 1u);
  EXPECT_EQ(d.fields[0].field, names.tick[1].name);
  EXPECT_EQ(d.fields[0].first, 2222);
  EXPECT_EQ(d.fields[0].unit, names.tick[1].unit);
  // The load of the core is another on every target, and says nothing.
  for (c.column = 0; names.tick[c.column].name != "core.cpu_load";) ++c.column;
  const auto load = run(c);
  EXPECT_TRUE(diff(Recording::from_blocks(*a), Recording::from_blocks(*load)).equal());
}

TEST(Compare, TheEarliestComesFirstAndInputsBeforeOutputs) {
  Change c;
  c.tick = 100;
  c.column = 1;
  c.add = 1.0f;
  c.in_byte = offsetof(PenIn, adc);
  c.out_byte = offsetof(PenOut, pins);
  const auto a = run(), b = run(c);
  const Difference d = diff(Recording::from_blocks(*a), Recording::from_blocks(*b));
  ASSERT_EQ(d.fields.size(), 3u);
  EXPECT_EQ(d.fields[0].field, "in.adc.motor_current");
  EXPECT_EQ(d.fields[1].field, "out.pins");
  EXPECT_EQ(d.fields[2].field, "needle.tip_depth");
  EXPECT_NE(d.text().find("look at the plant"), std::string::npos);
}

TEST(Compare, AShorterRunDiffersAtItsEnd) {
  const auto a = run(), b = run({}, 4000);
  const Difference d = diff(Recording::from_blocks(*a), Recording::from_blocks(*b));
  ASSERT_EQ(d.fields.size(), 1u) << d.text();
  EXPECT_EQ(d.fields[0].field, "length");
  EXPECT_EQ(d.fields[0].first, 4000);
  EXPECT_EQ(d.exit_code(), 1);
}

TEST(Compare, WhatCannotBeCompared) {
  RecordingPlan rig;
  rig.kind = RecordingKind::rig;
  RecordingPlan slow = plan();
  slow.tick_ns = 100'000;
  const auto a = run({}, 10), b = run({}, 10, slow);
  BlockStore c(rig);
  const Recording x = Recording::from_blocks(*a), y = Recording::from_blocks(*b), z = Recording::from_blocks(c);
  Recording older = Recording::from_blocks(*a);
  older.meta().seam_version = 2;
  EXPECT_EQ(diff(x, y).why_not, "their ticks are 50000 ns and 100000 ns");
  EXPECT_EQ(diff(x, z).why_not, "one is of a pen, the other of a rig");
  EXPECT_EQ(diff(x, older).why_not, "their seam versions are 1 and 2");
  EXPECT_EQ(diff(x, y).exit_code(), 2);
  EXPECT_FALSE(diff(x, y).equal());
}

TEST(Compare, OtherDifferencesAreListedAndDecideNothing) {
  const auto a = run({}, 100);
  RecordingPlan more = plan();
  more.tick.push_back({"fw.new", "1", SignalKind::output, SignalPeriod::tick, 1, ""});
  const auto b = run({}, 100, more);
  Recording x = Recording::from_blocks(*a), y = Recording::from_blocks(*b);
  x.meta().seed = 7;
  y.meta().seed = 8;
  x.meta().firmware_build_id = "aa";
  y.meta().firmware_build_id = "bb";
  x.meta().scenario_text = "a\nb\n";
  x.verdicts().push_back({"R-1", "", "", "pass", 0.5, "Hz", 0, "", false});
  x.verdicts().push_back({"R-2", "", "", "pass", 0.5, "Hz", 0, "", false});
  y.verdicts().push_back({"R-1", "", "", "fail", -0.5, "Hz", 0, "", false});
  y.verdicts().push_back({"R-3", "", "", "pass", 0.5, "Hz", 0, "", false});
  const Difference d = diff(x, y);
  EXPECT_EQ(d.exit_code(), 0) << d.text();
  const std::string text = d.text();
  for (const char* line :
       {"seed: 7 | 8", "firmware build id: aa | bb", "scenario text differs", "requirement R-1: pass | fail",
        "requirement R-2: pass | (none)", "requirement R-3: (none) | pass", "only in the second: fw.new"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  EXPECT_LT(text.find("seed"), text.find("equal over"));
}

TEST(Compare, FilesAndBlocksAlike) {
  const auto folder = std::filesystem::temp_directory_path() / ("pensim_compare_" + std::to_string(::getpid()));
  Change c;
  c.tick = 77;
  c.in_byte = offsetof(PenIn, edges);
  const auto a = run(), b = run(c);
  Recording::from_blocks(*a).write((folder / "a.h5").string());
  Recording::from_blocks(*b).write((folder / "b.h5").string());
  EXPECT_TRUE(diff(Recording::open((folder / "a.h5").string()), Recording::from_blocks(*a)).equal());
  const Difference d = diff(Recording::open((folder / "a.h5").string()), Recording::open((folder / "b.h5").string()));
  ASSERT_EQ(d.fields.size(), 1u);
  EXPECT_EQ(d.fields[0].field, "in.edges");
  EXPECT_EQ(d.fields[0].a, "");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace pensim
