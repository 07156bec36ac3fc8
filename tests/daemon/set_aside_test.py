#!/usr/bin/python3
"""One entry on which a Kreis node fails: twice, then it is set aside, and everything else goes on."""
import os
import sys
import time

from kizd import BIN, Realm, run, until

FAILING = os.path.join(BIN, "failing_reader.so")


def failing(daemon, how):
    """Started from now on with a hole: it fails on every entry with the word UNBEARABLE."""
    daemon.env.update(LD_PRELOAD=FAILING, KIZ_FAIL=how, ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0")


def wait_for_end(daemon, town):
    until(f"{daemon.name} has failed", lambda: (connect(town), not daemon.running())[1], 30)
    assert daemon.process.returncode == -6, daemon.process.returncode


def alarms(daemon):
    return [alarm["code"] for alarm in daemon.ask("status")["alarms"]]


def connect(town):
    """Calls now and not in a minute."""
    try:
        town.ask("sync", wait=True, timeout_ms=1000)
    except Exception:  # the Kreis may fail on this very call
        pass


def others_go_on(realm, bocholt):
    bocholt.offer("Kochabend")
    until("the other town's entry arrives", lambda: (connect(bocholt), "Kochabend" in realm.kreis.titles())[1], 20)
    realm.kreis.offer("Beratung im Kreishaus")
    until("and the Kreis's own goes out", lambda: "Beratung im Kreishaus" in bocholt.titles(), 20)


def a_node_that_ends_on_an_entry_twice_sets_it_aside_and_serves_everybody_else():
    with Realm() as realm:
        realm.set_up()
        ahaus, bocholt = realm.join("ahaus", "05554004"), realm.join("bocholt", "05554008")
        for town in (ahaus, bocholt):
            town.ask("sync", wait=True)
        realm.kreis.stop()
        ahaus.offer("UNBEARABLE")
        failing(realm.kreis, "abort")
        for _ in range(2):
            realm.kreis.start()
            wait_for_end(realm.kreis, ahaus)
        realm.kreis.start()
        until("it is told", lambda: (connect(ahaus), "W_SET_ASIDE" in alarms(realm.kreis))[1], 20)
        others_go_on(realm, bocholt)
        ahaus.offer("Nachhilfe")  # of the same device: it waits behind the other
        connect(ahaus)
        time.sleep(1)
        assert realm.kreis.running() and realm.kreis.titles() == {"Kochabend", "Beratung im Kreishaus"}, realm.kreis.titles()
        assert "UNBEARABLE" not in realm.kreis.log()

        # Mended, it is taken in at once when somebody asks for it (a new version does without being asked).
        realm.kreis.stop()
        realm.kreis.env.pop("KIZ_FAIL")
        realm.kreis.start()
        assert "W_SET_ASIDE" in alarms(realm.kreis)
        assert realm.kreis.ask("quarantine.retry")["tried"] == 1
        assert "W_SET_ASIDE" not in alarms(realm.kreis)
        all_of_it = {"UNBEARABLE", "Nachhilfe", "Kochabend", "Beratung im Kreishaus"}
        until("all of it is there", lambda: (connect(ahaus), realm.kreis.titles() == all_of_it)[1], 30)


def an_exception_counts_as_a_failure_and_ends_nothing():
    with Realm() as realm:
        failing(realm.kreis, "throw")
        realm.set_up()
        ahaus, bocholt = realm.join("ahaus", "05554004"), realm.join("bocholt", "05554008")
        for town in (ahaus, bocholt):
            town.ask("sync", wait=True)
        process = realm.kreis.process
        ahaus.offer("UNBEARABLE")
        until("it is told", lambda: "W_SET_ASIDE" in alarms(realm.kreis), 20)
        others_go_on(realm, bocholt)
        assert realm.kreis.process is process and realm.kreis.running()


def a_node_that_is_killed_suspects_nobody():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        for turn in range(6):
            ahaus.offer(f"Angebot {turn}")
            realm.kreis.kill()
            realm.kreis.start()
            connect(ahaus)
        until("all arrived", lambda: (connect(ahaus), len(realm.kreis.titles()) == 6)[1], 30)
        assert "W_SET_ASIDE" not in alarms(realm.kreis)


if __name__ == "__main__":
    sys.exit(run([a_node_that_ends_on_an_entry_twice_sets_it_aside_and_serves_everybody_else,
                  an_exception_counts_as_a_failure_and_ends_nothing,
                  a_node_that_is_killed_suspects_nobody]))
