// key_list.h - what --set may change of a scenario, as a list to choose from: each key with its meaning, what it is
// now, and the words that it may be.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace pensim {

struct ScenarioKey {
  std::string path, about;         // "skin.region"
  std::string now;                 // as it would be written; "" if the catalog decides
  std::vector<std::string> words;  // a catalog's names, a choice; empty: a quantity or a text
};

// Keys of the skin, the operator, the cartridge and the pen, then the others that are no lists; only those of a pen's
// run.
std::vector<ScenarioKey> scenario_key_list(const Scenario&);

}  // namespace pensim
