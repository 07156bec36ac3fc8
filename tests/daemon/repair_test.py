#!/usr/bin/python3
"""Entries that are damaged in a store: `kiz pruefen --speicher` finds them, has whoever holds them send them again, and says so;
what nobody holds stays damaged, and everything else goes on."""
import json
import os
import subprocess
import sys

from kizd import BIN, Realm, kiz, run, until

DAMAGED = 18  # exit code


def ask(daemon, *words):
    done = kiz("--socket", daemon.socket, *words)
    return done.returncode, done.stdout


def damage(daemon, seq):
    assert daemon.stop() == 0
    subprocess.run([os.path.join(BIN, "damage_entry"), daemon.store, str(seq)], check=True)
    daemon.start()


def damaged_entries_come_back_from_the_kreis_and_a_person_is_told():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("ahaus", "05554004")
        offers = [town.offer(f"Angebot {n}")["id"] for n in range(6)]
        assert town.ask("sync", wait=True)["in_sync"]
        for hurt in (town, realm.kreis):
            damage(hurt, 3)
            until("the line stands", lambda: town.ask("status")["peers"][0]["reachable"], 30)
            code, text = ask(hurt, "pruefen", "--speicher")
            assert "Fetched from others: 1 of 1 damaged entries." in text, text
            assert code in (0, 3), (code, text)
            code, said = ask(hurt, "--json", "pruefen", "--speicher")
            data = json.loads(said)["data"]
            assert data["damaged_entries"] == 0 and any("came back from another device" in f["text"] for f in data["findings"]), data
            assert hurt.ask("verify")["ok"]
            assert len(hurt.ask("offer.history", ref=offers[2])["steps"]) >= 3
        assert town.titles() == realm.kreis.titles() == {f"Angebot {n}" for n in range(6)}


def what_nobody_else_holds_stays_damaged_and_the_rest_goes_on():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("ahaus", "05554004")
        other = realm.join("bocholt", "05554008")
        town.offer("Bekannt")
        assert town.ask("sync", wait=True)["in_sync"]
        town.ask("offline")
        town.offer("Nur hier")
        damage(town, 2)
        town.ask("online")
        code, text = ask(town, "pruefen", "--speicher")
        assert code == DAMAGED and "None of the damaged entries came back" in text, (code, text)
        other.offer("Von nebenan")
        until("the others' edits arrive all the same", lambda: any(
            o["title"] == "Von nebenan" for o in town.ask("offer.search", text="nebenan")["offers"]), 90)
        assert town.running() and realm.kreis.running()


if __name__ == "__main__":
    sys.exit(run([damaged_entries_come_back_from_the_kreis_and_a_person_is_told, what_nobody_else_holds_stays_damaged_and_the_rest_goes_on]))
