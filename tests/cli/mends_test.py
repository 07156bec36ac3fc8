#!/usr/bin/env python3
"""Whatever `kiz doctor` finds, the command that it names to mend it exists and can be typed as it stands.

The table of findings comes from the program (`--describe`): commands of kiz are looked up in its own tree, with their
options and as many operands as they take, others are programs of Debian whose options are tried where that is harmless.
"""
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

KIZ = os.path.join(os.environ["KIZ_BIN"], "kiz")
ROOT = os.environ["KIZ_SOURCE_DIR"]
CHECKS = {"service", "store", "integrity", "clock", "network", "membership", "backup", "disk", "version", "permissions"}
PROGRAMS = {"systemctl": "systemd", "timedatectl": "systemd", "adduser": "adduser", "apt-get": "apt", "df": "coreutils",
            "ls": "coreutils", "mv": "coreutils", "chmod": "coreutils", "chown": "coreutils", "getent": "libc-bin", "ip": "iproute2"}
HARMLESS = {"df", "ls", "mv", "chmod", "chown", "getent"}
PLACES = {"adduser {} {}": ("anna", "kiz-sync"), "chown -R {} {}": (str(os.getuid()), "."), "getent hosts {}": ("localhost",),
          "df -h {}": (".",), "ls -ld {}": (".",), "chmod 700 {}": (".",), "chmod 600 {}": ("file",), "mv {} {}": ("file", "file.old")}

# Alarms of kiz status that a check of the doctor's own finds, and those that need nothing done here.
FOUND_OTHERWISE = {"W_FORK", "W_FORK_OWN", "W_EXPIRED", "W_EXPIRES", "W_REVOKED", "W_RESTORED", "W_PUT_OFF_THERE"}

wrong = []


def described(language):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANGUAGE": language, "LC_ALL": "C.UTF-8",
           "KIZ_LOCALE_DIR": os.environ["KIZ_LOCALE_DIR"]}
    return json.loads(subprocess.run([KIZ, "--describe", "--lang", language], env=env, capture_output=True, check=True, timeout=60).stdout)


def check(condition, sentence):
    if not condition:
        wrong.append(sentence)
    return condition


def check_ours(tree, words, told, language):
    """`words` behind kiz: a path through the tree in this language, options it has, operands it takes."""
    at, operands = tree, []
    names = {name: option for option in tree["options"] for name in option["names"]}
    for word in words:
        child = next((each for each in at["commands"] if each["german" if language == "de" else "english"] == word), None)
        if child:
            at = child
            names.update({name: option for option in at["options"] for name in option["names"]})
        elif word.startswith("-"):
            check(word in names, f"{told}: there is no option {word}")
            if names.get(word, {}).get("value"):
                operands.append(None)  # the word that follows is its value
        else:
            operands.append(word)
    taken = operands.count(None)
    given = len(operands) - 2 * taken
    if at is tree:
        check(not words, f"{told}: there is no such command")
        return
    if at["commands"]:  # a group alone means its first command
        at = at["commands"][0]
    least = sum(not operand["optional"] for operand in at["operands"])
    most = 99 if any(operand["many"] for operand in at["operands"]) else len(at["operands"])
    check(least <= given <= most, f"{told}: takes {least} to {most} operands, not {given}")
    path = [word for word in words if not word.startswith("-")]
    ran = subprocess.run([KIZ, "--lang", language, *path, "--help"], capture_output=True, check=False, timeout=60)
    check(ran.returncode == 0, f"{told}: --help ends with {ran.returncode}")


def check_theirs(mend, told):
    words = shlex.split(mend)
    if not check(words[0] in PROGRAMS, f"{told}: nobody knows the program {words[0]}"):
        return
    check(mend.count("{}") == len(PLACES.get(mend, ())), f"{told}: takes pieces that this test does not know")
    if words[0] not in HARMLESS:
        return
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "file"), "w", encoding="ascii"):
            pass
        filled = mend
        for piece in PLACES[mend]:
            filled = filled.replace("{}", piece, 1)
        ran = subprocess.run(shlex.split(filled), cwd=folder, capture_output=True, check=False, timeout=60)
        check(ran.returncode == 0, f"{told}: {filled} ends with {ran.returncode}: {ran.stderr}")


def main():
    sources = "".join(open(path, encoding="utf-8").read() for folder in ("libclient", "cli")
                      for path in glob.glob(f"{ROOT}/{folder}/*.cc"))
    with open(os.path.join(ROOT, "libclient", "alarms.cc"), encoding="utf-8") as file:
        alarms = set(re.findall(r'add\("(W_[A-Z_]+)"', file.read()))
    for code in alarms - FOUND_OTHERWISE:
        check(f'"{code}"' in sources.replace(f'add("{code}"', ""), f"{code}: status shows this alarm, the doctor does not")
    check(FOUND_OTHERWISE <= alarms, f"no such alarm: {FOUND_OTHERWISE - alarms}")
    for language in ("de", "en"):
        tree = described(language)
        findings = tree["findings"]
        check(len({finding["name"] for finding in findings}) == len(findings), "two findings have one name")
        for finding in findings:
            told = f"{language}: {finding['name']} ({finding['mend']})"
            check(finding["check"] in CHECKS, f"{told}: belongs to no check")
            check((finding["state"] == "good") == (finding["mend"] is None), f"{told}: one command for each finding, none where all is good")
            check((finding["state"] == "bad") == (finding["exit"] != 0), f"{told}: what is bad has an exit code, and nothing else has one")
            check(f'kind("{finding["name"]}")' in sources, f"{told}: nobody finds this")
            if finding["mend"] is None:
                continue
            check("\n" not in finding["mend"] and not re.search(r"[;&|]", finding["mend"]), f"{told}: more than one command")
            words = shlex.split(finding["mend"])
            if words[0] == "kiz":
                check_ours(tree, words[1:], told, language)
            else:
                check_theirs(finding["mend"], told)
        for name in CHECKS:
            states = {finding["state"] for finding in findings if finding["check"] == name}
            check("good" in states and states & {"warning", "bad"}, f"{name}: is never good, or never wrong")
    print(*wrong, sep="\n")
    print(f"mends: {len(findings)} kinds of findings, {len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
