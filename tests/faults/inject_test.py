#!/usr/bin/python3
"""kizd under strace, which makes the n-th call of a kind fail or be the last one. Nothing acknowledged is lost, what was
refused is not there, the code and the sentence are right, the store opens and all of it verifies.

usage: inject_test.py [--every N] [--first N] [--upto N] [--list] [WORD]
                                    default: every 10th call up to the 150th; WORD: only sweeps with it; --list: their names
The last line counts faults, acknowledged edits and those of them that are gone, also when it ends with a failure.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "daemon"))
from kizd import BIN, KIZD, Daemon, Realm, Refused, connect, until  # noqa: E402

KIZ = os.path.join(BIN, "kiz")
IO_ERROR = 74  # of sysexits.h: what kizd ends with when its store does not open
counted = collections.Counter()


def strace(call, fault, n, trace):
    # -D: the process that we wait for is the program, and strace its child. A filter in the kernel makes it as fast as
    # without, but then no signal can be sent.
    fast = [] if "signal" in fault else ["--seccomp-bpf"]
    return ["strace", "-D", "-f", *fast, "-o", trace, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={n}"]


class Injected(Daemon):
    """A kizd in which strace injects one fault."""

    def begin(self, call, fault, n):
        """Starts it; False if it ended before it answered."""
        self.trace = self.log_path + ".strace"
        self.said_before = len(self.log())
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*strace(call, fault, n, self.trace), KIZD, "--store", self.store],
                stdout=log, stderr=log, env=self.env)

        def answers():
            if self.process.poll() is not None:
                return True
            try:
                connect(self.socket).close()
                return True
            except OSError:
                return False

        until("it answers or ends", answers, 20)
        return self.process.poll() is None

    def said(self):
        return self.log()[self.said_before:]


def kiz(store, *words):
    done = subprocess.run([KIZ, "--store", store, "--json", "--no-input", "--yes", "--lang", "en", *words], capture_output=True,
                          text=True, timeout=120, env=dict(os.environ, LC_ALL="C"), check=False)
    return json.loads(done.stdout)


def was_hit(trace):
    with open(trace, encoding="utf-8", errors="replace") as lines:
        return any("INJECTED" in line or "killed by SIGKILL" in line for line in lines)


def right_refusal(refused, what):
    assert (refused.code, refused.exit) in {("E_IO", 17), ("E_NO_SPACE", 17)}, (what, refused)
    assert "Nothing was changed" in refused.envelope["error"]["text"] and refused.envelope["error"]["hint"], (what, refused)


def one(daemon, call, fault, n, known):
    """One life with one fault, and the look at what it left. `known`: titles that are there, kept up to date."""
    what = f"{call}:{fault} at {n}"
    refused, unknown = set(), set()
    if daemon.begin(call, fault, n):
        after_refusal = 0
        for i in range(n + 5):
            title = f"{what}, edit {i}"
            try:
                daemon.offer(title)
                known.add(title)
                counted["acknowledged"] += 1
                if after_refusal or (call == "pwrite64" and i > n // 2 + 5):  # a commit writes twice at least
                    break
            except Refused as refusal:
                right_refusal(refusal, what)
                refused.add(title)
                after_refusal += 1
                assert daemon.titles() >= known, f"{what}: reading goes on"
                if after_refusal == 3:
                    assert call != "pwrite64", f"{what}: a write that failed once is not final"
                    break
            except (EOFError, OSError):
                unknown.add(title)
                ended = daemon.process.wait(10)
                while_opening = i == 0 and ended == IO_ERROR and "kizd: " in daemon.said()  # it answers before its store is open
                assert ended == -9 or while_opening, (what, ended, daemon.said())
                break
        if daemon.running():
            assert daemon.stop() == 0, what
    elif "SIGKILL" not in fault:
        assert daemon.process.returncode == IO_ERROR, (what, daemon.process.returncode, daemon.said())
        assert "kizd: " in daemon.said(), (what, daemon.said())
    if daemon.process.returncode == -9:  # strace is not the process that was waited for, and may still be writing
        until("strace has written who was killed", lambda: was_hit(daemon.trace), 20)
    hit = was_hit(daemon.trace)
    counted["faults"] += hit
    daemon.start()
    titles = daemon.titles()
    counted["lost"] += len(known - titles)
    assert titles >= known, f"{what}: lost {sorted(known - titles)}"
    assert not refused & titles, f"{what}: refused, and there all the same: {refused & titles}"
    known |= unknown & titles
    assert daemon.stop() == 0
    verified = kiz(daemon.store, "verify", "--neu")
    assert verified["ok"] and verified["data"]["ok"] and not verified["data"]["forks"], (what, verified)
    examined = kiz(daemon.store, "pruefen", "--speicher")
    assert examined["exit"] in (0, 3) and not [f for f in examined["data"]["findings"] if f["state"] == "bad"], (what, examined)
    return hit


def sweep(call, fault, every, start, upto):
    """A store of its own lives through all these faults, one after the other."""
    missed = 0
    for first in range(start or every, upto + 1, every * 15):  # a fresh one now and then, so that looking stays cheap
        with Realm() as realm:
            daemon = Injected(realm.folder, "kreis")
            realm.daemons[0] = realm.kreis = daemon
            realm.set_up()
            assert daemon.stop() == 0
            known = set()
            for n in range(first, min(first + every * 15, upto + 1), every):
                missed += not one(daemon, call, fault, n, known)
    assert missed == 0, f"{call}:{fault}: {missed} faults were never reached"


def sweep_set_up(call, fault, every, start, upto):
    """`kiz setup` is hit by each fault in turn until one is no longer reached: it says so, and doing it again works."""
    for n in range(start or 1, upto + 1, max(1, every // 4)):
        what = f"setup, {call}:{fault} at {n}"
        with Realm() as realm:
            store, trace = os.path.join(realm.folder, "kreis"), os.path.join(realm.folder, "trace")
            words = ["--store", store, "--json", "--no-input", "--yes", "--lang", "en", "setup", "--kreis", "Kreis Borken", "--ags",
                     "05554", "--listen", f"127.0.0.1:{realm.port}", "--adresse", f"127.0.0.1:{realm.port}"]
            done = subprocess.run([*strace(call, fault, n, trace), KIZ, *words], capture_output=True, text=True, timeout=60,
                                  env=dict(os.environ, LC_ALL="C"), check=False)
            if "SIGKILL" in fault and done.returncode == -9:
                until("strace has written who was killed", lambda: was_hit(trace), 20)
            elif not was_hit(trace):
                return
            counted["faults"] += 1
            if "SIGKILL" in fault:
                assert done.returncode == -9, (what, done)
            elif done.returncode != 0:
                told = json.loads(done.stdout)
                assert done.returncode == 17 and told["error"]["text"], (what, done)
            if done.returncode != 0:
                again = subprocess.run([KIZ, *words], capture_output=True, text=True, timeout=60, check=False)
                told = json.loads(again.stdout)
                assert again.returncode == 0 or told["error"]["code"] == "E_ALREADY_SET_UP", (what, again)
            status = kiz(store, "status")
            assert status["ok"] and status["data"]["role"], (what, status)
            assert kiz(store, "verify", "--neu")["data"]["ok"], what


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--upto", type=int, default=150)
    parser.add_argument("word", nargs="?", default="")
    given = parser.parse_args()
    faults = ("error=EIO", "error=ENOSPC", "signal=SIGKILL")
    sweeps = [(f"{how.__name__} {call} {fault}", how, call, fault)
              for how, calls in ((sweep, ("fdatasync", "pwrite64")), (sweep_set_up, ("fsync", "fdatasync", "pwrite64")))
              for call in calls for fault in faults]
    if given.list:
        print(*(name for name, *_ in sweeps), sep="\n")
        return 0
    chosen = [each for each in sweeps if given.word in each[0]]
    assert chosen, f"no sweep is called {given.word}"
    try:
        for name, how, call, fault in chosen:
            how(call, fault, given.every, given.first, given.upto)
            print(f"ok    {name}: {counted['faults']} faults so far", flush=True)
    finally:
        print(json.dumps({name: counted[name] for name in ("faults", "acknowledged", "lost")}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
