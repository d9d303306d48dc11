// program.h - where this program and what was installed with it lie: the build tree and an installation alike.
#pragma once

#include <string>
#include <vector>

namespace pensim {

// "" and "." if the system does not say.
std::string program_path();
std::string program_folder();

// Another program of ours: beside this one, or above it (tests lie in a folder below the programs). "" if it is not
// there.
std::string program_beside(const std::string& name);

// <share>/<name>, where share is $PENSIM_SHARE, or share/pensim beside the program or its prefix; "" if it is not
// there.
std::string share_path(const std::string& name);

// Where cores are looked for, in this order: the folders in $PENSIM_CORES (separated by ':'), cores/ beside the
// program (build tree), ../lib/pensim/cores (installed).
std::vector<std::string> core_folders();

}  // namespace pensim
