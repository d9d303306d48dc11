// The dashboard driven by mouse and keys, without a window: what the user does changes the view, the picture is the
// same each time, and no text is cut or overlaps.
#include "sim/dashboard/app.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <imgui.h>
#include <imgui_internal.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <map>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/history.h"
#include "sim/dashboard/keys.h"
#include "sim/dashboard/legend.h"
#include "sim/dashboard/library.h"
#include "sim/dashboard/measures.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/plots.h"
#include "sim/dashboard/remember.h"
#include "sim/dashboard/screenshot.h"
#include "sim/dashboard/strokes.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/display_units.h"
#include "sim/draw/headless.h"
#include "sim/input/input_error.h"
#include "tests/sim/dashboard/synthetic_run.h"
#include "tests/sim/dashboard/user.h"
#include "tests/sim/program.h"

namespace pensim::dashboard {
namespace {

struct Runs {
  test::Folder folder;
  std::string a = folder / "a.h5", b = folder / "b.h5";
  Runs() {
    write_synthetic_run(a, {});
    write_synthetic_run(b, {.rate_Hz = 110});
  }
};
const Runs& runs() {
  static const Runs all;
  return all;
}

// In the middle of the first plot of the layout `plots` at 1600 x 1000.
constexpr float plot_x = 600, plot_y = 180;

TEST(App, WheelZoomsAboutThePointer) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  user.move(plot_x - 4, plot_y);  // a pointer that has not moved yet points at nothing
  user.move(plot_x, plot_y);
  ASSERT_TRUE(user.app.plots.hover_s);
  const double at = *user.app.plots.hover_s, span = user.app.time.to_s - user.app.time.from_s;
  user.wheel(plot_x, plot_y, 3);
  EXPECT_NEAR(user.app.time.to_s - user.app.time.from_s, span * std::pow(0.8, 3), 1e-9);
  user.frames(1);
  EXPECT_NEAR(*user.app.plots.hover_s, at, span * 1e-3);
  for (int i = 0; i < 60; ++i) user.wheel(plot_x, plot_y, 5);
  EXPECT_GE(user.app.time.to_s - user.app.time.from_s, 1.9e-6);  // there is an end
  for (int i = 0; i < 60; ++i) user.wheel(plot_x, plot_y, -5);
  EXPECT_LE(user.app.time.to_s - user.app.time.from_s, 2 * user.app.main.recording->duration_s());
}

TEST(App, DragMovesBoxZoomsDoublePressFits) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  user.wheel(plot_x, plot_y, 5);
  const double from = user.app.time.from_s, span = user.app.time.to_s - from;
  user.drag(plot_x, plot_y, plot_x - 100, plot_y);
  EXPECT_GT(user.app.time.from_s, from);
  EXPECT_NEAR(user.app.time.to_s - user.app.time.from_s, span, 1e-9);
  EXPECT_TRUE(user.app.plots.plots[0].fixed.empty());

  for (const bool shift : {true, false}) {
    const double before = user.app.time.to_s - user.app.time.from_s;
    user.drag(plot_x - 100, plot_y - 30, plot_x + 100, plot_y + 30, shift ? 0 : 1, shift);
    EXPECT_LT(user.app.time.to_s - user.app.time.from_s, before / 3);
    EXPECT_FALSE(user.app.plots.plots[0].fixed.empty());
  }

  user.move(plot_x, plot_y);
  for (int i = 0; i < 2; ++i) {
    ImGui::GetIO().MouseDown[0] = true;
    user.frames(1);
    ImGui::GetIO().MouseDown[0] = false;
    user.frames(1);
  }
  EXPECT_EQ(user.app.time.from_s, 0);
  EXPECT_EQ(user.app.time.to_s, user.app.main.recording->duration_s());
  EXPECT_TRUE(user.app.plots.plots[0].fixed.empty());
}

TEST(App, PressSetsTheCursorKeysStepIt) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  user.click(plot_x, plot_y);
  user.move(plot_x, plot_y);
  EXPECT_NEAR(user.app.cursor_s, *user.app.plots.hover_s, 1e-9);
  seek(user.app, 0.5);
  user.press(ImGuiKey_RightArrow);
  EXPECT_NEAR(user.app.cursor_s, 0.5 + 50e-6, 1e-12);
  user.press(ImGuiKey_LeftArrow);
  EXPECT_NEAR(user.app.cursor_s, 0.5, 1e-12);
  user.press(ImGuiKey_RightArrow, false, true);
  EXPECT_NEAR(user.app.cursor_s, 0.501, 1e-12);

  const auto& strokes = user.app.main.recording->strokes();
  user.press(ImGuiKey_RightArrow, true);
  const double boundary = user.app.cursor_s;
  EXPECT_TRUE(std::any_of(strokes.begin(), strokes.end(), [&](const StrokeRow& s) {
    return std::fabs(static_cast<double>(s.end) * 50e-6 - boundary) < 1e-9;
  }));
  user.press(ImGuiKey_RightArrow, true);
  EXPECT_NEAR(user.app.cursor_s - boundary, 1.0 / 120, 2e-4);
  user.press(ImGuiKey_LeftArrow, true);
  EXPECT_NEAR(user.app.cursor_s, boundary, 1e-9);

  user.press(ImGuiKey_Home);
  EXPECT_EQ(user.app.cursor_s, 0);
  user.press(ImGuiKey_RightArrow, true, true);  // the next event: a command at 0.1 s
  EXPECT_NEAR(user.app.cursor_s, 0.1, 1e-9);
  user.press(ImGuiKey_End);
  EXPECT_NEAR(user.app.cursor_s, user.app.main.recording->duration_s() - 50e-6, 1e-9);  // the last tick
}

