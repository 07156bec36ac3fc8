#!/usr/bin/env python3
"""Writes the Noise vectors of this folder: a second implementation, made from the specification alone.

It shares no line and no library with protocol/: X25519, ChaCha20-Poly1305 and HMAC stand below in plain Python, from
RFC 7748, RFC 8439 and RFC 2104. It is slow and leaks time, so it makes test vectors and nothing else.
All keys are hashes of their own description: nobody uses them, and anyone can make them again.

    python3 make_vectors.py > own.json
"""
import hashlib
import hmac
import json
import struct

SUITE = "25519_ChaChaPoly_BLAKE2b"
EMPTY = b""

PATTERNS = {
    "N": ("", "s", ["e es"]),
    "K": ("s", "s", ["e es ss"]),
    "X": ("", "s", ["e es s ss"]),
    "NN": ("", "", ["e", "e ee"]),
    "NK": ("", "s", ["e es", "e ee"]),
    "NX": ("", "", ["e", "e ee s es"]),
    "KN": ("s", "", ["e", "e ee se"]),
    "KK": ("s", "s", ["e es ss", "e ee se"]),
    "KX": ("s", "", ["e", "e ee se s es"]),
    "XN": ("", "", ["e", "e ee", "s se"]),
    "XK": ("", "s", ["e es", "e ee", "s se"]),
    "XX": ("", "", ["e", "e ee s es", "s se"]),
    "IN": ("", "", ["e s", "e ee se"]),
    "IK": ("", "s", ["e es s ss", "e ee se"]),
    "IX": ("", "", ["e s", "e ee se s es"]),
    "NK1": ("", "s", ["e", "e ee es"]),
    "NX1": ("", "", ["e", "e ee s", "es"]),
    "X1N": ("", "", ["e", "e ee", "s", "se"]),
    "X1K": ("", "s", ["e es", "e ee", "s", "se"]),
    "XK1": ("", "s", ["e", "e ee es", "s se"]),
    "X1K1": ("", "s", ["e", "e ee es", "s", "se"]),
    "X1X": ("", "", ["e", "e ee s es", "s", "se"]),
    "XX1": ("", "", ["e", "e ee s", "es s se"]),
    "X1X1": ("", "", ["e", "e ee s", "es s", "se"]),
    "K1N": ("s", "", ["e", "e ee", "se"]),
    "K1K": ("s", "s", ["e es", "e ee", "se"]),
    "KK1": ("s", "s", ["e", "e ee se es"]),
    "K1K1": ("s", "s", ["e", "e ee es", "se"]),
    "K1X": ("s", "", ["e", "e ee s es", "se"]),
    "KX1": ("s", "", ["e", "e ee se s", "es"]),
    "K1X1": ("s", "", ["e", "e ee s", "se es"]),
    "I1N": ("", "", ["e s", "e ee", "se"]),
    "I1K": ("", "s", ["e es s", "e ee", "se"]),
    "IK1": ("", "s", ["e s", "e ee se es"]),
    "I1K1": ("", "s", ["e s", "e ee es", "se"]),
    "I1X": ("", "", ["e s", "e ee s es", "se"]),
    "IX1": ("", "", ["e s", "e ee se s", "es"]),
    "I1X1": ("", "", ["e s", "e ee s", "se es"]),
}

NAMES = list(PATTERNS) + [
    "XKpsk3", "XXpsk3", "IKpsk1", "IKpsk2", "IKpsk1+psk2", "NNpsk0", "NNpsk0+psk2", "KKpsk0", "XKpsk0+psk3", "Npsk0",
    "Kpsk0", "Xpsk1", "X1K1psk4", "NXpsk0+psk1+psk2", "XXpsk0+psk1+psk2+psk3"]


# ---- X25519, RFC 7748 ------------------------------------------------------------------------------------------------
P = 2**255 - 19


def x25519(scalar, point):
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    x1 = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap != bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(scalar):
    return x25519(scalar, (9).to_bytes(32, "little"))


# ---- ChaCha20-Poly1305, RFC 8439 -------------------------------------------------------------------------------------
def quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = s[x] + s[y] & 0xFFFFFFFF
        v = s[z] ^ s[x]
        s[z] = (v << n | v >> 32 - n) & 0xFFFFFFFF


def chacha_block(key, counter, nonce):
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce))
    s = start[:]
    for _ in range(10):
        for col in range(4):
            quarter(s, col, 4 + col, 8 + col, 12 + col)
        for diag in range(4):
            quarter(s, diag, 4 + (diag + 1) % 4, 8 + (diag + 2) % 4, 12 + (diag + 3) % 4)
    return struct.pack("<16I", *(a + b & 0xFFFFFFFF for a, b in zip(s, start)))


def padded(data):
    return data + bytes(-len(data) % 16)


