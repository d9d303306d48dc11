#include "sim/session/undo.h"

namespace pensim {

void UndoStack::changed(Inputs before) {
  before_.push_back(std::move(before));
  after_.clear();
}

void UndoStack::move_back(std::vector<Inputs>& from, std::vector<Inputs>& to, Inputs present, const Apply& apply) {
  if (from.empty()) return;
  apply(from.back());
  from.pop_back();
  to.push_back(std::move(present));
}

}  // namespace pensim
