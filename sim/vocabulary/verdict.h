// verdict.h - what comes of a requirement and of a run. The words, and the exit codes, are here and nowhere else; they
// become text in files and on the terminal only.
#pragma once

#include <optional>
#include <string>

namespace pensim {

enum class Outcome : unsigned char { pass, fail, vacuous, not_applicable, invalid };
const char* outcome_name(Outcome);  // the enumerator's own
std::optional<Outcome> outcome_named(const std::string& name);

// `measured`: nothing was required. In the order of a summary; the exit code of a call is the highest of its runs.
enum class RunVerdict : unsigned char { pass, measured, fail, firmware_fault, error };
inline constexpr RunVerdict run_verdicts[] = {RunVerdict::pass, RunVerdict::measured, RunVerdict::fail,
                                              RunVerdict::firmware_fault, RunVerdict::error};
const char* verdict_name(RunVerdict);  // the enumerator's own
std::optional<RunVerdict> verdict_named(const std::string& name);
int exit_code(RunVerdict);  // docs/command_line.md

// Whether the run fails of it: failed, or vacuous without being allowed to.
inline bool fails(Outcome outcome, bool may_be_vacuous) {
  return outcome == Outcome::fail || (outcome == Outcome::vacuous && !may_be_vacuous);
}

}  // namespace pensim
