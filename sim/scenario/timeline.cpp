#include "sim/scenario/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>

#include "sim/input/quantity.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {

Nanoseconds nanoseconds(double s) { return std::llround(s * 1e9); }

Tick nearest_tick(double s, Nanoseconds tick_ns) { return (nanoseconds(s) + tick_ns / 2) / tick_ns; }

std::string time_text(Tick tick, Nanoseconds tick_ns) {
  return fmt::format("{:.12g} s", static_cast<double>(tick * tick_ns) * 1e-9);
}

namespace {

constexpr int reset_numbers[] = {
#define RESET_CAUSE(name, number, words) number,
#include "sim/vocabulary/reset_causes.inl"
};
consteval bool numbered_from_one() {
  for (int i = 0; i < static_cast<int>(std::size(reset_numbers)); ++i)
    if (reset_numbers[i] != i + 1) return false;
  return std::size(reset_numbers) == PEN_RESET_SOFTWARE;
}
static_assert(numbered_from_one(), "reset_causes.inl: every PEN_RESET_* in its order");

}  // namespace

void Timeline::add(const TimelineLine& line) {
  const Node& node = *line.node;
  const std::size_t kinds = (line.set ? 1u : 0u) + (line.fault ? 1u : 0u) + (line.poke ? 1u : 0u) +
                            (line.uart ? 1u : 0u) + (line.reset ? 1u : 0u);
  const CommandKind* kind = nullptr;
  std::size_t given = 0;
  std::string names;
  for (const CommandKind& k : command_kinds) {
    names += (names.empty() ? "" : ", ") + std::string(k.name);
    if (node.find(k.name)) kind = &k, ++given;
  }
  if (given != 1)
    return context_.add(
        node.at(),
        given ? "found more than one of " + names + " in one line" : "found none of " + names + " in this line",
        "one line does one thing: {at: 1 s, set: user.start, to: on}");
  if (!node.find("at")) return context_.add(node.at(), "found no `at` in this line", "say when: at: 0.5 s");
  for (const char* key : {"to", "over", "for"}) {
    const bool takes = std::string_view(key) == "to"     ? kind->to
                       : std::string_view(key) == "over" ? kind->over
                                                         : kind->lasts;
    if (const Member* member = node.member(key); member && !takes)
      context_.add(member->at(), fmt::format("found `{}`, which this kind of line does not take", key),
                   std::string_view(key) == "over"  ? "only set ramps"
                   : std::string_view(key) == "for" ? "only a fault ends by itself; set it back with another line"
                                                    : "leave it out");
  }
  Command command;
  if (!line.at_s) return;
  command.at = nearest_tick(*line.at_s, scenario_.tick_ns);
  if (scenario_.duration > 0 && command.at >= scenario_.duration)
    context_.add(node.find("at")->at(),
                 fmt::format("found {}, but the run ends at {}", node.find("at")->text,
                             time_text(scenario_.duration, scenario_.tick_ns)),
                 "choose an earlier instant or a longer duration");
  if (kinds != 1) return;  // its name is wrong; said already
  const auto span = [&](const char* key, const std::optional<double>& s) -> Tick {
    if (!s || !node.find(key)) return 0;
    const Location at = node.find(key)->at();
    const Tick ticks = nearest_tick(*s, scenario_.tick_ns);
    if (ticks == 0) {
      if (*s > 0.0 || std::string_view(key) == "for")
        context_.add(at,
                     fmt::format("found {}: {}, which is less than a tick of {}", key, node.find(key)->text,
                                 format_quantity(static_cast<double>(scenario_.tick_ns) * 1e-9, "s")),
                     "leave it out, or make it longer");
    } else if (scenario_.duration > 0 && command.at < scenario_.duration && command.at + ticks > scenario_.duration) {
      context_.add(at,
                   fmt::format("found {}: {}, which lasts beyond the end of the run at {}", key, node.find(key)->text,
                               time_text(scenario_.duration, scenario_.tick_ns)),
                   std::string_view(key) == "for" ? "leave `for` out: then the fault lasts until the end"
                                                  : "end the ramp earlier");
    }
    return ticks;
  };
  if (line.set) {
    command.kind = Command::Kind::set;
    command.name = *line.set;
    if (!node.find("to"))
      return context_.add(node.at(), "found no `to` in this line", "say the value: " + example(*line.set));
    if (!line.to || !set_value(*line.to, command)) return;
    command.over = span("over", line.over_s);
    const auto key = std::pair(command.at, command.name);
    if (const auto [first, fresh] = seen_.emplace(key, node.line); !fresh)
      context_.add(node.at(),
                   fmt::format("{} is set twice at {}", command.name, time_text(command.at, scenario_.tick_ns)),
                   fmt::format("keep one of the two; the other is in line {}", first->second));
  } else if (line.fault) {
    command.kind = Command::Kind::fault;
    command.name = *line.fault;
    if (!fault_value(line, command)) return;
    command.duration = span("for", line.for_s);
  } else if (line.poke) {
    command.kind = Command::Kind::poke;
    command.name = *line.poke;
    if (!symbol(*line.poke, node.find("poke")->at())) return;
    if (!line.to) {
      if (!node.find("to"))
        context_.add(node.at(), "found no `to` in this line",
                     "say the value: {at: 1 s, poke: speed_loop.gain, to: 1.5}");
      return;
    }
    const std::string& to = line.to->text;
    const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    if (const auto on = parse_switch(to)) {
      command.value = *on ? 1.0 : 0.0;
    } else if (!to.empty() && to.size() <= 100 && !std::isdigit(static_cast<unsigned char>(to[0])) &&
               std::all_of(to.begin(), to.end(), word)) {
      command.text = to;  // an enumerator: its number is known when the firmware is
      scenario_.variable_places.emplace(std::pair(command.name, to), line.to->at());
    } else {
      try {
        command.value = parse_quantity(to, "1");
      } catch (const QuantityError& error) {
        return context_.add(line.to->at(), std::string("to: ") + error.what(),
                            "a variable of the firmware has the firmware's unit: give the plain number");
      }
    }
  } else if (line.uart) {
    command.kind = Command::Kind::uart;
    command.text = *line.uart;
    if (line.uart->empty() || line.uart->size() > 1024)
      return context_.add(node.find("uart")->at(), fmt::format("expected 1 to 1024 bytes, found {}", line.uart->size()),
                          "for instance uart: \"status\\n\"");
  } else {
    command.kind = Command::Kind::reset;
    command.value = *line.reset;
  }
  if (line.set || line.fault) lines_.push_back({command, node.at()});
  scenario_.timeline.push_back(std::move(command));
}

