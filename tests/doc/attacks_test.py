#!/usr/bin/env python3
"""tests/ATTACKS.md has one row for each of the 64 cases, and every test that it names exists; what is open is counted."""
import os
import re
import sys

import documents as doc

CASES = 64
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TEST = re.compile(r'`([\w./-]+)`(?: "((?:[^"]|(?<=\\)")+)")?')


def spelt(text):
    """A C++ or Python source with its escapes of quotes and joined literals undone, so that names can be looked for."""
    return re.sub(r'"\s*\n\s*"', "", text).replace('\\"', '"')


def check(table):
    wrong, seen, open_rows, partly = [], [], 0, 0
    for number, case, test in ROW.findall(table):
        seen.append(int(number))
        named = TEST.findall(test)
        remark = re.search(r"(?:^|; )open(?:: [\w ,-]+)?$", test)
        if not named and not remark:
            wrong.append(f"row {number}: names no test and does not say open")
        open_rows += 1 if remark and not named else 0
        partly += 1 if remark and named else 0
        for path, name in named:
            whole = path if path.startswith("packaging/") else f"tests/{path}"
            if not os.path.exists(os.path.join(doc.ROOT, whole)):
                wrong.append(f"row {number}: there is no {whole}")
            elif name and name not in spelt(doc.text_of(whole)) and name not in doc.text_of(whole):
                wrong.append(f"row {number}: {whole} has no \"{name}\"")
            elif whole.endswith("_test.cc") and not name:
                wrong.append(f"row {number}: which case of {whole}?")
    if seen != list(range(1, CASES + 1)):
        wrong.append(f"the rows are not 1 to {CASES}, each once: {seen}")
    return wrong, open_rows, partly


def main():
    wrong, open_rows, partly = check(doc.text_of("tests/ATTACKS.md"))
    print(*wrong, sep="\n")
    print(f"attacks: {CASES - open_rows - partly} shown, {partly} in part, {open_rows} open, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
