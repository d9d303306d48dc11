#include "sim/session/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "firmware_shim/symbols/symbols.h"
#include "sim/engine/plan.h"
#include "sim/judge/judge.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/platform/program.h"
#include "sim/recording/block_store.h"
#include "sim/run/child.h"
#include "sim/run/formulas.h"
#include "sim/run/prepare.h"
#include "sim/run/run_one.h"
#include "sim/scenario/firmware_spec.h"
#include "sim/scenario/resolved_json.h"
#include "sim/scenario/scenario_text.h"
#include "sim/session/futures.h"
#include "sim/session/inputs.h"
#include "sim/session/pace.h"
#include "sim/session/undo.h"
#include "sim/session/wire.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr Tick no_copy = -1;  // a new future cannot go on from any copy of the process

RecordedFault fault_of(const Json& json) {
  return {json.at("kind"), json.at("function"), json.at("file"), json.at("line"), json.at("at_s")};
}

// The program that runs such a core.
std::string server_program(const TargetSpec& core) {
  const std::string name = core.kind == TargetSpec::Kind::emulated ? "pensim-emulated" : "pensim";
  const std::string path = program_beside(name);
  if (path.empty())
    throw InputError(InputProblem{{"session", 0, 0},
                                  fmt::format("the program {} was not found beside this one", name),
                                  "build it, or install both into one folder"});
  return path;
}

// The process that serves the session, ended with this object.
class ServerProcess {
 public:
  explicit ServerProcess(const std::string& program) {
    int ends[2];
    wire_pair(ends);
    socket_ = ends[0];
    try {
      pid_ = spawn({{program, "serve-session", "3"}, {0, 1, 2, ends[1]}});
    } catch (const std::system_error& error) {
      close(ends[0]);
      close(ends[1]);
      throw InputError(InputProblem{
          {program, 0, 0}, "cannot be started: " + error.code().message(), "a session needs the program pensim"});
    }
    close(ends[1]);
  }
  ~ServerProcess() {
    close(socket_);
    end_child(pid_, 1000);  // it ends by itself with its socket
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  int socket() const { return socket_; }

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
};

// How the process of the current future ended.
struct EndOfRun {
  bool over = false;
  std::string hash, error;
  std::optional<RecordedFault> fault;
};

}  // namespace

struct Session::Impl {
  SessionOptions options;
  Scenario original;                // as read
  std::vector<Requirement> always;  // of its always.yaml
  Inputs inputs;                    // present ones
  UndoStack history;
  Scenario scenario;
  RunRequest request;                  // the present run
  std::optional<CoreSymbols> symbols;  // of request.core
  std::string symbols_path;
  std::unique_ptr<ServerProcess> server;
  Futures futures;
  std::uint64_t next_id = 1;
  EndOfRun end;
  SentChanges sent;
  Pace pace;
  RealTimeMeter meter;
  bool playing = false;
  std::size_t revision = 0;
  Tick allowed = 0, target = 0;  // target: run_to, and where a new future comes up to
  CatchUp catch_up;

  Tick now() const { return futures.current() ? futures.current()->recording.ticks() : 0; }
  Tick duration() const { return request.resolved.duration; }
  bool at_end() const { return end.over && !futures.pending(); }

