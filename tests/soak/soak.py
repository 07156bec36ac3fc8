#!/usr/bin/python3
"""What tests/soak.sh runs once everything is built: lanes of programs side by side until the time is over.

usage: soak.py [--minutes N] [--seed S] [--lanes WORDS]     WORDS: simulator,fuzzers,faults,injections; default all

Each lane runs one program after the other, each a short while, and adds up what they say. A program that ends otherwise than
it should is a finding: its command and what it said are kept under build/soak, and its figures count like any other's. When the
time is over what runs is ended.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "release" / "bin"
FUZZ_BIN = ROOT / "build" / "fuzz" / "bin"
AFL_BIN = ROOT / "build" / "afl" / "bin"
OUT = ROOT / "build" / "soak"
SIMULATED_HOURS = 30 * 24  # of one seed, where the simulator does not say
FUZZ_SECONDS = 20
END_SECONDS = 10  # before the end nothing new is begun
INJECTED_UPTO = 150  # each of the first so many calls of a kind fails once
INJECTED_AT_ONCE = 15  # in one store


class Soak:
    def __init__(self, minutes, seed):
        self.began = time.monotonic()
        self.end = self.began + minutes * 60
        self.minutes = minutes
        self.seed = seed
        self.figures = collections.Counter()
        self.findings = []
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False
        self.windows = 0  # of injected faults that there are

    def over(self):
        return self.stopped or time.monotonic() > self.end - END_SECONDS

    def add(self, **figures):
        with self.lock:
            self.figures.update({name: value for name, value in figures.items() if value})

    def run(self, what, *command, env=None):
        """What the program said; None: it was ended because time is over. That it failed is kept as a finding."""
        with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", cwd=OUT, start_new_session=True,
                              env=dict(os.environ, KIZ_BIN=str(BIN), KIZ_SOURCE_DIR=str(ROOT), TMPDIR=str(OUT / "tmp"), **(env or {}))) as process:
            with self.lock:
                self.running.add(process)
            said, _ = process.communicate()
            with self.lock:
                self.running.discard(process)
        if self.stopped:
            return None
        if process.returncode != 0:
            self.found(what, command, process.returncode, said)
        return said

    def found(self, what, command, code, said):
        with self.lock:
            kept = OUT / f"finding-{len(self.findings) + 1}.txt"
            self.findings.append(f"{what}: {kept.relative_to(ROOT)}")
        kept.write_text(f"{' '.join(str(word) for word in command)}\nended with {code}\n\n{said}", encoding="utf-8")
        print(f"FOUND {what} (ended with {code}), kept in {kept.relative_to(ROOT)}", flush=True)

    def stop(self):
        """Ends what runs, with everything that it has started."""
        self.stopped = True
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.lock:
                left = list(self.running)
            for process in left:
                try:
                    os.killpg(process.pid, how)
                except ProcessLookupError:
                    pass
            time.sleep(2 if how == signal.SIGTERM and left else 0)

    @staticmethod
    def last_words(said):
        """The figures that a script ends with, whatever it says beside them; none: it did not come so far."""
        lines = [line for line in (said or "").splitlines() if line.startswith("{")]
        return collections.Counter(json.loads(lines[-1]) if lines else {})

    # ---- lanes

    def simulator(self):
        start = self.seed * 1_000_000 + 1
        batch = 2
        while not self.over():
            said = self.run("simulator", BIN / "kiz-sim", "--seeds", batch, "--start", start)
            start += batch
            figure = lambda word, text=said or "": sum(float(n) for n in re.findall(rf"{word} (\d+(?:\.\d+)?)", text)[-1:])
            seeds = int(figure("seeds"))
            self.add(seeds=seeds, hours=figure("simulated hours") or seeds * SIMULATED_HOURS, faults=int(figure("faults")),
                     acknowledged=int(figure("acknowledged")), lost=int(figure("lost")))

    def fuzzers(self):
        round_number = 0
        targets = sorted(path.name.removeprefix("fuzz_") for path in BIN.glob("fuzz_*") if "finds_planted" not in path.name)
        while not self.over():
            round_number += 1
            for target in targets:
                if self.over():
                    return
                with_afl = AFL_BIN / f"libfuzzer_{target}"
                with_clang = FUZZ_BIN / f"libfuzzer_{target}"
                if with_afl.exists() and (round_number % 2 == 0 or not with_clang.exists()):
                    self.fuzz_afl(target, with_afl)
                elif with_clang.exists():
                    self.fuzz_clang(target, with_clang)
                else:
                    self.fuzz_replaying(target, round_number)

    def corpus(self, target):
        """Right inputs to begin with, and what earlier rounds kept."""
        folder = OUT / "corpus" / target
        if not folder.exists():
            folder.mkdir(parents=True)
            self.run(f"seeds of {target}", BIN / f"fuzz_{target}", "--write-seeds", folder)
        return folder

    def fuzz_clang(self, target, program):
        left = max(1, int(min(FUZZ_SECONDS, self.end - END_SECONDS - time.monotonic())))
        said = self.run(f"fuzz {target}", program, f"-max_total_time={left}", "-rss_limit_mb=1024", "-timeout=20", "-max_len=65536",
                        "-print_final_stats=1", f"-artifact_prefix={OUT}/crash-{target}-", self.corpus(target),
                        *self.known(target))
        self.add(executions=sum(int(n) for n in re.findall(r"stat::number_of_executed_units: (\d+)", said or "")))

    def fuzz_afl(self, target, program):
        left = max(5, int(min(FUZZ_SECONDS, self.end - END_SECONDS - time.monotonic())))
        out = OUT / "afl" / target
        out.parent.mkdir(exist_ok=True)
        before = self.afl_stats(out)
        said = self.run(f"afl {target}", "afl-fuzz", "-i", "-" if out.exists() else self.corpus(target), "-o", out, "-V", left, "-m", "none",
                        "-t", "5000", "--", program, env={"AFL_SKIP_CPUFREQ": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_NO_UI": "1"})
        after = self.afl_stats(out)
        self.add(executions=max(0, after["execs_done"] - before["execs_done"]))
        if said is not None and after["saved_crashes"] > before["saved_crashes"]:
            self.found(f"afl {target}", [program], 0, f"inputs lie in {out}/default/crashes")

    @staticmethod
    def afl_stats(out):
        stats = out / "default" / "fuzzer_stats"
        text = stats.read_text(encoding="utf-8") if stats.exists() else ""
        return collections.Counter({name: int(value) for name, value in re.findall(r"^(execs_done|saved_crashes)\s*: (\d+)", text, re.M)})

    def fuzz_replaying(self, target, round_number):
        runs = 300 if target.startswith("session") else 3000 if target in ("config", "store_page") else 20_000
        said = self.run(f"fuzz {target}", BIN / f"fuzz_{target}", *self.known(target), "--runs", runs, "--seed",
                        self.seed + round_number, "--cut-every", 1000)
        self.add(executions=sum(int(n) for n in re.findall(r"(\d+) mutations", said or "")))

    @staticmethod
    def known(target):
        folder = ROOT / "tests" / "fuzz" / "corpus" / target
        return [folder] if folder.is_dir() else []

    def faults(self):
        """Kills of a store, and sessions over a bad line, in turns."""
        seed = self.seed
        while not self.over():
            seed += 1
            said = self.run("store_kill", BIN / "store_kill", 50, seed) or ""
            self.add(kills=sum(int(n) for n in re.findall(r"(\d+) kills", said)), lost=sum(int(n) for n in re.findall(r"lost (\d+)", said)))
            if not self.over():
                line = self.last_words(self.run("bad line", "/usr/bin/python3", "-B", ROOT / "tests" / "attack" / "bad_line_test.py",
                                                "--sessions", 60, "--seed", seed))
                self.add(lines=line["sessions"], acknowledged=line["acknowledged"], lost=line["lost"], faults=line["sessions"])

    def injections(self):
        """Each n-th call of each kind fails or is the last one, a window of calls after the other, all of them once."""
        inject = ["/usr/bin/python3", "-B", ROOT / "tests" / "faults" / "inject_test.py"]
        names = (self.run("list of sweeps", *inject, "--list") or "").splitlines()
        firsts = range(1, INJECTED_UPTO + 1, INJECTED_AT_ONCE)
        self.windows = len(names) * len(firsts)
        at_its_end = set()
        for first in firsts:
            for name in names:
                if self.over():
                    return
                upto = min(first + INJECTED_AT_ONCE - 1, INJECTED_UPTO)
                if name not in at_its_end:
                    said = self.run(f"{name} from {first}", *inject, "--every", 1, "--first", first, "--upto", upto, name)
                    if said is None:
                        return
                    figures = self.last_words(said)
                    self.add(faults=figures["faults"], acknowledged=figures["acknowledged"], lost=figures["lost"],
                             kills=figures["faults"] if "SIGKILL" in name else 0)
                    if "set_up" in name and figures["faults"] <= upto - first and f"ok    {name}" in said:
                        at_its_end.add(name)  # a set-up makes no more calls than that
                self.add(windows=1)

    # ---- the whole

    def sheet(self):
        f = self.figures
        return (f"soak: {(time.monotonic() - self.began) / 60:.0f} min, seed {self.seed}: simulator seeds {f['seeds']}, simulated hours "
                f"{f['hours']:.0f}, faults injected {f['faults']}, edits acknowledged {f['acknowledged']}, lost {f['lost']}, fuzz executions "
                f"{f['executions']}, kill cycles {f['kills']}, sessions over a bad line {f['lines']}, windows of injected faults {f['windows']} of "
                f"{self.windows}, findings {len(self.findings)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--lanes", default="simulator,fuzzers,faults,injections")
    given = parser.parse_args()
    (OUT / "tmp").mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("finding-*.txt"):
        old.unlink()
    soak = Soak(given.minutes, given.seed)
    print(f"soak: {given.minutes:g} minutes, seed {given.seed}", flush=True)
    lanes = [threading.Thread(target=getattr(soak, name)) for name in given.lanes.split(",")]
    for lane in lanes:
        lane.start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        while any(lane.is_alive() for lane in lanes) and time.monotonic() < soak.end - END_SECONDS / 2:
            time.sleep(0.2)
    finally:
        soak.stop()
        for lane in lanes:
            lane.join()
    shutil.rmtree(OUT / "tmp", ignore_errors=True)  # of programs that were ended
    for finding in soak.findings:
        print(f"finding: {finding}")
    print(soak.sheet(), flush=True)
    return 1 if soak.findings or soak.figures["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
