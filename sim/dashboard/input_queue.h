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
  bool modifier = false;  // key: shift, control, alt, super
  float x = 0, y = 0;     // button: where the pointer was; scroll: by how much
};

// The events of the next frame, in the order in which they came. None of them changes a key a second time, and nothing
// but characters follows a key or button that goes down (modifiers apart), so that modifiers and pointer are what they
// were when it did. What is left waits for the frame after.
std::vector<InputEvent> take_frame(std::deque<InputEvent>& waiting);

}  // namespace pensim::dashboard
