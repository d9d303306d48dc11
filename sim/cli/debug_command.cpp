#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/prepare_options.h"
#include "sim/platform/process.h"
#include "sim/platform/program.h"

namespace pensim {
namespace {

struct DebugArguments {
  PrepareOptions prepare;
  std::string scenario;
  std::string gdb;  // "": the usual one
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

[[noreturn]] void refuse_gdb(const std::string& gdb, const std::string& why) {
  throw InputError(InputProblem{
      {"--gdb", 0, 0}, fmt::format("{} cannot be started: {}", gdb, why), "apt-get install gdb gdb-multiarch"});
}

// gdb up to the place where the core is loaded and none of its code has run: its symbols are there, breakpoints hold.
std::vector<std::string> gdb_words(const DebugArguments& a) {
  std::vector<std::string> words = {a.gdb.empty() ? "gdb" : a.gdb, "-q"};
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

// A folder that only this user can enter, for the socket between gdb and the run; gone at the end.
struct SocketFolder {
  std::string path = "/tmp/pensim-debug-XXXXXX";
  SocketFolder() {
    if (mkdtemp(path.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path);
  }
  ~SocketFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;
};

// Until the run listens; false if it has ended instead.
bool wait_for_socket(const std::string& socket, pid_t run, std::optional<int>& status) {
  using namespace std::chrono_literals;
  while (!std::filesystem::exists(socket)) {
    if ((status = ended(run))) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

// The run in a process of its own, which Ctrl-C in gdb does not reach, and gdb at its socket.
int debug_emulated(const DebugArguments& a, const std::string& elf) {
  const SocketFolder folder;
  const std::string socket = folder.path + "/gdb";
  std::vector<std::string> words = run_words(a);
  words.insert(words.end(), {"--gdb-server", "unix:" + socket});
  const pid_t run = spawn({words, {0, 1, 2}, true});
  std::optional<int> status;
  if (wait_for_socket(socket, run, status)) {
    std::vector<std::string> gdb = {a.gdb.empty() ? "gdb-multiarch" : a.gdb, "-q", elf, "-ex",
                                    "target remote " + socket};
    gdb.insert(gdb.end(), a.gdb_arguments.begin(), a.gdb_arguments.end());
    try {
      wait_for(spawn({gdb, {0, 1, 2}}));
    } catch (const std::system_error& error) {
      end_child(run, 0, true);
      refuse_gdb(gdb.front(), error.code().message());
    }
    status = wait_for(run);
  }
  return WIFEXITED(*status) ? WEXITSTATUS(*status) : exit_error;
}

int debug_native(const DebugArguments& a) {
  std::vector<std::string> words = gdb_words(a);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  setenv("SHELL", "/bin/sh", 1);  // gdb starts the run through it and quotes for it
  execvp(arguments.front(), arguments.data());
  refuse_gdb(arguments.front(), std::strerror(errno));
}

int command_debug(DebugArguments& a) {
  a.prepare.paths = {a.scenario};
  std::vector<InputProblem> problems;
  const std::vector<RunRequest> requests = prepare(a.prepare, problems);
  const auto refuse = [&](const std::string& what, const std::string& help) {
    problems.push_back({{a.scenario, 0, 0}, what, help});
  };
  if (problems.empty() && requests.size() != 1)
    refuse(fmt::format("{} scenarios are selected", requests.size()), "name one scenario to debug");
  if (!problems.empty()) return print_problems(problems);
  const TargetSpec& core = requests.front().core;
  if (core.kind == TargetSpec::Kind::none) refuse("a rig has no firmware to debug", "name a scenario with a pen");
  if (core.kind == TargetSpec::Kind::link)
    refuse("the core runs on a board, where virtual time cannot stand", "debug it native or emulated");
  if (!problems.empty()) return print_problems(problems);
  return core.kind == TargetSpec::Kind::emulated ? debug_emulated(a, core.path) : debug_native(a);
}

}  // namespace

void add_debug_command(CLI::App& app) {
  const auto a = std::make_shared<DebugArguments>();
  CLI::App* debug = app.add_subcommand("debug", "run a scenario under gdb: virtual time stands while you look");
  debug->add_option("scenario", a->scenario, "scenario file")->required();
  debug->add_option("gdb-argument", a->gdb_arguments, "after `--`: for gdb, such as -batch -x FILE");
  add_run_options(debug, a->prepare);
  debug->add_option("--gdb", a->gdb, "the debugger to start (default: gdb; gdb-multiarch for an emulated core)");
  debug->final_callback([a] { finish(command_debug(*a)); });
}

}  // namespace pensim
