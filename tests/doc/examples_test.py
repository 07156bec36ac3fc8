#!/usr/bin/env python3
"""Types what the documentation says and compares what comes with what it shows.

A page with `<!-- run: ... -->` is run from its first such line on; all its `console` blocks are one terminal:

    <!-- run: demo -->         a Kreis with five towns (kiz demo); the terminal stands in its folder
    <!-- run: empty -->        an empty folder
    <!-- run: in ahaus -->     from here on kiz means the office of that folder (KIZ_STORE)
    <!-- run: $ command -->    typed, but not shown to the reader
    <!-- run: exit 15 -->      the commands of the next block end with 15
    <!-- run: later 800 -->    from here on it is so many days later
    <!-- run: skip -->         the next block is only for reading

What is shown must come, line by line; "..." stands for any lines, no lines at all for "whatever comes". Days, times,
references, invites and numbers that change are compared by their form; a reference (A-7K3), an invite, a check number or a
code of six digits that a command prints means the same in later commands. The documentation is written as if in November 2026.

    examples_test.py [PAGE...] [--show]
"""
import concurrent.futures
import datetime
import os
import re
import signal
import subprocess
import sys
import tempfile

import documents as doc

BIN = os.environ.get("KIZ_BIN", "")
MONTHS = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
          "Dezember"]
TOKEN = re.compile(
    r"(?P<invite>KIZ1-[0-9A-Z…-]+)|(?P<check>\b\d{4} \d{4}\b)|(?P<ref>\b(?:AB|[A-FH-JL-Z])-[0-9A-Z]{2,26}\b)"
    r"|(?P<code>\b\d{6}\b)|(?P<day>\b\d\d\.\d\d\.\d{4}\b)|(?P<iso>\b20\d\d-\d\d-\d\d(?:T[\d:.]+Z?)?)|(?P<month>\b20\d\d-\d\d\b)"
    r"|(?P<time>\b\d\d:\d\d\b)|(?P<named>\b(?:" + "|".join(MONTHS) + r") 20\d\d\b)|(?P<hex>\b[0-9a-f]{16,64}\b)"
    r"|(?P<user>\b[a-z][\w-]* \(\d+\))|(?P<size>\b\d+(?:,\d+)? (?:[kKMG]i?B|Byte|Bytes|ms|s)\b)|(?P<blank>\s+)")
FORM = {"invite": r"(KIZ1-[0-9A-Z-]+(?:\n[0-9A-Z-]+)*)", "check": r"(\d{4} \d{4})", "ref": r"((?:AB|[A-FH-JL-Z])-[0-9A-Z]{2,26})", "code": r"(\d{6})",
        "day": r"\d\d\.\d\d\.\d{4}", "iso": r"20\d\d-\d\d-\d\d(?:T[\d:.]+Z?)?", "time": r"\d\d:\d\d", "hex": r"[0-9a-f]{16,64}",
        "user": r"[\w-]+ \(\d+\)", "size": r"\d+(?:,\d+)? (?:[kKMG]i?B|Byte|Bytes|ms|s)", "blank": r"\s+"}

NAMES = ("invite", "check", "ref", "code")  # what a page calls by a name of its own


def shifted(month):
    """A month of the documentation's time as the month as far away from today."""
    year, number = map(int, month.split("-"))
    today = datetime.datetime.now(datetime.timezone.utc)
    index = today.year * 12 + today.month - 1 + (year * 12 + number) - (2026 * 12 + 11)
    return f"{index // 12}-{index % 12 + 1:02}"


def named(month):
    year, number = shifted(month).split("-")
    return f"{MONTHS[int(number) - 1]} {year}"


class Terminal:
    def __init__(self, folder, show):
        self.folder, self.show = folder, show
        self.cwd, self.store, self.days_later = folder, None, 0
        self.known = {}  # what the page calls it -> what it is called here

    def environment(self):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("LC_", "LANG", "XDG_", "KIZ_STORE", "KIZ_SOCKET"))}
        clean.update(HOME=self.folder, LANG="de_DE.UTF-8", COLUMNS="500", TZ="UTC", PATH=BIN + ":" + os.environ["PATH"])
        if self.store:
            clean["KIZ_STORE"] = self.store
        return clean

    def translated(self, command):
        def here(found):
            kind, word = found.lastgroup, found.group()
            if kind in NAMES:
                return self.known.get(word, word)
            return shifted(word) if kind == "month" else word
        return TOKEN.sub(here, command)

    def type(self, command):
        """(exit code, lines). `cd` changes the folder for what follows, as in a shell."""
        command = self.translated(command)
        place = os.path.join(self.folder, ".cwd")
        clock = ["faketime", "-f", f"+{self.days_later}d"] if self.days_later else []
        ran = subprocess.run([*clock, "sh", "-c", f'{command}\ncode=$?\npwd > "{place}"\nexit $code'], cwd=self.cwd,
                             env=self.environment(), timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, check=False)
        if os.path.exists(place):
            with open(place, encoding="utf-8") as file:
                self.cwd = file.read().strip()
        lines = ran.stdout.decode("utf-8", "backslashreplace").rstrip("\n").split("\n") if ran.stdout.strip() else []
        if self.show:
            print(f"$ {command}", *lines, f"=> {ran.returncode}", sep="\n")
        return ran.returncode, lines

    def pattern(self, expected):
        """What a page shows as one regular expression, and the words of it that get a meaning here, in order."""
        out, meanings = [], []
        for line in expected:
            line = line.strip()
            if line in ("...", "…"):
                out.append(None)
                continue
            if not line:
                continue
            piece, at = "", 0
            for found in TOKEN.finditer(line):
                piece += re.escape(line[at:found.start()])
                at = found.end()
                kind, word = found.lastgroup, found.group()
                if kind in NAMES and word in self.known:
                    piece += re.escape(self.known[word])
                elif kind in NAMES and word in meanings:
                    piece += rf"\{meanings.index(word) + 1}"
                elif kind in NAMES:
                    meanings.append(word)
                    piece += FORM[kind]
                elif kind == "month":
                    piece += re.escape(shifted(word))
                elif kind == "named":
                    name, year = word.split(" ")
                    piece += re.escape(named(f"{year}-{MONTHS.index(name) + 1:02}"))
                else:
                    piece += FORM[kind]
            out.append((piece + re.escape(line[at:])).replace("…", ".*?"))
        whole = ""
        for index, piece in enumerate(out):
            if piece is None:
                whole += r"(?:\s.*?)??" if index and index + 1 < len(out) else r".*?"
            else:
                whole += (r"\s+" if whole and out[index - 1] is not None else r"\s*" if whole else "") + piece
        return re.compile(whole, re.DOTALL), meanings

    def fits(self, expected, lines):
        """Lines may be broken elsewhere than on the page."""
        pattern, meanings = self.pattern(expected)
        same = pattern.fullmatch("\n".join(lines).strip())
        if same:
            self.known.update(zip(meanings, (word.replace("\n", "") for word in same.groups())))
        return bool(same)


