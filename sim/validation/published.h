// targets.h - what was published about needles, skin, motors, cells, hands and pens, and the same measured on the
// models.
//
// A target is a measurement on the models under the published conditions, with the parameters it is given and nothing
// of its own but the geometry and motion that stand in `conditions`. Roles, which never change:
//   calibration  the fit of the skin reads them (sim/validation/fit_skin.h)
//   hold_out     the fit never reads them: measure_for_fit refuses
//   trend        an order or a form is published, not a curve
//   analytic     closed forms, data sheets, tables
#pragma once

#include <string>
#include <vector>

#include "models/cartridge.h"
#include "models/skin.h"
#include "sim/draw/chart.h"

namespace pensim {

enum class TargetRole : unsigned char { calibration, hold_out, trend, analytic };
const char* target_role_name(TargetRole);

// One number of the models against its published band.
struct TargetCheck {
  std::string what;  // with the unit
  double model = 0;
  double low = 0, high = 0;  // published, with the published tolerance; infinite where one-sided
  double residual = 0;       // distance from the published value, in tolerances: what a fit reads
  bool pass() const { return model >= low && model <= high; }
  double miss() const;  // how far outside the band, in units of `what`; 0 inside
};

struct TargetResult {
  std::vector<TargetCheck> checks;
  std::string note;  // what the row cannot say by numbers; "" if nothing
  dashboard::Chart chart;
  bool pass() const;
};

struct TargetModels {
  SkinParams skin;
  CartridgeParams cartridge;
};

struct PublishedTarget {
  const char* id;  // "VT-01"
  TargetRole role;
  const char* source;
  const char* conditions;
  TargetResult (*measure)(const TargetModels&);
};

const std::vector<PublishedTarget>& targets();  // 21, by id

// Force of one needle over its penetration in one stroke of the default pen, 1.5 mm at 120 Hz, phase by phase.
dashboard::Chart stroke_chart(const TargetModels&);

// Throws std::logic_error for anything but a calibration target.
TargetResult measure_for_fit(const PublishedTarget&, const TargetModels&);

// Used by the tables of targets_*.cpp.
TargetCheck around(std::string what, double model, double value, double tolerance);
TargetCheck within(std::string what, double model, double low, double high);
TargetCheck by_factor(std::string what, double model, double value, double factor);  // value/factor .. value factor
TargetCheck holds(std::string what, bool true_of_model);                             // 1 is published
void add_skin_targets(std::vector<PublishedTarget>&);
void add_pen_targets(std::vector<PublishedTarget>&);

}  // namespace pensim
