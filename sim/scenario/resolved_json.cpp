#include "sim/scenario/resolved_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "firmware_shim/pen_shim.h"
#include "sim/input/document.h"
#include "sim/input/quantity.h"

namespace pensim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int resolved_version = 2;
constexpr const char* command_kinds[] = {"set", "fault", "poke", "uart", "reset"};

std::string hex(const std::vector<std::uint8_t>& bytes) {
  // A blank tail is not worth kilobytes of f.
  std::size_t size = bytes.size();
  while (size > 0 && bytes[size - 1] == 0xFF) --size;
  std::string text;
  text.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

// JSON holds no invalid UTF-8: bytes that a timeline types are written as code points 0..255.
std::string bytes_as_text(const std::string& bytes) {
  std::string text;
  for (char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    if (b < 0x80)
      text += c;
    else
      text += {static_cast<char>(0xC0 | (b >> 6)), static_cast<char>(0x80 | (b & 0x3F))};
  }
  return text;
}

bool text_as_bytes(const std::string& text, std::string& bytes) {
  bytes.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto b = static_cast<unsigned char>(text[i]);
    if (b < 0x80) {
      bytes += text[i];
    } else if ((b == 0xC2 || b == 0xC3) && i + 1 < text.size()) {
      bytes += static_cast<char>(((b & 0x03) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3F));
    } else {
      return false;
    }
  }
  return true;
}

// Text from a file name or a user may be no UTF-8.
std::string safe(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

class Fields {
 public:
  Fields(const Json& object, std::string path, const std::string& name, std::vector<InputProblem>& problems)
      : object_(object), path_(std::move(path)), name_(name), problems_(problems) {
    if (!object_.is_object()) bad("", "an object", object_);
  }

  const Json* get(const char* key) {
    known_.push_back(key);
    if (!object_.is_object()) return nullptr;
    const auto it = object_.find(key);
    if (it == object_.end()) {
      problems_.push_back({{name_, 0, 0},
                           fmt::format("found no `{}{}`", path_, key),
                           "the text is of another version, or was changed"});
      return nullptr;
    }
    return &*it;
  }
  void number(const char* key, double& out) {
    if (const Json* value = get(key)) {
      if (value->is_number() && std::isfinite(value->get<double>()))
        out = value->get<double>();
      else
        bad(key, "a number", *value);
    }
  }
  template <class T>
  void whole(const char* key, T& out, T low = std::numeric_limits<T>::min(), T high = std::numeric_limits<T>::max()) {
    const Json* value = get(key);
    if (!value) return;
    bool good = value->is_number_integer();
    if (good && value->is_number_unsigned()) {
      const auto v = value->get<std::uint64_t>();
      good = v <= static_cast<std::uint64_t>(high) && (low <= 0 || v >= static_cast<std::uint64_t>(low));
      if (good) out = static_cast<T>(v);
    } else if (good) {
      const auto v = value->get<std::int64_t>();
      good = std::is_signed_v<T> && v >= static_cast<std::int64_t>(low);
      if (good) out = static_cast<T>(v);
    }
    if (!good) bad(key, fmt::format("a whole number from {} to {}", low, high), *value);
  }
  void text(const char* key, std::string& out) {
    if (const Json* value = get(key)) {
      if (value->is_string())
        out = value->get<std::string>();
      else
        bad(key, "a text", *value);
    }
  }
  void flag(const char* key, bool& out) {
    if (const Json* value = get(key)) {
      if (value->is_boolean())
        out = value->get<bool>();
      else
        bad(key, "true or false", *value);
    }
  }
  void optional(const char* key, std::optional<double>& out) {
    if (const Json* value = get(key)) {
      if (value->is_null())
        out.reset();
      else if (value->is_number() && std::isfinite(value->get<double>()))
        out = value->get<double>();
      else
        bad(key, "a number or null", *value);
    }
  }
  void texts(const char* key, std::vector<std::string>& out) {
    each(key, [&](const Json& item, const std::string& path) {
      if (item.is_string())
        out.push_back(item.get<std::string>());
      else
        bad(path.c_str(), "a text", item);
    });
  }
  void bytes(const char* key, std::vector<std::uint8_t>& out, std::size_t size) {
    std::string text;
    this->text(key, text);
    out.assign(size, 0xFF);
    const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
    bool good = text.size() % 2 == 0 && text.size() <= 2 * size;
    for (std::size_t i = 0; good && i + 1 < text.size(); i += 2) {
      const int high = digit(text[i]), low = digit(text[i + 1]);
      good = high >= 0 && low >= 0;
      if (good) out[i / 2] = static_cast<std::uint8_t>(high * 16 + low);
    }
    if (!good)
      problems_.push_back({{name_, 0, 0},
                           fmt::format("{}{}: expected up to {} bytes as hexadecimal digits", path_, key, size),
                           "the text was changed"});
  }
  template <class F>
  void each(const char* key, F&& f) {
    const Json* list = get(key);
    if (!list) return;
    if (!list->is_array()) return bad(key, "a list", *list);
    std::size_t index = 0;
    for (const Json& item : *list) f(item, fmt::format("{}[{}]", key, index++));
  }
  template <class F>
  void object(const Json& item, const std::string& path, F&& f) {
    Fields inner(item, path_ + path + ".", name_, problems_);
    if (item.is_object()) {
      f(inner);
      inner.finish();
    }
  }
  template <class F>
  void object(const char* key, F&& f) {
    if (const Json* item = get(key)) object(*item, std::string(key), f);
  }
  void word(const char* key, std::initializer_list<const char*> words, std::size_t& out) {
    std::string found;
    text(key, found);
    std::size_t i = 0;
    for (const char* w : words) {
      if (found == w) {
        out = i;
        return;
      }
      ++i;
    }
    if (object_.is_object() && object_.contains(key))
      problems_.push_back({{name_, 0, 0},
                           fmt::format("{}{}: found `{}`, which is not known", path_, key, found.substr(0, 60)),
                           "the text is of another version, or was changed"});
  }
  void bad(const std::string& key, const std::string& expected, const Json& found) {
    std::string shown = found.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (shown.size() > 40) shown = shown.substr(0, 40) + "...";
    problems_.push_back({{name_, 0, 0},
                         fmt::format("{}{}: expected {}, found {}", path_, key, expected, shown),
                         "the text was changed"});
  }
  void finish() {
    for (const auto& [key, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), key) == known_.end())
        problems_.push_back({{name_, 0, 0},
                             fmt::format("found `{}{}`, which does not exist", path_, key.substr(0, 60)),
                             "the text is of another version, or was changed"});
  }

 private:
  const Json& object_;
  std::string path_;
  const std::string& name_;
  std::vector<InputProblem>& problems_;
  std::vector<std::string> known_;
};

