"""Stages from drift on, for a million accounts, against a bare scan of the same Parquet.

Run as `python -m benchmarks.stages_million [ACCOUNTS]`. A scan reads every column and consumes it; its processor time is the
yardstick, taken in the same run, so that the ratio can be compared between machines.
"""

from __future__ import annotations

import datetime as dt
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import polars as pl
from pandera.typing.polars import DataFrame

from benchmarks.synthetic_book import POSITIONS, book_of, holdings_of, rulebook_of, targets_of
from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.coverage import Coverage
from data_contracts.decisions import Decisions
from data_contracts.holdings import Holdings
from data_contracts.indicators import Indicators
from evenkeel.stages.drift import measure_drift
from evenkeel.stages.prioritize.episodes import fold_episodes
from evenkeel.stages.prioritize.priority import score_episodes
from evenkeel.stages.prioritize.settings import portfolio_settings
from evenkeel.stages.threshold import judge

BUSINESS_DATE = dt.date(2026, 3, 2)
ResultT = TypeVar("ResultT")


class Stopwatch:
    """Processor and wall time of named steps."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    def time(self, name: str, step: Callable[[], ResultT]) -> ResultT:
        """Run a step and keep its times."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = step()
        self.wall[name], self.cpu[name] = time.perf_counter() - wall, time.process_time() - cpu
        return result


def bare_scan(path: Path) -> pl.DataFrame:
    """Read every column and consume it: numbers are summed, texts measured, dates and flags counted."""
    frame = pl.scan_parquet(path)
    consumed = []
    for name, dtype in frame.collect_schema().items():
        column = pl.col(name)
        if dtype == pl.String:
            column = column.str.len_bytes()
        elif dtype == pl.Date:
            column = column.to_physical().cast(pl.Int64)
        consumed.append(column.sum())
    return frame.select(consumed).collect(engine="streaming")


def run_stages(path: Path, accounts: int, watch: Stopwatch) -> None:
    """Read the holdings and run the stages, timing each."""
    portfolios, _ = rulebook = rulebook_of(accounts)
    targets = targets_of()
    coverage = cast("DataFrame[Coverage]", _coverage(portfolios))
    holdings = cast("DataFrame[Holdings]", watch.time("read", lambda: pl.read_parquet(path)))
    measured = watch.time("drift", lambda: measure_drift(BUSINESS_DATE, holdings, rulebook[1].portfolios, targets))
    indicators = Indicators.empty_frame()
    judged = watch.time(
        "threshold", lambda: judge(BUSINESS_DATE, measured, holdings, coverage, indicators, rulebook[1])
    )
    book = book_of(rulebook[1], BUSINESS_DATE)
    outside = conform(pl.concat([judged.breaches, judged.standing]), Breaches)
    decisions = Decisions.empty_frame()

    def prioritize() -> pl.DataFrame:
        settings = portfolio_settings(book)
        episodes = fold_episodes(BUSINESS_DATE, None, outside, judged.looks, decisions, settings)
        return score_episodes(BUSINESS_DATE, episodes, outside, judged.looks, measured.valuations, book, settings)

    ranked = watch.time("prioritize", prioritize)
    print(f"  {ranked.height:,} episodes ranked")
    print(f"  {measured.drift.height:,} drift rows, {judged.bands.height:,} bands, {judged.breaches.height:,} breaches")


def _coverage(portfolios: pl.DataFrame) -> pl.DataFrame:
    return portfolios.select(
        pl.lit(BUSINESS_DATE).alias("business_date"),
        pl.col("portfolio_id").str.replace("P-", "A-", literal=True).alias("account_id"),
        "portfolio_id",
        "household_id",
        pl.lit("synthetic").alias("custodian"),
        pl.lit("scanned").alias("status"),
        pl.lit(None, pl.String).alias("reason"),
    ).select(Coverage.polars_schema().names())


def main(accounts: int = 1_000_000) -> None:
    """Print the times of a bare scan and of the stages over `accounts` accounts, their ratio, and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "holdings.parquet"
        # In a process of its own, so that the peak is the stages' and not the generator's.
        subprocess.run(
            [sys.executable, "-m", "benchmarks.stages_million", "--write", str(path), str(accounts)], check=True
        )
        print(f"{accounts:,} accounts of {POSITIONS} positions, {path.stat().st_size / 1e6:,.0f} MB of Parquet")
        watch = Stopwatch()
        bare_scan(path)  # the first reading warms the file cache
        watch.time("bare scan", lambda: bare_scan(path))
        run_stages(path, accounts, watch)
    for name, cpu in watch.cpu.items():
        print(f"  {name:10} {cpu:7.2f} s processor {watch.wall[name]:7.2f} s wall")
    stages = sum(cpu for name, cpu in watch.cpu.items() if name != "bare scan")
    print(f"  read to prioritize: {stages / watch.cpu['bare scan']:.1f} times a bare scan's processor time")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.2f} GiB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        holdings_of(BUSINESS_DATE, int(sys.argv[3]), np.random.default_rng(7)).write_parquet(sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
