// library.h - reads what there is to open: scenarios by folder, recordings in runs/.
#pragma once

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Lists the folders at the first call, then reads `count` files; true when all are read.
std::string counted(const Library&);  // "72 scenarios  ·  1 recording"; of a search: those that it has found
bool read_library(Library& library, int count);

}  // namespace pensim::dashboard
