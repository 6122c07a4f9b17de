#!/usr/bin/env bash
# The number of ranks does not change a bit of the trained model.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

short=(--set train.epochs=1 --set model.dropout=0.1)

same_model() { cmp "$scratch/one/model.safetensors" "$scratch/$1/model.safetensors"; }

check 'trains in one process' train 1 one "${short[@]}"
check 'trains on 2 ranks' train 2 two "${short[@]}"
check 'trains on 4 ranks' train 4 four "${short[@]}"
check 'trains on 4 ranks in one process' train 1 threads --ranks-in-process 4 "${short[@]}"
for run in two four threads; do check "$run: the model equals that of one process" same_model "$run"; done
finish
