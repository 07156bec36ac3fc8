#!/usr/bin/python3
"""Writes the man pages from what the programs say of themselves, and the prose of words.toml.

    generate.py BIN WORDS.toml OUTPUT      BIN: folder of kiz and kizd; KIZ_LOCALE_DIR as for the programs

English pages go to OUTPUT/man1, man5, man8, German ones to OUTPUT/de/... A page that is asked for by its name in the
other language is found too (.so). Commands, operands, options, refusals: `kiz --describe`. Options of the daemon:
`kizd --help`. Keys of the configuration: `kizd --show-config`. Nothing is written by hand that one of them knows.
"""
import json
import os
import re
import subprocess
import sys
import tomllib

OTHER = {"de": "en", "en": "de"}


def escaped(text):
    """Text as roff has it: nothing in it is taken for a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    return text.replace("~", "\\(ti")


def line(text):
    text = escaped(text)
    return "\\&" + text if text[:1] in (".", "'") else text


def bold(text):
    return "\\fB" + escaped(text) + "\\fP"


def italic(text):
    return "\\fI" + escaped(text) + "\\fP"


def prose(text):
    """Paragraphs; `words like these` are bold; an indented line is shown as it stands."""
    out = []
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip("\n"))):
        if number:
            out.append(".PP")
        if all(row.startswith("    ") for row in paragraph.split("\n")):
            out[-1:] = [".PP", ".RS 4", ".nf"] if not number or out[-1] == ".PP" else []
            out += [line(row[4:]) for row in paragraph.split("\n")] + [".fi", ".RE"]
            continue
        joined = " ".join(row.strip() for row in paragraph.split("\n"))
        pieces = re.split(r"`([^`]+)`", joined)
        rich = "".join(bold(piece) if at % 2 else escaped(piece) for at, piece in enumerate(pieces))
        out.append("\\&" + rich if rich[:1] in (".", "'") else rich)
    return out


def run(language, *words):
    env = dict(os.environ, LANGUAGE=language, LC_ALL="C.UTF-8", HOME="/nonexistent")
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "KIZ_STORE", "KIZ_SOCKET"):
        env.pop(name, None)
    return subprocess.run(words, env=env, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout


class Book:
    """All pages in one language."""

    def __init__(self, language, programs, words, output):
        self.language, self.words, self.output = language, words, output
        self.kiz = json.loads(run(language, f"{programs}/kiz", "--lang", language, "--describe"))
        self.kizd_help = run(language, f"{programs}/kizd", "--lang", language, "--help")
        self.settings = json.loads(run(language, f"{programs}/kizd", "--lang", language, "--show-config"))["keys"]
        self.reference = run(language, f"{programs}/kizd", "--lang", language, "--config-reference")
        self.version = self.kiz["version"]

    def say(self, name):
        return self.words["headings"][name][self.language]

    def text(self, *path):
        at = self.words
        for name in path:
            at = at.get(name, {})
        return at.get(self.language, "")

    def word(self, command, language=None):
        return command["german" if (language or self.language) == "de" else "english"]

    def write(self, section, name, rows, title):
        folder = os.path.join(self.output, *([] if self.language == "en" else [self.language]), f"man{section}")
        os.makedirs(folder, exist_ok=True)
        head = [f'.\\" {self.words["source"]}', f'.TH {name.upper()} {section} "" "kiz\\-sync {self.version}" "{title}"', ".nh", ".ad l"]
        with open(os.path.join(folder, f"{name}.{section}"), "w", encoding="utf-8") as file:
            file.write("\n".join(head + rows) + "\n")

    def also_called(self, section, other, name):
        folder = os.path.join(self.output, *([] if self.language == "en" else [self.language]), f"man{section}")
        with open(os.path.join(folder, f"{other}.{section}"), "w", encoding="utf-8") as file:
            file.write(f".so man{section}/{name}.{section}\n")

    def usage(self, words, command):
        parts = [bold(" ".join(words))]
        for operand in command["operands"]:
            shown = italic(operand["name"])
            shown = f"[{shown}]" if operand["optional"] else shown
            parts.append(shown + ("\\ ..." if operand["many"] else ""))
        if command["options"]:
            parts.append("[" + italic(self.say("options_word")) + "]")
        return " ".join(parts)

    def option(self, option):
        names = ", ".join(bold(name) for name in option["names"])
        value = " " + italic(option["value"]) if option["value"] else ""
        return [".TP", names + value, line(option["help"])]

    def leaf(self, words, command):
        """What one command takes."""
        rows = [".TP", self.usage(words, command), line(command["summary"] or " ".join(words))]
        if self.word(command) != self.word(command, OTHER[self.language]) or command["also"]:
            others = [self.word(command, OTHER[self.language]), *command["also"]]
            others = sorted({other for other in others if other != words[-1]})
            if others:
                rows += [".br", escaped(self.say("also")) + " " + ", ".join(bold(other) for other in others)]
        if command["operands"] or command["options"] or command["terms"]:
            rows.append(".RS")
            for operand in command["operands"]:
                rows += [".TP", italic(operand["name"]), line(operand["help"])]
            for option in command["options"]:
                rows += self.option(option)
            for term in command["terms"]:
                rows += [".TP", escaped(term["name"]) + ":", line(term["words"])]
            rows.append(".RE")
        return rows

    def examples(self, name):
        rows = []
        for example in self.words.get("examples", {}).get(name, {}).get(self.language, []):
            rows += [".PP", ".RS 4", ".nf", line(example), ".fi", ".RE"]
        return [".SH " + self.say("examples"), *rows[1:]] if rows else []

    def group_page(self, command):
        name = f"kiz-{self.word(command)}"
        rows = [".SH NAME", f"{escaped(name)} \\- {escaped(command['summary'])}", ".SH " + self.say("synopsis")]
        for number, child in enumerate(command["commands"]):
            rows += ([".br"] if number else []) + [self.usage(["kiz", self.word(command), self.word(child)], child)]
        rows += [".SH " + self.say("description")]
        rows += prose(self.text("group", command["english"]) or command["summary"] + ".")
        rows += [".SH " + self.say("commands")]
        for child in command["commands"]:
            rows += self.leaf(["kiz", self.word(command), self.word(child)], child)
        rows += self.examples(command["english"])
        rows += [".SH " + self.say("see_also"), ".BR kiz (1),", ".BR kizd (8)"]
        self.write(1, name, rows, self.say("manual_clerks"))
        other = f"kiz-{self.word(command, OTHER[self.language])}"
        if other != name:
            self.also_called(1, other, name)

    def main_page(self):
        groups = [command for command in self.kiz["commands"] if command["commands"]]
        rows = [".SH NAME", f"kiz \\- {escaped(self.text('kiz', 'name'))}", ".SH " + self.say("synopsis"),
                bold("kiz") + " [" + italic(self.say("options_word")) + "] [" + italic(self.say("command_word")) + "]",
                ".SH " + self.say("description"), *prose(self.text("kiz", "description")), ".SH " + self.say("commands")]
        for command in self.kiz["commands"]:
            if not command["commands"]:
                rows += self.leaf(["kiz", self.word(command)], command)
                continue
            rows += [".TP", f"{bold('kiz ' + self.word(command))} ...", line(command["summary"]) + ":"]
            rows += [", ".join(bold(self.word(child)) for child in command["commands"]) + ".", ".br",
                     f"{escaped(self.say('see'))} {bold('kiz-' + self.word(command))}(1)."]
        rows += [".SH " + self.say("options"), *prose(self.text("kiz", "options"))]
        for option in self.kiz["options"]:
            rows += self.option(option)
        rows += [".SH " + self.say("exit_status"), *prose(self.text("kiz", "exit_status"))]
        for code, meaning in self.words["exits"].items():
            rows += [".TP", bold(code), line(meaning[self.language])]
        rows += [".SH " + self.say("refusals"), *prose(self.text("kiz", "refusals"))]
        for error in self.kiz["errors"]:
            rows += [".TP", f"{bold(error['code'])} ({error['exit']})", line(error["text"].replace("{}", "...").strip())]
        for part in ("environment", "files"):
            rows.append(".SH " + self.say(part))
            for name, meaning in self.words["kiz"][part].items():
                rows += [".TP", bold(name), line(meaning[self.language])]
        rows += self.examples("kiz")
        names = [f"kiz-{self.word(command)}" for command in groups]
        rows += [".SH " + self.say("see_also"), *(f".BR {escaped(name)} (1)," for name in sorted(names)), ".BR kizd (8),",
                 ".BR kiz\\-sync.toml (5)"]
        self.write(1, "kiz", rows, self.say("manual_clerks"))

    def daemon_page(self):
        rows = [".SH NAME", f"kizd \\- {escaped(self.text('kizd', 'name'))}", ".SH " + self.say("synopsis"),
                bold("kizd") + " [" + italic(self.say("options_word")) + "]",
                ".SH " + self.say("description"), *prose(self.text("kizd", "description")), ".SH " + self.say("options")]
        for names, meaning in re.findall(r"^  (--\S.*?)(?:   *(\S.*))?$", self.kizd_help, re.MULTILINE):
            shown = re.sub(r"--[\w-]+", lambda found: bold(found.group()), names)
            shown = re.sub(r" ([A-Z][A-Z:]*|de\|en)$", lambda found: " " + italic(found.group(1)), shown)
            rows += [".TP", shown, line(meaning or self.text("kizd", "version"))]
        for section in self.words["kizd"]["sections"]:
            rows += [".SH " + section["heading"][self.language], *prose(section[self.language])]
        rows += [".SH " + self.say("exit_status"), *prose(self.text("kizd", "exit_status"))]
        for code, meaning in self.words["kizd"]["exits"].items():
            rows += [".TP", bold(code), line(meaning[self.language])]
        rows += [".SH " + self.say("files")]
        for name, meaning in self.words["kizd"]["files"].items():
            rows += [".TP", bold(name), line(meaning[self.language])]
        rows += [".SH " + self.say("see_also"), ".BR kiz (1),", ".BR kiz\\-sync.toml (5),", ".BR systemctl (1),", ".BR journalctl (1),",
                 ".BR systemd\\-creds (1)"]
        self.write(8, "kizd", rows, self.say("manual_admins"))

    def settings_page(self):
        rows = [".SH NAME", f"kiz\\-sync.toml \\- {escaped(self.text('toml', 'name'))}", ".SH " + self.say("description"),
                *prose(self.text("toml", "description"))]
        section = None
        for setting in self.settings:
            inside, _, name = setting["key"].rpartition(".")
            if inside != section:
                section = inside
                rows += [".SH " + (f"[{escaped(inside)}]" if inside else self.say("keys"))]
                rows += prose(self.text("toml", "section_" + inside)) if self.text("toml", "section_" + inside) else []
            kind = self.words["types"].get(setting["type"], {}).get(self.language, setting["type"])
            bounds = setting["bounds"].replace(" to ", " " + self.say("to") + " ")
            rows += [".TP", f"{bold(name)} = {escaped(setting['default'])}",
                     line(setting["text"]), ".br",
                     escaped(f"{self.say('type')}: {kind}" + (f" ({bounds})" if bounds else "") + ". ")
                     + escaped(self.say("reload" if setting["reload"] else "restart"))]
        rows += self.examples("toml")
        rows += [".SH " + self.say("see_also"), ".BR kizd (8),", ".BR kiz (1)"]
        self.write(5, "kiz-sync.toml", rows, self.say("manual_admins"))

    def write_all(self):
        self.main_page()
        for command in self.kiz["commands"]:
            if command["commands"]:
                self.group_page(command)
        self.daemon_page()
        self.settings_page()


def main():
    programs, words_path, output = sys.argv[1:4]
    with open(words_path, "rb") as file:
        words = tomllib.load(file)
    for language in ("en", "de"):
        Book(language, programs, words, output).write_all()


if __name__ == "__main__":
    main()
