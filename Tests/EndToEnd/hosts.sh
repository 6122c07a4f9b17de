#!/usr/bin/env bash
# Hosts on one machine, each with its own network, name and /dev/shm: training over two or three of them
# leaves the model of one process, what cannot work is refused, and nothing stays behind on any.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"
# shellcheck source=Tests/EndToEnd/hosts.bash
source "$(dirname "${BASH_SOURCE[0]}")/hosts.bash"

# Dropout would show random numbers that depend on where ranks run.
short=(--set train.epochs=1 --set data.train_count=2048 --set data.test_count=256
  --set model.dropout=0.1)

# same_model HOSTS SLOTS MAPPING FORM ARGUMENT...: trains the short job in one of the forms of
# parallel.update, on what it must see as so many hosts, and compares the model with that of one process.
same_model() {
  local run=$scratch/$2-$3-$4-$#
  across "$2" "$3" "$sounder" train configs/digits.yaml --run-dir "$run" "${short[@]}" \
    --set parallel.update="$4" "${@:5}"
  cat "$run/summary.json"
  grep -qE "\"hosts\"[[:space:]]*:[[:space:]]*$1\b" "$run/summary.json"
  cmp "$scratch/one/model.safetensors" "$run/model.safetensors"
}

# learns NAME ARGUMENT...: a job over three hosts, whose model need not be that of one process, learns.
learns() {
  local run=$scratch/$1
  across "$(spread 1 2 1)" slot "$sounder" train configs/digits.yaml --run-dir "$run" \
    --set train.max_steps=300 --set data.test_count=256 "${@:2}"
  cat "$run/summary.json"
  grep -qE '"test_accuracy"[^0-9]*0\.[6-9]' "$run/summary.json"
}

hogwild_is_refused() {
  local refusal='parallel\.mode hogwild: the ranks are on 2 hosts, .*; start all ranks on one host'
  expect_code 78 across "$(spread 2 2)" slot "$sounder" train configs/digits-hogwild.yaml \
    --run-dir "$scratch/hogwild" "${short[@]}" >"$scratch/refused" 2>&1
  cat "$scratch/refused"
  [[ $(grep -cE "^error: $refusal" "$scratch/refused") == 1 ]]
  if grep -E 'Fatal error|Stack dump|signal' "$scratch/refused"; then return 1; fi
}

# long_job RUN: starts two ranks on each of two hosts, and notes those of the second in $scratch/there.
long_job() {
  across "$(spread 2 2)" slot "$sounder" train configs/digits.yaml --run-dir "$scratch/$1" \
    --set train.epochs=100000 --set train.log_every=1 &
  launcher=$!
  trap 'kill -TERM "$launcher" 2>/dev/null || true' EXIT
  wait_until 60 test -s "$scratch/$1/metrics.jsonl"
  comm -12 <(ip netns pids "${hosts[1]}" | sort) <(rank_processes "$1" | sort) >"$scratch/there"
  [[ $(wc -l <"$scratch/there") == 2 ]]
}

killed_rank_ends_the_job() {
  local code=0
  long_job killed
  head -n 1 "$scratch/there" | xargs kill -KILL
  wait_until 10 ended "$launcher"
  wait "$launcher" || code=$?
  ((code != 0))
}

no_ranks_there() { ! xargs ps -o pid= -p <"$scratch/there" | grep .; }
no_ranks() { [[ -z $(rank_processes "$1") ]]; }

# What started the ranks of a host is Open MPI's daemon there. Killed it leaves its own files; ours must not stay.
killed_daemon_ends_its_ranks() {
  local code=0 daemon
  long_job orphaned
  daemon=$(ps -o ppid= -p "$(head -n 1 "$scratch/there")" | tr -d ' ')
  [[ $(ps -o comm= -p "$daemon") == orted ]]
  kill -KILL "$daemon"
  wait_until 5 no_ranks_there
  wait_until 20 ended "$launcher"
  wait "$launcher" || code=$?
  ((code != 0))
  wait_until 10 no_ranks orphaned
  on_host "${hosts[1]}" find /dev/shm -mindepth 1 -name 'vader_segment.*' -delete
  on_host "${hosts[0]}" find /dev/shm -mindepth 1 -name 'vader_segment.*' -delete
  find "$scratch/temporary" -mindepth 1 -delete
}

need_hosts 3
check 'trains in one process' train 1 one "${short[@]}"
for form in sharded replicated; do
  check "$form: 2 + 2 ranks leave the model of one process" same_model 2 "$(spread 2 2)" slot "$form"
  check "$form: 2 + 2 ranks in turn leave the model of one process" \
    same_model 2 "$(spread 2 2)" node "$form"
  check "$form: 2 + 1 ranks leave the model of one process" same_model 2 "$(spread 2 1)" slot "$form"
  check "$form: 1 + 2 + 3 ranks leave the model of one process" \
    same_model 3 "$(spread 1 2 3)" slot "$form"
done
for ranks in '2 2' '1 2 3'; do
  # shellcheck disable=SC2086  # one word for each host
  check "DP-27: ${ranks// / + } ranks with state shared out over hosts leave the same model" \
    same_model "$(wc -w <<<"$ranks")" "$(spread $ranks)" slot sharded --set parallel.shard_state=all
done
check 'DP-02: a thread that moves the transfers leaves the same model' \
  same_model 2 "$(spread 2 1)" slot sharded --set parallel.communication_thread=on
for compression in bf16 int8 topk powersgd; do
  check "gradients compressed by $compression: a job over three hosts learns" \
    learns "$compression" --set parallel.compression="$compression"
done
check 'a job whose ranks take four steps alone learns' \
  learns local --set parallel.update=replicated --set parallel.sync_every=4
check 'Hogwild over two hosts is refused with exit code 78' hogwild_is_refused
check 'a rank killed on the other host ends the job within 10 s' killed_rank_ends_the_job
check 'ranks die with a killed daemon of their host, and the job ends' killed_daemon_ends_its_ranks
check 'nothing is left on any host' nothing_left
check 'the hosts go without a trace' hosts_go
finish
