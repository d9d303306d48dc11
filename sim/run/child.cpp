#include "sim/run/child.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "firmware_shim/counted_cost.h"
#include "firmware_shim/symbols/symbols.h"
#include "firmware_shim/target.h"
#include "sim/engine/insertion.h"

// Where a debugger waits for the core (`pensim debug`): it is loaded, and none of its code has run.
extern "C" __attribute__((noinline)) void pensim_core_loaded() { asm volatile(""); }

namespace pensim {

void run_body(const RunRequest& request, const TargetSpec& core, const BodyOptions& options, BlockStore& store,
              RunStatus& status) {
  try {
    if (options.heap_fill != 0) mallopt(M_PERTURB, options.heap_fill);
    ResolvedScenario scenario = request.resolved;
    if (scenario.rig == Rig::insertion) {
      if (options.crash_report != nullptr) {
        CrashSetup setup;  // no core: a crash is the simulator's own
        setup.report_fd = options.crash_report->fd();
        setup.guard_hangs = false;
        crash_install(setup);
      }
      BlockWriter writer(store);
      run_rig(scenario, writer, status);
      writer.close();
      return;
    }
    TargetSpec spec = core;
    spec.emulated.counted = scenario.counted;
    spec.emulated.clock_Hz = scenario.core_clock_Hz;
    if (!scenario.cost.empty() && core.kind == TargetSpec::Kind::native) {
      const auto costs = std::make_shared<CountedCost>();
      read_counted_cost(scenario.cost, *costs);  // it was checked when the run was prepared
      spec.cost = costs;
    }
    spec.emulated.fill = static_cast<std::uint8_t>(options.heap_fill);
    const std::unique_ptr<Target> target =
        options.crash_report == nullptr ? open_target(spec) : open_guarded(spec, *options.crash_report, options.guard);
    pensim_core_loaded();
    if (const std::string why = tick_refusal(target->tick_us(), scenario.tick_ns); !why.empty())
      throw std::runtime_error(why);
    std::vector<CoreVariable> watches, pokes;
    std::optional<CoreSymbols> symbols;
    const auto find = [&](const std::string& name) {
      if (!symbols) symbols.emplace(core.path);
      return symbols->find(name);
    };
    const auto find_pokes = [&] {
      pokes.clear();
      for (const Command& c : scenario.commands)
        if (c.kind == Command::Kind::poke) pokes.push_back(find(c.name));
    };
    for (const std::string& name : scenario.watch) watches.push_back(find(name));
    find_pokes();
    BlockWriter writer(store);
    RunGate gate;
    gate.pass = [&](Tick next) {
      const BodyOptions::Pass pass = options.gate(next, scenario.commands, writer);
      if (pass.commands_changed) find_pokes();
      gate.allowed = pass.allowed;
    };
    run_engine(scenario, *target, watches, pokes, writer, store.plan(), status, options.gate ? &gate : nullptr);
    writer.close();
    if (status.end == RunStatus::End::hang && options.crash_report != nullptr) {
      if (const TargetFault* fault = target->fault()) crash_report_fault(*fault);
      crash_report_hang(*target);
    }
  } catch (const std::exception& error) {
    std::strncpy(status.message, error.what(), sizeof status.message - 1);
    status.end = RunStatus::End::error;
  }
}

std::string tick_refusal(std::uint32_t core_tick_us, Nanoseconds pen_tick_ns) {
  if (Nanoseconds{core_tick_us} * 1000 == pen_tick_ns) return "";
  return fmt::format("its port says a tick of {} us, but this pen's is {:.6g} us: all its times would be wrong",
                     core_tick_us, static_cast<double>(pen_tick_ns) * 1e-3);
}

bool ended_well(const ProcessEnd& end) {
  return end.gave_up.empty() && end.crash.kind == CrashKind::none && end.damage.empty() &&
         end.status.end == RunStatus::End::completed;
}

static std::string place(const Frame& frame) {
  std::string text = frame.function.empty() ? fmt::format("0x{:x}", frame.pc) : frame.function;
  if (!frame.file.empty()) text += fmt::format(" {}:{}", frame.file, frame.line);
  return text;
}

std::optional<FirmwareFault> firmware_fault(const ProcessEnd& end, Nanoseconds tick_ns) {
  if (!end.gave_up.empty()) {
    FirmwareFault f;
    f.kind = "hang";
    f.at_s = seconds(end.status.ticks.load() * tick_ns);
    f.detail = "the run " + end.gave_up;
    return f;
  }
  if (end.crash.kind == CrashKind::none && end.status.end == RunStatus::End::hang) {
    FirmwareFault f;
    f.kind = "hang";
    f.at_s = seconds((end.status.ticks.load() - 1) * tick_ns);
    f.detail = "waits for something that nobody answers, and no watchdog ends it";
    return f;
  }
  if (end.crash.kind == CrashKind::none || !end.crash.by_core) return std::nullopt;
  FirmwareFault f;
  f.kind = crash_kind_name(end.crash.kind);
  f.function = end.crash.function;
  f.file = end.crash.file;
  f.line = end.crash.line;
  const Tick tick = end.crash.at_tick >= 0 ? end.crash.at_tick : end.status.ticks.load();
  f.at_s = seconds(tick * tick_ns);
  f.detail = end.crash.detail;
  for (const Frame& frame : end.crash.frames)
    if (f.backtrace.size() < 12) f.backtrace.push_back(place(frame));
  return f;
}

std::string error_cause(const ProcessEnd& end) {
  const bool left_by_itself = end.crash.kind == CrashKind::exit && !end.crash.by_core;
  if (end.status.end == RunStatus::End::error && left_by_itself) return end.status.message;  // before there was a core
  if (end.crash.kind == CrashKind::killed) return "the process of the run was ended from outside: " + end.crash.detail;
  if (end.crash.kind != CrashKind::none)
    return fmt::format("the simulator itself failed ({}): {}", crash_kind_name(end.crash.kind), end.crash.detail);
  if (!end.damage.empty()) return "the core wrote over the simulator's memory: " + end.damage;
  if (end.status.end == RunStatus::End::error) return end.status.message;
  return "the process of the run ended before the run did";
}

}  // namespace pensim
