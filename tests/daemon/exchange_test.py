#!/usr/bin/python3
"""A Kreis node and towns on loopback: joining, live exchange, hard ends, offline, and what a person is told."""
import socket
import sys
import time

from kizd import Realm, Refused, run, until


def refusal(asking):
    try:
        asking()
    except Refused as refused:
        return refused
    raise AssertionError("was not refused")


def edits_flow_both_ways_while_all_are_on_the_line():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        bocholt = realm.join("bocholt", "05554008")
        for town in (ahaus, bocholt):
            town.ask("sync", wait=True)
        began = time.monotonic()
        ahaus.offer("Sprachcafé Ahaus")
        until("the Kreis has it", lambda: "Sprachcafé Ahaus" in realm.kreis.titles(), 5)
        until("the other town has it", lambda: "Sprachcafé Ahaus" in bocholt.titles(), 5)
        print(f"      live after {time.monotonic() - began:.3f} s")
        bocholt.offer("Kochabend Bocholt")
        until("all have both", lambda: all(len(d.titles()) == 2 for d in (realm.kreis, ahaus, bocholt)), 5)
        synced = realm.kreis.ask("sync", wait=True)
        assert synced["in_sync"] and synced["pending"] == 0, synced
        hashes = {d.ask("status")["state_hash"] for d in (ahaus, bocholt)}
        assert len(hashes) == 1, hashes


def whoever_is_killed_comes_back_with_all_that_was_acknowledged():
    with Realm() as realm:
        realm.set_up()
        towns = [realm.join("ahaus", "05554004"), realm.join("bocholt", "05554008")]
        written = set()
        for turn, victim in enumerate([realm.kreis, *towns, realm.kreis]):
            for town in towns:
                title = f"Angebot {turn} {town.name}"
                town.offer(title)
                written.add(title)
            victim.kill()
            survivor = next(town for town in towns if town is not victim)
            survivor.offer(f"Nachtrag {turn}")
            written.add(f"Nachtrag {turn}")
            victim.start()
            for town in towns:
                assert town.ask("sync", wait=True, timeout_ms=30000)["in_sync"]
            realm.kreis.ask("sync", wait=True, timeout_ms=30000)
            for daemon in (realm.kreis, *towns):
                until(f"{daemon.name} has all", lambda d=daemon: d.titles() == written, 20)
            # Those who lost the line come back by themselves or were asked to; the Kreis sees all of them.
            until("all are back", lambda: all(p["reachable"] for p in realm.kreis.ask("status")["peers"]), 20)


def a_town_comes_back_by_itself_when_the_kreis_does():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        ahaus.ask("sync", wait=True)
        realm.kreis.kill()
        realm.kreis.start()
        until("the town has called", lambda: realm.kreis.ask("status")["peers"][0]["reachable"], 15)


def a_kreis_that_is_gone_is_not_stormed():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        ahaus.ask("sync", wait=True)
        realm.kreis.kill()
        calls = 0
        with socket.socket() as instead:
            instead.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            instead.bind(("127.0.0.1", realm.port))
            instead.listen()
            instead.settimeout(0.2)
            end = time.monotonic() + 20
            while time.monotonic() < end:
                try:
                    instead.accept()[0].close()
                    calls += 1
                except TimeoutError:
                    pass
            assert 1 <= calls <= 3, calls  # the quick ones after a line that stood; then one a minute
            realm.kreis.options = []
        realm.kreis.start()
        assert ahaus.ask("sync", wait=True, timeout_ms=20000)["in_sync"]  # a person need not wait for the minute


def offline_is_kept_over_a_restart_and_edits_go_on():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        ahaus.ask("sync", wait=True)
        assert ahaus.ask("offline") == {"offline": True}
        until("the line is gone", lambda: not realm.kreis.ask("status")["peers"][0]["reachable"], 5)
        ahaus.offer("Im Zug")
        assert ahaus.stop() == 0
        ahaus.start()
        assert ahaus.ask("status")["offline"] is True
        assert ahaus.ask("status")["pending"] == 1
        refused = refusal(lambda: ahaus.ask("sync", wait=True, timeout_ms=2000))
        assert (refused.code, refused.exit) == ("E_UNREACHABLE", 15), refused
        time.sleep(1)
        assert realm.kreis.titles() == set()
        ahaus.ask("online")
        until("the Kreis has it", lambda: realm.kreis.titles() == {"Im Zug"}, 10)
        until("it is acknowledged", lambda: ahaus.ask("status")["pending"] == 0, 5)


def the_kreis_can_be_offline_too():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        realm.kreis.ask("offline")
        assert realm.kreis.ask("daemon.status")["listen"] == []
        ahaus.offer("Wartet")
        refused = refusal(lambda: ahaus.ask("sync", wait=True, timeout_ms=2000))
        assert (refused.code, refused.exit) == ("E_UNREACHABLE", 15), refused
        realm.kreis.ask("online")
        ahaus.ask("sync", wait=True, timeout_ms=20000)
        assert realm.kreis.titles() == {"Wartet"}


