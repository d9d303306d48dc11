#include "sim/dashboard/timeline_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/dashboard/open.h"
#include "sim/input/input_error.h"
#include "sim/input/quantity.h"

namespace pensim::dashboard {
namespace {

constexpr const char* to_the_end = "to the end";

const Settable* settable_of(const Command& c) { return c.kind == Command::Kind::set ? find_settable(c.name) : nullptr; }
const FaultKind* fault_of(const Command& c) { return c.kind == Command::Kind::fault ? find_fault(c.name) : nullptr; }

bool is_switch(const Command& c) {
  const Settable* s = settable_of(c);
  return s && s->form == Settable::Form::on_off;
}

Nanoseconds tick_ns(const App& app) { return app.main.recording ? app.main.recording->tick_ns() : default_tick_ns; }

Tick ticks_of(const std::string& text, Nanoseconds tick_ns) {
  return static_cast<Tick>(std::llround(parse_quantity(text, "s") / seconds(tick_ns)));
}

bool alike(const Command& a, const Command& b) {
  return a.at == b.at && a.kind == b.kind && a.name == b.name && a.text == b.text;
}

void select(App& app, const Command& c) {
  const auto& timeline = app.session->timeline();
  app.selected.command = -1;
  for (std::size_t i = 0; i < timeline.size(); ++i)
    if (alike(timeline[i], c)) app.selected.command = static_cast<int>(i);
}

}  // namespace

std::string unit_of(const Command& c) {
  if (const Settable* s = settable_of(c)) return s->unit;
  if (const FaultKind* f = fault_of(c)) return f->unit;
  return c.kind == Command::Kind::set || c.kind == Command::Kind::poke ? "1" : "";
}

const char* meaning_of(const Command& c) {
  if (c.kind == Command::Kind::uart) return "bytes sent to the core's console";
  if (c.kind == Command::Kind::reset) return "the core is reset";
  if (const Settable* s = settable_of(c)) return s->meaning;
  if (const FaultKind* f = fault_of(c)) return f->meaning;
  return "";
}

std::string value_text(const Command& c) {
  if (c.kind == Command::Kind::uart || (c.kind == Command::Kind::poke && !c.text.empty())) return c.text;
  if (c.kind == Command::Kind::reset) {
    const ResetCause* cause = reset_cause(c.value);
    return cause ? cause->name : "";
  }
  const std::string unit = unit_of(c);
  if (unit.empty()) return "";
  if (is_switch(c) && (c.value == 0 || c.value == 1)) return c.value == 1 ? "on" : "off";
  return format_quantity(c.value, unit);
}

std::string length_text(const Command& c, Nanoseconds tick_ns) {
  if (c.kind == Command::Kind::fault)
    return c.duration == 0 ? to_the_end : format_quantity(seconds(c.duration * tick_ns), "s");
  return c.kind == Command::Kind::set ? format_quantity(seconds(c.over * tick_ns), "s") : "";
}

Tick end_of(const Command& c, Tick run_end) {
  if (c.kind == Command::Kind::fault) return c.duration == 0 ? std::max(run_end, c.at) : c.at + c.duration;
  return c.kind == Command::Kind::set ? c.at + c.over : c.at;
}

Command edited(Command c, const std::string& value, const std::string& at, const std::string& length,
               Nanoseconds tick_ns) {
  // unchanged text keeps every digit
  if (at != format_quantity(seconds(c.at * tick_ns), "s")) c.at = ticks_of(at, tick_ns);
  if (length != length_text(c, tick_ns)) {
    if (c.kind == Command::Kind::fault) {
      c.duration = length == to_the_end ? 0 : ticks_of(length, tick_ns);
      if (length != to_the_end && c.duration <= 0)
        throw QuantityError("a fault lasts at least one tick", fmt::format("write a time, or '{}'", to_the_end));
    } else if (c.kind == Command::Kind::set) {
      c.over = ticks_of(length, tick_ns);
    }
  }
  if (value == value_text(c)) return c;
  if (c.kind == Command::Kind::uart) {
    c.text = value;
  } else if (c.kind == Command::Kind::reset) {
    const auto* cause = std::find_if(std::begin(reset_causes), std::end(reset_causes),
                                     [&](const ResetCause& r) { return value == r.name; });
    if (cause == std::end(reset_causes))
      throw QuantityError(fmt::format("'{}' is not a cause of a reset", value),
                          "power_on, pin, brown_out, watchdog or software");
    c.value = static_cast<double>(cause - std::begin(reset_causes) + 1);
  } else if (c.kind == Command::Kind::poke && !value.empty() &&
             (std::isalpha(static_cast<unsigned char>(value[0])) || value[0] == '_')) {
    c.text = value;  // an enumerator
  } else if (const std::string unit = unit_of(c); !unit.empty()) {
    const auto on = is_switch(c) ? parse_switch(value) : std::nullopt;
    c.value = on ? (*on ? 1.0 : 0.0) : parse_quantity(value, unit);
    if (c.kind == Command::Kind::poke) c.text.clear();
  }
  return c;
}

Command dragged(Command c, TimelineState::Part part, Tick tick, Tick run_end) {
  using Part = TimelineState::Part;
  const Tick end = end_of(c, run_end);
  if (part == Part::whole) {
    c.at = std::clamp<Tick>(tick, 0, std::max<Tick>(run_end - 1, 0));
  } else if (part == Part::begin) {
    c.at = std::clamp<Tick>(tick, 0, std::max<Tick>(end - 1, 0));
    if (c.duration > 0) c.duration = end - c.at;
  } else if (part == Part::end && c.kind == Command::Kind::fault) {
    c.duration = tick >= run_end ? 0 : std::max<Tick>(1, tick - c.at);
  } else if (part == Part::end) {
    c.over = std::max<Tick>(0, tick - c.at);
  }
  return c;
}

std::optional<Tick> nearest_edge(const std::vector<Command>& commands, int except, Tick tick, Tick reach,
                                 Tick run_end) {
  std::optional<Tick> found;
  Tick nearest = reach + 1;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (static_cast<int>(i) == except) continue;
    for (const Tick edge : {commands[i].at, end_of(commands[i], run_end)})
      if (std::abs(edge - tick) < nearest) nearest = std::abs(edge - tick), found = edge;
  }
  return found;
}

