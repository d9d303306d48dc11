#include "sim/report/junit.h"

#include <fmt/format.h>

#include "sim/input/quantity.h"
#include "sim/platform/file.h"

namespace pensim {
namespace {

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

}  // namespace

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
    if (r.verdict == RunVerdict::firmware_fault || r.verdict == RunVerdict::error) {
      ++errors;
      cases += fmt::format("<error message=\"{}\">{}</error>",
                           xml(r.firmware_fault ? where(*r.firmware_fault) : r.cause), xml(r.reproduce));
    }
    cases += "</testcase>\n";
    for (const RequirementResult& q : r.requirements) {
      ++tests;
      cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\">", xml(r.scenario), xml(q.id));
      const std::string message =
          xml(fmt::format("{} margin {} at {:.6g} s: {}", q.text, show_quantity(q.margin, q.unit), q.at_s, q.that));
      if (fails(q.outcome, q.may_be_vacuous)) {
        ++failures;
        cases +=
            fmt::format("<failure message=\"{}: {}\">{}</failure>", outcome_name(q.outcome), message, xml(r.reproduce));
      } else if (q.outcome == Outcome::invalid) {
        ++errors;
        cases += fmt::format("<error message=\"invalid: {}\"/>", message);
      } else if (q.outcome != Outcome::pass) {
        ++skipped;
        cases += fmt::format("<skipped message=\"{}\"/>", outcome_name(q.outcome));
      }
      cases += "</testcase>\n";
    }
  }
  replace_file(
      path,
      fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"pensim\" tests=\"{}\" "
                  "failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
                  tests, failures, errors, skipped, cases));
}

}  // namespace pensim
