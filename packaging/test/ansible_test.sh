#!/usr/bin/env bash
# packaging/doc/ansible by the ansible-core of Debian 12, in a Debian tree: the playbook is sound, its role makes a town of an
# empty machine and changes nothing when it is run again. systemd does not run there: the role leaves the service alone, and the
# town keeps a store of its own. ansible-core is fetched from the mirror.
#
#   ansible_test.sh PACKAGES      folder with the .deb files. Needs root; 77: cannot run here
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" = --inside ]; then
  # In the tree, alone on its network.
  . /var/packages/words.sh
  export LANGUAGE=de LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=false
  cd /var/ansible
  useradd mueller
  kiz() { /usr/bin/kiz --store "$@"; }
  play() { ansible-playbook -i inventory.ini --extra-vars @town.json "$@" site.yml >/tmp/said 2>&1 || { cat /tmp/said; return 1; }; }
  recap() { sed -n 's/^localhost .*\(changed=[0-9]*\) .*\(failed=[0-9]*\).*/\1 \2/p' /tmp/said; }

  cat >inventory.ini <<'INI'
[gemeinden]
localhost ansible_connection=local
INI
  printf '{"kiz_sync_package": "%s", "kiz_sync_service": false, "kiz_sync_editors": ["mueller"], "kiz_sync_store": "/var/lib/ahaus"}' \
    /var/packages/kiz-sync.deb >town.json
  holds "the playbook is sound" ansible-playbook -i inventory.ini --syntax-check site.yml
  holds "the role runs on an empty machine" play
  holds "it has installed the package" test -x /usr/bin/kizd
  holds "without an invite nothing is set up (10)" is "$(kiz /var/lib/ahaus status >/dev/null 2>&1; echo $?)" 10
  holds "its users are in their groups" is "$(id -nG mueller)" "mueller kiz-sync"
  holds "the configuration is its own" grep -q '^# Written by Ansible' /etc/kiz-sync/kiz-sync.toml
  holds "and right" kizd --check-config --config /etc/kiz-sync/kiz-sync.toml

  holds "a Kreis" kiz /var/lib/kreis --yes einrichten --kreis "Kreis Borken" --ags 05554 --listen 127.0.0.1:7411 --adresse 127.0.0.1:7411
  kizd --store /var/lib/kreis --listen 127.0.0.1:7411 >/var/log/kreis 2>&1 &
  until_holds 20 "answers" test -S /var/lib/kreis/control.sock
  kiz /var/lib/kreis --json mitglied einladen Ahaus >invite.json
  python3 - <<'PYTHON'
import json
invited = json.load(open("invite.json"))["data"]
town = json.load(open("town.json"))
town.update(kiz_sync_invite=invited["invite"], kiz_sync_check=str(invited["check"]), kiz_sync_device="Rathaus")
json.dump(town, open("town.json", "w"))
PYTHON
  holds "with an invite the role joins" play
  holds "that is a change" is "$(recap)" "changed=1 failed=0"
  holds "the town is a member" sh -c '/usr/bin/kiz --store /var/lib/ahaus --json status | grep -q "\"joined\":true"'
  holds "no letter is left" sh -c '! find / -xdev -name einladung | grep -q .'
  holds "run again, it ends well" play
  holds "and changes nothing" is "$(recap)" "changed=0 failed=0"
  kill %1
  [ $failed = 0 ]
  exit
fi
packages=$(cd "$1" && pwd)
command -v debootstrap >/dev/null || { echo "skipped: debootstrap is not installed"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
work=$(mktemp -d -t kiz-ansible-XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
. "$here/tree.sh"
tree=$(fresh_tree tree)
cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
printf 'deb %s %s main\n' "$(mirror)" "$suite" >"$tree/etc/apt/sources.list"
in_tree "$tree" apt-get -qq update
in_tree "$tree" apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install ansible-core python3-apt >"$work/log" 2>&1 </dev/null ||
  { tail -n 20 "$work/log"; exit 1; }
echo "ok    $(in_tree "$tree" ansible --version | head -1)"

mkdir -p "$tree/var/packages"
cp "$packages"/kiz-sync_*.deb "$tree/var/packages/kiz-sync.deb"
cp "$here/words.sh" "${BASH_SOURCE[0]}" "$tree/var/packages/"
cp -r "$here/../doc/ansible" "$tree/var/ansible"
unshare --mount --net --pid --fork --kill-child sh -c "ip link set lo up && mount -t proc proc '$tree/proc' && mount --rbind /dev '$tree/dev' &&
  exec chroot '$tree' env DEBIAN_FRONTEND=noninteractive HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /var/packages/ansible_test.sh --inside" </dev/null
