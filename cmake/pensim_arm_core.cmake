# _pensim_add_arm_core(NAME SHAPE rates|main|registers [CPU cortex-m4] [OPTIMIZE -O2] [NO_WAIT_INSTRUMENTATION] [FREESTANDING]
#                      [DIALECT] [DATA_MODEL ilp32|lp64] [HEAP_BYTES number] SOURCES file... INCLUDES directory... DEFINES name[=value]... [FLAGS flag...])
#
# pensim_add_arm_core(NAME PORT file... and the arguments above)
#
# A core that only an emulated Cortex-M can run, since its sources hold assembler: NAME.elf, with the include folders of a port.
#
# _pensim_add_arm_core is the ARM side of pensim_add_core, where arm-none-eabi-gcc is: target NAME.arm, which builds NAME.elf in PENSIM_CORE_DIRECTORY from
# the same sources, for `--firmware emulated:NAME.elf`. CPU: cortex-m0, cortex-m0plus, cortex-m3, cortex-m4 (with FPU), cortex-m33 (with FPU).
#
# The C library is newlib of newlib.cmake, as in a native core with 4-byte longs, so that libm rounds alike on both, and the C++ library
# of a core for cortex-m4 libstdc++ of newlib.cmake. They are Debian's for a core that is FREESTANDING and needs none (so that it does not
# wait for the build of newlib, a minute for each family of CPUs), and where newlib cannot be built. DATA_MODEL: of the native core; with
# lp64 printf and rand are the runtime's, as there.
#
# Flags and their reasons
#   -ffp-contract=off               a*b+c is two roundings here and there
#   -fsanitize=thread (not linked)  every read of a volatile becomes a call into the runtime: "time passes here"

_pensim_constant(PENSIM_ARM_FLAGS_cortex-m0 -mcpu=cortex-m0 -mfloat-abi=soft)
_pensim_constant(PENSIM_ARM_FLAGS_cortex-m0plus -mcpu=cortex-m0plus -mfloat-abi=soft)
_pensim_constant(PENSIM_ARM_FLAGS_cortex-m3 -mcpu=cortex-m3 -mfloat-abi=soft)
_pensim_constant(PENSIM_ARM_FLAGS_cortex-m4 -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16)
_pensim_constant(PENSIM_ARM_FLAGS_cortex-m33 -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16)
_pensim_constant(PENSIM_ARM_NEWLIB_cortex-m0 thumbv6m)
_pensim_constant(PENSIM_ARM_NEWLIB_cortex-m0plus thumbv6m)
_pensim_constant(PENSIM_ARM_NEWLIB_cortex-m3 thumbv7m)
_pensim_constant(PENSIM_ARM_NEWLIB_cortex-m4 thumbv7em-hard)
_pensim_constant(PENSIM_ARM_NEWLIB_cortex-m33 thumbv8m-hard)
_pensim_constant(PENSIM_ARM_CORE_FLAGS -mthumb -ffp-contract=off -funsigned-char -fshort-enums -ffunction-sections -fdata-sections -g
                 -fno-optimize-sibling-calls -Wno-missing-field-initializers)

# Sets `result` to the folder of newlib that the core links, or to nothing for Debian's.
function(_pensim_arm_newlib name cpu freestanding result)
  set(${result} "" PARENT_SCOPE)
  if(freestanding)
    return()
  endif()
  pensim_newlib(${PENSIM_ARM_NEWLIB_${cpu}} newlib)
  if(NOT newlib)
    message(STATUS "core ${name}.elf: C library and libm are Debian's, since newlib is not here (Debian: newlib-source); "
                   "results of libm may differ from the native core's")
  endif()
  set(${result} "${newlib}" PARENT_SCOPE)
endfunction()

