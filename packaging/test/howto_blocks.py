#!/usr/bin/python3
"""Writes the `sh` and `toml` blocks of the how-tos into files: howto_blocks.py FOLDER makes PAGE-1.sh, PAGE-2.sh, PAGE-1.toml ...

howto_test.sh types them. What needs a second machine or a person at a terminal is left out, each with its reason.
"""
import pathlib
import re
import sys

PAGES = pathlib.Path(__file__).parents[1] / "doc" / "anleitung"
LEFT_OUT = {
    "ansible.md": "ansible_test.sh runs the role, and asks for no passphrase",
    "loeschantrag.md": "its console blocks type the same command, with an order that is there",
}
LINES_LEFT_OUT = re.compile(r"^rsync .*root@neu:")  # no second machine that lets root in

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
for page in sorted(PAGES.glob("*.md")):
    if page.name in LEFT_OUT:
        continue
    for kind in ("sh", "toml"):
        blocks = re.findall(rf"^( *)```{kind}\n(.*?)^ *```$", page.read_text(encoding="utf-8"), re.S | re.M)
        for number, (indent, text) in enumerate(blocks, 1):
            lines = [line.removeprefix(indent) for line in text.splitlines() if not LINES_LEFT_OUT.match(line.strip())]
            (out / f"{page.stem}-{number}.{kind}").write_text("\n".join(lines) + "\n", encoding="utf-8")
