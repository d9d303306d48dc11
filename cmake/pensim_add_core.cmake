# pensim_add_core(NAME
#                 [SOURCES file...]          the firmware, unmodified; C and C++
#                 PORT file...               the port (docs/bring_your_firmware.md)
#                 [SHAPE rates|main|registers]   default rates
#                 [INCLUDES directory...] [DEFINES name[=value]...]
#                 [FLAGS flag...]            of both compilers; -std=c11 holds for C, -std=c++17 for C++
#                 [NATIVE_SOURCES file...]   what only the native core has: C for what is assembler in the firmware
#                 [ARM_SOURCES file...]      what only the ARM build has: assembler, the port of a kernel
#                 [RTOS freertos]            the native core takes pensim's port of the kernel (docs/rtos.md); the one of the target is ARM_SOURCES
#                 [DIALECT keil|iar]         the sources were written for armcc or iccarm: __packed struct, __weak, x @ ".section" ...
#                 [CPU cortex-m4]            of the ARM build: cortex-m0, cortex-m0plus, cortex-m3, cortex-m4, cortex-m33
#                 [OPTIMIZE -O0|-Os|...]     default PENSIM_CORE_OPTIMIZE, which is -O2
#                 [DATA_MODEL ilp32|lp64]    size of long and pointers: 4 bytes as on the target (default where it can be built), or 8
#                 [FREESTANDING]             needs no C library beyond memcpy, memmove, memset, memcmp, strlen (C only)
#                 [HEAP_BYTES number]        of malloc (ilp32 and ARM), default 65536
#                 [NO_WAIT_INSTRUMENTATION]) shapes main and registers without counted volatile reads: only calls into the shim wait
#
# gives NAME.so and NAME.twice.so in PENSIM_CORE_DIRECTORY, which is <build>/cores (the second from the same objects linked at another
# address, for `pensim run --twice`), and, where arm-none-eabi-gcc is, a target NAME.arm, which builds NAME.elf from the same
# files for a Cortex-M (pensim_arm_core.cmake).
#
# Flags and their reasons
#   -funsigned-char -fshort-enums   as the ARM ABI has it
#   -ffp-contract=off               a*b+c is two roundings here and there
#   -fno-gnu-unique, -Bsymbolic, hidden visibility   nothing of a core is shared with the host or with another copy of it
#   -femit-class-debug-always, -fstandalone-debug   an object of a class with virtual functions is watched in the file that has it
#   -fno-optimize-sibling-calls     a verdict names the function that called, not the one it jumped to
#   -include pen_assembler.h        barriers, sleep and masks in inline assembler become calls; other ARM assembler is refused in words
#   -fno-lto                        the instrumentation below would be lost, whatever the project asks for
#   -Ttext-segment=0x20001000       pointers fit into 32 bits, also those of 8 bytes
#   -z defs                         a hardware call without an answer stops the link, not the run
#   -D__NO_INLINE__                 lp64: glibc's putchar and vprintf stay calls, which the runtime answers
#   -fsanitize=thread (not linked)  every read of a volatile becomes a call into the runtime: "time passes here"
#   -fno-builtin-memcmp and others  what they compare is announced: a loop may wait by it
#   -fno-reorder-functions, -fno-reorder-blocks-and-partition   main() does not move in front of what it calls: the order that pen_plain.c goes by
#                                   (the first without the second makes exceptions fail: gcc 12)
# A core is never built with AddressSanitizer: that excludes the above, and the host catches what a core breaks.

set(PENSIM_CORE_OPTIMIZE -O2 CACHE STRING "optimisation of firmware cores")
set(PENSIM_CORE_DIRECTORY ${CMAKE_BINARY_DIR}/cores CACHE PATH "where firmware cores are built")

# In the source tree the shim lies beside this folder; a package installs it beside this file.
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/firmware_shim/pen_port.h)
  set(shim ${CMAKE_CURRENT_LIST_DIR}/firmware_shim)
else()
  get_filename_component(shim ${CMAKE_CURRENT_LIST_DIR}/../firmware_shim ABSOLUTE)
endif()

# In the cache, since a core may be added in another folder than the one that includes this file.
function(_pensim_constant name)
  set(${name} "${ARGN}" CACHE INTERNAL "")
endfunction()
_pensim_constant(PENSIM_SHIM_DIR ${shim})
_pensim_constant(PENSIM_CORE_FLAGS -g -funsigned-char -fshort-enums -ffp-contract=off -fvisibility=hidden -fno-omit-frame-pointer
    -fno-optimize-sibling-calls
                 -Wno-missing-field-initializers)
