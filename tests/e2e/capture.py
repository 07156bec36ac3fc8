"""What an observer of the wire sees: tcpdump on the loopback device, its TCP streams put together again."""
import collections
import pathlib
import shutil
import struct
import subprocess
import time


class Capture:
    """Everything that travels over these ports while the block runs."""

    def __init__(self, folder: pathlib.Path, *ports: int):
        self.path = folder / "wire.pcap"
        self.filter = " or ".join(f"tcp port {port}" for port in ports)
        self.tcpdump: subprocess.Popen | None = None

    @staticmethod
    def cannot_run() -> str:
        """Why not; empty: it can."""
        if shutil.which("tcpdump") is None:
            return "tcpdump is not installed"
        asked = subprocess.run(["tcpdump", "-i", "lo", "-d", "tcp"], capture_output=True, text=True, timeout=10, check=False)
        return asked.stderr.strip() if asked.returncode != 0 else ""

    def __enter__(self):
        self.tcpdump = subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-U", "--immediate-mode", "-B", "65536", "-Z", "root", "-w", str(self.path),
                                         self.filter], stderr=subprocess.PIPE, text=True)
        for line in self.tcpdump.stderr:
            if "listening on" in line:
                return self
        raise RuntimeError("tcpdump ended")

    def __exit__(self, *_):
        time.sleep(1)  # what the kernel still holds
        self.tcpdump.terminate()
        self.tcpdump.wait(10)

    def streams(self) -> dict[tuple, bytes]:
        """Bytes of each direction of each connection, in order; a gap ends a stream's piece, nothing is left out."""
        data = self.path.read_bytes()
        order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        link = struct.unpack(order + "I", data[20:24])[0]
        assert link == 1, f"link type {link}"  # loopback looks like Ethernet
        pieces: dict[tuple, dict[int, bytes]] = collections.defaultdict(dict)
        at = 24
        while at + 16 <= len(data):
            length = struct.unpack(order + "I", data[at + 8:at + 12])[0]
            packet = data[at + 30:at + 16 + length]  # behind the Ethernet header
            at += 16 + length
            if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != 6:
                continue
            ip, total = (packet[0] & 15) * 4, struct.unpack(">H", packet[2:4])[0]
            source, target, seq = struct.unpack(">HHI", packet[ip:ip + 8])
            payload = packet[ip + (packet[ip + 12] >> 4) * 4:total or len(packet)]
            if payload:
                pieces[packet[12:20], source, target][seq] = payload
        return {flow: b"".join(payload for _, payload in sorted(parts.items())) for flow, parts in pieces.items()}
