// A run that one works with, through the real program: whatever is done to it, it ends as `pensim run` of what was
// saved.
#include "sim/session/session.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "firmware_shim/cores/misbehave/misbehave.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/resolved_json.h"
#include "sim/scenario/scenario_text.h"
#include "sim/session/core_names.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;
using State = Session::State;

SessionOptions options() {
  SessionOptions o;
  o.program = program;
  return o;
}

// Frames of 1/60 s, as a dashboard gives them, until `done`; false after a minute.
bool frames_until(Session& session, const std::function<bool()>& done, double frame_s = 1.0 / 60) {
  for (int i = 0; i < 60000; ++i) {
    session.poll(frame_s);
    if (done()) return true;
    usleep(1000);
  }
  return false;
}

bool settle(Session& session) {
  return frames_until(session, [&] { return session.state() == State::paused || session.state() == State::ended; });
}

bool run_to_end(Session& session) {
  session.set_speed(0);
  session.play();
  return frames_until(session, [&] { return session.state() == State::ended; });
}

std::string run_hash(const std::string& path) {
  const Reported reported = run_scenarios(program, {path});
  EXPECT_EQ(reported.runs.size(), 1u) << reported.ran.err;
  return reported.runs.empty() ? "" : reported.runs[0].value("hash", "");
}

Command set(Tick at, const std::string& name, double value, Tick over = 0) {
  return {at, Command::Kind::set, name, value, over, 0, ""};
}
Command fault(Tick at, const std::string& name, double value, Tick duration = 0) {
  return {at, Command::Kind::fault, name, value, 0, duration, ""};
}

// How many processes have `mark` in the environment that they were started with; they get `signal`, if it is one.
int processes_with(const std::string& mark, int signal = 0) {
  int count = 0;
  DIR* proc = opendir("/proc");
  while (const dirent* entry = readdir(proc)) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    const std::string base = std::string("/proc/") + entry->d_name;
    if (read_file(base + "/environ").find(mark) == std::string::npos) continue;
    const std::string status = read_file(base + "/stat");
    if (const std::size_t end = status.rfind(')');
        end == std::string::npos || end + 2 >= status.size() || status[end + 2] == 'Z')
      continue;
    ++count;
    if (signal != 0) kill(std::stoi(entry->d_name), signal);
  }
  closedir(proc);
  return count;
}

constexpr const char* treatment = R"(title: A short treatment
seed: 11
duration: 2.5 s
firmware: reference_pen
cartridge: {needles: 12}
skin: {region: cheek}
operator: {press: 1.5 N, glide: 20 mm/s, track: 40 mm, passes: 4}
timeline:
  - {at: 0.10 s, set: user.depth, to: 1.0 mm}
  - {at: 0.10 s, set: user.rate, to: 120 Hz}
  - {at: 0.20 s, set: user.start, to: on}
  - {at: 0.60 s, set: operator.contact, to: on}
  - {at: 1.00 s, set: operator.press, to: 3 N, over: 0.3 s}
watch: [pen.state]
)";

class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("PENSIM_CORES", PENSIM_CORES, 1);
    write_file(scenario(), treatment);
  }
  std::string scenario() const { return folder / "treatment.yaml"; }
  // Saves the session and runs the file as a user would.
  std::string saved_hash(const Session& session, const std::string& name = "saved/edited.yaml") {
    const std::string path = folder / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    session.save(path);
    return run_hash(path);
  }
  Folder folder;
};

TEST_F(SessionTest, RunsAsThePlainRunAtAnySpeed) {
  const std::string plain = run_hash(scenario());
  ASSERT_EQ(plain.size(), 16u);
  for (const double speed : {0.0, 3.0, 0.001}) {
    Session session(scenario(), options());
    EXPECT_EQ(session.state(), State::paused);
    EXPECT_EQ(session.now(), 0);
    session.set_speed(speed);
    session.play();
    if (speed > 0.0) {
      ASSERT_TRUE(frames_until(session, [&] { return session.now() >= 40 * speed; }));
      EXPECT_EQ(session.state(), State::running);
      EXPECT_LT(session.now(), session.duration());
      session.pause();
      ASSERT_TRUE(settle(session));
    }
    ASSERT_TRUE(run_to_end(session)) << speed;
    EXPECT_EQ(session.now(), session.duration());
    EXPECT_EQ(session.hash(), plain) << speed;
    EXPECT_EQ(session.error(), "");
    EXPECT_FALSE(session.fault());
  }
}

