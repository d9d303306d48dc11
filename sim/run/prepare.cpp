#include "sim/run/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>
#include <stdexcept>

#include "sim/engine/insertion.h"
#include "sim/judge/formula.h"
#include "sim/platform/clock.h"
#include "sim/run/cores.h"
#include "sim/run/formulas.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

std::string quoted(const std::string& text) {
  if (!text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+%@") ==
          std::string::npos)
    return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string reproduce_line(const std::string& path, const PrepareOptions& options, const ResolvedScenario& resolved) {
  std::string line = "pensim run " + quoted(path) + fmt::format(" --seed {}", resolved.seed);
  if (options.firmware) line += " --firmware " + quoted(*options.firmware);
  for (const std::string& text : options.overrides) line += " --set " + quoted(text);
  if (!options.always) line += " --no-always";
  return line;
}

void add_problems(const InputError& error, std::vector<InputProblem>& problems) {
  problems.insert(problems.end(), error.problems().begin(), error.problems().end());
}

// Everything about the core that can be wrong before a run: the file, the ABI (opened in a child later), names to watch
// and poke.
void check_core(RunRequest& request, const std::string& file, const Scenario& scenario,
                const std::vector<std::string>& asked, std::vector<InputProblem>& problems) {
  try {
    request.core = find_core(request.resolved.firmware);
  } catch (const InputError& error) {
    add_problems(error, problems);
    return;
  }
  if (request.core.kind == TargetSpec::Kind::link) {
    request.core.link = request.resolved.link;
    if (const std::string why = settle_board(request.core); !why.empty()) {
      problems.push_back({{file, 0, 0},
                          fmt::format("the board {} cannot be used: {}", request.resolved.firmware, why),
                          "pensim board probe shows what answers there (docs/board.md)"});
      return;
    }
  } else if (const std::string why = core_refusal(request.core); !why.empty()) {
    problems.push_back({{file, 0, 0},
                        fmt::format("firmware {} cannot be loaded: {}", request.resolved.firmware, why),
                        "build it with pensim_add_core (docs/bring_your_firmware.md)"});
    return;
  }
  if (scenario.counted && request.core.kind != TargetSpec::Kind::emulated)
    problems.push_back(
        {scenario.counted_place,
         "found timing: counted, which counts the instructions of an emulated core, but the firmware is " +
             request.resolved.firmware,
         "give --firmware emulated:PATH.elf, or leave it out: ideal timing is the default"});
  const std::vector<Command>& commands = request.resolved.commands;
  const auto is_poke = [](const Command& c) { return c.kind == Command::Kind::poke; };
  if (request.resolved.watch.empty() && std::none_of(commands.begin(), commands.end(), is_poke)) return;
  if (request.core.path.empty()) {
    problems.push_back({{file, 0, 0},
                        "variables are watched or poked, but the image of the board is not known here",
                        "put its .elf into one of the folders in PENSIM_CORES: it is found by its build id"});
    return;
  }
  check_core_names(request.resolved, scenario, asked, CoreSymbols(request.core.path), problems, request.findings);
}

// The requirement or measure that reads the variable, and where it stands; formulas that cannot be read are reported
// elsewhere.
std::optional<std::pair<std::string, Location>> reader_of(const ResolvedScenario& scenario,
                                                          const std::string& variable) {
  const std::string signal = variable_signal(variable);
  const auto reads = [&](const auto& parse) {
    try {
      const Formula formula = parse();
      return std::any_of(formula.signals.begin(), formula.signals.end(),
                         [&](const SignalInfo& s) { return s.name == signal; });
    } catch (const InputError&) {
      return false;
    }
  };
  for (const Requirement& q : scenario.requirements)
    if (reads([&] { return parse_formula(q.that, q.at); })) return std::pair("requirement " + q.id, q.at);
  for (const Measure& m : scenario.measures)
    if (reads([&] { return parse_measure(m.expression, m.at).of; })) return std::pair("measure " + m.name, m.at);
  return std::nullopt;
}

}  // namespace