TEST(App, PlaysAtTheSpeedThatIsAskedFor) {
  User user;
  open_recording(user.app, runs().a);
  user.frames(2);
  seek(user.app, 0);
  user.press(ImGuiKey_Space);
  const double begin = user.app.cursor_s;
  user.frames(10, 0.02);
  EXPECT_NEAR(user.app.cursor_s - begin, 0.2, 1e-9);
  user.type("-");
  EXPECT_EQ(user.app.playback.speed, 0.5);
  const double later = user.app.cursor_s;
  user.frames(10, 0.02);
  EXPECT_NEAR(user.app.cursor_s - later, 0.1, 1e-9);
  user.press(ImGuiKey_Space);
  const double paused = user.app.cursor_s;
  user.frames(10, 0.02);
  EXPECT_EQ(user.app.cursor_s, paused);
  user.press(ImGuiKey_Space);
  user.frames(400, 0.02);
  EXPECT_NEAR(user.app.cursor_s, last_tick_s(user.app), 1e-9);
  EXPECT_FALSE(user.app.playback.playing);
}

// A scenario through the real session: runs at the speed asked for, is paused, stepped by a stroke that is not computed
// yet, taken up.
TEST(App, ALiveRunIsPausedSteppedAndTakenUp) {
  setenv("PENSIM_CORES", PENSIM_CORES, 1);
  User user;
  SessionOptions options;
  options.program = PENSIM_PROGRAM;
  open_scenario(user.app, "sim/cli/selftest/cheek.yaml", options);
  EXPECT_TRUE(user.app.playback.live);
  const auto until = [&](auto done) {
    for (int i = 0; i < 4000 && !done(); ++i) {
      user.frames(1, 0.02);
      usleep(500);
    }
    return done();
  };
  ASSERT_TRUE(until([&] { return last_tick_s(user.app) > 0.7; }));
  user.press(ImGuiKey_Space);
  EXPECT_FALSE(user.app.playback.playing);
  ASSERT_TRUE(until([&] { return user.app.session->state() == Session::State::paused; }));
  const double paused = last_tick_s(user.app);
  user.frames(20, 0.02);
  EXPECT_EQ(last_tick_s(user.app), paused);
  seek(user.app, paused);
  const std::size_t strokes = user.app.main.recording->strokes().size();
  user.press(ImGuiKey_RightArrow, true);
  ASSERT_TRUE(until([&] { return user.app.playback.goal == Goal::none; }));
  EXPECT_GT(user.app.main.recording->strokes().size(), strokes);
  EXPECT_GT(user.app.cursor_s, paused);
  EXPECT_LT(user.app.cursor_s, paused + 0.03);
  seek(user.app, last_tick_s(user.app));
  user.press(ImGuiKey_Space);
  EXPECT_TRUE(user.app.playback.live);
  ASSERT_TRUE(until([&] { return user.app.session->state() == Session::State::ended; }));
  user.frames(3, 0.02);
  EXPECT_NEAR(user.app.cursor_s, 1.2 - 50e-6, 1e-9);
  EXPECT_FALSE(user.app.playback.playing);
  // Pauses and steps leave no trace.
  const auto plain = test::run_scenarios(PENSIM_PROGRAM, {"sim/cli/selftest/cheek.yaml"});
  EXPECT_EQ(user.app.session->hash(), plain.runs.at(0).at("hash"));

  // A change of the past: what was is the ghost, and both are drawn.
  user.app.layout = Layout::plots;
  user.frames(4);
  const Image before = user.picture();
  Command slower;
  slower.at = 16000;
  slower.name = "user.rate";
  slower.value = 100;
  user.app.session->post(slower);
  ASSERT_TRUE(until(
      [&] { return user.app.ghost.recording && user.app.session->catching_up() >= 1 && last_tick_s(user.app) > 0.9; }));
  user.frames(4);
  EXPECT_EQ(value_at(user.app.ghost, "user.rate", 0.9), value_at(user.app.ghost, "user.rate", 0.7));
  EXPECT_EQ(value_at(user.app.main, "user.rate", 0.9), 100);
  EXPECT_NE(user.picture().pixels, before.pixels);
  user.press(ImGuiKey_Z, true);
  ASSERT_TRUE(until([&] {
    return user.app.session->catching_up() >= 1 && last_tick_s(user.app) > 0.9 &&
           value_at(user.app.main, "user.rate", 0.9) != 100;
  }));
}

