// fit_skin.h - the joint fit of the skin's law on the calibration targets, and on nothing else.
//
// Minimises the sum of squares of the residuals of VT-01, 02, 03, 04, 12, 16, each in units of its published tolerance
// (sim/validation/published.h), over the parameters named in fit_skin.cpp within their ranges, plus a weak prior, whose
// 95 % half-width is half of the range: some directions are flat, and there the prior stands. BOBYQA of NLopt: no
// gradients, the same steps every time, from the prior, whatever the present defaults.
// A tolerance counts as the 95 % half-width of its source; so does an interval, from the inverse of J^T J + prior at
// the optimum.
#pragma once

#include <string>
#include <vector>

#include "sim/catalog/skin_law.h"
#include "sim/validation/published.h"

namespace pensim {

struct FlatDirection {        // along which the calibration set hardly changes
  double singular_value = 0;  // change of the residuals over the whole range of the parameters
  std::string words;          // "+0.82 puncture_floor_1 +0.58 puncture_speed_m_per_s": parts of a direction of length
                              // 1, above 0.2
};

struct SkinFit {
  SkinLaw law;  // optimum, intervals, correlation; no factor
  std::vector<FlatDirection> flat;
  std::vector<std::string> targets;  // that were read
  double defaults = 0, optimum = 0;  // sum of squares, without the prior
  int evaluations = 0;
};

// With evaluations_max 0 nothing is searched: intervals and correlation are those at the skin of `models`.
SkinFit fit_skin(const TargetModels& models, int evaluations_max = 400);
std::string fit_text(const SkinFit&);

}  // namespace pensim
