// One core with both sizes of long: nanoseconds per tick of each, the best of rounds that alternate, and their ratio
// (goal: at most 1).
//   core_bench ILP32.so LP64.so [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "firmware_shim/native/native_target.h"

int main(int argc, char** argv) {
  using namespace pensim;
  using Clock = std::chrono::steady_clock;
  if (argc < 3) {
    std::fprintf(stderr, "core_bench ILP32.so LP64.so [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 9;
  constexpr int ticks = 100'000;
  std::vector<double> ns[2];
  std::uint64_t hash[2] = {};
  for (int round = 0; round < rounds; ++round)
    for (int which = 0; which < 2; ++which) {
      const auto core = open_native(argv[1 + which]);
      core->reset(PEN_RESET_POWER_ON);
      PenIn in{};
      PenOut out{};
      in.reset_cause = PEN_RESET_POWER_ON;
      std::uint64_t h = 1469598103934665603ull;
      const auto from = Clock::now();
      for (int k = 0; k < ticks; ++k) {
        in.time_us = 50u * static_cast<unsigned>(k);
        in.adc[PEN_ADC_BATTERY] = static_cast<std::uint16_t>(2400 + k % 7);
        in.pins = k > 2000 ? 1u << PEN_LINE_START : 0u;
        core->step(k, in, out);
        h = (h ^ static_cast<std::uint64_t>(out.duty_q15)) * 1099511628211ull;
      }
      ns[which].push_back(std::chrono::duration<double>(Clock::now() - from).count() * 1e9 / ticks);
      hash[which] = h;
    }
  double best[2];
  for (int which = 0; which < 2; ++which) best[which] = *std::min_element(ns[which].begin(), ns[which].end());
  std::printf("long of 4 bytes: %.1f ns per tick, of 8 bytes: %.1f ns, ratio %.2f; outputs %s\n", best[0], best[1],
              best[0] / best[1], hash[0] == hash[1] ? "equal" : "DIFFER");
  return hash[0] == hash[1] ? 0 : 1;
}
