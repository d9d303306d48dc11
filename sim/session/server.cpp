#include "sim/session/server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include "firmware_shim/native/crash.h"
#include "firmware_shim/native/host_memory.h"
#include "sim/engine/plan.h"
#include "sim/platform/process.h"
#include "sim/recording/block_store.h"
#include "sim/run/child.h"
#include "sim/run/cores.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/resolved_json.h"
#include "sim/session/wire.h"

namespace pensim {
namespace {

using Json = nlohmann::json;

constexpr Nanoseconds copy_interval_ns = 1'000'000'000;
constexpr std::size_t most_copies = 12;
constexpr Tick listen_ticks = 200;  // between two looks at the control socket: 3 ms at full speed

TargetSpec core_of(const Json& said) {
  TargetSpec core;
  core.kind = said.at(0).get<TargetSpec::Kind>();
  core.path = said.at(1).get<std::string>();
  core.address = said.at(2).get<std::string>();
  core.sandbox = said.at(3).get<bool>();
  return core;
}

// What it takes to begin or to go on: the body of a `begin` and its four files.
struct Begin {
  Tick from = 0, allowed = 0;  // copies up to `from` are good; -1: none
  Nanoseconds tick_ns = default_tick_ns;
  TargetSpec core;
  int file = -1, tail = -1, control = -1;
  std::string resolved;  // JSON
  explicit Begin(const WireMessage& m)
      : from(m.body.at("from")),
        allowed(m.body.at("allowed")),
        tick_ns(m.body.at("tick_ns")),
        core(core_of(m.body.at("core"))),
        file(m.files.at(0)),
        tail(m.files.at(1)),
        control(m.files.at(2)),
        resolved(file_text(m.files.at(3))) {
    close(m.files[3]);
  }
};

// ---- in the process of the run
// -----------------------------------------------------------------------------------------------------

struct Runner {
  pid_t server = 0;
  int reports = -1, control = -1;
  Tick allowed = 0, next_copy = 0, copy_interval = 0;
  bool began = false;
};

// Leaves a sleeping copy of this process at `next`. Returns in the process of the run, and in each copy that is woken.
void leave_copy(Runner& run, Tick next, std::vector<Command>& commands, BlockWriter& writer, BodyOptions::Pass& pass) {
  writer.end_block();
  for (;;) {
    run.next_copy = next + run.copy_interval;
    int ends[2];
    wire_pair(ends);
    const pid_t pid = fork();
    if (pid != 0) {
      // memory is short: there is no copy here
      if (pid > 0) wire_send(run.reports, {{"copy", next}, {"pid", pid}}, {ends[0]});
      close(ends[0]);
      close(ends[1]);
      return;
    }
    close(ends[0]);
    close(run.control);
    try {
      const Begin begin(*wire_receive(ends[1], true));
      close(ends[1]);
      die_with(run.server);
      crash_resume();
      writer.go_on_in(begin.file, begin.tail);
      commands = resolved_from_json(begin.resolved).commands;
      run.control = begin.control;
      run.allowed = begin.allowed;
      run.began = false;
      pass.commands_changed = true;
    } catch (const WireClosed&) {
      _exit(0);
    }
  }
}

void take_control(Runner& run, const WireMessage& message, Tick next, std::vector<Command>& commands,
                  BodyOptions::Pass& pass) {
  if (!message.files.empty()) {
    const std::string resolved = file_text(message.files[0]);
    for (const int file : message.files) close(file);
    const Tick first = message.body.at("first");
    if (first < next) {
      run.allowed = next;  // the session takes it back
      wire_send(run.control, {{"say", "late"}});
      return;
    }
    commands = resolved_from_json(resolved).commands;
    pass.commands_changed = true;
    wire_send(run.control, {{"say", "taken"}});
  }
  run.allowed = message.body.at("allowed");
}

BodyOptions::Pass pass_gate(Runner& run, Tick next, std::vector<Command>& commands, BlockWriter& writer) {
  BodyOptions::Pass pass;
  try {
    if (next >= run.next_copy) leave_copy(run, next, commands, writer, pass);
    if (!run.began) wire_send(run.control, {{"say", "began"}, {"tick", next}});
    run.began = true;
    while (auto message = wire_receive(run.control, run.allowed <= next))
      take_control(run, *message, next, commands, pass);
  } catch (const WireClosed&) {
    _exit(0);  // the session is gone
  }
  pass.allowed = std::min(run.allowed, (next / listen_ticks + 1) * listen_ticks);
  return pass;
}

// ---- in the server
// -----------------------------------------------------------------------------------------------------------------

struct Copy {
  Tick tick = 0;
  pid_t pid = -1;
  int wake = -1;
};

class Server {
 public:
  explicit Server(int client) : client_(client) { wire_pair(reports_); }
  ~Server() {
    end_run();
    drop_copies([](const Copy&) { return true; });
    end_children_but({});
    close(reports_[0]);
    close(reports_[1]);
  }

  void serve() {
    for (;;) {
      pollfd polled[] = {{client_, POLLIN, 0}, {reports_[0], POLLIN, 0}, {run_file_, POLLIN, 0}};
      if (poll(polled, 3, -1) < 0 && errno != EINTR)
        throw std::runtime_error(std::string("poll: ") + std::strerror(errno));
      take_reports();
      reap();
      while (auto message = wire_receive(client_, false)) begin(*message);
    }
  }