_pensim_constant(PENSIM_LP64_FLAGS -fPIC -D__NO_INLINE__)
_pensim_constant(PENSIM_CORE_FLAGS_GCC -fno-gnu-unique -fno-semantic-interposition)
_pensim_constant(PENSIM_CORE_FLAGS_CLANG -Wno-unused-command-line-argument)
_pensim_constant(PENSIM_WAIT_FLAGS_GCC -fsanitize=thread --param=tsan-distinguish-volatile=1 --param=tsan-instrument-func-entry-exit=0
                 -fno-builtin-memcmp -fno-builtin-strcmp -fno-builtin-strncmp --param=builtin-string-cmp-inline-length=0 -fno-reorder-functions -fno-reorder-blocks-and-partition)
_pensim_constant(PENSIM_WAIT_FLAGS_CLANG -fsanitize=thread "SHELL:-mllvm -tsan-distinguish-volatile=1"
                 "SHELL:-mllvm -tsan-instrument-func-entry-exit=0"
                 -fno-builtin-memcmp -fno-builtin-strcmp -fno-builtin-strncmp)
_pensim_constant(PENSIM_CORE_LINK_FLAGS -Wl,-Bsymbolic -Wl,-z,defs -Wl,-z,now -Wl,--build-id -Wl,-T,${shim}/runtime/core.ld)
# They read memory, and nobody announces it (runtime/pen_told.c).
set(wrapped -Wl,--wrap=memcmp -Wl,--wrap=memcpy -Wl,--wrap=strlen)
_pensim_constant(PENSIM_WAIT_LINK_FLAGS_FREESTANDING ${wrapped})
_pensim_constant(PENSIM_WAIT_LINK_FLAGS ${wrapped} -Wl,--wrap=memchr -Wl,--wrap=strcmp -Wl,--wrap=strncmp -Wl,--wrap=strchr -Wl,--wrap=strstr)
set(waiting pen_waiting.c pen_volatile.c pen_plain.c pen_told.c pen_threads.c)
_pensim_constant(PENSIM_RUNTIME_SOURCES_rates pen_runtime.c pen_costed.c pen_assembler.c)
_pensim_constant(PENSIM_RUNTIME_SOURCES_main pen_runtime.c pen_assembler.c ${waiting})
_pensim_constant(PENSIM_RUNTIME_SOURCES_registers pen_runtime.c pen_assembler.c ${waiting} pen_cortex.c)
_pensim_constant(PENSIM_RUNTIME_SOURCES_lp64 pen_libc.c)
_pensim_constant(PENSIM_RUNTIME_SOURCES_ilp32 pen_import.c pen_freestanding.c)
_pensim_constant(PENSIM_RUNTIME_DEFINES_rates PEN_CORE_SHAPE=0)
_pensim_constant(PENSIM_RUNTIME_DEFINES_main PEN_CORE_SHAPE=1 PEN_CORE_WAITS)
_pensim_constant(PENSIM_RUNTIME_DEFINES_registers PEN_CORE_SHAPE=2 PEN_CORE_WAITS)

# What the directory compiles with (warnings, say) holds for cores as well, except sanitizers.
function(_pensim_no_sanitizer target)
  foreach(property COMPILE_OPTIONS LINK_OPTIONS)
    get_target_property(options ${target} ${property})
    list(FILTER options EXCLUDE REGEX "-fsanitize|-fno-sanitize|-NOTFOUND")
    set_target_properties(${target} PROPERTIES ${property} "${options}")
  endforeach()
endfunction()

function(_pensim_core_options target optimize model freestanding language)
  _pensim_no_sanitizer(${target})
  set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
  target_compile_options(${target} PRIVATE ${PENSIM_CORE_FLAGS} ${optimize} -fno-lto
    $<$<OR:$<C_COMPILER_ID:GNU>,$<CXX_COMPILER_ID:GNU>>:${PENSIM_CORE_FLAGS_GCC}>
    $<$<OR:$<C_COMPILER_ID:Clang>,$<CXX_COMPILER_ID:Clang>>:${PENSIM_CORE_FLAGS_CLANG}>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-femit-class-debug-always> $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fstandalone-debug>)
  if(model STREQUAL ilp32)
    _pensim_ilp32_options(${target} ${freestanding} ${language})
  else()
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${target} PRIVATE ${PENSIM_LP64_FLAGS})
  endif()
endfunction()

