// requirement.h - what a scenario demands and measures, as text; sim/judge gives it a meaning.
#pragma once

#include <string>

#include "sim/input/input_error.h"

namespace pensim {

// Formulas stay text here; sim/judge/formula.h gives them a meaning. `at` is where the text of `that` begins.
struct Requirement {
  std::string id;
  std::string text;
  std::string that;
  bool may_be_vacuous = false;
  bool always = false;  // it came from an always.yaml
  Location at;
};

struct Measure {
  std::string name;
  std::string expression;
  Location at;
};

}  // namespace pensim
