// soft_board_process.h - a soft board in a process of its own, so that it can be killed and started anew.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "firmware_shim/link/soft_board.h"

namespace pensim::test {

class SoftBoardProcess {
 public:
  // `socket` "": a pseudo-terminal.
  explicit SoftBoardProcess(SoftBoardOptions options) : options_(std::move(options)) { start(); }
  ~SoftBoardProcess() { end(); }
  SoftBoardProcess(const SoftBoardProcess&) = delete;
  SoftBoardProcess& operator=(const SoftBoardProcess&) = delete;

  const std::string& address() const { return address_; }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    if (!options_.socket.empty()) unlink(options_.socket.c_str());
  }
  void restart() {
    end();
    start();
  }

 private:
  void start() {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      std::string said;
      try {
        SoftBoard board(options_);
        said = board.address();
        if (write(ends[1], said.data(), said.size()) < 0) _exit(1);
        close(ends[1]);
        const std::atomic<bool> never{false};
        board.serve(never);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "soft board: %s\n", error.what());
      }
      _exit(1);
    }
    close(ends[1]);
    address_.clear();
    char buffer[256];
    for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) address_.append(buffer, static_cast<size_t>(n));
    close(ends[0]);
    if (address_.empty()) throw std::runtime_error("the soft board has not started");
  }

  SoftBoardOptions options_;
  std::string address_;
  pid_t pid_ = -1;
};

}  // namespace pensim::test