TEST_F(SessionTest, StepsByOneTickAndShowsIt) {
  Session session(scenario(), options());
  session.run_to(5001);
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.now(), 5001);
  for (Tick k = 5001; k < 5011; ++k) {
    session.step(1);
    ASSERT_TRUE(settle(session));
    EXPECT_EQ(session.now(), k + 1);
    EXPECT_EQ(session.recording().at("user.start", k), 1.0f);
  }
  session.step(0);
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.now(), 5011);
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(session.hash(), run_hash(scenario()));
}

TEST_F(SessionTest, TakesACommandOfTheFuture) {
  Session session(scenario(), options());
  session.run_to(20000);
  ASSERT_TRUE(settle(session));
  session.post(set(20000, "user.rate", 150.0));
  session.post(set(30000, "user.rate", 90.0));
  EXPECT_EQ(session.timeline().size(), 7u);
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(session.ghost(), nullptr);
  EXPECT_NEAR(session.recording().at("stroke.rate", 29000), 150.0, 8.0);
  EXPECT_NEAR(session.recording().at("stroke.rate", 49000), 90.0, 8.0);
  EXPECT_EQ(session.hash(), saved_hash(session));
  EXPECT_NE(session.hash(), run_hash(scenario()));
}

TEST_F(SessionTest, AChangeOfThePastMakesANewFutureAndKeepsTheOldOne) {
  const std::string plain = run_hash(scenario());
  Session session(scenario(), options());
  ASSERT_TRUE(run_to_end(session));
  session.post(set(30000, "user.rate", 180.0));
  EXPECT_EQ(session.state(), State::running);
  EXPECT_EQ(session.hash(), "");
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.state(), State::ended);
  EXPECT_EQ(session.catching_up(), 1.0);
  ASSERT_NE(session.ghost(), nullptr);
  EXPECT_EQ(session.ghost()->ticks(), session.duration());
  EXPECT_NEAR(session.ghost()->at("stroke.rate", 45000), 120.0, 8.0);
  EXPECT_GT(session.recording().at("stroke.rate", 45000), 145.0f);
  // Every row before the change is what it was.
  for (const char* name : {"motor.current", "needle.force", "fw.pen.state"})
    EXPECT_EQ(session.recording().range(name, 0, 29999).value, session.ghost()->range(name, 0, 29999).value) << name;
  const std::string edited = session.hash();
  EXPECT_EQ(edited, saved_hash(session));

  session.undo();
  EXPECT_EQ(session.timeline().size(), 5u);
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.hash(), plain);
  session.redo();
  EXPECT_FALSE(session.can_redo());
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.hash(), edited);
  session.drop_ghost();
  EXPECT_EQ(session.ghost(), nullptr);
}

TEST_F(SessionTest, GoesBackWhilePausedAndWhilePlaying) {
  Session session(scenario(), options());
  session.run_to(45000);
  ASSERT_TRUE(settle(session));
  session.replace(1, set(2000, "user.rate", 140.0));  // before the first copy: from zero
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.state(), State::paused);
  EXPECT_EQ(session.now(), 45000);
  session.set_speed(0.5);
  session.play();
  session.erase(4);  // at 20000
  session.post(fault(25000, "hall.dropout", 0.0, 400));
  ASSERT_TRUE(frames_until(session, [&] { return session.now() > 45050; }));
  EXPECT_EQ(session.state(), State::running);
  EXPECT_EQ(session.recording().at("fault.hall.dropout", 25399), 1.0f);
  EXPECT_EQ(session.recording().at("fault.hall.dropout", 25400), 0.0f);
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(session.hash(), saved_hash(session));
}

TEST_F(SessionTest, PokesOverridesAndWatches) {
  Session session(scenario(), options());
  session.run_to(30000);
  ASSERT_TRUE(settle(session));
  session.post({31000, Command::Kind::poke, "speed_loop.integral", 0.25, 0, 0, ""});
  session.post({29000, Command::Kind::uart, "", 0.0, 0, 0, "status\r\n\"\\ \t\xC3\xBF"});
  session.post({40000, Command::Kind::reset, "", 2.0, 0, 0, ""});
  session.set_override("skin.region=forehead");
  session.add_watch("speed_loop.integral");
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.now(), 30000);
  EXPECT_EQ(session.scenario().skin.region, "forehead");
  session.run_to(31002);
  ASSERT_TRUE(settle(session));
  EXPECT_NEAR(session.recording().at("fw.speed_loop.integral", 31000), 0.25, 0.05);
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(session.recording().at("core.resets", 49999), 1.0f);
  EXPECT_EQ(session.hash(), saved_hash(session));
}

