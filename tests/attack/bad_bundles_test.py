#!/usr/bin/python3
"""Bundles that want to take time, memory or disk: a bomb, lengths of 2^31 and 2^63, much appended, a sparse file. Each is
refused soon, with its code, by a running kizd and without one; the store is as before and takes the right bundle afterwards."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from kizd import BIN, Realm, run  # noqa: E402
from strangers_test import SANITIZED, forget_peak, key_and_realm, memory_kib  # noqa: E402

KIZ = os.path.join(BIN, "kiz")
SECONDS_MAX = 5
KIB_MORE_MAX = 64 * 1024
APPENDED_BYTES = 200 << 20
SPARSE_BYTES = 8 << 30
GIB_16 = 16 << 30  # more than any bundle


def kiz(store, *words):
    """Envelope, seconds, and the peak of the program's memory in KiB."""
    began = time.monotonic()
    with subprocess.Popen([KIZ, "--store", store, "--json", "--no-input", "--yes", "--lang", "en", *words], stdout=subprocess.PIPE,
                          text=True, env=dict(os.environ, LC_ALL="C")) as process:
        said = process.stdout.read()
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return json.loads(said), time.monotonic() - began, used.ru_maxrss


def bad_files(folder, good, key, realm):
    """Name, file, code."""
    for kind in ("bomb", "length-31", "length-63"):
        path = os.path.join(folder, kind)
        subprocess.run([os.path.join(BIN, "bad_bundle"), kind, key, realm, path], check=True)
        yield kind, path, "E_OVER_LIMIT"
    assert os.path.getsize(os.path.join(folder, "bomb")) < 200_000
    for name, size, code in (("appended", os.path.getsize(good) + APPENDED_BYTES, "E_BAD_SIGNATURE"), ("endless", GIB_16 + 1, "E_OVER_LIMIT")):
        path = os.path.join(folder, name)
        shutil.copy(good, path)
        os.truncate(path, size)
        yield name, path, code
    sparse = os.path.join(folder, "sparse")
    with open(sparse, "wb") as file:
        file.truncate(SPARSE_BYTES)
    yield "sparse", sparse, "E_INVALID_INPUT"


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def a_bundle_of_bad_intent_costs_little_and_changes_nothing():
    """ATTACKS rows 18, 20 and 28."""
    with Realm() as realm:
        realm.set_up()
        key, realm_id = key_and_realm(realm.invite("05554008")["invite"])
        town = realm.join("ahaus", "05554004")
        assert town.ask("sync", wait=True)["in_sync"]
        town.ask("offline")
        town.offer("Auf dem Stick")
        good = os.path.join(realm.folder, "good.kiz")
        assert kiz(town.store, "bundle", "write", good)[0]["ok"]
        bad = list(bad_files(realm.folder, good, key, realm_id))
        for served in (True, False):
            if not served:
                assert realm.kreis.stop() == 0
            _, _, usual = kiz(realm.kreis.store, "status")
            before = folder_bytes(realm.kreis.store)
            for name, path, code in bad:
                for command in ("check", "read"):
                    what = f"{command} {name}, {'by kizd' if served else 'without kizd'}"
                    if served:
                        forget_peak(realm.kreis)
                        resident = memory_kib(realm.kreis, "VmRSS")
                    told, seconds, peak = kiz(realm.kreis.store, "bundle", command, path)
                    grown = peak - usual
                    if served:
                        grown = max(grown, memory_kib(realm.kreis, "VmHWM") - resident)
                    print(f"      {what}: {told['error']['code']}, {seconds:.2f} s, {grown / 1024:.1f} MiB", flush=True)
                    assert (told["error"]["code"], told["exit"]) == (code, 16), (what, told)
                    assert "Nothing was changed" in told["error"]["text"], (what, told)
                    assert seconds < SECONDS_MAX or SANITIZED, (what, seconds)
                    assert grown <= KIB_MORE_MAX or SANITIZED, (what, grown)
            assert folder_bytes(realm.kreis.store) - before < 1 << 20, "nothing of it stays on the disk"
        told, _, _ = kiz(realm.kreis.store, "bundle", "read", good)
        assert told["ok"] and told["data"]["entries_new"] == 1, told
        realm.kreis.start()
        assert realm.kreis.titles() == {"Auf dem Stick"} and realm.kreis.ask("verify")["ok"]


if __name__ == "__main__":
    sys.exit(run([a_bundle_of_bad_intent_costs_little_and_changes_nothing]))
