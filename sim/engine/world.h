// world.h - everything that changes during a run, as data. Only the engine moves it; the column `read` of signals.inl
// names its members as pen.*.
#pragma once

#include "firmware_shim/pen_shim.h"
#include "firmware_shim/target.h"
#include "models/plant.h"
#include "sim/engine/peripherals.h"
#include "sim/engine/settings.h"
#include "sim/engine/stroke.h"
#include "sim/engine/supply.h"

namespace pensim {

struct World {
  Settings settings;
  PlantState plant;
  PlantInput plant_input;
  PlantEdges edges;  // of the last plant tick
  PlantTruth truth;
  NonVolatileMemory memory;
  Watchdog watchdog;
  ConsoleLine console;
  StrokeTracker strokes;
  Nanoseconds now_ns = 0;  // instant of this tick
  StepReport report;       // of the core in this tick
  PlantEnergy energy;      // as of the last ms row
  Stroke stroke;           // completed last

  Supply supply;
  std::uint8_t reset_cause = PEN_RESET_POWER_ON;
  std::int64_t resets = 0;          // since the start of the run, the first power-on not counted
  std::uint32_t clock_zero_us = 0;  // the core's clock shows clock_zero_us at tick clock_zero
  Tick clock_zero = 0;
  std::int64_t buttons_held = 0;  // by the settings: sum of switch_bit
  Tick mode_script = -1;          // tick at which user.mode changed last: mode and confirm are pressed one after the
                                  // other
  std::uint16_t pins_before = 0;  // as the core was shown them
  PenOut out_before{};            // PenOut of the tick before: it acts on the plant now
};

}  // namespace pensim
