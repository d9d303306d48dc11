#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <system_error>

#include "firmware_shim/native/crash.h"
#include "firmware_shim/native/host_memory.h"
#include "firmware_shim/symbols/symbols.h"
#include "firmware_shim/target.h"
#include "sim/cli/commands.h"
#include "sim/exchange/csv_export.h"
#include "sim/exchange/field_log.h"
#include "sim/input/printable.h"
#include "sim/judge/judge.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/recording/difference.h"
#include "sim/report/json.h"
#include "sim/report/terminal.h"
#include "sim/run/core_difference.h"
#include "sim/run/cores.h"
#include "sim/run/formulas.h"
#include "sim/run/guarded.h"
#include "sim/run/places.h"
#include "sim/run/replay.h"
#include "sim/run/run_all.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/resolved_json.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

ResolvedScenario scenario_of(const Recording& recording, const std::string& path) {
  if (recording.meta().resolved_scenario.empty())
    throw InputError(InputProblem{{path, 0, 0},
                                  "this recording holds no scenario (it was imported, or made by a board)",
                                  "pensim replay feeds a core with its inputs"});
  return resolved_from_json(recording.meta().resolved_scenario, path);
}

// Refuses to write a recording where it would take the place of what it must not: of anything but a recording of the
// same scenario or log, by the name of its file.
void check_place(const std::string& out, const std::string& input, const std::string& of, GivesWay who, bool force) {
  std::string why = same_file(out, input) ? "it is the input" : recording_refusal(out, who, force);
  if (std::error_code error; why.empty() && !force && std::filesystem::exists(out, error) && is_hdf5(out)) {
    const std::string there = Recording::open(out).meta().scenario_path;
    if (std::filesystem::path(there).filename() != std::filesystem::path(of).filename())
      why = "the recording of " + there + " is there already";
  }
  if (!why.empty())
    throw InputError(InputProblem{{out, 0, 0},
                                  "the recording cannot be put there: " + why,
                                  "give another --out, move the file away, or take --force to replace a file"});
}

