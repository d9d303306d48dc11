// Whole runs on a board: the hash of the native core, what the recording says of the link, what a loss comes to.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <thread>

#include "firmware_shim/cores/misbehave/misbehave.h"
#include "sim/recording/recording.h"
#include "tests/firmware_shim/link/faulty_line.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;

// `pensim board ...` until the end of the test; its first line is the link.
class BoardCommand {
 public:
  explicit BoardCommand(std::vector<std::string> words) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(1);
      dup2(ends[1], 1);
      close(ends[0]);
      close(ends[1]);
      words.insert(words.begin(), {program, "board"});
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      execv(program.c_str(), argv.data());
      _exit(127);
    }
    close(ends[1]);
    for (char c; read(ends[0], &c, 1) == 1 && c != '\n';) link_ += c;
    close(ends[0]);
  }
  ~BoardCommand() { end(SIGKILL); }
  BoardCommand(const BoardCommand&) = delete;
  BoardCommand& operator=(const BoardCommand&) = delete;
  const std::string& link() const { return link_; }
  int end(int signal) {
    if (pid_ <= 0) return -1;
    kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  std::string link_;
  pid_t pid_ = -1;
};

std::vector<std::string> with(std::vector<std::string> words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
  return words;
}

const std::vector<std::string> three = {"scenarios/treatment/cheek_1mm.yaml", "scenarios/hazards/stall.yaml",
                                        "scenarios/faults/hall_dropout.yaml"};

// ---- cores that crash, hang or end themselves ----

struct Crash {
  int what;          // misbehave.h
  const char* mark;  // `at: NAME` in misbehave.c
  const char* kind;
  const char* function;
  const char* detail;
};

int line_of(const std::string& mark) {
  std::ifstream in("firmware_shim/cores/misbehave/misbehave.c");
  int number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.find("/* at: " + mark + " */") != std::string::npos) return number;
  }
  return -1;
}

std::string misbehaving(const Folder& folder, int what, const std::string& duration = "20 ms") {
  const std::string path = folder / ("run" + std::to_string(what) + ".yaml");
  write_file(path, "title: misbehaves\nduration: " + duration +
                       "\nfirmware: misbehave\ntimeline:\n  - {at: 10 ms, set: " + "aux.0, to: " +
                       std::to_string(what) + "}\n");
  return path;
}

// One board for all: a core that has crashed is as new in the next run. The last one behaves.
void expect_crashes(const std::string& link, const std::vector<Crash>& crashes) {
  const Folder folder;
  std::vector<std::string> words;
  for (const Crash& c : crashes) words.push_back(misbehaving(folder, c.what));
  words.push_back(misbehaving(folder, BEHAVE));
  words.insert(words.end(), {"--no-always", "--firmware", link, "--out", folder / "runs"});
  const Reported reported = run_scenarios(program, words);
  ASSERT_EQ(reported.runs.size(), crashes.size() + 1) << reported.ran.err;
  for (std::size_t i = 0; i < crashes.size(); ++i) {
    const Crash& c = crashes[i];
    const auto& run = reported.runs[i];
    SCOPED_TRACE(c.mark);
    ASSERT_EQ(run.at("verdict"), "firmware_fault") << run.dump(1);
    const auto& fault = run.at("firmware_fault");
    EXPECT_EQ(fault.at("kind"), c.kind);
    EXPECT_EQ(fault.at("function"), c.function) << fault.dump(1);
    EXPECT_EQ(std::filesystem::path(fault.value("file", "")).filename(), "misbehave.c");
    const bool roughly = c.what == SPIN || c.what == RECURSE;
    EXPECT_NEAR(fault.value("line", 0), line_of(c.mark), roughly ? 3 : 0) << fault.dump(1);
    EXPECT_NE(fault.value("detail", "").find(c.detail), std::string::npos) << fault.dump(1);
    const double at_s = fault.at("at_s");
    EXPECT_NEAR(at_s, 10e-3, 1e-9);
    EXPECT_NEAR(static_cast<double>(Recording::open(run.at("recording")).ticks()), at_s / 50e-6, 1.01);
  }
  EXPECT_EQ(reported.runs.back().at("verdict"), "measured") << reported.runs.back().dump(1);  // nothing is required
}

