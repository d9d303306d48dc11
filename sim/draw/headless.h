// headless.h - a context of ImGui that draws into memory: for --screenshot, charts and tests. No display, GL or clock.
#pragma once

#include <functional>

#include "sim/draw/raster.h"

struct ImGuiContext;

namespace pensim::dashboard {

class Headless {
 public:
  Headless(int width, int height, float scale, bool dark);  // becomes the current context
  ~Headless();
  Headless(const Headless&) = delete;
  Headless& operator=(const Headless&) = delete;

  // One frame of 1/60 s: `draw` is called between NewFrame and Render.
  void frame(const std::function<void()>& draw);
  // The last frame, on the background of the theme.
  Image picture() const;

 private:
  int width_, height_;
  ImGuiContext* before_;
  ImGuiContext* context_;
};

}  // namespace pensim::dashboard
