#!/usr/bin/env bash
# The units as they are installed: systemd understands every line, and takes from the service all that it does not need.
#
#   units_test.sh UNITS BIN      UNITS: folder with system/ and user/ as configured; BIN: folder of kiz and kizd
#
# Exposure at most 1.2 (systemd-analyze security counts from 0, nothing open, to 10). 77: no systemd-analyze here.
set -euo pipefail
units=$1 programs=$2
exposure_max=12  # tenths
command -v systemd-analyze >/dev/null || { echo "skipped: systemd-analyze is not installed"; exit 77; }
work=$(mktemp -d -t kiz-units-XXXXXX)
trap 'rm -rf "$work"' EXIT

# The programs stand where they were built.
installed=$(sed -n 's/^ExecStart=\(.*\)\/kizd.*/\1/p' "$units/system/kizd.service")
mkdir "$work/system" "$work/user"
for unit in "$units"/system/* "$units"/user/*; do
  sed "s|$installed/|$programs/|g" "$unit" >"$work/$(basename "$(dirname "$unit")")/$(basename "$unit")"
done

failed=0
wrong() { echo "FAIL  $*"; failed=1; }
check() {  # MANAGER UNIT
  local said manager=()
  [ "$1" = system ] || manager=(--user)
  said=$(cd "$work/$1" && SYSTEMD_LOG_LEVEL=warning SYSTEMD_UNIT_PATH="$work/$1:" timeout 60 \
    systemd-analyze verify --man=no "${manager[@]}" "./$2" 2>&1 | grep -F "$work" || true)
  if [ -n "$said" ]; then wrong "$1 $2: $said"; else echo "ok    $1 $2 is understood"; fi
}
for unit in kizd.socket kizd.service kiz-backup.timer kiz-backup.service kizd@borken.socket kizd@borken.service \
  kiz-backup@borken.timer kiz-backup@borken.service; do
  instance=${unit/@borken/@}
  [ "$instance" = "$unit" ] || cp "$work/system/$instance" "$work/system/$unit"
  check system "$unit"
done
for unit in kizd.socket kizd.service kiz-backup.timer kiz-backup.service; do check user "$unit"; done

for unit in kizd.service kizd@borken.service kiz-backup.service kiz-backup@borken.service; do
  if said=$(systemd-analyze security --offline=true --threshold=$exposure_max --no-pager "$work/system/$unit" 2>&1); then
    echo "ok    $(tail -n 1 <<<"$said" | sed 's/^[^A-Z]*//')"
  else
    wrong "$unit is more exposed than allowed:"
    grep '✗' <<<"$said" || tail -n 3 <<<"$said"
  fi
done

# What people rely on, by name.
expect() { grep -qxF "$2" "$work/system/$1" || wrong "$1 lacks $2"; }
for line in Type=notify WatchdogSec=180 Restart=on-failure "RestartPreventExitStatus=64 77 78" LimitNOFILE=65536 \
  LimitCORE=0 MemoryMax=1G LoadCredentialEncrypted=kiz-store-key 'ExecReload=/bin/kill -HUP $MAINPID' User=kiz-sync; do
  expect kizd.service "$line"
done
# The store is the first folder of an instance; its backup is asked for as the user it runs as.
expect kizd@.service 'StateDirectory=kiz-sync-instanzen/%i kiz-sync-sicherungen/%i'
for unit in kizd@.service kiz-backup@.service; do expect $unit User=kizd-%i; expect $unit DynamicUser=yes; done
# A service that cannot start yet, for want of its address, is tried for ever and not given up.
for unit in "$work"/system/kizd*.service "$work"/user/kizd.service; do
  number() { sed -n "s/^$1=//p" "$unit"; }
  [ $(($(number StartLimitIntervalSec) / $(number RestartSec) + 1)) -lt "$(number StartLimitBurst)" ] || wrong "$unit is given up when its address comes late"
done
grep -q '^PrivateUsers=' "$work"/system/* && wrong "PrivateUsers hides who asks at the control socket"

for kind in sysusers tmpfiles; do
  file=$(dirname "$0")/../systemd/$kind.conf
  root=$work/root-$kind
  mkdir -p "$root/etc" "$root/run" "$root/var"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nkiz-sync:x:1:\n' >"$root/etc/group"
  [ $kind = tmpfiles ] && printf 'kiz-sync:x:1:1::/:/bin/sh\n' >>"$root/etc/passwd"
  [ $kind = sysusers ] && printf 'root:x:0:\n' >"$root/etc/group"
  case $kind in
    sysusers) "systemd-$kind" --root="$root" - <"$file" >/dev/null || wrong "$kind.conf"
      for group in kiz-sync kiz-einvernehmen kiz-admin; do grep -q "^$group:" "$root/etc/group" || wrong "no group $group"; done
      grep -q '^kiz-sync:.*:/usr/sbin/nologin$' "$root/etc/passwd" || wrong "no user kiz-sync" ;;
    tmpfiles) "systemd-$kind" --root="$root" --create - <"$file" >/dev/null || wrong "$kind.conf"
      [ -d "$root/run/kiz-sync" ] || wrong "no folder for the socket" ;;
  esac
done
exit $failed
