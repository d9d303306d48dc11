// `pensim validate`: the verdicts on record, what it writes and refuses; and that the fit reads calibration targets only.
#include "sim/validate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <stdexcept>

#include "sim/fit_skin.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;

TEST(Validate, EveryVerdictIsTheOneOnRecord) {
  const Ran ran = run_program(program, {"validate", "--recorded", "tests/data/validation.txt"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  std::set<std::string> ids;
  for (const PublishedTarget& target : targets()) ids.insert(target.id);
  EXPECT_EQ(ids.size(), 21u);
  for (const std::string& id : ids) EXPECT_NE(ran.out.find(id), std::string::npos) << id;
}

TEST(Validate, AVerdictThatChangedInEitherDirectionFails) {
  const Folder f;
  write_file(f / "better.txt", "VT-05 pass\n");
  write_file(f / "worse.txt", "VT-20 fail\n");
  for (const auto& [file, id] : {std::pair{"better.txt", "VT-05"}, {"worse.txt", "VT-20"}}) {
    const Ran ran = run_program(program, {"validate", "--only", id, "--recorded", f / file});
    EXPECT_EQ(ran.code, 1) << ran.out;
    EXPECT_NE(ran.out.find("is on record, now"), std::string::npos) << ran.out;
  }
}

TEST(Validate, WritesThePageAndAPicturePerTarget) {
  const Folder f;
  ASSERT_EQ(run_program(program, {"validate", "--out", f / "docs"}).code, 0);
  const std::string page = read_file(f / "docs/validation.md");
  for (const PublishedTarget& target : targets()) {
    EXPECT_EQ(read_file(f / ("docs/validation/" + std::string(target.id) + ".png")).substr(1, 3), "PNG") << target.id;
    EXPECT_NE(page.find(target.source), std::string::npos) << target.id;
  }
  EXPECT_EQ(page, read_file("docs/validation.md"));  // the page in the repository is what the program writes today
}

TEST(Validate, RefusesWhatItDoesNotKnow) {
  const Folder f;
  const Ran ran = run_program(program, {"validate", "--only", "VT-99"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("'VT-99' is no target"), std::string::npos) << ran.err;
  write_file(f / "bad.txt", "VT-01 perhaps\n");
  const Ran bad = run_program(program, {"validate", "--only", "VT-20", "--recorded", f / "bad.txt"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_NE(bad.err.find("bad.txt:1:1: expected a target and its verdict"), std::string::npos) << bad.err;
}

TEST(Fit, ReadsCalibrationTargetsOnly) {
  for (const PublishedTarget& target : targets()) {
    if (target.role == TargetRole::calibration)
      EXPECT_FALSE(measure_for_fit(target, {}).checks.empty()) << target.id;
    else
      EXPECT_THROW(measure_for_fit(target, {}), std::logic_error) << target.id;
  }
  const SkinFit fit = fit_skin({}, 30);  // a fit cut short reads what a full one does
  EXPECT_EQ(fit.targets, (std::vector<std::string>{"VT-01", "VT-02", "VT-03", "VT-04", "VT-12", "VT-16"}));
  for (std::size_t i = 0; i < fit.parameters.size(); ++i) EXPECT_NEAR(fit.correlation[i][i], 1, 1e-9);
  EXPECT_EQ(fit.parameters.size(), 7u);
  // The defaults are that fit, rounded: within its intervals, and no worse.
  SkinParams defaults;
  for (const FittedParameter& p : fit.parameters)
    each_skin_param(defaults, [&](const char* name, auto& value) {
      if (p.name != name) return;
      EXPECT_GE(static_cast<double>(value), p.low) << name;
      EXPECT_LE(static_cast<double>(value), p.high) << name;
    });
  EXPECT_LE(fit.defaults, fit.optimum + 0.5);
}

}  // namespace
}  // namespace pensim::test
