// guarded.h - a core in a process of its own that may crash, hang, and ask of the system whatever it likes: how it is
// opened there, and how its parent waits for it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware_shim/native/crash.h"
#include "firmware_shim/target.h"

namespace pensim {

// The descriptor that a held core (cores.h) is read from; -1 for one that is a file.
int held_descriptor(const TargetSpec& core);

// ---- in the process of the core

struct GuardOptions {
  bool lock_host_memory = false;      // find a core that writes where it must not
  bool may_fork = false;              // the simulator leaves copies of this process
  std::vector<std::string> readable;  // files besides the core's and its folder
};
// Crash handlers and, unless TargetSpec::sandbox is false, the sandbox, before anything of the core is loaded. `report`
// is of the parent.
std::unique_ptr<Target> open_guarded(const TargetSpec&, const CrashReport& report, const GuardOptions& options = {});

// ---- in its parent

// How long. Time for which the waiting process itself did not run (stopped, suspended) does not count.
struct Patience {
  std::optional<double> limit_s;  // wall clock for the whole of it
  double stall_s = 60.0;          // wall clock without any progress: far above what an honest tick takes anywhere
};

// How it ended.
struct Waited {
  int status = 0;       // as waitpid gives it
  std::string gave_up;  // why it was killed: a sentence; "" if it ended by itself
};
// What else is waited for: `take` is called whenever the descriptor can be read. If that throws, the child is killed.
struct News {
  int descriptor = -1;  // -1: nothing
  std::function<void()> take;
};
// Waits until the child has ended, or ends it. `progress` is any number that changes while the child gets on.
Waited wait_patiently(pid_t child, const Patience& patience, const std::function<std::int64_t()>& progress,
                      const News& news = {});

// What `ask` says in a process of its own, or the sentence of what it throws. If the core ends that process, hangs, or
// writes into its descriptors, the sentence says so.
struct Answer {
  std::optional<std::string> said;
  std::string why_not;
};
enum class Descriptors : std::uint8_t { closed, kept };  // of this process, in the child: a recording may need them
Answer ask_in_child(const TargetSpec& core, const Patience& patience, Descriptors descriptors,
                    const std::function<std::string(const CrashReport&)>& ask);

}  // namespace pensim
