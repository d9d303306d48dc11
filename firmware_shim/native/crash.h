// crash.h - what a core that crashes, exits or hangs leaves behind, and how it becomes a verdict.
//
//   parent                                   child (the run)
//   CrashReport report;
//   fork() ────────────────────────────────► crash_install(...) without a core, so that loading is guarded, too;
//                                            open_native() before or after the fork;
//                                            CrashSetup s = crash_setup(report, target);
//                                            crash_install(s);
//                                            each tick: target.step(k, ...), which marks when the core runs
//                                              after a step with hang: crash_report_hang(target)   (does not return)
//   waitpid(child, &status)                  crash_complete(); _exit(0);
//   CrashVerdict v = explain_crash(report, status, core_file);
//
// The handler runs on a stack of its own, calls nothing of the C library and writes registers, a piece of the stack,
// and the child's memory map into a file in memory which the child never maps: no wild write reaches it. What the
// handler needs lies in pages that are read-only after crash_install. Everything that takes time (unwinding, names,
// lines) is the parent's, after a failure only.
//
// How the kinds are told
//   segfault, bus_error, illegal_instruction   the signal (a trap instruction is an illegal_instruction too)
//   divide           SIGFPE of a core whose port says that a division by zero traps; others get the Cortex-M's result
//   abort            SIGABRT: abort(), assert(), free() of rubbish, an exception without a handler, a smashed stack
//                    protector
//   exit             the core ends the process by whatever way; an end that does not come from the simulator is trapped
//                    (seccomp); where the kernel refuses the filter, exit() and quick_exit() still have their
//                    place, _exit() is known without it
//   stack_overflow   the fault is in the guard below the core's stack, or the stack pointer has left the stack
//                    downwards
//   refused_call     a system call that the sandbox does not let the core make (sandbox.h); the core does not go on
//   hang             StepReport.hang; or 2 periods of 200 ms of CPU time inside one step (never by the wall clock: a
//                    busy machine makes no hang), or 20 s inside one system call
//
// A crash of the simulator's own code is `by_core == false`: an `error`, not a verdict on the firmware, unless the
// simulator was damaged by the core; then one more run with CrashSetup.lock_host_memory finds the write.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "firmware_shim/native/backtrace.h"

namespace pensim {

class Target;

enum class CrashKind : std::uint32_t {
  none,
  segfault,
  bus_error,
  illegal_instruction,
  divide,
  abort,
  exit,
  stack_overflow,
  hang,
  refused_call,
  killed,  // by a signal from outside (out of memory, Ctrl-C): no verdict on the firmware
};
const char* crash_kind_name(CrashKind);  // as in reports: "stack_overflow"

// A file in memory, shared by parent and child; made before the fork. Throws std::system_error.
class CrashReport {
 public:
  CrashReport();
  ~CrashReport();
  CrashReport(const CrashReport&) = delete;
  CrashReport& operator=(const CrashReport&) = delete;
  int fd() const { return fd_; }
  void clear();  // before the next child

