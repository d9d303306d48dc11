// budget_bench.cpp - where the time of a tick goes, line by line, against the budget of 500 ns (100 times real time),
// and the whole run against a bare loop of plant and core. All figures are of one process, interleaved, medians of
// several rounds.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>

#include "firmware_shim/native/native_target.h"
#include "sim/engine/board.h"
#include "sim/engine/engine.h"
#include "sim/engine/plan.h"
#include "sim/engine/world.h"
#include "sim/judge/judge.h"
#include "sim/recording/block_writer.h"
#include "sim/recording/recording.h"
#include "sim/recording/run_hash.h"
#include "sim/run/prepare.h"
#include "sim/run/run_one.h"

namespace pensim {
namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Line {
  const char* name;
  double budget_ns;
  std::function<void()> body;  // one pass over every tick
  std::vector<double> ns = {};
};

int bench(const char* path, int rounds) {
  PrepareOptions prepare_options;
  prepare_options.paths = {path};
  std::vector<InputProblem> problems;
  std::vector<RunRequest> requests = prepare(prepare_options, problems);
  if (!problems.empty()) throw InputError(problems);
  const RunRequest& request = requests.front();
  const ResolvedScenario& scenario = request.resolved;
  const PlantParams& params = scenario.plant;
  const PlantDerived derived = plant_derive(params);
  const auto needles = static_cast<int>(params.cartridge.needle_count);
  const RecordingPlan plan = recording_plan(scenario);
  const auto whole_run = [&](BlockStore& store, RunStatus& status) {
    const auto target = open_native(request.core.path);
    BlockWriter writer(store);
    run_engine(scenario, *target, {}, {}, writer, store.plan(), status);
    writer.close();
  };

  // One run gives the inputs and outputs that the single lines are fed with.
  BlockStore store(plan);
  RunStatus status;
  whole_run(store, status);
  RecordingMeta meta;
  meta.tick_ns = scenario.tick_ns;
  const Recording recording = Recording::from_blocks(store, meta);
  const Tick ticks = recording.ticks();
  std::vector<PenIn> in(static_cast<std::size_t>(ticks));
  std::vector<PenOut> out(static_cast<std::size_t>(ticks));
  recording.io(0, ticks, in.data(), out.data());

  const auto world = std::make_unique<World>();
  const auto fresh_world = [&] {
    *world = World{};
    plant_reset(params, derived, world->plant);
    for (const InitialSetting& s : scenario.settings)
      settings_apply(world->settings, {0, Command::Kind::set, s.name, s.value, 0, 0, ""}, 0);
    board_drive(*world, PenOut{}, 0, scenario.tick_ns);
    world->supply.power = CorePower::running;
  };
  std::size_t next = 0;
  const auto commands = [&](Tick k) {
    for (; next < scenario.commands.size() && scenario.commands[next].at <= k; ++next)
      if (scenario.commands[next].kind == Command::Kind::set || scenario.commands[next].kind == Command::Kind::fault)
        settings_apply(world->settings, scenario.commands[next], k);
    settings_step(world->settings, k);
  };
  // The plant under the recorded outputs, with whatever else is asked for per tick.
  const auto plant_pass = [&](const auto& more) {
    fresh_world();
    next = 0;
    for (Tick k = 0; k < ticks; ++k) {
      commands(k);
      more(k);
      board_drive(*world, k > 0 ? out[static_cast<std::size_t>(k - 1)] : PenOut{}, k, scenario.tick_ns);
      plant_tick(params, derived, world->plant, world->plant_input, world->edges);
      plant_truth(derived, world->plant, world->truth);
    }
  };
  const auto core_steps = [&](Target& target, Tick k, bool& running) {
    const PenIn& input = in[static_cast<std::size_t>(k)];
    if (input.reset_cause != 0 && !running) target.reset(input.reset_cause);
    running = input.reset_cause != 0;
    PenOut output{};
    if (running) target.step(k, input, output);
  };
  const auto core = open_native(request.core.path);
  std::vector<float> row(plan.tick.size() + 8, 0.5f);
  const std::vector<float> slow_row(plan.ms.size() + plan.slow.size());

  std::vector<Line> lines = {
      {"plant", 250, [&] { plant_pass([](Tick) {}); }},
      {"core", 50,
       [&] {
         bool running = false;
         for (Tick k = 0; k < ticks; ++k) core_steps(*core, k, running);
       }},
      {"senses and noise", 60,
       [&] {
         plant_pass([&](Tick k) {
           PenIn sensed{};
           board_sense(params, derived, *world, k, scenario.tick_ns, sensed);
         });
       }},
      {"record", 60,
       [&] {
         BlockStore other(plan);
         BlockWriter writer(other);
         for (Tick k = 0; k < ticks; ++k) {
           if (k % plan.ms_ticks == 0) writer.ms(slow_row.data());
           if (k % plan.slow_ticks == 0) writer.slow(slow_row.data());
           writer.tick(row.data(), in[static_cast<std::size_t>(k)], out[static_cast<std::size_t>(k)]);
         }
       }},
      {"monitor", 30, [&] { judge_recording(recording, scenario.requirements, scenario.measures, scenario.duration); }},
      {"hash", 20,
       [&] {
         RunHash hash;
         for (Tick k = 0; k < ticks; ++k) {
           hash.tick(in[static_cast<std::size_t>(k)], out[static_cast<std::size_t>(k)]);
           if (k % 200 == 0) hash.state(&world->plant, plant_hashed_bytes);
         }
         if (hash.value() == 0) std::puts("");
       }},
  };
  Line whole = {"engine (1 to 5, blocks)", 470, [&] {
                  BlockStore other(plan);
                  RunStatus s;
                  whole_run(other, s);
                }};
  Line bare = {"bare loop: plant and core", 300, [&] {
                 bool running = false;
                 plant_pass([&](Tick k) { core_steps(*core, k, running); });
               }};
  const auto time = [&](Line& line) {
    const double begin = now_s();
    line.body();
    line.ns.push_back((now_s() - begin) * 1e9 / static_cast<double>(ticks));
  };
  for (int round = 0; round < rounds; ++round) {
    for (Line& line : lines) time(line);
    time(whole);
    time(bare);
  }
  lines[2].ns = {median(lines[2].ns) - median(lines[0].ns)};  // the pass holds the plant too
  fmt::print("{}: {} ticks of {} us, {} needles, medians of {} rounds\n", path, ticks, scenario.tick_ns / 1000, needles,
             rounds);
  fmt::print("{:<28} {:>10} {:>10} {:>8}\n", "ns a tick", "seen", "budget", "ratio");
  double sum = 0;
  for (Line& line : lines) {
    const double ns = median(line.ns);
    sum += ns;
    fmt::print("{:<28} {:>10.1f} {:>10.0f} {:>8.2f}\n", line.name, ns, line.budget_ns, ns / line.budget_ns);
  }
  fmt::print("{:<28} {:>10.1f} {:>10.0f} {:>8.2f}\n", "sum", sum, 470.0, sum / 470.0);
  const double whole_ns = median(whole.ns), bare_ns = median(bare.ns);
  fmt::print("{:<28} {:>10.1f}\n{:<28} {:>10.1f}\n", whole.name, whole_ns, bare.name, bare_ns);
  fmt::print("neither plant, core nor senses: {:.0f} ns a tick (goal: 100)\n",
             whole_ns - bare_ns - std::max(0.0, median(lines[2].ns)));
  fmt::print("engine over bare loop: {:.2f}; real-time factor of the engine: {:.0f}\n", whole_ns / bare_ns,
             static_cast<double>(scenario.tick_ns) / whole_ns);
  return 0;
}

}  // namespace
}  // namespace pensim

int main(int argc, char** argv) {
  try {
    return pensim::bench(argc > 1 ? argv[1] : "tests/bench/cheek_10s.yaml", argc > 2 ? std::atoi(argv[2]) : 5);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
