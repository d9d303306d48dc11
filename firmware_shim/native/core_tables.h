// core_tables.h - what the core of a CoreImage says of itself, in the host's structs: pointers of 4 bytes become
// pointers of 8, tables become copies. Functions may be called as they are: both sides pass arguments alike.
#pragma once

#include <string>
#include <vector>

#include "firmware_shim/native/image.h"
#include "firmware_shim/runtime/pen_runtime.h"

namespace pensim {

struct CoreTables {
  PenRuntime runtime{};
  PenPort port{};
  std::string name;
  std::vector<PenTask> tasks;
  std::vector<PenInterrupt> interrupts;
  std::vector<PenRegisters> registers;
};

// Both throw std::runtime_error (`path` first in its text) for tables that lie outside of the image, or in memory that
// has not the rights for them.
void read_runtime(const CoreImage&, const std::string& path, CoreTables&);  // without its port
void read_port(const CoreImage&, const std::string& path, CoreTables&);     // after the versions are found good

}  // namespace pensim
