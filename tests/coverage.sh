#!/usr/bin/env bash
# Says which lines and branches of protocol and libclient the tests run: a build of its own, not part of tests/run.sh.
#
#   tests/coverage.sh [CTEST-REGEX]     default: unit tests, vectors, fuzz corpora and simulation
#
# Branches that only an exception takes and the failing side of KIZ_ASSERT do not count. Figures: tests/README.md. What decides
# by itself what comes in, what counts and what can be read on the disk must reach 95 % of lines and 90 % of branches: else 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
tests=${1:-'^(test_protocol|test_client|test_daemon|merge_model_judges|fuzz_.*|sim_seeds)'}
packaging/install-dependencies.sh --develop
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
build=build/coverage

cmake --preset coverage --log-level=WARNING >/dev/null
nice cmake --build --preset coverage --parallel "${KIZ_JOBS:-2}"
find "$build" -name '*.gcda' -delete
nice ctest --preset coverage --parallel "${KIZ_JOBS:-2}" --timeout 3600 --no-tests=error -R "$tests"
report() {
  nice gcovr --root . --object-directory "$build" --exclude-throw-branches --exclude-unreachable-branches \
    --exclude-lines-by-pattern '^\s*KIZ_ASSERT\b.*' --print-summary "$@"
}
for part in protocol libclient; do
  echo "coverage: $part"
  report --filter "$part/"
done

decisive=(
  protocol/{base32,wire,entry,message,message_stream,packing,preface}.cc                                  # decoding
  protocol/{bundle,bundle_seal,emergency_sheet,enrolment_code}.cc libclient/{control_frame,packed_body}.cc
  protocol/{checkpoint,checkpoint_world,control_log}.cc                                                   # verifying
  protocol/{membership,rights}.cc                                                                         # rights
  protocol/{cell,history,merge,merge_rule,record_state,record_view,seen}.cc                               # merge
  libclient/{key_file,keyring,page_cipher,page_file,page_vfs}.cc                                          # pages and keys
)
filters=()
for file in "${decisive[@]}"; do
  [ -f "$file" ] || { echo "coverage.sh: there is no $file" >&2; exit 2; }
  filters+=(--filter "${file//./\\.}\$")
done
echo "coverage: what decides"
report "${filters[@]}" --fail-under-line 95 --fail-under-branch 90
