#!/usr/bin/python3
"""Drills with real processes: a locked-out device hands in, a store is cloned and put back, the key of the Kreis is stolen,
its node burns down. Nothing acknowledged is lost, nobody enters anything again, a person is told in one sentence.

usage: recovery_test.py SOURCE BINARIES
"""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from kreis import Failed, World, agree, check, free_port

BINARIES = pathlib.Path(sys.argv[2])


def found(world: World, port: int):
    kreis = world.office("kreis")
    sheet = world.folder / "notfallblatt.txt"
    kreis.kiz("einrichten", "--kreis", "Kreis Borken", "--ags", "05554", "--mitglieder", "Ahaus,Bocholt,Gronau",
              "--listen", f"127.0.0.1:{port}", "--adresse", f"127.0.0.1:{port}", "--notfallblatt", str(sheet))
    return kreis.start("--listen", f"127.0.0.1:{port}"), sheet


def offer(office, title: str) -> str:
    return office.data("angebot", "neu", f"titel={title}", "traeger=AWO", "art=beratung")["id"]


def titles(office) -> set[str]:
    return {each["title"] for each in office.data("angebot", "liste")["offers"]}


def alarms(office) -> dict[str, str]:
    return {alarm["code"]: alarm["text"] for alarm in office.data("status")["alarms"]}


def met(office, towns: list, holds, what: str, seconds: float = 120):
    """Waits until `holds`, with the towns calling now and not when their patience is over."""

    def look():
        for town in towns:
            if town.daemon is not None:
                town.kiz("sync")
        return holds()

    office.until(look, what, seconds)


def own_entries(office) -> int:
    own = office.data("status")["member"]
    return sum(space["entries"] for space in office.data("status")["spaces"] if space["owner"] == own)


def hand_in(world: World, kreis, others: list, port: int):
    """A device that is locked out while it was away: its work goes to quarantine, and counts when the Kreis takes it over."""
    laptop = world.join(kreis, "Ahaus", "laptop")
    offer(laptop, "Vor der Sperre")
    agree(kreis, [laptop, *others])
    laptop.kiz("offline")
    offer(laptop, "Unterwegs geschrieben")
    ref = next(device["ref"] for device in kreis.data("geraet", "liste")["devices"] if device["name"] == "laptop")
    kreis.kiz("geraet", "sperren", ref)
    laptop.stop()
    laptop.kiz("online")
    told = laptop.kiz("sync", "--wait", exits=(13,))
    check(told["error"]["code"] == "E_REVOKED", f"told {told['error']}")
    check("W_REVOKED" in alarms(laptop), "the locked-out device is told in its status")
    check("gesperrt" in laptop.text("status"), "and in German")
    held = kreis.data("quarantaene", "liste")
    check(held["states"]["quarantined"] == 1 and len(held["quarantine"]) == 1, f"in quarantine: {held}")
    check("Unterwegs geschrieben" not in titles(kreis), "what is in quarantine does not count")
    shown = kreis.data("quarantaene", "zeigen", held["quarantine"][0]["ref"])
    check(any(change["value"] == "Unterwegs geschrieben" for change in shown["changes_of"][0]["changes"]), "it is shown")
    kreis.text("quarantaene", "liste")
    kreis.text("quarantaene", "zeigen", held["quarantine"][0]["ref"])
    kreis.kiz("quarantaene", "uebernehmen", held["quarantine"][0]["ref"])
    agree(kreis, others)
    for office in [kreis, *others]:
        check({"Vor der Sperre", "Unterwegs geschrieben"} <= titles(office), f"{office.name} has what was taken over")
    check(kreis.data("quarantaene", "liste")["states"]["quarantined"] == 0, "nothing is left in quarantine")
    print("locked out, handed in, taken over", flush=True)


def clone_and_put_back(world: World, kreis, town):
    """One store copied and both running, then an older one put back: both branches stay, and it is said in one sentence."""
    town.stop()
    copy = world.office(town.name + "-kopie")
    shutil.copytree(town.store, copy.store)
    offer(town, "Vom Original")  # both without a network
    offer(copy, "Von der Kopie")
    town.start()
    agree(kreis, [town])
    town.stop()
    copy.start()
    agree(kreis, [copy])
    copy.stop()
    town.start()
    agree(kreis, [town])
    for office in (kreis, town):
        check({"Vom Original", "Von der Kopie"} <= titles(office), f"{office.name} has both branches")
    check("W_FORK" in alarms(kreis) and "W_FORK_OWN" in alarms(town), f"both are told: {alarms(kreis)} {alarms(town)}")
    proofs = kreis.data("verify")["fork_proofs"]
    check(proofs and all(len(proof["branches"]) == 2 for proof in proofs), "both signed heads can be shown")
    check(proofs == town.data("verify")["fork_proofs"] or len(proofs) == len(town.data("verify")["fork_proofs"]), "on both sides")
    for office in (kreis, town):
        forks = office.data("pruefen", exits=(0, 3))["forks"]
        check(len(forks) == len(proofs) and all(len(fork["branches"]) == 2 for fork in forks), f"{office.name}: pruefen finds {forks}")
        shown = office.text("pruefen", exits=(0, 3))
        check("Protokolle mit zwei Zweigen" in shown and "Beweis: Protokoll" in shown, f"{office.name}: pruefen shows the proof: {shown}")

    town.stop()
    backup = world.folder / "sicherung.db"
    shutil.copy(town.store / "store.db", backup)
    town.start()
    offer(town, "Nach der Sicherung")
    agree(kreis, [town])
    town.stop()
    for path in town.store.glob("store.db*"):
        path.unlink()
    shutil.copy(backup, town.store / "store.db")
    offer(town, "Auf dem alten Stand, ohne Netz")
    check("W_RESTORED" in alarms(town), "a store that was put back is told of")
    town.start()
    agree(kreis, [town])
    for office in (kreis, town):
        check({"Nach der Sicherung", "Auf dem alten Stand, ohne Netz"} <= titles(office), f"{office.name} lost nothing")
    check(len(kreis.data("verify")["fork_proofs"]) == len(proofs), "and no further log has forked")
    print("cloned and put back, nothing lost", flush=True)


