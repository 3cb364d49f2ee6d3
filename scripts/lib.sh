# shellcheck shell=bash disable=SC2154
# What ./run and ./test share: the packages, the presets, the words. Sourced by bash, with $root set.

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# Prints the names of one section of packages.txt, one a line.
packages_in() {
  local section='' line name
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%%#*}
    line=${line%"${line##*[![:space:]]}"}
    case $line in
      '') ;;
      '['*']') section=${line:1:-1} ;;
      *)
        [ "$section" = "$1" ] || continue
        name=${line%% *}
        case $line in
          *' unless '*) command -v "${line##* }" >/dev/null 2>&1 && continue ;;
        esac
        printf '%s\n' "$name"
        ;;
    esac
  done <"$root/packages.txt"
}

# Prints those of the given packages that are not installed.
missing_of() {
  local installed name
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for name in "$@"; do
    case $'\n'$installed$'\n' in
      *$'\n'"installed $name"$'\n'*) ;;
      *) printf '%s\n' "$name" ;;
    esac
  done
}

# Says what this system is, and stops where its packages have other names.
check_system() {
  local ID='' VERSION_ID='' PRETTY_NAME='an unknown system'
  # shellcheck disable=SC1091
  [ -r /etc/os-release ] && . /etc/os-release
  if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    say "This script installs packages of Debian 12; this is $PRETTY_NAME."
    say 'On Fedora the packages are called:'
    say "  sudo dnf install $(packages_in build:fedora | tr '\n' ' ')"
    say 'Fedora is not tested. With these in place: cmake --preset release && cmake --build --preset release'
    exit 1
  fi
  if [ "$ID" != debian ] || [ "$VERSION_ID" != 12 ]; then
    say "note: tested on Debian 12; this is $PRETTY_NAME, where a package may be missing or too old"
  fi
}

# ensure_packages MODE SECTION...: installs what is missing of these sections. MODE: yes (do it), ask (on a terminal).
ensure_packages() {
  local mode=$1 section answer
  local -a wanted=() missing=() install
  shift
  for section in "$@"; do
    mapfile -t -O "${#wanted[@]}" wanted < <(packages_in "$section")
  done
  mapfile -t missing < <(missing_of "${wanted[@]}")
  [ "${#missing[@]}" -gt 0 ] || return 0
  install=(apt-get install --no-remove --no-install-recommends)
  say "Missing packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    say 'Installing them needs root. Run this, then start again:'
    say "  sudo apt-get update && sudo ${install[*]} ${missing[*]}"
    exit 1
  fi
  say "  apt-get update && ${install[*]} ${missing[*]}"
  if [ "$mode" != yes ]; then
    [ -t 0 ] || die 'nothing installed: run the line above, or start again with --yes'
    printf 'Run this now? [y/N] ' >&2
    read -r answer
    case $answer in
      y | Y | yes) ;;
      *) die 'nothing installed' ;;
    esac
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || say 'note: apt-get update failed; going on with the package lists that are here'
  "${install[@]}" -y -qq "${missing[@]}" >&2 || die "apt-get could not install: ${missing[*]} (nothing is ever removed for them)"
}

# configure PRESET [-DNAME=VALUE...]: runs cmake only where its result could differ from what is there.
configure() {
  local preset=$1 dir=$root/build/$1 option fresh=yes
  shift
  [ -f "$dir/build.ninja" ] && [ ! "$root/CMakePresets.json" -nt "$dir/build.ninja" ] || fresh=no
  for option in "$@"; do
    option=${option#-D}
    grep -q "^${option%%=*}:[A-Z]*=${option#*=}\$" "$dir/CMakeCache.txt" 2>/dev/null || fresh=no
  done
  [ "$fresh" = yes ] && return 0
  say "Configuring build/$preset"
  mkdir -p "$dir"
  (cd "$root" && cmake --preset "$preset" "$@" >"$dir/configure.log" 2>&1) || {
    cat "$dir/configure.log" >&2
    # A half-made build directory must not look configured the next time.
    rm -f "$dir/build.ninja"
    die "cmake failed for preset $preset"
  }
  # cmake leaves build.ninja alone when nothing in it changes; its date says when it was last known right.
  touch "$dir/build.ninja"
}

# build PRESET [TARGET...]
build() {
  local preset=$1 dir=$root/build/$1 began=$SECONDS quiet=--quiet
  shift
  say "Building build/$preset${*:+ ($*)}"
  if [ -t 1 ] && [ -t 2 ]; then quiet=; fi
  # shellcheck disable=SC2086
  ninja -C "$dir" $quiet "$@" >&2 || die "the build of preset $preset failed"
  [ $((SECONDS - began)) -lt 3 ] || say "Built build/$preset in $((SECONDS - began)) s"
}
