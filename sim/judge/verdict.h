// verdict.h - what the judge says of one requirement.
#pragma once

#include <string>

#include "sim/vocabulary/verdict.h"

namespace pensim {

struct RequirementResult {
  std::string id, text, that;
  Outcome outcome = Outcome::invalid;
  bool may_be_vacuous = false;
  bool always = false;
  double margin = 0.0;  // may be infinite; of no meaning unless it passed, failed or is vacuous
  std::string unit;
  double at_s = 0.0;
  std::string reason;  // the atom that attains the margin, or why it is invalid
  double relative = 0.0;  // the margin as a share of what it is measured from (requirement.h)
};

// Whether there is a margin at all.
inline bool has_margin(const RequirementResult& q) {
  return q.outcome != Outcome::invalid && q.outcome != Outcome::not_applicable;
}

}  // namespace pensim
