"""Netted taxes of households in whole shares: how far their lists are from their bounds, and is their tax that of the year.

Run as `python -m benchmarks.engine_netted_households [HOUSEHOLDS]`. The households are those of `benchmarks.engine_households`: the taxable
accounts of each are one tax unit with a year of its own, half of the accounts after a fall.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import polars as pl

from benchmarks.engine_book import shared_tables
from benchmarks.engine_households import household_book
from benchmarks.engine_netted import after_a_fall, tax_apart, years
from evenkeel.engine.checks.household_assertions import household_violations
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households

BASIS_POINTS = 1e4


@dataclass(frozen=True)
class HouseholdFigures:
    """What `netted_households` measures; gaps are basis points of net asset value over 200,000 dollars, with programs and without."""

    households: int
    units: int
    equal_to_the_cent: int
    violations: int
    mean_gap_bp: float
    p99_gap_bp: float
    mean_searched_gap_bp: float
    asked: int
    seconds: float


def netted_households(households: int = 150) -> HouseholdFigures:
    """Measure, and print what was found."""
    tables = taxed_households(households)
    solve_households(taxed_households(3), is_rounded=True)
    searched = solve_households(tables, is_rounded=True, programs=0)
    start = time.process_time()
    answer = solve_households(tables, is_rounded=True)
    spent = time.process_time() - start
    changes = tax_apart(tables, answer.trades)
    told = answer.tax_results.select("tax_unit_id", "tax_usd").rows()
    gaps, before = (
        each.households.filter(pl.col("nav_usd") > 200_000)["gap_frac"] * BASIS_POINTS for each in (answer, searched)
    )
    figures = HouseholdFigures(
        households, len(told), sum(Decimal(str(round(tax, 2))) == changes[name] for name, tax in told),
        len(household_violations(tables, answer)), float(gaps.mean()), float(gaps.quantile(0.99)), float(before.mean()),  # type: ignore[arg-type]
        int(answer.households["found_by"].is_in(["program", "search_kept"]).sum()), spent,
    )  # fmt: skip
    print(
        f"netted households: stated tax equals the year's worked out apart to the cent for {figures.equal_to_the_cent:,} of "
        f"{figures.units:,} tax units; {figures.violations} rules broken; in whole shares, over 200k ({len(gaps):,} of {households:,}): "
        f"mean gap {figures.mean_gap_bp:.3f} bp, p99 {figures.p99_gap_bp:.3f}, by search alone {figures.mean_searched_gap_bp:.3f}; "
        f"programs asked for {figures.asked}; {figures.seconds / households * 1e3:,.0f} ms a household"
    )
    return figures


def taxed_households(households: int) -> HouseholdTables:
    """Return households in whole shares whose taxable accounts net with each other."""
    shared = shared_tables(np.random.default_rng(0))
    securities = shared["securities"].with_columns(pl.lit(1.0).alias("unit_step_qty"))
    tables = household_book(households, 50_000_000, shared | {"securities": securities})
    rng = np.random.default_rng(2)
    names = tables.households["household_id"]
    is_taxable = pl.col("location_id") == "taxable"
    held = (
        tables.lots.join(securities.select("security_id", "price_usd"), on="security_id")
        .join(tables.accounts.filter(is_taxable).select("account_id", "household_id"), on="account_id")
        .group_by("household_id")
        .agg((pl.col("held_qty") * pl.col("price_usd")).sum().alias("worth"))
    )
    size = names.to_frame().join(held, on="household_id", how="left", maintain_order="left")["worth"].fill_null(0.0)
    unit = pl.when(is_taxable).then("household_id").alias("tax_unit_id")
    return replace(
        tables,
        accounts=tables.accounts.with_columns(unit),
        lots=after_a_fall(tables.lots, tables.accounts["account_id"], rng),
        tax_units=years(names, size.to_numpy(), rng),
    )


if __name__ == "__main__":
    netted_households(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
