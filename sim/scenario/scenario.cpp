#include "sim/scenario/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>
#include <type_traits>

#include "models/insertion_rig.h"
#include "sim/input/document.h"
#include "sim/input/quantity.h"
#include "sim/platform/program.h"
#include "sim/scenario/resolve.h"
#include "sim/scenario/scenario_keys.h"

namespace pensim {

namespace fs = std::filesystem;

const Settable& settable_named(const char* name) {
  for (const Settable& settable : settables)
    if (std::string_view(settable.name) == name) return settable;
  throw std::logic_error(std::string("no settable ") + name);
}

namespace {

template <class T>
struct PlainOf {
  using type = T;
};
template <class T>
struct PlainOf<std::optional<T>> {
  using type = T;
};
template <class T>
using Plain = typename PlainOf<T>::type;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 16 && names.size() > 18) return text + fmt::format(" ... ({} in all)", names.size());
    text += (i ? ", " : "") + names[i];
  }
  return text;
}

std::string name_hint(const std::string& name, const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  return near.empty() ? "one of: " + listed(known) : "did you mean `" + near + "`?";
}

std::string joined(const std::string& folder, const std::string& path) {
  const fs::path p(path);
  if (p.is_absolute() || folder.empty() || folder == ".") return path;
  return (fs::path(folder) / p).lexically_normal().string();
}

struct Context {
  std::string folder;  // relative paths in the text are relative to it
  std::vector<InputProblem>& problems;
  void add(const Location& at, std::string message, std::string hint) const {
    problems.push_back({at, std::move(message), std::move(hint)});
  }
  // A path that came by --set is relative to the working directory.
  std::string path(const Node& node, const std::string& text) const {
    return node.line == 0 ? text : joined(folder, text);
  }
};

// Reads one map; every key that is asked for is a key that exists.
class Reader {
 public:
  Reader(const Node& map, std::string name, const Context& context)
      : map_(map), name_(std::move(name)), context_(context) {
    if (map_.kind != Node::Kind::map && map_.kind != Node::Kind::empty) {
      usable_ = false;
      context_.add(map_.at(), "expected keys and values" + of() + ", found " + map_.described(),
                   "for instance " + std::string(name_ == "skin"  ? "skin: {region: cheek}"
                                                 : name_ == "pen" ? "pen: {model: rotary_p1}"
                                                                  : "{key: value}"));
    }
  }

  void finish() const {
    for (const Member& member : map_.members)
      if (std::find(known_.begin(), known_.end(), member.key) == known_.end())
        context_.add(member.at(), "found the key " + quoted(member.key) + of() + ", which does not exist",
                     name_hint(member.key, known_));
  }

  template <class T>
  void text(const char* key, T& out, const char*) {
    if (const Node* node = scalar(key, "a text")) {
      if (node->text.size() > 4000)
        return bad(*node, "expected at most 4000 characters, found " + std::to_string(node->text.size()), "shorten it");
      out = node->text;
    }
  }

  void formula(const char* key, std::string& out, Location& at, const char*) {
    const Node* node = scalar(key, "a formula such as always[1 s, end] (motor.speed >= 60 Hz)");
    if (!node) return;
    at = node->at();
    if (node->quoted && node->column > 0) ++at.column;  // the first character of the formula, for errors inside it
    text(key, out, "");
  }

  template <class T>
  void name(const char* key, T& out, CatalogKind kind, const char*) {
    const Node* node = scalar(key, std::string("the name of a ") + catalog_kind_name(kind) + ", or a file");
    if (!node) return;
    if (is_catalog_file(node->text)) {
      const std::string path = context_.path(*node, node->text);
      try {
        catalog_entry(kind, path, node->at());
        out = path;
      } catch (const InputError& error) {
        context_.problems.insert(context_.problems.end(), error.problems().begin(), error.problems().end());
      }
      return;
    }
    const std::vector<std::string> known = catalog_names(kind);
    if (std::find(known.begin(), known.end(), node->text) == known.end())
      return bad(*node,
                 fmt::format("found {}, expected a {} of the catalog", node->described(), catalog_kind_name(kind)),
                 name_hint(node->text, known));
    out = node->text;
  }

  template <class T>
  void quantity(const char* key, T& out, const char* unit, double low, double high, const char*) {
    const Node* node = scalar(key, quantity_example(unit));
    if (!node) return;
    double value = 0.0;
    if (!read_quantity(*node, key, unit, value)) return;
    if (value < low || value > high)
      return bad(*node,
                 fmt::format("expected {} {} to {}, found {}", key, format_quantity(low, unit),
                             format_quantity(high, unit), node->text),
                 "choose a value in that range");
    out = value;
  }

