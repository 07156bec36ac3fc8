#!/usr/bin/python3
"""Checks what no compiler or linker shows: who includes whom, how pure `protocol` is, and that the tree is tidy.

    check_tree.py [ROOT]        prints one line per violation and exits with 1, or says how much was checked

The rules are STYLE rules of this project (CONTRIBUTING.md, "The house"); check_tree_test.py plants each violation.
"""
import os
import re
import subprocess
import sys

# What each folder may include: protocol <- libclient <- daemon, cli. Tests may include everything.
MAY_INCLUDE = {
    "protocol": {"protocol"},
    "libclient": {"protocol", "libclient"},
    "daemon": {"protocol", "libclient", "daemon"},
    "cli": {"protocol", "libclient", "cli"},
    "packaging": set(),
}
CODE_FOLDERS = {"protocol", "libclient", "daemon", "cli", "tests"}
MAY_LINK = {  # targets of ours that a folder's CMakeLists.txt may name
    "protocol": {"protocol"},
    "libclient": {"protocol", "client"},
    "daemon": {"protocol", "client", "daemon"},
    "cli": {"protocol", "client", "cli"},
}

# `protocol` is given bytes, events and the time, and draws nothing itself: same input, same output.
IMPURE_HEADER = re.compile(
    r"(filesystem|fstream|thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token"
    r"|random|ctime|time\.h|csignal|signal\.h|unistd\.h|fcntl\.h|dirent\.h|netdb\.h|poll\.h|pthread\.h"
    r"|sqlite3\.h|asio\.hpp|microhttpd\.h"
    r"|(sys|netinet|arpa|net|linux|asio|nlohmann|spdlog|CLI|toml\+\+|systemd)/.*)$")
IMPURE_CODE = [
    (re.compile(r"::now\s*\("), "reads a clock"),
    (re.compile(r"(?<![\w.>])(std::)?time\s*\(\s*(nullptr|NULL|0|&)"), "reads a clock"),
    (re.compile(r"\b(gettimeofday|clock_gettime|localtime(_r)?|mktime)\s*\("), "reads a clock or a time zone"),
    (re.compile(r"\b(secure_)?getenv\s*\("), "reads the environment"),
    (re.compile(r"\b(randombytes\w*|random_device|s?rand|getrandom|arc4random\w*)\b"), "draws random numbers"),
    (re.compile(r"\bcrypto_\w+_keygen\s*\("), "draws random numbers"),
    (re.compile(r"\bcrypto_(?!\w*seed)\w*keypair\s*\("), "draws random numbers"),
    (re.compile(r"\bcrypto_box_seal\s*\("), "draws random numbers"),
    (re.compile(r"\b(std::)?(fopen|freopen|popen|tmpfile|system)\s*\("), "touches files or processes"),
    (re.compile(r"(?<![\w:.>])::(open|socket|connect|read|write)\s*\("), "touches files or sockets"),
]

# Impure on purpose; each with its reason. A line here needs one as good.
ALLOWED = {
    ("protocol/secret.cc", "mutex"),  # the allocator of locked pages serves all threads of a program, like malloc
}

# Bytes from outside never meet cereal's own binary archives (they allocate what a length claims), pointers or polymorphism.
BANNED_ANYWHERE = re.compile(r"cereal/(types/(memory|polymorphic)|archives/(portable_)?binary)\.hpp$")

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md",
    "SECURITY.md", "LICENSE", ".clang-format", ".clang-tidy", ".gitignore", ".ci",
    "daemon", "libclient", "cli", "protocol", "tests", "packaging",
}
LINES_MAX = 600
COUNTED = (".h", ".cc", ".c", ".py", ".sh", ".sql", ".cmake", ".js", ".css", ".html")
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(" + "|".join(["root", "work", "farm", "tmp/wt"]) + r")/")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b|not (yet )?imple" r"mented", re.IGNORECASE)

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def tracked_files(root):
    """Paths below root: what git tracks or would track; without git, everything but build folders."""
    listing = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False) if os.path.exists(os.path.join(root, ".git")) else None
    if listing is not None and listing.returncode == 0:
        paths = {p.decode() for p in listing.stdout.split(b"\0") if p}
    else:
        paths = set()
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if f not in {".git", "build", "__pycache__", ".cache"}]
            paths |= {os.path.relpath(os.path.join(folder, f), root) for f in files}
    return sorted(p for p in paths if os.path.isfile(os.path.join(root, p)))


