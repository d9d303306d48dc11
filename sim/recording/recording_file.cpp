#include "sim/recording/recording_file.h"

#include <filesystem>
#include <system_error>

#include "sim/input/input_error.h"
#include "sim/platform/file.h"
#include "sim/recording/file_sum.h"
#include "sim/recording/hdf5_file.h"

namespace pensim {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw InputError(
      {{path, 0, 0}, "the recording cannot be written: " + what, "choose another folder with --out, or make room"});
}

}  // namespace

RecordingFile::RecordingFile(const Recording& of, const std::string& path, Tick planned, bool compress) : path_(path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, error))
    std::filesystem::create_directories(folder, error);
  if (error) fail(path, error.message());
  try {
    file_ = std::make_unique<NewFile>(path);
  } catch (const std::system_error& why) {
    fail(path, why.code().message());
  }
  appender_ =
      std::make_unique<FileAppender>(file_->descriptor(), path, *of.source_, of.tick_ns(), planned, compress);
}

RecordingFile::~RecordingFile() = default;

void RecordingFile::append(Tick until) {
  appender_->append(until);
  appended_ = until;
}

void RecordingFile::release(Recording& of) {
  of.source_->release(appended_);
  appender_->events_dropped();
  released_ = true;
}

void RecordingFile::finish(const Recording& of) {
  RecordingMeta meta = of.meta();
  meta.checksum = file_sum_kind;
  appender_->finish(meta);
}

Recording RecordingFile::read() const {
  Recording recording;
  recording.source_ =
      open_file_source(path_, recording.meta_, recording.verdicts_, recording.measures_, file_->descriptor());
  recording.path_ = path_;
  return recording;
}

void RecordingFile::put(const Recording& judged) {
  appender_->judged(judged.meta().verdict, judged.verdicts(), judged.measures());
  try {
    append_file_sum(file_->descriptor(), judged.meta().source == "field log" ? FileMark::log : FileMark::run);
    file_->put(NewFile::Old::kept);
  } catch (const std::system_error& error) {
    fail(path_, error.code().message());
  }
}

}  // namespace pensim
