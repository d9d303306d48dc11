// curve.h - what a plot reads of a recording: as much as there are pixels, whatever the length.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/dashboard/state.h"
#include "sim/draw/display_units.h"

namespace pensim::dashboard {

// The signal of a document between two instants of the shared time axis, for `columns` pixels. Kept while nothing has
// changed; the reference stays valid until the next call for the same signal. "stroke.jitter" is made here: difference
// of successive periods.
const Curve& read_curve(PlotsState&, const Document&, const std::string& name, double from_s, double to_s, int columns);

// `other` minus `main` in each column, exact up to a few million samples, else bounds of it.
const Curve& read_difference(PlotsState&, const Document& main, const Document& other, const std::string& name,
                             double from_s, double to_s, int columns);

// Of a whole stroke, between its boundaries as they were interpolated within ticks. In ticks, if that was not recorded.
double period_of(const Recording&, const StrokeRow&);
// The stroke that a value per stroke at that instant belongs to: the last whole one, counted from 1; 0: none.
int whole_stroke_at(const Document&, double at_s);
// Stretches of [from_s, to_s] in which no stroke has ended for more than 1.5 times the last period: stroke.rate and
// stroke.period are bounds there, not measurements.
std::vector<std::pair<double, double>> overdue_spans(const Document&, double from_s, double to_s);
bool is_per_stroke(const Recording&, const std::string& name);

bool can_read(const Recording&, const std::string& name);
std::string unit_of(const Recording&, const std::string& name);
DisplayUnit shown_unit(const Recording&, const std::string& name);  // jitter in microseconds
// Held at that instant; NaN where there is nothing.
double value_at(const Document&, const std::string& name, double at_s);

// A stretch of one value of a switch or state: where it begins and ends, and where the next one of this value begins.
struct Pulse {
  double from_s = 0, to_s = 0;
  std::optional<double> next_s;
  double value = 0;
};
// Looked for within two seconds; none if nothing is recorded there.
std::optional<Pulse> pulse_at(const Document&, const std::string& name, double at_s);

// Where a signal is largest (smallest) between two instants; first of several. None if it has no number there.
std::optional<double> extreme_at(const Document&, const std::string& name, double from_s, double to_s, bool largest);

// The value held at each `step`-th tick from `from` to `to`.
std::vector<double> held_values(const Document&, const std::string& name, Tick from, Tick to, Tick step);

Stretch measure_stretch(const Document&, const std::string& name, double a_s, double b_s);

// Where a requirement does not hold; see Violations.
void find_violations(App&);

}  // namespace pensim::dashboard
