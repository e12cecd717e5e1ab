"""The books of all accounts from day to day: what happens to lots and cash, and the transactions that say so.

Buys and sells settle on the next session; cash is counted on trade date and `unsettled` says which part of it is not there yet.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from data_contracts.vocab import AccountState, ReliefMethod
from evenkeel.sandbox.desk import Orders, plan_orders
from evenkeel.sandbox.draws import Draws, Ints
from evenkeel.sandbox.holdings import IS_BOND, UNIT, Lots, first_lots, money
from evenkeel.sandbox.market import Market
from evenkeel.sandbox.people import Custodian, Practice
from evenkeel.sandbox.securities import INDEX, SECURITIES, SPLIT

NO_SECURITY = -1
INTEREST_EVERY, INTEREST_ON = 21, 3
FEE_EVERY, FEE_ON = 63, 1
FEE_BPS_A_QUARTER = 20
COMMISSION_CENTS = 100
"""What Interactive Brokers takes for a trade; the others take nothing."""


class Kind(IntEnum):
    """What a transaction is."""

    BUY = 0
    SELL = 1
    DIVIDEND = 2
    REINVEST = 3
    INTEREST = 4
    DEPOSIT = 5
    WITHDRAWAL = 6
    FEE = 7
    SPLIT = 8


@dataclass
class Moves:
    """Transactions of one day as columns: units and cash into the account are positive, cash and fees in cents."""

    account: Ints
    kind: Ints
    security: Ints
    qty: Ints
    price: Ints
    fees: Ints
    cash: Ints


@dataclass
class Holdings:
    """Positions of one day as columns, in order of account and security."""

    account: Ints
    security: Ints
    qty: Ints
    cost: Ints
    price: Ints
    value: Ints


@dataclass
class Day:
    """Everything that custodians know on the evening of one session."""

    index: int
    date: dt.date
    next_date: dt.date
    prices: Ints
    before: Ints
    """Prices of the session before, in today's units."""
    holdings: Holdings
    lots: Lots
    cash: Ints
    unsettled: Ints
    moves: Moves
    orders: Orders
    filled: Orders


@dataclass
class _Noted:
    parts: list[tuple[Ints, ...]] = field(default_factory=list)

    def add(
        self, account: Ints, kind: Kind, cash: Ints, security: Ints | None = None, qty: Ints | None = None,
        price: Ints | None = None, fees: Ints | None = None,
    ) -> None:  # fmt: skip
        nothing = np.zeros(len(account), dtype=np.int64)
        self.parts.append(
            (
                account,
                nothing + int(kind),
                nothing + NO_SECURITY if security is None else security,
                nothing if qty is None else qty,
                nothing if price is None else price,
                nothing if fees is None else fees,
                cash,
            )
        )

    def moves(self) -> Moves:
        empty = (np.zeros(0, dtype=np.int64),) * 7
        joined = [np.concatenate(column) for column in zip(empty, *self.parts, strict=True)]
        order = np.argsort(joined[0], kind="stable")
        return Moves(*(column[order] for column in joined))


