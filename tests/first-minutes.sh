#!/usr/bin/env bash
# What a newcomer does first, and what help, hints, pages and how-tos tell them to type: typed where that can be done without a
# machine of its own, else looked up in the programs.
#
#   tests/first-minutes.sh [PART...]
#
#   demo       the first five minutes on the clock: the demo, its commands, a Kreis set up by at most 4 questions
#   hints      every command named in a sentence of the programs (help, hints, errors, alarms) is there, with its options
#   mends      every command that kiz doctor names for a finding is there; those of Debian that harm nothing are run
#   manual     every man page and completion against the programs; the pages' examples typed in a Kreis with five towns
#   pages      every command, option and exit code named in the documentation is there
#   examples   the console blocks of how-tos and tutorial, typed and compared line by line
#
# Without PART all of them. Programs are those of KIZ_BIN, else of build/release. ctest runs each part as a test of its own.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export KIZ_SOURCE_DIR=${KIZ_SOURCE_DIR:-$root} KIZ_BIN=${KIZ_BIN:-$root/build/release/bin}
export KIZ_LOCALE_DIR=${KIZ_LOCALE_DIR:-$(dirname "$KIZ_BIN")/share/locale}
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(demo hints mends manual pages examples)
[ -x "$KIZ_BIN/kiz" ] || { echo "first-minutes.sh: no kiz in $KIZ_BIN" >&2; exit 69; }

run() { /usr/bin/python3 -B "$root/$1" "${@:2}"; }
for part in "${parts[@]}"; do
  began=$SECONDS
  case $part in
    demo) run tests/cli/first_minutes_test.py ;;
    hints) run tests/cli/hints_test.py ;;
    mends) run tests/cli/mends_test.py ;;
    manual)
      share=$(dirname "$KIZ_BIN")/share
      run packaging/test/manual_test.py "$KIZ_BIN" "$share"
      run packaging/test/man_examples_test.py "$KIZ_BIN" "$share"
      ;;
    pages) run tests/doc/commands_test.py ;;
    examples) run tests/doc/examples_test.py ;;
    *) echo "first-minutes.sh: no part $part (see the head of this file)" >&2; exit 64 ;;
  esac
  [ ${#parts[@]} = 1 ] || echo "== $part: $((SECONDS - began)) s"
done
