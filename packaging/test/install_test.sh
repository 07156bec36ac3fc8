#!/usr/bin/env bash
# What `cmake --install` puts down, in a folder of its own: every program that a unit starts or a manual page is about is
# there and says its version, and so is what else the packages list.
#
#   install_test.sh BUILD
set -euo pipefail
build=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d -t kiz-install-XXXXXX)
trap 'rm -rf "$work"' EXIT
failed=0
wrong() { echo "FAIL  $*"; failed=1; }

DESTDIR=$work cmake --install "$build" >"$work.log" 2>&1 || { tail -n 5 "$work.log"; rm -f "$work.log"; wrong "cmake --install"; exit 1; }
rm -f "$work.log"

started=$(find "$work" -name 'kiz*.service' -exec sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' {} + | sort -u)
described=$(find "$work" -path '*/man/man[18]/*' -name 'kiz*' -printf '%f\n' | sed 's/[-.].*//' | sort -u)
[ -n "$started" ] && [ -n "$described" ] || wrong "no units or no manual pages"
programs=$(dirname "$(head -1 <<<"$started")")
for program in $started $(sed "s|^|$programs/|" <<<"$described"); do
  said=$("$work$program" --version 2>&1) || wrong "$program does not start: $said"
  echo "ok    $program: $said"
done

# The Debian packages take what stands here; paths are theirs, so the place of libraries may differ.
for list in "$root"/packaging/debian/*.install; do
  while read -r entry _; do
    case $entry in '' | '#'* | etc/* | lib/systemd/* | usr/lib/systemd/user | usr/lib/\**) continue ;; esac
    found=$(find "$work" -path "$work*/${entry#usr/}" -print -quit)
    [ -n "$found" ] || wrong "$(basename "$list"): $entry is not installed"
  done <"$list"
done
[ $failed = 0 ] && echo "ok    what the packages list is installed"
exit $failed
