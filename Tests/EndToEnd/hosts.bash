# Sourced by the checks over several hosts, after checks.bash: hosts on one machine, each with its own
# network, name and /dev/shm, joined by a switch whose links can be slow, lose frames, or be down.
# shellcheck shell=bash

: "${scratch:?source checks.bash first}"
hosts=()
no_hosts=
network=10.77.0
switch=sounder-$$-switch

# need_hosts COUNT: makes hosts, or skips the script with the reason why that is impossible.
need_hosts() {
  try_hosts "$1"
  if [[ -n $no_hosts ]]; then skip "$no_hosts"; fi
}

# try_hosts COUNT: makes hosts, or leaves the reason why that is impossible in `no_hosts`.
try_hosts() {
  local made
  no_hosts=
  trap 'trap "" INT TERM; remove_hosts; rm -rf "$scratch"' EXIT
  if ((EUID != 0)); then
    no_hosts='only root may make network namespaces'
  elif ! command -v ip >/dev/null; then
    no_hosts="there is no 'ip'; install it with: apt-get install iproute2"
  else
    while ((${#hosts[@]} < $1)); do hosts+=("sounder-$$-$((${#hosts[@]} + 1))"); done
    # As in `check`, errexit would not hold left of `||`.
    set +e
    (set -e; make_hosts) 2>"$scratch/refusal"
    made=$?
    set -e
    if ((made)); then no_hosts="no namespaces for hosts here: $(tail -n 1 "$scratch/refusal")"; fi
    shared_files >"$scratch/shared-before"
  fi
}

# make_hosts: namespaces joined by a switch. A sleeping process keeps each host alive between jobs.
make_hosts() {
  local number host
  mkdir "$scratch/temporary"
  printf '127.0.0.1 localhost\n' >"$scratch/hosts"
  ip netns add "$switch"
  ip -n "$switch" link add bridge type bridge
  ip -n "$switch" link set bridge up
  for number in "${!hosts[@]}"; do
    host=${hosts[number]}
    ip netns add "$host"
    ip link add eth0 netns "$host" type veth peer name "port$number" netns "$switch"
    ip -n "$switch" link set "port$number" master bridge up
    printf '%s.%d %s\n' "$network" $((number + 1)) "$host" >>"$scratch/hosts"
    ip -n "$host" address add "$network.$((number + 1))/24" dev eth0
    ip -n "$host" link set lo up
    ip -n "$host" link set eth0 up
  done
  for host in "${hosts[@]}"; do keep_host "$host"; done
  # What mpirun starts the other hosts' daemons with, in place of ssh: HOST COMMAND...
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

keep_host() {
  # shellcheck disable=SC2016  # expanded by the shell of the host
  ip netns exec "$1" unshare --uts --mount --ipc bash -euc '
    hostname "$1"
    mount -t tmpfs tmpfs /dev/shm
    mount --bind "$2/hosts" /etc/hosts
    touch "$2/$1.ready"
    exec sleep infinity' host "$1" "$scratch" </dev/null >"$scratch/$1.log" 2>&1 &
  printf '%d\n' "$!" >"$scratch/$1.keeper"
  wait_until 10 ready_or_dead "$1" "$!"
  cat "$scratch/$1.log" >&2
  [[ -e $scratch/$1.ready ]]
}

ready_or_dead() { [[ -e $scratch/$1.ready ]] || ! kill -0 "$2" 2>/dev/null; }

# on_host HOST COMMAND...
on_host() {
  local keeper
  keeper=$(<"$scratch/$1.keeper")
  shift
  nsenter --target "$keeper" --net --uts --mount --ipc env --chdir="$PWD" "$@"
}

# spread RANKS...: mpirun's --host for so many ranks on the first host, the second, …
spread() {
  local number places=()
  for ((number = 0; number < $#; number++)); do
    places+=("${hosts[number]}:${*:number+1:1}")
  done
  (IFS=,; printf '%s\n' "${places[*]}")
}

# across SLOTS MAPPING COMMAND...: runs ranks on hosts; SLOTS is mpirun's --host, MAPPING its
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

# MARK: Links

# slow_links DELAY LOSS [RATE]: from now on every frame arrives so many microseconds late, or with the
# probability LOSS not at all; RATE limits each link to so many megabits per second.
slow_links() {
  local number
  if [[ ! -x $scratch/link ]]; then
    "${CC:-clang}" -O2 -o "$scratch/link" "$(dirname "${BASH_SOURCE[0]}")/link.c"
  fi
  for number in "${!hosts[@]}"; do
    ip -n "$switch" link set "port$number" nomaster
    # Of a segment of 64 KiB all would be lost at once.
    if [[ $2 != 0 ]]; then ip -n "${hosts[number]}" link set eth0 gso_max_segs 1; fi
  done
  # shellcheck disable=SC2046  # one word for each port
  ip netns exec "$switch" "$scratch/link" "$1" "$2" "${3:-0}" $(printf 'port%d ' "${!hosts[@]}") \
    </dev/null >"$scratch/link.log" 2>&1 &
  printf '%d\n' "$!" >"$scratch/link.process"
  wait_until 5 grep -q ready "$scratch/link.log"
}

# quick_links: undoes slow_links.
quick_links() {
  local number
  kill "$(<"$scratch/link.process")"
  for number in "${!hosts[@]}"; do
    ip -n "$switch" link set "port$number" master bridge
    ip -n "${hosts[number]}" link set eth0 gso_max_segs 65535
  done
}

# link_down HOST, link_up HOST: pulls a host's cable out of the switch, and puts it back.
link_down() { ip -n "$switch" link set "port$(number_of "$1")" down; }
link_up() { ip -n "$switch" link set "port$(number_of "$1")" up; }

number_of() {
  local number
  for number in "${!hosts[@]}"; do
    if [[ ${hosts[number]} == "$1" ]]; then printf '%d\n' "$number"; fi
  done
}

# round_trip HOST HOST: microseconds, the least of a few: the refusal of a connection comes back at once.
round_trip() {
  # shellcheck disable=SC2016  # expanded by the shell of the host
  on_host "$1" bash -c '
    for _ in 1 2 3 4 5; do
      begin=${EPOCHREALTIME/./}
      { : >"/dev/tcp/$1/9"; } 2>/dev/null || printf "%d\n" $((${EPOCHREALTIME/./} - begin))
    done' connect "$2" | sort -n | head -n 1
}

# MARK: What is left

# idle HOST: no process is there but the one that keeps the host.
idle() { ip netns pids "$1" | diff "$scratch/$1.keeper" -; }

shared_files() { find /dev/shm -mindepth 1 | sort; }

nothing_left() {
  local host
  for host in "${hosts[@]}"; do
    wait_until "${1:-5}" idle "$host"
    on_host "$host" find /dev/shm -mindepth 1 | diff /dev/null -
  done
  shared_files | diff "$scratch/shared-before" -
  find "$scratch/temporary" -mindepth 1 | diff /dev/null -
}

hosts_go() {
  remove_hosts
  if ip netns list | grep -E "^sounder-$$-"; then return 1; fi
  wait_until 5 unmentioned
}

# No process names the scratch folder any more.
unmentioned() { ! pgrep -af "$scratch"; }

remove_hosts() {
  local host
  for host in "${hosts[@]}" "$switch"; do
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
