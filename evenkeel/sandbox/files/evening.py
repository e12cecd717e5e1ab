"""One evening as a sender sees it: the day's columns cut down to its accounts, with the texts that all layouts need."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from evenkeel.sandbox.draws import Ints
from evenkeel.sandbox.holdings import Lots
from evenkeel.sandbox.ledger import Day, Holdings
from evenkeel.sandbox.moves import Kind, Moves
from evenkeel.sandbox.people import Custodian, Practice
from evenkeel.sandbox.securities import INDEX, NEW_TICKER, RENAMED, SECURITIES

_Table = TypeVar("_Table", Holdings, Moves)

OLD_TICKER = len(SECURITIES)
"""Place of the ticker that the renamed fund has given up: the leg of the renaming that goes out is written with it."""
NAMES = [security.name for security in SECURITIES] + [SECURITIES[INDEX[RENAMED]].name]
CUSIPS = [security.cusip for security in SECURITIES] + [SECURITIES[INDEX[RENAMED]].cusip]


def tickers_on(*, is_renamed: bool) -> list[str]:
    """Return the securities' tickers before or after the renaming, and at `OLD_TICKER` the one given up."""
    now = [NEW_TICKER if is_renamed and security.symbol == RENAMED else security.symbol for security in SECURITIES]
    return [*now, RENAMED]


def symbols_on(*, is_renamed: bool) -> list[str]:
    """Return what statements name securities by: bonds by CUSIP, others by ticker."""
    tickers = tickers_on(is_renamed=is_renamed)
    return [
        security.cusip if security.is_bond else ticker for security, ticker in zip(SECURITIES, tickers, strict=False)
    ] + tickers[-1:]


def written_as(moves: Moves) -> tuple[Ints, np.typing.NDArray[np.bool_]]:
    """Return the place of each transaction's security in lists of texts, and whether it has one."""
    places = np.where(moves.kind == int(Kind.RENAME_OUT), OLD_TICKER, np.maximum(moves.security, 0))
    return places, moves.security >= 0


@dataclass(frozen=True)
class Stranger:
    """A holding that the book does not know. Units in ten-thousandths, price likewise, value in cents."""

    account: int
    symbol: str = "ZQXW"
    name: str = "QUIXOTE WINDMILLS HOLDINGS"
    qty: int = 1_000_000
    price: int = 123_400
    value: int = 123_400


@dataclass
class Twist:
    """What is wrong in one file: a value that is not the product, a stranger, a price of an earlier date (all by account)."""

    wrong_value: int | None = None
    stranger: Stranger | None = None
    stale: int | None = None
    stale_date: dt.date | None = None


@dataclass
class Evening:
    """What one sender knows on an evening."""

    day: Day
    practice: Practice
    accounts: Ints
    holdings: Holdings
    lots: Lots
    moves: Moves
    price_dates: list[dt.date]
    twist: Twist = field(default_factory=Twist)
    stale_row: int | None = None

    @property
    def tickers(self) -> list[str]:
        """Return the evening's tickers by security, the one given up last."""
        return tickers_on(is_renamed=self.day.is_renamed)

    @property
    def symbols(self) -> list[str]:
        """Return what statements name securities by on this evening, the ticker given up last."""
        return symbols_on(is_renamed=self.day.is_renamed)

    @property
    def date(self) -> dt.date:
        """Return the session."""
        return self.day.date


def evening_of(
    day: Day, practice: Practice, custodian: Custodian | None, price_dates: list[dt.date], twist: Twist | None = None
) -> Evening:
    """Return the evening of one custodian, of all accounts where None."""
    chosen = np.array(
        [custodian is None or account.custodian == custodian for account in practice.accounts], dtype=bool
    )
    held = _cut(day.holdings, chosen)
    evening = Evening(
        day,
        practice,
        np.flatnonzero(chosen).astype(np.int64),
        held,
        day.lots.take(chosen[day.lots.account]),
        _cut(day.moves, chosen),
        price_dates,
        twist or Twist(),
    )
    return _twisted(evening)


def _cut(table: _Table, chosen: np.typing.NDArray[np.bool_]) -> _Table:
    keep = chosen[table.account]
    return type(table)(**{name: column[keep] for name, column in vars(table).items()})


def _twisted(evening: Evening) -> Evening:
    """Apply the wrong value and the stale price to the account's first holding that is neither a bond nor private."""
    held, twist = evening.holdings, evening.twist
    value, price = held.value.copy(), held.price.copy()
    if twist.wrong_value is not None:
        value[_first_row(held, twist.wrong_value)] += 98_765
    if twist.stale is not None:
        row = _first_row(held, twist.stale)
        price[row] = price[row] * 99 // 100 // 100 * 100
        value[row] = (2 * int(held.qty[row]) * int(price[row]) + 1_000_000) // 2_000_000
        evening.stale_row = row
    evening.holdings = replace(held, value=value, price=price)
    return evening


def _first_row(held: Holdings, account: int) -> int:
    first = int(np.searchsorted(held.account, account))
    return next(
        row for row in range(first, len(held.account))
        if not SECURITIES[int(held.security[row])].is_bond and not SECURITIES[int(held.security[row])].is_private
    )  # fmt: skip


def totals(evening: Evening) -> Ints:
    """Return each account's value with cash, in cents, by the place of the account in the practice."""
    worth = evening.day.cash.copy()
    np.add.at(worth, evening.holdings.account, evening.holdings.value)
    if evening.twist.stranger is not None:
        worth[evening.twist.stranger.account] += evening.twist.stranger.value
    return worth
