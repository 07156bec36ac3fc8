#!/usr/bin/python3
"""A second reader of the formats, written from protocol/SPEC.md alone: standard library, none of our code.

  decode.py VECTORS.json...     checks every vector and prints one line for each
  decode.py --dump FILE|-       checks what `kiz dump --json` gives: links, hashes, commitments, signatures
"""
import hashlib
import json
import sys

KINDS_WITH_VALUE = (0, 1)  # replace, add
MODES = ("replace", "add", "remove", "delete", "undo")


def labelled(label: str, data: bytes) -> bytes:
    return hashlib.blake2b(label.encode() + b"\0" + data, digest_size=32).digest()


# ---- canonical bytes (SPEC.md section 2) -----------------------------------------------------------------------------

class Refused(Exception):
    pass


class Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def raw(self, n: int) -> bytes:
        if self.at + n > len(self.data):
            raise Refused("cut short")
        self.at += n
        return self.data[self.at - n:self.at]

    def uint(self) -> int:
        value = shift = 0
        while True:
            byte = self.raw(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    raise Refused("number not in its shortest form")
                if value >= 1 << 64:
                    raise Refused("number too large")
                return value
            shift += 7
            if shift > 63:
                raise Refused("number too large")

    def int(self) -> int:
        value = self.uint()
        return value >> 1 if value % 2 == 0 else -(value >> 1) - 1

    def bool(self) -> bool:
        value = self.uint()
        if value > 1:
            raise Refused("yes/no")
        return value == 1

    def bytes(self) -> bytes:
        return self.raw(self.uint())

    def text(self) -> str:
        return self.bytes().decode("utf-8")

    def optional(self, read):
        return read() if self.bool() else None

    def list(self, read) -> list:
        return [read() for _ in range(self.uint())]

    def value(self):
        tag = self.uint()
        return {0: lambda: None, 1: self.int, 2: self.text, 3: self.bytes}[tag]()

    def between(self, start: int) -> bytes:
        return self.data[start:self.at]

    def end(self):
        if self.at != len(self.data):
            raise Refused("bytes after the end")


def uint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def space(r: Reader) -> dict:
    return {"realm": r.raw(32), "owner": r.text(), "collection": r.uint(), "counterpart": r.text()}


def head(r: Reader) -> tuple:
    return r.raw(32), r.uint(), r.raw(32)


def position(r: Reader) -> tuple:
    return r.uint(), r.uint(), r.raw(32)


# ---- entries and runs (section 3) ------------------------------------------------------------------------------------

def shape(r: Reader) -> dict:
    """One op without its record; `shape` keeps the bytes as they are hashed."""
    start = r.at
    op = {"field": r.uint()}
    bits = r.uint()
    if bits > 31 or bits & 7 > 4:
        raise Refused("op")
    op["mode"] = bits & 7
    if bits & 8:
        op["cells"] = r.list(lambda: (r.raw(32), r.uint()))
        if not op["cells"] or sorted(set(op["cells"])) != op["cells"]:
            raise Refused("cells")
    if bits & 16:
        op["origin"] = (r.raw(32), r.uint(), r.uint())
    op["shape"] = r.between(start)
    return op


def commitment(nonce: bytes, value: bytes) -> bytes:
    return labelled("kiz-sync value v1", nonce + value + b"\0" * (-len(value) % 32))


def op_of(r: Reader, salt: bytes | None, index: int) -> dict:
    op = shape(r)
    if op["mode"] not in KINDS_WITH_VALUE:
        return op
    nonce = None
    if salt is not None:
        nonce = labelled("kiz-sync nonce v1", salt + index.to_bytes(4, "big"))
    elif r.bool():
        nonce = r.raw(32)
    if nonce is None:
        op["commitment"] = r.raw(32)
        return op
    start = r.at
    op["value"] = r.value()
    op["commitment"] = commitment(nonce, r.between(start))
    return op


def body(r: Reader) -> dict:
    start = r.at
    entry = {"hlc": r.uint(), "control": position(r), "seen": r.list(lambda: head(r)), "flags": r.uint(),
             "salt": r.optional(lambda: r.raw(32)), "groups": []}
    index = 0
    for _ in range(r.uint()):
        record = (r.uint(), r.raw(16))
        if entry["groups"] and entry["groups"][-1][0] == record:
            raise Refused("ops of one record")
        ops = []
        for _ in range(r.uint()):
            ops.append(op_of(r, entry["salt"], index))
            index += 1
        entry["groups"].append((record, ops))
    entry["bytes"] = r.between(start)
    return entry


def ops_root(entry: dict) -> bytes:
    out = uint(len(entry["groups"]))
    for (kind, key), ops in entry["groups"]:
        out += uint(kind) + key + uint(len(ops))
        for op in ops:
            out += op["shape"] + op.get("commitment", b"")
    return labelled("kiz-sync ops v1", out)


def entry_hash(entry: dict, log: bytes, seq: int, backlink: bytes) -> bytes:
    epoch, number, control = entry["control"]
    seen = uint(len(entry["seen"])) + b"".join(log_id + uint(n) + name for log_id, n, name in entry["seen"])
    header = (uint(1) + uint(1) + log + uint(seq) + backlink + uint(entry["hlc"]) + uint(epoch) + uint(number) + control +
              seen + ops_root(entry) + uint(entry["flags"]))
    return labelled("kiz-sync entry v1", header)


def genesis(r: Reader) -> dict:
    start = r.at
    out = {"space": space(r), "author": r.raw(32), "incarnation": r.raw(16), "predecessor": r.optional(lambda: head(r)),
           "reason": r.uint()}
    out["log"] = labelled("kiz-sync log v1", r.between(start))
    return out


def run(data: bytes, author: bytes | None = None) -> dict:
    """Decodes a run and checks links, commitments and signature."""
    r = Reader(data)
    version, suite, log = r.uint(), r.uint(), r.raw(32)
    if (version, suite) != (1, 1):
        raise Refused("version")
    born = r.optional(lambda: genesis(r))
    first, before = r.uint(), r.raw(32)
    entries = r.list(lambda: body(r))
    signature = r.raw(64)
    r.end()
    if (first == 1) != (born is not None) or born and (born["log"] != log or before != log):
        raise Refused("genesis")
    hashes, link = [], before
    for place, entry in enumerate(entries):
        link = entry_hash(entry, log, first + place, link)
        hashes.append(link)
    if not verify(born["author"] if born else author, b"kiz-sync run v1\0" + link, signature):
        raise Refused("signature")
    return {"log": log, "genesis": born, "first": first, "before": before, "entries": entries,
            "hashes": hashes}


# ---- control log (section 4) -----------------------------------------------------------------------------------------

def control_record(data: bytes) -> dict:
    r = Reader(data)
    out = {"version": r.uint(), "epoch": r.uint(), "seq": r.uint(), "before": r.raw(32), "time_ms": r.uint(),
           "critical": r.bool(), "kind": r.uint(), "payload": r.bytes()}
    out["hash"] = labelled("kiz-sync control v1", r.between(0))
    out["signature"] = r.raw(64)
    r.end()
    return out


def checkpoint(r: Reader) -> dict:
    """Payload of a checkpoint (section 15): form and the signature of the space's owner."""
    out = {"space": space(r), "schema": r.uint(), "state": r.raw(32), "heads": r.list(lambda: (head(r), r.raw(32)))}
    logs = [log for (log, _, _), _ in out["heads"]]
    if not logs or logs != sorted(set(logs)) or not all(seq for (_, seq, _), _ in out["heads"]):
        raise Refused("heads of a checkpoint")
    claim = labelled("kiz-sync checkpoint v1", r.between(0))
    out["signer"] = r.raw(32)
    if not verify(out["signer"], b"kiz-sync checkpoint v1\0" + claim, r.raw(64)):
        raise Refused("signature of a checkpoint")
    r.end()
    return out


def control_log(records: list[bytes]) -> list[dict]:
    """Decodes a whole control log and checks links, certificates and signatures."""
    out, root, issuing = [], None, None
    for data in records:
        record = control_record(data)
        if record["before"] != (out[-1]["hash"] if out else bytes(32)) or record["seq"] != len(out) + 1:
            raise Refused("control log")
        payload = Reader(record["payload"])
        by_root = record["kind"] in (1, 10)
        if record["kind"] == 1:
            root = payload.raw(32)
        if by_root:
            issuing = payload.raw(32)
            if not verify(root, b"kiz-sync issuing key v1\0" + issuing, payload.raw(64)):
                raise Refused("certificate")
            if record["kind"] == 10:
                last = out[-1]
                if position(payload) != (last["epoch"], last["seq"], last["hash"]) or record["epoch"] <= last["epoch"]:
                    raise Refused("last good record")
        if record["kind"] == 11:
            checkpoint(payload)
        if record["kind"] != 10 and record["epoch"] != (out[-1]["epoch"] if out else 1):
            raise Refused("epoch")
        if not verify(root if by_root else issuing, b"kiz-sync control signature v1\0" + record["hash"], record["signature"]):
            raise Refused("control signature")
        out.append(record)
    return out


# ---- Ed25519 (RFC 8032), slow and plain ------------------------------------------------------------------------------

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def from_y(y: int, sign: int):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = from_y(4 * pow(5, P - 2, P) % P, 0)


def add(a, b):
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(point, n: int):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, point)
        point, n = add(point, point), n >> 1
    return out