  // Everything that the inputs make, checked; nothing is changed if they are refused.
  struct Prepared {
    Scenario scenario;
    RunRequest request;
  };
  Prepared prepare(const Inputs& wanted) {
    const std::string text =
        pensim::scenario_text(original, {wanted.overrides, wanted.timeline, wanted.tick_ns, wanted.watch, {}}, "");
    Prepared p;
    p.scenario = parse_scenario(text, original.path);
    p.scenario.text = original.text;
    p.scenario.overrides = wanted.overrides;
    p.scenario.always_path = original.always_path;
    p.scenario.requirements.insert(p.scenario.requirements.end(), always.begin(), always.end());
    if (p.scenario.rig != Rig::pen)
      throw InputError(
          InputProblem{{original.path, 0, 0}, "a rig without firmware cannot run live", "use `pensim run`"});
    p.request.label = original.path;
    p.request.scenario_text = original.text;
    p.request.resolved = resolve(p.scenario);
    p.request.resolved.path = original.path;
    p.request.core = find_core(p.request.resolved.firmware);
    if (p.request.core.kind == TargetSpec::Kind::link)
      throw InputError(InputProblem{{original.path, 0, 0},
                                    "a board cannot be stopped and taken back: its time is its own",
                                    "pensim run, then open the recording"});
    if (p.request.core.kind == TargetSpec::Kind::link)
      throw InputError(InputProblem{{original.path, 0, 0},
                                    "a board cannot be taken back in time, so it has no live session",
                                    "use `pensim run`"});
    std::vector<InputProblem> problems;
    const auto is_poke = [](const Command& c) { return c.kind == Command::Kind::poke; };
    const ResolvedScenario& r = p.request.resolved;
    if (!r.watch.empty() || std::any_of(r.commands.begin(), r.commands.end(), is_poke)) {
      try {
        if (!symbols || symbols_path != p.request.core.path) symbols.emplace(p.request.core.path);
      } catch (const std::runtime_error& defect) {
        throw InputError(InputProblem{{original.path, 0, 0},
                                      fmt::format("firmware {} cannot be read: {}", r.firmware, defect.what()),
                                      "build it again"});
      }
      symbols_path = p.request.core.path;
      std::vector<std::string> added;
      std::copy_if(wanted.watch.begin(), wanted.watch.end(), std::back_inserter(added), [&](const std::string& name) {
        return std::find(original.watch.begin(), original.watch.end(), name) == original.watch.end();
      });
      check_core_names(p.request.resolved, p.scenario, added, *symbols, problems, p.request.findings);
    }
    for (InputProblem& problem : check_formulas(p.request.resolved)) problems.push_back(std::move(problem));
    if (!problems.empty()) throw InputError(problems);
    return p;
  }

  // --- futures ---

  std::unique_ptr<Future> make_future(const RunRequest& of, int& control) {
    auto future = std::make_unique<Future>();
    future->id = next_id++;
    future->store = std::make_shared<BlockStore>(recording_plan(of.resolved, true));
    future->recording = Recording::from_blocks(*future->store, meta_of(of));
    int ends[2];
    wire_pair(ends);
    future->control = ends[0];
    control = ends[1];
    return future;
  }

  // Asks `from` for a new future of the present request that comes up to `until`. `copies`: copies up to this tick are
  // good.
  // Throws WireClosed when the server is gone.
  std::unique_ptr<Future> ask(ServerProcess& of, const RunRequest& what, Tick copies, Tick until) {
    int control = -1;
    std::unique_ptr<Future> future = make_future(what, control);
    const int text = text_file(to_json(what.resolved));
    bool gone = false;
    try {
      wire_send(of.socket(),
                {{"future", future->id},
                 {"from", copies},
                 {"allowed", until},
                 {"tick_ns", what.resolved.tick_ns},
                 {"core", {what.core.kind, what.core.path, what.core.address, what.core.sandbox}}},
                {future->store->file(), future->store->tail_file(), control, text});
    } catch (const WireClosed&) {
      gone = true;
    }
    close(text);
    close(control);
    if (gone) throw WireClosed();
    return future;
  }

  // The future from `first` on is computed again, up to where it was.
  void go_back(Tick first, bool ghost_stays) {
    if (futures.pending())
      target = std::min(catch_up.to.value_or(target), duration());
    else
      target = std::min(at_end() && end.hash.empty() ? now() : std::max(now(), target), duration());
    catch_up.to = target;
    std::unique_ptr<Future> asked;
    try {
      asked = ask(*server, request, std::min(first, sent.first.value_or(first)), target);
    } catch (const WireClosed&) {  // ended from outside, with all copies
      server = spawn(request.core);
      asked = ask(*server, request, no_copy, target);
    }
    futures.ask(std::move(asked), !ghost_stays);
    allowed = target;
    sent = {};
    pace.drop_backlog();
  }