Tick Timeline::Line::end() const {
  if (command.kind == Command::Kind::set) return command.at + command.over;
  return command.duration > 0 ? command.at + command.duration : std::numeric_limits<Tick>::max();
}

void Timeline::compare_sets(const Line& earlier, const Line& later) {
  if (later.command.at >= earlier.end()) return;
  scenario_.notes.push_back(fmt::format(
      "line {}: {} is set at {}, while the ramp of line {} is under way: that ramp ends there, and its value is not "
      "reached",
      later.at.line, later.command.name, time_text(later.command.at, scenario_.tick_ns), earlier.at.line));
}

namespace {

// Of one part: while the first is active, the second does nothing.
struct Hides {
  const char *fault, *other;
};
constexpr Hides hiding[] = {{"ntc_motor.open", "ntc_motor.short"},
                            {"ntc_housing.open", "ntc_housing.short"},
                            {"motor_current.stuck", "motor_current.offset"},
                            {"screw.jam", "screw.lost_steps"},
                            {"supply.cut", "supply.contact"},
                            {"hall.dropout", "hall.extra_edges"}};
static_assert(std::all_of(std::begin(hiding), std::end(hiding),
                          [](const Hides& h) { return find_fault(h.fault) && find_fault(h.other); }));

bool hide(const std::string& a, const std::string& b) {
  return std::any_of(std::begin(hiding), std::end(hiding),
                     [&](const Hides& h) { return (a == h.fault && b == h.other) || (b == h.fault && a == h.other); });
}

}  // namespace

void Timeline::compare_faults(const Line& earlier, const Line& later) {
  const std::string &first = earlier.command.name, &second = later.command.name;
  if (later.command.at >= earlier.end()) return;
  const std::string at = time_text(later.command.at, scenario_.tick_ns);
  if (first != second) {
    if (hide(first, second))
      context_.add(later.at,
                   fmt::format("{} begins at {}, while {} of line {} is active: one hides the other", second, at, first,
                               earlier.at.line),
                   "let one end before the other begins (`for:`)");
    return;
  }
  if (earlier.command.at == later.command.at)
    context_.add(later.at, fmt::format("{} begins twice at {}", second, at),
                 fmt::format("keep one of the two; the other is in line {}", earlier.at.line));
  else if (later.end() < earlier.end())
    context_.add(
        later.at,
        fmt::format("{} begins at {} inside the one of line {}, and would end that, too", second, at, earlier.at.line),
        "end the first before (`for:`), or let the second last as long; a third line brings the first back");
  else
    scenario_.notes.push_back(fmt::format("line {}: {} at {} takes the place of that of line {}", later.at.line, second,
                                          at, earlier.at.line));
}

