#!/usr/bin/env bash
# The life of the packages in a chroot: install, remove, install again, purge; install the lower version, remove, upgrade,
# purge; with and without purge-data. After each purge piuparts compares the whole file system with what was there before:
# what it may find of ours is the store and the backups, and with purge-data and without a backup nothing.
#
#   piuparts_test.sh PACKAGES OLDER      folders with .deb files of this version and of a lower one (run.sh)
#
# piuparts upgrades stores that are no real ones, and not over an edited configuration; that is done below, in a chroot of our own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=$(cd "$1" && pwd)
older=$(cd "$2" && pwd)
for tool in piuparts apt-ftparchive; do
  command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
work=$(mktemp -d -t kiz-piuparts-XXXXXX)
trap 'rm -rf "$work"' EXIT
. "$here/tree.sh"

# Where the lower version comes from: a repository of its own, which piuparts takes into its chroot.
mkdir "$work/repository"
cp "$older"/*.deb "$work/repository/"
(cd "$work/repository" && apt-ftparchive packages . >Packages)
chmod 755 "$work"  # apt reads it as a user of its own
tree=$(base_tree)
tar -C "$tree" --exclude=./.complete -czf "$work/base.tar.gz" .

# Someone has used it before it goes: a store and a backup, and in the second round the word that the store may go too.
scripts() {
  local folder=$work/$1
  mkdir -p "$folder"
  cat >"$folder/post_install_kiz" <<'SCRIPT'
#!/bin/sh
[ -x /usr/bin/kizd ] || exit 0
mkdir -p /var/lib/kiz-sync && echo entered >/var/lib/kiz-sync/store.db
SCRIPT
  if [ "$1" = purged ]; then
    echo 'mkdir -p /etc/kiz-sync && touch /etc/kiz-sync/purge-data' >>"$folder/post_install_kiz"
  else
    echo 'echo saved >/var/backups/kiz-sync/kreis.kizbackup' >>"$folder/post_install_kiz"
  fi
  chmod 755 "$folder/post_install_kiz"
  printf '%s\n' "$folder"
}

run() {  # NAME OPTIONS...
  local name=$1 log
  shift
  log=$work/$name.log
  # Users stay after a purge, as Debian wants it; certificates and caches are the tree's own business.
  # Without a lower version to be had, piuparts would say that it cannot test an upgrade, and end well.
  if piuparts --basetgz="$work/base.tar.gz" --no-diversions --do-not-verify-signatures \
    --scriptsdir="$(scripts "$name")" --log-file="$log" --log-level=dump --no-eatmydata \
    --distribution="$suite" --install-remove-install --bindmount="$work/repository" \
    --extra-repo="deb [trusted=yes] file://$work/repository ./" "$@" "$packages"/kiz-sync_*.deb "$packages"/libkiz0_*.deb "$packages"/libkiz-dev_*.deb \
    "$packages"/kiz-sync-doc_*.deb >"$work/said" 2>&1 </dev/null &&
    grep -q "PASS: Installation and purging test" "$log" && grep -q "PASS: Installation, upgrade and purging tests" "$log"; then
    echo "ok    piuparts, store $name"
  else
    grep -E "ERROR|FAIL|owned by" "$log" | head -20
    tail -n 30 "$log"
    echo "FAIL  piuparts, store $name"
    exit 1
  fi
  if [ "$name" = kept ]; then
    grep -q "/var/lib/kiz-sync bleibt erhalten" "$log" || { echo "FAIL  purge does not say that the store stays"; exit 1; }
    grep -q "Sicherungen in /var/backups/kiz-sync bleiben erhalten" "$log" || { echo "FAIL  purge does not say that backups stay"; exit 1; }
  else
    grep -q "ist gelöscht" "$log" || { echo "FAIL  purge does not say that the store is gone"; exit 1; }
    if grep -E "(/var/lib|/var/backups|/etc)/kiz-sync.*not owned" "$log"; then echo "FAIL  something is left"; exit 1; fi
  fi
}

run kept --ignore=/var/lib/kiz-sync/ --ignore=/var/lib/kiz-sync/store.db --ignore=/var/backups/kiz-sync/ \
  --ignore=/var/backups/kiz-sync/kreis.kizbackup
run purged

# From the lower version: entered data, an edited configuration, then the upgrade.
upgraded=$(fresh_tree upgraded)
install_packages "$upgraded" "$older" kiz-sync >/dev/null 2>&1
echo '# edited here' >>"$upgraded/etc/kiz-sync/kiz-sync.toml"
in_tree "$upgraded" kiz --store /var/lib/kiz-sync --yes einrichten --kreis "Kreis Borken" --ags 05554 >/dev/null
in_tree "$upgraded" kiz --store /var/lib/kiz-sync angebot neu titel=Lesepaten traeger=Caritas art=treffpunkt >/dev/null
rm "$upgraded"/var/packages/*.deb
install_packages "$upgraded" "$packages" kiz-sync >/dev/null 2>&1
before=$(dpkg-deb -f "$older"/kiz-sync_*.deb Version) now=$(dpkg-deb -f "$packages"/kiz-sync_*.deb Version)
found=$(in_tree "$upgraded" dpkg-query -W -f '${Version}' kiz-sync)
[ "$found" = "$now" ] && dpkg --compare-versions "$before" lt "$now" || { echo "FAIL  no upgrade: $before to $found"; exit 1; }
tail -n 1 "$upgraded/etc/kiz-sync/kiz-sync.toml" | grep -q edited || { echo "FAIL  the edited configuration is gone"; exit 1; }
in_tree "$upgraded" kiz --store /var/lib/kiz-sync angebot suchen Lesepaten | grep -q Lesepaten || { echo "FAIL  lost in the upgrade"; exit 1; }
echo "ok    upgrade from $before to $now keeps data and configuration"
