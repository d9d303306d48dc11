// catalog.h - data with a source per number: pens, motors, batteries, cartridges, skin regions, conditions and topicals.
//
//   p1_winding:
//     about: 1331 frame rewound so that one cell reaches 150 Hz
//     resistance: {value: 1.05 ohm, source: "[D] 1331T006SR by (0.607)^2"}
//
// A key is the name of a parameter of the plant without its group and unit (models/plant.h: "motor.resistance_ohm" is `resistance`
// of a motor), so that the catalog needs no table of its own. `factor:` instead of `value:` multiplies what is there (conditions,
// topicals). Source marks: [F:key] found, [F2:key] found in a secondary source, [R; c] recalled with confidence c, [D] derived,
// [E] estimate or choice, [P] output of a prototype. An entry without a source is refused.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/document.h"
#include "sim/input_error.h"

namespace pensim {

enum class CatalogKind : unsigned char { pen, motor, battery, cartridge, region, condition, topical };
inline constexpr int catalog_kinds = 7;

struct CatalogValue {
  std::string key;          // "resistance"; in a pen with its group: "drivetrain.eccentricity"
  std::string text;         // "1.05 ohm", "x2.3"
  std::string source;       // "[D] ..."
  double number = 0.0;      // SI
  bool factor = false;
  std::string parameter;    // of the plant: "motor.resistance_ohm"; "" for a property that is none (a pen's needles)
  Location at;
};

struct CatalogEntry {
  CatalogKind kind = CatalogKind::pen;
  std::string name;
  std::string about;
  std::string file;                                            // where it stands
  std::vector<std::pair<std::string, std::string>> references; // of a pen: motor, battery, cartridge
  std::vector<CatalogValue> values;                            // of a region: those of both sexes
  std::vector<CatalogValue> female, male;                      // of a region: what differs
};

const char* catalog_kind_name(CatalogKind);                          // "pen", "motor" ...
std::vector<std::string> catalog_names(CatalogKind);                 // in the order of the file
// By name, or by path if `name` has a slash or ends in .yaml (the file holds the one entry that is wanted, without its name).
// Throws InputError, for an unknown name with the nearest one.
const CatalogEntry& catalog_entry(CatalogKind, const std::string& name, const Location& asked_at = {});
bool is_catalog_file(const std::string& name);

// For `pensim catalog [KIND] [NAME]`: every entry, those of a kind, or one with each value and its source. Throws InputError.
std::string catalog_text(const std::string& kind, const std::string& name);

// The parameters of the plant, as each_plant_param (models/plant.h) lists them.
struct PlantParameter {
  std::string name;          // "motor.resistance_ohm"
  std::string key;           // "motor.resistance"; with its unit where that alone tells two apart: "battery.cutoff_V"
  std::string unit;          // "ohm": the end of the name
  bool difference = false;   // in K, but no absolute temperature
  bool whole = false;        // an integer
  double start = 0.0;        // without a catalog
};
const std::vector<PlantParameter>& plant_parameters();
// Splits "resistance_ohm" into key and SI unit: "viscous_friction_N_m_s_per_rad" is "viscous_friction", "N m s/rad".
void split_unit(const std::string& name, std::string& key, std::string& unit);

// <share>/<name>, where share is $PENSIM_SHARE, or share/pensim beside the program or its prefix; "" if it is not there.
// For the catalog, $PENSIM_CATALOG names the folder itself.
std::string share_path(const std::string& name);
std::string catalog_folder();                                        // throws InputError if there is none

}  // namespace pensim
