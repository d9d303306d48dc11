// Recordings for the benchmark of the window (tests/bench/dashboard): four signals and strokes at 20 kHz, written by
// the project's writer.
//   dashboard_bench write FILE SAMPLES      a recording
//   dashboard_bench open FILE               time to open it and to read the envelopes of a first frame
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/recording/block_writer.h"
#include "sim/recording/recording.h"

using namespace pensim;

namespace {

const std::vector<const char*> names = {"needle.tip_depth", "needle.force", "stroke.rate", "motor.speed"};

void write(const std::string& path, Tick ticks) {
  RecordingPlan plan;
  plan.kind = RecordingKind::rig;  // no PenIn and PenOut: a file of a size that a temporary folder holds
  for (const char* name : names) plan.tick.push_back(*find_signal(name));
  const BlockStore store(plan, "/tmp");
  {
    BlockWriter writer(const_cast<BlockStore&>(store));
    float row[4];
    for (Tick k = 0; k < ticks; ++k) {
      const float phase = static_cast<float>(k % 167) / 167, s = std::sin(6.2831853f * phase),
                  slow = static_cast<float>(k) / static_cast<float>(ticks);
      row[0] = 1e-3f * s * (1 + slow), row[1] = s > 0.5f ? s - 0.5f : 0, row[2] = 120 + slow, row[3] = 120 + 2 * s;
      writer.tick(row);
    }
  }
  RecordingMeta meta;
  meta.title = std::to_string(ticks) + " samples";
  Recording::from_blocks(store, meta).write(path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "write") {
    write(argv[2], std::atoll(argv[3]));
    return 0;
  }
  if (argc != 3 || std::string(argv[1]) != "open") return 2;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto ms = [](auto a, auto b) { return std::chrono::duration<double, std::milli>(b - a).count(); };
  const auto begin = now();
  const Recording r = Recording::open(argv[2]);
  const auto opened = now();
  for (const char* name : names) r.envelope(name, 0, r.ticks() - 1, 1200);
  const auto first = now();
  std::printf("%lld samples: open %.1f ms, first envelopes of four plots %.1f ms\n", static_cast<long long>(r.ticks()),
              ms(begin, opened), ms(opened, first));
  for (const double share : {1.0, 0.1, 0.01, 0.001, 0.0001}) {
    const auto span = static_cast<Tick>(share * static_cast<double>(r.ticks()));
    const auto a = now();
    for (int i = 0; i < 20; ++i)
      for (const char* name : names) r.envelope(name, i * 100, i * 100 + span, 1200);
    std::printf("  four envelopes over %8.4f of it: %.2f ms\n", share, ms(a, now()) / 20);
  }
  return 0;
}
