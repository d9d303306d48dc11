# cmake -DPRESET=... -DSOURCE=... -DBINARY=... -P build_preset.cmake: pensim and the cores of the golden runs as PRESET makes them.
foreach(command
    "--preset;${PRESET};-S;${SOURCE};-B;${BINARY};-DPENSIM_DASHBOARD=OFF;-DPENSIM_VALIDATION=OFF;-DBUILD_TESTING=OFF"
    "--build;${BINARY};--target;pensim;reference_pen;probe")
  execute_process(COMMAND ${CMAKE_COMMAND} ${command} WORKING_DIRECTORY ${SOURCE} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
