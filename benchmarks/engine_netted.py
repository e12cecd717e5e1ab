"""Netted taxes against the year's tax worked out apart, and against lists made at each lot's own rate.

Run as `python -m benchmarks.engine_netted [ACCOUNTS]`. The accounts are those of `benchmarks.engine_book`, all taxable, two lots in three
long-term, half of them after a fall.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import polars as pl

from benchmarks.engine_book import book, shared_tables
from data_contracts.vocab import FilingStatus
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from evenkeel.engine.tables.inputs import TaxUnits
from evenkeel.rules.netting import TaxRates, year_tax

BASIS_POINTS = 1e4


@dataclass(frozen=True)
class Figures:
    """What `netted` measures. Savings and gaps are basis points of net asset value; the savings are of exact lists."""

    accounts: int
    equal_to_the_cent: int
    mean_saved_bp: float
    p95_saved_bp: float
    largest_saved_bp: float
    mean_harvest_saved_bp: float
    p95_harvest_saved_bp: float
    mean_misstated_bp: float
    p95_misstated_bp: float
    worse: int
    largest_gap: float
    mean_rounded_gap_bp: float
    p99_rounded_gap_bp: float
    accounts_a_second: float


def netted(accounts: int = 1_000) -> Figures:
    """Measure: does the stated tax equal the year's tax worked out apart, what do netted taxes save, how far is a list from its bound.

    Args:
        accounts: How many; half of them hold losses.
    """
    tables = taxed_book(accounts)
    own = replace(tables, accounts=tables.accounts.with_columns(pl.lit(None, pl.String).alias("tax_unit_id")))
    solve(taxed_book(5))
    start = time.process_time()
    exact = solve(tables)
    spent = time.process_time() - start
    at_own_rates = solve(own)
    rounded = solve(tables, is_rounded=True)
    changes = tax_apart(tables, rounded.trades)
    equal = sum(
        Decimal(str(round(row["tax_usd"], 2))) == changes[row["problem_id"]]
        for row in rounded.tax_results.iter_rows(named=True)
    )
    apart = pl.DataFrame(
        [(name, float(tax)) for name, tax in tax_apart(tables, at_own_rates.trades).items()],
        schema={"account_id": pl.String, "year_tax_usd": pl.Float64},
        orient="row",
    )
    harvests = exact.trades.filter(pl.col("gain_usd") < 0).select("account_id").unique()
    rows = (
        exact.accounts.filter(pl.col("nav_usd").is_not_null())
        .join(at_own_rates.accounts, on="account_id", suffix="_own")
        .join(apart, on="account_id")
        .with_columns(
            saved=(pl.col("objective_usd_own") - pl.col("tax_usd_own") + pl.col("year_tax_usd") - pl.col("objective_usd"))
            / pl.col("nav_usd")
            * BASIS_POINTS,
            misstated=(pl.col("tax_usd_own") - pl.col("year_tax_usd")).abs() / pl.col("nav_usd") * BASIS_POINTS,
            is_harvest=pl.col("account_id").is_in(harvests["account_id"].to_list()),
        )
    )  # fmt: skip
    saved, harvested, misstated = (
        rows["saved"],
        rows.filter("is_harvest")["saved"],
        rows.filter("is_harvest")["misstated"],
    )
    gaps = rounded.accounts.filter(pl.col("nav_usd") > 200_000)["gap_frac"] * BASIS_POINTS
    figures = Figures(
        accounts, equal, _float(saved.mean()), _float(saved.quantile(0.95)), _float(saved.max()), _float(harvested.mean()),
        _float(harvested.quantile(0.95)), _float(misstated.mean()), _float(misstated.quantile(0.95)),
        int((saved * rows["nav_usd"] / BASIS_POINTS < -0.05).sum()),
        _float(exact.accounts["gap_frac"].max()), _float(gaps.mean()), _float(gaps.quantile(0.99)), accounts / spent,
    )  # fmt: skip
    print(
        f"netted taxes: stated tax equals the year's tax worked out apart to the cent for {equal:,} of {accounts:,} accounts "
        f"({'met' if equal == accounts else 'MISSED'}); against each lot's own rate {figures.mean_saved_bp:.2f} bp of n saved in the mean, "
        f"p95 {figures.p95_saved_bp:.2f}, largest {figures.largest_saved_bp:.1f}, {figures.worse} worse; where losses are sold "
        f"({len(harvested):,} accounts) {figures.mean_harvest_saved_bp:.2f} in the mean, p95 {figures.p95_harvest_saved_bp:.2f}, and the "
        f"tax at own rates misstated by {figures.mean_misstated_bp:.1f} in the mean, p95 {figures.p95_misstated_bp:.1f}; largest gap of "
        f"exact lists {figures.largest_gap:.1e} of n; rounded to whole shares, over 200k: mean gap "
        f"{figures.mean_rounded_gap_bp:.3f} bp, p99 {figures.p99_rounded_gap_bp:.3f}; "
        f"{figures.accounts_a_second:,.0f} accounts a second and core"
    )
    return figures


def taxed_book(accounts: int) -> Tables:
    """Return taxable accounts, each of a tax unit with a year of its own; lots have the rate of their term."""
    shared = shared_tables(np.random.default_rng(0))
    securities = shared["securities"].with_columns(pl.lit(1.0).alias("unit_step_qty"))
    tables = book(accounts, 30_000_000, shared | {"securities": securities})
    rng = np.random.default_rng(2)
    names = tables.accounts["account_id"]
    held = tables.lots.join(shared["securities"].select("security_id", "price_usd"), on="security_id")
    worth = held.group_by("account_id").agg((pl.col("held_qty") * pl.col("price_usd")).sum().alias("worth"))
    size = names.to_frame().join(worth, on="account_id", how="left", maintain_order="left")["worth"].to_numpy()
    units = years(names, size, rng)
    rates = units.select(
        pl.col("tax_unit_id").alias("account_id"), "short_rate_frac", "long_rate_frac", "state_rate_frac"
    )
    lots = after_a_fall(tables.lots, names, rng).join(rates, on="account_id", how="left", maintain_order="left")
    of_term = pl.when("is_long_term").then("long_rate_frac").otherwise("short_rate_frac") + pl.col("state_rate_frac")
    return replace(
        tables,
        accounts=tables.accounts.with_columns(pl.col("account_id").alias("tax_unit_id")),
        lots=lots.with_columns(of_term.alias("gain_rate_frac")).drop(
            "short_rate_frac", "long_rate_frac", "state_rate_frac"
        ),
        tax_units=units,
    )


def years(names: pl.Series, size: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    """Return tax units of these names and dollars of taxable assets: gains or losses so far, carry-overs, rates."""
    count = len(names)
    year = size * rng.choice([0.0, 0.0, 0.005, 0.03], (4, count))
    return pl.DataFrame(
        {
            "tax_unit_id": names,
            "short_rate_frac": rng.choice([0.24, 0.35, 0.408], count),
            "long_rate_frac": rng.choice([0.15, 0.238], count),
            "ordinary_rate_frac": np.full(count, 0.24),
            "state_rate_frac": rng.choice([0.0, 0.05], count),
            "deduction_limit_usd": rng.choice([3000.0, 3000.0, 1500.0], count),
            "realised_short_usd": np.round(year[0] * rng.choice([1, -1], count), 2),
            "realised_long_usd": np.round(year[1] * rng.choice([1, -1], count), 2),
            "carry_short_usd": np.round(year[2], 2),
            "carry_long_usd": np.round(year[3], 2),
            "carry_value_frac": np.zeros(count),
            "gain_budget_usd": pl.repeat(None, count, dtype=pl.Float64, eager=True),
        },
        schema=TaxUnits.polars_schema(),
    )


def after_a_fall(lots: pl.DataFrame, names: pl.Series, rng: np.random.Generator) -> pl.DataFrame:
    """Return the lots, two in three long-term; half of these accounts hold losses."""
    fallen = pl.DataFrame({"account_id": names, "is_fallen": rng.random(len(names)) < 0.5})
    times = pl.when("is_fallen").then(1.4).otherwise(1.0)
    return (
        lots.join(fallen, on="account_id", how="left", maintain_order="left")
        .with_columns(
            pl.Series("is_long_term", rng.random(lots.height) < 2 / 3), (pl.col("unit_basis_usd") * times).round(2)
        )
        .drop("is_fallen")
    )


def tax_apart(tables: Tables, trades: pl.DataFrame) -> dict[str, Decimal]:
    """Return by tax unit what its year's tax changes by, from the sales of its accounts alone: in decimals, by the rule."""
    units = dict(tables.accounts.select("account_id", "tax_unit_id").iter_rows())
    lots = {(row["account_id"], row["security_id"], row["lot_id"]): row for row in tables.lots.iter_rows(named=True)}
    gains: dict[tuple[str, bool], Decimal] = defaultdict(Decimal)
    for row in trades.filter(pl.col("side") == "sell").iter_rows(named=True):
        lot = lots[(row["account_id"], row["security_id"], row["lot_id"])]
        basis = _decimal(row["traded_qty"]) * _decimal(lot["unit_basis_usd"])
        gains[(units[row["account_id"]], lot["is_long_term"])] += _decimal(row["value_usd"]) - basis
    changes = {}
    for unit in tables.tax_units.iter_rows(named=True):
        name = unit["tax_unit_id"]
        rates = TaxRates(*(unit[f"{kind}_rate_frac"] for kind in ("short", "long", "ordinary", "state")))
        status = FilingStatus.SINGLE if unit["deduction_limit_usd"] == 3000 else FilingStatus.SEPARATE
        short, long, carry_short, carry_long = (
            _decimal(unit[f"{column}_usd"])
            for column in ("realised_short", "realised_long", "carry_short", "carry_long")
        )
        before = year_tax(short, long, carry_short, carry_long, rates, status)
        after = year_tax(
            short + gains[(name, False)], long + gains[(name, True)], carry_short, carry_long, rates, status
        )
        changes[name] = after.total_usd - before.total_usd
    return changes


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))


def _float(value: object) -> float:
    return float(value)  # type: ignore[arg-type]


if __name__ == "__main__":
    netted(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
