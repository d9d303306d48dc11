#!/usr/bin/env bash
# docs/ci/simulate.sh as a CI job runs it: shards share the scenarios out, reports are there whatever happens, an earlier build's
# recordings make a smaller margin fail.
#   ci_test.sh SIMULATE PENSIM CORE
set -euo pipefail
simulate=$1 core=$3
PATH=$(dirname "$2"):$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() { echo "ci_test: $*" >&2; cat log >&2; exit 1; }
# expect CODE SHARD [CORE]
expect() {
  local code=0
  "$simulate" "native:${3:-$core}" scenarios "$2" >log 2>&1 || code=$?
  [ "$code" -eq "$1" ] || fail "shard $2 ends with $code, expected $1"
}

mkdir scenarios
for depth in 0.5 1.0 1.5; do
  printf 'title: depth\nduration: 0.2 s\nrequire:\n  - {id: CELL, that: "always (battery.voltage > 3 V)"}\ntimeline:\n' >scenarios/$depth.yaml
  printf '  - {at: 0 s, set: user.depth, to: %s mm}\n' $depth >>scenarios/$depth.yaml
done

expect 0 1/2
expect 0 2/2
[ "$(cat reports/junit-*.xml | grep -c 'testcase.*CELL')" -eq 3 ] || fail "the shards' reports do not have each scenario once"
[ "$(find runs -name '*.h5' | wc -l)" -eq 3 ] || fail "not one recording per scenario"

mv runs baseline
expect 0 1/1
sed -i 's/> 3 V/> 3.7 V/' scenarios/1.0.yaml # still passes, by less
expect 1 1/1
grep -q 'CELL' log || fail "no word of the requirement that lost its margin"

rm -r reports
expect 2 1/1 /nowhere.so
[ -s reports/junit-1.xml ] || fail "bad input left no report"
echo "ci_test: passed"