TEST(Board, WhoseCoreCrashesSaysWhere) {
  const BoardCommand board({"soft", "--firmware", "misbehave"});
  expect_crashes(board.link(), {{NULL_WRITE, "NULL_WRITE", "segfault", "put", "write to 0x00000000"},
                                {RECURSE, "RECURSE", "stack_overflow", "recurse", "is used up"},
                                {ABORT, "ABORT", "abort", "control", "abort()"},
                                {EXIT_0, "EXIT_0", "exit", "control", "exit code 0"},
                                {DIVIDE, "DIVIDE", "divide", "divide", "division by zero"},
                                {TRAP, "TRAP", "illegal_instruction", "control", "trap"},
                                {SPIN, "SPIN", "hang", "spin", "processor time"}});
}

TEST(Board, WhoseCoreWaitsInVainSaysWhere) {
  const BoardCommand board({"soft", "--firmware", "misbehave_main"});
  const Folder folder;
  const Reported run =
      run_scenarios(program, {misbehaving(folder, WAIT_FOREVER, "2 s"), "--no-always", "--firmware", board.link()});
  ASSERT_EQ(run.runs.size(), 1u) << run.ran.err;
  ASSERT_EQ(run.runs[0].at("verdict"), "firmware_fault") << run.runs[0].dump(1);
  const auto& fault = run.runs[0].at("firmware_fault");
  EXPECT_EQ(fault.at("kind"), "hang");
  EXPECT_EQ(fault.at("function"), "wait_forever") << fault.dump(1);
  EXPECT_NEAR(fault.at("at_s").get<double>(), 1.01, 2e-3);
}

// Dials, a start, a poke, watched variables.
std::string short_run(const Folder& folder) {
  const std::string path = folder / "short.yaml";
  write_file(path,
             "title: A start\nduration: 0.6 s\nfirmware: reference_pen\n"
             "timeline:\n"
             "  - {at: 0.05 s, set: user.depth, to: 1.0 mm}\n"
             "  - {at: 0.05 s, set: user.rate, to: 120 Hz}\n"
             "  - {at: 0.10 s, set: user.start, to: on}\n"
             "  - {at: 0.40 s, poke: speed_loop.integral, to: 0.5}\n"
             "watch: [speed_loop.integral, pen.state]\n"
             "measure: {top_speed: \"max(motor.speed)\"}\n"
             "require: [{id: TURNS, text: It starts, that: \"eventually[0 s, end] (motor.speed >= 30 Hz)\"}]\n");
  return path;
}

TEST(Board, InLockstepHasTheHashOfTheNativeCore) {
  const BoardCommand board({"soft"});
  ASSERT_EQ(board.link().rfind("link:unix:", 0), 0u) << board.link();
  const Reported native = run_scenarios(program, three);
  const Reported link = run_scenarios(program, with(three, {"--firmware", board.link(), "--jobs", "3"}));
  ASSERT_EQ(native.runs.size(), 3u) << native.ran.err;
  ASSERT_EQ(link.runs.size(), 3u) << link.ran.err;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(link.runs[i]["hash"], native.runs[i]["hash"]) << three[i];
    EXPECT_EQ(link.runs[i]["verdict"], native.runs[i]["verdict"]) << three[i];
    EXPECT_FALSE(link.runs[i].contains("reproducible"));
  }
}

#ifdef PENSIM_QEMU  // it is installed, and so is the compiler for ARM
// The same C on a Cortex-M4F: QEMU's mps2-an386 with the image that pensim_add_board made.
TEST(Qemu, EndsWithTheCommand) {
  BoardCommand board({"qemu"});
  const std::string socket = board.link().substr(10);
  EXPECT_TRUE(std::filesystem::exists(socket));
  EXPECT_EQ(board.end(SIGINT), 0);
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(socket).parent_path()));
  EXPECT_LT(connect_unix(socket), 0);
}

