// core_names.h - what a core calls its variables and their values, and where else it could run, for those who show a
// run.
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

// Where a firmware runs, in words: "native", "emulated Cortex-M", "board at tcp:host:1"; "" for "".
std::string target_words(const std::string& firmware);

// The builds of a core that are here, each as a scenario would name it; its own first. A board is alone.
std::vector<std::string> builds_of_core(const std::string& firmware);

}  // namespace pensim
