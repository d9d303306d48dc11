// core_build.h - builds a core again while the dashboard waits for nothing: `cmake --build DIR --target CORE` as a
// child process.
//
// The build tree is found from the core: DIR/cores/NAME.so, or any folder above it, with a CMakeCache.txt.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace pensim {

struct CompilerMessage {
  std::string file;
  int line = 0, column = 0;
  bool is_error = false;  // else a warning
  std::string text;
};

class CoreBuild {
 public:
  enum class State : unsigned char { running, succeeded, failed };

  // Starts the build. Throws InputError for a core that lies in no build tree (with what to do instead), or if cmake is
  // not there.
  explicit CoreBuild(const std::string& core_path);
  ~CoreBuild();  // a build under way is ended
  CoreBuild(const CoreBuild&) = delete;
  CoreBuild& operator=(const CoreBuild&) = delete;

  State poll();  // takes in what was printed; never waits
  const std::string& command() const { return command_; }
  const std::string& output() const { return output_; }  // both streams
  std::vector<CompilerMessage> messages() const;         // of compiler and linker, in their order

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
  State state_ = State::running;
  std::string command_, output_;
};

}  // namespace pensim
