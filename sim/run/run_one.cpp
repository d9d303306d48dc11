#include "sim/run/run_one.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <random>

#include "firmware_shim/native/host_memory.h"
#include "firmware_shim/symbols/symbols.h"
#include "firmware_shim/target.h"
#include "sim/engine/plan.h"
#include "sim/input/input_error.h"
#include "sim/judge/judge.h"
#include "sim/platform/clock.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/recording/block_store.h"
#include "sim/recording/difference.h"
#include "sim/recording/recording_file.h"
#include "sim/run/baseline.h"
#include "sim/run/child.h"
#include "sim/run/core_difference.h"
#include "sim/run/cores.h"
#include "sim/run/formulas.h"
#include "sim/run/geometry.h"
#include "sim/scenario/resolved_json.h"
#include "sim/vocabulary/version.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

// One attempt at a run: the child has ended, and what it left behind lies here.
struct Attempt {
  std::unique_ptr<BlockStore> store;
  std::unique_ptr<GuardedBlock> shared;
  CrashVerdict crash;
  std::string damage;   // guard words of the status page
  std::string gave_up;  // why it was ended from here
  Recording recording;  // what of the blocks was not released
  std::unique_ptr<RecordingFile> file;
  Recording from_file;  // all of it, once it is asked for

  const RunStatus& status() const { return *reinterpret_cast<const RunStatus*>(shared->data()); }
  ProcessEnd end() const { return {crash, damage, status(), gave_up}; }
  // All that was recorded: from the blocks, or from the file where they went.
  Recording& whole() {
    if (!file || !file->released()) return recording;
    if (from_file.ticks() == 0) {
      file->finish(recording);
      from_file = file->read();
    }
    return from_file;
  }
};

struct AttemptOptions {
  bool fork = true, lock_host_memory = false;
  int heap_fill = 0;
  std::string path;    // of the recording, written while the run goes on; "": only if it does not fit into memory
  bool write = false;  // in any case
  bool compress = false;
  std::size_t held_blocks = 0;
  std::optional<double> timeout_s;
};

// Takes the blocks of a run that goes on.
class Intake {
 public:
  Intake(Attempt& attempt, const AttemptOptions& options, Tick planned)
      : attempt_(attempt), options_(options), planned_(planned) {}

  void take() {
    attempt_.recording.refresh(true);
    const Tick ticks = attempt_.recording.ticks();
    const bool full = attempt_.recording.held_blocks() >= options_.held_blocks;
    if (!full && (!options_.write || failed_ || ticks - appended_ < appended_at_once)) return;
    try {
      if (!attempt_.file) open();
      attempt_.file->append(ticks);
      appended_ = ticks;
    } catch (const InputError&) {  // said when it is written as a whole; what does not fit into memory is lost
      attempt_.file.reset();
      failed_ = true;
      if (full) throw;
      return;
    }
    if (!full) return;
    attempt_.file->release(attempt_.recording);
  }

 private:
  static constexpr Tick appended_at_once = 1 << 14;

  void open() {
    const std::string path = options_.write ? options_.path : temporary_path();
    attempt_.file = std::make_unique<RecordingFile>(attempt_.recording, path, planned_, options_.compress);
  }
  static std::string temporary_path() {
    return (fs::temp_directory_path() / fmt::format("pensim-{}-{:x}.h5", getpid(), std::random_device()())).string();
  }

  Attempt& attempt_;
  const AttemptOptions& options_;
  Tick planned_, appended_ = 0;
  bool failed_ = false;
};

