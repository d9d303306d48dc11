#include "sim/dashboard/core_build.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <regex>
#include <sstream>
#include <system_error>

#include "sim/input/input_error.h"
#include "sim/platform/process.h"

namespace pensim {

namespace fs = std::filesystem;

CoreBuild::CoreBuild(const std::string& core_path) {
  std::error_code error;
  const fs::path core = fs::absolute(core_path, error).lexically_normal();
  fs::path tree = core.parent_path();
  while (!fs::exists(tree / "CMakeCache.txt", error) && tree != tree.parent_path()) tree = tree.parent_path();
  if (!fs::exists(tree / "CMakeCache.txt", error))
    throw InputError(InputProblem{{core_path, 0, 0},
                                  "this core is not in a build tree of CMake",
                                  "build it with your usual command, then reload it"});
  const std::string target = core.stem().string(), folder = tree.string();
  command_ = fmt::format("cmake --build {} --target {}", folder, target);
  const Pipe pipe = make_pipe();
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto close_files = [&] {
    close(pipe.write_end);
    close(nothing);
  };
  try {
    // A group of its own: the compilers too are ended with it.
    pid_ = spawn({{"cmake", "--build", folder, "--target", target}, {nothing, pipe.write_end, pipe.write_end}, true});
  } catch (const std::system_error& failed) {
    close_files();
    close(pipe.read_end);
    throw InputError(InputProblem{
        {"cmake", 0, 0}, "cannot be started: " + failed.code().message(), "install it, or build the core by hand"});
  }
  close_files();
  pipe_ = pipe.read_end;
  fcntl(pipe_, F_SETFL, O_NONBLOCK);
}

CoreBuild::~CoreBuild() {
  if (pipe_ >= 0) close(pipe_);
  if (state_ != State::running) return;
  end_child(pid_, 0, true);
}

CoreBuild::State CoreBuild::poll() {
  if (state_ != State::running) return state_;
  const std::optional<int> status = ended(pid_);  // before the last look into the pipe
  char buffer[4096];
  for (std::optional<std::size_t> n; (n = read_some(pipe_, buffer, sizeof buffer)).value_or(0) > 0;)
    output_.append(buffer, *n);
  if (status) state_ = WIFEXITED(*status) && WEXITSTATUS(*status) == 0 ? State::succeeded : State::failed;
  return state_;
}

std::vector<CompilerMessage> CoreBuild::messages() const {
  static const std::regex with_place(R"(^([^\s:][^:]*):(\d+):(?:(\d+):)?\s+(fatal error|error|warning):\s+(.*)$)");
  static const std::regex of_linker(
      R"(^(?:.*/ld: )?([^\s:][^:]*):(\d+): (undefined reference .*|multiple definition .*)$)");
  static const std::regex colours("\x1B\\[[0-9;]*[mK]");
  std::vector<CompilerMessage> found;
  std::istringstream lines(output_);
  for (std::string line; std::getline(lines, line);) {
    line = std::regex_replace(line.substr(0, 2000), colours, "");
    std::smatch m;
    if (std::regex_match(line, m, with_place))
      found.push_back({m[1], std::stoi(m[2].str().substr(0, 9)), m[3].matched ? std::stoi(m[3].str().substr(0, 9)) : 0,
                       m[4] != "warning", m[5]});
    else if (std::regex_match(line, m, of_linker))
      found.push_back({m[1], std::stoi(m[2].str().substr(0, 9)), 0, true, m[3]});
  }
  return found;
}

}  // namespace pensim
