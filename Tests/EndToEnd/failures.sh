#!/usr/bin/env bash
# What a killed rank, a signal, and eight ranks on few cores do to a run.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

endless=(--set train.epochs=100000 --set train.log_every=1)

training() { [[ $(rank_processes "$1" | wc -l) == 4 && -s $scratch/$1/metrics.jsonl ]]; }
gone() { [[ -z $(rank_processes "$1") ]]; }

# start RUN: trains on four ranks in the background; a failed check takes the run down with it.
start() {
  train 4 "$1" "${endless[@]}" &
  launcher=$!
  trap 'kill -TERM "$launcher" 2>/dev/null || true' EXIT
  wait_until 60 training "$1"
}

shared_files() { find /dev/shm -mindepth 1 | sort; }

killed_rank_ends_the_job() {
  local code=0 victim
  shared_files >"$scratch/shared-before"
  start killed
  victim=$(rank_processes killed | sed -n 3p)
  tr '\0' '\n' <"/proc/$victim/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p' >"$scratch/victim"
  kill -KILL "$victim"
  wait_until 10 ended "$launcher"
  wait "$launcher" || code=$?
  ((code != 0))
  wait_until 5 gone killed
  shared_files | diff "$scratch/shared-before" -
}

diagnosis_names_the_killed_rank() {
  local rank
  rank=$(cat "$scratch/victim")
  "$sounder" diagnose "$scratch/killed" | tee "$scratch/diagnosis"
  head -n 1 "$scratch/diagnosis" | grep -q "killed: rank $rank (host .*) stopped first: "
  grep -qE "^ranks? [0-9, –]+ waited for rank $rank\$" "$scratch/diagnosis"
  "$sounder" diagnose "$scratch/killed" --json | grep -q "\"verdict\":\"stopped\",\"rank\":$rank,"
  expect_code 66 "$sounder" diagnose "$scratch"
}

signal_stops_every_rank() {
  local code=0
  start signalled
  # mpirun forwards this signal to all ranks at once.
  kill -USR1 "$(mpirun_of "$launcher")"
  wait_until 30 ended "$launcher"
  wait "$launcher" || code=$?
  ((code == 75))
  [[ -s $scratch/signalled/model.safetensors ]]
  "$sounder" diagnose "$scratch/signalled" | grep -q 'all 4 ranks ended in order'
  wait_until 5 gone signalled
}

# The reader of the progress lines goes away after the first of them.
closed_pipe_costs_nothing() {
  { "$sounder" train configs/digits.yaml --run-dir "$scratch/piped" --set train.epochs=1 \
    --set train.log_every=1 || printf 'failed\n' >"$scratch/piped-failed"; } | head -n 1
  [[ ! -e $scratch/piped-failed && -s $scratch/piped/model.safetensors ]]
}

# mpirun_of PID: the mpirun at or under a process.
mpirun_of() {
  local child
  if [[ $(ps -o comm= -p "$1") =~ ^(mpirun|orterun) ]]; then
    printf '%d\n' "$1"
    return
  fi
  for child in $(pgrep -P "$1"); do mpirun_of "$child"; done | head -n 1
}

check 'a killed rank ends the job within 10 s and leaves nothing in /dev/shm' killed_rank_ends_the_job
check 'DA-13: sounder diagnose names the rank that was killed' diagnosis_names_the_killed_rank
check 'SIGUSR1 stops all ranks with exit code 75 and a model' signal_stops_every_rank
check 'a closed pipe does not stop a run' closed_pipe_costs_nothing
check 'eight ranks train, however few the cores' train 8 eight --set train.epochs=1
finish
