// compare.h - what the comparison works out, without a pixel.
#pragma once

#include <string>
#include <vector>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

const Document& first_of(const App&);   // A
const Document& second_of(const App&);  // B

// time, first contact, first puncture, first stroke, then each command of the main document.
std::vector<std::string> alignments(const App&);
// Moves `other` by whole ticks so that the chosen event lies where it does in `main`; compare.no_event says why it
// cannot.
void align(App&, int alignment);

void swap_documents(App&);  // of two recordings

// The button that builds the core again, and what came of it.
void draw_rebuild(App&);

// Once a frame: some pieces of the difference, one requirement, the table.
void refresh_compare(App&);

void go_to_tick(App&, Tick);  // of the difference, where ticks of both are counted from their beginnings
// A value of a difference as it is shown: in the units of the plots; what is no number stays.
std::string difference_words(const std::string& value, const std::string& unit);
// Where the field of a difference can be seen: the signal itself, or what a field of the seam drives; else the first
// signal that differs; "" if none does.
std::string signal_of_field(const Recording&, const Difference&, const std::string& field);
// Moves cursor and view there and shows the field in a plot of its own.
void go_to_difference(App&, const FieldDifference&);

void select_compared(App&, const std::string& requirement);
void walk_compared(App&,
                   int direction);  // the next (-1: previous) row  // the cursor goes to where B is closest to failing

}  // namespace pensim::dashboard
