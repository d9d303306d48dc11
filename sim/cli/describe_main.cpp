// A tool of the build: pensim-describe man|bash FILE writes the manual page or the completion of pensim,
// pensim-describe pack YAML FILE the tree of a file of the catalog.
#include <fstream>
#include <string>
#include <vector>

#include "sim/cli/command_line.h"
#include "sim/cli/describe.h"
#include "sim/input/packed_document.h"
#include "sim/vocabulary/version.h"

int main(int argc, char** argv) {
  if (argc == 4) {
    const std::string text = pensim::read_file(argv[2]);
    std::vector<pensim::InputProblem> problems;
    const pensim::Node root = pensim::read_document(text, argv[2], problems);
    if (!problems.empty()) return 1;
    std::ofstream(argv[3], std::ios::binary) << pensim::pack_document(root, text);
    return 0;
  }
  if (argc != 3) return 2;
  CLI::App app;
  pensim::build_command_line(app);
  const std::string what = argv[1];
  std::ofstream(argv[2]) << (what == "man" ? pensim::manual_page(app, pensim::version) : pensim::bash_completion(app));
  return 0;
}
