// A tool of the build: pensim-describe man|bash FILE writes the manual page or the completion of pensim.
#include <fstream>
#include <string>

#include "sim/cli/command_line.h"
#include "sim/cli/describe.h"
#include "sim/vocabulary/version.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  CLI::App app;
  pensim::build_command_line(app);
  const std::string what = argv[1];
  std::ofstream(argv[2]) << (what == "man" ? pensim::manual_page(app, pensim::version) : pensim::bash_completion(app));
  return 0;
}
