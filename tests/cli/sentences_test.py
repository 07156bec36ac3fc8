#!/usr/bin/env python3
"""Every sentence in the code has its German one, none is left over, and both have the same places for pieces."""
import glob
import os
import re
import subprocess
import sys

root = os.environ["KIZ_SOURCE_DIR"]
ENTRY = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) (".*"(?:\n".*")*)', re.MULTILINE)


# A number before a word in the plural, in a sentence that has no singular. Those below never say "1".
COUNTED = re.compile(r"(?<!of )(?<!what )\{\d?\} (?:control records|entries|values|rows|fields|towns|devices|offers|changes|figures|letters|collections|"
                     r"recipients|days|minutes|records|signatures|pieces|files|subjects|branches)\b")
NEVER_ONE = {
    "Not every signature was checked: {} entries take a while.": "50,001 at least",
    "Devices whose membership ends within {} days: {}.": "always 30",
    "The clock is {} minutes behind the newest entry.": "5 at least",
    "The log of {} has {} branches, and no further one is taken in. Lock the device out: kiz device revoke {}": "the most there may be",
    "There are more than {} files in {}.": "the most there may be",
    "Entries of {} are proven to exist, and for {} days nobody who was met has given them, though one was met who says to hold all that this "
    "device holds. They were lost with a machine, or are being withheld: compare with {} by telephone.": "always the same number of days",
    "{} subjects are open; say which one with --subject.": "2 at least",
}


def run(*words):
    return subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout


def messages(catalogue, plurals=None):
    """msgid -> list of its translations; `plurals` takes the msgids that have a plural."""
    found, current, last = {}, None, None
    for kind, text in ENTRY.findall(catalogue):
        text = "".join(part[1:-1] for part in text.split("\n"))
        if kind == "msgid":
            current, last = found.setdefault(text, []), text
        elif kind == "msgid_plural" and plurals is not None:
            plurals.add(last)
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
    sources = [path for folder in ("cli", "libclient", "daemon") for path in sorted(glob.glob(f"{root}/{folder}/*.cc") + glob.glob(f"{root}/{folder}/*.h"))]
    plurals = set()
    wanted = messages(run("xgettext", "--language=C++", "--from-code=UTF-8", "--keyword=tr", "--keyword=trn:1,2",
                          "--keyword=translatable", "--keyword=tell:2", "--no-wrap", "--output=-", *sources), plurals)
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
        if COUNTED.search(sentence) and sentence not in plurals and sentence not in NEVER_ONE:
            wrong.append(f"says \"1 entries\"; trn() knows the singular: {sentence}")
    wrong += [f"is excused from having a singular and used nowhere: {sentence}" for sentence in NEVER_ONE if sentence not in wanted]
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


if __name__ == "__main__":
    sys.exit(main())
