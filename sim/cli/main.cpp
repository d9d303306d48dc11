// The command line. Each subcommand is one function; exit codes are those of docs/command_line.md.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <regex>
#include <thread>

#include "firmware_shim/native/native_target.h"
#include "firmware_shim/symbols/symbols.h"
#include "sim/catalog/catalog.h"
#include "sim/cli/recording_commands.h"
#include "sim/cli/selftest.h"
#include "sim/exchange/csv_export.h"
#include "sim/exchange/field_log.h"
#include "sim/platform/program.h"
#include "sim/recording/difference.h"
#include "sim/report/report.h"
#include "sim/run/cores.h"
#include "sim/run/prepare.h"
#include "sim/run/run_all.h"
#include "sim/scenario/schema.h"
#include "sim/session/server.h"
#include "sim/validation/fit_skin.h"
#include "sim/validation/validate.h"
#include "sim/vocabulary/version.h"

namespace pensim {
namespace {

constexpr int exit_ok = 0, exit_different = 1, exit_bad_input = 2, exit_not_comparable = 2, exit_error = 4;

int print_problems(const std::vector<InputProblem>& problems) {
  for (const InputProblem& problem : problems) fmt::print(stderr, "{}\n", problem.text());
  fmt::print(stderr, "{} {} found; nothing was run\n", problems.size(), problems.size() == 1 ? "problem" : "problems");
  return exit_bad_input;
}

double wall_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct RunArguments {
  PrepareOptions prepare;
  RunOptions run;
  std::string junit, json, keep = "all", shard, fail_on_drop;
  bool no_fork = false;
};

void parse_shard(const std::string& text, PrepareOptions& options, std::vector<InputProblem>& problems) {
  if (text.empty()) return;
  int index = 0, count = 0, used = 0;
  if (std::sscanf(text.c_str(), "%d/%d%n", &index, &count, &used) != 2 || used != static_cast<int>(text.size()) ||
      count < 1 || index < 1 || index > count)
    problems.push_back(
        {{"--shard", 0, 0}, fmt::format("'{}' is no shard", text), "write I/N with 1 <= I <= N, such as 1/4"});
  options.shard = index;
  options.shards = count;
}

double parse_percent(const std::string& text, std::vector<InputProblem>& problems) {
  if (text.empty()) return -1.0;
  double value = 0;
  char unit = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%lf %c%n", &value, &unit, &used) == 2 && unit == '%' &&
      used == static_cast<int>(text.size()) && value >= 0 && value <= 100)
    return value / 100.0;
  problems.push_back({{"--fail-on-drop", 0, 0},
                      fmt::format("'{}' is no share", text),
                      "write a percentage from 0 to 100, such as 20%"});
  return -1.0;
}

int command_run(RunArguments& a) {
  const double begin = wall_s();
  std::vector<InputProblem> problems;
  parse_shard(a.shard, a.prepare, problems);
  a.run.fail_on_drop = parse_percent(a.fail_on_drop, problems);
  a.run.fork = !a.no_fork;
  a.run.keep = a.keep == "none" ? Keep::none : a.keep == "failed" ? Keep::failed : Keep::all;
  if (a.run.jobs < 1 || a.run.jobs > 256)
    problems.push_back({{"--jobs", 0, 0}, fmt::format("{} jobs", a.run.jobs), "give a number from 1 to 256"});

  std::vector<RunRequest> requests;
  if (problems.empty()) requests = prepare(a.prepare, problems);
  if (problems.empty() && a.no_fork && requests.size() != 1)
    problems.push_back({{"--no-fork", 0, 0},
                        fmt::format("{} scenarios are selected", requests.size()),
                        "name one scenario; a crash would end the others"});
  const auto reports = [&](const std::vector<RunResult>& results) {
    if (!a.junit.empty()) write_junit(a.junit, results, problems);
    if (!a.json.empty()) write_json(a.json, results);
  };
  if (!problems.empty()) {
    reports({});
    return print_problems(problems);
  }
  RunPrinter printer(stdout, requests.size());
  const std::vector<RunResult> results = run_all(requests, a.run,
                                                 {[&](const std::string& label) { printer.started(label); },
                                                  [&](const RunResult& result) { printer.ended(result); }});
  printer.summary(results, wall_s() - begin);
  reports(results);
  int code = 0;
  for (const RunResult& result : results) code = std::max(code, exit_code(result.verdict));
  return code;
}

int command_check(PrepareOptions& options) {
  std::vector<InputProblem> problems;
  const std::vector<RunRequest> requests = prepare(options, problems);
  if (!problems.empty()) return print_problems(problems);
  fmt::print("{} {}: no problem found\n", requests.size(), requests.size() == 1 ? "scenario" : "scenarios");
  return exit_ok;
}

int command_list(PrepareOptions& options) {
  std::vector<InputProblem> problems;
  if (options.paths.empty()) options.paths = {"scenarios"};
  const std::vector<RunRequest> requests = prepare(options, problems);
  if (!problems.empty()) return print_problems(problems);
  for (const RunRequest& r : requests) {
    std::string tags;
    for (const std::string& tag : r.resolved.tags) tags += (tags.empty() ? "" : ", ") + tag;
    fmt::print("{:<52} {:>7.3g} s  {:>2} requirements  {}{}\n", r.label,
               seconds(r.resolved.duration * r.resolved.tick_ns), r.resolved.requirements.size(), r.resolved.title,
               tags.empty() ? "" : "  [" + tags + "]");
  }
  return exit_ok;
}

int command_symbols(const std::string& core, const std::string& pattern) {
  const std::string path = find_core(core);
  const CoreSymbols symbols(path);
  std::size_t count = 0;
  for (const SymbolLine& line : symbols.list(pattern)) {
    fmt::print("{:<48} {:<24} 0x{:08x} {:>4} B\n", line.name, line.type, line.address, line.size_bytes);
    ++count;
  }
  if (count == 0) {
    fmt::print(stderr, "{}: no variable matches '{}'\n", path, pattern);
    return exit_different;
  }
  return exit_ok;
}

// The dashboard is a program of its own beside this one: it needs GL, runs do not.
int command_dashboard(int argc, char** argv) {
  const std::string program = program_path() + "-dashboard";
  std::vector<char*> arguments = {const_cast<char*>(program.c_str())};
  for (int i = 2; i < argc; ++i) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  fmt::print(stderr,
             "the dashboard cannot be started: {}: {}\n  help: build or install it with the rest: ./dev build\n",
             program, std::strerror(errno));
  return exit_error;
}

int main_checked(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "dashboard") return command_dashboard(argc, argv);
  CLI::App app{"pensim - runs the firmware of a microneedling pen against a modelled pen and skin"};
  app.set_version_flag("--version",
                       [] { return fmt::format("pensim {} ({}), {}", version, git_state(), compiler_flags()); });
  app.require_subcommand(1);
  app.footer("Begin with: pensim run scenarios/treatment/cheek_1mm.yaml");

