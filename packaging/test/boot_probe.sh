#!/usr/bin/env bash
# Runs inside the booted machine of boot_test.sh, as root.
set -uo pipefail
export LANGUAGE=de LC_ALL=C.UTF-8
. /var/packages/words.sh
property() { systemctl show --property="$1" --value "${2:-kizd.service}"; }
listening() { ss -Hltn | awk '{print $4}'; }

# ---- as it stands after installing
until_holds 30 "the service is active without a store" systemctl is-active kizd.service
holds "the socket is active" systemctl is-active kizd.socket
holds "status line in German" contains "$(property StatusText)" "Wartet auf Einrichtung"
holds "no port is open" is "$(listening)" ""
holds "socket 0660 for root and kiz-sync" is "$(stat -c '%a %U %G' /run/kiz-sync/control.sock)" "660 root kiz-sync"
holds "store folder closed to others" is "$(stat -c '%a %U' /var/lib/kiz-sync)" "700 kiz-sync"
holds "backup timer is not switched on by itself" is "$(systemctl is-enabled kiz-backup.timer)" disabled
holds "version is one" is "$(kiz --version | awk '{print $2}')" "$(kizd --version | awk '{print $2}')"
holds "runs as its own user, without capabilities" is \
  "$(ps -o user= -p "$(property MainPID)") $(awk '/CapEff/ {print $2}' "/proc/$(property MainPID)/status")" "kiz-sync 0000000000000000"
# The machine outside may allow fewer descriptors than the unit asks for.
holds "limits" is "$(property LimitNOFILE) $(property LimitCORE) $(awk '/core file/ {print $5}' "/proc/$(property MainPID)/limits")" "65536 0 0"

# ---- roles by group
useradd -m anna && usermod -aG kiz-sync anna
useradd -m bruno && usermod -aG kiz-sync,kiz-admin bruno
useradd -m fremd
as() { local user=$1; shift; setpriv --reuid="$user" --regid="$user" --init-groups --reset-env env LANGUAGE=de LC_ALL=C.UTF-8 "$@"; }
as anna kiz einrichten --kreis "Kreis Borken" --ags 05554 --yes >/tmp/said 2>&1
holds "who only edits cannot set up (13)" is $? 13
systemctl stop kizd.socket kizd.service
kiz --yes einrichten --kreis "Kreis Borken" --ags 05554 >/tmp/said 2>&1
holds "while the service is stopped, root sets up nothing (1)" is "$? $(ls -d ~/.local/share/kiz-sync 2>&1 | grep -c 'No such')" "1 1"
systemctl start kizd.socket kizd.service
holds "kiz einrichten by root" kiz --yes einrichten --kreis "Kreis Borken" --ags 05554 --listen 127.0.0.1:7411 --adresse 127.0.0.1:7411
holds "the store is the service's" is "$(stat -c %U /var/lib/kiz-sync/store.db)" kiz-sync
holds "one port is open now" is "$(listening | grep -c ':7411$')" 1
until_holds 40 "status line follows" sh -c 'systemctl show --property=StatusText kizd.service | grep -q "Gleicht ab"'
holds "anna (kiz-sync) enters an offer" as anna kiz angebot neu titel=Lesepaten traeger=Caritas art=treffpunkt
as anna kiz mitglied einladen Ahaus >/tmp/said 2>&1
holds "anna may not invite (13)" is $? 13
holds "bruno (kiz-admin) may" sh -c "setpriv --reuid=bruno --regid=bruno --init-groups kiz --json mitglied einladen Ahaus >/tmp/invite.json"
as fremd kiz status >/tmp/said 2>&1
holds "a stranger is refused with 13" is $? 13
holds "and is told the group" grep -q kiz-sync /tmp/said
holds "a stranger reads nothing" sh -c '! setpriv --reuid=fremd --regid=fremd --clear-groups ls /var/lib/kiz-sync 2>/dev/null'

