#!/usr/bin/env bash
# Installs from Debian 12 what kiz-sync needs. Nothing but apt is used, and nothing at all where all is there already.
#
#   packaging/install-dependencies.sh            what building and testing need
#   packaging/install-dependencies.sh --build    what building alone needs
#   packaging/install-dependencies.sh --develop  also clang (fuzzing, clang-tidy, clang-format) and gcovr
#   packaging/install-dependencies.sh --machines also what building the packages and booting them needs
#   packaging/install-dependencies.sh --package  also what all tests of the packages need
#   packaging/install-dependencies.sh --list     names the packages, installs nothing
set -euo pipefail
export LC_ALL=C

build=(
  g++ cmake ninja-build ccache pkgconf gettext python3  # tools; the quickstart reads JSON with the last
  libasio-dev libsqlite3-dev libsodium-dev libcereal-dev  # given: event loop, store, cryptography, field lists
  libcli11-dev libtomlplusplus-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
  libmicrohttpd-dev libsystemd-dev libzstd-dev libqrencode-dev libicu-dev iso-codes
  libxlsxwriter-dev zlib1g-dev                         # workbooks; the first asks for the second without depending on it
  doctest-dev librapidcheck-dev                        # the release preset builds the tests too
)
test=(
  python3-jsonschema python3-openpyxl git              # script tests, a second decoder, schemas, a second reader of workbooks
  mandoc zsh fish systemd binutils                     # man pages, completions, units, exported symbols
  prometheus                                           # promtool: metrics and alert rules
  golang-go golang-github-flynn-noise-dev               # a Noise library that is not ours: interop, live
  strace faketime tcpdump sqlite3 procps               # fsync counts, wrong clocks, the wire, what lies on the disk
  valgrind                                             # instruction counts of core paths, without a clock
)
machines=(dpkg-dev debhelper fakeroot lintian debootstrap systemd-container)  # packages, and machines to install them on
package=("${machines[@]}" piuparts apt-utils reprotest diffoscope-minimal disorderfs autopkgtest rpm rpmlint)
develop=(clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev afl++ gcovr)

wanted=("${build[@]}" "${test[@]}")
list=no
for option in "$@"; do
  case $option in
    --test) ;;
    --build) wanted=("${build[@]}") ;;
    --machines) wanted=("${build[@]}" "${test[@]}" "${machines[@]}") ;;
    --package) wanted=("${build[@]}" "${test[@]}" "${package[@]}") ;;
    --develop) wanted=("${build[@]}" "${test[@]}" "${develop[@]}") ;;
    --list) list=yes ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "install-dependencies: unknown option $option (see --help)" >&2; exit 2 ;;
  esac
done
if [ $list = yes ]; then printf '%s\n' "${wanted[@]}"; exit 0; fi

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null || true)
  grep -qx installed <<<"$status" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "dependencies: all ${#wanted[@]} packages are there"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-dependencies: these are missing, and installing needs root or sudo: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

echo "dependencies: installing ${#missing[@]} of ${#wanted[@]} packages: ${missing[*]}"
apt update
apt install --yes --no-install-recommends "${missing[@]}" >/dev/null
echo "dependencies: all ${#wanted[@]} packages are there"
