// Cost of judging: samples per second of one requirement, a set of 15 over ten seconds, windows of growing length.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "sim/judge/requirement.h"
#include "tests/sim/judge/memory_source.h"

namespace pensim {
namespace {

// Ten seconds of a treatment in numbers: strokes at 120 Hz, noise on what is analogue, contact that comes and goes.
MemorySource treatment(Tick ticks) {
  MemorySource source(ticks);
  std::uint64_t state = 1;
  const auto noise = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 40) * 0x1p-24 - 0.5;
  };
  const auto fill = [&](const std::string& name, Tick period, auto value) {
    Samples s;
    s.period_ticks = period;
    for (Tick t = 0; t < ticks; t += period) s.value.push_back(static_cast<float>(value(seconds(t * default_tick_ns))));
    source.set(name, s);
  };
  const double pi2 = 6.283185307179586;
  const auto contact = [](double t) { return t > 0.8 && std::fmod(t, 2.0) < 1.8; };
  fill("stroke.rate", 1,
       [&](double t) { return t < 0.3 ? 400.0 * t : 120.0 + 0.8 * noise() + (contact(t) ? -1.0 : 0.0); });
  fill("needle.extension", 1, [&](double t) { return t < 0.3 ? -1e-3 : -0.5e-3 + 1.5e-3 * std::sin(pi2 * 120.0 * t); });
  fill("needle.penetration_max", 1,
       [&](double t) { return contact(t) ? std::max(0.0, 0.7e-3 * std::sin(pi2 * 120.0 * t)) : 0.0; });
  fill("needle.force", 1,
       [&](double t) { return contact(t) ? std::max(0.0, std::sin(pi2 * 120.0 * t)) + 0.02 * noise() : 0.0; });
  fill("needle.in_skin", 1, [&](double t) { return contact(t) && std::sin(pi2 * 120.0 * t) > 0.2 ? 12.0 : 0.0; });
  fill("motor.current", 1, [&](double t) { return 0.18 + 0.05 * std::sin(pi2 * 240.0 * t) + 0.02 * noise(); });
  fill("motor.speed", 1, [&](double t) { return t < 0.3 ? 400.0 * t : 120.0 + noise(); });
  fill("core.pwm_duty", 1, [&](double t) { return t < 0.2 ? 0.0 : 0.6 + 0.05 * noise(); });
  fill("adc.motor_current", 1,
       [&](double t) { return std::floor(230.0 + 60.0 * std::sin(pi2 * 240.0 * t) + 20.0 * noise()); });
  fill("pin.hall", 1, [&](double t) { return t > 0.2 && std::fmod(120.0 * t, 1.0) < 0.5 ? 1.0 : 0.0; });
  fill("pin.start", 1, [&](double t) { return t > 0.2 ? 1.0 : 0.0; });
  fill("pin.led_alarm", 1, [&](double) { return 0.0; });
  fill("skin.contact", 1, [&](double t) { return contact(t) ? 1.0 : 0.0; });
  fill("hand.press", 20, [&](double t) { return contact(t) ? 1.5 + 0.3 * noise() : 0.0; });
  fill("user.rate", 20, [&](double t) { return t < 0.1 ? 0.0 : 120.0; });
  fill("user.depth", 20, [&](double t) { return t < 0.1 ? 0.0 : 1.0e-3; });
  fill("user.start", 20, [&](double t) { return t > 0.2 ? 1.0 : 0.0; });
  fill("user.mode", 20, [&](double) { return 0.0; });
  fill("battery.voltage", 20, [&](double t) { return 3.9 - 0.01 * t + 0.02 * noise(); });
  fill("housing.temperature", 2000, [&](double t) { return 303.0 + 0.1 * t; });
  fill("motor.temperature", 2000, [&](double t) { return 310.0 + 0.5 * t; });
  Samples drag;
  for (Tick t = 0; t < ticks; t += 167) {
    drag.tick.push_back(t);
    drag.value.push_back(static_cast<float>(1e-4 + 2e-5 * noise()));
  }
  source.set("stroke.drag", drag);
  return source;
}

Requirement require(const std::string& that) {
  Requirement out;
  out.id = "R";
  out.that = that;
  return out;
}

constexpr Tick ten_seconds = 200000;

