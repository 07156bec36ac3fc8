#!/usr/bin/env bash
# The programs of the tests at length: simulator, fuzzers, kills, faults at every call, a line that damages what it carries.
#
#   tests/soak.sh [MINUTES] [--seed S] [--no-build]     default: 60 minutes, a seed from the clock
#
# With clang-14 there the fuzzers are libFuzzer with sanitizers (preset fuzz), with afl++ AFL takes turns with it; without,
# they are the programs that ctest runs, on other mutations. Building is not counted in. Ends within the minutes given;
# the exit code is 1 if anything was found, and says where it lies. The last line is the sheet of figures.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

minutes=60
build=yes
rest=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --no-build) build=no ;;
    --seed) rest+=(--seed "${2:?--seed needs a number}"); shift ;;
    *[!0-9]* | '') echo "soak.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) minutes=$1 ;;
  esac
  shift
done

if [ $build = yes ]; then
  packaging/install-dependencies.sh --develop || echo "soak.sh: goes on with the fuzzers that are there" >&2
  export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-$PWD/build}/.cache}/kiz-sync-ccache}
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  presets=(release)
  ! command -v clang++-14 >/dev/null || presets+=(fuzz)
  ! command -v afl-clang-fast++ >/dev/null || presets+=(afl)
  for preset in "${presets[@]}"; do
    cmake --preset "$preset" --log-level=WARNING >/dev/null
    cmake --build --preset "$preset" --parallel "${KIZ_JOBS:-$(nproc)}"
  done
fi
exec /usr/bin/python3 -B tests/soak/soak.py --minutes "$minutes" "${rest[@]}"
