#!/usr/bin/env python3
"""Every link of the documentation leads somewhere: files, headings, and files of the tree that are named in code type."""
import os
import re
import sys

import documents as doc

LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?\)")
# Code type that names a file of this tree: a path with a folder of ours in front, or a document of the top level.
NAMED = re.compile(r"`((?:protocol|libclient|daemon|cli|tests|packaging|\.ci)/[\w./*<>-]*|[A-Z]+\.md)`")


def check(path, text, tree, folders):
    wrong = []
    plain = doc.prose(text)
    own = os.path.dirname(path)
    for found in LINK.finditer(re.sub(r"`[^`\n]*`", lambda code: " " * len(code.group()), plain)):
        target = found.group(1)
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        whole = os.path.normpath(os.path.join(own, file)) if file else path
        line = doc.line_of(plain, found.start())
        if whole not in tree and whole not in folders:
            wrong.append(f"{path}:{line}: the link {target} leads nowhere")
        elif anchor and whole.endswith(".md") and anchor not in doc.anchors(doc.text_of(whole) if whole != path else text):
            wrong.append(f"{path}:{line}: {whole} has no heading #{anchor}")
    for found in NAMED.finditer(plain):
        name = found.group(1).rstrip("/")
        near = os.path.normpath(os.path.join(own, name))
        if any(char in name for char in "*<"):
            pattern = re.compile(re.sub(r"\\\*|<[^>]*>", r"[^/]*", re.escape(name)) + "$")
            there = any(pattern.match(file) for file in tree)
        else:
            there = any(each in tree or each in folders for each in (name, near))
        if not there:
            wrong.append(f"{path}:{doc.line_of(plain, found.start())}: names {name}, which is not in the tree")
    return wrong


def main():
    tree = set(doc.tree())
    folders = {os.path.dirname(path) for path in tree}
    folders |= {"/".join(folder.split("/")[:n]) for folder in folders for n in range(1, folder.count("/") + 1)}
    files = doc.documents()
    wrong = [sentence for path in files for sentence in check(path, doc.text_of(path), tree, folders)]
    print(*wrong, sep="\n")
    print(f"links: {len(files)} documents, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
