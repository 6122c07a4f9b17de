#!/usr/bin/env bash
# What slow, lossy and broken links between hosts do to training: nothing but delay, as long as the link
# comes back before the deadline; else all ranks end and say who is missing.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"
# shellcheck source=Tests/EndToEnd/hosts.bash
source "$(dirname "${BASH_SOURCE[0]}")/hosts.bash"

short=(--set train.epochs=1 --set data.train_count=1024 --set data.test_count=256
  --set model.dropout=0.1)
long=(--set train.epochs=40 --set data.test_count=256 --set train.log_every=1)

# over RUN RANKS ARGUMENT...: trains on three hosts, `RANKS` being three numbers.
over() {
  local run=$1 ranks=$2
  shift 2
  # shellcheck disable=SC2086  # one word for each host
  across "$(spread $ranks)" slot "$sounder" train configs/digits.yaml --run-dir "$scratch/$run" "$@"
}

links_are_slow() {
  local microseconds
  slow_links 2000 0.01
  microseconds=$(round_trip "${hosts[0]}" "${hosts[2]}")
  printf 'round trip: %d us\n' "$microseconds"
  ((microseconds >= 4000 && microseconds < 20000))
}

same_model() {
  over "$1" '1 2 3' "${short[@]}"
  cmp "$scratch/one/model.safetensors" "$scratch/$1/model.safetensors"
}

steps_of() { wc -l <"$scratch/$1/metrics.jsonl"; }
has_begun() { [[ -s $scratch/$1/metrics.jsonl ]] && (($(steps_of "$1") > 20)); }

# start RUN ARGUMENT...: trains in the background, on `ranks`, until the first steps are done.
start() {
  over "$1" "${ranks:-1 1 1}" "${long[@]}" "${@:2}" >"$scratch/$1.out" 2>&1 &
  launcher=$!
  trap 'kill -TERM "$launcher" 2>/dev/null || true' EXIT
  wait_until 60 has_begun "$1"
}

outage_is_survived() {
  local before
  start outage --set train.max_steps=400
  link_down "${hosts[1]}"
  # What was on its way has arrived after a second; then nothing can move.
  sleep 1
  before=$(steps_of outage)
  sleep 2
  (($(steps_of outage) == before))
  link_up "${hosts[1]}"
  wait_until 60 ended "$launcher"
  cat "$scratch/outage.out"
  wait "$launcher"
  cmp "$scratch/calm/model.safetensors" "$scratch/outage/model.safetensors"
}

# rank_process RUN RANK: the process of a rank.
rank_process() {
  local process
  for process in $(rank_processes "$1"); do
    if grep -qxz "OMPI_COMM_WORLD_RANK=$2" "/proc/$process/environ"; then printf '%d\n' "$process"; fi
  done
}

# A rank of the second host stops: the others there wait for it in memory, other hosts for those.
stopped_rank_is_described() {
  local ranks='1 2 1' process
  start stopped --set parallel.stall_warning=1 --set train.max_steps=200
  process=$(rank_process stopped 2)
  kill -STOP "$process"
  wait_until 10 grep -qE '^warning: rank 0 ' "$scratch/stopped.out" || true
  kill -CONT "$process"
  wait_until 60 ended "$launcher"
  cat "$scratch/stopped.out"
  wait "$launcher"
  grep -E "^warning: rank 0 \(host ${hosts[0]}, .*rank 2 \(host ${hosts[1]}, pid $process\), which is stopped by a signal and is in .* of step [0-9]+ for .*, last operation: " \
    "$scratch/stopped.out"
  grep -E "rank 1 \(host ${hosts[1]}, pid [0-9]+\), which is in .* and waits for rank 2" "$scratch/stopped.out"
}

broken_link_ends_the_job() {
  local code=0 began
  start broken --set parallel.timeout=4
  link_down "${hosts[2]}"
  began=$SECONDS
  wait_until 20 ended "$launcher"
  printf 'ended after %d s\n' $((SECONDS - began))
  wait "$launcher" || code=$?
  cat "$scratch/broken.out"
  printf 'exit code %d\n' "$code"
  ((code != 0))
  grep -E "waited 4\.[0-9] s for .*rank 2 \(host ${hosts[2]}, pid [0-9]+\), which (does not|has not) answer" \
    "$scratch/broken.out"
  nothing_left 10
}

need_hosts 3
command -v "${CC:-clang}" >/dev/null || skip 'there is no C compiler for the slow link; set CC'
check 'trains in one process' train 1 one "${short[@]}"
check 'links of 2 ms that lose 1 % of the frames' links_are_slow
check 'slow links: 1 + 2 + 3 ranks leave the model of one process' same_model slow
quick_links
check 'trains 400 steps in one process' train 1 calm "${long[@]}" --set train.max_steps=400
check 'FI-8: a link that is down for 3 s costs nothing but time' outage_is_survived
check 'DA-11: a rank of another host that is stopped is described by its neighbour' stopped_rank_is_described
check 'FI-8: a link that stays down ends the job and names who is missing' broken_link_ends_the_job
check 'nothing is left on any host' nothing_left
check 'the hosts go without a trace' hosts_go
finish
