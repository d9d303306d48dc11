// A live run in the dashboard: verdicts that are those of what is on show, a hash and a recording like those of `pensim
// run`, and nothing that is lost unasked.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/history.h"
#include "sim/dashboard/legend.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/requirements_panel.h"
#include "sim/dashboard/transport.h"
#include "sim/input/input_error.h"
#include "tests/sim/dashboard/user.h"
#include "tests/sim/program.h"

namespace pensim::dashboard {
namespace {

constexpr const char* text_of_run = R"yaml(# What the bench shows.
title: A short treatment
seed: 3
duration: 1.5 s
firmware: reference_pen  # as shipped
skin: {region: cheek}
operator: {press: 1.5 N, glide: 20 mm/s, track: 40 mm, passes: 4}
timeline:
  # the dials
  - {at: 100 ms, set: user.depth, to: 1.0 mm}
  - {at: 0.1 s, set: user.rate, to: 120 Hz}  # the usual one
  - {at: 0.2 s, set: user.start, to: on}
  - {at: 0.7 s, set: operator.contact, to: on}
require:
  - {id: RATE, text: the rate holds, that: "always[0.6 s, end] (abs(stroke.rate - user.rate) <= 0.05 * user.rate)"}
  - {id: LATE, text: punctures come, that: "eventually[1.0 s, 1.4 s] (needle.punctured > 0)"}
)yaml";

class LiveTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("PENSIM_CORES", PENSIM_CORES, 1);
    test::write_file(scenario, text_of_run);
    open();
  }
  void open() {
    SessionOptions options;
    options.program = PENSIM_PROGRAM;
    open_scenario(user.app, scenario, options);
    user.app.playback.speed = 0;
  }
  // Frames until it is so; `each` looks at every one of them.
  template <class F, class G>
  bool until(F done, G each) {
    for (int i = 0; i < 20000 && !done(); ++i) {
      user.frames(1, 0.02);
      each();
      usleep(500);
    }
    return done();
  }
  template <class F>
  bool until(F done) {
    return until(done, [] {});
  }
  bool ended_and_judged() {
    return until([&] { return user.app.session->state() == Session::State::ended && !being_judged(user.app); });
  }
  Command slower() const {
    Command c;
    c.at = 16000;
    c.name = "user.rate";
    c.value = 100;
    return c;
  }
  Command dropout() const {
    Command c;
    c.at = 18000;
    c.kind = Command::Kind::fault;
    c.name = "hall.dropout";
    c.duration = 2000;
    return c;
  }

  test::Folder folder;
  std::string scenario = folder / "run.yaml";
  User user;
};

// No frame shows a verdict that is not that of what it shows.
TEST_F(LiveTest, VerdictsNeverLag) {
  const auto honest = [&] {
    const App& app = user.app;
    const bool ended = app.session->state() == Session::State::ended;
    for (const auto& row : app.requirements.rows) {
      if (!row.judged) continue;
      EXPECT_EQ(row.so_far, !ended && row.verdict.outcome != Outcome::fail) << row.id;
      if (ended) {
        EXPECT_NE(row.verdict.outcome, Outcome::invalid) << row.id << " at " << last_tick_s(app);
      }
      EXPECT_EQ(ended, app.requirements.judged.whole) << row.id;
      EXPECT_LE(app.requirements.judged.to, app.main.recording->ticks()) << row.id;
      EXPECT_GE(app.session->catching_up(), 1) << row.id;
    }
    EXPECT_EQ(run_verdict(app).has_value(), ended && !being_judged(app));
  };
  ASSERT_TRUE(
      until([&] { return user.app.session->state() == Session::State::ended && !being_judged(user.app); }, honest));
  ASSERT_EQ(user.app.requirements.rows.size(), user.app.main.requirements.size());
  for (const auto& row : user.app.requirements.rows) EXPECT_TRUE(row.judged) << row.id;
  EXPECT_EQ(run_verdict(user.app), RunVerdict::pass);

  // A fault in the past fails the rate: from the first frame on nothing says that it holds.
  user.app.session->post(dropout());
  user.frames(1, 0.02);
  for (const auto& row : user.app.requirements.rows) EXPECT_FALSE(row.judged) << row.id;
  EXPECT_FALSE(run_verdict(user.app));
  ASSERT_TRUE(ended_and_judged());
  EXPECT_EQ(user.app.requirements.rows.front().id, "RATE");
  EXPECT_EQ(user.app.requirements.rows.front().verdict.outcome, Outcome::fail);
  EXPECT_EQ(run_verdict(user.app), RunVerdict::fail);
}

TEST_F(LiveTest, HashAndRecordingAreThoseOfPensimRun) {
  ASSERT_TRUE(ended_and_judged());
  user.app.session->post(slower());
  ASSERT_TRUE(ended_and_judged());
  const std::string hash = user.app.session->hash();
  ASSERT_EQ(hash.size(), 16u);
  user.app.session->save(folder / "saved.yaml");
  user.app.session->save_recording(folder / "saved.h5");
  const auto plain = test::run_scenarios(PENSIM_PROGRAM, {folder / "saved.yaml"});
  ASSERT_EQ(plain.runs.size(), 1u);
  EXPECT_EQ(plain.runs[0].at("hash"), hash);
  const Recording kept = Recording::open(folder / "saved.h5");
  EXPECT_EQ(kept.meta().hash, hash);
  EXPECT_EQ(kept.meta().verdict, plain.runs[0].at("verdict"));
  EXPECT_EQ(kept.verdicts().size(), user.app.main.requirements.size());
  EXPECT_EQ(kept.ticks(), user.app.session->duration());
}

