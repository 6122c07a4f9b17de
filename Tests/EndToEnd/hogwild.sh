#!/usr/bin/env bash
# Hogwild learns the default task, with threads of one process and with ranks of one host.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

# hogwild RANKS RUN ARGUMENT...: trains with configs/digits-hogwild.yaml.
hogwild() {
  local ranks=$1 run=$2
  shift 2
  local command=("$sounder" train configs/digits-hogwild.yaml --run-dir "$scratch/$run" "$@")
  if ((ranks > 1)); then command=(launch/local "$ranks" "${command[@]}"); fi
  "${command[@]}"
}

# learned RUN: the summary tells of at least 95 % on the test set, and of staleness.
learned() {
  local summary=$scratch/$1/summary.json accuracy
  cat "$summary"
  accuracy=$(sed -nE 's/.*"test_accuracy"[[:space:]]*:[[:space:]]*([0-9.eE+-]+).*/\1/p' "$summary")
  awk -v accuracy="$accuracy" 'BEGIN { exit !(accuracy >= 0.95) }'
  grep -q staleness "$summary"
}

check 'trains with 2 threads' hogwild 1 threads --set parallel.workers=2
check '2 threads: learned, with staleness in the summary' learned threads
check 'trains with 2 ranks' hogwild 2 ranks --set parallel.workers=1
check '2 ranks: learned, with staleness in the summary' learned ranks
finish
