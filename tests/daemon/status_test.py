#!/usr/bin/python3
"""What `kiz status` says fits together, and is German where German is asked for."""
import datetime
import os
import re
import subprocess
import sys

from kizd import BIN, Realm, run, until


def status(daemon):
    """The German screen: label -> text."""
    ended = subprocess.run([os.path.join(BIN, "kiz"), "--lang", "de", "--socket", daemon.socket, "status"], capture_output=True, text=True,
                           timeout=60, check=True, env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", COLUMNS="200"), stdin=subprocess.DEVNULL)
    return dict(re.findall(r"^(\S.*?): +(.*)$", ended.stdout, re.MULTILINE))


def health_is_not_good_beside_an_alarm():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("ahaus", "05554004")
        assert status(town)["Zustand"] == "gut" and "Achtung" not in status(town), status(town)
        realm.join("unbekannt", "05554004")
        until("the town hears of it", lambda: town.ask("status")["alarms"])
        shown = status(town)
        today = datetime.datetime.now(datetime.timezone.utc).strftime("%d.%m.%Y")
        assert "zugelassen, am " + today in shown["Achtung"], shown
        assert shown["Zustand"] == "1 Punkt zu beachten", shown


def what_needs_nothing_done_is_a_notice():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("ahaus", "05554004")
        written = town.ask("backup.write", target=realm.folder, recovery="a long enough passphrase")
        town.kill()
        fresh = realm.daemon("elsewhere").start()
        fresh.ask("backup.read", source=written["file"], recovery="a long enough passphrase")
        until("the Kreis is reached", lambda: any(peer["reachable"] for peer in fresh.ask("status")["peers"]), 20)
        shown = status(fresh)
        today = datetime.datetime.now(datetime.timezone.utc).strftime("%d.%m.%Y")
        assert shown["Hinweis"].startswith(f"Am {today} fiel auf") and shown["Zustand"] == "gut" and "Achtung" not in shown, shown


sys.exit(run([
    health_is_not_good_beside_an_alarm,
    what_needs_nothing_done_is_a_notice,
]))
