#include "models/depth_screw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace pensim;

namespace {

constexpr double tick_s = 50e-6;

struct Bench {
  ScrewParams params;
  ScrewState state;
  ScrewInput input;
  std::uint64_t seed = 7;
  int edges = 0;
  double edge_s = -1;  // instant of the last edge, since the start
  std::int64_t ticks = 0;
  Bench() { screw_reset(params, seed, state); }
  void reset() { screw_reset(params, seed, state); }
  void advance() {
    const double at_s = screw_step(params, seed, state, input, tick_s);
    input.half_steps = 0;
    if (at_s >= 0) {
      ++edges;
      edge_s = static_cast<double>(ticks) * tick_s + at_s;
    }
    ++ticks;
  }
  double move(std::int64_t half_steps) {  // returns how long it took
    input.half_steps = half_steps;
    const std::int64_t begin = ticks;
    do advance();
    while (state.queue != 0);
    return static_cast<double>(ticks - begin) * tick_s;
  }
};

}  // namespace

TEST(DepthScrew, TwentyFiveMicrometresPerStepAtThreeHundredSteps) {  // 7.5 mm/s
  Bench b;
  b.move(2);
  const double start_m = b.state.position_m;
  b.ticks = 0;
  const double time_s = b.move(120);
  EXPECT_NEAR(b.state.position_m - start_m, 60 * 25e-6, 1e-12);
  EXPECT_NEAR((b.state.position_m - start_m) / time_s, 7.5e-3, 0.1e-3);
}

TEST(DepthScrew, StepsAreSpacedByTheRate) {
  Bench b;
  b.input.half_steps = 20;
  double last_m = b.state.position_m;
  std::int64_t last_tick = -1;
  for (int k = 0; k < 1000; ++k) {
    b.advance();
    if (b.state.position_m == last_m) continue;
    if (last_tick >= 0) {
      EXPECT_NEAR(static_cast<double>(k - last_tick) * tick_s, 1.0 / 600.0, tick_s);
    }
    EXPECT_NEAR(b.state.position_m - last_m, 12.5e-6, 1e-15);
    last_tick = k;
    last_m = b.state.position_m;
  }
  EXPECT_EQ(b.state.queue, 0);
  EXPECT_NEAR(static_cast<double>(last_tick) * tick_s, 19.0 / 600.0, tick_s);
}

TEST(DepthScrew, BacklashIsLostOnReversal) {
  Bench b;
  b.move(40);
  const double top_m = b.state.position_m;
  b.move(-2);
  EXPECT_EQ(b.state.position_m, top_m);  // 25 um of 35
  b.move(-38);
  EXPECT_NEAR(b.state.position_m, top_m - 40 * 12.5e-6 + b.params.backlash_m, 1e-12);
  b.move(40);
  EXPECT_NEAR(b.state.position_m, top_m, 1e-12);  // approached from the same side: no error
}

TEST(DepthScrew, HomeSwitchOpensAtHomeWithinItsRepeatability) {
  double low_m = 1, high_m = -1, mean_m = 0;
  const int seeds = 200;
  for (int seed = 0; seed < seeds; ++seed) {
    Bench b;
    b.seed = static_cast<std::uint64_t>(seed);
    b.params.half_step_m = 1e-6;  // fine steps, to see the switch and not the step
    b.params.initial_position_m = 0.1e-3;
    b.reset();
    EXPECT_EQ(b.state.home_closed, 0);
    b.move(-250);
    ASSERT_EQ(b.state.home_closed, 1);
    b.edges = 0;
    while (b.edges == 0) b.move(1);
    EXPECT_EQ(b.state.home_closed, 0);
    low_m = std::min(low_m, b.state.position_m);
    high_m = std::max(high_m, b.state.position_m);
    mean_m += b.state.position_m / seeds;
  }
  EXPECT_GE(low_m, -20e-6);
  EXPECT_LE(high_m, 21e-6);
  EXPECT_LT(low_m, -15e-6);
  EXPECT_GT(high_m, 15e-6);
  EXPECT_NEAR(mean_m, 0.5e-6, 3.5e-6);  // uniform: standard error 0.8 um
}

TEST(DepthScrew, HomeEdgeCarriesTheInstantOfTheStep) {
  Bench b;
  b.params.initial_position_m = 4.5 * 12.5e-6;
  b.params.backlash_m = 0;
  b.params.home_repeatability_m = 0;
  b.reset();
  b.move(-12);
  EXPECT_EQ(b.edges, 1);
  EXPECT_NEAR(b.edge_s, 4.0 / 600.0, 1e-9);  // the fifth step passes 0; the first is made at once
}

TEST(DepthScrew, StopsAtBothEnds) {
  Bench b;
  b.move(400);
  EXPECT_NEAR(b.state.position_m, 3.0e-3, 1e-9);
  EXPECT_GT(b.state.steps_lost, 100);
  b.move(-400);
  EXPECT_GE(b.state.position_m, b.params.lower_stop_m - 1e-9);
  EXPECT_LE(b.state.position_m, b.params.lower_stop_m + 2 * 12.5e-6);
  EXPECT_EQ(b.state.home_closed, 1);
}

TEST(DepthScrew, JamAndLostSteps) {
  Bench jammed;
  jammed.input.jammed = 1;
  const double start_m = jammed.state.position_m;
  jammed.move(50);
  EXPECT_EQ(jammed.state.position_m, start_m);
  EXPECT_EQ(jammed.state.steps_lost, 50);
  for (const double share : {0.5, 0.25, 1.0}) {
    Bench b;
    b.input.lost_share_1 = share;
    b.move(80);
    EXPECT_NEAR(b.state.position_m - start_m, 80 * (1 - share) * 12.5e-6, 1e-12) << share;
  }
}

TEST(DepthScrew, OppositeStepsCancelInTheQueue) {
  Bench b;
  b.input.half_steps = 100;
  b.advance();
  b.input.half_steps = -100;
  b.advance();
  EXPECT_EQ(b.state.queue, -1);  // one step had been made
}