# Compiles one file of a core for ARM; the object is appended to the list `objects`.
macro(_pensim_arm_object name source folder flags)
  get_filename_component(stem ${source} NAME)
  set(compiler ${PENSIM_ARM_GCC} -std=gnu11)
  if(stem MATCHES "\\.(cpp|cc|cxx)$")
    set(compiler ${PENSIM_ARM_GXX} -std=gnu++20 -femit-class-debug-always)
    set(linker ${PENSIM_ARM_GXX})
    if(libstdcxx)  # in front of the C headers: it includes the next of the same name
      list(APPEND compiler -nostdinc++ -isystem ${libstdcxx}/include)
    endif()
    _pensim_flags_of(CXX "${flags}" of_language)
  else()
    _pensim_flags_of(C "${flags}" of_language)
  endif()
  if(newlib AND (stem MATCHES "\\.c$" OR libstdcxx))  # Debian's libstdc++ goes with Debian's headers
    list(APPEND compiler -isystem ${newlib}/include)
  endif()
  list(LENGTH objects number)  # two files of one name are two objects
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.arm/${folder}/${number}.${stem}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/${name}.arm/${folder}
    COMMAND ${launcher} ${compiler} ${of_language} -MMD -MF ${object}.d -o ${object} -c ${source}
    DEPENDS ${source} DEPFILE ${object}.d COMMENT "Compiling ${name} for ${core_CPU}: ${stem}" VERBATIM COMMAND_EXPAND_LISTS)
  list(APPEND objects ${object})
endmacro()

