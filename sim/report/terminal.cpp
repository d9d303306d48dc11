#include "sim/report/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "sim/input/quantity.h"

namespace pensim {
namespace {

const RequirementResult* nearest_to_failing(const RunResult& r) {
  const RequirementResult* worst = nullptr;
  for (const RequirementResult& q : r.requirements) {
    if (q.outcome != Outcome::pass && q.outcome != Outcome::fail) continue;
    if (worst == nullptr || q.margin < worst->margin) worst = &q;
  }
  return worst;
}

}  // namespace

RunPrinter::RunPrinter(std::FILE* out, std::size_t runs)
    : out_(out), terminal_(isatty(fileno(out)) == 1), runs_(runs) {}

std::string RunPrinter::paint(const char* colour, const std::string& text) const {
  return terminal_ ? fmt::format("\033[{}m{}\033[0m", colour, text) : text;
}

void RunPrinter::clear_line() const {
  if (terminal_) fmt::print(out_, "\r\033[K");
}

void RunPrinter::started(const std::string& scenario) {
  if (!terminal_) return;
  clear_line();
  fmt::print(out_, "[{}/{}] {} ...", done_ + 1, runs_, scenario);
  std::fflush(out_);
}

void RunPrinter::ended(const RunResult& r) {
  ++done_;
  clear_line();
  const bool green = exit_code(r.verdict) == 0;
  std::string detail;
  if (const RequirementResult* q = nearest_to_failing(r); q != nullptr && green)
    detail = fmt::format("closest {} by {} at {:.4g} s", q->id, show_quantity(q->margin, q->unit), q->at_s);
  fmt::print(out_, "{} {:<46} {:>6.2f} s in {:>6.3f} s  {}  {}\n",
             paint(green ? "32" : "31", fmt::format("{:<14}", verdict_name(r.verdict))), r.scenario, r.sim_s, r.wall_s,
             r.hash.empty() ? std::string(16, '-') : r.hash, detail);
  if (r.firmware_fault) {
    fmt::print(out_, "    {}\n", where(*r.firmware_fault));
    if (!r.firmware_fault->detail.empty()) fmt::print(out_, "    {}\n", r.firmware_fault->detail);
    for (const std::string& frame : r.firmware_fault->backtrace) fmt::print(out_, "      {}\n", frame);
  } else if (!r.cause.empty() && !green) {
    fmt::print(out_, "    {}\n", r.cause);
  }
  for (const RequirementResult& q : r.requirements) {
    if (!fails(q.outcome, q.may_be_vacuous) && q.outcome != Outcome::invalid) continue;
    fmt::print(out_, "    {} {}{}{}\n      {}\n", paint("31", outcome_name(q.outcome)), q.id,
               q.text.empty() ? "" : ": ", q.text, q.that);
    if (q.outcome == Outcome::fail)
      fmt::print(out_, "      misses by {} at {:.6g} s{}{}\n", show_quantity(-q.margin, q.unit), q.at_s,
                 q.reason.empty() ? "" : ": ", q.reason);
    else if (!q.reason.empty())
      fmt::print(out_, "      {}\n", q.reason);
  }
  for (const std::string& finding : r.findings) fmt::print(out_, "    {} {}\n", paint("33", "finding:"), finding);
  if (!green && !r.reproduce.empty()) fmt::print(out_, "    reproduce: {}\n", r.reproduce);
  std::fflush(out_);
}

void RunPrinter::summary(const std::vector<RunResult>& results, double wall_s) {
  if (results.size() == 1) {
    const RunResult& r = results[0];
    std::size_t width = 11;
    for (const RequirementResult& q : r.requirements) width = std::max(width, q.id.size());
    if (!r.requirements.empty())
      fmt::print(out_, "\n{:<{}}  {:<14} {:>12} {:>10}  {}\n", "requirement", width, "verdict", "margin", "at", "text");
    for (const RequirementResult& q : r.requirements)
      fmt::print(out_, "{:<{}}  {:<14} {:>12} {:>8.4g} s  {}\n", q.id, width, outcome_name(q.outcome),
                 q.outcome == Outcome::pass || q.outcome == Outcome::fail ? show_quantity(q.margin, q.unit) : "",
                 q.at_s, q.text);
    for (const auto& [name, value] : r.measures) {
      const auto unit = r.measure_units.find(name);
      fmt::print(out_, "measure {:<20} {}\n", name,
                 show_quantity(value, unit == r.measure_units.end() ? "1" : unit->second));
    }
  }
  std::map<RunVerdict, std::size_t> counts;
  double sim_s = 0;
  for (const RunResult& r : results) {
    ++counts[r.verdict];
    sim_s += r.sim_s;
  }
  std::string line;
  for (const RunVerdict verdict : run_verdicts)
    if (counts.count(verdict) != 0)
      line += fmt::format("{}{} {}", line.empty() ? "" : ", ", counts[verdict], verdict_name(verdict));
  std::size_t requirements = 0;
  for (const RunResult& r : results) requirements += r.requirements.size();
  fmt::print(out_, "\n{} runs: {}; {} requirements judged; {:.1f} s simulated in {:.2f} s ({:.0f} times real time)\n",
             results.size(), line, requirements, sim_s, wall_s, wall_s > 0 ? sim_s / wall_s : 0.0);
}

}  // namespace pensim
