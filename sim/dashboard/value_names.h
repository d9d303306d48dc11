// value_names.h - values of signals in words: enumerators of the core's variables, causes of a reset, modes; and
// commands as a recording holds them.
#pragma once

#include <string>

#include "sim/dashboard/state.h"

namespace pensim::dashboard {

// The names of a signal's values; empty for a quantity. Those of a core's variable are read once per core.
const std::map<std::int64_t, std::string>& value_names(App&, const std::string& signal);
// The name of the value, else the number.
std::string value_words(App&, const std::string& signal, double value);

// On or off: a pin, a button, the contact of the skin. Drawn as a lane, as are signals whose values have names.
bool is_switch(const std::string& signal);

// "set user.depth to 0.00050000000000000001 over 0 s" becomes "set user.depth to 0.5 mm"; what is no command of a
// recording stays as it is.
std::string command_words(const std::string& recorded);

}  // namespace pensim::dashboard
