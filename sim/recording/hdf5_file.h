// hdf5_file.h - recordings as HDF5 files: docs/recording.md is the format.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/recording/recorded.h"
#include "sim/recording/source.h"

namespace pensim {

// Throws InputError: not there, not a recording, damaged, written by a newer version.
std::unique_ptr<RecordingSource> open_file_source(const std::string& path, RecordingMeta& meta,
                                                  std::vector<RecordedVerdict>& verdicts,
                                                  std::vector<RecordedMeasure>& measures);

// All that a file holds.
struct FileContent {
  const RecordingMeta& meta;
  const std::vector<SignalInfo>& signals;
  const std::vector<RecordedVerdict>& verdicts;
  const std::vector<RecordedMeasure>& measures;
  const RecordingSource& source;
};

// Writes a file without a name and calls it PATH when it is whole; one that was there becomes PATH.prev. Throws
// InputError.
void write_file(const std::string& path, const FileContent& content, bool compress);

}  // namespace pensim
