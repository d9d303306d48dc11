#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/prepare_options.h"
#include "sim/platform/program.h"

namespace pensim {
namespace {

struct DebugArguments {
  PrepareOptions prepare;
  std::string scenario;
  std::string gdb = "gdb";
  std::vector<std::string> gdb_arguments;
};

// The words of `pensim run` for the same run, in one process.
std::vector<std::string> run_words(const DebugArguments& a) {
  std::vector<std::string> words = {program_path(), "run", a.scenario, "--no-fork"};
  const auto add = [&](const char* option, const std::string& value) {
    words.emplace_back(option);
    words.push_back(value);
  };
  if (a.prepare.firmware) add("--firmware", *a.prepare.firmware);
  if (a.prepare.seed) add("--seed", std::to_string(*a.prepare.seed));
  for (const std::string& text : a.prepare.overrides) add("--set", text);
  for (const std::string& name : a.prepare.watch) add("--watch", name);
  if (!a.prepare.always) words.emplace_back("--no-always");
  return words;
}

// gdb up to the place where the core is loaded and none of its code has run: its symbols are there, breakpoints hold.
std::vector<std::string> gdb_words(const DebugArguments& a) {
  std::vector<std::string> words = {a.gdb, "-q"};
  for (const char* command : {
           "set breakpoint pending on",
           "set follow-fork-mode parent",
           "set detach-on-fork on",
           "set print thread-events off",
           "tbreak pensim_core_loaded",
           "run",
           "echo The core is loaded; virtual time stands at 0. Set breakpoints (break FILE:LINE), then `continue`.\\n",
       }) {
    words.emplace_back("-ex");
    words.emplace_back(command);
  }
  words.insert(words.end(), a.gdb_arguments.begin(), a.gdb_arguments.end());
  words.emplace_back("--args");
  for (std::string& word : run_words(a)) words.push_back(std::move(word));
  return words;
}

int command_debug(DebugArguments& a) {
  a.prepare.paths = {a.scenario};
  std::vector<InputProblem> problems;
  const std::vector<RunRequest> requests = prepare(a.prepare, problems);
  if (problems.empty() && requests.size() != 1)
    problems.push_back(
        {{a.scenario, 0, 0}, fmt::format("{} scenarios are selected", requests.size()), "name one scenario to debug"});
  if (problems.empty() && requests.front().core.kind == TargetSpec::Kind::none)
    problems.push_back({{a.scenario, 0, 0}, "a rig has no firmware to debug", "name a scenario with a pen"});
  if (!problems.empty()) return print_problems(problems);
  std::vector<std::string> words = gdb_words(a);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  setenv("SHELL", "/bin/sh", 1);  // gdb starts the run through it and quotes for it
  execvp(arguments.front(), arguments.data());
  throw InputError(InputProblem{
      {"--gdb", 0, 0}, fmt::format("{} cannot be started: {}", a.gdb, std::strerror(errno)), "apt-get install gdb"});
}

}  // namespace

void add_debug_command(CLI::App& app) {
  const auto a = std::make_shared<DebugArguments>();
  CLI::App* debug = app.add_subcommand("debug", "run a scenario under gdb: virtual time stands while you look");
  debug->add_option("scenario", a->scenario, "scenario file")->required();
  debug->add_option("gdb-argument", a->gdb_arguments, "after `--`: for gdb, such as -batch -x FILE");
  add_run_options(debug, a->prepare);
  debug->add_option("--gdb", a->gdb, "the debugger to start");
  debug->final_callback([a] { finish(command_debug(*a)); });
}

}  // namespace pensim
