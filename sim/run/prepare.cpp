#include "sim/run/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <utility>

#include "firmware_shim/counted_cost.h"
#include "sim/engine/insertion.h"
#include "sim/input/printable.h"
#include "sim/judge/formula.h"
#include "sim/platform/clock.h"
#include "sim/run/child.h"
#include "sim/run/cores.h"
#include "sim/run/filter.h"
#include "sim/run/formulas.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

// As a word of a shell.
std::string quoted(const std::string& text) {
  if (!text.empty() &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+%@") ==
          std::string::npos)
    return text;
  if (printable(text) == text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  }
  std::string out = "$'";  // what a terminal would not show
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\')
      out += std::string("\\") + c;
    else if (byte < 0x20 || byte >= 0x7F)
      out += fmt::format("\\{:03o}", byte);
    else
      out += c;
  }
  return out + "'";
}

std::string reproduce_line(const std::string& path, const PrepareOptions& options, const ResolvedScenario& resolved) {
  std::string line = "pensim run " + quoted(path.starts_with('-') ? "./" + path : path);
  line += fmt::format(" --seed {}", resolved.seed);
  if (options.firmware) line += " --firmware " + quoted(*options.firmware);
  for (const std::string& text : options.overrides) line += " --set " + quoted(text);
  for (const std::string& name : options.watch) line += " --watch " + quoted(name);
  if (!options.always) line += " --no-always";
  for (const std::string& word : options.reproduce_with) line += " " + quoted(word);
  return line;
}

void add_problems(const InputError& error, std::vector<InputProblem>& problems) {
  problems.insert(problems.end(), error.problems().begin(), error.problems().end());
}

void find_cores(RunRequest& request, const PrepareOptions& options) {
  request.core = find_core(request.resolved.firmware);
  const bool hold = options.cores == PrepareOptions::Cores::held;
  std::error_code error;
  if (options.twice && request.core.kind == TargetSpec::Kind::native) {
    TargetSpec elsewhere = request.core;
    elsewhere.path = core_elsewhere(request.core.path);
    if (std::filesystem::is_regular_file(elsewhere.path, error)) request.core_elsewhere = elsewhere;
  }
  if (options.also_other_kind &&
      (request.core.kind == TargetSpec::Kind::native || request.core.kind == TargetSpec::Kind::emulated))
    request.core_of_other_kind = core_of_other_kind(request.core);
  if (!hold) return;
  hold_core(request.core);
  hold_core(request.core_elsewhere);
  if (std::filesystem::is_regular_file(request.core_of_other_kind.path, error)) hold_core(request.core_of_other_kind);
}

// What counted costs say has to be about this core.
void check_cost(RunRequest& request, const Scenario& scenario, std::vector<InputProblem>& problems) {
  if (request.core.kind != TargetSpec::Kind::native) {
    problems.push_back({scenario.core_place,
                        "found core.cost, which a native core takes, but the firmware is " + request.resolved.firmware,
                        "give --firmware native:PATH.so, or leave it out: timing: counted counts anew"});
    return;
  }
  const auto costs = std::make_shared<CountedCost>();
  if (const CountedCostError error = read_counted_cost(request.resolved.cost, *costs); !error.text.empty()) {
    problems.push_back(
        {{scenario.cost, error.line, error.column},
         error.text,
         "pensim run SCENARIO --firmware emulated:PATH.elf --timing counted --write-cost FILE writes such "
         "a file"});
    return;
  }
  request.core.cost = costs;
  if (const std::string why = core_refusal(request.core); !why.empty())
    problems.push_back({{scenario.cost, 0, 0}, why, "write it anew with pensim run --write-cost"});
}

