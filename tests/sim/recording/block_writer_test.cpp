// Blocks: what was written comes back to the bit, whatever happened to the process that wrote it.
#include "sim/recording/block_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "sim/recording/block_format.h"
#include "sim/recording/recording.h"
#include "sim/recording/run_hash.h"
#include "tests/sim/recording/recorded_run.h"

namespace pensim {
namespace {

using namespace recorded_run;

// Every sample, PenIn and PenOut of the first `ticks` ticks is what the run gave.
void expect_complete(const Recording& r, Tick ticks) {
  const RecordingPlan p = plan();
  ASSERT_EQ(r.ticks(), ticks);
  std::vector<PenIn> in(static_cast<std::size_t>(ticks));
  std::vector<PenOut> out(static_cast<std::size_t>(ticks));
  r.io(0, ticks, in.data(), out.data());
  for (Tick k = 0; k < ticks; ++k) {
    const PenIn expected_in = pen_in(k);
    const PenOut expected_out = pen_out(k);
    ASSERT_EQ(std::memcmp(&in[static_cast<std::size_t>(k)], &expected_in, sizeof expected_in), 0)
        << "PenIn of tick " << k;
    ASSERT_EQ(std::memcmp(&out[static_cast<std::size_t>(k)], &expected_out, sizeof expected_out), 0)
        << "PenOut of tick " << k;
  }
  for (std::size_t c = 0; c < p.tick.size(); ++c) {
    const Samples s = r.samples(p.tick[c].name);
    ASSERT_EQ(s.value.size(), static_cast<std::size_t>(ticks));
    for (Tick k = 0; k < ticks; ++k)
      ASSERT_EQ(s.value[static_cast<std::size_t>(k)], value(c, k)) << p.tick[c].name << " at " << k;
  }
  const Samples ms = r.samples(p.ms[1].name);
  ASSERT_EQ(ms.period_ticks, 20);
  ASSERT_EQ(ms.value.size(), static_cast<std::size_t>((ticks + 19) / 20));
  for (std::size_t i = 0; i < ms.value.size(); ++i) ASSERT_EQ(ms.value[i], value(2, static_cast<Tick>(i) * 20) + 0.5f);
  const Samples slow = r.samples(p.slow[2].name);
  ASSERT_EQ(slow.value.size(), static_cast<std::size_t>((ticks + 1999) / 2000));
  for (std::size_t i = 0; i < slow.value.size(); ++i) ASSERT_EQ(slow.value[i], static_cast<float>(i * 2000 + 2));
  const Samples battery = r.samples("adc.battery");
  for (Tick k = 0; k < ticks; ++k)
    ASSERT_EQ(battery.value[static_cast<std::size_t>(k)], static_cast<float>(pen_in(k).adc[PEN_ADC_BATTERY]));
  EXPECT_EQ(r.strokes().size(), static_cast<std::size_t>(ticks > 0 ? (ticks - 1) / 167 : 0));
}

// A child writes `ticks` ticks and ends as `end` says; `events` are the bytes that the parent then does to the tail.
template <typename End>
void run_child(BlockStore& store, Tick ticks, End end) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    BlockWriter writer(store);
    write(writer, store.plan(), 0, ticks);
    end(writer);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
}

void killed(BlockWriter&) { ::raise(SIGKILL); }

TEST(Blocks, ComeBackBitByBit) {
  for (const Tick ticks : {0, 1, 19, 1999, 2000, 2001, 9137}) {
    BlockStore store(plan());
    BlockWriter writer(store);
    write(writer, store.plan(), 0, ticks);
    writer.close();
    EXPECT_EQ(writer.ticks(), ticks);
    const Recording r = Recording::from_blocks(store);
    SCOPED_TRACE(ticks);
    expect_complete(r, ticks);
    EXPECT_TRUE(r.meta().notes.empty());
  }
}

TEST(Blocks, AKilledRunIsThereUpToItsLastTick) {
  for (const Tick ticks : {1, 20, 1999, 2000, 2001, 7777}) {
    BlockStore store(plan());
    run_child(store, ticks, killed);
    const Recording r = Recording::from_blocks(store);
    SCOPED_TRACE(ticks);
    expect_complete(r, ticks);
    EXPECT_TRUE(r.meta().notes.empty()) << r.meta().notes[0];
  }
}

TEST(Blocks, KeptInAFileWithoutAName) {
  const std::string folder = ::testing::TempDir();
  BlockStore store(plan(), folder);
  run_child(store, 4321, killed);
  expect_complete(Recording::from_blocks(store), 4321);
  EXPECT_THROW(BlockStore(plan(), folder + "/no/such/folder"), std::runtime_error);
}

TEST(Blocks, ARunKilledAnywhereWithinItsWork) {
  // A timer kills the child wherever it happens to be: within a row, within a block that is being appended.
  for (int i = 0; i < 12; ++i) {
    BlockStore store(plan());
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      BlockWriter writer(store);
      write(writer, store.plan(), 0, 1'000'000);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(3000 + 1777 * i));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const Recording r = Recording::from_blocks(store);
    EXPECT_TRUE(r.meta().notes.empty()) << r.meta().notes[0];
    expect_complete(r, r.ticks());
  }
}

