#!/usr/bin/python3
"""Writes packaging/data/municipalities.tsv, the register that libkiz carries inside itself.

usage: generate-register.py NRW_GEMEINDEN.csv NRW_KREISE.csv > packaging/data/municipalities.tsv

Input: the municipalities (columns ags, ars, name_amtlich, name_kurz, art, kreis_ags, einwohner_2019) and the Kreise
(kreis_ags, name, art, sitz) of North Rhine-Westphalia, taken from the Gemeindeverzeichnis of the Federal Statistical
Office. Run it again after a territorial reform; the checks below are the figures of the current one.
"""
import csv
import sys

HEADER = """\
# Municipalities of North Rhine-Westphalia. Population of 31 December 2019.
# Source: Statistisches Bundesamt (Destatis), Gemeindeverzeichnis (GV-Auszug); changed: selected columns, own form.
# Licence: Datenlizenz Deutschland - Namensnennung - Version 2.0, https://www.govdata.de/dl-de/by-2-0
# Written by packaging/generate-register.py; do not edit.
# D  key  name  kind  seat                      a Kreis or kreisfreie Stadt
# M  AGS  ARS  short name  official suffix  kind  population
"""
SPECIAL = {"05334": "Städteregion"}  # in law not a Kreis, though it has the rights of one


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(municipalities_path, districts_path):
    municipalities, districts = rows(municipalities_path), rows(districts_path)
    assert len(municipalities) == 396 and len(districts) == 53, "396 municipalities in 53 Kreise and cities"
    assert len({m["ags"] for m in municipalities}) == 396
    assert {m["ags"][:5] for m in municipalities} == {d["kreis_ags"] for d in districts}
    out = [HEADER]
    for d in sorted(districts, key=lambda d: d["kreis_ags"]):
        name = d["name"].removesuffix(", Stadt")
        kind = SPECIAL.get(d["kreis_ags"], d["art"])
        out.append("\t".join(["D", d["kreis_ags"], name, kind, d["sitz"]]) + "\n")
    for m in sorted(municipalities, key=lambda m: m["ags"]):
        short, official = m["name_kurz"], m["name_amtlich"]
        assert official.startswith(short) and len(m["ags"]) == 8 and len(m["ars"]) == 12
        suffix = official[len(short):].removeprefix(", ").replace("  ", " ")
        fields = ["M", m["ags"], m["ars"], short, suffix, m["art"], str(int(m["einwohner_2019"]))]
        assert not any("\t" in field or "\n" in field for field in fields)
        out.append("\t".join(fields) + "\n")
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
