// Two runs side by side: a sound core and one whose gain is ten times too high, the rig, and a core that is built
// again.
#include "sim/dashboard/compare.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/open.h"
#include "sim/dashboard/rebuild.h"
#include "sim/dashboard/transport.h"
#include "tests/sim/dashboard/synthetic_run.h"
#include "tests/sim/dashboard/user.h"
#include "tests/sim/program.h"

namespace pensim::dashboard {
namespace {

const std::string program = PENSIM_PROGRAM, cores = PENSIM_CORES;
const std::string cheek = "scenarios/treatment/cheek_1mm.yaml";

std::string recorded(const std::string& folder, const std::string& scenario, const std::string& firmware) {
  std::vector<std::string> arguments = {"run", scenario, "--out", folder};
  if (!firmware.empty()) arguments.insert(arguments.end(), {"--firmware", firmware});
  const test::Ran ran = test::run_program(program, arguments);
  EXPECT_LE(ran.code, 1) << ran.err;
  return folder + "/" + std::filesystem::path(scenario).replace_extension(".h5").string();
}

struct Pair {
  test::Folder folder;
  std::string sound = recorded(folder / "sound", cheek, "reference_pen"),
              wrong = recorded(folder / "wrong", cheek, "mutant_gain_x10");
};
const Pair& pair() {
  static const Pair both;
  return both;
}

void compare_all(User& user) {
  for (int i = 0; i < 2000 && !(user.app.compare.compared && user.app.compare.judged_a.complete &&
                                user.app.compare.judged_b.complete);
       ++i)
    user.frames(1);
  user.frames(2);
  ASSERT_TRUE(user.app.compare.compared);
}

const CompareState::Row& row_of(const App& app, const std::string& id) {
  const auto& rows = app.compare.rows;
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.id == id; });
  if (it == rows.end()) throw std::out_of_range(id);
  return *it;
}

const RecordedVerdict& verdict_in(const Recording& r, const std::string& id) {
  return *std::find_if(r.verdicts().begin(), r.verdicts().end(), [&](const RecordedVerdict& v) { return v.id == id; });
}

TEST(Compare, TheDifferenceIsThatOfPensimDiff) {
  User user;
  open_comparison(user.app, pair().sound, pair().wrong);
  compare_all(user);
  const test::Ran diff = test::run_program(program, {"diff", pair().sound, pair().wrong});
  EXPECT_EQ(diff.code, 1);
  const Difference& d = user.app.compare.comparing->result();
  EXPECT_EQ(diff.out.substr(0, d.text().size()), d.text());
  EXPECT_EQ(diff.out.substr(d.text().size()).find("\nfirmware: "), 0u);  // what the program says besides
  EXPECT_EQ(d.fields[0].field, "out.duty_q15");  // with equal inputs, another gain gives another duty first
  seek(user.app, 3);
  user.click(630, 181);  // "Go there"
  EXPECT_NEAR(user.app.cursor_s, static_cast<double>(d.fields[0].first) * 50e-6, 1e-12);
  EXPECT_LT(user.app.time.to_s - user.app.time.from_s, 0.1);
}

// An hour is not compared in one frame: one call takes one piece, and the pieces give what the whole gives.
TEST(Compare, InPiecesItIsTheSame) {
  const Recording a = Recording::open(pair().sound), b = Recording::open(pair().wrong);
  Comparing comparing(a, b);
  int pieces = 0;
  double before = 0;
  for (bool done = false; !done; ++pieces) {
    done = comparing.advance();
    EXPECT_GE(comparing.progress(), before);
    before = comparing.progress();
  }
  EXPECT_EQ(before, 1.0);
  EXPECT_GT(pieces, 60);
  EXPECT_EQ(comparing.result().text(), diff(a, b).text());
  // Every sample counts, in the last piece as in the first.
  int counted = 0;
  for (const FieldDifference& f : comparing.result().fields) {
    if (!a.has(f.field) || a.find(f.field)->period != SignalPeriod::tick) continue;
    const Samples x = a.samples(f.field), y = b.samples(f.field);
    std::int64_t differ = 0;
    for (std::size_t i = 0; i < x.value.size(); ++i)
      differ += std::memcmp(&x.value[i], &y.value[i], sizeof(float)) != 0;
    EXPECT_EQ(f.count, differ) << f.field;
    ++counted;
  }
  EXPECT_GT(counted, 10);
}