  RunArguments run;
  const auto add_prepare = [](CLI::App* command, PrepareOptions& options, bool paths_required) {
    auto* paths = command->add_option("scenarios", options.paths, "scenario files, or folders of them");
    if (paths_required) paths->required();
    command->add_option("--firmware", options.firmware, "core: NAME or native:PATH.so (instead of the scenario's)");
    command->add_option("--seed", options.seed, "seed (instead of the scenario's)")->check([](const std::string& text) {
      const bool digits =
          !text.empty() && text.size() <= 19 && text.find_first_not_of("0123456789") == std::string::npos;
      return digits ? std::string()
                    : fmt::format("'{:.40}' is no seed: give a whole number from 0 to 9999999999999999999", text);
    });
    command
        ->add_option("--set", options.overrides, "override a key of the scenario: key=value, e.g. operator.press='3 N'")
        ->type_size(1)
        ->allow_extra_args(false);
    command->add_option("--watch", options.watch, "record a variable of the core by its name")
        ->type_size(1)
        ->allow_extra_args(false);
    command->add_option("--filter", options.filter,
                        "only scenarios whose path or a tag matches this regular expression");
    command->add_flag("!--no-always", options.always, "without the requirements of always.yaml");
  };
  CLI::App* c_run = app.add_subcommand("run", "run scenarios, record, judge");
  add_prepare(c_run, run.prepare, true);
  c_run->add_option("--jobs,-j", run.run.jobs, "runs at a time")
      ->default_val(std::max(1u, std::thread::hardware_concurrency()));
  c_run->add_option("--out", run.run.out_dir, "folder of the recordings")->default_val("runs");
  c_run->add_option("--keep", run.keep, "which recordings to keep")
      ->check(CLI::IsMember({"all", "failed", "none"}))
      ->default_val("all");
  c_run->add_option("--junit", run.junit, "write a JUnit report");
  c_run->add_option("--json", run.json, "write the results as JSON");
  c_run->add_flag("--twice", run.run.twice,
                  "run each twice, the second with another heap fill and load address; hashes must be equal");
  c_run->add_flag("--no-fork", run.no_fork, "one scenario in this process, for gdb, perf, valgrind");
  c_run->add_flag("--compress", run.run.compress, "compress the recordings (smaller, slower)");
  c_run->add_option("--shard", run.shard, "I/N: only every Nth scenario, beginning with the Ith");
  c_run->add_option("--baseline", run.run.baseline_dir, "folder of earlier recordings: compare margins with theirs");
  c_run->add_option("--fail-on-drop", run.fail_on_drop,
                    "fail when a margin lost more than this share of the baseline's, e.g. 20%");

