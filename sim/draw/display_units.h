// display_units.h - SI inside, millimetres and degrees Celsius on the screen.
#pragma once

#include <string>

namespace pensim::dashboard {

struct DisplayUnit {
  std::string text;     // "mm"; "" for counts and ratios
  double factor = 1.0;  // shown = SI * factor + offset
  double offset = 0.0;
  double shown(double si) const { return si * factor + offset; }
  double si(double shown_value) const { return (shown_value - offset) / factor; }
};

// For the unit of a signal (udunits text: "m", "1/m^2"). An unknown unit is shown as it is.
DisplayUnit display_unit(const std::string& unit);

// "0.9874", "-12.3", "1.24e+06", "NaN", "∞": so many significant digits, no more zeros than needed to keep a column
// quiet.
std::string format_number(double shown, int digits = 4);
// "0.9874 mm" from SI.
std::string format_value(double si, const std::string& unit, int digits = 4);
// A difference or margin: no offset, "0.5 K".
std::string format_difference(double si, const std::string& unit, int digits = 4);
// Instants: "1.2345 s" to the resolution asked for.
std::string format_time(double seconds, double resolution_s = 1e-4);

}  // namespace pensim::dashboard
