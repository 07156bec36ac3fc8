#!/usr/bin/python3
"""Man pages and completions say what the programs do: every command, operand and option, in both languages and no other.

    manual_test.py BIN SHARE      SHARE: folder with man/ and completions/, as built; KIZ_LOCALE_DIR as for the programs

What the programs do is asked of them another way than by the generators: through their --help, word by word. Pages are
checked by mandoc's lint, completions by the shells themselves. Their examples are typed by man_examples_test.py.
"""
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

import man_pages

BIN, SHARE = (os.path.abspath(path) for path in sys.argv[1:3])
KIZ = os.path.join(BIN, "kiz")
wrong = []


def run(*words, language="de", **more):
    env = dict(os.environ, LANGUAGE=language, LC_ALL="C.UTF-8", COLUMNS="200", MANWIDTH="200", TERM="dumb", HOME="/nonexistent",
               PATH=f"{BIN}:{os.environ['PATH']}", **more)
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)


def helped(language, *words):
    said = run(KIZ, "--lang", language, *words, "--help", language=language)
    assert said.returncode == 0, (words, said)
    return said.stdout


def children(language, *words):
    """The words that a group's help lists; none for a command."""
    text = helped(language, *words)
    first = text.split("\n", 1)[0]
    if not re.search(r" (COMMAND|BEFEHL)$", first):
        return []
    more = re.search(r"^(?:Also|Außerdem): (.*?)\n\n", text, re.MULTILINE | re.DOTALL)  # words that no line was left for
    return re.findall(r"^ {0,4}([a-z_]+)(?: {2,}.*)?$", text[:more.start()] if more else text, re.MULTILINE) + (
        re.findall(r"[a-z_]+", more.group(1)) if more else [])


def page(language, name, section):
    return man_pages.page(SHARE, language, name, section)


def check(condition, sentence):
    if not condition:
        wrong.append(sentence)


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def check_command(language, words, text):
    """One command stands in the page with its operands and options."""
    said = helped(language, *words)
    shown = "kiz " + " ".join(words)
    check(shown in text, f"{language}: {shown} is missing from its page")
    own = said.rsplit("\n\n", 1)[0]  # what holds everywhere stands below
    usage = own.split("\n", 1)[0].split(shown, 1)[-1]
    for operand in re.findall(r"[A-ZÄÖÜ][A-ZÄÖÜ|=_]+", usage):
        check(operand in text, f"{language}: {shown}: operand {operand} is missing from its page")
    missing = options_in("\n".join(line for line in own.split("\n")[1:] if line.lstrip().startswith("-"))) - options_in(text)
    check(not missing, f"{language}: {shown}: {sorted(missing)} missing from its page")


def check_pages():
    commands = 0
    for language in ("de", "en"):
        main = man_pages.plain(page(language, "kiz", 1))
        for word in children(language):
            below = children(language, word)
            if not below:
                check_command(language, [word], main)
                commands += 1
                continue
            text = man_pages.plain(page(language, f"kiz-{word}", 1))
            check(f"kiz-{word}(1)" in main, f"{language}: kiz(1) does not lead to kiz-{word}(1)")
            for child in below:
                check_command(language, [word, child], text)
                commands += 1
        everywhere = options_in(run(KIZ, "--lang", language, "status", "--help", language=language).stdout.rsplit("\n\n", 1)[-1])
        check(everywhere and everywhere <= options_in(main), f"{language}: kiz(1) lacks {everywhere - options_in(main)}")
        daemon = run(os.path.join(BIN, "kizd"), "--lang", language, "--help", language=language).stdout
        check(options_in(daemon) <= options_in(man_pages.plain(page(language, "kizd", 8))), f"{language}: kizd(8) lacks options")
        toml = man_pages.plain(page(language, "kiz-sync.toml", 5))
        reference = run(os.path.join(BIN, "kizd"), "--lang", language, "--config-reference", language=language).stdout
        for key in re.findall(r"^#([a-z_]+) = ", reference, re.MULTILINE):
            check(f"\n{key} = " in toml, f"{language}: kiz-sync.toml(5) lacks {key}")
    check(commands > 60, f"only {commands} commands were found: the help is not understood")
    print(f"ok    {commands} commands stand in their pages")


def check_exits():
    contract = {"0", "1", "2", "3", "4", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "130"}
    for language in ("de", "en"):
        text = page(language, "kiz", 1)
        named = set(re.findall(r"^\\fB(\d+)\\fP$", text, re.MULTILINE))
        check(named == contract, f"{language}: exit codes {sorted(named ^ contract)}")
        used = set(re.findall(r"^\\fBE_[A-Z_]+\\fP \((\d+)\)$", text, re.MULTILINE))
        check(used and used <= named, f"{language}: refusals with exit codes that nothing explains: {sorted(used - named)}")


