// engine.h - one run: plant and core, tick by tick. The order of a tick is the contract (and one function, engine.cpp):
//
//   time is int64 nanoseconds; the firmware tick T (50 us) is a whole number of plant steps; at t_k = k T
//     1. commands that are due take effect; faults that are over end
//     2. sense: ADC and pins sampled at t_k; edges of (t_k-1, t_k] with stamps interpolated inside the plant step
//     3. core: supply and watchdog are supervised; edge handlers in time order, periodic handlers by priority, main()
//       until it waits
//     4. row k is recorded: truth at t_k, PenIn_k, PenOut_k, watched variables
//     5. the plant moves to t_k+1 under PenOut_k-1: outputs are preloaded and act one tick later, on every target
//
// Inside a run there is no clock, thread, file or random device. The hash covers PenIn and PenOut of every tick and,
// every 200 ticks, the state of the plant.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "firmware_shim/target.h"
#include "sim/recording/block_writer.h"
#include "sim/scenario/resolve.h"

namespace pensim {

// Progress and result of the engine; plain data, so that it can lie in shared memory.
struct RunStatus {
  std::atomic<Tick> ticks{0};  // rows recorded
  enum class End : std::uint32_t { running, completed, hang, error } end = End::running;
  std::uint64_t hash = 0;
  char message[240] = {};  // end == error: what
  char refused[240] = {};  // the first poke that was refused
};

// Lets a live run go on: it stops before tick `allowed` and calls pass(allowed), which moves `allowed` on. In there the
// commands and pokes that the run was given may change from that tick on; what came before may not.
struct RunGate {
  Tick allowed = 0;
  std::function<void(Tick next)> pass;
};

// Runs `scenario` from its beginning to its end, or to a hang of the core. `watches` are read in the order of
// scenario.watch; `pokes` are the variables of its poke commands, in their order. `writer` was opened with `plan`,
// which is recording_plan(scenario). Without a gate the run goes to its end.
void run_engine(const ResolvedScenario& scenario, Target& target, const std::vector<CoreVariable>& watches,
                const std::vector<CoreVariable>& pokes, BlockWriter& writer, const RecordingPlan& plan,
                RunStatus& status, RunGate* gate = nullptr);

}  // namespace pensim
