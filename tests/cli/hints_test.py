#!/usr/bin/env python3
"""Every command that a sentence of the programs names, in German or English, exists and knows the options shown.

Sentences are those of the catalogue: hints, errors, advice of `kiz status`, alarms, help. Pages and man pages have tests of
their own (doc_commands, package_manual); the commands of findings are typed by cli_mends.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "doc"))
import commands_test  # noqa: E402
import sentences_test  # noqa: E402

# A command in a sentence: kiz, words, options with values, operands in capitals or places for pieces.
COMMAND = re.compile(r"(?<![\w/-])kizd?(?: (?:--?[a-zäöü][\w-]*(?:=\S+)?|[a-zäöü][a-zäöüß-]*|\{[1-9]?\}|[A-ZÄÖÜ]+\b(?![a-z])|[A-Z]-\{\}|\w+=\w+))+")
PROSE = re.compile(r"^kizd?( (?:asks|fragt|ends|needs|runs|is|knows|läuft|hat|beendet|braucht|and|und|oder|or|neu|stops|starts|again|once|then|dann)\b.*)?$")


def commands_in(sentence):
    """Command lines named in a sentence; what follows a whole command may be prose, and counts as its operands."""
    for found in COMMAND.finditer(sentence.replace('\\"', '"')):
        line = re.sub(r"[.,;:]$", "", found.group())
        if not PROSE.match(line):
            yield re.sub(r"\{[1-9]?\}", "X", line)


def main():
    with open(os.path.join(os.environ["KIZ_SOURCE_DIR"], "cli", "po", "de.po"), encoding="utf-8") as file:
        catalogue = sentences_test.messages(file.read())
    named, wrong = set(), []
    for english, german in catalogue.items():
        for sentence in (english, *german):
            for line in commands_in(sentence):
                named.add(line)
                fault = commands_test.check_line(line)
                if fault:
                    wrong.append(f"{fault}: {sentence}")
    assert len(named) > 80, sorted(named)
    print(*wrong, sep="\n")
    print(f"hints: {len(named)} commands named in sentences, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
