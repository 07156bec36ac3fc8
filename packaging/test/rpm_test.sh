#!/usr/bin/env bash
# Builds the RPM packages on this (Debian) machine and has rpmlint judge them.
#
#   rpm_test.sh [--output DIR]
#
# Dependencies are not asked for (--nodeps): they have other names there. The compiler flags are those of the release
# preset, not Fedora's.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
output=$root/build/rpm
[ "${1:-}" = --output ] && output=$2
for tool in rpmbuild rpmlint; do
  command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
work=$(mktemp -d -t kiz-rpm-XXXXXX)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^project(kiz-sync VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
when=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/CHANGELOG.md")}
mkdir -p "$work/SOURCES" "$output"
tar -C "$root" --exclude=./build --exclude=./.git --transform "s,^\.,kiz-sync-$version," -czf "$work/SOURCES/kiz-sync-$version.tar.gz" .
sed -e "s/@VERSION@/$version/g" -e "s/@DATE@/$(LC_ALL=C date -u -d "@$when" '+%a %b %d %Y')/" \
  "$root/packaging/rpm/kiz-sync.spec.in" >"$work/kiz-sync.spec"
# The compiler is called as by the release preset, so that its cache is of use here.
export CCACHE_BASEDIR=$work/BUILD/kiz-sync-$version CCACHE_NOHASHDIR=1
rpmbuild -bb --nodeps --quiet --define "_topdir $work" --define "kiz_flags -O2 -DNDEBUG" --define "kiz_options -DKIZ_WERROR=ON" --define "debug_package %{nil}" \
  --define "_smp_mflags -j${KIZ_JOBS:-$(nproc)}" "$work/kiz-sync.spec" >"$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 1; }
find "$work/RPMS" -name '*.rpm' -exec cp -t "$output" {} +
for name in kiz-sync- libkiz0- libkiz-devel- kiz-sync-doc-; do
  ls "$output/$name"[0-9]*.rpm >/dev/null || { echo "FAIL  no package $name"; exit 1; }
done
rpmlint --config "$root/packaging/rpm/rpmlint.toml" "$work/kiz-sync.spec" "$output"/*.rpm
echo "ok    RPM packages in $output"