#ifdef PENSIM_HAS_EMULATED
// The same core as ARM code, put there in the middle of a session, taken back over a sleeping copy and ended: the hash
// of the native run.
TEST_F(SessionTest, ACoreIsPutOnAnEmulatedCortexM) {
  emulated_cores_run_here = true;
  Session session(scenario());
  session.run_to(20000);
  ASSERT_TRUE(settle(session));
  const std::vector<std::string> builds = builds_of_core("reference_pen");
  ASSERT_EQ(builds.size(), 2u);
  EXPECT_EQ(target_words(builds[0]), "native");
  EXPECT_EQ(target_words(builds[1]), "emulated Cortex-M");
  EXPECT_EQ(builds_of_core(builds[1]).size(), 2u);
  session.set_override("firmware=" + builds[1]);
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.now(), 20000);
  session.run_to(45000);
  ASSERT_TRUE(settle(session));
  session.post(set(30000, "operator.press", 2.5));
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.now(), 45000);
  session.undo();
  ASSERT_TRUE(settle(session));
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(session.error(), "");
  EXPECT_EQ(session.hash(), run_hash(scenario()));
}
#endif

TEST_F(SessionTest, ABoardIsRefused) {
  Session session(scenario(), options());
  try {
    session.set_override("firmware=link:tcp:127.0.0.1:1");
    ADD_FAILURE() << "taken";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("a board cannot be stopped and taken back"), std::string::npos);
  }
}

// Two processes at a time, each with its own run.
TEST_F(SessionTest, TwoSessionsAtOnce) {
  const std::string plain = run_hash(scenario());
  Session a(scenario(), options()), b(scenario(), options());
  b.post(set(15000, "user.depth", 0.7e-3));
  for (Session* s : {&a, &b}) {
    s->set_speed(0);
    s->play();
  }
  ASSERT_TRUE(
      frames_until(a, [&] { return b.poll(1.0 / 60), a.state() == State::ended && b.state() == State::ended; }));
  EXPECT_EQ(a.hash(), plain);
  EXPECT_EQ(b.hash(), saved_hash(b));
  EXPECT_NE(a.hash(), b.hash());
}

TEST_F(SessionTest, RefusesWhatIsWrongAndChangesNothing) {
  Session session(scenario(), options());
  session.run_to(10000);
  ASSERT_TRUE(settle(session));
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  const Command bad[] = {
      set(100, "user.dpeth", 1e-3),
      set(100, "user.depth", 1.0),
      set(100, "user.depth", nan),
      set(100, "user.depth", infinite),
      set(-1, "user.depth", 1e-3),
      set(50000, "user.depth", 1e-3),
      set(100, "user.start", 0.5),
      set(100, "aux.9", 1),
      set(100, "aux.1", 1e12),
      set(100, "user.depth", 1e-3, -5),
      set(49000, "user.depth", 1e-3, 5000),
      set(100, "a: b\n- c", 1),
      fault(100, "hall.droput", 0),
      fault(100, "screw.lost_steps", 7),
      fault(100, "hall.dropout", 0, -3),
      {100, Command::Kind::poke, "no.such_variable", 1, 0, 0, ""},
      {100, Command::Kind::poke, "pen.state", 0, 0, 0, "NO_SUCH_STATE"},
      {100, Command::Kind::uart, "", 0, 0, 0, ""},
      {100, Command::Kind::uart, "", 0, 0, 0, "\xFF\xFE"},
      {100, Command::Kind::uart, "", 0, 0, 0, std::string(5000, 'x')},
      {100, Command::Kind::reset, "", 77, 0, 0, ""},
      {std::numeric_limits<Tick>::max(), Command::Kind::reset, "", 1, 0, 0, ""},
  };
  for (const Command& c : bad) EXPECT_THROW(session.post(c), InputError) << c.name << " " << c.value << " " << c.at;
  for (const char* text : {"", "skin.region", "skin.region=mars", "nonsense=1", "duration=0.2 s", "timeline.0.to=1 mm",
                           "firmware=none_such"})
    EXPECT_THROW(session.set_override(text), InputError) << text;
  EXPECT_THROW(session.add_watch("no.such_variable"), InputError);
  EXPECT_THROW(session.erase(99), InputError);
  EXPECT_THROW(session.replace(99, set(1, "user.depth", 1e-3)), InputError);
  EXPECT_THROW(session.set_speed(nan), InputError);
  EXPECT_THROW(session.set_speed(-1), InputError);
  EXPECT_THROW(session.save(folder / "no/such/folder/a.yaml"), InputError);
  EXPECT_FALSE(std::filesystem::exists(folder / "no"));
  EXPECT_FALSE(session.can_undo());
  EXPECT_EQ(session.timeline().size(), 5u);
  EXPECT_EQ(session.state(), State::paused);
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(session.hash(), run_hash(scenario()));
}

