// compare_panel.h - two recordings side by side, without a pixel: what they are aligned on, and their margins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/recording.h"

namespace pensim::dashboard {

enum class Alignment : unsigned char { time, contact, puncture, stroke, command };

// When it first happens; nullopt: it does not, or the recording does not know it. `command`: text of a recorded command.
std::optional<double> event_time(const Recording&, Alignment, const std::string& command = "");
// To be added to the times of `other`, so that the events coincide.
std::optional<double> alignment_shift(const Recording& main, const Recording& other, Alignment, const std::string& command = "");

struct MarginRow {
  std::string id, unit, outcome, other_outcome;  // outcome "": not there
  double margin = 0, other_margin = 0, at_s = 0;
  bool comparable = true;                        // both margins are in one unit
  double change() const;                         // other less this; 0 where one of them has no margin
  double relative_change() const;                // of the margin
};
// Changed verdicts first, then changed margins, largest loss first.
std::vector<MarginRow> margin_rows(const Recording& main, const Recording& other);

}  // namespace pensim::dashboard
