#!/usr/bin/python3
"""The program told apart from its demo: another Kreis, other names and ports, kill -9, and nothing in the clear.

usage: other_kreis_test.py SOURCE BINARIES
"""
import pathlib
import random
import signal
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from capture import Capture
from kreis import Failed, World, agree, check, free_port

BINARIES = pathlib.Path(sys.argv[2])
CYCLES = 100
SECRET = "Zauberwort Xylophon"  # must not be found on a disk or a wire


class Tap:
    """Carries bytes between the towns and the Kreis and remembers them."""

    def __init__(self, target: int):
        self.seen = bytearray()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port, self.target = self.server.getsockname()[1], target
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.server.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def carry(self, one: socket.socket, other: socket.socket):
        try:
            while piece := one.recv(65536):
                self.seen += piece
                other.sendall(piece)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def found_behind(world: World, tap: Tap, port: int):
    kreis = world.office("kreis")
    kreis.kiz("einrichten", "--kreis", "Rhein-Kreis Neuss", "--ags", "05162", "--listen", f"127.0.0.1:{port}", "--adresse",
              f"127.0.0.1:{tap.port}")
    return kreis.start("--listen", f"127.0.0.1:{port}")


def check_nothing_in_the_clear(world: World, tap: Tap):
    words = SECRET.encode(), SECRET.split()[1].encode()
    for path in world.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            check(not any(word in content for word in words), f"{path.name} holds offer text in the clear")
    check(len(tap.seen) > 1000 and not any(word in tap.seen for word in words), "the wire shows offer text in the clear")
    for office in world.offices:
        key = (office.store / "key").read_bytes()[-32:]
        for path in world.folder.rglob("*"):
            if path.is_file() and path.name != "key":
                check(key not in path.read_bytes(), f"{path.name} holds the store key")


def device_keys(control: list[str]) -> list[bytes]:
    """Author and transport key of each device, out of the control log (SPEC.md section 4)."""
    keys = []
    for record in map(bytes.fromhex, control):
        rest = iter(record)

        def uint() -> int:
            number = shift = 0
            while (byte := next(rest)) & 128:
                number, shift = number | (byte & 127) << shift, shift + 7
            return number | byte << shift

        def fixed(size: int) -> bytes:
            return bytes(next(rest) for _ in range(size))

        uint(), uint(), uint(), fixed(32), uint(), fixed(1)  # version, epoch, seq, before, time, critical
        if uint() == 3:
            uint()  # bytes of the payload
            keys += [fixed(32), fixed(32)]
    return keys


def check_what_an_observer_sees(world: World, kreis, towns: list, port: int, tap: Tap):
    """Offers, needs and counts travel while tcpdump listens; no word, name or key of them is in what it saw."""
    if why := Capture.cannot_run():
        print(f"skipped: what tcpdump sees on the wire ({why})", flush=True)
        return
    words = [f"Beobachtung{n}Xylophonkurs" for n in range(40)]
    with Capture(world.folder, port, tap.port) as capture:
        for n, word in enumerate(words):
            towns[n % 2].kiz("angebot", "neu", f"titel={word}", f"beschreibung={word} am Nachmittag", "traeger=Diakonie Neuss",
                             "art=sprachkurs")
        towns[0].kiz("zahlen", "eintragen", "2026-10", "arrived=4711")
        agree(kreis, towns)
        late = world.join(kreis, "Kaarst", "kaarst")  # a handshake with an invite, and a first sync
        agree(kreis, [late])
        # What is in the clear is found: or the search itself would be worth nothing.
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"Klartext Xylophonkurs")
            line.recv(100)
    seen = capture.streams()
    everything = b"\n".join(seen.values())
    check(b"Klartext Xylophonkurs" in everything, "the capture misses what is in the clear")
    check(everything.count(b"KIZSYNC1") >= 1 and len(everything) > 50_000, f"the capture is too small: {len(everything)} bytes")
    secrets = [word.encode() for word in words] + [b"Xylophonkurs am", b"Diakonie", b"Nachmittag", b"sprachkurs", "Jüchen".encode(),
                                                   b"Dormagen", b"Kaarst", b"Rhein-Kreis", b"05162", b"titel", b"title"]
    for office in world.offices:
        secrets.append((office.store / "key").read_bytes()[-32:])
    keys = device_keys(kreis.data("dump")["control"])
    check(len(set(keys)) == 2 * len(world.offices), f"{len(keys)} keys of {len(world.offices)} devices")
    secrets += keys
    for secret in secrets:
        check(secret not in everything, f"the wire shows {secret!r}")
    print(f"tcpdump saw {len(everything)} bytes in {len(seen)} streams, none of {len(secrets)} words, names and keys", flush=True)
    late.stop()


def kill_and_lose_nothing(world: World, kreis, towns: list, port: int):
    """kill -9 of any process at any moment; whatever ended with exit code 0 must be everywhere afterwards."""
    rng = random.Random(4711)
    acknowledged = []
    for cycle in range(CYCLES):
        town = rng.choice(towns)
        victim = rng.choice([kreis, *towns])
        timer = threading.Timer(rng.random() * 0.06, lambda v=victim: v.daemon.send_signal(signal.SIGKILL))
        timer.start()
        try:
            done = town.data("angebot", "neu", f"titel=Runde {cycle}", "traeger=AWO", "art=beratung", exits=(0,))
            acknowledged.append(done["id"])
        except Failed:
            pass  # not acknowledged: may be there or not
        timer.join()
        victim.daemon.wait()
        victim.daemon = None
        victim.start(*(("--listen", f"127.0.0.1:{port}") if victim is kreis else ()))
    agree(kreis, towns, 120)
    check(len(acknowledged) >= CYCLES // 2, f"only {len(acknowledged)} edits were acknowledged")
    for office in [kreis, *towns]:
        held = {offer["id"] for offer in office.data("angebot", "liste")["offers"]}
        lost = [offer for offer in acknowledged if offer not in held]
        check(not lost, f"{office.name} lost {len(lost)} acknowledged edits")
    print(f"{CYCLES} kills, {len(acknowledged)} edits acknowledged, lost 0", flush=True)


def main() -> int:
    with World(BINARIES) as world:
        port = free_port()
        tap = Tap(port)
        kreis = found_behind(world, tap, port)
        check(len(kreis.data("mitglied", "liste")["members"]) == 9, "Rhein-Kreis Neuss and its 8 municipalities")
        towns = [world.join(kreis, name, label) for name, label in (("Dormagen", "dormagen"), ("Jüchen", "juechen"))]
        towns[0].kiz("angebot", "neu", f"titel={SECRET}", f"beschreibung={SECRET} " * 3, "traeger=Diakonie", "art=sprachkurs")
        agree(kreis, towns)
        check(any(SECRET == offer["title"] for offer in towns[1].data("angebot", "liste")["offers"]), "the offer did not arrive")
        check_nothing_in_the_clear(world, tap)
        print("nothing in the clear on disk or wire", flush=True)
        check_what_an_observer_sees(world, kreis, towns, port, tap)
        kill_and_lose_nothing(world, kreis, towns, port)
    print("passed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(f"FAILED: {failed}")
        sys.exit(1)
