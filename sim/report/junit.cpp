#include "sim/report/junit.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/input/printable.h"
#include "sim/input/quantity.h"
#include "sim/platform/file.h"

namespace pensim {
namespace {

// As an attribute or text. Not every character can stand in XML 1.0, not even as a reference.
std::string xml(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const int c = next_character(text, at);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\n' || c == '\t' || c == '\r')
      out += fmt::format("&#{};", c);
    else if (c < 0x20 || c == 0xFFFE || c == 0xFFFF)
      out += "\uFFFD";
    else
      out += text.substr(begin, at - begin);
  }
  return out;
}

// Whether a requirement is why the run is red: then it says so, and the run need not.
bool told_by_requirement(const RunResult& r) {
  return std::any_of(r.requirements.begin(), r.requirements.end(), [&](const RequirementResult& q) {
    return r.cause.starts_with(q.id + " is " + outcome_name(q.outcome) + ": ");
  });
}

std::string margin_text(const RequirementResult& q) {
  if (!has_margin(q)) return fmt::format("{}: {}: {}", q.text, q.reason, q.that);
  return fmt::format("{} margin {} at {:.6g} s: {}", q.text, show_quantity(q.margin, q.unit), q.at_s, q.that);
}

constexpr const char* beginning =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"pensim\" ";

}  // namespace

const std::vector<std::string> junit_beginnings = {beginning};

void write_junit(const std::string& path, const std::vector<RunResult>& results,
                 const std::vector<InputProblem>& problems) {
  std::string cases;
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  for (const InputProblem& p : problems) {
    ++tests;
    ++errors;
    cases += fmt::format("    <testcase classname=\"input\" name=\"{}\"><error message=\"{}\"/></testcase>\n",
                         xml(p.at.file), xml(p.text()));
  }
  for (const RunResult& r : results) {
    ++tests;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"run\" time=\"{:.3f}\">", xml(r.scenario), r.wall_s);
    if (exit_code(r.verdict) != 0 && !told_by_requirement(r)) {
      const bool failure = r.verdict == RunVerdict::fail;
      ++(failure ? failures : errors);
      const char* const element = failure ? "failure" : "error";
      cases += fmt::format("<{} message=\"{}\">{}</{}>", element,
                           xml(r.firmware_fault ? where(*r.firmware_fault) : r.cause), xml(r.reproduce), element);
    }
    cases += "</testcase>\n";
    for (const RequirementResult& q : r.requirements) {
      ++tests;
      cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\">", xml(r.scenario), xml(q.id));
      const std::string message = xml(margin_text(q));
      if (fails(q.outcome, q.may_be_vacuous)) {
        ++failures;
        cases +=
            fmt::format("<failure message=\"{}: {}\">{}</failure>", outcome_name(q.outcome), message, xml(r.reproduce));
      } else if (q.outcome == Outcome::invalid) {
        ++errors;
        cases += fmt::format("<error message=\"invalid: {}\">{}</error>", message, xml(r.reproduce));
      } else if (q.outcome != Outcome::pass) {
        ++skipped;
        cases += fmt::format("<skipped message=\"{}\"/>", outcome_name(q.outcome));
      }
      cases += "</testcase>\n";
    }
  }
  replace_file(path, fmt::format("{}tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{}  </testsuite>\n"
                                 "</testsuites>\n",
                                 beginning, tests, failures, errors, skipped, cases));
}

}  // namespace pensim