// Marks, and what is measured between them against the numbers of the signal itself: 1 mm sin(2 pi f t) around 0.
TEST(App, MarksMeasure) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  user.move(1500, 990);  // off the plots: marks stand at the cursor
  seek(user.app, 0.5);
  user.type("a");
  seek(user.app, 1.0);
  user.type("b");
  ASSERT_TRUE(user.app.mark_a_s && user.app.mark_b_s);
  EXPECT_EQ(*user.app.mark_a_s, 0.5);
  EXPECT_EQ(*user.app.mark_b_s, 1.0);
  const Stretch m = measure_stretch(user.app.main, "needle.extension", 0.5, 1.0 - 50e-6);
  EXPECT_NEAR(m.mean, 0, 1e-8);  // 60 whole periods
  EXPECT_NEAR(m.rms, 1e-3 / std::sqrt(2.0), 1e-7);
  EXPECT_NEAR(m.min, -1e-3, 1e-6);
  EXPECT_NEAR(m.max, 1e-3, 1e-6);
  ASSERT_TRUE(user.app.plots.measured.count("needle.extension"));
  // A mark is dragged; the view stays.
  const float a_x = 67 + 0.25f * 1266;
  user.move(a_x, plot_y);
  for (int i = 0; i < 200 && std::fabs(*user.app.plots.next_hover_s - 0.5) > 5e-4; ++i)
    user.move(a_x + static_cast<float>(i - 100) * 0.5f, plot_y);
  const float found = ImGui::GetIO().MousePos.x;
  ASSERT_NEAR(*user.app.plots.next_hover_s, 0.5, 1e-3);
  user.drag(found, plot_y, found + 60, plot_y);
  EXPECT_GT(*user.app.mark_a_s, 0.55);
  EXPECT_EQ(user.app.time.from_s, 0);
  user.move(1500, 990);
  seek(user.app, 1.0);
  user.type("b");  // again at the same place: gone
  EXPECT_FALSE(user.app.mark_b_s);
}

TEST(App, SearchAndPressPutASignalIntoThePlot) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  user.type("/");
  ASSERT_TRUE(user.app.plots.browser);
  user.frames(2);
  user.type("ntc_hous");
  EXPECT_EQ(user.app.plots.search, "ntc_hous");
  user.frames(2);
  const std::size_t before = user.app.plots.plots[0].signals.size();
  user.click(90, 128);  // the first of the list
  EXPECT_EQ(user.app.plots.plots[0].signals.size(), before + 1);
  EXPECT_EQ(user.app.plots.plots[0].signals.back(), "adc.ntc_housing");
  user.drag(90, 128, plot_x + 100, 500);  // onto the third
  bool found = false;
  for (std::size_t i = 1; i < user.app.plots.plots.size(); ++i)
    found = found || std::count(user.app.plots.plots[i].signals.begin(), user.app.plots.plots[i].signals.end(),
                                "adc.ntc_housing") == 1;
  EXPECT_TRUE(found);
}

TEST(App, GoToReadsAnInstantAndRefusesALength) {
  User user;
  open_recording(user.app, runs().a);
  user.frames(2);
  user.type("g");
  user.frames(3);
  user.type("750 ms");
  user.press(ImGuiKey_Enter);
  EXPECT_NEAR(user.app.cursor_s, 0.75, 1e-9);
  EXPECT_FALSE(user.app.overlay.go_to);
  user.type("g");
  user.frames(3);
  user.type("3 mm");
  user.press(ImGuiKey_Enter);
  EXPECT_NE(user.app.overlay.problem.find("length"), std::string::npos) << user.app.overlay.problem;
  EXPECT_TRUE(user.app.overlay.go_to);  // to be put right
  EXPECT_NEAR(user.app.cursor_s, 0.75, 1e-9);
  user.press(ImGuiKey_Escape);
  EXPECT_FALSE(user.app.overlay.go_to);
  user.type("g");
  user.frames(3);
  user.type("0.6");  // as all times are shown
  user.press(ImGuiKey_Enter);
  EXPECT_NEAR(user.app.cursor_s, 0.6, 1e-9);
}

TEST(App, AMessageMovesNothing) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  user.move(plot_x, plot_y);
  const std::vector<MinMax> curve = user.app.plots.curves.begin()->second.column;
  const double hovered = *user.app.plots.hover_s;
  user.app.message = "something is not as it should be";
  user.frames(3);
  user.move(plot_x, plot_y);
  EXPECT_EQ(*user.app.plots.hover_s, hovered);
  EXPECT_EQ(user.app.plots.curves.begin()->second.column.size(), curve.size());
  user.press(ImGuiKey_Escape);
  EXPECT_EQ(user.app.message, "");
}

