#include "sim/run/baseline.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "sim/input/input_error.h"
#include "sim/input/quantity.h"
#include "sim/recording/recording.h"

namespace pensim {

namespace fs = std::filesystem;

void compare_baseline(const RunOptions& options, RunResult& result) {
  const std::string path = recording_path(options.baseline_dir, result.scenario);
  std::error_code error;
  if (!fs::exists(path, error)) {
    result.findings.push_back("baseline: there is no " + path);
    return;
  }
  const Recording baseline = Recording::open(path);
  if (const std::string change = baseline.change(); !change.empty()) throw InputError({{path, 0, 0}, change, ""});
  for (const RequirementResult& now : result.requirements)
    for (const RecordedVerdict& before : baseline.verdicts()) {
      if (before.id != now.id || now.outcome != Outcome::pass || outcome_named(before.outcome) != Outcome::pass)
        continue;
      if (!std::isfinite(before.margin) || before.margin <= 0 || !std::isfinite(now.margin) || before.unit != now.unit)
        continue;
      const double drop = 1.0 - now.margin / before.margin;
      if (drop <= (options.fail_on_drop >= 0 ? options.fail_on_drop : 0.01)) continue;
      const std::string text =
          fmt::format("{} lost {:.1f} % of its margin: {} was {}", now.id, 100 * drop,
                      show_quantity(now.margin, now.unit), show_quantity(before.margin, before.unit));
      if (options.fail_on_drop >= 0 && exit_code(result.verdict) == 0) {
        result.verdict = RunVerdict::fail;
        result.cause = text;
      } else {
        result.findings.push_back("baseline: " + text);
      }
    }
}

}  // namespace pensim