  std::unique_ptr<ServerProcess> spawn(const TargetSpec& core) const {
    return std::make_unique<ServerProcess>(options.program.empty() ? server_program(core) : options.program);
  }

  // A server of its own for this request: refused cores throw, and all is as before.
  void start(Prepared p, Tick until) {
    auto fresh = spawn(p.request.core);
    std::string why;
    std::unique_ptr<Future> future;
    // Whichever comes first: the run that begins, or the server that refuses it or says how it ended.
    try {
      future = ask(*fresh, p.request, no_copy, until);
      for (bool begun = false; !begun;) {
        if (const auto message = wire_receive(future->control, true)) begun = message->body.value("say", "") == "began";
      }
    } catch (const WireClosed&) {
      try {
        if (const auto message = wire_receive(fresh->socket(), true)) {
          why = message->body.value("why", message->body.value("error", ""));
          if (why.empty()) why = "loading it ended the process";
        }
      } catch (const WireClosed&) {
        why = "the process that serves the session ended: is " +
              (options.program.empty() ? server_program(p.request.core) : options.program) +
              " the program pensim of this version?";
      }
    }
    if (!why.empty())
      throw InputError(InputProblem{{original.path, 0, 0},
                                    fmt::format("firmware {} cannot be loaded: {}", p.request.resolved.firmware, why),
                                    "build it with pensim_add_core (docs/bring_your_firmware.md)"});
    scenario = std::move(p.scenario);
    request = std::move(p.request);
    futures.replace(std::move(future));
    server = std::move(fresh);
    began(0);
    allowed = target = until;
    if (until > 0)
      catch_up.to = until;
    else
      catch_up.to.reset();
    sent = {};
  }

  void began(Tick tick) {
    end = {};
    catch_up.from = tick;
    futures.current()->recording.refresh();
    meter.clear();
    pace.drop_backlog();
  }

  void swap_in(Tick tick) {
    futures.begin();
    began(tick);
    if (target > allowed) allow(target);
  }

  // --- changes ---

  void apply(Inputs wanted, bool checked = true) {
    Prepared p = prepare(wanted);
    if (checked && !same_timeline(p.scenario.timeline, wanted.timeline))
      throw InputError(InputProblem{{"timeline", 0, 0},
                                    "this cannot be written into a scenario file and read back as it is",
                                    "text must be UTF-8, a value a number"});
    wanted.timeline = p.scenario.timeline;
    wanted.tick_ns = p.scenario.tick_ns;
    const bool anew = wanted.overrides != inputs.overrides || wanted.watch != inputs.watch;
    const std::optional<Tick> first = first_difference(inputs.timeline, wanted.timeline);
    if (anew && p.request.core != request.core) {
      start(std::move(p), std::min(std::max(now(), target), p.request.resolved.duration));
      inputs = std::move(wanted);
      ++revision;
      return;
    }
    ++revision;
    inputs = std::move(wanted);
    scenario = std::move(p.scenario);
    request = std::move(p.request);
    if (anew) return go_back(no_copy, false);
    if (!first) return;
    if (futures.pending() || end.over || *first < now()) return go_back(*first, false);
    sent.sent(*first);
    const int text = text_file(to_json(request.resolved));
    try {
      wire_send(futures.current()->control, {{"allowed", allowed}, {"first", *first}}, {text});
    } catch (const WireClosed&) {  // it has just ended; the server tells
    }
    close(text);
  }

  void change(Inputs wanted, bool checked = true) {
    const Inputs old = inputs;
    apply(std::move(wanted), checked);
    history.changed(old);
  }

