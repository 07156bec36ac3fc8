#!/usr/bin/env bash
# Machines that boot: Debian trees with systemd as first process, into which the packages are installed by apt.
#
#   boot_test.sh PACKAGES OLDER      folders with the .deb files of this version and of a lower one
#
# First one machine alone, where boot_probe.sh plays the administrator: roles by group, instances, kill -9, watchdog, reload,
# credential, backup, purge, a store with older tables. Then four on one wire: a Kreis on the lower version, a town, an office
# PC whose user is no administrator, and a machine that takes the place of a dead one. Needs root; 77: cannot run here.
#
# Nothing was released yet, so the lower version is this same tree under a lower number (run.sh): its upgrade shows what dpkg,
# systemd and a service under load do. That an older program's store is taken over shows the store with older tables.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=$(cd "$1" && pwd)
older=$(cd "$2" && pwd)
. "$here/tree.sh"
. "$here/machines.sh"
. "$here/words.sh"
may_have_machines
base_tree >/dev/null || { echo "FAIL  no Debian tree"; exit 1; }
in_own_world "$0" "$packages" "$older"

work=$(mktemp -d -t kiz-boot-XXXXXX)
control_group=kiz-boot-$$
trap 'end_machines; rm -rf "$work"' EXIT
make_wire
began=$SECONDS

install() {  # NAME FOLDER: on a machine that runs
  rm -f "$work/$1"/var/packages/*.deb
  cp -r "$2"/kiz-sync_*.deb "$here/words.sh" "$here/boot_probe.sh" "$here/../../tests/libclient/earlier_stores" "$work/$1/var/packages/"
  on "$1" sh -c 'apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install /var/packages/kiz-sync_*.deb'
}
version() { on "$1" dpkg-query -W -f '${Version}' kiz-sync; }
errors() {  # NAME: what the journal says of ours that is worse than a warning, and what the sandbox refused
  # The bus asks for more descriptors than the machine outside allows: not of ours.
  on "$1" sh -c 'journalctl -u "kiz*" -p err --no-pager -o cat; journalctl --no-pager -o cat | grep -v "fd limit" |
    grep -i -e "denied" -e "status=31/SYS" -e "Failed with result" -e "segfault"'
}
quiet() { is "$(errors "$1")" "" || { on "$1" journalctl -u 'kiz*' --no-pager -o short-precise | tail -n 40; return 1; }; }
has() { on "$1" kiz angebot suchen "$2" | grep -q "$2"; }  # NAME TITLE

# ---- one machine alone
make_machine allein 10.99.7.1
boot allein
holds "alone: installed by apt while it runs, nothing asked" install allein "$packages"
on allein bash /var/packages/boot_probe.sh || failed=$((failed + 1))
power_off allein
echo "      ($((SECONDS - began)) s)"

# ---- a Kreis, still on the lower version, and a town on this one
for machine in "kreis 10.99.7.2" "ahaus 10.99.7.3" "buero 10.99.7.4" "ersatz 10.99.7.5"; do make_machine $machine; done
boot kreis
boot ahaus
holds "kreis: the lower version" install kreis "$older"
before=$(version kreis)
holds "ahaus: this version" install ahaus "$packages"
holds "kreis: set up" on kreis kiz --yes einrichten --kreis "Kreis Borken" --ags 05554 --listen 10.99.7.2:7411 --adresse 10.99.7.2:7411
invited() {  # MEMBER: leaves invite and check number
  on kreis kiz --json mitglied einladen "$1" >"$work/invite.json"
  invite=$(sed -n 's/.*"invite":"\([^"]*\)".*/\1/p' "$work/invite.json")
  check=$(sed -n 's/.*"check":"\{0,1\}\([^",}]*\).*/\1/p' "$work/invite.json")
}
invited Ahaus
echo "$check" >"$work/ahaus/var/check"
holds "ahaus: joins over the wire" on ahaus kiz beitreten "$invite" --pruefzahl-datei /var/check --geraet Rathaus
holds "ahaus: enters an offer" on ahaus kiz angebot neu titel=Lesepaten traeger=Caritas art=treffpunkt
holds "ahaus: confirmed by the Kreis" on ahaus kiz sync --wait
until_holds 20 "kreis: has it" has kreis Lesepaten

# ---- both restart, one after the other
reboot kreis
until_holds 30 "kreis: rebooted, its service is up" on kreis systemctl is-active kizd.service
holds "kreis: and has it still" has kreis Lesepaten
reboot ahaus
until_holds 30 "ahaus: rebooted, its service is up" on ahaus systemctl is-active kizd.service
holds "ahaus: enters another" on ahaus kiz angebot neu titel=Fahrradkurs traeger="Stadt Ahaus" art=sport
holds "ahaus: confirmed again" on ahaus kiz sync --wait
until_holds 20 "kreis: has that too" has kreis Fahrradkurs

# ---- the Kreis is upgraded while the town stays on the line
holds "kreis: upgraded while it runs" install kreis "$packages"
holds "kreis: from $before to $(version kreis)" dpkg --compare-versions "$before" lt "$(version kreis)"
holds "kreis: the running service is the new one" on kreis sh -c 'cmp /proc/$(systemctl show --property=MainPID --value kizd.service)/exe /usr/bin/kizd'
holds "ahaus: goes on with it" on ahaus kiz angebot neu titel=Kochabend traeger=AWO art=treffpunkt
holds "ahaus: confirmed by the new one" on ahaus kiz sync --wait --timeout 60
until_holds 20 "kreis: has all three" has kreis Kochabend