void check_core_names(ResolvedScenario& resolved, const Scenario& scenario, const std::vector<std::string>& asked,
                      const CoreSymbols& symbols, std::vector<InputProblem>& problems,
                      std::vector<std::string>& findings) {
  const auto place = [&](const std::string& name, const std::string& enumerator) {
    const auto known = scenario.variable_places.find({name, enumerator});
    return known == scenario.variable_places.end() ? Location{"--watch", 0, 0} : known->second;
  };
  const std::string list_hint = fmt::format("pensim symbols {} lists the variables of this core", resolved.firmware);
  const auto find = [&](const std::string& name) -> std::optional<CoreVariable> {
    try {
      return symbols.find(name);
    } catch (const std::runtime_error& error) {
      problems.push_back({place(name, ""), error.what(), list_hint});
      return std::nullopt;
    }
  };
  std::erase_if(resolved.watch, [&](const std::string& name) {
    if (std::find(asked.begin(), asked.end(), name) != asked.end()) return !find(name);
    try {
      symbols.find(name);
      return false;
    } catch (const std::runtime_error& error) {
      if (const auto reader = reader_of(resolved, name)) {
        problems.push_back({reader->second, fmt::format("{} reads fw.{}: {}", reader->first, name, error.what()),
                            list_hint + "; leave out what is another firmware's with --set require=[] or measure={}"});
        return false;
      }
      findings.push_back(fmt::format("{} is not recorded: {}", variable_signal(name), error.what()));
      return true;
    }
  });
  for (Command& c : resolved.commands) {
    if (c.kind != Command::Kind::poke) continue;
    const std::optional<CoreVariable> variable = find(c.name);
    if (!variable || c.text.empty()) continue;
    const auto named = std::find_if(variable->enumerators.begin(), variable->enumerators.end(),
                                    [&](const auto& e) { return e.second == c.text; });
    if (named != variable->enumerators.end()) {
      c.value = static_cast<double>(named->first);
      continue;
    }
    std::string known;
    for (const auto& [number, name] : variable->enumerators) known += (known.empty() ? "" : ", ") + name;
    problems.push_back({place(c.name, c.text), fmt::format("poke {}: {} is no value of it", c.name, c.text),
                        known.empty() ? "it is no enumeration: give a number" : "one of: " + known});
  }
}

std::vector<RunRequest> prepare(const PrepareOptions& options, std::vector<InputProblem>& problems) {
  std::vector<RunRequest> requests;
  std::vector<ScenarioFile> files;
  try {
    files = expand_scenarios(options.paths);
  } catch (const InputError& error) {
    add_problems(error, problems);
    return requests;
  }
  std::regex filter;
  try {
    filter =
        std::regex(options.filter.size() > 1000 ? "" : options.filter, std::regex::ECMAScript | std::regex::optimize);
    if (options.filter.size() > 1000) throw std::regex_error(std::regex_constants::error_complexity);
  } catch (const std::regex_error& error) {
    problems.push_back({{"--filter", 0, 0},
                        fmt::format("'{:.60}' is no regular expression: {}", options.filter, error.what()),
                        "ECMAScript syntax, e.g. 'hall|stall'"});
    return requests;
  }
  std::vector<std::string> asked;
  for (const std::string& name : options.watch) asked.emplace_back(watched_variable(name));
  LoadOptions load;
  load.overrides = options.overrides;
  load.always = options.always;
  std::set<std::string> labels;
  for (const ScenarioFile& file : files) {
    if (!labels.insert(file.label).second) continue;  // named twice on the command line
    const double begin_s = wall_s();
    try {
      const Scenario read = load_scenario(file.path, load);
      bool chosen = options.filter.empty() || std::regex_search(file.label, filter);
      for (const std::string& tag : read.tags) chosen = chosen || std::regex_search(tag, filter);
      if (!chosen) continue;
      Scenario scenario = read;
      if (options.seed) scenario.seed = *options.seed;
      if (options.firmware && scenario.rig == Rig::pen) scenario.firmware = *options.firmware;
      for (const std::string& name : asked)
        if (scenario.rig == Rig::pen &&
            std::find(scenario.watch.begin(), scenario.watch.end(), name) == scenario.watch.end())
          scenario.watch.push_back(name);
      RunRequest request;
      request.label = file.label;
      request.scenario_text = scenario.text;
      request.resolved = resolve(scenario);
      request.resolved.path = file.label;
      request.reproduce = reproduce_line(file.path, options, request.resolved);
      if (request.resolved.rig == Rig::pen)
        check_core(request, file.path, scenario, asked, problems);
      else
        for (InputProblem& problem : check_rig(request.resolved, file.path)) problems.push_back(std::move(problem));
      for (InputProblem& problem : check_formulas(request.resolved)) problems.push_back(std::move(problem));
      request.prepare_s = wall_s() - begin_s;
      requests.push_back(std::move(request));
    } catch (const InputError& error) {
      add_problems(error, problems);
    }
  }
  if (problems.empty() && requests.empty())
    problems.push_back({{"--filter", 0, 0},
                        fmt::format("no scenario matches '{}'", options.filter),
                        "pensim list shows names and tags"});
  if (options.shards > 1) {
    std::vector<RunRequest> mine;
    for (std::size_t i = 0; i < requests.size(); ++i)
      if (static_cast<int>(i % static_cast<std::size_t>(options.shards)) == options.shard - 1)
        mine.push_back(std::move(requests[i]));
    requests = std::move(mine);
  }
  return requests;
}

}  // namespace pensim