def key_stolen(world: World, kreis, sheet: pathlib.Path, towns: list, port: int):
    """Two hold the key of the Kreis; the sheet decides."""
    for town in towns[1:]:
        town.stop()
    kreis.stop()
    thief = world.office("dieb")
    shutil.copytree(kreis.store, thief.store)
    thief.start("--listen", f"127.0.0.1:{port}")
    thief.kiz("mitglied", "verlaengern", "Ahaus", "--tage", "3000")
    met(towns[0], towns[:1],
        lambda: thief.data("schluessel", "fingerabdruck")["records"] == towns[0].data("schluessel", "fingerabdruck")["records"],
        "the town has taken the thief's decision")
    offer(towns[0], "Auf dem Zweig des Diebs")
    thief.stop()
    kreis.start("--listen", f"127.0.0.1:{port}")
    kreis.kiz("mitglied", "verlaengern", "Bocholt", "--tage", "900")
    met(kreis, towns[:1], lambda: "W_CONTROL_FORKED" in alarms(kreis), "the Kreis is told")
    met(kreis, towns[:1], lambda: "W_CONTROL_FORKED" in alarms(towns[0]), "the town is told")
    for town in towns[1:]:
        town.start()
    refused = kreis.kiz("mitglied", "verlaengern", "Gronau", exits=(18,))
    check(refused["error"]["code"] == "E_CONTROL_FORKED", f"refused with {refused['error']}")
    offer(towns[1], "Daten fließen weiter")
    met(kreis, towns[1:], lambda: "Daten fließen weiter" in titles(kreis), "data goes on")
    check(kreis.data("schluessel", "notfallblatt", str(sheet))["valid"], "the sheet is the right one")
    opened = kreis.data("einrichten", "--wiederherstellen", "--notfallblatt", str(sheet))
    check(opened["epoch"] == 2, f"opened {opened}")
    agree(kreis, towns)
    for office in [kreis, *towns]:
        check({"Auf dem Zweig des Diebs", "Daten fließen weiter"} <= titles(office), f"{office.name} has all work")
        check("W_CONTROL_FORKED" not in alarms(office), f"{office.name} is calm again")
    kreis.kiz("mitglied", "verlaengern", "Gronau")
    print("key stolen, epoch opened", flush=True)


def node_burnt(world: World, kreis, sheet: pathlib.Path, towns: list, port: int):
    """The node of the Kreis is gone for good; paper and members bring it back."""
    agree(kreis, towns)
    before, entries, offers = kreis.hashes(), [own_entries(town) for town in towns], titles(kreis)
    kreis.stop(9)
    shutil.rmtree(kreis.store)
    again = world.office("kreis-neu")
    again.kiz("einrichten", "--wiederherstellen", "--notfallblatt", str(sheet), "--listen", f"127.0.0.1:{port}", "--adresse",
              f"127.0.0.1:{port}")
    again.start("--listen", f"127.0.0.1:{port}")
    met(again, towns, lambda: again.data("schluessel", "fingerabdruck")["records"] > 0, "a town brings the list of members")
    opened = again.data("einrichten", "--wiederherstellen", "--notfallblatt", str(sheet))
    check(opened["epoch"] == 3 and opened["device_granted"], f"opened {opened}")
    agree(again, towns, 180)
    again.until(lambda: again.hashes() == before, "the same state as before", 60)
    check(titles(again) == offers, "the same offers")
    check([own_entries(town) for town in towns] == entries, "no member has entered anything again")
    check(again.data("verify", "--neu")["ok"], "all of it verifies")
    again.kiz("geraet", "sperren", opened["old_devices"][0])
    agree(again, towns)
    fresh = world.join(again, "Gronau", "gronau-neu")  # an office whose machine died has its own back too
    agree(again, [fresh, *towns])
    check(titles(fresh) == offers, "a new device of a town has what its town had")
    print("node burnt and rebuilt", flush=True)


def main() -> int:
    with World(BINARIES) as world:
        port = free_port()
        kreis, sheet = found(world, port)
        towns = [world.join(kreis, name, name.lower()) for name in ("Ahaus", "Bocholt", "Gronau")]
        for town in towns:
            offer(town, f"Sprachcafé {town.name}")
            town.kiz("zahlen", "eintragen", "2026-01", "arrived:school_type=grundschule,age_band=6-9=6")
        agree(kreis, towns)
        for word in ("offline", "online"):  # a new session brings a receipt at once, one that lasts within a minute
            towns[0].kiz(word)
        towns[0].until(lambda: towns[0].data("status")["receipts"], "the Kreis gives receipts")
        hand_in(world, kreis, towns, port)
        clone_and_put_back(world, kreis, towns[1])
        key_stolen(world, kreis, sheet, towns, port)
        node_burnt(world, kreis, sheet, towns, port)
    print("passed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(f"FAILED: {failed}")
        sys.exit(1)
