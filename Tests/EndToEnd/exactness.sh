#!/usr/bin/env bash
# Neither the number of ranks nor where they run, neither the form of the update nor the size of the
# buckets changes a bit of the trained model. Prints a table of what `cmp` said of every combination.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"
# shellcheck source=Tests/EndToEnd/hosts.bash
source "$(dirname "${BASH_SOURCE[0]}")/hosts.bash"

# Whatever could depend on where a sample is computed: random numbers, statistics of a batch, a norm
# over all parameters, the state of the optimiser. The last batch of the data is not full. The first layer is
# large enough for its gradient to be formed for all shards of a rank together.
cat >"$scratch/job.yaml" <<'JOB'
version: 1
seed: 7
data: {kind: digits, train_count: 1200, test_count: 200}
model:
  layers:
    - flatten
    - linear: {out_features: 256}
    - batch_norm1d
    - relu
    - dropout: {p: 0.2}
    - linear: {out_features: 32}
    - relu
    - linear
train: {epochs: 1, batch_size: 128, clip_norm: 0.5}
optimizer: {kind: adam, lr: 0.003}
parallel: {mode: sync, virtual_shards: 8}
JOB

# job RUN UPDATE BUCKET: the command of one rank.
job() {
  printf '%s\n' "$sounder" train "$scratch/job.yaml" --run-dir "$scratch/$1" \
    --set parallel.update="$2" --set parallel.bucket_bytes="$3"
}

# run_as WHERE RANKS UPDATE BUCKET: trains and prints the name of the run.
run_as() {
  local where=$1 ranks=$2 run=$1-$2-$3-$4 command
  mapfile -t command < <(job "$run" "$3" "$4")
  case $where in
    threads) "${command[@]}" --ranks-in-process "$ranks" ;;
    MPI) launch/local "$ranks" "${command[@]}" ;;
    hosts) across "$(spread $(((ranks + 1) / 2)) $((ranks / 2)))" slot "${command[@]}" ;;
  esac >"$scratch/$run.out" 2>&1 || {
    tail -n 5 "$scratch/$run.out"
    return 1
  }
}

same() { run_as "$@" && cmp "$scratch/one/model.safetensors" "$scratch/$1-$2-$3-$4/model.safetensors"; }

# row WHERE RANKS UPDATE BUCKET: checks one combination and adds it to the table.
row() {
  local before=$failures said=equal
  if [[ $1 == hosts && -n $no_hosts ]]; then
    said="skipped: $no_hosts"
  else
    check "$2 ranks ($1), $3, buckets of $4 bytes: the model of one process" same "$@"
    if ((failures > before)); then said=FAILED; fi
  fi
  table+=("$(printf '%-8s %5d  %-11s %8d  %s' "$1" "$2" "$3" "$4" "$said")")
}

table=()
try_hosts 2
mapfile -t one < <(job one sharded 262144)
check 'trains in one process' "${one[@]}"
for ranks in 1 2 3 4 8; do row threads "$ranks" sharded 262144; done
for ranks in 1 2 3 4 8; do row MPI "$ranks" sharded 262144; done
for ranks in 2 3 4 8; do row hosts "$ranks" sharded 262144; done
for where in threads MPI hosts; do
  row "$where" 3 replicated 262144
  row "$where" 2 replicated 4096
  row "$where" 3 sharded 4096
done
printf 'where    ranks  update        bucket  cmp with one process\n'
printf '%s\n' "${table[@]}"
finish
