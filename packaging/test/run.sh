#!/usr/bin/env bash
# The package tests: they build packages and boot machines.
#
#   packaging/test/run.sh [--packages DIR] [PART...]      parts: lint boot howto consumer piuparts ansible rpm reproducible (default: all but the last)
#   packaging/test/run.sh --quick DIR                     lint, boot and howto within minutes, for tests/run.sh; packages go to DIR
#
# Builds this version and, for the upgrade, the same tree once more under a lower number (nothing was released yet that could be
# upgraded from), with packaging/build-deb.sh; --packages takes what was built already (DIR, and DIR/older). --quick compiles as the release preset does (build-deb.sh
# --like-release), debian/rules and all else as ever; 77: no machine can be booted here, and a line says why. Needs root
# and packaging/install-dependencies.sh --package (--machines for --quick).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/packaging/test
packages=$root/build/deb
built=no
how=()
parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --packages) packages=$2; built=yes; shift ;;
    --quick) packages=$2; how=(--like-release); parts=(lint boot howto); shift ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    lint | boot | howto | consumer | piuparts | ansible | rpm | reproducible) parts+=("$1") ;;
    *) echo "run.sh: unknown part $1 (see --help)" >&2; exit 64 ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(lint boot howto consumer piuparts ansible rpm)
if [ ${#how[@]} -gt 0 ]; then
  . "$here/machines.sh"
  may_have_machines
fi
if [ $built = no ]; then
  rm -rf "$packages"
  log=$(mktemp -t kiz-build-XXXXXX)
  "$root/packaging/build-deb.sh" "${how[@]}" --output "$packages" >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }
  "$root/packaging/build-deb.sh" "${how[@]}" --output "$packages/older" --version 0.0.9 >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }
  rm "$log"
  echo "ok    packages built ($SECONDS s)"
fi

lint() {
  lintian --fail-on error,warning --display-info --pedantic "$packages"/*.changes
  echo "ok    lintian"
}
for part in "${parts[@]}"; do
  echo "== $part"
  case $part in
    boot) "$here/boot_test.sh" "$packages" "$packages/older" ;;
    howto) "$here/howto_test.sh" "$packages" ;;
    piuparts) "$here/piuparts_test.sh" "$packages" "$packages/older" ;;
    consumer) "$here/consumer_test.sh" "$packages" ;;
    ansible) "$here/ansible_test.sh" "$packages" ;;
    rpm) "$here/rpm_test.sh" ;;
    reproducible) "$here/reproducible_test.sh" "$packages/again" ;;
    *) $part ;;
  esac
done
