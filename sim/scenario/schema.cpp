#include "sim/scenario/schema.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <type_traits>

#include "sim/catalog/plant_parameters.h"
#include "sim/input/quantity.h"
#include "sim/scenario/scenario_keys.h"
#include "sim/vocabulary/signal_name.h"

namespace pensim {
namespace {

using Json = nlohmann::ordered_json;

// The second visitor of scenario_keys.h: where the reader reads a key, this one describes it.
class Describer {
 public:
  Json object = {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};

  template <class T>
  void text(const char* key, T&, const char* about) {
    put(key, {{"type", Json::array({"string", "number"})}}, about);
  }

  void formula(const char* key, std::string&, Location&, const char* about) { put(key, {{"type", "string"}}, about); }

  template <class T>
  void name(const char* key, T& value, CatalogKind kind, const char* about) {
    Json names = {{"enum", catalog_names(kind)}};
    Json file = {{"type", "string"}, {"pattern", "(/|\\.yaml$)"}};
    put(key, {{"anyOf", Json::array({names, file})}}, about, start(value));
  }

  template <class T>
  void quantity(const char* key, T& value, const char* unit, double low, double high, const char* about) {
    const bool plain = std::string_view(unit) == "1" || std::string_view(unit) == "count";
    Json type = plain ? Json::array({"number", "string"}) : Json("string");
    Json described = {{"type", type}, {"pattern", plain ? "^[-+]?[0-9.]" : "^[-+]?[0-9.].*[^0-9. ]"}};
    if (plain) {
      described["minimum"] = low;
      described["maximum"] = high;
    }
    std::string text = about;
    text +=
        fmt::format(" ({}; {} to {})", quantity_example(unit), format_quantity(low, unit), format_quantity(high, unit));
    if constexpr (std::is_same_v<T, double>)
      put(key, described, text, plain ? Json(value) : Json(format_quantity(value, unit)));
    else
      put(key, described, text);
  }

  template <class T>
  void whole(const char* key, T& value, Plain<T> low, Plain<T> high, const char* about) {
    Json described = {{"type", "integer"}, {"minimum", low}, {"maximum", high}};
    if constexpr (std::is_integral_v<T>)
      put(key, described, about, Json(value));
    else
      put(key, described, about);
  }

  void flag(const char* key, bool& value, const char* about) { put(key, on_off(), about, Json(value ? "on" : "off")); }

  template <class T>
  void choice(const char* key, T& value, std::initializer_list<std::pair<const char*, Plain<T>>> choices,
              const char* about) {
    Json words = Json::array(), first;
    for (const auto& [word, meaning] : choices) {
      words.push_back(word);
      if constexpr (!is_optional<T>)
        if (meaning == value) first = word;
    }
    put(key, {{"enum", words}}, about, first);
  }

  void level(const char* key, double& value, std::initializer_list<std::pair<const char*, double>> levels, double low,
             double high, const char* about) {
    Json words = Json::array(), first;
    for (const auto& [word, meaning] : levels) {
      words.push_back(word);
      if (meaning == value) first = word;
    }
    put(key,
        {{"anyOf",
          Json::array({Json{{"enum", words}}, Json{{"type", "number"}, {"minimum", low}, {"maximum", high}}})}},
        about, first);
  }

  void file(const char* key, std::string& value, const char* word, std::size_t limit, const char* about) {
    put(key, {{"type", "string"}}, fmt::format("{} (`{}`, or a file of at most {} bytes)", about, word, limit),
        Json(value));
  }

  void words(const char* key, std::vector<std::string>&, const char* about) {
    put(key,
        {{"anyOf", Json::array({Json{{"type", "array"}, {"items", {{"type", "string"}}}, {"uniqueItems", true}},
                                Json{{"type", "string"}}})}},
        about);
  }

  void firmware(const char* key, std::string& value, const char* about) {
    put(key,
        {{"type", "string"},
         {"pattern", "^([A-Za-z0-9_.-]+|(native|emulated):.+|link:(tcp:.+:.+|unix:.+|serial:.+@.+))$"}},
        about, Json(value));
  }

