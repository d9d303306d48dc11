#include "sim/run/run_all.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/run/run_one.h"

namespace pensim {
namespace {

struct Worker {
  std::size_t index = 0;
  pid_t pid = -1;
  int pipe = -1, file = -1;  // where its result comes from; a descriptor that becomes readable when it ends
  std::string text;
};

RunResult error_result(const RunRequest& request, const std::string& cause) {
  RunResult r;
  r.scenario = request.label;
  r.title = request.resolved.title;
  r.verdict = RunVerdict::error;
  r.cause = cause;
  r.seed = request.resolved.seed;
  r.reproduce = request.reproduce;
  return r;
}

RunResult run_guarded(const RunRequest& request, const RunOptions& options) {
  try {
    return run_one(request, options);
  } catch (const std::exception& error) {
    return error_result(request, error.what());
  }
}

Worker start_worker(const std::vector<RunRequest>& requests, std::size_t index, const RunOptions& options) {
  const Pipe pipe = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    close(pipe.read_end);
    write_all(pipe.write_end, to_json_text(run_guarded(requests[index], options)));
    _exit(0);
  }
  close(pipe.write_end);
  fcntl(pipe.read_end, F_SETFL, O_NONBLOCK);
  return {index, pid, pipe.read_end, static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), ""};
}

// What has come through the pipe; false at its end.
bool take(Worker& worker) {
  char buffer[65536];
  while (const auto n = read_some(worker.pipe, buffer, sizeof buffer)) {
    if (*n == 0) return false;
    worker.text.append(buffer, *n);
  }
  return true;
}

RunResult collect(const RunRequest& request, Worker& worker) {
  take(worker);
  close(worker.pipe);
  close(worker.file);
  const int status = wait_for(worker.pid);
  try {
    return result_from_json_text(worker.text);
  } catch (const std::exception&) {
    return error_result(request,
                        WIFSIGNALED(status)
                            ? fmt::format("the process that judges this run was killed by signal {}", WTERMSIG(status))
                            : "the process that judges this run ended without a result");
  }
}

// The call ends before its runs do.
void end_rest(const std::vector<RunRequest>& requests, std::size_t next, std::vector<Worker>& workers,
              const std::string& by, const RunEvents& events, std::vector<RunResult>& results) {
  for (const Worker& w : workers) {
    end_child(w.pid);  // its child ends with it
    close(w.pipe);
    close(w.file);
    results[w.index] = error_result(requests[w.index], "the call was ended by " + by + " during this run");
    events.ended(results[w.index]);
  }
  workers.clear();
  for (; next < requests.size(); ++next) {
    results[next] = error_result(requests[next], "not run: the call was ended by " + by);
    events.ended(results[next]);
  }
}

}  // namespace

std::vector<RunResult> run_all(const std::vector<RunRequest>& requests, const RunOptions& options,
                               const RunEvents& events, const EndSignals* signals) {
  std::vector<RunResult> results(requests.size());
  if (!options.fork) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      events.started(requests[i].label);
      results[i] = run_guarded(requests[i], options);
      events.ended(results[i]);
    }
    return results;
  }
  const std::vector<pid_t> others = children_of_mine();
  adopt_descendants();
  std::vector<Worker> workers;
  std::size_t next = 0;
  while (next < requests.size() || !workers.empty()) {
    if (signals != nullptr && signals->noted() != 0) {
      end_rest(requests, next, workers, signal_name(signals->noted()), events, results);
      break;
    }
    // A board takes one run at a time: what comes next waits until it is free.
    const auto waits_for_board = [&](const RunRequest& r) {
      return r.core.kind == TargetSpec::Kind::link && std::any_of(workers.begin(), workers.end(), [&](const Worker& w) {
               return requests[w.index].core.address == r.core.address;
             });
    };
    while (next < requests.size() && workers.size() < static_cast<std::size_t>(options.jobs) &&
           !waits_for_board(requests[next])) {
      events.started(requests[next].label);
      try {
        workers.push_back(start_worker(requests, next, options));
      } catch (const std::exception& error) {  // no process, no descriptor left: the others go on
        results[next] = error_result(requests[next], error.what());
        events.ended(results[next]);
      }
      ++next;
    }
    std::vector<pollfd> polled;
    for (const Worker& w : workers) {
      polled.push_back({w.pipe, POLLIN, 0});
      polled.push_back({w.file, POLLIN, 0});
    }
    if (signals != nullptr) polled.push_back({signals->descriptor(), POLLIN, 0});
    constexpr int look_for_stopped_ms = 1000;
    const int ready = poll(polled.data(), polled.size(), look_for_stopped_ms);
    if (ready < 0 && errno != EINTR) throw std::runtime_error(fmt::format("poll: {}", std::strerror(errno)));
    if (ready == 0)
      for (const Worker& w : workers) continue_stopped(w.pid);
    if (signals != nullptr && signals->noted() != 0) continue;
    for (std::size_t i = workers.size(); i-- > 0;) {
      const bool has_ended = polled[2 * i + 1].revents != 0;
      if (polled[2 * i].revents == 0 && !has_ended) continue;
      // Its end counts, not that of the pipe: others may hold that.
      if (!take(workers[i]) || has_ended) {
        RunResult& result = results[workers[i].index];
        result = collect(requests[workers[i].index], workers[i]);
        events.ended(result);
        workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
  end_children_but(others);  // what the child of a worker that is no more has left
  return results;
}

}  // namespace pensim
