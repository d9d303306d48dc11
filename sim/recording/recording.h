// recording.h - a run, a board session or a field log, as everything else sees it: judge, dashboard, replay, diff,
// reports.
//
// Made from the blocks of a run (while it goes on, or after it ended or crashed), opened from an HDF5 file, or
// imported. Reading is by range and lazy: an hour-long file opens in milliseconds and is never read whole. The file
// format is docs/recording.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firmware_shim/pen_shim.h"
#include "sim/recording/plan.h"
#include "sim/recording/recorded.h"
#include "sim/vocabulary/samples.h"
#include "sim/vocabulary/signals.h"
#include "sim/vocabulary/time.h"

namespace pensim {

class BlockStore;
class RecordingSource;

// A piece of a signal: its samples from index `first` on.
struct SampleRange {
  std::int64_t first = 0;
  Tick period_ticks = 1;  // sample i stands at i * period_ticks; 0: it stands at tick[i - first]
  std::vector<float> value;
  std::vector<Tick> tick;
};

// Whether a file begins as HDF5 does, whatever its name.
bool is_hdf5(const std::string& path);

class Recording {
 public:
  // Reads what the child wrote: all complete blocks, then the tail up to its last complete, undamaged row. The store
  // must outlive the recording. Never throws on damage; meta().notes says what was cut.
  static Recording from_blocks(const BlockStore& store, RecordingMeta meta = {});
  // Throws InputError: not there, not a recording, damaged, written by a newer version.
  static Recording open(const std::string& path);

  Recording();  // empty
  Recording(Recording&&) noexcept;
  Recording& operator=(Recording&&) noexcept;
  ~Recording();

  // Takes in what the child wrote since (from_blocks only). True if there was something new. With `whole_blocks` only
  // complete blocks are, which costs little while a run goes on.
  bool refresh(bool whole_blocks = false);
  std::size_t held_blocks() const;  // that are complete and not released (recording_file.h)

  RecordingMeta& meta() { return meta_; }
  const RecordingMeta& meta() const { return meta_; }
  const std::string& path() const { return path_; }  // of the file; "" for blocks
  Tick ticks() const;                                // rows; tick ticks() - 1 is the last
  Nanoseconds tick_ns() const { return meta_.tick_ns; }
  double duration_s() const { return seconds(ticks() * tick_ns()); }

  // Reads the whole file: "" if it is what was written, a sentence if it was damaged or edited since. Older programs
  // wrote files of which nobody can tell.
  std::string change() const;

  // Every signal that can be read, in the order of the table, then the others by name.
  const std::vector<SignalInfo>& signals() const;
  const SignalInfo* find(const std::string& name) const;  // nullptr if it is not in this recording
  bool has(const std::string& name) const { return find(name) != nullptr; }

  // Whole signal. Throws InputError (with the nearest name) if it is not there.
  Samples samples(const std::string& name) const;
  // The samples that matter in ticks [from, to]: the one that is held at `from` and all later ones up to `to`.
  SampleRange range(const std::string& name, Tick from, Tick to) const;
  float at(const std::string& name, Tick tick) const;  // the value held at `tick`
  // Minimum and maximum per bucket of 64 or 4096 samples (`size`), of all whole and the last partial bucket; uniform
  // signals only.
  std::vector<MinMax> pyramid(const std::string& name, int size, std::int64_t first, std::int64_t count) const;
  // For plots: minimum and maximum of what is held in each of `columns` equal parts of [from, to); reads the pyramid
  // where it suffices.
  std::vector<MinMax> envelope(const std::string& name, Tick from, Tick to, int columns) const;

  // PenIn and PenOut of ticks [first, first + count), exact; either pointer may be null. Not in a rig or a sparse log
  // (has_io).
  bool has_io() const;
  void io(Tick first, Tick count, PenIn* in, PenOut* out) const;

  const std::vector<SignalInfo>& stroke_columns() const;
  int stroke_needles() const;
  const std::vector<StrokeRow>& strokes() const;
  const std::vector<RecordedText>& commands() const;
  const std::vector<RecordedText>& findings() const;
  const std::vector<RecordedUart>& uart() const;  // what crossed the seam
  std::vector<RecordedVerdict>& verdicts() { return verdicts_; }
  const std::vector<RecordedVerdict>& verdicts() const { return verdicts_; }
  std::vector<RecordedMeasure>& measures() { return measures_; }
  const std::vector<RecordedMeasure>& measures() const { return measures_; }

  struct WriteOptions {
    bool compress = false;
  };
  // Writes a file without a name and calls it PATH when it is whole; one that was there becomes PATH.prev. Throws
  // InputError (permission, disk full), and then PATH is what it was.
  void write(const std::string& path, WriteOptions options) const;
  void write(const std::string& path) const { write(path, WriteOptions()); }

  explicit Recording(std::unique_ptr<RecordingSource> source, RecordingMeta meta);

 private:
  friend class RecordingFile;
  std::string path_;
  RecordingMeta meta_;
  std::vector<RecordedVerdict> verdicts_;
  std::vector<RecordedMeasure> measures_;
  std::unique_ptr<RecordingSource> source_;
};

}  // namespace pensim
