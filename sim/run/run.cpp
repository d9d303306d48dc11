#include "sim/run/run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <malloc.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <regex>
#include <set>
#include <stdexcept>

#include "firmware_shim/native/host_memory.h"
#include "firmware_shim/symbols/symbols.h"
#include "sim/engine/insertion.h"
#include "sim/engine/plan.h"
#include "sim/input/quantity.h"
#include "sim/judge/judge.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/platform/program.h"
#include "sim/recording/block_store.h"
#include "sim/recording/difference.h"
#include "sim/run/child.h"
#include "sim/run/formulas.h"
#include "sim/run/geometry.h"
#include "sim/scenario/resolved_json.h"
#include "sim/vocabulary/version.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;

double wall_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Whole columns are read, judged and written: the heap grows at once by what that takes, in huge pages where the kernel
// gives them.
void prepare_heap() {
  constexpr int heap_bytes = 64 << 20, largest_column_bytes = 32 << 20;
  constexpr std::uintptr_t huge_page = 2 << 20;
  mallopt(M_MMAP_THRESHOLD, largest_column_bytes);
  mallopt(M_TRIM_THRESHOLD, heap_bytes);
  mallopt(M_TOP_PAD, heap_bytes);
  void* const column = std::malloc(huge_page);
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(column) + huge_page - 1) & ~(huge_page - 1);
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(sbrk(0)) & ~(huge_page - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  std::free(column);
}

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
                std::vector<InputProblem>& problems) {
  try {
    request.core_path = find_core(request.resolved.firmware);
  } catch (const InputError& error) {
    add_problems(error, problems);
    return;
  }
  if (const std::string why = core_refusal(request.core_path); !why.empty()) {
    problems.push_back({{file, 0, 0},
                        fmt::format("firmware {} cannot be loaded: {}", request.resolved.firmware, why),
                        "build it with pensim_add_core (docs/bring_your_firmware.md)"});
    return;
  }
  const std::vector<Command>& commands = request.resolved.commands;
  const auto is_poke = [](const Command& c) { return c.kind == Command::Kind::poke; };
  if (request.resolved.watch.empty() && std::none_of(commands.begin(), commands.end(), is_poke)) return;
  check_core_names(request.resolved, scenario, CoreSymbols(request.core_path), problems);
}

}  // namespace

void check_core_names(ResolvedScenario& resolved, const Scenario& scenario, const CoreSymbols& symbols,
                      std::vector<InputProblem>& problems) {
  const auto place = [&](const std::string& name, const std::string& enumerator) {
    const auto known = scenario.variable_places.find({name, enumerator});
    return known == scenario.variable_places.end() ? Location{"--watch", 0, 0} : known->second;
  };
  const auto find = [&](const std::string& name) -> std::optional<CoreVariable> {
    try {
      return symbols.find(name);
    } catch (const std::runtime_error& error) {
      problems.push_back({place(name, ""), error.what(),
                          fmt::format("pensim symbols {} lists the variables of this core", resolved.firmware)});
      return std::nullopt;
    }
  };
  for (const std::string& name : resolved.watch) find(name);
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

std::string find_core(const std::string& firmware) {
  const auto fail = [&](const std::string& message, const std::string& hint) -> std::string {
    throw InputError(InputProblem{{"firmware", 0, 0}, message, hint});
  };
  if (firmware.rfind("native:", 0) == 0) {
    const std::string path = firmware.substr(7);
    if (!fs::is_regular_file(path))
      return fail(fmt::format("there is no file {}", path), "native: takes the path of a shared object");
    return path;
  }
  if (firmware.rfind("emulated:", 0) == 0 || firmware.rfind("link:", 0) == 0)
    return fail(fmt::format("{}: this build runs native cores only", firmware), "give NAME or native:PATH.so");
  if (firmware.empty() || firmware.find('/') != std::string::npos)
    return fail(fmt::format("'{}' is no name of a core", firmware), "give NAME, or native:PATH.so for a file");
  std::vector<std::string> known;
  std::string looked;
  for (const fs::path folder : core_folders()) {
    std::error_code error;
    if (fs::is_regular_file(folder / (firmware + ".so"), error))
      return (folder / (firmware + ".so")).lexically_normal().string();
    looked += (looked.empty() ? "" : ", ") + folder.lexically_normal().string();
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".so") known.push_back(entry.path().stem().string());
  }
  const std::string near = nearest_name(firmware, known);
  return fail(fmt::format("there is no core '{}' in {}", firmware, looked),
              near.empty() ? "build it, name its folder in PENSIM_CORES, or give native:PATH.so"
                           : fmt::format("did you mean '{}'?", near));
}

