#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "sim/cli/commands.h"
#include "sim/platform/program.h"
#include "sim/validation/fit_skin.h"
#include "sim/validation/validate.h"

namespace pensim {
namespace {

struct ValidateArguments {
  ValidateOptions options;
  bool fit = false;
};

int command_fit(const std::string& out) {
  const SkinFit found = fit_skin({});
  fmt::print("{}", fit_text(found));
  if (!out.empty()) write_skin_law(out, found.law);
  return exit_ok;
}

// In the source tree the whole of it also writes the project's own page.
ValidateOptions with_defaults(ValidateOptions options) {
  if (options.out.empty() && options.only.empty() && options.recorded.empty() &&
      std::filesystem::exists("docs/validation.md"))
    options.out = "docs";
  if (options.recorded.empty()) options.recorded = share_path("verdicts.txt");
  return options;
}

}  // namespace

void add_validate_command(CLI::App& app) {
  const auto a = std::make_shared<ValidateArguments>();
  CLI::App* command = app.add_subcommand(
      "validate", "the models against every published target; 0 if the verdicts are those on record");
  command->add_option(
      "--out", a->options.out,
      "folder for validation.md and a picture per target (docs/ in the source tree); with --fit for skin_law.yaml");
  command->add_option("--only", a->options.only, "one target, e.g. VT-05");
  command->add_option("--recorded", a->options.recorded,
                      "file with the verdicts on record (the installation's if not given)");
  command->add_flag("--fit", a->fit,
                    "instead: fit the skin to the calibration targets, print values, intervals, correlation");
  command->final_callback([a] { finish(a->fit ? command_fit(a->options.out) : validate(with_defaults(a->options))); });
}

}  // namespace pensim
