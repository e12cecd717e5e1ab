"""What the portfolio system says of the evening: the custodians' accounts as its own books have them.

It is right in everything, and yet it is no copy. It books on other days and writes in other units than the custodians, as such systems
do; each of these differences has a reason that the custodian's files show:

| whose accounts | what differs | why such systems do that |
|---|---|---|
| Fidelity | a session's trades, units and cash, are booked on the next | it posts trades on the date they settle |
| Fidelity | settled cash stands as a position in the core fund, a unit a dollar, and there is no cash line | the feed sends it as a fund |
| Schwab | reinvestments, units and the cash they take, are booked a session later | fund orders are confirmed by the next file |
| Schwab | bonds are priced per 1 (1.0437), at the same value | its security master has a price factor of 1 |
| Interactive Brokers | income, fees, splits and mergers are booked a session later | its day closes before the statement comes |
| Interactive Brokers | a bond's value includes the interest accrued since its last coupon | it reports dirty values there |
| one account in three (`LATE_FLOWS`) | deposits, withdrawals and transfers are booked a session later | a person must confirm them first |
| all | the private fund's new quarterly price comes `PRIVATE_DELAY` sessions later | the manager's letter is typed in by hand |
| all | a changed ticker comes `TICKER_DELAY` sessions later; the CUSIP is right | as above |

The plans' accounts have nothing of their own. Its lots are the custodians' of the evening: nothing of the above is in them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from evenkeel.sandbox.draws import Ints
from evenkeel.sandbox.files import mapped
from evenkeel.sandbox.files.evening import Evening, tickers_on
from evenkeel.sandbox.files.text import decimals, taken
from evenkeel.sandbox.holdings import IS_BOND, accrued, money
from evenkeel.sandbox.market import Market
from evenkeel.sandbox.moves import Kind, Moves
from evenkeel.sandbox.people import Custodian, Practice
from evenkeel.sandbox.securities import CORE_FUND, INDEX, PRIVATE, SECURITIES

LATE_FLOWS = (3, 1)
"""Of so many accounts, which one has its flows booked late."""
PRIVATE_DELAY = 3
TICKER_DELAY = 2

_FLOWS = (Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.TRANSFER_IN, Kind.TRANSFER_OUT)
_LATE_KINDS: dict[Custodian, tuple[Kind, ...]] = {
    Custodian.FIDELITY: (Kind.BUY, Kind.SELL),
    Custodian.SCHWAB: (Kind.REINVEST,),
    Custodian.IBKR: (
        Kind.DIVIDEND,
        Kind.INTEREST,
        Kind.FEE,
        Kind.SPLIT,
        Kind.MERGER_OUT,
        Kind.MERGER_IN,
    ),
}


def is_late(moves: Moves, practice: Practice) -> npt.NDArray[np.bool_]:
    """Tell of each of the evening's transactions whether the portfolio system books it on the next session."""
    is_flow, is_third = (
        np.isin(moves.kind, [int(kind) for kind in _FLOWS]),
        moves.account % LATE_FLOWS[0] == LATE_FLOWS[1],
    )
    late: npt.NDArray[np.bool_] = is_flow & is_third
    for custodian, kinds in _LATE_KINDS.items():
        late |= _kept_by(practice, custodian)[moves.account] & np.isin(moves.kind, [int(kind) for kind in kinds])
    return late


def _kept_by(practice: Practice, custodian: Custodian) -> npt.NDArray[np.bool_]:
    return np.array([account.custodian == custodian for account in practice.accounts], dtype=bool)


def positions(evening: Evening, market: Market) -> str:
    """Return the positions of all accounts as the portfolio system has them."""
    practice, index = evening.practice, evening.day.index
    account, security, qty, cost = _booked(evening)
    price, price_dates = _prices(evening, market)
    is_bond = IS_BOND[security]
    value = money(qty, price[security], is_bond)
    value += np.where(_kept_by(practice, Custodian.IBKR)[account], accrued(qty, is_bond, evening.date), 0)
    is_per_one = _kept_by(practice, Custodian.SCHWAB)[account] & is_bond
    columns = {
        "Account": taken(mapped.numbers_of(practice), account),
        **mapped.named(tickers_on(is_renamed=_knows_ticker(market, index)), security),
        "Units": decimals(qty, 4),
        "Price": decimals(price[security], 6, 2).zip_with(pl.Series(is_per_one), decimals(price[security], 4, 2)),
        "Price Date": taken(price_dates, security),
        "Market Value": decimals(value, 2, 2),
        "Cost": decimals(cost, 2, 2),
    }
    return mapped.table(columns, qty, value)


def cash(evening: Evening) -> str:
    """Return the cash of the accounts whose cash the portfolio system does not hold as a fund."""
    accounts = evening.accounts[~_kept_by(evening.practice, Custodian.FIDELITY)[evening.accounts]]
    amount = _cash_booked(evening)[accounts]
    columns = {"Account": taken(mapped.numbers_of(evening.practice), accounts), "Cash": decimals(amount, 2, 2)}
    return mapped.table(columns, None, amount)


def _cash_booked(evening: Evening) -> Ints:
    booked = evening.day.cash.copy()
    late = is_late(evening.moves, evening.practice)
    np.subtract.at(booked, evening.moves.account[late], evening.moves.cash[late])
    return booked


def _booked(evening: Evening) -> tuple[Ints, Ints, Ints, Ints]:
    """Return account, security, units and cost of what has been booked, in that order, cash held as a fund among them."""
    held, moves, count = evening.holdings, evening.moves, len(SECURITIES)
    late = is_late(moves, evening.practice) & (moves.security >= 0)
    cash = _cash_booked(evening)
    swept = np.flatnonzero(_kept_by(evening.practice, Custodian.FIDELITY) & (cash != 0))
    key = np.concatenate(
        [
            held.account * count + held.security,
            moves.account[late] * count + moves.security[late],
            swept * count + INDEX[CORE_FUND],
        ]
    )
    # A cent of the core fund is a hundred ten-thousandths of a unit.
    qty = np.concatenate([held.qty, -moves.qty[late], cash[swept] * 100])
    cost = np.concatenate([held.cost, -moves.cost[late], cash[swept]])
    keys, place = np.unique(key, return_inverse=True)
    units, basis = (np.zeros(len(keys), dtype=np.int64) for _ in range(2))
    np.add.at(units, place, qty)
    np.add.at(basis, place, cost)
    is_held = units != 0
    return keys[is_held] // count, keys[is_held] % count, units[is_held], basis[is_held]


def _prices(evening: Evening, market: Market) -> tuple[Ints, list[str]]:
    """Return price and its date by security."""
    day, private = evening.day, INDEX[PRIVATE]
    price, dates = day.prices.copy(), list(evening.price_dates)
    known = max(0, day.index - PRIVATE_DELAY)
    price[private], dates[private] = market.prices[known + 1, private], market.price_date(known, private)
    for place in range(len(SECURITIES)):
        if not market.is_priced(day.index, place):
            # What no longer trades keeps the last price that it had.
            last = (market.events.merger or 1) - 1
            price[place], dates[place] = market.prices[last + 1, place], market.dates[last]
    return price, [date.isoformat() for date in dates]


def _knows_ticker(market: Market, index: int) -> bool:
    rename = market.events.rename
    return rename is not None and index >= rename + TICKER_DELAY
