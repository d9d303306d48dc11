// cores.h - files of firmware cores: identified, asked whether they can be loaded.
#pragma once

#include <string>

#include "firmware_shim/target_spec.h"

namespace pensim {

// The build id that the linker left in a core; "" if there is none.
std::string core_build_id(const std::string& path);

// Why a core cannot be loaded ("" if it can): asked in a process of its own, since loading runs what a stranger wrote.
std::string core_refusal(const TargetSpec& core);

// Asks the board of a link what it is, and finds its image among the cores that are known here (by build id): that
// becomes core.path, "" if there is none, and its build id core.link.expects. `expects` of the scenario may be the name
// of a core, a file, or a build id; anything else on the board is the wrong board. Why this board will not do, else "".
std::string settle_board(TargetSpec& core);

}  // namespace pensim