TEST(App, ListsAreUsedByKeys) {
  User user;
  user.frames(30);
  user.type("/");
  user.frames(2);
  user.type("drop hall");
  user.frames(2);
  EXPECT_EQ(counted(user.app.library), "1 of 72 scenarios  ·  0 of 0 recordings");
  EXPECT_EQ(user.app.library.mark.at, 0);
  // Signals: arrows and Return take one into the plot, with ctrl into one of its own.
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  user.type("/");
  user.frames(2);
  user.type("speed motor");
  user.press(ImGuiKey_Enter);
  user.frames(3);
  EXPECT_EQ(user.app.plots.plots[0].signals.back(), "motor.speed");
  user.press(ImGuiKey_Enter);
  user.frames(3);
  EXPECT_NE(user.app.plots.plots[0].signals.back(), "motor.speed");
  const std::size_t plots = user.app.plots.plots.size();
  user.press(ImGuiKey_Enter, true);
  user.frames(3);
  ASSERT_EQ(user.app.plots.plots.size(), plots + 1);
  EXPECT_EQ(user.app.plots.plots.back().signals, std::vector<std::string>{"motor.speed"});
  user.press(ImGuiKey_Escape);
  user.press(ImGuiKey_Escape);
  ASSERT_FALSE(user.app.plots.browser);
  // Requirements, and which plot is acted on.
  EXPECT_EQ(user.app.selected.requirement, "RATE");  // it fails
  user.press(ImGuiKey_DownArrow);
  EXPECT_EQ(user.app.selected.requirement, "DEPTH");
  user.press(ImGuiKey_UpArrow);
  EXPECT_EQ(user.app.selected.requirement, "RATE");
  user.app.plots.active = 0;
  user.press(ImGuiKey_Tab);
  EXPECT_EQ(user.app.plots.active, 1);
}

TEST(App, ReturnOpensTheScenarioThatWasFound) {
  setenv("PENSIM_CORES", PENSIM_CORES, 1);
  User user;
  user.frames(30);
  user.type("/");
  user.frames(2);
  user.type("drop hall");
  user.press(ImGuiKey_Enter);
  user.frames(2);
  EXPECT_EQ(user.app.screen, Screen::run);
  ASSERT_NE(user.app.session, nullptr);
  EXPECT_NE(user.app.session->scenario().path.find("hall_dropout"), std::string::npos);
}

TEST(App, EscapeClosesAList) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  const ImVec2 speed{440, 965};  // the box of speeds
  user.click(speed.x, speed.y);
  ASSERT_TRUE(ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel));
  user.press(ImGuiKey_DownArrow);
  user.press(ImGuiKey_Escape);
  user.frames(2);
  EXPECT_FALSE(ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel));
  EXPECT_EQ(user.app.playback.speed, 1);
  user.click(speed.x, speed.y);
  user.press(ImGuiKey_DownArrow);
  user.press(ImGuiKey_Enter);
  user.frames(2);
  EXPECT_EQ(user.app.playback.speed, 2);
}

TEST(App, PlotsAreTakenBackAndKept) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.frames(3);
  const std::size_t plots = user.app.plots.plots.size();
  user.app.plots.plots.push_back({"mine", {"pin.hall"}, false, false, {}});
  user.frames(2);
  EXPECT_TRUE(can_undo(user.app));
  user.app.plots.plots.back().signals.clear();  // "Remove this plot"
  user.frames(2);
  ASSERT_EQ(user.app.plots.plots.size(), plots);
  user.press(ImGuiKey_Z, true);
  ASSERT_EQ(user.app.plots.plots.size(), plots + 1);
  EXPECT_EQ(user.app.plots.plots.back().title, "mine");
  EXPECT_NE(user.app.notice.find("plots"), std::string::npos);
  user.press(ImGuiKey_Y, true);
  EXPECT_EQ(user.app.plots.plots.size(), plots);
  user.press(ImGuiKey_Z, true);
  // The next run of this kind begins with them, a signal that it does not have apart.
  ASSERT_EQ(user.app.kept_plots.count("pen"), 1u);
  user.app.kept_plots["pen"].push_back({"other", {"fw.nowhere"}, false, false, {}});
  const test::Folder folder;
  setenv("XDG_STATE_HOME", folder.path().c_str(), 1);
  remember({true, Layout::plots, 1440, 900, user.app.kept_plots, {"/a/saved.yaml"}, 1.25f});
  EXPECT_EQ(recall().saved, std::vector<std::string>{"/a/saved.yaml"});
  EXPECT_EQ(recall().enlarged, 1.25f);
  User later;
  later.app.kept_plots = recall().plots;
  unsetenv("XDG_STATE_HOME");
  open_recording(later.app, runs().b);
  later.app.layout = Layout::plots;
  later.frames(2);
  ASSERT_EQ(later.app.plots.plots.size(), plots + 1);
  EXPECT_EQ(later.app.plots.plots.back().title, "mine");
}