 private:
  int fd_ = -1;
};

struct CrashRange {
  std::uintptr_t begin = 0, end = 0;
};

struct CrashSetup {
  int report_fd = -1;
  // The stack on which the core runs; zeros: the stack of the caller of crash_install.
  CrashRange stack, guard_below, guard_above;
  std::vector<CrashRange> core;       // segments of the core in memory, at most 16
  std::vector<CrashRange> registers;  // plain memory standing for registers, at most 16: the core's to write
  bool divide_by_zero_traps = true;   // of the core: a crash; else its result is a Cortex-M's (divide.h), with a note
  bool fence_image = true;            // inaccessible pages around the core's image (host_memory.h)
  bool guard_hangs = true;            // the CPU-time guard; off under valgrind
  int cpu_period_ms = 200, blocked_period_s = 10;  // two of them are a hang
  // Filters of seccomp, and Landlock; none can be taken back in a process.
  bool trap_exits = true;             // ends of the process
  bool sandbox = false;               // all of sandbox.h
  bool may_fork = false;              // the simulator leaves copies of this process
  std::vector<std::string> readable;  // files and folders
  // crash_enter_core makes the simulator's memory read-only, crash_leave_core undoes it, so that a write by the core
  // into it is a segfault at the very instruction. Code of the simulator that runs inside the step (callbacks, the step
  // function itself) is let through page by page. What the simulator maps later is found within 1000 steps. A core that
  // uses the C library's heap shares it with the simulator: then the heap stays writable.
  bool lock_host_memory = false;
  // Called on the handler's stack (1 MB) once the report is written, instead of ending the process: for --no-fork,
  // where it explains the report and exits, or leaves by siglongjmp. Null: the process ends at once.
  void (*after)(void* context) = nullptr;
  void* after_context = nullptr;
};

// With ranges and stack of a native core; of another target nothing lies in this process.
CrashSetup crash_setup(const CrashReport&, const Target&);

// In the child, after the core is loaded, on the thread that runs it. Once in a process, or again to replace the set-up
// (another stack). Throws std::system_error; a kernel without seccomp is no error.
void crash_install(const CrashSetup&);

// Back to the signal handlers before crash_install; the exit filter stays, but lets exits pass.
void crash_uninstall();

// Around the dynamic loader, which runs what a stranger wrote: what happens there is the core's doing, may take 2 s of
// processor time, and make the calls of the loader. After a crash_install without a core.
void crash_begin_loading();
void crash_end_loading();

// In a copy of the process (fork) that goes on: the kernel does not copy timers, and the report, which was cleared,
// begins again.
void crash_resume();

// Native targets call these around what the core runs in a step: 1 ns the pair, without lock_host_memory.
struct CrashState {
  std::uint64_t inside = 0;  // crash_inside while the core runs, crash_loading while it is loaded, else 0
  std::int64_t tick = -1;
  std::uint64_t tick_check = 0;  // ~tick: a scribbled tick is not believed
  std::uint64_t lock = 0;        // not 0: lock_host_memory
};
inline constexpr std::uint64_t crash_inside = 0x45524f43'4e495353ull, crash_loading = 0x44414f4c'45524f43ull;
extern CrashState crash_state;
void crash_lock_memory();
void crash_unlock_memory();
inline void crash_enter_core(std::int64_t tick) {
  crash_state.tick = tick;
  crash_state.tick_check = ~static_cast<std::uint64_t>(tick);
  crash_state.inside = crash_inside;
  if (crash_state.lock) crash_lock_memory();
  __asm__ volatile("" ::: "memory");
}
inline void crash_leave_core() {
  __asm__ volatile("" ::: "memory");
  if (crash_state.lock) crash_unlock_memory();
  crash_state.inside = 0;
}

// Where the core divided by zero and went on since crash_install: addresses of instructions, each once, at most
// crash_divisions_kept of them. For the target, which makes findings of those that are new after a step.
inline constexpr std::uint32_t crash_divisions_kept = 32;
extern std::uint32_t crash_division_count;
extern std::uintptr_t crash_divisions[crash_divisions_kept];

// Why the core is about to abort: the text of PEN_FINDING_TERMINATED; at most 255 characters are kept for the verdict.
void crash_note(const char* why);

// After a step that reported hang: where the core waits becomes the report, and the process ends (or `after` is
// called).
[[noreturn]] void crash_report_hang(const Target&);

// After a step of a target outside of this process that has faulted or hangs: what it says becomes the report.
struct TargetFault;
[[noreturn]] void crash_report_fault(const TargetFault&);

// The run has come to its end: an exit after this is no exit of the core.
void crash_complete();

// What lock_host_memory covers, for figures: mappings, bytes, and how often the simulator's own code was let through
// since crash_install.
struct CrashLockFigures {
  std::size_t mappings = 0, bytes = 0;
  std::uint64_t let_through = 0;
};
CrashLockFigures crash_lock_figures();

// ---- parent ----

struct CrashVerdict {
  CrashKind kind = CrashKind::none;  // none: the child completed
  bool by_core = false;              // a verdict on the firmware; else an `error`
  bool suspect_scribble = false;     // a run with lock_host_memory may tell more
  std::string function, file;        // the innermost frame of the core with a line; file as short as the compiler had
                                     // it
  int line = 0;                      // 0: unknown
  std::int64_t at_tick = -1;         // -1: unknown; the recording's last row tells
  std::string detail;                // one sentence: "write to 0x00000000", "exit(3)", "400 ms of CPU time without
                                     // ..."
  std::vector<Frame> frames;         // innermost first
};

// `wait_status` as waitpid gave it; for --no-fork: crash_own_process. `core_file` is the file to take names and lines
// from: the core's path as given, also when a private copy was loaded. Never throws for what is in the report.
inline constexpr int crash_own_process = -1;
CrashVerdict explain_crash(const CrashReport&, int wait_status, const std::string& core_file);

// The verdict as text for a terminal: one line, then the frames.
std::string crash_text(const CrashVerdict&);

}  // namespace pensim
