#include "sim/dashboard/input_queue.h"

#include <gtest/gtest.h>

#include "sim/dashboard/open.h"
#include "sim/dashboard/transport.h"
#include "tests/sim/dashboard/synthetic_run.h"
#include "tests/sim/dashboard/user.h"
#include "tests/sim/program.h"

namespace pensim::dashboard {
namespace {

using Kind = InputEvent::Kind;

InputEvent key(int code, bool down) { return {Kind::key, code, 0, 0, down, false, 0, 0}; }

TEST(InputQueue, AKeyChangesOnceAFrame) {
  std::deque<InputEvent> waiting;
  for (int i = 0; i < 50; ++i) {
    waiting.push_back(key(7, true));
    waiting.push_back(key(7, false));
  }
  int presses = 0, frames = 0;
  bool down = false;
  for (; !waiting.empty(); ++frames) {
    const std::vector<InputEvent> frame = take_frame(waiting);
    ASSERT_EQ(frame.size(), 1u);
    presses += frame[0].down && !down;
    down = frame[0].down;
  }
  EXPECT_EQ(presses, 50);
  EXPECT_EQ(frames, 100);
}

TEST(InputQueue, CharactersComeWithTheirKey) {
  std::deque<InputEvent> waiting = {
      key(1, true), {Kind::character, 'a', 0, 0, false, false, 0, 0}, key(2, true), key(1, false)};
  const std::vector<InputEvent> frame = take_frame(waiting);
  ASSERT_EQ(frame.size(), 2u);
  EXPECT_EQ(frame[1].code, 'a');
  EXPECT_EQ(take_frame(waiting).at(0).code, 2);
  EXPECT_FALSE(take_frame(waiting).at(0).down);
  EXPECT_TRUE(take_frame(waiting).empty());
}

// However the four events of ctrl + s fall into frames and in whichever order they are released: control is down in the
// frame in which s goes down.
TEST(InputQueue, AModifierIsThatOfTheMomentWhenTheKeyWentDown) {
  InputEvent press = key(341, true), release = key(341, false);
  press.modifier = release.modifier = true;
  for (const bool control_first : {true, false})
    for (std::size_t first = 0; first <= 4; ++first) {  // that were there before the first frame
      const std::vector<InputEvent> all = {press, key('S', true), control_first ? release : key('S', false),
                                           control_first ? key('S', false) : release};
      std::deque<InputEvent> waiting(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(first));
      bool control = false, s = false, seen = false;
      for (int frame = 0; frame < 8; ++frame) {
        const bool before = s;
        for (const InputEvent& e : take_frame(waiting)) (e.code == 'S' ? s : control) = e.down;
        if (s && !before) {
          EXPECT_TRUE(control) << control_first << first;
          seen = true;
        }
        if (frame == 0) waiting.insert(waiting.end(), all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
      }
      EXPECT_TRUE(seen && !s && !control);
    }
}

TEST(InputQueue, ADoublePressBetweenTwoFramesStaysOne) {
  std::deque<InputEvent> waiting;
  for (const bool down : {true, false, true, false}) waiting.push_back({Kind::button, 0, 0, 0, down, false, 40, 50});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(take_frame(waiting).size(), 1u) << i;
  EXPECT_TRUE(waiting.empty());
}

// Fifty taps that all came between two frames are fifty ticks.
TEST(InputQueue, TapsThatComeFasterThanFramesAllCount) {
  const test::Folder folder;
  write_synthetic_run(folder / "run.h5", {});
  User user;
  open_recording(user.app, folder / "run.h5");
  user.frames(2);
  seek(user.app, 0.5);
  std::deque<InputEvent> waiting;
  const int right = ImGui::GetIO().KeyMap[ImGuiKey_RightArrow];
  for (int i = 0; i < 50; ++i) {
    waiting.push_back(key(right, true));
    waiting.push_back(key(right, false));
  }
  while (!waiting.empty()) {
    for (const InputEvent& e : take_frame(waiting)) ImGui::GetIO().KeysDown[e.code] = e.down;
    user.frames(1);
  }
  EXPECT_NEAR(user.app.cursor_s, 0.5 + 50 * 50e-6, 1e-9);
}

}  // namespace
}  // namespace pensim::dashboard
