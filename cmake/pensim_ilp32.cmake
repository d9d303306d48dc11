# Native cores in the target's data model: 4-byte long, pointer and size_t (gcc -mx32, clang --target=x86_64-linux-gnux32), the
# target's own C and C++ headers and libraries. Used by pensim_add_core.
#
# Flags and their reasons
#   -nostdinc, -isystem ..., -include pen_types.h   newlib's headers, and fixed-width types as arm-none-eabi-gcc has them
#   -mlong-double-64                long double is double, as on ARM
#   -mstack-protector-guard=global  the other place is the host's
#   -fPIE, -static-pie              a second copy in one process lies elsewhere (firmware_shim/native/image.h)
#   -nostdlib                       nothing of the PC is linked; -ffast-math brings no start-up file that changes the processor's mode
#   -e pen_runtime                  the entry point is the core's table of functions
#   --eh-frame-hdr                  exceptions find their frames by it (runtime/pen_cxx.cpp)

_pensim_constant(PENSIM_ILP32_FLAGS -fPIE -mlong-double-64 -mstack-protector-guard=global "SHELL:-include ${shim}/runtime/pen_types.h" -nostdinc)
_pensim_constant(PENSIM_NEWLIB_x32 -fPIE -mlong-double-64 -fno-stack-protector -fcf-protection=none -fno-omit-frame-pointer
  -include ${shim}/runtime/pen_types.h -nostdinc)
_pensim_constant(PENSIM_ILP32_LINK_FLAGS -static-pie -nostdlib -nostartfiles -Wl,-e,pen_runtime -Wl,--build-id -Wl,--no-export-dynamic -Wl,--eh-frame-hdr
  -Wl,-z,noexecstack -Wl,-T,${shim}/runtime/image.ld)

# PENSIM_ILP32_FLAG_<language>: the flag that makes the compiler build for it, and PENSIM_ILP32_INCLUDE_<language>, its own headers; or
# PENSIM_ILP32_MISSING_<language>: why not. Asked once for a compiler.
function(_pensim_find_ilp32 language)
  set(compiler "${CMAKE_${language}_COMPILER}")
  if(PENSIM_ILP32_ASKED_${language} STREQUAL "${compiler}")
    return()
  endif()
  _pensim_constant(PENSIM_ILP32_ASKED_${language} "${compiler}")
  _pensim_constant(PENSIM_ILP32_MISSING_${language})
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    _pensim_constant(PENSIM_ILP32_MISSING_${language} "this is no x86-64 machine")
    return()
  endif()
  set(flag -mx32)
  set(ask -print-file-name=include)
  if(CMAKE_${language}_COMPILER_ID MATCHES Clang)
    set(flag --target=x86_64-linux-gnux32)
    set(ask -print-resource-dir)
  endif()
  execute_process(COMMAND ${compiler} ${ask} OUTPUT_VARIABLE include OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(CMAKE_${language}_COMPILER_ID MATCHES Clang)
    string(APPEND include /include)
  endif()
  set(try ${CMAKE_BINARY_DIR}/CMakeFiles/pensim_ilp32)
  file(WRITE ${try}.c "typedef char four[sizeof(long) == 4 ? 1 : -1];\nint pen_runtime(void) { return 0; }\n")
  execute_process(COMMAND ${compiler} ${flag} -fPIE -static-pie -nostdlib -Wl,-e,pen_runtime -x c ${try}.c -o ${try}.out
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    _pensim_constant(PENSIM_ILP32_MISSING_${language} "${compiler} ${flag} does not build")
    return()
  endif()
  _pensim_constant(PENSIM_ILP32_FLAG_${language} ${flag})
  _pensim_constant(PENSIM_ILP32_INCLUDE_${language} ${include})
  find_path(PENSIM_NEWLIB_HEADERS newlib.h PATHS /usr/include/newlib NO_DEFAULT_PATH)
endfunction()

# The folder of gcc's own headers (newlib is built with gcc, whatever builds the core).
function(_pensim_gcc_include result)
  execute_process(COMMAND gcc -print-file-name=include OUTPUT_VARIABLE include OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${result} ${include} PARENT_SCOPE)
endfunction()

# Sets `result` to ilp32 or lp64: what the core is built as. `wanted`: DATA_MODEL, or empty; `language`: CXX if a source is C++.
function(_pensim_data_model name wanted freestanding language result)
  set(${result} lp64 PARENT_SCOPE)
  if(wanted STREQUAL lp64)
    return()
  endif()
  _pensim_find_ilp32(C)
  set(missing "${PENSIM_ILP32_MISSING_C}")
  if(NOT missing AND language STREQUAL CXX)
    _pensim_find_ilp32(CXX)
    set(missing "${PENSIM_ILP32_MISSING_CXX}")
  endif()
  if(NOT missing AND freestanding AND NOT PENSIM_NEWLIB_HEADERS)
    set(missing "newlib's headers are not here (Debian: libnewlib-dev)")
  elseif(NOT missing AND NOT freestanding)
    pensim_newlib(x32 newlib)
    if(NOT newlib)
      set(missing "newlib is not here (Debian: newlib-source; a core that needs no C library says FREESTANDING)")
    endif()
  endif()
  if(NOT missing AND language STREQUAL CXX)
    pensim_libstdcxx(x32 libstdcxx)
    if(NOT libstdcxx)
      set(missing "it is C++, and libstdc++ is not here (Debian: gcc-12-source)")
    endif()
  endif()
  if(NOT missing)
    set(${result} ilp32 PARENT_SCOPE)
    return()
  endif()
  if(wanted STREQUAL ilp32)
    message(FATAL_ERROR "pensim_add_core(${name}): DATA_MODEL ilp32 is not possible here: ${missing}")
  endif()
  message(STATUS "core ${name}: long and pointers have 8 bytes, since ${missing}")
endfunction()

# Headers of the C library: newlib as it is linked, or, where it is not, those of Debian's package. libstdc++'s go first: they include
# the next of the same name.
function(_pensim_ilp32_options target freestanding language)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  set(headers ${PENSIM_NEWLIB_HEADERS})
  if(NOT freestanding)
    pensim_newlib(x32 newlib)
    set(headers ${newlib}/include)
    add_dependencies(${target} pensim_newlib_x32)
  endif()
  target_compile_options(${target} PRIVATE ${PENSIM_ILP32_FLAGS})
  if(language STREQUAL CXX)
    pensim_libstdcxx(x32 libstdcxx)
    add_dependencies(${target} pensim_libstdcxx_x32)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${PENSIM_ILP32_FLAG_CXX}>
      "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-isystem ${libstdcxx}/include>"
      "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-isystem ${PENSIM_ILP32_INCLUDE_CXX}>")
  endif()
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:${PENSIM_ILP32_FLAG_C}>
    "$<$<COMPILE_LANGUAGE:C>:SHELL:-isystem ${PENSIM_ILP32_INCLUDE_C}>" "SHELL:-isystem ${headers}")
