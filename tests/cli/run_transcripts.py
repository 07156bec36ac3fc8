#!/usr/bin/env python3
"""Runs the transcripts of this folder: commands with what they print and how they end.

    $ kiz status                a command line, run by sh in a folder of its own; $S is there for stores
    a line                      must be printed, in this order, by standard output or standard error
    ~ pattern                   a line that a regular expression matches whole
    ...                         any number of lines
    => 10                       the exit code, 0 where it is not named

`run_transcripts.py NAME...` runs some of them; --show prints what really came.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))


def steps(path):
    step = None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.startswith("$ "):
                if step:
                    yield step
                step = {"line": number, "command": line[2:], "expected": [], "exit": 0}
            elif line.startswith("#") or not step:
                continue
            elif line.startswith("=> "):
                step["exit"] = int(line[3:])
            else:
                step["expected"].append(line)
    if step:
        while step["expected"] and not step["expected"][-1]:
            step["expected"].pop()
        yield step


def fits(expected, lines):
    """Like a shell pattern, line by line."""
    if not expected:
        return not lines
    first, rest = expected[0], expected[1:]
    if first == "...":
        return any(fits(rest, lines[i:]) for i in range(len(lines) + 1))
    if not lines:
        return False
    same = re.fullmatch(first[2:], lines[0]) if first.startswith("~ ") else first == lines[0]
    return bool(same) and fits(rest, lines[1:])


def environment(folder):
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("LC_", "LANG", "XDG_", "KIZ_STORE", "KIZ_SOCKET"))}
    clean.update(HOME=folder, S=folder, LANG="de_DE.UTF-8", COLUMNS="80", TZ="UTC",
                 PATH=os.environ["KIZ_BIN"] + ":" + os.environ["PATH"])
    return clean


def run(path, show):
    failures = 0
    with tempfile.TemporaryDirectory(prefix="kiz-transcript-") as folder:
        for step in steps(path):
            ran = subprocess.run(["sh", "-c", step["command"]], cwd=folder, env=environment(folder), timeout=120,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            lines = ran.stdout.decode("utf-8", "backslashreplace").rstrip("\n").split("\n") if ran.stdout else []
            if show:
                print("$", step["command"], *lines, f"=> {ran.returncode}", sep="\n")
            expected = step["expected"]
            while expected and not expected[-1]:
                expected = expected[:-1]
            if ran.returncode == step["exit"] and fits(expected, lines):
                continue
            failures += 1
            print(f"{os.path.basename(path)}:{step['line']}: $ {step['command']}")
            print(f"  exit {ran.returncode}, wanted {step['exit']}")
            print(*(f"  | {line}" for line in lines), sep="\n")
            print("  wanted:", *(f"  | {line}" for line in expected), sep="\n")
    return failures


def main():
    show = "--show" in sys.argv
    names = [word for word in sys.argv[1:] if not word.startswith("--")]
    paths = [os.path.join(here, f"{name}.transcript") for name in names] or sorted(glob.glob(os.path.join(here, "*.transcript")))
    failures = sum(run(path, show) for path in paths)
    print(f"transcripts: {len(paths)}, {failures} steps wrong")
    return 1 if failures else 0


sys.exit(main())
