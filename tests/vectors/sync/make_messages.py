#!/usr/bin/env python3
"""Writes one message of each kind, and the two digests, from SPEC.sync.md sections 9 and 11 alone, without our code.

    python3 make_messages.py > messages.json
"""
import hashlib
import json


def uint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def fixed(size, n):
    return bytes([n]) * size


def text(value):
    return uint(len(value.encode())) + value.encode()


def blob(value):
    return uint(len(value)) + value


def items(*encoded):
    return uint(len(encoded)) + b"".join(encoded)


def labelled(label, content):
    return hashlib.blake2b(label.encode() + b"\0" + content, digest_size=32).digest()


def position(seq):
    return uint(1) + uint(seq) + fixed(32, 2)


def space(owner, collection, counterpart=""):
    return text(owner) + uint(collection) + text(counterpart)


def cell(entry, op):
    return fixed(32, entry) + uint(op)


def head(log, seq):
    return fixed(32, log) + uint(seq) + fixed(32, seq)


OFFERS = space("05554004", 1)
OFFERS_FOR_KREIS = space("05554004", 1, "05554")
ASKS, MORE, COVERS = 2, 1, 4
CLAIM = fixed(32, 9) + OFFERS + uint(1) + fixed(32, 3) + items(head(1, 2) + fixed(32, 5), head(2, 1) + fixed(32, 6))

MESSAGES = [
    (1, "hello", uint(1) + uint(5) + fixed(32, 1) + position(9) + fixed(32, 3) + fixed(16, 4) + uint(4 << 20)),
    (2, "position", position(9) + fixed(32, 3)),
    (3, "control records", items(blob(fixed(3, 1)), blob(fixed(200, 2)))),
    (4, "control proof", blob(fixed(5, 1))),
    (5, "own heads wanted", b""),
    (6, "own heads", items(head(1, 2) + fixed(64, 1), head(2, 2) + fixed(64, 1))),
    (7, "digests", items(OFFERS + fixed(16, 1), OFFERS_FOR_KREIS + fixed(16, 2))),
    (8, "frontier that asks", OFFERS + uint(MORE | ASKS) + items(head(1, 2), head(1, 3), head(2, 1))),
    (8, "frontier that covers", OFFERS + uint(COVERS) + items()),
    (9, "samples", OFFERS + fixed(32, 1) + b"\1" + items(uint(1) + fixed(32, 1), uint(300) + fixed(32, 2))),
    (11, "ack", uint(7) + items(uint(5) + uint(12), uint(6) + uint(0))),
    (12, "quiet with a summary", uint(3) + uint(1) + b"\0" + b"\1" + fixed(32, 1)),
    (12, "quiet that matches", uint(3) + uint(1) + b"\1" + b"\0"),
    (13, "refused", OFFERS_FOR_KREIS + uint(14)),
    (14, "close", uint(17)),
    (128, "ping", b""),
    (129, "pong", b""),
    (132, "receipt", OFFERS + uint(300) + items(head(1, 2), head(2, 1)) + fixed(32, 1) + fixed(64, 2)),
    (133, "values wanted", OFFERS + items(cell(1, 2), cell(1, 300))),
    (134, "values", OFFERS + b"\1" + items(cell(1, 2) + b"\1" + fixed(32, 3) + uint(2) + text("Sprachcafé"),
                                           cell(1, 300) + b"\0" + fixed(32, 4) + uint(1) + uint(9))),
    (135, "checkpoint wanted", CLAIM),
    (136, "checkpoint signed", CLAIM + fixed(32, 7) + fixed(64, 8)),
    (137, "states", position(9) + uint(1) + fixed(16, 3) + items(OFFERS + fixed(16, 1) + fixed(32, 2),
                                                                 OFFERS_FOR_KREIS + fixed(16, 4) + fixed(32, 5))),
    (138, "proven heads", items(OFFERS + head(1, 2) + fixed(64, 1), OFFERS_FOR_KREIS + head(2, 1) + fixed(64, 2))),
    (32, "join request", uint(1) + fixed(32, 1) + text("Büro 1") + fixed(64, 2)),
    (33, "join waiting", b""),
    (34, "join accepted", text("05554004") + position(9) + fixed(32, 7)),
    (35, "join refused", uint(30)),
    (36, "join acknowledged", position(9)),
    (130, "realm secret wanted", b""),
    (131, "realm secret", uint(300) + fixed(32, 7)),
]

SUMMARY = labelled("kiz-sync summary v1", items(OFFERS + fixed(32, 1), OFFERS_FOR_KREIS + fixed(32, 2)))
OWN_HEADS = labelled("kiz-sync own heads v1", items(head(1, 2), head(1, 3), head(2, 1)))[:16]
RECEIPT = labelled("kiz-sync receipt v1", fixed(32, 9) + OFFERS + uint(300) + items(head(1, 2), head(2, 1)))
CODE = int.from_bytes(labelled("kiz-sync confirmation code v1", fixed(64, 7))[:8], "big") % 1_000_000

print(json.dumps({
    "source": "make_messages.py in this folder",
    "messages": [{"kind": kind, "name": name, "body": body.hex()} for kind, name, body in MESSAGES],
    "summary": SUMMARY.hex(),
    "summary_of_nothing": labelled("kiz-sync summary v1", items()).hex(),
    "own_heads": OWN_HEADS.hex(),
    "receipt": RECEIPT.hex(),
    "checkpoint": labelled("kiz-sync checkpoint v1", CLAIM).hex(),
    "confirmation_code": f"{CODE:06}",
}, indent=1, ensure_ascii=False))
