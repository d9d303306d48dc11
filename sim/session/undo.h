// undo.h - the inputs before each change of a session, and those that were undone.
//
// Applying inputs may be refused (InputError): then the stack, too, is as it was.
#pragma once

#include <functional>
#include <vector>

#include "sim/session/inputs.h"

namespace pensim {

class UndoStack {
 public:
  using Apply = std::function<void(const Inputs&)>;

  bool can_undo() const { return !before_.empty(); }
  bool can_redo() const { return !after_.empty(); }
  std::size_t size() const { return before_.size(); }  // changes that can be undone
  // A change was made; `before` is what it changed. What was undone is lost.
  void changed(Inputs before);
  // Applies the inputs before the last change in place of `present`; nothing if there is none.
  void undo(Inputs present, const Apply& apply) { move_back(before_, after_, std::move(present), apply); }
  // The reverse of undo().
  void redo(Inputs present, const Apply& apply) { move_back(after_, before_, std::move(present), apply); }

 private:
  static void move_back(std::vector<Inputs>& from, std::vector<Inputs>& to, Inputs present, const Apply& apply);
  std::vector<Inputs> before_, after_;
};

}  // namespace pensim