TEST_F(SessionTest, ScenariosThatCannotBeRunAreRefused) {
  EXPECT_THROW(Session(folder / "none.yaml", options()), InputError);
  write_file(folder / "core.yaml", "duration: 1 s\nfirmware: none_such\n");
  EXPECT_THROW(Session(folder / "core.yaml", options()), InputError);
  write_file(folder / "not_a_core.so", "not an object");
  write_file(folder / "object.yaml", "duration: 1 s\nfirmware: native:not_a_core.so\n");
  EXPECT_THROW(Session(folder / "object.yaml", options()), InputError);
  write_file(folder / "rig.yaml", "rig: insertion\n");
  EXPECT_THROW(Session(folder / "rig.yaml", options()), InputError);
  SessionOptions no_program = options();
  no_program.program = folder / "pensim";
  EXPECT_THROW(Session(scenario(), no_program), InputError);
}

// A crash is a state: where, and the run goes on after the change that avoids it.
TEST_F(SessionTest, ACrashAndAHangOfTheCoreAreStates) {
  write_file(folder / "crash.yaml", "duration: 2 s\nfirmware: misbehave\n");
  for (const auto& [what, kind] : {std::pair{NULL_WRITE, "segfault"}, {SPIN, "hang"}, {EXIT_NOW_3, "exit"}}) {
    Session session(folder / "crash.yaml", options());
    session.post(set(30000, "aux.0", what));
    ASSERT_TRUE(run_to_end(session));
    ASSERT_TRUE(session.fault()) << kind << " " << session.error();
    EXPECT_EQ(session.fault()->kind, kind);
    EXPECT_NEAR(session.fault()->at_s, 1.5, 1e-9);
    EXPECT_EQ(std::filesystem::path(session.fault()->file).filename(), "misbehave.c");
    EXPECT_GT(session.fault()->line, 0);
    EXPECT_EQ(session.now(), 30000);
    EXPECT_EQ(session.hash(), "");
    session.replace(0, set(38000, "aux.0", what));
    ASSERT_TRUE(settle(session));
    EXPECT_EQ(session.state(), State::paused);
    EXPECT_EQ(session.now(), 30000);
    ASSERT_TRUE(run_to_end(session));
    ASSERT_TRUE(session.fault()) << "the copy must be guarded as the first process was: " << session.error();
    EXPECT_EQ(session.fault()->kind, kind);
    EXPECT_NEAR(session.fault()->at_s, 1.9, 1e-9);
    session.erase(0);
    ASSERT_TRUE(run_to_end(session));
    EXPECT_FALSE(session.fault());
    EXPECT_EQ(session.hash(), saved_hash(session));
  }
}

// Random sequences of changes at random instants: the session ends as the plain run of the file that it saves.
TEST_F(SessionTest, AnySequenceOfChangesEndsAsTheSavedScenario) {
  for (unsigned sequence = 0; sequence < 20; ++sequence) {
    std::mt19937 random(sequence);
    const auto below = [&](Tick n) { return static_cast<Tick>(random() % static_cast<unsigned>(n)); };
    const auto any_command = [&]() -> Command {
      const Tick at = below(48000);
      switch (below(8)) {
        case 0:
          return set(at, "user.rate", 60.0 + 140.0 * static_cast<double>(random()) / 4294967296.0);
        case 1:
          return set(at, "user.depth", 0.2e-3 + 2.8e-3 * static_cast<double>(random()) / 4294967296.0);
        case 2:
          return set(at, "operator.press", 5.0 * static_cast<double>(random()) / 4294967296.0, below(2000));
        case 3:
          return set(at, "ambient.temperature", 280.0 + 30.0 * static_cast<double>(random()) / 4294967296.0);
        case 4:
          return set(at, "operator.tilt", 0.3 * static_cast<double>(random()) / 4294967296.0);
        case 5:
          return fault(at, "motor_current.offset", -0.1 + 0.2 * static_cast<double>(random()) / 4294967296.0,
                       below(1000));
        case 6:
          return {at, Command::Kind::uart, "", 0, 0, 0, "help\n"};
        default:
          return {at, Command::Kind::poke, "speed_loop.integral", static_cast<double>(random()) / 4294967296.0, 0, 0,
                  ""};
      }
    };
    Session session(scenario(), options());
    for (int step = 0; step < 12; ++step) {
      switch (below(8)) {
        case 0:
        case 1:
        case 2:
          session.post(any_command());
          break;
        case 3:
          if (!session.timeline().empty())
            session.erase(static_cast<std::size_t>(below(static_cast<Tick>(session.timeline().size()))));
          break;
        case 4:
          session.undo();
          break;
        case 5:
          session.redo();
          break;
        case 6:
          session.run_to(below(50000));
          break;
        default:
          session.set_speed(below(2) ? 0.0 : 2.0);
          below(2) ? session.play() : session.pause();
          break;
      }
      const int frames = static_cast<int>(below(30));
      for (int i = 0; i < frames; ++i) {
        session.poll(1.0 / 60);
        usleep(1000);
      }
    }
    ASSERT_TRUE(run_to_end(session)) << "sequence " << sequence;
    EXPECT_EQ(session.error(), "") << "sequence " << sequence;
    EXPECT_EQ(session.hash(), saved_hash(session)) << "sequence " << sequence;
  }
}

