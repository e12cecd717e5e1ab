"""A large book from Parquet to Parquet: drift of all, trades of those outside their bands or of everyone, against a bare scan.

The yardstick is `stages_million.bare_scan` of the lot and account tables: polars reads every column of the same files, with the same
threads (its default on both sides), and consumes it: numbers are summed, the bytes of texts counted, flags counted. Every step runs in a
process of its own, which first does the same with a small book (imports, compiled code, threads), so that its peak of memory is its own and
neither side pays for starting. Scan and solve alternate, and the ratio is that of their sums.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.engine_book import write_book
from benchmarks.stages_million import bare_scan
from evenkeel.engine.folder import solve_tables

SMALL = 2_000
STEPS = ("scan", "outside", "all")
ROUNDS = 2


@dataclass(frozen=True)
class Run:
    """One way to solve the book: seconds of all rounds against those of the scans, and what came out.

    `peak_gib` is the largest memory of its processes, `gap` the largest gap as a share of value, dust left out of lists counted.
    """

    cpu: float
    wall: float
    scan_cpu: float
    scan_wall: float
    peak_gib: float
    accounts: int
    outcomes: dict[str, int]
    trades: int
    gap: float

    @property
    def cpu_ratio(self) -> float:
        """Processor seconds over those of a bare scan."""
        return self.cpu / self.scan_cpu

    @property
    def wall_ratio(self) -> float:
        """Wall seconds over those of a bare scan."""
        return self.wall / self.scan_wall


def million(accounts: int = 1_000_000) -> dict[str, Run]:
    """Return the runs `outside` (a quarter of the book, which is outside its bands) and `all`."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-bench-") as place:
        _step("write", place, str(accounts))
        told: dict[str, list[dict[str, Any]]] = {step: [] for step in STEPS}
        for _ in range(ROUNDS):
            for step in STEPS:
                told[step].append(_step(step, place))
    sums = {(step, of): sum(one[of] for one in told[step]) for step in STEPS for of in ("cpu", "wall")}
    return {
        step: Run(
            cpu=sums[step, "cpu"],
            wall=sums[step, "wall"],
            scan_cpu=sums["scan", "cpu"],
            scan_wall=sums["scan", "wall"],
            peak_gib=max(one["peak_gib"] for one in told[step]),
            **told[step][0]["solved"],
        )
        for step in STEPS[1:]
    }


def _step(*words: str) -> dict[str, Any]:
    """Run a step in a process of its own and return what it told."""
    command = [sys.executable, "-m", "benchmarks.engine_million", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
    return told


def write(folder: Path, accounts: int) -> None:
    """Write the book, and a small one to warm up with."""
    for name, count in (("book", accounts), ("small", SMALL)):
        (folder / name).mkdir()
        write_book(folder / name, count)


def scan(folder: Path) -> dict[str, Any]:
    """Scan the tables."""
    for name in ("lots", "accounts"):
        bare_scan(folder / f"{name}.parquet")
    return {}


def solve(folder: Path, is_outside_only: bool) -> dict[str, Any]:
    """Solve the book and tell what came out."""
    solved = solve_tables(folder, folder / "out", is_outside_only=is_outside_only)
    return {
        "accounts": solved.accounts,
        "outcomes": solved.outcomes,
        "trades": solved.trades,
        "gap": solved.largest_gap_frac,
    }


def main(step: str, folder: Path) -> None:
    """Warm up, take the step, and print what it took as JSON."""

    def take(book: Path) -> dict[str, Any]:
        return scan(book) if step == "scan" else solve(book, step == "outside")

    take(folder / "small")
    shutil.rmtree(folder / "book" / "out", ignore_errors=True)
    wall, cpu = time.perf_counter(), time.process_time()
    solved = take(folder / "book")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"cpu": cpu, "wall": wall, "peak_gib": peak, "threads": pl.thread_pool_size(), "solved": solved}))


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(sys.argv[1], Path(sys.argv[2]))
