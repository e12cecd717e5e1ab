"""A whole `evenkeel run`, process start included, for 500 households; goal: under 10 seconds.

The machine is shared, so the figure stands beside a reference taken in the same minute: a Python process that imports polars and
pandera and does nothing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evenkeel.sandbox.plan import SandboxPlan

HOUSEHOLDS = 500
ROUNDS = 5


def main(households: int = HOUSEHOLDS, rounds: int = ROUNDS) -> None:
    """Print seconds of a first run, of repeated runs, and their ratio to the bare imports."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-bench-") as folder:
        home = Path(folder) / "home"
        command = [sys.executable, "-m", "evenkeel.cli"]
        subprocess.run(
            [*command, "sandbox", "--home", str(home), "--households", str(households), "--days", "2", "--no-faults"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        first = _seconds([*command, "run", "--home", str(home), "--date", _first_date(home)])
        repeated, bare = [], []
        for _ in range(rounds):
            bare.append(_seconds([sys.executable, "-c", "import polars, pandera.polars"]))
            repeated.append(_seconds([*command, "run", "--home", str(home), "--date", _first_date(home)]))
    again, imports = statistics.median(repeated), statistics.median(bare)
    print(
        f"whole run, {households} households, process start included: first {first:.1f} s, again {again:.1f} s (median of {rounds}); "
        f"bare imports {imports:.2f} s; ratio {again / imports:.1f}; goal under 10 s: {'met' if max(first, again) < 10 else 'missed'}"
    )


def _first_date(home: Path) -> str:
    return str(SandboxPlan.load(home).dates[0])


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - began
