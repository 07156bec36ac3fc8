#!/usr/bin/env bash
# debian/tests in a Debian tree in which the packages are installed, by autopkgtest: a program of somebody else's is compiled
# with libkiz-dev and runs, the programs work. A compiler is fetched from the mirror.
#
#   consumer_test.sh PACKAGES      folder with the .deb files. Needs root; 77: cannot run here
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=$(cd "$1" && pwd)
for tool in autopkgtest debootstrap; do
  command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
work=$(mktemp -d -t kiz-consumer-XXXXXX)
trap 'umount "$work/tree/proc" 2>/dev/null || true; rm -rf "$work"' EXIT
. "$here/tree.sh"
tree=$(fresh_tree tree)
chmod 755 "$work"
cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
printf 'deb %s %s main\n' "$(mirror)" "$suite" >"$tree/etc/apt/sources.list"
mount -t proc proc "$tree/proc"
in_tree "$tree" apt-get -qq update

# What autopkgtest reads of a source package.
mkdir -p "$work/source"
cp -r "$here/../debian" "$work/source/debian"
version=$(dpkg-deb -f "$packages"/kiz-sync_*.deb Version)
sed -e "s/@VERSION@/${version%-*}/g" -e "s/@SUITE@/$suite/" -e "s/@DATE@/$(LC_ALL=C date -R)/" "$here/../debian/changelog.in" >"$work/source/debian/changelog"
code=0
autopkgtest --output-dir "$work/output" --no-built-binaries "$packages"/kiz-sync_*.deb "$packages"/libkiz0_*.deb "$packages"/libkiz-dev_*.deb \
  "$work/source" -- chroot "$tree" >"$work/log" 2>&1 || code=$?
# 2: at least one test was skipped, which none may be.
if [ $code != 0 ]; then
  tail -n 60 "$work/log"
  echo "FAIL  autopkgtest ended with $code"
  exit 1
fi
sed 's/^/ok    autopkgtest: /' "$work/output/summary"
