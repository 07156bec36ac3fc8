"""What the tests of the documentation share: which documents there are, their fenced blocks, their anchors."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "layering"))
import check_tree  # noqa: E402  (which files belong to the tree)

ROOT = os.environ.get("KIZ_SOURCE_DIR") or os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*(\S*)[^\n]*$")
DIRECTIVE = re.compile(r"^ *<!-- run: (.+?) -->$")


def tree():
    """Paths of all files of the tree, relative to its root."""
    return check_tree.tracked_files(ROOT)


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def documents():
    return [path for path in tree() if path.endswith(".md") and not path.startswith("tests/fuzz/corpus")]


class Block:
    """A fenced block: its language, the line behind the opening fence, its lines."""

    def __init__(self, language, line, indent):
        self.language, self.line, self.indent, self.lines = language, line, indent, []

    def add(self, line):
        self.lines.append(line[self.indent:] if not line[:self.indent].strip() else line)


def parts(text):
    """Blocks and directives ("<!-- run: ... -->") of a document, in order: ("block", Block) or ("run", words, line)."""
    block = fence = None
    for number, line in enumerate(text.split("\n"), 1):
        found = FENCE.match(line)
        if block is not None:
            if found and found.group(2).startswith(fence) and not found.group(3):
                yield ("block", block)
                block = None
            else:
                block.add(line)
        elif found:
            fence = found.group(2)
            block = Block(found.group(3), number + 1, len(found.group(1)))
        else:
            directive = DIRECTIVE.match(line)
            if directive:
                yield ("run", directive.group(1), number)
    if block is not None:
        yield ("block", block)


def prose(text):
    """The document with its fenced blocks blanked, lines kept."""
    out, fence = [], None
    for line in text.split("\n"):
        found = FENCE.match(line)
        if fence is not None:
            out.append("")
            if found and found.group(2).startswith(fence) and not found.group(3):
                fence = None
        elif found:
            fence = found.group(2)
            out.append("")
        else:
            out.append(line)
    return "\n".join(out)


def anchors(text):
    """Names of headings as links use them."""
    names, seen = set(), {}
    for found in re.finditer(r"^#{1,6} +(.+?) *#*$", prose(text), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]|\[|\]\([^)]*\)", "", found.group(1)).lower()).strip().replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        names.add(name if count == 0 else f"{name}-{count}")
    return names


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def commands(block):
    """Command lines of a block, continued lines joined: (line number, text). In `console` those behind "$ "."""
    number, joined = 0, ""
    for offset, line in enumerate(block.lines):
        if block.language == "console" and not joined:
            if not line.startswith("$ "):
                continue
            line = line[2:]
        if not joined:
            number = block.line + offset
        if line.endswith("\\"):
            joined += line[:-1].rstrip() + " "
            continue
        yield (number, (joined + line.strip()) if joined else line)
        joined = ""