Attempt attempt(const RunRequest& request, const TargetSpec& core, const AttemptOptions& options) {
  const ResolvedScenario& scenario = request.resolved;
  Attempt a;
  const auto blocks_max = static_cast<unsigned>(options.fork ? options.held_blocks + options.held_blocks / 2 + 8 : 0);
  a.store = std::make_unique<BlockStore>(recording_plan(scenario), "", blocks_max);
  a.shared = std::make_unique<GuardedBlock>(sizeof(RunStatus));
  auto* status = new (a.shared->data()) RunStatus;
  BodyOptions body;
  body.heap_fill = options.heap_fill;
  if (!options.fork) {
    run_body(request, core, body, *a.store, *status);
    a.recording = Recording::from_blocks(*a.store, meta_of(request));
    return a;
  }
  const CrashReport report;
  body.crash_report = &report;
  body.guard.lock_host_memory = options.lock_host_memory;
  const std::vector<pid_t> others = children_of_mine();
  adopt_descendants();
  const pid_t pid = fork_child();
  if (pid == 0) {
    std::vector<int> kept = a.store->descriptors();
    kept.insert(kept.end(), {report.fd(), held_descriptor(core), core.emulated.cost_file});
    keep_descriptors(kept);
    dup2(STDERR_FILENO, STDOUT_FILENO);  // what a core prints is no part of the report
    run_body(request, core, body, *a.store, *status);
    crash_complete();
    _exit(0);
  }
  a.recording = Recording::from_blocks(*a.store, meta_of(request));
  Intake intake(a, options, scenario.duration);
  const auto take = [&] {
    a.store->quiet();
    intake.take();
  };
  const Waited waited = wait_patiently(pid, {options.timeout_s}, [&] { return status->ticks.load(); },
                                       {a.store->news(), take});
  end_children_but(others);
  a.gave_up = waited.gave_up;
  a.crash = explain_crash(report, waited.status, core.path);
  a.damage = a.shared->damage();
  a.recording.refresh();
  return a;
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace

RecordingMeta meta_of(const RunRequest& request) {
  RecordingMeta meta;
  meta.tick_ns = request.resolved.tick_ns;
  meta.title = request.resolved.title;
  meta.scenario_path = request.label;
  meta.scenario_text = request.scenario_text;
  meta.resolved_scenario = to_json(request.resolved);
  meta.geometry = recorded_geometry(request.resolved);
  meta.seed = request.resolved.seed;
  meta.firmware = request.resolved.firmware;
  if (!request.core.path.empty()) {
    meta.firmware_name = fs::path(request.core.shown()).stem().string();
    meta.firmware_build_id = core_build_id(request.core.path);
  }
  if (request.core.kind == TargetSpec::Kind::link) meta.firmware_build_id = request.core.link.expects;
  meta.simulator_version = version;
  meta.simulator_flags = compiler_flags();
  meta.git_state = git_state();
  meta.notes = request.findings;
  return meta;
}

namespace {

// The same scenario in another place of memory: NAME.twice.so lies at another address.
void compare_second_run(const RunRequest& request, const AttemptOptions& as, Attempt& first, RunResult& result) {
  const bool has_core = request.core.kind == TargetSpec::Kind::native;
  const bool moved = has_core && request.core_elsewhere.kind == TargetSpec::Kind::native;
  AttemptOptions options = as;
  options.write = false;
  options.heap_fill = 0xA5;
  TargetSpec core = request.core;
  if (moved) {
    core.path = request.core_elsewhere.path;
    core.file = request.core_elsewhere.file;
  }
  core.stack_fill = 0xA5;
  Attempt second = attempt(request, core, options);
  if (has_core && !moved)
    result.findings.push_back("--twice: there is no " +
                              fs::path(core_elsewhere(request.core.shown())).filename().string() +
                              "; the second run differs in its heap only");
  if (ended_well(first.end()) == ended_well(second.end()) && first.status().ticks == second.status().ticks &&
      first.status().hash == second.status().hash)
    return;
  const Difference difference = diff(first.whole(), second.whole());
  result.verdict = RunVerdict::error;
  result.cause = fmt::format("two runs differ: hash {} and {}; {}", hash_text(first.status().hash),
                             hash_text(second.status().hash), difference.summary());
}

const char* kind_name(const TargetSpec& core) { return core.kind == TargetSpec::Kind::native ? "native" : "emulated"; }

// --also emulated: the same scenario with the same core on the other kind of processor. A difference is a failure.
void compare_other_kind(const RunRequest& request, const AttemptOptions& as, Attempt& first, RunResult& result) {
  if (request.core.kind != TargetSpec::Kind::native && request.core.kind != TargetSpec::Kind::emulated) return;
  const TargetSpec& other = request.core_of_other_kind;
  if (std::error_code error; !fs::is_regular_file(other.path, error)) {
    result.verdict = RunVerdict::error;
    result.cause = "--also: there is no " + other.shown() + " beside " + request.core.shown();
    return;
  }
  if (const std::string why = core_refusal(other); !why.empty()) {
    result.verdict = RunVerdict::error;
    result.cause = "--also: " + why;
    return;
  }
  AttemptOptions options = as;
  options.write = false;
  Attempt second = attempt(request, other, options);
  if (ended_well(first.end()) == ended_well(second.end()) && first.status().ticks == second.status().ticks &&
      first.status().hash == second.status().hash) {
    result.findings.push_back(fmt::format("{} and {}: the same hash {}", kind_name(request.core), kind_name(other),
                                          hash_text(first.status().hash)));
    return;
  }
  const Recording& mine = first.whole();
  const Difference difference = diff(mine, second.whole());
  std::string cause =
      fmt::format("{} and {} differ: {}", kind_name(request.core), kind_name(other), difference.summary());
  if (const std::optional<FirmwareFault> fault = firmware_fault(second.end(), request.resolved.tick_ns))
    cause += fmt::format("; {}: {}", kind_name(other), where(*fault));
  if (!difference.fields.empty() && mine.has_io())
    cause += "; firmware: " + first_variable_apart(mine, difference.fields.front().first, request.core, other);
  if (exit_code(result.verdict) < exit_code(RunVerdict::fail)) result.verdict = RunVerdict::fail;
  result.cause = cause;
}

}  // namespace

RunResult run_one(const RunRequest& request, const RunOptions& options) {
  const double begin_s = wall_s();
  const ResolvedScenario& scenario = request.resolved;
  RunResult result;
  result.scenario = request.label;
  result.title = scenario.title;
  result.seed = scenario.seed;
  result.reproduce = request.reproduce;
  result.reproducible =
      !(request.core.kind == TargetSpec::Kind::link && (request.core.link.mode == LinkOptions::Mode::real_time ||
                                                        request.core.link.on_loss == LinkOptions::OnLoss::hold));

  AttemptOptions first;
  first.fork = options.fork;
  first.held_blocks = options.held_blocks;
  first.compress = options.compress || scenario.duration * scenario.tick_ns > long_run_ns;
  first.timeout_s = options.timeout_s;
  first.write = options.keep == Keep::all;
  first.path = request.recording_path.empty() ? recording_path(options.out_dir, request.label) : request.recording_path;
  Attempt run = attempt(request, request.core, first);
  result.firmware_fault = firmware_fault(run.end(), scenario.tick_ns);
  // Damage that was found too late: once more with the simulator's memory read-only while the core runs, so that the
  // write itself faults.
  const bool found_late = !run.damage.empty() || run.crash.suspect_scribble;
  if (options.fork && !result.firmware_fault && run.gave_up.empty() && found_late) {
    AttemptOptions locked = first;
    locked.lock_host_memory = true;
    Attempt again = attempt(request, request.core, locked);
    if (std::optional<FirmwareFault> fault = firmware_fault(again.end(), scenario.tick_ns)) {
      fault->detail += " (found by a second run with the simulator's memory read-only)";
      result.firmware_fault = std::move(fault);
      run = std::move(again);
    }
  }

  Recording& blocks = run.recording;
  RecordingMeta& meta = blocks.meta();
  result.sim_s = blocks.duration_s();
  result.hash = run.status().end == RunStatus::End::completed ? hash_text(run.status().hash) : "";
  meta.hash = result.hash;
  if (result.firmware_fault) {
    const FirmwareFault& f = *result.firmware_fault;
    meta.fault = {f.kind, f.function, f.file, f.line, f.at_s};
    meta.end_cause = fmt::format("firmware fault: {}{}{}", f.kind, f.function.empty() ? "" : " in " + f.function,
                                 f.file.empty() ? "" : fmt::format(" at {}:{}", f.file, f.line));
  } else {
    meta.end_cause = ended_well(run.end()) ? "end of scenario" : error_cause(run.end());
  }
  Recording& recording = run.whole();
  Judgement judgement =
      judge_recording(recording, scenario.requirements, scenario.measures, planned_ticks(scenario, recording));
  result.requirements = std::move(judgement.requirements);
  result.measures = judgement.measures;
  result.measure_units = judgement.measure_units;
  for (const RecordedText& finding : blocks.findings())
    result.findings.push_back(fmt::format("{} at {:.6g} s", finding.text, seconds(finding.at * scenario.tick_ns)));
  for (const std::string& note : meta.notes) result.findings.push_back(note);
  if (result.firmware_fault) {
    result.verdict = RunVerdict::firmware_fault;
    result.cause = meta.end_cause;
  } else if (!ended_well(run.end())) {
    result.verdict = RunVerdict::error;
    result.cause = error_cause(run.end());
  } else if (run.status().refused[0] != '\0') {
    result.verdict = RunVerdict::error;
    result.cause = fmt::format("`{}` was refused (see the findings): the run is not the one that the scenario asks for",
                               run.status().refused);
  } else {
    result.verdict = judgement.roll_up.verdict;
    result.cause = judgement.roll_up.cause;
  }
  if (options.twice && result.verdict != RunVerdict::error) compare_second_run(request, first, run, result);
  if (options.also_other_kind && result.verdict != RunVerdict::error) compare_other_kind(request, first, run, result);
  if (!options.baseline_dir.empty()) {
    try {
      compare_baseline(options, result);
    } catch (const InputError& error) {
      result.verdict = RunVerdict::error;
      result.cause = std::string("the baseline cannot be compared with: ") + error.what();
    }
  }

  const bool keep = options.keep == Keep::all || (options.keep == Keep::failed && exit_code(result.verdict) != 0);
  if (keep) {
    judgement.requirements = result.requirements;
    keep_verdicts(judgement, recording);
    recording.meta().verdict = verdict_name(result.verdict);
    try {
      if (!run.file || !first.write)
        run.file = std::make_unique<RecordingFile>(recording, first.path, recording.ticks(), first.compress);
      if (!run.file->released()) run.file->finish(recording);
      run.file->put(recording);
      result.recording = first.path;
    } catch (const std::exception& error) {
      result.verdict = RunVerdict::error;
      result.cause = error.what();
    }
  }
  result.wall_s = wall_s() - begin_s + request.prepare_s;
  return result;
}

}  // namespace pensim
