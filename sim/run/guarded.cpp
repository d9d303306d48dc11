#include "sim/run/guarded.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "sim/platform/clock.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"

namespace pensim {
namespace {

bool in_this_process(const TargetSpec& core) {
  return core.kind == TargetSpec::Kind::native || core.kind == TargetSpec::Kind::emulated;
}

// A core in memory needs none.
std::vector<std::string> folder_of(const TargetSpec& core) {
  if (held_descriptor(core) >= 0) return {};
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(core.path, error);
  return {error ? core.path : real.parent_path().string()};
}

// A word that nothing outside of this process and its copies knows.
std::string secret() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) number = static_cast<std::uint64_t>(getpid());
  return fmt::format("{:016x}", number);
}

}  // namespace

int held_descriptor(const TargetSpec& core) {
  int descriptor = -1;
  return std::sscanf(core.path.c_str(), "/proc/self/fd/%d", &descriptor) == 1 ? descriptor : -1;
}

std::unique_ptr<Target> open_guarded(const TargetSpec& core, const CrashReport& report, const GuardOptions& options) {
  if (in_this_process(core)) {
    CrashSetup before;
    before.report_fd = report.fd();
    before.sandbox = core.sandbox;
    before.may_fork = options.may_fork;
    before.readable = options.readable;
    for (const std::string& folder : folder_of(core)) before.readable.push_back(folder);
    crash_install(before);
  }
  std::unique_ptr<Target> target = open_target(core);
  CrashSetup setup = crash_setup(report, *target);
  setup.lock_host_memory = options.lock_host_memory;
  crash_install(setup);
  return target;
}

Waited wait_patiently(pid_t child, const Patience& patience, const std::function<std::int64_t()>& progress,
                      const News& news) {
  constexpr int slice_ms = 200;
  constexpr double most_of_a_slice_s = 1.0;  // a longer one: this process was stopped, too
  double waited_s = 0.0, stalled_s = 0.0, before_s = wall_s();
  std::int64_t known = progress();
  for (;;) {
    const double left_s = patience.limit_s ? std::max(0.0, *patience.limit_s - waited_s) : 1e9;
    const int ms = std::min(slice_ms, static_cast<int>(left_s * 1e3) + 1);
    if (const auto status = ended_within(child, ms, news.descriptor, news.take)) return {*status, ""};
    const double now_s = wall_s(), passed_s = std::min(now_s - before_s, most_of_a_slice_s);
    before_s = now_s;
    waited_s += passed_s;
    const std::int64_t now = progress();
    stalled_s = now == known ? stalled_s + passed_s : 0.0;
    known = now;
    std::string why;
    if (patience.limit_s && waited_s >= *patience.limit_s)
      why = fmt::format("had not ended after {:.4g} s of wall clock (--timeout)", *patience.limit_s);
    else if (stalled_s >= patience.stall_s)
      why = fmt::format(
          "its process got nowhere for {:.4g} s of wall clock: it is stopped, or waits in a way that the "
          "guards inside it cannot end",
          patience.stall_s);
    if (why.empty()) continue;
    kill(child, SIGKILL);
    return {wait_for(child), why};
  }
}

Answer ask_in_child(const TargetSpec& core, const Patience& patience, Descriptors descriptors,
                    const std::function<std::string(const CrashReport&)>& ask) {
  const CrashReport report;
  const Pipe pipe = make_pipe();
  const std::string mark = secret();
  const pid_t pid = fork_child();
  if (pid == 0) {
    if (descriptors == Descriptors::closed) keep_descriptors({pipe.write_end, report.fd(), held_descriptor(core)});
    dup2(STDERR_FILENO, STDOUT_FILENO);
    std::string said;
    try {
      said = "+" + ask(report);
    } catch (const std::exception& error) {
      said = std::string("-") + error.what();
    }
    write_all(pipe.write_end, mark + said);
    crash_complete();
    _exit(0);
  }
  close(pipe.write_end);
  // What is said fits into the pipe, or is read while the child goes on saying it.
  std::string text;
  const auto take = [&] {
    pollfd polled{pipe.read_end, POLLIN, 0};
    char piece[4096];
    while (poll(&polled, 1, 0) > 0) {
      const std::size_t n = read_some(pipe.read_end, piece, sizeof piece).value_or(0);
      if (n == 0) break;
      text.append(piece, n);
    }
    return static_cast<std::int64_t>(text.size());
  };
  const Waited waited = wait_patiently(pid, patience, take);
  take();
  close(pipe.read_end);
  Answer answer;
  if (text.starts_with(mark + "+")) answer.said = text.substr(mark.size() + 1);
  if (answer.said) return answer;
  if (text.starts_with(mark + "-")) {
    answer.why_not = text.substr(mark.size() + 1);
    return answer;
  }
  if (!waited.gave_up.empty()) {
    answer.why_not = "loading it " + waited.gave_up;
    return answer;
  }
  const CrashVerdict crash = explain_crash(report, waited.status, core.path);
  if (crash.kind == CrashKind::none)
    answer.why_not = "what it runs while it is loaded writes into descriptors that are not its own";
  else
    answer.why_not = fmt::format("loading it ended the process: {}{}", crash_kind_name(crash.kind),
                                 crash.detail.empty() ? "" : ": " + crash.detail);
  return answer;
}

}  // namespace pensim