TEST(Blocks, EventsOfTheTickThatNeverEndedAreKept) {
  BlockStore store(plan());
  run_child(store, 2500, [](BlockWriter& writer) {
    writer.command(2500, "poke state 3");
    writer.finding(2500, "the last words");
    writer.stroke(stroke(2500));
    ::raise(SIGKILL);
  });
  const Recording r = Recording::from_blocks(store);
  expect_complete(r, 2500);
  ASSERT_FALSE(r.findings().empty());
  EXPECT_EQ(r.findings().back().text, "the last words");
  EXPECT_EQ(r.findings().back().at, 2500);
  EXPECT_EQ(r.commands().back().text, "poke state 3");
}

TEST(Blocks, AScribbledRowIsCutAndSaid) {
  BlockStore store(plan());
  const block_format::TailLayout layout = block_format::tail_layout(store.plan());
  run_child(store, 2900, [&](BlockWriter&) {
    store.tail()[layout.rows_at + 500 * layout.row_bytes + 17] ^= 4;
    ::raise(SIGKILL);
  });
  const Recording r = Recording::from_blocks(store);
  expect_complete(r, 2500);
  ASSERT_EQ(r.meta().notes.size(), 1u);
  EXPECT_NE(r.meta().notes[0].find("cut at tick 2500 (0.125000 s)"), std::string::npos) << r.meta().notes[0];
}

