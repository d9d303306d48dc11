#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "tests/sim/judge/memory_source.h"

namespace pensim {
namespace {

double measured(const std::string& expression, const MemorySource& source) {
  Measure m;
  m.name = "m";
  m.expression = expression;
  return measure(m, source);
}

std::string unit_of(const std::string& expression) {
  Measure m;
  m.expression = expression;
  return measure_unit(m);
}

// A tick is 50 us.
MemorySource small() {
  MemorySource source(6);
  source.set("needle.force", {1.0f, 4.0f, -2.0f, 3.0f, 0.0f, 2.0f});
  source.set("pin.hall", {1.0f, 1.0f, 0.0f, 1.0f, 0.0f, 1.0f});
  Samples press;
  press.period_ticks = 4;
  press.value = {1.5f, 2.5f};
  source.set("hand.press", press);
  return source;
}

TEST(MeasureTest, OfNumbers) {
  const MemorySource source = small();
  EXPECT_EQ(measured("max(needle.force)", source), 4.0);
  EXPECT_EQ(measured("min(needle.force)", source), -2.0);
  EXPECT_EQ(measured("mean(needle.force)", source), 8.0 / 6.0);
  EXPECT_EQ(measured("rms(needle.force)", source), std::sqrt(34.0 / 6.0));
  EXPECT_EQ(measured("last(needle.force)", source), 2.0);
  EXPECT_EQ(measured("max[100 us, end](needle.force)", source), 3.0);
  EXPECT_EQ(measured("max[100 us, end - 200 us](needle.force)", source), -2.0);
  EXPECT_EQ(measured("last[0, 150 us](needle.force)", source), 3.0);
  EXPECT_EQ(measured("max(max(needle.force, 2 * hand.press))", source), 5.0);
  EXPECT_EQ(measured("mean(hand.press)", source), (4 * 1.5 + 2 * 2.5) / 6.0);
  EXPECT_EQ(measured("max(needle.force / 1 mN)", source), 4000.0);
}

TEST(MeasureTest, OfConditions) {
  const MemorySource source = small();
  // Rises at ticks 3 and 5; that it is high at tick 0 is none.
  EXPECT_EQ(measured("count(pin.hall)", source), 2.0);
  EXPECT_EQ(measured("count(rise(pin.hall))", source), 2.0);
  EXPECT_EQ(measured("count[150 us, 200 us](pin.hall)", source), 1.0);
  EXPECT_EQ(measured("count[50 us, 100 us](pin.hall)", source), 0.0);
  EXPECT_EQ(measured("count[250 us, end](pin.hall)", source), 1.0);
  EXPECT_DOUBLE_EQ(measured("duration(pin.hall)", source), 200e-6);
  EXPECT_DOUBLE_EQ(measured("duration[100 us, end](needle.force > 2.5 N)", source), 50e-6);
  EXPECT_DOUBLE_EQ(measured("duration(once[0, 50 us] (pin.hall == 0))", source), 200e-6);
}

TEST(MeasureTest, WithoutAValueIsNaN) {
  MemorySource source = small();
  EXPECT_TRUE(std::isnan(measured("max[1 s, 2 s](needle.force)", source)));
  EXPECT_TRUE(std::isnan(measured("max(motor.speed)", source)));
  EXPECT_TRUE(std::isnan(measured("count(motor.speed > 1 Hz)", source)));
  EXPECT_TRUE(std::isnan(measured("mean(1 N / needle.force)", source)));
  source.values("needle.force")[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(measured("max(needle.force)", source)));
  EXPECT_TRUE(std::isnan(measured("count(needle.force > 1 N)", source)));
  EXPECT_EQ(measured("max[150 us, end](needle.force)", source), 3.0);
  EXPECT_TRUE(std::isnan(measured("max(needle.force)", MemorySource(0))));
}

TEST(MeasureTest, OfARunThatEndedEarlyIsOverWhatIsThere) {
  MemorySource source = small();
  source.end_early(100, RunEnd::firmware_fault);
  EXPECT_EQ(measured("max[50 us, end - 100 us](needle.force)", source), 4.0);
  EXPECT_EQ(measured("last(needle.force)", source), 2.0);
  EXPECT_TRUE(std::isnan(measured("last[end - 100 us, end](needle.force)", source)));
}

TEST(MeasureTest, AcrossBlocks) {
  const Tick ticks = 5000;
  MemorySource source(ticks);
  std::vector<float> ramp, level;
  for (Tick t = 0; t < ticks; ++t) {
    ramp.push_back(static_cast<float>(t));
    level.push_back((t / 700) % 2 ? 1.0f : 0.0f);
  }
  source.set("adc.battery", ramp);
  source.set("pin.hall", level);
  EXPECT_EQ(measured("mean(adc.battery)", source), 2499.5);
  EXPECT_EQ(measured("mean[50 ms, 100 ms](adc.battery)", source), 1500.0);
  EXPECT_EQ(measured("max[50 ms, 149.95 ms](adc.battery)", source), 2999.0);
  EXPECT_EQ(measured("min[50 ms, 149.95 ms](adc.battery)", source), 1000.0);
  EXPECT_EQ(measured("count(pin.hall)", source), 4.0);
  EXPECT_DOUBLE_EQ(measured("duration(pin.hall)", source), 2200 * 50e-6);
}

TEST(MeasureTest, Units) {
  EXPECT_EQ(unit_of("max(needle.force)"), "N");
  EXPECT_EQ(unit_of("rms(2 * motor.current)"), "A");
  EXPECT_EQ(unit_of("max(needle.force * needle.tip_depth)"), "J");
  EXPECT_EQ(unit_of("mean(adc.battery)"), "count");
  EXPECT_EQ(unit_of("max(needle.force * needle.force / 1 s)"), "m^2 kg^2/s^5");
  EXPECT_EQ(unit_of("count(pin.hall)"), "1");
  EXPECT_EQ(unit_of("duration(pin.hall)"), "s");
}

}  // namespace
}  // namespace pensim
