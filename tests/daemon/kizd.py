"""Real kizd processes on loopback, and their control sockets, for the tests in this folder."""
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("KIZ_BIN") or os.path.join(HERE, "..", "..", "build", "dev", "bin")
KIZD = os.path.join(BIN, "kizd")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def kiz(*words, **environment):
    """The program for people, in English; what it said and how it ended."""
    return subprocess.run([os.path.join(BIN, "kiz"), "--lang", "en", *words], capture_output=True, text=True, timeout=120, check=False,
                          env=dict(os.environ, LC_ALL="C", **environment), stdin=subprocess.DEVNULL)


class Refused(Exception):
    def __init__(self, envelope):
        super().__init__(f"{envelope['error']['code']} exit {envelope['exit']}: {envelope['error']['text']}")
        self.envelope = envelope
        self.code = envelope["error"]["code"]
        self.exit = envelope["exit"]


def connect(path, timeout=70):
    # A socket's address may be 107 bytes long; the folder's descriptor makes any path short.
    folder = os.open(os.path.dirname(path), os.O_PATH)
    try:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(timeout)
        line.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        return line
    finally:
        os.close(folder)


def receive(line, n):
    data = b""
    while len(data) < n:
        piece = line.recv(n - len(data))
        if not piece:
            raise EOFError("the daemon hung up")
        data += piece
    return data


def read_frame(line):
    return json.loads(receive(line, struct.unpack(">I", receive(line, 4))[0]))


def write_frame(line, message):
    body = json.dumps(message).encode()
    line.sendall(struct.pack(">I", len(body)) + body)


class Daemon:
    """One kizd with a store of its own."""

    def __init__(self, folder, name, *options, env=None):
        self.name = name
        self.store = os.path.join(folder, name)
        self.socket = os.path.join(self.store, "control.sock")
        self.log_path = os.path.join(folder, name + ".log")
        self.options = list(options)
        self.env = dict(os.environ, LC_ALL="C", **(env or {}))
        self.process = None
        self.program = None  # another one than kizd: of another version

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.program or KIZD, "--store", self.store, *self.options], stderr=log, stdout=log,
                                            env=self.env)
        deadline = time.monotonic() + 20
        while True:
            try:
                connect(self.socket).close()
                return self
            except OSError:
                if self.process.poll() is not None:
                    raise AssertionError(f"{self.name} ended with {self.process.returncode}: {self.log()[-2000:]}")
                if time.monotonic() > deadline:
                    raise AssertionError(f"{self.name} does not answer: {self.log()[-2000:]}")
                time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        if not os.path.exists(self.log_path):
            return ""  # never started
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def envelope(self, request, dry_run=False, **args):
        line = connect(self.socket)
        try:
            write_frame(line, {"v": 1, "request": request, "args": args, "lang": "en", "dry_run": dry_run})
            return read_frame(line)
        finally:
            line.close()

    def ask(self, request, **args):
        reply = self.envelope(request, **args)
        if not reply["ok"]:
            raise Refused(reply)
        return reply["data"]

    def offer(self, title):
        fields = {"title": title, "kind": "Treffpunkt", "provider": "Caritas"}
        return self.ask("offer.new", fields=[{"field": name, "op": "=", "text": text} for name, text in fields.items()])

    def titles(self):
        return {offer["title"] for offer in self.ask("offer.list")["offers"]}


class Realm:
    """A Kreis node and towns, joined over loopback."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kizd-")
        self.port = free_port()
        self.daemons = []
        self.kreis = self.daemon("kreis")

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        for daemon in self.daemons:
            if daemon.running():
                daemon.kill()
            if failed:
                print(f"---- {daemon.name}\n{daemon.log()[-4000:]}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def daemon(self, name, *options, **how):
        daemon = Daemon(self.folder, name, *options, **how)
        self.daemons.append(daemon)
        return daemon

    def set_up(self, members=("05554004", "05554008", "05554012")):
        self.kreis.start()
        address = f"127.0.0.1:{self.port}"
        return self.kreis.ask("setup", name="Kreis Borken", ags="05554", listen=address, addresses=[address],
                              members=list(members))

    def invite(self, member, **how):
        return self.kreis.ask("member.invite", member=member, **how)

    def join(self, name, member, *options):
        town = self.daemon(name, *options).start()
        invite = self.invite(member)
        joined = town.ask("join", invite=invite["invite"], check=invite["check"], device=name)
        assert joined["joined"] is True, joined
        return town

    def town_with(self, title):
        """A Kreis, and a town of it whose offer has arrived there."""
        self.set_up()
        town = self.join("ahaus", "05554004")
        town.offer(title)
        assert town.ask("sync", wait=True)["in_sync"]
        return town


def metrics_file(folder):
    """A port, and a configuration that has figures and health served there."""
    port = free_port()
    config = os.path.join(folder, f"metrics-{port}.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    return port, config


def http_get(port, path, method="GET", host=None, body=None):
    """Status, headers, text."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request(method, path, body=body, headers={"Host": host} if host else {})
        reply = line.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read().decode()
    finally:
        line.close()


def until(what, condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def run(tests):
    """Runs functions named by sentences, those that a word of the command line is in; exit code for ctest."""
    failed = 0
    for test in tests:
        name = test.__name__.replace("_", " ")
        if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
            continue
        began = time.monotonic()
        try:
            test()
            print(f"ok    {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as fault:  # pylint: disable=broad-except
            failed += 1
            traceback.print_exc()
            print(f"FAIL  {name}: {fault}", flush=True)
    return 1 if failed else 0