def point_of(data: bytes):
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    return from_y(y, number >> 255) if y < P else None


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(BASE, s), add(r, times(a, h))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


# ---- what the vectors and dumps look like ----------------------------------------------------------------------------

def plain(value):
    return value.hex() if isinstance(value, bytes) else value


def check_run(vector: dict) -> str:
    found = run(bytes.fromhex(vector["bytes"]), bytes.fromhex(vector.get("author", "")) or None)
    if [h.hex() for h in found["hashes"]] != vector["hashes"] or found["log"].hex() != vector["log"]:
        raise Refused("hashes differ")
    values = [plain(op["value"]) for entry in found["entries"] for _, ops in entry["groups"] for op in ops if "value" in op]
    if values != vector["values"]:
        raise Refused(f"values differ: {values}")
    return f"{len(found['entries'])} entries"


def check_control(vector: dict) -> str:
    records = control_log([bytes.fromhex(record) for record in vector["records"]])
    if records[0]["hash"].hex() != vector["realm"]:
        raise Refused("realm differs")
    return f"{len(records)} records"


def check_refused(vector: dict) -> str:
    try:
        run(bytes.fromhex(vector["bytes"]))
    except (Refused, KeyError, UnicodeDecodeError) as refused:
        return f"refused: {refused}"
    raise Refused("was accepted")


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def check_sheet(vector: dict) -> str:
    """The emergency sheet (section 8.4), and the keys that are made from its root."""
    digits = "".join(vector["code"].upper().split("-"))[5:].translate(str.maketrans("OIL", "011"))
    bits = "".join(f"{CROCKFORD.index(digit):05b}" for digit in digits)
    data = bytes(int(bits[at:at + 8], 2) for at in range(0, len(bits) - 7, 8))
    realm, root, checksum = data[:32], data[32:64], data[64:]
    if labelled("kiz-sync sheet checksum v1", b"1" + data[:64])[:5] != checksum:
        raise Refused("checksum")
    secret = labelled("kiz-sync pair secret v1", root)
    made = {"realm": realm, "root": root, "transport": labelled("kiz-sync kreis transport v1", root), "pair_secret": secret,
            "pair": labelled("kiz-sync pair v1", secret + bytes.fromhex(vector["device"]))}
    for name, value in made.items():
        if value.hex() != vector[name]:
            raise Refused(f"{name} differs")
    return "realm, root and three keys"


