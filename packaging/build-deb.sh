#!/usr/bin/env bash
# Builds the Debian packages: kiz-sync, libkiz0, libkiz-dev, kiz-sync-doc.
#
#   packaging/build-deb.sh [--output DIR] [--version V] [--work DIR] [--check] [--source-only] [--like-release]
#
#   --output DIR     where the packages go (default: build/deb)
#   --version V      another version than that of CMakeLists.txt, e.g. to test an upgrade
#   --work DIR       assembles there and leaves it there (default: a temporary folder)
#   --check          also builds the tests and runs them
#   --source-only    the source package alone
#   --like-release   for tests: compiled as by the release preset, so that its objects are found in the compiler cache;
#                    all else is as without it, debian/rules included. Packages without debug symbols
#
# The one version number is that of project() in CMakeLists.txt. The tree packed is that of git's index, or all files
# where there is no git; dates are those of the last commit or SOURCE_DATE_EPOCH, so that the same commit gives the same
# packages. Needs packaging/install-dependencies.sh --package.
set -euo pipefail
export LC_ALL=C.UTF-8
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
output=$root/build/deb
version=$(sed -n 's/^project(kiz-sync VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
work='' checks=nocheck what=-b like=''
while [ $# -gt 0 ]; do
  case $1 in
    --output) output=$2; shift ;;
    --version) version=$2; shift ;;
    --work) work=$2; shift ;;
    --check) checks='' ;;
    --source-only) what=-S ;;
    --like-release) like="kiz-like-release noautodbgsym" ;;
    -h | --help) sed -n '2,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "build-deb: unknown option $1 (see --help)" >&2; exit 64 ;;
  esac
  shift
done
[[ $version =~ ^[0-9]+(\.[0-9]+)*$ ]] || { echo "build-deb: \"$version\" is not a version" >&2; exit 64; }
mkdir -p "$output"
output=$(cd "$output" && pwd)
if [ -z "$work" ]; then
  work=$(mktemp -d -t kiz-deb-XXXXXX)
  trap 'rm -rf "$work"' EXIT
fi

if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/CHANGELOG.md")
fi
export SOURCE_DATE_EPOCH

tree=$work/kiz-sync-$version
rm -rf "$tree"
mkdir -p "$tree"
if git -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
  git -C "$root" ls-files -z --cached --others --exclude-standard | (cd "$root" && xargs -0 ls -d 2>/dev/null) |
    tar -C "$root" -cf - --files-from=- | tar -C "$tree" -xf -
else
  tar -C "$root" --exclude=./build -cf - . | tar -C "$tree" -xf -
fi
sed -i "s/^project(kiz-sync VERSION [0-9.]*/project(kiz-sync VERSION $version/" "$tree/CMakeLists.txt"

# The source package has the tree as it stands here, and debian/ at its top beside it.
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s -cf - \
  "kiz-sync-$version" | gzip -9n >"$work/kiz-sync_$version.orig.tar.gz"
cp -a "$tree/packaging/debian" "$tree/debian"
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-unstable}")
sed -e "s/@VERSION@/$version/g" -e "s/@SUITE@/$suite/" -e "s/@DATE@/$(date -uR -d "@$SOURCE_DATE_EPOCH")/" \
  "$tree/debian/changelog.in" >"$tree/debian/changelog"
rm "$tree/debian/changelog.in"
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +

cd "$tree"
export CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1
jobs=${KIZ_JOBS:-$(nproc)}
DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-} $checks $like parallel=$jobs" \
  dpkg-buildpackage $what -us -uc
cd "$work"
# The folder may hold packages of other versions, where it is one that is used again.
find "$work" -maxdepth 1 -type f -name "*_$version[-._]*" \( -name '*.deb' -o -name '*.dsc' -o -name '*.tar.*' -o -name '*.changes' -o -name '*.buildinfo' \) \
  -exec cp -t "$output" {} +
echo "build-deb: packages are in $output"