# ---- a second installation on this machine joins over loopback
mkdir -p /etc/kiz-sync/instanzen
printf 'listen = []\n[metrics]\nlisten = ""\n' >/etc/kiz-sync/instanzen/ahaus.toml
holds "kizd@ahaus starts" systemctl start kizd@ahaus.service
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" /tmp/invite.json | head -1; }
invite=$(field invite) check=$(field check)
printf '%s\n' "$check" >/tmp/check
town() { kiz --socket /run/kiz-sync-ahaus/control.sock "$@"; }
holds "the town joins" town beitreten "$invite" --pruefzahl-datei /tmp/check --geraet Rathaus
holds "its process is another user" sh -c '[ "$(ps -o user= -p "$(systemctl show --property=MainPID --value kizd@ahaus.service)")" != kiz-sync ]'
town angebot neu titel=Fahrradkurs traeger="Stadt Ahaus" art=sport >/tmp/said 2>&1 || wrong "town edits: $(cat /tmp/said)"
holds "synced over loopback" town sync --wait
# Each asks for its own: the journal of one Kreis is nothing for whoever looks after the other.
told() { "$@" >/tmp/told 2>&1 || { cat /tmp/told; return 1; }; }
pids() { grep -o 'kizd\[[0-9]*\]' "$1" | sort -u | tr -dc '0-9\n'; }
holds "kiz dienst protokoll tells of this one" told kiz dienst protokoll
holds "and of no other" sh -c "grep -q 'kizd\[$(property MainPID)\]' /tmp/told && ! grep -q 'kizd\[$(property MainPID kizd@ahaus.service)\]' /tmp/told"
holds "of kizd@ahaus it does with its socket" told town dienst protokoll
holds "and of no other either" is "$(pids /tmp/told)" "$(property MainPID kizd@ahaus.service)"
holds "the report holds the log of its own unit" told town fehlerbericht
holds "and of no other unit" is "$(pids /tmp/told)" "$(property MainPID kizd@ahaus.service)"
holds "and its own configuration" grep -q '^config metrics.listen: (set) \[file\]' /tmp/told
until_holds 20 "the Kreis sees it" sh -c 'kiz angebot suchen Fahrradkurs | grep -q Fahrradkurs'

# ---- life
first=$(property MainPID)
kill -9 "$first"
until_holds 30 "killed with -9, it is back" sh -c "[ \"\$(systemctl show --property=MainPID --value kizd.service)\" != $first ] && systemctl is-active kizd.service && kiz status"
holds "nothing is lost" sh -c 'kiz angebot suchen Lesepaten | grep -q Lesepaten'
holds "reload" systemctl reload kizd.service
mkdir -p /etc/kiz-sync/conf.d
printf 'unsinn = 1\n' >/etc/kiz-sync/conf.d/99-test.toml
systemctl reload kizd.service
holds "a wrong configuration changes nothing on reload" systemctl is-active kizd.service
systemctl restart kizd.service 2>/dev/null
sleep 1
holds "a wrong configuration is told and not tried again" is "$(property ExecMainStatus) $(property NRestarts)" "78 0"
holds "the journal names the line" sh -c 'journalctl -u kizd.service --no-pager | grep -q "99-test.toml.*1"'
rm /etc/kiz-sync/conf.d/99-test.toml
systemctl reset-failed kizd.service kizd.socket
holds "mended, it starts" systemctl restart kizd.socket kizd.service
systemctl stop kizd.service
holds "asking starts it again (socket activation)" kiz status
holds "and it is the unit that runs" systemctl is-active kizd.service

mkdir -p /run/systemd/system/kizd.service.d
printf '[Service]\nWatchdogSec=2\nRestartSec=1\n' >/run/systemd/system/kizd.service.d/test.conf
systemctl daemon-reload && systemctl restart kizd.service
first=$(property MainPID)
sleep 5
holds "fed, the watchdog stays quiet" is "$(property MainPID)" "$first"
kill -STOP "$first"
until_holds 20 "a daemon that hangs is replaced" sh -c "p=\$(systemctl show --property=MainPID --value kizd.service); [ \$p != 0 ] && [ \$p != $first ] && systemctl is-active kizd.service"
holds "the journal says why" sh -c 'journalctl -u kizd.service --no-pager | grep -qi watchdog'
rm -r /run/systemd/system/kizd.service.d && systemctl daemon-reload
holds "no core dumps" sh -c '! find / -xdev -name "core*" -size +100k -path "*kiz*" | grep -q .'

