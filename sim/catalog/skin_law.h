// skin_law.h - how well the law of the skin is known: its fitted parameters with intervals and correlations
// (models/catalog/skin_law.yaml).
//
// The file is the output of `pensim validate --fit --out FOLDER` (sim/validation/fit_skin.h) and says so with the
// targets that were read. It is read when a skin is drawn, or shown by `pensim catalog law`; the values of a skin that
// is not drawn stand in models/skin.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pensim {

struct LawParameter {
  std::string name;                     // of SkinParams: "shaft_stress_Pa"; values below in its unit
  double value = 0, low = 0, high = 0;  // optimum of the fit, 95 % interval as far as the fit's range goes
  double deviation = 0;                 // standard deviation of the value, or of its natural logarithm
  bool logarithmic = false;
  std::pair<double, double> range;  // what it can be at all; a draw is clipped to it
};

struct SkinLaw {
  std::string origin;  // "joint fit on VT-01 ..."
  std::vector<LawParameter> parameters;
  std::vector<std::vector<double>> correlation;  // of the values, or of their logarithms
  std::vector<std::string> flat;                 // directions along which the targets say less than the prior, over
                                                 // the fit's ranges
  std::vector<std::vector<double>> factor;       // lower triangular, factor factor^T = correlation
};

// Throws InputError for a file that is no law: unknown or missing parameters, no interval, a correlation that is not
// positive definite.
SkinLaw read_skin_law(const std::string& path);
const SkinLaw& skin_law();  // of the catalog

std::string skin_law_yaml(const SkinLaw&);  // what read_skin_law reads

}  // namespace pensim