TEST(Compare, ValuesAreInTheUnitsOfThePlots) {
  EXPECT_EQ(difference_words("-0.0075012", "m"), "-7.50120 mm");
  EXPECT_EQ(difference_words("0.000882393", "m"), "0.882393 mm");
  EXPECT_EQ(difference_words("-1", ""), "-1");
  EXPECT_EQ(difference_words("PEN", "m"), "PEN");
  EXPECT_EQ(difference_words("", "m"), "–");
}

TEST(Compare, GoThereShowsTheFieldThatDiffers) {
  User user;
  open_comparison(user.app, pair().sound, pair().wrong);
  compare_all(user);
  const Difference& d = user.app.compare.comparing->result();
  ASSERT_FALSE(d.fields.empty());
  const std::size_t plots = user.app.plots.plots.size();
  for (int twice = 0; twice < 2; ++twice) {
    go_to_difference(user.app, FieldDifference(d.fields[0]));
    user.frames(2);
    ASSERT_EQ(user.app.plots.plots.size(), plots + 1);  // one plot of it, not two
    EXPECT_EQ(user.app.plots.plots[0].signals,
              std::vector<std::string>{signal_of_field(*user.app.main.recording, d, d.fields[0].field)});
  }
  EXPECT_NEAR(user.app.cursor_s, seconds(d.fields[0].first * d.tick_ns), 1e-9);
  EXPECT_EQ(signal_of_field(*user.app.main.recording, d, "out.duty_q15"), "core.pwm_duty");
  EXPECT_EQ(signal_of_field(*user.app.main.recording, d, "motor.speed"), "motor.speed");
}

TEST(Compare, MarginsStandWorseFirst) {
  User user;
  open_comparison(user.app, pair().sound, pair().wrong);
  compare_all(user);
  const auto& rows = user.app.compare.rows;
  ASSERT_EQ(rows.size(), user.app.main.recording->verdicts().size());
  EXPECT_EQ(row_of(user.app, "H7-RATE").b->outcome, Outcome::fail);
  EXPECT_EQ(rows[0].a->outcome, Outcome::pass);
  EXPECT_EQ(rows[0].b->outcome, Outcome::fail);
  const auto judged = [](const std::optional<Verdict>& v) {
    return v && (v->outcome == Outcome::pass || v->outcome == Outcome::fail);
  };
  bool without = false, better = false;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const bool both = judged(rows[i].a) && judged(rows[i].b);
    EXPECT_FALSE(without && both) << rows[i].id << " stands behind one that has no margin";
    without = without || !both;
    if (both && i > 1) {
      EXPECT_GE(rows[i].change, rows[i - 1].change) << rows[i].id;
    }
    better = better || rows[i].change > 0;
    EXPECT_EQ(rows[i].a->margin, verdict_in(*user.app.main.recording, rows[i].id).margin);
    EXPECT_EQ(rows[i].b->margin, verdict_in(*user.app.other.recording, rows[i].id).margin);
  }
  EXPECT_TRUE(better);
  EXPECT_EQ(user.app.compare.judged_b.measures.size(), user.app.other.recording->measures().size());
}

TEST(Compare, PressOnARowGoesToWhereBIsClosestToFailing) {
  User user;
  open_comparison(user.app, pair().sound, pair().wrong);
  compare_all(user);
  seek(user.app, 3);
  user.click(200, 308);
  const std::string& first = user.app.compare.rows[0].id;
  EXPECT_EQ(user.app.selected.requirement, first);
  EXPECT_NEAR(user.app.cursor_s, verdict_in(*user.app.other.recording, first).at_s, 1e-9);
}

TEST(Compare, SwapTurnsThemRound) {
  User user;
  open_comparison(user.app, pair().sound, pair().wrong);
  compare_all(user);
  const double change = row_of(user.app, "H7-RATE").change;
  user.click(632, 92);
  compare_all(user);
  EXPECT_EQ(user.app.main.recording->path(), pair().wrong);
  EXPECT_EQ(user.app.other.recording->path(), pair().sound);
  EXPECT_EQ(row_of(user.app, "H7-RATE").change, -change);
  EXPECT_EQ(row_of(user.app, "H7-RATE").a->outcome, Outcome::fail);
}

