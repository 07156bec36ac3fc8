# shellcheck shell=bash disable=SC2154  # $work is made by who sources it
# Sourced by the package tests: a minimal Debian tree to install into, made once and copied.
#
#   base_tree         prints the folder of the tree, debootstrapped where it is not there yet (KIZ_TEST_TREE names another)
#   fresh_tree NAME   prints the folder of a copy under $work
#   in_tree TREE CMD  runs a command in it, without services
suite=${KIZ_TEST_SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")}

base_tree() {
  local tree=${KIZ_TEST_TREE:-${XDG_CACHE_HOME:-$HOME/.cache}/kiz-sync-tree-$suite}
  if [ ! -e "$tree/.complete" ]; then
    rm -rf "$tree"
    mkdir -p "$tree"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,procps,ca-certificates "$suite" "$tree" >&2
    # What the packages need is there already: installing them later takes seconds and no network.
    chroot "$tree" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iso-codes libsodium23 \
      libsqlite3-0 libzstd1 libicu72 libqrencode4 libfmt9 libspdlog1.10-fmt9 libtomlplusplus3 libxlsxwriter4 libmicrohttpd12 >&2
    touch "$tree/.complete"
  fi
  printf '%s\n' "$tree"
}

fresh_tree() {
  local tree=$work/$1
  cp -a --reflink=auto "$(base_tree)" "$tree"
  printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
  chmod 755 "$tree/usr/sbin/policy-rc.d"
  printf '%s\n' "$tree"
}

in_tree() {
  local tree=$1
  shift
  chroot "$tree" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}

# install_packages TREE FOLDER NAME...: packages of a folder by apt, as an administrator would install files.
install_packages() {
  local tree=$1 folder=$2 name
  local files=()
  shift 2
  mkdir -p "$tree/var/packages"
  cp "$folder"/*.deb "$tree/var/packages/"
  for name; do files+=("/var/packages/$(basename "$folder/$name"_[0-9]*.deb)"); done
  in_tree "$tree" apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install "${files[@]}" </dev/null
}
