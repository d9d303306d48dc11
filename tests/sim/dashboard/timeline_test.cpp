// The fault calendar under mouse and keys, on a real session.
#include <gtest/gtest.h>
#include <imgui_internal.h>
#include <unistd.h>

#include <cmath>

#include "sim/dashboard/open.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/axes.h"
#include "tests/sim/dashboard/user.h"
#include "tests/sim/program.h"

namespace pensim::dashboard {
namespace {

constexpr const char* cheek = "sim/cli/selftest/cheek.yaml";  // 1.2 s

// Right of the word TIMELINE, in the middle of its line.
ImVec2 title_of_timeline() {
  const ImVec2 padding = ImGui::GetStyle().WindowPadding;
  for (const ImGuiWindow* w : ImGui::GetCurrentContext()->Windows)
    if (w->Active && std::string(w->Name).find("timeline_") != std::string::npos)
      return {w->Pos.x + padding.x + text_size(Font::small, "TIMELINE").x + 12, w->Pos.y + padding.y + 6};
  throw std::runtime_error("there is no timeline");
}

class Calendar : public User {
 public:
  explicit Calendar(const std::string& path = cheek) {
    setenv("PENSIM_CORES", PENSIM_CORES, 1);
    SessionOptions options;
    options.program = PENSIM_PROGRAM;
    open_scenario(app, path, options);
    app.playback = {};
    app.session->pause();
    frames(4);
  }
  Session& session() { return *app.session; }
  template <class Done>
  bool until(Done done) {
    for (int i = 0; i < 8000 && !done(); ++i) {
      frames(1, 0.02);
      usleep(500);
    }
    return done();
  }
  bool run_to(Tick tick) {
    session().run_to(tick);
    return until([&] { return session().now() >= tick && session().catching_up() >= 1; });
  }
  float x(double at_s) const {
    const auto& a = app.timeline.area;
    return a.x0 + static_cast<float>((at_s - app.time.from_s) / (app.time.to_s - app.time.from_s)) * (a.x1 - a.x0);
  }
  float middle() const { return (app.timeline.area.y0 + app.timeline.area.y1) / 2; }
  int find(const char* name) {
    const auto& timeline = session().timeline();
    for (std::size_t i = 0; i < timeline.size(); ++i)
      if (timeline[i].name == name) return static_cast<int>(i);
    return -1;
  }
  const Command& command(const char* name) { return session().timeline().at(static_cast<std::size_t>(find(name))); }
  TimelineState::Block block(const char* name) { return app.timeline.blocks.at(static_cast<std::size_t>(find(name))); }
  // The first entry of the list, found by its name.
  ImVec2 entry(const char* name, bool fault) {
    if (!app.timeline.list) {
      const ImVec2 title = title_of_timeline();
      click(title.x + 8, title.y);
    }
    if (!app.timeline.list) throw std::runtime_error("the list did not open");
    frames(2);
    for (int i = 0; i < 64 && *app.timeline.search; ++i) press(ImGuiKey_Backspace);
    type(name);
    frames(2);
    for (const ImGuiWindow* w : ImGui::GetCurrentContext()->Windows)
      if (w->Active && std::string(w->Name).find("entries_") != std::string::npos) {
        const float line = dashboard::font(Font::small)->FontSize + ImGui::GetStyle().ItemSpacing.y;
        return {w->Pos.x + 40, w->Pos.y + line * (fault ? 1.0f : 2.0f) + 8};
      }
    return {};
  }
  void drop(const char* name, double at_s) {
    const ImVec2 from = entry(name, true);
    drag(from.x, from.y, x(at_s), middle());
  }
  void double_press(float px, float py) {
    move(px, py);
    frames(30);
    for (int i = 0; i < 2; ++i) {
      ImGui::GetIO().MouseDown[0] = true;
      frames(1);
      ImGui::GetIO().MouseDown[0] = false;
      frames(1);
    }
    frames(3);
  }
  void edit(const char* name) {
    const auto b = block(name);
    double_press(b.x1 - b.x0 > 20 ? (b.x0 + b.x1) / 2 : b.x0, (b.y0 + b.y1) / 2);
    EXPECT_EQ(app.timeline.editing, find(name));
  }
  void retype(const char* text) {
    press(ImGuiKey_A, true);
    press(ImGuiKey_Backspace);
    type(text);
    press(ImGuiKey_Enter);
    frames(2);
  }
};

TEST(Timeline, AFaultIsDroppedMovedStretchedAndTakenAway) {
  Calendar user;
  const std::size_t own = user.session().timeline().size();
  user.drop("hall.dropout", 0.7);
  ASSERT_GE(user.find("hall.dropout"), 0) << user.app.message;
  EXPECT_EQ(user.session().timeline().size(), own + 1);
  EXPECT_NEAR(static_cast<double>(user.command("hall.dropout").at), 14000, 40);  // 0.7 s, by a pixel
  EXPECT_EQ(user.command("hall.dropout").at % 20, 0);                            // whole milliseconds
  EXPECT_EQ(user.command("hall.dropout").duration, 2000);                        // 0.1 s
  EXPECT_EQ(user.app.selected.command, user.find("hall.dropout"));

  const Tick at = user.command("hall.dropout").at;
  auto b = user.block("hall.dropout");
  user.drag(b.x1 - 2, (b.y0 + b.y1) / 2, user.x(1.0) - 2, (b.y0 + b.y1) / 2);
  EXPECT_EQ(user.command("hall.dropout").at, at);
  EXPECT_NEAR(static_cast<double>(at + user.command("hall.dropout").duration), 20000, 40);

  b = user.block("hall.dropout");
  const Tick length = user.command("hall.dropout").duration, end = at + length;
  user.drag(b.x0 + 1, (b.y0 + b.y1) / 2, user.x(0.8) + 1, (b.y0 + b.y1) / 2);
  EXPECT_NEAR(static_cast<double>(user.command("hall.dropout").at), 16000, 40);
  EXPECT_EQ(user.command("hall.dropout").at + user.command("hall.dropout").duration, end);

  b = user.block("hall.dropout");
  const Tick kept = user.command("hall.dropout").duration;
  user.drag((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2, (b.x0 + b.x1) / 2 - (user.x(0.8) - user.x(0.4)), (b.y0 + b.y1) / 2);
  EXPECT_NEAR(static_cast<double>(user.command("hall.dropout").at), 8000, 60);
  EXPECT_EQ(user.command("hall.dropout").duration, kept);

  user.press(ImGuiKey_Delete);
  EXPECT_EQ(user.find("hall.dropout"), -1);
  user.press(ImGuiKey_Z, true);
  ASSERT_GE(user.find("hall.dropout"), 0);
  EXPECT_EQ(user.command("hall.dropout").duration, kept);
  for (int i = 0; i < 4; ++i) user.press(ImGuiKey_Z, true);
  EXPECT_EQ(user.session().timeline().size(), own);
  EXPECT_FALSE(user.session().can_undo());
  user.press(ImGuiKey_Y, true);
  EXPECT_EQ(user.command("hall.dropout").duration, 2000);
}

TEST(Timeline, DraggedBeyondTheEndAFaultLastsToTheEnd) {
  Calendar user;
  user.drop("hall.dropout", 0.7);
  const auto b = user.block("hall.dropout");
  user.drag(b.x1 - 2, (b.y0 + b.y1) / 2, user.app.timeline.area.x1 + 30, (b.y0 + b.y1) / 2);
  EXPECT_EQ(user.command("hall.dropout").duration, 0);
}

TEST(Timeline, TheEndOfASettingIsDraggedIntoARamp) {
  Calendar user;
  auto b = user.block("user.depth");
  const float y = (b.y0 + b.y1) / 2;
  user.click(b.x0, y);
  EXPECT_EQ(user.app.selected.command, user.find("user.depth"));
  user.drag(b.x1 + 6, y, user.x(0.3) + 6, y);
  EXPECT_EQ(user.command("user.depth").at, 400);
  EXPECT_NEAR(static_cast<double>(user.command("user.depth").over), 5600, 100);  // 0.3 s less 0.02 s
  b = user.block("user.depth");
  EXPECT_NEAR(b.x1, user.x(0.3), 6);
  user.drag(b.x1, y, user.x(0.02) - 40, y);
  EXPECT_EQ(user.command("user.depth").over, 0);
}

TEST(Timeline, SnapsToOtherEdgesUnlessAltIsHeld) {
  Calendar user;
  user.drop("hall.dropout", 0.9);
  // operator.contact stands at 0.6 s; three pixels beside it the block snaps.
  const auto b = user.block("hall.dropout");
  const float grab = b.x0 + 20, y = (b.y0 + b.y1) / 2;
  user.drag(grab, y, user.x(0.6) + 20 + 3, y);
  EXPECT_EQ(user.command("hall.dropout").at, 12000);
  user.drag(user.block("hall.dropout").x0 + 20, y, user.x(0.9) + 20, y);
  ImGui::GetIO().KeyAlt = true;
  user.drag(user.block("hall.dropout").x0 + 20, y, user.x(0.6) + 20 + 3, y);
  ImGui::GetIO().KeyAlt = false;
  EXPECT_NE(user.command("hall.dropout").at, 12000);
  EXPECT_NEAR(static_cast<double>(user.command("hall.dropout").at), 12000, 200);
}

TEST(Timeline, APressInTheListPlacesAtTheCursor) {
  Calendar user;
  ASSERT_TRUE(user.run_to(10000));
  seek(user.app, 0.25);
  const ImVec2 at = user.entry("hall.dropout", true);
  user.click(at.x, at.y);
  ASSERT_GE(user.find("hall.dropout"), 0) << user.app.message;
  EXPECT_EQ(user.command("hall.dropout").at, 5000);
  // The past was changed: it is computed again, what it was is the ghost.
  ASSERT_TRUE(user.until([&] { return user.session().catching_up() >= 1 && user.session().ghost() != nullptr; }));
  EXPECT_NE(user.app.ghost.recording, nullptr);
  EXPECT_EQ(user.session().ghost()->ticks(), 10000);
}

TEST(Timeline, AValueIsEditedWithItsUnit) {
  Calendar user;
  user.edit("user.depth");
  EXPECT_STREQ(user.app.timeline.value, "1 mm");
  user.retype("800 um");
  EXPECT_EQ(user.command("user.depth").value, 800e-6) << user.app.timeline.problem;
  EXPECT_EQ(user.app.timeline.editing, -1);
  EXPECT_EQ(user.command("user.depth").at, 400);

  const auto refused = [&](const char* typed, const char* says) {
    user.edit("user.depth");
    user.retype(typed);
    EXPECT_NE(user.app.timeline.problem.find(says), std::string::npos) << typed << ": " << user.app.timeline.problem;
    EXPECT_EQ(user.command("user.depth").value, 800e-6);
    EXPECT_GE(user.app.timeline.editing, 0);
    user.press(ImGuiKey_Escape);
    EXPECT_EQ(user.app.timeline.editing, -1);
  };
  refused("3 N", "force");
  refused("deep", "deep");
  refused("9 mm", "3 mm");
  refused("", "length");
  user.edit("user.depth");
  user.press(ImGuiKey_Enter);  // as it was: no change to take back
  EXPECT_EQ(user.app.timeline.editing, -1);
  EXPECT_TRUE(user.session().can_undo());
  user.press(ImGuiKey_Z, true);
  EXPECT_EQ(user.command("user.depth").value, 1e-3);
  EXPECT_FALSE(user.session().can_undo());  // what was refused left nothing

  user.edit("user.start");
  EXPECT_STREQ(user.app.timeline.value, "on");
  user.retype("off");
  EXPECT_EQ(user.command("user.start").value, 0);
}

TEST(Timeline, TheMenuDuplicatesAndDeletes) {
  Calendar user;
  user.drop("hall.dropout", 0.5);
  const auto b = user.block("hall.dropout");
  const auto choose = [&](int item) {
    user.click((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2, 1);
    const ImGuiWindow* menu = nullptr;
    for (const ImGuiWindow* w : ImGui::GetCurrentContext()->Windows)
      if (w->Active && (w->Flags & ImGuiWindowFlags_Popup)) menu = w;
    ASSERT_NE(menu, nullptr);
    const float line = ImGui::GetFontSize() + ImGui::GetStyle().ItemSpacing.y;
    user.click(menu->Pos.x + 30,
               menu->Pos.y + ImGui::GetStyle().WindowPadding.y + line * (static_cast<float>(item) + 0.4f));
  };
  const std::size_t before = user.session().timeline().size();
  choose(1);
  ASSERT_EQ(user.session().timeline().size(), before + 1);
  const Command& first = user.command("hall.dropout");
  const auto copies = [&] {
    std::vector<Command> all;
    for (const Command& c : user.session().timeline())
      if (c.name == "hall.dropout") all.push_back(c);
    return all;
  };
  ASSERT_EQ(copies().size(), 2u);
  EXPECT_EQ(copies()[1].at, first.at + first.duration);
  EXPECT_EQ(copies()[1].duration, first.duration);
  choose(3);
  EXPECT_EQ(user.session().timeline().size(), before);
  EXPECT_EQ(copies().size(), 1u);
}

// A run that was worked with: settings changed, a variable poked, a fault dropped into its past. Saved by the dialog,
// it is run again by the command line with the same hash.
// Another skin is no command: the run is done again from zero, and the one before stays as the ghost.
TEST(Timeline, AnotherSetUpRunsAgainFromZero) {
  Calendar user;
  ASSERT_TRUE(user.run_to(20'000));
  const float before_m = user.session().recording().at("skin.indentation", 19'000);
  user.type("p");
  ASSERT_TRUE(user.app.overlay.set_up);
  user.type("skin.region=nowhere");
  user.press(ImGuiKey_Enter);
  EXPECT_NE(user.app.overlay.problem.find("nowhere"), std::string::npos) << user.app.overlay.problem;
  EXPECT_EQ(user.session().scenario().skin.region, "cheek");
  user.press(ImGuiKey_Escape);
  user.type("p");
  user.type("skin.region=forehead");
  user.press(ImGuiKey_Enter);
  EXPECT_FALSE(user.app.overlay.set_up);
  EXPECT_EQ(user.session().scenario().skin.region, "forehead");
  ASSERT_TRUE(user.until([&] { return user.session().now() >= 20'000 && user.session().catching_up() >= 1; }));
  EXPECT_NE(user.session().recording().at("skin.indentation", 19'000), before_m);
  ASSERT_NE(user.session().ghost(), nullptr);
  EXPECT_EQ(user.session().ghost()->at("skin.indentation", 19'000), before_m);
}

// With the keyboard, in the firmware panel: a variable written and a line sent to the console, both at the cursor.
TEST(Timeline, PokesAndConsoleLinesAreTyped) {
  Calendar user;
  user.session().add_watch("speed_loop.integral");
  ASSERT_TRUE(user.run_to(20000));
  user.app.layout = Layout::firmware;
  seek(user.app, 0.5);
  user.frames(4);
  const ImGuiWindow* panel = nullptr;
  for (const ImGuiWindow* w : ImGui::GetCurrentContext()->Windows)
    if (w->Active && std::string(w->Name).find("firmware_") != std::string::npos && !panel) panel = w;
  ASSERT_NE(panel, nullptr);
  const auto pokes = [&] {
    return std::count_if(user.session().timeline().begin(), user.session().timeline().end(),
                         [](const Command& c) { return c.kind == Command::Kind::poke; });
  };
  const float right = panel->Pos.x + panel->Size.x - 40, bottom = panel->Pos.y + panel->Size.y;
  // The first box at the right edge pokes the first watched variable.
  float y = panel->Pos.y;
  while (y < bottom && !ImGui::GetIO().WantTextInput) user.click(right, y += 8);
  ASSERT_TRUE(ImGui::GetIO().WantTextInput);
  user.type("2.5x");
  user.press(ImGuiKey_Enter);
  EXPECT_EQ(pokes(), 0);
  EXPECT_NE(user.app.firmware.problem, "");
  // The text stays to be mended.
  user.click(right, y);
  user.press(ImGuiKey_End);
  for (int i = 0; i < 4; ++i) user.press(ImGuiKey_Backspace);
  user.type("1");
  user.press(ImGuiKey_Enter);
  EXPECT_EQ(user.app.firmware.problem, "");
  ASSERT_EQ(pokes(), 1);
  const auto& timeline = user.session().timeline();
  const auto poke =
      std::find_if(timeline.begin(), timeline.end(), [](const Command& c) { return c.kind == Command::Kind::poke; });
  EXPECT_EQ(poke->at, 10000);
  EXPECT_EQ(poke->value, 1);
  EXPECT_EQ(poke->name, "speed_loop.integral");
  // The console is the last line of the panel.
  user.click(panel->Pos.x + 60, bottom - 20);
  ASSERT_TRUE(ImGui::GetIO().WantTextInput);
  user.type("status");
  user.press(ImGuiKey_Enter);
  const auto line =
      std::find_if(timeline.begin(), timeline.end(), [](const Command& c) { return c.kind == Command::Kind::uart; });
  ASSERT_NE(line, timeline.end());
  EXPECT_EQ(line->at, 10000);
  EXPECT_EQ(line->text, "status\n");
  EXPECT_EQ(user.app.firmware.uart[0], 0);
  // The run comes up again to where it was, and the cursor stands where it stood.
  EXPECT_TRUE(user.until([&] { return user.session().catching_up() >= 1 && !user.app.playback.target_s; }));
  EXPECT_NEAR(user.app.cursor_s, 0.5, 1e-9);
}

TEST(Timeline, WhatIsSavedRunsAgainWithTheSameHash) {
  const test::Folder folder;
  Calendar user;
  ASSERT_TRUE(user.run_to(16000));
  user.session().post({16000, Command::Kind::poke, "speed_loop.integral", 3.0, 0, 0, ""});
  user.drop("hall.dropout", 0.7);
  user.edit("user.rate");
  user.retype("100 Hz");
  ASSERT_EQ(user.command("user.rate").value, 100);
  ASSERT_TRUE(user.run_to(user.session().duration()));
  ASSERT_TRUE(user.until([&] { return !user.session().hash().empty(); }));
  EXPECT_FALSE(user.session().fault());

  user.press('S', true);
  ASSERT_TRUE(user.app.overlay.save);
  user.frames(3);
  user.type("/nowhere/at_all.yaml");
  user.press(ImGuiKey_Enter);
  user.frames(2);
  EXPECT_NE(user.app.overlay.problem.find("/nowhere"), std::string::npos);
  EXPECT_EQ(user.app.overlay.saved, "");
  user.press(ImGuiKey_Escape);
  user.press('S', true);
  user.frames(3);
  const std::string path = folder / "worked.yaml";
  user.type(path.c_str());
  user.press(ImGuiKey_Enter);
  user.frames(3);
  EXPECT_EQ(user.app.overlay.saved, path);
  const auto again = test::run_scenarios(PENSIM_PROGRAM, {path});
  ASSERT_EQ(again.runs.size(), 1u) << again.ran.err;
  EXPECT_EQ(again.runs[0].at("hash"), user.session().hash());
  const auto plain = test::run_scenarios(PENSIM_PROGRAM, {cheek});
  EXPECT_NE(plain.runs.at(0).at("hash"), user.session().hash());
}

TEST(Timeline, ARecordingIsShownAndOpenedAsALiveRun) {
  const test::Folder folder;
  const auto ran = test::run_program(PENSIM_PROGRAM, {"run", "sim/cli/selftest/faults.yaml", "--out", folder.path()});
  ASSERT_LE(ran.code, 1) << ran.err;
  User user;
  open_recording(user.app, folder / "sim/cli/selftest/faults.h5");
  user.frames(3);
  const std::vector<Command> recorded = user.app.timeline.recorded;
  EXPECT_GT(recorded.size(), 4u);
  ASSERT_EQ(user.app.timeline.blocks.size(), recorded.size());
  const std::string hash = user.app.main.recording->meta().hash;
  user.app.selected.command = 0;
  user.press(ImGuiKey_Delete);
  user.frames(2);
  EXPECT_EQ(user.app.timeline.recorded.size(), recorded.size());

  setenv("PENSIM_CORES", PENSIM_CORES, 1);
  const ImVec2 title = title_of_timeline();
  user.click(title.x + 40, title.y);  // "Open as a live run"
  ASSERT_TRUE(user.app.session) << user.app.message;
  user.app.session->run_to(user.app.session->duration());
  for (int i = 0; i < 8000 && user.app.session->hash().empty(); ++i) {
    user.frames(1, 0.02);
    usleep(500);
  }
  EXPECT_EQ(user.app.session->hash(), hash);
}

}  // namespace
}  // namespace pensim::dashboard
