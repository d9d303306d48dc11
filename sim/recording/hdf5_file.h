// hdf5_file.h - recordings as HDF5 files: docs/recording.md is the format.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/recording/recorded.h"
#include "sim/recording/source.h"

namespace pensim {

// Throws InputError: not there, not a recording, damaged, written by a newer version. With a `descriptor` that file is
// read, which may have no name; `path` is for messages.
std::unique_ptr<RecordingSource> open_file_source(const std::string& path, RecordingMeta& meta,
                                                  std::vector<RecordedVerdict>& verdicts,
                                                  std::vector<RecordedMeasure>& measures, int descriptor = -1);

// A file that takes a recording piece by piece, while it comes. Throws InputError: the disk is full, `path` (only for
// messages) is where the file is to be.
class FileAppender {
 public:
  // Writes to `descriptor`, which must be open for reading and writing, and empty. `planned`: ticks that are expected.
  FileAppender(int descriptor, const std::string& path, const RecordingSource& source, Nanoseconds tick_ns,
               Tick planned, bool compress);
  ~FileAppender();
  FileAppender(const FileAppender&) = delete;
  FileAppender& operator=(const FileAppender&) = delete;

  // What the source holds up to tick `until`, and its events.
  void append(Tick until);
  void events_dropped();  // by the source, after they were appended
  // The rest, and what is known of the whole but the judgement; the file can be read then.
  void finish(const RecordingMeta& meta);
  void judged(const std::string& verdict, const std::vector<RecordedVerdict>& verdicts,
              const std::vector<RecordedMeasure>& measures);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pensim
