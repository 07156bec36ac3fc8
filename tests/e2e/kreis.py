"""A Kreis of real processes on loopback: kizd for each office, kiz to speak to it. Standard library only."""
import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SKIPPED = 77  # what ctest counts as skipped


def real_data(source: pathlib.Path) -> pathlib.Path | None:
    """The folder with real data, or None: the test is then skipped by name."""
    folder = pathlib.Path(os.environ.get("KIZ_REAL_DATA") or source.parent / "shared")
    return folder if (folder / "data").is_dir() else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Failed(Exception):
    pass


class Office:
    """One installation: a store, its daemon, and the command line that speaks to it."""

    def __init__(self, world: "World", name: str):
        self.world, self.name = world, name
        self.store = world.folder / name
        self.daemon: subprocess.Popen | None = None

    def kiz(self, *words: str, exits=(0,), **options) -> dict:
        """Runs a command with --json and returns its envelope."""
        done = subprocess.run([self.world.kiz, "--store", self.store, "--json", "--no-input", "--yes", *words],
                              capture_output=True, text=True, timeout=120, env=self.world.env, **options)
        if done.returncode not in exits:
            raise Failed(f"{self.name}: kiz {' '.join(words)} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def data(self, *words: str, **options) -> dict:
        return self.kiz(*words, **options)["data"]

    def text(self, *words: str, exits=(0,)) -> str:
        """What a person sees."""
        done = subprocess.run([self.world.kiz, "--store", self.store, "--no-input", "--yes", "--lang", "de", *words],
                              capture_output=True, text=True, timeout=120, env=self.world.env)
        if done.returncode not in exits:
            raise Failed(f"{self.name}: kiz {' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def start(self, *words: str) -> "Office":
        log = open(self.world.folder / f"{self.name}.log", "ab")
        self.daemon = subprocess.Popen([self.world.kizd, "--foreground", "--store", self.store, *words], stdout=log,
                                       stderr=log, stdin=subprocess.DEVNULL, env=self.world.env)
        self.until(lambda: (self.store / "control.sock").exists() and self.data("status")["daemon"], "daemon answers")
        return self

    def stop(self, how=signal.SIGTERM) -> int:
        if self.daemon is None:
            return 0
        self.daemon.send_signal(how)
        code = self.daemon.wait(30)
        self.daemon = None
        return code

    def until(self, holds, what: str, seconds: float = 60):
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            try:
                if holds():
                    return
            except (Failed, subprocess.TimeoutExpired, json.JSONDecodeError) as failed:
                last = failed
            time.sleep(0.1)
        raise Failed(f"{self.name}: not within {seconds} s: {what}; {last or ''}\n{self.log_tail()}")

    def log_tail(self) -> str:
        path = self.world.folder / f"{self.name}.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def sync(self):
        self.kiz("sync", "--wait", "--timeout", "60")

    def hashes(self) -> dict[str, str]:
        return {space["space"]: space["state_hash"] for space in self.data("status")["spaces"]}


class World:
    def __init__(self, binaries: pathlib.Path):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kiz-e2e-"))
        self.kiz, self.kizd = binaries / "kiz", binaries / "kizd"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("KIZ_", "XDG_"))}
        self.env |= {"LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data")}
        self.offices: list[Office] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for office in self.offices:
            if office.daemon is not None and office.daemon.poll() is None:
                office.daemon.kill()
                office.daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def office(self, name: str) -> Office:
        self.offices.append(Office(self, name))
        return self.offices[-1]

    def found(self, name: str, key: str, port: int, label: str = "kreis") -> Office:
        kreis = self.office(label)
        kreis.kiz("einrichten", "--kreis", name, "--ags", key, "--listen", f"127.0.0.1:{port}", "--adresse",
                  f"127.0.0.1:{port}")
        return kreis.start("--listen", f"127.0.0.1:{port}")

    def join(self, kreis: Office, member: str, label: str) -> Office:
        invite = kreis.data("mitglied", "einladen", member)
        number = self.folder / f"{label}.check"
        number.write_text(invite["check"])
        office = self.office(label)
        office.kiz("beitreten", invite["invite"], "--pruefzahl-datei", str(number), "--geraet", label)
        return office.start()


def check(holds, what: str):
    if not holds:
        raise Failed(what)


def decoded(file: dict) -> bytes:
    return base64.b64decode(file["content"])


def agree(kreis: Office, offices: list[Office], seconds: float = 90):
    """Kreis and offices hold the same of every space that both may read, with nothing unconfirmed."""

    def same():
        for office in offices:
            theirs, ours = kreis.hashes(), office.hashes()
            common = theirs.keys() & ours.keys()
            if any(theirs[space] != ours[space] for space in common) or office.data("status")["pending"]:
                return False
        return True

    kreis.until(same, "all agree", seconds)
