#include "sim/engine/stroke.h"

#include <gtest/gtest.h>

namespace pensim {
namespace {

constexpr double tick_s = 50e-6;

struct Bench {
  StrokeTracker tracker;
  StrokeInput in;
  double penetration[needles_max] = {};
  Stroke last;
  Tick tick = 0;
  int completed = 0;

  Bench() {
    in.penetration_m = penetration;
    in.needle_count = 3;
  }
  bool step(bool boundary = false, Nanoseconds before_ns = 0) {
    in.now_ns = tick * default_tick_ns;
    in.boundary = boundary;
    in.boundary_ns = in.now_ns - before_ns;
    const bool done = stroke_step(tracker, in, tick, tick_s, 5e-3, last);
    completed += done ? 1 : 0;
    ++tick;
    return done;
  }
};

TEST(Stroke, PeriodIsMeasuredBetweenInterpolatedBoundaries) {
  Bench b;
  for (int k = 0; k < 10; ++k) b.step();
  EXPECT_EQ(stroke_period_s(b.tracker, b.in.now_ns), 0.0);
  EXPECT_FALSE(b.step(true, 10'000));
  for (int k = 0; k < 99; ++k) b.step();
  EXPECT_TRUE(b.step(true, 35'000));
  EXPECT_DOUBLE_EQ(b.last.period_s, 100 * tick_s - 25e-6);
  EXPECT_EQ(b.last.index, 1);
  EXPECT_EQ(b.last.begin, 10);
  EXPECT_EQ(b.last.end, 110);
  EXPECT_EQ(b.completed, 1);
}

TEST(Stroke, PeriodGrowsLiveWhenTheMotorStalls) {
  Bench b;
  b.step(true);
  for (int k = 0; k < 99; ++k) b.step();
  b.step(true);
  EXPECT_DOUBLE_EQ(stroke_period_s(b.tracker, b.in.now_ns), 5e-3);
  for (int k = 0; k < 400; ++k) b.step();
  EXPECT_DOUBLE_EQ(stroke_period_s(b.tracker, b.in.now_ns), 20e-3);
}

TEST(Stroke, NothingIsMeasuredBeforeTheFirstWholeStroke) {
  Bench b;
  for (int k = 0; k < 10; ++k) b.step();
  b.step(true, 28'000);  // the time since that boundary is no period: 1 / 28 us is no rate
  for (int k = 0; k < 99; ++k) {
    EXPECT_EQ(stroke_period_s(b.tracker, b.in.now_ns), 0.0) << k;
    EXPECT_EQ(stroke_rate_Hz(b.tracker, b.in.now_ns), 0.0) << k;
    b.step();
  }
  b.step(true);
  EXPECT_DOUBLE_EQ(stroke_rate_Hz(b.tracker, b.in.now_ns), 1 / (100 * tick_s + 28e-6));
}

TEST(Stroke, PeaksMeansDwellAndDrag) {
  Bench b;
  b.step(true);
  b.in.lateral_speed_m_per_s = -0.02;
  for (int k = 1; k < 100; ++k) {
    const bool in = k >= 40 && k < 60;
    b.in.in_skin = in ? 2 : 0;
    b.in.extension_m = k * 1e-5;
    b.in.force_N = in ? 0.01 * k : 0.0;
    b.penetration[0] = in ? (k - 39) * 1e-5 : 0.0;  // up to 0.2 mm
    b.penetration[1] = in ? 1e-4 : 0.0;
    b.in.punctured = k >= 40 ? 2 : 0;
    b.step();
  }
  b.in.in_skin = 0;
  ASSERT_TRUE(b.step(true));
  EXPECT_NEAR(b.last.penetration_peak_m, 2e-4, 1e-9);
  EXPECT_NEAR(b.last.penetration_mean_m, 1e-4, 1e-9);
  EXPECT_NEAR(b.last.penetration_min_m, 0.0, 1e-9);  // the third needle did not enter
  EXPECT_NEAR(b.last.dwell_s, 20 * tick_s, 1e-12);
  EXPECT_NEAR(b.last.drag_m, 20 * tick_s * 0.02, 1e-12);
  EXPECT_NEAR(b.last.extension_peak_m, 99e-5, 1e-12);
  EXPECT_NEAR(b.last.force_peak_N, 0.59, 1e-12);
  EXPECT_EQ(b.last.puncture_count, 2.0);
}

TEST(Stroke, DoseCountsPerTouchedCell) {
  Bench b;
  b.step(true);
  b.in.track_m = 0.5e-3;
  b.in.punctured = 12;
  b.step();
  b.in.track_m = 1.5e-3;
  b.in.punctured = 36;
  b.step();
  ASSERT_TRUE(b.step(true));
  EXPECT_NEAR(b.last.density_per_m2, 36 / (2 * 1e-3 * 5e-3), 1e-6);
  EXPECT_NEAR(b.last.density_max_per_m2, 24 / (1e-3 * 5e-3), 1e-6);
}

}  // namespace
}  // namespace pensim
