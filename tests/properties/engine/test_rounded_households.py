"""What always holds of rounded lists of a household's accounts, whatever the problem."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evenkeel.engine.checks.household_assertions import household_violations
from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households
from tests.properties.engine.test_households import shuffled
from tests.unit.engine.household_problems import random_households

SEEDS = st.integers(0, 2**32 - 1)
DUST = st.sampled_from([0.0, 1.0, 250.0])
PROGRAMS = 0
"""The search alone: a program takes a tenth of a second and more, and has its own tests."""
QUICK = settings(max_examples=25, deadline=None)
SOLVED = pl.col("outcome").is_in(["traded", "nothing_to_trade"])
CENT = 0.01
CENTS_OF_ACCOUNT = pl.col("trade_count") * CENT / 2 + 1e-6
"""All of a lot is worth up to half a cent less in cents than in dollars: where everything is sold, no search finds that half cent."""


def stepped(
    seed: int, *, households: int = 6, most_accounts: int = 5, washed: bool = False, dust: float = 0.0
) -> HouseholdTables:
    """Return households whose securities trade whole, by the thousandth and in dollars, some with a smallest order."""
    tables = random_households(seed, households, most_accounts=most_accounts, washed=washed, dust=dust)
    rng = np.random.default_rng(seed)
    count = tables.securities.height
    steps = pl.Series(rng.choice([1.0, 1.0, 0.001, np.nan], count)).fill_nan(None)
    least = pl.Series(rng.choice([0.0, 100.0, 250.0], count))
    return replace(tables, securities=tables.securities.with_columns(unit_step_qty=steps, min_ticket_usd=least))


@cache
def _warm() -> None:
    solve_households(stepped(0), is_rounded=True, programs=PROGRAMS)


def detailed(tables: HouseholdTables, answer: HouseholdAnswer) -> pl.DataFrame:
    """Return the trades with their lots, securities and accounts."""
    return (
        answer.trades.join(tables.accounts, on="account_id")
        .join(tables.securities, on=["universe_id", "security_id"], suffix="_listed")
        .join(tables.lots, on=["account_id", "security_id", "lot_id"], how="left")
    )


@QUICK
@given(SEEDS, st.booleans(), DUST)
@example(8781, True, 0.0)
def test_no_rule_is_broken_and_no_lists_beat_their_bound(seed: int, washed: bool, dust: float) -> None:
    """Beyond a lot, barred, beyond a cap, both sides, unbalanced, another's money, worse than none, better than the bound: none of it."""
    tables = stepped(seed, washed=washed, dust=dust)
    assert household_violations(tables, solve_households(tables, is_rounded=True, programs=PROGRAMS)) == []


@QUICK
@given(SEEDS)
def test_every_trade_is_whole_steps_or_the_whole_lot(seed: int) -> None:
    tables = stepped(seed)
    rows = detailed(tables, solve_households(tables, is_rounded=True, programs=PROGRAMS))
    steps = pl.col("traded_qty") / pl.col("unit_step_qty")
    is_whole_lot = (pl.col("traded_qty") == pl.col("held_qty")).fill_null(False)
    is_stepped = (steps - steps.round()).abs() < 1e-6
    assert rows.filter(pl.col("unit_step_qty").is_not_null() & ~is_stepped & ~is_whole_lot).height == 0
    left = pl.col("held_qty") - pl.col("traded_qty")
    assert rows.filter(~is_whole_lot & (left < pl.col("unit_step_qty") * (1 - 1e-6))).height == 0


@QUICK
@given(SEEDS, st.booleans())
def test_values_are_in_cents_and_each_accounts_cash_balances_in_cents(seed: int, washed: bool) -> None:
    tables = stepped(seed, washed=washed)
    answer = solve_households(tables, is_rounded=True, programs=PROGRAMS)
    off = pl.col("value_usd") - pl.col("traded_qty") * pl.col("price_usd")
    assert answer.trades.filter(off.abs() > CENT / 2 + 1e-7).height == 0
    assert answer.trades.filter(pl.col("value_usd") != pl.col("value_usd").round(2)).height == 0
    rows = answer.household_accounts.filter(SOLVED)
    moved = ((pl.col("sold_usd") * 100).round() - (pl.col("bought_usd") * 100).round()) / 100
    assert rows.filter((pl.col("cash_after_usd") - pl.col("cash_before_usd") - moved).abs() > 1e-6).height == 0