TEST_F(LiveTest, ARunThatHasNotEndedHasNoRecordingYet) {
  EXPECT_THROW(user.app.session->save_recording(folder / "early.h5"), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "early.h5"));
}

// ctrl+s onto the scenario that it began with: asked first; what was not changed stays as it was written.
TEST_F(LiveTest, SavingOverAFileAsksAndKeepsWhatWasNotChanged) {
  user.frames(2);
  user.app.session->post(slower());
  user.press('S', true);
  user.frames(3);
  user.type(scenario.c_str());
  user.press(ImGuiKey_Enter);
  user.frames(2);
  EXPECT_EQ(user.app.overlay.overwrite, scenario);
  EXPECT_EQ(test::read_file(scenario), text_of_run);
  EXPECT_TRUE(unsaved(user.app));
  user.press(ImGuiKey_Enter);
  user.frames(2);
  EXPECT_EQ(user.app.overlay.saved, scenario) << user.app.overlay.problem;
  EXPECT_FALSE(unsaved(user.app));
  const std::string text = test::read_file(scenario);
  for (const char* kept : {"# What the bench shows.\n", "firmware: reference_pen  # as shipped\n", "  # the dials\n",
                           "  - {at: 100 ms, set: user.depth, to: 1.0 mm}\n", "to: 120 Hz}  # the usual one\n",
                           "  - {at: 0.2 s, set: user.start, to: on}\n", "passes: 4}\n"})
    EXPECT_NE(text.find(kept), std::string::npos) << kept << "\n" << text;
  EXPECT_NE(text.find("  - {at: 0.8 s, set: user.rate, to: 100 Hz}\n"), std::string::npos) << text;
}

TEST_F(LiveTest, AChangedRunIsNotLeftUnasked) {
  user.frames(2);
  user.type("l");  // nothing was changed: at once
  EXPECT_EQ(user.app.screen, Screen::library);
  open();
  user.frames(2);
  user.app.session->post(slower());
  user.frames(2);
  user.type("l");
  EXPECT_EQ(user.app.screen, Screen::run);
  EXPECT_EQ(user.app.overlay.leave, Overlay::Leave::to_library);
  user.press(ImGuiKey_Escape);
  EXPECT_EQ(user.app.overlay.leave, Overlay::Leave::no);
  user.press('Q', true);
  EXPECT_FALSE(user.app.quit);
  EXPECT_FALSE(may_close(user.app));
  user.frames(3);
  user.press('N');
  EXPECT_TRUE(user.app.quit);
}

TEST_F(LiveTest, OneUndoForTheRunAndThePlotsAndTheGhostGoes) {
  ASSERT_TRUE(ended_and_judged());
  user.app.layout = Layout::plots;
  user.frames(3);
  user.app.session->post(slower());
  ASSERT_TRUE(ended_and_judged());
  ASSERT_NE(user.app.ghost.recording, nullptr);
  const std::size_t plots = user.app.plots.plots.size();
  user.app.plots.plots.pop_back();
  user.frames(2);
  user.press(ImGuiKey_Z, true);  // the last one: of the plots
  EXPECT_EQ(user.app.plots.plots.size(), plots);
  EXPECT_EQ(user.app.session->changes(), 1u);
  user.press(ImGuiKey_Z, true);  // then of the run
  EXPECT_EQ(user.app.session->changes(), 0u);
  EXPECT_EQ(user.app.ghost.recording, nullptr);
  ASSERT_TRUE(ended_and_judged());
  EXPECT_EQ(user.app.ghost.recording, nullptr);
  user.press(ImGuiKey_Y, true);
  EXPECT_EQ(user.app.session->changes(), 1u);
  ASSERT_TRUE(ended_and_judged());
  EXPECT_NE(user.app.ghost.recording, nullptr);
}

// The rate at the start, measured from where it is commanded: no 44 kHz at the first boundary.
TEST_F(LiveTest, TheRateOfTheStartIsMeasured) {
  ASSERT_TRUE(ended_and_judged());
  const Stretch m = measure_stretch(user.app.main, "stroke.rate", 0.2, 0.55);
  EXPECT_GT(m.max, 100);
  EXPECT_LT(m.max, 140);
  const Recording& r = *user.app.main.recording;
  EXPECT_LT(r.envelope("stroke.rate", 0, r.ticks(), 1)[0].max, 140);
  EXPECT_LT(m.overshoot_1, 0.1);
  // After the last stroke it is a bound, and says so.
  user.app.session->post(dropout());
  ASSERT_TRUE(ended_and_judged());
  const auto& strokes = user.app.main.recording->strokes();
  const double last_s = static_cast<double>(strokes.back().end) * 50e-6;
  ASSERT_LT(last_s, 1.2);
  EXPECT_EQ(legend_label(user.app, "stroke.rate", last_s + 0.1), "stroke rate, at most");
  const Stretch after = measure_stretch(user.app.main, "stroke.rate", last_s + 0.01, 1.4);
  EXPECT_EQ(after.count, 0);  // nothing was measured there
  EXPECT_GT(m.settling_s, 0.02);
  EXPECT_LT(m.settling_s, 0.3);
}

}  // namespace
}  // namespace pensim::dashboard