# Whatever the project's flags for C++ are.
function(_pensim_cxx_of_runtime target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 17 CXX_EXTENSIONS ON)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fexceptions> $<$<COMPILE_LANGUAGE:CXX>:-frtti>)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/pensim_volatile_plugin.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/pensim_ilp32.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/newlib.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/pensim_arm_core.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/pensim_dialect.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/pensim_add_board.cmake)

# The shared object of a core with 8-byte pointers.
function(_pensim_lp64_library target address)
  add_library(${target} MODULE ${ARGN})
  set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PENSIM_CORE_DIRECTORY}
    LINK_DEPENDS ${PENSIM_SHIM_DIR}/runtime/core.ld)
  target_link_options(${target} PRIVATE ${PENSIM_CORE_LINK_FLAGS} -Wl,-Ttext-segment=${address})
  target_link_libraries(${target} PRIVATE m)
endfunction()

# The file ${target}.so of a core, from objects.
function(_pensim_core_file target model address heap_bytes freestanding language)
  if(model STREQUAL ilp32)
    _pensim_ilp32_image(${target} ${address} ${heap_bytes} ${freestanding} ${language} ${ARGN})
  else()
    _pensim_lp64_library(${target} ${address} ${ARGN})
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE ${language})
  endif()
  _pensim_no_sanitizer(${target})
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME ${target})
endfunction()

# The flags that hold for C or CXX: a standard is one of a language.
function(_pensim_flags_of language flags result)
  set(other "^-std=(c|gnu|iso9899:)[0-9]")
  if(language STREQUAL C)
    set(other "^-std=(c|gnu)[+]")
  endif()
  list(FILTER flags EXCLUDE REGEX ${other})
  set(${result} "${flags}" PARENT_SCOPE)
endfunction()

# Adds the port of a kernel to the native sources of the caller's core.
function(_pensim_rtos name rtos shape)
  if(NOT rtos STREQUAL freertos)
    message(FATAL_ERROR "pensim_add_core(${name}): RTOS is '${rtos}', expected freertos (another kernel: docs/rtos.md)")
  endif()
  if(shape STREQUAL rates)
    message(FATAL_ERROR "pensim_add_core(${name}): RTOS needs SHAPE main or registers, since a kernel has a main()")
  endif()
  set(core_NATIVE_SOURCES ${core_NATIVE_SOURCES} ${PENSIM_SHIM_DIR}/rtos/${rtos}/port.c PARENT_SCOPE)
endfunction()

