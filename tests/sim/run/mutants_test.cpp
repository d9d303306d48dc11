// How many deliberate defects of the firmware do the scenarios catch? All: each patch of firmware_shim/cores/mutants
// names the requirement that must fail with it, and that the sound firmware passes.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "tests/sim/program.h"

namespace pensim::test {
namespace {

const std::string program = PENSIM_PROGRAM;
const std::string patches = "firmware_shim/cores/mutants";

std::vector<std::string> mutants() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(patches))
    if (entry.path().extension() == ".patch") names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

struct Claim {
  std::string scenario, requirement;
};
// The second line: "Caught by: scenarios/hazards/stall.yaml H8-LATCH".
Claim claim_of(const std::string& mutant) {
  std::istringstream text(read_file(patches + "/" + mutant + ".patch"));
  std::string line, word;
  std::getline(text, line);
  std::getline(text, line);
  std::istringstream words(line);
  Claim claim;
  words >> word >> word >> claim.scenario >> claim.requirement;
  return claim;
}

std::string verdict_of(const Claim& claim, const std::string& firmware) {
  const Reported r = run_scenarios(program, {claim.scenario, "--firmware", firmware});
  if (!r.runs.is_array() || r.runs.size() != 1) return "no report: " + r.ran.err;
  for (const nlohmann::json& requirement : r.runs[0]["requirements"])
    if (requirement["id"] == claim.requirement) return requirement["verdict"];
  return "no requirement " + claim.requirement;
}

class Mutant : public testing::TestWithParam<std::string> {};

TEST_P(Mutant, IsCaughtByTheRequirementThatItNames) {
  const Claim claim = claim_of(GetParam());
  ASSERT_TRUE(std::filesystem::exists(claim.scenario)) << claim.scenario;
  EXPECT_EQ(verdict_of(claim, "mutant_" + GetParam()), "fail") << claim.scenario << " " << claim.requirement;
}

INSTANTIATE_TEST_SUITE_P(Firmware, Mutant, testing::ValuesIn(mutants()),
                         [](const auto& instance) { return instance.param; });

TEST(Mutants, TheSoundFirmwarePassesEveryRequirementThatCatchesOne) {
  std::map<std::string, Claim> claims;
  for (const std::string& mutant : mutants()) {
    const Claim claim = claim_of(mutant);
    claims[claim.scenario + " " + claim.requirement] = claim;
  }
  for (const auto& [name, claim] : claims) EXPECT_EQ(verdict_of(claim, "reference_pen"), "pass") << name;
}

TEST(Mutants, AreEnoughToMeanSomething) { EXPECT_GE(mutants().size(), 30u); }

}  // namespace
}  // namespace pensim::test