CHECKS = {"run": check_run, "control": check_control, "refused": check_refused, "sheet": check_sheet}


def check_dump(dump: dict) -> int:
    """The document of `kiz dump --json`: {"control": [hex], "runs": [{"author": hex, "bytes": hex}]}."""
    control, entries = check_store(dump)
    print(f"{control} control records, {len(dump['runs'])} runs, {entries} entries: all sound")
    return 0


def check_store(dump: dict) -> tuple[int, int]:
    """Numbers of control records and entries. Runs of a log follow each other in the dump; a fork begins again within it."""
    control = control_log([bytes.fromhex(record) for record in dump["control"]])
    entries, authors, links = 0, {}, {}
    for item in dump["runs"]:
        data, author = bytes.fromhex(item["bytes"]), bytes.fromhex(item["author"])
        found = run(data, author)
        born, log = found["genesis"], found["log"]
        if born is not None:
            authors[log] = born["author"]
            links[log] = {0: {log}}
            if born["space"]["realm"] != control[0]["hash"]:
                raise Refused("a log of another realm")
        if authors.get(log) != author:
            raise Refused("author")
        if found["before"] not in links[log].get(found["first"] - 1, ()):
            raise Refused("backlink")
        for place, name in enumerate(found["hashes"]):
            links[log].setdefault(found["first"] + place, set()).add(name)
        entries += len(found["entries"])
    for entry in dump.get("entries", []):
        if bytes.fromhex(entry["entry"]) not in links[bytes.fromhex(entry["log"])].get(entry["seq"], ()):
            raise Refused("an entry that no run holds")
    return len(control), entries


def main(words: list[str]) -> int:
    if words[:1] == ["--dump"]:
        document = json.load(sys.stdin if words[1] == "-" else open(words[1], encoding="utf-8"))
        return check_dump(document.get("data", document))
    failed = 0
    for path in words:
        for vector in json.load(open(path, encoding="utf-8")):
            try:
                print(f"ok {vector['name']}: {CHECKS[vector['type']](vector)}")
            except Refused as refused:
                failed += 1
                print(f"FAILED {vector['name']}: {refused}")
    return 1 if failed or not words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
