#!/usr/bin/python3
"""A disk that fills up under a running town and its Kreis, and grows again: a tmpfs of a few MiB. What was acknowledged is
there, what is refused is told and not there, and nobody need start anything again."""
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile

from kizd import Daemon, Realm, Refused, http_get, metrics_file, run, until


@contextlib.contextmanager
def small_disk(mebibytes):
    folder = tempfile.mkdtemp(prefix="kizd-disk-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "tmpfs", folder], check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)
        os.rmdir(folder)


def resize(folder, mebibytes):
    subprocess.run(["mount", "-o", f"remount,size={mebibytes}m", folder], check=True)


def fill(folder):
    """Leaves no page free."""
    with open(os.path.join(folder, "ballast"), "ab", buffering=0) as ballast:
        with contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 65536)
        with contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 512)


def offers_until_refused(daemon, known, name):
    for n in range(20_000):
        title = f"{name} {n} " + "x" * 150
        try:
            daemon.offer(title)
            known.add(title)
        except Refused as refused:
            assert (refused.code, refused.exit) == ("E_NO_SPACE", 17), refused
            assert "Nothing was changed" in refused.envelope["error"]["text"], refused.envelope
            return title
    raise AssertionError("the disk never filled up")


def daemon_in(realm, folder, name, *options):
    daemon = Daemon(folder, name, *options)
    daemon.log_path = os.path.join(realm.folder, name + ".log")  # which needs room, too
    return daemon


def kreis_and_town(realm, folder):
    """The store of the Kreis lies on the disk that becomes full."""
    kreis = daemon_in(realm, folder, "kreis")
    realm.daemons[0] = realm.kreis = kreis
    realm.set_up()
    return kreis, realm.join("town", "05554004")


def a_full_disk_refuses_edits_keeps_what_is_there_and_goes_on_when_it_grows(folder):
    with Realm() as realm:
        realm.set_up()
        port, config = metrics_file(realm.folder)
        town = daemon_in(realm, folder, "town", "--config", config)
        realm.daemons.append(town)
        town.start()
        invite = realm.invite("05554004")
        town.ask("join", invite=invite["invite"], check=invite["check"], device="town")
        known = set()
        fill(folder)
        for size in (9, 10, 11):  # full, and a little room each time until it is full again
            refused = offers_until_refused(town, known, f"before {size}")
            assert town.running() and town.titles() == known, "reading goes on"
            assert refused not in known
            assert http_get(port, "/health")[0] == 503 and http_get(port, "/health/live")[0] == 200
            assert "\nkiz_store_writable 0\n" in http_get(port, "/metrics")[2]
            resize(folder, size)
            more = f"There is room again: {size}"
            town.offer(more)
            known.add(more)
            assert http_get(port, "/health")[0] == 200
            assert "\nkiz_store_writable 1\n" in http_get(port, "/metrics")[2]
        resize(folder, 64)
        assert town.ask("sync", wait=True, timeout_ms=30000)["in_sync"]
        assert realm.kreis.titles() == known and len(known) > 10, len(known)
        assert town.titles() == known
        assert town.ask("verify")["ok"]
        assert town.stop() == 0
        town.start()
        assert town.titles() == known


def a_kreis_whose_disk_is_full_takes_nothing_in_and_catches_up_when_it_grows(folder):
    with Realm() as realm:
        kreis, town = kreis_and_town(realm, folder)
        fill(folder)
        known = set()
        for n in range(400):  # more than what is allocated ahead, and hard to compress
            if "E_NO_SPACE" in kreis.log():
                break
            title = f"Angebot {n} " + secrets.token_hex(1500)
            town.ask("offer.new", fields=[{"field": field, "op": "=", "text": text} for field, text in
                                          {"title": title[:150], "kind": "Treffpunkt", "provider": "Caritas", "description": title}.items()])
            known.add(title[:150])
        until("the node says that its disk is full", lambda: "E_NO_SPACE" in kreis.log(), 60)
        assert kreis.running() and town.running()
        assert kreis.titles() < known
        assert town.ask("status")["pending"] > 0, "nothing counts as delivered that was not kept"
        resize(folder, 64)

        def caught_up():
            with contextlib.suppress(Refused):
                town.ask("sync", wait=True, timeout_ms=5000)
            return kreis.titles() == known and town.ask("status")["pending"] == 0

        until("it has caught up", caught_up, 90)
        assert kreis.ask("verify")["ok"]


def the_last_of_a_disk_is_for_one_s_own_edits(folder):
    with Realm() as realm:
        kreis, town = kreis_and_town(realm, folder)
        free = os.statvfs(folder)
        with open(os.path.join(folder, "ballast"), "wb") as ballast:  # of 64 MiB 4 are the reserve: 3 are left
            ballast.write(b"x" * (free.f_bavail * free.f_frsize - (3 << 20)))
        town.offer("Aus der Gemeinde")
        until("the node says that there is no room", lambda: "E_NO_SPACE" in kreis.log(), 60)
        assert kreis.titles() == set(), "nothing of others is taken"
        for n in range(50):
            kreis.offer(f"Vom Kreis {n} " + secrets.token_hex(60))  # its own work goes on
        until("and gets out", lambda: len(town.titles()) == 51, 120)
        assert len(kreis.titles()) == 50 and town.ask("status")["pending"] > 0
        os.remove(os.path.join(folder, "ballast"))
        until("there is room again", lambda: len(kreis.titles()) == 51, 120)
        assert kreis.ask("verify")["ok"]


def on_a_small_disk(test, mebibytes):
    def named():
        with small_disk(mebibytes) as folder:
            test(folder)

    named.__name__ = test.__name__
    return named


if __name__ == "__main__":
    with small_disk(1) as possible:
        if possible is None:
            print("skipped: no file system may be mounted here")
            sys.exit(77)
    sys.exit(run([on_a_small_disk(a_full_disk_refuses_edits_keeps_what_is_there_and_goes_on_when_it_grows, 8),
                  on_a_small_disk(a_kreis_whose_disk_is_full_takes_nothing_in_and_catches_up_when_it_grows, 8),
                  on_a_small_disk(the_last_of_a_disk_is_for_one_s_own_edits, 64)]))
