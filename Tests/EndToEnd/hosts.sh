#!/usr/bin/env bash
# Two hosts on one machine, each with its own network, name and /dev/shm: training over both leaves the
# model of one process, what cannot work is refused, and nothing stays behind on either.
# shellcheck disable=SC2317,SC2329  # `check` calls the functions
set -euo pipefail
# shellcheck source=Tests/EndToEnd/checks.bash
source "$(dirname "${BASH_SOURCE[0]}")/checks.bash"

hosts=("sounder-$$-a" "sounder-$$-b")
network=10.77.0
even=${hosts[0]}:2,${hosts[1]}:2
uneven=${hosts[0]}:2,${hosts[1]}:1
# Dropout would show random numbers that depend on where ranks run.
short=(--set train.epochs=1 --set data.train_count=2048 --set data.test_count=256
  --set model.dropout=0.1)

# make_hosts: namespaces joined by a wire. A sleeping process keeps each host alive between jobs.
make_hosts() {
  local number host keeper
  mkdir "$scratch/temporary"
  printf '127.0.0.1 localhost\n' >"$scratch/hosts"
  for host in "${hosts[@]}"; do ip netns add "$host"; done
  ip link add eth0 netns "${hosts[0]}" type veth peer name eth0 netns "${hosts[1]}"
  for number in 0 1; do
    host=${hosts[number]}
    printf '%s.%d %s\n' "$network" $((number + 1)) "$host" >>"$scratch/hosts"
    ip -n "$host" address add "$network.$((number + 1))/24" dev eth0
    ip -n "$host" link set lo up
    ip -n "$host" link set eth0 up
  done
  for host in "${hosts[@]}"; do
    # shellcheck disable=SC2016  # expanded by the shell of the host
    ip netns exec "$host" unshare --uts --mount --ipc bash -euc '
      hostname "$1"
      mount -t tmpfs tmpfs /dev/shm
      mount --bind "$2/hosts" /etc/hosts
      touch "$2/$1.ready"
      exec sleep infinity' host "$host" "$scratch" </dev/null >"$scratch/$host.log" 2>&1 &
    keeper=$!
    printf '%d\n' "$keeper" >"$scratch/$host.keeper"
    wait_until 10 ready_or_dead "$host" "$keeper"
    cat "$scratch/$host.log" >&2
    [[ -e $scratch/$host.ready ]]
  done
  # What mpirun starts the other host's daemon with, in place of ssh: HOST COMMAND...
  cat >"$scratch/agent" <<AGENT
#!/usr/bin/env bash
host=\$1
shift
$(declare -f on_host)
scratch='$scratch'
on_host "\$host" bash -c "\$*"
AGENT
  chmod +x "$scratch/agent"
}

ready_or_dead() { [[ -e $scratch/$1.ready ]] || ! kill -0 "$2" 2>/dev/null; }

# on_host HOST COMMAND...
on_host() {
  local keeper
  keeper=$(<"$scratch/$1.keeper")
  shift
  nsenter --target "$keeper" --net --uts --mount --ipc env --chdir="$PWD" "$@"
}

remove_hosts() {
  local host
  for host in "${hosts[@]}"; do
    wait_until 5 emptied "$host" || true
    ip netns delete "$host" 2>/dev/null || true
  done
}

# emptied HOST: kills what runs there, be it left by a job; succeeds when nothing did.
emptied() {
  local left
  left=$(ip netns pids "$1" 2>/dev/null) || return 0
  [[ -n $left ]] || return 0
  xargs kill -KILL <<<"$left" 2>/dev/null || true
  return 1
}
# `timeout` signals twice, the script and its group; the second must not end this.
trap 'trap "" INT TERM; remove_hosts; rm -rf "$scratch"' EXIT

# idle HOST: no process is there but the one that keeps the host.
idle() { ip netns pids "$1" | diff "$scratch/$1.keeper" -; }

