#!/usr/bin/env bash
# The same tree gives the same packages, byte by byte: reprotest builds it twice, the second time in another folder, at another
# time, in another time zone, locale, umask and home, with other variables, processors, kernel name and host name, and with
# folders read in another order.
#
#   reproducible_test.sh OUTPUT     both builds' packages and what reprotest says go there; takes a quarter of an hour
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
output=$1
for tool in reprotest disorderfs faketime; do
  command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
rm -rf "$output"
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d -t kiz-again-XXXXXX)
trap 'rm -rf "$work"' EXIT

# The tree without what was built in it: reprotest copies all that it is shown.
"$root/packaging/build-deb.sh" --source-only --output "$work/source" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
mkdir "$work/tree"
tar -xzf "$work"/source/kiz-sync_*.orig.tar.gz -C "$work/tree" --strip-components=1
epoch=$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/CHANGELOG.md")

# Another user is not varied: the packages are built by whoever runs this, with fakeroot's owners.
if reprotest --variations=+all,-user_group --min-cpus 2 --store-dir "$output/builds" --diffoscope-arg=--max-report-size=20000 \
  -c "SOURCE_DATE_EPOCH=$epoch CCACHE_DISABLE=1 packaging/build-deb.sh --work \$PWD/build/assembled --output packages" "$work/tree" 'packages/*.deb' \
  >"$output/log" 2>&1; then
  sed -n 's/^\([0-9a-f]\{64\}\) .*\/\([^/]*\.deb\)$/ok    \2 is the same: \1/p' "$output/log"
else
  tail -n 60 "$output/log"
  echo "FAIL  the packages differ, or do not build"
  exit 1
fi
