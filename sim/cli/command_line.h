// command_line.h - the command line of pensim: docs/command_line.md.
#pragma once

#include <CLI/CLI.hpp>

namespace pensim {

// Describes all of it in `app`: what reads it, its help, the manual page and the completion are made from this.
void build_command_line(CLI::App& app);

// Reads it and does what it says; the exit code. Errors are printed, nothing is thrown.
int run_command_line(int argc, char** argv);

}  // namespace pensim
