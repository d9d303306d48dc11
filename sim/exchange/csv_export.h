// export.h - recordings as CSV (RFC 4180, '.' as decimal sign whatever the locale). docs/recording.md describes the
// files.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "sim/recording/recording.h"

namespace pensim {

struct CsvOptions {
  std::vector<std::string> signals;  // empty: all but those by needle
  Tick from = 0, to = -1;            // rows of ticks from..to, both included; -1: the end
  Tick every = 1;                    // one row per this many ticks; a sparse log without `every` has one row per logged
                                     // instant
};

// Time and the values held at that instant. Throws InputError: no such signal, disk full (`name` stands for the file).
void export_signals(const Recording& recording, const CsvOptions& options, std::FILE* out, const std::string& name);
void export_strokes(const Recording& recording, std::FILE* out, const std::string& name);
// Every PenIn and PenOut, exact: a complete log, which import takes.
void export_complete(const Recording& recording, std::FILE* out, const std::string& name);

// What crossed the serial port, a row per line of text: time of its first byte, "to core" or "from core", the text;
// `\n` ends a line, other bytes that are no printable ASCII are written \xNN.
void export_uart(const Recording& recording, std::FILE* out, const std::string& name);

struct ExportArguments {
  std::string recording, out, signals, from, to, every;
  bool complete = false, strokes = false, uart = false, force = false;
};
// A file that is there gives way (as NAME.prev) if it begins as an export does, or with `force`; the recording never.
// What could not be written whole gets no name.
int command_export(const ExportArguments& arguments);

}  // namespace pensim
