"""What Great Expectations costs a run: its import, once a process, and a night's verdicts.

Run as `python -m benchmarks.gates_import`. Each figure is the median of several processes, or of several nights of one.
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

import polars as pl

from data_contracts.expectations import FIGURES_SCHEMA, judge
from data_contracts.vocab import Gate

CUSTODIANS = 10
PROCESSES = 3
NIGHTS = 10
IMPORT = """
import time
start = time.perf_counter()
import great_expectations
print(time.perf_counter() - start)
"""


def night(seed: int) -> pl.DataFrame:
    """Return every gate's figure of ten custodians."""
    rows = [
        (f"custodian {number}", gate.value, (seed + number) / 100, 0.9, 1.25)
        for number in range(CUSTODIANS)
        for gate in Gate
    ]
    return pl.DataFrame(rows, schema=FIGURES_SCHEMA, orient="row")


def main() -> None:
    """Print the import time, that of the first night with it, and that of a later night."""
    imports = [
        float(subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True).stdout)
        for _ in range(PROCESSES)
    ]
    nights = []
    for seed in range(NIGHTS + 1):
        start = time.perf_counter()
        judge(night(90 + seed))
        nights.append(time.perf_counter() - start)
    print(f"import of Great Expectations: {median(imports):.2f} s")
    print(f"first night, with the import: {nights[0]:.2f} s")
    print(f"a later night, {CUSTODIANS} custodians and {len(Gate)} gates: {median(nights[1:]) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