def check_lint():
    if shutil.which("mandoc") is None:
        sys.exit(77)
    pages = [path for path in glob.glob(os.path.join(SHARE, "man", "**", "*.[158]"), recursive=True)]
    for path in pages:
        with open(path, encoding="utf-8") as file:
            leads = re.fullmatch(r"\.so (man\d/.*)\n", file.read())
        if leads:
            check(os.path.exists(os.path.join(os.path.dirname(path), "..", leads.group(1))), f"{path} leads to {leads.group(1)}")
            continue
        said = run("mandoc", "-Tlint", "-Wwarning", path).stdout
        # No date: the same source gives the same bytes.
        rest = [line for line in said.splitlines() if "missing date" not in line]
        check(not rest, f"{os.path.relpath(path, SHARE)}: {rest[:3]}")
    print(f"ok    {len(pages)} pages are sound to mandoc")


def completed(shell, typed, language):
    """What the shell offers behind each of these command lines."""
    folder = shlex.quote(os.path.join(SHARE, "completions"))
    script = {"bash": f"source {folder}/kiz; compopt() {{ :; }}; ",
              "zsh": ("compdef() { :; }; _describe() { print -rl -- ${${(P)4}%%:*}; }; _files() { :; }; "
                      "compadd() { shift; print -rl -- $@; }; words=(kiz ''); CURRENT=2; "
                      f"source {folder}/_kiz >/dev/null; "),
              "fish": f"source {folder}/kiz.fish; "}[shell]
    for line in typed:
        words = line.split(" ")
        listed, last = " ".join(map(shlex.quote, words)), len(words)
        script += f"echo '== {line}'; " + {
            "bash": f"COMP_WORDS=({listed}); COMP_CWORD={last - 1}; _kiz; printf '%s\\n' \"${{COMPREPLY[@]}}\"; ",
            "zsh": f"words=({listed}); CURRENT={last}; _kiz; ",
            "fish": f"complete -C {shlex.quote(line)}; "}[shell]
    said = run(*{"bash": ("bash", "--norc", "-c"), "zsh": ("zsh", "-f", "-c"), "fish": ("fish", "--no-config", "-c")}[shell], script,
               language=language)
    assert not said.stderr, (shell, said.stderr)
    answers = {}
    for part in said.stdout.split("== ")[1:]:
        line, _, rest = part.partition("\n")
        offered = {row.split("\t")[0].strip() for row in rest.splitlines()} - {""}
        answers[line] = {word for word in offered if word.startswith(line.split(" ")[-1])}
    return answers


def check_completions():
    shells = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
    if len(shells) < 3:
        sys.exit(77)
    for language in ("de", "en"):
        tree = {"kiz ": set(children(language))}
        for word in sorted(tree["kiz "]):
            below = set(children(language, word))
            if below:
                tree[f"kiz {word} "] = below
        member, invite = {"de": ("mitglied", "einladen"), "en": ("member", "invite")}[language]
        own = options_in("\n".join(line for line in helped(language, member, invite).rsplit("\n\n", 1)[0].split("\n")[1:]
                                   if line.lstrip().startswith("-")))
        # Words of the other language lead on, and an option's value is not taken for a command.
        tree["kiz angebot " if language == "en" else "kiz offer "] = set(children(language, {"de": "angebot", "en": "offer"}[language]))
        tree["kiz --color "] = {"auto", "always", "never"}
        tree["kiz --lang de offer "] = set(children(language, {"de": "angebot", "en": "offer"}[language]))
        tree["kiz off"] = {"offline"} if language == "de" else {"offer", "offline"}
        for shell in shells:
            offered = completed(shell, [*tree, f"kiz {member} {invite} --"], language)
            for line, wanted in tree.items():
                check(offered[line] == wanted, f"{shell} {language}: {line}: differs by {sorted(offered[line] ^ wanted)}")
            flags = offered[f"kiz {member} {invite} --"]
            check(own and own | {"--json"} <= flags, f"{shell} {language}: {member} {invite} lacks {sorted(own - flags)}")
    print("ok    bash, zsh and fish complete what kiz understands")


check_pages()
check_exits()
check_lint()
check_completions()
for sentence in wrong:
    print("FAIL ", sentence)
sys.exit(1 if wrong else 0)
