#include "sim/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace pensim {
namespace {

using nlohmann::ordered_json;

ordered_json finite(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }

ordered_json json_of(const RunResult& r) {
  ordered_json requirements = ordered_json::array();
  for (const RequirementResult& q : r.requirements)
    requirements.push_back({{"id", q.id}, {"verdict", q.verdict}, {"margin", finite(q.margin)}, {"unit", q.unit},
                            {"at_s", q.at_s}, {"text", q.text}, {"that", q.that}, {"reason", q.reason},
                            {"may_be_vacuous", q.may_be_vacuous}, {"always", q.always}});
  ordered_json measures = ordered_json::object();
  for (const auto& [name, value] : r.measures) measures[name] = finite(value);
  ordered_json json = {{"scenario", r.scenario}, {"title", r.title},       {"verdict", r.verdict}, {"cause", r.cause},
                       {"seed", r.seed},         {"hash", r.hash},         {"requirements", requirements},
                       {"measures", measures},   {"measure_units", r.measure_units},
                       {"wall_s", r.wall_s},     {"sim_s", r.sim_s},
                       {"findings", r.findings}, {"recording", r.recording}, {"reproduce", r.reproduce}};
  if (r.firmware_fault) {
    const FirmwareFault& f = *r.firmware_fault;
    json["firmware_fault"] = {{"kind", f.kind}, {"function", f.function}, {"file", f.file},          {"line", f.line},
                              {"at_s", f.at_s}, {"detail", f.detail},     {"backtrace", f.backtrace}};
  }
  return json;
}

void write_file(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  std::FILE* file = std::fopen(part.c_str(), "wb");
  if (file == nullptr) throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int write_errno = errno;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || std::rename(part.c_str(), path.c_str()) != 0) {
    const int code = written ? errno : write_errno;
    std::remove(part.c_str());
    throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(code)));
  }
}

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

std::string where(const FirmwareFault& f) {
  std::string text = f.kind;
  if (!f.function.empty()) text += " in " + f.function;
  if (!f.file.empty()) text += fmt::format(" ({}:{})", f.file, f.line);
  return text + fmt::format(" at {:.6g} s", f.at_s);
}

const RequirementResult* nearest_to_failing(const RunResult& r) {
  const RequirementResult* worst = nullptr;
  for (const RequirementResult& q : r.requirements) {
    if (q.verdict != "pass" && q.verdict != "fail") continue;
    if (worst == nullptr || q.margin < worst->margin) worst = &q;
  }
  return worst;
}

}  // namespace

int exit_code(const std::string& verdict) {
  if (verdict == "pass" || verdict == "measured") return 0;
  if (verdict == "fail") return 1;
  if (verdict == "firmware_fault") return 3;
  return 4;
}