// The insertion rig, written and read by one list of members.
template <class Insertion, class F>
void each_insertion_member(Insertion& i, F&& f) {
  f("speed_m_per_s", i.speed_m_per_s);
  f("travel_m", i.travel_m);
  f("press_N", i.press_N);
  f("hold_s", i.hold_s);
  f("retract", i.retract);
  f("base_plate", i.base_plate);
  f("nose_inner_diameter_m", i.nose_inner_diameter_m);
  f("nose_outer_diameter_m", i.nose_outer_diameter_m);
  f("vibration_frequency_Hz", i.vibration_frequency_Hz);
  f("vibration_amplitude_m", i.vibration_amplitude_m);
  f("vibrates_in_insertion", i.vibrates_in_insertion);
  f("vibrates_in_hold", i.vibrates_in_hold);
}

void check_commands(const ResolvedScenario& r, const std::string& name, std::vector<InputProblem>& problems) {
  Tick last = 0;
  for (std::size_t i = 0; i < r.commands.size(); ++i) {
    const Command& c = r.commands[i];
    const auto bad = [&](const std::string& what) {
      problems.push_back({{name, 0, 0}, fmt::format("commands[{}]: {}", i, what), "the text was changed"});
    };
    if (c.at < last) bad("found an instant before that of the command above");
    last = std::max(last, c.at);
    if (c.kind == Command::Kind::set) {
      const bool aux = c.name.size() == 5 && c.name.rfind("aux.", 0) == 0 && c.name[4] >= '0' &&
                       c.name[4] < '0' + static_cast<int>(PEN_AUX);
      const Settable* found = find_settable(c.name);
      if (!aux && !found)
        bad(fmt::format("found `{}`, which cannot be set", c.name.substr(0, 60)));
      else if (found ? c.value < found->low || c.value > found->high : std::abs(c.value) > 2147483648.0)
        bad(fmt::format("{} = {} is out of range", c.name, c.value));
    }
    if (c.kind == Command::Kind::fault) {
      const FaultKind* found = find_fault(c.name);
      if (!found)
        bad(fmt::format("found `{}`, which is no fault", c.name.substr(0, 60)));
      else if (c.value < found->low || c.value > found->high)
        bad(fmt::format("{} = {} is out of range", c.name, c.value));
    }
    if (c.kind == Command::Kind::reset &&
        (c.value < static_cast<double>(PEN_RESET_POWER_ON) || c.value > static_cast<double>(PEN_RESET_SOFTWARE)))
      bad("found no cause of a reset");
  }
}

}  // namespace

