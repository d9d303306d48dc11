#!/usr/bin/env bash
# libstdcxx.sh SOURCE FOLDER HOST NEWLIB COMPILER FLAGS...: builds libstdc++ (static, without threads) into FOLDER/{include,lib}.
#   SOURCE   gcc-*-dfsg.tar.xz of Debian's gcc-12-source
#   HOST     configuration: x86_64-elf, arm-none-eabi
#   NEWLIB   folder of newlib.sh for the same processor
#   FLAGS    as newlib's
# Configured as the C++ library of arm-none-eabi-gcc is. For x86-64 the library holds what libgcc has elsewhere: unwinding of the stack.
# Two minutes on two processors; the log stays in FOLDER/build.log when it fails.
set -euo pipefail
source=$1 folder=$2 host=$3 newlib=$4 compiler=$5
shift 5
mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(dirname "$folder")/libstdcxx.XXXXXX")
trap 'rm -rf "$work"' EXIT
rm -rf "$folder"
mkdir -p "$folder/lib"
log=$folder/build.log
exec 3>&1
fail() { tail -n 15 "$log" >&3; echo "libstdc++ for $host does not build; its whole output is in $log" >&3; exit 1; }

mkdir "$work/source" "$work/build"
tar -C "$work/source" --strip-components=1 -xf "$source" --wildcards --exclude='*/testsuite/*/*' --exclude='*/doc/html/*' \
  '*/libstdc++-v3/*' '*/libgcc/*.[ch]' '*/libgcc/*.inc' '*/libgcc/config/i386/*' '*/libiberty/cp-dem*' '*/include/*' '*/config/*' '*/config.sub' \
  '*/config.guess' '*/install-sh' '*/ltmain.sh' '*/missing' '*/mkinstalldirs' '*/move-if-change' '*/config-ml.in' '*/depcomp' \
  '*/gcc/BASE-VER' '*/gcc/DATESTAMP' '*/COPYING*'
source=$work/source
# std::string of the older ABI, which exceptions hold, would bring the random device of an operating system with it.
sed -i '/^#ifdef *_GLIBCXX_USE_C99_STDINT_TR1/,/^#endif/d' "$source/libstdc++-v3/src/c++11/cow-string-inst.cc"
# The scripts ask the compiler for its thread model.
cc() { printf '#!/bin/sh\nif [ "$*" = -v ]; then echo "Thread model: single"; else exec %s "$@"; fi\n' "$1" >"$2"; chmod +x "$2"; }
cc "$compiler" "$work/cc"
cc "${compiler/gcc/g++}" "$work/c++"
ar=ar ranlib=ranlib debug=
[ "$host" != arm-none-eabi ] || ar=arm-none-eabi-ar ranlib=arm-none-eabi-ranlib debug=-g1
flags="$debug -O2 -ffp-contract=off -funsigned-char -fshort-enums -ffunction-sections -fdata-sections $* -isystem $newlib/include"
cd "$work/build"
unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS MAKEFLAGS MFLAGS
{
  with_target_subdir=$host "$source/libstdc++-v3/configure" --host="$host" --prefix=/cxx --with-gxx-include-dir=/cxx/include \
    --with-newlib --disable-multilib --disable-nls --disable-libstdcxx-threads --disable-libstdcxx-pch --disable-shared \
    --disable-werror CC="$work/cc" CXX="$work/c++" CFLAGS="$flags" CXXFLAGS="$flags" AR="$ar" RANLIB="$ranlib" &&
    make -j"$(nproc)" -C include && make -j"$(nproc)" -C libsupc++ && make -j"$(nproc)" -C src &&
    for part in include libsupc++; do make -s -C $part DESTDIR="$work/installed" install || exit 1; done
} >"$log" 2>&1 || fail
cp -r "$work/installed/cxx/include" "$folder"
cp -r "$folder/include/$host/." "$folder/include"
rm -r "${folder:?}/include/$host"
cp src/.libs/libstdc++.a "$folder/lib"
# Of the debug information what a stack trace needs; x86-64 has that anyway.
[ -z "$debug" ] || arm-none-eabi-objcopy $(printf -- '-R .debug_%s ' info abbrev aranges ranges rnglists line line_str str loc loclists) \
  "$folder/lib/libstdc++.a"
cp "$source/COPYING3" "$source/COPYING.RUNTIME" "$folder"

# libgcc's part, with the headers that its own configuration would make.
if [ "$host" = x86_64-elf ]; then
  mkdir "$work/libgcc"
  cd "$work/libgcc"
  for header in tconfig coretypes libgcc_tm md-unwind-support; do : >$header.h; done
  printf '#define %s\n' 'DWARF_REG_TO_UNWIND_COLUMN(number) (number)' 'MIN_UNITS_PER_WORD 8' 'LIBGCC2_UNITS_PER_WORD 8' >tm.h
  echo '#include "gthr-single.h"' >gthr-default.h
  printf '#include <%s.h>\n' stddef limits stdlib string >tsystem.h
  echo '#define gcc_assert(holds) ((holds) ? (void)0 : abort())' >>tsystem.h
  echo '#define gcc_unreachable() abort()' >>tsystem.h
  part() { # OUTPUT FILE FLAG...: one object
    # shellcheck disable=SC2086
    "$work/cc" $flags -I. -I"$source/libgcc" -I"$source/include" -fbuilding-libgcc -DIN_LIBGCC2 -fexceptions -fvisibility=hidden \
      "${@:3}" -c "$source/libgcc/$2" -o "$1.o"
  }
  {
    part unwind unwind-dw2.c
    for function in mulsc3 muldc3 divsc3 divdc3 powisf2 powidf2; do part $function libgcc2.c -DL_$function; done
    ar r "$folder/lib/libstdc++.a" ./*.o
    ar d "$folder/lib/libstdc++.a" eh_term_handler.o  # runtime/pen_terminate.cpp
  } >>"$log" 2>&1 || fail
fi
rm "$log"