TEST(Compare, AlignsOnContactPunctureStrokeAndCommand) {
  const test::Folder folder;
  write_synthetic_run(folder / "a.h5", {.contact = 3000});
  write_synthetic_run(folder / "b.h5", {.rate_Hz = 110, .contact = 4501, .depth_set = 2601});
  User user;
  open_comparison(user.app, folder / "a.h5", folder / "b.h5");
  user.frames(2);
  align(user.app, 1);
  EXPECT_NEAR(user.app.other.shift_s, -1501 * 50e-6, 1e-12);
  // Contact coincides: the difference is nothing in what both have, and was something before.
  PlotsState& plots = user.app.plots;
  const auto most = [&] {
    const Curve& c = read_difference(plots, user.app.main, user.app.other, "skin.contact", 0, 1.5, 300);
    return std::max(std::fabs(c.low), std::fabs(c.high));
  };
  EXPECT_EQ(most(), 0);
  const double shift = user.app.other.shift_s;
  user.app.other.shift_s = 0;  // without a word to the plots
  EXPECT_EQ(most(), 1);
  user.app.other.shift_s = shift;
  EXPECT_EQ(most(), 0);
  EXPECT_EQ(value_at(user.app.other, "skin.contact", 3000 * 50e-6), 1);
  EXPECT_EQ(value_at(user.app.other, "skin.contact", 2999 * 50e-6), 0);

  // The first stroke of the synthetic run ends, and punctures, at the first tick at or after its period: 166.7 and
  // 181.8 ticks.
  align(user.app, 2);
  EXPECT_NEAR(user.app.other.shift_s, (167 - 182) * 50e-6, 1e-12);
  align(user.app, 3);  // both begin at 0
  EXPECT_EQ(user.app.other.shift_s, 0);
  EXPECT_EQ(user.app.compare.no_event, "");
  align(user.app, 4);  // the first command
  EXPECT_NEAR(user.app.other.shift_s, -601 * 50e-6, 1e-12);
  align(user.app, 5);  // the second command of both, at 1 s
  EXPECT_EQ(user.app.other.shift_s, 0);
  ASSERT_EQ(alignments(user.app).size(), 6u);

  write_synthetic_run(folder / "never.h5", {.contact = 1'000'000});
  open_comparison(user.app, folder / "a.h5", folder / "never.h5");
  align(user.app, 1);
  EXPECT_EQ(user.app.other.shift_s, 0);
  EXPECT_EQ(user.app.compare.no_event, "B does not have this event");
}

TEST(Compare, AlignsRealRunsOnTheTickWhereItFirstHappens) {
  User user;
  open_comparison(user.app, pair().sound, pair().wrong);
  user.frames(2);
  const auto first = [](const Recording& r, const char* name) {  // over the whole signal
    const Samples s = r.samples(name);
    return static_cast<Tick>(std::find_if(s.value.begin(), s.value.end(), [](float v) { return v > 0.5f; }) -
                             s.value.begin()) *
           s.period_ticks;
  };
  for (const auto& [alignment, name] : {std::pair{1, "skin.contact"}, {2, "needle.punctured"}}) {
    const Tick a = first(*user.app.main.recording, name), b = first(*user.app.other.recording, name);
    ASSERT_GT(a, 0);
    ASSERT_LT(a, user.app.main.recording->ticks());
    align(user.app, alignment);
    EXPECT_NEAR(user.app.other.shift_s, static_cast<double>(a - b) * 50e-6, 1e-12) << name;
    EXPECT_EQ(user.app.compare.no_event, "");
    EXPECT_GE(value_at(user.app.other, name, static_cast<double>(a) * 50e-6), 1) << name;
    EXPECT_EQ(value_at(user.app.other, name, static_cast<double>(a - 1) * 50e-6), 0) << name;
  }
}

TEST(Compare, ARigAndAPenAreNotComparable) {
  const test::Folder folder;
  const std::string rig = recorded(
      folder.path(),
      "scenarios/rigs/" +
          [] {
            std::vector<std::string> names;
            for (const auto& entry : std::filesystem::directory_iterator("scenarios/rigs"))
              if (entry.path().extension() == ".yaml") names.push_back(entry.path().filename().string());
            std::sort(names.begin(), names.end());
            return names.at(0);
          }(),
      "");
  User user;
  open_comparison(user.app, pair().sound, rig);
  user.frames(5);
  EXPECT_EQ(user.app.compare.comparing->result().why_not, "one is of a pen, the other of a rig");
  EXPECT_FALSE(user.app.compare.comparing->result().comparable());
  swap_documents(user.app);
  user.frames(5);
  EXPECT_NE(cannot_rebuild(user.app), "");
}

