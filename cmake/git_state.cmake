# cmake -DGIT=... -DFOLDER=... -DOUT=FILE -P git_state.cmake: writes the commit of FOLDER, with "+changes" if it was edited, as a
# header; "unknown" outside of a clone. The file is left alone while that is the same, so nothing is compiled again.
cmake_minimum_required(VERSION 3.25)
set(state unknown)
if(GIT)
  execute_process(COMMAND ${GIT} describe --always --dirty=+changes --abbrev=12 WORKING_DIRECTORY ${FOLDER}
                  OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(found)
    set(state ${found})
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define PENSIM_GIT_STATE \"${state}\"\n" @ONLY)
