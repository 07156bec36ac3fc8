#!/usr/bin/env bash
# Installs what is missing, builds the release, and shows the main job on this machine: a Kreis node and three towns on
# loopback, one of them offline for a while. Needs nothing outside this folder. Run it again as often as you like.
#
#   packaging/quickstart.sh          do all of it; the four daemons stay up afterwards
#   packaging/quickstart.sh --stop   stop them and remove what they wrote
set -euo pipefail
cd "$(dirname "$0")/.."
source_folder=$PWD
build=$source_folder/build/product  # beside the folder of the tests, whose needs are not installed here
demo=$source_folder/build/quickstart
port=${KIZ_QUICKSTART_PORT:-7411}

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
plain() { printf '%s\n' "$*"; }
if [ ! -t 1 ]; then say() { printf '\n== %s\n' "$*"; }; fi

stop_daemons() {
  local file pid
  for file in "$demo"/*.pid; do
    [ -e "$file" ] || continue
    pid=$(cat "$file")
    if kill "$pid" 2>/dev/null; then
      for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    fi
    rm -f "$file"
  done
}

if [ "${1:-}" = --stop ]; then
  stop_daemons
  rm -rf "$demo"
  plain "Stopped, and everything that the quickstart wrote is gone."
  exit 0
elif [ $# -gt 0 ]; then
  plain "usage: packaging/quickstart.sh [--stop]" >&2
  exit 64
fi

say "1. What is missing is installed"
packaging/install-dependencies.sh --build

say "2. The release is built"
# As tests/run.sh compiles, so that what is built here is not built again there.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-$PWD/build}/.cache}/kiz-sync-ccache}
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
cmake --preset release -B "$build" -DKIZ_BUILD_TESTS=OFF --log-level=WARNING >/dev/null
cmake --build "$build"
kiz=$build/bin/kiz
kizd=$build/bin/kizd

say "3. A Kreis node starts: Kreis Borken with its 17 municipalities"
stop_daemons
rm -rf "$demo"
mkdir -p "$demo"
chmod 700 "$demo"
export LC_ALL=C.UTF-8 LANGUAGE=de
unset KIZ_STORE KIZ_SOCKET

# An office is a folder; `at NAME command...` is what a clerk there types.
at() { local office=$1; shift; "$kiz" --store "$demo/$office" --lang de --no-input --yes "$@"; }
shown() { local office=$1; shift; plain "\$ kiz $*    ($office)"; at "$office" "$@"; }
field() { /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["data"][sys.argv[1]])' "$1"; }
start() {
  local office=$1; shift
  setsid "$kizd" --foreground --store "$demo/$office" "$@" >"$demo/$office.log" 2>&1 </dev/null &
  echo $! >"$demo/$office.pid"
  for _ in $(seq 100); do
    if [ -S "$demo/$office/control.sock" ] && at "$office" --quiet status >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  plain "The daemon of $office does not answer; its log:" >&2
  tail -5 "$demo/$office.log" >&2
  exit 1
}

at kreis einrichten --kreis "Kreis Borken" --ags 05554 --listen "127.0.0.1:$port" --adresse "127.0.0.1:$port" >"$demo/emergency-sheet.txt"
chmod 600 "$demo/emergency-sheet.txt"
plain "The emergency sheet is in $demo/emergency-sheet.txt; a real one is printed and locked away."
start kreis --listen "127.0.0.1:$port"

say "4. Three towns join, each with an invite and a check number"
for town in Ahaus Bocholt Gronau; do
  office=$(printf '%s' "$town" | tr '[:upper:]' '[:lower:]')
  at kreis --json mitglied einladen "$town" >"$demo/invite.json"
  field check <"$demo/invite.json" >"$demo/check.txt"
  at "$office" beitreten "$(field invite <"$demo/invite.json")" --pruefzahl-datei "$demo/check.txt" --geraet "Rathaus $town"
  rm -f "$demo/invite.json" "$demo/check.txt"
  start "$office"
done
# A second desk in Ahaus, to have two opinions in one town.
at kreis --json mitglied einladen Ahaus >"$demo/invite.json"
field check <"$demo/invite.json" >"$demo/check.txt"
at ahaus2 beitreten "$(field invite <"$demo/invite.json")" --pruefzahl-datei "$demo/check.txt" --geraet "Sozialamt Ahaus" >/dev/null
rm -f "$demo/invite.json" "$demo/check.txt"

say "5. Offers are imported, the Kreis asks for consent"
shown ahaus angebot importieren packaging/demo/angebote-ahaus.csv
shown bocholt angebot importieren packaging/demo/angebote-bocholt.csv
shown kreis einvernehmen gegenstand neu --art concept --titel "Integrationskonzept 2027" --datei packaging/demo/konzept.txt
for office in ahaus bocholt gronau; do at "$office" --quiet sync --wait >/dev/null; done
at ahaus2 --quiet sync >/dev/null

say "6. Ahaus is without network; work goes on at both of its desks"
shown ahaus offline
offer=$(at ahaus --json angebot suchen Sprachcafé | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["offers"][0]["ref"])')
month=$(date +%Y-%m)
shown ahaus zahlen eintragen "$month" arrived:school_type=grundschule,age_band=6-9=6 arrived:school_type=gesamtschule,age_band=10-15=4
shown ahaus angebot aendern "$offer" stand=pausiert
shown ahaus einvernehmen erteilen --beschluss "$(date +%F)" --gremium rat --aktenzeichen "0448/2026"
plain ""
plain "... and at the other desk, which has not heard of it:"
shown ahaus2 angebot aendern "$offer" stand=beendet
shown ahaus2 einvernehmen verweigern --beschluss "$(date +%F)" --gremium rat --aktenzeichen "0448/2026" --grund "Kosten offen"
plain ""
plain "Meanwhile in Bocholt and Gronau:"
shown bocholt zahlen eintragen "$month" arrived:school_type=grundschule,age_band=6-9=9
shown bocholt einvernehmen erteilen --beschluss "$(date +%F)" --gremium rat --aktenzeichen "112/2026"
shown gronau zahlen eintragen "$month" arrived:school_type=grundschule,age_band=6-9=3

say "7. The network is back"
shown ahaus online
at ahaus --quiet sync --wait >/dev/null
at ahaus2 --quiet sync >/dev/null
for office in ahaus bocholt gronau; do at "$office" --quiet sync --wait >/dev/null; done

say "8. Nothing was lost: two opinions stand side by side, and one of them is settled"
shown ahaus konflikt liste
conflict=$(at ahaus --json konflikt liste | /usr/bin/python3 -c '
import json, sys
print(next(c["ref"] for c in json.load(sys.stdin)["data"]["conflicts"] if c["kind"] == "offer"))')
shown ahaus konflikt loesen "$conflict" --nimm 1
at ahaus --quiet sync --wait >/dev/null

say "9. The Kreis sees one picture; the disputed consent reads 'strittig' and is not counted"
shown kreis bericht einvernehmen
shown kreis bericht monat "$month" --fuer intern
shown kreis angebot liste
shown kreis

say "How to go on"
cat <<HINTS
Four daemons are running. Try, each as a clerk in one office would:

  $kiz --store $demo/ahaus status
  $kiz --store $demo/gronau angebot neu titel="Lesepaten" traeger="Stadt Gronau" art=begleitung
  $kiz --store $demo/kreis bericht meldestand $month
  $kiz --store $demo/kreis verify --neu

Stop and clean up:  packaging/quickstart.sh --stop

quickstart: everything worked
HINTS
