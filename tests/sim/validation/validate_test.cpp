// `pensim validate`: the verdicts on record, what it writes and refuses; and that the fit reads calibration targets
// only.
#include "sim/validation/validate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "sim/validation/fit_skin.h"
#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;

// As identifiers of test cases have no minus.
std::string case_name(const testing::TestParamInfo<std::string>& instance) {
  std::string name = instance.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::vector<std::string> target_ids() {
  std::vector<std::string> ids;
  for (const PublishedTarget& target : targets())
    if (std::find(ids.begin(), ids.end(), target.id) == ids.end()) ids.push_back(target.id);
  return ids;
}

class Target : public testing::TestWithParam<std::string> {};

TEST_P(Target, VerdictIsTheOneOnRecord) {
  const Ran ran = run_program(program, {"validate", "--only", GetParam(), "--recorded", "sim/validation/verdicts.txt"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find(GetParam()), std::string::npos) << ran.out;
}

INSTANTIATE_TEST_SUITE_P(Published, Target, testing::ValuesIn(target_ids()), case_name);

TEST(Validate, EveryTargetHasAVerdictOnRecord) {
  std::vector<std::string> recorded;
  std::istringstream lines(read_file("sim/validation/verdicts.txt"));
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("VT-", 0) == 0) recorded.push_back(line.substr(0, line.find(' ')));
  EXPECT_EQ(recorded, target_ids());
  EXPECT_EQ(recorded.size(), 21u);
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
  EXPECT_EQ(fit.law.parameters.size(), 7u);
  // The defaults are that fit, rounded: within its intervals, and no worse.
  SkinParams defaults;
  for (const LawParameter& p : fit.law.parameters)
    each_skin_param(defaults, [&](const char* name, auto& value) {
      if (p.name != name) return;
      EXPECT_GE(static_cast<double>(value), p.low) << name;
      EXPECT_LE(static_cast<double>(value), p.high) << name;
    });
  EXPECT_LE(fit.defaults, fit.optimum + 0.5);
}

// models/catalog/skin_law.yaml: intervals and correlations at its optimum are what it says, and the optimum is one.
TEST(Fit, TheStoredLawIsWhatTheFitFinds) {
  const SkinLaw& stored = skin_law();
  TargetModels models;
  for (const LawParameter& p : stored.parameters)
    each_skin_param(models.skin, [&](const char* name, auto& value) {
      if (p.name == name) value = static_cast<std::remove_cvref_t<decltype(value)>>(p.value);
    });
  const SkinFit fit = fit_skin(models, 0);
  EXPECT_LE(fit.optimum, 1.005 * fit_skin({}, 0).optimum);  // no worse than the defaults, which are rounded, but for
                                                            // kinks of the law
  EXPECT_EQ(fit.law.origin, stored.origin);
  ASSERT_EQ(fit.law.parameters.size(), stored.parameters.size());
  for (std::size_t i = 0; i < stored.parameters.size(); ++i) {
    const LawParameter &now = fit.law.parameters[i], &was = stored.parameters[i];
    EXPECT_EQ(now.name, was.name);
    EXPECT_EQ(now.logarithmic, was.logarithmic);
    EXPECT_EQ(now.range, was.range);
    EXPECT_NEAR(now.value / was.value, 1, 1e-9) << was.name;
    EXPECT_NEAR(now.low, was.low, 0.05 * std::abs(was.high - was.low)) << was.name;
    EXPECT_NEAR(now.high, was.high, 0.05 * std::abs(was.high - was.low)) << was.name;
    EXPECT_NEAR(now.deviation / was.deviation, 1, 0.05) << was.name;
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_NEAR(fit.law.correlation[i][j], stored.correlation[i][j], 0.02)
          << was.name << " " << fit.law.parameters[j].name;
  }
  EXPECT_EQ(fit.law.flat.size(), stored.flat.size());
}

}  // namespace
}  // namespace pensim::test
