#include "sim/report/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>

#include "sim/input/printable.h"
#include "sim/input/quantity.h"

namespace pensim {
namespace {

// By the share of its margin, so that volts and millimetres compare; one that is met to the last bit, as
// `core.pwm_duty == 0` is, measures nothing.
const RequirementResult* nearest_to_failing(const RunResult& r) {
  const RequirementResult* nearest = nullptr;
  for (const RequirementResult& q : r.requirements) {
    if (q.outcome != Outcome::pass || !std::isfinite(q.margin) || q.margin == 0.0) continue;
    if (nearest == nullptr || q.relative < nearest->relative) nearest = &q;
  }
  return nearest;
}

std::string requirement_text(const RequirementResult& q, const std::string& outcome) {
  std::string text = fmt::format("    {} {}{}{}\n      {}\n", outcome, q.id, q.text.empty() ? "" : ": ",
                                 printable(q.text), printable(q.that));
  if (q.outcome == Outcome::fail)
    text += fmt::format("      misses by {} at {:.6g} s{}{}\n", show_quantity(-q.margin, q.unit), q.at_s,
                        q.reason.empty() ? "" : ": ", printable(q.reason));
  else if (!q.reason.empty())
    text += fmt::format("      {}\n", printable(q.reason));
  return text;
}

// Margins and measures of a single run.
std::string table_text(const RunResult& r) {
  std::string text;
  std::size_t width = 11;
  for (const RequirementResult& q : r.requirements) width = std::max(width, q.id.size());
  if (!r.requirements.empty())
    text +=
        fmt::format("\n{:<{}}  {:<14} {:>12} {:>10}  {}\n", "requirement", width, "verdict", "margin", "at", "text");
  for (const RequirementResult& q : r.requirements)
    text += fmt::format("{:<{}}  {:<14} {:>12} {:>8.4g} s  {}\n", q.id, width, outcome_name(q.outcome),
                        q.outcome == Outcome::pass || q.outcome == Outcome::fail ? show_quantity(q.margin, q.unit) : "",
                        q.at_s, printable(q.text));
  for (const auto& [name, value] : r.measures) {
    const auto unit = r.measure_units.find(name);
    text += fmt::format("measure {:<20} {}\n", name,
                        show_quantity(value, unit == r.measure_units.end() ? "1" : unit->second));
  }
  return text;
}

}  // namespace

RunPrinter::RunPrinter(std::FILE* out, std::size_t runs)
    : out_(out), terminal_(isatty(fileno(out)) == 1), runs_(runs) {}

std::string RunPrinter::paint(const char* colour, const std::string& text) const {
  return terminal_ ? fmt::format("\033[{}m{}\033[0m", colour, text) : text;
}

std::string RunPrinter::clear_line() const { return terminal_ ? "\r\033[K" : ""; }

void RunPrinter::put(const std::string& text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), out_) == text.size() && std::fflush(out_) == 0;
  if (!written && error_ == 0) error_ = errno != 0 ? errno : EIO;
}

void RunPrinter::started(const std::string& scenario) {
  if (terminal_) put(clear_line() + fmt::format("[{}/{}] {} ...", done_ + 1, runs_, printable(scenario)));
}

void RunPrinter::ended(const RunResult& r) {
  ++done_;
  std::string text = clear_line();
  const bool green = exit_code(r.verdict) == 0;
  std::string detail;
  if (const RequirementResult* q = nearest_to_failing(r); q != nullptr && green)
    detail = fmt::format("closest {} by {} at {:.4g} s", q->id, show_quantity(q->margin, q->unit), q->at_s);
  text += fmt::format("{} {:<46} {:>6.2f} s in {:>6.3f} s  {}  {}\n",
                      paint(green ? "32" : "31", fmt::format("{:<14}", verdict_name(r.verdict))), printable(r.scenario),
                      r.sim_s, r.wall_s, r.hash.empty() ? std::string(16, '-') : r.hash, detail);
  if (r.firmware_fault) {
    text += fmt::format("    {}\n", printable(where(*r.firmware_fault)));
    if (!r.firmware_fault->detail.empty()) text += fmt::format("    {}\n", printable(r.firmware_fault->detail));
    for (const std::string& frame : r.firmware_fault->backtrace) text += fmt::format("      {}\n", printable(frame));
  } else if (!r.cause.empty() && !green) {
    text += fmt::format("    {}\n", printable_lines(r.cause));
  }
  for (const RequirementResult& q : r.requirements)
    if (fails(q.outcome, q.may_be_vacuous) || q.outcome == Outcome::invalid)
      text += requirement_text(q, paint("31", outcome_name(q.outcome)));
  for (const std::string& finding : r.findings)
    text += fmt::format("    {} {}\n", paint("33", "finding:"), printable(finding));
  if (!green && !r.reproduce.empty()) text += fmt::format("    reproduce: {}\n", printable(r.reproduce));
  put(text);
}

void RunPrinter::summary(const std::vector<RunResult>& results, double wall_s) {
  std::string text;
  if (results.size() == 1) text += table_text(results[0]);
  std::map<RunVerdict, std::size_t> counts;
  double sim_s = 0;
  std::size_t requirements = 0;
  for (const RunResult& r : results) {
    ++counts[r.verdict];
    sim_s += r.sim_s;
    requirements += r.requirements.size();
  }
  std::string line;
  for (const RunVerdict verdict : run_verdicts)
    if (counts.count(verdict) != 0)
      line += fmt::format("{}{} {}", line.empty() ? "" : ", ", counts[verdict], verdict_name(verdict));
  put(text + fmt::format("\n{} runs: {}; {} requirements judged; {:.1f} s simulated in {:.2f} s ({:.0f} times real "
                         "time)\n",
                         results.size(), line, requirements, sim_s, wall_s, wall_s > 0 ? sim_s / wall_s : 0.0));
}

}  // namespace pensim
