#!/usr/bin/env python3
"""What takes long says so, and Ctrl-C ends it with 130 and nothing changed: on a store of one's own and through kizd."""
import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

KIZ, KIZD = (os.path.join(os.environ["KIZ_BIN"], name) for name in ("kiz", "kizd"))
ROWS = 150000
WORTH_A_LINE = 1.0  # what is over sooner may say nothing on the way: for half a second it must not


def environment(folder):
    return {"HOME": folder, "PATH": os.environ["PATH"], "LANG": "C", "COLUMNS": "80",
            "KIZ_LOCALE_DIR": os.environ.get("KIZ_LOCALE_DIR", "")}


def kiz(folder, *words):
    ran = subprocess.run([KIZ, "--store", folder + "/s", *words], env=environment(folder), cwd=folder, capture_output=True,
                         text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
    assert ran.returncode == 0, (words, ran)
    return ran


def offer_entries(folder):
    status = json.loads(kiz(folder, "--json", "status").stdout)["data"]
    return sum(space["entries"] for space in status["spaces"] if space["collection"] == "offers")


@contextlib.contextmanager
def daemon_of(store, folder):
    daemon = subprocess.Popen([KIZD, "--store", store, "--listen", "127.0.0.1:0"], env=environment(folder), stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not os.path.exists(store + "/control.sock"):
            assert time.monotonic() < until
            time.sleep(0.02)
        yield
    finally:
        daemon.terminate()
        daemon.wait(timeout=20)


def on_a_terminal(folder, *words, store="s", interrupt=False, give_up_after=None):
    """Runs kiz with a terminal for its messages; returns exit code and all that was written there. Ctrl-C: once it has said how
    far it is, or after so many seconds."""
    near, far = pty.openpty()
    ran = subprocess.Popen([KIZ, "--store", folder + "/" + store, *words], env=environment(folder), cwd=folder, stdin=far, stdout=far,
                           stderr=far, start_new_session=True)
    os.close(far)
    began = time.monotonic()
    seen, until = b"", began + 120
    while time.monotonic() < until:
        ready, _, _ = select.select([near], [], [], 0.05)
        if ready:
            try:
                piece = os.read(near, 65536)
            except OSError:  # the far end is closed: it has ended
                break
            if not piece:
                break
            seen += piece
        if interrupt and b" of " in seen or give_up_after and time.monotonic() > began + give_up_after:
            ran.send_signal(signal.SIGINT)
            interrupt, give_up_after = False, None
    code = ran.wait(timeout=20)
    os.close(near)
    return code, seen.decode("utf-8", "replace")


def check(folder, how):
    code, seen = on_a_terminal(folder, "offer", "import", "many.csv", interrupt=True)
    assert code == 130, (how, code, seen[-400:])
    assert "Interrupted" in seen, (how, seen[-400:])
    time.sleep(0.5)
    assert offer_entries(folder) == 0, (how, "an interrupted import has changed something")

    code, seen = on_a_terminal(folder, "offer", "import", "many.csv")
    assert code == 0, (how, seen[-400:])
    lines = [line for line in seen.split("\r") if " of " in line]
    assert lines and any("/s" in line for line in lines), (how, seen[:400])
    assert all(len(line) < 80 for line in lines), (how, lines)
    assert offer_entries(folder) > 0, how

    # What is short says nothing; nobody asked for a word on the way with --quiet; a pipe gets no line rewritten.
    code, seen = on_a_terminal(folder, "device", "list")
    assert code == 0 and "\r " not in seen and "/s" not in seen, (how, seen)
    code, seen = on_a_terminal(folder, "offer", "import", "many.csv", "--quiet")
    assert code == 0 and not seen.strip(), (how, seen[:400])
    ran = kiz(folder, "verify")
    assert "\r" not in ran.stderr and not ran.stderr, (how, ran.stderr)


def check_backup(folder, how):
    """A backup says how far it has come; one that is given up leaves the next one free to go on."""
    target = folder + "/b"
    os.makedirs(target, exist_ok=True)
    with open(folder + "/recovery", "w", encoding="ascii") as file:
        file.write("a long enough passphrase\n")
    recovery = ("--recovery-file", folder + "/recovery")  # stretching it takes the half second that says nothing
    began = time.monotonic()
    code, seen = on_a_terminal(folder, "backup", "write", target, *recovery)
    quick = time.monotonic() < began + WORTH_A_LINE
    assert code == 0, (how, seen[-400:])
    shown = [line for line in seen.split("\r") if "in MiB: " in line]
    assert (shown or quick) and all(len(line) < 80 for line in shown), (how, seen[:400])
    written = [name for name in os.listdir(target) if name.endswith(".kizbackup")]
    assert len(written) == 1, written
    code, seen = on_a_terminal(folder, "backup", "write", target + "/other.kizbackup", *recovery, give_up_after=0.3)
    assert code == 130 and "Interrupted" in seen, (how, code, seen[-400:])
    until = time.monotonic() + 20
    code, seen = 11, ""
    while code == 11 and time.monotonic() < until:  # the daemon notices that nobody waits, and ends it
        code, seen = on_a_terminal(folder, "backup", "write", target + "/other.kizbackup", *recovery)
    finished = code == 16 and how == "daemon"  # before it noticed
    assert code == 0 or finished, (how, code, seen[-400:])
    code, seen = on_a_terminal(folder, "backup", "check", target + "/other.kizbackup", *recovery)
    assert code == 0 and "Every byte" in seen, (how, seen[-400:])
    with daemon_of(folder + "/r", folder) if how == "daemon" else contextlib.nullcontext():
        began = time.monotonic()
        code, seen = on_a_terminal(folder, "backup", "read", target + "/other.kizbackup", *recovery, store="r")
        quick = time.monotonic() < began + WORTH_A_LINE
    assert code == 0 and "read back" in seen, (how, seen[-400:])
    # Of copying and checking the first is over before it is worth a line where the disk is fast.
    shown = [line for line in seen.split("\r") if " of " in line and ("MiB" in line or "checking: " in line)]
    assert (shown or quick) and all(len(line) < 80 for line in shown), (how, seen[:400])
    subprocess.run(["rm", "-r", target, folder + "/r"], check=True)


def main():
    with tempfile.TemporaryDirectory(prefix="kiz-progress-") as folder:
        with open(folder + "/many.csv", "w", encoding="utf-8") as file:
            file.write("title;provider;kind\n")
            for row in range(ROWS):
                file.write(f"Offer {row};Caritas;meeting_place\n")
        for how in ("own store", "daemon"):
            kiz(folder, "init", "--kreis", "Borken", "--members", "Ahaus", "--address", "127.0.0.1:9", "--listen", "127.0.0.1:0")
            with daemon_of(folder + "/s", folder) if how == "daemon" else contextlib.nullcontext():
                check(folder, how)
                check_backup(folder, how)
            subprocess.run(["rm", "-r", folder + "/s"], check=True)
    print("progress: shown, taken away, interrupted without a trace")


main()
sys.exit(0)
