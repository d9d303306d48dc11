#include "sim/vocabulary/version.h"

#ifndef PENSIM_GIT_STATE
#define PENSIM_GIT_STATE "unknown"
#endif
#ifndef PENSIM_FLAGS
#define PENSIM_FLAGS ""
#endif

namespace pensim {

const char* git_state() { return PENSIM_GIT_STATE; }

const char* compiler_flags() {
#ifdef __clang__
  return "clang++ " __clang_version__ " " PENSIM_FLAGS;
#else
  return "g++ " __VERSION__ " " PENSIM_FLAGS;
#endif
}

}  // namespace pensim
