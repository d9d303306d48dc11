# The target's own C library and libm (newlib), for native cores in the target's data model and for the Cortex-M, from one source.
#
#   pensim_newlib(VARIANT result)   sets `result` to the folder with include/ and lib/libc.a, lib/libm.a, or to nothing when there is
#                                   neither an installed build nor Debian's newlib-source. A target pensim_newlib_VARIANT builds
#                                   it where it is not installed; what compiles against it or links it depends on that target.
#   VARIANT   x32              for gcc -mx32
#             thumbv7em-hard   Cortex-M4 with FPU
#             thumbv8m-hard, thumbv7m, thumbv6m   Cortex-M33 with FPU, Cortex-M3, Cortex-M0 and M0+
#
# Built once into <build>/newlib/VARIANT by newlib.sh, about a minute; installed with the package, beside this file.

set(PENSIM_NEWLIB_SOURCE "" CACHE FILEPATH "newlib-*.tar.xz; empty: of Debian's newlib-source")
_pensim_constant(PENSIM_NEWLIB_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/newlib.sh)
_pensim_constant(PENSIM_NEWLIB_INSTALLED ${CMAKE_CURRENT_LIST_DIR}/newlib)

set(arm -mthumb -ffunction-sections -fdata-sections)
_pensim_constant(PENSIM_NEWLIB_thumbv7em-hard ${arm} -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16)
_pensim_constant(PENSIM_NEWLIB_thumbv8m-hard ${arm} -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16)
_pensim_constant(PENSIM_NEWLIB_thumbv7m ${arm} -mcpu=cortex-m3 -mfloat-abi=soft)
_pensim_constant(PENSIM_NEWLIB_thumbv6m ${arm} -mcpu=cortex-m0 -mfloat-abi=soft)

function(pensim_newlib variant result)
  set(${result} "" PARENT_SCOPE)
  if(EXISTS ${PENSIM_NEWLIB_INSTALLED}/${variant}/lib/libc.a)
    set(${result} ${PENSIM_NEWLIB_INSTALLED}/${variant} PARENT_SCOPE)
    if(NOT TARGET pensim_newlib_${variant})
      add_custom_target(pensim_newlib_${variant})
    endif()
    return()
  endif()
  set(source ${PENSIM_NEWLIB_SOURCE})
  if(NOT source)
    file(GLOB found /usr/src/newlib/newlib-*.tar.xz)
    foreach(file ${found})
      set(source ${file})
    endforeach()
  endif()
  if(NOT EXISTS "${source}")
    return()
  endif()
  if(variant STREQUAL x32)
    set(host x86_64-elf)
    set(compiler "gcc -mx32")
    _pensim_gcc_include(include)
    set(flags ${PENSIM_NEWLIB_x32} -isystem ${include})
  else()
    find_program(PENSIM_ARM_GCC arm-none-eabi-gcc)
    if(NOT PENSIM_ARM_GCC)
      return()
    endif()
    set(host arm-none-eabi)
    set(compiler arm-none-eabi-gcc)
    set(flags ${PENSIM_NEWLIB_${variant}})
  endif()
  set(folder ${CMAKE_BINARY_DIR}/newlib/${variant})
  set(${result} ${folder} PARENT_SCOPE)
  if(TARGET pensim_newlib_${variant})
    return()
  endif()
  # The script replaces the folder as a whole; the stamp tells a build with these flags.
  set(stamp ${CMAKE_BINARY_DIR}/newlib/${variant}.stamp)
  add_custom_command(OUTPUT ${stamp} BYPRODUCTS ${folder}/lib/libc.a ${folder}/lib/libm.a
    COMMAND ${PENSIM_NEWLIB_SCRIPT} ${source} ${folder} ${host} ${compiler} ${flags}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${PENSIM_NEWLIB_SCRIPT} ${source} USES_TERMINAL
    COMMENT "Building newlib, the C library of the target, for ${variant} (once, about a minute)" VERBATIM)
  add_custom_target(pensim_newlib_${variant} DEPENDS ${stamp})
  if(variant STREQUAL "thumbv7em-hard")
    add_custom_target(pensim_newlib_arm DEPENDS ${stamp})
  endif()
endfunction()
