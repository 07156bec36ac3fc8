# shellcheck shell=bash disable=SC2154  # $work and $suite: see tree.sh, which is sourced before
# Sourced by boot_test.sh and howto_test.sh: machines that boot systemd, on one wire with each other and nobody else.
#
#   may_have_machines          or ends with 77 and a line that says why not
#   in_own_world "$0" "$@"     starts the script again where its mounts, processes and network are its own, and end with it
#   make_wire                  the bridge the machines hang on
#   make_machine NAME ADDRESS  a tree with nothing of ours in it
#   boot NAME                  until its units are started; `on NAME` works from then
#   on NAME COMMAND...         as root, German
#   reboot NAME                by systemctl; power_off NAME; crash NAME
declare -A leader=() guardian=()
machines=()
wire=kizwire

may_have_machines() {
  [ "${KIZ_OWN_WORLD:-}" = yes ] && return
  [ "$(id -u)" = 0 ] || { echo "skipped: booting machines needs root"; exit 77; }
  local tool
  for tool in systemd-nspawn debootstrap unshare nsenter ip; do
    command -v $tool >/dev/null || { echo "skipped: $tool is not installed (packaging/install-dependencies.sh --package)"; exit 77; }
  done
  unshare --mount --net --pid --fork --mount-proc true 2>/dev/null || { echo "skipped: no namespaces allowed here"; exit 77; }
  unshare --mount --net sh -c 'ip link add kizprobe type bridge' 2>/dev/null || { echo "skipped: no network bridge allowed here"; exit 77; }
}

in_own_world() {
  [ "${KIZ_OWN_WORLD:-}" = yes ] && return
  KIZ_OWN_WORLD=yes exec unshare --mount --net --pid --fork --kill-child --mount-proc bash "$@"
}

make_wire() {
  mount -t sysfs sysfs /sys/class/net 2>/dev/null || true
  ip link set lo up
  ip link add $wire type bridge
  ip link set $wire up
}

make_machine() {
  local name=$1 tree=$work/$1 base
  machines+=("$name")
  base=$(base_tree) || return 1
  mkdir -p "$tree" "$work/layers/$name/upper" "$work/layers/$name/work"
  # What a machine writes lies in a layer of its own; where there are no layers, it gets a copy.
  mount -t overlay -o "lowerdir=$base,upperdir=$work/layers/$name/upper,workdir=$work/layers/$name/work" overlay "$tree" 2>/dev/null ||
    cp -a --reflink=auto "$base/." "$tree/"
  tr -d - </proc/sys/kernel/random/uuid >"$tree/etc/machine-id"
  echo "$name" >"$tree/etc/hostname"
  mkdir -p "$tree/var/log/journal" "$tree/var/packages"
  # Its address, as a machine with a static one has it: before network.target.
  cat >"$tree/etc/systemd/system/wire.service" <<UNIT
[Unit]
DefaultDependencies=no
Before=network.target
[Service]
Type=oneshot
ExecStart=/usr/sbin/ip address add $2/24 dev host0
ExecStart=/usr/sbin/ip link set host0 up
UNIT
  mkdir -p "$tree/etc/systemd/system/sysinit.target.wants"
  ln -sf ../wire.service "$tree/etc/systemd/system/sysinit.target.wants/wire.service"
  ln -sf /lib/systemd/system/multi-user.target "$tree/etc/systemd/system/default.target"
}

boot() {
  local name=$1 group
  # systemd-nspawn hangs its payload below the control group it is started in: one for each machine.
  for group in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [ -e $group/cgroup.procs ]; then mkdir -p "$group/$control_group/$name"; fi
  done
  (
    for group in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
      if [ -e "$group/$control_group/$name/cgroup.procs" ]; then echo $BASHPID >"$group/$control_group/$name/cgroup.procs"; fi
    done
    exec systemd-nspawn -q -D "$work/$name" -M "$name" --boot --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off \
      --network-bridge=$wire >>"$work/$name.console" 2>&1 </dev/null
  ) &
  guardian[$name]=$!
  leader[$name]=''
  local tries
  for tries in $(seq 300); do
    leader[$name]=$(pgrep -P "${guardian[$name]}" | head -1 || true)
    if [ -n "${leader[$name]}" ] && on "$name" systemctl is-active --quiet multi-user.target 2>/dev/null; then
      return 0
    fi
    kill -0 "${guardian[$name]}" 2>/dev/null || break
    sleep 0.1
  done
  echo "FAIL  $name did not boot:"
  tail -n 30 "$work/$name.console"
  exit 1
}

on() {
  local name=$1
  shift
  nsenter --target "${leader[$name]}" --mount --uts --ipc --net --pid --root --wdns=/ -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LANGUAGE=de LC_ALL=C.UTF-8 "$@" </dev/null
}

ended() {  # NAME: waits for the machine's end, prints its exit code
  local code=0 tries
  for tries in $(seq 600); do kill -0 "${guardian[$1]}" 2>/dev/null || break; sleep 0.1; done
  if kill -0 "${guardian[$1]}" 2>/dev/null; then kill -9 "${guardian[$1]}"; fi
  wait "${guardian[$1]}" || code=$?
  printf '%s\n' "$code"
}

power_off() {
  on "$1" systemctl poweroff 2>/dev/null || true
  ended "$1" >/dev/null
}

crash() {
  { kill -9 "${guardian[$1]}" && wait "${guardian[$1]}" || true; } 2>/dev/null
}

# systemd-nspawn under --keep-unit leaves it to us to start the machine again, and says so by 133.
reboot() {
  on "$1" systemctl reboot 2>/dev/null || true
  ended "$1" >/dev/null
  boot "$1"
}

# At the end, however it comes: nothing runs, nothing is mounted.
end_machines() {
  local name group
  for name in "${!guardian[@]}"; do kill -9 "${guardian[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for name in "${machines[@]}"; do umount -R "$work/$name" 2>/dev/null || true; done
  for group in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [ -d "$group/$control_group" ]; then find "$group/$control_group" -depth -type d -exec rmdir {} + 2>/dev/null || true; fi
  done
}
