#!/usr/bin/env python3
"""Writes the vector of a whole connection, from SPEC.md sections 7 and 8 alone, without any of our code.

    python3 make_link.py > link.json
"""
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "noise"))
import make_vectors as noise  # noqa: E402: the primitives and the handshake, which have vectors of their own

REKEY_AFTER_FRAMES = 3  # instead of 65536, so that the vector stays short


def labelled(label, *pieces):
    return hashlib.blake2b(label.encode() + b"\0" + b"".join(pieces), digest_size=32).digest()


def key(name):
    return noise.secret("link " + name)


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def message(kind, body):
    return varint(kind) + varint(2 * len(body)) + body


def with_length(data):
    return len(data).to_bytes(2, "big") + data


class Sender:
    def __init__(self, k):
        self.k, self.n, self.frames = k, 0, 0

    def frame(self, piece):
        out = with_length(noise.seal(self.k, self.n, b"", piece))
        self.n += 1
        self.frames += 1
        if self.frames == REKEY_AFTER_FRAMES:
            self.k = noise.seal(self.k, 2**64 - 1, b"", bytes(32))[:32]
            self.frames = 0
        return out


realm, invite_secret = key("realm"), key("invite secret")[:16]
i_static, i_ephemeral, r_static, r_ephemeral = (key(n) for n in ("initiator static", "initiator ephemeral",
                                                                 "responder static", "responder ephemeral"))
psk = key("psk")
preface = (b"KIZSYNC1" + bytes([1, 1, 3, 0]) + labelled("kiz-sync realm hint v1", realm)[:8]
           + labelled("kiz-sync invite proof v1", invite_secret, noise.public(i_ephemeral))[:16] + bytes(16))
preface += labelled("kiz-sync call v1", noise.public(r_static), preface, noise.public(i_ephemeral))[:16]

# The same caller at a responder that is busy: a challenge, and the opening of the second try up to its message 1.
cookie, second_ephemeral = key("cookie")[:16], noise.public(key("second ephemeral"))
second_preface = (preface[:20] + labelled("kiz-sync invite proof v1", invite_secret, second_ephemeral)[:16] + cookie)
second_preface += labelled("kiz-sync call v1", noise.public(r_static), second_preface, second_ephemeral)[:16]

state = noise.Symmetric(b"Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b")
state.mix_hash(preface)
state.mix_hash(noise.public(r_static))


def ephemeral(e):
    state.mix_hash(noise.public(e))
    state.mix_key(noise.public(e))
    return noise.public(e)


first = ephemeral(i_ephemeral)
state.mix_key(noise.x25519(i_ephemeral, noise.public(r_static)))
first += state.encrypt(b"")
second = ephemeral(r_ephemeral)
state.mix_key(noise.x25519(i_ephemeral, noise.public(r_ephemeral)))
second += state.encrypt(b"")
third = state.encrypt(noise.public(i_static))
state.mix_key(noise.x25519(i_static, noise.public(r_ephemeral)))
state.mix_key_and_hash(psk)
third += state.encrypt(b"")
k1, k2 = (k[:32] for k in noise.hkdf(state.ck, b"", 2))

frames = []
for sender, role in ((Sender(k1), "initiator"), (Sender(k2), "responder")):
    for i in range(5):
        bodies = [f"{role} {i}.{j}".encode() for j in range(i + 1)]
        frames.append({"from": role, "messages": [{"kind": 128 * i + 1, "body": b.hex()} for b in bodies],
                       "frame": sender.frame(b"".join(message(128 * i + 1, b) for b in bodies)).hex()})

print(json.dumps({
    "source": "make_link.py in this folder",
    "rekey_after_frames": REKEY_AFTER_FRAMES,
    "realm": realm.hex(), "invite_secret": invite_secret.hex(), "versions": [1, 3], "psk": psk.hex(),
    "initiator_static": i_static.hex(), "initiator_ephemeral": i_ephemeral.hex(),
    "responder_static": r_static.hex(), "responder_ephemeral": r_ephemeral.hex(),
    "initiator_opens_with": (preface + with_length(first)).hex(),
    "cookie": cookie.hex(), "second_ephemeral": key("second ephemeral").hex(),
    "responder_challenges": (bytes([0, 0, 255, 255]) + cookie).hex(),
    "initiator_opens_again_with": second_preface.hex(),
    "responder_answers": with_length(second).hex(),
    "initiator_ends_with": with_length(third).hex(),
    "handshake_hash": state.h.hex(),
    "member_psk_epoch_7": labelled("kiz-sync member psk v1", psk, (7).to_bytes(8, "big"),
                                   *sorted([noise.public(i_static), noise.public(r_static)])).hex(),
    "frames": frames,
}, indent=1))
