#include "sim/dashboard/input_queue.h"

#include <algorithm>

namespace pensim::dashboard {

std::vector<InputEvent> take_frame(std::deque<InputEvent>& waiting) {
  std::vector<InputEvent> out;
  const auto clashes = [&](const InputEvent& e) {
    return std::any_of(out.begin(), out.end(), [&](const InputEvent& before) {
      if (e.kind == InputEvent::Kind::button) return before.kind == InputEvent::Kind::button;
      return e.kind == InputEvent::Kind::key && before.kind == InputEvent::Kind::key && before.code == e.code;
    });
  };
  while (!waiting.empty() && !clashes(waiting.front())) {
    out.push_back(waiting.front());
    waiting.pop_front();
  }
  return out;
}

}  // namespace pensim::dashboard
