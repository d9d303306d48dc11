// window.h - the dashboard on a display: GLFW, OpenGL 3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

struct WindowOptions {
  std::optional<int> width, height;  // else as remembered
  std::optional<Layout> layout;
  std::optional<bool> dark;
  std::optional<double> at_s, from_s, to_s;
  int frames = 0;  // above 0: draw so many while the view moves, as fast as it goes, print
                   // their median time, end
};

// Until it is closed; the exit code. Throws InputError for what cannot be opened, and where there is no display.
int show_window(const std::vector<std::string>& documents, const WindowOptions& options);

}  // namespace pensim::dashboard
