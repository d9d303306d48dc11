#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "firmware_shim/native/sandbox.h"
#include "sim/cli/commands.h"
#include "sim/cli/prepare_options.h"
#include "sim/input/printable.h"
#include "sim/input/quantity.h"
#include "sim/platform/clock.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/platform/walk.h"
#include "sim/report/json.h"
#include "sim/report/junit.h"
#include "sim/report/terminal.h"
#include "sim/run/places.h"
#include "sim/run/run_all.h"
#include "sim/scenario/firmware_spec.h"

namespace pensim {

SearchTold::SearchTold(PrepareOptions& options) : terminal_(isatty(STDERR_FILENO) == 1), next_s_(wall_s() + 0.3) {
  options.search = {[this](const std::string& folder) { entered(folder); },
                    [this](const std::string& sentence) { skipped(sentence); }};
}

SearchTold::~SearchTold() {
  clear();
  if (skipped_ > most_) fmt::print(stderr, "skipped {} more\n", skipped_ - most_);
}

void SearchTold::entered(const std::string& folder) {
  ++folders_;
  if (!terminal_ || wall_s() < next_s_) return;
  next_s_ = wall_s() + 0.1;
  clear();
  fmt::print(stderr, "searching {} ({} folders) ...", printable(folder), folders_);
  shown_ = true;
}

void SearchTold::skipped(const std::string& sentence) {
  if (++skipped_ > most_) return;
  clear();
  fmt::print(stderr, "skipped {}\n", printable(sentence));
}

void SearchTold::clear() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

int print_problems(const std::vector<InputProblem>& problems) {
  for (const InputProblem& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  std::fprintf(stderr, "%zu %s found; nothing was run\n", problems.size(),
               problems.size() == 1 ? "problem" : "problems");
  return exit_bad_input;
}

namespace {

constexpr const char* default_out_dir = "runs";

struct RunArguments {
  PrepareOptions prepare;
  RunOptions run;
  std::string junit, json, keep = "all", shard, fail_on_drop;
  std::string gdb_server, write_cost;
  bool no_fork = false;
  std::string also, timeout;
};

void parse_shard(const std::string& text, PrepareOptions& options, std::vector<InputProblem>& problems) {
  if (text.empty()) return;
  const char *at = text.data(), *const end = at + text.size();
  const auto [slash, bad_index] = std::from_chars(at, end, options.shard);
  const bool has_slash = bad_index == std::errc() && slash != end && *slash == '/';
  const auto [stop, bad_count] = std::from_chars(has_slash ? slash + 1 : end, end, options.shards);
  if (!has_slash || bad_count != std::errc() || stop != end || options.shard < 1 || options.shard > options.shards)
    problems.push_back(
        {{"--shard", 0, 0}, fmt::format("'{:.40}' is no shard", text), "write I/N with 1 <= I <= N, such as 1/4"});
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

std::optional<double> parse_timeout(const std::string& text, std::vector<InputProblem>& problems) {
  if (text.empty()) return {};
  try {
    const double value_s = parse_quantity(text, "s");
    if (value_s >= 0.01 && value_s <= 1e7) return value_s;
  } catch (const QuantityError&) {
  }
  problems.push_back({{"--timeout", 0, 0},
                      fmt::format("'{:.40}' is no time that a run may take", text),
                      "write a time with its unit, from 10 ms up, such as '5 min'"});
  return {};
}

// What cores are not held back from, once.
void tell_of_the_sandbox(const std::vector<RunRequest>& requests) {
  const bool any = std::any_of(requests.begin(), requests.end(), [](const RunRequest& r) {
    return r.core.sandbox && (r.core.kind == TargetSpec::Kind::native || r.core.kind == TargetSpec::Kind::emulated);
  });
  if (const std::string lacks = any ? sandbox_lacks() : ""; !lacks.empty())
    fmt::print(stderr, "{} (docs/security.md)\n", lacks);
}

std::vector<RunRequest> prepare_told(PrepareOptions& options, std::vector<InputProblem>& problems) {
  const SearchTold told(options);
  return prepare(options, problems);
}

// The words of this call that a single run needs to end the same way.
std::vector<std::string> words_of(const RunArguments& a) {
  std::vector<std::string> words;
  const auto add = [&](const char* option, const std::string& value) {
    if (value.empty()) return;
    words.emplace_back(option);
    words.push_back(value);
  };
  if (a.run.twice) words.emplace_back("--twice");
  add("--also", a.also);
  add("--baseline", a.run.baseline_dir);
  add("--fail-on-drop", a.fail_on_drop);
  if (a.run.out_dir != default_out_dir) add("--out", a.run.out_dir);
  if (a.run.keep == Keep::none) add("--keep", a.keep);
  if (a.run.compress) words.emplace_back("--compress");
  if (a.run.force) words.emplace_back("--force");
  add("--timeout", a.timeout);
  if (!cores_in_sandbox) words.emplace_back("--no-sandbox");
  return words;
}

bool holds_recordings(const std::string& folder) {
  bool any = false;
  walk(folder, [&](const std::string& path, Found found) {
    any = any || (found == Found::file && path.ends_with(".h5"));
    return !any;
  });
  return any;
}

void check_baseline(const RunArguments& a, std::vector<InputProblem>& problems) {
  std::error_code error;
  if (!a.run.baseline_dir.empty() && !std::filesystem::is_directory(a.run.baseline_dir, error))
    problems.push_back({{"--baseline", 0, 0},
                        fmt::format("there is no folder '{}'", a.run.baseline_dir),
                        "name the --out folder of an earlier call, or leave the option out"});
  else if (!a.run.baseline_dir.empty() && !holds_recordings(a.run.baseline_dir))
    problems.push_back({{"--baseline", 0, 0},
                        fmt::format("the folder '{}' holds no recording (*.h5)", a.run.baseline_dir),
                        "name the --out folder of an earlier call, or leave the option out"});
  if (a.run.baseline_dir.empty() && !a.fail_on_drop.empty())
    problems.push_back({{"--fail-on-drop", 0, 0}, "there is nothing to compare with", "name a folder with --baseline"});
}

// Whether a report's folder is that of the recordings or in it, and not there yet: it is made when the report is
// written.
bool comes_with_recordings(const std::string& report, const std::string& out_dir) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::absolute(report, error).lexically_normal().parent_path();
  const fs::path inside = folder.lexically_relative(fs::absolute(out_dir, error).lexically_normal());
  return !inside.empty() && *inside.begin() != ".." && !fs::exists(folder, error) &&
         folder_refusal(folder.string()).empty();
}

// Reports that cannot be written are said before anything runs, and forgotten.
void check_reports(RunArguments& a, std::vector<InputProblem>& problems) {
  const auto check = [&](const char* option, std::string& path, const std::vector<std::string>& own) {
    if (path.empty()) return;
    const std::string why = place_refusal(path, own, a.run.force);
    if (why.empty() || comes_with_recordings(path, a.run.out_dir)) return;
    problems.push_back({{option, 0, 0},
                        fmt::format("{} cannot be written: {}", path, why),
                        "make the folder, give another name, or take --force to replace a file"});
    path.clear();
  };
  if (!a.junit.empty() &&
      std::filesystem::path(a.junit).lexically_normal() == std::filesystem::path(a.json).lexically_normal() &&
      special_file(a.json).empty()) {
    problems.push_back({{"--json", 0, 0}, "it is the file of --junit", "give each its own"});
    a.json.clear();
  }
  check("--junit", a.junit, junit_beginnings);
  check("--json", a.json, json_beginnings);
}

// Both of them; one that fails is a problem that the other tells of.
void write_reports(const RunArguments& a, const std::vector<RunResult>& results, std::vector<InputProblem>& problems) {
  const auto attempt = [&](const char* option, const std::string& path, const auto& write) {
    std::error_code made;  // if not, writing says so
    if (comes_with_recordings(path, a.run.out_dir))
      std::filesystem::create_directories(std::filesystem::path(path).parent_path(), made);
    try {
      write();
      return true;
    } catch (const std::system_error& error) {
      problems.push_back({{option, 0, 0}, error.what(), ""});
      return false;
    }
  };
  const auto json = [&] { write_json(a.json, results, problems); };
  const auto junit = [&] { write_junit(a.junit, results, problems); };
  if (!a.json.empty()) attempt("--json", a.json, json);
  if (!a.junit.empty() && !attempt("--junit", a.junit, junit) && !a.json.empty()) attempt("--json", a.json, json);
}

void print_each(const std::vector<InputProblem>& problems) {
  for (const InputProblem& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
}

// The file that gets the costs of the one run; the run itself writes it, and opens nothing.
void open_cost_file(const RunArguments& a, std::vector<RunRequest>& requests, std::vector<InputProblem>& problems) {
  const auto bad = [&](const std::string& what, const std::string& help) {
    problems.push_back({{"--write-cost", 0, 0}, what, help});
  };
  if (requests.size() != 1)
    return bad(fmt::format("{} scenarios are selected", requests.size()), "name one: its calls are what is written");
  RunRequest& request = requests.front();
  if (request.core.kind != TargetSpec::Kind::emulated || !request.resolved.counted)
    return bad("only an emulated run with timing: counted counts costs",
               "give --firmware emulated:PATH.elf --timing counted");
  std::string why = place_refusal(a.write_cost, {"# Cycles of each call"}, a.run.force);
  if (why.empty()) {
    request.core.emulated.cost_file = ::open(a.write_cost.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (request.core.emulated.cost_file < 0) why = std::strerror(errno);
  }
  if (!why.empty())
    bad(fmt::format("{} cannot be written: {}", a.write_cost, why),
        "make the folder, give another name, or take --force to replace a file");
}

std::vector<RunRequest> requests_of(RunArguments& a, std::vector<InputProblem>& problems) {
  std::vector<RunRequest> requests = prepare_told(a.prepare, problems);
  if (problems.empty() && a.no_fork && requests.size() != 1)
    problems.push_back({{"--no-fork", 0, 0},
                        fmt::format("{} scenarios are selected", requests.size()),
                        "name one scenario; a crash would end the others"});
  if (problems.empty() && !a.gdb_server.empty()) {
    if (requests.front().core.kind == TargetSpec::Kind::emulated)
      requests.front().core.emulated.debugger = a.gdb_server;
    else
      problems.push_back({{"--gdb-server", 0, 0},
                          requests.front().resolved.firmware + " is not emulated",
                          "a native core is debugged in its process: pensim debug SCENARIO"});
  }
  for (InputProblem& problem : check_places(requests, a.run)) problems.push_back(std::move(problem));
  if (problems.empty() && !a.write_cost.empty()) open_cost_file(a, requests, problems);
  return requests;
}

int code_of(const std::vector<RunResult>& results) {
  int code = exit_ok;
  for (const RunResult& result : results) code = std::max(code, exit_code(result.verdict));
  return code;
}

// Whatever ends it, reports are written; then a signal has its usual effect.
int run_with_reports(RunArguments& a, std::vector<InputProblem>& problems, const EndSignals* signals) {
  const double begin = wall_s();
  std::vector<RunRequest> requests;
  try {
    if (problems.empty()) requests = requests_of(a, problems);
  } catch (const NeedsEmulator&) {
    throw;  // another program does all of this
  } catch (const std::exception& error) {
    problems.push_back({{"", 0, 0}, error.what(), ""});
  }
  if (signals != nullptr && signals->noted() != 0 && problems.empty())
    problems.push_back({{"", 0, 0}, "the call was ended by " + signal_name(signals->noted()) + " before its runs", ""});
  if (!problems.empty()) {
    write_reports(a, {}, problems);
    return print_problems(problems);
  }
  const bool reports_wanted = !a.json.empty() || !a.junit.empty();
  if (a.run.fork) tell_of_the_sandbox(requests);
  RunPrinter printer(stdout, requests.size());
  const RunEvents events{[&](const std::string& label) { printer.started(label); },
                         [&](const RunResult& result) {
                           printer.ended(result);
                           // Nobody reads on, as in `| head`.
                           if (printer.error() == EPIPE && !reports_wanted && signals != nullptr)
                             signals->note(SIGPIPE);
                         }};
  const std::vector<RunResult> results = run_all(requests, a.run, events, signals);
  printer.summary(results, wall_s() - begin);
  if (printer.error() != 0 && printer.error() != EPIPE)
    problems.push_back({{"standard output", 0, 0},
                        fmt::format("cannot be written, results are lost: {}", std::strerror(printer.error())),
                        ""});
  write_reports(a, results, problems);
  print_each(problems);
  if (printer.error() == EPIPE && signals != nullptr) signals->note(SIGPIPE);
  return std::max(code_of(results), problems.empty() ? exit_ok : exit_error);
}

int command_run(RunArguments& a) {
  std::vector<InputProblem> problems;
  parse_shard(a.shard, a.prepare, problems);
  a.run.fail_on_drop = parse_percent(a.fail_on_drop, problems);
  a.run.timeout_s = a.prepare.timeout_s = parse_timeout(a.timeout, problems);
  a.no_fork = a.no_fork || !a.gdb_server.empty();
  a.run.fork = !a.no_fork;
  a.run.keep = a.keep == "none" ? Keep::none : a.keep == "failed" ? Keep::failed : Keep::all;
  if (a.run.jobs < 1 || a.run.jobs > 256)
    problems.push_back({{"--jobs", 0, 0}, fmt::format("{} jobs", a.run.jobs), "give a number from 1 to 256"});
  if (a.run.out_dir.empty()) problems.push_back({{"--out", 0, 0}, "it is empty", "name a folder"});
  check_baseline(a, problems);
  check_reports(a, problems);
  a.run.also_other_kind = !a.also.empty();
  if (a.run.also_other_kind && !emulated_cores_run_here) throw NeedsEmulator("--also " + a.also);
  a.prepare.twice = a.run.twice;
  a.prepare.also_other_kind = a.run.also_other_kind;
  a.prepare.cores = a.no_fork ? PrepareOptions::Cores::read : PrepareOptions::Cores::held;
  a.prepare.reproduce_with = words_of(a);
  if (a.no_fork) return run_with_reports(a, problems, nullptr);
  int signal = 0, code = 0;
  {
    const EndSignals signals;
    a.prepare.stop = [&] { return signals.noted() != 0; };
    code = run_with_reports(a, problems, &signals);
    signal = signals.noted();
  }
  if (signal != 0) end_by(signal);
  return code;
}

int command_check(PrepareOptions& options) {
  std::vector<InputProblem> problems;
  options.cores = PrepareOptions::Cores::held;
  const std::vector<RunRequest> requests = prepare_told(options, problems);
  if (!problems.empty()) return print_problems(problems);
  for (const RunRequest& r : requests)
    for (const std::string& finding : r.findings) fmt::print("{}: {}\n", printable(r.label), printable(finding));
  fmt::print("{} {}: no problem found\n", requests.size(), requests.size() == 1 ? "scenario" : "scenarios");
  return exit_ok;
}

int command_list(PrepareOptions& options) {
  std::vector<InputProblem> problems;
  if (options.paths.empty()) options.paths = {"scenarios"};
  options.cores = PrepareOptions::Cores::unread;
  const std::vector<RunRequest> requests = prepare_told(options, problems);
  if (!problems.empty()) return print_problems(problems);
  for (const RunRequest& r : requests) {
    std::string tags;
    for (const std::string& tag : r.resolved.tags) tags += (tags.empty() ? "" : ", ") + tag;
    fmt::print("{:<52} {:>7.3g} s  {:>2} requirements  {}{}\n", printable(r.label),
               seconds(r.resolved.duration * r.resolved.tick_ns), r.resolved.requirements.size(),
               printable(r.resolved.title), tags.empty() ? "" : "  [" + printable(tags) + "]");
  }
  return exit_ok;
}

void add_prepare(CLI::App* command, PrepareOptions& options, bool paths_required) {
  auto* paths = command->add_option("scenarios", options.paths, "scenario files, or folders of them");
  if (paths_required) paths->required();
  add_run_options(command, options);
  command->add_option("--filter", options.filter, "only scenarios whose path or a tag matches this regular expression");
}

}  // namespace

void add_run_options(CLI::App* command, PrepareOptions& options) {
  command->add_option("--firmware", options.firmware,
                      "core: NAME, native:PATH.so or link:... (instead of the scenario's)");
  command
      ->add_option_function<std::string>(
          "--timing", [&options](const std::string& timing) { options.overrides.push_back("timing=" + timing); },
          "ideal, or counted: instructions of an emulated core take time")
      ->check(CLI::IsMember({"ideal", "counted"}));
  command->add_option_function<std::string>(
      "--cost", [&options](const std::string& file) { options.overrides.push_back("core.cost=" + file); },
      "a native core takes the time that an emulated run has counted into this file (--write-cost)");
  command->add_option("--seed", options.seed, "seed (instead of the scenario's)")->check([](const std::string& text) {
    std::uint64_t seed = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, seed);
    return error == std::errc() && stop == end
               ? std::string()
               : fmt::format("'{:.40}' is no seed: give a whole number from 0 to 18446744073709551615", text);
  });
  command
      ->add_option("--set", options.overrides, "override a key of the scenario: key=value, e.g. operator.press='3 N'")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("--watch", options.watch, "record a variable of the core by its name")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_flag("!--no-always", options.always, "without the requirements of always.yaml");
  add_no_sandbox(command);
}

void add_no_sandbox(CLI::App* command) {
  command->add_flag_callback(
      "--no-sandbox", [] { cores_in_sandbox = false; },
      "let cores do to files, network and other processes what you may do (docs/security.md)");
}

void add_run_commands(CLI::App& app) {
  const auto a = std::make_shared<RunArguments>();
  CLI::App* run = app.add_subcommand("run", "run scenarios, record, judge");
  add_prepare(run, a->prepare, true);
  run->add_option("--jobs,-j", a->run.jobs, "runs at a time; one on each board")
      ->default_val(std::max(1u, std::thread::hardware_concurrency()));
  run->add_option("--out", a->run.out_dir, "folder of the recordings")->default_val(default_out_dir);
  run->add_option("--keep", a->keep, "which recordings to keep")
      ->check(CLI::IsMember({"all", "failed", "none"}))
      ->default_val("all");
  run->add_option("--junit", a->junit, "write a JUnit report");
  run->add_option("--json", a->json, "write the results as JSON");
  run->add_flag("--twice", a->run.twice,
                "run each twice, the second with another heap fill, load address and stack; hashes must be equal");
  run->add_option("--also", a->also,
                  "run each with the same core on the other kind of processor, too (NAME.elf for NAME.so); hashes must "
                  "be equal")
      ->check(CLI::IsMember({"emulated", "native"}));
  run->add_flag("--no-fork", a->no_fork, "one scenario in this process, for gdb, perf, valgrind");
  run->add_option("--timeout", a->timeout,
                  "wall clock that each run may take, such as '5 min'; beyond it, it is ended as a hang");
  run->add_option("--gdb-server", a->gdb_server,
                  "one scenario, whose emulated core waits for gdb at unix:PATH or tcp:PORT (this machine only)");
  run->add_flag(
      "--force", a->run.force,
      "let recordings and reports replace files that are none of theirs, and try a disk that seems too small");
  run->add_option("--write-cost", a->write_cost,
                  "one scenario, with an emulated core and timing: counted: what each call of a handler took, "
                  "for --cost");
  run->add_flag("--compress", a->run.compress,
                "compress the recordings of runs up to a minute, too (a quarter of the size, slower)");
  run->add_option("--shard", a->shard, "I/N: only every Nth scenario, beginning with the Ith");
  run->add_option("--baseline", a->run.baseline_dir, "folder of earlier recordings: compare margins with theirs");
  run->add_option("--fail-on-drop", a->fail_on_drop,
                  "fail when a margin lost more than this share of the baseline's, e.g. 20%");
  run->final_callback([a] { finish(command_run(*a)); });

  const auto checked = std::make_shared<PrepareOptions>();
  CLI::App* check = app.add_subcommand("check", "read scenarios and firmware, report every problem, run nothing");
  add_prepare(check, *checked, true);
  check->final_callback([checked] { finish(command_check(*checked)); });

  const auto listed = std::make_shared<PrepareOptions>();
  CLI::App* list = app.add_subcommand("list", "list scenarios");
  add_prepare(list, *listed, false);
  list->final_callback([listed] { finish(command_list(*listed)); });
}

}  // namespace pensim
