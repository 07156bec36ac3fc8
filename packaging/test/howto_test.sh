#!/usr/bin/env bash
# Types the `sh` blocks of packaging/doc/anleitung on a booted machine, in the order in which an administrator comes to them.
#
#   howto_test.sh PACKAGES      folder with the .deb files. Needs root; 77: cannot run here
#
# `editor` writes a passphrase, and the names in the pages lead to this machine. A page with a block that is not typed here fails.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" = --inside ]; then
  . /var/packages/words.sh
  cd /root
  typed=()
  block() {  # PAGE-N SENTENCE
    typed+=("$1.sh")
    holds "$1: $2" bash -euo pipefail "/var/packages/blocks/$1.sh"
  }
  useradd -m mueller
  useradd -m yilmaz
  echo '127.0.0.1 kiz.kreis-borken.de' >>/etc/hosts
  printf '#!/bin/sh\necho "ein langes Passwort" >"$1"\n' >/usr/bin/editor
  chmod 755 /usr/bin/editor
  cp /var/packages/kiz-sync_*.deb kiz-sync_0.1.0_amd64.deb

  block kreis-einrichten-1 "installs, and the service runs"
  block kreis-einrichten-2 "users come into their groups"
  holds "they are in them" is "$(id -nG yilmaz)" "yilmaz kiz-sync kiz-admin"
  holds "the Kreis is set up" kiz --yes einrichten --kreis "Kreis Borken" --ags 05554 --listen 127.0.0.1:7411 --adresse kiz.kreis-borken.de:7411
  block kreis-einrichten-3 "its port answers"
  block gemeinde-aufnehmen-1 "the same on a machine of a town"
  block netz-1 "name, way and clock"
  block netz-2 "who listens, and what the journal says"
  block wenn-etwas-nicht-stimmt-1 "where to look"
  block kreisknoten-neu-1 "the sheet is typed into memory"

  block sicherung-1 "a passphrase for backups"
  sed -n '/^[^[]/p' /var/packages/blocks/sicherung-1.toml >settings  # below the heading that the file has already
  sed -i '/^\[backup\]$/r settings' /etc/kiz-sync/kiz-sync.toml
  holds "the configuration is right" kiz konfig pruefen
  block sicherung-2 "each night, and once at once"
  cp "$(ls /var/backups/kiz-sync/*.kizbackup | head -1)" kreis.kizbackup
  cp /etc/kiz-sync/recovery-passphrase passwort.txt

  mkdir -p /etc/kiz-sync/instanzen
  cp /var/packages/blocks/mehrere-kreise-1.toml /etc/kiz-sync/instanzen/borken.toml
  block mehrere-kreise-1 "an instance starts"
  block mehrere-kreise-2 "and is set up"
  block mehrere-kreise-3 "and backed up"
  block mehrere-kreise-4 "and asked"
  block mehrere-kreise-5 "and ended"

  block umzug-2 "the Kreis's node: a last backup, and the service ends"
  block umzug-3 "the new machine stands ready"
  block umzug-4 "and starts"
  until_holds 20 "it answers" kiz status
  block umzug-1 "a town's old machine is emptied"
  holds "the service again" systemctl enable --now kizd.socket kizd.service
  mkdir -p /var/lib/kiz-sync && chown kiz-sync: /var/lib/kiz-sync
  block sicherung-3 "a new machine from the backup"
  until_holds 20 "it is the Kreis again" sh -c 'kiz status | grep -q "Kreis Borken"'

  for file in /var/packages/blocks/*.sh; do
    case " ${typed[*]} " in *" $(basename "$file") "*) ;; *) wrong "$(basename "$file") is typed by nobody" ;; esac
  done
  [ $failed = 0 ]
  exit
fi
packages=$(cd "$1" && pwd)
. "$here/tree.sh"
. "$here/machines.sh"
may_have_machines
base_tree >/dev/null || { echo "FAIL  no Debian tree"; exit 1; }
in_own_world "$0" "$packages"

work=$(mktemp -d -t kiz-howto-XXXXXX)
control_group=kiz-howto-$$
trap 'end_machines; rm -rf "$work"' EXIT
make_wire
make_machine howto 10.99.8.1
/usr/bin/python3 -B "$here/howto_blocks.py" "$work/howto/var/packages/blocks"
cp "$packages"/kiz-sync_*.deb "$here/words.sh" "$0" "$work/howto/var/packages/"
boot howto
failed=0
on howto bash "/var/packages/$(basename "$0")" --inside || failed=1
power_off howto
exit $failed
