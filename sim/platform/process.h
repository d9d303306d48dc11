// process.h - processes of ours: forked, spawned, waited for, and what comes through their pipes.
//
// Signals never show: what one interrupts is done again. Errors are std::system_error with a sentence.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pensim {

// A copy of this process that the system ends (SIGKILL) when the thread that made it does. 0 in the copy. What waits in
// the buffers of stdio is written out before, so that it is not written twice.
pid_t fork_child();
// In a process that was forked by other means: ends it with `parent`, at once if it is an orphan already.
void die_with(pid_t parent);

// Waits until a child has ended; its status as waitpid gives it.
int wait_for(pid_t child);
// The same if it has ended already.
std::optional<int> ended(pid_t child);
// The same if it ends within so many milliseconds; calls `news` when `file` (-1: none) can be read. If that throws, the
// child is killed.
std::optional<int> ended_within(pid_t child, int ms, int file = -1, const std::function<void()>& news = {});
// Ends a child: waits so long for it to end by itself, then kills it, with its whole group if it has one of its own.
// Nothing happens to what is no child of this process.
void end_child(pid_t child, int patience_ms = 0, bool own_group = false) noexcept;

// Children of this thread, those too that adopt_descendants has given it.
std::vector<pid_t> children_of_mine();
// From now on, descendants whose parent has ended become children of this process.
void adopt_descendants();
// Kills every child of this thread that is not spared, and what they have started, however it hides (sessions, groups,
// forks meanwhile); after adopt_descendants.
void end_children_but(const std::vector<pid_t>& spared) noexcept;
// A child that was stopped goes on.
void continue_stopped(pid_t child) noexcept;

// Closes every descriptor from 3 on but these.
void keep_descriptors(std::vector<int> kept);

// Any child that has ended, without waiting.
struct Ended {
  pid_t pid;
  int status;
};
std::optional<Ended> any_ended();
// Until this process has no child any more.
void wait_for_all();

// While it lives, SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXCPU do not end this process: the first is noted, the second
// has its usual effect. Nor does SIGPIPE: what writes to a closed pipe gets the error. Signals that were ignored before
// stay so. One at a time. A process that fork_child() makes meanwhile has the usual effects.
class EndSignals {
 public:
  EndSignals();
  ~EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  int noted() const;            // 0: none
  void note(int signal) const;  // as if it had come
  int descriptor() const;       // readable as soon as one was noted
};
std::string signal_name(int signal);  // "SIGTERM"
// Ends this process as the signal does by itself.
[[noreturn]] void end_by(int signal);

// A program of its own with no signal blocked or ignored. `words`: its path, or a name that is looked for in PATH, then
// its arguments. `files[i]` becomes its descriptor i, everything above is closed; files[i] >= i.
struct Spawn {
  std::vector<std::string> words;
  std::vector<int> files = {0, 1, 2};
  bool own_group = false;  // a process group, so that kill(-pid) ends its children with it
};
pid_t spawn(const Spawn&);

// Both ends, closed on exec.
struct Pipe {
  int read_end = -1, write_end = -1;
};
Pipe make_pipe();
// What there is, at most `size`: 0 at the end, nothing when a pipe that does not block is empty.
std::optional<std::size_t> read_some(int file, char* to, std::size_t size);
// Everything up to the end.
std::string read_to_end(int file);

}  // namespace pensim
