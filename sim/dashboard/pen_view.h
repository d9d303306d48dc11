// pen_view.h - what a recording says of the pen, its cartridge and the skin: the numbers that the picture is drawn
// from.
#pragma once

#include <string>

#include "sim/recording/recording.h"

namespace pensim::dashboard {

struct PenView : PenGeometry {
  bool rig = false;               // a testing machine: no cam, no motor, no hand
  std::string region, condition;  // of the skin, as the scenario names them; "" if it does not
};

// From meta().geometry and, for the names, meta().scenario_text.
PenView pen_view(const RecordingMeta& meta);

}  // namespace pensim::dashboard
