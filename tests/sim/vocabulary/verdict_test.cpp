// The words of verdicts and their exit codes, as docs/command_line.md promises them to scripts.
#include "sim/vocabulary/verdict.h"

#include <gtest/gtest.h>

#include <map>

namespace pensim {
namespace {

TEST(Verdict, OutcomesHaveTheirWords) {
  const std::map<std::string, Outcome> words = {{"pass", Outcome::pass},
                                                {"fail", Outcome::fail},
                                                {"vacuous", Outcome::vacuous},
                                                {"not_applicable", Outcome::not_applicable},
                                                {"invalid", Outcome::invalid}};
  for (const auto& [word, outcome] : words) {
    EXPECT_EQ(outcome_name(outcome), word);
    EXPECT_EQ(outcome_named(word), outcome);
  }
  EXPECT_FALSE(outcome_named("passed"));
  EXPECT_FALSE(outcome_named(""));
}

TEST(Verdict, RunsHaveTheirWordsAndExitCodes) {
  const std::map<std::string, std::pair<RunVerdict, int>> words = {{"pass", {RunVerdict::pass, 0}},
                                                                   {"measured", {RunVerdict::measured, 0}},
                                                                   {"fail", {RunVerdict::fail, 1}},
                                                                   {"firmware_fault", {RunVerdict::firmware_fault, 3}},
                                                                   {"error", {RunVerdict::error, 4}}};
  for (const auto& [word, known] : words) {
    EXPECT_EQ(verdict_name(known.first), word);
    EXPECT_EQ(verdict_named(word), known.first);
    EXPECT_EQ(exit_code(known.first), known.second) << word;
  }
  EXPECT_FALSE(verdict_named("failed"));
}

TEST(Verdict, AVacuousRequirementFailsUnlessItMayBe) {
  EXPECT_TRUE(fails(Outcome::fail, true));
  EXPECT_TRUE(fails(Outcome::vacuous, false));
  EXPECT_FALSE(fails(Outcome::vacuous, true));
  for (const Outcome outcome : {Outcome::pass, Outcome::not_applicable, Outcome::invalid})
    EXPECT_FALSE(fails(outcome, false));
}

}  // namespace
}  // namespace pensim
