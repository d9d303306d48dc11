// recording_commands.h - rerun, judge and replay from the command line.
#pragma once

#include <string>

namespace pensim {

struct RerunArguments {
  std::string recording, firmware, out;
};
// Runs the scenario inside a recording, with every parameter as it was then. 0: the hash is equal; 1: different, and
// where; 2: the recording holds no scenario.
int command_rerun(const RerunArguments&);

struct JudgeArguments {
  std::string recording, require, json;
};
// Judges the recorded requirements, or those of a file, without plant and core. Exit code of the verdict.
int command_judge(const JudgeArguments&);

struct ReplayArguments {
  std::string recording, firmware;
};
// Feeds a core, the recorded one unless another is named, with recorded inputs; a field log (.csv) is imported first.
// 0: every compared output is equal; 1: different, and where; 2: cannot be compared, and why; 3: the core crashed.
int command_replay(const ReplayArguments&);

}  // namespace pensim
