#!/usr/bin/env python3
"""The right inputs that one process of a fuzz target writes, for other fuzzers to begin with, are right for the next process."""
import os
import pathlib
import subprocess
import sys
import tempfile

BIN = pathlib.Path(os.environ["KIZ_BIN"])


def main():
    targets = sorted(path for path in BIN.glob("fuzz_*") if "finds_planted" not in path.name)
    assert len(targets) >= 14, targets
    for target in targets:
        with tempfile.TemporaryDirectory(prefix="kiz-seeds-") as folder:
            subprocess.run([target, "--write-seeds", folder], check=True, timeout=60)
            assert os.listdir(folder), target.name
            ran = subprocess.run([target, folder, "--runs", "0", "--cut-every", "1000000"], capture_output=True, text=True, timeout=60, check=False)
            assert ran.returncode == 0, (target.name, ran)
            assert f"fuzz: {len(os.listdir(folder))} files" in ran.stdout, (target.name, ran)
    print(f"seeds: {len(targets)} targets take their own")


main()
sys.exit(0)
