// log_column.h - what the header of a column of a field log says: time, a signal with its unit and tolerance, a text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/exchange/csv_reader.h"
#include "sim/input/quantity.h"
#include "sim/recording/recorded.h"
#include "sim/vocabulary/signals.h"

namespace pensim {

struct LogColumn {
  // computed: a signal that no log holds, since it comes of others (strokes) or of a scenario (faults)
  enum class Role : std::uint8_t { time, signal, text, computed, skipped } role = Role::skipped;
  std::string name;  // as written, without brackets
  SignalInfo info;
  Unit unit;
};

double in_si(const Unit& unit, double x);

// "adc.battery", "motor_speed_Hz[5%]", "motor.speed [Hz] [5 %]", "time_ms", "time [s]". A tolerance is added to
// `tolerances`; what is wrong goes to `csv`.
LogColumn parse_column(CsvReader& csv, const Cell& cell, std::vector<RecordedTolerance>& tolerances);

}  // namespace pensim
