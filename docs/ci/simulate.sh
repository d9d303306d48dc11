#!/bin/sh
# simulate.sh CORE SCENARIOS [SHARD]: what a CI job runs. SHARD is I/N, 1/1 unless given.
# Recordings go to runs/, reports to reports/. If there is a folder baseline/, the runs/ of an earlier build, margins are compared with
# it, and the job fails when one lost more than 20 %. The exit code is pensim's: 0 pass, 1 fail, 2 bad input, 3 firmware fault, 4 no verdict.
set -eu
core=$1 scenarios=$2 shard=${3:-1/1}
name=${shard%/*}
set -- --firmware "$core" --shard "$shard" --jobs "$(nproc)" --compress --out runs
[ ! -d baseline ] || set -- "$@" --baseline baseline --fail-on-drop 20%
mkdir -p reports
exec pensim run "$scenarios" "$@" --junit "reports/junit-$name.xml" --json "reports/runs-$name.json"
