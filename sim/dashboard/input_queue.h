// input_queue.h - what happened on keyboard and mouse since the last frame, given out frame by frame. ImGui looks at
// the state of keys and buttons once a frame: a key that goes down and up within one has never been down, and of two
// taps only one is seen.
#pragma once

#include <deque>
#include <vector>

namespace pensim::dashboard {

struct InputEvent {
  enum class Kind { key, character, button, scroll };
  Kind kind = Kind::key;
  int code = 0;  // key, button, or the character
  int scancode = 0, mods = 0;
  bool down = false;    // key, button
  double x = 0, y = 0;  // button: where the pointer was; scroll: by how much
};

// The events of the next frame, in the order in which they came: none of them changes a key or a button a second time,
// and at most one changes a button, so that the pointer stands where it was pressed. What is left waits for the frame
// after.
std::vector<InputEvent> take_frame(std::deque<InputEvent>& waiting);

}  // namespace pensim::dashboard
