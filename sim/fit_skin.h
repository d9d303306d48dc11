// fit_skin.h - the joint fit of the skin's law on the calibration targets, and on nothing else.
//
// Minimises the sum of squares of the residuals of VT-01, 02, 03, 04, 12, 16, each in units of its published tolerance (sim/targets.h), over
// the parameters named below within the ranges of models/skin.h, from their present defaults (BOBYQA of NLopt: no gradients, the same steps
// every time). A tolerance counts as the 95 % half-width of its source, so the 95 % intervals are sqrt of the diagonal of (J^T J)^-1 at the
// optimum; where that leaves the range, the range stands.
#pragma once

#include <string>
#include <vector>

#include "sim/targets.h"

namespace pensim {

struct FittedParameter {
  std::string name;      // of SkinParams
  double value = 0, low = 0, high = 0;   // optimum, 95 % interval
};

struct FlatDirection {   // along which the calibration set hardly changes
  double singular_value = 0;  // change of the residuals over the whole range of the parameters
  std::vector<double> along;  // per parameter, of length 1
};

struct SkinFit {
  std::vector<FittedParameter> parameters;
  std::vector<std::vector<double>> correlation;
  std::vector<FlatDirection> flat;
  std::vector<std::string> targets;  // that were read
  double start = 0, optimum = 0;     // sum of squares
  int evaluations = 0;
};

SkinFit fit_skin(const TargetModels& start, int evaluations_max = 400);
std::string fit_text(const SkinFit&);

}  // namespace pensim
