"""The trade engine on accounts alone: against HiGHS an account, against the exact program, and rounded.

Ratios are taken in one run on one machine; engine and HiGHS each use one thread.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from benchmarks.engine_book import LAMBDAS, book, first_of, shared_tables
from evenkeel.engine.checks.program import Programs, quiet_solver
from evenkeel.engine.problem import prepare
from evenkeel.engine.rounding import round_lists
from evenkeel.engine.solve import run_kernel, solve

LARGE_USD = 200_000


@dataclass(frozen=True)
class Speed:
    """Accounts (or households) a second and core: tables to answer arrays, the kernel alone, HiGHS with its set-up from the same tables."""

    engine: float
    kernel: float
    highs: float


@dataclass(frozen=True)
class Accuracy:
    """Largest distance from the exact program and largest gap to the bound, as shares of net asset value, and how many were solved."""

    distance: float
    gap: float
    solved: int


@dataclass(frozen=True)
class Rounding:
    """Gaps in basis points of rounded lists of large accounts, how many those are, and accounts of all sizes a second and core."""

    large: int
    mean_bp: float
    p99_bp: float
    largest_bp: float
    speed: float


def speed(accounts: int = 40_000, programs: int = 400) -> Speed:
    """Return the speeds over the same book, the best of three each; HiGHS over its first `programs` accounts."""
    tables = book(accounts, 0, shared_tables(np.random.default_rng(0)))
    solve(first_of(tables, 10))
    engine, kernel = [], []
    for _ in range(3):
        start = time.process_time()
        arrays = prepare(tables).arrays
        ready = time.process_time()
        run_kernel(arrays)
        engine.append(time.process_time() - start)
        kernel.append(time.process_time() - ready)
    some, solver = first_of(tables, programs), quiet_solver()
    start = time.process_time()
    exact = Programs(some)
    for name in some.accounts["account_id"]:
        exact.least_objective(name, solver)
    spent = time.process_time() - start
    return Speed(accounts / min(engine), accounts / min(kernel), programs / spent)


def accuracy(accounts: int = 1_000) -> Accuracy:
    """Solve so many random accounts at each of LAMBDAS, without a dust threshold, by the engine and by HiGHS."""
    shared, solver = shared_tables(np.random.default_rng(1)), quiet_solver()
    distance, gap, count = 0.0, 0.0, 0
    for seed, target_cost in enumerate(LAMBDAS):
        tables = book(accounts, 10_000_000 + seed * accounts, shared, target_cost)
        tables = replace(tables, accounts=tables.accounts.with_columns(pl.lit(0.0).alias("dust_usd")))
        programs = Programs(tables)
        rows = solve(tables).accounts.drop_nulls("nav_usd")
        for row in rows.iter_rows(named=True):
            exact = programs.least_objective(row["account_id"], solver)
            distance = max(distance, abs(row["objective_usd"] - exact) / row["nav_usd"])
        gap = max(gap, float(rows["gap_frac"].max()))  # type: ignore[arg-type]
        count += rows.height
    return Accuracy(distance, gap, count)


def rounding(step: float, accounts: int = 4_000) -> Rounding:
    """Round the lists of a book to `step` units, every sixth security to cents, orders of a hundred dollars or more."""
    shared = shared_tables(np.random.default_rng(0))
    steps = pl.when(pl.int_range(pl.len()) % 6 == 5).then(None).otherwise(step)
    securities = shared["securities"].with_columns(steps.alias("unit_step_qty"), pl.lit(100.0).alias("min_ticket_usd"))
    tables = book(accounts, 20_000_000, shared | {"securities": securities})
    arrays = prepare(tables).arrays
    exact = run_kernel(arrays)
    round_lists(arrays, exact)
    start = time.process_time()
    round_lists(arrays, exact)
    spent = time.process_time() - start
    rows = solve(tables, is_rounded=True).accounts.filter(pl.col("nav_usd") > LARGE_USD)
    gaps = rows["gap_frac"] * 1e4
    mean, late, largest = (float(gap) for gap in (gaps.mean(), gaps.quantile(0.99), gaps.max()))  # type: ignore[arg-type]
    return Rounding(rows.height, mean, late, largest, accounts / spent)
