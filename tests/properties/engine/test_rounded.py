"""What always holds of a rounded list, whatever the problem."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evenkeel.engine.answer import Answer
from evenkeel.engine.checks.assertions import violations
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from tests.properties.engine.test_separable import shuffled
from tests.unit.engine.problems import random_tables

SEEDS = st.integers(0, 2**32 - 1)
DUST = st.sampled_from([0.0, 1.0, 250.0])
PROGRAMS = 0
"""The search alone: a program takes a tenth of a second and more, and has its own tests."""
QUICK = settings(max_examples=40, deadline=None)
SOLVED = pl.col("outcome").is_in(["traded", "nothing_to_trade"])
CENT = 0.01


def stepped(seed: int, *, washed: bool = False, dust: float = 0.0) -> Tables:
    """Return a problem whose securities trade whole, by the thousandth and in dollars, some with a smallest order."""
    tables = random_tables(seed, 12, washed=washed, dust=dust)
    rng = np.random.default_rng(seed)
    count = tables.securities.height
    steps = pl.Series(rng.choice([1.0, 1.0, 0.001, np.nan], count)).fill_nan(None)
    least = pl.Series(rng.choice([0.0, 100.0, 250.0], count))
    return replace(tables, securities=tables.securities.with_columns(unit_step_qty=steps, min_ticket_usd=least))


def detailed(tables: Tables, answer: Answer) -> pl.DataFrame:
    """Return the trades with their lots, securities and accounts."""
    return (
        answer.trades.join(tables.accounts, on="account_id")
        .join(tables.securities, on=["universe_id", "security_id"], suffix="_listed")
        .join(tables.lots, on=["account_id", "security_id", "lot_id"], how="left")
        .join(tables.restrictions, on=["account_id", "security_id"], how="left")
    )


@QUICK
@given(SEEDS, st.booleans(), DUST)
def test_no_rule_is_broken_and_no_list_beats_its_bound(seed: int, washed: bool, dust: float) -> None:
    """Beyond a lot, barred, beyond a cap, both sides, unbalanced, worse than none, better than its bound: none of it."""
    tables = stepped(seed, washed=washed, dust=dust)
    assert violations(tables, solve(tables, is_rounded=True, programs=PROGRAMS)) == []


@QUICK
@given(SEEDS)
def test_every_trade_is_whole_steps_or_the_whole_lot(seed: int) -> None:
    tables = stepped(seed)
    rows = detailed(tables, solve(tables, is_rounded=True, programs=PROGRAMS))
    steps = pl.col("traded_qty") / pl.col("unit_step_qty")
    is_whole_lot = (pl.col("traded_qty") == pl.col("held_qty")).fill_null(False)
    is_stepped = (steps - steps.round()).abs() < 1e-6
    assert rows.filter(pl.col("unit_step_qty").is_not_null() & ~is_stepped & ~is_whole_lot).height == 0
    # What is left of a lot sold in part is a step or more.
    left = pl.col("held_qty") - pl.col("traded_qty")
    crumbs = rows.filter(~is_whole_lot & (left < pl.col("unit_step_qty") * (1 - 1e-6)))
    assert crumbs.height == 0


@QUICK
@given(SEEDS, st.booleans())
def test_values_are_in_cents_and_cash_balances_in_cents(seed: int, washed: bool) -> None:
    tables = stepped(seed, washed=washed)
    answer = solve(tables, is_rounded=True, programs=PROGRAMS)
    off = pl.col("value_usd") - pl.col("traded_qty") * pl.col("price_usd")
    assert answer.trades.filter(off.abs() > CENT / 2 + 1e-7).height == 0
    assert answer.trades.filter(pl.col("value_usd") != pl.col("value_usd").round(2)).height == 0
    rows = answer.accounts.filter(SOLVED)
    moved = ((pl.col("sold_usd") * 100).round() - (pl.col("bought_usd") * 100).round()) / 100
    assert rows.filter((pl.col("cash_after_usd") - pl.col("cash_before_usd") - moved).abs() > 1e-6).height == 0


@QUICK
@given(SEEDS, DUST)
def test_no_order_is_under_its_minimum(seed: int, dust: float) -> None:
    tables = stepped(seed, dust=dust)
    rows = detailed(tables, solve(tables, is_rounded=True, programs=PROGRAMS))
    assert rows.filter(pl.col("value_usd") < pl.col("dust_usd") - 1e-9).height == 0
    orders = rows.group_by("account_id", "security_id", "side", "min_ticket_usd").agg(pl.col("value_usd").sum())
    assert orders.filter(pl.col("value_usd") < pl.col("min_ticket_usd") - 1e-6).height == 0


@QUICK
@given(SEEDS)
@example(132)
def test_rounding_takes_no_cash_from_under_a_floor(seed: int) -> None:
    """Where the exact list keeps a floor, a rounded one keeps it, unless nothing beats trading nothing.

    All of a lot is worth up to half a cent less in cents than in dollars: where everything is sold, no search finds that half cent.
    """
    tables = stepped(seed)
    cents = pl.col("trade_count") * CENT / 2 + 1e-6
    both = solve(tables, is_rounded=True, programs=PROGRAMS).accounts.filter(SOLVED)
    both = both.join(solve(tables).accounts, on="account_id", suffix="_exact").filter(pl.col("trade_count") > 0)
    assert both.filter((pl.col("cash_short_usd_exact") < 1e-6) & (pl.col("cash_short_usd") > cents)).height == 0
    assert both.filter(pl.col("cash_after_usd") < pl.min_horizontal(0.0, "cash_after_usd_exact") - cents).height == 0


@QUICK
@given(SEEDS, SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int, order: int) -> None:
    tables = stepped(seed, washed=True)
    one, other = (
        solve(tables, is_rounded=True, programs=PROGRAMS),
        solve(shuffled(tables, order), is_rounded=True, programs=PROGRAMS),
    )
    for part in fields(Answer):
        assert getattr(one, part.name).equals(getattr(other, part.name)), part.name
