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

InputEvent key(int code, bool down) { return {Kind::key, code, 0, 0, down, 0, 0}; }

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

TEST(InputQueue, OtherKeysAndCharactersComeInTheSameFrameAndInOrder) {
  std::deque<InputEvent> waiting = {
      key(1, true), {Kind::character, 'a', 0, 0, false, 0, 0}, key(2, true), key(1, false)};
  const std::vector<InputEvent> frame = take_frame(waiting);
  ASSERT_EQ(frame.size(), 3u);
  EXPECT_EQ(frame[1].code, 'a');
  EXPECT_EQ(frame[2].code, 2);
  EXPECT_EQ(take_frame(waiting).size(), 1u);
  EXPECT_TRUE(take_frame(waiting).empty());
}

TEST(InputQueue, ADoublePressBetweenTwoFramesStaysOne) {
  std::deque<InputEvent> waiting;
  for (const bool down : {true, false, true, false}) waiting.push_back({Kind::button, 0, 0, 0, down, 40, 50});
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