bool post_command(App& app, const Command& c, std::string& message) {
  try {
    app.session->post(c);
  } catch (const InputError& e) {
    message = e.what();
    return false;
  }
  select(app, c);
  return true;
}

bool replace_command(App& app, int index, const Command& c, std::string& message) {
  const auto& timeline = app.session->timeline();
  if (index < static_cast<int>(timeline.size())) {  // nothing to undo where nothing has changed
    const Command& old = timeline[static_cast<std::size_t>(index)];
    if (alike(old, c) && old.value == c.value && old.over == c.over && old.duration == c.duration) return true;
  }
  try {
    app.session->replace(static_cast<std::size_t>(index), c);
  } catch (const InputError& e) {
    message = e.what();
    return false;
  }
  select(app, c);
  return true;
}

void erase_command(App& app, int index) {
  try {
    app.session->erase(static_cast<std::size_t>(index));
    app.selected.command = -1;
  } catch (const InputError& e) {
    app.message = e.what();
  }
}

Command new_command(const App& app, const std::string& name, bool fault, Tick at) {
  Command c;
  c.at = at;
  c.name = name;
  if (fault) {
    c.kind = Command::Kind::fault;
    c.value = find_fault(name)->magnitude;
    // A tenth of what is seen, of one digit.
    const double tenth = std::max((app.time.to_s - app.time.from_s) / 10, seconds(tick_ns(app)));
    const double ten = std::pow(10.0, std::floor(std::log10(tenth)));
    const double length = tenth / ten >= 5 ? 5 * ten : tenth / ten >= 2 ? 2 * ten : ten;
    c.duration = std::max<Tick>(1, std::llround(length / seconds(tick_ns(app))));
    return c;
  }
  c.value = initial_value(app, name);
  for (const Command& earlier : app.session->timeline())
    if (earlier.kind == Command::Kind::set && earlier.name == name && earlier.at <= at) c.value = earlier.value;
  if (is_switch(c)) c.value = c.value > 0.5 ? 0.0 : 1.0;
  return c;
}

const std::vector<Command>& commands_on_show(App& app) {
  TimelineState& state = app.timeline;
  const std::string& resolved = app.main.recording->meta().resolved_scenario;
  if (state.resolved != resolved) {
    state.resolved = resolved;
    state.recorded.clear();
    state.initial.clear();
    const auto json = nlohmann::json::parse(resolved, nullptr, false);
    try {
      for (const auto& [name, value] : json.at("settings").items()) state.initial[name] = value.get<double>();
      for (const auto& item : json.at("commands")) {
        const CommandKind* kind = find_command_kind(item.at("kind").get<std::string>());
        if (kind == nullptr) continue;
        state.recorded.push_back({item.at("at"), static_cast<Command::Kind>(kind - command_kinds), item.at("name"),
                                  item.at("value"), item.at("over"), item.at("duration"), item.at("text")});
      }
    } catch (const nlohmann::json::exception&) {  // no scenario, or not one of ours
      state.recorded.clear();
    }
  }
  return app.session ? app.session->timeline() : state.recorded;
}

double initial_value(const App& app, const std::string& name) {
  if (const auto known = app.timeline.initial.find(name); known != app.timeline.initial.end()) return known->second;
  const Settable* s = find_settable(name);
  return s ? s->start : 0.0;
}

Tick snapped(const App& app, double at_s, int but, double ms_pixels, double near_s, bool free) {
  const double tick_s = seconds(tick_ns(app));
  const Tick end = static_cast<Tick>(std::llround(duration_s(app) / tick_s)), last = std::max<Tick>(end - 1, 0);
  const auto tick = [&](double s) { return std::clamp<Tick>(std::llround(s / tick_s), 0, last); };
  if (free) return tick(at_s);
  std::vector<Command> others = app.session->timeline();
  others.emplace_back().at = tick(app.cursor_s);
  if (const auto edge = nearest_edge(others, but, tick(at_s), static_cast<Tick>(near_s / tick_s), end))
    return std::min(*edge, last);
  return tick(ms_pixels > 12 ? at_s : std::round(at_s * 1e3) * 1e-3);
}

}  // namespace pensim::dashboard
