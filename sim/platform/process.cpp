#include "sim/platform/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

namespace pensim {
namespace {

[[noreturn]] void fail(const std::string& what, int code = errno) {
  throw std::system_error(code, std::generic_category(), what);
}

pid_t wait_again(pid_t child, int* status, int flags) {
  pid_t pid;
  do pid = waitpid(child, status, flags);
  while (pid < 0 && errno == EINTR);
  return pid;
}

// A program that was started with SIGCHLD ignored would never hear how its children ended.
void hear_of_children() {
  struct sigaction now {};
  if (sigaction(SIGCHLD, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) signal(SIGCHLD, SIG_DFL);
}

constexpr int end_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU};
volatile sig_atomic_t noted_signal = 0;
Pipe noted_pipe;
bool noting = false;

void note_signal(int number) {
  const int error = errno;
  if (noted_signal == 0) noted_signal = number;
  const ssize_t written = write(noted_pipe.write_end, "", 1);
  static_cast<void>(written);  // nobody is left to tell
  errno = error;
}

// `effect`: of the first of each; a signal that is ignored stays so.
void set_end_signals(void (*effect)(int)) {
  for (const int number : end_signals) {
    struct sigaction now {
    }, next{};
    next.sa_handler = effect;
    next.sa_flags = static_cast<int>(SA_RESETHAND);
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaction(number, &next, nullptr);
  }
}

void stop_noting() {
  if (!noting) return;
  noting = false;
  set_end_signals(SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  close(noted_pipe.read_end);
  close(noted_pipe.write_end);
}

}  // namespace

EndSignals::EndSignals() {
  noted_pipe = make_pipe();
  noted_signal = 0;
  noting = true;
  signal(SIGPIPE, SIG_IGN);
  set_end_signals(note_signal);
}

EndSignals::~EndSignals() { stop_noting(); }
int EndSignals::noted() const { return noted_signal; }
void EndSignals::note(int number) const { note_signal(number); }
int EndSignals::descriptor() const { return noted_pipe.read_end; }

std::string signal_name(int number) {
  const char* const name = sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

void end_by(int number) {
  signal(number, SIG_DFL);
  raise(number);
  _exit(128 + number);
}

void die_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
}

pid_t fork_child() {
  std::fflush(nullptr);
  hear_of_children();
  const pid_t parent = getpid(), pid = fork();
  if (pid < 0) fail("no process can be started");
  if (pid == 0) {
    stop_noting();
    die_with(parent);
  }
  return pid;
}

int wait_for(pid_t child) {
  int status = 0;
  if (wait_again(child, &status, 0) < 0) fail("process " + std::to_string(child) + " cannot be waited for");
  return status;
}

std::optional<int> ended(pid_t child) {
  int status = 0;
  const pid_t pid = wait_again(child, &status, WNOHANG);
  if (pid < 0) fail("process " + std::to_string(child) + " cannot be waited for");
  return pid == child ? std::optional(status) : std::nullopt;
}

std::optional<int> ended_within(pid_t child, int ms, int file, const std::function<void()>& news) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  if (process < 0) ms = std::min(ms, 10);  // it has ended, or the kernel is older
  pollfd polled[] = {{process, POLLIN, 0}, {file, POLLIN, 0}};
  poll(polled, 2, ms);
  if (process >= 0) close(process);
  if (polled[1].revents != 0) {
    try {
      news();
    } catch (...) {
      end_child(child);
      throw;
    }
  }
  return ended(child);
}

std::vector<pid_t> children_of_mine() {
  std::ifstream listed("/proc/self/task/" + std::to_string(gettid()) + "/children");
  std::vector<pid_t> children;
  for (pid_t child = 0; listed >> child;) children.push_back(child);
  return children;
}

void adopt_descendants() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void end_children_but(const std::vector<pid_t>& spared) noexcept {
  constexpr int most_rounds = 1000;  // each ends a generation; a fork is slower than that
  for (int round = 0; round < most_rounds; ++round) {
    bool any = false;
    for (const pid_t child : children_of_mine()) {
      if (std::find(spared.begin(), spared.end(), child) != spared.end()) continue;
      any = true;
      kill(child, SIGKILL);
      wait_again(child, nullptr, 0);
    }
    if (!any) return;
  }
}

void continue_stopped(pid_t child) noexcept {
  siginfo_t what{};
  if (waitid(P_PID, static_cast<id_t>(child), &what, WSTOPPED | WNOHANG) == 0 && what.si_pid == child)
    kill(child, SIGCONT);
}

void keep_descriptors(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 3;
  for (const int file : kept) {
    if (file < static_cast<int>(first)) continue;
    if (static_cast<unsigned>(file) > first) close_range(first, static_cast<unsigned>(file) - 1, 0);
    first = static_cast<unsigned>(file) + 1;
  }
  close_range(first, ~0u, 0);
}

void end_child(pid_t child, int patience_ms, bool own_group) noexcept {
  for (int waited_ms = 0; waited_ms < patience_ms; ++waited_ms) {
    if (wait_again(child, nullptr, WNOHANG) != 0) return;
    usleep(1000);
  }
  if (wait_again(child, nullptr, WNOHANG) < 0) return;
  kill(own_group ? -child : child, SIGKILL);
  wait_again(child, nullptr, 0);
}

std::optional<Ended> any_ended() {
  int status = 0;
  const pid_t pid = wait_again(-1, &status, WNOHANG);
  return pid > 0 ? std::optional(Ended{pid, status}) : std::nullopt;
}

void wait_for_all() {
  while (wait_again(-1, nullptr, 0) > 0) {
  }
}

pid_t spawn(const Spawn& what) {
  hear_of_children();
  std::vector<char*> arguments;
  for (const std::string& word : what.words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  const int count = static_cast<int>(what.files.size());
  for (int i = 0; i < count; ++i)
    posix_spawn_file_actions_adddup2(&actions, what.files[static_cast<std::size_t>(i)], i);
  posix_spawn_file_actions_addclosefrom_np(&actions, count);
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                           (what.own_group ? POSIX_SPAWN_SETPGROUP : 0)));
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) fail(what.words.at(0) + " cannot be started", error);
  return pid;
}

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("no pipe can be made");
  return {ends[0], ends[1]};
}

std::optional<std::size_t> read_some(int file, char* to, std::size_t size) {
  ssize_t n;
  do n = read(file, to, size);
  while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
  if (n < 0) fail("a pipe cannot be read");
  return static_cast<std::size_t>(n);
}

std::string read_to_end(int file) {
  std::string text;
  char piece[4096];
  for (std::optional<std::size_t> n; (n = read_some(file, piece, sizeof piece)).value_or(0) > 0;)
    text.append(piece, *n);
  return text;
}

}  // namespace pensim
