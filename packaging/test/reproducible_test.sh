#!/usr/bin/env bash
# The same commit gives the same packages, byte by byte: built twice, the second time all compiled anew in a folder of another
# name and depth, in another time zone, locale, umask and home, and with folders read in reverse order where the kernel
# has FUSE.
#
#   reproducible_test.sh OUTPUT [BUILD-DEB-OPTION...]     e.g. --like-release; OUTPUT: what differs is left there
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
output=$1
shift
rm -rf "$output"
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d -t kiz-again-XXXXXX)
other=$work/somewhere/else/altogether
mkdir -p "$other/disk" "$other/build" "$work/home"
trap 'fusermount -u "$other/build" 2>/dev/null || true; rm -rf "$work"' EXIT
order="not varied: no FUSE here"
if command -v disorderfs >/dev/null && disorderfs --shuffle-dirents=no --reverse-dirents=yes "$other/disk" "$other/build" >/dev/null 2>&1; then
  order="varied"
fi
build() { "$root/packaging/build-deb.sh" "$@" >"$output/log" 2>&1 || { tail -n 30 "$output/log"; echo "FAIL  does not build"; exit 1; }; }

build --output "$output/first" "$@"
(
  umask 0077
  export TZ=Pacific/Kiritimati LANG=tr_TR.UTF-8 LANGUAGE=tr HOME=$work/home USER=somebody CCACHE_RECACHE=1 KIZ_JOBS=3
  build --output "$output/second" --work "$other/build" "$@"
)
failed=0
for first in "$output"/first/*.deb; do
  second=$output/second/$(basename "$first")
  if cmp -s "$first" "$second"; then
    echo "ok    $(basename "$first") is the same"
  else
    echo "FAIL  $(basename "$first") differs"
    if command -v diffoscope >/dev/null; then diffoscope --max-report-size 4000 "$first" "$second" || true; fi
    failed=1
  fi
done
echo "      order of folders: $order"
exit $failed
