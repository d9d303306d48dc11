#include "sim/validation/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include "sim/input/input_error.h"
#include "sim/platform/file.h"
#include "sim/vocabulary/version.h"

namespace pensim {
namespace {

std::string number(double v) { return std::isinf(v) ? (v < 0 ? "-" : "+") : fmt::format("{:.4g}", v); }

std::string band(const TargetCheck& c) {
  if (c.low == c.high) return "yes";
  if (std::isinf(c.high)) return fmt::format("at least {}", number(c.low));
  if (std::isinf(c.low)) return fmt::format("at most {}", number(c.high));
  return fmt::format("{} .. {}", number(c.low), number(c.high));
}

std::string shown(const TargetCheck& c) { return c.low == c.high ? (c.pass() ? "yes" : "no") : number(c.model); }

std::string verdict(const TargetCheck& c) {
  if (c.pass()) return "pass";
  return c.low == c.high ? "fail" : fmt::format("fail by {}", number(c.miss()));
}

const char* verdict(const TargetResult& r) { return r.pass() ? "pass" : "fail"; }

std::string counts(const std::vector<TargetRow>& rows) {
  int passed = 0;
  for (const TargetRow& row : rows) passed += row.result.pass();
  return fmt::format("{} of {} targets within their published tolerance", passed, rows.size());
}

std::map<std::string, std::string> read_recorded(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    throw InputError(InputProblem{
        {path, 0, 0}, "the recorded verdicts cannot be read", "name a file with lines such as 'VT-01 pass'"});
  std::map<std::string, std::string> all;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string id, word, more;
    if (!(words >> id >> word) || words >> more || (word != "pass" && word != "fail"))
      throw InputError(InputProblem{{path, number, 1},
                                    fmt::format("expected a target and its verdict, found '{:.60}'", line),
                                    "write 'VT-01 pass' or 'VT-01 fail'"});
    all[id] = word;
  }
  return all;
}

void write_file(const std::string& path, const std::string& text) {
  try {
    replace_file(path, text);
  } catch (const std::system_error& error) {
    throw InputError(
        InputProblem{{path, 0, 0}, "cannot be written: " + error.code().message(), "name a folder that can"});
  }
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem)
    throw InputError(InputProblem{
        {folder.string(), 0, 0}, "the folder cannot be made: " + problem.message(), "name a folder that can"});
}

}  // namespace

void write_skin_law(const std::string& folder, const SkinLaw& law) {
  make_folder(folder);
  write_file((std::filesystem::path(folder) / "skin_law.yaml").string(), skin_law_yaml(law));
}

std::vector<TargetRow> measure_targets(const std::string& only) {
  std::vector<TargetRow> rows;
  for (const PublishedTarget& target : targets())
    if (only.empty() || only == target.id) rows.push_back({&target, target.measure({})});
  if (rows.empty()) {
    std::string ids;
    for (const PublishedTarget& target : targets()) ids += std::string(ids.empty() ? "" : ", ") + target.id;
    throw InputError(InputProblem{{"--only", 0, 0}, fmt::format("'{:.40}' is no target", only), "one of " + ids});
  }
  return rows;
}

std::string validation_table(const std::vector<TargetRow>& rows) {
  std::string text =
      fmt::format("{:<7}{:<13}{:<62}{:>11}  {:<18} {}\n", "target", "role", "check", "model", "published", "verdict");
  for (const TargetRow& row : rows) {
    text += fmt::format("{:<7}{:<13}{:<62}{:>11}  {:<18} {}\n", row.target->id, target_role_name(row.target->role),
                        row.target->source, "", "", verdict(row.result));
    for (const TargetCheck& c : row.result.checks)
      text += fmt::format("{:<20}{:<62}{:>11}  {:<18} {}\n", "", c.what, shown(c), band(c), verdict(c));
    if (!row.result.note.empty()) text += fmt::format("{:<20}{}\n", "", row.result.note);
  }
  return text + counts(rows) + "\n";
}

std::string validation_page(const std::vector<TargetRow>& rows) {
  std::string text =
      "# Validation\n\n"
      "Written by `pensim validate --out docs`. The models with their default parameters against what was published; "
      "the tolerances are those of\n"
      "the publications or were set before the models were fitted. *Calibration* rows were read by the fit of the "
      "skin, *hold-out* rows never;\n"
      "*trend* rows have an order or a form but no curve; *analytic* rows are closed forms, data sheets and tables. A "
      "row passes only if all its\n"
      "checks pass. What a row means for a user, and where sources exclude each other, stands in "
      "[physics](physics.md).\n\n";
  text += counts(rows) + ".\n\n| Target | Role | Source | Conditions | Verdict |\n|---|---|---|---|---|\n";
  for (const TargetRow& row : rows)
    text += fmt::format("| [{0}](validation/{0}.png) | {1} | {2} | {3} | {4} |\n", row.target->id,
                        target_role_name(row.target->role), row.target->source, row.target->conditions,
                        row.result.pass() ? "pass" : "**fail**");
  text += "\n## Checks\n\n| Target | Check | Model | Published, with tolerance | Verdict |\n|---|---|---|---|---|\n";
  for (const TargetRow& row : rows) {
    for (const TargetCheck& c : row.result.checks)
      text += fmt::format("| {} | {} | {} | {} | {} |\n", row.target->id, c.what, shown(c), band(c),
                          c.pass() ? "pass" : "**" + verdict(c) + "**");
    if (!row.result.note.empty()) text += fmt::format("| {} | *{}* | | | |\n", row.target->id, row.result.note);
  }
  return text;
}

int validate(const ValidateOptions& options) {
  const std::map<std::string, std::string> recorded =
      options.recorded.empty() ? std::map<std::string, std::string>{} : read_recorded(options.recorded);
  std::vector<TargetRow> rows = measure_targets(options.only);
  fmt::print("{}", validation_table(rows));
  if (!options.out.empty()) {
    const std::filesystem::path folder(options.out);
    make_folder(folder / "validation");
    for (TargetRow& row : rows) {
      row.result.chart.note =
          fmt::format("{}, {}: {}", row.target->source, target_role_name(row.target->role), verdict(row.result));
      dashboard::write_chart_png((folder / "validation" / (std::string(row.target->id) + ".png")).string(),
                                 row.result.chart);
    }
    if (options.only.empty()) dashboard::write_chart_png((folder / "validation/stroke.png").string(), stroke_chart({}));
    if (options.only.empty()) write_file((folder / "validation.md").string(), validation_page(rows));
    fmt::print(
        "written: {}\n",
        (options.only.empty() ? folder / "validation.md" : folder / "validation" / (options.only + ".png")).string());
  }
  int code = 0;
  for (const TargetRow& row : rows) {
    if (options.recorded.empty()) break;
    const auto was = recorded.find(row.target->id);
    const std::string before = was == recorded.end() ? "nothing" : was->second;
    if (before == verdict(row.result)) continue;
    fmt::print("{}: {} is on record, now {}\n", row.target->id, before, verdict(row.result));
    code = 1;
  }
  if (options.only.empty())
    for (const auto& [id, word] : recorded)
      if (std::none_of(rows.begin(), rows.end(),
                       [&, name = id](const TargetRow& row) { return name == row.target->id; })) {
        fmt::print("{}: on record, but no target\n", id);
        code = 1;
      }
  return code;
}

}  // namespace pensim