  template <class T>
  void whole(const char* key, T& out, Plain<T> low, Plain<T> high, const char*) {
    const Node* node = scalar(key, "a whole number");
    if (!node) return;
    Plain<T> value{};
    const char *begin = node->text.data(), *end = begin + node->text.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::result_out_of_range ||
        (error == std::errc() && stop == end && (value < low || value > high)))
      return bad(*node, fmt::format("expected a whole number from {} to {}, found {}", low, high, node->described()),
                 "choose a value in that range");
    if (error != std::errc() || stop != end)
      return bad(*node, fmt::format("expected a whole number, found {}", node->described()),
                 fmt::format("for instance {}: {}", key, low + 1 > low ? low + 1 : low));
    out = value;
  }

  void flag(const char* key, bool& out, const char*) {
    const Node* node = scalar(key, "on or off");
    if (!node) return;
    if (const auto value = parse_switch(node->text))
      out = *value;
    else
      bad(*node, "expected on or off, found " + node->described(), fmt::format("write {}: on", key));
  }

  template <class T>
  void choice(const char* key, T& out, std::initializer_list<std::pair<const char*, Plain<T>>> choices, const char*) {
    std::vector<std::string> words;
    for (const auto& [word, value] : choices) words.push_back(word);
    const Node* node = scalar(key, "one of " + listed(words));
    if (!node) return;
    for (const auto& [word, value] : choices)
      if (node->text == word) {
        out = value;
        return;
      }
    bad(*node, "expected one of " + listed(words) + ", found " + node->described(), name_hint(node->text, words));
  }

  void level(const char* key, double& out, std::initializer_list<std::pair<const char*, double>> levels, double low,
             double high, const char*) {
    std::vector<std::string> words;
    for (const auto& [word, value] : levels) words.push_back(word);
    const Node* node = scalar(key, "one of " + listed(words) + ", or a factor");
    if (!node) return;
    for (const auto& [word, value] : levels)
      if (node->text == word) {
        out = value;
        return;
      }
    try {
      const double value = parse_quantity(node->text, "1");
      if (value < low || value > high)
        return bad(*node, fmt::format("expected {} {} to {}, found {}", key, low, high, node->text),
                   "choose a value in that range");
      out = value;
    } catch (const QuantityError&) {
      bad(*node, "expected one of " + listed(words) + ", or a factor, found " + node->described(),
          name_hint(node->text, words));
    }
  }

  void file(const char* key, std::string& out, const char* word, std::size_t limit, const char*) {
    const Node* node = scalar(key, fmt::format("`{}` or a file", word));
    if (!node) return;
    if (node->text == word) {
      out = word;
      return;
    }
    const std::string path = context_.path(*node, node->text);
    try {
      read_file(path, limit);
      out = path;
    } catch (const InputError& error) {
      for (const InputProblem& problem : error.problems())
        bad(*node,
            fmt::format("expected `{}` or a file of at most {} bytes, found {}: {}", word, limit, path,
                        problem.message),
            fmt::format("write {}: {}, or a path relative to the scenario", key, word));
    }
  }

  void words(const char* key, std::vector<std::string>& out, const char*) {
    const Node* node = take(key);
    if (!node) return;
    out.clear();
    if (node->kind == Node::Kind::scalar) {
      out.push_back(node->text);
    } else if (node->kind == Node::Kind::list) {
      for (const Node& item : node->items) {
        if (item.kind != Node::Kind::scalar)
          bad(item, "expected a word, found " + item.described(), fmt::format("for instance {}: [one, two]", key));
        else if (std::find(out.begin(), out.end(), item.text) != out.end())
          bad(item, "found " + item.described() + " twice in " + key, "keep one of the two");
        else
          out.push_back(item.text);
      }
    } else {
      bad(*node, "expected a list of words, found " + node->described(),
          fmt::format("for instance {}: [one, two]", key));
    }
  }

  void firmware(const char* key, std::string& out, const char*) {
    const Node* node = scalar(key, "the name of a firmware core");
    if (!node) return;
    const std::string& given = node->text;
    const std::size_t colon = given.find(':');
    const char* hint =
        "NAME, native:PATH.so, emulated:PATH.elf, link:tcp:HOST:PORT, link:unix:PATH or link:serial:DEVICE@BAUD";
    if (given.empty() || given.size() > 1000)
      return bad(*node, "expected the name of a firmware core, found " + node->described(), hint);
    if (colon == std::string::npos) {
      for (char c : given)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.')
          return bad(*node, "expected the name of a firmware core, found " + node->described(), hint);
      out = given;
      return;
    }
    const std::string scheme = given.substr(0, colon);
    std::string rest = given.substr(colon + 1);
    if (scheme == "native" || scheme == "emulated") {
      if (rest.empty()) return bad(*node, "found no path after `" + scheme + ":`", hint);
      out = scheme + ":" + context_.path(*node, rest);
      return;
    }
    if (scheme == "link") {
      const std::size_t second = rest.find(':');
      const std::string medium = rest.substr(0, second);
      const std::string address = second == std::string::npos ? "" : rest.substr(second + 1);
      if (medium == "unix" && !address.empty()) {
        out = "link:unix:" + context_.path(*node, address);
        return;
      }
      if ((medium == "tcp" && address.find(':') != std::string::npos && address.back() != ':' &&
           address.front() != ':') ||
          (medium == "serial" && address.find('@') != std::string::npos && address.back() != '@' &&
           address.front() != '@')) {
        out = given;
        return;
      }
      return bad(*node, "found " + node->described() + ", which is no complete link", hint);
    }
    bad(*node, fmt::format("found {}: `{}` is no kind of firmware", node->described(), scheme), hint);
  }

  void settable(const char* key, std::optional<std::string>& out, const char*) {
    const Node* node = scalar(key, "a name such as user.depth");
    if (!node) return;
    if (node->text.size() == 5 && node->text.rfind("aux.", 0) == 0 && node->text[4] >= '0' &&
        node->text[4] < '0' + static_cast<int>(PEN_AUX)) {
      out = node->text;
      return;
    }
    std::vector<std::string> known;
    for (const Settable& s : settables) known.push_back(s.name);
    if (std::find(known.begin(), known.end(), node->text) != known.end()) {
      out = node->text;
      return;
    }
    for (int k = 0; k < static_cast<int>(PEN_AUX); ++k) known.push_back(fmt::format("aux.{}", k));
    bad(*node, "found " + node->described() + ", which cannot be set", name_hint(node->text, known));
  }

  void fault(const char* key, std::optional<std::string>& out, const char*) {
    const Node* node = scalar(key, "a fault such as hall.dropout");
    if (!node) return;
    std::vector<std::string> known;
    for (const FaultKind& f : fault_kinds) known.push_back(f.name);
    if (std::find(known.begin(), known.end(), node->text) == known.end())
      return bad(*node, "found " + node->described() + ", which is no fault", name_hint(node->text, known));
    out = node->text;
  }

  void here(const Node*& out) { out = &map_; }

  void raw(const char* key, const Node*& out, const char*) { out = scalar(key, "a value"); }

  void formulas(const char* key, std::vector<Measure>& out, const char*) {
    const Node* node = take(key);
    if (!node || node->kind == Node::Kind::empty) return;
    if (node->kind != Node::Kind::map)
      return bad(*node, "expected names with formulas, found " + node->described(),
                 "for instance measure: {peak_force: \"max(needle.force)\"}");
    for (const Member& member : node->members) {
      if (member.value.kind != Node::Kind::scalar || member.value.text.empty() || member.value.text.size() > 4000) {
        bad(member.value, "expected a formula, found " + member.value.described(),
            "for instance \"max[1 s, end](needle.force)\", in quotes");
        continue;
      }
      if (member.key.empty() || member.key.size() > 100) {
        context_.add(member.at(), "expected a name of 1 to 100 characters for the measure", "for instance peak_force");
        continue;
      }
      Location at = member.value.at();
      if (member.value.quoted && at.column > 0) ++at.column;
      out.push_back({member.key, member.value.text, at});
    }
  }

  void parameters(const char* key, std::map<std::string, std::pair<double, Location>>& out, const char*) {
    const Node* node = take(key);
    if (!node || node->kind == Node::Kind::empty) return;
    if (node->kind != Node::Kind::map)
      return bad(*node, "expected names of parameters with quantities, found " + node->described(),
                 "for instance parameters: {motor.resistance: 1.2 ohm}");
    const std::vector<PlantParameter>& known = plant_parameters();
    for (const Member& member : node->members) {
      if (member.key == "seed" || member.key == "tick" || member.key == "tick_s") {
        context_.add(member.at(), "found " + quoted(member.key) + ", which is no free parameter",
                     member.key == "seed" ? "give `seed:` of the scenario" : "the tick stands in the file of a pen");
        continue;
      }
      const auto found = std::find_if(known.begin(), known.end(), [&](const PlantParameter& p) {
        return p.key == member.key || p.name == member.key;
      });
      if (found == known.end()) {
        std::vector<std::string> names;
        for (const PlantParameter& p : known) names.push_back(p.key);
        const std::string near = nearest_name(member.key, names);
        context_.add(member.at(), "found " + quoted(member.key) + ", which is no parameter of the plant",
                     near.empty() ? "`pensim catalog` shows their names" : "did you mean `" + near + "`?");
        continue;
      }
      if (member.value.kind != Node::Kind::scalar) {
        bad(member.value, "expected " + quantity_example(found->unit) + ", found " + member.value.described(),
            "give the value");
        continue;
      }
      double value = 0.0;
      if (read_quantity(member.value, member.key.c_str(), found->unit.c_str(), value, found->difference))
        out[found->name] = {value, member.value.at()};
    }
  }

  template <class F>
  void section(const char* key, const char*, F&& keys) {
    static const Node nothing;
    const Node* node = take(key);
    Reader inner(node ? *node : nothing, name_.empty() ? key : name_ + "." + key, context_);
    if (!inner.usable_) return;
    keys(inner);
    inner.finish();
  }

  template <class T, class F>
  void list(const char* key, std::vector<T>& out, const char*, F&& keys) {
    const Node* node = take(key);
    if (!node || node->kind == Node::Kind::empty) return;
    if (node->kind != Node::Kind::list)
      return bad(*node, "expected a list" + std::string(" for ") + key + ", found " + node->described(),
                 fmt::format("begin each entry of {} with a dash", key));
    for (const Node& item : node->items) {
      Reader inner(item, name_.empty() ? key : name_ + "." + key, context_);
      if (!inner.usable_) continue;
      T value{};
      keys(inner, value);
      inner.finish();
      out.push_back(std::move(value));
    }
  }

 private:
  static std::string quoted(const std::string& word) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = word;
    return node.described();
  }

  std::string of() const { return name_.empty() ? "" : " in " + name_; }

  const Node* take(const char* key) {
    known_.push_back(key);
    return map_.find(key);
  }

  const Node* scalar(const char* key, const std::string& expected) {
    const Node* node = take(key);
    if (!node) return nullptr;
    if (node->kind == Node::Kind::scalar) return node;
    bad(*node, fmt::format("expected {} for {}, found {}", expected, key, node->described()),
        node->kind == Node::Kind::empty ? "give a value, or leave the key out" : "give a single value");
    return nullptr;
  }

  bool read_quantity(const Node& node, const char* key, const char* unit, double& value, bool difference = false) {
    try {
      value = parse_quantity(node.text, unit, difference ? Temperature::difference : Temperature::absolute);
      return true;
    } catch (const QuantityError& error) {
      bad(node, std::string(key) + ": " + error.what(), error.hint);
      return false;
    }
  }

  void bad(const Node& node, std::string message, std::string hint) const {
    context_.add(node.at(), std::move(message), std::move(hint));
  }

  const Node& map_;
  std::string name_;
  const Context& context_;
  std::vector<std::string> known_;
  bool usable_ = true;
};