# ---- key as a credential: another instance, set up with one
install -d -m 700 /etc/credstore.encrypted
if head -c 32 /dev/urandom | systemd-creds encrypt --with-key=host --name=kiz-store-key - /etc/credstore.encrypted/kiz-store-key-tresor 2>/tmp/said; then
  printf 'listen = []\n[metrics]\nlisten = ""\n' >/etc/kiz-sync/instanzen/tresor.toml
  systemctl start kizd@tresor.service
  holds "set up with a credential" kiz --yes --socket /run/kiz-sync-tresor/control.sock einrichten --kreis "Kreis Coesfeld" --ags 05558
  holds "the key file holds no key" sh -c '[ "$(stat -c %s /var/lib/private/kiz-sync-instanzen/tresor/key)" -lt 40 ]'
  holds "it opens again" sh -c 'systemctl restart kizd@tresor.service && kiz --socket /run/kiz-sync-tresor/control.sock status'
  mv /etc/credstore.encrypted/kiz-store-key-tresor /var/
  systemctl restart kizd@tresor.service 2>/dev/null
  sleep 1
  holds "without the credential it does not (77)" is "$(property ExecMainStatus kizd@tresor.service)" 77
  systemctl stop kizd@tresor.socket kizd@tresor.service
else
  wrong "systemd-creds: $(cat /tmp/said)"
fi

# ---- backup on the timer's way
if kiz sicherung schreiben --help >/dev/null 2>&1; then
  mkdir -p /etc/kiz-sync/conf.d
  printf '[backup]\nfolder = "/var/backups/kiz-sync"\n' >/etc/kiz-sync/conf.d/50-sicherung.toml
  systemctl reload kizd.service
  holds "kiz-backup.service writes a backup" systemctl start kiz-backup.service
  holds "it lies where it should" sh -c 'find /var/backups/kiz-sync -type f -size +1k | grep -q .'
  rm /etc/kiz-sync/conf.d/50-sicherung.toml

  # An instance has a place and a timer of its own; the recovery passphrase is a credential.
  install -d -m 700 /etc/credstore
  (umask 077 && echo drei-kurze-woerter >/etc/credstore/kiz-recovery-passphrase-ahaus)
  cat >>/etc/kiz-sync/instanzen/ahaus.toml <<'TOML'
[backup]
folder = "/var/lib/kiz-sync-sicherungen/ahaus"
password_file = "/run/credentials/kizd@ahaus.service/kiz-recovery-passphrase"
TOML
  holds "kizd@ahaus restarts" systemctl restart kizd@ahaus.service
  holds "its timer can be switched on" systemctl enable --now kiz-backup@ahaus.timer
  holds "kiz-backup@ahaus.service writes a backup" systemctl start kiz-backup@ahaus.service
  own=$(find /var/lib/kiz-sync-sicherungen/ahaus/ -name '*.kizbackup' | head -1)
  holds "it is there, closed to others" is "$(stat -c %a "$own")" 600
  holds "and the passphrase opens it" sh -c "kiz sicherung pruefen '$own' --wiederherstellung-datei /etc/credstore/kiz-recovery-passphrase-ahaus"
  holds "its place is closed to the service of the machine" sh -c '! setpriv --reuid=kiz-sync --regid=kiz-sync --init-groups ls /var/lib/kiz-sync-sicherungen/ahaus/'
  systemctl disable --now kiz-backup@ahaus.timer
fi

# ---- a daemon that does not answer: the command to start it is that of its unit
systemctl stop kizd@ahaus.socket kizd@ahaus.service
town dienst status >/tmp/said 2>&1
holds "stopped, the instance is named as it is started" grep -q 'systemctl start kizd@ahaus' /tmp/said
town pruefen >/tmp/said 2>&1
holds "and so does kiz pruefen" grep -q -- '-> systemctl start kizd@ahaus' /tmp/said
holds "what it says starts it" sh -c "$(sed -n 's/.*-> \(systemctl start .*\)/\1/p' /tmp/said)"

