// junit.h - the results of a call of `pensim run` for a CI server.
#pragma once

#include <string>
#include <vector>

#include "sim/input/input_error.h"
#include "sim/run/result.h"

namespace pensim {

// A test case per run and per requirement, and an error per problem of the input: whatever makes the exit code red is a
// failure or an error here, with the line that reproduces it. What XML cannot hold becomes U+FFFD. Replaces the file in
// one step; throws std::system_error with the path and the system's reason.
void write_junit(const std::string& path, const std::vector<RunResult>&, const std::vector<InputProblem>& problems);

// How a file begins that write_junit wrote.
extern const std::vector<std::string> junit_beginnings;

}  // namespace pensim