// A build tree whose target gives one of two cores, and compiles a file that can be broken.
struct BuildTree {
  test::Folder folder;
  std::string core = folder / "build/cores/pen.so";
  BuildTree() {
    test::write_file(
        folder / "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.25)\nproject(pen C)\nadd_library(gain OBJECT gain.c)\n"
        "add_custom_target(pen COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/chosen.so "
        "${CMAKE_BINARY_DIR}/cores/new.so\n"
        "  COMMAND ${CMAKE_COMMAND} -E rename ${CMAKE_BINARY_DIR}/cores/new.so ${CMAKE_BINARY_DIR}/cores/pen.so)\n"
        "add_dependencies(pen gain)\n");
    test::write_file(folder / "gain.c", "int gain(void) { return 1; }\n");
    choose("reference_pen");
    EXPECT_EQ(test::run_program("/usr/bin/cmake", {"-G", "Ninja", "-S", folder.path(), "-B", folder / "build"}).code,
              0);
    std::filesystem::create_directories(folder / "build/cores");
    EXPECT_EQ(test::run_program("/usr/bin/cmake", {"--build", folder / "build", "--target", "pen"}).code, 0);
  }
  void choose(const std::string& name) const {
    std::filesystem::copy_file(cores + "/" + name + ".so", folder / "chosen.so",
                               std::filesystem::copy_options::overwrite_existing);
  }
};

// Until the core is built and the new run stands and is compared; nothing waits in a frame.
void wait_for_rerun(User& user) {
  for (int i = 0; i < 60000 && user.app.rebuild.build; ++i) user.frames(1, 0.01), usleep(1000);
  for (int i = 0;
       i < 60000 && user.app.session &&
       !(user.app.compare.compared && user.app.compare.judged_a.complete && user.app.compare.judged_b.complete);
       ++i)
    user.frames(1, 0.01), usleep(1000);
}

TEST(Compare, ARebuiltCoreIsRunAgainAgainstTheRecording) {
  const BuildTree tree;
  const std::string before = recorded(tree.folder / "runs", cheek, "native:" + tree.core);
  User user;
  open_recording(user.app, before);
  EXPECT_EQ(user.app.main.recording->meta().verdict, "pass");
  user.app.layout = Layout::compare;
  user.frames(3);

  // It does not compile: the place stands there, and what is on show stays.
  test::write_file(tree.folder / "gain.c", "int gain(void) {\n  return kp;\n}\n");
  rebuild_and_rerun(user.app);
  EXPECT_NE(user.app.rebuild.build, nullptr) << user.app.rebuild.problem;
  wait_for_rerun(user);
  ASSERT_FALSE(user.app.rebuild.messages.empty()) << user.app.rebuild.output;
  EXPECT_EQ(user.app.rebuild.messages[0].line, 2);
  EXPECT_NE(user.app.rebuild.problem, "");
  EXPECT_EQ(user.app.session, nullptr);
  EXPECT_EQ(user.app.main.recording->path(), before);

  test::write_file(tree.folder / "gain.c", "int gain(void) { return 10; }\n");
  tree.choose("mutant_gain_x10");
  rebuild_and_rerun(user.app);
  wait_for_rerun(user);
  EXPECT_EQ(user.app.rebuild.problem, "");
  ASSERT_NE(user.app.session, nullptr);
  EXPECT_EQ(user.app.session->now(), user.app.session->duration());
  EXPECT_EQ(user.app.session->hash(), Recording::open(pair().wrong).meta().hash);
  EXPECT_EQ(first_of(user.app).recording->path(), before);
  ASSERT_TRUE(user.app.compare.compared);
  EXPECT_EQ(user.app.compare.comparing->result().summary(),
            diff(Recording::open(pair().sound), Recording::open(pair().wrong)).summary());
  // Judged here, it is what `pensim run` says.
  const Recording wrong = Recording::open(pair().wrong);
  EXPECT_EQ(row_of(user.app, "H7-RATE").a->outcome, Outcome::pass);
  EXPECT_EQ(row_of(user.app, "H7-RATE").b->outcome, Outcome::fail);
  EXPECT_EQ(row_of(user.app, "H7-RATE").b->margin, verdict_in(wrong, "H7-RATE").margin);
  EXPECT_EQ(user.app.compare.rows[0].b->outcome, Outcome::fail);

  // And back, from the session: what it was is kept for comparison.
  tree.choose("reference_pen");
  rebuild_and_rerun(user.app);
  wait_for_rerun(user);
  EXPECT_EQ(user.app.rebuild.problem, "");
  ASSERT_TRUE(user.app.compare.against_ghost);
  ASSERT_NE(user.app.other.recording, nullptr);
  EXPECT_EQ(user.app.session->hash(), Recording::open(pair().sound).meta().hash);
  EXPECT_EQ(row_of(user.app, "H7-RATE").a->outcome, Outcome::fail);
  EXPECT_EQ(row_of(user.app, "H7-RATE").b->outcome, Outcome::pass);
}

}  // namespace
}  // namespace pensim::dashboard