  void change_timeline(std::vector<Command> timeline, const Command& about) {
    for (const Tick ticks : {about.at, about.over, about.duration})
      if (ticks < 0 || ticks > duration())
        throw InputError(InputProblem{{"timeline", 0, 0},
                                      fmt::format("found {} ticks, but the run lasts {}", ticks, duration()),
                                      "choose an instant and a length within the run"});
    for (Command& c : timeline) tidy(c);
    std::stable_sort(timeline.begin(), timeline.end(), [](const Command& a, const Command& b) { return a.at < b.at; });
    Inputs wanted = inputs;
    wanted.timeline = std::move(timeline);
    try {
      change(std::move(wanted));
    } catch (const InputError& refusal) {
      std::vector<InputProblem> problems = refusal.problems();
      // there is no line of a file to name
      for (InputProblem& problem : problems) problem.at = {described(about, inputs.tick_ns), 0, 0};
      throw InputError(problems);
    }
  }

  static Command& line(std::vector<Command>& timeline, std::size_t index) {
    if (index < timeline.size()) return timeline[index];
    throw InputError(InputProblem{
        {"timeline", 0, 0}, fmt::format("there is no line {}", index), fmt::format("it has {}", timeline.size())});
  }

  // --- time ---

  void allow(Tick tick) {
    if (tick == allowed) return;
    allowed = tick;
    if (futures.pending() || end.over || !futures.current()) return;
    try {
      wire_send(futures.current()->control, {{"allowed", allowed}});
    } catch (const WireClosed&) {  // the server tells how it ended
    }
  }

  bool take_control() {
    bool news = false;
    if (futures.current() && !futures.pending()) {
      try {
        while (const auto message = wire_receive(futures.current()->control, false)) {
          const std::string say = message->body.value("say", "");
          if (say == "taken") sent.taken();
          if (say == "late" && sent.first) {
            go_back(*sent.first, true);
            return true;
          }
        }
      } catch (const WireClosed&) {
      }
    }
    if (futures.pending()) {
      try {
        while (const auto message = wire_receive(futures.pending()->control, false)) {
          if (message->body.value("say", "") != "began") continue;
          swap_in(message->body.value("tick", Tick{0}));
          news = true;
          break;
        }
      } catch (const WireClosed&) {
      }
    }
    return news;
  }

  bool take_server() {
    bool news = false;
    try {
      while (const auto message = wire_receive(server->socket(), false)) {
        const std::uint64_t id = message->body.value("future", std::uint64_t{0});
        if (futures.pending() && id == futures.pending()->id) {
          take_control();  // it may have begun and ended since
          if (futures.pending()) swap_in(0);
        }
        if (!futures.current() || id != futures.current()->id) continue;
        take_control();
        if (futures.pending()) continue;
        news = end.over = true;
        playing = false;
        end.hash = message->body.value("hash", "");
        end.error = message->body.value("error", message->body.value("why", ""));
        if (message->body.contains("fault")) end.fault = fault_of(message->body["fault"]);
        Recording& recording = futures.current()->recording;
        recording.refresh();
        note_end(recording.meta());
        if (sent.first) go_back(*sent.first, true);
      }
    } catch (const WireClosed&) {
      if (end.error.empty()) {
        end.error = "the process that serves the session is gone";
        news = end.over = true;
        playing = false;
      }
    }
    return news;
  }

  void note_end(RecordingMeta& meta) const {
    meta.hash = end.hash;
    if (end.fault) meta.fault = *end.fault;
    meta.end_cause = end.fault           ? "firmware fault: " + end.fault->kind
                     : end.error.empty() ? "end of scenario"
                                         : end.error;
  }

