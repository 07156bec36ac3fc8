#!/usr/bin/python3
"""judge_worlds.py [SEED [COUNT]]: random worlds of merge_worlds, judged by the model that came with the design.

The model is merge_model.py with vectors.py in the folder `model` of KIZ_REAL_DATA; exits with 77 (skipped) without it.
The program is looked for in KIZ_BIN.
"""
import json
import os
import subprocess
import sys

SKIPPED = 77


def main() -> int:
    source = os.environ.get("KIZ_SOURCE_DIR", ".")
    model = os.path.join(os.environ.get("KIZ_REAL_DATA") or os.path.join(os.path.dirname(os.path.abspath(source)), "shared"), "model")
    if not os.path.exists(os.path.join(model, "vectors.py")):
        print(f"skipped: no model in {model} (KIZ_REAL_DATA names the folder above)")
        return SKIPPED
    sys.dont_write_bytecode = True
    sys.path.insert(0, model)
    from vectors import normal, outcome

    seed, count = (sys.argv[1:] + ["1", "300"][len(sys.argv) - 1:])[:2]
    program = os.path.join(os.environ.get("KIZ_BIN", "."), "merge_worlds")
    worlds = json.loads(subprocess.run([program, seed, count], check=True, capture_output=True).stdout)
    differ = 0
    for world in worlds:
        order, middle = world["orders"][0], world["middle"]
        good = normal(outcome(world, order)) == normal(world["expected"])
        good &= normal(outcome(world, order[: middle["after"]])) == normal(middle["expected"])
        if not good:
            differ += 1
            print(f"{world['name']} differs")
    print(f"{len(worlds)} worlds, {differ} differ")
    return 1 if differ or not worlds else 0


if __name__ == "__main__":
    sys.exit(main())
