// target_spec.h - where a firmware core runs, and what runs there: what open_target (target.h) opens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace pensim {

struct CountedCost;  // counted_cost.h

// How a run uses its board (link/link_target.h).
struct LinkOptions {
  enum class Mode : std::uint8_t { lockstep, real_time };
  enum class OnLoss : std::uint8_t { abort, hold, freeze };
  Mode mode = Mode::lockstep;
  OnLoss on_loss = OnLoss::abort;
  double timeout_s = 0.1;        // without an answer for so long the link is lost
  double patience_s = 3.0;       // abort: how long a lost board has to say that it is its core's doing, wall time
  double freeze_limit_s = 10.0;  // how long virtual time stands for a link that is lost, wall time
  double rate_Hz = 1000.0;       // exchanges in real time
  std::string expects;           // build id of the board's image, hexadecimal; "": any
  bool operator==(const LinkOptions&) const = default;
};

struct EmulatedOptions {
  bool counted = false;        // instructions take time
  std::uint32_t clock_Hz = 0;  // 0: the port's
  std::uint8_t fill = 0;       // of memory that nothing initialises
  int cost_file = -1;          // counted: open file that gets what each call of a handler took (counted_cost.h)
  std::string debugger;        // where to wait for one before the first instruction (gdb/gdb_server.h); "": nowhere

  bool operator==(const EmulatedOptions&) const = default;
};

struct TargetSpec {
  enum class Kind : std::uint8_t {
    none,      // no firmware: a rig
    native,    // a shared object in the process of the run (native/native_target.h)
    emulated,  // an ELF file for a Cortex-M
    link       // a board
  };
  Kind kind = Kind::none;
  std::string path;     // the file of the core; of a link the image that its board runs, if known: names of variables
                        // come from it
  std::string address;  // of a link: tcp:HOST:PORT, unix:PATH, serial:DEVICE@BAUD
  LinkOptions link = {};
  EmulatedOptions emulated = {};
  std::string file = {};        // what the user calls it, when `path` is a copy of its bytes; "": path itself
  std::shared_ptr<const CountedCost> cost = {};  // of a native core: what its handlers take; null: nothing
  std::uint8_t stack_fill = 0;  // of a native core: what its stack holds where nothing was written
  bool sandbox = true;          // its process may ask little of the system (native/sandbox.h)

  const std::string& shown() const { return file.empty() ? path : file; }
  bool operator==(const TargetSpec&) const = default;
};

}  // namespace pensim
