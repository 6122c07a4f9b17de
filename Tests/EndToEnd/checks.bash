# Sourced by the end-to-end checks: the program, a scratch folder, and `check`.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
sounder=$(realpath "${SOUNDER:-.build/release/sounder}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# check NAME COMMAND...: runs a command and prints `ok NAME`, or what it said and `FAILED NAME`.
check() {
  local name=$1 status=0
  shift
  # Bash ignores errexit left of `||`: only like this does a function stop at its first failure.
  set +e
  (set -e; "$@") >"$scratch/said" 2>&1 </dev/null
  status=$?
  set -e
  if ((status == 0)); then
    printf 'ok %s\n' "$name"
  else
    tail -n 20 "$scratch/said" | sed 's/^/  | /'
    printf 'FAILED %s (exit code %d)\n' "$name" "$status"
    failures=$((failures + 1))
  fi
}

# skip REASON: ends a script that cannot run here; that counts as neither passed nor failed.
skip() {
  printf 'skipped %s: %s\n' "$(basename "$0" .sh)" "$*"
  exit 0
}

# finish: the exit code of the script.
finish() { exit $((failures > 0)); }

# train RANKS RUN ARGUMENT...: trains the default job and leaves it in $scratch/RUN. Replaces the
# shell, so that the id of a background job is the launcher's.
train() {
  local ranks=$1 run=$2
  shift 2
  local command=("$sounder" train configs/digits.yaml --run-dir "$scratch/$run" "$@")
  if ((ranks > 1)); then command=(launch/local "$ranks" "${command[@]}"); fi
  exec "${command[@]}"
}

# rank_processes RUN: the ids of the processes that train RUN, without their launcher.
rank_processes() { pgrep -f "^$sounder train .*--run-dir $scratch/$1( |\$)" || true; }

# ended PID: the process is gone.
ended() { ! kill -0 "$1" 2>/dev/null; }

# wait_until SECONDS COMMAND...: polls until a command succeeds.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS >= deadline)); then
      printf 'gave up waiting for: %s\n' "$*"
      return 1
    fi
    sleep 0.1
  done
}

# expect_code CODE COMMAND...: succeeds when the command ends with this exit code.
expect_code() {
  local expected=$1 code=0
  shift
  "$@" || code=$?
  if ((code != expected)); then
    printf 'exit code %d, expected %d: %s\n' "$code" "$expected" "$*"
    return 1
  fi
}
