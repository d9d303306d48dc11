// plant_parameters.h - the parameters of the plant by name.
#pragma once

#include <string>
#include <vector>

namespace pensim {

// The parameters of the plant, as each_plant_param (models/plant.h) lists them.
struct PlantParameter {
  std::string name;         // "motor.resistance_ohm"
  std::string key;          // "motor.resistance"; with its unit where that alone tells two apart: "battery.cutoff_V"
  std::string unit;         // "ohm": the end of the name
  bool difference = false;  // in K, but no absolute temperature
  bool whole = false;       // an integer
  double start = 0.0;       // without a catalog
};
const std::vector<PlantParameter>& plant_parameters();
// Splits "resistance_ohm" into key and SI unit: "viscous_friction_N_m_s_per_rad" is "viscous_friction", "N m s/rad".
void split_unit(const std::string& name, std::string& key, std::string& unit);

}  // namespace pensim