// "the other minus this one" has a sign: it is B - A, and the legend says so.
TEST(App, AComparisonShowsAAndBAndTheirDifference) {
  User user;
  open_comparison(user.app, runs().a, runs().b);
  user.frames(3);
  const double at = 1.2;  // both at their set rate: A 120 Hz, B 110 Hz
  const LegendNumbers numbers = legend_numbers(user.app, user.app.plots.plots[2], "user.rate", at);
  EXPECT_EQ(numbers.value, "120.0");
  EXPECT_EQ(numbers.second, "110.0");
  EXPECT_EQ(numbers.change, "-10.0");
  Plot difference = user.app.plots.plots[2];
  difference.difference = true;
  EXPECT_EQ(legend_numbers(user.app, difference, "user.rate", at).value, "-10.0");
  const Curve& c = read_difference(user.app.plots, user.app.main, user.app.other, "user.rate", 1.1, 1.3, 10);
  EXPECT_EQ(c.low, -10);
}

TEST(App, AValuePerStrokeSaysOfWhichStroke) {
  User user;
  open_recording(user.app, runs().a);
  user.frames(2);
  const auto& strokes = user.app.main.recording->strokes();
  const double in_13th = (static_cast<double>(strokes[12].begin + strokes[12].end) / 2) * 50e-6;
  EXPECT_EQ(whole_stroke_at(user.app.main, in_13th), 12);  // the 13th is not over yet
  EXPECT_EQ(whole_stroke_at(user.app.main, static_cast<double>(strokes[12].end) * 50e-6), 13);
  EXPECT_EQ(whole_stroke_at(user.app.main, 0), 0);
  EXPECT_EQ(legend_label(user.app, "stroke.dwell", in_13th), "dwell, stroke 12");
  EXPECT_EQ(legend_label(user.app, "motor.speed", in_13th), "speed");
  EXPECT_EQ(legend_label(user.app, "stroke.rate", in_13th), "stroke rate");
  EXPECT_TRUE(overdue_spans(user.app.main, 0.1, 1.9).empty());
  EXPECT_NE(legend_hint(user.app, "stroke.dwell", in_13th).find("of stroke 12, "), std::string::npos);
}

// Strokes at 120 Hz end between two ticks: their periods are equal, whatever the ticks say.
TEST(App, JitterIsThatOfInterpolatedBoundaries) {
  const Recording r = Recording::open(runs().a);
  const auto& strokes = r.strokes();
  ASSERT_NE(strokes[10].end - strokes[10].begin, strokes[11].end - strokes[11].begin);
  for (const StrokeRow& row : strokes) EXPECT_NEAR(period_of(r, row), 1.0 / 120, 1e-9);
  Document document;
  document.recording = &r;
  const Stretch m = measure_stretch(document, "stroke.jitter", 0.1, 1.9);
  EXPECT_GT(m.count, 200);
  EXPECT_LT(m.max, 1e-9);
  const Stretch period = measure_stretch(document, "stroke.period", 0.1, 1.9);
  EXPECT_TRUE(period.by_stroke);
  EXPECT_NEAR(period.mean, 1.0 / 120, 1e-9);
  EXPECT_LT(period.deviation, 1e-9);
  const std::vector<double> shown = stroke_values(r, "stroke.period", {0, static_cast<int>(strokes.size()) - 1});
  EXPECT_EQ(shown.size(), strokes.size());
  for (const double ms : shown) EXPECT_NEAR(ms, 1000.0 / 120, 1e-6);
}

// 1 mm sin(2 pi 120 Hz t).
TEST(App, MeasuresDeviationEdgesAndWhereItIsLargest) {
  const Recording r = Recording::open(runs().a);
  Document document;
  document.recording = &r;
  const Stretch m = measure_stretch(document, "needle.extension", 0.5, 1.0 - 50e-6);
  EXPECT_NEAR(m.deviation, 1e-3 / std::sqrt(2.0), 1e-7);
  EXPECT_NEAR(static_cast<double>(m.rises), 60, 1);
  EXPECT_NEAR(m.frequency_Hz, 120, 0.2);
  const std::optional<double> top = extreme_at(document, "needle.extension", 0.5, 0.5 + 1.0 / 120, true);
  ASSERT_TRUE(top);
  EXPECT_NEAR(*top, 0.5 + 0.25 / 120, 60e-6);
  const std::optional<double> bottom = extreme_at(document, "needle.extension", 0.5, 0.5 + 1.0 / 120, false);
  ASSERT_TRUE(bottom);
  EXPECT_NEAR(*bottom, 0.5 + 0.75 / 120, 60e-6);
  // The set depth steps from 0 to 1 mm at 0.1 s: no overshoot, at once.
  const Stretch step = measure_stretch(document, "user.depth", 0.05, 0.4);
  EXPECT_NEAR(step.overshoot_1, 0, 1e-9);
  EXPECT_EQ(step.rise_s, 0);
  EXPECT_NEAR(step.settling_s, 0.05, 1.1e-3);
  const std::optional<Pulse> contact = pulse_at(document, "skin.contact", 0.1);
  ASSERT_TRUE(contact);
  EXPECT_NEAR(contact->to_s, 0.15, 1e-9);
  EXPECT_FALSE(contact->next_s);
}

TEST(App, TheTableOfMeasuresIsCopied) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  user.app.mark_a_s = 0.5, user.app.mark_b_s = 1.0;
  user.frames(3);
  const std::string csv = measures_csv(user.app);
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "signal,unit,at A,at B,B-A,mean,sd,rms,min,max,pk-pk,rises,frequency Hz,overshoot %,rise ms,settling ms");
  EXPECT_NE(csv.find("\nneedle.extension,mm,"), std::string::npos) << csv;
}