std::string to_json(const ResolvedScenario& r) {
  Json json;
  json["resolved_version"] = resolved_version;
  json["path"] = safe(r.path);
  json["title"] = safe(r.title);
  json["tags"] = Json::array();
  for (const std::string& tag : r.tags) json["tags"].push_back(safe(tag));
  json["rig"] = r.rig == Rig::pen ? "pen" : "insertion";
  json["seed"] = r.seed;
  json["tick_ns"] = r.tick_ns;
  json["duration_ticks"] = r.duration;
  json["firmware"] = safe(r.firmware);
  json["clock_start_us"] = r.clock_start_us;
  json["settings"] = Json::object();
  for (const InitialSetting& setting : r.settings) json["settings"][setting.name] = setting.value;
  json["commands"] = Json::array();
  for (const Command& c : r.commands)
    json["commands"].push_back({{"at", c.at},
                                {"kind", command_kinds[static_cast<std::size_t>(c.kind)]},
                                {"name", safe(c.name)},
                                {"value", c.value},
                                {"over", c.over},
                                {"duration", c.duration},
                                {"text", bytes_as_text(c.text)}});
  json["cartridge_used"] = r.cartridge_used;
  json["cartridge_serial"] = r.cartridge_serial;
  json["pen_memory"] = hex(r.pen_memory);
  json["cartridge_memory"] = hex(r.cartridge_memory);
  json["insertion"] = Json::object();
  each_insertion_member(r.insertion, [&](const char* key, const auto& member) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, std::optional<double>>)
      json["insertion"][key] = member ? Json(*member) : Json();
    else
      json["insertion"][key] = member;
  });
  json["watch"] = r.watch;
  json["record"] = {{"each_needle", r.record.each_needle}};
  json["measures"] = Json::array();
  for (const Measure& m : r.measures)
    json["measures"].push_back({{"name", safe(m.name)},
                                {"expression", safe(m.expression)},
                                {"file", safe(m.at.file)},
                                {"line", m.at.line},
                                {"column", m.at.column}});
  json["requirements"] = Json::array();
  for (const Requirement& q : r.requirements)
    json["requirements"].push_back({{"id", safe(q.id)},
                                    {"text", safe(q.text)},
                                    {"that", safe(q.that)},
                                    {"may_be_vacuous", q.may_be_vacuous},
                                    {"always", q.always},
                                    {"file", safe(q.at.file)},
                                    {"line", q.at.line},
                                    {"column", q.at.column}});
  Json& plant = json["plant"] = Json::object();
  each_plant_param(r.plant, [&](const char* name, const auto& member) {
    plant.push_back(Json::object_t::value_type(name, member));
  });
  return json.dump(1) + "\n";
}

