// screenshot.h - the dashboard as a picture, without a display.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

struct ScreenshotOptions {
  std::string file;
  std::optional<double> at_s;          // of the cursor; a run goes at least so far, to its end if not given
  std::optional<double> from_s, to_s;  // of the plots
  int width = 1600, height = 1000;
  std::optional<Layout> layout;
  bool dark = true;
};

// `documents`: none (the library), a scenario or recording, or two recordings. Throws InputError.
void write_screenshot(const std::vector<std::string>& documents, const ScreenshotOptions& options);

// 1 up to 1920 x 1200, then in proportion, so that nothing is too small to read.
float scale_for(int width, int height);

}  // namespace pensim::dashboard
