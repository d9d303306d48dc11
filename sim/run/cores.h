// cores.h - files of firmware cores: identified, asked whether they can be loaded.
#pragma once

#include <cstdint>
#include <string>

#include "firmware_shim/target_spec.h"
#include "sim/run/guarded.h"

namespace pensim {

// The build id that the linker left in a core; "" if there is none.
std::string core_build_id(const std::string& path);

// Takes a copy of a core's file, in memory, once per file and process, and lets `path` stand for it: whatever happens
// to the file later, names, ABI, debug information and code come from the same bytes. The copy cannot be written; it is
// a descriptor (/proc/self/fd/N), so a process that closes those of its parent has to open it before. Nothing for a
// core without one, as on a board whose image is not known. Throws InputError if it cannot be read.
void hold_core(TargetSpec& core);

// NAME.twice.so of NAME.so: the same core, linked for another address.
std::string core_elsewhere(const std::string& path);
// The file of the same core for the other kind of processor: NAME.so and NAME.elf lie side by side.
TargetSpec core_of_other_kind(const TargetSpec& core);

// What a core says of itself, or why it cannot be loaded (`why_not`): asked in a process of its own, since loading may
// run what a stranger wrote. A shared object that is no core is not loaded at all.
struct CoreFacts {
  std::string why_not;
  std::uint32_t tick_us = 0;
};
CoreFacts core_facts(const TargetSpec& core, const Patience& patience = {});
// Its why_not.
std::string core_refusal(const TargetSpec& core);

// Asks the board of a link what it is, and finds its image among the cores that are known here (by build id): that
// becomes core.path, "" if there is none, and its build id core.link.expects. `expects` of the scenario may be the name
// of a core, a file, or a build id; anything else on the board is the wrong board. Why this board will not do, else "".
std::string settle_board(TargetSpec& core);

}  // namespace pensim
