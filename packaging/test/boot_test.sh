#!/usr/bin/env bash
# A machine that boots: the packages are installed by apt into a Debian tree, systemd is its first process.
#
#   boot_test.sh PACKAGES      PACKAGES: folder with the .deb files. Needs root and systemd-nspawn; 77: cannot run here.
#
# Inside, boot_probe.sh plays the administrator: service up without a store, set-up by root, roles by group, a second
# Kreis instance and a town that joins over loopback, kill -9, watchdog, reload, journal, backup, purge.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=$(cd "$1" && pwd)
for tool in systemd-nspawn debootstrap; do
  command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
work=$(mktemp -d -t kiz-boot-XXXXXX)
trap 'rm -rf "$work"' EXIT
. "$here/tree.sh"

tree=$(fresh_tree machine)
began=$SECONDS
said=$(install_packages "$tree" "$packages" kiz-sync 2>&1) || { echo "$said"; echo "FAIL  apt install"; exit 1; }
grep -i "kiz" <<<"$said" | head -20 || true
echo "ok    installed by apt, nothing asked ($((SECONDS - began)) s)"
rm "$tree/usr/sbin/policy-rc.d"

cp "$here/boot_probe.sh" "$tree/var/packages/"
cat >"$tree/etc/systemd/system/kiz-probe.service" <<'UNIT'
[Unit]
Description=KIZ-Sync package test
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/bin/bash /var/packages/boot_probe.sh >/var/probe.log 2>&1; echo $? >/var/probe.exit; systemctl poweroff -f'
TimeoutStartSec=900
[Install]
WantedBy=graphical.target
UNIT
ln -sf /lib/systemd/system/graphical.target "$tree/etc/systemd/system/default.target"
mkdir -p "$tree/etc/systemd/system/graphical.target.wants"
ln -sf ../kiz-probe.service "$tree/etc/systemd/system/graphical.target.wants/kiz-probe.service"
began=$SECONDS
timeout 900 systemd-nspawn -q -D "$tree" --boot --register=no --keep-unit --link-journal=no --private-network \
  >"$work/console.log" 2>&1 </dev/null || true
cat "$tree/var/probe.log" 2>/dev/null || { echo "FAIL  the machine did not boot:"; tail -n 40 "$work/console.log"; exit 1; }
echo "      ($((SECONDS - began)) s)"
[ "$(cat "$tree/var/probe.exit" 2>/dev/null)" = 0 ] || { echo "FAIL  see above"; exit 1; }
