// Whole runs on a board: the hash of the native core, what the recording says of the link, what a loss comes to.
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <thread>

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
  const Reported run = run_scenarios(program, {three[0], "--firmware", "link:unix:" + (folder / "line")});
  cutter.join();
  EXPECT_EQ(run.ran.code, 4) << run.ran.out;
  ASSERT_EQ(run.runs.size(), 1u);
  EXPECT_EQ(run.runs[0]["verdict"], "error");
  EXPECT_NE(run.runs[0]["cause"].get<std::string>().find("lost: no answer within 0.1 s"), std::string::npos)
      << run.runs[0]["cause"];
  EXPECT_FALSE(run.runs[0].contains("firmware_fault"));
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