 private:
  void begin(const WireMessage& message) {
    const Begin begin(message);
    const std::uint64_t future = message.body.at("future");
    end_run();
    future_ = future;
    core_ = begin.core;
    tick_ns_ = begin.tick_ns;
    const auto close_files = [&] {
      for (const int file : {begin.file, begin.tail, begin.control}) close(file);
    };
    drop_copies([&](const Copy& copy) { return copy.tick > begin.from; });
    report_.clear();
    if (!page_ || !page_->intact()) {
      drop_copies([](const Copy&) { return true; });
      page_ = std::make_unique<GuardedBlock>(sizeof(RunStatus));
    }
    new (page_->data()) RunStatus;
    while (!copies_.empty() && run_ < 0) {
      const Copy copy = copies_.back();
      copies_.pop_back();
      const int text = text_file(begin.resolved);
      try {
        wire_send(copy.wake, message.body, {begin.file, begin.tail, begin.control, text});
        run_ = copy.pid;
      } catch (const WireClosed&) {  // ended from outside: an older one may be there
      }
      close(text);
      close(copy.wake);
    }
    if (run_ < 0) {
      if (const std::string why = core_refusal(begin.core); !why.empty()) {
        close_files();
        wire_send(client_, {{"say", "refused"}, {"future", future}, {"why", why}});
        return;
      }
      start(begin);
    }
    close_files();
    run_file_ = static_cast<int>(syscall(SYS_pidfd_open, run_, 0));
  }

  void start(const Begin& begin) {
    const pid_t server = getpid();
    run_ = fork_child();
    if (run_ > 0) return;
    std::signal(SIGCHLD, SIG_IGN);  // copies that are dropped
    keep_descriptors({reports_[1], begin.control, begin.file, begin.tail, report_.fd()});
    dup2(STDERR_FILENO, STDOUT_FILENO);
    auto& status = *reinterpret_cast<RunStatus*>(page_->data());
    try {
      RunRequest request;
      request.resolved = resolved_from_json(begin.resolved);
      Runner run;
      run.server = server;
      run.reports = reports_[1];
      run.control = begin.control;
      run.allowed = begin.allowed;
      run.copy_interval = run.next_copy = copy_interval_ns / request.resolved.tick_ns;
      BlockStore store(recording_plan(request.resolved, true), begin.file, begin.tail);
      BodyOptions body;
      body.crash_report = &report_;
      body.guard.may_fork = true;
      body.gate = [&](Tick next, std::vector<Command>& commands, BlockWriter& writer) {
        return pass_gate(run, next, commands, writer);
      };
      run_body(request, begin.core, body, store, status);
    } catch (const std::exception& error) {
      std::strncpy(status.message, error.what(), sizeof status.message - 1);
      status.end = RunStatus::End::error;
    }
    crash_complete();
    _exit(0);
  }

  // Ends the run without a word.
  void end_run() {
    if (run_ >= 0) {
      end_child(run_);
      forget_run();
    }
    take_reports();
  }

  void forget_run() {
    run_ = -1;
    if (run_file_ >= 0) close(run_file_);
    run_file_ = -1;
  }

  void reap() {
    while (const auto child = any_ended()) {
      if (child->pid != run_) continue;  // a copy whose parent had ended
      forget_run();
      const auto& told = *reinterpret_cast<const RunStatus*>(page_->data());
      const ProcessEnd end{explain_crash(report_, child->status, core_.path), page_->damage(), told, ""};
      Json body = {{"say", "ended"}, {"future", future_}, {"hash", ""}, {"error", ""}};
      if (const auto f = firmware_fault(end, tick_ns_)) {
        body["fault"] = {
            {"kind", f->kind}, {"function", f->function}, {"file", f->file}, {"line", f->line}, {"at_s", f->at_s}};
      } else if (ended_well(end)) {
        body["hash"] = fmt::format("{:016x}", told.hash);
      } else {
        body["error"] = error_cause(end);
      }
      wire_send(client_, body);
    }
  }

  void take_reports() {
    while (auto message = wire_receive(reports_[0], false)) {
      if (message->files.size() != 1) continue;
      copies_.push_back({message->body.at("copy"), message->body.at("pid"), message->files[0]});
      std::stable_sort(copies_.begin(), copies_.end(), [](const Copy& a, const Copy& b) { return a.tick < b.tick; });
      thin();
    }
  }

  // Drops the copy that is missed least: the gap it leaves is the smallest share of its age. The first and the newest
  // stay.
  void thin() {
    if (copies_.size() <= most_copies) return;
    const Tick newest = copies_.back().tick;
    std::size_t least = 1;
    double least_share = 1e300;
    for (std::size_t i = 1; i + 1 < copies_.size(); ++i) {
      const double share = static_cast<double>(copies_[i + 1].tick - copies_[i - 1].tick) /
                           static_cast<double>(newest - copies_[i - 1].tick + 1);
      if (share < least_share) {
        least_share = share;
        least = i;
      }
    }
    const pid_t pid = copies_[least].pid;
    drop_copies([&](const Copy& copy) { return copy.pid == pid; });
  }

  template <class F>
  void drop_copies(F&& which) {
    std::erase_if(copies_, [&](const Copy& copy) {
      if (!which(copy)) return false;
      kill(copy.pid, SIGKILL);
      close(copy.wake);
      return true;
    });
  }

  int client_, reports_[2] = {-1, -1};
  CrashReport report_;
  std::unique_ptr<GuardedBlock> page_;
  pid_t run_ = -1;
  int run_file_ = -1;  // pidfd
  std::uint64_t future_ = 0;
  Nanoseconds tick_ns_ = default_tick_ns;
  TargetSpec core_;
  std::vector<Copy> copies_;  // by tick
};

}  // namespace

int serve_session(int socket) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
    std::fprintf(stderr,
                 "pensim serve-session: descriptor %d is not a session's socket; only a session starts this command\n",
                 socket);
    return 2;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // copies whose parent has ended become children of the server
  try {
    Server(socket).serve();
  } catch (const WireClosed&) {  // the session is over
  }
  return 0;
}

}  // namespace pensim
