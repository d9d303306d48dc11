// selftest.h - is this installation sound? What QA pastes into a report: version, golden hashes, the probe core, a
// crash and a hang that are explained.
#pragma once

namespace pensim {

// Prints one line per check and a verdict. 0: sound; 4: not.
int command_selftest();

}  // namespace pensim
