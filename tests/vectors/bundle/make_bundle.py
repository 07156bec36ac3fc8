#!/usr/bin/env python3
"""Writes the vectors of bundles from SPEC.md sections 1 to 3 and 12 alone, without any of our code.

    python3 make_bundle.py > bundle.json
"""
import hashlib
import json
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, ".."), os.path.join(here, "..", "noise")]
import decode  # noqa: E402: uint, Ed25519 points
import make_vectors as noise  # noqa: E402: X25519 and ChaCha20-Poly1305, which have vectors of their own


def labelled(label, *pieces):
    return hashlib.blake2b(label.encode() + b"\0" + b"".join(pieces), digest_size=32).digest()


def uint(n):
    return decode.uint(n)


def text(s):
    return uint(len(s.encode())) + s.encode()


def ed_point(point):
    inverse = pow(point[2], decode.P - 2, decode.P)
    x, y = point[0] * inverse % decode.P, point[1] * inverse % decode.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Author:
    """Ed25519, RFC 8032."""

    def __init__(self, seed):
        h = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        self.prefix = h[32:]
        self.key = ed_point(decode.times(decode.BASE, self.scalar))

    def sign(self, label, data):
        message = label.encode() + b"\0" + data
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % decode.L
        point = ed_point(decode.times(decode.BASE, r))
        h = int.from_bytes(hashlib.sha512(point + self.key + message).digest(), "little") % decode.L
        return point + ((r + h * self.scalar) % decode.L).to_bytes(32, "little")


def secret(n):
    return bytes([n]) * 32


def sealed(kind, recipients, ephemeral, file_key):
    """The clear part, and what seals an inside behind it."""
    public = noise.public(ephemeral)
    clear = b"KIZBNDL1" + bytes([1, kind]) + len(recipients).to_bytes(2, "big") + public
    for recipient in recipients:
        key = labelled("kiz-sync bundle slot v1", noise.x25519(ephemeral, recipient), public, recipient)
        clear += noise.seal(key, 0, b"", file_key)
    outside = labelled("kiz-sync bundle outside v1", clear)
    content = labelled("kiz-sync bundle content v1", file_key, outside)

    def chunks(inside):
        pieces = [inside[i:i + 65536] for i in range(0, len(inside), 65536)] or [b""]
        return b"".join(noise.seal(content, i, bytes([i == len(pieces) - 1]), piece) for i, piece in enumerate(pieces))

    return clear, outside, chunks


def message(kind, body):
    assert len(body) <= 256, "would be packed"
    return uint(kind) + uint(2 * len(body)) + body


def one_run(author):
    log, before = bytes([0x77]) * 32, bytes([0x66]) * 32
    hlc, control = uint(1_794_000_000_000 << 16 | 3), uint(1) + uint(2) + bytes([0xC0]) * 32
    seen, flags, salt = uint(0), uint(0), bytes([0x5A]) * 32
    record, shape, value = uint(1) + bytes([0x44]) * 16, uint(1) + uint(0), uint(1) + uint(9)  # replace field 1 by -5
    nonce = labelled("kiz-sync nonce v1", salt, bytes(4))
    commitment = labelled("kiz-sync value v1", nonce, value + bytes(-len(value) % 32))
    root = labelled("kiz-sync ops v1", uint(1) + record + uint(1) + shape + commitment)
    header = uint(1) + uint(1) + log + uint(5) + before + hlc + control + seen + root + flags
    body = hlc + control + seen + flags + b"\1" + salt + uint(1) + record + uint(1) + shape + value
    signature = author.sign("kiz-sync run v1", labelled("kiz-sync entry v1", header))
    return uint(1) + uint(1) + log + b"\0" + uint(5) + before + uint(1) + body + signature


def exchange():
    sender = Author(secret(7))
    keys = [secret(1), secret(2)]
    recipients = sorted(noise.public(k) for k in keys)
    clear, outside, chunks = sealed(1, recipients, secret(90), secret(91))
    opening = (uint(1) + bytes([0xEE]) * 32 + sender.key + noise.public(secret(5)) + uint(9) + uint(1_794_000_000_000) + uint(8)
               + b"\0" + uint(2) + b"".join(recipients) + uint(3) + uint(1) + uint(2) + bytes([0xC0]) * 32)
    space = text("05554004") + uint(1) + text("")
    head = bytes([1]) * 32 + uint(4) + bytes([2]) * 32
    parts = [(64, opening), (65, space + uint(1) + head), (66, space + uint(1) + bytes([0x99]) * 32 + uint(1) + head + bytes([3]) * 64),
             (10, one_run(sender))]
    inside, covered = b"", outside
    for kind, body in parts:
        inside += message(kind, body)
        covered += kind.to_bytes(4, "big") + len(body).to_bytes(8, "big") + body
    signature = sender.sign("kiz-sync bundle v1", labelled("kiz-sync bundle content hash v1", covered))
    inside += message(67, uint(len(parts)) + signature)
    return {"kind": "exchange", "file": (clear + chunks(inside)).hex(), "recipients": [k.hex() for k in keys],
            "stranger": secret(3).hex(), "sender": sender.key.hex(), "messages": len(parts)}


def join():
    author, kreis, device, psk = Author(secret(8)), secret(1), secret(6), secret(77)
    clear, outside, chunks = sealed(2, [noise.public(kreis)], secret(92), secret(93))
    invite, transport, name = bytes([0x31]) * 16, noise.public(device), "Rathaus Süd"
    statics = noise.x25519(device, noise.public(kreis))
    binding = labelled("kiz-sync join file v1", outside, invite, author.key, transport, name.encode())
    proof = labelled("kiz-sync join file proof v1", psk, statics, binding)
    body = uint(1) + invite + author.key + transport + text(name) + proof + author.sign("kiz-sync bundle v1", binding)
    return {"kind": "join", "file": (clear + chunks(message(68, body))).hex(), "recipients": [kreis.hex()], "stranger": secret(3).hex(),
            "device": device.hex(), "psk": psk.hex(), "pair_psk": labelled("kiz-sync join file psk v1", psk, statics, author.key).hex()}


if __name__ == "__main__":
    print(json.dumps([exchange(), join()], indent=1))
