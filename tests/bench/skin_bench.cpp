// The law of the skin alone: time per step while needles touch, and between strokes. `skin_bench STROKES`; counts for
// callgrind come from the same program under `valgrind --tool=callgrind`.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "models/skin.h"

int main(int argc, char** argv) {
  using namespace pensim;
  using Clock = std::chrono::steady_clock;
  const long strokes = argc > 1 ? std::atol(argv[1]) : 2000;
  const CartridgeParams cartridge;
  const SkinParams params;
  const auto state = std::make_unique<SkinState>();
  const auto holes = std::make_unique<HoleMemory>();
  skin_reset(cartridge, params, 1, *state, *holes);
  SkinInput input;
  SkinOutput output;
  constexpr double pi = 3.14159265358979, dt_s = 25e-6, e = 1.75e-3;
  double spent_s[2] = {};
  long steps[2] = {};
  for (long stroke = 0; stroke < strokes; ++stroke) {
    const long n = std::lround(1 / 120.0 / dt_s);
    input.track_m = static_cast<double>(stroke) * 83e-6;
    bool before = false;
    auto from = Clock::now();
    for (long i = 1; i <= n; ++i) {
      const double phase = 2 * pi * static_cast<double>(i) / static_cast<double>(n);
      input.tip_m = 1e-3 - e * (1 + std::cos(phase));
      input.tip_speed_m_per_s = 2 * pi * 120 * e * std::sin(phase);
      skin_step(cartridge, params, *state, *holes, input, dt_s, output);
      ++steps[state->stroke_open != 0];
      const bool now = state->stroke_open != 0;
      if (now != before || i == n) {
        const auto to = Clock::now();
        spent_s[before] += std::chrono::duration<double>(to - from).count();
        from = to;
        before = now;
      }
    }
  }
  std::printf("12 needles: %.0f ns per step in contact (%ld steps), %.0f ns between strokes (%ld steps)\n",
              spent_s[1] / static_cast<double>(steps[1]) * 1e9, steps[1],
              spent_s[0] / static_cast<double>(steps[0]) * 1e9, steps[0]);
}
