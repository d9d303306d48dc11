# The target's own C library and libm (newlib), for native cores in the target's data model and for the Cortex-M, from one source.
#
#   pensim_newlib(VARIANT result)   sets `result` to the folder with include/ and lib/libc.a, lib/libm.a, or to nothing when there is
#                                   neither an installed build nor Debian's newlib-source. A target pensim_newlib_VARIANT builds
#                                   it where it is not installed; what compiles against it or links it depends on that target.
#   VARIANT   x32              for gcc -mx32
#             thumbv7em-hard   Cortex-M4 with FPU
#             thumbv8m-hard, thumbv7m, thumbv6m   Cortex-M33 with FPU, Cortex-M3, Cortex-M0 and M0+
#
#   pensim_libstdcxx(VARIANT result)   the same for libstdc++, for x32 and thumbv7em-hard: include/, lib/libstdc++.a, of Debian's
#                                      gcc-12-source; target pensim_libstdcxx_VARIANT. Exceptions, RTTI, no threads, as arm-none-eabi-g++ has it
#
# Built once into <build>/newlib/VARIANT by newlib.sh, about a minute, and <build>/libstdcxx/VARIANT by libstdcxx.sh, two minutes;
# installed with the package, beside this file.

set(PENSIM_NEWLIB_SOURCE "" CACHE FILEPATH "newlib-*.tar.xz; empty: of Debian's newlib-source")
set(PENSIM_LIBSTDCXX_SOURCE "" CACHE FILEPATH "gcc-*-dfsg.tar.xz; empty: of Debian's gcc-12-source")
_pensim_constant(PENSIM_NEWLIB_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/newlib.sh)
_pensim_constant(PENSIM_NEWLIB_INSTALLED ${CMAKE_CURRENT_LIST_DIR}/newlib)
_pensim_constant(PENSIM_LIBSTDCXX_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/libstdcxx.sh)
_pensim_constant(PENSIM_LIBSTDCXX_INSTALLED ${CMAKE_CURRENT_LIST_DIR}/libstdcxx)

set(arm -mthumb -ffunction-sections -fdata-sections)
_pensim_constant(PENSIM_NEWLIB_thumbv7em-hard ${arm} -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16)
_pensim_constant(PENSIM_NEWLIB_thumbv8m-hard ${arm} -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16)
_pensim_constant(PENSIM_NEWLIB_thumbv7m ${arm} -mcpu=cortex-m3 -mfloat-abi=soft)
_pensim_constant(PENSIM_NEWLIB_thumbv6m ${arm} -mcpu=cortex-m0 -mfloat-abi=soft)

# Sets host, compiler and flags of a variant; compiler is empty where it is not installed.
macro(_pensim_library_compiler variant)
  set(compiler)
  if(${variant} STREQUAL x32)
    set(host x86_64-elf)
    set(compiler "gcc -mx32")
    _pensim_gcc_include(include)
    set(flags ${PENSIM_NEWLIB_x32} -isystem ${include})
  else()
    find_program(PENSIM_ARM_GCC arm-none-eabi-gcc)
    if(PENSIM_ARM_GCC)
      set(host arm-none-eabi)
      set(compiler arm-none-eabi-gcc)
      set(flags ${PENSIM_NEWLIB_${variant}})
    endif()
  endif()
endmacro()

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
  _pensim_library_compiler(${variant})
  if(NOT compiler)
    return()
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

function(pensim_libstdcxx variant result)
  set(${result} "" PARENT_SCOPE)
  if(EXISTS ${PENSIM_LIBSTDCXX_INSTALLED}/${variant}/lib/libstdc++.a)
    set(${result} ${PENSIM_LIBSTDCXX_INSTALLED}/${variant} PARENT_SCOPE)
    if(NOT TARGET pensim_libstdcxx_${variant})
      add_custom_target(pensim_libstdcxx_${variant})
    endif()
    return()
  endif()
  set(source ${PENSIM_LIBSTDCXX_SOURCE})
  if(NOT source)
    file(GLOB source /usr/src/gcc-12/gcc-12*-dfsg.tar.xz)
  endif()
  pensim_newlib(${variant} newlib)
  _pensim_library_compiler(${variant})
  if(NOT EXISTS "${source}" OR NOT newlib OR NOT compiler)
    return()
  endif()
  set(folder ${CMAKE_BINARY_DIR}/libstdcxx/${variant})
  set(${result} ${folder} PARENT_SCOPE)
  if(TARGET pensim_libstdcxx_${variant})
    return()
  endif()
  set(stamp ${CMAKE_BINARY_DIR}/libstdcxx/${variant}.stamp)
  add_custom_command(OUTPUT ${stamp} BYPRODUCTS ${folder}/lib/libstdc++.a
    COMMAND ${PENSIM_LIBSTDCXX_SCRIPT} ${source} ${folder} ${host} ${newlib} ${compiler} ${flags}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${PENSIM_LIBSTDCXX_SCRIPT} ${source} ${newlib}/lib/libc.a pensim_newlib_${variant} USES_TERMINAL
    COMMENT "Building libstdc++, the C++ library of the target, for ${variant} (once, about two minutes)" VERBATIM)
  add_custom_target(pensim_libstdcxx_${variant} DEPENDS ${stamp})
endfunction()
