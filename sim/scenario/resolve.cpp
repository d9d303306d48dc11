#include "sim/scenario/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "firmware_shim/pen_shim.h"
#include "sim/catalog/catalog.h"
#include "sim/catalog/skin_sampler.h"
#include "sim/input/document.h"
#include "sim/input/quantity.h"

namespace pensim {
namespace {

using Json = nlohmann::ordered_json;

// The members of a PlantParams by full name.
struct Members {
  explicit Members(PlantParams& params) {
    each_plant_param(params, [&](const char* name, auto& member) {
      if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>)
        whole.emplace(name, &member);
      else
        real.emplace(name, &member);
    });
  }
  std::map<std::string, double*> real;
  std::map<std::string, std::int64_t*> whole;
};

void assign(Members& members, const std::string& name, double value, const Location& at) {
  if (const auto it = members.real.find(name); it != members.real.end()) {
    *it->second = value;
    return;
  }
  const double rounded = std::nearbyint(value);
  if (std::abs(rounded - value) > 1e-9 || std::abs(rounded) > 1e15)
    throw InputError({at, fmt::format("{}: expected a whole number, found {}", name, value), "round it"});
  *members.whole.at(name) = static_cast<std::int64_t>(rounded);
}

void apply(Members& members, const std::vector<CatalogValue>& values) {
  for (const CatalogValue& v : values) {
    if (v.parameter.empty()) continue;
    const auto real = members.real.find(v.parameter);
    const double before =
        real != members.real.end() ? *real->second : static_cast<double>(*members.whole.at(v.parameter));
    assign(members, v.parameter, v.factor ? before * v.number : v.number, v.at);
  }
}

// What region, sex, topical and condition make of skin: first what is put on, then what multiplies.
void apply_skin(SkinParams& params, Members& members, const SkinChoice& skin, std::uint64_t seed,
                const std::string& region, const std::string& topical, const std::string& condition) {
  const CatalogEntry& entry = catalog_entry(CatalogKind::region, region);
  double epidermis_share = 1.0;
  if (skin.drawn) draw_law(skin_law(), seed, 0, params);
  for (std::vector<CatalogValue> values : {entry.values, skin.sex == "male" ? entry.male : entry.female}) {
    if (skin.drawn)
      for (CatalogValue& v : values) {
        const double mean = v.number;
        v.number = drawn_value(v, seed);
        if (v.key == "ultrasound_epidermis") epidermis_share = v.number / mean;
      }
    apply(members, std::as_const(values));
  }
  *members.real.at("skin.epidermis_m") *= epidermis_share;
  apply(members, catalog_entry(CatalogKind::topical, topical).values);
  apply(members, catalog_entry(CatalogKind::condition, condition).values);
}

// Values that would divide by zero or mean nothing. May be negative: offsets and coefficients. May be zero: what is
// left out.
void check_plant(PlantParams& params, const Location& at, std::vector<InputProblem>& problems) {
  constexpr const char* negative[] = {"skin.relaxation_exponent_1",   "skin.puncture_offset_N",
                                      "skin.blunt_puncture_offset_N", "screw.lower_stop_m",
                                      "sensors.current_offset_A",     "sensors.current_gain_error_1",
                                      "motor.magnet_per_K",           "motor.copper_per_K",
                                      "bridge.switch_per_K",          "seed"};
  constexpr const char* zero[] = {"battery.protection_ohm", "battery.cutoff_delay_s", "battery.cutoff_current_delay_s",
                                  "battery.reclose_s",      "bridge.dead_time_s",     "bridge.shunt_ohm",
                                  "bridge.switch_ohm",      "sensors.bounce_s",       "cartridge.id_resistance_ohm",
                                  "hand.hand_mass_kg",      "sensors.ntc_delay_s",    "sensors.rate_dial_low_Hz"};
  const auto listed = [](const auto& list, const std::string& name) {
    return std::any_of(std::begin(list), std::end(list), [&](const char* n) { return name == n; });
  };
  std::vector<double> values;
  each_plant_param(params, [&](const char*, const auto& member) { values.push_back(static_cast<double>(member)); });
  for (std::size_t i = 0; i < values.size(); ++i) {
    const PlantParameter& p = plant_parameters()[i];
    const double value = values[i];
    const bool divides = p.unit == "ohm" || p.unit == "H" || p.unit == "F" || p.unit == "kg" || p.unit == "kg m2" ||
                         p.unit == "Pa" || p.unit == "s" || p.unit == "K" || p.unit == "J/K" || p.unit == "K/W" ||
                         p.unit == "A s" || p.unit == "kg/m3" || p.unit == "Hz";
    if (!std::isfinite(value))
      problems.push_back({at, fmt::format("{} is not finite", p.name), "give a finite value"});
    else if (value < 0.0 && !listed(negative, p.name))
      problems.push_back({at, fmt::format("expected {} of 0 or more, found {}", p.name, value), "the sign is wrong"});
    else if (value == 0.0 && divides && !listed(zero, p.name))
      problems.push_back({at, fmt::format("expected {} above 0, found 0", p.name), "give a value above 0"});
  }
  const auto whole = [&](const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
      problems.push_back({at, fmt::format("expected {} from {} to {}, found {}", name, low, high, value),
                          "choose a value in that range"});
  };
  whole("cartridge.needle_count", params.cartridge.needle_count, 1, needle_count_max);
  whole("skin.patch_count", params.skin.patch_count, 0, skin_patches_max);
  whole("steps_per_tick", params.steps_per_tick, 1, 1000);
  whole("hand.pass_count", params.hand.pass_count, 1, 1'000'000);
  whole("cartridge.used_count", params.cartridge.used_count, 0, 1'000'000);
  if (!(params.skin.equilibrium_share_1 <= 1.0))
    problems.push_back(
        {at, fmt::format("expected skin.equilibrium_share_1 from 0 to 1, found {}", params.skin.equilibrium_share_1),
         "0.05 leaves a twentieth of the stiffness after all relaxation"});
  if (!(params.skin.tent_reach_m > 0.0))
    problems.push_back({at, "expected skin.tent_reach_m above 0, found 0", "give a value above 0"});
  if (!(params.skin.puncture_speed_m_per_s > 0.0))
    problems.push_back({at, "expected skin.puncture_speed_m_per_s above 0, found 0", "give a value above 0"});
  if (!(params.skin.slowest_time_s > params.skin.fastest_time_s))
    problems.push_back({at, "expected skin.slowest_time above skin.fastest_time", "10 s and 0.3 ms, say"});
  if (!(params.sensors.dial_end_1 < 0.5))
    problems.push_back(
        {at, fmt::format("expected sensors.dial_end_1 from 0 to below 0.5, found {}", params.sensors.dial_end_1),
         "0.05 leaves 5 % of full scale free at both ends"});
  if (!(params.sensors.depth_dial_high_m > params.sensors.depth_dial_low_m))
    problems.push_back({at, "expected sensors.depth_dial_high above sensors.depth_dial_low", "3 mm and 0.2 mm, say"});
  if (!(params.sensors.rate_dial_high_Hz > params.sensors.rate_dial_low_Hz))
    problems.push_back({at, "expected sensors.rate_dial_high above sensors.rate_dial_low", "200 Hz and 60 Hz, say"});
  if (!(params.thermal.case_share_1 <= 1.0))
    problems.push_back({at,
                        fmt::format("expected thermal.case_share_1 from 0 to 1, found {}", params.thermal.case_share_1),
                        "0.2 heats the motor case with a fifth of the friction"});
  if (!(params.battery.initial_charge_1 <= 1.0))
    problems.push_back({at, "expected battery.initial_charge_1 from 0 to 1", "80 % is 0.8"});
}

std::vector<std::uint8_t> memory_image(const std::string& choice, std::size_t size) {
  std::vector<std::uint8_t> image(size, 0xFF);
  if (choice == "blank") return image;
  const std::string bytes = read_file(choice, size);
  std::copy(bytes.begin(), bytes.end(), image.begin());
  return image;
}

// The catalog's first cartridge with so many needles.
std::string cartridge_with(int needles) {
  std::vector<std::string> counts;
  for (const std::string& name : catalog_names(CatalogKind::cartridge))
    for (const CatalogValue& v : catalog_entry(CatalogKind::cartridge, name).values)
      if (v.parameter == "cartridge.needle_count") {
        if (v.number == needles) return name;
        const std::string count = fmt::format("{:.0f}", v.number);
        if (std::find(counts.begin(), counts.end(), count) == counts.end()) counts.push_back(count);
      }
  return "";
}

}  // namespace

