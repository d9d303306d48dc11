// native_target.h - a core as a shared object, in the process of its run.
//
// Loading. The object is linked at 0x20001000 and its pointers fit into 32 bits when it lies there; the dynamic loader
// honours that for programs at fixed addresses only (-no-pie), and this library's link options move the program itself
// to 0x70000000, since the kernel scatters the heap over the gigabyte behind a program (seen: heap at 0x2fc70000). The
// first target of a file in a process is loaded from its own path, so that a debugger's breakpoints hold; a second one
// of the same file gets a private copy, lies wherever there is room, and shares nothing with the first. No code of the
// core runs before the first step.
//
// Reset. All writable memory of the core goes back to what the loader made of the file (.noinit: only at power-on),
// registers are zero, a stack of main() is replaced and never unwound. Constructors and boot() run inside the next
// step. Addresses stay.
//
// Step. Shape (a): one call on the caller's stack. Shapes (b), (c): one switch to the core's stack and back. While the
// core runs, crash.h knows it and the tick.
//
// Hang (StepReport.hang), shapes (b), (c): the innermost running context, main() or a handler that does not return,
// has for 1 s of virtual time done nothing but read at most two volatile addresses whose values stayed the same, go
// round in a loop over plain memory (runtime/pen_plain.c), or sleep; no watchdog was started, or one is kicked all
// the while (by a handler, so it does not bite); PenOut did not change but for the kicks; and nobody is left who
// could answer:
//   - what it reads is neither pen_in nor a register that sync_in has ever written, so the world outside cannot answer;
//   - every handler that may interrupt it (enabled, not masked, more urgent; of an edge, too) has run in that second
//     and looked at nothing outside (pen_in, registers, the clock), so it would do the same again; a handler that has
//     not run yet might be the answer.
//   A register that sync_in has never written is answered by nobody: there the handlers do not count.
//   If somebody is left and the watchdog is kicked all the while, a finding says so.
//   So an idle loop, `for (;;) if (flag) ...` or WFI, under handlers that read buttons or sensors or wait for an edge
//   is no hang, and a wait under the same handlers is not told from it: the port's unanswered_ms makes the rule strict
//   (any such second is a hang).
// A loop without a single announced access or call, or over more than 256 plain variables, takes no virtual time and
// never comes back from step(): a CPU-time guard ends it.
//
// Not modelled: execution time of ordinary code; races between two plain accesses (a handler runs only where the core
// waits); thread-local variables of the core are not reset (a finding says so).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "firmware_shim/counted_cost.h"
#include "firmware_shim/target.h"

namespace pensim {

struct NativeOptions {
  bool private_copy = false;  // never from its own path, even for the first target of a file
  // What the stack holds where nothing was written: after a reset, and below the stack pointer whenever the core has
  // waited; below the frame of a step for shape (a). 0: zeros, and what was there before. A second run with another
  // filling, whose stack also lies elsewhere, shows a core that reads what it never wrote, or uses an address.
  std::uint8_t stack_fill = 0;
  std::shared_ptr<const CountedCost> cost = {};  // its handlers take time (runtime/pen_costed.c); null: none
};

// Where the core's stack is and, while it is suspended, where it stands. All zero for shape (a), which runs on the
// caller's stack.
struct CoreStack {
  std::uintptr_t guard_begin = 0, begin = 0, end = 0,
                 guard_end = 0;  // [guard_begin, begin) and [end, guard_end) are inaccessible
  // Registers of the suspended core, as a frame of the function that gave control to the host; valid between steps.
  std::uintptr_t pc = 0, sp = 0, rbp = 0, rbx = 0, r12 = 0, r13 = 0, r14 = 0, r15 = 0;
};

class NativeTarget : public Target {
 public:
  struct Range {
    std::uintptr_t begin = 0, end = 0;
    bool writable = false, executable = false;
  };
  // The wait that the core is in, between steps; for reports and for the hang verdict.
  struct Waiting {
    std::uint64_t addresses[2] = {0, 0};  // volatiles it reads, as linked (none: asleep, or in a delay)
    double since_s = 0.0;                 // virtual time since reset
  };

  virtual const std::string& path() const = 0;         // file as given
  virtual const std::string& loaded_path() const = 0;  // what the loader knows it as (differs for a private copy)
  virtual std::uintptr_t load_bias() const = 0;        // add to an address of the file; 0 where it is linked
  virtual const std::vector<Range>& loaded_ranges() const = 0;    // segments of the object in memory
  virtual const std::vector<Range>& register_ranges() const = 0;  // plain memory standing for registers
  virtual CoreStack core_stack() const = 0;
  virtual Waiting waiting() const = 0;
  virtual bool divide_by_zero_traps() const = 0;  // as its port says
  virtual std::uint64_t polls() const = 0;  // volatile reads that took time, since reset
};

// Errors of the user (no such file, no core, another ABI version, a port that contradicts itself) throw
// std::runtime_error.
std::unique_ptr<NativeTarget> open_native(const std::string& path, const NativeOptions& options = {});

}  // namespace pensim