TEST(App, WhatAPlotShowsIsCopied) {
  User user;
  open_recording(user.app, runs().a);
  user.frames(2);
  user.app.time = {0.1, 0.1 + 4 * 50e-6 + 1e-9, false};
  const std::string csv = plot_csv(user.app, {"p", {"user.depth", "skin.contact", "fw.nowhere"}, false, false, {}});
  EXPECT_EQ(csv, "time s,user.depth mm,skin.contact\n0.1,1,0\n0.10005,1,0\n0.1001,1,0\n0.10015,1,0\n0.1002,1,0\n");
  user.app.time = {0, 2, false};
  const std::string all = plot_csv(user.app, {"p", {"motor.speed"}, false, false, {}}, 1000);
  EXPECT_LE(std::count(all.begin(), all.end(), '\n'), 1001);
}

TEST(App, LayoutsThemeHelpLibrary) {
  User user;
  open_recording(user.app, runs().a);
  user.frames(2);
  user.type("6");
  EXPECT_EQ(user.app.layout, Layout::plots);
  const Image dark = user.picture();
  user.type("t");
  EXPECT_FALSE(user.app.dark);
  EXPECT_NE(user.picture().pixels, dark.pixels);
  user.type("t");
  user.frames(2);
  EXPECT_EQ(user.picture().pixels, dark.pixels);
  user.type("?");
  EXPECT_TRUE(user.app.overlay.help);
  user.press(ImGuiKey_Escape);
  EXPECT_FALSE(user.app.overlay.help);
  user.type("l");
  EXPECT_EQ(user.app.screen, Screen::library);
  EXPECT_EQ(user.app.main.recording, nullptr);
  user.frames(30);
  EXPECT_TRUE(user.app.library.complete);
  EXPECT_GT(user.app.library.scenarios.size(), 40u);
  for (const LibraryScenario& s : user.app.library.scenarios) EXPECT_EQ(s.problem, "") << s.path;
  user.press('Q', true);
  EXPECT_TRUE(user.app.quit);
}

TEST(App, ComparisonDrawsTheDifference) {
  User user;
  open_comparison(user.app, runs().a, runs().b);
  user.frames(3);
  EXPECT_EQ(user.app.screen, Screen::compare);
  const Image both = user.picture();
  user.type("d");
  EXPECT_TRUE(user.app.plots.plots[0].difference);
  user.frames(2);
  EXPECT_NE(user.picture().pixels, both.pixels);
  // 120 and 110 Hz of equal amplitude: the difference reaches twice it, and never more.
  const Curve& c = read_difference(user.app.plots, user.app.main, user.app.other, "needle.extension", 0, 2, 500);
  EXPECT_NEAR(c.high, 2e-3, 1e-5);
  EXPECT_NEAR(c.low, -2e-3, 1e-5);
  const Curve& none = read_difference(user.app.plots, user.app.main, user.app.main, "needle.extension", 0, 2, 400);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 0);
}

TEST(App, SamePixelsEachTime) {
  const auto once = [] {
    User user;
    open_recording(user.app, runs().a);
    user.frames(5);
    return user.picture();
  };
  EXPECT_EQ(once().pixels, once().pixels);
}

// Requirement that fails between 1.0 and 1.2 s: the span is found, and shaded.
TEST(App, ViolatedSpansAreShaded) {
  User user;
  open_recording(user.app, runs().a);
  user.app.layout = Layout::plots;
  EXPECT_EQ(user.app.selected.requirement, "RATE");
  user.frames(4);
  const auto& spans = user.app.plots.violations.spans;
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].first, 20000);
  EXPECT_EQ(spans[0].second, 23999);
  const Image with = user.picture();
  user.app.selected.requirement.clear();
  user.frames(4);
  EXPECT_NE(user.picture().pixels, with.pixels);
}

// --- text ---

// Letters are quads with a texture that is not the white pixel. None may be cut at the side of its clip rectangle, and
// none may lie over a letter that does not stand in the same line of text.
struct Letter {
  ImVec2 low, high;
  int list;
};

