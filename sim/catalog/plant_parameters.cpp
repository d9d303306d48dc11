#include "sim/catalog/plant_parameters.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <type_traits>
#include <utility>

#include "models/plant.h"

namespace pensim {
namespace {

bool unit_token(const std::string& token) {
  static const char* const known[] = {"1",    "m",  "m2", "m3",    "m4",     "mm",  "um",  "s",  "s2", "ms",
                                      "us",   "ns", "kg", "N",     "Nm",     "Nms", "N2",  "Pa", "K",  "V",
                                      "A",    "A2", "As", "ohm",   "H",      "F",   "W",   "J",  "Hz", "rad",
                                      "rad2", "C",  "Ah", "count", "counts", "per", "kg2", "s3", "K2", "V2"};
  return std::any_of(std::begin(known), std::end(known), [&](const char* k) { return token == k; });
}

}  // namespace

void split_unit(const std::string& name, std::string& key, std::string& unit) {
  std::vector<std::string> tokens;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('_', start), name.size());
    tokens.push_back(name.substr(start, end - start));
    start = end + 1;
  }
  std::size_t first = tokens.size();
  while (first > 1 && unit_token(tokens[first - 1])) --first;
  while (first < tokens.size() && tokens.back() == "per") ++first;  // ends in "per": no unit
  key = unit = "";
  for (std::size_t i = 0; i < first; ++i) key += (i ? "_" : "") + tokens[i];
  std::string up, down;
  bool below = false;
  for (std::size_t i = first; i < tokens.size(); ++i) {
    std::string token = tokens[i];
    if (token == "per") {
      below = true;
      continue;
    }
    if (token == "Nm") token = "N m";
    if (token == "Nms") token = "N m s";
    if (token == "As") token = "A s";
    if (token == "Ah") token = "A h";
    if (below)
      down += "/" + token;
    else if (token != "1")
      up += (up.empty() ? "" : " ") + token;
  }
  unit = (up.empty() ? "1" : up) + down;
}

const std::vector<PlantParameter>& plant_parameters() {
  static const std::vector<PlantParameter> all = [] {
    std::vector<PlantParameter> list;
    PlantParams defaults;
    each_plant_param(defaults, [&](const auto& name, const auto& member) {
      PlantParameter p;
      p.name = name;
      if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>) {
        p.key = p.name;  // needle_count: a number of something, not something in counts
        p.unit = "1";
        p.whole = true;
      } else {
        split_unit(p.name, p.key, p.unit);
      }
      // exponent of a thermistor: no temperature
      p.difference = p.unit == "K" && p.key.find("beta") != std::string::npos;
      p.start = static_cast<double>(member);
      list.push_back(std::move(p));
    });
    // cutoff_V and cutoff_A, spring_N_per_m and spring_damping: where the unit tells two apart it stays.
    std::map<std::string, int> uses;
    for (const PlantParameter& p : list) ++uses[p.key];
    for (PlantParameter& p : list)
      if (uses.at(p.key) > 1) p.key = p.name;
    return list;
  }();
  return all;
}

}  // namespace pensim
