// The special panels: what they work out against geometry and the recording, and what mouse and keys do to a real
// session.
#include "sim/dashboard/panels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "models/cartridge.h"
#include "sim/dashboard/firmware_panel.h"
#include "sim/dashboard/picture.h"
#include "sim/dashboard/requirements_panel.h"
#include "sim/dashboard/strokes.h"
#include "sim/dashboard/timeline_edit.h"
#include "sim/draw/axes.h"
#include "sim/draw/headless.h"
#include "sim/draw/theme.h"
#include "sim/input/input_error.h"
#include "sim/run/geometry.h"
#include "tests/sim/program.h"

namespace pensim::dashboard {
namespace {

const char* const text_of_run = R"yaml(title: panels
seed: 3
duration: 1.6 s
cartridge: {needles: 12}
operator: {press: 2 N, tilt: 5 deg}
timeline:
  - {at: 0.1 s, set: user.start, to: on}
  - {at: 0.4 s, set: operator.contact, to: on}
  - {at: 1.0 s, fault: hall.dropout, for: 0.2 s}
watch: [pen.state, speed_loop.integral]
record: {needles: each}
require:
  - {id: SHALLOW, text: never beyond a tenth, that: "always (needle.penetration_max <= 0.1 mm)"}
  - {id: TEAR, text: no long tear, that: "always (skin.tear <= 100 mm)"}
)yaml";

// A session run to its end, on show.
struct Live {
  App app;
  explicit Live(const std::string& name) {
    const std::string path = testing::TempDir() + "panels_" + name + "/run.yaml";
    test::write_file(path, text_of_run);
    setenv("PENSIM_CORES", PENSIM_CORES, 1);
    SessionOptions options;
    options.program = PENSIM_PROGRAM;
    app.session = std::make_unique<Session>(path, options);
    run(app.session->duration());
    app.main.requirements = app.session->scenario().requirements;
    app.time = {0, 1.6, false};
  }
  void run(Tick to) {
    app.session->run_to(to);
    for (int i = 0; i < 60000 && (app.session->now() < to || app.session->catching_up() < 1); ++i) {
      app.session->poll(1e-3);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_GE(app.session->now(), to);
    app.main.recording = &app.session->recording();
  }
};

void frame(Headless& screen, App& app, void (*draw)(App&)) {
  screen.frame([&] {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
    ImGui::Begin("test", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
    ImGui::PopStyleVar();
    draw(app);
    ImGui::End();
  });
}

void mouse(Headless& screen, App& app, void (*draw)(App&), float x, float y, bool down) {
  ImGui::GetIO().MousePos = {x, y};
  ImGui::GetIO().MouseDown[0] = down;
  frame(screen, app, draw);
}

TEST(Picture, IsDrawnFromTheGeometryOfTheModels) {
  for (int count = 1; count <= needle_count_max; ++count) {
    ResolvedScenario scenario;
    CartridgeParams& cartridge = scenario.plant.cartridge;
    cartridge.needle_count = count;
    cartridge.used_count = count % 4;
    const PenGeometry g = recorded_geometry(scenario);
    NeedlePlace places[needle_count_max];
    cartridge_places(cartridge, places);
    ASSERT_EQ(g.along_m.size(), static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < g.along_m.size(); ++i) {
      EXPECT_EQ(g.along_m[i], places[i].along_m);
      EXPECT_EQ(g.across_m[i], places[i].across_m);
      EXPECT_LT(std::hypot(g.along_m[i], g.across_m[i]), g.nose_inner_m);
    }
    EXPECT_EQ(g.tip_diameter_m, cartridge_tip_diameter_m(cartridge));
  }
}

TEST(Picture, TipsStandAtTheRecordedDepthAndTilt) {
  Live live("picture");
  const Recording& r = live.app.session->recording();
  const PenView view = pen_view(r.meta());
  ASSERT_TRUE(view.known());
  EXPECT_EQ(view.region, "cheek");
  // The deepest instant before the fault: every needle is in.
  Tick tick = 16000;
  for (Tick t = 16000; t < 19000; ++t)
    if (r.at("needle.tip_depth", t) > r.at("needle.tip_depth", tick)) tick = t;
  const PenMoment moment = pen_moment(r, view, seconds(tick * r.tick_ns()));
  const PictureLayout layout = picture_layout(view, moment);
  ASSERT_EQ(layout.needles.size(), 12u);
  ASSERT_GT(moment.in_skin, 0);
  double mean = 0;
  for (const NeedleLayout& n : layout.needles) {
    const auto i = static_cast<std::size_t>(n.index);
    EXPECT_NEAR(n.tip.z,
                static_cast<double>(r.at("needle.tip_depth", tick)) + view.along_m[i] * std::sin(moment.tilt_rad),
                2e-9);
    if (n.cut && n.penetration_m > 0) {
      EXPECT_NEAR(surface_m(view, layout, n.tip.x), n.tip.z - n.penetration_m, 1e-9);
    }
    EXPECT_FLOAT_EQ(static_cast<float>(n.penetration_m),
                    r.at("needle." + std::to_string(n.index) + ".penetration", tick));
    mean += n.tip.z / 12;
  }
  EXPECT_NEAR(mean, static_cast<double>(r.at("needle.tip_depth", tick)), 2e-9);
  // At full extension the cam is opposite its retracted dead centre.
  EXPECT_NEAR(moment.cam_rad, 3.14159, 0.35);
}

TEST(Strokes, EveryStrokePassesThroughEveryPhaseOnce) {
  Live live("strokes");
  const Recording& r = live.app.session->recording();
  const StrokeSpan span = strokes_around(r, 60, 12000, 19000, 30);
  ASSERT_EQ(span.last - span.first + 1, 30);
  StrokesState::Overlay o;
  lay_over(o, r, "needle.extension", span, 120, 80);
  // Extension rises to half a turn, then falls: the median stands in the recorded range and peaks in the middle.
  EXPECT_NEAR(static_cast<double>(std::max_element(o.p50.begin(), o.p50.end()) - o.p50.begin()) / 120, 0.5, 0.04);
  for (int i = 0; i < 120; ++i) {
    int least = 0;
    for (int k = 0; k < 80; ++k) least += o.count[static_cast<std::size_t>(i * 80 + k)];
    EXPECT_GE(least, 30) << i;  // none is lost
    EXPECT_LE(o.p5[static_cast<std::size_t>(i)], o.p95[static_cast<std::size_t>(i)]);
  }
  const std::vector<int> before = o.count;
  StrokesState::Overlay again;
  lay_over(again, r, "needle.extension", span, 120, 80);
  EXPECT_EQ(again.count, before);
}

TEST(Strokes, PhasesAreTold) {
  EXPECT_EQ(phase_of({0, 0, 0, 0, 0}), Phase::free);
  EXPECT_EQ(phase_of({0, 0, 0.1, 0, 0}), Phase::tent);
  EXPECT_EQ(phase_of({1e-5, 0, 0.1, 1, 1}), Phase::puncture);
  EXPECT_EQ(phase_of({2e-4, 1e-4, 0.3, 12, 0}), Phase::cutting);
  EXPECT_EQ(phase_of({2e-4, 2e-4, 0.2, 12, 0}), Phase::dwell);
  EXPECT_EQ(phase_of({1e-4, 2e-4, -0.1, 12, 0}), Phase::withdrawal);
}

TEST(Requirements, FormulaIsWrappedAtItsOperators) {
  const std::string text = "always (a > 1 and (b < 2 or android < 3) implies eventually[0 s, 1 s] (c > 2))";
  std::vector<std::string> lines;
  for (const FormulaLine& l : formula_lines(text))
    lines.push_back(text.substr(static_cast<std::size_t>(l.begin), static_cast<std::size_t>(l.end - l.begin)));
  EXPECT_EQ(lines, (std::vector<std::string>{"always (a > 1", "and (b < 2", "or android < 3)",
                                             "implies eventually[0 s, 1 s] (c > 2))"}));
}

// What has to hold so that the formula does, at an instant.
TEST(Requirements, OnlyWhatHasToHoldIsWrong) {
  const auto needs = [](const std::string& formula, std::vector<bool> truths, Tick tick) {
    const Formula f = parse_formula(formula, {});
    std::vector<PartTruth> parts;
    std::vector<int> open{f.root};
    std::vector<bool> given = std::move(truths);  // of every part, in the order of explain
    while (!open.empty()) {
      const Formula::Node& n = f.nodes[static_cast<std::size_t>(open.back())];
      open.pop_back();
      if (!n.condition) continue;
      PartTruth p;
      p.begin = n.begin, p.end = n.end, p.known = true, p.truth = given.at(parts.size());
      parts.push_back(p);
      if (n.op >= Formula::Op::truth && n.op <= Formula::Op::not_equal) continue;
      for (const int child : {n.right, n.left})
        if (child >= 0) open.push_back(child);
    }
    return needs_of(f, parts, tick, 20000, default_tick_ns);
  };
  using N = Need;
  // always, implies, antecedent false, consequent false: neither need hold.
  EXPECT_EQ(needs("always (motor.speed > 10 Hz implies user.start > 0)", {true, true, false, false}, 100),
            (std::vector<N>{N::hold, N::hold, N::none, N::none}));
  // ... antecedent true: the consequent must hold.
  EXPECT_EQ(needs("always (motor.speed > 10 Hz implies user.start > 0)", {false, false, true, false}, 100),
            (std::vector<N>{N::hold, N::hold, N::none, N::hold}));
  // Outside the window of the outermost `always` nothing need hold.
  EXPECT_EQ(needs("always[0.4 s, end] (motor.speed > 10 Hz)", {true, false}, 100), (std::vector<N>{N::hold, N::none}));
  EXPECT_EQ(needs("always[0.4 s, end] (motor.speed > 10 Hz)", {false, false}, 8000),
            (std::vector<N>{N::hold, N::hold}));
  // One side of an `or` is enough; where neither holds, both are missing.
  EXPECT_EQ(needs("always (motor.speed > 10 Hz or user.start > 0)", {true, true, false, true}, 0),
            (std::vector<N>{N::hold, N::hold, N::none, N::none}));
  EXPECT_EQ(needs("always (motor.speed > 10 Hz or user.start > 0)", {false, false, false, false}, 0),
            (std::vector<N>{N::hold, N::hold, N::hold, N::hold}));
  // `not` turns it round; at which instant `eventually` holds is free.
  EXPECT_EQ(needs("not (motor.speed > 10 Hz)", {false, true}, 0), (std::vector<N>{N::hold, N::not_hold}));
  EXPECT_EQ(needs("eventually (motor.speed > 10 Hz)", {true, false}, 0), (std::vector<N>{N::hold, N::none}));
}

TEST(Requirements, JudgesALiveRunAndAClickGoesWhereItFails) {
  Live live("requirements");
  Headless screen(500, 400, 1, true);
  for (int i = 0; i < 20000 && (i == 0 || being_judged(live.app)); ++i) {
    refresh_requirements(live.app, i * 0.01);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (int i = 0; i < 3; ++i) frame(screen, live.app, draw_requirements);
  ASSERT_GE(live.app.requirements.rows.size(), 2u);
  const auto row = live.app.requirements.rows.front();  // what fails stands first
  ASSERT_EQ(row.verdict.outcome, Outcome::fail);
  const float y = ImGui::GetFrameHeight() + ImGui::GetStyle().ItemSpacing.y + ImGui::GetFontSize();
  mouse(screen, live.app, draw_requirements, 120, y, false);
  mouse(screen, live.app, draw_requirements, 120, y, true);
  mouse(screen, live.app, draw_requirements, 120, y, false);
  EXPECT_EQ(live.app.selected.requirement, row.id);
  EXPECT_NEAR(live.app.cursor_s, row.verdict.at_s, 1e-4);
  frame(screen, live.app, draw_requirements);
  ASSERT_FALSE(live.app.requirements.parts.empty());
  EXPECT_FALSE(live.app.requirements.parts.back().truth);
}

TEST(Timeline, DragsKeepInsideTheRun) {
  using Part = TimelineState::Part;
  const Command fault{100, Command::Kind::fault, "hall.dropout", 0, 0, 50, ""};
  EXPECT_EQ(dragged(fault, Part::whole, -20, 1000).at, 0);
  EXPECT_EQ(dragged(fault, Part::whole, 5000, 1000).at, 999);
  EXPECT_EQ(dragged(fault, Part::whole, 300, 1000).duration, 50);
  EXPECT_EQ(dragged(fault, Part::begin, 120, 1000).at, 120);
  EXPECT_EQ(dragged(fault, Part::begin, 120, 1000).duration, 30);
  EXPECT_EQ(dragged(fault, Part::begin, 400, 1000).duration, 1);
  EXPECT_EQ(dragged(fault, Part::end, 400, 1000).duration, 300);
  EXPECT_EQ(dragged(fault, Part::end, 20, 1000).duration, 1);
  EXPECT_EQ(dragged(fault, Part::end, 2000, 1000).duration, 0);  // to the end of the run
  EXPECT_EQ(nearest_edge({fault}, -1, 153, 5, 1000), 150);
  EXPECT_EQ(nearest_edge({fault}, 0, 153, 5, 1000), std::nullopt);
  EXPECT_EQ(nearest_edge({fault}, -1, 160, 5, 1000), std::nullopt);
}

TEST(Timeline, DraggingTheEdgeOfAFaultChangesTheCommand) {
  Live live("drag");
  App& app = live.app;
  Headless screen(1000, 220, 1, true);
  frame(screen, app, draw_timeline);
  const auto area = app.timeline.area, block = app.timeline.blocks.at(2);
  const Axis x{0, 1.6, area.x0, area.x1, false};
  const float y = (block.y0 + block.y1) / 2;
  mouse(screen, app, draw_timeline, x.pixel(1.2) - 1, y, false);
  mouse(screen, app, draw_timeline, x.pixel(1.2) - 1, y, true);
  EXPECT_EQ(app.timeline.dragging, TimelineState::Part::end);
  mouse(screen, app, draw_timeline, x.pixel(1.3), y, true);
  mouse(screen, app, draw_timeline, x.pixel(1.4) - 1, y, true);
  mouse(screen, app, draw_timeline, x.pixel(1.4) - 1, y, false);
  EXPECT_EQ(app.message, "");
  const auto& commands = app.session->timeline();
  const auto fault =
      std::find_if(commands.begin(), commands.end(), [](const Command& c) { return c.kind == Command::Kind::fault; });
  ASSERT_NE(fault, commands.end());
  EXPECT_EQ(fault->at, 20000);
  EXPECT_NEAR(static_cast<double>(fault->duration), 8000, 40);  // a pixel is 34 ticks
  EXPECT_TRUE(app.session->can_undo());
  app.session->undo();
  EXPECT_EQ(app.session->timeline().back().duration, 4000);
}

TEST(Firmware, PokeBoxTakesNumbersAndNames) {
  EXPECT_EQ(poke_command("speed_loop.integral", " 0.25 ", 7).value, 0.25);
  EXPECT_EQ(poke_command("pen.state", "PEN_RUNNING", 7).text, "PEN_RUNNING");
  EXPECT_THROW(poke_command("pen.state", "  ", 7), InputError);
  EXPECT_THROW(poke_command("pen.state", "1.2.3", 7), InputError);
}

TEST(Firmware, StatesResetsAndPokesAreThere) {
  Live live("firmware");
  App& app = live.app;
  const Recording& r = app.session->recording();
  const auto spans = state_spans(r, "fw.pen.state", 0, r.ticks());
  ASSERT_GT(spans.size(), 2u);
  EXPECT_EQ(spans.front().from, 0);
  EXPECT_EQ(spans.back().to, r.ticks());
  for (std::size_t i = 1; i < spans.size(); ++i) {
    EXPECT_EQ(spans[i].from, spans[i - 1].to);
    EXPECT_EQ(static_cast<std::int64_t>(r.at("fw.pen.state", spans[i].from)), spans[i].value);
  }
  app.session->post(poke_command("speed_loop.integral", "0.1", 16000));
  const auto& commands = app.session->timeline();
  EXPECT_TRUE(std::any_of(commands.begin(), commands.end(), [](const Command& c) {
    return c.kind == Command::Kind::poke && c.at == 16000 && c.value == 0.1;
  }));
}

}  // namespace
}  // namespace pensim::dashboard
