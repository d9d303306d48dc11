#include "models/cartridge.h"

#include <algorithm>
#include <cmath>

#include "models/elementary.h"

namespace pensim {

double cartridge_tip_diameter_m(const CartridgeParams& params) {
  const double grown = params.tip_diameter_m + params.tip_wear_m * static_cast<double>(params.used_count);
  return std::max(params.tip_diameter_m, std::min(grown, params.worn_tip_diameter_m));
}

double needle_width_m(const CartridgeParams& params, double penetration_m) {
  const double slope = 2 * elementary::tan(params.half_cone_angle_rad);
  return std::min(cartridge_tip_diameter_m(params) + slope * penetration_m, params.shaft_diameter_m);
}

double needle_lateral_area_m2(const CartridgeParams& params, double penetration_m) {
  const double tip_m = cartridge_tip_diameter_m(params);
  const double tan_theta = elementary::tan(params.half_cone_angle_rad);
  const double cone_m = std::max(0.0, (params.shaft_diameter_m - tip_m) / (2 * tan_theta));
  const double in_cone_m = std::min(penetration_m, cone_m);
  // Frustum between the radii d_t/2 and d_t/2 + p tan(theta): pi (r1 + r2) x slant height.
  const double cone_m2 =
      elementary::pi * (tip_m + tan_theta * in_cone_m) * in_cone_m / elementary::cos(params.half_cone_angle_rad);
  return cone_m2 + elementary::pi * params.shaft_diameter_m * (penetration_m - in_cone_m);
}

void cartridge_places(const CartridgeParams& params, NeedlePlace places[needle_count_max]) {
  // Lattice points (column + row/2, row sqrt(3)/2) in order of distance, then of row, then of column: no ties are left.
  constexpr int reach = 4;  // 61 points within 4 pitches, more than 42
  struct Point {
    int column, row;
    int distance2() const { return column * column + column * row + row * row; }
  };
  Point points[(2 * reach + 1) * (2 * reach + 1)];
  int count = 0;
  for (int row = -reach; row <= reach; ++row)
    for (int column = -reach; column <= reach; ++column) points[count++] = {column, row};
  std::sort(points, points + count, [](const Point& a, const Point& b) {
    if (a.distance2() != b.distance2()) return a.distance2() < b.distance2();
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  const std::int64_t n = std::clamp<std::int64_t>(params.needle_count, 1, needle_count_max);
  double mean_along = 0;
  double mean_across = 0;
  for (std::int64_t i = 0; i < needle_count_max; ++i) {
    places[i].along_m = params.pitch_m * (points[i].column + 0.5 * points[i].row);
    places[i].across_m = params.pitch_m * (0.5 * std::sqrt(3.0) * points[i].row);
    if (i < n) {
      mean_along += places[i].along_m;
      mean_across += places[i].across_m;
    }
  }
  mean_along /= static_cast<double>(n);
  mean_across /= static_cast<double>(n);
  for (std::int64_t i = 0; i < needle_count_max; ++i) {
    places[i].along_m = i < n ? places[i].along_m - mean_along : 0;
    places[i].across_m = i < n ? places[i].across_m - mean_across : 0;
  }
}

}  // namespace pensim
