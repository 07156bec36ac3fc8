#!/usr/bin/python3
"""Programs of several versions in one realm: an older one in the middle, a newer one at the edge, one too new to talk."""
import os
import sys

from kizd import BIN, Realm, run, until

PREVIOUS, NEXT, LATER = (os.path.join(BIN, "kizd_" + name) for name in ("previous", "next", "later"))


def need(daemon, title):
    daemon.ask("need.new", fields=[{"field": "title", "op": "=", "text": title}, {"field": "kind", "op": "=", "text": "language_course"}])


def needs(daemon):
    return {each["title"] for each in daemon.ask("need.list")["needs"]}


def what_an_older_program_does_not_know_goes_through_it_and_holds_after_its_upgrade():
    with Realm() as realm:
        realm.kreis.program = PREVIOUS
        realm.set_up()
        first, second = realm.join("office-1", "05554004"), realm.join("office-2", "05554004")
        first.offer("Known to all")
        need(first, "Unknown in the middle")
        for office in (first, second):
            assert office.ask("sync", wait=True)["in_sync"]
        until("it went through", lambda: needs(second) == {"Unknown in the middle"}, 20)
        need(second, "The way back")
        until("both hold both", lambda: needs(first) == needs(second) == {"Unknown in the middle", "The way back"}, 20)
        assert realm.kreis.titles() == {"Known to all"}
        hashes = {daemon.ask("status")["state_hash"] for daemon in (first, second)}
        spaces = {(s["owner"], s["collection"]): s["state_hash"] for s in realm.kreis.ask("status")["spaces"]}
        for space in first.ask("status")["spaces"]:
            assert spaces[space["owner"], space["collection"]] == space["state_hash"], space
        assert len(hashes) == 1 and realm.kreis.ask("verify", rebuild=True)["ok"]
        assert realm.kreis.stop() == 0
        realm.kreis.program = None
        realm.kreis.start()
        assert needs(realm.kreis) == {"Unknown in the middle", "The way back"}
        checked = realm.kreis.ask("verify", rebuild=True)
        assert checked["ok"] and not checked["forks"], checked


def one_version_more_is_spoken_down_and_one_too_new_is_told_so():
    with Realm() as realm:
        realm.set_up()
        newer = realm.daemon("newer")
        newer.program = NEXT
        newer.start()
        invite = realm.invite("05554004")
        assert newer.ask("join", invite=invite["invite"], check=invite["check"], device="newer")["joined"]
        newer.offer("From a newer program")
        assert newer.ask("sync", wait=True)["in_sync"]
        assert newer.stop() == 0
        newer.program = LATER
        newer.start()
        newer.offer("Waits for an upgrade of the Kreis")
        until("it was refused by name", lambda: "E_VERSION_REFUSED" in newer.log(), 20)
        reply = newer.envelope("sync", wait=True, timeout_ms=5000)
        assert not reply["ok"] and reply["exit"] == 19, reply
        assert newer.titles() == {"From a newer program", "Waits for an upgrade of the Kreis"}
        assert realm.kreis.titles() == {"From a newer program"}
        assert realm.kreis.stop() == 0
        realm.kreis.program = LATER
        realm.kreis.start()
        assert newer.ask("sync", wait=True)["in_sync"]
        assert realm.kreis.titles() == newer.titles()


if not all(os.path.exists(program) for program in (PREVIOUS, NEXT, LATER)):
    print("the programs of other versions were not built: skipped")
    sys.exit(77)
sys.exit(run([
    what_an_older_program_does_not_know_goes_through_it_and_holds_after_its_upgrade,
    one_version_more_is_spoken_down_and_one_too_new_is_told_so,
]))