function(_pensim_add_arm_core name)
  cmake_parse_arguments(core "NO_WAIT_INSTRUMENTATION;FREESTANDING;DIALECT" "SHAPE;OPTIMIZE;CPU;DATA_MODEL;HEAP_BYTES" "SOURCES;INCLUDES;DEFINES;FLAGS" ${ARGN})
  find_program(PENSIM_ARM_GCC arm-none-eabi-gcc)
  find_program(PENSIM_ARM_GXX arm-none-eabi-g++)
  if(NOT PENSIM_ARM_GCC OR NOT PENSIM_ARM_GXX)
    return()
  endif()
  if(NOT core_CPU)
    set(core_CPU cortex-m4)
  endif()
  if(NOT DEFINED PENSIM_ARM_FLAGS_${core_CPU})
    message(FATAL_ERROR "pensim_add_core(${name}): CPU is '${core_CPU}', expected cortex-m0, cortex-m0plus, cortex-m3, cortex-m4 or cortex-m33; "
                        "help: cortex-m4 for a Cortex-M7, cortex-m33 for an M23 or M55")
  endif()
  _pensim_arm_newlib(${name} ${core_CPU} ${core_FREESTANDING} newlib)
  set(libstdcxx)
  if(newlib AND core_CPU STREQUAL cortex-m4 AND "${core_SOURCES}" MATCHES "\\.(cpp|cc|cxx)(;|$)")
    pensim_libstdcxx(thumbv7em-hard libstdcxx)
  endif()
  set(linker ${PENSIM_ARM_GCC})
  set(objects)
  list(TRANSFORM core_DEFINES PREPEND -D)
  set(flags ${PENSIM_ARM_FLAGS_${core_CPU}} ${PENSIM_ARM_CORE_FLAGS})
  list(TRANSFORM PENSIM_RUNTIME_DEFINES_${core_SHAPE} PREPEND -D OUTPUT_VARIABLE shape_defines)
  list(APPEND flags ${shape_defines})

  set(core_flags ${flags} ${core_OPTIMIZE} ${core_DEFINES} ${core_FLAGS})
  foreach(include ${core_INCLUDES})
    get_filename_component(include ${include} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    list(APPEND core_flags -I${include})
  endforeach()
  set(launcher)
  if(core_DIALECT)
    set(launcher ${PENSIM_DIALECT_LAUNCHER})
    string(REPLACE "SHELL:" "" dialect_flags "${PENSIM_DIALECT_FLAGS}")
    separate_arguments(dialect_flags)
    list(APPEND core_flags ${dialect_flags})
  endif()
  set(announced)
  if(NOT core_SHAPE STREQUAL rates AND NOT core_NO_WAIT_INSTRUMENTATION)
    _pensim_volatile_plugin(${PENSIM_ARM_GCC} plugin)
    list(APPEND core_flags ${PENSIM_WAIT_FLAGS_GCC} ${plugin})
    set(announced -DPEN_GUEST_ANNOUNCED=1)
  endif()
  foreach(file ${core_SOURCES})
    get_filename_component(source ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    _pensim_arm_object(${name} ${source} core "${core_flags}")
  endforeach()

  set(launcher)
  set(guest ${PENSIM_SHIM_DIR}/emulated/guest)
  set(guest_flags ${flags} -O2 -foptimize-sibling-calls -DPEN_GUEST ${announced} -I${PENSIM_SHIM_DIR})
  set(guest_sources ${guest}/pen_guest.c ${guest}/stubs.S ${guest}/guest_volatile.c)
  if(core_DATA_MODEL STREQUAL lp64)
    list(APPEND guest_sources ${PENSIM_SHIM_DIR}/runtime/pen_libc.c)
  endif()
  foreach(source ${guest_sources})
    _pensim_arm_object(${name} ${source} guest "${guest_flags}")
  endforeach()

  set(library)
  set(library_folder)
  if(newlib)
    set(library ${newlib}/lib/libc.a)
    set(library_folder -L${newlib}/lib)
  endif()
  if(libstdcxx)
    list(APPEND library ${libstdcxx}/lib/libstdc++.a)
    list(PREPEND library_folder -L${libstdcxx}/lib)
  endif()
  set(heap)
  if(core_HEAP_BYTES)
    set(heap -Wl,--defsym=pen_heap_bytes=${core_HEAP_BYTES})
  endif()
  set(elf ${PENSIM_CORE_DIRECTORY}/${name}.elf)
  add_custom_command(OUTPUT ${elf}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PENSIM_CORE_DIRECTORY}
    COMMAND ${linker} ${PENSIM_ARM_FLAGS_${core_CPU}} -mthumb -nostartfiles -Wl,--gc-sections -Wl,--build-id=sha1 -T ${guest}/guest.ld ${heap}
            ${library_folder} ${objects} -lm -o ${elf}
    DEPENDS ${objects} ${library} ${guest}/guest.ld COMMENT "Linking ${name}.elf for ${core_CPU}" VERBATIM)
  add_custom_target(${name}.arm DEPENDS ${elf})
  if(newlib)
    add_dependencies(${name}.arm pensim_newlib_${PENSIM_ARM_NEWLIB_${core_CPU}})
  endif()
  if(libstdcxx)
    add_dependencies(${name}.arm pensim_libstdcxx_thumbv7em-hard)
  endif()
endfunction()

function(pensim_add_arm_core name)
  cmake_parse_arguments(core "NO_WAIT_INSTRUMENTATION;FREESTANDING" "SHAPE;OPTIMIZE;CPU;HEAP_BYTES" "SOURCES;PORT;INCLUDES;DEFINES;FLAGS" ${ARGN})
  if(core_UNPARSED_ARGUMENTS OR NOT core_PORT OR NOT core_SHAPE MATCHES "^(rates|main|registers)$")
    message(FATAL_ERROR "pensim_add_arm_core(${name}): PORT and SHAPE rates, main or registers are needed; also SOURCES, INCLUDES, DEFINES, "
                        "CPU, OPTIMIZE, HEAP_BYTES, FLAGS, FREESTANDING, NO_WAIT_INSTRUMENTATION")
  endif()
  set(options)
  foreach(option NO_WAIT_INSTRUMENTATION FREESTANDING)
    if(core_${option})
      list(APPEND options ${option})
    endif()
  endforeach()
  if(NOT core_OPTIMIZE)
    set(core_OPTIMIZE ${PENSIM_CORE_OPTIMIZE})
  endif()
  set(includes ${PENSIM_SHIM_DIR})
  if(core_SHAPE STREQUAL registers)
    list(PREPEND includes ${PENSIM_SHIM_DIR}/cmsis)
  endif()
  _pensim_add_arm_core(${name} ${options} SHAPE ${core_SHAPE} OPTIMIZE ${core_OPTIMIZE} SOURCES ${core_SOURCES} ${core_PORT}
    INCLUDES ${includes} ${core_INCLUDES} DEFINES ${core_DEFINES} FLAGS ${core_FLAGS} CPU ${core_CPU}
    HEAP_BYTES ${core_HEAP_BYTES})
endfunction()
