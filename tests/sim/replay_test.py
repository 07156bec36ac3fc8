#!/usr/bin/python3
"""A seed that runs again does exactly the same: alone, in another process, and after other seeds."""
import json
import subprocess
import sys


def run(*arguments):
    done = subprocess.run([sys.argv[1], "--json", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"kiz-sim {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["seed"]: line["trace"] for line in lines if "seed" in line}


first = run("--seed", "3")
after_others = run("--seeds", "2", "--start", "2")
if first[3] != after_others[3]:
    sys.exit(f"seed 3: trace {first[3]} alone, {after_others[3]} after another seed")
if after_others[2] == after_others[3]:
    sys.exit("two seeds with one trace: the seed decides nothing")
print(f"seed 3 twice: {first[3]}")
