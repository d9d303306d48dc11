#!/usr/bin/env bash
# environments.sh PROGRAM COUNT: so many runs of one scenario, each in another environment (folder, locale, time zone, stack, descriptors,
# allocator, variants of libm, address layout, priority, processors, jobs, sandbox), half of them beside a process that keeps the machine
# busy. Every hash and verdict has to be that of the first. Run at the top of the source tree.
set -euo pipefail
program=$(realpath "$1") count=$2
scenario=$PWD/sim/cli/selftest/faults.yaml cores=${PENSIM_CORES:-$(dirname "$program")/cores}
folder=$(mktemp -d)
load=
trap '[ -z "$load" ] || kill "$load" 2>/dev/null; rm -rf "$folder"' EXIT
export PENSIM_CORES=$cores

call=("$program" run "$scenario" --no-always --keep none --json)
result() { # FILE
  python3 -c 'import json, sys; r = json.load(open(sys.argv[1]))[0]; print(r["hash"], r["verdict"], r["sim_s"])' "$1"
}

in_environment() { # NUMBER FILE
  local json=$2
  case $(($1 % 24)) in
    0) "${call[@]}" "$json" ;;
    1) (cd / && "${call[@]}" "$json") ;;
    2) LC_ALL=de_DE.UTF-8 LANG=C "${call[@]}" "$json" ;;
    3) TZ=Pacific/Chatham "${call[@]}" "$json" ;;
    4) (ulimit -s 512; "${call[@]}" "$json") ;;
    5) (ulimit -s 65536; "${call[@]}" "$json") ;;
    6) (ulimit -n 64; "${call[@]}" "$json") ;;
    7) (for fd in $(seq 20 200); do eval "exec $fd</dev/null"; done; "${call[@]}" "$json") ;;
    8) MALLOC_PERTURB_=170 "${call[@]}" "$json" ;;
    9) MALLOC_ARENA_MAX=1 MALLOC_TOP_PAD_=1 "${call[@]}" "$json" ;;
    10) GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-AVX "${call[@]}" "$json" ;;
    11) setarch -R "${call[@]}" "$json" ;;
    12) setarch -L "${call[@]}" "$json" ;;
    13) env -i PENSIM_CORES="$cores" "${call[@]}" "$json" ;;
    14) taskset -c 0 "${call[@]}" "$json" ;;
    15) nice -n 19 "${call[@]}" "$json" ;;
    16) "${call[@]}" "$json" --jobs 7 ;;
    17) "${call[@]}" "$json" --no-sandbox ;;
    18) "${call[@]}" "$json" --no-fork ;;
    19) "${call[@]}" "$json" --twice ;;
    20) "${call[@]}" "$json" <&- 2>&- ;;
    21) (umask 077; HOME=/nonexistent PATH=/usr/bin:/bin "${call[@]}" "$json") ;;
    22) LARGE=$(printf 'x%.0s' $(seq 1 100000)) "${call[@]}" "$json" ;;
    23) "${call[@]}" "$json" --timeout '10 min' ;;
  esac >/dev/null
}

first=
different=0
for ((i = 0; i < count; ++i)); do
  if ((i == count / 2)); then
    (while :; do :; done) &
    load=$!
  fi
  in_environment "$i" "$folder/result.json"
  found=$(result "$folder/result.json")
  [ -n "$first" ] || first=$found
  if [ "$found" != "$first" ]; then
    echo "run $i (environment $((i % 24))): $found; the first: $first"
    different=$((different + 1))
  fi
  rm -f "$folder/result.json"
done
echo "$count runs in 24 environments: $different differ from $first"
[ "$different" = 0 ]
