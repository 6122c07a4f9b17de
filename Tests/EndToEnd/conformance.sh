#!/usr/bin/env bash
# Operators agree with PyTorch's answers; broken cases end in a message and an exit code, not a crash.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

# says CODE PATTERN ARGUMENT...: the program ends with the code and prints a line with the pattern.
says() {
  local code=$1 pattern=$2
  shift 2
  expect_code "$code" "$sounder" "$@" >"$scratch/out" 2>&1
  cat "$scratch/out"
  grep -qE "$pattern" "$scratch/out"
}

# Two cases of mm: the shapes of the first do not fit, the second is right.
matrix() { printf '{"tensor":"%s","dtype":"float64","shape":%s}' "$1" "$2"; }
cases() {
  local x y out
  x=$(matrix x '[2,3]') y=$(matrix y '[3,1]') out=$(matrix out '[2,1]')
  printf '{"op":"%s","cases":[
    {"id":"first","dtype":"float64","args":[%s,%s],"kwargs":{},"outputs":[%s]},
    {"id":"second","dtype":"float64","args":[%s,%s],"kwargs":{},"outputs":[%s]}]}' \
    "$1" "$x" "$x" "$out" "$x" "$y" "$out"
}
header='{"x":{"dtype":"F64","shape":[2,3],"data_offsets":[0,48]},'
header+='"y":{"dtype":"F64","shape":[3,1],"data_offsets":[48,72]},'
header+='"out":{"dtype":"F64","shape":[2,1],"data_offsets":[72,88]}}'
# folder NAME OPERATOR: the cases under another operator's name.
folder() {
  mkdir -p "$scratch/$1"
  cases "$2" >"$scratch/$1/$2.json"
  {
    printf "\\x$(printf %x "${#header}")\\0\\0\\0\\0\\0\\0\\0%s" "$header"
    head -c 88 /dev/zero
  } >"$scratch/$1/$2.safetensors"
}

check 'all committed cases pass' "$sounder" opcheck Tests/Conformance
check 'all operators keep their own promises' "$sounder" opcheck --registered
folder traps mm
check 'a trap in a case is a failed case' says 1 'first: values: trap: ' opcheck "$scratch/traps"
check 'the case after a trap runs' says 1 '^1 of 2 cases passed$' opcheck "$scratch/traps"
folder unknown mmm
check 'an unknown operator is a failed case' \
  says 1 "unknown operator 'mmm'; did you mean" opcheck "$scratch/unknown"
folder truncated mm && head -c 250 "$scratch/traps/mm.safetensors" >"$scratch/truncated/mm.safetensors"
check 'a truncated file' says 65 'mm.safetensors: error: ' opcheck "$scratch/truncated"
folder json mm && printf '{"op":' >"$scratch/json/mm.json"
check 'a broken document' says 65 'mm.json: error: ' opcheck "$scratch/json"
folder absent mm && rm "$scratch/absent/mm.safetensors"
check 'a missing file' says 66 'mm.safetensors: error: ' opcheck "$scratch/absent"
check 'a missing folder' says 66 'error: ' opcheck "$scratch/nowhere"
check 'an operator without cases' says 66 "no cases of the operator 'add'" \
  opcheck "$scratch/traps" --op add
check 'an operator is explained' says 0 'saved for backward: ' ops mul.Tensor
check 'an unknown operator gets a suggestion' says 1 "did you mean 'cumsum'" ops cumsumm
finish
