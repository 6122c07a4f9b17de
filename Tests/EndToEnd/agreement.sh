#!/usr/bin/env bash
# Ranks that were started with different programs, configurations or data refuse to train together and
# say what differs; a step that goes wrong on one rank is the business of all.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

small=(--set train.max_steps=2 --set data.train_count=64 --set data.test_count=16)
job=(train configs/digits.yaml "${small[@]}")

# disagree CODE PATTERN PROGRAM ARGUMENT... : the first rank is the default job, the second is this.
# The launcher ends with the code; the first error on standard error has the pattern, it is the only one
# of the ranks, and no rank has written anything.
disagree() {
  local code=$1 pattern=$2 started=$SECONDS
  shift 2
  rm -rf "$scratch/run"
  # launch/local takes one program; mpirun's own syntax for several goes behind it.
  expect_code "$code" launch/local 1 "$sounder" "${first[@]}" --run-dir "$scratch/run" : \
    -n 1 "$@" --run-dir "$scratch/run" 2>"$scratch/err"
  cat "$scratch/err"
  grep -m 1 error "$scratch/err" | grep -E "$pattern"
  [[ $(grep -c 'ranks disagree' "$scratch/err") == 1 && ! -e $scratch/run ]]
  ((SECONDS - started < 20))
}

# The program with one letter of one of its messages changed: another build as far as ranks can see.
other_build() {
  LC_ALL=C sed 's/training diverged: the loss/training Diverged: the loss/' "$sounder" >"$scratch/sounder"
  chmod +x "$scratch/sounder"
  if cmp -s "$sounder" "$scratch/sounder"; then return 1; fi
  disagree 78 'the build: the digest of the program.s code is [0-9a-f]+ on rank 0, but' \
    "$scratch/sounder" "${first[@]}"
}

# table NAME VALUE: a csv file that differs from others in one cell.
table() {
  local line
  for line in $(seq 40); do printf '%d,%d,%d\n' "$line" $((line * line % 7)) $((line % 2)); done \
    >"$scratch/$1.csv"
  printf '1,%s,0\n' "$2" >>"$scratch/$1.csv"
}
csv() { first=(train configs/digits.yaml --set data.kind=csv --set data.path="$scratch/$1.csv" --set train.max_steps=2); }

other_data() {
  table one 5
  table two 6
  csv two
  local second=("${first[@]}")
  csv one
  disagree 65 'about the data: the content of the training features' "$sounder" "${second[@]}"
}

same_data_elsewhere() {
  table one 5
  cp "$scratch/one.csv" "$scratch/copy.csv"
  csv copy
  local second=("${first[@]}")
  csv one
  launch/local 1 "$sounder" "${first[@]}" --run-dir "$scratch/run" : \
    -n 1 "$sounder" "${second[@]}" --run-dir "$scratch/elsewhere"
  [[ -s $scratch/run/model.safetensors && ! -e $scratch/elsewhere ]]
}

# What goes wrong in a step of one rank names the rank, first of all.
no_number() {
  expect_code 70 launch/local 2 "$sounder" "${job[@]}" --set optimizer.lr=1e38 --set train.max_steps=8 \
    --run-dir "$scratch/diverged" 2>"$scratch/err"
  cat "$scratch/err"
  head -n 1 "$scratch/err" | grep -E 'training diverged: the (loss|gradient of .*) of step [0-9] is .* on rank [01];'
}

skips_steps() {
  launch/local 2 "$sounder" "${job[@]}" --set optimizer.lr=1e38 --set train.on_nan=skip \
    --set train.max_steps=4 --run-dir "$scratch/skipped"
  grep -E '"skipped_steps": ?[1-3]' "$scratch/skipped/summary.json"
  grep -E '"event":"skipped".*on rank [01]"' "$scratch/skipped/metrics.jsonl"
}

# The statistics of the whole batch need one shard on every rank.
joint_statistics() {
  cat >"$scratch/sync.yaml" <<'YAML'
model:
  layers:
    - conv2d: {out_channels: 4, kernel_size: 5, stride: 2}
    - batch_norm2d: {sync: true}
    - relu
    - flatten
    - linear
data: {kind: digits, train_count: 190, test_count: 40}
train: {epochs: 2, batch_size: 32}
YAML
  launch/local 2 "$sounder" train "$scratch/sync.yaml" --run-dir "$scratch/sync"
  "$sounder" evaluate "$scratch/sync" --json
  expect_code 78 launch/local 2 "$sounder" train "$scratch/sync.yaml" --run-dir "$scratch/refused" \
    --set parallel.virtual_shards=4 2>"$scratch/err"
  grep "layer '.*' normalises over the whole batch" "$scratch/err"
}

first=("${job[@]}")
check 'FI-11: a rank whose numbers are none ends the job and is named first' no_number
check 'FI-11: train.on_nan: skip leaves steps out and reports them' skips_steps
check 'DP-30: batch normalisation over all ranks trains, and refuses several shards on one' \
  joint_statistics
check 'FI-9: another learning rate on one rank is refused with both values' disagree 78 \
  'the configuration: optimizer.lr is [0-9.]+ on rank 0, but 0.5 on rank 1' \
  "$sounder" "${job[@]}" --set optimizer.lr=0.5
check 'FI-9: another model on one rank is refused' disagree 78 \
  'the configuration: model.hidden is \[.*\] on rank 0, but \[8\] on rank 1' \
  "$sounder" "${job[@]}" --set 'model.hidden=[8]'
check 'FI-9: another build on one rank is refused' other_build
check 'FI-9: other data on one rank are refused by name' other_data
check 'FI-9: the same data under another path are accepted' same_data_elsewhere
finish
