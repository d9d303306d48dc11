#include "sim/dashboard/pen_view.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "sim/input/input_error.h"
#include "sim/scenario/scenario.h"

namespace pensim::dashboard {
namespace {

using Json = nlohmann::json;

// The member if it is a finite number, else what stood there.
void take(const Json& object, const char* name, double& value) {
  const auto it = object.find(name);
  if (it != object.end() && it->is_number() && std::isfinite(it->get<double>())) value = it->get<double>();
}

void read_plant(const Json& plant, PenView& v) {
  double count = 1, pitch = 0.9e-3, used = 0, wear = 25e-6, worn = 40e-6, bone = 0, tissue = 20e-3;
  take(plant, "drivetrain.eccentricity_m", v.eccentricity_m);
  take(plant, "cartridge.needle_count", count);
  take(plant, "cartridge.pitch_m", pitch);
  take(plant, "cartridge.tip_diameter_m", v.tip_diameter_m);
  take(plant, "cartridge.worn_tip_diameter_m", worn);
  take(plant, "cartridge.tip_wear_m", wear);
  take(plant, "cartridge.used_count", used);
  take(plant, "cartridge.half_cone_angle_rad", v.half_cone_angle_rad);
  take(plant, "cartridge.shaft_diameter_m", v.shaft_diameter_m);
  take(plant, "cartridge.needle_length_m", v.needle_length_m);
  take(plant, "cartridge.footprint_radius_m", v.footprint_radius_m);
  take(plant, "skin.stratum_corneum_m", v.stratum_corneum_m);
  take(plant, "skin.epidermis_m", v.epidermis_m);
  take(plant, "skin.dermis_m", v.dermis_m);
  take(plant, "skin.bone_backed_1", bone);
  take(plant, "skin.soft_tissue_depth_m", tissue);
  take(plant, "skin.hole_closing_time_s", v.hole_closing_s);
  v.tip_diameter_m = std::max(v.tip_diameter_m, std::min(v.tip_diameter_m + used * wear, worn));
  v.bone_m = bone > 0 ? tissue : 0;
  hexagonal_places(static_cast<int>(std::clamp(count, 1.0, 42.0)), pitch, v.along_m, v.across_m);
  // The opening leaves room for the array.
  double reach = 0;
  for (std::size_t i = 0; i < v.along_m.size(); ++i) reach = std::max(reach, std::hypot(v.along_m[i], v.across_m[i]));
  v.nose_inner_m = std::max({v.nose_inner_m, v.footprint_radius_m * 1.1, reach + 0.5 * pitch});
  v.nose_outer_m = v.nose_inner_m + 1.75e-3;
}

}  // namespace

void hexagonal_places(int count, double pitch_m, std::vector<double>& along_m, std::vector<double>& across_m) {
  constexpr int reach = 4;                        // 61 places
  std::vector<std::tuple<int, int, int>> points;  // distance squared, row, column
  for (int row = -reach; row <= reach; ++row)
    for (int column = -reach; column <= reach; ++column)
      points.emplace_back(column * column + column * row + row * row, row, column);
  std::sort(points.begin(), points.end());
  along_m.clear();
  across_m.clear();
  double along = 0, across = 0;
  for (int i = 0; i < count; ++i) {
    const auto [distance2, row, column] = points[static_cast<std::size_t>(i)];
    along_m.push_back(pitch_m * (column + 0.5 * row));
    across_m.push_back(pitch_m * 0.5 * std::sqrt(3.0) * row);
    along += along_m.back() / count;
    across += across_m.back() / count;
  }
  for (double& a : along_m) a -= along;
  for (double& a : across_m) a -= across;
}

PenView pen_view(const RecordingMeta& meta) {
  PenView v;
  v.rig = meta.kind == RecordingKind::rig;
  hexagonal_places(1, 0, v.along_m, v.across_m);
  const Json json = Json::parse(meta.resolved_scenario, nullptr, false);
  if (json.is_object() && json.contains("plant") && json["plant"].is_object()) {
    read_plant(json["plant"], v);
    v.known = true;
    if (v.rig) {
      double inner = 0, outer = 0;
      const auto insertion = json.find("insertion");
      if (insertion != json.end() && insertion->is_object()) {
        take(*insertion, "nose_inner_diameter_m", inner);
        take(*insertion, "nose_outer_diameter_m", outer);
        const auto plate = insertion->find("base_plate");
        v.base_plate = plate != insertion->end() && plate->is_boolean() && plate->get<bool>();
      }
      v.nose_inner_m = inner / 2;
      v.nose_outer_m = outer / 2;
    }
  }
  try {
    LoadOptions options;
    options.always = false;
    const Scenario scenario = parse_scenario(meta.scenario_text, meta.scenario_path, ".", options);
    v.region = scenario.skin.region;
    v.condition = scenario.skin.condition;
  } catch (const InputError&) {  // a text that is not there or of another version: the picture has no name of the
                                 // region
  }
  return v;
}

}  // namespace pensim::dashboard
