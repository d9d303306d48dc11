// skin_precision_bench.cpp - work against precision: one stroke of the skin law through skin_step at several steps, and
// through CVODE (BDF, dense Jacobian by differences) at several tolerances with its events located, started anew at
// each. Error of the peak penetration, worst of eight phases of the step, against time; goal: at equal accuracy at
// least 20 times faster.
//   skin_precision_bench [PICTURE.png]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "sim/draw/chart.h"
#include "tests/models/reference_skin.h"

namespace pensim {
namespace {

struct Point {
  double setting, error, time_s;
};

// Fastest of several: what the work costs when nobody disturbs.
double fastest_s(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(150);
  for (int i = 0; i == 0 || Clock::now() < end || (i < 3 && Clock::now() < end + std::chrono::seconds(1)); ++i) {
    const Clock::time_point begin = Clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

// Least time of CVODE for an error that is not larger; -1 if it was never that good.
double time_for(const std::vector<Point>& points, double error) {
  double best = -1;
  for (const Point& p : points)
    if (p.error <= error && (best < 0 || p.time_s < best)) best = p.time_s;
  return best;
}

void add_points(dashboard::Chart& chart, const std::string& name, int colour, const std::vector<Point>& points) {
  dashboard::ChartSeries line{name, dashboard::ChartSeries::Style::line, colour, {}, {}, {}, {}};
  for (const Point& p : points) line.x.push_back(p.error), line.y.push_back(p.time_s * 1e6);
  dashboard::ChartSeries marks = line;
  marks.name.clear();
  marks.style = dashboard::ChartSeries::Style::points;
  chart.series.push_back(line);
  chart.series.push_back(marks);
}

// Those of which no other is both more accurate and faster.
std::vector<Point> best_of(std::vector<Point> points) {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.error < b.error; });
  std::vector<Point> best;
  for (const Point& p : points)
    if (best.empty() || p.time_s < best.back().time_s) best.push_back(p);
  return best;
}

void compare(std::int64_t needles, double depth_m, dashboard::Chart& chart) {
  CartridgeParams cartridge;
  cartridge.needle_count = needles;
  SkinStroke stroke;
  stroke.depth_m = depth_m;
  const SkinParams params;
  const double exact_m = reference_stroke(cartridge, params, 3, stroke, 1e-11, 1e-6).peak_penetration_m;
  const auto error = [&](const SkinStrokeResult& r) { return std::fabs(r.peak_penetration_m / exact_m - 1); };
  std::printf("%lld needles, %.0f mm, 120 Hz: %.2f um\n", static_cast<long long>(needles), depth_m * 1e3,
              exact_m * 1e6);
  std::vector<Point> cvode;
  for (double tolerance = 1e-2; tolerance > 0.5e-9; tolerance /= 10) {
    SkinStrokeResult result;
    const double time_s = fastest_s([&] { result = reference_stroke(cartridge, params, 3, stroke, tolerance, 0); });
    cvode.push_back({tolerance, error(result), time_s});
    std::printf("  CVODE   %8.0e   error %8.1e   %9.1f us\n", tolerance, cvode.back().error, time_s * 1e6);
  }
  std::vector<Point> ours;
  for (const double dt_s : {50e-6, 25e-6, 12.5e-6, 6.25e-6, 3.125e-6, 1.5625e-6}) {
    double worst = 0;
    for (int phase = 0; phase < 8; ++phase)
      worst = std::max(worst, error(stepped_stroke(cartridge, params, 3, stroke, dt_s, phase / 8.0)));
    const double time_s = fastest_s([&] { stepped_stroke(cartridge, params, 3, stroke, dt_s, 0); }),
                 other_s = time_for(cvode, worst);
    std::printf("  ours %8.2f us   error %8.1e   %9.1f us", dt_s * 1e6, worst, time_s * 1e6);
    ours.push_back({dt_s, worst, time_s});
    if (other_s > 0)
      std::printf("   %6.0f times faster than CVODE at equal accuracy\n", other_s / time_s);
    else
      std::printf("   CVODE was never that accurate\n");
  }
  const std::string what = std::to_string(needles) + (needles == 1 ? " needle" : " needles");
  const int colour = needles == 1 ? 1 : 3;
  add_points(chart, "skin_step, " + what, colour, ours);
  add_points(chart, "CVODE, " + what, colour + 1, best_of(cvode));
}

}  // namespace
}  // namespace pensim

int main(int argc, char** argv) {
  std::puts(
      "work against precision: peak penetration of one stroke (goal: 20 times faster than CVODE at equal accuracy)");
  pensim::dashboard::Chart chart, other;
  chart.title = "Work against precision: one stroke, 1 mm at 120 Hz";
  chart.note = "steps of 50 to 1.6 us; CVODE: BDF, dense Jacobian, events located, the best of tolerances 1e-2 to 1e-9";
  chart.x_label = "relative error of the peak penetration";
  chart.y_label = "time, us";
  chart.x_log = chart.y_log = true;
  for (const std::int64_t needles : {1, 12})
    for (const double depth_m : {1e-3, 2e-3}) pensim::compare(needles, depth_m, depth_m == 1e-3 ? chart : other);
  if (argc > 1) pensim::dashboard::write_chart_png(argv[1], chart);
}