endfunction()

# pensim_absent: words for what a PC has and a pen has not (runtime/absent/absent.h), and the names of POSIX for what newlib has.
function(_pensim_absent)
  if(TARGET pensim_absent)
    return()
  endif()
  set(sources pen_posix.c pen_posix_clock.c)
  foreach(group clock files network processes random threads)
    list(APPEND sources absent/${group}.c)
  endforeach()
  list(TRANSFORM sources PREPEND ${PENSIM_SHIM_DIR}/runtime/)
  add_library(pensim_absent STATIC ${sources})
  _pensim_core_options(pensim_absent -O2 ilp32 FALSE C)
  set_target_properties(pensim_absent PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
  target_include_directories(pensim_absent PRIVATE ${PENSIM_SHIM_DIR} ${PENSIM_SHIM_DIR}/runtime)
endfunction()

# The image of a core with 4-byte pointers.
function(_pensim_ilp32_image target address heap_bytes freestanding language)
  add_executable(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PENSIM_CORE_DIRECTORY} LINKER_LANGUAGE ${language}
    LINK_DEPENDS ${PENSIM_SHIM_DIR}/runtime/image.ld ENABLE_EXPORTS OFF)
  set(pattern 0)
  if(target MATCHES "\\.twice$")
    set(pattern 0xA5)
  endif()
  target_link_options(${target} PRIVATE ${PENSIM_ILP32_FLAG_${language}} ${PENSIM_ILP32_LINK_FLAGS} -Wl,--defsym=pen_image_begin=${address}
    -Wl,--defsym=pen_heap_bytes=${heap_bytes} -Wl,--defsym=pen_heap_pattern=${pattern})
  if(NOT freestanding)
    pensim_newlib(x32 newlib)
    string(REGEX REPLACE "\\.twice$" "" name ${target})
    _pensim_absent()
    add_dependencies(${target} pensim_newlib_x32 ${name}_free pensim_absent)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS $<TARGET_FILE:${name}_free> $<TARGET_FILE:pensim_absent>)
    target_link_options(${target} PRIVATE -Wl,--wrap=_free_r)
    set(cxx_library)
    if(language STREQUAL CXX)
      pensim_libstdcxx(x32 libstdcxx)
      add_dependencies(${target} pensim_libstdcxx_x32)
      set(cxx_library ${libstdcxx}/lib/libstdc++.a,)
    endif()
    target_link_libraries(${target} PRIVATE
      -Wl,--start-group,$<TARGET_FILE:${name}_free>,${cxx_library}${newlib}/lib/libc.a,${newlib}/lib/libm.a,$<TARGET_FILE:pensim_absent>,--end-group)
  endif()
endfunction()