void one(benchmark::State& state, const std::string& that) {
  const MemorySource source = treatment(ten_seconds);
  const Requirement requirement = require(that);
  Verdict verdict;
  for (auto _ : state) benchmark::DoNotOptimize(verdict = judge(requirement, source));
  state.SetItemsProcessed(state.iterations() * ten_seconds);
  state.SetLabel(outcome_name(verdict.outcome));
}

void RateHolds(benchmark::State& state) {
  one(state, "always[1 s, end - 50 ms] (abs(stroke.rate - user.rate) <= 0.05 * user.rate)");
}
BENCHMARK(RateHolds)->Unit(benchmark::kMicrosecond);

// Noise that no bound sees through: every block is spelled out.
void NoBoundHelps(benchmark::State& state) {
  one(state, "always (abs(needle.force * motor.current - 0.18 A * needle.force) <= 1 A * needle.force + 1 A * 1 N)");
}

void Response(benchmark::State& state) {
  one(state, "always (rise(skin.contact) implies eventually[0, 100 ms] (needle.in_skin > 0))");
}
BENCHMARK(Response)->Unit(benchmark::kMicrosecond);

// Sliding windows whose values are all needed: the difference of two of them at every tick.
void Sliding(benchmark::State& state) {
  const std::string window = "[0, " + std::to_string(state.range(0)) + " us]";
  one(state, "always ((eventually" + window + " (motor.current > 0.25 A)) and (historically" + window +
                 " (motor.speed < 120.4 Hz)) or (once" + window + " (needle.force > 0.9 N)))");
}
BENCHMARK(Sliding)->Arg(100)->Arg(1000)->Arg(10000)->Arg(100000)->Arg(1000000)->Arg(10000000)->Unit(
    benchmark::kMicrosecond);

void Until(benchmark::State& state) {
  const std::string window = "[1 ms, " + std::to_string(state.range(0)) + " us]";
  one(state, "always[1 s, end - 50 ms] ((motor.current < 0.3 A) until" + window + " (motor.current < 0.25 A))");
}
BENCHMARK(Until)->Arg(2000)->Arg(20000)->Arg(2000000)->Unit(benchmark::kMicrosecond);

void Fifteen(benchmark::State& state) {
  const MemorySource source = treatment(ten_seconds);
  std::vector<Requirement> requirements;
  for (const char* that : {
           "always[1 s, end - 50 ms] (abs(stroke.rate - user.rate) <= 0.05 * user.rate)",
           "always[1 s, end] (needle.extension <= user.depth + 0.1 mm)",
           "always (needle.extension <= 3.0 mm)",
           "always (user.mode == 1 implies user.depth <= 0.5 mm and user.rate <= 100 Hz)",
           "always (hand.press >= 5 N implies eventually[0, 0.5 s] pin.led_alarm)",
           "always (historically[0, 25 ms] (pin.hall == 0) and core.pwm_duty > 0.2 implies eventually[0, 100 ms] "
           "(core.pwm_duty == 0))",
           "always (rise(skin.contact) implies eventually[0, 100 ms] (needle.in_skin > 0))",
           "always (fall(user.start) implies eventually[0, 60 ms] always[0, 1 s] (motor.speed < 1 Hz))",
           "always (housing.temperature <= 43 degC)",
           "always (motor.temperature <= 100 degC)",
           "always (battery.voltage >= 3.0 V)",
           "always (stroke.drag <= 1 mm)",
           "always[0.5 s, end] (motor.current <= 2 A and needle.force <= 5 N)",
           "always (adc.motor_current > 4000 implies eventually[0, 10 ms] (core.pwm_duty == 0))",
           "eventually (needle.penetration_max >= 0.5 mm)",
       })
    requirements.push_back(require(that));
  std::vector<Verdict> verdicts;
  for (auto _ : state) benchmark::DoNotOptimize(verdicts = judge_all(requirements, source));
  state.SetItemsProcessed(state.iterations() * ten_seconds);
  std::string label;
  for (const Verdict& verdict : verdicts) label += outcome_name(verdict.outcome)[0];
  state.SetLabel(label);
}
BENCHMARK(Fifteen)->Unit(benchmark::kMicrosecond);
BENCHMARK(NoBoundHelps)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pensim

BENCHMARK_MAIN();
