#!/usr/bin/python3
"""A nosy user of the same machine, with another uid: gets nothing out of store, socket, processes, memory dumps or logs."""
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys

from kizd import BIN, HERE, KIZD, Realm, run, until

sys.path.insert(0, os.path.join(HERE, "..", "cli"))
from command_tree import FILE, leaves, operands_of  # noqa: E402

LOCALE = os.environ.get("KIZ_LOCALE_DIR") or os.path.join(BIN, "..", "share", "locale")
GROUP = "games"  # of base-passwd; nobody is not in it
PASSPHRASE = "vierzehn-Kirschen-im-Schnee"


class Stranger:
    """Runs kiz as nobody, from a folder that everybody may read."""

    def __init__(self, realm):
        os.chmod(realm.folder, 0o755)
        self.folder = os.path.join(realm.folder, "programs")
        os.mkdir(self.folder)
        shutil.copy(os.path.join(BIN, "kiz"), self.folder)
        shutil.copytree(LOCALE, os.path.join(self.folder, "locale"))
        for path, _, files in os.walk(self.folder):
            os.chmod(path, 0o755)
            for name in files:
                os.chmod(os.path.join(path, name), 0o755)

    def run(self, *words):
        env = {"HOME": "/nonexistent", "PATH": os.environ["PATH"], "LC_ALL": "C", "KIZ_LOCALE_DIR": os.path.join(self.folder, "locale")}
        return subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *words], capture_output=True, text=True,
                              timeout=60, check=False, cwd=self.folder, env=env, stdin=subprocess.DEVNULL)

    def kiz(self, *words):
        return self.run(os.path.join(self.folder, "kiz"), *words)