  PrepareOptions check;
  CLI::App* c_check = app.add_subcommand("check", "read scenarios and firmware, report every problem, run nothing");
  add_prepare(c_check, check, true);
  PrepareOptions list;
  CLI::App* c_list = app.add_subcommand("list", "list scenarios");
  add_prepare(c_list, list, false);

  bool settable = false;
  CLI::App* c_schema = app.add_subcommand("schema", "print the JSON Schema of scenario files, for editors");
  c_schema->add_flag("--settable", settable, "print what a timeline may set, and the faults");

  std::string symbols_core, symbols_pattern;
  CLI::App* c_symbols = app.add_subcommand("symbols", "list the variables of a core");
  c_symbols->add_option("core", symbols_core, "NAME or native:PATH.so")->required();
  c_symbols->add_option("pattern", symbols_pattern, "only names that contain this");

  std::string catalog_kind, catalog_name;
  CLI::App* c_catalog =
      app.add_subcommand("catalog", "list the catalog, or explain an entry with the source of each number");
  c_catalog->add_option("kind", catalog_kind, "skin, cartridges, motors, batteries, pens ...");
  c_catalog->add_option("name", catalog_name, "entry");

  CLI::App* c_selftest =
      app.add_subcommand("selftest", "is this installation sound? (probe core, golden hashes, a crash, a hang)");

  ValidateOptions validation;
  bool fit = false;
  CLI::App* c_validate = app.add_subcommand(
      "validate", "the models against every published target; 0 if the verdicts are those on record");
  c_validate->add_option(
      "--out", validation.out,
      "folder for validation.md and a picture per target (docs/ in the source tree); with --fit for skin_law.yaml");
  c_validate->add_option("--only", validation.only, "one target, e.g. VT-05");
  c_validate->add_option("--recorded", validation.recorded,
                         "file with the verdicts on record (the installation's if not given)");
  c_validate->add_flag("--fit", fit,
                       "instead: fit the skin to the calibration targets, print values, intervals, correlation");

