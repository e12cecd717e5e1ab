"""Households of the trade engine against HiGHS a household, and against the exact program.

Ratios are taken in one run on one machine; each side uses one thread.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import polars as pl

from benchmarks.engine import Accuracy, Speed
from benchmarks.engine_book import CLASSES, LAMBDAS, book, shared_tables
from data_contracts.contract import Contract
from evenkeel.engine.checks.household_program import HouseholdPrograms
from evenkeel.engine.checks.program import quiet_solver
from evenkeel.engine.households.problem import HouseholdTables, prepare_households
from evenkeel.engine.households.solve import run_household_kernel, solve_households
from evenkeel.engine.households.spaces import round_household_lists
from evenkeel.engine.households.tables import Households, LocationCosts

MEMBERS = (1, 2, 3, 4, 5, 6)
"""Accounts of a household, each number as often as the others: 3.5 on average, of fifteen positions of three lots."""

# A year's tax on what a class pays out, as a share of its value, where it is taxed; growth is best where it is never taxed.
TAXED = {"us_bond": 0.012, "real_estate": 0.014, "commodity": 0.006, "alternative": 0.010, "emerging_equity": 0.005}
DEFERRED = {"us_equity": 0.002, "intl_equity": 0.002, "emerging_equity": 0.002, "muni_bond": 0.008}
ROTH = {"us_bond": 0.003, "muni_bond": 0.010, "cash": 0.003}


def household_book(
    households: int, first: int, shared: dict[str, pl.DataFrame], target_cost: float | None = 0.0005, dust: float = 0.01
) -> HouseholdTables:
    """Return households of one to six accounts as in `benchmarks.engine.book`, taxable or not; the same `first` gives the same book."""
    rng = np.random.default_rng(first + 7)
    sizes = rng.choice(MEMBERS, households)
    owner = np.repeat(np.arange(first, first + households), sizes)
    accounts = book(len(owner), first, shared)
    is_taxable = accounts.lots.group_by("account_id").agg((pl.col("gain_rate_frac") > 0).any().alias("is_taxable"))
    names = pl.DataFrame({"n": owner, "is_roth": rng.random(len(owner)) < 0.4}).select(
        _household_ids("n").alias("household_id"), "is_roth"
    )
    members = pl.concat([accounts.accounts, names], how="horizontal").join(
        is_taxable, on="account_id", how="left", maintain_order="left"
    )
    kind = pl.when("is_taxable").then(pl.lit("taxable")).when("is_roth").then(pl.lit("roth"))
    lam = rng.choice(LAMBDAS, households) if target_cost is None else np.full(households, target_cost)
    models = shared["models"]["model_id"].unique(maintain_order=True)
    table = pl.DataFrame({"n": np.arange(first, first + households)}).select(
        _household_ids("n").alias("household_id"),
        models.gather(rng.integers(0, len(models), households)).alias("model_id"),
        pl.Series("target_cost_frac", lam),
        pl.lit(2.0).alias("band_cost_frac"),
    )
    return HouseholdTables(
        members.with_columns(kind.otherwise(pl.lit("deferred")).alias("location_id"), pl.lit(dust).alias("dust_usd")).drop(
            "is_taxable", "is_roth"
        ),
        accounts.models,
        accounts.securities,
        accounts.lots,
        accounts.cash_terms,
        accounts.restrictions,
        table.match_to_schema(_schema(Households)),
        _locations(),
    )  # fmt: skip


def household_speed(households: int = 12_000, programs: int = 150) -> Speed:
    """Return the speeds over the same book, in households, the best of three; HiGHS over its first `programs` households."""
    shared = shared_tables(np.random.default_rng(0))
    tables = household_book(households, 0, shared)
    solve_households(household_book(10, 0, shared))
    whole, kernel = [], []
    for _ in range(3):
        start = time.process_time()
        arrays = prepare_households(tables).arrays
        ready = time.process_time()
        run_household_kernel(arrays)
        whole.append(time.process_time() - start)
        kernel.append(time.process_time() - ready)
    some = tables.households["household_id"].head(programs).to_list()
    accounts = tables.accounts.filter(pl.col("household_id").is_in(some))
    part = replace(tables, accounts=accounts, lots=tables.lots.join(accounts, on="account_id", how="semi"))
    solver = quiet_solver()
    start = time.process_time()
    exact = HouseholdPrograms(part)
    for name in some:
        exact.least_objective(name, solver)
    spent = time.process_time() - start
    return Speed(households / min(whole), households / min(kernel), programs / spent)


def household_accuracy(households: int = 600) -> tuple[Accuracy, int]:
    """Solve so many random households by the engine and by HiGHS; return also how many have no cycle left that saves.

    Lambdas at random, no dust.
    """
    tables = household_book(households, 20_000_000, shared_tables(np.random.default_rng(1)), None, 0.0)
    programs, solver = HouseholdPrograms(tables), quiet_solver()
    rows = solve_households(tables).households.drop_nulls("nav_usd")
    worst = 0.0
    for row in rows.iter_rows(named=True):
        exact = programs.least_objective(row["household_id"], solver)
        worst = max(worst, abs(row["objective_usd"] - exact) / row["nav_usd"])
    free = rows.filter(pl.col("residual_cycle_frac") == 0).height
    return Accuracy(worst, float(rows["gap_frac"].max()), rows.height), free  # type: ignore[arg-type]


def household_rounding(households: int = 200) -> None:
    """Print the gap of rounded lists: whole shares and thousandths, a class in six in dollars, orders of a hundred dollars or more."""
    shared = shared_tables(np.random.default_rng(0))
    for name, step in (("whole shares", 1.0), ("thousandths", 0.001)):
        steps = pl.when(pl.int_range(pl.len()) % 6 == 5).then(None).otherwise(step)
        securities = shared["securities"].with_columns(
            steps.alias("unit_step_qty"), pl.lit(100.0).alias("min_ticket_usd")
        )
        tables = household_book(households, 20_000_000, shared | {"securities": securities}, None)
        arrays = prepare_households(tables).arrays
        exact = run_household_kernel(arrays)
        round_household_lists(arrays, exact)
        start = time.process_time()
        round_household_lists(arrays, exact)
        searched = time.process_time() - start
        start = time.process_time()
        rows = solve_households(tables, is_rounded=True).households.drop_nulls("nav_usd")
        spent = time.process_time() - start
        gaps = rows["gap_frac"] * 1e4
        mean, late, largest = (float(gap) for gap in (gaps.mean(), gaps.quantile(0.99), gaps.max()))  # type: ignore[arg-type]
        asked = rows["found_by"].is_in(["program", "search_kept"]).sum()
        print(
            f"rounded to {name}: {rows.height:,} households at lambdas {', '.join(map(str, LAMBDAS))}: mean gap {mean:.4f} bp, "
            f"p99 {late:.3f} bp, largest {largest:.2f} bp; search {searched / households * 1e3:.1f} ms a household, all "
            f"{spent / households * 1e3:.0f} ms; a program asked for {asked}"
        )


def _household_ids(name: str) -> pl.Expr:
    return pl.format("H-{}", pl.col(name).cast(pl.String).str.zfill(8))


def _locations() -> pl.DataFrame:
    rows = [
        (kind, name, costs.get(name, 0.0))
        for kind, costs in (("taxable", TAXED), ("deferred", DEFERRED), ("roth", ROTH))
        for name in (*CLASSES, "cash")
    ]
    return pl.DataFrame(rows, schema=_schema(LocationCosts), orient="row")


def _schema(contract: type[Contract]) -> pl.Schema:
    return contract.polars_schema()
