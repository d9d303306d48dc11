#include "sim/run/result.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace pensim {

using nlohmann::ordered_json;

static ordered_json finite(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }

ordered_json to_json(const RunResult& r) {
  ordered_json requirements = ordered_json::array();
  for (const RequirementResult& q : r.requirements)
    requirements.push_back({{"id", q.id},
                            {"verdict", outcome_name(q.outcome)},
                            {"margin", has_margin(q) ? finite(q.margin) : ordered_json(nullptr)},
                            {"relative_margin", has_margin(q) ? finite(q.relative) : ordered_json(nullptr)},
                            {"unit", q.unit},
                            {"at_s", q.at_s},
                            {"text", q.text},
                            {"that", q.that},
                            {"reason", q.reason},
                            {"may_be_vacuous", q.may_be_vacuous},
                            {"always", q.always}});
  ordered_json measures = ordered_json::object();
  for (const auto& [name, value] : r.measures) measures[name] = finite(value);
  ordered_json json = {{"scenario", r.scenario},
                       {"title", r.title},
                       {"verdict", verdict_name(r.verdict)},
                       {"cause", r.cause},
                       {"seed", r.seed},
                       {"hash", r.hash},
                       {"requirements", requirements},
                       {"measures", measures},
                       {"measure_units", r.measure_units},
                       {"wall_s", r.wall_s},
                       {"sim_s", r.sim_s},
                       {"findings", r.findings},
                       {"recording", r.recording},
                       {"reproduce", r.reproduce}};
  if (!r.reproducible) json["reproducible"] = false;
  if (r.firmware_fault) {
    const FirmwareFault& f = *r.firmware_fault;
    json["firmware_fault"] = {{"kind", f.kind}, {"function", f.function}, {"file", f.file},          {"line", f.line},
                              {"at_s", f.at_s}, {"detail", f.detail},     {"backtrace", f.backtrace}};
  }
  return json;
}

std::string where(const FirmwareFault& f) {
  std::string text = f.kind;
  if (!f.function.empty()) text += " in " + f.function;
  if (!f.file.empty()) text += fmt::format(" ({}:{})", f.file, f.line);
  return text + fmt::format(" at {:.6g} s", f.at_s);
}

std::string to_json_text(const RunResult& r) {
  ordered_json json = to_json(r);
  // Infinite margins have no JSON; between processes they travel as text.
  for (std::size_t i = 0; i < r.requirements.size(); ++i)
    if (!std::isfinite(r.requirements[i].margin))
      json["requirements"][i]["margin"] = std::isnan(r.requirements[i].margin) ? "nan"
                                          : r.requirements[i].margin > 0       ? "inf"
                                                                               : "-inf";
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
  r.verdict = verdict_named(json.at("verdict")).value();
  r.cause = json.at("cause");
  r.seed = json.at("seed");
  r.hash = json.at("hash");
  for (const auto& q : json.at("requirements"))
    r.requirements.push_back({q.at("id"), q.at("text"), q.at("that"), outcome_named(q.at("verdict")).value(),
                              q.at("may_be_vacuous"), q.at("always"), number(q.at("margin")), q.at("unit"),
                              q.at("at_s"), q.at("reason"), number(q.at("relative_margin"))});
  for (const auto& [name, value] : json.at("measures").items()) r.measures[name] = number(value);
  r.measure_units = json.at("measure_units").get<std::map<std::string, std::string>>();
  r.wall_s = json.at("wall_s");
  r.sim_s = json.at("sim_s");
  r.findings = json.at("findings").get<std::vector<std::string>>();
  r.recording = json.at("recording");
  r.reproduce = json.at("reproduce");
  r.reproducible = json.value("reproducible", true);
  if (json.contains("firmware_fault")) {
    const auto& f = json["firmware_fault"];
    r.firmware_fault = FirmwareFault{f.at("kind"),
                                     f.at("function"),
                                     f.at("file"),
                                     f.at("line"),
                                     f.at("at_s"),
                                     f.at("detail"),
                                     f.at("backtrace").get<std::vector<std::string>>()};
  }
  return r;
}

}  // namespace pensim