def seal(key, n, associated, plain):
    nonce = bytes(4) + struct.pack("<Q", n)
    stream = b"".join(chacha_block(key, 1 + i, nonce) for i in range((len(plain) + 63) // 64))
    sealed = bytes(a ^ b for a, b in zip(plain, stream))
    one_time = chacha_block(key, 0, nonce)
    r = int.from_bytes(one_time[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    text = padded(associated) + padded(sealed) + struct.pack("<QQ", len(associated), len(sealed))
    tag = 0
    for i in range(0, len(text), 16):
        tag = (tag + int.from_bytes(text[i:i + 16] + b"\1", "little")) * r % (2**130 - 5)
    tag = (tag + int.from_bytes(one_time[16:32], "little")) % 2**128
    return sealed + tag.to_bytes(16, "little")


# ---- Noise, revision 34 ----------------------------------------------------------------------------------------------
def blake(data):
    return hashlib.blake2b(data).digest()


def hkdf(chaining_key, data, count):
    extracted = hmac.new(chaining_key, data, hashlib.blake2b).digest()
    out, last = [], EMPTY
    for i in range(count):
        last = hmac.new(extracted, last + bytes([i + 1]), hashlib.blake2b).digest()
        out.append(last)
    return out


class Symmetric:
    def __init__(self, name):
        self.h = name + bytes(64 - len(name)) if len(name) <= 64 else blake(name)
        self.ck, self.k, self.n = self.h, None, 0

    def mix_hash(self, data):
        self.h = blake(self.h + data)

    def mix_key(self, data):
        self.ck, key = hkdf(self.ck, data, 2)
        self.k, self.n = key[:32], 0

    def mix_key_and_hash(self, data):
        self.ck, to_hash, key = hkdf(self.ck, data, 3)
        self.mix_hash(to_hash)
        self.k, self.n = key[:32], 0

    def encrypt(self, plain):
        out = plain
        if self.k:
            out = seal(self.k, self.n, self.h, plain)
            self.n += 1
        self.mix_hash(out)
        return out


def secret(label):
    return hashlib.blake2b(b"kiz-sync noise test vector: " + label.encode(), digest_size=32).digest()


def make(name):
    base = name.split("psk")[0]
    modifiers = [int(part[3:]) for part in name[len(base):].split("+") if part]
    pre_i, pre_r, lines = PATTERNS[base]
    lines = [line.split() for line in lines]
    for place in modifiers:
        if place == 0:
            lines[0].insert(0, "psk")
        else:
            lines[place - 1].append("psk")

    full = f"Noise_{name}_{SUITE}"
    prologue = f"KIZSYNC1 {name}".encode()
    keys = {role + kind: secret(f"{name} {role} {kind}") for role in "ir" for kind in "es"}
    psks = [secret(f"{name} psk {i}") for i in range(len(modifiers))]
    uses = {role + "s": pre for role, pre in (("i", pre_i), ("r", pre_r))}
    tokens_of = {"i": sum(lines[0::2], []), "r": sum(lines[1::2], [])}

    state = Symmetric(full.encode())
    state.mix_hash(prologue)
    for pre, role in ((pre_i, "i"), (pre_r, "r")):
        if pre:
            state.mix_hash(public(keys[role + "s"]))

    messages, waiting_psks = [], list(psks)
    for i, line in enumerate(lines):
        role = "ir"[i % 2]
        payload = f"{name}, message {i + 1}".encode() if i else EMPTY
        out = EMPTY
        for token in line:
            if token == "e":
                out += public(keys[role + "e"])
                state.mix_hash(public(keys[role + "e"]))
                if psks:
                    state.mix_key(public(keys[role + "e"]))
            elif token == "s":
                out += state.encrypt(public(keys[role + "s"]))
            elif token == "psk":
                state.mix_key_and_hash(waiting_psks.pop(0))
            else:
                state.mix_key(x25519(keys["i" + token[0]], public(keys["r" + token[1]])))
        out += state.encrypt(payload)
        messages.append({"payload": payload.hex(), "ciphertext": out.hex()})

    first, second = (key[:32] for key in hkdf(state.ck, EMPTY, 2))
    one_way = len(lines) == 1
    sent = {first: 0, second: 0}
    for i in range(4):
        turn = 0 if one_way else (len(lines) + i) % 2
        key = second if turn else first
        payload = f"{name}, after the handshake {i + 1}".encode() if i != 2 else EMPTY
        messages.append({"payload": payload.hex(), "ciphertext": seal(key, sent[key], EMPTY, payload).hex()})
        sent[key] += 1

    vector = {"protocol_name": full}
    for role, long_role, other in (("i", "init", "r"), ("r", "resp", "i")):
        vector[f"{long_role}_prologue"] = prologue.hex()
        if psks:
            vector[f"{long_role}_psks"] = [psk.hex() for psk in psks]
        if uses[role + "s"] or "s" in tokens_of[role]:
            vector[f"{long_role}_static"] = keys[role + "s"].hex()
        if "e" in tokens_of[role]:
            vector[f"{long_role}_ephemeral"] = keys[role + "e"].hex()
        if uses[other + "s"]:
            vector[f"{long_role}_remote_static"] = public(keys[other + "s"]).hex()
    vector["handshake_hash"] = state.h.hex()
    vector["messages"] = messages
    return vector


if __name__ == "__main__":
    print(json.dumps({"source": "make_vectors.py in this folder", "vectors": [make(name) for name in NAMES]}, indent=1))
