#!/usr/bin/python3
"""kizd opens a store with older tables and is killed (SIGKILL) at the n-th call of each kind that changes the disk, for
every n there is: before the copy of the store, in it, in the change of the tables, after it. Whenever it dies, the next start
has all that was entered, every signature holds, and the store as it was lies beside it, byte by byte.

A statement that changes no file before it is killed leaves what the call before it left; so these are all statements.

usage: migrate_test.py [WORD]     WORD: only calls with it
"""
import os
import pathlib
import shutil
import signal
import sys
import tempfile

from inject_test import Injected, kiz, counted

SOURCE = pathlib.Path(os.environ.get("KIZ_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
STORES = SOURCE / "tests/libclient/earlier_stores"
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "unlink")
CALLS_MAX = 400


def stores():
    """Name, version of the tables and state hash of each, as the table of the README has them."""
    for line in (STORES / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[1].isdigit():
            yield cells[0], int(cells[1]), cells[2]


def fresh(folder, store):
    daemon = Injected(str(folder), "store")
    if os.path.exists(daemon.store):
        shutil.rmtree(daemon.store)
    shutil.copytree(STORES / store, daemon.store)
    os.chmod(daemon.store, 0o700)  # git keeps no modes
    for each in os.listdir(daemon.store):
        os.chmod(os.path.join(daemon.store, each), 0o600)
    return daemon


def is_whole(daemon, store, version, state_hash, what):
    before = (STORES / store / "store.db").read_bytes()
    daemon.start()
    assert daemon.ask("status")["state_hash"] == state_hash, f"{what}: another state"
    assert len(daemon.titles()) == 3, f"{what}: {daemon.titles()}"
    assert daemon.stop() == 0, what
    verified = kiz(daemon.store, "verify", "--neu")
    assert verified["ok"] and verified["data"]["ok"] and verified["data"]["entries"] == 7, (what, verified)
    copy = pathlib.Path(daemon.store, f"store.db.schema-{version}")
    assert copy.read_bytes() == before, f"{what}: the copy is not the store as it was"
    assert not os.path.exists(f"{copy}.new"), f"{what}: half a copy is left"


def lives_to_its_end(daemon):
    """Starts it, asks it and stops it; False if it was killed on the way."""
    if daemon.begin(*daemon.fault):
        try:
            daemon.ask("status")
            daemon.process.send_signal(signal.SIGTERM)
        except (EOFError, OSError):
            pass  # the socket is there before the store is open
    code = daemon.process.wait(20)
    assert code in (0, -signal.SIGKILL), (daemon.fault, code, daemon.said())
    return code == 0


def killed_at_each(folder, call, store, version, state_hash):
    """Returns how often it was killed: until so many calls are no longer made."""
    for n in range(1, CALLS_MAX):
        daemon = fresh(folder, store)
        daemon.fault = (call, "signal=SIGKILL", n)
        try:
            if lives_to_its_end(daemon):
                return n - 1
            counted["kills"] += 1
            is_whole(daemon, store, version, state_hash, f"{store}, {call} {n}")
        finally:
            if daemon.running():
                daemon.kill()
    raise AssertionError(f"{call}: more than {CALLS_MAX} calls")


def main():
    word = sys.argv[1] if sys.argv[1:] else ""
    for store, version, state_hash in stores():
        for call in CALLS:
            if word not in call:
                continue
            folder = pathlib.Path(tempfile.mkdtemp(prefix="kiz-migrate-"))
            try:
                kills = killed_at_each(folder, call, store, version, state_hash)
            finally:
                shutil.rmtree(folder)
            assert kills > 0, f"{call} was never reached: nothing was tested"
            print(f"ok    {store}: killed at each of {kills} {call}", flush=True)
    assert counted["kills"] > 30 or word, counted
    return 0


if __name__ == "__main__":
    sys.exit(main())