@QUICK
@given(SEEDS, DUST)
def test_no_order_of_an_account_is_under_its_minimum(seed: int, dust: float) -> None:
    tables = stepped(seed, dust=dust)
    rows = detailed(tables, solve_households(tables, is_rounded=True, programs=PROGRAMS))
    assert rows.filter(pl.col("value_usd") < pl.col("dust_usd") - 1e-9).height == 0
    orders = rows.group_by("account_id", "security_id", "side", "min_ticket_usd").agg(pl.col("value_usd").sum())
    assert orders.filter(pl.col("value_usd") < pl.col("min_ticket_usd") - 1e-6).height == 0


@QUICK
@given(SEEDS, st.booleans())
@example(133, True)
def test_rounding_takes_no_accounts_cash_from_under_a_floor(seed: int, has_minimum: bool) -> None:
    """Where the exact list of an account keeps its floor, the rounded one keeps it, unless no lists of the household beat none.

    Smallest orders can bar a sale that a floor needs; then the account at least buys nothing.
    """
    tables = stepped(seed)
    if not has_minimum:
        tables = replace(tables, securities=tables.securities.with_columns(min_ticket_usd=pl.lit(None, pl.Float64)))
    rounded, exact = solve_households(tables, is_rounded=True, programs=PROGRAMS), solve_households(tables)
    traded = rounded.households.filter(pl.col("outcome") == "traded")
    both = (
        rounded.household_accounts.filter(SOLVED)
        .join(traded, on="household_id", how="semi")
        .join(exact.household_accounts, on="account_id", suffix="_exact")
    )
    short = both.filter((pl.col("cash_short_usd_exact") < 1e-6) & (pl.col("cash_short_usd") > CENTS_OF_ACCOUNT))
    assert short.filter((pl.col("bought_usd") > 0) | ~pl.lit(has_minimum)).height == 0
    least = pl.min_horizontal(0.0, "cash_before_usd") - 1e-6
    assert rounded.household_accounts.filter(SOLVED & (pl.col("cash_after_usd") < least)).height == 0


@QUICK
@given(SEEDS)
def test_the_bound_is_the_exact_lists_less_cents(seed: int) -> None:
    """No figure of the exact lists is lost on the way: what cents may gain is cents."""
    tables = stepped(seed)
    both = solve_households(tables, is_rounded=True, programs=PROGRAMS).households.join(
        solve_households(tables).households, on="household_id", suffix="_exact"
    )
    both = both.drop_nulls("nav_usd").join(
        tables.accounts.join(tables.lots, on="account_id").group_by("household_id").len("lots"), on="household_id"
    )
    less = pl.col("bound_usd_exact") - pl.col("bound_usd")
    assert both.filter((less < -1e-9 * pl.col("nav_usd")) | (less > CENT * 10 * pl.col("lots") + 1e-6)).height == 0


@QUICK
@given(SEEDS, SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int, order: int) -> None:
    tables = stepped(seed, washed=True)
    one, other = (
        solve_households(tables, is_rounded=True, programs=PROGRAMS),
        solve_households(shuffled(tables, order), is_rounded=True, programs=PROGRAMS),
    )
    for part in fields(HouseholdAnswer):
        assert getattr(one, part.name).equals(getattr(other, part.name)), part.name


@QUICK
@given(SEEDS)
def test_a_household_does_not_depend_on_its_neighbours(seed: int) -> None:
    """Working space is used again from household to household: nothing of one is left for the next."""
    tables = stepped(seed, households=3)
    whole = solve_households(tables, is_rounded=True, programs=PROGRAMS)
    last = tables.households["household_id"].max()
    alone = replace(
        tables,
        households=tables.households.filter(pl.col("household_id") == last),
        accounts=tables.accounts.filter(pl.col("household_id") == last),
    )
    trades = whole.trades.join(alone.accounts, on="account_id", how="semi")
    assert trades.equals(solve_households(alone, is_rounded=True, programs=PROGRAMS).trades)
