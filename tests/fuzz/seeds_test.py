#!/usr/bin/env python3
"""The right inputs that one process of a fuzz target writes, for other fuzzers to begin with, are right for the next process;
and each target has a folder of inputs that libFuzzer kept, small enough to be replayed by every test run."""
import os
import pathlib
import subprocess
import sys
import tempfile

BIN = pathlib.Path(os.environ["KIZ_BIN"])
CORPUS = pathlib.Path(__file__).parent / "corpus"
FILES_MAX, FILE_BYTES_MAX = 40, 4096


def look_at_corpus(names):
    folders = {path.name for path in CORPUS.iterdir() if path.is_dir()}
    assert folders == names, (sorted(folders), sorted(names))
    for folder in folders:
        files = list((CORPUS / folder).iterdir())
        assert 0 < len(files) <= FILES_MAX, (folder, len(files))
        assert all(0 < file.stat().st_size <= FILE_BYTES_MAX for file in files), folder


def main():
    targets = sorted(path for path in BIN.glob("fuzz_*") if "finds_planted" not in path.name)
    look_at_corpus({target.name.removeprefix("fuzz_") for target in targets})
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
