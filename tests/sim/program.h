// program.h - runs the real program the way a user's script does: exit code, what it printed, its JSON report.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace pensim::test {

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A folder of its own that is gone at the end.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/pensim-test-XXXXXX";
    if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Ran {
  int code = -1;    // exit code; 128 + signal
  std::string out;  // standard output
  std::string err;
};

// `arguments` without the program; `environment` as "NAME=value".
inline Ran run_program(const std::string& program, const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment = {}) {
  const Folder folder;
  const std::string out = folder / "out", err = folder / "err";
  const pid_t pid = fork();
  if (pid == 0) {
    const int o = open(out.c_str(), O_CREAT | O_WRONLY, 0600), e = open(err.c_str(), O_CREAT | O_WRONLY, 0600);
    dup2(o, 1);
    dup2(e, 2);
    for (const std::string& item : environment) putenv(const_cast<char*>(item.c_str()));
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out), read_file(err)};
}

// `pensim run` with a JSON report; the report is an array with an object per run.
struct Reported {
  Ran ran;
  nlohmann::json runs;
};
inline Reported run_scenarios(const std::string& program, std::vector<std::string> arguments,
                              const std::vector<std::string>& environment = {}) {
  const Folder folder;
  const std::string json = folder / "runs.json";
  arguments.insert(arguments.begin(), "run");
  arguments.insert(arguments.end(), {"--json", json});
  bool has_out = false;
  for (const std::string& a : arguments) has_out = has_out || a == "--out" || a == "--keep";
  if (!has_out) arguments.insert(arguments.end(), {"--keep", "none"});
  Reported reported{run_program(program, arguments, environment), {}};
  const std::string text = read_file(json);
  if (!text.empty()) reported.runs = nlohmann::json::parse(text);
  return reported;
}

}  // namespace pensim::test