ResolvedScenario resolve(const Scenario& s) {
  ResolvedScenario r;
  r.path = s.path;
  r.title = s.title;
  r.tags = s.tags;
  r.rig = s.rig;
  r.seed = s.seed;
  r.tick_ns = s.tick_ns;
  r.duration = s.duration;
  r.firmware = s.rig == Rig::pen ? s.firmware : "";
  r.clock_start_us =
      static_cast<std::uint32_t>(std::min<long long>(0xFFFFFFFFll, std::llround(s.pen.clock_start_s * 1e6)));
  r.commands = s.timeline;
  if (s.pen.battery_aging != 1.0) {
    Command aged;
    aged.kind = Command::Kind::fault;
    aged.name = "battery.aged";
    aged.value = s.pen.battery_aging;
    r.commands.insert(r.commands.begin(), aged);
  }
  r.cartridge_used = s.cartridge.used;
  r.cartridge_serial = s.cartridge.serial;
  r.pen_memory = memory_image(s.pen.memory, PEN_NVM_PEN_BYTES);
  r.cartridge_memory = memory_image(s.cartridge.memory, PEN_NVM_CARTRIDGE_BYTES);
  if (s.cartridge.memory == "blank" && s.cartridge.used > 0)
    r.cartridge_memory[0] = static_cast<std::uint8_t>(s.cartridge.used);
  r.insertion = s.insertion;
  r.watch = s.watch;
  r.record = s.record;
  r.measures = s.measures;
  r.requirements = s.requirements;

  PlantParams& plant = r.plant;
  Members members(plant);
  // Parts of the pen, the pen's own numbers over them, then parts that the scenario put in.
  const CatalogEntry& pen = catalog_entry(CatalogKind::pen, s.pen.model, {s.path, 0, 0});
  const auto part = [&](CatalogKind kind, const std::optional<std::string>& chosen, bool of_scenario) {
    if (chosen.has_value() != of_scenario) return;
    if (chosen) return apply(members, catalog_entry(kind, *chosen, {s.path, 0, 0}).values);
    for (const auto& [key, name] : pen.references)
      if (key == catalog_kind_name(kind)) apply(members, catalog_entry(kind, name, {pen.file, 0, 0}).values);
  };
  std::optional<std::string> cartridge = s.cartridge.model;
  if (!cartridge && s.cartridge.needles) {
    const std::string found = cartridge_with(*s.cartridge.needles);
    if (!found.empty()) cartridge = found;
  }
  for (const auto& [key, name] : pen.references) {
    if (key != "base") continue;
    const CatalogEntry& base = catalog_entry(CatalogKind::pen, name, {pen.file, 0, 0});
    for (const auto& [part_key, part_name] : base.references) {
      if (part_key == "base")
        throw InputError(
            {{base.file, 0, 0}, fmt::format("{} has a base itself", base.name), "name the pen at the bottom as base"});
      for (const CatalogKind kind : {CatalogKind::motor, CatalogKind::battery, CatalogKind::cartridge})
        if (part_key == catalog_kind_name(kind))
          apply(members, catalog_entry(kind, part_name, {base.file, 0, 0}).values);
    }
    apply(members, base.values);
  }
  for (bool of_scenario : {false, true}) {
    part(CatalogKind::motor, s.pen.motor, of_scenario);
    part(CatalogKind::battery, s.pen.battery, of_scenario);
    part(CatalogKind::cartridge, cartridge, of_scenario);
    if (!of_scenario) apply(members, pen.values);
  }
  if (s.cartridge.needles) plant.cartridge.needle_count = *s.cartridge.needles;
  if (s.cartridge.tip_diameter_m) plant.cartridge.tip_diameter_m = *s.cartridge.tip_diameter_m;
  if (s.cartridge.shaft_diameter_m) plant.cartridge.shaft_diameter_m = *s.cartridge.shaft_diameter_m;
  if (s.cartridge.half_cone_angle_rad) plant.cartridge.half_cone_angle_rad = *s.cartridge.half_cone_angle_rad;
  if (s.cartridge.needle_length_m) plant.cartridge.needle_length_m = *s.cartridge.needle_length_m;
  if (s.cartridge.pitch_m) plant.cartridge.pitch_m = *s.cartridge.pitch_m;
  if (s.cartridge.footprint_radius_m) plant.cartridge.footprint_radius_m = *s.cartridge.footprint_radius_m;
  plant.cartridge.used_count = s.cartridge.used;
  plant.battery.initial_charge_1 = s.pen.state_of_charge;
  plant.thermal.initial_K = s.pen.temperature_K.value_or(s.pen.ambient_K);

  const SkinParams before = plant.skin;
  apply_skin(plant.skin, members, s.skin, s.seed, s.skin.region, s.skin.topical, s.skin.condition);
  const SkinParams here = plant.skin;
  // A patch is what its own words would make of the skin, over what the rest of it is.
  std::vector<SkinPatch> patches;
  for (const SkinPatchChoice& choice : s.skin.patches) {
    plant.skin = before;
    apply_skin(plant.skin, members, s.skin, s.seed, choice.region.value_or(s.skin.region),
               choice.topical.value_or(s.skin.topical), choice.condition.value_or(s.skin.condition));
    patches.push_back({choice.from_m, choice.to_m, plant.skin.shear_modulus_Pa / here.shear_modulus_Pa,
                       plant.skin.puncture_factor_1 / here.puncture_factor_1, plant.skin.dermis_m / here.dermis_m});
  }
  plant.skin = here;
  plant.skin.patch_count = static_cast<std::int64_t>(std::min(patches.size(), std::size_t{skin_patches_max}));
  std::copy_n(patches.begin(), plant.skin.patch_count, plant.skin.patches);
  plant.skin.stretch_1 = s.skin.stretch;

  plant.hand.track_length_m = s.operation.track_m;
  plant.hand.pass_count = s.operation.passes;
  plant.hand.tremor_along_m *= s.operation.tremor;
  plant.hand.tremor_across_m *= s.operation.tremor;
  plant.hand.tremor_axial_m *= s.operation.tremor;
  if (s.operation.press_noise) plant.hand.press_noise_1 = *s.operation.press_noise;
  if (s.operation.hand_mass_kg) plant.hand.hand_mass_kg = *s.operation.hand_mass_kg;
  if (s.operation.hand_stiffness_N_per_m) plant.hand.stiffness_N_per_m = *s.operation.hand_stiffness_N_per_m;
  if (s.operation.hand_damping_N_s_per_m) plant.hand.damping_N_s_per_m = *s.operation.hand_damping_N_s_per_m;
  plant.initial_lift_m = s.operation.lift_m;
  plant.seed = static_cast<std::int64_t>(s.seed);
  std::vector<InputProblem> problems;
  for (const auto& [name, given] : s.parameters) {
    try {
      assign(members, name, given.first, given.second);
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }
  if (s.rig == Rig::pen) plant.tick_s = seconds(s.tick_ns);
  // The place of a single parameter is known; other numbers come from the catalog.
  check_plant(plant, s.parameters.empty() ? Location{s.path, 0, 0} : s.parameters.begin()->second.second, problems);
  if (!problems.empty()) throw InputError(problems);

  for (const Settable& settable : settables) r.settings.push_back({settable.name, settable.start});
  const auto set = [&](const char* name, double value) {
    for (InitialSetting& setting : r.settings)
      if (setting.name == name) setting.value = value;
  };
  set("operator.contact", s.operation.contact ? 1.0 : 0.0);
  set("operator.lift", s.operation.lift_m);
  set("operator.press", s.operation.press_N);
  set("operator.glide", s.operation.glide_m_per_s);
  set("operator.tilt", s.operation.tilt_rad);
  set("ambient.temperature", s.pen.ambient_K);
  return r;
}

// --- text
// ---------------------------------------------------------------------------------------------------------------------

namespace {

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
      const Settable* found = nullptr;
      for (const Settable& s : settables)
        if (c.name == s.name) found = &s;
      if (!aux && !found)
        bad(fmt::format("found `{}`, which cannot be set", c.name.substr(0, 60)));
      else if (found ? c.value < found->low || c.value > found->high : std::abs(c.value) > 2147483648.0)
        bad(fmt::format("{} = {} is out of range", c.name, c.value));
    }
    if (c.kind == Command::Kind::fault) {
      const FaultKind* found = nullptr;
      for (const FaultKind& f : fault_kinds)
        if (c.name == f.name) found = &f;
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