// Everything of the original is kept, from another folder too.
TEST_F(SessionTest, SavesEveryKeyAndFindsItsFilesFromElsewhere) {
  write_file(folder / "x/always.yaml", "- {id: ONLY-HERE, text: no reset, that: \"always (core.resets <= 5)\"}\n");
  write_file(folder / "x/image.bin", "abc");
  write_file(folder / "x/a.yaml", "duration: 0.5 s\npen: {memory: image.bin}\nseed: 3\n");
  SessionOptions o = options();
  o.overrides = {"operator.press=2.25 N"};
  o.seed = 5;
  Session session(folder / "x/a.yaml", o);
  session.save(folder / "x/near.yaml");
  std::filesystem::create_directories(folder / "y/z");
  session.save(folder / "y/z/far.yaml");
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(run_hash(folder / "x/near.yaml"), session.hash());
  EXPECT_EQ(run_hash(folder / "y/z/far.yaml"), session.hash());
  EXPECT_NE(run_hash(folder / "x/a.yaml"), session.hash());
  EXPECT_NE(read_file(folder / "x/near.yaml").find("memory: image.bin"), std::string::npos);
  const Scenario far = load_scenario(folder / "y/z/far.yaml");
  EXPECT_EQ(std::count_if(far.requirements.begin(), far.requirements.end(),
                          [](const Requirement& r) { return r.id == "ONLY-HERE"; }),
            1);
  EXPECT_EQ(far.seed, 5u);
  EXPECT_FALSE(std::filesystem::exists(folder / "y/z/far.yaml.part"));
}

// Every kind of key: the text that is written gives the very run that the file gives.
TEST_F(SessionTest, TheTextOfAScenarioHoldsEveryKey) {
  const auto run_of = [](const Scenario& s) {
    nlohmann::json json = nlohmann::json::parse(to_json(resolve(s)));
    json.erase("path");
    for (const char* list : {"measures", "requirements"})  // where their formulas stand
      for (auto& item : json[list])
        for (const char* key : {"file", "line", "column"}) item.erase(key);
    return json;
  };
  for (const char* path :
       {"tests/data/one_of_everything.yaml", "scenarios/treatment/cheek_1mm.yaml", "sim/cli/selftest/faults.yaml"}) {
    const Scenario original = load_scenario(path, {{"operator.tilt=3 deg", "timeline.0.at=0.07 s"}, false});
    const ScenarioEdits as_it_is{original.overrides, original.timeline, original.tick_ns, original.watch, {}};
    for (const std::string& to : {std::string(), folder.path(), std::string("tests")}) {
      const std::string text = scenario_text(original, as_it_is, to);
      const Scenario again = parse_scenario(text, path, to.empty() ? "." : to);
      EXPECT_EQ(run_of(again), run_of(original)) << nlohmann::json::diff(run_of(original), run_of(again)) << text;
    }
    EXPECT_EQ(original.timeline[0].at % 100, 0);
  }
}

