// remember.h - what the dashboard knows the next time: theme, layout, plots, size of the window.
// $XDG_STATE_HOME/pensim/dashboard.json, or ~/.local/state/pensim/dashboard.json.
#pragma once

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

struct Remembered {
  bool dark = true;
  Layout layout = Layout::run;
  int width = 1440, height = 900;
  std::map<std::string, std::vector<Plot>> plots = {};  // App::kept_plots
  std::vector<std::string> saved = {};                  // Library::saved
  float enlarged = 1;                                   // App::enlarged
};

Remembered recall();               // defaults for what is missing or makes no sense
void remember(const Remembered&);  // silently nothing where it cannot be written

}  // namespace pensim::dashboard
