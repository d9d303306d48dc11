// curve.h - what a plot reads of a recording: as much as there are pixels, whatever the length.
#pragma once

#include <string>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// The signal of a document between two instants of the shared time axis, for `columns` pixels. Kept while nothing has
// changed; the reference stays valid until the next call for the same signal. "stroke.jitter" is made here: difference
// of successive periods.
const Curve& read_curve(PlotsState&, const Document&, const std::string& name, double from_s, double to_s, int columns);

// `other` minus `main` in each column, exact up to a few million samples, else bounds of it.
const Curve& read_difference(PlotsState&, const Document& main, const Document& other, const std::string& name,
                             double from_s, double to_s, int columns);

bool can_read(const Recording&, const std::string& name);
std::string unit_of(const Recording&, const std::string& name);
// Held at that instant; NaN where there is nothing.
double value_at(const Document&, const std::string& name, double at_s);

Stretch measure_stretch(const Document&, const std::string& name, double a_s, double b_s);

// Where a requirement does not hold; see Violations.
void find_violations(App&);

}  // namespace pensim::dashboard
