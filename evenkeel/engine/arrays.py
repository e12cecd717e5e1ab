"""A problem as arrays: what the compiled kernels read and write. Every array is C-contiguous and writable, of the type named here.

Indices are places in other arrays; `x_from` has one entry more than there are owners, and owner i has x[x_from[i]:x_from[i + 1]].
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

F8 = npt.NDArray[np.float64]
I8 = npt.NDArray[np.int64]
I4 = npt.NDArray[np.int32]
U1 = npt.NDArray[np.uint8]
F8_2D = npt.NDArray[np.float64]


class AccountArrays(NamedTuple):
    """One entry an account. -1 in model, universe or plan: it names none that is known; -2 in plan: it names none."""

    model: I8
    universe: I8
    plan: I8
    cash: F8
    spoken_for: F8
    target_cost: F8
    band_cost: F8
    dust: F8
    lots_from: I8
    limits_from: I8


class ModelArrays(NamedTuple):
    """Classes of models; `klass` is the class's number, 0 is cash."""

    rows_from: I8
    klass: I4
    target: F8
    lower: F8
    upper: F8


class UniverseArrays(NamedTuple):
    """Securities of universes, by security number within a universe; purchases by cost, rank and security within universe and class."""

    rows_from: I8
    security: I4
    klass: I4
    price: F8
    sell_cost: F8
    buy_cost: F8
    buys_from: I8
    buy_row: I8
    step: F8  # units; NaN: traded in dollars to the cent
    min_ticket: F8


class LotArrays(NamedTuple):
    """One entry a lot, by account, security and lot; `security` is -1 where no universe names it. A missing basis is NaN."""

    security: I4
    qty: F8
    basis: F8
    rate: F8
    washed: F8
    sellable: U1


class PlanArrays(NamedTuple):
    """Terms of cash plans."""

    rows_from: I8
    at_frac: F8
    at_usd: F8
    below: F8
    above: F8
    is_floor: U1


class LimitArrays(NamedTuple):
    """Restrictions, by account and security; no cap is infinite."""

    security: I4
    no_sell: U1
    no_buy: U1
    buy_cap: F8


class DriftArrays(NamedTuple):
    """What is measured of each account before anything is solved. NaN: it could not be."""

    outcome: I8  # place of TRADED: outside its bands, to be solved
    nav: F8
    cash: F8
    excess: F8  # dollars outside bands, all classes and cash
    short: F8  # dollars of cash under the highest floor of its plan
    # one entry a measured account and class, by account and the class's name
    rows_from: I8
    klass: I4
    value: F8
    weight: F8
    from_target: F8  # weight less target
    outside: F8  # weight above the band; below 0: under it


class AnswerArrays(NamedTuple):
    """What the kernel writes: per account, per account and class, and the trades in order."""

    outcome: I8
    figures: F8_2D  # accounts x FIGURES
    before: F8_2D  # accounts x classes; NaN: the class is not the account's
    after: F8_2D
    price: F8_2D
    trades_from: I8
    trade_lot: I8  # -1: a purchase
    trade_row: I8  # row of the universe
    trade_usd: F8
    trade_tax: F8
    trade_gain: F8
    trade_disallowed: F8
    trade_margin: F8
    trade_qty: F8


FIGURES = (
    "nav_usd",
    "cash_before_usd",
    "cash_after_usd",
    "cash_short_usd",
    "sold_usd",
    "bought_usd",
    "objective_before_usd",
    "objective_usd",
    "tax_usd",
    "trade_cost_usd",
    "target_penalty_usd",
    "band_penalty_usd",
    "cash_penalty_usd",
    "band_excess_before_usd",
    "band_excess_usd",
    "bound_usd",
    "cash_price_frac",
)
"""Columns of `AnswerArrays.figures`, in order."""


class Problem(NamedTuple):
    """A whole problem as arrays."""

    accounts: AccountArrays
    models: ModelArrays
    universes: UniverseArrays
    lots: LotArrays
    plans: PlanArrays
    limits: LimitArrays
    class_count: int


def normal(array: Any, dtype: type[np.generic]) -> Any:
    """Return the array contiguous, writable and of `dtype`, copied only where it is not so: kernels have one signature."""
    result = np.ascontiguousarray(array, dtype=dtype)
    return result if result.flags.writeable else result.copy()
