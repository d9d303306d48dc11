// filter.h - regular expressions from a command line.
#pragma once

#include <string>
#include <vector>

namespace pensim {

// Which of the texts an ECMAScript expression matches somewhere. It works in a process of its own for at most
// `limit_s` of processor time, since some expressions take longer than anybody waits. Throws InputError (at --filter):
// no expression, or one that takes too long.
std::vector<bool> filtered(const std::string& expression, const std::vector<std::string>& texts, int limit_s = 1);

}  // namespace pensim