def steps(block):
    """(line, command, lines shown) of a console block."""
    numbered = list(doc.commands(block))
    step, out = None, []
    starts = {number: command for number, command in numbered}
    continued = False
    for offset, line in enumerate(block.lines):
        number = block.line + offset
        if number in starts:
            step = (number, starts[number], [])
            out.append(step)
            continued = line.endswith("\\")
        elif continued:
            continued = line.endswith("\\")
        elif step:
            step[2].append(line)
    for each in out:
        while each[2] and not each[2][-1].strip():
            each[2].pop()
    return out


def end_daemons(folder):
    """Those that a page started itself and noted in NAME.pid."""
    for name in os.listdir(folder):
        if not name.endswith(".pid"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            pid = file.read().strip()
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if b"kizd" in file.read() and os.readlink(f"/proc/{pid}/cwd") == folder:
                    os.kill(int(pid), signal.SIGKILL)
        except (OSError, ValueError):
            pass  # it has ended


def run_page(path, show):
    failures, typed = [], 0
    exit_code, skip, demo = 0, False, None
    with tempfile.TemporaryDirectory(prefix="kiz-doc-") as folder:
        terminal = None
        try:
            for kind, what, *line in doc.parts(doc.text_of(path)):
                if kind == "run":
                    word, _, rest = what.partition(" ")
                    if word in ("demo", "empty"):
                        terminal = Terminal(folder, show)
                        if word == "demo":
                            demo = os.path.join(folder, "d")
                            code, lines = terminal.type("kiz demo --ordner d")
                            if code != 0 or not os.path.isdir(demo):
                                return [f"{path}: kiz demo ended with {code}", *lines], typed
                            terminal.cwd = demo
                    elif terminal is None:
                        failures.append(f"{path}:{line[0]}: nothing runs yet; begin with run: demo or run: empty")
                    elif word == "in":
                        terminal.store = os.path.join(terminal.cwd, rest)
                    elif word == "exit":
                        exit_code = int(rest)
                    elif word == "later":
                        terminal.days_later = int(rest)
                    elif word == "skip":
                        skip = True
                    elif word == "$":
                        code, lines = terminal.type(rest)
                        typed += 1
                        if code != 0:
                            failures += [f"{path}:{line[0]}: $ {rest}", f"  exit {code}", *(f"  | {each}" for each in lines)]
                    else:
                        failures.append(f"{path}:{line[0]}: no such order: {what}")
                    continue
                if what.language != "console":
                    continue
                if skip:
                    skip = False
                    continue
                if terminal is None:
                    failures.append(f"{path}:{what.line}: a console block that nobody runs; use sh, or a run line before it")
                    continue
                for number, command, expected in steps(what):
                    code, lines = terminal.type(command)
                    typed += 1
                    if code == exit_code and (not expected or terminal.fits(expected, lines)):
                        continue
                    failures += [f"{path}:{number}: $ {command}", f"  exit {code}, wanted {exit_code}",
                                 *(f"  | {each}" for each in lines), "  wanted:", *(f"  | {each}" for each in expected)]
                exit_code = 0
        finally:
            if demo:
                subprocess.run([f"{BIN}/kiz", "demo", "--ordner", demo, "--beenden"], check=False, capture_output=True,
                               timeout=60)
            end_daemons(folder)
            if terminal:
                subprocess.run([f"{BIN}/kiz", "demo", "--ordner", os.path.join(folder, "probe"), "--beenden"], check=False,
                               capture_output=True, timeout=60)
    return failures, typed


def main():
    show = "--show" in sys.argv
    named_pages = [word for word in sys.argv[1:] if not word.startswith("--")]
    pages = [path for path in doc.documents()
             if any(kind == "run" for kind, *_ in doc.parts(doc.text_of(path)))
             and (not named_pages or any(name in path for name in named_pages))]
    # Most of the time these wait for disks and daemons.
    with concurrent.futures.ThreadPoolExecutor(max_workers=1 if show else 4) as pool:
        results = list(pool.map(lambda path: run_page(path, show), pages))
    failures = [line for found, _ in results for line in found]
    print(*failures, sep="\n")
    print(f"examples: {len(pages)} pages, {sum(typed for _, typed in results)} commands typed, "
          f"{sum(1 for found, _ in results if found)} pages wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
