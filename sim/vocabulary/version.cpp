#include "sim/vocabulary/version.h"

#include "pensim_git_state.h"  // written by each build: cmake/git_state.cmake

namespace pensim {

const char* const version = PENSIM_VERSION;

const char* git_state() { return PENSIM_GIT_STATE; }

const char* compiler_flags() {
#ifdef __clang__
  return "clang++ " __clang_version__ " " PENSIM_BUILD_TYPE;
#else
  return "g++ " __VERSION__ " " PENSIM_BUILD_TYPE;
#endif
}

}  // namespace pensim
