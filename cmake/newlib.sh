#!/usr/bin/env bash
# newlib.sh SOURCE FOLDER HOST COMPILER FLAGS...: builds newlib's C library and libm (static) into FOLDER/{include,lib}.
#   SOURCE   newlib-*.tar.xz of Debian's newlib-source
#   HOST     configuration: x86_64-elf, arm-none-eabi
# One source, and flags that leave every operation of floats its own rounding, for the PC and for the Cortex-M: a core with libm
# then gives the same bits on both. -D__OBSOLETE_MATH=1: the functions for processors without fast doubles, on all of them.
# About a minute on two processors; the log stays in FOLDER/build.log when it fails.
set -euo pipefail
source=$1 folder=$2 host=$3 compiler=$4
shift 4
mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(dirname "$folder")/newlib.XXXXXX")
trap 'rm -rf "$work"' EXIT
rm -rf "$folder"
mkdir -p "$folder"
log=$folder/build.log
exec 3>&1
fail() { tail -n 15 "$log" >&3; echo "newlib for $host does not build; its whole output is in $log" >&3; exit 1; }

mkdir "$work/source" "$work/build"
tar -C "$work/source" --strip-components=1 -xf "$source"
# The system calls bear the names that vendors' syscalls.c answer: _write, not write.
printf '#undef MISSING_SYSCALL_NAMES\n#undef __OBSOLETE_MATH\n#define __OBSOLETE_MATH 1\n' >"$work/newlib.h"
ar=${compiler##*/} ranlib=ar
case $ar in
  arm-none-eabi-gcc) ar=arm-none-eabi-ar ranlib=arm-none-eabi-ranlib ;;
  *) ar=ar ranlib=ranlib ;;
esac
cd "$work/build"
unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS MAKEFLAGS MFLAGS
{
  "$work/source/newlib/configure" --host="$host" --prefix=/newlib --disable-multilib --disable-newlib-supplied-syscalls \
    --enable-newlib-io-long-long --enable-newlib-io-c99-formats --enable-newlib-reent-check-verify --enable-newlib-register-fini \
    CC="$compiler" CFLAGS="-O2 -ffp-contract=off -funsigned-char -fshort-enums -include $work/newlib.h $*" \
    AR="$ar" RANLIB="$ranlib" MAKEINFO=true &&
    make -j"$(nproc)" && make -s DESTDIR="$work/installed" install
} >"$log" 2>&1 || fail
cp -r "$work/installed/newlib/$host/include" "$folder"
mkdir "$folder/lib"
cp "$work/installed/newlib/$host/lib/libm.a" "$folder/lib"
cp "$work/source/COPYING.NEWLIB" "$folder"
cp "$work/installed/newlib/$host/lib/libc.a" "$folder/lib"
rm "$log"
