#!/usr/bin/python3
"""The second decoder on what a real daemon gives of its store, and on the same with one mistake planted at a time."""
import copy
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "daemon")]
import decode  # noqa: E402
from kizd import Realm, run  # noqa: E402

OFFERS = 300  # more than one run holds


def flipped(text: str, at: int) -> str:
    data = bytearray(bytes.fromhex(text))
    data[at] ^= 1
    return data.hex()


def refusal(dump: dict) -> str | None:
    try:
        decode.check_store(dump)
    except (decode.Refused, KeyError, UnicodeDecodeError) as refused:
        return str(refused)
    return None


def place_of(data: bytes, part: bytes) -> int:
    assert part in data, "the run holds what is to be changed"
    return data.index(part)


def a_real_store_is_sound_and_each_planted_mistake_is_found():
    with Realm() as realm:
        realm.set_up()
        for number in range(OFFERS):
            realm.kreis.offer(f"Treffpunkt {number}")
        dump = realm.kreis.ask("dump")
    control, entries = decode.check_store(dump)
    assert control == len(dump["control"]) and entries == len(dump["entries"]) >= OFFERS, (control, entries)
    second = next(i for i, item in enumerate(dump["runs"]) if decode.run(
        bytes.fromhex(item["bytes"]), bytes.fromhex(item["author"]))["first"] > 1)
    raw = bytes.fromhex(dump["runs"][second]["bytes"])
    found = decode.run(raw, bytes.fromhex(dump["runs"][second]["author"]))

    def with_run(at: int):
        out = copy.deepcopy(dump)
        out["runs"][second]["bytes"] = flipped(out["runs"][second]["bytes"], at)
        return out

    # Value, salt and backlink go into the hash that is signed; so each of them shows as a signature that does not fit.
    planted = {
        "a value": (with_run(place_of(raw, b"Treffpunkt")), "signature"),
        "a salt": (with_run(place_of(raw, found["entries"][0]["salt"])), "signature"),
        "the last salt": (with_run(place_of(raw, found["entries"][-1]["salt"])), "signature"),
        "a backlink": (with_run(place_of(raw, found["before"])), "signature"),
        "a signature": (with_run(len(raw) - 64), "signature"),
        "the other half of a signature": (with_run(len(raw) - 1), "signature"),
    }
    control_changed = copy.deepcopy(dump)
    control_changed["control"][1] = flipped(control_changed["control"][1], 20)
    planted["a control record"] = (control_changed, "control")
    for what, at in (("its signature", -1), ("a certificate", None)):
        changed = copy.deepcopy(dump)
        record = bytes.fromhex(changed["control"][0])
        payload = decode.control_record(record)["payload"]
        changed["control"][0] = flipped(changed["control"][0], len(record) - 1 if at else record.index(payload) + 64)
        planted[what] = (changed, "control signature" if at else "certificate")
    shown = copy.deepcopy(dump)
    shown["entries"][0]["entry"] = "00" * 32
    planted["a readable entry that no run holds"] = (shown, "an entry that no run holds")
    stranger = copy.deepcopy(dump)
    stranger["runs"][0]["author"] = "11" * 32
    planted["the author of a run"] = (stranger, "author")

    said = {what: refusal(bad) or "accepted" for what, (bad, _) in planted.items()}
    missed = [(what, said[what]) for what, (_, why) in planted.items() if why not in said[what]]
    assert not missed, missed
    print(f"      {len(dump['runs'])} runs, {entries} entries, {len(planted)} planted mistakes found")


def runs_in_another_order_or_with_a_gap_are_no_chain():
    with Realm() as realm:
        realm.set_up()
        for number in range(2 * 256 + 1):
            realm.kreis.offer(f"Treffpunkt {number}")
        dump = realm.kreis.ask("dump")
    of_log = [i for i, item in enumerate(dump["runs"]) if item["last_seq"] > 256]
    assert len(of_log) >= 2, [item["last_seq"] for item in dump["runs"]]
    gap = copy.deepcopy(dump)
    del gap["runs"][of_log[0]]
    assert refusal(gap) == "backlink", refusal(gap)
    turned = copy.deepcopy(dump)
    turned["runs"][of_log[0]], turned["runs"][of_log[1]] = turned["runs"][of_log[1]], turned["runs"][of_log[0]]
    assert refusal(turned) == "backlink", refusal(turned)


sys.exit(run([a_real_store_is_sound_and_each_planted_mistake_is_found, runs_in_another_order_or_with_a_gap_are_no_chain]))
