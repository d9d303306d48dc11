#include "sim/dashboard/input_queue.h"

#include <algorithm>

namespace pensim::dashboard {

std::vector<InputEvent> take_frame(std::deque<InputEvent>& waiting) {
  std::vector<InputEvent> out;
  const auto clashes = [&](const InputEvent& e) {
    if (e.kind == InputEvent::Kind::character) return false;
    return std::any_of(out.begin(), out.end(), [&](const InputEvent& before) {
      if (before.kind == InputEvent::Kind::button) return true;
      if (before.kind != InputEvent::Kind::key) return false;
      return (before.down && !before.modifier) || (e.kind == InputEvent::Kind::key && before.code == e.code);
    });
  };
  while (!waiting.empty() && !clashes(waiting.front())) {
    out.push_back(waiting.front());
    waiting.pop_front();
  }
  return out;
}

}  // namespace pensim::dashboard
