# pensim_add_board(NAME BOARD mps2-an386 PORT port.c [SOURCES file...] [SHAPE rates|main] [INCLUDES directory...]
#                  [DEFINES name[=value]...] [OPTIMIZE -O2] [NO_WAIT_INSTRUMENTATION])
#
# The image of a core for a board: NAME.board.elf in PENSIM_CORE_DIRECTORY, from the same sources as pensim_add_core, with the agent
# that speaks to the simulator (firmware_shim/device) and the board's start-up. Target NAME.board; nothing where arm-none-eabi-gcc is not.
# A firmware of shape `registers` reaches for the peripherals of its own processor: no board has plain memory there (docs/board.md).

_pensim_constant(PENSIM_BOARDS mps2-an386)
_pensim_constant(PENSIM_BOARD_CPU_mps2-an386 cortex-m4)
_pensim_constant(PENSIM_BOARD_FOLDER_mps2-an386 mps2_an386)

function(pensim_add_board name)
  cmake_parse_arguments(core "NO_WAIT_INSTRUMENTATION" "SHAPE;OPTIMIZE;BOARD;PORT" "SOURCES;INCLUDES;DEFINES" ${ARGN})
  if(core_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "pensim_add_board(${name}): unknown argument '${core_UNPARSED_ARGUMENTS}', expected BOARD, SOURCES, PORT, SHAPE, "
                        "INCLUDES, DEFINES, OPTIMIZE or NO_WAIT_INSTRUMENTATION")
  endif()
  if(NOT core_BOARD IN_LIST PENSIM_BOARDS)
    message(FATAL_ERROR "pensim_add_board(${name}): BOARD is '${core_BOARD}', expected ${PENSIM_BOARDS}")
  endif()
  if(NOT core_SHAPE)
    set(core_SHAPE rates)
  endif()
  if(NOT core_SHAPE MATCHES "^(rates|main)$")
    message(FATAL_ERROR "pensim_add_board(${name}): SHAPE is '${core_SHAPE}', expected rates or main (registers: docs/board.md)")
  endif()
  if(NOT core_OPTIMIZE)
    set(core_OPTIMIZE -O2)
  endif()
  find_program(PENSIM_ARM_GCC arm-none-eabi-gcc)
  find_program(PENSIM_ARM_GXX arm-none-eabi-g++)
  if(NOT PENSIM_ARM_GCC OR NOT PENSIM_ARM_GXX)
    return()
  endif()

  set(core_CPU ${PENSIM_BOARD_CPU_${core_BOARD}})
  set(linker ${PENSIM_ARM_GCC})
  set(objects)
  list(TRANSFORM core_DEFINES PREPEND -D)
  set(flags ${PENSIM_ARM_FLAGS_${core_CPU}} ${PENSIM_ARM_CORE_FLAGS} -I${PENSIM_SHIM_DIR})
  list(TRANSFORM PENSIM_RUNTIME_DEFINES_${core_SHAPE} PREPEND -D OUTPUT_VARIABLE shape_defines)
  list(APPEND flags ${shape_defines})
  set(core_flags ${flags} ${core_OPTIMIZE} ${core_DEFINES})
  foreach(include ${core_INCLUDES})
    get_filename_component(include ${include} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    list(APPEND core_flags -I${include})
  endforeach()
  if(NOT core_SHAPE STREQUAL rates AND NOT core_NO_WAIT_INSTRUMENTATION)
    list(APPEND core_flags ${PENSIM_WAIT_FLAGS_GCC})
  endif()
  foreach(file ${core_SOURCES} ${core_PORT})
    get_filename_component(source ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    _pensim_arm_object(${name}.board ${source} core "${core_flags}")
  endforeach()
  foreach(file ${PENSIM_RUNTIME_SOURCES_${core_SHAPE}} pen_libc.c)
    _pensim_arm_object(${name}.board ${PENSIM_SHIM_DIR}/runtime/${file} core "${flags};-O2;-I${PENSIM_SHIM_DIR}/runtime")
  endforeach()
  set(device ${PENSIM_SHIM_DIR}/device)
  set(board ${device}/${PENSIM_BOARD_FOLDER_${core_BOARD}})
  foreach(source ${device}/pen_frame.c ${device}/pen_agent.c ${device}/pen_board.c ${board}/startup.c)
    _pensim_arm_object(${name}.board ${source} device "${flags};-O2")
  endforeach()

  set(elf ${PENSIM_CORE_DIRECTORY}/${name}.board.elf)
  add_custom_command(OUTPUT ${elf}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PENSIM_CORE_DIRECTORY}
    COMMAND ${linker} ${PENSIM_ARM_FLAGS_${core_CPU}} -mthumb -nostartfiles --specs=nosys.specs -Wl,--gc-sections -Wl,--build-id=sha1
            -T ${board}/board.ld ${objects} -lm -o ${elf}
    DEPENDS ${objects} ${board}/board.ld COMMENT "Linking ${name}.board.elf for ${core_BOARD}" VERBATIM)
  add_custom_target(${name}.board DEPENDS ${elf})
endfunction()
