#include "sim/session/futures.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sim/recording/block_writer.h"

namespace pensim {
namespace {

// A future with nothing computed, or with the first block of a run.
std::unique_ptr<Future> future(std::uint64_t id, Tick ticks = 0) {
  auto made = std::make_unique<Future>();
  made->id = id;
  RecordingPlan plan;
  made->store = std::make_unique<BlockStore>(plan);
  if (ticks > 0) {
    BlockWriter writer(*made->store);
    const float no_signals = 0;
    for (Tick tick = 0; tick < ticks; ++tick) writer.tick(&no_signals, PenIn{}, PenOut{});
    writer.end_block();
  }
  made->recording = Recording::from_blocks(*made->store, {});
  made->recording.refresh();
  EXPECT_EQ(made->recording.ticks(), ticks);
  return made;
}

std::uint64_t id(const Future* f) { return f ? f->id : 0; }

TEST(Futures, TheCurrentOneBecomesTheGhostWhenTheNextBegins) {
  Futures futures;
  futures.replace(future(1, 100));
  futures.ask(future(2), true);
  EXPECT_EQ(id(futures.current()), 1u);
  EXPECT_EQ(id(futures.ghost()), 0u);
  futures.begin();
  EXPECT_EQ(id(futures.current()), 2u);
  EXPECT_EQ(id(futures.pending()), 0u);
  EXPECT_EQ(id(futures.ghost()), 1u);
}

TEST(Futures, WhatHoldsNothingIsNoGhost) {
  Futures futures;
  futures.replace(future(1, 100));
  futures.ask(future(2), true);
  futures.begin();
  futures.ask(future(3), true);  // nothing of 2 was computed
  futures.begin();
  EXPECT_EQ(id(futures.current()), 3u);
  EXPECT_EQ(id(futures.ghost()), 1u);
}

// A run that was faster than a change is taken back: the ghost is still the one before the change.
TEST(Futures, TheGhostStaysWhereItIsNotToBeReplaced) {
  Futures futures;
  futures.replace(future(1, 100));
  futures.ask(future(2, 50), true);
  futures.begin();
  futures.ask(future(3), false);
  futures.begin();
  EXPECT_EQ(id(futures.ghost()), 1u);
}

TEST(Futures, TheLastAskedBeginsAndTheCurrentOneIsKeptIfAnyAskedForIt) {
  Futures futures;
  futures.replace(future(1, 100));
  futures.ask(future(2), true);
  futures.ask(future(3), false);
  EXPECT_EQ(id(futures.pending()), 3u);
  futures.begin();
  EXPECT_EQ(id(futures.current()), 3u);
  EXPECT_EQ(id(futures.ghost()), 1u);
}

TEST(Futures, AnotherServerDropsWhatHasNotBegun) {
  Futures futures;
  futures.replace(future(1, 100));
  futures.ask(future(2), true);
  futures.replace(future(3));
  EXPECT_EQ(id(futures.current()), 3u);
  EXPECT_EQ(futures.pending(), nullptr);
  EXPECT_EQ(id(futures.ghost()), 1u);
  futures.drop_ghost();
  EXPECT_EQ(futures.ghost(), nullptr);
}

TEST(Futures, ClosesTheSocketOfADroppedFuture) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto f = future(1);
  f->control = ends[0];
  f.reset();
  EXPECT_EQ(fcntl(ends[0], F_GETFD), -1);
  close(ends[1]);
}

TEST(SentChanges, TheEarliestCountsUntilAllAreTaken) {
  SentChanges sent;
  sent.sent(200);
  sent.sent(100);
  EXPECT_EQ(sent.first, 100);
  sent.taken();
  EXPECT_EQ(sent.first, 100);
  sent.taken();
  EXPECT_EQ(sent.first, std::nullopt);
  sent.taken();  // a stray one changes nothing
  sent.sent(300);
  sent.taken();
  EXPECT_EQ(sent.first, std::nullopt);
}

TEST(CatchUp, GoesFromZeroToOneAndEndsWhereItArrives) {
  CatchUp catch_up;
  EXPECT_EQ(catch_up.progress(5), 1.0);
  catch_up = {100, 300};
  EXPECT_EQ(catch_up.progress(100), 0.0);
  EXPECT_EQ(catch_up.progress(250), 0.75);
  catch_up.arrive(250, false);
  EXPECT_TRUE(catch_up.to);
  catch_up.arrive(300, false);
  EXPECT_FALSE(catch_up.to);
  catch_up = {100, 300};
  catch_up.arrive(250, true);  // the core crashed before
  EXPECT_FALSE(catch_up.to);
}

}  // namespace
}  // namespace pensim
