# shellcheck shell=bash disable=SC2154  # $work is made by who sources it
# Sourced by the package tests: a minimal Debian tree to install into, made once outside of the source tree, never changed.
#
#   base_tree         prints the folder of the tree, debootstrapped where it is not there yet (KIZ_TEST_TREES: where trees lie)
#   fresh_tree NAME   prints the folder of a copy under $work; in it a deb starts no service
#   in_tree TREE CMD  runs a command in it, without services
suite=${KIZ_TEST_SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")}
# A machine that boots, with users who log in; and what the packages need, so that installing them takes no network.
tree_packages=systemd,systemd-sysv,dbus,libpam-systemd,iproute2,procps,ca-certificates,iso-codes,libsodium23,libsqlite3-0
tree_packages+=,libzstd1,libicu72,libqrencode4,libfmt9,libtomlplusplus3,libspdlog1.10,libxlsxwriter4,libmicrohttpd12,zlib1g

# The mirror that this machine uses itself.
mirror() {
  local found
  found=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v suite="$suite" '$2 == suite {print $1; exit}')
  printf '%s\n' "${found:-http://deb.debian.org/debian}"
}

base_tree() {
  local trees=${KIZ_TEST_TREES:-${XDG_CACHE_HOME:-${HOME:-/var}/.cache}/kiz-sync-trees} tree
  tree=$trees/$suite-$(printf '%s' "$tree_packages" | cksum | cut -d' ' -f1)
  mkdir -p "$trees"
  exec 9>"$trees/lock"
  flock 9
  if [ ! -d "$tree" ]; then
    # Elsewhere first: what was cut short is not taken for a tree.
    rm -rf "$trees"/*.new
    debootstrap --variant=minbase --include="$tree_packages" "$suite" "$tree.new" "$(mirror)" >"$trees/log" 2>&1 || {
      tail -n 20 "$trees/log" >&2
      return 1
    }
    rm -f "$tree.new"/var/cache/apt/archives/*.deb
    # Each copy is a machine of its own.
    : >"$tree.new/etc/machine-id"
    mv "$tree.new" "$tree"
  fi
  exec 9>&-
  printf '%s\n' "$tree"
}

fresh_tree() {
  local tree=$work/$1 base
  base=$(base_tree) || return 1
  cp -a --reflink=auto "$base" "$tree"
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
