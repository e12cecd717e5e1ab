"""What the accounts hold at the start: near their models, some off by habit and a few by more than any band."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import fsum

import numpy as np

from data_contracts.vocab import AssetClass, Segment, TaxStatus
from evenkeel.sandbox.draws import Draws, Ints
from evenkeel.sandbox.market import last_coupon
from evenkeel.sandbox.models import CASH, MODELS, weights_of
from evenkeel.sandbox.people import Account, Portfolio, Practice
from evenkeel.sandbox.securities import COUPON_BPS, INDEX, MUNI_BOND, SECURITIES

UNIT = 10_000
"""Quantities are whole ten-thousandths of a unit."""
BOND_LOT = 5_000 * UNIT
_EQUITY = {AssetClass.US_EQUITY, AssetClass.INTL_EQUITY, AssetClass.EMERGING_EQUITY, AssetClass.REAL_ESTATE}
_STANDINS = {"USTM": "USTMX", "USAG": "USAGX", "INDV": "INDVX"}
BREACH_PER_THOUSAND = 45


@dataclass
class Lots:
    """Open lots as columns, in order of account, security, date and number. `opened` is a proleptic ordinal, `cost` in cents."""

    account: Ints
    security: Ints
    qty: Ints
    cost: Ints
    opened: Ints
    number: Ints

    def take(self, order: np.typing.NDArray[np.int64] | np.typing.NDArray[np.bool_]) -> Lots:
        """Return the lots at these places, or where true."""
        return Lots(*(column[order] for column in self.columns()))

    def columns(self) -> tuple[Ints, ...]:
        """Return the columns in order."""
        return (self.account, self.security, self.qty, self.cost, self.opened, self.number)

    def joined(self, more: Lots) -> Lots:
        """Return these and more lots, in order."""
        both = Lots(*(np.concatenate(pair) for pair in zip(self.columns(), more.columns(), strict=True)))
        return both.take(np.lexsort((both.number, both.opened, both.security, both.account)))


def money(qty: Ints, price: Ints, is_bond: np.typing.NDArray[np.bool_]) -> Ints:
    """Return cents for ten-thousandths of units at ten-thousandths of dollars, rounded half up; bonds are per hundred."""
    divisor = np.where(is_bond, 100_000_000, 1_000_000)
    cents: Ints = (2 * qty * price + divisor) // (2 * divisor)
    return cents


def accrued(qty: Ints, is_bond: np.typing.NDArray[np.bool_], date: dt.date) -> Ints:
    """Return the interest in cents that bonds of so much face value have earned since their last coupon, of 30-day months."""
    since = last_coupon(date)
    days = (date.year - since.year) * 360 + (date.month - since.month) * 30 + min(date.day, 30) - since.day
    # Ten-thousandths of a dollar of face, by hundredths of a per cent a year of 360 days, in cents.
    divisor = 100 * 10_000 * 360
    cents: Ints = (2 * qty * COUPON_BPS * days + divisor) // (2 * divisor)
    return np.where(is_bond, cents, 0)


IS_BOND = np.array([security.is_bond for security in SECURITIES])


def first_lots(seed: int, practice: Practice, prices: Ints) -> tuple[Lots, Ints]:
    """Return the lots and each account's cash in cents, at `prices` (ten-thousandths of a dollar by security)."""
    count = len(practice.portfolios)
    draws = Draws(seed, "holdings")
    tilts, is_off = draws.unit(count) * 2 - 1, draws.happens(BREACH_PER_THOUSAND, count)
    excess, noise = draws.between(150, 260, count), draws.bell(count * 8).reshape(count, 8)
    rows: list[tuple[int, int, int]] = []
    cash = np.zeros(len(practice.accounts), dtype=np.int64)
    for portfolio in practice.portfolios:
        place = portfolio.place
        band = _usual_band(practice, portfolio)
        tilt = (float(tilts[place]) * 0.8 - 0.35) * band
        if is_off[place]:
            tilt = band * int(excess[place]) / 100 * (1 if tilt >= 0 else -1)
        shares = _tilted(portfolio, tilt, noise[place].tolist())
        _fill(practice, portfolio, shares, prices, rows, cash)
    held = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return _split_into_lots(draws, practice.first_date, held, prices), cash


def _usual_band(practice: Practice, portfolio: Portfolio) -> float:
    if portfolio.segment is not None:
        return {Segment.CONSERVATIVE: 0.05, Segment.BALANCED: 0.05, Segment.GROWTH: 0.07, Segment.TAX_SENSITIVE: 0.03}[
            portfolio.segment
        ]
    value = practice.accounts[portfolio.accounts[0]].value_usd
    return 0.03 if value >= 500_000 else 0.05 if value >= 100_000 else 0.07


def _tilted(portfolio: Portfolio, tilt: float, noise: list[float]) -> dict[str, float]:
    """Return shares by symbol: the model's (a middling one where there is none), equity up by `tilt` and the rest down."""
    shares = weights_of(MODELS[portfolio.model if portfolio.model is not None else 2])
    is_equity = {symbol: symbol != CASH and SECURITIES[INDEX[symbol]].asset_class in _EQUITY for symbol in shares}
    equity = fsum(share for symbol, share in shares.items() if is_equity[symbol])
    rest = fsum(share for symbol, share in shares.items() if not is_equity[symbol] and symbol != CASH)
    if rest < 0.1:
        # Nearly all equity: the tilt is between home and abroad.
        is_equity = {symbol: symbol.startswith("US") for symbol in shares}
        equity = fsum(share for symbol, share in shares.items() if is_equity[symbol])
        rest = fsum(share for symbol, share in shares.items() if not is_equity[symbol] and symbol != CASH)
    tilt = max(-0.8 * equity, min(0.8 * rest, tilt))
    moved = {}
    for place, (symbol, share) in enumerate(shares.items()):
        scale = 1 + tilt / equity if is_equity[symbol] else 1 - tilt / rest if symbol != CASH else 1.0
        moved[symbol] = max(0.0, share * scale * (1 + 0.03 * noise[place % len(noise)]))
    total = fsum(moved.values())
    return {symbol: share / total for symbol, share in moved.items()}


