#!/usr/bin/python3
"""Opens bundles from SPEC.md section 12 alone: standard library, none of our code.

  read_bundle.py VECTORS.json        opens every vector with every recipient's key, verifies all of it
  read_bundle.py --outside FILE      the clear part of a bundle, which needs no key
"""
import hashlib
import json
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(here, ".."), os.path.join(here, "..", "noise")]
import decode  # noqa: E402: canonical bytes, runs, Ed25519
import make_vectors as noise  # noqa: E402: X25519 and ChaCha20-Poly1305, which have vectors of their own

CHUNK = 65536
KINDS = {3: 2, 10: 5, 64: 1, 65: 3, 66: 4, 67: 6, 68: 7}


class Refused(Exception):
    pass


def labelled(label: str, *pieces: bytes) -> bytes:
    return hashlib.blake2b(label.encode() + b"\0" + b"".join(pieces), digest_size=32).digest()


def unseal(key: bytes, number: int, associated: bytes, sealed: bytes) -> bytes:
    if len(sealed) < 16:
        raise ValueError("too short")
    opened_bytes = noise.seal(key, number, associated, sealed[:-16])[:-16]  # the stream cipher is its own inverse
    if noise.seal(key, number, associated, opened_bytes) != sealed:
        raise ValueError("does not open")
    return opened_bytes


def outside(data: bytes) -> dict:
    if data[:8] != b"KIZBNDL1":
        raise Refused("not a bundle")
    if data[8] != 1 or data[9] not in (1, 2):
        raise Refused("another version")
    count = int.from_bytes(data[10:12], "big")
    if not 1 <= count <= 1024 or len(data) < 44 + 48 * count:
        raise Refused("recipients")
    size = 44 + 48 * count
    return {"kind": {1: "exchange", 2: "join"}[data[9]], "recipients": count, "ephemeral": data[12:44],
            "slots": [data[44 + 48 * i:92 + 48 * i] for i in range(count)], "size": size,
            "hash": labelled("kiz-sync bundle outside v1", data[:size]),
            "chunks": (max(len(data) - size, 1) + CHUNK + 15) // (CHUNK + 16)}


def opened(data: bytes, own: bytes) -> tuple[dict, bytes]:
    head = outside(data)
    shared = noise.x25519(own, head["ephemeral"])
    key = labelled("kiz-sync bundle slot v1", shared, head["ephemeral"], noise.public(own))
    for slot in head["slots"]:
        try:
            file_key = unseal(key, 0, b"", slot)
            break
        except ValueError:
            continue
    else:
        raise Refused("for others")
    content = labelled("kiz-sync bundle content v1", file_key, head["hash"])
    inside, at, number = b"", head["size"], 0
    while True:
        piece = data[at:at + CHUNK + 16]
        at += len(piece)
        last = at == len(data)
        inside += unseal(content, number, bytes([last]), piece)
        number += 1
        if last:
            return head, inside


def messages(inside: bytes):
    reader = decode.Reader(inside)
    while reader.at < len(inside):
        kind, length = reader.uint(), reader.uint()
        if length % 2:
            raise Refused("packed: the standard library has no zstd")
        yield kind, reader.raw(length // 2)


def exchange(vector: dict, head: dict, inside: bytes) -> str:
    content = hashlib.blake2b(b"kiz-sync bundle content hash v1\0" + head["hash"], digest_size=32)
    count, stage, runs, sender = 0, 0, 0, b""
    for kind, body in messages(inside):
        assert KINDS[kind] >= stage and (stage == 0) == (kind == 64), "order"
        stage = KINDS[kind]
        reader = decode.Reader(body)
        if kind == 64:
            assert reader.uint() == 1
            reader.raw(32)
            sender = reader.raw(32)
            reader.raw(32)
            number, _, builds_on = reader.uint(), reader.uint(), reader.uint()
            assert builds_on < number and not reader.bool()
            recipients = [reader.raw(32) for _ in range(reader.uint())]
            assert recipients == sorted(noise.public(bytes.fromhex(r)) for r in vector["recipients"])
            reader.uint()
            decode.position(reader)
            reader.end()
        if kind == 10:
            decode.run(body, sender)
            runs += 1
        if kind == 67:
            assert reader.uint() == count
            assert decode.verify(sender, b"kiz-sync bundle v1\0" + content.digest(), reader.raw(64)), "signature"
            reader.end()
            break
        content.update(kind.to_bytes(4, "big") + len(body).to_bytes(8, "big") + body)
        count += 1
    assert stage == 6 and sender.hex() == vector["sender"] and count == vector["messages"]
    return f"{count} messages, {runs} runs, signed"


def join(vector: dict, head: dict, inside: bytes, own: bytes) -> str:
    (kind, body), = messages(inside)
    assert kind == 68
    reader = decode.Reader(body)
    assert reader.uint() == 1
    invite, author, transport = reader.raw(16), reader.raw(32), reader.raw(32)
    device = reader.text()
    proof, signature = reader.raw(32), reader.raw(64)
    reader.end()
    psk = bytes.fromhex(vector["psk"])
    statics = noise.x25519(own, transport)
    binding = labelled("kiz-sync join file v1", head["hash"], invite, author, transport, device.encode())
    assert proof == labelled("kiz-sync join file proof v1", psk, statics, binding), "proof"
    assert decode.verify(author, b"kiz-sync bundle v1\0" + binding, signature), "signature"
    assert vector["pair_psk"] == labelled("kiz-sync join file psk v1", psk, statics, author).hex()
    return f"answer of {device}, proven and signed"


def check(vector: dict) -> str:
    data = bytes.fromhex(vector["file"])
    try:
        opened(data, bytes.fromhex(vector["stranger"]))
        raise AssertionError("a stranger opens it")
    except Refused:
        pass
    for recipient in vector["recipients"]:
        own = bytes.fromhex(recipient)
        head, inside = opened(data, own)
        said = exchange(vector, head, inside) if vector["kind"] == "exchange" else join(vector, head, inside, own)
    for changed in (data[:-1], data + b"\0", data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]):
        try:
            opened(changed, own)
            raise AssertionError("a changed one opens")
        except ValueError:
            pass
    return said


def main(words: list[str]) -> int:
    if words[:1] == ["--outside"]:
        with open(words[1], "rb") as file:
            head = outside(file.read())
        print(json.dumps({"kind": head["kind"], "recipients": head["recipients"], "ephemeral": head["ephemeral"].hex(),
                          "outside_hash": head["hash"].hex(), "chunks": head["chunks"]}))
        return 0
    for path in words:
        with open(path, encoding="utf-8") as file:
            for vector in json.load(file):
                print(f"ok: {vector['kind']}: {check(vector)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
