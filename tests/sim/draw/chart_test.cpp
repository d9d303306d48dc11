// Charts: what is drawn stands inside the picture, in the colour and at the place that the data say.
#include "sim/draw/chart.h"

#include <gtest/gtest.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "sim/draw/axes.h"
#include "sim/draw/headless.h"
#include "sim/input/input_error.h"

namespace pensim::dashboard {
namespace {

Image draw(const Chart& chart, int width, int height, float scale = 1) {
  Headless screen(width, height, scale, false);
  screen.frame([&] {
    draw_chart(ImGui::GetBackgroundDrawList(), 0, 0, static_cast<float>(width), static_cast<float>(height), chart);
  });
  return screen.picture();
}

Chart full_chart() {
  Chart chart;
  chart.title =
      "Puncture force over tip diameter, a title that is longer than the picture is wide and therefore must be "
      "shortened somewhere";
  chart.note = "within the prediction interval: 5 of 6 · Smith et al. 2012, Table 2";
  chart.x_label = "tip diameter, µm";
  chart.y_label = "puncture force, N";
  chart.x_log = true;
  ChartSeries band{"95 % prediction interval", ChartSeries::Style::band, 2, {}, {}, {}, {}};
  ChartSeries model{"model", ChartSeries::Style::line, 1, {}, {}, {}, {}};
  ChartSeries twin{"model without tension", ChartSeries::Style::dashed, 3, {}, {}, {}, {}};
  for (int i = 0; i < 60; ++i) {
    const double x = 5 * std::pow(1.07, i), y = 0.02 * std::pow(x, 0.8);
    band.x.push_back(x), band.y_low.push_back(0.7 * y), band.y_high.push_back(1.4 * y);
    model.x.push_back(x), model.y.push_back(y);
    twin.x.push_back(x), twin.y.push_back(0.8 * y);
  }
  ChartSeries points{"published",
                     ChartSeries::Style::points,
                     0,
                     {8, 15, 30, 60, 120, 200},
                     {0.1, 0.16, 0.33, 0.5, 0.9, 1.5},
                     {0.08, 0.12, 0.25, 0.4, 0.7, 1.2},
                     {0.12, 0.2, 0.41, 0.6, 1.1, 1.8}};
  chart.series = {band, model, twin, points};
  return chart;
}

TEST(Chart, SamePixelsEachTime) {
  const Image a = draw(full_chart(), 900, 600), b = draw(full_chart(), 900, 600);
  EXPECT_EQ(a.pixels, b.pixels);
}

// Nothing touches the outermost pixels, at sizes from a thumbnail to a poster.
TEST(Chart, StaysInsideItsRectangle) {
  for (const auto& [width, height] : {std::pair{300, 200}, {900, 600}, {2400, 1600}}) {
    const Image image = draw(full_chart(), width, height, static_cast<float>(width) / 900);
    const std::uint32_t ground = theme(false).background;
    for (int x = 0; x < width; ++x) {
      EXPECT_EQ(image.pixels[static_cast<std::size_t>(x)], ground);
      EXPECT_EQ(image.pixels[static_cast<std::size_t>(x + (height - 1) * width)], ground);
    }
    for (int y = 0; y < height; ++y) {
      EXPECT_EQ(image.pixels[static_cast<std::size_t>(y * width)], ground);
      EXPECT_EQ(image.pixels[static_cast<std::size_t>(y * width + width - 1)], ground);
    }
  }
}

// A horizontal line at three quarters of the axis stands three quarters up.
TEST(Chart, DataStandWhereTheAxisSays) {
  Chart chart;
  chart.x_from = 0, chart.x_to = 1, chart.y_from = 0, chart.y_to = 4;
  const auto row_of = [&](double level) {
    chart.series = {{"", ChartSeries::Style::line, 4, {0, 1}, {level, level}, {}, {}}};
    const Image image = draw(chart, 500, 400);
    for (int y = 0; y < 400; ++y)
      if (image.pixels[static_cast<std::size_t>(y * 500 + 250)] == theme(false).palette[4]) return y;
    return -1;
  };
  const int zero = row_of(0), one = row_of(1), three = row_of(3);
  ASSERT_GT(three, 0);
  EXPECT_NEAR(zero - three, 3.0 * (zero - one), 3.0);
  EXPECT_GT(zero - three, 200);
}

TEST(Chart, EmptyAndMeaninglessDataAreDrawnAsSuch) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  Chart chart;
  chart.title = "nothing";
  const Image empty = draw(chart, 400, 300);
  EXPECT_TRUE(std::any_of(empty.pixels.begin(), empty.pixels.end(),
                          [](std::uint32_t p) { return p != theme(false).background; }));
  chart.y_log = chart.x_log = true;
  for (const double v : {nan, inf, -inf, 0.0, -1.0, 1e300}) {
    chart.series = {{"a", ChartSeries::Style::line, 1, {1, v, 3}, {v, 2, v}, {}, {}},
                    {"b", ChartSeries::Style::band, 2, {1, 2, v}, {}, {v, 1, 1}, {2, v, 2}},
                    {"c", ChartSeries::Style::bars, 3, {v, v}, {v, 1}, {}, {}},
                    {"d", ChartSeries::Style::points, 0, {1, 2}, {v, 2}, {v, v}, {3, v}}};
    draw(chart, 400, 300);
  }
}

TEST(Chart, TicksAreRoundAndApart) {
  for (const auto& [from, to] :
       {std::pair{0.0, 1.0}, {-3.7, 12.9}, {1e-9, 2e-9}, {1234.5671, 1234.5678}, {-1e12, 1e12}}) {
    const Axis axis{from, to, 0, 600, false};
    const auto ticks = axis_ticks(axis, 60);
    ASSERT_GE(ticks.size(), 3u) << from << ".." << to;
    for (std::size_t i = 1; i < ticks.size(); ++i) {
      EXPECT_GE(axis.pixel(ticks[i].value) - axis.pixel(ticks[i - 1].value), 59.0f);
      EXPECT_NE(ticks[i].label, ticks[i - 1].label);
    }
  }
  const Axis log{0.1, 1000, 0, 600, true};
  std::vector<std::string> labels;
  for (const AxisTick& tick : axis_ticks(log, 60))
    if (!tick.label.empty()) labels.push_back(tick.label);
  EXPECT_EQ(labels, (std::vector<std::string>{"0.1", "1", "10", "100", "1000"}));
  EXPECT_NEAR(log.value(log.pixel(37.0)), 37.0, 1e-3);
}

TEST(Chart, PictureFile) {
  const std::string path = testing::TempDir() + "chart_test.png";
  write_chart_png(path, full_chart(), 1200, 800);
  EXPECT_GT(std::filesystem::file_size(path), 10000u);
  EXPECT_THROW(write_chart_png("/nowhere/chart.png", full_chart()), InputError);
}

}  // namespace
}  // namespace pensim::dashboard
