#!/usr/bin/python3
"""Runs the workloads small and holds them to what no clock tells: keys of their reports, bytes on the wire, fsyncs of a commit.

    workloads_test.py KIZ_BENCH            exits with 1 where something is missing or costs more than it may
    workloads_test.py KIZ_BENCH --update   writes workloads.json anew; say in the commit why a figure went up

Goals that hold at any size are in here; bytes that go with the size stand in workloads.json, within 3 %.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BASELINE = pathlib.Path(__file__).with_name("workloads.json")
MARGIN = 0.03
SMALL = "1000"
KEYS = {"schema", "workload", "n", "seed", "seconds", "rate", "limit", "ratio", "fsyncs_per_commit", "peak_rss_bytes", "cpu_seconds",
        "wire_bytes", "disk_bytes", "runs"}
PROCESSES = {"W1": 1, "W1b": 1, "W2": 2, "W3": 2, "W4": 2}
GOALS = {("W1", "fsyncs_per_commit"): 1.05, ("W3", "reconnect_0_bytes"): 700, ("W3", "reconnect_1_bytes"): 900,
         ("W3", "reconnect_1000_bytes"): 32_000, ("growth", "reconnect_0_bytes"): 700}
OPENING_SYNCS = 25  # of a store that is opened, and closed again

wrong: list[str] = []


def check(holds: bool, what: str) -> None:
    if not holds:
        wrong.append(what)


def reports(bench: str, *words: str) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run([bench, *words, "--json", "--folder", folder], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"kiz-bench {' '.join(words)}: {ran.stderr}")
    return [json.loads(line) for line in ran.stdout.splitlines() if line]


def look_at_workload(name: str, report: dict) -> None:
    check(KEYS <= report.keys(), f"{name}: without {sorted(KEYS - report.keys())}")
    check(report["schema"] == "kiz.bench/1" and report["workload"] == name, f"{name}: says it is {report['schema']} {report['workload']}")
    check(report["seconds"] > 0 and report["rate"] > 0 and len(report["runs"]) == 1, f"{name}: no time")
    if name not in PROCESSES:
        return
    check(report["limit"]["seconds"] > 0 and report["ratio"] > 0, f"{name}: no limit")
    for key in ("peak_rss_bytes", "cpu_seconds"):
        check(len(report[key]) == PROCESSES[name] and min(report[key]) > 0, f"{name}: {key} is {report[key]}")


def look_at_goals(name: str, report: dict) -> None:
    for (workload, figure), most in GOALS.items():
        if workload == name:
            check(0 < report[figure] <= most, f"{name}: {figure} is {report[figure]:g}, at most {most:g} is allowed")


def bytes_of(all_reports: dict) -> dict:
    """What goes with the size: bytes of a record or change."""
    w2, w3, w4, growth = (all_reports[name] for name in ("W2", "W3", "W4", "growth"))
    return {"W2 wire bytes a record": round(w2["wire_bytes"] / w2["n"], 1),
            "W3 bytes of nothing new": w3["reconnect_0_bytes"],
            "W3 bytes of 1 change": w3["reconnect_1_bytes"],
            "W3 bytes of 1,000 changes": w3["reconnect_1000_bytes"],
            "W4 wire bytes a change, both sides": round(w4["wire_bytes"] / w4["n"], 1),
            "growth, bytes of nothing new": growth["reconnect_0_bytes"]}


def compare(found: dict, wanted: dict) -> None:
    check(found.keys() == wanted.keys(), "workloads.json names other figures; see --update")
    for name in found.keys() & wanted.keys():
        now, before = found[name], wanted[name]
        check(now <= before * (1 + MARGIN), f"{name}: {before:g} -> {now:g}")
        check(now >= before * (1 - 2 * MARGIN), f"{name} fell, workloads.json must follow: {before:g} -> {now:g}")


def count_by_strace(bench: str, edits: int = 200) -> None:
    """The kernel sees as many syncs as the bench counts: at least one for each commit, in the process that commits."""
    if shutil.which("strace") is None:
        print("strace is missing: syncs are not counted a second time")
        return
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace"
        ran = subprocess.run(["strace", "-f", "-ff", "-o", trace, "-e", "trace=fsync,fdatasync", bench, "W1", "--n", str(edits), "--json",
                              "--folder", folder], capture_output=True, text=True, check=False, env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"})
        if ran.returncode != 0 and "ptrace" in ran.stderr.lower():
            print("strace may not trace here: syncs are not counted a second time")
            return
        ran.check_returncode()
        traces = {path.suffix[1:]: path.read_text() for path in pathlib.Path(folder).glob("trace.*")}
    # The limit's commits are the parent's; ours those of its child, of whose end the parent was told.
    child = next(found[1] for text in traces.values() if (found := re.search(r"SIGCHLD .*si_pid=(\d+)", text)))
    seen = len(re.findall(r"^f(?:data)?sync\(", traces[child], re.MULTILINE))
    counted = json.loads(ran.stdout)["fsyncs_per_commit"] * edits
    print(f"W1, {edits} edits: {counted:.0f} syncs counted, {seen} seen by the kernel, opening and closing among them")
    check(edits <= counted <= seen <= counted + OPENING_SYNCS, f"W1: {counted:g} syncs counted, the kernel saw {seen}")


def main() -> int:
    bench = sys.argv[1]
    found = {name: reports(bench, name, "--n", SMALL)[0] for name in PROCESSES}
    found["start"] = reports(bench, "start")[0]
    for name, report in found.items():
        look_at_workload(name, report)
    with tempfile.TemporaryDirectory() as plots:
        rows = reports(bench, "growth", "--n", SMALL, "--towns", "2", "--plots", plots)
        check(len(list(pathlib.Path(plots).glob("growth-*.svg"))) == 2, "growth: two plots are wanted")
    check([row.get("records", row.get("towns")) for row in rows] == [1000, 1, 2], f"growth: rows {rows}")
    found["growth"] = rows[0]
    for name, report in found.items():
        look_at_goals(name, report)
    count_by_strace(bench)
    if "--update" in sys.argv:
        BASELINE.write_text(json.dumps(bytes_of(found), indent=2) + "\n")
    else:
        compare(bytes_of(found), json.loads(BASELINE.read_text()))
    print("\n".join(wrong) or "the workloads run, and send and sync what they did")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