Nanoseconds nanoseconds(double s) { return std::llround(s * 1e9); }

Tick nearest_tick(double s, Nanoseconds tick_ns) { return (nanoseconds(s) + tick_ns / 2) / tick_ns; }

// Seconds without the noise of the last digit.
std::string time_text(Tick tick, Nanoseconds tick_ns) {
  return fmt::format("{:.12g} s", static_cast<double>(tick * tick_ns) * 1e-9);
}

class Timeline {
 public:
  Timeline(Scenario& scenario, const Context& context) : scenario_(scenario), context_(context) {}

  void add(const TimelineLine& line) {
    const Node& node = *line.node;
    const std::size_t kinds = (line.set ? 1u : 0u) + (line.fault ? 1u : 0u) + (line.poke ? 1u : 0u) +
                              (line.uart ? 1u : 0u) + (line.reset ? 1u : 0u);
    std::size_t given = 0;
    for (const char* key : {"set", "fault", "poke", "uart", "reset"}) given += node.find(key) ? 1u : 0u;
    if (given != 1)
      return context_.add(node.at(),
                          given ? "found more than one of set, fault, poke, uart, reset in one line"
                                : "found none of set, fault, poke, uart, reset in this line",
                          "one line does one thing: {at: 1 s, set: user.start, to: on}");
    if (!node.find("at")) return context_.add(node.at(), "found no `at` in this line", "say when: at: 0.5 s");
    for (const char* key : {"to", "over", "for"}) {
      const bool set = node.find("set"), fault = node.find("fault"), poke = node.find("poke");
      const bool takes = std::string_view(key) == "to"     ? set || fault || poke
                         : std::string_view(key) == "over" ? set
                                                           : fault;
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
        return context_.add(node.find("uart")->at(),
                            fmt::format("expected 1 to 1024 bytes, found {}", line.uart->size()),
                            "for instance uart: \"status\\n\"");
    } else {
      command.kind = Command::Kind::reset;
      command.value = *line.reset;
    }
    scenario_.timeline.push_back(std::move(command));
  }

