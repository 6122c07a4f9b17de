#!/usr/bin/env bash
# Jobs with text, tables and lists of layers, from training to evaluation and generation.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

for _ in $(seq 200); do printf 'to be or not to be, that is the question\n'; done >"$scratch/text"
text=(configs/shakespeare-gpt.yaml --set data.path="$scratch/text" --set train.max_steps=60
  --set model.depth=1 --set model.width=32 --set data.block_length=16 --set optimizer.lr=1e-2)

cat >"$scratch/layers.yaml" <<'YAML'
model:
  layers:
    - conv2d: {out_channels: 4, kernel_size: 5, stride: 2}
    - batch_norm2d
    - relu
    - flatten
    - linear
data: {kind: digits, train_count: 190, test_count: 40}
train: {epochs: 2, batch_size: 32}
parallel: {virtual_shards: 4}
YAML

# same_on_ranks NAME ARGUMENT...: one, two and four ranks leave the same model.
same_on_ranks() {
  local name=$1 ranks
  shift
  for ranks in 1 2 4; do
    "$sounder" train "$@" --ranks-in-process "$ranks" --run-dir "$scratch/$name-$ranks"
  done
  cmp "$scratch/$name-1/model.safetensors" "$scratch/$name-2/model.safetensors"
  cmp "$scratch/$name-1/model.safetensors" "$scratch/$name-4/model.safetensors"
}

generates() {
  rm "$scratch/text"
  "$sounder" generate "$scratch/gpt-1" --prompt 'to be' --length 20 --temperature 0 >"$scratch/out"
  [[ $(head -c 5 "$scratch/out") == 'to be' && $(wc -c <"$scratch/out") == 26 ]]
}

# refused CODE PATTERN COMMAND...: one line on standard error and this exit code.
refused() {
  local code=$1 pattern=$2
  shift 2
  expect_code "$code" "$@" 2>"$scratch/err"
  [[ $(wc -l <"$scratch/err") == 1 ]]
  grep -E "$pattern" "$scratch/err"
}

check 'a model of text has the same bits on any number of ranks' same_on_ranks gpt "${text[@]}"
check 'running statistics have the same bits on any number of ranks' \
  same_on_ranks layers "$scratch/layers.yaml"
check 'a convolutional network takes the digits' \
  "$sounder" train configs/digits.yaml --set model.kind=cnn --set model.channels='[4]' \
  --set train.max_steps=2 --set data.train_count=200 --set data.test_count=20 --run-dir "$scratch/cnn"
check 'a run with running statistics can be judged again' \
  "$sounder" evaluate "$scratch/layers-1" --json
check 'hogwild refuses running statistics' refused 78 'running_mean' \
  "$sounder" train "$scratch/layers.yaml" --set parallel.mode=hogwild \
  --set parallel.virtual_shards=auto --run-dir "$scratch/hogwild"
check 'a model of text generates without its data' generates
check 'an unknown character is refused' refused 65 'U\+00E9' \
  "$sounder" generate "$scratch/gpt-1" --prompt 'é'
check 'a run that is no model of text is refused' refused 65 'not text' \
  "$sounder" generate "$scratch/layers-1" --prompt a
check 'a run that does not exist is refused' refused 66 'no such file' \
  "$sounder" generate "$scratch/nowhere" --prompt a
check 'a missing text is refused' refused 66 'no such file' \
  "$sounder" train configs/shakespeare-gpt.yaml --set data.path="$scratch/none"
finish
