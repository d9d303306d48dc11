// recorded.h - what a recording carries besides its samples, as plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firmware_shim/pen_shim.h"
#include "sim/recording/geometry.h"
#include "sim/recording/plan.h"
#include "sim/vocabulary/time.h"

namespace pensim {

inline constexpr int recording_format_version = 2;

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
  PenGeometry geometry;
  std::uint64_t seed = 0;
  std::string firmware;  // as given: "reference_pen", "emulated:x.elf"
  std::string firmware_name, firmware_build_id, firmware_flags;
  std::string simulator_version, simulator_flags, git_state;
  std::string hash;       // 16 hex digits; "" if unknown
  std::string verdict;    // of the scenario: pass, fail, measured, firmware_fault, error; "" before it was
                          // judged
  std::string end_cause;  // "end of scenario", "firmware fault: segfault in f at a.c:12", ...
  std::string checksum;   // of a file: of what kind it is (file_sum.h), "" if it has none
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

}  // namespace pensim
