# shellcheck shell=bash
# Sourced by boot_test.sh, howto_test.sh and, inside its machines, by boot_probe.sh: sentences that hold or not; `failed` counts.
failed=0
ok() { echo "ok    $*"; }
wrong() { echo "FAIL  $*"; failed=$((failed + 1)); }
holds() {  # SENTENCE COMMAND...
  local sentence=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$sentence"; else wrong "$sentence: $* -> $said"; fi
}
until_holds() {  # SECONDS SENTENCE COMMAND...
  local rounds=$(($1 * 5)) sentence=$2
  shift 2
  for _ in $(seq "$rounds"); do "$@" >/dev/null 2>&1 && { ok "$sentence"; return; }; sleep 0.2; done
  wrong "$sentence: $* -> $("$@" 2>&1 | tail -3)"
}
is() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\""; return 1; }; }
contains() { case $1 in *"$2"*) ;; *) echo "\"$1\" lacks \"$2\""; return 1 ;; esac; }