# across SLOTS MAPPING COMMAND...: runs ranks on both hosts; SLOTS is mpirun's --host, MAPPING its
# --map-by: `slot` fills one host after the other, `node` deals the ranks in turn.
across() {
  local slots=$1 mapping=$2
  shift 2
  on_host "${hosts[0]}" \
    env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OPENBLAS_NUM_THREADS=1 \
    TMPDIR="$scratch/temporary" \
    mpirun --host "$slots" --map-by "$mapping" --bind-to none --mca mpi_yield_when_idle 1 \
    --mca plm_rsh_agent "$scratch/agent" --mca oob_tcp_if_include "$network.0/24" \
    --mca btl_tcp_if_include "$network.0/24" "$@"
}

# same_model SLOTS MAPPING FORM: trains the short job in one of the forms of parallel.update, on what
# it must see as two hosts, and compares the model with that of one process.
same_model() {
  local run=$scratch/$1-$2-$3
  across "$1" "$2" "$sounder" train configs/digits.yaml --run-dir "$run" "${short[@]}" \
    --set parallel.update="$3"
  cat "$run/summary.json"
  grep -qE '"hosts"[[:space:]]*:[[:space:]]*2\b' "$run/summary.json"
  cmp "$scratch/one/model.safetensors" "$run/model.safetensors"
}

hogwild_is_refused() {
  local refusal='parallel\.mode hogwild: the ranks are on 2 hosts, .*; start all ranks on one host'
  expect_code 78 across "$even" slot "$sounder" train configs/digits-hogwild.yaml \
    --run-dir "$scratch/hogwild" "${short[@]}" >"$scratch/refused" 2>&1
  cat "$scratch/refused"
  [[ $(grep -cE "^error: $refusal" "$scratch/refused") == 1 ]]
  if grep -E 'Fatal error|Stack dump|signal' "$scratch/refused"; then return 1; fi
}

killed_rank_ends_the_job() {
  local code=0
  across "$even" slot "$sounder" train configs/digits.yaml --run-dir "$scratch/killed" \
    --set train.epochs=100000 --set train.log_every=1 &
  launcher=$!
  trap 'kill -TERM "$launcher" 2>/dev/null || true' EXIT
  wait_until 60 test -s "$scratch/killed/metrics.jsonl"
  comm -12 <(ip netns pids "${hosts[1]}" | sort) <(rank_processes killed | sort) >"$scratch/there"
  [[ $(wc -l <"$scratch/there") == 2 ]]
  head -n 1 "$scratch/there" | xargs kill -KILL
  wait_until 10 ended "$launcher"
  wait "$launcher" || code=$?
  ((code != 0))
}

ended() { ! kill -0 "$1" 2>/dev/null; }

nothing_left() {
  local host
  for host in "${hosts[@]}"; do
    wait_until 5 idle "$host"
    on_host "$host" find /dev/shm -mindepth 1 | diff /dev/null -
  done
  shared_files | diff "$scratch/shared-before" -
  find "$scratch/temporary" -mindepth 1 | diff /dev/null -
}

shared_files() { find /dev/shm -mindepth 1 | sort; }

hosts_go() {
  remove_hosts
  if ip netns list | grep -E "^sounder-$$-[ab]( |\$)"; then return 1; fi
  wait_until 5 unmentioned
}

# No process names the scratch folder any more.
unmentioned() { ! pgrep -af "$scratch"; }

((EUID == 0)) || skip 'only root may make network namespaces'
command -v ip >/dev/null || skip "there is no 'ip'; install it with: apt-get install iproute2"
# As in `check`, errexit would not hold left of `||`.
set +e
(set -e; make_hosts) 2>"$scratch/refusal"
made=$?
set -e
((made == 0)) || skip "no namespaces for hosts here: $(tail -n 1 "$scratch/refusal")"

shared_files >"$scratch/shared-before"
check 'trains in one process' train 1 one "${short[@]}"
for form in sharded replicated; do
  check "$form: 2 + 2 ranks leave the model of one process" same_model "$even" slot "$form"
  check "$form: 2 + 2 ranks in turn leave the model of one process" same_model "$even" node "$form"
  check "$form: 2 + 1 ranks leave the model of one process" same_model "$uneven" slot "$form"
done
check 'Hogwild over two hosts is refused with exit code 78' hogwild_is_refused
check 'a rank killed on the other host ends the job within 10 s' killed_rank_ends_the_job
check 'nothing is left on either host' nothing_left
check 'the hosts go without a trace' hosts_go
finish
