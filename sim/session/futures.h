// futures.h - the futures of a session's run: the one on show, the one that was asked for and has not begun, and the
// one before the last change of the past.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/recording/block_store.h"
#include "sim/recording/recording.h"
#include "sim/vocabulary/time.h"

namespace pensim {

// Its files, what is read of them, and the socket to its process.
struct Future {
  std::uint64_t id = 0;
  std::shared_ptr<BlockStore> store;  // also of snapshots of it
  Recording recording;
  int control = -1;
  Future() = default;
  ~Future();
  Future(const Future&) = delete;
  Future& operator=(const Future&) = delete;
};

class Futures {
 public:
  Future* current() const { return current_.get(); }
  Future* pending() const { return pending_.get(); }  // asked for, not begun
  Future* ghost() const { return ghost_.get(); }

  // A future was asked for, in place of the current one and of one that has not begun. With `keep`, the current one
  // becomes the ghost when it begins, if anything was computed; otherwise the ghost stays.
  void ask(std::unique_ptr<Future>, bool keep);
  void begin();  // the pending one has begun
  // A run of another server has begun: the current future becomes the ghost, a pending one is dropped.
  void replace(std::unique_ptr<Future> begun);
  void drop_ghost() { ghost_.reset(); }
  void forget();  // no ghost, nor one of the current future when the pending one begins

 private:
  std::unique_ptr<Future> current_, pending_, ghost_;
  bool keep_ = false;
};

// Changes that the process of the run was sent and has not confirmed: it may have been past them already.
struct SentChanges {
  std::optional<Tick> first;  // where the earliest of them takes effect
  int count = 0;
  void sent(Tick at);
  void taken();  // one was confirmed
};

// A new future on its way to where the old one was.
struct CatchUp {
  Tick from = 0;
  std::optional<Tick> to;             // none: not under way
  double progress(Tick now) const;    // 0..1; 1 if not under way
  void arrive(Tick now, bool ended);  // ends it where it has come so far, or the run has ended
};

}  // namespace pensim
