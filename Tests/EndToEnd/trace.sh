#!/usr/bin/env bash
# Traces of several ranks, the summary of times, and reports, also of runs that were stopped.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

short=(--set train.max_steps=12 --set data.train_count=1024 --set data.test_count=64)

traces_both_ranks() {
  (train 2 traced "${short[@]}" --trace-steps 4..8)
  local trace=$scratch/traced/trace.json rank
  for rank in 0 1; do
    [[ $(grep -cE "\"name\":\"step\",.*\"pid\":$rank,.*\"step\":[4-8]}" "$trace") == 5 ]]
    grep -q "\"cat\":\"bucket reduce\",\"pid\":$rank," "$trace"
    grep -q "\"name\":\"LinearBackward\",\"cat\":\"operator backward\",\"pid\":$rank," "$trace"
  done
  # As many arrows begin as end.
  [[ $(grep -c '"ph":"s"' "$trace") == $(grep -c '"ph":"f"' "$trace") ]]
  grep -q '"ph":"s"' "$trace"
}

# The same job without a trace leaves the same model.
changes_nothing() {
  (train 2 plain "${short[@]}")
  cmp "$scratch/plain/model.safetensors" "$scratch/traced/model.safetensors"
  [[ ! -e $scratch/plain/trace.json ]]
}

tells_times() {
  grep -qE '"overlap": (0\.[0-9]+|1)' "$scratch/plain/summary.json"
  [[ $(grep -cE '"waiting_seconds": [0-9.]+' "$scratch/plain/summary.json") == 2 ]]
}

reports() {
  "$sounder" report "$scratch/traced"
  grep -q 'Timeline of steps 5, 6, 7' "$scratch/traced/report.html"
  if grep -E 'https?:|<script|src=' "$scratch/traced/report.html"; then return 1; fi
  "$sounder" report "$scratch/plain" -o "$scratch/plain.html"
  grep -q 'sounder train --trace' "$scratch/plain.html"
}

reports_stopped_run() {
  train 2 stopped --set train.epochs=100000 --set train.log_every=1 --trace --trace-steps 3..4 &
  local launcher=$!
  wait_until 60 test -s "$scratch/stopped/metrics.jsonl"
  "$sounder" report "$scratch/stopped" -o "$scratch/running.html"
  grep -q 'Still running' "$scratch/running.html"
  rank_processes stopped | head -n 1 | xargs kill -TERM
  wait_until 20 ended "$launcher"
  wait "$launcher" || true
  "$sounder" report "$scratch/stopped"
  grep -q 'Stopped after' "$scratch/stopped/report.html"
}

refuses() {
  expect_code 74 "$sounder" report "$scratch/none" 2>"$scratch/error"
  grep -q "$scratch/none: error: cannot read: No such file" "$scratch/error"
  expect_code 78 "$sounder" train configs/digits.yaml --trace-steps 5..4 2>"$scratch/error"
  grep -q "'5..4' is no range of steps" "$scratch/error"
}

check 'DA-10: a trace of two ranks holds the steps and operators of both' traces_both_ranks
check 'DA-10: tracing does not change a bit of the model' changes_nothing
check 'DP-02: the summary tells where the time of each rank went' tells_times
check 'a report needs nothing but its page, traced or not' reports
check 'a run has a report while it goes on and after it was stopped' reports_stopped_run
check 'what cannot be reported or traced is refused' refuses
finish
