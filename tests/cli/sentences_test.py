#!/usr/bin/env python3
"""Every sentence in the code has its German one, none is left over, and both have the same places for pieces."""
import glob
import os
import re
import subprocess
import sys

root = os.environ["KIZ_SOURCE_DIR"]
ENTRY = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) (".*"(?:\n".*")*)', re.MULTILINE)


def run(*words):
    return subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout


def messages(catalogue):
    """msgid -> list of its translations"""
    found, current = {}, None
    for kind, text in ENTRY.findall(catalogue):
        text = "".join(part[1:-1] for part in text.split("\n"))
        if kind == "msgid":
            current = found.setdefault(text, [])
        elif kind.startswith("msgstr"):
            current.append(text)
    return found


def places(text):
    """The pieces that a sentence takes: {} counts up, {2} is the second one."""
    taken, following = set(), 0
    for number in re.findall(r"\{([1-9]?)\}", text):
        if not number:
            following += 1
        taken.add(int(number) if number else following)
    return taken


def main():
    sources = [path for folder in ("cli", "libclient", "daemon") for path in sorted(glob.glob(f"{root}/{folder}/*.cc"))]
    wanted = messages(run("xgettext", "--language=C++", "--from-code=UTF-8", "--keyword=tr", "--keyword=trn:1,2",
                          "--keyword=translatable", "--keyword=tell:2", "--no-wrap", "--output=-", *sources))
    wanted.pop("", None)
    with open(f"{root}/cli/po/de.po", encoding="utf-8") as file:
        german = messages(file.read())
    german.pop("", None)

    wrong = []
    checked = subprocess.run(["msgfmt", "--check", "--output-file=/dev/null", f"{root}/cli/po/de.po"], capture_output=True,
                             text=True, check=False)
    if checked.returncode != 0:
        wrong.append(checked.stderr.strip())
    for sentence in wanted:
        if not any(german.get(sentence, [])):
            wrong.append(f"has no German sentence: {sentence}")
    for sentence, translations in german.items():
        if sentence not in wanted:
            wrong.append(f"is translated and used nowhere: {sentence}")
        for translation in translations:
            if not translation:
                wrong.append(f"has an empty translation: {sentence}")
            elif places(translation) != places(sentence):
                wrong.append(f"takes other pieces in German: {sentence}")
    for line in wrong:
        print(line)
    print(f"sentences: {len(wanted)}, {len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
