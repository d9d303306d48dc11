// resolved_json.h - a resolved scenario as text: what a recording keeps and `rerun` runs.
#pragma once

#include <string>

#include "sim/scenario/resolve.h"

namespace pensim {

// Bit-exact text of everything that makes the run. resolved_from_json needs no catalog; `name` stands for the file in
// messages.
std::string to_json(const ResolvedScenario& resolved);
ResolvedScenario resolved_from_json(const std::string& text, const std::string& name = "resolved scenario");

}  // namespace pensim
