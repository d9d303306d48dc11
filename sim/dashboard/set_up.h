// set_up.h - what completes a line of the setup: keys of the scenario, then the words that a key may be.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace pensim::dashboard {

struct SetUpChoice {
  std::string text;   // what the line becomes: "skin.region=", "skin.region=forehead"
  std::string shown;  // "skin.region = cheek"
  std::string hint;   // its meaning
};

// Those that fit what was typed so far: words of keys and meanings in any order, or, behind `=`, the words that the key
// may be.
std::vector<SetUpChoice> set_up_choices(const Scenario&, const std::string& typed);

}  // namespace pensim::dashboard
