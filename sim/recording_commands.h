// recording_commands.h - rerun and judge: the two things that the command line does with a recording besides comparing, replaying and
// exporting it (compare.h, replay.h, export.h).
#pragma once

#include <string>

namespace pensim {

struct RerunArguments { std::string recording, firmware, out; };
// Runs the scenario inside a recording, with every parameter as it was then. 0: the hash is equal; 1: different, and where; 2: the
// recording holds no scenario.
int command_rerun(const RerunArguments&);

struct JudgeArguments { std::string recording, require, json; };
// Judges the recorded requirements, or those of a file, without plant and core. Exit code of the verdict.
int command_judge(const JudgeArguments&);

}  // namespace pensim
