#!/usr/bin/python3
"""Holds five core paths to what they cost when guard.json was written: instructions, allocations, bytes; no clock.

    guard.py KIZ_BENCH            exits with 1 where a figure has left its margin, with 77 without valgrind
    guard.py KIZ_BENCH --update   writes guard.json anew; say in the commit why a figure went up

A figure that fell is reported; beyond twice its margin it fails, too: until guard.json follows, all that was won could be lost
again and nobody would be told.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BASELINE = pathlib.Path(__file__).with_name("guard.json")
SKIPPED = 77
MARGIN = {"instructions": 0.05, "allocations": 0.03, "bytes": 0.02}  # keys and salts are drawn: trees and lengths differ a little


def instructions(bench: str, folder: str) -> tuple[dict, dict]:
    out = pathlib.Path(folder) / "callgrind"
    ran = subprocess.run(["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", bench, "paths", "--folder", folder],
                         capture_output=True, text=True, check=True)
    shown = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)], capture_output=True, text=True, check=True)
    counts = {}
    for line in shown.stdout.splitlines():
        found = re.match(r"\s*([\d,]+)\s.*kiz::bench::path_(\w+)\(", line)
        if found:
            counts[found[2]] = max(counts.get(found[2], 0), int(found[1].replace(",", "")))
    return json.loads(ran.stdout)["paths"], counts


def measure(bench: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        paths, counts = instructions(bench, folder)
    for name, figures in paths.items():
        n = figures.pop("n")
        figures["instructions"] = counts[name]
        for figure in figures:
            figures[figure] = round(figures[figure] / n, 1)
    return paths


def compare(found: dict, wanted: dict) -> list[str]:
    wrong = []
    for name, figures in wanted.items():
        for figure, before in figures.items():
            now, margin = found[name][figure], MARGIN[figure]
            change = f"{name}: {figure} each {before:g} -> {now:g} ({(now / before - 1) * 100:+.1f} %)"
            if now > before * (1 + margin):
                wrong.append(change)
            elif now < before * (1 - 2 * margin):
                wrong.append(f"fell, guard.json must follow: {change}")
            elif now < before * (1 - margin):
                print(f"fell, guard.json may follow: {change}")
    return wrong


def main() -> int:
    if shutil.which("valgrind") is None:
        print("SKIPPED: valgrind is missing")
        return SKIPPED
    found = measure(sys.argv[1])
    if "--update" in sys.argv:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
        return 0
    wrong = compare(found, json.loads(BASELINE.read_text()))
    print("\n".join(wrong) or "each path costs what it did")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
