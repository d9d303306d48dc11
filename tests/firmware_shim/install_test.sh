#!/usr/bin/env bash
# Installs everything into an empty prefix, builds a firmware repository outside the tree against it, and runs its core: alone, and by
# the installed program on a scenario.
#   install_test.sh BUILD_FOLDER CORE_RUNNER CMAKE
set -euo pipefail
build=$1 runner=$2 cmake=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "install_test: $*" >&2; exit 1; }

"$cmake" --install "$build" --prefix "$work/prefix" >"$work/log" 2>&1 || { cat "$work/log"; fail "install failed"; }
for file in docs/rtos.md docs/emulated.md docs/board.md firmware_shim/cores/example_main/port.c firmware_shim/rtos/freertos/port.c; do
  [ -f "$work/prefix/share/pensim/$file" ] || fail "no $file"
done
cp -r "$here/outside" "$work/outside" # no path of the source tree is in reach

for compiler in gcc:g++ clang:clang++; do
  command -v "${compiler%:*}" >/dev/null || continue
  folder=$work/build-${compiler%:*}
  "$cmake" -G Ninja -S "$work/outside" -B "$folder" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="${compiler%:*}" \
    -DCMAKE_CXX_COMPILER="${compiler#*:}" -DCMAKE_BUILD_TYPE=Release >"$work/log" 2>&1 || { cat "$work/log"; fail "configure failed"; }
  "$cmake" --build "$folder" >"$work/log" 2>&1 || { cat "$work/log"; fail "build failed"; }
  [ -f "$folder/cores/outside_pen.twice.so" ] || fail "no outside_pen.twice.so"
  "$runner" "$folder/cores/outside_pen.so" >"$work/got"
  printf 'uart: outside, revision 3\r\nduty: 16384\nmode: 1\nload_bias: 0\n' >"$work/expected"
  diff "$work/expected" "$work/got" || fail "the core of ${compiler%:*} did something else"
  (cd "$work/outside" && PENSIM_CORES=$folder/cores "$work/prefix/bin/pensim" run bench --twice --no-always --out "$work/runs" \
    --json "$work/runs.json") >"$work/log" 2>&1 || { cat "$work/log"; fail "the installed program does not pass the scenario with the core of ${compiler%:*}"; }
  grep -q '"verdict": "pass"' "$work/runs.json" || { cat "$work/runs.json"; fail "no pass in the report"; }
  [ -f "$work/runs/bench/half_speed.h5" ] || fail "no recording"
  (cd "$work/outside" && "$work/prefix/bin/pensim" rerun "$work/runs/bench/half_speed.h5" --firmware "native:$folder/cores/outside_pen.so") \
    >"$work/log" 2>&1 || { cat "$work/log"; fail "a rerun of the recording differs"; }
  if command -v arm-none-eabi-gcc >/dev/null; then
    "$cmake" --build "$folder" --target outside_pen.arm outside_pen.board >"$work/log" 2>&1 || { cat "$work/log"; fail "the ARM compiler refuses it"; }
  fi
done

# A port that leaves a hardware call without an answer does not link.
sed -i '/^void board_text/d' "$work/outside/port.c"
folder=$work/build-gcc
if "$cmake" --build "$folder" >"$work/log" 2>&1; then fail "linked in spite of a missing board_text()"; fi
grep -q "undefined reference to .board_text" "$work/log" || { cat "$work/log"; fail "no word of board_text()"; }
echo "install_test: passed"