std::string to_json_text(const RunResult& r) {
  ordered_json json = json_of(r);
  // Infinite margins have no JSON; between processes they travel as text.
  for (std::size_t i = 0; i < r.requirements.size(); ++i)
    if (!std::isfinite(r.requirements[i].margin))
      json["requirements"][i]["margin"] = std::isnan(r.requirements[i].margin) ? "nan" : r.requirements[i].margin > 0 ? "inf" : "-inf";
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

RunResult result_from_json_text(const std::string& text) {
  const ordered_json json = ordered_json::parse(text);
  RunResult r;
  const auto number = [](const ordered_json& value) {
    if (value.is_number()) return value.get<double>();
    if (value.is_string()) return value == "inf" ? HUGE_VAL : value == "-inf" ? -HUGE_VAL : std::nan("");
    return std::nan("");
  };
  r.scenario = json.at("scenario");
  r.title = json.at("title");
  r.verdict = json.at("verdict");
  r.cause = json.at("cause");
  r.seed = json.at("seed");
  r.hash = json.at("hash");
  for (const auto& q : json.at("requirements"))
    r.requirements.push_back({q.at("id"), q.at("text"), q.at("that"), q.at("verdict"), q.at("may_be_vacuous"), q.at("always"),
                              number(q.at("margin")), q.at("unit"), q.at("at_s"), q.at("reason")});
  for (const auto& [name, value] : json.at("measures").items()) r.measures[name] = number(value);
  r.measure_units = json.at("measure_units").get<std::map<std::string, std::string>>();
  r.wall_s = json.at("wall_s");
  r.sim_s = json.at("sim_s");
  r.findings = json.at("findings").get<std::vector<std::string>>();
  r.recording = json.at("recording");
  r.reproduce = json.at("reproduce");
  if (json.contains("firmware_fault")) {
    const auto& f = json["firmware_fault"];
    r.firmware_fault = FirmwareFault{f.at("kind"), f.at("function"), f.at("file"), f.at("line"),
                                     f.at("at_s"), f.at("detail"),   f.at("backtrace").get<std::vector<std::string>>()};
  }
  return r;
}

std::string show_quantity(double si, const std::string& unit) {
  if (std::isinf(si)) return si > 0 ? "inf" : "-inf";
  if (std::isnan(si)) return "-";
  if (unit == "m") return fmt::format("{:.4g} mm", si * 1e3);
  if (unit == "s") return fmt::format("{:.4g} ms", si * 1e3);
  if (unit == "1" || unit.empty()) return fmt::format("{:.4g}", si);
  if (unit == "m/s") return fmt::format("{:.4g} mm/s", si * 1e3);
  if (unit == "1/m^2") return fmt::format("{:.4g} /cm^2", si * 1e-4);
  if (unit == "rad") return fmt::format("{:.4g} deg", si * 57.29577951308232);
  return fmt::format("{:.4g} {}", si, unit);
}

RunPrinter::RunPrinter(std::FILE* out, std::size_t runs) : out_(out), terminal_(isatty(fileno(out)) == 1), runs_(runs) {}

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
             paint(green ? "32" : "31", fmt::format("{:<14}", r.verdict)), r.scenario, r.sim_s, r.wall_s,
             r.hash.empty() ? std::string(16, '-') : r.hash, detail);
  if (r.firmware_fault) {
    fmt::print(out_, "    {}\n", where(*r.firmware_fault));
    if (!r.firmware_fault->detail.empty()) fmt::print(out_, "    {}\n", r.firmware_fault->detail);
    for (const std::string& frame : r.firmware_fault->backtrace) fmt::print(out_, "      {}\n", frame);
  } else if (!r.cause.empty() && !green) {
    fmt::print(out_, "    {}\n", r.cause);
  }
  for (const RequirementResult& q : r.requirements) {
    const bool red = q.verdict == "fail" || q.verdict == "invalid" || (q.verdict == "vacuous" && !q.may_be_vacuous);
    if (!red) continue;
    fmt::print(out_, "    {} {}{}{}\n      {}\n", paint("31", q.verdict), q.id, q.text.empty() ? "" : ": ", q.text, q.that);
    if (q.verdict == "fail")
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
    if (!r.requirements.empty()) fmt::print(out_, "\n{:<{}}  {:<14} {:>12} {:>10}  {}\n", "requirement", width, "verdict", "margin", "at", "text");
    for (const RequirementResult& q : r.requirements)
      fmt::print(out_, "{:<{}}  {:<14} {:>12} {:>8.4g} s  {}\n", q.id, width, q.verdict,
                 q.verdict == "pass" || q.verdict == "fail" ? show_quantity(q.margin, q.unit) : "", q.at_s, q.text);
    for (const auto& [name, value] : r.measures) {
      const auto unit = r.measure_units.find(name);
      fmt::print(out_, "measure {:<20} {}\n", name, show_quantity(value, unit == r.measure_units.end() ? "1" : unit->second));
    }
  }
  std::map<std::string, std::size_t> counts;
  double sim_s = 0;
  for (const RunResult& r : results) {
    ++counts[r.verdict];
    sim_s += r.sim_s;
  }
  std::string line;
  for (const char* verdict : {"pass", "measured", "fail", "firmware_fault", "error"})
    if (counts.count(verdict) != 0) line += fmt::format("{}{} {}", line.empty() ? "" : ", ", counts[verdict], verdict);
  std::size_t requirements = 0;
  for (const RunResult& r : results) requirements += r.requirements.size();
  fmt::print(out_, "\n{} runs: {}; {} requirements judged; {:.1f} s simulated in {:.2f} s ({:.0f} times real time)\n",
             results.size(), line, requirements, sim_s, wall_s, wall_s > 0 ? sim_s / wall_s : 0.0);
}

void write_junit(const std::string& path, const std::vector<RunResult>& results, const std::vector<InputProblem>& problems) {
  std::string cases;
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  for (const InputProblem& p : problems) {
    ++tests;
    ++errors;
    cases += fmt::format("    <testcase classname=\"input\" name=\"{}\"><error message=\"{}\"/></testcase>\n", xml(p.at.file), xml(p.text()));
  }
  for (const RunResult& r : results) {
    ++tests;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"run\" time=\"{:.3f}\">", xml(r.scenario), r.wall_s);
    if (r.verdict == "firmware_fault" || r.verdict == "error") {
      ++errors;
      cases += fmt::format("<error message=\"{}\">{}</error>",
                           xml(r.firmware_fault ? where(*r.firmware_fault) : r.cause), xml(r.reproduce));
    }
    cases += "</testcase>\n";
    for (const RequirementResult& q : r.requirements) {
      ++tests;
      cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\">", xml(r.scenario), xml(q.id));
      const std::string message = xml(fmt::format("{} margin {} at {:.6g} s: {}", q.text, show_quantity(q.margin, q.unit), q.at_s, q.that));
      if (q.verdict == "fail" || (q.verdict == "vacuous" && !q.may_be_vacuous)) {
        ++failures;
        cases += fmt::format("<failure message=\"{}: {}\">{}</failure>", q.verdict, message, xml(r.reproduce));
      } else if (q.verdict == "invalid") {
        ++errors;
        cases += fmt::format("<error message=\"invalid: {}\"/>", message);
      } else if (q.verdict != "pass") {
        ++skipped;
        cases += fmt::format("<skipped message=\"{}\"/>", q.verdict);
      }
      cases += "</testcase>\n";
    }
  }
  write_file(path, fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"pensim\" tests=\"{}\" "
                               "failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
                               tests, failures, errors, skipped, cases));
}

void write_json(const std::string& path, const std::vector<RunResult>& results) {
  ordered_json array = ordered_json::array();
  for (const RunResult& r : results) array.push_back(json_of(r));
  write_file(path, array.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace pensim
