#include "sim/vocabulary/verdict.h"

#include <iterator>

namespace pensim {
namespace {

constexpr const char* outcomes[] = {"pass", "fail", "vacuous", "not_applicable", "invalid"};

struct Row {
  const char* name;
  int exit_code;
};
constexpr Row verdicts[] = {{"pass", 0}, {"measured", 0}, {"fail", 1}, {"firmware_fault", 3}, {"error", 4}};
static_assert(std::size(verdicts) == std::size(run_verdicts));

const Row& row(RunVerdict verdict) { return verdicts[static_cast<std::size_t>(verdict)]; }

}  // namespace

const char* outcome_name(Outcome outcome) { return outcomes[static_cast<std::size_t>(outcome)]; }

std::optional<Outcome> outcome_named(const std::string& name) {
  for (std::size_t i = 0; i < std::size(outcomes); ++i)
    if (name == outcomes[i]) return static_cast<Outcome>(i);
  return std::nullopt;
}

const char* verdict_name(RunVerdict verdict) { return row(verdict).name; }

std::optional<RunVerdict> verdict_named(const std::string& name) {
  for (const RunVerdict verdict : run_verdicts)
    if (name == verdict_name(verdict)) return verdict;
  return std::nullopt;
}

int exit_code(RunVerdict verdict) { return row(verdict).exit_code; }

}  // namespace pensim
