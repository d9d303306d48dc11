// recording_file.h - a recording on its way into a file: whole, or piece by piece while its run goes on, so that a run
// of any length needs the memory of half a minute.
#pragma once

#include <memory>
#include <string>

#include "sim/recording/recording.h"

namespace pensim {

class FileAppender;
class NewFile;

class RecordingFile {
 public:
  // Of what is to be called `path`. `planned`: ticks that are expected. Throws InputError, as all of this, if it cannot
  // be written; then nothing new stands under `path`.
  RecordingFile(const Recording& of, const std::string& path, Tick planned, bool compress);
  ~RecordingFile();  // without put(): the file is gone
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;

  // Writes what the recording holds up to tick `until`, and its events. The recording must stay where it is.
  void append(Tick until);
  // `of` forgets what was appended: it is to be read from here.
  void release(Recording& of);
  bool released() const { return released_; }
  // Writes the rest and the meta data. What was written can be read until this object goes.
  void finish(const Recording& of);
  Recording read() const;
  // Adds verdict, verdicts and measures of `judged`, and calls the file by its name; one that was there becomes
  // PATH.prev.
  void put(const Recording& judged);

 private:
  std::string path_;
  std::unique_ptr<NewFile> file_;
  bool released_ = false;
  Tick appended_ = 0;
  std::unique_ptr<FileAppender> appender_;
};

}  // namespace pensim
