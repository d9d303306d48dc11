// core_names.h - what a core calls its variables and their values, for those who show a run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pensim {

// Names of an enumeration's numbers; empty for a variable of another type. `firmware` as a scenario names it.
// Both throw InputError: no such core, not readable, no such variable.
std::map<std::int64_t, std::string> core_enumerators(const std::string& firmware, const std::string& symbol);

// Name and type of at most `most` variables whose name contains the pattern.
std::vector<std::pair<std::string, std::string>> core_variables(const std::string& firmware, const std::string& pattern,
                                                                std::size_t most = 200);

}  // namespace pensim