std::vector<Letter> letters_of(const ImDrawData& data, std::vector<std::string>& cut) {
  std::vector<Letter> out;
  const ImVec2 white = ImGui::GetFontTexUvWhitePixel();
  for (int n = 0; n < data.CmdListsCount; ++n) {
    const ImDrawList& list = *data.CmdLists[n];
    const std::string owner = list._OwnerName ? list._OwnerName : "";
    for (const ImDrawCmd& command : list.CmdBuffer)
      for (unsigned i = 0; i + 5 < command.ElemCount; ++i) {
        const auto vertex = [&](unsigned k) -> const ImDrawVert& {
          return list.VtxBuffer[static_cast<int>(command.VtxOffset) +
                                list.IdxBuffer[static_cast<int>(command.IdxOffset + i + k)]];
        };
        const ImDrawVert &a = vertex(0), &b = vertex(1), &c = vertex(2);
        // A letter: a, b, c, a, c, d with four different texture coordinates, upright.
        if (vertex(3).pos.x != a.pos.x || vertex(4).pos.x != c.pos.x || a.pos.y != b.pos.y || b.pos.x != c.pos.x)
          continue;
        if (a.uv.x == white.x || a.uv.x == b.uv.x || b.uv.y == c.uv.y || a.pos.x >= b.pos.x || a.pos.y >= c.pos.y)
          continue;
        if ((c.pos.x - a.pos.x) < 1.5f) continue;
        const ImVec4& clip = command.ClipRect;
        const bool gone = c.pos.y <= clip.y || a.pos.y >= clip.w;  // scrolled away
        if (gone) continue;
        if (a.pos.x < clip.x - 0.5f || c.pos.x > clip.z + 0.5f)
          cut.push_back(fmt::format("{} at {:.0f}, {:.0f}", owner, a.pos.x, a.pos.y));
        out.push_back({a.pos, c.pos, n});
        i += 5;
      }
  }
  return out;
}

int count_overlaps(const std::vector<Letter>& letters, std::string& where) {
  // Overlap of more than a third of a letter, by cells.
  std::map<std::pair<int, int>, std::vector<std::size_t>> cells;
  int overlaps = 0;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const Letter& a = letters[i];
    for (int x = static_cast<int>(a.low.x) / 64; x <= static_cast<int>(a.high.x) / 64; ++x)
      for (int y = static_cast<int>(a.low.y) / 64; y <= static_cast<int>(a.high.y) / 64; ++y) {
        for (const std::size_t k : cells[{x, y}]) {
          const Letter& b = letters[k];
          const float w = std::min(a.high.x, b.high.x) - std::max(a.low.x, b.low.x),
                      h = std::min(a.high.y, b.high.y) - std::max(a.low.y, b.low.y);
          const float smaller =
              std::min((a.high.x - a.low.x) * (a.high.y - a.low.y), (b.high.x - b.low.x) * (b.high.y - b.low.y));
          if (w > 0 && h > 0 && w * h > smaller / 3) {
            ++overlaps;
            where = fmt::format("{:.0f}, {:.0f}", a.low.x, a.low.y);
          }
        }
        cells[{x, y}].push_back(i);
      }
  }
  return overlaps;
}

void expect_sound_text(const std::string& what) {
  std::vector<std::string> cut;
  std::string where;
  const std::vector<Letter> letters = letters_of(*ImGui::GetDrawData(), cut);
  EXPECT_GT(letters.size(), 150u) << what;
  EXPECT_TRUE(cut.empty()) << what << ": cut: " << (cut.empty() ? "" : cut.front()) << " and " << cut.size()
                           << " in all";
  EXPECT_EQ(count_overlaps(letters, where), 0) << what << ": letters over letters, the last at " << where;
}

// The check itself: two words over each other, and one that its room cuts.
TEST(App, TheCheckOfTextSeesWhatIsWrong) {
  Headless screen(400, 200, 1, true);
  const auto look = [&](auto draw, std::size_t& cuts, int& overlaps) {
    screen.frame([&] { draw(ImGui::GetForegroundDrawList()); });
    std::vector<std::string> cut;
    std::string where;
    overlaps = count_overlaps(letters_of(*ImGui::GetDrawData(), cut), where);
    cuts = cut.size();
  };
  std::size_t cuts = 0;
  int overlaps = 0;
  look(
      [](ImDrawList* l) {
        l->AddText({10, 10}, IM_COL32_WHITE, "needle"), l->AddText({10, 40}, IM_COL32_WHITE, "needle");
      },
      cuts, overlaps);
  EXPECT_EQ(cuts, 0u);
  EXPECT_EQ(overlaps, 0);
  look(
      [](ImDrawList* l) {
        l->AddText({10, 10}, IM_COL32_WHITE, "needle"), l->AddText({14, 12}, IM_COL32_WHITE, "needle");
      },
      cuts, overlaps);
  EXPECT_GT(overlaps, 2);
  look(
      [](ImDrawList* l) {
        l->PushClipRect({0, 0}, {31, 100}), l->AddText({10, 10}, IM_COL32_WHITE, "needle"), l->PopClipRect();
      },
      cuts, overlaps);
  EXPECT_GT(cuts, 0u);
}

