// request.h - one run that was asked for: checked, resolved, and how it is to be run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware_shim/target_spec.h"
#include "sim/scenario/resolve.h"

namespace pensim {

enum class Keep { all, failed, none };

// Recordings of longer runs are compressed.
inline constexpr Nanoseconds long_run_ns = 60 * ns_per_s;

struct RunOptions {
  std::string out_dir = "runs";
  Keep keep = Keep::all;
  int jobs = 1;
  bool twice = false;            // run again with another heap fill, load address and stack; the hashes must be equal
  bool also_other_kind = false;  // run again with NAME.elf for NAME.so, or the reverse; the hashes must be equal
  bool fork = true;    // false: in the calling process, for gdb, perf, valgrind; one scenario
  bool compress = false;     // recordings of runs up to long_run_ns, too
  bool force = false;        // recordings replace what is not a run's recording, and may be larger than the disk
  std::size_t held_blocks = 256;  // of 0.1 s, that are kept in memory; of a longer run the rest is read back
  std::string baseline_dir;  // recordings of an earlier call; margins are compared
  std::optional<double> timeout_s;  // wall clock for each run; beyond it, it is a hang
  double fail_on_drop = -1;  // share of a margin that may be lost against the baseline; < 0: report only
};

// Everything that one run needs, checked.
struct RunRequest {
  std::string label;          // as shown and reported
  std::string scenario_text;  // of the file, for the recording
  ResolvedScenario resolved;
  TargetSpec core;                    // none for a rig
  TargetSpec core_elsewhere;          // --twice: the same core at another address; none if there is no such file
  TargetSpec core_of_other_kind;      // --also: native for emulated, emulated for native
  std::string reproduce;              // the one line
  std::vector<std::string> findings;  // before the run
  std::string recording_path;         // "": from the label
  double prepare_s = 0;               // time taken to read it
};

// Where the recording of a scenario goes: out_dir + the label without its extension + ".h5", never outside out_dir.
std::string recording_path(const std::string& out_dir, const std::string& label);

}  // namespace pensim
