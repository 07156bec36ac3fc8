#!/usr/bin/env bash
# Says which lines and branches of protocol and libclient the tests run: a build of its own, not part of tests/run.sh.
#
#   tests/coverage.sh [CTEST-REGEX]     default: unit tests, vectors, fuzz corpora and simulation
#
# Branches that only an exception takes and the failing side of KIZ_ASSERT do not count. Figures: tests/README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in -h | --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
tests=${1:-'^(test_protocol|test_client|test_daemon|merge_model_judges|fuzz_.*|sim_seeds)'}
packaging/install-dependencies.sh --develop
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
build=build/coverage

cmake --preset coverage --log-level=WARNING >/dev/null
nice cmake --build --preset coverage --parallel "${KIZ_JOBS:-2}"
find "$build" -name '*.gcda' -delete
nice ctest --preset coverage --parallel "${KIZ_JOBS:-2}" --timeout 3600 --no-tests=error -R "$tests"
for part in protocol libclient; do
  echo "coverage: $part"
  nice gcovr --root . --object-directory "$build" --filter "$part/" --exclude-throw-branches \
    --exclude-unreachable-branches --exclude-lines-by-pattern '^\s*KIZ_ASSERT\b.*' --print-summary
done
