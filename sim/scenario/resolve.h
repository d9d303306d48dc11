// resolve.h - scenario and catalog become numbers: what the engine runs, and what a recording keeps so that it can be
// rerun.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/plant.h"
#include "sim/scenario/scenario.h"

namespace pensim {

struct InitialSetting {
  std::string name;  // a settable (settables.inl)
  double value = 0.0;
  bool operator==(const InitialSetting&) const = default;
};

struct ResolvedScenario {
  std::string path;  // label of the scenario, for reports
  std::string title;
  std::vector<std::string> tags;
  Rig rig = Rig::pen;
  std::uint64_t seed = 1;
  Nanoseconds tick_ns = default_tick_ns;
  Tick duration = 0;
  std::string firmware;
  bool counted = false;  // instructions of an emulated core take time
  std::uint32_t core_clock_Hz = 0;  // of an emulated core; 0: its port's
  std::string cost;                 // text of counted costs for a native core (firmware_shim/counted_cost.h); "": none
  std::uint32_t clock_start_us = 0;
  std::vector<InitialSetting> settings;  // every settable, in the order of settables.inl
  std::vector<Command> commands;         // sorted by tick, stable
  int cartridge_used = 0;
  std::uint64_t cartridge_serial = 1;
  std::vector<std::uint8_t> pen_memory;        // PEN_NVM_PEN_BYTES
  std::vector<std::uint8_t> cartridge_memory;  // PEN_NVM_CARTRIDGE_BYTES
  InsertionChoice insertion;                   // rig: insertion
  std::vector<std::string> watch;
  RecordOptions record;
  LinkOptions link;  // expects: as the scenario says it
  std::vector<Measure> measures;
  std::vector<Requirement> requirements;
  PlantParams plant;  // its seed is the scenario's
};

// Looks up pen, motor, battery, cartridge, skin; conditions and topicals multiply. Throws InputError.
ResolvedScenario resolve(const Scenario& scenario);

// Adds a problem for each value that would divide by zero or mean nothing. May be negative: offsets and coefficients.
// May be zero: what is left out.
void check_plant(PlantParams& params, const Location& at, std::vector<InputProblem>& problems);

}  // namespace pensim
