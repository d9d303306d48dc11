#!/usr/bin/env bash
# Two calls at once into one folder, each with its own seed: both say what they say alone, and every recording is whole.
#   two_calls_test.sh PENSIM ROUNDS
set -euo pipefail
pensim=$1 rounds=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
trap 'echo "two_calls_test: failed at line $LINENO" >&2' ERR

fail() { echo "two_calls_test: $*" >&2; exit 1; }
hashes() { grep -o '"hash": "[0-9a-f]*"' "$1"; }
call() { "$pensim" run s --seed "$1" --out "$2" --json "$3" --jobs 2 >"$3.log" 2>&1 || { cat "$3.log"; return 1; }; }

mkdir s
for name in a b c d; do
  printf 'duration: 0.2 s\nrequire:\n  - {id: CELL, that: "always (battery.voltage > 3 V)"}\n' >s/$name.yaml
done
call 1 alone 1.alone && call 2 alone 2.alone
[ "$(hashes 1.alone)" != "$(hashes 2.alone)" ] || fail "the two calls cannot be told apart"
for ((round = 1; round <= rounds; ++round)); do
  call 1 runs 1.json &
  one=$!
  call 2 runs 2.json || fail "round $round: the second call"
  wait $one || fail "round $round: the first call"
  for seed in 1 2; do [ "$(hashes $seed.json)" = "$(hashes $seed.alone)" ] || fail "round $round: other hashes with seed $seed"; done
  [ "$(ls runs/s | tr '\n' ' ')" = "a.h5 a.h5.prev b.h5 b.h5.prev c.h5 c.h5.prev d.h5 d.h5.prev " ] || fail "round $round: $(ls runs/s)"
  if [ $((round % 10)) -eq 0 ] || [ "$round" -eq "$rounds" ]; then
    for file in runs/s/*; do
      said=$("$pensim" judge "$file") || fail "round $round: $file is not whole"
      [[ $said =~ [0-9a-f]{16} ]] || fail "round $round: $file has no hash"
      grep -q "${BASH_REMATCH[0]}" 1.alone 2.alone || fail "round $round: $file is of neither call"
    done
  fi
done
echo "two_calls_test: passed; $rounds rounds"
