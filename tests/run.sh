#!/usr/bin/env bash
# Installs what is missing, builds the release preset (warnings are errors) and runs every test.
#
#   tests/run.sh [--preset NAME] [--no-skips] [CTEST-OPTION...]     e.g. tests/run.sh -R layering
#
# Tests on real data look in KIZ_REAL_DATA (default: `shared` beside the source tree) and count as skipped, by name,
# where it is missing; with --no-skips that is a failure, but for package_machines, daemon_link and daemon_full_disk
# where the kernel allows no machine to be booted, no network namespace and no mount. The exit code is that of the tests, the last line ctest's.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

preset=release
no_skips=no
rest=()
while [ $# -gt 0 ]; do
  case $1 in
    --preset) preset=${2:?--preset needs a name}; shift ;;
    --no-skips) no_skips=yes ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) rest+=("$1") ;;
  esac
  shift
done

jobs=${KIZ_JOBS:-$(nproc)}
export KIZ_REAL_DATA=${KIZ_REAL_DATA:-$(dirname "$root")/shared}
# Compiled objects are found again by other checkouts: paths below the source tree are kept relative.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-$root/build}/.cache}/kiz-sync-ccache}
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
build_directory=build/$preset

# Booting machines with the packages on them takes root.
if [ "$(id -u)" = 0 ]; then packaging/install-dependencies.sh --machines; else packaging/install-dependencies.sh; fi

echo "configure: preset $preset"
cmake --preset "$preset" --log-level=WARNING >/dev/null
echo "build: preset $preset, $jobs at a time"
started=$SECONDS
cmake --build --preset "$preset" --parallel "$jobs"
echo "build: done in $((SECONDS - started)) s"

echo "test: real data from $KIZ_REAL_DATA"
report=$root/$build_directory/ctest.xml
status=0
ctest --preset "$preset" --parallel "$jobs" --timeout 900 --no-tests=error --output-junit "$report" "${rest[@]}" \
  || status=$?
skipped=$(grep '<testcase [^>]*status="\(notrun\|disabled\)"' "$report" | grep -v 'name="\(package_machines\|daemon_link\|daemon_full_disk\)"' || true)
if [ "$status" -eq 0 ] && [ $no_skips = yes ] && [ -n "$skipped" ]; then
  echo "run.sh: tests were skipped, and --no-skips says that none may be (named above)" >&2
  status=1
fi
exit "$status"