TEST(App, NoTextIsCutOrOverlaps) {
  // A run with all there is to show, and one whose title and signals are few.
  const test::Folder folder;
  const auto ran = test::run_program(PENSIM_PROGRAM, {"run", "scenarios/treatment/cheek_1mm.yaml", "--out",
                                                      folder.path(), "--watch", "speed_loop.integral"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string cheek = folder / "scenarios/treatment/cheek_1mm.h5";
  for (const auto& [width, height] : {std::pair{1280, 720}, {1600, 1000}, {3840, 2160}}) {
    for (const std::string& path : {cheek, runs().a})
      for (int layout = 0; layout < layout_count; ++layout) {
        User user(width, height);
        if (static_cast<Layout>(layout) == Layout::compare)
          open_comparison(user.app, path, runs().b);
        else
          open_recording(user.app, path);
        user.app.layout = static_cast<Layout>(layout);
        user.frames(4);
        const std::string what =
            fmt::format("{} of {} at {}x{}", layout_name(user.app.layout), user.app.main.label, width, height);
        expect_sound_text(what);
        user.app.mark_a_s = 0.5, user.app.mark_b_s = 0.7;
        show_stretch(user.app, 1.2345, 1.2351);
        user.frames(4);
        expect_sound_text(what + ", zoomed, with marks");
      }
    User user(width, height);
    user.frames(40);
    expect_sound_text(fmt::format("library at {}x{}", width, height));
  }
}

// --- bad input ---

TEST(App, HostileRecordingsOpenWithAMessageOrASentence) {
  const test::Folder folder;
  struct Case {
    const char* name;
    SyntheticRun run;
  };
  const Case cases[] = {{"one sample", {.ticks = 1}},
                        {"two samples", {.ticks = 2}},
                        {"no strokes", {.strokes = false}},
                        {"all NaN", {.ticks = 4000, .nan = true}},
                        {"infinite", {.ticks = 4000, .infinite = true}},
                        {"many signals", {.ticks = 2000, .extra_signals = 3000}}};
  for (const Case& c : cases) {
    const std::string path = folder / (std::string(c.name) + ".h5");
    write_synthetic_run(path, c.run);
    User user;
    open_recording(user.app, path);
    for (int layout = 0; layout < layout_count; ++layout) {
      user.app.layout = static_cast<Layout>(layout);
      user.frames(2);
      seek(user.app, 1e9);
      user.wheel(plot_x, plot_y, 3);
      user.type("/ab");
      user.press(ImGuiKey_Escape);
      user.frames(2);
    }
    EXPECT_NE(user.picture().pixels[0], 0u) << c.name;
  }
  // Truncated at every tenth, and not a recording at all.
  const std::string whole = test::read_file(runs().a);
  for (int tenth = 0; tenth < 10; ++tenth) {
    const std::string path = folder / ("cut.h5");
    std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() * static_cast<std::size_t>(tenth) / 10);
    User user;
    try {
      open_recording(user.app, path);
      user.frames(3);
    } catch (const InputError& e) {
      EXPECT_NE(std::string(e.what()).find("cut.h5"), std::string::npos);
      EXPECT_EQ(user.app.main.recording, nullptr);  // nothing has changed
    }
  }
  User user;
  EXPECT_THROW(open_any(user.app, folder / "none.h5"), InputError);
  EXPECT_THROW(open_any(user.app, folder.path()), InputError);
  EXPECT_EQ(user.app.screen, Screen::library);
}

TEST(App, RemembersAndForgivesABadFile) {
  const test::Folder folder;
  setenv("XDG_STATE_HOME", folder.path().c_str(), 1);
  EXPECT_EQ(recall().layout, Layout::run);
  remember({false, Layout::firmware, 1111, 777});
  const Remembered r = recall();
  EXPECT_FALSE(r.dark);
  EXPECT_EQ(r.layout, Layout::firmware);
  EXPECT_EQ(r.width, 1111);
  EXPECT_EQ(r.height, 777);
  for (const char* bad : {"", "{", "[]", "{\"width\": -5, \"height\": 1e99, \"layout\": 3, \"dark\": \"yes\"}",
                          "\x01\xff", "{\"width\": 99999999999999999999}"}) {
    test::write_file(folder / "pensim/dashboard.json", bad);
    const Remembered b = recall();
    EXPECT_GE(b.width, 640) << bad;
    EXPECT_LE(b.width, 16384) << bad;
    EXPECT_TRUE(b.dark) << bad;
  }
  setenv("XDG_STATE_HOME", "/proc/nowhere", 1);
  remember({});
  unsetenv("XDG_STATE_HOME");
}

TEST(App, EveryKeyIsDocumented) {
  const std::string page = test::read_file("docs/dashboard.md");
  for (const KeyHelp& k : key_table())
    EXPECT_NE(page.find(fmt::format("| {} | {} |\n", k.keys, k.what)), std::string::npos) << k.keys;
}

TEST(App, UnitsAsTheyAreShown) {
  EXPECT_EQ(format_value(0.9874e-3, "m"), "0.9874 mm");
  EXPECT_EQ(format_value(296.15, "K"), "23.00 °C");
  EXPECT_EQ(format_difference(-0.5, "K"), "-0.5000 K");
  EXPECT_EQ(format_value(0.25, "A"), "250.0 mA");
  EXPECT_EQ(format_value(std::nan(""), "N"), "NaN N");
  EXPECT_EQ(format_value(3e7, "1/m^2"), "3000 /cm²");
  EXPECT_EQ(format_value(1e12, "Hz"), "1.00e+12 Hz");
  EXPECT_EQ(format_time(1.23456789, 1e-4), "1.2346 s");
}

}  // namespace
}  // namespace pensim::dashboard
