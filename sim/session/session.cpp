#include "sim/session/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <deque>
#include <filesystem>
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
#include "sim/scenario/resolved_json.h"
#include "sim/scenario/scenario_text.h"
#include "sim/session/wire.h"

namespace pensim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr Tick never = -1;
constexpr double most_backlog_s = 0.1;  // of wall time: a run that is slower than asked for does not catch up later

// What may be changed; undo and redo go through a list of them.
struct Inputs {
  std::vector<Command> timeline;
  Nanoseconds tick_ns = default_tick_ns;
  std::vector<std::string> overrides, watch;
};

bool equal(const Command& a, const Command& b) {
  return a.at == b.at && a.kind == b.kind && a.name == b.name && std::memcmp(&a.value, &b.value, sizeof a.value) == 0 &&
         a.over == b.over && a.duration == b.duration && a.text == b.text;
}

bool equal(const std::vector<Command>& a, const std::vector<Command>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Command& x, const Command& y) { return equal(x, y); });
}

// The first tick at which two timelines differ; `never` if they do not.
Tick first_difference(const std::vector<Command>& a, const std::vector<Command>& b) {
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && equal(a[i], b[i])) ++i;
  if (i == a.size() && i == b.size()) return never;
  if (i == a.size()) return b[i].at;
  if (i == b.size()) return a[i].at;
  return std::min(a[i].at, b[i].at);
}

std::string described(const Command& c, Nanoseconds tick_ns) {
  const char* kinds[] = {"set ", "fault ", "poke ", "uart", "reset"};
  return fmt::format("{}{} at {:.9g} s", kinds[static_cast<std::size_t>(c.kind)], c.name, seconds(c.at * tick_ns));
}

RecordedFault fault_of(const Json& json) {
  return {json.at("kind"), json.at("function"), json.at("file"), json.at("line"), json.at("at_s")};
}

