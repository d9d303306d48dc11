// chart.h - a static chart: curves, points with error bars, bands; for reports and validation plots. No window, no GL:
// drawn as ImDrawList and rasterised (raster.h), so the same pixels every time.
#pragma once

#include <string>
#include <vector>

struct ImDrawList;

namespace pensim::dashboard {

struct ChartSeries {
  enum class Style : unsigned char { line, dashed, points, band, bars };
  std::string name;  // in the legend; "" leaves it out
  Style style = Style::line;
  int colour = 0;  // index into the palette of the theme; published data 0 (ink), model 1,
                   // prediction interval 2 ...
  std::vector<double> x, y;
  std::vector<double> y_low, y_high;  // error bars of points, edges of a band; empty: none
};

struct Chart {
  std::string title, x_label, y_label;  // labels with units: "tip diameter, um"
  std::string note;                     // one line under the title: verdict, source
  bool x_log = false, y_log = false;
  double x_from = 0, x_to = 0, y_from = 0, y_to = 0;  // both 0: fitted to the data
  std::vector<ChartSeries> series;
};

// Draws into the rectangle; text is clipped nowhere and overlaps nothing.
void draw_chart(ImDrawList* list, float x, float y, float width, float height, const Chart& chart,
                float text_scale = 1);

// PNG; legible at half size. Throws InputError when the file cannot be written.
void write_chart_png(const std::string& path, const Chart& chart, int width = 1200, int height = 800);

}  // namespace pensim::dashboard
