#include "sim/skin_sampler.h"

#include <cmath>

#include "models/elementary.h"
#include "models/noise.h"

namespace pensim {

double drawn_value(const CatalogValue& value, std::uint64_t seed, std::int64_t person) {
  std::uint32_t stream = 2166136261u;  // FNV-1a of the key
  for (const char c : value.key) stream = (stream ^ static_cast<unsigned char>(c)) * 16777619u;
  if (value.deviation) {
    const double cv = *value.deviation / value.number, variance = elementary::log(1.0 + cv * cv);
    return value.number * elementary::exp(std::sqrt(variance) * noise_normal(seed, stream, person) - 0.5 * variance);
  }
  if (value.range) {
    const auto [low, high] = *value.range;
    const double u = noise_uniform(seed, stream, person), mode = value.number, width = high - low;
    return u * width < mode - low ? low + std::sqrt(u * width * (mode - low)) : high - std::sqrt((1.0 - u) * width * (high - mode));
  }
  return value.number;
}

}  // namespace pensim
