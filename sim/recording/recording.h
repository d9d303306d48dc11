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
#include "sim/recording/block_writer.h"
#include "sim/vocabulary/samples.h"
#include "sim/vocabulary/signals.h"
#include "sim/vocabulary/time.h"

namespace pensim {

inline constexpr int recording_format_version = 1;

struct RecordedFault {  // of the firmware; kind "" if there was none
  std::string kind, function, file;
  int line = 0;
  double at_s = 0.0;
};

struct RecordedTolerance {  // of a column of a sparse log: replay may miss its value by so much
  std::string signal;
  double value = 0.0;  // SI, or share of the logged value
  bool relative = false;
};

// What is known about a run besides its samples. Texts are UTF-8.
struct RecordingMeta {
  RecordingKind kind = RecordingKind::pen;
  std::uint32_t seam_version = PEN_SHIM_VERSION;
  Nanoseconds tick_ns = default_tick_ns;
  bool sparse = false;  // a field log of some channels; otherwise every tick is there
  bool started_at_reset = true;
  std::string source = "simulation";  // "simulation", "board", "field log"
  std::string title, scenario_path, scenario_text;
  std::string resolved_scenario;  // JSON, every parameter after catalog lookup in SI
  std::uint64_t seed = 0;
  std::string firmware;  // as given: "reference_pen", "emulated:x.elf"
  std::string firmware_name, firmware_build_id, firmware_flags;
  std::string simulator_version, simulator_flags, git_state;
  std::string hash;       // 16 hex digits; "" if unknown
  std::string verdict;    // of the scenario: pass, fail, measured, firmware_fault, error; "" before it was
                          // judged
  std::string end_cause;  // "end of scenario", "firmware fault: segfault in f at a.c:12", ...
  RecordedFault fault;
  std::vector<RecordedTolerance> tolerances;
  std::vector<std::string> notes;  // what a reader must know: a damaged tail was cut, ...
};

struct RecordedText {
  Tick at = 0;
  std::string text;
};  // commands, findings
struct RecordedUart {
  Tick at = 0;
  bool to_core = false;
  std::string bytes;
};
struct RecordedVerdict {
  std::string id, text, that;  // as in the scenario
  std::string outcome;         // pass, fail, vacuous, not_applicable, invalid
  double margin = 0.0;         // may be infinite; plain SI, in `unit`
  std::string unit;
  double at_s = 0.0;  // where the margin is attained
  std::string atom;   // the atom that attains it
  bool may_be_vacuous = false;
};
struct RecordedMeasure {
  std::string name;
  double value = 0.0;
  std::string unit;
};

struct MinMax {
  float min = 0.0f, max = 0.0f;
};  // NaN only if every sample is

// A piece of a signal: its samples from index `first` on.
struct SampleRange {
  std::int64_t first = 0;
  Tick period_ticks = 1;  // sample i stands at i * period_ticks; 0: it stands at tick[i - first]
  std::vector<float> value;
  std::vector<Tick> tick;
};

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

  // Takes in what the child wrote since (from_blocks only). True if there was something new.
  bool refresh();

  RecordingMeta& meta() { return meta_; }
  const RecordingMeta& meta() const { return meta_; }
  const std::string& path() const { return path_; }  // of the file; "" for blocks
  Tick ticks() const;                                // rows; tick ticks() - 1 is the last
  Nanoseconds tick_ns() const { return meta_.tick_ns; }
  double duration_s() const { return seconds(ticks() * tick_ns()); }

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
  // Writes PATH.part and renames it to PATH; a file that was there becomes PATH.prev. Throws InputError (permission,
  // disk full), and then nothing new stands under PATH.
  void write(const std::string& path, WriteOptions options) const;
  void write(const std::string& path) const { write(path, WriteOptions()); }

  class Source;  // where samples come from; recording_source.h
  explicit Recording(std::unique_ptr<Source> source, RecordingMeta meta);

 private:
  std::string path_;
  RecordingMeta meta_;
  std::vector<RecordedVerdict> verdicts_;
  std::vector<RecordedMeasure> measures_;
  std::unique_ptr<Source> source_;
};

}  // namespace pensim
