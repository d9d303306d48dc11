#!/usr/bin/env bash
# Builds cores that cannot be built and looks for the words that say so.
#   refused_test.sh SOURCE_TREE BUILD_TREE CMAKE
set -euo pipefail
source=$1 libraries=$2 cmake=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "refused_test: $*" >&2; cat "$work/log" >&2; exit 1; }

"$cmake" -G Ninja -S "$source/tests/firmware_shim/cases/refused" -B "$work/build" -DPENSIM_SOURCE="$source" -DPENSIM_LIBRARIES="$libraries" >"$work/log" 2>&1 || fail "configure"

refused() { # CORE WORDS...
  local core=$1 words
  shift
  if "$cmake" --build "$work/build" --target "$core" >"$work/log" 2>&1; then fail "$core was built"; fi
  for words in "$@"; do grep -qF -- "$words" "$work/log" || fail "$core: no word of: $words"; done
}
pointer="help: use a pointer to the address, and list it in \`registers\`"
refused at_address "at_address.c:1: error: a variable at an address" "$pointer"
refused at_address_of_iar "at_address_of_iar.c:1: error: a variable at an address" "$pointer"
refused assembler_function "assembler_function.c:1: error: a function in assembler" "answer the function in the port"
refused assembler_block "assembler_block.c:2: error: assembler, __asm {...}" "put it behind a function"
refused supervisor_call "supervisor_call.c:1: error: a supervisor call" "answer the function in the port"
refused naked_handler "naked_handler.c:2" "this is assembler of a Cortex-M (tst)" "this is assembler of a Cortex-M (b)" "run the core emulated"
refused asks_time "asks_time.c:2: warning: time() is not there" "a pen has no clock of a PC" "answer _gettimeofday()"
refused opens_file "opens_file.c:2: warning: fopen() is not there" "a pen has no files"
refused makes_thread "makes_thread.c:3: warning: pthread_create() is not there" "no threads of an operating system"
refused opens_socket "opens_socket.c:2: warning: socket() is not there" "a pen has no network"
refused asks_cpp_clock "asks_cpp_clock.cpp:2: warning: std::chrono::steady_clock::now() is not there" "a pen has no clock of a PC"
refused asks_random "warning: std::random_device is not there" "a run is to be repeatable"

said() { # CASE WORDS...: what CMake says of it; lines are wrapped where they are long
  local case=$1 words
  shift
  "$cmake" -G Ninja -S "$source/tests/firmware_shim/cases/refused/arguments" -B "$work/arguments" -DPENSIM_SOURCE="$source" -DCASE="$case" \
    >"$work/log" 2>&1 || true
  tr -s ' \n' ' ' <"$work/log" >"$work/joined"
  for words in "$@"; do grep -qF -- "$words" "$work/joined" || fail "$case: no word of: $words"; done
}
said no_port "PORT is needed: the file that answers the firmware's hardware calls" "help: begin with the port.c of the nearest example"
said no_such_shape "SHAPE is 'loop', expected rates (functions are called), main"
said no_such_argument "unknown argument 'SOURCE;more.c', expected SOURCES, NATIVE_SOURCES"
said no_such_cpu "CPU is 'cortex-m7', expected cortex-m0" "help: cortex-m4 for a Cortex-M7"
said no_such_kernel "RTOS is 'zephyr', expected freertos (another kernel: docs/rtos.md)"
said kernel_without_main "RTOS needs SHAPE main or registers"
said assembler "startup.S is assembler of the target" "help: name it under ARM_SOURCES"
said no_such_folder "there is no folder" "no_such_folder (INCLUDES)"
echo "refused_test: passed"
