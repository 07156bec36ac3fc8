#!/usr/bin/env python3
"""What the documentation tells people to type exists: commands and options of kiz and kizd, exit codes, refusal names,
configuration.

Command lines are those of fenced blocks (sh, console) and of code type that begins with kiz or kizd. The programs are
asked themselves (--help), so that nothing here can grow old. toml blocks go through `kizd --check-config`.
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

import documents as doc

BIN = os.environ.get("KIZ_BIN", "")
SHORT = {"-y", "-n", "-q", "-v", "-h", "-V"}
WORD = re.compile(r"[a-zäöüß][a-zäöüß-]*$")
EXIT_NAMED = re.compile(r"(?:Exit-Codes?|Rückgabewerte?|exit codes?|exits? with|\bexit)\s+`?(\d{1,3})`?")
ENVIRONMENT = {**os.environ, "LANGUAGE": "de", "LC_ALL": "C.UTF-8", "COLUMNS": "200", "KIZ_STORE": "/nonexistent/kiz"}

helps = {}


def help_of(*words):
    """(exit code, text) of `kiz words --help`, in both languages: each names options by its own words."""
    if words not in helps:
        ran = [subprocess.run([f"{BIN}/kiz", "--lang", language, *words, "--help"], capture_output=True, text=True, check=False,
                              env=ENVIRONMENT, stdin=subprocess.DEVNULL, timeout=60) for language in ("de", "en")]
        helps[words] = (ran[0].returncode, "".join(each.stdout + each.stderr for each in ran))
    return helps[words]


def option_names(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text))


def words_of(line):
    """The shell words of a line up to the first pipe, redirection or next command."""
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        words = list(lexer)
    except ValueError:
        words = line.split()
    commands, current = [], []
    for word in words:
        if word and set(word) <= set("|&;<>()"):
            commands.append(current)
            current = [] if set(word) <= set("|&;()") else [">"]
        else:
            current.append(word)
    commands.append(current)
    return commands


def program_in(words):
    """Index of kiz or kizd where a command calls it: behind assignments, sudo, `runuser ... --` and the like."""
    for index, word in enumerate(words):
        if os.path.basename(word) in ("kiz", "kizd") and not word.startswith("-"):
            before = words[:index]
            if all("=" in each or each in ("sudo", "exec", "time", "env", "runuser", "--", "if", "!", "then", "do", "$")
                   or each.startswith("-") or (i and before[i - 1] in ("-u", "--user")) for i, each in enumerate(before)):
                return index
    return None


def answers(option):
    """An option for tools, which the help for people leaves out, still ends well."""
    return subprocess.run([f"{BIN}/kiz", option], capture_output=True, check=False, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          timeout=60).returncode == 0


def check_kiz(words):
    """None, or what is wrong with the words behind kiz."""
    path, options = [], []
    everywhere = option_names(re.sub(r"(?s).*?\n(?=Überall|Everywhere)", "", help_of("status")[1]))
    rest = list(words)
    takes_value = ("--store", "--socket", "--lang", "--sprache", "--timeout", "--frist", "--color", "--farbe",
                   "--password-file", "--passwort-datei")
    while rest:
        word = rest.pop(0)
        if word.startswith("-") and len(word) > 1 and not word[1].isdigit():
            options.append(word.split("=")[0])
            if word in takes_value and rest:
                rest.pop(0)
            continue
        if (path and not re.search("BEFEHL|COMMAND", help_of(*path)[1].split("\n")[0])) or not WORD.match(word):
            continue  # an operand, or what stands for one
        if not path and word in ("help", "hilfe"):
            continue
        code, _ = help_of(*path, word)
        if code != 0:
            return f"there is no command kiz {' '.join([*path, word])}"
        path.append(word)
    known = option_names(help_of(*path)[1]) | everywhere | SHORT
    unknown = [option for option in options if option not in known and option != "--" and not (not path and answers(option))]
    return f"kiz {' '.join(path)} has no option {unknown[0]}" if unknown else None


def check_line(line):
    for words in words_of(line):
        index = program_in(words)
        if index is None:
            continue
        rest = words[index + 1:]
        if ">" in rest:
            rest = rest[:rest.index(">")]
        if os.path.basename(words[index]) == "kiz":
            wrong = check_kiz(rest)
        else:
            known = option_names(subprocess.run([f"{BIN}/kizd", "--help"], capture_output=True, text=True, check=False,
                                                env=ENVIRONMENT).stdout) | {"--help", "-h"}
            unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
            wrong = f"kizd has no option {unknown[0]}" if unknown else None
        if wrong:
            return wrong
    return None


def check_toml(block):
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write("\n".join(block.lines) + "\n")
        file.flush()
        ran = subprocess.run([f"{BIN}/kizd", "--check-config", "--config", file.name], capture_output=True, text=True,
                             check=False, env=ENVIRONMENT, timeout=60)
    return None if ran.returncode == 0 else "not a configuration that kizd takes: " + (ran.stderr or ran.stdout).strip()


def code_table():
    """(exit codes, refusal names) of the programs, from their own tables."""
    table = doc.text_of("protocol/result.cc")
    rows = re.findall(r'\{Errc::\w+, "(\w+)", (\d+)\}', table)
    exits = {int(code) for _, code in rows} | {0, 1, 2, 3, 130, 143}
    exits |= {64, 69, 70, 73, 74, 75, 77, 78}  # kizd: sysexits.h
    names = {name for name, _ in rows} | set(re.findall(r'"(E_\w+)"', doc.text_of("libclient/complaint.cc")))
    for path in doc.tree():
        if path.startswith(("libclient/", "daemon/", "cli/")) and path.endswith(".cc"):
            names |= set(re.findall(r'"([EW]_[A-Z0-9_]+)"', doc.text_of(path)))
    return exits, names


def check(path, text, exits, names):
    wrong = []
    for kind, what, *line in doc.parts(text):
        if kind != "block":
            continue
        if what.language in ("sh", "console", ""):
            for number, command in doc.commands(what):
                if what.language or command.lstrip().startswith(("kiz ", "kizd ", "$ kiz")):
                    sentence = check_line(command.lstrip("$ ") if not what.language else command)
                    if sentence:
                        wrong.append(f"{path}:{number}: {sentence}")
        if what.language == "toml" and path.startswith("packaging/"):
            sentence = check_toml(what)
            if sentence:
                wrong.append(f"{path}:{what.line}: {sentence}")
    plain = doc.prose(text)
    for found in re.finditer(r"`(kizd? [^`\n]+)`", plain):
        sentence = check_line(found.group(1).replace("...", " ").replace("…", " "))
        if sentence:
            wrong.append(f"{path}:{doc.line_of(plain, found.start())}: {sentence}")
    for found in EXIT_NAMED.finditer(plain):
        if int(found.group(1)) not in exits:
            wrong.append(f"{path}:{doc.line_of(plain, found.start())}: no program ends with {found.group(1)}")
    for found in re.finditer(r"\b[EW]_[A-Z][A-Z0-9_]+\b", plain):
        if found.group() not in names:
            wrong.append(f"{path}:{doc.line_of(plain, found.start())}: nothing is called {found.group()}")
    return wrong


def read_by_users(path):
    """Plans and rules for engineers may name what is to come; these are read by those who type it."""
    return path in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md") or path.startswith("packaging/")


def main():
    exits, names = code_table()
    files = [path for path in doc.documents() if read_by_users(path)]
    wrong = [sentence for path in files for sentence in check(path, doc.text_of(path), exits, names)]
    print(*wrong, sep="\n")
    print(f"commands: {len(files)} documents, {len(helps)} commands asked, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
