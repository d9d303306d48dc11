// prepare_options.h - what the subcommands that run scenarios have in common on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "sim/run/prepare.h"

namespace pensim {

// --firmware, --seed, --set, --watch, --no-always: which run of a scenario.
void add_run_options(CLI::App* command, PrepareOptions& options);

// Prints them; exit code 2.
int print_problems(const std::vector<InputProblem>& problems);

}  // namespace pensim
