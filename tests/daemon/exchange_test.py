#!/usr/bin/python3
"""A Kreis node and towns on loopback: joining, live exchange, hard ends, offline, and what a person is told."""
import sys
import time

from kizd import Realm, run, until


def edits_flow_both_ways_while_all_are_on_the_line():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        bocholt = realm.join("bocholt", "05554008")
        began = time.monotonic()
        ahaus.offer("Sprachcafé Ahaus")
        until("the Kreis has it", lambda: "Sprachcafé Ahaus" in realm.kreis.titles(), 5)
        until("the other town has it", lambda: "Sprachcafé Ahaus" in bocholt.titles(), 5)
        print(f"      live after {time.monotonic() - began:.3f} s")
        bocholt.offer("Kochabend Bocholt")
        until("all have both", lambda: all(len(d.titles()) == 2 for d in (realm.kreis, ahaus, bocholt)), 5)


sys.exit(run([edits_flow_both_ways_while_all_are_on_the_line]))
