// session.h - a run that one works with: live, paused, stepped, taken back, changed. What the dashboard posts commands
// to.
//
// The run goes on in a process of its own (plant and core may crash there). A session never draws and never waits:
// poll() once a frame takes in what was recorded since. Virtual time moves only as far as the session allows, so pauses
// and speed leave no trace in the run: the same timeline gives the same bits at any speed.
//
// The timeline is the list of commands of the scenario and of all that was posted. A command at or after now() is
// simply taken when its tick comes. A change before now() makes the future be computed again: the old future is kept as
// the ghost, the run goes back (to a sleeping copy of its process, or to the beginning) and comes up to where it was as
// fast as it goes. A changed parameter (skin, pen, cartridge, operator, seed) reruns from zero. undo() and redo() step
// through all changes; after an undo there is no ghost.
//
// save() writes a scenario file that `pensim run` reproduces bit for bit.
//
// Errors: bad input throws InputError and changes nothing. A crash or hang of the core is a state (ended, with
// fault()), never an exception; the timeline can still be changed, which begins a new future.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/recording/recording.h"
#include "sim/scenario/scenario.h"
#include "sim/vocabulary/command.h"

namespace pensim {

class BlockStore;

struct SessionOptions {
  std::vector<std::string> overrides;  // --set
  std::vector<std::string> watch;      // in addition to the scenario's
  std::optional<std::string> firmware;
  std::optional<std::uint64_t> seed;
  std::string program;  // pensim; "": beside the caller's executable, or in the folder above
};

// What a run has recorded, for another thread: it stays as it is, whatever becomes of the session.
struct RunSnapshot {
  std::shared_ptr<const BlockStore> store;
  Recording recording;
};

class Session {
 public:
  enum class State : std::uint8_t { starting, running, paused, ended };

  // Reads, checks and resolves the scenario and starts its process, paused at tick 0. Throws InputError.
  Session(const std::string& scenario_path, const SessionOptions& options = {});
  // The scenario inside a recording, with the recorded seed, firmware and timeline. Throws InputError if the scenario
  // and the catalog of today give other numbers than the recorded ones (--set, another catalog). Of the options,
  // `program` counts.
  static std::unique_ptr<Session> of_recording(const Recording& recording, const SessionOptions& options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // --- time ---
  // Once a frame: grants time to the run (wall_s since the last call, times speed), takes in new rows. True if anything
  // changed.
  bool poll(double wall_s);
  void play();
  void pause();
  void run_to(Tick tick);         // as fast as it goes, then paused; a tick before now() only moves what is
                                  // looked at
  void step(Tick ticks);          // run_to(now() + ticks)
  void set_speed(double factor);  // 0.001 .. ; 0: as fast as it goes
  double speed() const;
  State state() const;
  Tick now() const;  // rows computed so far
  Tick duration() const;
  double real_time_factor() const;  // of the last second of wall time
  double catching_up() const;       // 0..1 progress of a recomputation; 1: none under way

  // --- what was recorded ---
  const Recording& recording() const;  // grows; the object is replaced when the future is computed again
  const Recording* ghost() const;      // the old future; nullptr if there is none
  void drop_ghost();
  RunSnapshot snapshot(const Recording&) const;  // of recording() or of the ghost
  const std::optional<RecordedFault>& fault() const;
  std::string error() const;  // a defect of ours: what; "" if none

  // --- what enters ---
  const Scenario& scenario() const;              // with the present timeline and overrides
  const std::vector<Command>& timeline() const;  // sorted by tick
  // Inserts a command at its tick; in the past the future is computed again. Throws InputError for an unknown name or a
  // value out of range.
  // A second `set` of the same name at the same tick takes the place of the first.
  void post(const Command& command);
  void replace(std::size_t index, const Command& command);  // drag, edit
  void erase(std::size_t index);
  void set_override(const std::string& key_value);  // "skin.region=forehead": reruns from zero
  void add_watch(const std::string& symbol);        // reruns from zero
  bool can_undo() const;
  bool can_redo() const;
  std::size_t changes() const;   // that undo() could take back
  std::size_t revision() const;  // another number after each change, undo and redo
  void undo();
  void redo();

  // The core was rebuilt: reruns from zero with it, the run so far becomes the ghost.
  void reload_core();

  void save(const std::string& path) const;  // a scenario; throws InputError when the file cannot be
                                             // written
  // The run that has ended, with its verdicts, as `pensim run` keeps one. Throws InputError when it has not ended or
  // the file cannot be written.
  void save_recording(const std::string& path) const;
  std::string hash() const;  // of the run when it has ended, "" before

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl>);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pensim
