// library.h - reads what there is to open: scenarios by folder, recordings in runs/.
#pragma once

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// Lists the folders at the first call, then reads `count` files; true when all are read.
bool read_library(Library& library, int count);

}  // namespace pensim::dashboard
