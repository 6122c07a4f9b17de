#!/usr/bin/env bash
# The memory that a dry run announces is the memory that the job then takes, within 10 %, for each rank
# and for the host.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

for _ in $(seq 400); do printf 'to be or not to be, that is the question\n'; done >"$scratch/text"
short=(--set train.max_steps=12 --set train.epochs=1 --set data.train_count=4096
  --set data.test_count=512)
mlp=(configs/digits.yaml "${short[@]}" --set model.hidden='[1536,1536]' --set optimizer.kind=adam
  --set optimizer.lr=1e-3 --set train.batch_size=128)
cnn=(configs/digits.yaml "${short[@]}" --set model.kind=cnn --set model.channels='[16,32]'
  --set train.batch_size=128 --set parallel.virtual_shards=4)
gpt=(configs/shakespeare-gpt.yaml --set data.path="$scratch/text" --set train.max_steps=12
  --set model.depth=2 --set model.width=192 --set model.heads=4 --set data.block_length=64
  --set train.batch_size=16)

# largest KEY FILE: the number, or the largest of a list, under a key of JSON on any number of lines.
largest() {
  tr -d ' \n' <"$2" | grep -oE "\"$1\":\[?[0-9,]+" | head -n 1 | grep -oE '[0-9]+' | sort -n | tail -n 1
}

# near WHAT PREDICTED MEASURED: prints the two, and fails when they are more than 10 % apart.
near() {
  awk -v what="$1" -v predicted="$2" -v measured="$3" 'BEGIN {
    error = predicted / measured - 1
    printf "%s: predicted %.1f MiB, measured %.1f MiB, %+.1f %%\n", what, predicted / 1048576,
      measured / 1048576, 100 * error
    exit !(error <= 0.1 && error >= -0.1) }'
}

# announced RANKS NAME ARGUMENT...: what the dry run says and what the job takes.
announced() {
  local ranks=$1 run=$scratch/$2-$1 launcher=() planned=()
  shift 2
  if ((ranks > 1)); then
    launcher=(launch/local "$ranks")
    planned=(--ranks "$ranks")
  fi
  "$sounder" train "$@" --dry-run --json ${planned[@]+"${planned[@]}"} >"$run.plan"
  ${launcher[@]+"${launcher[@]}"} "$sounder" train "$@" --run-dir "$run" >"$run.log"
  grep -A 9 '"memory"' "$run/summary.json"
  cat "$run.plan"
  {
    near "${run##*/}, rank" "$(largest rank_bytes "$run.plan")" "$(largest rank_bytes "$run/summary.json")"
    near "${run##*/}, host" "$(largest host_bytes "$run.plan")" "$(largest host_bytes "$run/summary.json")"
  } | tee -a "$scratch/table"
}

for ranks in 1 2; do
  for form in sharded replicated; do
    check "$form mlp, $ranks ranks: the dry run's memory is the job's" \
      announced "$ranks" "mlp-$form" "${mlp[@]}" --set parallel.update="$form"
  done
  check "cnn, $ranks ranks: the dry run's memory is the job's" announced "$ranks" cnn "${cnn[@]}"
  check "gpt, $ranks ranks: the dry run's memory is the job's" announced "$ranks" gpt "${gpt[@]}"
done
check "accumulated batches, 2 ranks: the dry run's memory is the job's" \
  announced 2 accumulated "${mlp[@]}" --set train.accumulate=3 --set parallel.virtual_shards=2
# The memory of local steps is not planned: the dry run says so and names the key.
refuses_local_steps() {
  local code=0
  "$sounder" train "${mlp[@]}" --set parallel.update=replicated --set parallel.sync_every=4 --dry-run \
    --ranks 2 >/dev/null 2>"$scratch/refusal" || code=$?
  cat "$scratch/refusal"
  ((code != 0))
  grep -q 'parallel.sync_every is 4' "$scratch/refusal"
}
check "local steps: the dry run refuses to tell their memory" refuses_local_steps
cat "$scratch/table"
finish
