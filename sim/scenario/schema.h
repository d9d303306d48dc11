// schema.h - what may stand in a scenario file, as text: a JSON Schema for editors, and the names that a timeline may
// use.
#pragma once

#include <string>

namespace pensim {

std::string schema_text();    // JSON Schema (draft 2020-12) of scenario files, from the keys in scenario_keys.h
std::string settable_text();  // what a timeline may set, and the faults: name, unit, range, meaning

}  // namespace pensim