def _fill(
    practice: Practice,
    portfolio: Portfolio,
    shares: dict[str, float],
    prices: Ints,
    rows: list[tuple[int, int, int]],
    cash: Ints,
) -> None:
    """Lay the portfolio's holdings into its accounts: bonds into deferred accounts first, a part of the cash into each."""
    accounts = sorted(
        (practice.accounts[place] for place in portfolio.accounts), key=lambda a: (_LOCATION[a.tax_status], a.place)
    )
    total = sum(account.value_usd for account in accounts)
    cash_share = shares.pop(CASH, 0.02)
    room = {account.place: account.value_usd * (1 - cash_share) for account in accounts}
    wanted = sorted(shares.items(), key=lambda item: _taxed(item[0]), reverse=True)
    left = {account.place: account.value_usd * 100 for account in accounts}
    at = 0
    for symbol, share in wanted:
        amount = share * total
        while amount > 1 and at < len(accounts):
            account = accounts[at]
            part = min(amount, room[account.place])
            room[account.place] -= part
            amount -= part
            if not account.is_cash_only:
                left[account.place] -= _buy(account, symbol, part, prices, rows)
            if room[account.place] <= 1:
                at += 1
    for account in accounts:
        cash[account.place] = left[account.place]


_LOCATION = {TaxStatus.DEFERRED: 0, TaxStatus.EXEMPT: 2, TaxStatus.TAXABLE: 1}


def _taxed(symbol: str) -> int:
    """Order in which holdings are laid, most heavily taxed first; municipal bonds come where taxable accounts begin."""
    asset_class = SECURITIES[INDEX[symbol]].asset_class
    if asset_class in (AssetClass.MUNI_BOND, AssetClass.PRIVATE):
        return 1
    return 0 if asset_class in _EQUITY else 2


def _buy(account: Account, symbol: str, dollars: float, prices: Ints, rows: list[tuple[int, int, int]]) -> int:
    """Add positions for so many dollars and return what they cost in cents."""
    if symbol == "USTM" and account.stock is not None:
        stock = dollars * account.stock_share / 100
        return _buy_one(account, account.stock, stock, prices, rows) + _buy_one(
            account, symbol, dollars - stock, prices, rows
        )
    if account.uses_funds:
        symbol = _STANDINS.get(symbol, symbol)
    if symbol == MUNI_BOND:
        bought = _buy_one(account, symbol, dollars, prices, rows)
        rest = dollars - bought / 100
        return bought + (_buy_one(account, "MUNA", rest, prices, rows) if rest > 200 else 0)
    return _buy_one(account, symbol, dollars, prices, rows)


def _buy_one(account: Account, symbol: str, dollars: float, prices: Ints, rows: list[tuple[int, int, int]]) -> int:
    place = INDEX[symbol]
    security, price = SECURITIES[place], int(prices[place])
    step = BOND_LOT if security.is_bond else UNIT if security.is_whole and not account.does_reinvest else 10
    worth = price / 100 if security.is_bond else price
    qty = int(dollars * UNIT / worth * UNIT) // step * step
    if qty <= 0:
        return 0
    rows.append((account.place, place, qty))
    divisor = 100_000_000 if security.is_bond else 1_000_000
    return (2 * qty * price + divisor) // (2 * divisor)


def _split_into_lots(draws: Draws, first_date: dt.date, held: Ints, prices: Ints) -> Lots:
    order = np.lexsort((held[:, 1], held[:, 0]))
    held = held[order]
    # One account may be given a fund twice (a bond's rest): one position all the same.
    key = held[:, 0] * len(SECURITIES) + held[:, 1]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, dtype=np.int64)
    qty = np.add.reduceat(held[:, 2], starts) if len(key) else held[:, 2]
    account, security = held[starts, 0], held[starts, 1]
    pieces = 1 + draws.pick((40, 30, 20, 10), len(qty))
    step = np.where(IS_BOND[security], BOND_LOT, np.where(qty % UNIT == 0, UNIT, 10))
    each = qty // pieces // step * step
    pieces = np.where(each == 0, 1, pieces)
    owner = np.repeat(np.arange(len(qty)), pieces)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    lot_qty = np.where(rank == 0, qty[owner] - each[owner] * (pieces[owner] - 1), each[owner])
    age = draws.between(20, 3000, len(owner))
    gain = draws.between(-60, 120, len(owner))
    # Older lots were bought lower: up to 6 per cent a year, give or take.
    paid = prices[security[owner]] * (1000 - np.minimum(age // 8, 400) + gain) // 1000
    lots = Lots(
        account[owner],
        security[owner],
        lot_qty,
        money(lot_qty, paid, IS_BOND[security[owner]]),
        first_date.toordinal() - age,
        np.arange(1, len(owner) + 1),
    )
    return lots.take(np.lexsort((lots.number, lots.opened, lots.security, lots.account)))