std::string recording_path(const std::string& out_dir, const std::string& label) {
  fs::path path(out_dir);
  for (const fs::path& part : fs::path(label).relative_path())
    if (part != "." && part != ".." && part != "") path /= part;
  return path.replace_extension(".h5").string();
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
      for (const std::string& name : options.watch)
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
        check_core(request, file.path, scenario, problems);
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

namespace {

// One attempt at a run: the child has ended, and what it left behind lies here.
struct Attempt {
  std::unique_ptr<BlockStore> store;
  std::unique_ptr<GuardedBlock> shared;
  CrashVerdict crash;
  std::string damage;  // guard words of the status page
  const RunStatus& status() const { return *reinterpret_cast<const RunStatus*>(shared->data()); }
  ProcessEnd end() const { return {crash, damage, status()}; }
};

struct AttemptOptions {
  bool fork = true, lock_host_memory = false;
  int heap_fill = 0;
};

Attempt attempt(const RunRequest& request, const std::string& core_path, const AttemptOptions& options) {
  const ResolvedScenario& scenario = request.resolved;
  Attempt a;
  a.store = std::make_unique<BlockStore>(recording_plan(scenario));
  a.shared = std::make_unique<GuardedBlock>(sizeof(RunStatus));
  auto* status = new (a.shared->data()) RunStatus;
  BodyOptions body;
  body.heap_fill = options.heap_fill;
  if (!options.fork) {
    run_body(request, core_path, body, *a.store, *status);
    return a;
  }
  const CrashReport report;
  body.crash_report = &report;
  body.lock_host_memory = options.lock_host_memory;
  const pid_t pid = fork_child();
  if (pid == 0) {
    run_body(request, core_path, body, *a.store, *status);
    crash_complete();
    _exit(0);
  }
  a.crash = explain_crash(report, wait_for(pid), core_path);
  a.damage = a.shared->damage();
  return a;
}

// The build id that the linker left in a core; "" if there is none.
std::string core_build_id(const std::string& path) {
  std::string id;
  elf_version(EV_CURRENT);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return id;
  Elf* elf = elf_begin(file, ELF_C_READ, nullptr);
  for (Elf_Scn* section = nullptr; elf != nullptr && (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_NOTE) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    GElf_Nhdr note;
    std::size_t name = 0, text = 0;
    if (data == nullptr || gelf_getnote(data, 0, &note, &name, &text) == 0 || note.n_type != NT_GNU_BUILD_ID) continue;
    for (std::size_t i = 0; i < note.n_descsz; ++i)
      id += fmt::format("{:02x}", static_cast<const unsigned char*>(data->d_buf)[text + i]);
    break;
  }
  if (elf != nullptr) elf_end(elf);
  close(file);
  return id;
}

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace

RecordingMeta meta_of(const RunRequest& request) {
  RecordingMeta meta;
  meta.tick_ns = request.resolved.tick_ns;
  meta.title = request.resolved.title;
  meta.scenario_path = request.label;
  meta.scenario_text = request.scenario_text;
  meta.resolved_scenario = to_json(request.resolved);
  meta.geometry = recorded_geometry(request.resolved);
  meta.seed = request.resolved.seed;
  meta.firmware = request.resolved.firmware;
  if (!request.core_path.empty()) {
    meta.firmware_name = fs::path(request.core_path).stem().string();
    meta.firmware_build_id = core_build_id(request.core_path);
  }
  meta.simulator_version = version;
  meta.simulator_flags = compiler_flags();
  meta.git_state = git_state();
  return meta;
}

namespace {

// The same scenario in another place of memory: NAME.twice.so lies at another address.
void compare_second_run(const RunRequest& request, const Attempt& first, RunResult& result) {
  const fs::path other = fs::path(request.core_path).replace_extension(".twice.so");
  std::error_code error;
  const bool has_core = !request.core_path.empty();
  const bool moved = has_core && fs::is_regular_file(other, error);
  AttemptOptions options;
  options.heap_fill = 0xA5;
  const Attempt second = attempt(request, moved ? other.string() : request.core_path, options);
  if (has_core && !moved)
    result.findings.push_back("--twice: there is no " + other.filename().string() +
                              "; the second run differs in its heap only");
  if (ended_well(first.end()) == ended_well(second.end()) && first.status().ticks == second.status().ticks &&
      first.status().hash == second.status().hash)
    return;
  const Difference difference = diff(Recording::from_blocks(*first.store, meta_of(request)),
                                     Recording::from_blocks(*second.store, meta_of(request)));
  result.verdict = "error";
  result.cause = fmt::format("two runs differ: hash {} and {}; {}", hash_text(first.status().hash),
                             hash_text(second.status().hash), difference.summary());
}

// Margins against the same scenario in an earlier folder of recordings.
void compare_baseline(const RunOptions& options, RunResult& result) {
  const std::string path = recording_path(options.baseline_dir, result.scenario);
  std::error_code error;
  if (!fs::exists(path, error)) {
    result.findings.push_back("baseline: there is no " + path);
    return;
  }
  const Recording baseline = Recording::open(path);
  for (const RequirementResult& now : result.requirements)
    for (const RecordedVerdict& before : baseline.verdicts()) {
      if (before.id != now.id || before.outcome != "pass" || now.verdict != "pass") continue;
      if (!std::isfinite(before.margin) || before.margin <= 0 || !std::isfinite(now.margin) || before.unit != now.unit)
        continue;
      const double drop = 1.0 - now.margin / before.margin;
      if (drop <= (options.fail_on_drop >= 0 ? options.fail_on_drop : 0.01)) continue;
      const std::string text =
          fmt::format("{} lost {:.1f} % of its margin: {} was {}", now.id, 100 * drop,
                      show_quantity(now.margin, now.unit), show_quantity(before.margin, before.unit));
      if (options.fail_on_drop >= 0 && exit_code(result.verdict) == 0) {
        result.verdict = "fail";
        result.cause = text;
      } else {
        result.findings.push_back("baseline: " + text);
      }
    }
}

}  // namespace

RunResult run_one(const RunRequest& request, const RunOptions& options) {
  const double begin_s = wall_s();
  const ResolvedScenario& scenario = request.resolved;
  RunResult result;
  result.scenario = request.label;
  result.title = scenario.title;
  result.seed = scenario.seed;
  result.reproduce = request.reproduce;

  AttemptOptions first;
  first.fork = options.fork;
  Attempt run = attempt(request, request.core_path, first);
  result.firmware_fault = firmware_fault(run.end(), scenario.tick_ns);
  // Damage that was found too late: once more with the bench's memory read-only while the core runs, so that the write
  // itself faults.
  if (options.fork && !result.firmware_fault && (!run.damage.empty() || run.crash.suspect_scribble)) {
    AttemptOptions locked;
    locked.lock_host_memory = true;
    Attempt again = attempt(request, request.core_path, locked);
    if (std::optional<FirmwareFault> fault = firmware_fault(again.end(), scenario.tick_ns)) {
      fault->detail += " (found by a second run with the bench's memory read-only)";
      result.firmware_fault = std::move(fault);
      run = std::move(again);
    }
  }

  prepare_heap();
  Recording recording = Recording::from_blocks(*run.store, meta_of(request));
  RecordingMeta& meta = recording.meta();
  result.sim_s = recording.duration_s();
  result.hash = run.status().end == RunStatus::End::completed ? hash_text(run.status().hash) : "";
  meta.hash = result.hash;
  if (result.firmware_fault) {
    const FirmwareFault& f = *result.firmware_fault;
    meta.fault = {f.kind, f.function, f.file, f.line, f.at_s};
    meta.end_cause = fmt::format("firmware fault: {}{}{}", f.kind, f.function.empty() ? "" : " in " + f.function,
                                 f.file.empty() ? "" : fmt::format(" at {}:{}", f.file, f.line));
  } else {
    meta.end_cause = ended_well(run.end()) ? "end of scenario" : error_cause(run.end());
  }
  Judgement judgement =
      judge_recording(recording, scenario.requirements, scenario.measures, planned_ticks(scenario, recording));
  result.requirements = std::move(judgement.requirements);
  result.measures = judgement.measures;
  result.measure_units = judgement.measure_units;
  for (const RecordedText& finding : recording.findings())
    result.findings.push_back(fmt::format("{} at {:.6g} s", finding.text, seconds(finding.at * scenario.tick_ns)));
  for (const std::string& note : meta.notes) result.findings.push_back(note);
  if (result.firmware_fault) {
    result.verdict = "firmware_fault";
    result.cause = meta.end_cause;
  } else if (!ended_well(run.end())) {
    result.verdict = "error";
    result.cause = error_cause(run.end());
  } else {
    result.verdict = judgement.roll_up.verdict;
    result.cause = judgement.roll_up.cause;
  }
  if (options.twice && result.verdict != "error") compare_second_run(request, run, result);
  if (!options.baseline_dir.empty()) compare_baseline(options, result);

  const bool keep = options.keep == Keep::all || (options.keep == Keep::failed && exit_code(result.verdict) != 0);
  if (keep) {
    judgement.requirements = result.requirements;
    keep_verdicts(judgement, recording);
    meta.verdict = result.verdict;
    const std::string path =
        request.recording_path.empty() ? recording_path(options.out_dir, request.label) : request.recording_path;
    try {
      std::error_code error;
      fs::create_directories(fs::path(path).parent_path(), error);
      recording.write(path, {options.compress});
      result.recording = path;
    } catch (const std::exception& error) {
      result.verdict = "error";
      result.cause = error.what();
    }
  }
  result.wall_s = wall_s() - begin_s + request.prepare_s;
  return result;
}

namespace {

struct Worker {
  std::size_t index = 0;
  pid_t pid = -1;
  int pipe = -1;
  std::string text;
};

RunResult error_result(const RunRequest& request, const std::string& cause) {
  RunResult r;
  r.scenario = request.label;
  r.title = request.resolved.title;
  r.verdict = "error";
  r.cause = cause;
  r.seed = request.resolved.seed;
  r.reproduce = request.reproduce;
  return r;
}

RunResult run_guarded(const RunRequest& request, const RunOptions& options) {
  try {
    return run_one(request, options);
  } catch (const std::exception& error) {
    return error_result(request, error.what());
  }
}

Worker start_worker(const std::vector<RunRequest>& requests, std::size_t index, const RunOptions& options) {
  const Pipe pipe = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    close(pipe.read_end);
    write_all(pipe.write_end, to_json_text(run_guarded(requests[index], options)));
    _exit(0);
  }
  close(pipe.write_end);
  return {index, pid, pipe.read_end, ""};
}

RunResult collect(const RunRequest& request, Worker& worker) {
  close(worker.pipe);
  const int status = wait_for(worker.pid);
  try {
    return result_from_json_text(worker.text);
  } catch (const std::exception&) {
    return error_result(request,
                        WIFSIGNALED(status)
                            ? fmt::format("the process that judges this run was killed by signal {}", WTERMSIG(status))
                            : "the process that judges this run ended without a result");
  }
}

}  // namespace

std::vector<RunResult> run_all(const std::vector<RunRequest>& requests, const RunOptions& options,
                               const RunEvents& events) {
  std::vector<RunResult> results(requests.size());
  if (!options.fork) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      events.started(requests[i].label);
      results[i] = run_guarded(requests[i], options);
      events.ended(results[i]);
    }
    return results;
  }
  std::vector<Worker> workers;
  std::size_t next = 0;
  while (next < requests.size() || !workers.empty()) {
    while (next < requests.size() && workers.size() < static_cast<std::size_t>(options.jobs)) {
      events.started(requests[next].label);
      workers.push_back(start_worker(requests, next++, options));
    }
    std::vector<pollfd> polled;
    for (const Worker& w : workers) polled.push_back({w.pipe, POLLIN, 0});
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR)
      throw std::runtime_error(fmt::format("poll: {}", std::strerror(errno)));
    for (std::size_t i = polled.size(); i-- > 0;) {
      if (polled[i].revents == 0) continue;
      char buffer[65536];
      if (const std::size_t n = read_some(workers[i].pipe, buffer, sizeof buffer).value_or(0); n > 0) {
        workers[i].text.append(buffer, n);
      } else {
        RunResult& result = results[workers[i].index];
        result = collect(requests[workers[i].index], workers[i]);
        events.ended(result);
        workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
  return results;
}

}  // namespace pensim