// Everything about the core that can be wrong before a run: the file, the ABI (opened in a child later), names to watch
// and poke.
void check_core(RunRequest& request, const std::string& file, const Scenario& scenario,
                const std::vector<std::string>& asked, const PrepareOptions& options,
                std::vector<InputProblem>& problems) {
  try {
    find_cores(request, options);
  } catch (const InputError& error) {
    for (InputProblem problem : error.problems()) {
      problem.message = fmt::format("firmware {}: {}", request.resolved.firmware, problem.message);
      problem.at = {options.firmware ? "--firmware" : file, 0, 0};
      problems.push_back(std::move(problem));
    }
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
    if (options.cores == PrepareOptions::Cores::held) hold_core(request.core);
  } else {
    const CoreFacts facts = core_facts(request.core, {options.timeout_s});
    if (!facts.why_not.empty()) {
      problems.push_back({{file, 0, 0},
                          fmt::format("firmware {} cannot be loaded: {}", request.resolved.firmware, facts.why_not),
                          "build it with pensim_add_core (docs/bring_your_firmware.md)"});
      return;
    }
    if (const std::string why = tick_refusal(facts.tick_us, request.resolved.tick_ns); !why.empty()) {
      problems.push_back({{file, 0, 0},
                          fmt::format("firmware {}: {}", request.resolved.firmware, why),
                          "set .tick_us of its port, or tick_s of a pen of yours (pen: {model: ./my_pen.yaml})"});
      return;
    }
  }
  if (scenario.counted && request.core.kind != TargetSpec::Kind::emulated)
    problems.push_back(
        {scenario.counted_place,
         "found timing: counted, which counts the instructions of an emulated core, but the firmware is " +
             request.resolved.firmware,
         "give --firmware emulated:PATH.elf, or leave it out: ideal timing is the default"});
  if (request.resolved.core_clock_Hz != 0 && request.core.kind != TargetSpec::Kind::emulated)
    problems.push_back(
        {scenario.core_place,
         "found core.clock, the clock of an emulated core, but the firmware is " + request.resolved.firmware,
         "give --firmware emulated:PATH.elf, or leave it out"});
  if (!request.resolved.cost.empty()) check_cost(request, scenario, problems);
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

// What fits into a variable.
std::string variable_range(const CoreVariable& v) {
  const int bits = v.bit_size ? v.bit_size : v.size_bytes * 8;
  switch (v.kind) {
    case CoreVariable::Kind::boolean:
      return "it is 0 or 1";
    case CoreVariable::Kind::floating:
      return fmt::format("it is a floating-point number of {} bits", bits);
    case CoreVariable::Kind::signed_integer:
      return fmt::format("it is a whole number from {:.0f} to {:.0f}", -std::ldexp(1.0, bits - 1),
                         std::ldexp(1.0, bits - 1) - 1.0);
    default:
      return fmt::format("it is a whole number from 0 to {:.0f}", std::ldexp(1.0, bits) - 1.0);
  }
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
    if (!variable) continue;
    if (c.text.empty()) {
      unsigned char memory[8] = {};
      if (!write_variable(*variable, memory, c.value))
        problems.push_back({place(c.name, ""), fmt::format("poke {}: {:.6g} does not fit into it", c.name, c.value),
                            variable_range(*variable)});
      continue;
    }
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

namespace {

// A scenario as the command line wants it.
struct Read {
  ScenarioFile file;
  Scenario scenario;
  double read_s = 0;
};

std::vector<Read> read_scenarios(const PrepareOptions& options, std::vector<InputProblem>& problems) {
  std::vector<Read> all;
  LoadOptions load;
  load.overrides = options.overrides;
  load.always = options.always;
  std::vector<ScenarioFile> files;
  try {
    files = expand_scenarios(options.paths, options.search);
  } catch (const InputError& error) {
    add_problems(error, problems);
  }
  for (const ScenarioFile& file : files) {
    if (options.stop && options.stop()) break;
    const double begin_s = wall_s();
    try {
      Scenario scenario = load_scenario(file.path, load);
      all.push_back({file, std::move(scenario), wall_s() - begin_s});
    } catch (const InputError& error) {
      add_problems(error, problems);
    }
  }
  return all;
}

// Those whose path or a tag matches.
std::vector<Read> chosen(std::vector<Read> all, const std::string& filter) {
  if (filter.empty()) return all;
  std::vector<std::string> texts;
  for (const Read& read : all) {
    texts.push_back(read.file.label);
    texts.insert(texts.end(), read.scenario.tags.begin(), read.scenario.tags.end());
  }
  const std::vector<bool> matches = filtered(filter, texts);
  std::vector<Read> some;
  std::size_t at = 0;
  for (Read& read : all) {
    const std::size_t count = 1 + read.scenario.tags.size();
    const auto begin = matches.begin() + static_cast<std::ptrdiff_t>(at);
    at += count;
    if (std::find(begin, begin + static_cast<std::ptrdiff_t>(count), true) !=
        begin + static_cast<std::ptrdiff_t>(count))
      some.push_back(std::move(read));
  }
  return some;
}

RunRequest request_of(Read read, const PrepareOptions& options, std::vector<InputProblem>& problems) {
  const double begin_s = wall_s();
  Scenario& scenario = read.scenario;
  std::vector<std::string> asked;
  for (const std::string& name : options.watch) asked.emplace_back(watched_variable(name));
  if (options.seed) scenario.seed = *options.seed;
  if (options.firmware && scenario.rig == Rig::pen) scenario.firmware = *options.firmware;
  for (const std::string& name : asked)
    if (scenario.rig == Rig::pen &&
        std::find(scenario.watch.begin(), scenario.watch.end(), name) == scenario.watch.end())
      scenario.watch.push_back(name);
  RunRequest request;
  request.label = read.file.label;
  request.scenario_text = scenario.text;
  request.findings = scenario.notes;
  request.resolved = resolve(scenario);
  request.resolved.path = read.file.label;
  request.reproduce = reproduce_line(read.file.path, options, request.resolved);
  if (request.resolved.rig != Rig::pen)
    for (InputProblem& problem : check_rig(request.resolved, read.file.path)) problems.push_back(std::move(problem));
  else if (options.cores != PrepareOptions::Cores::unread)
    check_core(request, read.file.path, scenario, asked, options, problems);
  for (InputProblem& problem : check_formulas(request.resolved)) problems.push_back(std::move(problem));
  request.prepare_s = read.read_s + wall_s() - begin_s;
  return request;
}

std::vector<RunRequest> of_shard(std::vector<RunRequest> all, const PrepareOptions& options,
                                 std::vector<InputProblem>& problems) {
  if (options.shards == 1) return all;
  const std::size_t count = all.size();
  std::vector<RunRequest> mine;
  for (std::size_t i = options.shard - 1; i < count; i += options.shards) mine.push_back(std::move(all[i]));
  if (mine.empty() && problems.empty())
    problems.push_back({{"--shard", 0, 0},
                        fmt::format("shard {} of {} holds none of the {} scenarios that are selected", options.shard,
                                    options.shards, count),
                        fmt::format("share them out among at most {}", count)});
  return mine;
}

// A problem of an option comes up with every scenario.
void drop_repeated(std::vector<InputProblem>& problems) {
  std::set<std::string> known;
  std::erase_if(problems, [&](const InputProblem& p) { return !known.insert(p.text()).second; });
}

}  // namespace

std::vector<RunRequest> prepare(const PrepareOptions& options, std::vector<InputProblem>& problems) {
  std::vector<RunRequest> requests;
  std::vector<Read> read = read_scenarios(options, problems);
  try {
    read = chosen(std::move(read), options.filter);
  } catch (const InputError& error) {
    add_problems(error, problems);
    return requests;
  }
  for (Read& one : read) {
    if (options.stop && options.stop()) break;
    try {
      requests.push_back(request_of(std::move(one), options, problems));
    } catch (const InputError& error) {
      add_problems(error, problems);
    }
  }
  drop_repeated(problems);
  if (problems.empty() && requests.empty() && !(options.stop && options.stop()))
    problems.push_back({{"--filter", 0, 0},
                        fmt::format("no scenario matches '{}'", options.filter),
                        "pensim list shows names and tags"});
  return of_shard(std::move(requests), options, problems);
}

}  // namespace pensim
