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
#include "sim/scenario/firmware_spec.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int resolved_version = 2;

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

// Reads an object key by key.
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
  // A member that is left out where it says nothing.
  template <class F>
  void unless(const char* key, bool, F&& member) {
    if (object_.is_object() && object_.contains(key)) member();
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
  void member(const char* key, bool& out) { flag(key, out); }
  void member(const char* key, double& out) { number(key, out); }
  void member(const char* key, std::optional<double>& out) {
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
  // Bytes that a timeline types (bytes_as_text).
  void typed(const char* key, std::string& out) {
    std::string text;
    this->text(key, text);
    if (!text_as_bytes(text, out))
      problems_.push_back({{name_, 0, 0}, path_ + key + ": found a character that is no byte", "the text was changed"});
  }
  template <class F>
  void object(const char* key, F&& f) {
    if (const Json* item = get(key)) object(*item, key, f);
  }
  template <class T, class F>
  void list(const char* key, std::vector<T>& out, F&& f) {
    each(key, [&](const Json& item, const std::string& path) {
      object(item, path, [&](Fields& inner) { f(inner, out.emplace_back()); });
    });
  }
  template <class Enum>
  void word(const char* key, std::initializer_list<const char*> words, Enum& out) {
    std::string found;
    text(key, found);
    std::size_t i = 0;
    for (const char* w : words) {
      if (found == w) {
        out = static_cast<Enum>(i);
        return;
      }
      ++i;
    }
    if (object_.is_object() && object_.contains(key))
      problems_.push_back({{name_, 0, 0},
                           fmt::format("{}{}: found `{}`, which is not known", path_, key, found.substr(0, 60)),
                           "the text is of another version, or was changed"});
  }
  void settings(const char* key, std::vector<InitialSetting>& out) {
    object(key, [&](Fields& inner) {
      for (const Settable& settable : settables) {
        double value = settable.start;
        inner.number(settable.name, value);
        if (value < settable.low || value > settable.high)
          problems_.push_back({{name_, 0, 0},
                               fmt::format("{}.{} = {} is out of range", key, settable.name, value),
                               "the text was changed"});
        out.push_back({settable.name, value});
      }
    });
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

  const Json& object_;
  std::string path_;
  const std::string& name_;
  std::vector<InputProblem>& problems_;
  std::vector<std::string> known_;
};

// Writes an object key by key: the other visitor of the members below.
class JsonWriter {
 public:
  explicit JsonWriter(Json& object) : object_(object) { object_ = Json::object(); }

  void number(const char* key, double value) { put(key, value); }
  template <class T>
  void whole(const char* key, const T& value, T = {}, T = {}) {
    put(key, value);
  }
  void text(const char* key, const std::string& value) { put(key, safe(value)); }
  void flag(const char* key, bool value) { put(key, value); }
  template <class F>
  void unless(const char*, bool nothing, F&& member) {
    if (!nothing) member();
  }
  void member(const char* key, bool value) { put(key, value); }
  void member(const char* key, double value) { put(key, value); }
  void member(const char* key, const std::optional<double>& value) { put(key, value ? Json(*value) : Json()); }
  void texts(const char* key, const std::vector<std::string>& values) {
    Json list = Json::array();
    for (const std::string& value : values) list.push_back(safe(value));
    put(key, std::move(list));
  }
  void bytes(const char* key, const std::vector<std::uint8_t>& bytes, std::size_t) { put(key, hex(bytes)); }
  void typed(const char* key, const std::string& bytes) { put(key, bytes_as_text(bytes)); }
  template <class F>
  void object(const char* key, F&& f) {
    Json item;
    JsonWriter inner(item);
    f(inner);
    put(key, std::move(item));
  }
  template <class T, class F>
  void list(const char* key, const std::vector<T>& values, F&& f) {
    Json list = Json::array();
    for (const T& value : values) {
      JsonWriter inner(list.emplace_back());
      f(inner, value);
    }
    put(key, std::move(list));
  }
  template <class Enum>
  void word(const char* key, std::initializer_list<const char*> words, Enum value) {
    put(key, words.begin()[static_cast<std::size_t>(value)]);
  }
  void settings(const char* key, const std::vector<InitialSetting>& values) {
    object(key, [&](JsonWriter& inner) {
      for (const InitialSetting& setting : values) inner.put(setting.name, setting.value);
    });
  }

 private:
  // Every key comes once: nothing is searched.
  void put(const std::string& key, Json value) {
    object_.get_ref<Json::object_t&>().push_back(Json::object_t::value_type(key, std::move(value)));
  }

  Json& object_;
};

// Every member with its key, once: V is Fields or JsonWriter. The order is that of the text.

template <class Insertion, class V>
void each_insertion_member(Insertion& i, V& v) {
  v.member("speed_m_per_s", i.speed_m_per_s);
  v.member("travel_m", i.travel_m);
  v.member("press_N", i.press_N);
  v.member("hold_s", i.hold_s);
  v.member("retract", i.retract);
  v.member("base_plate", i.base_plate);
  v.member("nose_inner_diameter_m", i.nose_inner_diameter_m);
  v.member("nose_outer_diameter_m", i.nose_outer_diameter_m);
  v.member("vibration_frequency_Hz", i.vibration_frequency_Hz);
  v.member("vibration_amplitude_m", i.vibration_amplitude_m);
  v.member("vibrates_in_insertion", i.vibrates_in_insertion);
  v.member("vibrates_in_hold", i.vibrates_in_hold);
}

constexpr Tick ticks_max = 1'000'000'000'000;

template <class OneCommand, class V>
void each_command_member(OneCommand& c, V& v) {
  v.template whole<Tick>("at", c.at, 0, ticks_max);
  v.word("kind",
         {
#define COMMAND(kind, named, to, over, lasts, text) #kind,
#include "sim/vocabulary/command_kinds.inl"
         },
         c.kind);
  v.text("name", c.name);
  v.number("value", c.value);
  v.template whole<Tick>("over", c.over, 0, ticks_max);
  v.template whole<Tick>("duration", c.duration, 0, ticks_max);
  v.typed("text", c.text);
}

template <class Place, class V>
void each_place_member(Place& at, V& v) {
  v.text("file", at.file);
  v.template whole<int>("line", at.line, 0, std::numeric_limits<int>::max());
  v.template whole<int>("column", at.column, 0, std::numeric_limits<int>::max());
}

template <class OneMeasure, class V>
void each_measure_member(OneMeasure& m, V& v) {
  v.text("name", m.name);
  v.text("expression", m.expression);
  each_place_member(m.at, v);
}

template <class OneRequirement, class V>
void each_requirement_member(OneRequirement& q, V& v) {
  v.text("id", q.id);
  v.text("text", q.text);
  v.text("that", q.that);
  v.flag("may_be_vacuous", q.may_be_vacuous);
  v.flag("always", q.always);
  each_place_member(q.at, v);
}

template <class Plant, class V>
void each_plant_number(Plant& plant, V& v) {
  each_plant_param(plant, [&](const char* name, auto& member) {
    const std::string kept(name);
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>)
      v.whole(kept.c_str(), member);
    else
      v.number(kept.c_str(), member);
  });
}

template <class Link, class V>
void each_link_member(Link& link, V& v) {
  v.word("mode", {"lockstep", "real_time"}, link.mode);
  v.word("on_loss", {"abort", "hold", "freeze"}, link.on_loss);
  v.number("timeout_s", link.timeout_s);
  v.number("patience_s", link.patience_s);
  v.number("freeze_limit_s", link.freeze_limit_s);
  v.number("rate_Hz", link.rate_Hz);
  v.text("expects", link.expects);
}

template <class Resolved, class V>
void each_resolved_member(Resolved& r, V& v) {
  v.text("path", r.path);
  v.text("title", r.title);
  v.texts("tags", r.tags);
  v.word("rig", {"pen", "insertion"}, r.rig);
  v.whole("seed", r.seed);
  v.template whole<Nanoseconds>("tick_ns", r.tick_ns, 1, ns_per_s);
  v.template whole<Tick>("duration_ticks", r.duration, 1, ticks_max);
  v.text("firmware", r.firmware);
  v.whole("clock_start_us", r.clock_start_us);
  v.settings("settings", r.settings);
  v.list("commands", r.commands, [](auto& inner, auto& command) { each_command_member(command, inner); });
  v.template whole<int>("cartridge_used", r.cartridge_used, 0, 1'000'000);
  v.whole("cartridge_serial", r.cartridge_serial);
  v.bytes("pen_memory", r.pen_memory, PEN_NVM_PEN_BYTES);
  v.bytes("cartridge_memory", r.cartridge_memory, PEN_NVM_CARTRIDGE_BYTES);
  v.object("insertion", [&](auto& inner) { each_insertion_member(r.insertion, inner); });
  v.texts("watch", r.watch);
  v.object("record", [&](auto& inner) { inner.flag("each_needle", r.record.each_needle); });
  if (is_emulated(r.firmware)) v.flag("counted", r.counted);
  v.unless("core_clock_Hz", r.core_clock_Hz == 0,
           [&] { v.template whole<std::uint32_t>("core_clock_Hz", r.core_clock_Hz, 100'000, 1'000'000'000); });
  v.unless("cost", r.cost.empty(), [&] { v.text("cost", r.cost); });
  if (is_link(r.firmware)) v.object("link", [&](auto& inner) { each_link_member(r.link, inner); });
  v.list("measures", r.measures, [](auto& inner, auto& measure) { each_measure_member(measure, inner); });
  v.list("requirements", r.requirements,
         [](auto& inner, auto& requirement) { each_requirement_member(requirement, inner); });
  v.object("plant", [&](auto& inner) { each_plant_number(r.plant, inner); });
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
      const bool aux = parse_signal_name(c.name).is(SignalName::Form::aux);
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
    if (c.kind == Command::Kind::reset && !reset_cause(c.value)) bad("found no cause of a reset");
  }
}

}  // namespace

std::string to_json(const ResolvedScenario& r) {
  Json json;
  JsonWriter writer(json);
  writer.whole("resolved_version", resolved_version);
  each_resolved_member(r, writer);
  return json.dump(1) + "\n";
}

namespace {

Json parsed(const std::string& text, const std::string& name) {
  if (text.size() > (16u << 20))
    throw InputError({{name, 0, 0}, "found more than 16 MB", "this is no resolved scenario"});
  try {
    // Nothing here nests deeper than four levels.
    return Json::parse(text, [](int depth, Json::parse_event_t, Json&) {
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
}

}  // namespace

ResolvedScenario resolved_from_json(const std::string& text, const std::string& name) {
  const Json json = parsed(text, name);
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
  each_resolved_member(r, f);
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