def blanked(code):
    """The code without comments and texts, lines kept, so that only what runs is judged."""
    return COMMENT_OR_TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), code)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class Tree:
    def __init__(self, root):
        self.root = root
        self.paths = tracked_files(root)
        self.public = {p.split("/include/", 1)[1]: p.split("/", 1)[0] for p in self.paths if "/include/kiz/" in p}
        self.violations = []

    def text(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8", errors="replace", newline="") as file:
            return file.read()

    def report(self, path, line, sentence):
        self.violations.append(f"{path}:{line}: {sentence}")

    def owner(self, path, included):
        """The folder of ours that an include reaches; None for others' headers."""
        first = included.split("/", 1)[0]
        if first in CODE_FOLDERS and "/" in included:
            return first
        if included.startswith("kiz/"):
            return self.public.get(included, "nobody")
        beside = os.path.normpath(os.path.join(os.path.dirname(path), included))
        return beside.split("/", 1)[0] if beside in self.paths else None

    def check_includes(self, path, text):
        folder = path.split("/", 1)[0]
        for found in INCLUDE.finditer(text):
            included, line = found.group(1) or found.group(2), line_of(text, found.start(1) if found.group(1) else found.start(2))
            if BANNED_ANYWHERE.match(included):
                self.report(path, line, f"<{included}> is banned: it trusts lengths and type names in the bytes it reads")
            if included.startswith("../") or "/../" in included:
                self.report(path, line, f'"{included}" climbs out of its folder; write the path from the top')
            if folder not in MAY_INCLUDE:
                continue
            owner = self.owner(path, included)
            if owner is not None and owner not in MAY_INCLUDE[folder] and not (folder == "packaging" and found.group(2)):
                self.report(path, line, f"{folder} must not include {included} (of {owner})")
            if folder == "protocol" and IMPURE_HEADER.match(included) and (path, included) not in ALLOWED:
                self.report(path, line, f"protocol must not include <{included}>")

    def check_purity(self, path, text):
        code = blanked(text)
        for pattern, what in IMPURE_CODE:
            for found in pattern.finditer(code):
                self.report(path, line_of(code, found.start()), f"protocol {what}: {found.group().strip()}")

    def check_links(self, path, text):
        folder = path.split("/", 1)[0]
        code = re.sub(r"#[^\n]*", "", text)
        for found in re.finditer(r"\bkiz(?:::|_)(protocol|client|daemon|cli)\b", code):
            if found.group(1) not in MAY_LINK[folder]:
                self.report(path, line_of(code, found.start()), f"{folder} must not link kiz::{found.group(1)}")

    def check_hygiene(self, path, text):
        if path.split("/", 1)[0] not in TOP_LEVEL:
            self.report(path, 1, "is outside the agreed top level")
        for found in MACHINE_PATH.finditer(text):
            self.report(path, line_of(text, found.start()), f"names a path of one machine: {found.group()}")
        if not path.startswith("tests/"):
            for found in UNFINISHED.finditer(text):
                self.report(path, line_of(text, found.start()), f"says that work is left: {found.group()}")
        lines = text.count("\n")
        if lines > LINES_MAX and path.endswith(COUNTED) and not path.startswith("tests/vectors/"):
            self.report(path, lines, f"has more than {LINES_MAX} lines; look for the seam")

    def check_readme(self, path, text):
        """A folder's README names its files in reading order; what it names must be there."""
        folder = os.path.dirname(path)
        for found in re.finditer(r"`([\w/*-]+\.(?:h|cc))`", text):
            name = re.escape(found.group(1)).replace(r"\*", r"\w*")
            pattern = re.compile(rf"({re.escape(folder)}/)?{name}$")
            if name != r"x\.h" and not any(pattern.match(p) for p in self.paths):
                self.report(path, line_of(text, found.start()), f"names {found.group(1)}, which is not in {folder}")

    def check(self):
        for path in self.paths:
            text = self.text(path)
            if "\0" in text[:8000]:
                continue
            self.check_hygiene(path, text)
            if path.endswith((".h", ".cc", ".c", ".hpp", ".cpp")):
                self.check_includes(path, text)
                if path.startswith("protocol/"):
                    self.check_purity(path, text)
            if path in {f"{folder}/README.md" for folder in MAY_LINK}:
                self.check_readme(path, text)
            if path.endswith("CMakeLists.txt") and path.split("/", 1)[0] in MAY_LINK:
                self.check_links(path, text)
        return self.violations


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("KIZ_SOURCE_DIR", ".")
    tree = Tree(root)
    if not tree.paths:
        print(f"check_tree: no files in {root}")
        return 1
    for violation in tree.check():
        print(violation)
    print(f"check_tree: {len(tree.paths)} files, {len(tree.violations)} violations")
    return 1 if tree.violations else 0


if __name__ == "__main__":
    sys.exit(main())
