#!/usr/bin/python3
"""kizd and its service manager: what it is told, in which language, when it stops being fed, and sockets handed over."""
import os
import signal
import socket
import subprocess
import sys
import time

from kizd import BIN, KIZD, Daemon, Realm, run, until

LOCALE = os.environ.get("KIZ_LOCALE_DIR") or os.path.join(BIN, "..", "share", "locale")


class Manager:
    """Receives what a service tells, as systemd would."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.words = []

    def env(self, **more):
        return {"NOTIFY_SOCKET": self.path, **more}

    def heard(self):
        while True:
            try:
                self.words += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self.words

    def status(self):
        return [word.removeprefix("STATUS=") for word in self.heard() if word.startswith("STATUS=")]

    def forget(self):
        self.heard()
        self.words = []


# Becomes kizd with a listening socket at descriptor 3, as a service manager starts it.
HAND_OVER = """
import os, socket, sys
kind, path, program = sys.argv[1:4]
if kind == "tcp":
    line = socket.socket(); line.bind(("127.0.0.1", 0)); line.listen()
else:
    line = socket.socket(socket.AF_UNIX); line.bind(path)
    if kind == "listening": line.listen()
os.dup2(line.fileno(), 3) if line.fileno() != 3 else os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="control")
os.execv(program, sys.argv[3:])
"""


def started_with(daemon, kind, path, *options):
    with open(daemon.log_path, "ab") as log:
        daemon.process = subprocess.Popen(["/usr/bin/python3", "-c", HAND_OVER, kind, path, KIZD, *options], stderr=log,
                                          env=daemon.env)
    return daemon


def status_is_told_in_the_machine_s_language_whoever_asks():
    with Realm() as realm:
        manager = Manager(realm.folder)
        realm.kreis.env.update(manager.env(LANGUAGE="de", KIZ_LOCALE_DIR=LOCALE))
        realm.set_up()  # asks in English
        assert manager.heard().index("STATUS=Wartet auf Einrichtung: kiz einrichten oder kiz beitreten.") < manager.words.index("READY=1")
        until("set up", lambda: len(manager.status()) > 1)
        assert manager.status()[-1].startswith("Gleicht ab: "), manager.status()
        realm.kreis.ask("offline")
        until("offline", lambda: manager.status()[-1].startswith("Von Hand offline"))
        assert realm.kreis.stop() == 0
        until("the end", lambda: "STOPPING=1" in manager.heard())
        assert manager.status()[-1] == "Wird geordnet beendet.", manager.status()


def a_reload_is_told_from_its_beginning_to_its_end_also_when_it_is_refused():
    with Realm() as realm:
        manager = Manager(realm.folder)
        config = os.path.join(realm.folder, "kiz-sync.toml")

        def configure(text):
            with open(config, "w", encoding="utf-8") as file:
                file.write(text)

        configure("")
        daemon = realm.daemon("reloaded", "--config", config, env=manager.env()).start()
        for text, logged in (('[log]\nlevel = "debug"\n', "reloaded"), ("nonsense = 1\n", "reload_refused")):
            configure(text)
            until("ready before", lambda: "READY=1" in manager.heard())
            manager.forget()
            daemon.process.send_signal(signal.SIGHUP)
            until("ready again", lambda: "READY=1" in manager.heard())
            at = manager.words.index("RELOADING=1")
            assert manager.words[at + 1].startswith("MONOTONIC_USEC=") and at < manager.words.index("READY=1"), manager.words
            assert logged in daemon.log()
        assert daemon.stop() == 0


def the_watchdog_is_fed_only_while_the_store_works():
    with Realm() as realm:
        manager = Manager(realm.folder)
        realm.kreis.env.update(manager.env(WATCHDOG_USEC="200000"))
        realm.set_up()
        until("signs of life with a store", lambda: manager.heard().count("WATCHDOG=1") >= 5)
        os.rename(os.path.join(realm.kreis.store, "store.db"), os.path.join(realm.folder, "away.db"))
        until("it was noticed", lambda: "store_does_not_answer" in realm.kreis.log())
        manager.forget()
        time.sleep(0.6)
        assert "WATCHDOG=1" not in manager.heard(), manager.words
        os.rename(os.path.join(realm.folder, "away.db"), os.path.join(realm.kreis.store, "store.db"))
        until("signs of life again", lambda: manager.heard().count("WATCHDOG=1") >= 3)
        assert "store_answers" in realm.kreis.log()
        realm.kreis.offer("Treff")
        # A loop that does not turn gives no sign of life either.
        realm.kreis.process.send_signal(signal.SIGSTOP)
        manager.forget()
        time.sleep(0.5)
        assert "WATCHDOG=1" not in manager.heard()
        realm.kreis.process.send_signal(signal.SIGCONT)
        until("alive again", lambda: "WATCHDOG=1" in manager.heard())


def a_socket_that_was_handed_over_is_answered_at_and_left_in_place():
    with Realm() as realm:
        daemon = realm.daemon("handed")
        daemon.socket = os.path.join(realm.folder, "handed.sock")
        started_with(daemon, "listening", daemon.socket, "--store", daemon.store)
        until("the socket is there", lambda: os.path.exists(daemon.socket))
        daemon.ask("setup", name="Kreis Borken", ags="05554", listen="127.0.0.1:0")
        daemon.offer("Treff")
        assert daemon.titles() == {"Treff"}
        assert not os.path.exists(os.path.join(daemon.store, "control.sock")), "made a second socket of its own"
        # Descriptors do not travel on: the variables are gone, and no child takes 3 for its own.
        with open(f"/proc/{daemon.process.pid}/fdinfo/3", encoding="ascii") as info:
            flags = next(line for line in info if line.startswith("flags"))
        assert int(flags.split()[1], 8) & os.O_CLOEXEC, flags
        assert daemon.stop() == 0
        assert os.path.exists(daemon.socket), "took away what is the manager's"


def what_is_no_listening_local_socket_is_not_taken_for_the_control_socket():
    with Realm() as realm:
        for number, kind in enumerate(("tcp", "bound")):
            daemon = realm.daemon(f"other{number}")
            started_with(daemon, kind, os.path.join(realm.folder, f"{kind}.sock"), "--store", daemon.store)
            until("it made its own", lambda found=daemon: os.path.exists(found.socket))
            assert daemon.ask("daemon.status")["set_up"] is False
            assert daemon.stop() == 0
        # Meant for another process.
        daemon = Daemon(realm.folder, "foreign", env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
        realm.daemons.append(daemon)
        assert daemon.start().stop() == 0


sys.exit(run([
    status_is_told_in_the_machine_s_language_whoever_asks,
    a_reload_is_told_from_its_beginning_to_its_end_also_when_it_is_refused,
    the_watchdog_is_fed_only_while_the_store_works,
    a_socket_that_was_handed_over_is_answered_at_and_left_in_place,
    what_is_no_listening_local_socket_is_not_taken_for_the_control_socket,
]))
