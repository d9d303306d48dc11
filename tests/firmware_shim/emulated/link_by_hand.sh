#!/bin/sh
# link_by_hand.sh SHIM SOURCES ELF: a core linked without CMake, as docs/emulated.md says, and what is left of it without
# symbols (ELF.stripped) and without debug information (ELF.bare).
set -eu
shim=$1 sources=$2 elf=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cpu="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"
guest=$shim/emulated/guest
arm-none-eabi-gcc $cpu -O2 -g -ffunction-sections -fdata-sections -ffp-contract=off -DPEN_GUEST -DPEN_CORE_SHAPE=2 \
  -DPEN_CORE_WAITS -I"$shim" -I"$shim/cmsis" -nostartfiles -specs=nano.specs -Wl,--gc-sections -T "$sources/link.ld" \
  "$sources/startup.c" "$sources/main.c" "$guest/pen_guest.c" "$guest/guest_volatile.c" "$guest/stubs.S" -o "$work/core.elf"
cp "$work/core.elf" "$elf"
arm-none-eabi-strip -o "$elf.stripped" "$elf"
arm-none-eabi-strip -g -o "$elf.bare" "$elf"
