#!/usr/bin/python3
"""A seed that runs again does exactly the same: alone, in another process, and after other seeds."""
import json
import subprocess
import sys


def run(*arguments):
    done = subprocess.run([sys.argv[1], "--json", "--edits", "150", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"kiz-sim {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["seed"]: line["trace"] for line in lines if "seed" in line}


seeds = range(11, 31)
together = run("--seeds", str(len(seeds)), "--start", str(seeds[0]))
again = run("--seeds", str(len(seeds)), "--start", str(seeds[0]))
for seed in seeds:
    if together[seed] != again[seed]:
        sys.exit(f"seed {seed}: trace {together[seed]}, and {again[seed]} the second time")
if len(set(together.values())) != len(seeds):
    sys.exit("two seeds with one trace: the seed decides nothing")
alone = run("--seed", str(seeds[-1]))
if alone[seeds[-1]] != together[seeds[-1]]:
    sys.exit(f"seed {seeds[-1]}: trace {alone[seeds[-1]]} alone, {together[seeds[-1]]} after other seeds")
print(f"{len(seeds)} seeds twice: the same traces")
