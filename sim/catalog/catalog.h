// catalog.h - data with a source per number: pens, motors, batteries, cartridges, skin regions, conditions and
// topicals.
//
//   p1_winding:
//     about: 1331 frame rewound so that one cell reaches 150 Hz
//     resistance: {value: 1.05 ohm, source: "[D] 1331T006SR by (0.607)^2"}
//
// A key is the name of a parameter of the plant without its group and unit (models/plant.h: "motor.resistance_ohm" is
// `resistance` of a motor), so that the catalog needs no table of its own. `factor:` instead of `value:` multiplies
// what is there (conditions, topicals). `sd:` beside a value is the standard deviation between people, `range: [low,
// high]` the interval within which they differ.
// A few keys are no parameters: they describe (a device's rates) or serve the sampler (skin_sampler.h). `base:` of a
// pen names the entry from which everything is taken that it does not give itself.
//
// Source marks: [F:key] found, [F2:key] found in a secondary source, [R; c] or [R: citation; c] recalled with
// confidence c, [D] derived, [E] estimate or choice, [P] output of a prototype. What a key stands for is in
// sources.yaml, or under `sources:` of a user's own entry.
// A number without a mark, and a mark of another form or with an unknown key, is refused.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/input/document.h"
#include "sim/input/input_error.h"

namespace pensim {

enum class CatalogKind : unsigned char { pen, motor, battery, cartridge, region, condition, topical };
inline constexpr int catalog_kinds = 7;

struct CatalogValue {
  std::string key;      // "resistance"; in a pen with its group: "drivetrain.eccentricity"
  std::string text;     // "1.05 ohm", "x2.3"
  std::string source;   // "[D] ..."
  double number = 0.0;  // SI
  bool factor = false;
  std::string parameter;            // of the plant: "motor.resistance_ohm"; "" for a property that is none
  std::optional<double> deviation;  // between people, SI
  std::optional<std::pair<double, double>> range;  // of people, SI
  Location at;
};

struct CatalogSource {
  std::string key;  // "hfus"
  std::string title;
  std::string address;
};

struct CatalogEntry {
  CatalogKind kind = CatalogKind::pen;
  std::string name;
  std::string about;
  std::string file;                                             // where it stands
  std::vector<std::pair<std::string, std::string>> references;  // of a pen: base, motor, battery, cartridge
  std::vector<CatalogValue> values;                             // of a region: those of both sexes
  std::vector<CatalogValue> female, male;                       // of a region: what differs
  std::vector<CatalogSource> sources;                           // of its own
};

const char* catalog_kind_name(CatalogKind);           // "pen", "motor" ...
const char* catalog_kind_plural(CatalogKind);         // "pens", "motors" ...
std::vector<std::string> catalog_names(CatalogKind);  // in the order of the file
// By name, or by path if `name` has a slash or ends in .yaml (the file holds the one entry that is wanted, without its
// name). A file is read at each call; the entry stays as it was read.
// Throws InputError, for an unknown name with the nearest one.
const CatalogEntry& catalog_entry(CatalogKind, const std::string& name, const Location& asked_at = {});
bool is_catalog_file(const std::string& name);

const std::vector<CatalogSource>& catalog_sources();  // of sources.yaml

// What is wrong with a source such as "[F:hfus] zygoma" (`own`: keys beside those of sources.yaml); "" if nothing is.
std::string mark_problem(const std::string& source, const std::vector<CatalogSource>& own = {});
// The keys of its marks [F:...] and [F2:...].
std::vector<std::string> mark_keys(const std::string& source);

// For `pensim catalog [KIND] [NAME]`: every entry, those of a kind, or one with each value, its source and what the
// keys stand for;
// `sources`, `parameters [GROUP|NAME]` and `law` (parameters of the skin; of the fitted ones intervals and
// correlation). Throws InputError.
std::string catalog_text(const std::string& kind, const std::string& name);

// What the header of a model says of a parameter, with its mark: the comment at the member, else a line of the header's
// table that names it, else the comment above its group. models/*.h are installed beside the catalog, so that there is
// one place to say it.
std::string parameter_note(const std::string& name);  // "skin.shaft_stress_Pa"

// The tree of a YAML file that may be one of those that are shipped: as it was packed when the program was built
// (packed_document.h), as long as the text is the same.
Node read_shipped(const std::string& text, const std::string& path, std::vector<InputProblem>& problems);

// $PENSIM_CATALOG, or the folder that was installed with the program. Throws InputError if there is none.
std::string catalog_folder();

}  // namespace pensim