# ---- an office PC: the service is the user's own
boot buero
holds "buero: installed by whoever looks after the machine" install buero "$packages"
on buero useradd -m clara
holds "buero: clara may have services while she is logged out" on buero loginctl enable-linger clara
clara() { on buero setpriv --reuid=clara --regid=clara --init-groups env HOME=/home/clara USER=clara XDG_RUNTIME_DIR="/run/user/$(on buero id -u clara)" "$@"; }
until_holds 20 "buero: her service manager is up" clara systemctl --user is-active default.target
holds "buero: she switches it on herself" clara systemctl --user enable --now kizd.socket kizd.service
invited Bocholt
echo "$check" >"$work/buero/home/clara/check"
on buero chown clara: /home/clara/check
holds "buero: she joins" clara kiz beitreten "$invite" --pruefzahl-datei /home/clara/check --geraet Buero
holds "buero: she enters an offer" clara kiz angebot neu titel=Chorprobe traeger=Diakonie art=treffpunkt
holds "buero: confirmed" clara kiz sync --wait
until_holds 20 "kreis: has hers" has kreis Chorprobe
holds "buero: it is her process and her store" on buero sh -c 'pgrep -u clara -x kizd && test -s /home/clara/.local/share/kiz-sync/store.db && test ! -e /var/lib/kiz-sync/store.db'

hers() { [ "$(clara kiz dienst protokoll | grep -o 'kizd\[[0-9]*\]' | sort -u)" = "kizd[$(on buero pgrep -u clara -x kizd)]" ]; }
holds "buero: kiz dienst protokoll shows what her service told, and not what the machine's did" hers
holds "buero: she stops it" clara systemctl --user stop kizd.socket kizd.service
holds "buero: and is told how she starts it, without an administrator" contains "$(clara kiz dienst status)" "systemctl --user start kizd"
holds "buero: that does" clara systemctl --user start kizd.socket kizd.service
clara sh -c 'mkdir -p ~/.config/kiz-sync ~/Sicherungen && printf "[backup]\nfolder = \"/home/clara/Sicherungen\"\n" >~/.config/kiz-sync/kiz-sync.toml'
holds "buero: she names a place for backups" clara systemctl --user reload kizd.service
holds "buero: her timer can be switched on" clara systemctl --user enable --now kiz-backup.timer
holds "buero: her backup is written" clara systemctl --user start kiz-backup.service
holds "buero: and is there" on buero sh -c 'ls /home/clara/Sicherungen/*.kizbackup'

# ---- a backup by the unit the timer starts; the town's machine dies; another takes its place
printf 'drei-kurze-woerter\n' >"$work/ahaus/etc/kiz-sync/recovery-passphrase"
on ahaus chown kiz-sync: /etc/kiz-sync/recovery-passphrase
on ahaus chmod 600 /etc/kiz-sync/recovery-passphrase
mkdir -p "$work/ahaus/etc/kiz-sync/conf.d"
printf '[backup]\nfolder = "/var/backups/kiz-sync"\npassword_file = "/etc/kiz-sync/recovery-passphrase"\n' >"$work/ahaus/etc/kiz-sync/conf.d/50-sicherung.toml"
holds "ahaus: reloads where backups go" on ahaus systemctl reload kizd.service
holds "ahaus: the timer can be switched on" on ahaus systemctl enable --now kiz-backup.timer
holds "ahaus: kiz-backup.service writes a backup" on ahaus systemctl start kiz-backup.service
backup=$(find "$work/ahaus/var/backups/kiz-sync" -name '*.kizbackup' | head -1)
holds "ahaus: it is there, closed to others" is "$(stat -c %a "$backup")" 600
holds "ahaus: entered after the backup" on ahaus kiz angebot neu titel=Nachzuegler traeger=AWO art=treffpunkt
holds "ahaus: confirmed" on ahaus kiz sync --wait
holds "ahaus: its journal is calm" quiet ahaus
crash ahaus
boot ersatz
holds "ersatz: installed" install ersatz "$packages"
cp "$backup" "$work/ersatz/var/sicherung.kizbackup"
printf 'drei-kurze-woerter\n' >"$work/ersatz/var/passwort"
on ersatz chown kiz-sync: /var/sicherung.kizbackup
holds "ersatz: reads the backup of the dead machine" on ersatz kiz --yes sicherung lesen /var/sicherung.kizbackup --wiederherstellung-datei /var/passwort
holds "ersatz: syncs" on ersatz kiz sync --wait --timeout 60
for title in Lesepaten Fahrradkurs Kochabend Nachzuegler; do until_holds 20 "ersatz: has $title" has ersatz "$title"; done
holds "ersatz: goes on working" on ersatz kiz angebot neu titel=Neuanfang traeger=AWO art=treffpunkt
holds "ersatz: confirmed" on ersatz kiz sync --wait
until_holds 20 "kreis: has it" has kreis Neuanfang
holds "kreis: every signature holds" on kreis kiz verify --neu

# ---- the end
for machine in kreis buero ersatz; do holds "$machine: its journal is calm" quiet "$machine"; done
said=$(on ersatz apt-get -qq -y -o Dpkg::Use-Pty=0 purge kiz-sync 2>&1) || wrong "ersatz: purge: $said"
holds "ersatz: purged, and it says that the store stays" contains "$said" "/var/lib/kiz-sync bleibt erhalten"
holds "ersatz: nothing of ours runs or listens" on ersatz sh -c '! pgrep kizd && ! ss -Hltn | grep -q .'
echo "      ($((SECONDS - began)) s)"
[ $failed = 0 ] || { echo "FAIL  $failed sentences do not hold"; exit 1; }
