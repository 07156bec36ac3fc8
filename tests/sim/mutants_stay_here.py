#!/usr/bin/python3
"""Planted bugs are in kiz-sim and in no other program or library: mutants_stay_here.py KIZ-SIM OTHERS..."""
import sys

mark = b"planted_mutant"
simulator, *others = sys.argv[1:]


def has_mutants(path):
    with open(path, "rb") as file:
        return mark in file.read()


if not has_mutants(simulator):
    sys.exit("the simulator shows no sign of its mutants: this test would see none elsewhere")
for other in others:
    if has_mutants(other):
        sys.exit(f"{other} has planted bugs in it")
print(f"{len(others)} programs without planted bugs")