def with_group_socket(realm):
    """The Kreis node as a system runs it: its socket is for members of a group, its store for itself."""
    config = os.path.join(realm.folder, "kiz-sync.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f'socket_group = "{GROUP}"\n')
    assert realm.kreis.stop() == 0
    realm.kreis.socket = os.path.join(realm.folder, "run", "control.sock")
    realm.kreis.options = ["--config", config, "--socket", realm.kreis.socket]
    realm.kreis.start()


def whoever_is_not_in_the_group_gets_13_and_the_group_s_name():
    with Realm() as realm:
        realm.set_up()
        realm.kreis.offer("Geheimer Treff")
        with_group_socket(realm)
        stranger = Stranger(realm)
        socket = ("--socket", realm.kreis.socket)
        for lang, sentence in (("de", "lässt Sie nicht zu"), ("en", "does not let you in")):
            for words in (("status",), ("offer", "list"), ("doctor",), ("service", "status"), ("backup", "write", "/tmp"), ("dump", "control"),
                          ("bugreport",), ("bugreport", "--yes", "/tmp/none.txt")):
                ended = stranger.kiz("--lang", lang, *socket, *words)
                said = " ".join((ended.stdout + ended.stderr).split())
                assert ended.returncode == 13 and sentence in said and f"adduser nobody {GROUP}" in said, (words, ended)
                assert "Geheim" not in said
        ended = stranger.kiz("--json", *socket, "bugreport")
        said = json.loads(ended.stdout)
        assert ended.returncode == said["exit"] == 13 and said["schema"] == "kiz.bugreport/1" and said["error"]["code"] == "E_NOT_PERMITTED", ended
        # Once the folder can be entered, it is the socket itself that names the group.
        os.chmod(os.path.dirname(realm.kreis.socket), 0o755)
        ended = stranger.kiz("--lang", "en", *socket, "status")
        assert ended.returncode == 13 and f"adduser nobody {GROUP}" in " ".join(ended.stderr.split()), ended


# These ask no replica: the journal lets in whom it wants, a demo is one's own, a configuration is a file.
OWN = {("service", "log"), ("demo",), ("config", "show"), ("config", "check"), ("config", "path")}


def every_command_ends_with_13_and_names_the_group():
    with Realm() as realm:
        realm.set_up()
        realm.kreis.offer("Geheimer Treff")
        with_group_socket(realm)
        stranger = Stranger(realm)
        os.chmod(stranger.folder, 0o777)  # a bundle that is to be written there is begun before anybody is asked
        with open(os.path.join(stranger.folder, "file.csv"), "w", encoding="ascii") as file:
            file.write(FILE)
        tree = json.loads(stranger.kiz("--describe", "--lang", "en").stdout)
        asked = 0
        for words, command in leaves(tree):
            if words in OWN:
                continue
            operands = operands_of(words, command)
            for how in ([], ["--json"]):
                ended = stranger.kiz("--lang", "en", "--yes", *how, "--socket", realm.kreis.socket, *words, *operands)
                said = " ".join((ended.stdout + ended.stderr).split())
                assert ended.returncode == 13 and f"adduser nobody {GROUP}" in said and "Geheim" not in said, (words, ended)
                asked += 1
        assert asked > 150, asked


def another_s_store_is_no_broken_disk_but_a_matter_of_rights():
    with Realm() as realm:
        realm.set_up()
        stranger = Stranger(realm)
        for words in (("status",), ("offer", "list"), ("verify",), ("doctor",), ("bugreport",), ("key", "password")):
            ended = stranger.kiz("--lang", "en", "--store", realm.kreis.store, *words)
            assert ended.returncode == 13 and "You have no right for this" in ended.stdout + ended.stderr, (words, ended)
        closed = os.path.join(realm.folder, "closed")
        os.mkdir(closed, 0o700)
        ended = stranger.kiz("--lang", "en", "--store", os.path.join(closed, "store"), "offer", "list")
        assert ended.returncode == 13, ended


def files_and_processes_are_closed_to_other_users():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("ahaus", "05554004")
        town.offer("Geheimer Treff")
        stranger = Stranger(realm)
        for daemon in (realm.kreis, town):
            for path, folders, files in os.walk(daemon.store):
                for name in [".", *folders, *files]:
                    mode = os.lstat(os.path.join(path, name)).st_mode
                    # The socket's group is let in where its folder is open to that group; a store's is not.
                    assert stat.S_ISSOCK(mode) or mode & 0o077 == 0, (path, name, oct(mode))
            assert stranger.run("ls", daemon.store).returncode != 0
            for name in ("environ", "mem", "maps"):
                assert stranger.run("cat", f"/proc/{daemon.process.pid}/{name}").returncode != 0, name


def secrets_are_in_no_argument_environment_dump_log_or_report():
    with Realm() as realm:
        realm.set_up()
        town = realm.join("ahaus", "05554004")
        town.offer("Treff")
        invite = realm.invite("05554008")
        secrets = {invite["invite"].encode(), PASSPHRASE.encode()}
        for daemon in (realm.kreis, town):
            with open(os.path.join(daemon.store, "key"), "rb") as file:
                secrets.add(max(re.findall(rb"[^\n ]+", file.read()), key=len))
        target = os.path.join(realm.folder, "backups")
        os.mkdir(target)
        town.ask("backup.write", target=target, recovery=PASSPHRASE)
        assert town.ask("sync", wait=True)["in_sync"]
        for daemon in (realm.kreis, town):
            pid = daemon.process.pid
            with open(f"/proc/{pid}/limits", encoding="ascii") as file:
                core = next(line for line in file if line.startswith("Max core file size")).split()[4:6]
            assert core[0] == "0", core  # nothing of memory reaches a disk
            shown = {"log": daemon.log().encode()}
            for name in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    shown[name] = file.read()
            report = subprocess.run([os.path.join(BIN, "kiz"), "--socket", daemon.socket, "bugreport"], capture_output=True, timeout=60, check=True)
            shown["report"] = report.stdout + report.stderr
            assert b"kiz-sync" in shown["report"] and KIZD.encode() in shown["cmdline"] and shown["log"]
            for place, text in shown.items():
                for secret in secrets:
                    assert len(secret) >= 16 and secret not in text, (daemon.name, place, secret)


def an_invite_does_not_stay_on_the_command_line():
    with Realm() as realm:
        realm.set_up()
        invite = realm.invite("05554008")
        check = os.path.join(realm.folder, "check")
        with open(check, "w", encoding="ascii") as file:
            file.write(invite["check"])
        realm.kreis.process.send_signal(signal.SIGSTOP)  # so that kiz waits
        try:
            words = [os.path.join(BIN, "kiz"), "--store", os.path.join(realm.folder, "town"), "join", invite["invite"], "--pruefzahl-datei", check]
            with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as joining:
                def shown():
                    with open(f"/proc/{joining.pid}/cmdline", "rb") as file:
                        return file.read()
                until("it is hidden", lambda: b"join" in shown() and b"KIZ1-" not in shown() and invite["invite"].encode()[5:] not in shown())
                assert joining.poll() is None and check.encode() in shown()
                joining.kill()
        finally:
            realm.kreis.process.send_signal(signal.SIGCONT)


def a_crash_leaves_no_core_file_whatever_the_shell_allows():
    with Realm() as realm:
        program = os.path.join(realm.folder, "allowed")
        with open(program, "w", encoding="ascii") as script:
            script.write(f'#!/bin/sh\nulimit -c unlimited || exit 99\ncd "{realm.folder}" && exec "{KIZD}" "$@"\n')
        os.chmod(program, 0o755)
        realm.kreis.program = program
        realm.set_up()
        pid = realm.kreis.process.pid
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core file size")).split()[4:6]
        assert core == ["0", "0"], core
        os.kill(pid, signal.SIGSEGV)
        assert realm.kreis.process.wait(20) == -signal.SIGSEGV
        left = [name for name in os.listdir(realm.folder) if name.startswith("core")]
        assert not left, left


if os.geteuid() != 0:
    print("SKIP: another user can only be played by root")
    sys.exit(77)
sys.exit(run([
    whoever_is_not_in_the_group_gets_13_and_the_group_s_name,
    every_command_ends_with_13_and_names_the_group,
    another_s_store_is_no_broken_disk_but_a_matter_of_rights,
    files_and_processes_are_closed_to_other_users,
    secrets_are_in_no_argument_environment_dump_log_or_report,
    an_invite_does_not_stay_on_the_command_line,
    a_crash_leaves_no_core_file_whatever_the_shell_allows,
]))
