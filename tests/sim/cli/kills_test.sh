#!/usr/bin/env bash
# Kills at random moments: of the program, of who judges, of who runs the core. Whatever dies, nothing of the call lives on, no name
# stands for half of a recording, nothing is left in memory or in temporary folders, and the next call is as if nothing had been.
#   kills_test.sh PENSIM ROUNDS [SEED]
set -euo pipefail
pensim=$1 rounds=$2
RANDOM=${3:-7}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
trap 'echo "kills_test: failed at line $LINENO" >&2' ERR

fail() { echo "kills_test: $*" >&2; exit 1; }
hashes() { grep -o '"hash": "[0-9a-f]*"' "$1" | sort; }
whole() { # every file below a folder is a recording that is what was written
  find "$1" -type f | while read -r file; do
    case $file in *.h5 | *.h5.prev) "$pensim" judge "$file" >/dev/null || fail "$file is not whole" ;; *) fail "$file was left" ;; esac
  done
}

mkdir s tmp
export TMPDIR=$work/tmp
for name in a b c; do
  printf 'duration: 1 s\nrequire:\n  - {id: CELL, that: "always (battery.voltage > 3 V)"}\n' >s/$name.yaml
done
"$pensim" run s --out runs --json before.json --jobs 2 >/dev/null

killed=0 ended=0 # the program itself; those that came too late
for ((round = 1; round <= rounds; ++round)); do
  rm -f r.json
  "$pensim" run s --out runs --json r.json --jobs 2 >log 2>&1 &
  call=$!
  sleep "0.$(printf %03d $((RANDOM % 120)))"
  family=$(pgrep -P "$call" || true)
  for child in $family; do family+=" $(pgrep -P "$child" || true)"; done
  family=($call $family)
  victim=${family[RANDOM % ${#family[@]}]}
  signal=KILL
  [ "$victim" -ne "$call" ] || case $((RANDOM % 4)) in 0) signal=TERM ;; 1) signal=INT ;; esac
  kill -$signal "$victim" 2>/dev/null || ended=$((ended + 1))
  code=0
  wait "$call" 2>/dev/null || code=$?
  case $code in
  0 | 4) [ -s r.json ] || fail "round $round: exit code $code without a report" ;;
  137) killed=$((killed + 1)) ;;
  130 | 143) grep -q 'ended by SIG' r.json || hashes r.json | cmp -s - <(hashes before.json) || fail "round $round: no word of the signal" ;;
  *) cat log; fail "round $round: exit code $code" ;;
  esac
  for ((i = 0; ; ++i)); do
    alive=
    for process in "${family[@]}"; do
      state=$(sed 's/.*) //' "/proc/$process/stat" 2>/dev/null || true)
      [ -z "$state" ] || [ "${state:0:1}" = Z ] || alive+=" $process"
    done
    [ -n "$alive" ] || break
    [ $i -lt 500 ] || fail "round $round:$alive of the call outlive it"
    sleep 0.01
  done
done
whole runs
[ -z "$(ls -A tmp)" ] || fail "left behind: $(ls tmp)"
"$pensim" run s --out runs --json after.json --jobs 2 >/dev/null
[ "$(hashes after.json)" = "$(hashes before.json)" ] || fail "the next call is not as the first"
whole runs
echo "kills_test: passed; $rounds rounds, in $killed the program itself was killed, in $ended the victim had ended"
