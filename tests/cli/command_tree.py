"""The commands of kiz as the program describes them (`kiz --describe`), and words that stand for their operands."""

# What stands for an operand, by its English name, and what a command needs beside its operands before it asks anybody.
OPERANDS = {"REF": "A-7K3", "DEVICE": "G-2", "OFFER": "A-7K3", "MONTH": "2026-10", "TOWN": "Ahaus", "[TOWN]": "Ahaus", "TEXT": "words",
            "FIELD=VALUE": "title=x", "RULE=VALUE": "return_due_day=5", "MEASURE=NUMBER": "arrived=1", "MEASURE": "counselled", "+N|-N": "+1",
            "STATE": "granted", "ANSWER": "declined", "CODE": "123456", "HOST:PORT": "127.0.0.1:1", "INVITE": "KIZ1-AAAA", "ENTRY|LOG|BUNDLE": "0" * 64,
            "FILE": "file.csv", "SOURCE": "file.csv", "TARGET": "target"}
BESIDE = {("counts", "reopen"): ["--reason", "x"], ("conflict", "resolve"): ["--take", "1"],
          ("consent", "subject", "new"): ["--kind", "shape", "--title", "x", "--file", "file.csv"]}
FILE = "title;provider;kind\nx;y;meeting_place\n"  # file.csv


def leaves(node, language="english", path=()):
    """(words, command) of every command that does something."""
    for command in node["commands"]:
        words = (*path, command[language])
        if command["commands"]:
            yield from leaves(command, language, words)
        else:
            yield words, command


def groups(node, language="english", path=()):
    """Words of every command that has others below it."""
    for command in node["commands"]:
        if command["commands"]:
            yield (*path, command[language])
            yield from groups(command, language, (*path, command[language]))


def operands_of(words, command):
    """Words to type behind a command; `words` and the names of the operands in English."""
    if words == ("bundle", "write"):
        return ["new.kiz"]
    return [OPERANDS[operand["name"]] for operand in command["operands"]] + BESIDE.get(words, [])
