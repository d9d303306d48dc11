// replay.h - a core alone, fed with recorded inputs: neither plant nor scenario. The first output that differs.
//
// Complete recording: the core is reset where the recorded one was (PenIn.reset_cause goes from 0, "not running", to
// its cause) and stepped with every PenIn; its PenOut is compared to the bit. In the last tick before a reset the
// recorded PenOut may be all zero.
//
// Sparse log: PenIn is put together from the logged channels. A value is held until the next; what was not logged
// rests: charged battery, room temperature, 14-needle cartridge latched, nothing pressed, dials at their lower end,
// blank memories that answer in the next tick, a screw that follows its steps from home at once. Where the quantity
// itself was logged it stands for the count (battery.voltage, motor.current, hand.press, user.depth, user.rate,
// user.start), and motor.speed becomes hall edges. Compared are outputs at logged instants (core.pwm_duty,
// pin.<output>, fw.<variable>), within the tolerance of their column; of a log that does not begin at a reset only what
// comes after its first second.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "firmware_shim/target.h"
#include "sim/recording/difference.h"
#include "sim/recording/recording.h"

namespace pensim {

struct ReplayOptions {
  // Variables of this core by the signals that recorded them ("fw.speed_loop.integral"); compared too.
  std::vector<std::pair<std::string, CoreVariable>> variables;
  std::atomic<Tick>* progress = nullptr;  // the tick that is fed, for whoever waits
};

struct ReplayResult {
  std::string why_not;  // cannot be replayed: why
  bool sparse = false;
  Tick ticks = 0;             // fed
  Tick from = 0;              // first tick that was compared
  std::int64_t compared = 0;  // values (sparse) or ticks
  Nanoseconds tick_ns = default_tick_ns;
  std::vector<FieldDifference> fields;  // a: recorded, b: this core
  std::vector<std::string> notes;       // what was not compared, what rested

  int exit_code() const { return !why_not.empty() ? 2 : fields.empty() ? 0 : 1; }
  std::string summary() const;  // one line
  std::string text() const;
};

ReplayResult replay(const Recording& recording, Target& target, const ReplayOptions& options = {});

}  // namespace pensim
