"""Prices and the volatility index over the sandbox's days.

    return[d, s] = equity_beta[s] x E[d] + bond_beta[s] x B[d] + own_deviation[s] x e[d, s]

E has deviation 0.8 % a day, B 0.25 %, independent; on the shock day E is -6.2 % and B +0.5 %.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from evenkeel.sandbox.draws import Draws, Ints
from evenkeel.sandbox.events import EventDays
from evenkeel.sandbox.securities import (
    ACQUIRER,
    COUPON_BPS,
    COUPON_MONTHS,
    INDEX,
    PRIVATE,
    SECURITIES,
    SPLIT,
    TAKEN_OVER,
)

EQUITY_DEVIATION = 0.008
BOND_DEVIATION = 0.0025
DRIFT_PER_DAY = 0.0003
SHOCK_EQUITY = -0.062
SHOCK_BOND = 0.005
VIX_START, VIX_HOME, VIX_SHOCK_FLOOR = 15.8, 17.0, 33.0
PUBLICATION_DAYS = 70
"""Days after a quarter's end until its private valuation is published: the year's last falls into the middle of March."""


@dataclass(frozen=True)
class Market:
    """Prices by session and security in ten-thousandths of a dollar; row 0 is the session before the first.

    `pays` is what one unit pays on a session, in the same unit; `vix` in hundredths of a point.
    """

    dates: tuple[dt.date, ...]
    prices: Ints
    pays: Ints
    vix: Ints
    private_dates: tuple[dt.date, ...]
    events: EventDays
    ratio: int
    """Ten-thousandths of a unit of the acquirer for one of the company taken over."""

    def price_date(self, session: int, security: int) -> dt.date:
        """Return the date that a session's price of a security is of."""
        return self.private_dates[session] if SECURITIES[security].is_private else self.dates[session]

    def is_priced(self, session: int, security: int) -> bool:
        """Tell whether a security has a price on a session: one taken over has none from its merger on."""
        merger = self.events.merger
        return merger is None or session < merger or security != INDEX[TAKEN_OVER]


def make_market(seed: int, dates: tuple[dt.date, ...], events: EventDays) -> Market:
    """Return the market over `dates`."""
    shock_index, split_index = events.shock, events.split
    days, count = len(dates), len(SECURITIES)
    factors = Draws(seed, "factors")
    equity = factors.bell(days) * EQUITY_DEVIATION + DRIFT_PER_DAY
    bond = factors.bell(days) * BOND_DEVIATION
    equity[shock_index], bond[shock_index] = SHOCK_EQUITY, SHOCK_BOND
    own = Draws(seed, "own returns").bell(days * count).reshape(days, count)
    private_dates = tuple(_valued_on(date) for date in dates)
    unsplit = np.array([float(security.start) for security in SECURITIES])
    prices = np.zeros((days + 1, count), dtype=np.int64)
    prices[0] = [security.start for security in SECURITIES]
    ticks = np.array([security.tick for security in SECURITIES], dtype=np.int64)
    equity_beta = np.array([security.equity_beta for security in SECURITIES])
    bond_beta = np.array([security.bond_beta for security in SECURITIES])
    deviation = np.array([security.own_deviation for security in SECURITIES])
    for day in range(days):
        moved = equity_beta * equity[day]
        moved = moved + bond_beta * bond[day]
        moved = moved + deviation * own[day]
        if day and private_dates[day] != private_dates[day - 1]:
            moved[INDEX[PRIVATE]] = 0.016
        unsplit = unsplit * (1.0 + moved)
        today = unsplit.copy()
        if split_index is not None and day >= split_index:
            today[INDEX[SPLIT]] /= 2
        prices[day + 1] = np.rint(today / ticks).astype(np.int64) * ticks
    pays = np.zeros((days, count), dtype=np.int64)
    for place, security in enumerate(SECURITIES):
        for day in range(days):
            if security.pays_bps and day % security.pays_every == security.pays_on:
                pays[day, place] = prices[day, place] * security.pays_bps // 10_000
            if security.is_bond and day and last_coupon(dates[day]) > dates[day - 1]:
                pays[day, place] = COUPON_BPS // 2
    if split_index is not None and split_index:
        # The rate is worked out from the price of the day before, which on the split day is of the old unit.
        pays[split_index, INDEX[SPLIT]] //= 2
    merger = events.merger or 0
    ratio = int(prices[merger, INDEX[TAKEN_OVER]]) * 10_000 // int(prices[merger, INDEX[ACQUIRER]])
    return Market(dates, prices, pays, _vix(equity, shock_index), private_dates, events, ratio)


def last_coupon(date: dt.date) -> dt.date:
    """Return the day on or before `date` on which the bonds' last coupon was due."""
    due = [dt.date(year, month, 1) for year in (date.year - 1, date.year) for month in COUPON_MONTHS]
    return max(day for day in due if day <= date)


def _vix(equity: np.typing.NDArray[np.float64], shock_index: int) -> Ints:
    level, readings = VIX_START, []
    for day, moved in enumerate(equity.tolist()):
        level = max(10.5, level + 0.12 * (VIX_HOME - level) - 140.0 * moved)
        if day == shock_index:
            level = max(level + 7.0, VIX_SHOCK_FLOOR)
        readings.append(round(level * 100))
    return np.array(readings, dtype=np.int64)


def _valued_on(date: dt.date) -> dt.date:
    """Return the last quarter's end whose valuation is published by `date`."""
    known = date - dt.timedelta(days=PUBLICATION_DAYS)
    quarter_start = dt.date(known.year, 3 * ((known.month - 1) // 3) + 1, 1)
    return quarter_start - dt.timedelta(days=1)