def every_bad_invite_has_its_own_sentence():
    with Realm() as realm:
        realm.set_up()
        invite = realm.invite("05554004")
        ahaus = realm.daemon("ahaus").start()
        wrong = "0000 0000" if invite["check"] != "0000 0000" else "1111 1111"
        texts = {}

        refused = refusal(lambda: ahaus.ask("join", invite=invite["invite"], check=wrong))
        texts[refused.code] = str(refused)
        time.sleep(3)  # a wrong number is not tried again by itself: five of them void the invite
        joined = ahaus.ask("join", invite=invite["invite"], check=invite["check"])
        assert joined["joined"], joined

        refused = refusal(lambda: ahaus.ask("join", invite=invite["invite"], check=invite["check"]))
        texts[refused.code] = str(refused)
        other = realm.daemon("other").start()
        refused = refusal(lambda: other.ask("join", invite=invite["invite"], check=invite["check"]))
        texts[refused.code] = str(refused)
        altered = invite["invite"][:20] + ("A" if invite["invite"][20] != "A" else "B") + invite["invite"][21:]
        third = realm.daemon("third").start()
        refused = refusal(lambda: third.ask("join", invite=altered, check=invite["check"]))
        texts[refused.code] = str(refused)
        assert third.ask("daemon.status")["set_up"] is False

        second = realm.invite("05554008")
        for _ in range(5):
            refused = refusal(lambda: other.ask("join", invite=second["invite"], check=wrong))
            texts[refused.code] = str(refused)
        refused = refusal(lambda: other.ask("join", invite=second["invite"], check=second["check"]))
        texts[refused.code] = str(refused)
        assert set(texts) == {"E_WRONG_CHECK", "E_ALREADY_SET_UP", "E_INVITE_USED", "E_INVITE_ALTERED", "E_INVITE_VOID"}, texts
        assert len(set(texts.values())) == 5, texts


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def a_join_without_the_kreis_is_kept_and_done_when_it_is_there():
    with Realm() as realm:
        realm.set_up()
        invite = realm.invite("05554004")
        realm.kreis.kill()
        ahaus = realm.daemon("ahaus").start()
        reply = ahaus.envelope("join", invite=invite["invite"], check=invite["check"], timeout_ms=1500)
        assert reply["ok"] and not reply["data"]["joined"] and reply["warnings"][0]["code"] == "W_UNREACHABLE", reply
        ahaus.kill()
        realm.kreis.start()
        until("the kreis listens", lambda: listens(realm.port), 15)  # a call that fails is repeated a minute later only
        ahaus.start()
        until("it has joined by itself", lambda: ahaus.ask("daemon.status")["joined"], 15)


def a_device_that_must_be_confirmed_waits_for_the_code_that_both_screens_show():
    with Realm() as realm:
        realm.set_up()
        invite = realm.invite("05554004", confirm=True)
        ahaus = realm.daemon("ahaus").start()
        joining = ahaus.ask("join", invite=invite["invite"], check=invite["check"], device="Rathaus")
        assert joining["joined"] is False and len(joining["confirmation"]) == 6, joining
        waiting = realm.kreis.ask("member.waiting")["waiting"]
        assert [(w["code"], w["device"]) for w in waiting] == [(joining["confirmation"], "Rathaus")], waiting
        refused = refusal(lambda: realm.kreis.ask("member.confirm", ref="0000000"))
        assert (refused.code, refused.exit) == ("E_NOT_FOUND", 4), refused
        confirmed = realm.kreis.ask("member.confirm", ref=joining["confirmation"])
        assert confirmed["member_name"] == "Ahaus" and confirmed["ref"] == "G-2", confirmed
        until("it has joined", lambda: ahaus.ask("daemon.status")["joined"], 10)


def a_device_that_is_locked_out_loses_its_line_and_is_told():
    with Realm() as realm:
        realm.set_up()
        ahaus = realm.join("ahaus", "05554004")
        ahaus.ask("sync", wait=True)
        realm.kreis.ask("device.revoke", ref="G-2")
        until("the line is gone", lambda: realm.kreis.ask("daemon.status")["connections"] == 0, 10)
        refused = refusal(lambda: ahaus.ask("sync", wait=True, timeout_ms=10000))
        assert refused.code == "E_REVOKED", refused


sys.exit(run([
    edits_flow_both_ways_while_all_are_on_the_line,
    whoever_is_killed_comes_back_with_all_that_was_acknowledged,
    a_town_comes_back_by_itself_when_the_kreis_does,
    a_kreis_that_is_gone_is_not_stormed,
    offline_is_kept_over_a_restart_and_edits_go_on,
    the_kreis_can_be_offline_too,
    every_bad_invite_has_its_own_sentence,
    a_join_without_the_kreis_is_kept_and_done_when_it_is_there,
    a_device_that_must_be_confirmed_waits_for_the_code_that_both_screens_show,
    a_device_that_is_locked_out_loses_its_line_and_is_told,
]))
