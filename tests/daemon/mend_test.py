#!/usr/bin/python3
"""What `kiz pruefen` names to mend a finding is typed as it stands, and the finding is gone."""
import json
import os
import subprocess
import sys

from kizd import Realm, kiz, run, until


def answer(store, *words):
    return json.loads(kiz("--store", store, "--json", *words).stdout)


def findings(store):
    return {finding["name"]: finding for finding in answer(store, "pruefen", "--alles")["data"]["findings"]}


def type_in(command):
    subprocess.run(["sh", "-c", command], check=True)


def a_device_that_is_locked_out_works_again_with_a_new_invite():
    with Realm() as realm:
        town = realm.town_with("Vor der Sperre")
        ref = next(device["ref"] for device in realm.kreis.ask("device.list")["devices"] if device["name"] == "ahaus")
        realm.kreis.ask("device.revoke", ref=ref)
        until("it has heard", lambda: "locked_out" in findings(town.store), 30)
        found = findings(town.store)["locked_out"]
        type_in(found["mend"])
        assert town.stop() == 0
        town.start()
        invite = realm.invite("05554004")
        assert town.ask("join", invite=invite["invite"], check=invite["check"], device="ahaus-neu")["joined"]
        until("the data is back", lambda: town.titles() == {"Vor der Sperre"}, 30)
        town.offer("Nach der Sperre")
        assert town.ask("sync", wait=True)["in_sync"]
        assert realm.kreis.titles() == {"Vor der Sperre", "Nach der Sperre"}
        assert "locked_out" not in findings(town.store)


def a_store_that_cannot_be_read_makes_room_for_its_last_backup():
    with Realm() as realm:
        town = realm.town_with("Gesichert")
        folder = os.path.join(realm.folder, "sicherungen")
        os.mkdir(folder)
        password = os.path.join(realm.folder, "passwort")
        with open(password, "w", encoding="ascii") as file:
            file.write("drei-kurze-woerter\n")
        town.ask("backup.write", target=folder, recovery="drei-kurze-woerter")
        backup = os.path.join(folder, os.listdir(folder)[0])
        assert town.stop() == 0
        with open(os.path.join(town.store, "store.db"), "r+b") as file:
            file.seek(0, os.SEEK_END)
            size = file.tell()
            file.seek(8192)  # behind what the key is tried on
            file.write(b"\0" * (size - 8192))
        found = findings(town.store)
        wrong = [finding for finding in found.values() if finding["state"] == "bad"]
        assert [finding["name"] for finding in wrong] == ["damaged"], found
        type_in(wrong[0]["mend"])
        reply = answer(town.store, "--ja", "sicherung", "lesen", backup, "--wiederherstellung-datei", password)
        assert reply["exit"] == 0 and reply["ok"], reply
        town.start()
        assert town.titles() == {"Gesichert"}
        assert town.ask("sync", wait=True)["in_sync"]
        assert not {"damaged", "pages_unreadable"} & set(findings(town.store))


def a_folder_open_to_others_is_closed():
    with Realm() as realm:
        realm.set_up()
        os.chmod(realm.kreis.store, 0o755)
        type_in(findings(realm.kreis.store)["folder_open"]["mend"])
        assert "folder_open" not in findings(realm.kreis.store)
        assert os.stat(realm.kreis.store).st_mode & 0o777 == 0o700


sys.exit(run([
    a_device_that_is_locked_out_works_again_with_a_new_invite,
    a_store_that_cannot_be_read_makes_room_for_its_last_backup,
    a_folder_open_to_others_is_closed,
]))
