#include "sim/draw/theme.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pensim::dashboard {
namespace {

// Relative luminance and contrast of WCAG 2.1.
double luminance(ImU32 colour) {
  const auto channel = [&](int shift) {
    const double c = static_cast<double>(colour >> shift & 255) / 255;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(IM_COL32_R_SHIFT) + 0.7152 * channel(IM_COL32_G_SHIFT) + 0.0722 * channel(IM_COL32_B_SHIFT);
}

double contrast(ImU32 a, ImU32 b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(Theme, TextCanBeReadOnEverySurface) {
  for (const bool dark : {true, false}) {
    const Theme& t = theme(dark);
    const std::pair<const char*, ImU32> inks[] = {{"ink", t.ink},       {"dim", t.dim},   {"faint", t.faint},
                                                  {"accent", t.accent}, {"good", t.good}, {"bad", t.bad},
                                                  {"warn", t.warn}};
    for (const auto& [name, ink] : inks)
      for (const ImU32 surface : {t.background, t.panel, t.raised})
        EXPECT_GE(contrast(ink, surface), 4.5) << (dark ? "dark " : "light ") << name;
  }
}

}  // namespace
}  // namespace pensim::dashboard
