# Sourced by examples/quickstart.sh and tests/run.sh: what both need to set up a machine. bash.
#
# ohmic_packages PACKAGE...   installs what is missing of these Debian packages; "a|b" is satisfied by either.
# ohmic_step TEXT             says what happens next.
# ohmic_program               prints the path of the built program.
# ohmic_root                  the checkout.

ohmic_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Ninja where it is; compiler results are shared between the build folders, and between checkouts.
if [ -z "${CMAKE_GENERATOR:-}" ] && command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$ohmic_root}" CCACHE_NOHASHDIR=1

ohmic_step() { printf '==> %s\n' "$*"; }
ohmic_fail() {
  local status=$1
  shift
  printf '%s\n' "$@" >&2
  exit "$status"
}

ohmic_installed() {
  # Without the architecture, "pkg" matches both "pkg" and "pkg:amd64".
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

ohmic_packages() {
  local wanted alternative missing=()
  if ! command -v dpkg-query >/dev/null; then
    ohmic_step "Not a Debian system: make sure that it has what these Debian packages hold: $*"
    return
  fi
  for wanted in "$@"; do
    for alternative in ${wanted//|/ }; do
      if ohmic_installed "$alternative"; then continue 2; fi
    done
    missing+=("$wanted")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    ohmic_step "All $# packages are installed"
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    ohmic_fail 3 "Missing Debian packages. Run this line as root, then this script again:" \
      "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]%%|*}"
  fi

  ohmic_step "Installing ${#missing[@]} Debian packages: ${missing[*]%%|*}"
  local log
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  if ! apt-get update >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    ohmic_fail 3 "apt-get update failed: is there a network?"
  fi
  local packages=()
  for wanted in "${missing[@]}"; do
    local chosen=${wanted%%|*}
    for alternative in ${wanted//|/ }; do
      if apt-cache show "$alternative" >/dev/null 2>&1; then
        chosen=$alternative
        break
      fi
    done
    packages+=("$chosen")
  done
  if ! apt-get install -y --no-install-recommends "${packages[@]}" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    ohmic_fail 3 "apt-get install failed (whole log: $log)"
  fi
  rm -f "$log"
  hash -r
  if [ -z "${CMAKE_GENERATOR:-}" ] && command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
}

# ohmic_build PRESET [CMAKE ARGUMENT...]: configures and builds build/PRESET; only $ohmic_targets where that is set.
ohmic_build() {
  local preset=$1
  shift
  # Quiet unless it fails; the log stays beside the build.
  local log="$ohmic_root/build/$preset.log" jobs
  jobs=$(nproc)
  mkdir -p "$ohmic_root/build"
  (
    cd "$ohmic_root" || exit 1
    if ! cmake --preset "$preset" "$@" >"$log" 2>&1 </dev/null; then
      cat "$log" >&2
      ohmic_fail 1 "cmake could not configure build/$preset"
    fi
    # shellcheck disable=SC2086
    cmake --build "build/$preset" --parallel "$jobs" ${ohmic_targets:+--target $ohmic_targets} </dev/null
  )
}

# ohmic_program: the path of the built program. OHMIC_PROGRAM names another build's.
ohmic_program() {
  local program="${OHMIC_PROGRAM:-$ohmic_root/build/program/bin/ohmic}"
  [ -x "$program" ] || ohmic_fail 3 "$program is not there: run examples/quickstart.sh, or set OHMIC_PROGRAM"
  printf '%s\n' "$program"
}
