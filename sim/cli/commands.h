// commands.h - the families of subcommands. Each function describes its subcommands and what they do; a subcommand ends
// the reading of the command line with its exit code (finish).
#pragma once

#include <CLI/CLI.hpp>

namespace pensim {

void add_run_commands(CLI::App&);        // run, check, list
void add_debug_command(CLI::App&);
void add_recording_commands(CLI::App&);  // rerun, replay, judge, diff, export, import
void add_catalog_commands(CLI::App&);    // catalog, schema, symbols
void add_board_commands(CLI::App&);      // board probe, soft, qemu
void add_validate_command(CLI::App&);
void add_selftest_command(CLI::App&);
void add_session_commands(CLI::App&);  // dashboard, serve-session

constexpr int exit_ok = 0, exit_different = 1, exit_bad_input = 2, exit_firmware_fault = 3, exit_error = 4;

// --no-sandbox of a command that runs cores.
void add_no_sandbox(CLI::App* command);

[[noreturn]] inline void finish(int exit_code) { throw CLI::RuntimeError(exit_code); }

}  // namespace pensim
