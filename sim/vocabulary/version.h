// version.h - what this program is, for recordings and reports.
#pragma once

namespace pensim {
extern const char* const version;  // of project() in CMakeLists.txt
const char* git_state();           // commit and "+changes", as of the build; "unknown" outside a clone
const char* compiler_flags();      // compiler, version, build type
}  // namespace pensim
