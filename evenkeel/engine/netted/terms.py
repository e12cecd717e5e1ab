"""The year's tax of tax units as a function of net short-term gain S and net long-term gain L, and its parts that are convex.

`evenkeel.rules.netting` states the rule. With t = S + L, D the most that may be deducted, and rates long <= ordinary <= short (the
state's added to each; a carried loss is worth `carry`, at most the ordinary rate) the tax less the value of what carries over is
T = min(sum, split):

    sum(t)      = short t             for t >= 0         split(S, L) = long t+ + (short - long) S+
                = ordinary t          for -D <= t < 0
                = -ordinary D + carry (t + D)  below

Both are convex and nowhere below T, and one of them is T everywhere: `sum` where long-term gains are not positive, or the year is a net
loss; `split` in every other case. So the best list is the better one of two convex problems, and a bound for both is a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from evenkeel.engine.arrays import F8
from evenkeel.engine.columns import given
from evenkeel.engine.tables.inputs import TaxUnits
from evenkeel.rules.whole_numbers import PARTS

LIMITS = (3_000.0, 1_500.0)
SUM, SPLIT = 0, 1
"""The two convex parts, as kinds of a case."""


@dataclass(frozen=True)
class Terms:
    """One entry a tax unit, in order of `ids`; rates with the state's added, amounts in dollars.

    `start_short`, `start_long`: net gains before these trades, carry-overs taken off. `room`: net gain that the budget leaves, infinite
    without one. `is_fit`: the terms make sense. `rows` is the table, for what is told.
    """

    rows: pl.DataFrame
    short: F8
    long: F8
    ordinary: F8
    state: F8
    carry: F8
    limit: F8
    start_short: F8
    start_long: F8
    room: F8
    is_fit: np.ndarray

    def take(self, unit: np.ndarray) -> Terms:
        """Return the terms of units, one entry for each place given."""
        return Terms(self.rows[unit], *(getattr(self, name)[unit] for name in Terms.__annotations__ if name != "rows"))


def terms_of(tax_units: pl.DataFrame) -> Terms:
    """Return the terms of every tax unit, in key order."""
    rows = given(tax_units, TaxUnits).sort("tax_unit_id").with_columns(pl.col("carry_value_frac").fill_null(0.0))
    names = ("short_rate_frac", "long_rate_frac", "ordinary_rate_frac", "state_rate_frac")
    short, long, ordinary, state = (np.round(rows[name].fill_null(np.nan).to_numpy() * PARTS) / PARTS for name in names)
    realised_short, realised_long, carry_short, carry_long, limit = (
        rows[name].fill_null(np.nan).to_numpy()
        for name in (
            "realised_short_usd", "realised_long_usd", "carry_short_usd", "carry_long_usd", "deduction_limit_usd"
        )
    )  # fmt: skip
    carry = rows["carry_value_frac"].to_numpy()
    budget = rows["gain_budget_usd"].fill_null(np.inf).to_numpy()
    figures = np.stack([short, long, ordinary, state, realised_short, realised_long, carry_short, carry_long, carry])
    is_fit = np.isfinite(figures).all(axis=0) & np.isin(limit, LIMITS)
    is_fit &= rows["gain_budget_usd"].is_finite().fill_null(True).to_numpy()
    is_fit &= (long >= 0) & (long <= ordinary) & (ordinary <= short) & (short <= 1) & (state >= 0) & (state <= 1)
    is_fit &= (carry_short >= 0) & (carry_long >= 0) & (carry >= 0) & (carry <= ordinary + state)
    with np.errstate(invalid="ignore"):
        room = np.maximum(0.0, budget - (realised_short + realised_long))
    return Terms(
        rows, short + state, long + state, ordinary + state, state, carry, limit,
        realised_short - carry_short, realised_long - carry_long, room, is_fit,
    )  # fmt: skip


def net_tax(terms: Terms, short: F8, long: F8) -> F8:
    """Return T: the year's tax less the value of what carries over, at net gains `short` and `long` (unrounded)."""
    total = short + long
    taxed_short, taxed_long = np.maximum(np.minimum(short, total), 0), np.maximum(np.minimum(long, total), 0)
    loss = np.maximum(-total, 0)
    deducted = np.minimum(loss, terms.limit)
    tax: F8 = (
        terms.short * taxed_short
        + terms.long * taxed_long
        - terms.ordinary * deducted
        - terms.carry * (loss - deducted)
    )
    return tax


def marginal_rates(terms: Terms, short: F8, long: F8) -> tuple[F8, F8]:
    """Return what one more dollar of short and of long gain adds to T inside the case at hand."""
    total = short + long
    low = np.where(total < -terms.limit, terms.carry, terms.ordinary)
    of_short = np.where(short < 0, terms.long, terms.short)
    of_long = np.where(long < 0, terms.short, terms.long)
    return np.where(total < 0, low, of_short), np.where(total < 0, low, of_long)


def average_rates(terms: Terms, short: F8, long: F8) -> tuple[F8, F8]:
    """Return the average rates on the straight way from the start to net gains `short` and `long`.

    T after less before is the short rate times the change of S and the long rate times the change of L, exactly: so the year's tax is
    spread over its sales.
    """
    ds, dl = short - terms.start_short, long - terms.start_long
    zero = np.zeros_like(ds)
    corners = [zero, zero + 1.0]
    with np.errstate(divide="ignore", invalid="ignore"):
        for start, change, at in (
            (terms.start_short, ds, zero), (terms.start_long, dl, zero),
            (terms.start_short + terms.start_long, ds + dl, zero),
            (terms.start_short + terms.start_long, ds + dl, -terms.limit),
        ):  # fmt: skip
            corners.append(np.clip(np.nan_to_num((at - start) / change, nan=0.0, posinf=0.0, neginf=0.0), 0.0, 1.0))
    places = np.sort(np.stack(corners), axis=0)
    of_short, of_long = zero.copy(), zero.copy()
    for low, high in pairwise(places):
        middle = 0.5 * (low + high)
        one, other = marginal_rates(terms, terms.start_short + middle * ds, terms.start_long + middle * dl)
        of_short += (high - low) * one
        of_long += (high - low) * other
    return of_short, of_long


def first_rates(terms: Terms, is_split: np.ndarray) -> tuple[F8, F8]:
    """Return the rates that a search in each part begins with."""
    return np.where(is_split, terms.short, terms.ordinary), np.where(is_split, terms.long, terms.ordinary)


def fit_rates(terms: Terms, is_split: np.ndarray, short: F8, long: F8) -> tuple[F8, F8]:
    """Return the nearest rates at which the part has a bound."""
    both = np.clip(0.5 * (short + long), terms.carry, terms.short)
    alone = np.clip(long, 0.0, terms.long)
    above = alone + np.clip(short - long, 0.0, terms.short - terms.long)
    return np.where(is_split, above, both), np.where(is_split, alone, both)


def part_bound(terms: Terms, is_split: np.ndarray, short: F8, long: F8) -> F8:
    """Return the least of part(S, L) - rates * (S - start, L - start) over all S and L, less T before: what rates add to a bound.

    The rates must be those of `fit_rates`.
    """
    of_split = short * terms.start_short + long * terms.start_long
    of_sum = np.minimum((short - terms.ordinary) * terms.limit, 0.0) + short * (terms.start_short + terms.start_long)
    bound: F8 = np.where(is_split, of_split, of_sum) - net_tax(terms, terms.start_short, terms.start_long)
    return bound
