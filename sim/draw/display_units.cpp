#include "sim/draw/display_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pensim::dashboard {

DisplayUnit display_unit(const std::string& unit) {
  static const struct {
    const char* si;
    const char* text;
    double factor, offset;
  } table[] = {{"1", "", 1, 0},
               {"m", "mm", 1e3, 0},
               {"s", "ms", 1e3, 0},
               {"Hz", "Hz", 1, 0},
               {"N", "N", 1, 0},
               {"A", "mA", 1e3, 0},
               {"V", "V", 1, 0},
               {"K", "°C", 1, -273.15},
               {"m/s", "mm/s", 1e3, 0},
               {"rad", "°", 57.29577951308232, 0},
               {"1/m^2", "/cm²", 1e-4, 0},
               {"J", "mJ", 1e3, 0},
               {"Pa", "kPa", 1e-3, 0},
               {"N/m", "N/mm", 1e-3, 0},
               {"rad/s", "rad/s", 1, 0},
               {"W", "mW", 1e3, 0}};
  for (const auto& row : table)
    if (unit == row.si) return {row.text, row.factor, row.offset};
  return {unit, 1.0, 0.0};
}

std::string format_number(double shown, int digits) {
  if (std::isnan(shown)) return "NaN";
  if (std::isinf(shown)) return shown > 0 ? "∞" : "−∞";
  if (shown == 0) return "0";
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(shown))));
  if (exponent >= 7 || exponent < -4) return fmt::format("{:.{}e}", shown, std::max(digits - 2, 0));
  return fmt::format("{:.{}f}", shown, std::clamp(digits - 1 - exponent, 0, 6));
}

std::string format_value(double si, const std::string& unit, int digits) {
  const DisplayUnit u = display_unit(unit);
  const std::string number = format_number(u.shown(si), digits);
  return u.text.empty() ? number : u.text == "°" ? number + "°" : number + " " + u.text;
}

std::string format_difference(double si, const std::string& unit, int digits) {
  return unit == "K" ? format_number(si, digits) + " K" : format_value(si, unit, digits);
}

std::string format_time(double seconds, double resolution_s) {
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(std::max(resolution_s, 1e-9)) - 1e-9)), 0, 9);
  return fmt::format("{:.{}f} s", seconds, decimals);
}

}  // namespace pensim::dashboard
