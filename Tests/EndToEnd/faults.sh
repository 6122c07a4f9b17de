#!/usr/bin/env bash
# What stopped, killed and wrongly started ranks do to a run, as a table: first line on the screen, seconds
# to the end, exit code, what is left.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

table=$scratch/table
printf 'fault|first line|seconds|exit code|left in /dev/shm|processes left\n' >"$table"

shared_files() { find /dev/shm -mindepth 1 | sort; }
ended() { ! kill -0 "$1" 2>/dev/null; }
gone() { [[ -z $(rank_processes "$1") ]]; }
seconds_now() { date +%s.%N; }

# start RUN ARGUMENT...: three ranks that train for long, with short limits.
start() {
  local run=$1
  shift
  shared_files >"$scratch/shared-before"
  train 3 "$run" --set train.epochs=100000 --set train.log_every=1 \
    --set parallel.stall_warning=1 --set parallel.timeout=3 "$@" >"$scratch/$run.out" 2>"$scratch/$run.err" &
  launcher=$!
  trap 'kill -KILL "$launcher" 2>/dev/null || true' EXIT
  wait_until 60 running "$run"
}
running() { [[ $(rank_processes "$1" | wc -l) == 3 && -s $scratch/$1/metrics.jsonl ]]; }

# process_of RUN RANK
process_of() {
  local process
  for process in $(rank_processes "$1"); do
    if tr '\0' '\n' <"/proc/$process/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$2"; then
      printf '%d\n' "$process"
    fi
  done
}

# row FAULT RUN BEGUN: waits for the end of the launcher and writes a row; leaves the code in $code.
row() {
  local fault=$1 run=$2 begun=$3 seconds left processes
  code=0
  wait_until 30 ended "$launcher"
  wait "$launcher" || code=$?
  seconds=$(awk -v a="$begun" -v b="$(seconds_now)" 'BEGIN { printf "%.1f", b - a }')
  wait_until 5 gone "$run" || true
  left=$(shared_files | diff "$scratch/shared-before" - | grep -c '^[<>]' || true)
  processes=$(rank_processes "$run" | wc -l)
  printf '%s|%s|%s|%d|%d|%d\n' "$fault" "$(head -n 1 "$scratch/$run.err")" "$seconds" "$code" "$left" \
    "$processes" >>"$table"
  cat "$scratch/$run.err"
  ((left == 0 && processes == 0))
}

stopped_for_a_while() {
  local process begun
  start pause
  process=$(process_of pause 1)
  begun=$(seconds_now)
  kill -STOP "$process"
  sleep 2
  kill -CONT "$process"
  wait_until 5 grep -q '^note: rank .* goes on after ' "$scratch/pause.err"
  # The run is healthy again: it ends in order when it is told to.
  kill -USR1 "$launcher"
  row 'SIGSTOP of a rank for 2 s, then SIGUSR1' pause "$begun"
  ((code == 75))
  [[ -s $scratch/pause/model.safetensors ]]
  grep -qE "^warning: rank [02] .*rank 1 \(host .*, pid $process\), which is stopped by a signal" "$scratch/pause.err"
}

stopped_for_ever() {
  local process begun
  start frozen
  process=$(process_of frozen 1)
  begun=$(seconds_now)
  kill -STOP "$process"
  row 'SIGSTOP of a rank for ever' frozen "$begun"
  ((code == 75))
  grep -m 1 '^error: ' "$scratch/frozen.err" |
    grep -qE "waited 3\.[0-9]+ s for rank 1 \(host .*, pid $process\), which is stopped by a signal and is in .* of step [0-9]+ .*last operation: "
}

killed() {
  local process begun
  start killed
  process=$(process_of killed 2)
  begun=$(seconds_now)
  kill -KILL "$process"
  row 'SIGKILL of a rank' killed "$begun"
  ((code != 0))
  head -n 1 "$scratch/killed.err" | grep -qE "^error: rank [01] .*rank 2 \(host .*, pid $process\) died"
}

killed_launcher() {
  local begun
  start orphaned
  begun=$(seconds_now)
  # launch/local has become mpirun.
  kill -KILL "$launcher"
  row 'SIGKILL of mpirun' orphaned "$begun" || true
  # mpirun itself leaves Open MPI's segments behind; they are its own.
  find /dev/shm -mindepth 1 -name 'vader_segment.*' -newer "$scratch/orphaned.out" -delete
  ((code == 137)) && gone orphaned
}

several_tasks() {
  expect_code 78 env SLURM_NTASKS=4 SLURM_PROCID=0 "$sounder" train configs/digits.yaml \
    --run-dir "$scratch/tasks" >"$scratch/tasks.err" 2>&1
  grep -q 'srun --mpi=pmix' "$scratch/tasks.err"
  [[ ! -e $scratch/tasks ]]
}

other_mpi() {
  expect_code 78 env PMI_RANK=0 PMI_SIZE=2 "$sounder" train configs/digits.yaml \
    --run-dir "$scratch/other" >"$scratch/other.err" 2>&1
  grep -q 'Open MPI' "$scratch/other.err"
  [[ ! -e $scratch/other ]]
}

both_kinds_of_ranks() {
  expect_code 78 launch/local 2 "$sounder" train configs/digits.yaml --ranks-in-process 2 \
    --run-dir "$scratch/both" >"$scratch/both.err" 2>&1
  [[ $(grep -c '^error: --ranks-in-process 2: ' "$scratch/both.err") == 1 ]]
  [[ ! -e $scratch/both ]]
}

# short_runs COUNT: SOUNDER_FAULT_RUNS sets another number.
short_runs() {
  local run count=${SOUNDER_FAULT_RUNS:-5}
  shared_files >"$scratch/shared-before"
  for ((run = 0; run < count; run++)); do
    timeout 60 launch/local 8 "$sounder" train configs/digits.yaml --run-dir "$scratch/many" \
      --set train.max_steps=5 --set data.train_count=512 --set data.test_count=64
  done
  shared_files | diff "$scratch/shared-before" -
}

check 'FI-7: a rank stopped for a while is reported and the run completes' stopped_for_a_while
check 'FI-7: a rank stopped for ever ends the job at the deadline, by name' stopped_for_ever
check 'a killed rank is the first line on the screen' killed
check 'ranks die with a killed mpirun' killed_launcher
check 'DA-22: several Slurm tasks without PMIx are refused with 78' several_tasks
check 'DA-22: the launcher of another MPI is refused with 78' other_mpi
check 'DA-22: ranks in a process under mpirun are refused with 78' both_kinds_of_ranks
check 'FI-24: eight ranks, many short runs' short_runs
column -t -s '|' "$table" 2>/dev/null || cat "$table"
finish
