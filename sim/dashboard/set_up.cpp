#include "sim/dashboard/set_up.h"

#include <algorithm>

#include "sim/draw/widgets.h"
#include "sim/scenario/key_list.h"

namespace pensim::dashboard {

std::vector<SetUpChoice> set_up_choices(const Scenario& scenario, const std::string& typed) {
  std::vector<SetUpChoice> out;
  const std::size_t equals = typed.find('=');
  for (const ScenarioKey& key : scenario_key_list(scenario)) {
    if (equals == std::string::npos) {
      if (matches(typed, key.path + " " + key.about))
        out.push_back({key.path + "=", key.now.empty() ? key.path : key.path + " = " + key.now, key.about});
      continue;
    }
    if (key.path != typed.substr(0, equals)) continue;
    const std::string begun = typed.substr(equals + 1);
    for (const std::string& word : key.words)
      if (word != begun && matches(begun, word))
        out.push_back({key.path + "=" + word, word, word == key.now ? "as it is now" : ""});
    if (key.words.empty() && begun.empty() && !key.now.empty())
      out.push_back({key.path + "=" + key.now, key.now, "as it is now: " + key.about});
  }
  return out;
}

}  // namespace pensim::dashboard
