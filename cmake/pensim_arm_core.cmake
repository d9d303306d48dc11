# _pensim_add_arm_core(NAME SHAPE rates|main|registers OPTIMIZE -O2 SOURCES file... INCLUDES directory... DEFINES name[=value]...)
#
# The ARM side of pensim_add_core: a target NAME.arm that compiles the files for a Cortex-M4F, where arm-none-eabi-gcc is.

function(_pensim_add_arm_core name)
  cmake_parse_arguments(core "" "SHAPE;OPTIMIZE" "SOURCES;INCLUDES;DEFINES" ${ARGN})
  find_program(PENSIM_ARM_GCC arm-none-eabi-gcc)
  find_program(PENSIM_ARM_GXX arm-none-eabi-g++)
  # Registers of another processor stay with that processor: only shapes rates and main compile for ARM without the vendor's files.
  if(NOT PENSIM_ARM_GCC OR NOT PENSIM_ARM_GXX OR core_SHAPE STREQUAL registers)
    return()
  endif()
  set(arm_flags -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -ffp-contract=off -funsigned-char -fshort-enums
      -ffunction-sections -fdata-sections -g ${core_OPTIMIZE})
  list(TRANSFORM core_DEFINES PREPEND -D OUTPUT_VARIABLE defines)
  set(include_flags)
  foreach(include ${core_INCLUDES})
    get_filename_component(include ${include} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    list(APPEND include_flags -I${include})
  endforeach()
  set(arm_objects)
  set(number 0)
  foreach(file ${core_SOURCES})
    get_filename_component(source ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    get_filename_component(stem ${file} NAME)
    set(compiler ${PENSIM_ARM_GCC} -std=gnu11)
    if(stem MATCHES "\\.(cpp|cc|cxx)$")
      set(compiler ${PENSIM_ARM_GXX} -std=gnu++20)
    endif()
    math(EXPR number "${number} + 1")  # two files of one name are two objects
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.arm/${number}.${stem}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/${name}.arm
      COMMAND ${compiler} ${arm_flags} ${defines} ${include_flags} -MMD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d
      COMMENT "Compiling ${name} for Cortex-M4F: ${stem}" VERBATIM)
    list(APPEND arm_objects ${object})
  endforeach()
  add_custom_target(${name}.arm DEPENDS ${arm_objects})
endfunction()
