// cores.h - firmware cores: found by name, identified, asked whether they can be loaded.
#pragma once

#include <string>

namespace pensim {

// The file of a core: NAME in build/cores beside the program, the install prefix and PENSIM_CORES, or native:PATH.
// Throws InputError.
std::string find_core(const std::string& firmware);

// The build id that the linker left in a core; "" if there is none.
std::string core_build_id(const std::string& path);

// Why a core cannot be loaded ("" if it can): asked in a process of its own, since loading runs what a stranger wrote.
std::string core_refusal(const std::string& path);

}  // namespace pensim