  bool symbol(const std::string& name, const Location& at) {
    scenario_.variable_places.emplace(std::pair(name, ""), at);
    bool good =
        !name.empty() && name.size() <= 200 && (std::isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_');
    for (char c : name)
      good = good &&
             (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '[' || c == ']' || c == ':');
    if (!good)
      context_.add(
          at,
          "expected the name of a variable such as speed_loop.integral or table[3], found `" + name.substr(0, 60) + "`",
          "`pensim symbols CORE` lists them");
    return good;
  }

 private:
  static const Settable* find_settable(const std::string& name) {
    for (const Settable& s : settables)
      if (name == s.name) return &s;
    return nullptr;
  }

  static std::string example(const std::string& name) {
    const Settable* s = find_settable(name);
    if (!s) return "to: 5";
    if (std::string_view(s->unit) == "1") return "to: on";
    return "to: " + format_quantity(s->high, s->unit);
  }

  bool set_value(const Node& to, Command& command) const {
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
    const bool is_switch = std::string_view(s->unit) == "1";
    if (const auto on = is_switch ? parse_switch(to.text) : std::nullopt) {
      command.value = *on ? 1.0 : 0.0;
      return true;
    }
    if (!is_switch && parse_switch(to.text)) {
      context_.add(to.at(),
                   fmt::format("{}: expected {}, found {}", s->name, quantity_example(s->unit), to.described()),
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

  bool fault_value(const TimelineLine& line, Command& command) const {
    const FaultKind* kind = nullptr;
    for (const FaultKind& f : fault_kinds)
      if (command.name == f.name) kind = &f;
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

  Scenario& scenario_;
  const Context& context_;
  std::map<std::pair<Tick, std::string>, int> seen_;
};

// Presence, form and uniqueness of ids; `ids` collects them with their line.
void check_requirements(const std::vector<Requirement>& requirements, const Node* list, const Context& context,
                        std::map<std::string, Location>& ids) {
  if (!list) return;
  std::size_t next = 0;
  for (const Node& item : list->items) {
    if (item.kind != Node::Kind::map && item.kind != Node::Kind::empty) continue;  // said already
    if (next >= requirements.size()) break;
    const Requirement& r = requirements[next++];
    const Node* id = item.find("id");
    if (!id) {
      context.add(item.at(), "found no `id` in this requirement", "give it a name that stays: id: RATE-01");
    } else if (id->kind == Node::Kind::scalar) {
      const bool good = !r.id.empty() && r.id.size() <= 80 && std::all_of(r.id.begin(), r.id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '/';
      });
      if (!good)
        context.add(id->at(), "expected an id of letters, digits, `-`, `_`, `.` and `/`, found " + id->described(),
                    "for instance id: RATE-01");
      else if (const auto [first, fresh] = ids.emplace(r.id, id->at()); !fresh)
        context.add(
            id->at(),
            fmt::format("the id {} is given twice, first in {}:{}", r.id, first->second.file, first->second.line),
            "ids are unique within the scenario and always.yaml");
    }
    if (const Node* that = item.find("that"); !that)
      context.add(item.at(), "found no `that` in this requirement",
                  "give the formula: that: always[1 s, end] (motor.speed >= 60 Hz)");
    else if (that->kind == Node::Kind::scalar && r.that.find_first_not_of(" \t\r\n") == std::string::npos)
      context.add(that->at(), "found an empty formula", "for instance that: always[1 s, end] (motor.speed >= 60 Hz)");
  }
}

void check_insertion(const Node& root, Scenario& s, const Context& context) {
  InsertionChoice& i = s.insertion;
  static const Node nothing;
  const Node* found = root.find("insertion");
  const Node& node = found ? *found : nothing;
  if (s.rig == Rig::pen) {
    if (found)
      context.add(root.member("insertion")->at(), "found `insertion` in a scenario with a pen",
                  "add rig: insertion, or leave it out");
    return;
  }
  for (const char* key : {"pen", "operator", "firmware", "duration", "timeline", "watch", "timing"})
    if (const Member* member = root.member(key))
      context.add(member->at(), fmt::format("found `{}`, which the insertion rig does not have", key),
                  "leave it out: the machine's movement stands in `insertion`");
  if (i.travel_m && i.press_N)
    context.add(node.find("press") ? node.find("press")->at() : node.at(), "found both travel and press",
                "the machine is driven by travel or by force: keep one");
  if (i.nose_inner_diameter_m.has_value() != i.nose_outer_diameter_m.has_value())
    context.add(node.find("nose") ? node.find("nose")->at() : node.at(), "found one diameter of the nose",
                "give inner_diameter and outer_diameter");
  else if (i.nose_inner_diameter_m && *i.nose_inner_diameter_m >= *i.nose_outer_diameter_m)
    context.add(node.find("nose") ? node.find("nose")->at() : node.at(),
                "the inner diameter of the nose is not below the outer one", "exchange them?");
  if ((i.vibration_frequency_Hz > 0.0) != (i.vibration_amplitude_m > 0.0))
    context.add(node.find("vibration") ? node.find("vibration")->at() : node.at(), "found one half of the vibration",
                "give frequency and amplitude, both above zero");
  if (!i.travel_m && !i.press_N) i.travel_m = 1.5e-3;
  // Row period: travel/speed/2000, 1 to 50 us; longer only where a run would have more than a million rows. Under force
  // control the way is unknown: 1.5 mm sets the period, and the duration is that of the longest way.
  const double way_m = i.travel_m.value_or(1.5e-3), longest_m = i.travel_m.value_or(press_travel_m);
  const InsertionParams machine;
  const double total_s =
      (machine.approach_m + longest_m + (i.retract ? longest_m + machine.clear_m : 0.0)) / i.speed_m_per_s + i.hold_s;
  s.tick_ns = std::clamp<Nanoseconds>(nanoseconds(way_m / i.speed_m_per_s / 2000.0), 1'000, 50'000);
  constexpr Tick most_rows = 1'000'000;
  if (nanoseconds(total_s) > most_rows * s.tick_ns)
    s.tick_ns = nanoseconds(total_s) / (most_rows * 1'000) * 1'000 + 1'000;
  if (total_s > 36'000.0) {
    context.add(node.find("speed") ? node.find("speed")->at() : node.at(),
                fmt::format("the insertion would last {}", format_quantity(total_s, "s")),
                "choose a higher speed: 10 h is the limit");
    return;
  }
  s.duration = (nanoseconds(total_s) + s.tick_ns - 1) / s.tick_ns + 1;
}

// The firmware tick is the pen's.
Nanoseconds tick_of(const std::string& model, const Context& context) {
  for (const CatalogValue& v : catalog_entry(CatalogKind::pen, model).values) {
    if (v.parameter != "tick_s") continue;
    const Nanoseconds ns = nanoseconds(v.number);
    if (ns >= 1'000 && ns <= 1'000'000 && ns % 1'000 == 0) return ns;
    context.add(v.at, fmt::format("expected a tick of 1 us to 1 ms in whole microseconds, found {}", v.text),
                "the default is 50 us");
  }
  return default_tick_ns;
}

std::vector<Requirement> always_from(const std::string& text, const std::string& path) {
  std::vector<InputProblem> problems;
  Node root = read_document(text, path, problems);
  const Context context{".", problems};
  if (root.kind == Node::Kind::list) {  // a list, or `require:` with a list
    Node map;
    map.kind = Node::Kind::map;
    map.file = root.file;
    map.members.push_back({"require", root.line, root.column, std::move(root)});
    root = std::move(map);
  }
  std::vector<Requirement> requirements;
  Reader reader(root, "", context);
  reader.list("require", requirements, "", [](auto& r, Requirement& requirement) { requirement_keys(r, requirement); });
  reader.finish();
  if (requirements.empty() && problems.empty())
    context.add({path, 1, 1}, "found no requirement", "list them: - {id: ..., that: ...}");
  std::map<std::string, Location> ids;
  check_requirements(requirements, root.find("require"), context, ids);
  if (!problems.empty()) throw InputError(problems);
  for (Requirement& r : requirements) r.always = true;
  return requirements;
}

Scenario parse(const std::string& text, const std::string& name, const std::string& folder, const LoadOptions& options,
               const std::string& always_path) {
  std::vector<InputProblem> problems;
  Node root = read_document(text, name, problems);
  const Context context{folder, problems};
  if (root.kind == Node::Kind::empty && options.overrides.empty())
    throw InputError(InputProblem{
        {name, 1, 1}, "the file is empty, expected a scenario", "a scenario needs at least a duration: duration: 1 s"});
  if (root.kind == Node::Kind::list || root.kind == Node::Kind::scalar)
    throw InputError({root.at(), "expected a scenario (keys and values), found " + root.described(),
                      "begin with title: and duration:"});
  for (const std::string& assignment : options.overrides) apply_override(root, assignment, problems);

  Scenario s;
  s.path = name;
  s.text = text;
  s.overrides = options.overrides;
  s.title = fs::path(name).stem().string();
  ScenarioExtras extras;
  Reader reader(root, "", context);
  scenario_keys(reader, s, extras);
  reader.finish();

  check_insertion(root, s, context);
  if (s.rig == Rig::pen) s.tick_ns = tick_of(s.pen.model, context);
  if (s.rig == Rig::pen) {
    if (const Node* node = root.find("duration"); !node) {
      context.add({name, 1, 1}, "found no `duration`", "say how long the run lasts: duration: 6 s");
    } else if (extras.duration_s) {
      const Nanoseconds ns = nanoseconds(*extras.duration_s);
      if (*extras.duration_s <= 0.0 || ns == 0)
        context.add(node->at(), fmt::format("expected a duration above zero, found {}", node->text),
                    "for instance duration: 6 s");
      else if (ns % s.tick_ns != 0 || std::abs(*extras.duration_s * 1e9 - static_cast<double>(ns)) > 0.01)
        context.add(node->at(),
                    fmt::format("duration = {} is not a whole number of ticks of {}", node->text,
                                format_quantity(static_cast<double>(s.tick_ns) * 1e-9, "s")),
                    fmt::format("{} is", time_text(std::max<Tick>(1, ns / s.tick_ns), s.tick_ns)));
      else
        s.duration = ns / s.tick_ns;
    }
  }
  if (extras.timing == Timing::counted)
    context.add(root.find("timing")->at(),
                "found timing: counted, which counts the instructions of an emulated core and is not offered for "
                "native cores, links and rigs",
                "leave it out: ideal timing is the default");
  Timeline timeline(s, context);
  if (s.rig == Rig::pen)
    for (const TimelineLine& line : extras.timeline) timeline.add(line);
  std::stable_sort(s.timeline.begin(), s.timeline.end(),
                   [](const Command& a, const Command& b) { return a.at < b.at; });
  if (const Node* watch = root.find("watch")) {
    for (std::string& symbol : s.watch) {
      const auto item =
          std::find_if(watch->items.begin(), watch->items.end(), [&](const Node& n) { return n.text == symbol; });
      const Location at = item == watch->items.end() ? watch->at() : item->at();
      if (symbol.rfind("fw.", 0) == 0) symbol.erase(0, 3);
      timeline.symbol(symbol, at);
    }
  }
  if (const Node* skin = root.find("skin"))
    if (const Node* patches = skin->find("patches")) {
      std::size_t next = 0;
      if (patches->items.size() > static_cast<std::size_t>(skin_patches_max))
        context.add(patches->at(),
                    fmt::format("found {} patches, expected at most {}", patches->items.size(), skin_patches_max),
                    "merge neighbours");
      for (const Node& item : patches->items) {
        if (next >= s.skin.patches.size()) break;
        const SkinPatchChoice& p = s.skin.patches[next++];
        if (!item.find("to") || !item.find("from"))
          context.add(item.at(), "found a patch without from and to",
                      "for instance {from: 10 mm, to: 14 mm, condition: atrophic_acne_scar}");
        else if (p.to_m <= p.from_m)
          context.add(item.find("to")->at(),
                      fmt::format("the patch ends at {}, before it begins", item.find("to")->text),
                      "exchange from and to?");
        else if (p.to_m > s.operation.track_m + 1e-12 && s.rig == Rig::pen)
          context.add(item.find("to")->at(),
                      fmt::format("the patch ends at {}, beyond the track of {}", item.find("to")->text,
                                  format_quantity(s.operation.track_m, "m")),
                      "shorten it, or lengthen operator.track");
        if (item.kind == Node::Kind::map && !item.find("region") && !item.find("condition") && !item.find("topical"))
          context.add(item.at(), "found a patch that is like the rest of the skin",
                      "say what differs: region, condition or topical");
      }
    }

  std::map<std::string, Location> ids;
  check_requirements(s.requirements, root.find("require"), context, ids);
  if (options.always && s.rig == Rig::pen && !always_path.empty()) {
    s.always_path = always_path;
    try {
      for (Requirement& r : load_always(always_path)) {
        if (const auto own = ids.find(r.id); own != ids.end())
          context.add(own->second, fmt::format("the id {} is also in {}", r.id, always_path),
                      "ids are unique within the scenario and always.yaml: rename this one");
        s.requirements.push_back(std::move(r));
      }
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }
  if (!problems.empty()) {
    std::stable_sort(problems.begin(), problems.end(), [](const InputProblem& a, const InputProblem& b) {
      return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
    // A hostile file may hold a hundred thousand of them.
    if (problems.size() > 100) {
      const std::size_t more = problems.size() - 100;
      problems.resize(100);
      problems.push_back({{name, 0, 0}, fmt::format("and {} more problems", more), "mend the first ones"});
    }
    throw InputError(problems);
  }
  return s;
}

}  // namespace

Scenario load_scenario(const std::string& path, const LoadOptions& options) {
  const std::string text = read_file(path, 4u << 20, true);
  const fs::path folder = fs::path(path).parent_path();
  return parse(text, path, folder.empty() ? "." : folder.string(), options, options.always ? find_always(path) : "");
}

Scenario parse_scenario(const std::string& text, const std::string& name, const std::string& folder,
                        const LoadOptions& options) {
  return parse(text, name, folder, options, "");
}

std::vector<Requirement> load_always(const std::string& path) { return always_from(read_file(path), path); }

std::string find_always(const std::string& scenario_path) {
  std::error_code error;
  fs::path folder = fs::path(scenario_path).parent_path();
  if (folder.empty()) folder = ".";
  const fs::path top = fs::absolute(folder, error).lexically_normal();
  fs::path shown = folder;
  for (fs::path at = top;; at = at.parent_path()) {
    if (fs::is_regular_file(at / "always.yaml", error)) {
      const fs::path relative = at.lexically_relative(top);
      return ((folder / relative).lexically_normal() / "always.yaml").lexically_normal().string();
    }
    if (at == at.parent_path()) break;
  }
  return share_path("scenarios/always.yaml");
}

std::vector<ScenarioFile> expand_scenarios(const std::vector<std::string>& paths) {
  std::vector<ScenarioFile> files;
  std::vector<InputProblem> problems;
  std::set<std::string> known;
  const auto add = [&](const std::string& path) {
    if (known.insert(fs::path(path).lexically_normal().string()).second) files.push_back({path, path});
  };
  for (const std::string& path : paths) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) {
      problems.push_back({{path, 0, 0},
                          status.type() == fs::file_type::not_found ? "there is no such file or folder"
                                                                    : "cannot be opened: " + error.message(),
                          "check the path"});
      continue;
    }
    if (!fs::is_directory(status)) {
      add(path);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error), end;
    if (error) problems.push_back({{path, 0, 0}, "cannot be opened: " + error.message(), "check its permissions"});
    for (; !error && it != end; it.increment(error)) {
      const fs::path& p = it->path();
      if (it->is_directory(error) && p.filename() == "campaigns")
        it.disable_recursion_pending();
      else if (p.extension() == ".yaml" && p.filename() != "always.yaml" && it->is_regular_file(error))
        found.push_back(p.string());
    }
    std::sort(found.begin(), found.end());
    if (found.empty() && !error)
      problems.push_back(
          {{path, 0, 0}, "found no scenario (*.yaml) in this folder", "name a scenario, or another folder"});
    for (const std::string& file : found) add(file);
  }
  if (paths.empty()) problems.push_back({{"", 0, 0}, "found no scenario", "name a scenario file or a folder"});
  if (!problems.empty()) throw InputError(problems);
  return files;
}

}  // namespace pensim