ResolvedScenario resolved_from_json(const std::string& text, const std::string& name) {
  if (text.size() > (16u << 20))
    throw InputError({{name, 0, 0}, "found more than 16 MB", "this is no resolved scenario"});
  Json json;
  try {
    // Nothing here nests deeper than four levels.
    json = Json::parse(text, [](int depth, Json::parse_event_t, Json&) {
      if (depth > 16) throw std::length_error("found more than 16 levels of nesting");
      return true;
    });
  } catch (const Json::parse_error& error) {
    Location at{name, 1, 1};
    for (std::size_t i = 0; i + 1 < error.byte && i < text.size(); ++i) {
      if (text[i] == '\n') {
        ++at.line;
        at.column = 1;
      } else {
        ++at.column;
      }
    }
    throw InputError({at, "this is not JSON: " + std::string(error.what()), "the text is cut or was changed"});
  } catch (const std::exception& error) {  // a number beyond a double, too many levels
    throw InputError({{name, 0, 0}, "this is not JSON: " + std::string(error.what()), "the text was changed"});
  }

  std::vector<InputProblem> problems;
  Fields f(json, "", name, problems);
  if (!json.is_object()) throw InputError(problems);
  int version = 0;
  f.whole("resolved_version", version);
  if (problems.empty() && version != resolved_version)
    throw InputError({{name, 0, 0},
                      fmt::format("found resolved_version {}, expected {}", version, resolved_version),
                      "use the version of the program that wrote it"});
  ResolvedScenario r;
  f.text("path", r.path);
  f.text("title", r.title);
  f.texts("tags", r.tags);
  std::size_t rig = 0;
  f.word("rig", {"pen", "insertion"}, rig);
  r.rig = rig == 0 ? Rig::pen : Rig::insertion;
  f.whole("seed", r.seed);
  f.whole<Nanoseconds>("tick_ns", r.tick_ns, 1, ns_per_s);
  f.whole<Tick>("duration_ticks", r.duration, 1, 1'000'000'000'000);
  f.text("firmware", r.firmware);
  f.whole("clock_start_us", r.clock_start_us);
  f.object("settings", [&](Fields& settings) {
    for (const Settable& settable : settables) {
      double value = settable.start;
      settings.number(settable.name, value);
      if (value < settable.low || value > settable.high)
        problems.push_back({{name, 0, 0},
                            fmt::format("settings.{} = {} is out of range", settable.name, value),
                            "the text was changed"});
      r.settings.push_back({settable.name, value});
    }
  });
  f.each("commands", [&](const Json& item, const std::string& path) {
    f.object(item, path, [&](Fields& c) {
      Command command;
      c.whole<Tick>("at", command.at, 0, 1'000'000'000'000);
      std::size_t kind = 0;
      c.word("kind", {"set", "fault", "poke", "uart", "reset"}, kind);
      command.kind = static_cast<Command::Kind>(kind);
      c.text("name", command.name);
      c.number("value", command.value);
      c.whole<Tick>("over", command.over, 0, 1'000'000'000'000);
      c.whole<Tick>("duration", command.duration, 0, 1'000'000'000'000);
      std::string typed;
      c.text("text", typed);
      if (!text_as_bytes(typed, command.text))
        problems.push_back({{name, 0, 0}, path + ".text: found a character that is no byte", "the text was changed"});
      r.commands.push_back(std::move(command));
    });
  });
  f.whole("cartridge_used", r.cartridge_used, 0, 1'000'000);
  f.whole("cartridge_serial", r.cartridge_serial);
  f.bytes("pen_memory", r.pen_memory, PEN_NVM_PEN_BYTES);
  f.bytes("cartridge_memory", r.cartridge_memory, PEN_NVM_CARTRIDGE_BYTES);
  f.object("insertion", [&](Fields& insertion) {
    each_insertion_member(r.insertion, [&](const char* key, auto& member) {
      using T = std::remove_cvref_t<decltype(member)>;
      if constexpr (std::is_same_v<T, bool>)
        insertion.flag(key, member);
      else if constexpr (std::is_same_v<T, double>)
        insertion.number(key, member);
      else
        insertion.optional(key, member);
    });
  });
  f.texts("watch", r.watch);
  f.object("record", [&](Fields& record) { record.flag("each_needle", r.record.each_needle); });
  const auto place = [](Fields& fields, Location& at) {
    fields.text("file", at.file);
    fields.whole("line", at.line, 0);
    fields.whole("column", at.column, 0);
  };
  f.each("measures", [&](const Json& item, const std::string& path) {
    f.object(item, path, [&](Fields& m) {
      Measure& measure = r.measures.emplace_back();
      m.text("name", measure.name);
      m.text("expression", measure.expression);
      place(m, measure.at);
    });
  });
  f.each("requirements", [&](const Json& item, const std::string& path) {
    f.object(item, path, [&](Fields& q) {
      Requirement& requirement = r.requirements.emplace_back();
      q.text("id", requirement.id);
      q.text("text", requirement.text);
      q.text("that", requirement.that);
      q.flag("may_be_vacuous", requirement.may_be_vacuous);
      q.flag("always", requirement.always);
      place(q, requirement.at);
    });
  });
  f.object("plant", [&](Fields& plant) {
    each_plant_param(r.plant, [&](const char* key, auto& member) {
      const std::string kept(key);
      if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>)
        plant.whole(kept.c_str(), member);
      else
        plant.number(kept.c_str(), member);
    });
  });
  f.finish();
  if (problems.empty()) {
    check_plant(r.plant, {name, 0, 0}, problems);
    check_commands(r, name, problems);
    if (r.rig == Rig::pen && std::llround(r.plant.tick_s * 1e9) != r.tick_ns)
      problems.push_back({{name, 0, 0},
                          fmt::format("plant.tick_s = {} differs from tick_ns = {}", r.plant.tick_s, r.tick_ns),
                          "the text was changed"});
  }
  if (!problems.empty()) {
    if (problems.size() > 100) problems.resize(100);
    throw InputError(problems);
  }
  return r;
}

}  // namespace pensim
