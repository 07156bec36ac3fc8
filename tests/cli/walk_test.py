#!/usr/bin/env python3
"""Every command in every way of asking for German speaks German alone, keeps to 40 columns, and survives LANG=C.

All commands of the tree are walked: their help, an empty machine, a Kreis that is set up, wrong options, --json; those that read
also in a town whose daemon runs among others (kiz demo), where there is something to show. No locale is there (LOCPATH leads
nowhere), as on a server that was installed lean. English is found by its small words.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata

from command_tree import FILE, groups, leaves, operands_of

BIN = os.environ["KIZ_BIN"]
LOCALE_DIR = os.environ["KIZ_LOCALE_DIR"]
# Small words of English that are none of German, and some of the machine's own.
ENGLISH = re.compile(r"(?<![\w./=-])(?:the|is|are|of|and|with|not|this|that|from|cannot|nothing|which|has|have|does|there|been|be|it|to|by|on|"
                     r"no such|denied|directory|found|invalid|failed|missing|expected|required|unknown|usage|argument|option)(?![\w=-])")
TITLE = "Sprachcafé Öl — кафе 漢字"
COLUMNS = 40
FOR_OTHERS = {("bugreport",)}  # written for whoever helps, in the words of the program
READING = {"status", "list", "show", "search", "history", "overdue", "missing", "returns", "month", "offers", "consents", "fingerprint", "due", "register",
           "log", "checkpoints", "doctor", "verify", "path", "subject", "dump"}  # the last words of commands that change nothing
DATA = {("counts", "export"), ("offer", "export")}  # the rows of a file

wrong = []


def note(sentence):
    if len(wrong) < 60:
        wrong.append(sentence)


def columns_of(text):
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


class Place:
    """A folder that kiz is run in, with one way of asking for a language."""

    def __init__(self, folder, **environment):
        self.folder = folder
        self.env = {"HOME": folder, "PATH": os.environ["PATH"], "LOCPATH": "/nonexistent", "KIZ_LOCALE_DIR": LOCALE_DIR, "TZ": "UTC",
                    "XDG_RUNTIME_DIR": folder, "COLUMNS": str(COLUMNS), **environment}

    def run(self, *words, program="kiz", typed=()):
        """(exit code, text); what must hold for any output at all is checked here."""
        ran = subprocess.run([os.path.join(BIN, program), *typed, *words], env=self.env, cwd=self.folder, capture_output=True, check=False,
                             stdin=subprocess.DEVNULL, timeout=60)
        told = " ".join((program, *typed, *words))
        if ran.returncode < 0:
            note(f"{told}: killed by signal {-ran.returncode}")
        try:
            return ran.returncode, (ran.stdout + b"\n" + ran.stderr).decode("utf-8")
        except UnicodeDecodeError as fault:
            note(f"{told}: not UTF-8: {fault}")
            return ran.returncode, ""


def check_german(told, text):
    """No English but in what is typed as it stands: commands, options, paths, names in quotes."""
    for line in text.splitlines():
        plain = re.sub(r"\"[^\"]*\"|„[^“]*“|--[\w-]+|\bkizd?( [\w-]+)+|/\S+", " ", line)
        found = ENGLISH.search(plain)
        if found:
            note(f"{told}: English: {line.strip()}   ({found.group()})")


def check_narrow(told, text):
    for line in text.splitlines():
        if columns_of(line) > COLUMNS and " " in line.strip():
            note(f"{told}: {columns_of(line)} columns: {line}")


def check_mojibake(told, text):
    if re.search("Ã.|â€|\ufffd|\\\\x[0-9a-f]{2}|\\?\\?", text):
        note(f"{told}: mangled: {text.strip()[:200]}")


def german_in_json(told, text):
    """Sentences of an answer; names and values that JSON keeps in English are none."""
    try:
        answer = json.loads(text)
    except ValueError:
        note(f"{told}: no JSON: {text[:200]}")
        return
    sentences = [warning["text"] for warning in answer.get("warnings", [])]
    sentences += [answer["error"].get("text") or "", answer["error"].get("hint") or ""] if "error" in answer else []
    check_german(told, "\n".join(sentences))


def walk(place, tree, typed=(), json_too=False):
    """Every command, in German words; returns how many were run."""
    count = 0
    for words, command in leaves(tree, "german"):
        english = command["path"]
        if english in (("demo",), ("events",)):
            continue  # daemons of their own; their help was read
        code, text = place.run(*words, *operands_of(english, command), "--ja", "--ohne-rueckfrage", typed=typed)
        told = "kiz " + " ".join((*typed, *words)) + f" (ends with {code})"
        if english not in FOR_OTHERS:
            check_german(told, text)
        if english not in FOR_OTHERS | DATA:
            check_narrow(told, text)
        check_mojibake(told, text)
        count += 1
        if json_too:
            code, text = place.run("--json", *words, *operands_of(english, command), "--ja", typed=typed)
            german_in_json("--json " + told, text)
    return count


def walk_town(folder, tree):
    """What reads, in a town with offers, counts and a conflict, asked of its daemon; returns how many were run."""
    place = Place(folder, LC_ALL="C.UTF-8", LANGUAGE="de")
    code, text = place.run("demo", "--ordner", "d")
    assert code == 0, text
    try:
        place.env["KIZ_STORE"] = os.path.join(folder, "d", "ahaus")
        offer = json.loads(place.run("--json", "angebot", "suchen", "Sprachcafé")[1])["data"]["offers"][0]["ref"]
        count = 0
        for words, command in leaves(tree, "german"):
            english = command["path"]
            if english[-1] not in READING:
                continue
            operands = ["K-1" if english[0] == "conflict" and word == "A-7K3" else offer if word == "A-7K3" else word for word in operands_of(english, command)]
            code, text = place.run(*words, *operands, "--ohne-rueckfrage")
            told = f"in the town: kiz {' '.join((*words, *operands))} (ends with {code})"
            check_german(told, text)
            check_narrow(told, text)
            check_mojibake(told, text)
            count += code in (0, 3)
        return count
    finally:
        place.run("demo", "--ordner", "d", "--beenden")


def walk_help(place, tree):
    for words in [(), *groups(tree, "german"), *(words for words, _ in leaves(tree, "german"))]:
        for ask in (("--hilfe",), ("--unsinn",), ("wort",) * 9):
            code, text = place.run(*words, *ask)
            told = "kiz " + " ".join((*words, *ask))
            if ask == ("--hilfe",) and code != 0 or ask == ("--unsinn",) and code != 2:
                note(f"{told}: ends with {code}")
            check_german(told, text)
            check_narrow(told, text)
    for ask in (("--help",), ("--unsinn",), ("--check-config", "--config", "none.toml"), ("--config-reference",)):
        _, text = place.run(*ask, program="kizd")
        check_german("kizd " + " ".join(ask), text)


def with_paths(node, path=()):
    """The tree, each command with its English words beside the words of the language it was described in."""
    for command in node["commands"]:
        command["path"] = (*path, command["english"])
        with_paths(command, command["path"])
    return node


def set_up(folder):
    with open(os.path.join(folder, "file.csv"), "w", encoding="ascii") as file:
        file.write(FILE)
    os.makedirs(os.path.join(folder, "target"), exist_ok=True)


def check_c(folder, tree):
    """LANG=C: English, whole, and every byte of a name comes back as it went in."""
    place = Place(folder, LANG="C", LC_ALL="C", KIZ_STORE=os.path.join(folder, "s"))
    code, text = place.run("offer", "new", f"title={TITLE}", "provider=Träger", "kind=meeting_place")
    assert code == 0, text
    ref = re.search(r"A-\w+", text).group()
    for words in (("offer", "list"), ("offer", "show", ref), ("offer", "search", "кафе"), ("offer", "history", ref), ("report", "offers")):
        code, text = place.run(*words)
        check_mojibake("kiz " + " ".join(words), text)
        check_narrow("kiz " + " ".join(words), text)
        shown = re.sub(r"\s+", "", text)
        if code != 0 or TITLE.replace(" ", "") not in shown and "Sprachcafé" not in shown:
            note(f"LANG=C kiz {' '.join(words)} ends with {code}: {text}")
    for words, command in leaves(tree):
        if command["path"] not in (("demo",), ("events",), ("init",)):
            code, text = place.run(*words, *operands_of(command["path"], command), "--yes", "--no-input")
            check_mojibake("LANG=C kiz " + " ".join(words), text)


def main():
    english = {command["path"]: command for _, command in leaves(with_paths(json.loads(
        subprocess.run([os.path.join(BIN, "kiz"), "--describe", "--lang", "en"], capture_output=True, check=True, timeout=60).stdout)))}
    tree = with_paths(json.loads(subprocess.run([os.path.join(BIN, "kiz"), "--describe", "--lang", "en"], capture_output=True, check=True,
                                                timeout=60).stdout))
    count = 0
    ways = (({"LANG": "C"}, ("--lang", "de")), ({"LC_ALL": "C.UTF-8", "LANGUAGE": "de"}, ()), ({"LANG": "de_DE.UTF-8"}, ()))
    with tempfile.TemporaryDirectory(prefix="kiz-walk-") as top:
        for number, (environment, typed) in enumerate(ways):
            empty, kreis = os.path.join(top, f"empty{number}"), os.path.join(top, f"kreis{number}")
            for folder in (empty, kreis):
                os.mkdir(folder)
                set_up(folder)
            if number == 1:
                walk_help(Place(empty, **environment), tree)
            count += walk(Place(empty, KIZ_STORE=os.path.join(empty, "none"), **environment), tree, typed)
            place = Place(kreis, KIZ_STORE=os.path.join(kreis, "s"), **environment)
            code, text = place.run("einrichten", "--kreis", "Borken", "--adresse", "127.0.0.1:9", typed=typed)
            assert code == 0, text
            check_german("kiz einrichten", text)
            check_narrow("kiz einrichten", text)
            count += walk(place, tree, typed, json_too=number == 0)
        check_c(kreis, tree)
        town = os.path.join(top, "town")
        os.mkdir(town)
        shown = walk_town(town, tree)
    assert len(english) > 70 and count > 400 and shown > 25, (len(english), count, shown)
    print(*wrong, sep="\n")
    print(f"walk: {count} commands run in German, {shown} more have shown something in a town with its daemon, {len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
