// board.h - which quantity is on which channel and which switch on which line: the only place where readings and wishes
// become PenIn, and PenOut becomes what the plant is given. Sensor faults act here, on the line between plant and core;
// the truth stays as it is.
//
// The converter has 12 bit: 0..4095 for 0..sensors.reference_V, rounded and clipped.
#pragma once

#include "firmware_shim/pen_shim.h"
#include "sim/engine/world.h"

namespace pensim {

// The core's clock at `now` (32-bit microseconds that wrap).
std::uint32_t core_clock_us(const World&, Nanoseconds at_ns, Nanoseconds tick_ns);

// Rounded and clipped.
std::uint16_t board_counts(double counts);
// Every channel of the converter.
void board_convert(const SensorReadings&, std::uint16_t adc[PEN_ADC_COUNT]);

// Step 2 of a tick: ADC, pins, edges of the last plant tick, auxiliary inputs, reset cause. Memory and console are
// added by the engine.
void board_sense(const PlantParams&, const PlantDerived&, World&, Tick now, Nanoseconds tick_ns, PenIn& in);

// Step 5 of a tick: what the plant is given until the next tick, from PenOut of the tick before and the settings.
void board_drive(World&, const PenOut& out, Tick now, Nanoseconds tick_ns);

}  // namespace pensim