TEST(Blocks, EveryBitOfARowIsGuarded) {
  BlockStore store(plan());
  const block_format::TailLayout layout = block_format::tail_layout(store.plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 50);
  unsigned char* row = store.tail() + layout.rows_at + 30 * layout.row_bytes;
  for (std::size_t bit = 0; bit < 8 * (layout.end_at() + 8); ++bit) {
    row[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
    ASSERT_EQ(Recording::from_blocks(store).ticks(), 30) << "bit " << bit;
    row[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
  }
  ASSERT_EQ(Recording::from_blocks(store).ticks(), 50);
}

TEST(Blocks, AScribbledRecordCutsTheRowsThatNeedIt) {
  BlockStore store(plan());
  const block_format::TailLayout layout = block_format::tail_layout(store.plan());
  run_child(store, 2300, [&](BlockWriter&) {
    store.tail()[layout.variable_at + 400] ^= 1;
    ::raise(SIGKILL);
  });
  const Recording r = Recording::from_blocks(store);
  EXPECT_GE(r.ticks(), 2000);
  EXPECT_LT(r.ticks(), 2300);
  expect_complete(r, r.ticks());
  EXPECT_EQ(r.meta().notes.size(), 1u);
}

TEST(Blocks, ATailFilledWithRubbishLeavesTheCompleteBlocks) {
  for (const int filler : {0, 0x5A, 0xFF}) {
    BlockStore store(plan());
    run_child(store, 5000, [&](BlockWriter&) {
      std::memset(store.tail(), filler, store.tail_size());
      ::raise(SIGKILL);
    });
    const Recording r = Recording::from_blocks(store);
    SCOPED_TRACE(filler);
    expect_complete(r, 4000);
    EXPECT_EQ(r.meta().notes.size(), 1u);
  }
}

TEST(Blocks, AScribbledRowIsNotAppended) {
  BlockStore store(plan());
  const block_format::TailLayout layout = block_format::tail_layout(store.plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 1200);
  store.tail()[layout.rows_at + 700 * layout.row_bytes] ^= 1;
  try {
    write(writer, store.plan(), 1200, 2000);
    FAIL() << "the block was appended";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("tick 700"), std::string::npos) << error.what();
  }
  const Recording r = Recording::from_blocks(store);
  expect_complete(r, 700);
}

TEST(Blocks, GuardPagesStandAroundTheTail) {
  BlockStore store(plan());
#if defined(__SANITIZE_ADDRESS__)  // it takes the signal and names it
  EXPECT_DEATH(store.tail()[-1] = 1, "AddressSanitizer: SEGV");
  EXPECT_DEATH(store.tail()[store.tail_size()] = 1, "AddressSanitizer: SEGV");
#else
  EXPECT_EXIT(store.tail()[-1] = 1, ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(store.tail()[store.tail_size()] = 1, ::testing::KilledBySignal(SIGSEGV), "");
#endif
}

TEST(Blocks, ARunIsReadWhileItGoesOn) {
  BlockStore store(plan());
  BlockWriter writer(store);
  Recording r = Recording::from_blocks(store);
  EXPECT_EQ(r.ticks(), 0);
  EXPECT_FALSE(r.refresh());
  Tick done = 0;
  for (const Tick to : {1, 500, 2000, 2001, 8123}) {
    write(writer, store.plan(), done, to);
    done = to;
    EXPECT_TRUE(r.refresh());
    SCOPED_TRACE(to);
    expect_complete(r, to);
    EXPECT_EQ(r.uart().size(), Recording::from_blocks(store).uart().size());
    EXPECT_TRUE(r.meta().notes.empty());
  }
}

TEST(Blocks, MoreEventsThanATailHolds) {
  BlockStore store(plan());
  BlockWriter writer(store);
  const RecordingPlan& p = store.plan();
  std::vector<float> row(p.tick.size(), 1.0f);
  PenIn in{};
  PenOut out{};
  for (Tick k = 0; k < 3000; ++k) {
    in.aux[0] = static_cast<std::int32_t>(k + 1);
    out.aux[1] = static_cast<std::int32_t>(-k);
    writer.tick(row.data(), in, out);
  }
  const std::string long_text(300'000, 'y');
  writer.command(3000, long_text);
  writer.tick(row.data(), in, out);
  const Recording r = Recording::from_blocks(store);
  ASSERT_EQ(r.ticks(), 3001);
  for (Tick k = 0; k < 3000; ++k) {
    r.io(k, 1, &in, &out);
    ASSERT_EQ(in.aux[0], k + 1);
    ASSERT_EQ(out.aux[1], -k);
  }
  ASSERT_EQ(r.commands().size(), 1u);
  EXPECT_EQ(r.commands()[0].text, long_text);
  EXPECT_EQ(r.at("aux.0", 1234), 1235.0f);
}

TEST(Blocks, AFullDiskIsAnError) {
  BlockStore store(plan());
  const rlimit limit = {100'000, RLIM_INFINITY};
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  BlockWriter writer(store);
  EXPECT_THROW(write(writer, store.plan(), 0, 20'000), std::runtime_error);
  ::setrlimit(RLIMIT_FSIZE, &before);
  const Recording r = Recording::from_blocks(store);
  EXPECT_GE(r.ticks(), 2000);  // what did not fit is still in the tail
  expect_complete(r, r.ticks());
}

TEST(Blocks, ARigHasNoCore) {
  RecordingPlan p;
  p.kind = RecordingKind::rig;
  p.tick_ns = 7000;
  p.ms_ticks = 143;
  p.tick = {{"needle.force", "N", SignalKind::truth, SignalPeriod::tick, 5, ""},
            {"needle.tip_depth", "m", SignalKind::truth, SignalPeriod::tick, 3e-3, ""}};
  BlockStore store(p);
  BlockWriter writer(store);
  for (Tick k = 0; k < 2100; ++k) {
    const float row[2] = {static_cast<float>(k), -1.0f};
    writer.tick(row);
  }
  const Recording r = Recording::from_blocks(store);
  EXPECT_EQ(r.ticks(), 2100);
  EXPECT_FALSE(r.has_io());
  EXPECT_EQ(r.meta().kind, RecordingKind::rig);
  EXPECT_EQ(r.at("needle.force", 2050), 2050.0f);
  EXPECT_EQ(r.at("needle.tip_depth", 2050), -1.0f);
  EXPECT_EQ(r.signals().size(), 2u);
}

// The golden value: a recorded hash means something next year only if this never changes.
TEST(RunHash, IsWhatItWas) {
  RunHash hash;
  EXPECT_EQ(hash.text(), "0000000000000000");
  std::uint64_t state[40];
  for (std::uint64_t i = 0; i < 40; ++i) state[i] = i * i;
  for (Tick k = 0; k < 1000; ++k) {
    hash.tick(pen_in(k), pen_out(k));
    if (k % 20 == 0) hash.state(state, sizeof state);
  }
  EXPECT_EQ(hash.text(), "ff97d01bbc743129");
}

TEST(RunHash, EveryByteAndTheOrderCount) {
  PenIn in{};
  PenOut out{};
  RunHash reference;
  reference.tick(in, out);
  reference.tick(in, out);
  for (std::size_t i = 0; i < sizeof in + sizeof out; ++i) {
    RunHash other;
    other.tick(in, out);
    PenIn in_b = in;
    PenOut out_b = out;
    (i < sizeof in ? reinterpret_cast<unsigned char*>(&in_b)[i]
                   : reinterpret_cast<unsigned char*>(&out_b)[i - sizeof in]) = 1;
    other.tick(in_b, out_b);
    EXPECT_NE(other.value(), reference.value()) << "byte " << i;
    RunHash swapped;
    swapped.tick(in_b, out_b);
    swapped.tick(in, out);
    EXPECT_NE(swapped.value(), other.value()) << "byte " << i;
  }
}

}  // namespace
}  // namespace pensim
