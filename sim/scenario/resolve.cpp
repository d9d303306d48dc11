#include "sim/scenario/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "firmware_shim/pen_shim.h"
#include "sim/catalog/catalog.h"
#include "sim/catalog/plant_parameters.h"
#include "sim/catalog/skin_sampler.h"
#include "sim/input/document.h"
#include "sim/input/quantity.h"

namespace pensim {
namespace {

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

// What the scenario says itself and the catalog does not change.
void take_plain(ResolvedScenario& r, const Scenario& s) {
  r.path = s.path;
  r.title = s.title;
  r.tags = s.tags;
  r.rig = s.rig;
  r.seed = s.seed;
  r.tick_ns = s.tick_ns;
  r.duration = s.duration;
  r.firmware = s.rig == Rig::pen ? s.firmware : "";
  r.counted = s.counted;
  r.core_clock_Hz = static_cast<std::uint32_t>(std::llround(s.core_clock_Hz.value_or(0.0)));
  if (s.cost != "none") r.cost = read_file(s.cost, counted_cost_bytes);
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
  r.link = s.link;
  r.measures = s.measures;
  r.requirements = s.requirements;
}

// The pen that another one is based on: its parts, then its own numbers.
void apply_base(Members& members, const CatalogEntry& pen) {
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
}

// The model that is named, else the catalog's with so many needles, else none: the pen's own.
std::optional<std::string> chosen_cartridge(const CartridgeChoice& choice) {
  if (choice.model || !choice.needles) return choice.model;
  const std::string found = cartridge_with(*choice.needles);
  return found.empty() ? std::nullopt : std::optional(found);
}

void apply_pen(Members& members, const Scenario& s) {
  // Parts of the pen, the pen's own numbers over them, then parts that the scenario put in.
  const CatalogEntry& pen = catalog_entry(CatalogKind::pen, s.pen.model, {s.path, 0, 0});
  const auto part = [&](CatalogKind kind, const std::optional<std::string>& chosen, bool of_scenario) {
    if (chosen.has_value() != of_scenario) return;
    if (chosen) return apply(members, catalog_entry(kind, *chosen, {s.path, 0, 0}).values);
    for (const auto& [key, name] : pen.references)
      if (key == catalog_kind_name(kind)) apply(members, catalog_entry(kind, name, {pen.file, 0, 0}).values);
  };
  apply_base(members, pen);
  for (bool of_scenario : {false, true}) {
    part(CatalogKind::motor, s.pen.motor, of_scenario);
    part(CatalogKind::battery, s.pen.battery, of_scenario);
    part(CatalogKind::cartridge, chosen_cartridge(s.cartridge), of_scenario);
    if (!of_scenario) apply(members, pen.values);
  }
}

void apply_cartridge(CartridgeParams& cartridge, const CartridgeChoice& choice) {
  if (choice.needles) cartridge.needle_count = *choice.needles;
  if (choice.tip_diameter_m) cartridge.tip_diameter_m = *choice.tip_diameter_m;
  if (choice.shaft_diameter_m) cartridge.shaft_diameter_m = *choice.shaft_diameter_m;
  if (choice.half_cone_angle_rad) cartridge.half_cone_angle_rad = *choice.half_cone_angle_rad;
  if (choice.needle_length_m) cartridge.needle_length_m = *choice.needle_length_m;
  if (choice.pitch_m) cartridge.pitch_m = *choice.pitch_m;
  if (choice.footprint_radius_m) cartridge.footprint_radius_m = *choice.footprint_radius_m;
  cartridge.used_count = choice.used;
}

// The skin of the scenario, and its patches relative to it.
void resolve_skin(PlantParams& plant, Members& members, const Scenario& s) {
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
}

void apply_operation(PlantParams& plant, const OperatorChoice& operation) {
  plant.hand.track_length_m = operation.track_m;
  plant.hand.pass_count = operation.passes;
  plant.hand.tremor_along_m *= operation.tremor;
  plant.hand.tremor_across_m *= operation.tremor;
  plant.hand.tremor_axial_m *= operation.tremor;
  if (operation.press_noise) plant.hand.press_noise_1 = *operation.press_noise;
  if (operation.hand_mass_kg) plant.hand.hand_mass_kg = *operation.hand_mass_kg;
  if (operation.hand_stiffness_N_per_m) plant.hand.stiffness_N_per_m = *operation.hand_stiffness_N_per_m;
  if (operation.hand_damping_N_s_per_m) plant.hand.damping_N_s_per_m = *operation.hand_damping_N_s_per_m;
  plant.initial_lift_m = operation.lift_m;
}

// Single parameters, last: they win.
void apply_parameters(Members& members, const Scenario& s, std::vector<InputProblem>& problems) {
  for (const auto& [name, given] : s.parameters) {
    try {
      assign(members, name, given.first, given.second);
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }
}

std::vector<InitialSetting> initial_settings(const Scenario& s) {
  std::vector<InitialSetting> settings;
  for (const Settable& settable : settables) settings.push_back({settable.name, settable.start});
  const auto set = [&](const char* name, double value) {
    for (InitialSetting& setting : settings)
      if (setting.name == name) setting.value = value;
  };
  set("operator.contact", s.operation.contact ? 1.0 : 0.0);
  set("operator.lift", s.operation.lift_m);
  set("operator.press", s.operation.press_N);
  set("operator.glide", s.operation.glide_m_per_s);
  set("operator.tilt", s.operation.tilt_rad);
  set("ambient.temperature", s.pen.ambient_K);
  return settings;
}

}  // namespace

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

ResolvedScenario resolve(const Scenario& s) {
  ResolvedScenario r;
  take_plain(r, s);
  PlantParams& plant = r.plant;
  Members members(plant);
  apply_pen(members, s);
  apply_cartridge(plant.cartridge, s.cartridge);
  plant.battery.initial_charge_1 = s.pen.state_of_charge;
  plant.thermal.initial_K = s.pen.temperature_K.value_or(s.pen.ambient_K);
  resolve_skin(plant, members, s);
  apply_operation(plant, s.operation);
  plant.seed = static_cast<std::int64_t>(s.seed);
  std::vector<InputProblem> problems;
  apply_parameters(members, s, problems);
  if (s.rig == Rig::pen) plant.tick_s = seconds(s.tick_ns);
  constexpr Nanoseconds longest_step_ns = 50'000;
  if (s.rig == Rig::pen && !s.parameters.contains("steps_per_tick"))
    plant.steps_per_tick = std::max<std::int64_t>(1, (s.tick_ns + longest_step_ns - 1) / longest_step_ns);
  // The place of a single parameter is known; other numbers come from the catalog.
  check_plant(plant, s.parameters.empty() ? Location{s.path, 0, 0} : s.parameters.begin()->second.second, problems);
  if (!problems.empty()) throw InputError(problems);
  r.settings = initial_settings(s);
  return r;
}

}  // namespace pensim
