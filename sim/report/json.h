// json.h - the results of a call of `pensim run` for scripts.
#pragma once

#include <string>
#include <vector>

#include "sim/run/result.h"

namespace pensim {

// An array with an object per run (run/result.h). Replaces the file in one step; throws std::system_error with the path
// and the system's reason.
void write_json(const std::string& path, const std::vector<RunResult>&);

}  // namespace pensim
