#!/usr/bin/python3
"""One member sends far more than all others together. The others' edits get through all the while, and what the Kreis holds of
the flood at once is bounded."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from kizd import Realm, run, until  # noqa: E402

FLOOD = 1500          # offers, each with a long description
TEXT = "x" * 6000
KIB_MORE_MAX = 96 * 1024
OTHERS_WAIT_MAX = 30  # s for one edit of another town, on a machine that is busy with the flood


def resident_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def write_much(town, count, stop):
    for n in range(count):
        if stop.is_set():
            return
        town.ask("offer.new", fields=[{"field": field, "op": "=", "text": text} for field, text in
                                      {"title": f"Flut {n}", "kind": "Treffpunkt", "provider": "AWO", "description": TEXT}.items()])


def a_town_that_sends_more_than_all_others_keeps_nobody_s_edit_back():
    with Realm() as realm:
        realm.set_up()
        loud = realm.join("loud", "05554004")
        quiet = realm.join("quiet", "05554008")
        for town in (loud, quiet):
            assert town.ask("sync", wait=True)["in_sync"]
        loud.ask("offline")  # it comes with all of it at once
        write_much(loud, FLOOD, threading.Event())
        resident = most = resident_kib(realm.kreis)
        stop = threading.Event()
        loud.ask("online")
        more = threading.Thread(target=write_much, args=(loud, FLOOD, stop))
        more.start()
        try:
            for n in range(8):
                title = f"Ein Angebot unter vielen {n}"
                quiet.offer(title)
                began = time.monotonic()
                until(f"edit {n} of the quiet town has arrived", lambda title=title: realm.kreis.ask(
                    "offer.search", text=title)["offers"], OTHERS_WAIT_MAX)
                print(f"      edit {n}: {time.monotonic() - began:.1f} s", flush=True)
                most = max(most, resident_kib(realm.kreis))
        finally:
            stop.set()
            more.join()
        assert most - resident < KIB_MORE_MAX, (resident, most)
        assert loud.ask("sync", wait=True, timeout_ms=60000)["in_sync"]  # and the flood is not lost either
        assert quiet.ask("status")["pending"] == 0


if __name__ == "__main__":
    sys.exit(run([a_town_that_sends_more_than_all_others_keeps_nobody_s_edit_back]))