  std::string rec, rec_b, rec_out;
  RerunArguments rerun;
  CLI::App* c_rerun = app.add_subcommand("rerun", "run the scenario inside a recording again; the hash must be equal");
  c_rerun->add_option("recording", rerun.recording)->required();
  c_rerun->add_option("--firmware", rerun.firmware, "another core");
  c_rerun->add_option("--out", rerun.out, "keep the new recording in this file");
  ReplayArguments replay;
  CLI::App* c_replay = app.add_subcommand("replay", "feed a core with recorded inputs; first output that differs");
  c_replay->add_option("recording", replay.recording, "recording, or field log (.csv)")->required();
  c_replay->add_option("--firmware", replay.firmware, "another core than the recorded one");
  JudgeArguments judge;
  CLI::App* c_judge = app.add_subcommand("judge", "judge requirements on a recording, without plant and core");
  c_judge->add_option("recording", judge.recording)->required();
  c_judge->add_option("--require", judge.require, "file with requirements (instead of the recorded ones)");
  c_judge->add_option("--json", judge.json, "write the verdicts as JSON");
  CLI::App* c_diff = app.add_subcommand("diff", "compare two recordings: first differing tick, field, values");
  c_diff->add_option("a", rec)->required();
  c_diff->add_option("b", rec_b)->required();
  ExportArguments exporting;
  CLI::App* c_export = app.add_subcommand("export", "write signals of a recording as CSV");
  c_export->add_option("recording", exporting.recording)->required();
  c_export->add_option("--out", exporting.out, "CSV file (standard output if not given)");
  c_export->add_option("--signals", exporting.signals, "comma-separated names (all if not given)");
  c_export->add_option("--from", exporting.from, "first instant, e.g. '1.5 s'");
  c_export->add_option("--to", exporting.to, "last instant");
  c_export->add_option("--every", exporting.every, "one row per this time, e.g. '1 ms'");
  c_export->add_flag("--complete", exporting.complete, "every PenIn and PenOut, as a complete field log");
  c_export->add_flag("--strokes", exporting.strokes, "the table of strokes");
  ImportArguments importing;
  CLI::App* c_import = app.add_subcommand("import", "make a recording of a field log (CSV)");
  c_import->add_option("log", importing.log)->required();
  c_import->add_option("--out", importing.out, "recording (the log's name with .h5 if not given)");

  app.add_subcommand(
      "dashboard",
      "look at runs: the library, a scenario live, a recording, two of them; --screenshot FILE without a display");
  int session_socket = -1;
  CLI::App* c_serve =
      app.add_subcommand("serve-session", "the process behind a live session; started by it")->group("");
  c_serve->add_option("descriptor", session_socket)->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? exit_ok : exit_bad_input;
  }

  if (*c_serve) return serve_session(session_socket);
  if (*c_run) return command_run(run);
  if (*c_check) return command_check(check);
  if (*c_list) return command_list(list);
  if (*c_schema) {
    fmt::print("{}", settable ? settable_text() : schema_text());
    return exit_ok;
  }
  if (*c_symbols) return command_symbols(symbols_core, symbols_pattern);
  if (*c_catalog) {
    fmt::print("{}", catalog_text(catalog_kind, catalog_name));
    return exit_ok;
  }
  if (*c_selftest) return command_selftest();
  if (*c_validate) {
    if (fit) {
      const SkinFit found = fit_skin({});
      fmt::print("{}", fit_text(found));
      if (!validation.out.empty()) write_skin_law(validation.out, found.law);
      return exit_ok;
    }
    // In the source tree the whole of it also writes the project's own page.
    if (validation.out.empty() && validation.only.empty() && validation.recorded.empty() &&
        std::filesystem::exists("docs/validation.md"))
      validation.out = "docs";
    if (validation.recorded.empty()) validation.recorded = share_path("verdicts.txt");
    return validate(validation);
  }
  if (*c_rerun) return command_rerun(rerun);
  if (*c_replay) return command_replay(replay);
  if (*c_judge) return command_judge(judge);
  if (*c_diff) return command_diff(rec, rec_b);
  if (*c_export) return command_export(exporting);
  if (*c_import) return command_import(importing);
  return exit_not_comparable;
}

}  // namespace
}  // namespace pensim

int main(int argc, char** argv) {
  try {
    return pensim::main_checked(argc, argv);
  } catch (const pensim::InputError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return pensim::exit_bad_input;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pensim: %s\n", error.what());
    return pensim::exit_error;
  }
}
