// synthetic_run.h - a recording whose every value is known: needles at a rate with 1 mm amplitude, strokes, two
// commands, a verdict.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "sim/engine/plan.h"
#include "sim/recording/block_writer.h"
#include "sim/recording/recording.h"
#include "sim/run/geometry.h"

namespace pensim::dashboard {

struct SyntheticRun {
  Tick ticks = 40000;  // 2 s
  double rate_Hz = 120;
  bool strokes = true, nan = false, infinite = false;
  int extra_signals = 0;
  Tick contact = 3000;    // the nose touches the skin from there on
  Tick depth_set = 2000;  // first command
};

inline void write_synthetic_run(const std::string& path, const SyntheticRun& run) {
  ResolvedScenario scenario;
  scenario.plant.cartridge.needle_count = 12;
  for (int i = 0; i < run.extra_signals; ++i) scenario.watch.push_back("table[" + std::to_string(i) + "]");
  const RecordingPlan plan = recording_plan(scenario);
  BlockStore store(plan, run.ticks > 2'000'000 ? "/tmp" : "");
  const auto column = [](const std::vector<SignalInfo>& signals, const char* name) {
    for (std::size_t i = 0; i < signals.size(); ++i)
      if (signals[i].name == name) return i;
    throw std::invalid_argument(name);
  };
  const std::size_t extension = column(plan.tick, "needle.extension"), tip = column(plan.tick, "needle.tip_depth"),
                    force = column(plan.tick, "needle.force"), rate = column(plan.tick, "stroke.rate"),
                    period = column(plan.tick, "stroke.period"), punctured = column(plan.tick, "needle.punctured"),
                    contact = column(plan.tick, "skin.contact"), speed = column(plan.tick, "motor.speed"),
                    set_depth = column(plan.ms, "user.depth"), set_rate = column(plan.ms, "user.rate"),
                    press = column(plan.ms, "hand.press");
  {
    BlockWriter writer(store);
    std::vector<float> row(plan.tick.size()), ms(plan.ms.size()), slow(plan.slow.size(), 300.0f);
    const double ticks_per_stroke = 1 / (run.rate_Hz * 50e-6);
    Tick begin = 0;
    std::int64_t stroke = 0;
    for (Tick k = 0; k < run.ticks; ++k) {
      const double t = static_cast<double>(k) * 50e-6, s = std::sin(2 * M_PI * run.rate_Hz * t);
      if (k == run.depth_set) writer.command(k, "set user.depth to 0.001 over 0 s");
      if (k == 20000) writer.command(k, "fault hall.dropout to 1 for 0.2 s");
      if (run.strokes && static_cast<double>(k) >= static_cast<double>(stroke + 1) * ticks_per_stroke) {
        StrokeRow r;
        r.begin = begin, r.end = k;
        for (float& v : r.value) v = 1e-3f;
        r.value[0] = static_cast<float>(++stroke);
        begin = k;
        writer.stroke(r);
      }
      if (k % plan.ms_ticks == 0) {
        ms[set_depth] = k < run.depth_set ? 0.0f : 1e-3f, ms[set_rate] = static_cast<float>(run.rate_Hz),
        ms[press] = 1.5f;
        writer.ms(ms.data());
      }
      if (k % plan.slow_ticks == 0) writer.slow(slow.data());
      row[extension] = static_cast<float>(1e-3 * s), row[tip] = static_cast<float>(1e-3 * s + 2e-4),
      row[force] = static_cast<float>(s > 0 ? s : 0);
      row[rate] = static_cast<float>(k >= 20000 && k < 24000 ? 0.5 * run.rate_Hz : run.rate_Hz),
      row[period] = stroke > 0 ? static_cast<float>(1 / run.rate_Hz) : 0.0f;
      row[punctured] = static_cast<float>(12 * stroke), row[speed] = static_cast<float>(run.rate_Hz + s),
      row[contact] = k >= run.contact ? 1.0f : 0.0f;
      if (run.nan) std::fill(row.begin(), row.end(), std::numeric_limits<float>::quiet_NaN());
      if (run.infinite)
        std::fill(row.begin(), row.end(),
                  k % 2 ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity());
      writer.tick(row.data(), PenIn{}, PenOut{});
    }
  }
  RecordingMeta meta;
  meta.title = "Synthetic run";
  meta.geometry = recorded_geometry(scenario);
  meta.verdict = "fail";
  Recording recording = Recording::from_blocks(store, meta);
  recording.verdicts().push_back({"RATE", "The rate holds",
                                  "always[0.2 s, 1.9 s] (abs(stroke.rate - user.rate) <= 0.05 * user.rate)", "fail",
                                  -54, "Hz", 1.0, "abs(stroke.rate - user.rate) <= 0.05 * user.rate", false});
  recording.verdicts().push_back({"DEPTH", "Not too deep", "always (needle.extension <= 1.5 mm)", "pass", 5e-4, "m",
                                  0.5, "needle.extension <= 1.5 mm", false});
  recording.write(path);
}

}  // namespace pensim::dashboard
