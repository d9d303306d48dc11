// scenario.h - what a run is told: a struct with defaults, which the text of a scenario file only overrides.
//
// Three stages, each a plain struct:
//   Scenario            what the file (and --set) says, in SI, names still names; empty optional: the catalog decides
//   ResolvedScenario    after catalog lookup (resolve.h): every number of the plant; enough to run, and to rerun
//                       without a catalog
//   text                to_json / resolved_from_json (resolved_json.h), bit for bit
//
// Millimetres, degrees Celsius and percent exist in the text only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware_shim/target_spec.h"
#include "sim/input/input_error.h"
#include "sim/scenario/requirement.h"
#include "sim/vocabulary/command.h"
#include "sim/vocabulary/time.h"

namespace pensim {

enum class Rig : std::uint8_t { pen, insertion };  // a pen with firmware, or a materials-testing machine

struct RecordOptions {
  bool each_needle = false;  // record: {needles: each} adds needle.<i>.force and needle.<i>.penetration
  bool operator==(const RecordOptions&) const = default;
};

struct PenChoice {
  std::string model = "rotary_p1";     // catalog name or file
  std::optional<std::string> battery;  // catalog name or file; the pen's own if empty
  std::optional<std::string> motor;
  double state_of_charge = 0.9;
  double battery_aging = 1.0;    // internal resistance times this: the fault battery.aged from the start
  std::string memory = "blank";  // or a file of up to 4096 bytes
  double clock_start_s = 0.0;    // the core's 32-bit microsecond clock at the first tick
  double ambient_K = 296.15;
  std::optional<double> temperature_K;  // of motor and grip at the start; ambient if empty
};

struct CartridgeChoice {
  std::optional<std::string> model;  // catalog name or file; by default the catalog's cartridge with `needles`, or
                                     // the pen's own
  std::optional<int> needles;
  std::optional<double> tip_diameter_m, shaft_diameter_m, half_cone_angle_rad, needle_length_m, pitch_m,
      footprint_radius_m;
  int used = 0;                  // uses counted in the cartridge's memory
  std::string memory = "blank";  // or a file of up to 64 bytes
  std::uint64_t serial = 1;
};

struct SkinPatchChoice {
  double from_m = 0.0, to_m = 0.0;  // along the track
  std::optional<std::string> region, condition, topical;
};

struct SkinChoice {
  std::string region = "cheek";
  std::string sex = "female";
  std::string condition = "normal";
  std::string topical = "none";
  double stretch = 1.0;  // in-plane stretch ratio
  bool drawn = false;    // the region's values are those of a person drawn with the seed
  std::vector<SkinPatchChoice> patches;
};

struct OperatorChoice {
  double press_N = 1.5;
  double glide_m_per_s = 0.02;
  double track_m = 0.04;
  int passes = 1;
  double tilt_rad = 0.0;
  double tremor = 1.0;   // none 0, normal 1, strong 2, or a number
  bool contact = false;  // the nose rests on the skin at t = 0
  double lift_m = 10e-3;
  std::optional<double> press_noise;  // ratio, rms
  std::optional<double> hand_mass_kg, hand_stiffness_N_per_m, hand_damping_N_s_per_m;
};

inline constexpr std::size_t counted_cost_bytes = 8u << 20;  // of a file of counted costs
inline constexpr double press_travel_m = 30e-3;  // a force-controlled machine goes no further

struct InsertionChoice {
  double speed_m_per_s = 1e-3;
  std::optional<double> travel_m;  // from first touch of the undeformed surface; 1.5 mm unless `press` is given
  std::optional<double> press_N;   // force-controlled instead of travel, which then ends at press_travel_m
  double hold_s = 0.0;
  bool retract = true;
  bool base_plate = false;  // the cartridge's plate holds the skin flat around the needles
  std::optional<double> nose_inner_diameter_m, nose_outer_diameter_m;
  double vibration_frequency_Hz = 0.0, vibration_amplitude_m = 0.0;
  bool vibrates_in_insertion = true, vibrates_in_hold = true;
};

struct Scenario {
  std::string path;                    // as the user wrote it; "" for text
  std::string text;                    // the file as it was read
  std::vector<std::string> overrides;  // --set key=value, in order
  std::string always_path;             // the always.yaml whose requirements were added; "" if none

  std::string title;
  std::vector<std::string> tags;
  std::uint64_t seed = 1;
  Nanoseconds tick_ns = default_tick_ns;  // of a rig: its row period
  Tick duration = 0;
  std::string firmware = "reference_pen";
  bool counted = false;    // timing: counted
  Location counted_place;  // where it says so
  std::optional<double> core_clock_Hz;  // of an emulated core; without it the port's
  std::string cost = "none";            // the file of counted costs that a native core has; or none
  Location core_place;                  // of the section `core:`
  Rig rig = Rig::pen;
  PenChoice pen;
  CartridgeChoice cartridge;
  SkinChoice skin;
  OperatorChoice operation;  // the section `operator:`
  InsertionChoice insertion;
  std::map<std::string, std::pair<double, Location>> parameters;  // single parameters of the plant by full name, in SI
  std::vector<Command> timeline;  // sorted by tick; lines of one tick keep the order of the file
  std::vector<std::string> notes;  // on what the timeline does and a reader of it may not expect; findings of the run
  std::vector<std::string> watch;
  // by name, and by the enumerator that is poked into it
  std::map<std::pair<std::string, std::string>, Location> variable_places;
  std::vector<Measure> measures;
  std::vector<Requirement> requirements;  // the scenario's own, then those of always.yaml
  RecordOptions record;
  LinkOptions link;
};

struct LoadOptions {
  std::vector<std::string> overrides;  // "operator.press=3 N", "timeline.0.to=1.5 mm"
  bool always = true;                  // add the requirements of the nearest always.yaml at or above, else the
                                       // installed one
};

// Both throw InputError with every problem that was found.
Scenario load_scenario(const std::string& path, const LoadOptions& options = {});
// `name` stands for the file in messages; relative paths in the text are relative to `folder`.
Scenario parse_scenario(const std::string& text, const std::string& name, const std::string& folder = ".",
                        const LoadOptions& options = {});

// The requirements of an always.yaml: a list of {id, text, that, may_be_vacuous}.
std::vector<Requirement> load_always(const std::string& path);
// The nearest always.yaml at or above the folder of `scenario_path`, else the installed one, else "".
std::string find_always(const std::string& scenario_path);

struct ScenarioFile {
  std::string path;   // opens it
  std::string label;  // as shown: the path as given; for a folder: the folder as given + relative path
};
// What a user may want to hear of a search through folders.
struct SearchEvents {
  std::function<void(const std::string& folder)> entered;
  // A sentence on what could have been meant as a scenario or hides some: "a.yml: a scenario's name ends in .yaml".
  std::function<void(const std::string& sentence)> skipped;
};
// Files as given; a folder stands for every *.yaml below it, sorted, except always.yaml and what is under campaigns/.
// Links to folders and other file systems are not entered. Throws InputError for a path that does not exist, is no
// file, or is a folder without a scenario.
std::vector<ScenarioFile> expand_scenarios(const std::vector<std::string>& paths, const SearchEvents& events = {});

}  // namespace pensim
