#!/usr/bin/python3
"""Runs what README.md's figures come from, one after the other, on a machine that does nothing else.

    measure.py KIZ_BENCH LOG [--quick]   a process for each workload (memory is counted from there), one JSON line a report in LOG;
                                         then prints the tables as they stand in README.md and ARCHITECTURE.md
    measure.py --tables LOG              prints the tables of an earlier run
    --quick                              without what takes minutes: 2,000 towns, growth, the country

Three runs of each workload, of which the fastest is told and the spread of the ratio.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

RUNS = ("--runs", "3")
PLOTS = pathlib.Path(__file__).parent
QUICK = [("limits",), ("W1", *RUNS), ("W1b", *RUNS), ("W2", *RUNS), ("W3", *RUNS), ("W4", *RUNS), ("W5", *RUNS), ("start", *RUNS), ("cli", *RUNS),
         ("idle",), ("flood", "--minutes", "0.5"), ("hub", "--peers", "400", "--minutes", "0.5"), ("storm", "--peers", "400")]
LONG = [("hub", "--peers", "2000", "--minutes", "1"), ("storm", "--peers", "2000"), ("scale",),
        ("growth", "--n", "1000000", "--towns", "1000", "--plots", str(PLOTS))]


def measure(bench: str, log: pathlib.Path, steps: list[tuple]) -> None:
    log.write_text("")
    for words in steps:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            ran = subprocess.run([bench, *words, "--json", "--folder", folder], capture_output=True, text=True, check=False)
        with log.open("a") as out:
            out.write(ran.stdout)
        said = f"failed: {ran.stderr.strip()}" if ran.returncode != 0 else f"{time.monotonic() - began:.0f} s"
        print(f"kiz-bench {' '.join(words)}: {said}", file=sys.stderr, flush=True)


def mib(value: float) -> str:
    return f"{value / 1048576:.0f}" if value >= 100 * 1048576 else f"{value / 1048576:.1f}"


def of_limit(report: dict) -> str:
    ratios = sorted(run["ratio"] for run in report["runs"])
    spread = f" ({ratios[0]:.2f} to {ratios[-1]:.2f})" if len(ratios) > 1 else ""
    return f"{report['ratio']:.2f}{spread}"


def processor(report: dict, unit: float = 1, places: int = 2) -> str:
    return " and ".join(f"{seconds * unit:.{places}f}" for seconds in report["cpu_seconds"])


def figures(of: dict) -> list[str]:
    """The rows of README.md "Figures" that the log has something for."""
    rows = []

    def row(name: str, workload, ours, goal: str = "", goal_of_limit: str = "") -> None:
        if workload in of:
            report = of[workload]
            ratio = of_limit(report) if report.get("limit") else ""
            rows.append(f"| {name} | {ours(report)} | {goal} | {ratio} | {goal_of_limit} |")

    row("W1", "W1", lambda r: f"{r['rate']:,.0f} edits/s, {r['fsyncs_per_commit']:.3f} fsyncs each; {mib(r['peak_rss_bytes'][0])} MiB; "
        f"processor {processor(r, 1e6 / r['n'], 0)} us each", "12,000", "0.60")
    row("W1b, 100,000", "W1b", lambda r: f"{r['rate']:,.0f} rec/s; {mib(r['peak_rss_bytes'][0])} MiB; processor {processor(r)} s", "80,000", "0.70")
    row("W2, 100,000", "W2", lambda r: f"{r['seconds']:.2f} s; {mib(r['peak_rss_bytes'][0])} and {mib(r['peak_rss_bytes'][1])} MiB, "
        f"{r['wire_bytes'] / r['n']:.0f} B wire, {r['disk_bytes'] / r['n']:.0f} B disk; processor {processor(r)} s", "1.6 s; 64 MiB, 170 B, 1,000 B", "0.75")
    row("W3 live", "W3", lambda r: f"p50 {r['p50_ms']:.2f} ms, p99 {r['p99_ms']:.1f} ms; processor {processor(r, 1e3 / (r['n'] - 1))} ms an edit", "0.25, 1")
    if "W3" in of:
        r = of["W3"]
        again = "; ".join(f"{k:,}: {r[f'reconnect_{k}_bytes']:,.0f} B, {r[f'reconnect_{k}_ms']:.1f} ms" for k in (0, 1, 1000))
        rows.append(f"| W3 reconnect | {again} | 700 B; 900 B, 2 ms; 32 kB, 25 ms | | |")
    row("W4, 100,000 held", "W4", lambda r: f"{r['seconds']:.2f} s, {r['wire_bytes'] / 1000:.0f} kB, {r['conflicts_listed']:,.0f} of {r['n'] // 2:,} conflicts listed, "
        f"both values shown on both sides; processor {processor(r)} s", "0.25 s, 320 kB")
    row("W5", "W5", lambda r: f"{r['hub_kib_per_peer']:.1f} KiB a peer, {r['hub_rss_mib_connected']:.1f} MiB in all; idle {r['bench_idle_cpu_percent']:.2f} % "
        f"with the bench's own loop; last of 400 after {r['last_of_all_ms']:.0f} ms", "16 KiB; 0.05 %; 10 ms")
    for peers in (400, 2000):
        row(f"hub, {peers:,} towns", ("hub", peers), lambda r: f"`kizd`: {r['node_kib_per_peer']:.1f} KiB a peer, {r['node_rss_mib_at_most']:.1f} MiB at most; "
            f"idle {r['idle_cpu_percent']:.2f} %; {r['node_cpu_us_per_peer_and_push']:.0f} us for a peer and push; last after "
            f"{r['last_of_all_ms']:.0f} ms, {r['last_of_all_ms_at_most']:.0f} at most", "16 KiB; 0.05 %")
        row(f"storm, {peers:,} towns", ("storm", peers), lambda r: f"in sync after {r['seconds']:.1f} s; `kizd` {r['cpu_seconds'][0]:.1f} s of processor, "
            f"{mib(r['peak_rss_bytes'][0])} MiB; {r['wire_bytes'] / r['n'] / 1000:.1f} kB a town; {r['calls_turned_away']:.0f} calls made again")
    row("start", "start", lambda r: f"{r['seconds'] * 1000:.0f} ms", "200 ms")
    row("idle", "idle", lambda r: f"{r['cpu_percent']:.2f} % of a processor; {r['rss_mib']:.1f} MiB, {r['rss_mib_after_a_listing']:.1f} after a listing of all",
        "0.1 %; 32 MiB")
    for how, told, goal in (("with_daemon", "with daemon", "60 / 60 ms"), ("alone", "without", "")):
        row(f"status / list, 10,000 offers, {told}", "cli", lambda r: f"{r[f'status_ms_{how}']:.0f} / {r[f'list_ms_{how}']:.0f} ms", goal)
    row("flood", "flood", lambda r: f"{r['rate']:,.0f} strangers a second: {r['cpu_percent']:.0f} % of a processor, {r['rss_mib']:.1f} MiB; "
        f"status {r['status_ms_under_it']:.0f} ms instead of {r['status_ms_calm']:.0f}")
    return rows


def growth(rows: list[dict], by: str) -> list[str]:
    return [f"| {r[by]:,} | {r['open_ms']:.1f} | {r['edit_ms']:.2f} | {r['reconnect_0_bytes']} | {r['reconnect_0_ms']:.2f} | {mib(r['peak_rss_bytes'])} | "
            f"{mib(r['reconnect_0_rss_bytes'])} | {mib(r['store_bytes'])} |" for r in rows if by in r]


def country(rows: list[dict]) -> list[str]:
    return [f"| a {r['level']} | {r['entries']:,.0f} | {r['memory_bytes'] / 1024:,.0f} KiB | {r['control_log_bytes'] / 1024:,.0f} KiB | "
            f"{r['wire_bytes'] / 1024:,.0f} KiB | {r['idle_wire_bytes']:,.0f} | {r['processor_milliseconds']:,.1f} ms |" for r in rows]


def print_tables(log: pathlib.Path) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line]
    of, scales, growths = {}, [], []
    for line in lines:
        name = line["workload"]
        if name in ("scale", "growth"):
            (scales if name == "scale" else growths).append(line)
        elif name == "limits":
            print("Limits: " + "; ".join(f"{limit['name']} {limit['rate']:,.0f}/s" for limit in line["limits"]) + "\n")
        else:
            of[(name, line["n"]) if name in ("hub", "storm") else name] = line
    print("| workload | ours | goal | of the limit, same run | goal |\n|---|---|---|---|---|", *figures(of), sep="\n")
    for by in ("records", "towns"):
        if table := growth(growths, by):
            print(f"\n| {by} | opening ms | an edit ms | reconnect B | ms | MiB, editing | MiB, calling | store MiB |", "|---" * 8 + "|", *table, sep="\n")
    if scales:
        print("\n| a node of | entries held | all of it in memory | control log | both ways | nothing new, B | processor |", "|---" * 7 + "|",
              *country(scales), sep="\n")


def main() -> int:
    if sys.argv[1] == "--tables":
        print_tables(pathlib.Path(sys.argv[2]))
        return 0
    log = pathlib.Path(sys.argv[2])
    measure(sys.argv[1], log, QUICK if "--quick" in sys.argv else QUICK + LONG)
    print_tables(log)
    return 0


if __name__ == "__main__":
    sys.exit(main())
