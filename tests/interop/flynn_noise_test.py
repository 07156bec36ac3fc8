#!/usr/bin/python3
"""Our handshake and channel against a Noise library that is not ours, live over TCP, each side in both roles.

Equal handshake hashes, every message as it was sent, keys changed behind every third frame; a wrong key, pre-shared key
or prologue on one side ends the handshake."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
OURS = pathlib.Path(os.environ["KIZ_BIN"]) / "noise_peer"
PRIME = 2 ** 255 - 19


def public(secret: bytes) -> bytes:
    """X25519 with the base point (RFC 7748, section 5), slow and plain."""
    k = int.from_bytes(secret, "little") & ~7 & (1 << 255) - 1 | 1 << 254
    x2, z2, x3, z3, swap = 1, 0, 9, 1, 0
    for bit in reversed(range(255)):
        if swap ^ (k >> bit & 1):
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = k >> bit & 1
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        x3, z3 = (d * a + c * b) ** 2 % PRIME, 9 * (d * a - c * b) ** 2 % PRIME
        e = a * a - b * b
        x2, z2 = a * a * b * b % PRIME, e * (a * a + 121665 * e) % PRIME
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")


def meet(pattern, programs, psks, prologues=(b"prologue", b"prologue"), known=None):
    """Both ends of one connection; the lines of both, or None where a side refused."""
    secrets = (os.urandom(32), os.urandom(32))
    publics = [public(secret) for secret in secrets]
    ends = []
    port = "0"
    for side, role in ((1, "responder"), (0, "initiator")):
        remote = known if known and role == "initiator" else publics[1 - side]
        words = [programs[side], pattern, role, port, secrets[side], remote, psks[side], prologues[side]]
        ends.append(subprocess.Popen([w.hex() if isinstance(w, bytes) else w for w in words], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, text=True))
        if role == "responder":
            port = ends[0].stdout.readline().split()[1]
    texts = [end.communicate(timeout=60)[0].splitlines() for end in ends]
    return None if any(end.returncode for end in ends) else texts


def main():
    folder = tempfile.TemporaryDirectory(prefix="kiz-interop-")
    theirs = os.path.join(folder.name, "noise_peer")
    go = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="-buildvcs=false", CGO_ENABLED="0",
              GOCACHE=os.environ.get("GOCACHE", os.path.join(os.getcwd(), "go-cache")))
    subprocess.run(["go", "build", "-o", theirs, str(HERE / "noise_peer.go")], check=True, env=go)
    psk, failed = os.urandom(32), 0

    def say(good, what):
        nonlocal failed
        failed += not good
        print("ok   " if good else "FAIL ", what, flush=True)

    for programs, who in (((str(OURS), theirs), "we call"), ((theirs, str(OURS)), "we answer")):
        for pattern in ("XK", "XX"):
            name = f"{pattern}psk3, {who}"
            lines = meet(pattern, programs, (psk, psk))
            say(lines is not None and lines[0][0].startswith("hash ") and lines[0][0] == lines[1][0]
                and len(lines[0]) == len(lines[1]) == 11, f"{name}: one hash, ten messages each way")
            # The bodies differ only in who sent them: what both read must be what a peer of the same kind reads.
            same = meet(pattern, (programs[0], programs[0]), (psk, psk))
            say(lines is not None and same is not None and lines[0][1:] == same[0][1:] and lines[1][1:] == same[1][1:],
                f"{name}: every message arrives as it was sent")
            say(meet(pattern, programs, (psk, bytes(32))) is None, f"{name}: another pre-shared key is refused")
            say(meet(pattern, programs, (psk, psk), (b"one", b"two")) is None, f"{name}: another prologue is refused")
            say(meet(pattern, programs, (psk, psk), known=public(os.urandom(32))) is None,
                f"{name}: another static key than the one called is refused")
    return 1 if failed else 0


sys.exit(main())