std::string server_program() {
  const std::string path = program_beside("pensim");
  if (path.empty())
    throw InputError(InputProblem{{"session", 0, 0},
                                  "the program pensim was not found beside this one",
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

// One future of the run: its files, what is read of them, and the socket to its process.
struct Future {
  std::uint64_t id = 0;
  std::unique_ptr<BlockStore> store;
  Recording recording;
  int control = -1;
  Future() = default;
  ~Future() {
    if (control >= 0) close(control);
  }
  Future(const Future&) = delete;
  Future& operator=(const Future&) = delete;
};

}  // namespace

struct Session::Impl {
  SessionOptions options;
  Scenario original;                  // as read
  std::vector<Requirement> always;    // of its always.yaml
  Inputs inputs;                      // present ones
  std::vector<Inputs> before, after;  // undo, redo
  Scenario scenario;
  RunRequest request;                  // the present run
  std::optional<CoreSymbols> symbols;  // of request.core_path
  std::string symbols_path;
  std::unique_ptr<ServerProcess> server;
  std::unique_ptr<Future> current, pending, ghost;  // pending: asked for, not begun
  bool keep_ghost = false;                          // current becomes the ghost when pending begins
  std::uint64_t next_id = 1;
  bool playing = false, over = false;  // over: the process of the current future has ended
  double factor = 1.0, backlog_ticks = 0.0;
  Tick allowed = 0, target = 0;  // target: run_to, and where a new future comes up to
  Tick came_from = 0, catch_target = never;
  Tick untaken = never;  // first tick of the changes that the run was sent and has not taken yet
  int untaken_count = 0;
  std::string hash, error, refused;
  std::optional<RecordedFault> fault;
  std::deque<std::pair<double, Tick>> pace;  // wall time and ticks of the last second
  double wall_s = 0.0;

  Tick now() const { return current ? current->recording.ticks() : 0; }
  Tick duration() const { return request.resolved.duration; }
  bool at_end() const { return over && !pending; }

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
    p.request.core_path = find_core(p.request.resolved.firmware);
    std::vector<InputProblem> problems;
    const auto is_poke = [](const Command& c) { return c.kind == Command::Kind::poke; };
    const ResolvedScenario& r = p.request.resolved;
    if (!r.watch.empty() || std::any_of(r.commands.begin(), r.commands.end(), is_poke)) {
      try {
        if (!symbols || symbols_path != p.request.core_path) symbols.emplace(p.request.core_path);
      } catch (const std::runtime_error& defect) {
        throw InputError(InputProblem{{original.path, 0, 0},
                                      fmt::format("firmware {} cannot be read: {}", r.firmware, defect.what()),
                                      "build it again"});
      }
      symbols_path = p.request.core_path;
      check_core_names(p.request.resolved, p.scenario, *symbols, problems);
    }
    for (InputProblem& problem : check_formulas(p.request.resolved)) problems.push_back(std::move(problem));
    if (!problems.empty()) throw InputError(problems);
    return p;
  }

  // --- futures ---

  std::unique_ptr<Future> make_future(const RunRequest& of, int& control) {
    auto future = std::make_unique<Future>();
    future->id = next_id++;
    future->store = std::make_unique<BlockStore>(recording_plan(of.resolved, true));
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
                 {"core", what.core_path}},
                {future->store->file(), future->store->tail_file(), control, text});
    } catch (const WireClosed&) {
      gone = true;
    }
    close(text);
    close(control);
    if (gone) throw WireClosed();
    return future;
  }

  // The future from `first` on is computed anew, up to where it was.
  void go_back(Tick first, bool ghost_stays) {
    if (!pending) {
      target = catch_target = std::min(std::max(now(), target), duration());
      if (at_end() && hash.empty()) target = catch_target = std::min(now(), duration());
      keep_ghost = !ghost_stays;
    } else {
      keep_ghost = keep_ghost || !ghost_stays;
      target = catch_target = std::min(catch_target, duration());
    }
    try {
      pending = ask(*server, request, untaken == never ? first : std::min(first, untaken), catch_target);
    } catch (const WireClosed&) {  // ended from outside, with all copies
      server = spawn();
      pending = ask(*server, request, never, catch_target);
    }
    allowed = catch_target;
    untaken = never;
    untaken_count = 0;
    backlog_ticks = 0.0;
  }

  std::unique_ptr<ServerProcess> spawn() const {
    return std::make_unique<ServerProcess>(options.program.empty() ? server_program() : options.program);
  }

  // A server of its own for this request: refused cores throw, and all is as before.
  void start(Prepared p, Tick until) {
    auto fresh = spawn();
    std::string why;
    std::unique_ptr<Future> future;
    // Whichever comes first: the run that begins, or the server that refuses it or says how it ended.
    try {
      future = ask(*fresh, p.request, never, until);
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
              (options.program.empty() ? server_program() : options.program) + " the program pensim of this version?";
      }
    }
    if (!why.empty())
      throw InputError(InputProblem{{original.path, 0, 0},
                                    fmt::format("firmware {} cannot be loaded: {}", p.request.resolved.firmware, why),
                                    "build it with pensim_add_core (docs/bring_your_firmware.md)"});
    scenario = std::move(p.scenario);
    request = std::move(p.request);
    if (current) ghost = std::move(current);
    pending.reset();
    current = std::move(future);
    server = std::move(fresh);
    began(0);
    allowed = target = until;
    catch_target = until > 0 ? until : never;
    untaken = never;
    untaken_count = 0;
  }

  void began(Tick tick) {
    over = false;
    hash.clear();
    error.clear();
    fault.reset();
    came_from = tick;
    current->recording.refresh();
    pace.clear();
    backlog_ticks = 0.0;
  }

  void swap_in(Tick tick) {
    if (keep_ghost && current && current->recording.ticks() > 0) ghost = std::move(current);
    current = std::move(pending);
    keep_ghost = false;
    began(tick);
    if (target > allowed) allow(target);
  }

  // --- changes ---

  void apply(Inputs wanted, bool checked = true) {
    Prepared p = prepare(wanted);
    if (checked && !equal(p.scenario.timeline, wanted.timeline))
      throw InputError(InputProblem{{"timeline", 0, 0},
                                    "this cannot be written into a scenario file and read back as it is",
                                    "text must be UTF-8, a value a number"});
    wanted.timeline = p.scenario.timeline;
    wanted.tick_ns = p.scenario.tick_ns;
    const bool anew = wanted.overrides != inputs.overrides || wanted.watch != inputs.watch;
    const Tick first = first_difference(inputs.timeline, wanted.timeline);
    if (anew && p.request.core_path != request.core_path) {
      start(std::move(p), std::min(std::max(now(), target), p.request.resolved.duration));
      inputs = std::move(wanted);
      return;
    }
    inputs = std::move(wanted);
    scenario = std::move(p.scenario);
    request = std::move(p.request);
    if (anew) return go_back(never, false);
    if (first == never) return;
    if (pending || over || first < now()) return go_back(first, false);
    untaken = untaken == never ? first : std::min(untaken, first);
    ++untaken_count;
    const int text = text_file(to_json(request.resolved));
    try {
      wire_send(current->control, {{"allowed", allowed}, {"first", first}}, {text});
    } catch (const WireClosed&) {  // it has just ended; the server tells
    }
    close(text);
  }

  void change(Inputs wanted, bool checked = true) {
    const Inputs old = inputs;
    apply(std::move(wanted), checked);
    before.push_back(old);
    after.clear();
  }

  // What a line of its kind does not hold is left out, so that it reads back as it is.
  static void tidy(Command& c) {
    if (c.kind != Command::Kind::set) c.over = 0;
    if (c.kind != Command::Kind::fault) c.duration = 0;
    if (c.kind != Command::Kind::poke && c.kind != Command::Kind::uart) c.text.clear();
    if (c.kind == Command::Kind::uart || c.kind == Command::Kind::reset) c.name.clear();
    if (c.kind == Command::Kind::uart || (c.kind == Command::Kind::poke && !c.text.empty())) c.value = 0.0;
    if (const FaultKind* f = c.kind == Command::Kind::fault ? find_fault(c.name) : nullptr; f && !*f->unit)
      c.value = f->magnitude;
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
    if (pending || over || !current) return;
    try {
      wire_send(current->control, {{"allowed", allowed}});
    } catch (const WireClosed&) {  // the server tells how it ended
    }
  }

  bool take_control() {
    bool news = false;
    if (current && !pending) {
      try {
        while (const auto message = wire_receive(current->control, false)) {
          const std::string say = message->body.value("say", "");
          if (say == "taken" && --untaken_count == 0) untaken = never;
          if (say == "late" && untaken != never) {
            go_back(untaken, true);
            return true;
          }
        }
      } catch (const WireClosed&) {
      }
    }
    if (pending) {
      try {
        while (const auto message = wire_receive(pending->control, false)) {
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
        if (pending && id == pending->id) {
          take_control();  // it may have begun and ended since
          if (pending) swap_in(0);
        }
        if (!current || id != current->id) continue;
        take_control();
        if (pending) continue;
        news = over = true;
        playing = false;
        hash = message->body.value("hash", "");
        error = message->body.value("error", message->body.value("why", ""));
        if (message->body.contains("fault")) fault = fault_of(message->body["fault"]);
        current->recording.refresh();
        RecordingMeta& meta = current->recording.meta();
        meta.hash = hash;
        meta.end_cause = fault ? "firmware fault: " + fault->kind : error.empty() ? "end of scenario" : error;
        if (fault) meta.fault = *fault;
        if (untaken != never) go_back(untaken, true);
      }
    } catch (const WireClosed&) {
      if (error.empty()) {
        error = "the process that serves the session is gone";
        news = over = true;
        playing = false;
      }
    }
    return news;
  }

  bool poll(double passed_s) {
    const Tick seen = now();
    wall_s += passed_s;
    bool news = take_control();
    news = take_server() || news;
    if (current && !at_end()) news = current->recording.refresh() || news;
    if (pending) return news;
    if (catch_target != never && (now() >= catch_target || over)) catch_target = never;
    if (!over) {
      if (playing && factor == 0.0) {
        allow(duration());
      } else if (playing && now() >= target) {
        const double ticks = passed_s * factor / seconds(inputs.tick_ns);
        backlog_ticks =
            std::min(backlog_ticks + ticks, std::max(ticks, most_backlog_s * factor / seconds(inputs.tick_ns)));
        const auto whole = static_cast<Tick>(backlog_ticks);
        if (whole > 0) {
          // What was allowed and not yet done counts against the backlog.
          const Tick to = std::min(
              {duration(), std::max(allowed, now()) + whole,
               now() + std::max<Tick>(whole, static_cast<Tick>(most_backlog_s * factor / seconds(inputs.tick_ns)))});
          backlog_ticks -= static_cast<double>(whole);
          if (to > allowed) allow(to);
        }
      }
    }
    if (now() != seen || pace.empty()) pace.emplace_back(wall_s, now());
    while (pace.size() > 2 && pace[1].first < wall_s - 1.0) pace.pop_front();
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
  if (first_difference(p.request.resolved.commands, recorded.commands) != never) {
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
  s.target = 0;
  s.backlog_ticks = 0.0;
  if (s.catch_target != never)
    s.target = s.catch_target;  // the past comes back first
  else if (s.allowed > s.now())
    s.allow(0);  // at its next look
}

void Session::run_to(Tick tick) {
  Impl& s = *impl_;
  s.playing = false;
  s.target = std::min(tick, s.duration());
  if (s.catch_target != never) s.target = std::max(s.target, s.catch_target);
  if (!s.pending && s.target > s.now()) s.allow(s.target);
}

void Session::step(Tick ticks) {
  if (impl_->current && !impl_->pending) impl_->current->recording.refresh();
  run_to(std::max(now(), impl_->pending ? impl_->catch_target : 0) + std::max<Tick>(0, ticks));
}

void Session::set_speed(double factor) {
  if (!std::isfinite(factor) || factor < 0.0 || (factor > 0.0 && factor < 0.001) || factor > 1e6)
    throw InputError(InputProblem{{"speed", 0, 0},
                                  fmt::format("found {}, expected 0.001 to 1000000, or 0: as fast as possible", factor),
                                  "1 is real time"});
  Impl& s = *impl_;
  if (s.playing && s.factor == 0.0 && factor > 0.0 && s.allowed > s.now()) s.allow(s.now());
  s.factor = factor;
  s.backlog_ticks = 0.0;
}

double Session::speed() const { return impl_->factor; }

Session::State Session::state() const {
  const Impl& s = *impl_;
  if (!s.current) return State::starting;
  if (s.at_end()) return State::ended;
  const bool ending = s.now() >= s.duration();  // how, is yet to be told
  return s.pending || s.playing || s.now() < s.target || s.catch_target != never || ending ? State::running
                                                                                           : State::paused;
}

Tick Session::now() const { return impl_->now(); }
Tick Session::duration() const { return impl_->duration(); }

double Session::real_time_factor() const {
  const auto& pace = impl_->pace;
  if (pace.size() < 2 || impl_->wall_s <= pace.front().first) return 0.0;
  return seconds((pace.back().second - pace.front().second) * impl_->inputs.tick_ns) /
         (impl_->wall_s - pace.front().first);
}

double Session::catching_up() const {
  const Impl& s = *impl_;
  if (s.pending) return 0.0;
  if (s.catch_target == never || s.catch_target <= s.came_from) return 1.0;
  return std::clamp(static_cast<double>(s.now() - s.came_from) / static_cast<double>(s.catch_target - s.came_from), 0.0,
                    1.0);
}

// --- what was recorded ---

const Recording& Session::recording() const { return impl_->current->recording; }
const Recording* Session::ghost() const { return impl_->ghost ? &impl_->ghost->recording : nullptr; }
void Session::drop_ghost() { impl_->ghost.reset(); }
const std::optional<RecordedFault>& Session::fault() const { return impl_->fault; }
std::string Session::error() const { return impl_->error; }

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
  const std::string name = symbol.rfind("fw.", 0) == 0 ? symbol.substr(3) : symbol;
  if (std::find(wanted.watch.begin(), wanted.watch.end(), name) != wanted.watch.end()) return;
  wanted.watch.push_back(name);
  impl_->change(std::move(wanted), false);
}

bool Session::can_undo() const { return !impl_->before.empty(); }
bool Session::can_redo() const { return !impl_->after.empty(); }

void Session::undo() {
  if (!can_undo()) return;
  const Inputs present = impl_->inputs;
  impl_->apply(impl_->before.back());
  impl_->before.pop_back();
  impl_->after.push_back(present);
}

void Session::redo() {
  if (!can_redo()) return;
  const Inputs present = impl_->inputs;
  impl_->apply(impl_->after.back());
  impl_->after.pop_back();
  impl_->before.push_back(present);
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

std::string Session::hash() const { return impl_->at_end() ? impl_->hash : ""; }

}  // namespace pensim