// The server is ended from outside: said, and the next change begins again.
TEST_F(SessionTest, GoesOnAfterItsServerWasKilled) {
  const std::string mark = "PENSIM_TEST_MARK=" + folder.path() + "s";
  putenv(const_cast<char*>(mark.c_str()));
  Session session(scenario(), options());
  session.run_to(30000);
  ASSERT_TRUE(settle(session));
  EXPECT_GE(processes_with(mark), 3) << "server, run and a copy";
  processes_with(mark, SIGKILL);
  unsetenv("PENSIM_TEST_MARK");
  ASSERT_TRUE(frames_until(session, [&] { return session.state() == State::ended; }));
  EXPECT_NE(session.error(), "");
  session.post(set(28000, "user.rate", 100.0));
  ASSERT_TRUE(settle(session));
  EXPECT_EQ(session.now(), 30000);
  ASSERT_TRUE(run_to_end(session));
  EXPECT_EQ(session.error(), "");
  EXPECT_EQ(session.hash(), saved_hash(session));
}

TEST_F(SessionTest, BeginsWithTheScenarioOfARecording) {
  const Ran ran = run_program(program, {"run", scenario(), "--seed", "99", "--out", folder / "runs"});
  ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
  std::string path;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "runs"))
    if (entry.path().extension() == ".h5") path = entry.path().string();
  const Recording recording = Recording::open(path);
  const auto session = Session::of_recording(recording, options());
  ASSERT_TRUE(run_to_end(*session));
  EXPECT_EQ(session->hash(), recording.meta().hash);
  const Ran other =
      run_program(program, {"run", scenario(), "--set", "operator.press=2.5 N", "--out", folder / "other"});
  ASSERT_EQ(other.code, 0) << other.err;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "other"))
    if (entry.path().extension() == ".h5") path = entry.path().string();
  const Recording with_set = Recording::open(path);
  EXPECT_THROW(Session::of_recording(with_set, options()), InputError);
}

TEST_F(SessionTest, RunsARebuiltCore) {
  const std::string core = folder / "cores/pen.so";
  std::filesystem::create_directories(folder / "cores");
  const auto build = [&](const char* from) {
    std::filesystem::copy_file(std::string(PENSIM_CORES).substr(0, std::string(PENSIM_CORES).find(':')) + "/" + from,
                               core + ".new");
    std::filesystem::rename(core + ".new", core);
  };
  build("reference_pen.so");
  write_file(folder / "pen.yaml",
             std::string(treatment).replace(std::string(treatment).find("reference_pen"), 13, "native:cores/pen.so"));
  Session session(folder / "pen.yaml", options());
  ASSERT_TRUE(run_to_end(session));
  const std::string good = session.hash();
  build("mutant_gain_x10.so");
  session.reload_core();
  ASSERT_TRUE(settle(session));
  EXPECT_NE(session.hash(), good);
  EXPECT_EQ(session.hash().size(), 16u);
  ASSERT_NE(session.ghost(), nullptr);
  EXPECT_EQ(session.ghost()->ticks(), session.duration());
  write_file(core + ".new", "no object");
  std::filesystem::rename(core + ".new", core);
  EXPECT_THROW(session.reload_core(), InputError);
  EXPECT_EQ(session.now(), session.duration());
}

bool soon(const std::function<bool()>& what) {
  for (int i = 0; i < 2000; ++i) {
    if (what()) return true;
    usleep(5000);
  }
  return false;
}

TEST_F(SessionTest, NothingOutlivesItsClient) {
  for (const bool killed : {true, false}) {
    const std::string mark = "PENSIM_TEST_MARK=" + folder.path() + (killed ? "k" : "e");
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t client = fork();
    if (client == 0) {
      putenv(const_cast<char*>(mark.c_str()));  // in the environment of the processes that it starts
      Session session(scenario(), options());
      session.run_to(45000);
      settle(session);
      session.post(set(25000, "user.rate", 100.0));
      settle(session);
      const bool told = write(ready[1], "r", 1) == 1;
      if (killed && told) pause();
      session.set_speed(0);
      session.play();
      session.poll(0.01);
      // Left in the middle of a run, by the destructor.
    }
    if (client == 0) _exit(0);
    close(ready[1]);
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    if (killed) {
      EXPECT_GE(processes_with(mark), 4) << "server, run, and a copy at each second";
      kill(client, SIGKILL);
    }
    waitpid(client, nullptr, 0);
    EXPECT_TRUE(soon([&] { return processes_with(mark) == 0; })) << processes_with(mark) << " processes are left";
  }
}

TEST_F(SessionTest, ServerIsNotForHands) {
  const Ran ran = run_program(program, {"serve-session", "1"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("is not a session's socket"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace pensim::test
