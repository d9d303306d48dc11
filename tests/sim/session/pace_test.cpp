#include "sim/session/pace.h"

#include <gtest/gtest.h>

#include <limits>

#include "sim/input/input_error.h"

namespace pensim {
namespace {

constexpr Nanoseconds tick_ns = 50'000;  // 20 ticks a millisecond

TEST(Pace, GrantsTheTicksOfTheTimeThatPassed) {
  Pace pace;
  EXPECT_EQ(pace.granted(0.016, tick_ns, {0, 0, 100000}), 320);
  pace.set_factor(0.5);
  EXPECT_EQ(pace.granted(0.016, tick_ns, {320, 320, 100000}), 320 + 160);
}

TEST(Pace, PartsOfATickAddUp) {
  Pace pace;
  pace.set_factor(0.001);  // 0.02 ticks a millisecond
  Tick allowed = 0;
  for (int frame = 0; frame < 100; ++frame) allowed = pace.granted(0.010, tick_ns, {allowed, allowed, 100000});
  EXPECT_NEAR(static_cast<double>(allowed), 20.0, 1.0);
}

TEST(Pace, NeverBeyondTheEndNorBelowWhatWasAllowed) {
  Pace pace;
  EXPECT_EQ(pace.granted(0.1, tick_ns, {0, 0, 500}), 500);
  EXPECT_EQ(pace.granted(0.0, tick_ns, {100, 400, 500}), 400);
  pace.set_factor(0);
  EXPECT_EQ(pace.granted(0.0, tick_ns, {100, 400, 500}), 500);
}

TEST(Pace, ARunThatIsTooSlowDoesNotCatchUpLater) {
  Pace pace;
  Tick allowed = 0;
  for (int frame = 0; frame < 100; ++frame) allowed = pace.granted(0.016, tick_ns, {0, allowed, 1'000'000});
  EXPECT_EQ(allowed, 2000);  // 0.1 s ahead of a run that computes nothing
}

TEST(Pace, OneLongFrameIsGrantedWhole) {
  Pace pace;
  EXPECT_EQ(pace.granted(0.5, tick_ns, {0, 0, 1'000'000}), 10000);
}

TEST(Pace, ADroppedBacklogIsNotGranted) {
  Pace pace;
  pace.set_factor(0.001);
  EXPECT_EQ(pace.granted(0.040, tick_ns, {0, 0, 1000}), 0);  // 0.8 of a tick
  pace.drop_backlog();
  EXPECT_EQ(pace.granted(0.040, tick_ns, {0, 0, 1000}), 0);
}

TEST(Pace, RefusesSpeedsThatMakeNoSense) {
  Pace pace;
  pace.set_factor(2);
  for (const double factor : {-1.0, 0.0009, 2e6, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW(pace.set_factor(factor), InputError) << factor;
  EXPECT_EQ(pace.factor(), 2);
}

TEST(RealTimeMeter, ForgetsWhatIsOlderThanASecond) {
  RealTimeMeter meter;
  EXPECT_EQ(meter.factor(tick_ns), 0);
  Tick now = 0;
  meter.note(now);
  const auto run = [&](double factor, int frames) {
    for (int frame = 0; frame < frames; ++frame) {
      meter.pass(0.01);
      meter.note(now += static_cast<Tick>(200 * factor));
    }
  };
  run(2.0, 50);
  EXPECT_NEAR(meter.factor(tick_ns), 2.0, 1e-9);
  run(0.5, 150);
  EXPECT_NEAR(meter.factor(tick_ns), 0.5, 1e-9);
  meter.clear();
  EXPECT_EQ(meter.factor(tick_ns), 0);
}

}  // namespace
}  // namespace pensim
