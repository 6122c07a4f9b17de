#!/usr/bin/env bash
# What stopped, killed and wrongly started ranks do to a run, as a table: first line on the screen, seconds
# to the end, exit code, what is left.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

table=$scratch/table
printf 'fault|first line|seconds|exit code|left in /dev/shm|processes left\n' >"$table"

# Ranks make their data before they join.
small=(--set data.train_count=2048 --set data.test_count=64)

shared_files() { find /dev/shm -mindepth 1 | sort; }
gone() { [[ -z $(rank_processes "$1") ]]; }
seconds_now() { date +%s.%N; }

# begin RUN RANKS COMMAND...: starts launch/local in the background; what it says goes to RUN.out and RUN.err.
begin() {
  local run=$1
  shift
  shared_files >"$scratch/shared-before"
  launch/local "$@" >"$scratch/$run.out" 2>"$scratch/$run.err" &
  launcher=$!
  trap 'kill -KILL "$launcher" 2>/dev/null || true' EXIT
}

# start RUN ARGUMENT...: three ranks that train for long, and report waits of a second.
start() {
  local run=$1
  shift
  begin "$run" 3 "$sounder" train configs/digits.yaml --run-dir "$scratch/$run" --set train.epochs=100000 \
    "${small[@]}" --set train.log_every=1 --set parallel.stall_warning=1 --set parallel.timeout=30 "$@"
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

# write_row FAULT FIRST-LINE SECONDS CODE LEFT PROCESSES
write_row() {
  (IFS='|'; printf '%s\n' "$*") >>"$table"
}

since() { awk -v a="$1" -v b="$(seconds_now)" 'BEGIN { printf "%.1f", b - a }'; }

# What is new in /dev/shm, apart from what a killed mpirun leaves of its own.
left_over() {
  shared_files | comm -13 "$scratch/shared-before" - | { grep -vxFf "$scratch/open-mpi" || true; }
}
nothing_left_over() { [[ -z $(left_over) ]]; }
: >"$scratch/open-mpi"

# row FAULT RUN BEGUN: waits for the end of the launcher and writes a row; leaves the code in $code.
row() {
  local fault=$1 run=$2 begun=$3 seconds left processes
  code=0
  wait_until 40 ended "$launcher"
  wait "$launcher" || code=$?
  seconds=$(since "$begun")
  wait_until 10 gone "$run" || true
  wait_until 10 nothing_left_over || true
  left=$(left_over | wc -l)
  processes=$(rank_processes "$run" | wc -l)
  write_row "$fault" "$(head -n 1 "$scratch/$run.err" | grep . || printf '(nothing)')" "$seconds" "$code" \
    "$left" "$processes"
  cat "$scratch/$run.err"
  ((left == 0 && processes == 0))
}

stopped_for_a_while() {
  local process begun
  start pause
  process=$(process_of pause 1)
  begun=$(seconds_now)
  kill -STOP "$process"
  sleep 3
  kill -CONT "$process"
  wait_until 20 grep -q '^note: rank .* goes on after ' "$scratch/pause.err"
  # The run is healthy again: it ends in order when it is told to.
  kill -USR1 "$launcher"
  row 'FI-7: SIGSTOP of a rank for 3 s, then SIGUSR1' pause "$begun"
  ((code == 75))
  [[ -s $scratch/pause/model.safetensors ]]
  grep -qE "^warning: rank [02] .*rank 1 \(host .*, pid $process\), which is stopped by a signal" "$scratch/pause.err"
}

stopped_for_ever() {
  local process begun
  start frozen --set parallel.stall_warning=0 --set parallel.timeout=6
  process=$(process_of frozen 1)
  begun=$(seconds_now)
  kill -STOP "$process"
  row 'FI-7: SIGSTOP of a rank for ever' frozen "$begun"
  ((code == 75))
  grep -m 1 '^error: ' "$scratch/frozen.err" |
    grep -qE "waited 6\.[0-9]+ s for rank 1 \(host .*, pid $process\), which is stopped by a signal and is in .*, last operation: "
}

killed() {
  local process begun
  start killed --set parallel.stall_warning=0
  process=$(process_of killed 2)
  begun=$(seconds_now)
  kill -KILL "$process"
  row 'SIGKILL of a rank' killed "$begun"
  ((code != 0))
  head -n 1 "$scratch/killed.err" | grep -qE "^error: rank [01] .*rank 2 \(host .*, pid $process\) died"
}

killed_launcher() {
  local begun process
  start orphaned
  # mpirun removes its segments when it ends in order; these stay.
  for process in $(rank_processes orphaned); do
    { grep -o '/dev/shm/vader_segment.*' "/proc/$process/maps" || true; }
  done | sort -u >"$scratch/open-mpi"
  begun=$(seconds_now)
  # launch/local has become mpirun.
  kill -KILL "$launcher"
  row 'SIGKILL of mpirun' orphaned "$begun"
  xargs rm -f <"$scratch/open-mpi"
  : >"$scratch/open-mpi"
  ((code == 137))
}

other_collective() {
  local begun
  begun=$(seconds_now)
  begin crossed 1 "$sounder" train configs/digits.yaml --run-dir "$scratch/crossed" "${small[@]}" : \
    -n 1 "$sounder" bench allreduce
  row 'FI-10: ranks call other collectives' crossed "$begun"
  ((code == 70))
  grep -m 1 '^error: ' "$scratch/crossed.err" |
    grep -E '^error: rank [01] .*: collective [0-9]+ differs: rank 0 called .* bytes, rank 1 called .* bytes;'
}

ends_before_the_start() {
  local begun
  begun=$(seconds_now)
  begin absent 1 "$sounder" train configs/digits.yaml --run-dir "$scratch/absent" \
    "${small[@]}" --set parallel.timeout=5 : -n 1 true
  row 'FI-17: a rank ends before it joins' absent "$begun"
  ((code == 75))
  grep -E '^error: rank 0 .*: the start of MPI waited 5\.0 s for ranks that have not come to it' \
    "$scratch/absent.err"
}

# The second rank calls exit(0) in the middle of a step.
ends_early() {
  local begun
  "${CC:-clang}" -shared -fPIC -o "$scratch/leave.so" -x c - <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *leave(void *file) {
  while (access(file, F_OK) != 0) usleep(10000);
  exit(0);
}

__attribute__((constructor)) static void begin(void) {
  const char *rank = getenv("OMPI_COMM_WORLD_RANK");
  pthread_t thread;
  if (rank && strcmp(rank, "1") == 0) pthread_create(&thread, NULL, leave, getenv("LEAVE_AT"));
}
C
  export LD_PRELOAD=$scratch/leave.so LEAVE_AT=$scratch/leave-now
  start early --set parallel.stall_warning=0
  unset LD_PRELOAD
  begun=$(seconds_now)
  touch "$scratch/leave-now"
  row 'FI-17: a rank calls exit(0)' early "$begun"
  ((code == 70))
  head -n 1 "$scratch/early.err" | grep -E '^error: rank 1 .*: the program has ended before its work'
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
  local run begun count=${SOUNDER_FAULT_RUNS:-5}
  begun=$(seconds_now)
  shared_files >"$scratch/shared-before"
  for ((run = 0; run < count; run++)); do
    timeout 120 launch/local 8 "$sounder" train configs/digits.yaml --run-dir "$scratch/many" \
      --set train.max_steps=5 --set data.train_count=512 --set data.test_count=64
  done
  wait_until 10 nothing_left_over
  write_row "FI-24: $count runs of 8 ranks, 5 steps each" '(nothing)' "$(since "$begun")" 0 0 \
    "$(rank_processes many | wc -l)"
  gone many
}

check 'FI-7: a rank stopped for a while is reported and the run completes' stopped_for_a_while
check 'FI-7: a rank stopped for ever ends the job at the deadline, by name' stopped_for_ever
check 'a killed rank is the first line on the screen' killed
check 'ranks die with a killed mpirun' killed_launcher
check 'FI-10: ranks that call different collectives end, and both are named' other_collective
check 'FI-17: a rank that ends before it joins ends the job at the deadline' ends_before_the_start
if command -v "${CC:-clang}" >/dev/null; then
  check 'FI-17: a rank that leaves in the middle is the first line on the screen' ends_early
fi
check 'DA-22: several Slurm tasks without PMIx are refused with 78' several_tasks
check 'DA-22: the launcher of another MPI is refused with 78' other_mpi
check 'DA-22: ranks in a process under mpirun are refused with 78' both_kinds_of_ranks
check 'FI-24: eight ranks, many short runs' short_runs
column -t -s '|' "$table" 2>/dev/null || cat "$table"
finish
