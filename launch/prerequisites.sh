# Sourced by the other scripts: finds Swift and the system libraries, and installs what is missing.
# shellcheck shell=bash

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

heading() { printf '\n== %s\n' "$*"; }

# require_swift: Swift 6.3 or later must be on the path, or where its installers put it.
require_swift() {
  local folder version
  for folder in /opt/swift/usr/bin /usr/share/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
    if ! command -v swift >/dev/null && [[ -x $folder/swift ]]; then PATH=$PATH:$folder; fi
  done
  command -v swift >/dev/null \
    || fail "Swift is not installed; see https://www.swift.org/install/linux (6.3 or later)"
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
  [[ -n $version ]] || fail "'swift --version' does not name a version"
  if [[ $(printf '%s\n' 6.3 "$version" | sort -V | head -n 1) != 6.3 ]]; then
    fail "Swift $version is too old; 6.3 or later is needed (https://www.swift.org/install/linux)"
  fi
}

# missing_packages: the Debian packages whose files are not there, one a line.
missing_packages() {
  command -v pkg-config >/dev/null || printf 'pkg-config\n'
  command -v mpirun >/dev/null || printf 'openmpi-bin\n'
  pkg-config --exists ompi-c 2>/dev/null || printf 'libopenmpi-dev\n'
  pkg-config --exists openblas 2>/dev/null || printf 'libopenblas-dev\n'
  pkg-config --exists zlib 2>/dev/null || printf 'zlib1g-dev\n'
}

# install_packages PACKAGE...: with apt-get, through sudo when not root.
install_packages() {
  local as_root=()
  command -v apt-get >/dev/null \
    || fail "missing: $* (Debian's names; there is no apt-get here to install them)"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "missing: $*; as root, run: apt-get install $*"
    as_root=(sudo)
    # Without a terminal nobody can type a password.
    if [[ ! -t 0 ]]; then as_root+=(-n); fi
  fi
  heading "Installing $*"
  "${as_root[@]}" apt-get update -q \
    || fail "apt-get update failed; as root, run: apt-get install $*"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "$@" || fail "could not install $*"
  hash -r
}

# require_packages: installs what is missing.
require_packages() {
  local packages
  mapfile -t packages < <(missing_packages)
  ((${#packages[@]})) || return 0
  install_packages "${packages[@]}"
  mapfile -t packages < <(missing_packages)
  ((${#packages[@]} == 0)) || fail "still missing after the installation: ${packages[*]}"
}

# want_ip: root makes hosts with `ip`. Without it those tests are skipped, so no failure ends here.
want_ip() {
  if ((EUID != 0)) || command -v ip >/dev/null; then return 0; fi
  (install_packages iproute2) || printf 'going on without iproute2\n'
  hash -r
}
