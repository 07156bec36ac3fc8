#!/usr/bin/env bash
# The package tests. They build packages and boot machines, so they are not part of tests/run.sh; its quick part is.
#
#   packaging/test/run.sh [--packages DIR] [PART...]      parts: lint boot piuparts rpm reproducible (default: the first four)
#
# Builds this version and, for the upgrade, the same tree as the version before, with packaging/build-deb.sh; --packages
# takes what was built already (DIR, and DIR/older). Needs root and packaging/install-dependencies.sh --package.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/packaging/test
packages=$root/build/deb
built=no
parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --packages) packages=$2; built=yes; shift ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    lint | boot | piuparts | rpm | reproducible) parts+=("$1") ;;
    *) echo "run.sh: unknown part $1 (see --help)" >&2; exit 64 ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(lint boot piuparts rpm)
if [ $built = no ]; then
  rm -rf "$packages"
  "$root/packaging/build-deb.sh" --output "$packages"
  "$root/packaging/build-deb.sh" --output "$packages/older" --version 0.0.9
fi

lint() {
  lintian --fail-on error,warning --display-info --pedantic "$packages"/*.changes
  echo "ok    lintian"
}
reproducible() {
  # Each variation alone costs a build; these are the ones that differ between build machines.
  local source=$packages/source
  mkdir -p "$source"
  (cd "$source" && rm -rf -- * && dpkg-source -x "$packages"/kiz-sync_*.dsc tree >/dev/null)
  reprotest --vary=-all,+build_path,+time,+locales,+fileordering,+environment,+umask,+timezone --source-pattern . \
    --artifact-pattern '../*.deb' "cd tree; DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -b -us -uc" "$source" -- null
  echo "ok    reproducible"
}

for part in "${parts[@]}"; do
  echo "== $part"
  case $part in
    boot) "$here/boot_test.sh" "$packages" ;;
    piuparts) "$here/piuparts_test.sh" "$packages" "$packages/older" ;;
    rpm) "$here/rpm_test.sh" ;;
    *) $part ;;
  esac
done
