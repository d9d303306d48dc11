// A recording that is written while it comes, and forgotten meanwhile, is the recording that is written at the end.
#include "sim/recording/recording_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "sim/recording/block_store.h"
#include "sim/recording/difference.h"
#include "tests/sim/recording/recorded_run.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;
using namespace recorded_run;

class Pieces : public ::testing::Test {
 protected:
  Pieces() : folder_(fs::temp_directory_path() / ("pensim_pieces_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Pieces() override { fs::remove_all(folder_); }
  std::string file(const char* name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

std::size_t bytes_held(const BlockStore& store) {
  struct stat status {};
  ::fstat(store.file(), &status);
  return static_cast<std::size_t>(status.st_blocks) * 512;
}

void expect_equal(const Recording& a, const Recording& b) {
  ASSERT_EQ(a.ticks(), b.ticks());
  ASSERT_EQ(a.signals().size(), b.signals().size());
  for (const SignalInfo& s : a.signals()) {
    const Samples x = a.samples(s.name), y = b.samples(s.name);
    EXPECT_EQ(x.value, y.value) << s.name;
    EXPECT_EQ(x.tick, y.tick) << s.name;
    if (s.period == SignalPeriod::stroke) continue;
    for (const int size : {64, 4096}) {
      const auto p = a.pyramid(s.name, size, 0, a.ticks()), q = b.pyramid(s.name, size, 0, a.ticks());
      ASSERT_EQ(p.size(), q.size()) << s.name;
      for (std::size_t i = 0; i < p.size(); ++i)
        EXPECT_TRUE(p[i].min == q[i].min && p[i].max == q[i].max) << s.name << " bucket " << i << " of " << size;
    }
  }
  const auto n = static_cast<std::size_t>(a.ticks());
  std::vector<PenIn> in_a(n), in_b(n);
  std::vector<PenOut> out_a(n), out_b(n);
  a.io(0, a.ticks(), in_a.data(), out_a.data());
  b.io(0, b.ticks(), in_b.data(), out_b.data());
  EXPECT_EQ(std::memcmp(in_a.data(), in_b.data(), n * sizeof(PenIn)), 0);
  EXPECT_EQ(std::memcmp(out_a.data(), out_b.data(), n * sizeof(PenOut)), 0);
  ASSERT_EQ(a.strokes().size(), b.strokes().size());
  for (std::size_t i = 0; i < a.strokes().size(); ++i) {
    EXPECT_EQ(a.strokes()[i].begin, b.strokes()[i].begin);
    EXPECT_EQ(a.strokes()[i].end, b.strokes()[i].end);
  }
  ASSERT_EQ(a.uart().size(), b.uart().size());
  for (std::size_t i = 0; i < a.uart().size(); ++i) EXPECT_EQ(a.uart()[i].bytes, b.uart()[i].bytes);
  EXPECT_EQ(a.commands().size(), b.commands().size());
  EXPECT_TRUE(diff(a, b).fields.empty());
}

TEST_F(Pieces, EqualTheWhole) {
  constexpr Tick ticks = 70'001;  // several chunks, and a tail
  for (const bool compress : {false, true}) {
    BlockStore whole_store(plan()), store(plan());
    BlockWriter whole_writer(whole_store), writer(store);
    write(whole_writer, whole_store.plan(), 0, ticks);
    const Recording whole = Recording::from_blocks(whole_store);
    whole.write(file("whole.h5"), {compress});

    // What is planned is not what comes.
    Recording recording = Recording::from_blocks(store);
    RecordingFile pieces(recording, file("pieces.h5"), compress ? 1000 : 10 * ticks, compress);
    std::size_t most_bytes = 0;
    for (Tick from = 0; from < ticks; from += 9'000) {
      write(writer, store.plan(), from, std::min(ticks, from + 9'000));
      most_bytes = std::max(most_bytes, bytes_held(store));
      recording.refresh(true);
      pieces.append(recording.ticks());
      if (from % 18'000 == 0) pieces.release(recording);
    }
    recording.refresh();
    EXPECT_EQ(recording.ticks(), ticks);
    pieces.finish(recording);
    expect_equal(whole, pieces.read());
    pieces.put(recording);
    expect_equal(whole, Recording::open(file("pieces.h5")));
    expect_equal(whole, Recording::open(file("whole.h5")));
    EXPECT_LT(most_bytes, bytes_held(whole_store) / 2) << "what was released is given back";
  }
}

TEST_F(Pieces, WithoutPutThereIsNoFile) {
  BlockStore store(plan());
  BlockWriter writer(store);
  write(writer, store.plan(), 0, 3000);
  {
    const Recording recording = Recording::from_blocks(store);
    RecordingFile pieces(recording, file("none.h5"), 3000, false);
    pieces.append(2000);
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace pensim