  void settable(const char* key, std::optional<std::string>&, const char* about) {
    Json names = Json::array();
    for (const Settable& s : settables) names.push_back(s.name);
    for (int k = 0; k < aux_inputs; ++k) names.push_back(aux_signal(k));
    put(key, {{"enum", names}}, about);
  }

  void fault(const char* key, std::optional<std::string>&, const char* about) {
    Json names = Json::array();
    for (const FaultKind& f : fault_kinds) names.push_back(f.name);
    put(key, {{"enum", names}}, about);
  }

  void here(const Node*&) {}
  void raw(const char* key, const Node*&, const char* about) {
    put(key, {{"type", Json::array({"string", "number", "boolean"})}}, about);
  }

  void formulas(const char* key, std::vector<Measure>&, const char* about) {
    put(key, {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}, about);
  }

  void parameters(const char* key, std::map<std::string, std::pair<double, Location>>&, const char* about) {
    Json properties = Json::object();
    for (const PlantParameter& p : plant_parameters())
      properties[p.key] = {{"type", Json::array({"string", "number"})},
                           {"description", p.unit == "1" ? "a number" : "in " + p.unit}};
    put(key, {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}}, about);
  }

  template <class F>
  void section(const char* key, const char* about, F&& keys) {
    Describer inner;
    keys(inner);
    put(key, inner.object, about);
  }

  template <class T, class F>
  void list(const char* key, std::vector<T>&, const char* about, F&& keys) {
    Describer inner;
    T value{};
    keys(inner, value);
    put(key, {{"type", "array"}, {"items", inner.object}}, about);
  }

 private:
  template <class T>
  static constexpr bool is_optional = !std::is_same_v<T, Plain<T>>;
  template <class T>
  static Json start(const T& value) {
    if constexpr (is_optional<T>)
      return {};
    else
      return value;
  }
  static Json on_off() { return {{"enum", Json::array({"on", "off", true, false})}}; }

  void put(const char* key, Json described, const std::string& about, const Json& start = {}) {
    described["description"] = about;
    if (!start.is_null()) described["default"] = start;
    object["properties"][key] = std::move(described);
  }
};

std::string range(double low, double high, const char* unit) {
  return std::string_view(unit) == "1" && low == 0.0 && high == 1.0
             ? "off or on"
             : format_quantity(low, unit) + " to " + format_quantity(high, unit);
}

}  // namespace

std::string schema_text() {
  Describer root;
  Scenario scenario;
  ScenarioExtras extras;
  scenario_keys(root, scenario, extras);
  Json& timeline = root.object["properties"]["timeline"]["items"];
  timeline["required"] = {"at"};
  timeline["oneOf"] = Json::array();
  for (const CommandKind& kind : command_kinds) timeline["oneOf"].push_back({{"required", Json::array({kind.name})}});
  root.object["properties"]["require"]["items"]["required"] = {"id", "that"};
  root.object["properties"]["skin"]["properties"]["patches"]["items"]["required"] = {"from", "to"};
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "pensim scenario"},
                 {"description", "every quantity carries its unit: 1.5 mm, 120 Hz, 2.5 N, 80 %, 23 degC"}};
  schema.update(root.object);
  schema["anyOf"] =
      Json::array({Json{{"required", Json::array({"duration"})}}, Json{{"required", Json::array({"rig"})}}});
  return schema.dump(2) + "\n";
}

std::string settable_text() {
  std::string text = "set: what a timeline may set\n";
  for (const Settable& s : settables)
    text += fmt::format("  {:<24} {:<24} {}\n", s.name, range(s.low, s.high, s.unit), s.meaning);
  text += fmt::format("  {:<24} {:<24} {}\n", fmt::format("aux.0 .. aux.{}", aux_inputs - 1), "a whole number",
                      "auxiliary input of the core");
  text += "\nfault: what a timeline may inject\n";
  for (const FaultKind& f : fault_kinds)
    text += fmt::format("  {:<24} {:<24} {}\n", f.name, *f.unit ? range(f.low, f.high, f.unit) : "", f.meaning);
  return text;
}

}  // namespace pensim