void Timeline::compare_lines() {
  std::stable_sort(lines_.begin(), lines_.end(),
                   [](const Line& a, const Line& b) { return a.command.at < b.command.at; });
  const auto is_fault = [](const Line& line) { return line.command.kind == Command::Kind::fault; };
  std::map<std::string, const Line*> newest;  // by name
  for (const Line& line : lines_) {
    for (const auto& [name, earlier] : newest)
      if (is_fault(*earlier) && is_fault(line))
        compare_faults(*earlier, line);
      else if (name == line.command.name)
        compare_sets(*earlier, line);
    newest[line.command.name] = &line;
  }
  if (scenario_.pen.battery_aging == 1.0) return;
  for (const Line& line : lines_)
    if (line.command.name == "battery.aged" && line.command.duration > 0)
      context_.add(line.at, "battery.aged ends, and with it the aging that the pen begins with",
                   "leave `for` out, or say the whole aging in this line");
}

bool Timeline::symbol(const std::string& name, const Location& at) {
  scenario_.variable_places.emplace(std::pair(name, ""), at);
  const bool good = !name.empty() && name.size() <= 200 && variable_name_length(name) == name.size();
  if (!good)
    context_.add(
        at,
        "expected the name of a variable such as speed_loop.integral or table[3], found `" + name.substr(0, 60) + "`",
        "`pensim symbols CORE` lists them");
  return good;
}

std::string Timeline::example(const std::string& name) {
  const Settable* s = find_settable(name);
  if (!s) return "to: 5";
  if (s->form != Settable::Form::quantity) return "to: on";
  return "to: " + format_quantity(s->high, s->unit);
}

bool Timeline::set_value(const Node& to, Command& command) const {
  const Settable* s = find_settable(command.name);
  if (!s) {  // aux.N
    std::int32_t value = 0;
    const auto [stop, error] = std::from_chars(to.text.data(), to.text.data() + to.text.size(), value);
    if (error != std::errc() || stop != to.text.data() + to.text.size()) {
      context_.add(to.at(), "expected a whole number of 32 bits, found " + to.described(), "for instance to: -7");
      return false;
    }
    command.value = value;
    return true;
  }
  const bool is_switch = s->form != Settable::Form::quantity;
  if (const auto on = is_switch ? parse_switch(to.text) : std::nullopt) {
    command.value = *on ? 1.0 : 0.0;
    return true;
  }
  if (!is_switch && parse_switch(to.text)) {
    context_.add(to.at(), fmt::format("{}: expected {}, found {}", s->name, quantity_example(s->unit), to.described()),
                 "on and off are for switches; " + example(s->name));
    return false;
  }
  try {
    command.value = parse_quantity(to.text, s->unit);
  } catch (const QuantityError& error) {
    if (is_switch)
      context_.add(to.at(), fmt::format("{}: expected on or off, found {}", s->name, to.described()), "write to: on");
    else
      context_.add(to.at(), fmt::format("{}: {}", s->name, error.what()), error.hint);
    return false;
  }
  if (is_switch && command.value != 0.0 && command.value != 1.0) {
    context_.add(to.at(), fmt::format("{}: expected on or off, found {}", s->name, to.described()), "write to: on");
    return false;
  }
  if (command.value < s->low || command.value > s->high) {
    context_.add(to.at(),
                 fmt::format("expected {} {} to {}, found {}", s->name, format_quantity(s->low, s->unit),
                             format_quantity(s->high, s->unit), to.text),
                 "choose a value in that range");
    return false;
  }
  return true;
}

bool Timeline::fault_value(const TimelineLine& line, Command& command) const {
  const FaultKind* kind = find_fault(command.name);
  command.value = kind->magnitude;
  const Member* to = line.node->member("to");
  if (!to) return true;
  if (!line.to) return false;
  if (!*kind->unit) {
    context_.add(to->value.at(), fmt::format("found a magnitude, but {} has none", kind->name), "leave `to` out");
    return false;
  }
  if (const auto on =
          kind->high == 1.0 && std::string_view(kind->unit) == "1" ? parse_switch(line.to->text) : std::nullopt) {
    command.value = *on ? 1.0 : 0.0;
    return true;
  }
  try {
    command.value = parse_quantity(line.to->text, kind->unit, Temperature::difference);
  } catch (const QuantityError& error) {
    context_.add(to->value.at(), fmt::format("{}: {}", kind->name, error.what()), error.hint);
    return false;
  }
  if (command.value < kind->low || command.value > kind->high) {
    context_.add(to->value.at(),
                 fmt::format("expected {} {} to {}, found {}", kind->name, format_quantity(kind->low, kind->unit),
                             format_quantity(kind->high, kind->unit), line.to->text),
                 "choose a value in that range");
    return false;
  }
  return true;
}

}  // namespace pensim
