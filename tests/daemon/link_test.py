#!/usr/bin/python3
"""Two hosts (network namespaces) and a cable between them that is pulled and put back: both services survive, say so, find
each other again within the bound of backoff.h, and the log grows by a few lines an hour and no more.
"""
import os
import subprocess
import sys
import time

from kizd import KIZD, Realm, run, until

LOST_MAX = 90 + 10    # s: the silence after which a peer counts as gone (sync_session.h), and some
FOUND_MAX = 75 + 15   # s: the longest pause after a failed call (backoff.h), the call and the exchange
LINES_PER_HOUR = 400  # of an outage: a call every 10 s at the most, where no packet leaves the machine
KREIS, TOWN = "10.99.8.1", "10.99.8.2"


def sh(*words):
    subprocess.run(words, check=True, capture_output=True)


class Hosts:
    """Two namespaces with a veth pair, each end named eth0."""

    def __init__(self):
        self.names = [f"kiz-{os.getpid()}-{side}" for side in ("kreis", "town")]

    def __enter__(self):
        kreis, town = self.names
        for name in self.names:
            sh("ip", "netns", "add", name)
            sh("ip", "-n", name, "link", "set", "lo", "up")
        sh("ip", "-n", kreis, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", town)
        for name, address in zip(self.names, (KREIS, TOWN)):
            sh("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            sh("ip", "-n", name, "link", "set", "eth0", "up")
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def cable(self, state, side):
        sh("ip", "-n", self.names[side], "link", "set", "eth0", state)


def inside(daemon, namespace):
    """Its process lives in the namespace; its control socket is a file, and is asked from here."""
    path = os.path.join(os.path.dirname(daemon.log_path), f"start-{namespace}")
    with open(path, "w", encoding="utf-8") as script:
        script.write(f'#!/bin/sh\nexec ip netns exec {namespace} "{KIZD}" "$@"\n')
    os.chmod(path, 0o700)
    daemon.program = path
    return daemon


def found_and_joined(realm, hosts):
    inside(realm.kreis, hosts.names[0]).start()
    address = f"{KREIS}:7411"
    realm.kreis.ask("setup", name="Kreis Borken", ags="05554", listen=address, addresses=[address], members=["05554004"])
    town = inside(realm.daemon("ahaus"), hosts.names[1]).start()
    invite = realm.invite("05554004")
    town.ask("join", invite=invite["invite"], check=invite["check"], device="ahaus")
    town.ask("sync", wait=True)
    return town


def reachable(daemon):
    return any(peer["reachable"] for peer in daemon.ask("status")["peers"])


def outage(side, seconds, no_network):
    """The cable is pulled at one side for so long; edits go on at both."""
    with Hosts() as hosts, Realm() as realm:
        town = found_and_joined(realm, hosts)
        kreis = realm.kreis
        processes = [kreis.process.pid, town.process.pid]
        lines = {daemon: daemon.log().count("\n") for daemon in (kreis, town)}
        hosts.cable("down", side)
        began = time.monotonic()
        town.offer("Ohne Netz in Ahaus")
        kreis.offer("Ohne Netz beim Kreis")
        until("the town says that the Kreis is gone", lambda: not reachable(town), LOST_MAX)
        until("the Kreis says that the town is gone", lambda: not reachable(kreis), LOST_MAX)
        lost = time.monotonic() - began
        assert town.ask("status")["pending"] == 1
        time.sleep(max(0.0, seconds - lost))
        assert all(daemon.running() for daemon in (kreis, town))
        minutes = (time.monotonic() - began) / 60
        grown = {daemon.name: daemon.log().count("\n") - before for daemon, before in lines.items()}
        assert max(grown.values()) <= 3 + LINES_PER_HOUR * minutes / 60, (grown, minutes)
        assert ("network=down" in town.log()) == no_network, town.log()[-1000:]

        hosts.cable("up", side)
        began = time.monotonic()
        titles = {"Ohne Netz in Ahaus", "Ohne Netz beim Kreis"}
        until("both have both", lambda: kreis.titles() == town.titles() == titles, FOUND_MAX)
        found = time.monotonic() - began
        until("both say that they see each other", lambda: reachable(kreis) and reachable(town), 10)
        until("nothing waits", lambda: town.ask("status")["pending"] == 0, 10)
        assert processes == [kreis.process.pid, town.process.pid] and kreis.running() and town.running()
        assert kreis.stop() == 0 and town.stop() == 0
        print(f"      gone after {lost:.0f} s, back after {found:.0f} s, lines in {minutes:.1f} min: {grown}")


def a_cable_pulled_at_the_town_is_told_and_mends_itself():
    outage(1, 150, True)


def a_cable_that_drops_every_few_seconds_breaks_nothing_and_floods_no_log():
    with Hosts() as hosts, Realm() as realm:
        town = found_and_joined(realm, hosts)
        before = town.log().count("\n") + realm.kreis.log().count("\n")
        for turn in range(8):
            hosts.cable("down", turn % 2)
            town.offer(f"Angebot {turn}")
            time.sleep(1)
            hosts.cable("up", turn % 2)
            time.sleep(1)
        until("the Kreis has all", lambda: len(realm.kreis.titles()) == 8, FOUND_MAX)
        grown = town.log().count("\n") + realm.kreis.log().count("\n") - before
        assert grown <= 8, town.log()[-3000:]
        print(f"      {grown} lines for 8 drops")


if __name__ == "__main__":
    if os.geteuid() != 0 or subprocess.run(["unshare", "--net", "ip", "link", "add", "kiz0", "type", "veth", "peer", "name", "kiz1"],
                                           capture_output=True, check=False).returncode != 0:
        print("skipped: making network namespaces with a cable between them needs root and a kernel that allows it")
        sys.exit(77)
    sys.exit(run([a_cable_pulled_at_the_town_is_told_and_mends_itself,
                  a_cable_that_drops_every_few_seconds_breaks_nothing_and_floods_no_log]))
