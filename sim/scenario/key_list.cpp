#include "sim/scenario/key_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "sim/input/quantity.h"
#include "sim/scenario/scenario_keys.h"

namespace pensim {
namespace {

// The fourth visitor of scenario_keys.h.
class Lister {
 public:
  Lister(std::vector<ScenarioKey>& out, std::string section) : out_(out), section_(std::move(section)) {}

  template <class T>
  void name(const char* key, T& value, CatalogKind kind, const char* about) {
    put(key, about, text_of(value), catalog_names(kind));
  }
  template <class T>
  void quantity(const char* key, T& value, const char* unit, double low, double high, const char* about) {
    std::string now;
    if constexpr (std::is_same_v<T, double>)
      now = format_quantity(value, unit);
    else if (value)
      now = format_quantity(*value, unit);
    put(key, fmt::format("{} ({} to {})", about, format_quantity(low, unit), format_quantity(high, unit)), now, {});
  }
  template <class T>
  void whole(const char* key, T& value, Plain<T>, Plain<T>, const char* about) {
    if constexpr (std::is_integral_v<T>)
      put(key, about, fmt::format("{}", value), {});
    else
      put(key, about, value ? fmt::format("{}", *value) : "", {});
  }
  void flag(const char* key, bool& value, const char* about) { put(key, about, value ? "on" : "off", {"on", "off"}); }
  template <class T>
  void choice(const char* key, T& value, std::initializer_list<std::pair<const char*, Plain<T>>> choices,
              const char* about) {
    std::vector<std::string> words;
    std::string now;
    for (const auto& [word, meaning] : choices) {
      words.push_back(word);
      if (value == meaning) now = word;
    }
    put(key, about, now, words);
  }
  void level(const char* key, double& value, std::initializer_list<std::pair<const char*, double>> levels, double,
             double, const char* about) {
    std::vector<std::string> words;
    std::string now = fmt::format("{}", value);
    for (const auto& [word, meaning] : levels) {
      words.push_back(word);
      if (meaning == value) now = word;
    }
    put(key, about, now, words);
  }
  void file(const char* key, std::string& value, const char* word, std::size_t, const char* about) {
    put(key, about, value, {word});
  }
  void firmware(const char* key, std::string& value, const char* about) { put(key, about, value, {}); }
  template <class F>
  void section(const char* key, const char*, F&& keys) {
    if (std::string_view(key) == "insertion" || std::string_view(key) == "link") return;
    Lister inner(out_, section_ + key + ".");
    keys(inner);
  }

  template <class... Anything>
  void text(Anything&&...) {}
  template <class... Anything>
  void formula(Anything&&...) {}
  template <class... Anything>
  void words(Anything&&...) {}
  template <class... Anything>
  void settable(Anything&&...) {}
  template <class... Anything>
  void fault(Anything&&...) {}
  template <class... Anything>
  void here(Anything&&...) {}
  template <class... Anything>
  void raw(Anything&&...) {}
  template <class... Anything>
  void formulas(Anything&&...) {}
  template <class... Anything>
  void parameters(Anything&&...) {}
  template <class... Anything>
  void list(Anything&&...) {}

 private:
  static std::string text_of(const std::string& value) { return value; }
  static std::string text_of(const std::optional<std::string>& value) { return value.value_or(""); }
  void put(const char* key, std::string about, std::string now, std::vector<std::string> words) {
    out_.push_back({section_ + key, std::move(about), std::move(now), std::move(words)});
  }

  std::vector<ScenarioKey>& out_;
  std::string section_;
};

int rank(const std::string& path) {
  static constexpr const char* first[] = {"skin.", "operator.", "cartridge.", "pen.", "seed", "firmware"};
  int i = 0;
  for (const char* prefix : first) {
    if (path.rfind(prefix, 0) == 0) return i;
    ++i;
  }
  return i;
}

}  // namespace

std::vector<ScenarioKey> scenario_key_list(const Scenario& scenario) {
  std::vector<ScenarioKey> keys;
  Scenario copy = scenario;
  ScenarioExtras extras;
  extras.duration_s = seconds(scenario.duration * scenario.tick_ns);
  Lister lister(keys, "");
  scenario_keys(lister, copy, extras);
  std::erase_if(keys, [](const ScenarioKey& k) { return k.path == "rig" || k.path == "timing"; });
  std::stable_sort(keys.begin(), keys.end(),
                   [](const ScenarioKey& a, const ScenarioKey& b) { return rank(a.path) < rank(b.path); });
  return keys;
}

}  // namespace pensim