# ---- the journal
holds "the journal explains our records" sh -c 'journalctl --list-catalog --no-pager | grep -q kiz-sync'
holds "no line of ours above warning but those provoked" sh -c \
  '! journalctl -u kizd.service -p err --no-pager -o cat | grep -v -i -e watchdog -e "99-test" -e "Failed" -e "signal" -e "setting" | grep -q .'
holds "no names or values in it" sh -c '! journalctl -u "kizd*" --no-pager | grep -q -e Lesepaten -e Fahrradkurs -e anna'

# ---- remove and purge
systemctl stop kizd@ahaus.socket kizd@ahaus.service
holds "remove" apt-get -qq -y -o Dpkg::Use-Pty=0 remove kiz-sync
holds "removed: nothing runs" sh -c '! pgrep -x kizd'
holds "removed: configuration stays" test -e /etc/kiz-sync/kiz-sync.toml
said=$(apt-get -qq -y -o Dpkg::Use-Pty=0 purge kiz-sync 2>&1)
holds "purge says that the store stays" contains "$said" "/var/lib/kiz-sync bleibt erhalten"
holds "and it does" test -s /var/lib/kiz-sync/store.db
holds "it says that the backups stay, the machine's" contains "$said" "Sicherungen in /var/backups/kiz-sync bleiben erhalten"
holds "and the instance's" contains "$said" "Sicherungen in /var/lib/private/kiz-sync-sicherungen bleiben erhalten"
holds "configuration is gone" test ! -e /etc/kiz-sync/kiz-sync.toml
rm -rf /etc/kiz-sync/instanzen
holds "installed again" sh -c 'apt-get -qq -y -o Dpkg::Use-Pty=0 install /var/packages/kiz-sync_*.deb'
until_holds 30 "the service is back with its store" sh -c 'kiz angebot suchen Lesepaten | grep -q Lesepaten'
touch /etc/kiz-sync/purge-data
said=$(apt-get -qq -y -o Dpkg::Use-Pty=0 purge kiz-sync 2>&1)
holds "purge with purge-data takes the store" test ! -e /var/lib/kiz-sync
holds "and says so" contains "$said" "ist gelöscht"
holds "nothing of ours is left in /etc" test ! -e /etc/kiz-sync
holds "purge-data does not name the backups: they stay, and it says so" contains "$said" "Sicherungen in /var/backups/kiz-sync bleiben erhalten"
holds "and they do" sh -c 'ls /var/backups/kiz-sync/*.kizbackup /var/lib/kiz-sync-sicherungen/ahaus/*.kizbackup'
rm -r /var/backups/kiz-sync/* /var/lib/private/kiz-sync-sicherungen/ahaus/*

# ---- the package comes to a store that an older program left, with tables of its time
old=/var/packages/earlier_stores/schema-1
install -d -m 700 -o kiz-sync -g kiz-sync /var/lib/kiz-sync
install -m 600 -o kiz-sync -g kiz-sync $old/* /var/lib/kiz-sync/
holds "installed over an older store" sh -c 'apt-get -qq -y -o Dpkg::Use-Pty=0 install /var/packages/kiz-sync_*.deb'
offers() { kiz --json angebot liste | grep -o '"title":"[^"]*"' | wc -l; }
until_holds 30 "the service has brought it to its tables and lists its offers" eval 'is "$(offers)" 3'
holds "every signature in it holds" kiz verify --neu
holds "as it was it lies beside it, byte by byte" cmp $old/store.db /var/lib/kiz-sync/store.db.schema-1
holds "and belongs to the service alone" is "$(stat -c '%a %U' /var/lib/kiz-sync/store.db.schema-1)" "600 kiz-sync"
touch /etc/kiz-sync/purge-data
said=$(apt-get -qq -y -o Dpkg::Use-Pty=0 purge kiz-sync 2>&1)
holds "purged, with no backup that could stay, it speaks of none" sh -c '! grep -q Sicherungen' <<<"$said"
holds "and nothing of ours is left on the machine" is "$(find /var/lib /var/backups /etc -name '*kiz-sync*' -not -path '*/dpkg/*' -not -path '*/apt/*' -not -path '*/credstore*' 2>/dev/null)" ""
[ $failed = 0 ]
