// target.h - a firmware core, wherever it runs. Counts and microseconds; no physics.
//
// A target takes one PenIn per tick and gives one PenOut. Errors that are the user's (file missing, wrong ABI) throw
// std::runtime_error at open; what a running core does wrong is a finding or a fault, never an exception.
//
// What a new kind of target gives:
//   a class behind this interface, and its line in open_target: engine and replay know nothing else of it;
//   PenOut as a function of the PenIn since the last power-on alone, since outputs act one tick later on every kind;
//   variables by CoreVariable, whose address is as linked: reads between steps, of the state after the last step;
//   its own brackets around the core: a core that runs in this process marks the step for the crash report
//   (native/crash.h), one behind a wire has time-outs; what it loses is a finding, and a core that does not answer is
//   StepReport.hang.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firmware_shim/target_spec.h"
#include "pen_shim.h"

namespace pensim {

// How a link is, of a core on a board; all zero elsewhere.
struct LinkReport {
  enum class State : std::uint8_t { none, linked, late, lost };
  State state = State::none;
  double round_trip_s = 0.0;  // of the last exchange whose question went once
  double skew_s = 0.0;        // real time: the board's clock minus virtual time since the reset
  std::uint64_t resent = 0;   // questions sent again, count since the start
  std::uint64_t losses = 0;   // how often the link was lost
};

// What the step of a core reports besides PenOut.
struct StepReport {
  double cpu_load = 0.0;              // share of the tick's virtual time not spent asleep (WFI), 0..1; 0 for functions
                                      // called at rates, since native code takes no time
  double act_delay_s = 0.0;           // counted time or given costs: from sensing to acting, of the newest handler that
                                      // changed PenOut (PenStatus.act_delay_ns, pen_runtime.h); 0 before, and else
  std::uint64_t interrupts_lost = 0;  // handlers pending twice that ran once, count since power-on
  bool reset_requested = false;       // the core asked for a software reset
  bool hang = false;                  // waits, without an answer, for 1 s of virtual time, and no watchdog ends it
                                      // (native_target.h)
  LinkReport link;
  bool faulted = false;               // fault() says how; the core cannot go on
};

// A crash of a core that is no part of this process: what a signal and a stack are for a native one.
struct TargetFault {
  struct Place {
    std::uint64_t pc = 0;
    std::string function, file;  // "" if unknown
    int line = 0;
  };
  std::int64_t tick = -1;     // of the run
  std::string kind;           // as in reports: "segfault", "stack_overflow"
  std::string detail;         // a sentence
  std::string registers;      // as text, for whoever reads the report
  std::vector<Place> frames;  // innermost first
};

// A variable of the core, found by name.
struct CoreVariable {
  enum class Kind : std::uint8_t { boolean, signed_integer, unsigned_integer, floating, enumeration };
  std::string name;           // as asked for: "speed_loop.integral", "table[3].gain", "file.c:state"
  std::uint64_t address = 0;  // as linked; a target adds where it was loaded
  Kind kind = Kind::signed_integer;
  std::uint8_t size_bytes = 0;                // 1, 2, 4, 8
  std::uint8_t bit_offset = 0, bit_size = 0;  // bit_size 0: no bit-field; bit_offset from the lowest bit of size_bytes
                                              // at address
  std::vector<std::pair<std::int64_t, std::string>> enumerators;
  // Reached through pointers (motor->gain): the pointer at `address` plus hops[0] is where the next pointer lies, or
  // the value.
  std::vector<std::uint64_t> hops = {};
  std::uint8_t pointer_bytes = 0;  // 4 or 8 if there are hops
};

using WatchId = std::uint32_t;  // of one target

class Target {
 public:
  virtual ~Target() = default;
  virtual void reset(std::uint8_t cause) = 0;  // PEN_RESET_*; power_on clears .noinit too. Nothing of the core runs
                                               // before the next step(), whose PenIn is the first that it sees; the
                                               // caller holds its outputs for the boot time
  // `tick`: of the run; for reports, and to tell answers on a wire apart. The core does not see it.
  virtual StepReport step(std::int64_t tick, const PenIn& in, PenOut& out) = 0;
  // Makes a variable ready for reading every tick: `read` costs 1 to 2 ns for each of a native core. What lies behind a
  // pointer that is null or points to no memory of the core is NaN.
  virtual WatchId watch(const CoreVariable&) = 0;
  virtual void read(const WatchId* watches, std::size_t count, float* values) const = 0;
  virtual double peek(const CoreVariable&) const = 0;        // value as a double; an enumeration as its number
  // Rounded. A value that does not fit, or memory that cannot be written, is refused: false, with a finding.
  virtual bool poke(const CoreVariable&, double value) = 0;
  virtual std::uint32_t tick_us() const = 0;
  virtual std::vector<std::string> take_findings() = 0;  // sentences since the last call: unanswered HAL call, UART
                                                         // overflow, ...
  virtual const TargetFault* fault() const { return nullptr; }  // after a step that has faulted or hangs, if known
};

std::unique_ptr<Target> open_target(const TargetSpec&);
// How emulated cores are opened; null in a program without libunicorn (firmware_shim/emulated/emulated_target.h).
extern std::unique_ptr<Target> (*open_emulated_core)(const TargetSpec&);

}  // namespace pensim
