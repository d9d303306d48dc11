// What recording costs: a row and a hash per tick, and the file of a run of 10 s.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "sim/engine/plan.h"
#include "sim/recording/block_writer.h"
#include "sim/recording/recording.h"
#include "sim/recording/run_hash.h"

namespace {

using namespace pensim;

constexpr Tick ten_seconds = 200'000;

// A row as a running pen gives it: half of the signals move in every tick, the others are flags and counters.
void fill(std::vector<float>& row, PenIn& in, PenOut& out, Tick k) {
  const float x = static_cast<float>(k % 167);
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = i % 2 == 0 ? x * static_cast<float>(i) : static_cast<float>(k / 20'000);
  in.time_us = static_cast<std::uint32_t>(k * 50);
  for (unsigned i = 0; i < PEN_ADC_COUNT; ++i) in.adc[i] = static_cast<std::uint16_t>(2048 + (k * (i + 3)) % 17);
  in.pins = static_cast<std::uint16_t>(k % 167 < 40);
  in.edge_count = k % 167 == 0 || k % 167 == 40;
  in.edges[0] = {};
  if (in.edge_count) in.edges[0] = {in.time_us - 7, PEN_LINE_HALL, static_cast<std::uint8_t>(in.pins & 1), 0};
  out.duty_q15 = static_cast<std::int16_t>(9000 + k % 31);
  out.bridge_mode = PEN_BRIDGE_DRIVE;
}

RecordingPlan plan() {
  ResolvedScenario scenario;
  scenario.plant.cartridge.needle_count = 12;
  scenario.watch = {"speed_loop.integral"};
  scenario.commands.push_back({0, Command::Kind::fault, "hall.dropout", 1.0, 0, 0, ""});
  return recording_plan(scenario);
}

void write_run(BlockWriter& writer, const RecordingPlan& p, Tick ticks, RunHash* hash) {
  std::vector<float> row(p.tick.size()), ms(p.ms.size()), slow(p.slow.size());
  PenIn in{};
  PenOut out{};
  for (Tick k = 0; k < ticks; ++k) {
    fill(row, in, out, k);
    if (k % p.ms_ticks == 0) writer.ms(ms.data());
    if (k % p.slow_ticks == 0) writer.slow(slow.data());
    if (k % 167 == 166) writer.stroke({k - 166, k, {}, {}});
    writer.tick(row.data(), in, out);
    if (hash) hash->tick(in, out);
  }
  writer.close();
}

void filling(benchmark::State& state) {  // what the benchmarks below contain besides recording
  const RecordingPlan p = plan();
  std::vector<float> row(p.tick.size());
  PenIn in{};
  PenOut out{};
  for (auto _ : state)
    for (Tick k = 0; k < ten_seconds; ++k) {
      fill(row, in, out, k);
      benchmark::DoNotOptimize(row.data());
      benchmark::DoNotOptimize(in);
      benchmark::DoNotOptimize(out);
      benchmark::ClobberMemory();
    }
  state.counters["ns_per_tick"] =
      benchmark::Counter(static_cast<double>(ten_seconds) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(filling)->Unit(benchmark::kMillisecond);

void rows(benchmark::State& state) {
  const RecordingPlan p = plan();
  for (auto _ : state) {
    BlockStore store(p);
    BlockWriter writer(store);
    write_run(writer, p, ten_seconds, nullptr);
  }
  state.counters["ns_per_tick"] =
      benchmark::Counter(static_cast<double>(ten_seconds) * 1e-9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(rows)->Unit(benchmark::kMillisecond);

void file(benchmark::State& state) {  // blocks to a closed HDF5 file
  const RecordingPlan p = plan();
  BlockStore store(p);
  BlockWriter writer(store);
  write_run(writer, p, ten_seconds, nullptr);
  const std::string path = (std::filesystem::temp_directory_path() / "pensim_recording_bench.h5").string();
  for (auto _ : state) {
    const Recording recording = Recording::from_blocks(store);
    recording.write(path, {state.range(0) != 0});
  }
  state.counters["MB"] = static_cast<double>(std::filesystem::file_size(path)) * 1e-6;
  for (const char* suffix : {"", ".prev"}) std::filesystem::remove(path + suffix);
}
BENCHMARK(file)->Arg(0)->Arg(1)->ArgName("compress")->Unit(benchmark::kMillisecond);

void open_file(benchmark::State& state) {  // and one picture of one signal
  const RecordingPlan p = plan();
  BlockStore store(p);
  BlockWriter writer(store);
  write_run(writer, p, ten_seconds, nullptr);
  const std::string path = (std::filesystem::temp_directory_path() / "pensim_recording_bench.h5").string();
  Recording::from_blocks(store).write(path);
  for (auto _ : state) {
    const Recording recording = Recording::open(path);
    benchmark::DoNotOptimize(recording.envelope("needle.tip_depth", 0, ten_seconds - 1, 1600));
  }
  std::filesystem::remove(path);
}
BENCHMARK(open_file)->Unit(benchmark::kMillisecond);

void hash(benchmark::State& state) {
  PenIn in{};
  PenOut out{};
  RunHash h;
  for (auto _ : state) {
    in.time_us += 50;
    h.tick(in, out);
    benchmark::DoNotOptimize(h);
  }
}
BENCHMARK(hash);

}  // namespace

BENCHMARK_MAIN();
