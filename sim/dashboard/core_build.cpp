#include "sim/dashboard/core_build.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <regex>
#include <sstream>

#include "sim/input/input_error.h"

extern char** environ;

namespace pensim {

namespace fs = std::filesystem;

CoreBuild::CoreBuild(const std::string& core_path) {
  std::error_code error;
  const fs::path core = fs::absolute(core_path, error).lexically_normal();
  fs::path tree = core.parent_path();
  while (!fs::exists(tree / "CMakeCache.txt", error) && tree != tree.parent_path()) tree = tree.parent_path();
  if (!fs::exists(tree / "CMakeCache.txt", error))
    throw InputError(InputProblem{
        {core_path, 0, 0}, "this core lies in no build tree of CMake", "build it as you always do, then reload it"});
  const std::string target = core.stem().string(), folder = tree.string();
  command_ = fmt::format("cmake --build {} --target {}", folder, target);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  std::vector<std::string> words = {"cmake", "--build", folder, "--target", target};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);  // the compilers too are ended with it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failed = posix_spawnp(&pid_, "cmake", &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[1]);
  pipe_ = ends[0];
  fcntl(pipe_, F_SETFL, O_NONBLOCK);
  if (failed != 0) {
    close(pipe_);
    throw InputError(InputProblem{{"cmake", 0, 0},
                                  std::string("cannot be started: ") + std::strerror(failed),
                                  "install it, or build the core by hand"});
  }
}

CoreBuild::~CoreBuild() {
  if (pipe_ >= 0) close(pipe_);
  if (state_ != State::running) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

CoreBuild::State CoreBuild::poll() {
  if (state_ != State::running) return state_;
  char buffer[4096];
  ssize_t n;
  while ((n = read(pipe_, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0) output_.append(buffer, static_cast<std::size_t>(n));
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return state_;
  while ((n = read(pipe_, buffer, sizeof buffer)) > 0) output_.append(buffer, static_cast<std::size_t>(n));
  state_ = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? State::succeeded : State::failed;
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