class Ledger:
    """State of all accounts, moved on one session at a time by `close_day`."""

    def __init__(self, seed: int, practice: Practice, market: Market) -> None:
        self._seed, self._practice, self._market = seed, practice, market
        self.lots, self.cash = first_lots(seed, practice, market.prices[0])
        self._next_lot = len(self.lots.number) + 1
        self._pending = Orders.none()
        self._today = practice.first_date.toordinal()
        accounts = practice.accounts
        self._reinvests = np.array([account.does_reinvest for account in accounts], dtype=bool)
        self._is_open = np.array([account.state == AccountState.OPEN for account in accounts], dtype=bool)
        self._is_ibkr = np.array([account.custodian == Custodian.IBKR for account in accounts], dtype=bool)
        self._is_dear_first = np.array(
            [account.relief == ReliefMethod.HIGHEST_COST for account in accounts], dtype=bool
        )

    def close_day(self, index: int, next_date: dt.date) -> Day:
        """Do all that happens on session `index` and return the evening's picture."""
        market = self._market
        self._today = market.dates[index].toordinal()
        prices, before = market.prices[index + 1], market.prices[index].copy()
        noted = _Noted()
        unsettled = np.zeros(len(self.cash), dtype=np.int64)
        if index == market.split_index:
            before[INDEX[SPLIT]] //= 2
            self._split(noted)
        self._pay(market.pays[index], prices, noted)
        self._flows(index, prices, noted)
        filled = self._pending
        self._execute(filled, prices, noted, unsettled)
        holdings = self._holdings(prices)
        blocked = INDEX[SPLIT] if index + 1 == market.split_index else NO_SECURITY
        self._pending = plan_orders(self._seed, index, self._practice, holdings, self.cash, self._is_open, blocked)
        return Day(
            index, market.dates[index], next_date, prices, before, holdings, self.lots, self.cash.copy(), unsettled,
            noted.moves(), self._pending, filled,
        )  # fmt: skip

    def _holdings(self, prices: Ints) -> Holdings:
        lots = self.lots
        key = lots.account * len(SECURITIES) + lots.security
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, dtype=np.int64)
        qty = np.add.reduceat(lots.qty, starts) if len(key) else lots.qty
        cost = np.add.reduceat(lots.cost, starts) if len(key) else lots.cost
        account, security = lots.account[starts], lots.security[starts]
        return Holdings(account, security, qty, cost, prices[security], money(qty, prices[security], IS_BOND[security]))

    def _split(self, noted: _Noted) -> None:
        held = self._holdings(self._market.prices[0])
        is_split = held.security == INDEX[SPLIT]
        nothing = np.zeros(int(is_split.sum()), dtype=np.int64)
        noted.add(held.account[is_split], Kind.SPLIT, nothing, held.security[is_split], held.qty[is_split])
        self.lots.qty = np.where(self.lots.security == INDEX[SPLIT], self.lots.qty * 2, self.lots.qty)

    def _pay(self, pays: Ints, prices: Ints, noted: _Noted) -> None:
        """Pay dividends; accounts that reinvest buy a thousandth of a unit or more with them."""
        held = self._holdings(prices)
        paid = money(held.qty, pays[held.security], np.zeros(len(held.qty), dtype=bool))
        gets = paid > 0
        account, security, amount = held.account[gets], held.security[gets], paid[gets]
        noted.add(account, Kind.DIVIDEND, amount, security)
        np.add.at(self.cash, account, amount)
        price = prices[security]
        qty = amount * 1_000_000 // price // 10 * 10
        buys = self._reinvests[account] & (qty > 0)
        account, security, qty, price = account[buys], security[buys], qty[buys], price[buys]
        cost = money(qty, price, np.zeros(len(qty), dtype=bool))
        noted.add(account, Kind.REINVEST, -cost, security, qty, price)
        np.add.at(self.cash, account, -cost)
        self._add_lots(account, security, qty, cost)

    def _flows(self, index: int, prices: Ints, noted: _Noted) -> None:
        """Interest and fees on their days, deposits and withdrawals on any."""
        accounts = np.arange(len(self.cash))
        if index % INTEREST_EVERY == INTEREST_ON:
            interest = np.maximum(self.cash, 0) * 30 // 12_000
            self._move_cash(accounts[interest > 0], Kind.INTEREST, interest[interest > 0], noted)
        worth = self._worth(prices)
        if index % FEE_EVERY == FEE_ON:
            fee = worth * FEE_BPS_A_QUARTER // 10_000
            pays = (fee > 0) & (fee < self.cash)
            self._move_cash(accounts[pays], Kind.FEE, -fee[pays], noted)
        draws = Draws(self._seed, f"flows {index}")
        chance, size = draws.below(1000, len(accounts)), draws.between(1, 40, len(accounts))
        puts = (chance < 4) & self._is_open
        amount = worth // 100_000 * size // 10 * 100
        self._move_cash(accounts[puts & (amount > 0)], Kind.DEPOSIT, amount[puts & (amount > 0)], noted)
        takes = (chance >= 4) & (chance < 8) & self._is_open
        amount = self.cash // 1000 * size // 100 * 100 * 10
        takes &= amount > 0
        self._move_cash(accounts[takes], Kind.WITHDRAWAL, -amount[takes], noted)

    def _worth(self, prices: Ints) -> Ints:
        held = self._holdings(prices)
        worth = self.cash.copy()
        np.add.at(worth, held.account, held.value)
        return worth

    def _move_cash(self, account: Ints, kind: Kind, amount: Ints, noted: _Noted) -> None:
        noted.add(account, kind, amount)
        np.add.at(self.cash, account, amount)

    def _execute(self, orders: Orders, prices: Ints, noted: _Noted, unsettled: Ints) -> None:
        if not len(orders.account):
            return
        price = prices[orders.security]
        fees = np.where(self._is_ibkr[orders.account], COMMISSION_CENTS, 0)
        gross = money(orders.qty, price, IS_BOND[orders.security])
        cash = np.where(orders.is_buy, -gross, gross) - fees
        signed = np.where(orders.is_buy, orders.qty, -orders.qty)
        for is_buy, kind in ((False, Kind.SELL), (True, Kind.BUY)):
            side = orders.is_buy == is_buy
            noted.add(
                orders.account[side], kind, cash[side], orders.security[side], signed[side], price[side], fees[side]
            )
        np.add.at(self.cash, orders.account, cash)
        np.add.at(unsettled, orders.account, cash)
        sells = ~orders.is_buy
        for account, security, qty in zip(
            orders.account[sells].tolist(), orders.security[sells].tolist(), orders.qty[sells].tolist(), strict=True
        ):
            self._sell(account, security, qty)
        self.lots = self.lots.take(self.lots.qty > 0)
        buys = orders.is_buy
        self._add_lots(orders.account[buys], orders.security[buys], orders.qty[buys], gross[buys] + fees[buys])

    def _sell(self, account: int, security: int, qty: int) -> None:
        """Take units from the account's lots, dearest first or oldest first by its method; cost leaves in proportion."""
        lots = self.lots
        key = lots.account * len(SECURITIES) + lots.security
        first, last = np.searchsorted(
            key, [account * len(SECURITIES) + security, account * len(SECURITIES) + security + 1]
        ).tolist()
        places = list(range(first, last))
        if self._is_dear_first[account]:
            places.sort(key=lambda place: (-(int(lots.cost[place]) * UNIT // max(1, int(lots.qty[place]))), place))
        for place in places:
            taken = min(qty, int(lots.qty[place]))
            lots.cost[place] -= int(lots.cost[place]) * taken // max(1, int(lots.qty[place]))
            lots.qty[place] -= taken
            qty -= taken
        if qty:
            raise AssertionError("an order sells more than the account holds")

    def _add_lots(self, account: Ints, security: Ints, qty: Ints, cost: Ints) -> None:
        if not len(account):
            return
        count = len(account)
        opened = np.full(count, self._today, dtype=np.int64)
        numbers = np.arange(self._next_lot, self._next_lot + count)
        self._next_lot += count
        self.lots = self.lots.joined(Lots(account, security, qty, cost, opened, numbers))
