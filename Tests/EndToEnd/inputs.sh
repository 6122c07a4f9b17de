#!/usr/bin/env bash
# Broken configurations and broken data files end in a message and the right exit code, not a crash.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

# rejected CODE PATTERN ARGUMENT...: `sounder train` ends with this code, and every line it prints on
# standard error matches the pattern.
rejected() {
  local code=$1 pattern=$2
  shift 2
  expect_code "$code" "$sounder" train "$@" --run-dir "$scratch/run" \
    >"$scratch/out" 2>"$scratch/err"
  cat "$scratch/err"
  [[ -s $scratch/err ]]
  if grep -vE "$pattern" "$scratch/err"; then return 1; fi
}

# broken NAME YAML: a configuration that must be refused with file, line and column.
broken() {
  local file=$scratch/$1.yaml
  printf '%b' "$2" >"$file"
  check "configuration: $1" rejected 78 "^$file:[0-9]+:[0-9]+: error: " "$file"
}

broken unknown-key 'version: 1\noptimizer: {lrr: 0.1}\n'
broken unknown-section 'version: 1\noptimiser: {lr: 0.1}\n'
broken wrong-type 'version: 1\noptimizer: {lr: fast}\n'
broken list-for-number 'version: 1\ntrain: {epochs: [1, 2]}\n'
broken section-is-scalar 'version: 1\ntrain: 3\n'
broken unknown-optimizer 'version: 1\noptimizer: {kind: adamx}\n'
broken unknown-activation 'version: 1\nmodel: {activation: rellu}\n'
broken unknown-schedule 'version: 1\nschedule: {kind: cosin}\n'
broken unknown-mode 'version: 1\nparallel: {mode: async}\n'
broken unknown-data 'version: 1\ndata: {kind: parquet}\n'
broken negative-rate 'version: 1\noptimizer: {lr: -1}\n'
broken zero-batch 'version: 1\ntrain: {batch_size: 0}\n'
broken negative-epochs 'version: 1\ntrain: {epochs: -2}\n'
broken dropout-of-one 'version: 1\nmodel: {dropout: 1.5}\n'
broken empty-layer 'version: 1\nmodel: {hidden: [128, 0]}\n'
broken nesterov-without-momentum 'version: 1\noptimizer: {kind: sgd, momentum: 0, nesterov: true}\n'
broken duplicate-key 'version: 1\noptimizer: {lr: 0.1}\noptimizer: {lr: 0.2}\n'
broken bad-yaml 'version: 1\noptimizer: {lr: 0.1\n'
broken future-version 'version: 99\n'
broken hogwild-with-adam 'version: 1\nparallel: {mode: hogwild}\noptimizer: {kind: adam}\n'
check 'a missing configuration' rejected 66 'error: ' "$scratch/absent.yaml"
check 'an unknown override' rejected 78 'error: ' configs/digits.yaml --set optimizer.lrr=1

# The folder of a data set in MNIST's format: 4 images of 2 × 2 and 4 labels, for both splits.
idx() { printf '%b' "$1"; }
images_header='\0\0\x08\x03\0\0\0\x04\0\0\0\x02\0\0\0\x02'
labels='\0\0\x08\x01\0\0\0\x04\0\x01\x02\x03'
pixels='0123456789abcdef'
data_set() {
  local split
  mkdir -p "$scratch/$1"
  for split in train t10k; do
    idx "$images_header$pixels" >"$scratch/$1/$split-images-idx3-ubyte"
    idx "$labels" >"$scratch/$1/$split-labels-idx1-ubyte"
  done
}

# damaged NAME FILE: the data set NAME, whose FILE was just replaced, must be refused by name.
damaged() {
  check "data: $1" rejected 65 "$2.*" configs/mnist-mlp.yaml --set "data.path=$scratch/$1"
}

images=train-images-idx3-ubyte
numbers=train-labels-idx1-ubyte
data_set truncated && idx "${images_header}0123" >"$scratch/truncated/$images"
damaged truncated $images
data_set header && idx '\0\0\x08\x03\0\0' >"$scratch/header/$images"
damaged header $images
data_set empty && : >"$scratch/empty/$images"
damaged empty $images
data_set magic && idx "\x01\x02\x03\x04$pixels" >"$scratch/magic/$images"
damaged magic $images
data_set type && idx "\0\0\x0d\x03\0\0\0\x04\0\0\0\x02\0\0\0\x02$pixels" >"$scratch/type/$images"
damaged type $images
data_set trailing && idx "$images_header${pixels}x" >"$scratch/trailing/$images"
damaged trailing $images
data_set counts && idx '\0\0\x08\x01\0\0\0\x03\0\x01\x02' >"$scratch/counts/$numbers"
damaged counts 'labels|images'
data_set huge && idx '\0\0\x08\x03\x7f\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff' >"$scratch/huge/$images"
damaged huge $images
data_set gzip && rm "$scratch/gzip/$images" \
  && idx "$images_header$pixels" | gzip | head -c 24 >"$scratch/gzip/$images.gz"
damaged gzip $images
data_set checksum && rm "$scratch/checksum/$images" \
  && { idx "$images_header$pixels" | gzip | head -c -8; idx '\0\0\0\0\0\0\0\0'; } >"$scratch/checksum/$images.gz"
damaged checksum $images
check 'a missing data set' rejected 66 'error: ' configs/mnist-mlp.yaml --set "data.path=$scratch/absent"
finish
