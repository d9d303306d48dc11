// Runs that do not fit into the memory that they may have: what was forgotten is read back from their file, and nobody
// can tell.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "firmware_shim/cores/misbehave/misbehave.h"
#include "sim/recording/recording.h"
#include "sim/run/prepare.h"
#include "sim/run/run_one.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

class LongRun : public ::testing::Test {
 protected:
  LongRun() : folder_(fs::temp_directory_path() / ("pensim_long_run_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    setenv("PENSIM_CORES", PENSIM_CORES, 1);
  }
  ~LongRun() override { fs::remove_all(folder_); }

  static std::vector<RunRequest> requests(const std::vector<std::string>& paths,
                                          const std::vector<std::string>& overrides = {}) {
    PrepareOptions options;
    options.paths = paths;
    options.overrides = overrides;
    std::vector<InputProblem> problems;
    std::vector<RunRequest> all = prepare(options, problems);
    EXPECT_TRUE(problems.empty());
    return all;
  }
  RunOptions tight(Keep keep) const {
    RunOptions options;
    options.keep = keep;
    options.out_dir = folder_.string();
    options.held_blocks = 2;
    return options;
  }

  fs::path folder_;
};

std::string without_times(RunResult result) {
  result.wall_s = 0;
  result.recording.clear();
  return to_json_text(result);
}

TEST_F(LongRun, IsJudgedAsOneThatFits) {
  std::vector<RunRequest> all =
      requests({"scenarios/treatment/lift_off.yaml", "scenarios/rigs", "scenarios/faults/hall_dropout.yaml"});
  ASSERT_GT(all.size(), 4u);
  // Long enough for columns that are read piece by piece.
  all.push_back(requests({"scenarios/treatment/cheek_1mm.yaml"}, {"duration=14 s"}).front());
  for (const RunRequest& request : all) {
    RunOptions roomy = tight(Keep::none);
    roomy.held_blocks = 1 << 20;
    const RunResult expected = run_one(request, roomy);
    EXPECT_EQ(without_times(run_one(request, tight(Keep::none))), without_times(expected)) << request.label;
    const RunResult kept = run_one(request, tight(Keep::all));
    EXPECT_EQ(without_times(kept), without_times(expected)) << request.label;
    const Recording recording = Recording::open(kept.recording);
    EXPECT_EQ(recording.duration_s(), expected.sim_s);
    EXPECT_EQ(recording.verdicts().size(), expected.requirements.size());
    EXPECT_EQ(recording.meta().verdict, verdict_name(expected.verdict));
  }
}

// A core that ends its process after what came before was forgotten: all of it stands in the file, up to the tick.
TEST_F(LongRun, ACrashLeavesEverythingBefore) {
  const std::string scenario = (folder_ / "crash.yaml").string();
  std::ofstream(scenario) << "title: crashes late\nduration: 3 s\nfirmware: misbehave\ntimeline:\n"
                             "  - {at: 1.234 s, set: aux.0, to: "
                          << NULL_WRITE << "}\nrequire:\n  - {id: HELD, that: \"always (battery.voltage > 3 V)\"}\n";
  const RunRequest request = requests({scenario}).front();
  RunOptions roomy = tight(Keep::none);
  roomy.held_blocks = 1 << 20;
  const RunResult expected = run_one(request, roomy), kept = run_one(request, tight(Keep::all));
  EXPECT_EQ(kept.verdict, RunVerdict::firmware_fault);
  EXPECT_EQ(without_times(kept), without_times(expected));
  const Recording recording = Recording::open(kept.recording);
  EXPECT_NEAR(recording.duration_s(), 1.234, 2 * 50e-6);
  EXPECT_EQ(recording.samples("battery.voltage").value.size(),
            static_cast<std::size_t>(recording.ticks() - 1) / 20 + 1);
  EXPECT_GT(recording.at("battery.voltage", recording.ticks() - 1), 3.0f);
  EXPECT_EQ(recording.meta().fault.kind, "segfault");
}

// Most memory of a process that does nothing but this run, in MB; its child counts too, but is the same for any length.
double most_memory_MB(const RunRequest& request, const RunOptions& options) {
  const pid_t pid = fork();
  if (pid == 0) _exit(run_one(request, options).verdict == RunVerdict::error ? 1 : 0);
  int status = 0;
  rusage used{};
  EXPECT_EQ(wait4(pid, &status, 0, &used), pid);
  EXPECT_EQ(status, 0);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

// Without that, a second of the pen takes 1.7 MB: 20 MB between these two.
TEST_F(LongRun, TakesTheMemoryOfAShortOne) {
  RunOptions options = tight(Keep::all);
  options.held_blocks = 8;
  const auto run = [&](const char* duration) {
    return most_memory_MB(requests({"tests/bench/cheek_10s.yaml"}, {std::string("duration=") + duration}).front(),
                          options);
  };
  const double short_MB = run("3 s"), long_MB = run("15 s");
  std::printf("  3 s: %.1f MB, 15 s: %.1f MB\n", short_MB, long_MB);
  EXPECT_LT(long_MB - short_MB, 6.0);
}

}  // namespace
}  // namespace pensim
