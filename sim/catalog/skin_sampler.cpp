#include "sim/catalog/skin_sampler.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "models/elementary.h"
#include "models/noise.h"

namespace pensim {

namespace {

std::uint32_t stream_of(const std::string& name) {
  std::uint32_t stream = 2166136261u;  // FNV-1a
  for (const char c : name) stream = (stream ^ static_cast<unsigned char>(c)) * 16777619u;
  return stream;
}

}  // namespace

double drawn_value(const CatalogValue& value, std::uint64_t seed, std::int64_t person) {
  const std::uint32_t stream = stream_of(value.key);
  if (value.deviation) {
    const double cv = *value.deviation / value.number, variance = elementary::log(1.0 + cv * cv);
    return value.number * elementary::exp(std::sqrt(variance) * noise_normal(seed, stream, person) - 0.5 * variance);
  }
  if (value.range) {
    const auto [low, high] = *value.range;
    const double u = noise_uniform(seed, stream, person), mode = value.number, width = high - low;
    return u * width < mode - low ? low + std::sqrt(u * width * (mode - low))
                                  : high - std::sqrt((1.0 - u) * width * (high - mode));
  }
  return value.number;
}

void draw_law(const SkinLaw& law, std::uint64_t seed, std::int64_t person, SkinParams& params) {
  const std::size_t n = law.parameters.size();
  std::vector<double> normal(n);
  for (std::size_t i = 0; i < n; ++i)
    normal[i] = noise_normal(seed, stream_of("law." + law.parameters[i].name), person);
  for (std::size_t i = 0; i < n; ++i) {
    const LawParameter& p = law.parameters[i];
    double deviate = 0;
    for (std::size_t j = 0; j <= i; ++j) deviate += law.factor[i][j] * normal[j];
    each_skin_param(params, [&](const char* name, auto& member) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, double>)
        if (p.name == name) {
          const double drawn =
              p.logarithmic ? member * elementary::exp(p.deviation * deviate) : member + p.deviation * deviate;
          member = std::clamp(drawn, p.range.first, p.range.second);
        }
    });
  }
}

}  // namespace pensim