function(pensim_add_core name)
  cmake_parse_arguments(core "NO_WAIT_INSTRUMENTATION;FREESTANDING" "SHAPE;OPTIMIZE;CPU;DIALECT;DATA_MODEL;HEAP_BYTES;RTOS"
    "SOURCES;NATIVE_SOURCES;ARM_SOURCES;PORT;INCLUDES;DEFINES;FLAGS" ${ARGN})
  if(core_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "pensim_add_core(${name}): unknown argument '${core_UNPARSED_ARGUMENTS}', expected SOURCES, NATIVE_SOURCES, ARM_SOURCES, "
                        "PORT, SHAPE, INCLUDES, DEFINES, FLAGS, RTOS, DIALECT, CPU, OPTIMIZE, DATA_MODEL, HEAP_BYTES, FREESTANDING or NO_WAIT_INSTRUMENTATION")
  endif()
  if(NOT core_PORT)
    message(FATAL_ERROR "pensim_add_core(${name}): PORT is needed: the file that answers the firmware's hardware calls; help: begin with the "
                        "port.c of the nearest example (docs/bring_your_firmware.md, 1)")
  endif()
  if(NOT core_SHAPE)
    set(core_SHAPE rates)
  endif()
  if(NOT core_SHAPE MATCHES "^(rates|main|registers)$")
    message(FATAL_ERROR "pensim_add_core(${name}): SHAPE is '${core_SHAPE}', expected rates (functions are called), main (a main() over a "
                        "hardware layer) or registers (a main() over registers and CMSIS)")
  endif()
  if(core_DATA_MODEL AND NOT core_DATA_MODEL MATCHES "^(ilp32|lp64)$")
    message(FATAL_ERROR "pensim_add_core(${name}): DATA_MODEL is '${core_DATA_MODEL}', expected ilp32 or lp64")
  endif()
  if(core_DIALECT AND NOT core_DIALECT MATCHES "^(keil|iar)$")
    message(FATAL_ERROR "pensim_add_core(${name}): DIALECT is '${core_DIALECT}', expected keil or iar")
  endif()
  if(core_RTOS)
    _pensim_rtos(${name} ${core_RTOS} ${core_SHAPE})
  endif()
  foreach(folder ${core_INCLUDES})
    get_filename_component(folder ${folder} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    if(NOT folder MATCHES "[$]<" AND NOT IS_DIRECTORY ${folder})
      message(WARNING "pensim_add_core(${name}): there is no folder ${folder} (INCLUDES)")
    endif()
  endforeach()
  foreach(file ${core_SOURCES} ${core_NATIVE_SOURCES} ${core_PORT})
    if(file MATCHES "\\.(s|S|asm)$")
      message(FATAL_ERROR "pensim_add_core(${name}): ${file} is assembler of the target, which a native core cannot have; "
                          "help: name it under ARM_SOURCES, and answer its functions in a C file under NATIVE_SOURCES")
    endif()
  endforeach()
  if(NOT DEFINED core_HEAP_BYTES)
    set(core_HEAP_BYTES 65536)
  endif()
  if(NOT core_HEAP_BYTES MATCHES "^[0-9]+$")
    message(FATAL_ERROR "pensim_add_core(${name}): HEAP_BYTES is '${core_HEAP_BYTES}', expected a number")
  endif()
  set(language C)
  if("${core_SOURCES};${core_NATIVE_SOURCES};${core_PORT}" MATCHES "\\.(cpp|cc|cxx)(;|$)")
    set(language CXX)
    set(core_FREESTANDING FALSE)  # libstdc++ stands on the C library
  endif()
  if(core_FREESTANDING)
    set(core_HEAP_BYTES 0)
  endif()
  _pensim_data_model(${name} "${core_DATA_MODEL}" ${core_FREESTANDING} ${language} model)
  if(NOT core_OPTIMIZE)
    set(core_OPTIMIZE ${PENSIM_CORE_OPTIMIZE})
  endif()

  # Ours come first, so that a vendor's device header finds our core_cm4.h and cmsis_compiler.h.
  set(includes ${PENSIM_SHIM_DIR})
  if(core_SHAPE STREQUAL registers)
    list(PREPEND includes ${PENSIM_SHIM_DIR}/cmsis)
  endif()

  _pensim_header_links(${name} "${core_INCLUDES}" "${core_SOURCES};${core_NATIVE_SOURCES};${core_ARM_SOURCES};${core_PORT}" header_links)
  list(APPEND core_INCLUDES ${header_links})

  add_library(${name}_objects OBJECT ${core_SOURCES} ${core_NATIVE_SOURCES} ${core_PORT})
  _pensim_core_options(${name}_objects ${core_OPTIMIZE} ${model} ${core_FREESTANDING} ${language})
  target_compile_options(${name}_objects PRIVATE "SHELL:-include ${PENSIM_SHIM_DIR}/runtime/pen_assembler.h")
  foreach(language C CXX)
    _pensim_flags_of(${language} "${core_FLAGS}" own)
    target_compile_options(${name}_objects PRIVATE $<$<COMPILE_LANGUAGE:${language}>:${own}>)
    if(own MATCHES "(^|;)-std=")  # CMake would add the project's own behind it
      set_property(TARGET ${name}_objects PROPERTY ${language}_STANDARD)
    endif()
  endforeach()
  if(core_RTOS)  # also where a portmacro.h of the target lies beside portable.h: the guard is the same
    target_compile_options(${name}_objects PRIVATE "SHELL:-include ${PENSIM_SHIM_DIR}/rtos/${core_RTOS}/portmacro.h")
  endif()
  set_target_properties(${name}_objects PROPERTIES PENSIM_DATA_MODEL ${model})
  target_include_directories(${name}_objects BEFORE PRIVATE ${includes})
  target_include_directories(${name}_objects PRIVATE ${core_INCLUDES})
  if(core_DIALECT)
    _pensim_dialect(${name}_objects)
  endif()
  target_compile_definitions(${name}_objects PRIVATE ${core_DEFINES} ${PENSIM_RUNTIME_DEFINES_${core_SHAPE}})
  if(NOT core_SHAPE STREQUAL rates AND NOT core_NO_WAIT_INSTRUMENTATION)
    foreach(language C CXX)
      if(CMAKE_${language}_COMPILER_ID STREQUAL GNU)
        _pensim_volatile_plugin(${CMAKE_${language}_COMPILER} plugin)
        target_compile_options(${name}_objects PRIVATE $<$<COMPILE_LANGUAGE:${language}>:${plugin}>)
      endif()
    endforeach()
    target_compile_options(${name}_objects PRIVATE
      $<$<OR:$<C_COMPILER_ID:GNU>,$<CXX_COMPILER_ID:GNU>>:${PENSIM_WAIT_FLAGS_GCC}>
      $<$<OR:$<C_COMPILER_ID:Clang>,$<CXX_COMPILER_ID:Clang>>:${PENSIM_WAIT_FLAGS_CLANG}>)
  endif()

  set(runtime_sources ${PENSIM_RUNTIME_SOURCES_${core_SHAPE}} ${PENSIM_RUNTIME_SOURCES_${model}})
  if(model STREQUAL ilp32 AND NOT core_FREESTANDING)
    list(APPEND runtime_sources pen_newlib.c)
    set(where_asked ${PENSIM_SHIM_DIR}/runtime/pen_free.c)
    if(language STREQUAL CXX)
      list(APPEND runtime_sources pen_cxx.cpp)
      list(APPEND where_asked ${PENSIM_SHIM_DIR}/runtime/pen_terminate.cpp)
    endif()
    add_library(${name}_free STATIC ${where_asked})
    _pensim_core_options(${name}_free -O2 ilp32 FALSE ${language})
    _pensim_cxx_of_runtime(${name}_free)
    target_include_directories(${name}_free PRIVATE ${PENSIM_SHIM_DIR} ${PENSIM_SHIM_DIR}/runtime)
  endif()
  list(TRANSFORM runtime_sources PREPEND ${PENSIM_SHIM_DIR}/runtime/)
  add_library(${name}_runtime OBJECT ${runtime_sources})
  _pensim_core_options(${name}_runtime -O2 ${model} ${core_FREESTANDING} ${language})
  target_include_directories(${name}_runtime PRIVATE ${PENSIM_SHIM_DIR} ${PENSIM_SHIM_DIR}/runtime)
  target_compile_definitions(${name}_runtime PRIVATE ${PENSIM_RUNTIME_DEFINES_${core_SHAPE}})
  if(core_DATA_MODEL STREQUAL lp64)
    target_compile_definitions(${name}_runtime PRIVATE PEN_LP64_CHOSEN)
  endif()
  set_target_properties(${name}_runtime PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
  _pensim_cxx_of_runtime(${name}_runtime)
  set(wrapped ${PENSIM_WAIT_LINK_FLAGS})
  if(core_FREESTANDING)
    set(wrapped ${PENSIM_WAIT_LINK_FLAGS_FREESTANDING})
    target_compile_definitions(${name}_runtime PRIVATE PEN_FREESTANDING)
  endif()
  if(model STREQUAL ilp32)  # a loop of the runtime's memset must not become a call of memset
    target_compile_options(${name}_runtime PRIVATE -fno-builtin $<$<C_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>)
  endif()

  # Behind whatever the project adds to the target later; the name differs so that CMake does not take it for the one above.
  cmake_language(EVAL CODE "cmake_language(DEFER CALL target_compile_options ${name}_objects PRIVATE SHELL:-fno-lto)")

  set(objects $<TARGET_OBJECTS:${name}_objects> $<TARGET_OBJECTS:${name}_runtime>)
  _pensim_core_file(${name} ${model} 0x20001000 ${core_HEAP_BYTES} ${core_FREESTANDING} ${language} ${objects})
  _pensim_core_file(${name}.twice ${model} 0x28000000 ${core_HEAP_BYTES} ${core_FREESTANDING} ${language} ${objects})

  if(NOT core_SHAPE STREQUAL rates)
    target_link_options(${name} PRIVATE ${wrapped})
    target_link_options(${name}.twice PRIVATE ${wrapped})
  endif()

  set(arm_options)
  if(core_NO_WAIT_INSTRUMENTATION)
    set(arm_options NO_WAIT_INSTRUMENTATION)
  endif()
  if(core_DIALECT)
    list(APPEND arm_options DIALECT)
  endif()
  if(core_FREESTANDING)
    list(APPEND arm_options FREESTANDING)
  endif()
  _pensim_add_arm_core(${name} ${arm_options} SHAPE ${core_SHAPE} DATA_MODEL ${model} HEAP_BYTES ${core_HEAP_BYTES} CPU ${core_CPU} OPTIMIZE ${core_OPTIMIZE} SOURCES ${core_SOURCES} ${core_ARM_SOURCES} ${core_PORT}
    INCLUDES ${includes} ${core_INCLUDES} DEFINES ${core_DEFINES} FLAGS ${core_FLAGS})
endfunction()
