# Cores for ARM, from the same sources as the native ones, and those that hold assembler.
set(emulated_cores ${CMAKE_CURRENT_LIST_DIR}/cores)
pensim_add_arm_core(tasks SHAPE registers PORT ${emulated_cores}/tasks.c)
foreach(core counter slow filter)
  set(shape rates)
  if(core STREQUAL counter)
    set(shape main)
  endif()
  pensim_add_core(${core} SHAPE ${shape} PORT ${emulated_cores}/${core}.c)
endforeach()
pensim_add_core(peripherals SHAPE registers PORT ${emulated_cores}/peripherals.c
  NATIVE_SOURCES ${emulated_cores}/rotate.c ARM_SOURCES ${emulated_cores}/rotate.S)
pensim_add_core(library HEAP_BYTES 20000 PORT ${emulated_cores}/library.c)
foreach(cpu cortex-m0 cortex-m0plus cortex-m3 cortex-m33)
  pensim_add_core(small_${cpu} SHAPE main FREESTANDING CPU ${cpu} PORT ${emulated_cores}/small.c)
endforeach()
pensim_add_core(filter_contracted SHAPE rates PORT ${emulated_cores}/filter.c DEFINES CONTRACTED)
pensim_add_core(library_cortex-m33 CPU cortex-m33 HEAP_BYTES 20000 PORT ${emulated_cores}/library.c)
pensim_add_arm_core(faults SHAPE registers PORT ${emulated_cores}/faults.c INCLUDES ${emulated_cores})

# A core that no function of ours links.
set(stranger ${PENSIM_CORE_DIRECTORY}/stranger.elf)
file(GLOB stranger_sources CONFIGURE_DEPENDS ${emulated_cores}/stranger/* ${PENSIM_SHIM_DIR}/emulated/guest/*)
add_custom_command(OUTPUT ${stranger}
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/link_by_hand.sh ${PENSIM_SHIM_DIR} ${emulated_cores}/stranger ${stranger}
  DEPENDS ${stranger_sources} ${CMAKE_CURRENT_LIST_DIR}/link_by_hand.sh ${PENSIM_SHIM_DIR}/runtime/pen_volatile.c
          ${PENSIM_SHIM_DIR}/runtime/pen_runtime.h ${PENSIM_SHIM_DIR}/pen_port.h
  COMMENT "Linking stranger.elf by hand" VERBATIM)
add_custom_target(stranger.arm DEPENDS ${stranger})