  bool poll(double passed_s) {
    meter.pass(passed_s);
    bool news = take_control();
    news = take_server() || news;
    if (futures.current() && !at_end()) news = futures.current()->recording.refresh() || news;
    if (futures.pending()) return news;
    catch_up.arrive(now(), end.over);
    if (playing && !end.over && (pace.factor() == 0.0 || now() >= target))
      allow(pace.granted(passed_s, inputs.tick_ns, {now(), allowed, duration()}));
    meter.note(now());
    return news;
  }
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Session::Session(const std::string& scenario_path, const SessionOptions& options) : impl_(std::make_unique<Impl>()) {
  Impl& s = *impl_;
  s.options = options;
  LoadOptions load;
  load.overrides = options.overrides;
  if (options.firmware) load.overrides.push_back("firmware=" + *options.firmware);
  if (options.seed) load.overrides.push_back(fmt::format("seed={}", *options.seed));
  s.original = load_scenario(scenario_path, load);
  for (const Requirement& r : s.original.requirements)
    if (r.always) s.always.push_back(r);
  s.inputs = {s.original.timeline, s.original.tick_ns, load.overrides, s.original.watch};
  for (const std::string& name : options.watch)
    if (std::find(s.inputs.watch.begin(), s.inputs.watch.end(), name) == s.inputs.watch.end())
      s.inputs.watch.push_back(name);
  s.start(s.prepare(s.inputs), 0);
}

std::unique_ptr<Session> Session::of_recording(const Recording& recording, const SessionOptions& options) {
  const RecordingMeta& meta = recording.meta();
  const std::string name = meta.scenario_path.empty() ? recording.path() : meta.scenario_path;
  if (meta.resolved_scenario.empty() || meta.scenario_text.empty())
    throw InputError(InputProblem{{name, 0, 0},
                                  "this recording does not contain a scenario (it was imported, or made by a board)",
                                  "pensim replay feeds a core with its inputs"});
  const ResolvedScenario recorded = resolved_from_json(meta.resolved_scenario, name);
  auto impl = std::make_unique<Impl>();
  Impl& s = *impl;
  s.options = options;
  const std::vector<std::string> overrides = {"firmware=" + recorded.firmware, fmt::format("seed={}", recorded.seed)};
  s.original = parse_scenario(meta.scenario_text, name, fs::path(name).parent_path().string(), {overrides, false});
  s.original.text = meta.scenario_text;
  s.original.always_path = find_always(name);
  std::error_code missing;
  if (fs::is_regular_file(s.original.always_path, missing)) s.always = load_always(s.original.always_path);
  for (const Requirement& own : s.original.requirements)
    std::erase_if(s.always, [&](const Requirement& r) { return r.id == own.id; });
  s.inputs = {s.original.timeline, s.original.tick_ns, overrides, recorded.watch};
  Impl::Prepared p = s.prepare(s.inputs);
  // The recorded timeline, where a --set changed it; all else must come out as it was.
  if (first_difference(p.request.resolved.commands, recorded.commands)) {
    s.inputs.timeline = recorded.commands;
    // an aged battery stands before the timeline
    const std::size_t own = p.request.resolved.commands.size() - s.original.timeline.size();
    if (own <= s.inputs.timeline.size())
      s.inputs.timeline.erase(s.inputs.timeline.begin(), s.inputs.timeline.begin() + static_cast<std::ptrdiff_t>(own));
    p = s.prepare(s.inputs);
  }
  Json today = Json::parse(to_json(p.request.resolved)), then = Json::parse(to_json(recorded));
  for (Json* json : {&today, &then})
    for (const char* key : {"path", "title", "tags", "measures", "requirements", "watch"}) json->erase(key);
  if (today != then) {
    const Json difference = Json::diff(then, today);
    throw InputError(InputProblem{
        {name, 0, 0},
        fmt::format("the scenario and the present catalog give a different run from the recorded one, first in {}",
                    difference[0].value("path", "")),
        "it was run with --set, or the catalog has changed: open the scenario itself"});
  }
  s.start(std::move(p), 0);
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

// --- time ---

bool Session::poll(double wall_s) { return impl_->poll(std::max(0.0, wall_s)); }

void Session::play() {
  if (!impl_->at_end()) impl_->playing = true;
}

void Session::pause() {
  Impl& s = *impl_;
  s.playing = false;
  s.target = s.catch_up.to.value_or(0);  // the past comes back first
  s.pace.drop_backlog();
  if (!s.catch_up.to && s.allowed > s.now()) s.allow(0);  // at its next look
}

void Session::run_to(Tick tick) {
  Impl& s = *impl_;
  s.playing = false;
  s.target = std::max(std::min(tick, s.duration()), s.catch_up.to.value_or(0));
  if (!s.futures.pending() && s.target > s.now()) s.allow(s.target);
}

void Session::step(Tick ticks) {
  Impl& s = *impl_;
  if (s.futures.current() && !s.futures.pending()) s.futures.current()->recording.refresh();
  run_to(std::max(now(), s.futures.pending() ? s.catch_up.to.value_or(0) : 0) + std::max<Tick>(0, ticks));
}

void Session::set_speed(double factor) {
  Impl& s = *impl_;
  const bool unlimited = s.pace.factor() == 0.0;
  s.pace.set_factor(factor);
  if (s.playing && unlimited && factor > 0.0 && s.allowed > s.now()) s.allow(s.now());
}

double Session::speed() const { return impl_->pace.factor(); }

Session::State Session::state() const {
  const Impl& s = *impl_;
  if (!s.futures.current()) return State::starting;
  if (s.at_end()) return State::ended;
  const bool ending = s.now() >= s.duration();  // how, is not known yet
  return s.futures.pending() || s.playing || s.now() < s.target || s.catch_up.to || ending ? State::running
                                                                                           : State::paused;
}

Tick Session::now() const { return impl_->now(); }
Tick Session::duration() const { return impl_->duration(); }

double Session::real_time_factor() const { return impl_->meter.factor(impl_->inputs.tick_ns); }

double Session::catching_up() const { return impl_->futures.pending() ? 0.0 : impl_->catch_up.progress(impl_->now()); }

// --- what was recorded ---

const Recording& Session::recording() const { return impl_->futures.current()->recording; }
const Recording* Session::ghost() const {
  const Future* ghost = impl_->futures.ghost();
  return ghost ? &ghost->recording : nullptr;
}
void Session::drop_ghost() { impl_->futures.drop_ghost(); }

RunSnapshot Session::snapshot(const Recording& of) const {
  for (const Future* future : {impl_->futures.current(), impl_->futures.ghost()})
    if (future && &future->recording == &of)
      return {future->store, Recording::from_blocks(*future->store, future->recording.meta())};
  throw std::logic_error("a snapshot of a run that is not of this session");
}

const std::optional<RecordedFault>& Session::fault() const { return impl_->end.fault; }
std::string Session::error() const { return impl_->end.error; }

// --- what enters ---

const Scenario& Session::scenario() const { return impl_->scenario; }
const std::vector<Command>& Session::timeline() const { return impl_->inputs.timeline; }

void Session::post(const Command& command) {
  std::vector<Command> timeline = impl_->inputs.timeline;
  if (command.kind == Command::Kind::set)
    std::erase_if(timeline, [&](const Command& c) {
      return c.kind == command.kind && c.at == command.at && c.name == command.name;
    });
  timeline.push_back(command);
  impl_->change_timeline(std::move(timeline), command);
}

void Session::replace(std::size_t index, const Command& command) {
  std::vector<Command> timeline = impl_->inputs.timeline;
  impl_->line(timeline, index) = command;
  impl_->change_timeline(std::move(timeline), command);
}

void Session::erase(std::size_t index) {
  std::vector<Command> timeline = impl_->inputs.timeline;
  const Command command = impl_->line(timeline, index);
  timeline.erase(timeline.begin() + static_cast<std::ptrdiff_t>(index));
  impl_->change_timeline(std::move(timeline), command);
}

void Session::set_override(const std::string& key_value) {
  if (key_value.rfind("timeline", 0) == 0 || key_value.rfind("watch", 0) == 0)
    throw InputError(InputProblem{{"--set", 0, 0},
                                  "the session has a timeline and watches of its own",
                                  "change a line of the timeline, or add a watch"});
  Inputs wanted = impl_->inputs;
  wanted.overrides.push_back(key_value);
  impl_->change(std::move(wanted), false);
}

void Session::add_watch(const std::string& symbol) {
  Inputs wanted = impl_->inputs;
  const std::string name(watched_variable(symbol));
  if (std::find(wanted.watch.begin(), wanted.watch.end(), name) != wanted.watch.end()) return;
  wanted.watch.push_back(name);
  impl_->change(std::move(wanted), false);
}

bool Session::can_undo() const { return impl_->history.can_undo(); }
bool Session::can_redo() const { return impl_->history.can_redo(); }
std::size_t Session::changes() const { return impl_->history.size(); }
std::size_t Session::revision() const { return impl_->revision; }

void Session::undo() {
  impl_->history.undo(impl_->inputs, [this](const Inputs& wanted) { impl_->apply(wanted); });
  impl_->futures.forget();
}

void Session::redo() {
  impl_->history.redo(impl_->inputs, [this](const Inputs& wanted) { impl_->apply(wanted); });
}

void Session::reload_core() {
  Impl& s = *impl_;
  s.symbols.reset();
  s.start(s.prepare(s.inputs), std::min(std::max(s.now(), s.target), s.duration()));
}

void Session::save(const std::string& path) const {
  const Impl& s = *impl_;
  const fs::path folder = fs::absolute(path).parent_path();
  ScenarioEdits edits{s.inputs.overrides, s.inputs.timeline, s.inputs.tick_ns, s.inputs.watch, {}};
  // Requirements for every pen: those that another folder's always.yaml does not bring along become the scenario's own.
  const std::string here = find_always(path);
  std::string note;
  std::error_code error;
  if (!s.always.empty() && !fs::equivalent(here, s.original.always_path, error)) {
    std::vector<Requirement> brought;
    if (fs::is_regular_file(here, error)) brought = load_always(here);
    for (const Requirement& r : s.always)
      if (std::none_of(brought.begin(), brought.end(), [&](const Requirement& b) { return b.id == r.id; }))
        edits.require.push_back(r);
    if (!edits.require.empty())
      note = fmt::format("# The last {} requirements are those of {}.\n", edits.require.size(),
                         fs::absolute(s.original.always_path).lexically_normal().string());
  }
  const std::string text = fmt::format("# Saved by a session that began with {}.\n",
                                       s.original.path.empty() ? "a recording" : s.original.path) +
                           note + scenario_text(s.original, edits, folder.string());
  try {
    replace_file(path, text);
  } catch (const std::system_error& failed) {
    throw InputError(InputProblem{{path, 0, 0},
                                  "cannot be written: " + failed.code().message(),
                                  "choose another folder, or change its permissions"});
  }
}

void Session::save_recording(const std::string& path) const {
  const Impl& s = *impl_;
  if (!s.at_end())
    throw InputError(InputProblem{{path, 0, 0},
                                  "the run has not come to its end, so it has no verdict and no hash yet",
                                  "let it run to its end"});
  Recording recording = std::move(snapshot(this->recording()).recording);
  const ResolvedScenario& run = s.request.resolved;
  const Judgement judgement = judge_recording(recording, run.requirements, run.measures, run.duration);
  keep_verdicts(judgement, recording);
  recording.meta().verdict = verdict_name(s.end.fault            ? RunVerdict::firmware_fault
                                          : !s.end.error.empty() ? RunVerdict::error
                                                                 : judgement.roll_up.verdict);
  recording.write(path);
}

std::string Session::hash() const { return impl_->at_end() ? impl_->end.hash : ""; }

}  // namespace pensim
