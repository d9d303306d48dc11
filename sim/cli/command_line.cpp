#include "sim/cli/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/input/input_error.h"
#include "sim/platform/program.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/vocabulary/version.h"

namespace pensim {
namespace {

// The dashboard is a program of its own beside this one: it needs GL, runs do not.
int start_dashboard(int argc, char** argv) {
  const std::string program = program_path() + "-dashboard";
  std::vector<char*> arguments = {const_cast<char*>(program.c_str())};
  for (int i = 2; i < argc; ++i) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  fmt::print(stderr,
             "the dashboard cannot be started: {}: {}\n  help: install pensim-dashboard, or build it: "
             "PENSIM_DASHBOARD=ON ./dev build\n",
             program, std::strerror(errno));
  return exit_error;
}

// A word that is no command, with the nearest that is one.
void check_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  const std::string word = argv[1];
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == word) return;
    known.push_back(command->get_name());
  }
  const std::string near = nearest_name(word, known);
  throw InputError(InputProblem{{"", 0, 0},
                                fmt::format("there is no command '{:.60}'", word),
                                near.empty() ? "pensim --help lists them" : fmt::format("did you mean '{}'?", near)});
}

int parse(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "dashboard") return start_dashboard(argc, argv);
  CLI::App app;
  build_command_line(app);
  check_command(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& finished) {
    return finished.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_bad_input;
  }
  return exit_ok;
}

int run_guarded(int argc, char** argv) {
  try {
    return parse(argc, argv);
  } catch (const NeedsEmulator& needs) {
    const std::string program = program_beside("pensim-emulated");
    if (!program.empty()) {
      std::fflush(nullptr);
      execv(program.c_str(), argv);
    }
    std::fprintf(stderr,
                 "%s: emulated cores are run by the program pensim-emulated, which is not beside this one\n"
                 "  help: install libunicorn-dev and build again, or install the package pensim-emulated\n",
                 needs.what());
    return exit_bad_input;
  } catch (const InputError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return exit_bad_input;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pensim: %s\n", error.what());
    return exit_error;
  }
}

}  // namespace

void build_command_line(CLI::App& app) {
  app.name("pensim");
  app.description("pensim - runs the firmware of a microneedling pen against a modelled pen and skin");
  app.set_version_flag("--version",
                       [] { return fmt::format("pensim {} ({}), {}", version, git_state(), compiler_flags()); });
  app.require_subcommand(1);
  app.footer("Begin with: pensim run scenarios/treatment/cheek_1mm.yaml");
  add_run_commands(app);
  add_debug_command(app);
  add_board_commands(app);
  add_catalog_commands(app);
  add_selftest_command(app);
  add_validate_command(app);
  add_recording_commands(app);
  add_session_commands(app);
}

int run_command_line(int argc, char** argv) {
  // A file that may not grow any further is an error of the write, which says so.
  std::signal(SIGXFSZ, SIG_IGN);
  const int code = run_guarded(argc, argv);
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  const int why = errno != 0 ? errno : EIO;
  if (why == EBADF) return code;  // closed on purpose: nobody wants to hear
  if (code != exit_error) std::fprintf(stderr, "standard output cannot be written: %s\n", std::strerror(why));
  return exit_error;
}

}  // namespace pensim
