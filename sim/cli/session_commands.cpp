#include <memory>

#include "sim/cli/commands.h"
#include "sim/session/server.h"

namespace pensim {

void add_session_commands(CLI::App& app) {
  // Named here for the help; what follows it is another program's (command_line.cpp).
  app.add_subcommand(
      "dashboard",
      "look at runs: the library, a scenario live, a recording, two of them; --screenshot FILE without a display");
  const auto socket = std::make_shared<int>(-1);
  CLI::App* serve = app.add_subcommand("serve-session", "the process behind a live session; started by it")->group("");
  serve->add_option("descriptor", *socket)->required();
  serve->final_callback([socket] { finish(serve_session(*socket)); });
}

}  // namespace pensim
