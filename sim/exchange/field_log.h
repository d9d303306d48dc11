// field_log.h - field logs as recordings. docs/recording.md describes what a log looks like.
//
//   complete   every PenIn since reset, one row per tick (what `export --complete` writes): replay compares bits
//   sparse     some channels, or events, at some instants: values are held, missing channels rest
#pragma once

#include <string>

#include "sim/recording/recording.h"

namespace pensim {

// Reads a log; which of the two it is says its header (a column in.time_us: complete). Throws InputError with every
// problem that was found (the first 20), each with line and column.
Recording import_log(const std::string& path);

struct ImportArguments {
  std::string log, out;
};
// Where the recording goes.
std::string imported_path(const ImportArguments& arguments);
int command_import(const ImportArguments& arguments);

}  // namespace pensim