TEST(Qemu, RunsScenariosWithTheirArguments) {
  const Folder folder;
  const std::string path = folder / "short.yaml";
  write_file(path, "title: Short\nduration: 20 ms\nfirmware: reference_pen\n");
  const Ran ran =
      run_program(program, {"board", "qemu", path, "--no-always", "--keep", "none", "--json", folder / "json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "json"));
}

TEST(Qemu, InLockstepHasTheHashOfTheNativeCore) {
  const Folder folder;
  const BoardCommand board({"qemu"});
  ASSERT_EQ(board.link().rfind("link:unix:", 0), 0u) << board.link();
  std::vector<std::string> words;
  for (const char* line : {"fault: hall.dropout, for: 20 ms", "fault: battery_sense.offset", "uart: \"?\\n\""}) {
    words.push_back(folder / ("run" + std::to_string(words.size()) + ".yaml"));
    write_file(words.back(), std::string("title: A start on a board\nduration: 0.12 s\nfirmware: reference_pen\n"
                                         "timeline:\n"
                                         "  - {at: 0.01 s, set: user.depth, to: 1.0 mm}\n"
                                         "  - {at: 0.01 s, set: user.rate, to: 120 Hz}\n"
                                         "  - {at: 0.02 s, set: user.start, to: on}\n"
                                         "  - {at: 0.08 s, ") +
                                 line +
                                 "}\nrequire: [{id: SLOW, text: It does not race, that: "
                                 "\"always[0 s, end] (motor.speed <= 200 Hz)\"}]\n");
  }
  const Reported native = run_scenarios(program, words);
  const Reported link = run_scenarios(program, with(words, {"--firmware", board.link()}));
  ASSERT_EQ(native.runs.size(), 3u) << native.ran.err;
  ASSERT_EQ(link.runs.size(), 3u) << link.ran.err;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(link.runs[i]["hash"], native.runs[i]["hash"]) << words[i];
    EXPECT_EQ(link.runs[i]["verdict"], native.runs[i]["verdict"]) << words[i];
  }
}

// Shape main; with a poke and watched variables.
TEST(Qemu, AFirmwareWithAMainLoopHasTheHashOfTheNativeCore) {
  const Folder folder;
  const BoardCommand board({"qemu", "--image", "example_main"});
  const std::string path = folder / "main.yaml";
  write_file(path,
             "title: A main loop\nduration: 0.12 s\nfirmware: example_main\ntimeline:\n"
             "  - {at: 0.02 s, set: user.start, to: on}\n"
             "  - {at: 0.05 s, poke: strokes, to: 7}\n"
             "  - {at: 0.08 s, uart: \"?\\n\"}\n"
             "watch: [milliseconds, strokes]\n");
  const Reported native = run_scenarios(program, {path, "--no-always", "--out", folder / "native"});
  const Reported link =
      run_scenarios(program, {path, "--no-always", "--firmware", board.link(), "--out", folder / "link"});
  ASSERT_EQ(native.runs.size(), 1u) << native.ran.err;
  ASSERT_EQ(link.runs.size(), 1u) << link.ran.err;
  EXPECT_EQ(link.runs[0]["hash"], native.runs[0]["hash"]);
  const Ran diff = run_program(program, {"diff", native.runs[0]["recording"], link.runs[0]["recording"]});
  EXPECT_EQ(diff.code, 0) << diff.out;
}

TEST(Qemu, ACoreThatCrashesSaysWhere) {
  setenv("PENSIM_CORES", PENSIM_TEST_CORES, 1);  // where its image is found by its build id
  const BoardCommand board({"qemu", "--image", "misbehave"});
  expect_crashes(board.link(), {{NULL_WRITE, "NULL_WRITE", "segfault", "put", "near the null pointer"},
                                {NULL_READ, "NULL_READ", "segfault", "null_read", "0x00000008, near the null pointer"},
                                {RECURSE, "RECURSE", "stack_overflow", "recurse", "the stack of 64 KiB is used up"},
                                {ABORT, "ABORT", "abort", "control", "abort()"},
                                {EXIT_0, "EXIT_0", "exit", "control", "exit code 0"},
                                {DIVIDE, "DIVIDE", "divide", "divide", "division by zero"},
                                {TRAP, "TRAP", "illegal_instruction", "control", "trap"},
                                {SPIN, "SPIN", "hang", "spin", "has not come back from its tick"}});
}

TEST(Qemu, ACoreThatResetsOrSilencesItsBoardIsAnError) {
  setenv("PENSIM_CORES", PENSIM_TEST_CORES, 1);
  const Folder folder;
  const BoardCommand board({"qemu", "--image", "misbehave"});
  const Reported reset =
      run_scenarios(program, {misbehaving(folder, BOARD_WATCHDOG), "--no-always", "--firmware", board.link()});
  ASSERT_EQ(reset.runs.size(), 1u) << reset.ran.err;
  EXPECT_EQ(reset.runs[0].at("verdict"), "error") << reset.runs[0].dump(1);
  EXPECT_NE(reset.runs[0].value("cause", "").find("has started anew"), std::string::npos) << reset.runs[0].dump(1);
  const Reported silent = run_scenarios(program, {misbehaving(folder, MASKED_SPIN), "--no-always", "--firmware",
                                                  board.link(), "--set", "link.patience=300 ms"});
  ASSERT_EQ(silent.runs.size(), 1u) << silent.ran.err;
  EXPECT_EQ(silent.runs[0].at("verdict"), "error");
  EXPECT_NE(silent.runs[0].value("cause", "").find("loops with interrupts masked"), std::string::npos)
      << silent.runs[0].dump(1);
  const Reported after = run_scenarios(program, {misbehaving(folder, BEHAVE), "--firmware", board.link()});
  EXPECT_EQ(after.ran.code, 2);
  EXPECT_NE(after.ran.err.find("no board answers"), std::string::npos) << after.ran.err;
}

TEST(Qemu, ABoardAloneReachesItsRate) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    execlp("qemu-system-arm", "qemu-system-arm", "-M", "mps2-an386", "-nodefaults", "-display", "none", "-kernel",
           PENSIM_CORES "/reference_pen.alone.elf", "-serial", "stdio", nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string line;
  double at_s = 0, rate_Hz = 0, depth_mm = 0, current_A = 0;
  for (char c; at_s < 1.0 && read(ends[0], &c, 1) == 1;) {
    line += c;
    if (c != '\n') continue;
    std::sscanf(line.c_str(), "t_s %lf rate_Hz %lf depth_mm %lf current_A %lf", &at_s, &rate_Hz, &depth_mm, &current_A);
    line.clear();
  }
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  close(ends[0]);
  EXPECT_NEAR(at_s, 1.0, 0.01);
  EXPECT_NEAR(rate_Hz, 120.0, 1.0);
  EXPECT_NEAR(depth_mm, 1.0, 0.05);
  EXPECT_NEAR(current_A, 0.206, 0.01);  // as pen_plant_test has it of both plants
}
#endif

TEST(Board, WatchesAndPokesAsTheNativeCoreDoes) {
  BoardCommand board({"soft"});
  const Folder folder;
  const std::vector<std::string> words = {short_run(folder)};
  const Reported native = run_scenarios(program, with(words, {"--out", folder / "native"}));
  const Reported link = run_scenarios(program, with(words, {"--out", folder / "link", "--firmware", board.link()}));
  ASSERT_EQ(native.runs.size(), 1u) << native.ran.err;
  ASSERT_EQ(link.runs.size(), 1u) << link.ran.err;
  const Ran diff = run_program(program, {"diff", native.runs[0]["recording"], link.runs[0]["recording"]});
  EXPECT_EQ(link.runs[0]["hash"], native.runs[0]["hash"]);
  EXPECT_EQ(diff.code, 0) << diff.out;
  const Recording recording = Recording::open(link.runs[0]["recording"]);
  bool state = false;
  for (const SignalInfo& s : recording.signals()) state = state || s.name == "link.state";
  EXPECT_TRUE(state);
  EXPECT_EQ(recording.meta().firmware_build_id.size(), 40u);
  EXPECT_EQ(board.end(SIGTERM), 0);
  EXPECT_FALSE(std::filesystem::exists(board.link().substr(10)));
}

TEST(Board, ThatIsAnotherOneIsRefusedBeforeAnythingRuns) {
  const BoardCommand board({"soft", "--firmware", "example_rates"});
  const Reported wrong =
      run_scenarios(program, {three[0], "--firmware", board.link(), "--set", "link.expects=reference_pen"});
  EXPECT_EQ(wrong.ran.code, 2);
  EXPECT_NE(wrong.ran.err.find("this is the wrong board: it runs example_rates on soft board"), std::string::npos)
      << wrong.ran.err;
  const Reported none = run_scenarios(program, {three[0], "--firmware", "link:unix:/nowhere/board"});
  EXPECT_EQ(none.ran.code, 2);
  EXPECT_NE(none.ran.err.find("No such file"), std::string::npos) << none.ran.err;
}

TEST(Board, WhoseCableIsPulledIsAnErrorAndNoFaultOfTheFirmware) {
  const BoardCommand board({"soft"});
  const Folder folder;
  FaultyLine line(folder / "line", board.link().substr(10), {});
  std::thread cutter([&] {
    while (line.now().pieces < 4000) usleep(1000);
    line.counts().cut = true;
  });
  const Reported run = run_scenarios(
      program, {three[0], "--firmware", "link:unix:" + (folder / "line"), "--set", "link.patience=100 ms"});
  cutter.join();
  EXPECT_EQ(run.ran.code, 4) << run.ran.out;
  ASSERT_EQ(run.runs.size(), 1u);
  EXPECT_EQ(run.runs[0]["verdict"], "error");
  EXPECT_NE(run.runs[0]["cause"].get<std::string>().find("lost: no answer within 0.1 s"), std::string::npos)
      << run.runs[0]["cause"];
  EXPECT_FALSE(run.runs[0].contains("firmware_fault"));
}

// The board stands where the dead run left it; the handshake begins anew.
TEST(Board, OutlivesARunThatIsKilled) {
  const Folder folder;
  const BoardCommand board({"soft"});
  FaultyLine line(folder / "line", board.link().substr(10), {});
  const std::string link = "link:unix:" + (folder / "line");
  const Reported native = run_scenarios(program, {short_run(folder)});
  const pid_t pid = fork();
  if (pid == 0) {
    const int nothing = open("/dev/null", O_RDWR);
    for (const int file : {1, 2}) dup2(nothing, file);
    execl(program.c_str(), program.c_str(), "run", three[0].c_str(), "--firmware", link.c_str(), "--keep", "none",
          nullptr);
    _exit(127);
  }
  while (line.now().pieces < 4000) usleep(1000);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  Reported again = run_scenarios(program, {short_run(folder), "--firmware", link});
  for (int tries = 0; again.ran.code == 2 && tries < 50; ++tries) {  // its children end a little later
    EXPECT_NE(again.ran.err.find("in use by process"), std::string::npos) << again.ran.err;
    usleep(100'000);
    again = run_scenarios(program, {short_run(folder), "--firmware", link});
  }
  ASSERT_EQ(again.runs.size(), 1u) << again.ran.err;
  EXPECT_EQ(again.runs[0]["hash"], native.runs[0]["hash"]);
}

TEST(Board, InRealTimePassesAndIsMarked) {
  const Folder folder;
  const BoardCommand board({"soft"});
  const Reported run =
      run_scenarios(program, {short_run(folder), "--firmware", board.link(), "--set", "link.mode=real_time"});
  ASSERT_EQ(run.runs.size(), 1u) << run.ran.err;
  EXPECT_EQ(run.runs[0]["reproducible"], false);
  EXPECT_NE(run.runs[0]["findings"].dump().find("cannot be reproduced"), std::string::npos);
  EXPECT_GE(run.runs[0]["wall_s"].get<double>(), 0.59);  // paced: never faster than the wall clock
}

TEST(Board, ProbeSaysWhatAnswers) {
  const BoardCommand board({"soft"});
  const Ran probe = run_program(program, {"board", "probe", "--count", "100", board.link()});
  EXPECT_EQ(probe.code, 0) << probe.out;
  EXPECT_NE(probe.out.find("reference_pen on soft board"), std::string::npos) << probe.out;
  EXPECT_NE(probe.out.find("round trip of 100 echoes"), std::string::npos) << probe.out;
  EXPECT_EQ(run_program(program, {"board", "probe", "link:unix:/nowhere/board"}).code, 4);
}

}  // namespace
}  // namespace pensim::test
