#!/usr/bin/python3
"""The main job on real input: a Kreis node and its municipalities, real processes, real data, totals from the files.

usage: real_kreis_test.py SOURCE BINARIES
"""
import csv
import pathlib
import sys
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from kreis import SKIPPED, Failed, World, agree, check, decoded, free_port, real_data

SOURCE, BINARIES = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
YEARS = {2016: "bamf_asyl_2016_alle_monate.csv", 2017: "bamf_asyl_2017_alle_monate.csv"}


def mapping(world, name: str, label: str, **rows) -> str:
    """A shipped mapping that takes only some of the rows, as an office would write it."""
    text = (SOURCE / "packaging/mappings" / f"{name}.toml").read_text()
    lines = "".join(f"{key} = {value}\n" for key, value in rows.items())
    text = text.replace("[rows]\n", "[rows]\n" + lines, 1) if "[rows]\n" in text else text + "\n[rows]\n" + lines
    path = world.folder / f"{label}.toml"
    path.write_text(text)
    return str(path)


def bamf_rows(data: pathlib.Path):
    """(index over both files, month, Destatis key, applications)"""
    index = 0
    for name in YEARS.values():
        with open(data / "counts" / name, newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                yield index, f"{row[0][:4]}-{row[0][4:]}", row[2], int(row[3])
                index += 1


def register(data: pathlib.Path, kreis: str) -> list[tuple[str, str]]:
    with open(data / "nrw/nrw_gemeinden.csv", newline="", encoding="utf-8") as file:
        rows = [(row["ags"], row["name_kurz"]) for row in csv.DictReader(file) if row["kreis_ags"] == kreis]
    return sorted(rows)


def totals_of(office, month: str) -> dict[str, int]:
    report = office.data("bericht", "monat", month, "--fuer", "intern")
    return {total["measure"]: total["value"] for total in report["measures"]}


def import_offers(world, data: pathlib.Path, towns: list) -> int:
    """The three real collections, row i to town i mod n; what was imported is counted from the files."""
    files = {"integreat-seiten": "integreat_seiten_augsburg_muenchen.csv", "helferkreise": "helferkreise_muenchen.csv",
             "dcyf": "sf_dcyf_programme_2013.csv"}
    imported = 0
    for name, file in files.items():
        for place, town in enumerate(towns):
            rows = mapping(world, name, f"{name}-{place}", modulo=len(towns), remainder=place)
            done = town.data("angebot", "importieren", str(data / "offers" / file), "--zuordnung", rows)
            imported += done["new"]
            again = town.data("angebot", "importieren", str(data / "offers" / file), "--zuordnung", rows)
            check(again["new"] == 0 and again["changed"] == 0, f"{name}: importing twice changes something: {again}")
    return imported


def import_counts(world, data: pathlib.Path, towns: list):
    offset = 0
    for name in YEARS.values():
        path = data / "counts" / name
        for place, town in enumerate(towns):
            rows = mapping(world, "bamf", f"bamf-{place}-{offset}", modulo=len(towns), remainder=place, offset=offset)
            town.kiz("zahlen", "importieren", str(path), "--zuordnung", rows)
        with open(path, newline="", encoding="utf-8") as file:
            offset += sum(1 for _ in csv.reader(file))


def check_totals(kreis, data: pathlib.Path):
    expected = Counter()
    for _, month, _, applications in bamf_rows(data):
        expected[month] += applications
    for month in ("2016-01", "2016-08", "2017-12", "2017-03"):
        found = totals_of(kreis, month).get("registered")
        check(found == expected[month], f"{month}: {found} registered, the files say {expected[month]}")


def decide(kreis, towns: list, pairs: list[tuple]):
    paper = kreis.world.folder / "konzept.txt"
    paper.write_text("Integrationskonzept, Entwurf\n")
    subject = kreis.data("einvernehmen", "gegenstand", "neu", "--art", "concept", "--titel", "Konzept", "--datei", str(paper))
    agree(kreis, towns + [second for _, second in pairs])
    words = ["--beschluss", "2026-11-01", "--gremium", "rat", "--aktenzeichen", "0448/2026"]
    for first, second in pairs:  # two offices of one town that have not heard of each other
        first.kiz("offline"), second.kiz("offline")
        first.kiz("einvernehmen", "erteilen", *words)
        second.kiz("einvernehmen", "verweigern", *words, "--grund", "zu teuer")
    disputed = {first.name for first, _ in pairs}
    for town in towns:
        if town.name not in disputed:
            town.kiz("einvernehmen", "erteilen", *words)
    for first, second in pairs:
        first.kiz("online"), second.kiz("online")
    agree(kreis, towns + [second for _, second in pairs])
    return subject


def main() -> int:
    shared = real_data(SOURCE)
    if shared is None:
        print("SKIPPED: end to end on real data, KIZ_REAL_DATA is missing")
        return SKIPPED
    data = shared / "data"
    members = register(data, "05554")
    check(len(members) == 17, f"Kreis Borken has {len(members)} municipalities")
    with World(BINARIES) as world:
        kreis = world.found("Kreis Borken", "05554", free_port())
        towns = [world.join(kreis, ags, ags) for ags, _ in members]
        pairs = [(towns[0], world.join(kreis, members[0][0], members[0][0] + "-2")),
                 (towns[4], world.join(kreis, members[4][0], members[4][0] + "-2"))]
        offices = towns + [second for _, second in pairs]
        print(f"{len(offices)} offices have joined", flush=True)

        away = towns[5:10]
        for town in away:
            town.kiz("offline")
        imported = import_offers(world, data, towns)
        import_counts(world, data, towns)
        for town in away:
            town.kiz("angebot", "neu", f"titel=Ohne Netz {town.name}", "traeger=Caritas", "art=treffpunkt")
            check(town.data("status")["pending"] > 0, "an edit made offline is not pending")
        kreis.kiz("zahlen", "importieren", str(data / "counts/kreis_borken_herkunftslaender_2013_2021.csv"), "--zuordnung",
                  "kreis-borken-herkunft")
        for town in away:
            town.kiz("online")
        agree(kreis, offices)
        print("all agree after five towns were away", flush=True)

        expected = 277 + 50 + 609
        check(imported == expected, f"{imported} offers imported, the files have {expected}")
        listed = kreis.data("angebot", "liste")["total"]
        check(listed == expected + len(away), f"the Kreis lists {listed} offers")
        check_totals(kreis, data)
        foreign = [space for space in towns[0].hashes() if space.endswith("/counts") and not space.startswith(members[0][0])]
        check(not foreign, f"a town holds counts of others: {foreign}")
        print(f"totals are those of the files; {listed} offers everywhere", flush=True)

        subject = decide(kreis, towns, pairs)
        report = kreis.data("bericht", "einvernehmen")
        states = Counter(row["state"] for row in report["subjects"][0]["members"])
        check(states["disputed"] == 2 and states["granted"] == 15, f"consents: {states}")
        shown = kreis.text("bericht", "einvernehmen")
        check("strittig" in shown and "15 von 17" in shown, f"the report does not say it:\n{shown}")
        print(f"{subject['ref']}: 15 of 17 granted, 2 disputed", flush=True)

        for office in (kreis, towns[0], pairs[1][1]):
            verified = office.data("verify", "--neu")
            check(verified["ok"], f"{office.name}: {verified}")
        exported = decoded(kreis.data("angebot", "exportieren", "--format", "hsds")["file"])
        check(len(exported) > 100_000, "the export is too small")
        for office in world.offices:
            check(office.stop() == 0, f"{office.name} did not end cleanly")

        for key, name in (("05334002", "Stadt Aachen"), ("05111000", "Stadt Düsseldorf")):
            city = world.found(name, key, free_port(), label=key)
            done = city.data("zahlen", "importieren", str(data / "counts/nrw_seiteneinsteiger_veroeffentlicht.csv"),
                             "--zuordnung", "nrw-seiteneinsteiger")
            check(done["new"] > 0, f"{name}: nothing imported: {done}")
            city.stop()
    print("passed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(f"FAILED: {failed}")
        sys.exit(1)
