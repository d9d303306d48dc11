// cores.h - files of firmware cores: identified, asked whether they can be loaded.
#pragma once

#include <string>

#include "firmware_shim/target_spec.h"

namespace pensim {

// The build id that the linker left in a core; "" if there is none.
std::string core_build_id(const std::string& path);

// Why a core cannot be loaded ("" if it can): asked in a process of its own, since loading runs what a stranger wrote.
std::string core_refusal(const TargetSpec& core);

}  // namespace pensim
