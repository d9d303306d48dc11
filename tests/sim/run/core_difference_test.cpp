// Two builds of a core under the same inputs: the variable in which they part is named.
#include "sim/run/core_difference.h"

#include <gtest/gtest.h>

#include "tests/sim/program.h"

namespace pensim {
namespace {

const std::string cores = PENSIM_CORES;

CoreDifference between(const std::string& recording, const std::string& a, const std::string& b, Tick last) {
  const Recording inputs = Recording::open(recording);
  const auto first = open_target({TargetSpec::Kind::native, a, ""}),
             second = open_target({TargetSpec::Kind::native, b, ""});
  return core_difference(inputs, last, *first, CoreSymbols(a), *second, CoreSymbols(b));
}

TEST(CoreDifference, TheFirstVariableIsFoundWhereTheOutputsPartToo) {
  const test::Folder f;
  const auto run = [&](const std::string& core, const std::string& out) {
    const test::Ran ran = test::run_program(PENSIM_PROGRAM, {"run", "scenarios/treatment/cheek_1mm.yaml", "--firmware",
                                                             "native:" + core, "--out", f / out});
    EXPECT_LE(ran.code, 1) << ran.err;
    return f / (out + "/scenarios/treatment/cheek_1mm.h5");
  };
  const std::string reference = cores + "/reference_pen.so", mutant = cores + "/mutant_gain_x10.so";
  const std::string a = run(reference, "a"), b = run(mutant, "b");

  const CoreDifference same = between(a, reference, reference, 20000);
  EXPECT_FALSE(same.found) << core_difference_text(same, 50'000);
  EXPECT_GT(same.compared, 100u);

  const CoreDifference found = between(a, reference, mutant, 20000);
  ASSERT_TRUE(found.found);
  EXPECT_EQ(found.variable, "drive.demand_q15");  // of the speed loop's output, which comes behind it in the alphabet
  EXPECT_EQ(found.others, 2u);                    // speed_loop.duty, speed_loop.output_V
  const CoreDifference before = between(a, reference, mutant, found.tick - 1);
  EXPECT_FALSE(before.found);

  const test::Ran diff = test::run_program(PENSIM_PROGRAM, {"diff", a, b});
  EXPECT_EQ(diff.code, 1);
  EXPECT_NE(diff.out.find("firmware: " + core_difference_text(found, 50'000)), std::string::npos) << diff.out;
  EXPECT_EQ(test::run_program(PENSIM_PROGRAM, {"diff", a, a}).out.find("firmware:"), std::string::npos);
}

TEST(CoreDifference, ACoreThatIsNotAsRecordedIsSaid) {
  const test::Folder f;
  std::filesystem::copy_file(cores + "/mutant_gain_x10.so", f / "pen.so");
  std::vector<std::string> recordings;
  for (const std::string& core : {cores + "/reference_pen.so", f / "pen.so"}) {
    recordings.push_back(f / std::to_string(recordings.size()));
    test::run_program(PENSIM_PROGRAM, {"run", "scenarios/treatment/cheek_1mm.yaml", "--firmware", "native:" + core,
                                       "--out", recordings.back()});
    recordings.back() += "/scenarios/treatment/cheek_1mm.h5";
  }
  std::filesystem::remove(f / "pen.so");
  for (const bool other : {false, true}) {
    if (other) std::filesystem::copy_file(cores + "/reference_pen.so", f / "pen.so");
    const test::Ran diff = test::run_program(PENSIM_PROGRAM, {"diff", recordings[0], recordings[1]});
    EXPECT_EQ(diff.code, 1);
    EXPECT_NE(diff.out.find("a core is not here as it was recorded"), std::string::npos) << diff.out;
  }
}

}  // namespace
}  // namespace pensim