// A folder that only this user can enter; gone at the end.
class PrivateFolder {
 public:
  PrivateFolder() : path_((std::filesystem::temp_directory_path() / "pensim-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
  }
  ~PrivateFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A recording of which something is to be claimed.
Recording open_unchanged(const std::string& path) {
  Recording recording = Recording::open(path);
  if (const std::string change = recording.change(); !change.empty())
    throw InputError(InputProblem{{path, 0, 0}, change, "take an untouched copy; pensim diff shows where two part"});
  return recording;
}

// For commands that show what is there.
Recording open_warned(const std::string& path) {
  Recording recording = Recording::open(path);
  if (const std::string change = recording.change(); !change.empty())
    std::fprintf(stderr, "%s %s\n", printable(path).c_str(), change.c_str());
  return recording;
}

struct RerunArguments {
  std::string recording, firmware, out;
  bool force = false;
};
// Runs the scenario inside a recording, with every parameter as it was then. 0: the hash is equal; 1: different, and
// where; 2: the recording holds no scenario.
int rerun(const RerunArguments& arguments, const EndSignals& signals) {
  const bool keep = !arguments.out.empty();
  const Recording before = open_unchanged(arguments.recording);
  RunRequest request;
  request.resolved = scenario_of(before, arguments.recording);
  request.label = before.meta().scenario_path.empty() ? arguments.recording : before.meta().scenario_path;
  if (keep) check_place(arguments.out, arguments.recording, request.label, GivesWay::recording_of_run, arguments.force);
  const bool has_core = request.resolved.rig == Rig::pen;
  if (has_core && !arguments.firmware.empty()) request.resolved.firmware = arguments.firmware;
  request.scenario_text = before.meta().scenario_text;
  if (has_core) request.core = find_core(request.resolved.firmware);
  hold_core(request.core);
  if (request.core.kind == TargetSpec::Kind::link) {
    request.core.link = request.resolved.link;
    if (const std::string why = settle_board(request.core); !why.empty())
      throw InputError(InputProblem{{request.resolved.firmware, 0, 0}, why, "pensim board probe shows what answers"});
  }
  if (request.resolved.counted && request.core.kind != TargetSpec::Kind::emulated)
    fmt::print("the recording was made with timing: counted; {} runs with ideal timing\n", request.resolved.firmware);
  request.reproduce = "pensim rerun " + arguments.recording;
  // The new recording is needed for the comparison; without --out it is gone afterwards.
  const PrivateFolder folder;
  request.recording_path = keep ? arguments.out : folder.path() + "/rerun.h5";
  RunOptions options;
  const RunEvents nobody_looks{[](const std::string&) {}, [](const RunResult&) {}};
  const RunResult result = run_all({request}, options, nobody_looks, &signals).front();
  if (result.recording.empty()) {
    std::fprintf(stderr, "%s\n", printable_lines(result.cause).c_str());
    return exit_error;
  }
  const Recording after = Recording::open(result.recording);
  const Difference difference = diff(before, after);
  fmt::print("recorded hash {}, hash of the rerun {}\n", before.meta().hash.empty() ? "(none)" : before.meta().hash,
             result.hash.empty() ? "(none)" : result.hash);
  // A run that ended in a firmware fault has no hash: then its samples decide.
  if (before.meta().hash == result.hash && (!result.hash.empty() || difference.equal())) {
    fmt::print("equal\n");
    return exit_ok;
  }
  fmt::print("{}", difference.text());
  return difference.equal() ? exit_different : difference.exit_code();
}

// A signal ends it when nothing of it is left on the disk.
int command_rerun(const RerunArguments& arguments) {
  int signal = 0, code = 0;
  {
    const EndSignals signals;
    code = rerun(arguments, signals);
    signal = signals.noted();
  }
  if (signal != 0) end_by(signal);
  return code;
}

struct JudgeArguments {
  std::string recording, require, json;
  bool force = false;
};
// Judges the recorded requirements, or those of a file, without plant and core. Exit code of the verdict.
int command_judge(const JudgeArguments& arguments) {
  if (!arguments.json.empty())
    if (const std::string why = place_refusal(arguments.json, json_beginnings, arguments.force); !why.empty())
      throw InputError(InputProblem{
          {"--json", 0, 0}, arguments.json + " cannot be written: " + why, "give another name, or take --force"});
  const Recording recording = open_unchanged(arguments.recording);
  std::vector<Requirement> requirements;
  std::vector<Measure> measures;
  Tick planned = recording.ticks();
  std::string label = arguments.recording;
  if (!recording.meta().resolved_scenario.empty()) {
    const ResolvedScenario scenario = scenario_of(recording, arguments.recording);
    requirements = scenario.requirements;
    measures = scenario.measures;
    planned = planned_ticks(scenario, recording);
    if (!recording.meta().scenario_path.empty()) label = recording.meta().scenario_path;
  }
  if (!arguments.require.empty()) requirements = load_always(arguments.require);
  if (requirements.empty() && measures.empty())
    throw InputError(InputProblem{{arguments.recording, 0, 0},
                                  "there is nothing to judge: this recording holds no requirement",
                                  "name a file with --require"});
  const Judgement judgement = judge_recording(recording, requirements, measures, planned);
  RunResult result;
  result.scenario = label;
  result.title = recording.meta().title;
  result.requirements = judgement.requirements;
  result.measures = judgement.measures;
  result.measure_units = judgement.measure_units;
  result.seed = recording.meta().seed;
  result.hash = recording.meta().hash;
  if (!result.hash.empty() && recording.meta().checksum.empty()) {
    result.findings.push_back("hash " + result.hash +
                              " was recorded, but not checked: this file has no checksum (of an earlier program?)");
    result.hash.clear();
  }
  result.sim_s = recording.duration_s();
  result.recording = arguments.recording;
  result.verdict = judgement.roll_up.verdict;
  result.cause = judgement.roll_up.cause;
  if (const RecordedFault& f = recording.meta().fault; !f.kind.empty()) {
    result.verdict = RunVerdict::firmware_fault;
    result.cause = recording.meta().end_cause;
    result.firmware_fault = FirmwareFault{f.kind, f.function, f.file, f.line, f.at_s, "", {}};
  }
  RunPrinter printer(stdout, 1);
  printer.ended(result);
  printer.summary({result}, 0);
  if (printer.error() != 0)
    throw std::system_error(printer.error(), std::generic_category(), "standard output cannot be written");
  if (!arguments.json.empty()) write_json(arguments.json, {result}, {});
  return exit_code(result.verdict);
}

struct ReplayArguments {
  std::string recording, firmware;
};
// Feeds a core, the recorded one unless another is named, with recorded inputs; a field log (.csv) is imported first.
// 0: every compared output is equal; 1: different, and where; 2: cannot be compared, and why; 3: the core crashed.
int command_replay(const ReplayArguments& arguments) {
  std::string ending = std::filesystem::path(arguments.recording).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool log = (ending == ".csv" || ending == ".txt" || ending == ".log") && !is_hdf5(arguments.recording);
  const Recording recording = log ? import_log(arguments.recording) : open_warned(arguments.recording);
  if (recording.meta().kind == RecordingKind::rig)
    throw InputError(InputProblem{{arguments.recording, 0, 0},
                                  "a rig has no firmware core, so there is nothing to replay",
                                  "pensim rerun runs the machine again"});
  const std::string firmware = !arguments.firmware.empty() ? arguments.firmware : recording.meta().firmware;
  if (firmware.empty())
    throw InputError(
        InputProblem{{arguments.recording, 0, 0}, "nothing says which firmware this is", "name it with --firmware"});
  TargetSpec core = find_core(firmware);
  hold_core(core);
  if (const std::string why = core.kind == TargetSpec::Kind::link ? settle_board(core) : core_refusal(core);
      !why.empty())
    throw InputError(InputProblem{{firmware, 0, 0}, "it cannot be loaded: " + why, "build it with pensim_add_core"});
  ReplayOptions options;
  std::optional<CoreSymbols> symbols;
  if (!core.path.empty()) symbols.emplace(core.path);
  for (const SignalInfo& signal : recording.signals()) {
    if (!symbols) break;
    if (!parse_signal_name(signal.name).is(SignalName::Form::variable)) continue;
    try {
      options.variables.emplace_back(signal.name, symbols->find(signal.name.substr(3)));
    } catch (const SymbolError& error) {
      fmt::print("{} is not compared: {}\n", signal.name, error.what());
    }
  }
  // The core runs in a process of its own: it may crash here as anywhere.
  const CrashReport report;
  const GuardedBlock shared(sizeof(std::atomic<Tick>));
  options.progress = new (shared.data()) std::atomic<Tick>(-1);
  const pid_t pid = fork_child();
  if (pid == 0) {
    int code = 4;
    try {
      const std::unique_ptr<Target> target = open_guarded(core, report);
      const ReplayResult result = replay(recording, *target, options);
      fmt::print("{}", result.text());
      code = result.exit_code();
      if (code == 0 && result.compared == 0) {
        fmt::print(
            "nothing was compared: log an output (core.pwm_duty, pin.enable, fw.VARIABLE) for longer than the first "
            "second\n");
        code = 2;
      }
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
    std::fflush(nullptr);
    crash_complete();
    _exit(code);
  }
  const Waited waited = wait_patiently(pid, {}, [&] { return options.progress->load(); });
  if (!waited.gave_up.empty()) {
    fmt::print("the replay {}\n", waited.gave_up);
    return 3;
  }
  const int status = waited.status;
  if (WIFEXITED(status) && WEXITSTATUS(status) <= 4) {
    const CrashVerdict verdict = explain_crash(report, status, core.path);
    if (verdict.kind == CrashKind::none || WEXITSTATUS(status) != 0) return WEXITSTATUS(status);
  }
  fmt::print("the core ended the replay: {}\n", crash_text(explain_crash(report, status, core.path)));
  return 3;
}

// The core that made a recording, if it still is what it was then.
TargetSpec recorded_core(const RecordingMeta& meta) {
  if (meta.firmware.empty() || meta.firmware_build_id.empty()) return {};
  const TargetSpec core = find_core(meta.firmware);
  return core_build_id(core.path) == meta.firmware_build_id && core_refusal(core).empty() ? core : TargetSpec{};
}

// Two cores that answered the same inputs differently: which of their variables differed first.
void print_core_difference(const Recording& x, const Recording& y, Tick last) {
  TargetSpec a, b;
  try {
    a = recorded_core(x.meta());
    b = recorded_core(y.meta());
  } catch (const InputError&) {  // one of them is not here any more
  }
  if (a.kind == TargetSpec::Kind::none || b.kind == TargetSpec::Kind::none) {
    fmt::print("\nfirmware: the variables are not compared, since a core is not here as it was recorded\n");
    return;
  }
  if (a == b || a.kind == TargetSpec::Kind::link || b.kind == TargetSpec::Kind::link) return;
  std::fflush(nullptr);
  fmt::print("\nfirmware: {}\n", first_variable_apart(x, last, a, b));
}

// 0: equal; 1: different, and where; 2: not comparable, and why.
int command_diff(const std::string& a, const std::string& b) {
  const Recording x = open_warned(a), y = open_warned(b);
  const Difference d = diff(x, y);
  fmt::print("{}", d.text());
  const bool by_the_core = !d.fields.empty() && !d.fields.front().field.starts_with("in.") && x.has_io() && y.has_io();
  if (by_the_core) print_core_difference(x, y, d.fields.front().first);
  return d.exit_code();
}

void add_rerun(CLI::App& app) {
  const auto a = std::make_shared<RerunArguments>();
  CLI::App* command = app.add_subcommand("rerun", "run the scenario inside a recording again; the hash must be equal");
  command->add_option("recording", a->recording)->required();
  command->add_option("--firmware", a->firmware, "another core");
  command->add_option("--out", a->out, "keep the new recording in this file");
  command->add_flag("--force", a->force, "let it replace a file that is no recording of a run");
  add_no_sandbox(command);
  command->final_callback([a] { finish(command_rerun(*a)); });
}

void add_replay(CLI::App& app) {
  const auto a = std::make_shared<ReplayArguments>();
  CLI::App* command = app.add_subcommand("replay", "feed a core with recorded inputs; first output that differs");
  command->add_option("recording", a->recording, "recording, or field log (.csv)")->required();
  command->add_option("--firmware", a->firmware, "another core than the recorded one");
  add_no_sandbox(command);
  command->final_callback([a] { finish(command_replay(*a)); });
}

void add_judge(CLI::App& app) {
  const auto a = std::make_shared<JudgeArguments>();
  CLI::App* command = app.add_subcommand("judge", "judge requirements on a recording, without plant and core");
  command->add_option("recording", a->recording)->required();
  command->add_option("--require", a->require, "file with requirements (instead of the recorded ones)");
  command->add_option("--json", a->json, "write the verdicts as JSON");
  command->add_flag("--force", a->force, "let the report replace a file that is none");
  command->final_callback([a] { finish(command_judge(*a)); });
}

void add_diff(CLI::App& app) {
  struct Arguments {
    std::string a, b;
  };
  const auto a = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("diff", "compare two recordings: first differing tick, field, values");
  command->add_option("a", a->a)->required();
  command->add_option("b", a->b)->required();
  add_no_sandbox(command);
  command->final_callback([a] { finish(command_diff(a->a, a->b)); });
}

void add_export(CLI::App& app) {
  const auto a = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand("export", "write signals of a recording as CSV");
  command->add_option("recording", a->recording)->required();
  command->add_option("--out", a->out, "CSV file (standard output if not given)");
  command->add_option("--signals", a->signals, "comma-separated names (all if not given)");
  command->add_option("--from", a->from, "first instant, e.g. '1.5 s'");
  command->add_option("--to", a->to, "last instant");
  command->add_option("--every", a->every, "one row per this time, e.g. '1 ms'");
  command->add_flag("--complete", a->complete, "every PenIn and PenOut, as a complete field log");
  command->add_flag("--strokes", a->strokes, "the table of strokes");
  command->add_flag("--uart", a->uart, "what crossed the serial port, as lines of text");
  command->add_flag("--force", a->force, "let it replace a file that is no export");
  command->final_callback([a] { finish(command_export(*a)); });
}

void add_import(CLI::App& app) {
  const auto a = std::make_shared<ImportArguments>();
  CLI::App* command = app.add_subcommand("import", "make a recording of a field log (CSV)");
  command->add_option("log", a->log)->required();
  command->add_option("--out", a->out, "recording (the log's name with .h5 if not given)");
  const auto force = std::make_shared<bool>(false);
  command->add_flag("--force", *force, "let it replace a file that is no recording of a field log");
  command->final_callback([a, force] {
    if (!is_hdf5(a->log)) check_place(imported_path(*a), a->log, a->log, GivesWay::field_log, *force);
    finish(command_import(*a));
  });
}

}  // namespace

void add_recording_commands(CLI::App& app) {
  add_rerun(app);
  add_replay(app);
  add_judge(app);
  add_diff(app);
  add_export(app);
  add_import(app);
}

}  // namespace pensim
