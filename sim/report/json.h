// json.h - the results of a call of `pensim run` for scripts.
#pragma once

#include <string>
#include <vector>

#include "sim/input/input_error.h"
#include "sim/run/result.h"

namespace pensim {

// An array with an object per run (run/result.h), and one per problem that kept a run from being made or its result
// from being told: verdict `error`, `bad_input` true, `cause` the sentence. Replaces the file in one step; throws
// std::system_error with the path and the system's reason.
void write_json(const std::string& path, const std::vector<RunResult>&, const std::vector<InputProblem>& problems);

// How a file begins that write_json wrote.
extern const std::vector<std::string> json_beginnings;

}  // namespace pensim
