"""What happens to lots from outside: a merger, and transfers that come in or go out. When, and to whom, is in `events`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.sandbox.draws import Ints
from evenkeel.sandbox.holdings import UNIT, Lots
from evenkeel.sandbox.securities import ACQUIRER, INDEX, RENAMED, SECURITIES, SPLIT, TAKEN_OVER

PORTABLE = np.array(
    [
        not (security.is_bond or security.is_private) and security.symbol not in (SPLIT, TAKEN_OVER, ACQUIRER, RENAMED)
        for security in SECURITIES
    ],
    dtype=bool,
)
"""Securities that are transferred: not those that another event touches, nor those that only their custodian holds."""


@dataclass(frozen=True)
class Exchange:
    """What a merger did, one row an account that held the company. Units in ten-thousandths, cost in cents."""

    account: Ints
    out_qty: Ints
    out_cost: Ints
    in_qty: Ints
    in_cost: Ints
    fraction: Ints
    """Ten-thousandths of a unit of the acquirer that are paid out in cash."""


def merge(lots: Lots, ratio: int) -> tuple[Lots, Exchange]:
    """Exchange the lots of the company taken over at `ratio` ten-thousandths of a unit for one; whole units come in.

    Lots keep their dates and cost; the last of an account gives up the fraction, and the cost that belongs to it.
    """
    is_old = lots.security == INDEX[TAKEN_OVER]
    old = lots.take(is_old)
    account, starts, owner = np.unique(old.account, return_index=True, return_inverse=True)
    if not len(account):
        return lots, Exchange(*(account,) * 6)
    summed = np.cumsum(old.qty)
    base = np.where(starts > 0, summed[starts - 1], 0)
    new = (summed - base[owner]) * ratio // UNIT
    ends = np.r_[starts[1:], len(owner)] - 1
    total = new[ends]
    whole = total // UNIT * UNIT
    is_first = np.isin(np.arange(len(owner)), starts)
    full = np.where(is_first, new, np.diff(new, prepend=0))
    capped = np.minimum(new, whole[owner])
    qty = np.where(is_first, capped, np.diff(capped, prepend=0))
    cost = old.cost * qty // np.maximum(1, full)
    came = Lots(old.account, np.full(len(qty), INDEX[ACQUIRER]), qty, cost, old.opened, old.number)
    exchange = Exchange(
        account,
        np.add.reduceat(old.qty, starts),
        np.add.reduceat(old.cost, starts),
        whole,
        np.add.reduceat(cost, starts),
        total - whole,
    )
    return lots.take(~is_old).joined(came.take(qty > 0)), exchange


@dataclass(frozen=True)
class Parcel:
    """So many units of one holding."""

    security: int
    qty: int
    price: int


def part_of_largest(security: Ints, qty: Ints, price: Ints, value: Ints, per_cent: int) -> Parcel | None:
    """Return a part of the largest holding that can be transferred, in whole units where it is whole; None where there is none.

    Args:
        security: An account's holdings, as columns.
        qty: Their units.
        price: Their prices.
        value: Their values.
        per_cent: How much of the holding.
    """
    fit = np.flatnonzero(PORTABLE[security])
    if not len(fit):
        return None
    row = int(fit[np.argmax(value[fit])])
    step = UNIT if int(qty[row]) % UNIT == 0 else 10
    part = int(qty[row]) * per_cent // 100 // step * step
    return Parcel(int(security[row]), part, int(price[row])) if part else None
