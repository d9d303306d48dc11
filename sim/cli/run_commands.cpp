#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/prepare_options.h"
#include "sim/platform/clock.h"
#include "sim/report/json.h"
#include "sim/report/junit.h"
#include "sim/report/terminal.h"
#include "sim/run/run_all.h"
#include "sim/scenario/firmware_spec.h"

namespace pensim {

int print_problems(const std::vector<InputProblem>& problems) {
  for (const InputProblem& problem : problems) fmt::print(stderr, "{}\n", problem.text());
  fmt::print(stderr, "{} {} found; nothing was run\n", problems.size(), problems.size() == 1 ? "problem" : "problems");
  return exit_bad_input;
}

namespace {

struct RunArguments {
  PrepareOptions prepare;
  RunOptions run;
  std::string junit, json, keep = "all", shard, fail_on_drop;
  std::string gdb_server;
  bool no_fork = false;
  std::string also;
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
  a.no_fork = a.no_fork || !a.gdb_server.empty();
  a.run.fork = !a.no_fork;
  a.run.keep = a.keep == "none" ? Keep::none : a.keep == "failed" ? Keep::failed : Keep::all;
  if (a.run.jobs < 1 || a.run.jobs > 256)
    problems.push_back({{"--jobs", 0, 0}, fmt::format("{} jobs", a.run.jobs), "give a number from 1 to 256"});

  a.run.also_other_kind = !a.also.empty();
  if (a.run.also_other_kind && !emulated_cores_run_here) throw NeedsEmulator("--also " + a.also);
  std::vector<RunRequest> requests;
  if (problems.empty()) requests = prepare(a.prepare, problems);
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
  for (const RunRequest& r : requests)
    for (const std::string& finding : r.findings) fmt::print("{}: {}\n", r.label, finding);
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
  command->add_option("--seed", options.seed, "seed (instead of the scenario's)")->check([](const std::string& text) {
    const bool digits = !text.empty() && text.size() <= 19 && text.find_first_not_of("0123456789") == std::string::npos;
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
  command->add_flag("!--no-always", options.always, "without the requirements of always.yaml");
}

void add_run_commands(CLI::App& app) {
  const auto a = std::make_shared<RunArguments>();
  CLI::App* run = app.add_subcommand("run", "run scenarios, record, judge");
  add_prepare(run, a->prepare, true);
  run->add_option("--jobs,-j", a->run.jobs, "runs at a time; one on each board")
      ->default_val(std::max(1u, std::thread::hardware_concurrency()));
  run->add_option("--out", a->run.out_dir, "folder of the recordings")->default_val("runs");
  run->add_option("--keep", a->keep, "which recordings to keep")
      ->check(CLI::IsMember({"all", "failed", "none"}))
      ->default_val("all");
  run->add_option("--junit", a->junit, "write a JUnit report");
  run->add_option("--json", a->json, "write the results as JSON");
  run->add_flag("--twice", a->run.twice,
                "run each twice, the second with another heap fill and load address; hashes must be equal");
  run->add_option("--also", a->also,
                  "run each with the same core on the other kind of processor, too (NAME.elf for NAME.so); hashes must "
                  "be equal")
      ->check(CLI::IsMember({"emulated", "native"}));
  run->add_flag("--no-fork", a->no_fork, "one scenario in this process, for gdb, perf, valgrind");
  run->add_option("--gdb-server", a->gdb_server,
                  "one scenario, whose emulated core waits for gdb at unix:PATH or tcp:PORT (this machine only)");
  run->add_flag("--compress", a->run.compress, "compress the recordings (smaller, slower)");
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
