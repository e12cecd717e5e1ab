"""The books of all accounts from day to day: what happens to lots and cash, and the transactions that say so.

Buys and sells settle on the next session; cash is counted on trade date and `unsettled` says which part of it is not there yet.
Mergers, changes of a ticker and transfers are in `happenings`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from data_contracts.vocab import AccountState, ReliefMethod
from evenkeel.sandbox.desk import Orders, plan_orders
from evenkeel.sandbox.draws import Draws, Ints
from evenkeel.sandbox.events import receivers, senders
from evenkeel.sandbox.happenings import Parcel, merge, part_of_largest
from evenkeel.sandbox.holdings import IS_BOND, UNIT, Lots, first_lots, money
from evenkeel.sandbox.market import Market
from evenkeel.sandbox.moves import Kind, Moves, Noted
from evenkeel.sandbox.people import Custodian, Practice
from evenkeel.sandbox.securities import ACQUIRER, INDEX, RENAMED, SECURITIES, SPLIT, TAKEN_OVER

INTEREST_EVERY, INTEREST_ON = 21, 3
FEE_EVERY, FEE_ON = 63, 1
FEE_BPS_A_QUARTER = 20
TRANSFERRED_AGE_DAYS = 800
"""How long units that come by transfer had been held before the first session."""
COMMISSION_CENTS = 100
"""What Interactive Brokers takes for a trade; the others take nothing."""


@dataclass
class Holdings:
    """Positions of one day as columns, in order of account and security."""

    account: Ints
    security: Ints
    qty: Ints
    cost: Ints
    price: Ints
    value: Ints

    def of(self, security: int) -> Holdings:
        """Return the holdings of one security."""
        mine = self.security == security
        return Holdings(*(column[mine] for column in vars(self).values()))


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
    is_renamed: bool
    """Whether the fund that changes its ticker goes by the new one."""


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
        self._receives, self._sends = receivers(practice), senders(practice)
        self._incoming: dict[int, Parcel] = {}

    def close_day(self, index: int, next_date: dt.date) -> Day:
        """Do all that happens on session `index` and return the evening's picture."""
        market, events = self._market, self._market.events
        self._today = market.dates[index].toordinal()
        prices, before = market.prices[index + 1], market.prices[index].copy()
        noted = Noted()
        unsettled = np.zeros(len(self.cash), dtype=np.int64)
        if index == events.split:
            before[INDEX[SPLIT]] //= 2
            self._split(noted)
        if index == events.merger:
            self._merge(prices, noted)
        if index == events.rename:
            held = self._holdings(prices).of(INDEX[RENAMED])
            noted.add(held.account, Kind.RENAME_OUT, None, held.security, -held.qty)
            noted.add(held.account, Kind.RENAME_IN, None, held.security, held.qty)
        self._pay(market.pays[index], prices, noted, unsettled)
        self._flows(index, prices, noted)
        self._transfer(index, prices, noted)
        filled = self._pending
        self._execute(filled, prices, noted, unsettled)
        holdings = self._holdings(prices)
        # Nobody trades into a corporate action, nor out of an account that is being transferred.
        blocked = [INDEX[SPLIT]] if index + 1 == events.split else []
        blocked += [INDEX[TAKEN_OVER], INDEX[ACQUIRER]] if index + 1 == events.merger else []
        can_trade = self._is_open & ~self._sends if index + 1 == events.transfer_out else self._is_open
        self._pending = plan_orders(self._seed, index, self._practice, holdings, self.cash, can_trade, blocked)
        return Day(
            index, market.dates[index], next_date, prices, before, holdings, self.lots, self.cash.copy(), unsettled,
            noted.moves(), self._pending, filled, events.rename is not None and index >= events.rename,
        )  # fmt: skip

    def _holdings(self, prices: Ints) -> Holdings:
        lots = self.lots
        key = lots.account * len(SECURITIES) + lots.security
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, dtype=np.int64)
        qty = np.add.reduceat(lots.qty, starts) if len(key) else lots.qty
        cost = np.add.reduceat(lots.cost, starts) if len(key) else lots.cost
        account, security = lots.account[starts], lots.security[starts]
        return Holdings(account, security, qty, cost, prices[security], money(qty, prices[security], IS_BOND[security]))

    def _split(self, noted: Noted) -> None:
        held = self._holdings(self._market.prices[0]).of(INDEX[SPLIT])
        noted.add(held.account, Kind.SPLIT, None, held.security, held.qty)
        self.lots.qty = np.where(self.lots.security == INDEX[SPLIT], self.lots.qty * 2, self.lots.qty)

    def _merge(self, prices: Ints, noted: Noted) -> None:
        """Exchange the units of the company taken over; a fraction of a unit is paid out in cash."""
        self.lots, done = merge(self.lots, self._market.ratio)
        price = np.full(len(done.account), prices[INDEX[ACQUIRER]])
        paid = money(done.fraction, price, np.zeros(len(price), dtype=bool))
        np.add.at(self.cash, done.account, paid)
        # Interactive Brokers pays it with the exchange, the others as a transaction of its own.
        is_ibkr = self._is_ibkr[done.account]
        old, new = (np.full(len(price), INDEX[symbol]) for symbol in (TAKEN_OVER, ACQUIRER))
        noted.add(done.account, Kind.MERGER_OUT, np.where(is_ibkr, paid, 0), old, -done.out_qty, cost=-done.out_cost)
        came, apart = done.in_qty > 0, (paid > 0) & ~is_ibkr
        noted.add(done.account[came], Kind.MERGER_IN, None, new[came], done.in_qty[came], cost=done.in_cost[came])
        noted.add(done.account[apart], Kind.CASH_IN_LIEU, paid[apart], new[apart])

    def _pay(self, pays: Ints, prices: Ints, noted: Noted, unsettled: Ints) -> None:
        """Pay dividends and coupons; accounts that reinvest buy a thousandth of a unit or more with dividends."""
        held = self._holdings(prices)
        paid = money(held.qty, pays[held.security], np.zeros(len(held.qty), dtype=bool))
        gets = paid > 0
        account, security, amount = held.account[gets], held.security[gets], paid[gets]
        is_bond = IS_BOND[security]
        noted.add(account[~is_bond], Kind.DIVIDEND, amount[~is_bond], security[~is_bond])
        noted.add(account[is_bond], Kind.INTEREST, amount[is_bond], security[is_bond])
        np.add.at(self.cash, account, amount)
        price = prices[security]
        qty = amount * 1_000_000 // price // 10 * 10
        buys = self._reinvests[account] & (qty > 0) & ~is_bond
        account, security, qty, price = account[buys], security[buys], qty[buys], price[buys]
        cost = money(qty, price, np.zeros(len(qty), dtype=bool))
        noted.add(account, Kind.REINVEST, -cost, security, qty, price, cost=cost)
        np.add.at(self.cash, account, -cost)
        # At Interactive Brokers a reinvestment is a trade in the market like any other.
        np.add.at(unsettled, account, np.where(self._is_ibkr[account], -cost, 0))
        self._add_lots(account, security, qty, cost)

    def _flows(self, index: int, prices: Ints, noted: Noted) -> None:
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

    def _transfer(self, index: int, prices: Ints, noted: Noted) -> None:
        """Let a part of a transfer in, with some cash; send a part of an account away on its day."""
        events = self._market.events
        held, worth = self._holdings(prices), self._worth(prices)
        if index in events.transfers_in:
            if index == events.transfers_in[0]:
                parts = {account: self._part(held, account, 6) for account in np.flatnonzero(self._receives).tolist()}
                self._incoming = {account: part for account, part in parts.items() if part is not None}
            # Every part is of the same holding and of the same size.
            self._receive(worth, noted)
        if index == events.transfer_out:
            for account in np.flatnonzero(self._sends).tolist():
                if (parcel := self._part(held, account, 30)) is not None:
                    self._send(account, parcel, noted)
            self.lots = self.lots.take(self.lots.qty > 0)

    def _part(self, held: Holdings, account: int, per_cent: int) -> Parcel | None:
        rows = slice(*np.searchsorted(held.account, [account, account + 1]).tolist())
        return part_of_largest(held.security[rows], held.qty[rows], held.price[rows], held.value[rows], per_cent)

    def _receive(self, worth: Ints, noted: Noted) -> None:
        """Units come with the dates and the cost that they had where they were held before, and some cash with them."""
        account = np.array(list(self._incoming), dtype=np.int64)
        parcels = list(self._incoming.values())
        security = np.array([parcel.security for parcel in parcels], dtype=np.int64)
        qty = np.array([parcel.qty for parcel in parcels], dtype=np.int64)
        price = np.array([parcel.price * 8 // 10 for parcel in parcels], dtype=np.int64)
        cost = money(qty, price, np.zeros(len(qty), dtype=bool))
        noted.add(account, Kind.TRANSFER_IN, None, security, qty, cost=cost)
        self._add_lots(account, security, qty, cost, self._practice.first_date.toordinal() - TRANSFERRED_AGE_DAYS)
        amount = worth[account] // 20_000 * 100
        self._move_cash(account[amount > 0], Kind.TRANSFER_IN, amount[amount > 0], noted)

    def _send(self, account: int, parcel: Parcel, noted: Noted) -> None:
        where, security, qty = (np.array([each], dtype=np.int64) for each in (account, parcel.security, parcel.qty))
        cost = np.array([self._sell(account, parcel.security, parcel.qty)], dtype=np.int64)
        noted.add(where, Kind.TRANSFER_OUT, None, security, -qty, cost=-cost)
        amount = np.maximum(self.cash[where], 0) // 1000 * 100
        self._move_cash(where[amount > 0], Kind.TRANSFER_OUT, -amount[amount > 0], noted)

    def _worth(self, prices: Ints) -> Ints:
        held = self._holdings(prices)
        worth = self.cash.copy()
        np.add.at(worth, held.account, held.value)
        return worth

    def _move_cash(self, account: Ints, kind: Kind, amount: Ints, noted: Noted) -> None:
        noted.add(account, kind, amount)
        np.add.at(self.cash, account, amount)

    def _execute(self, orders: Orders, prices: Ints, noted: Noted, unsettled: Ints) -> None:
        if not len(orders.account):
            return
        price = prices[orders.security]
        fees = np.where(self._is_ibkr[orders.account], COMMISSION_CENTS, 0)
        gross = money(orders.qty, price, IS_BOND[orders.security])
        cash = np.where(orders.is_buy, -gross, gross) - fees
        signed = np.where(orders.is_buy, orders.qty, -orders.qty)
        cost = gross + fees
        for place in np.flatnonzero(~orders.is_buy).tolist():
            cost[place] = -self._sell(int(orders.account[place]), int(orders.security[place]), int(orders.qty[place]))
        for is_buy, kind in ((False, Kind.SELL), (True, Kind.BUY)):
            side = orders.is_buy == is_buy
            noted.add(
                orders.account[side], kind, cash[side], orders.security[side], signed[side], price[side], fees[side],
                cost[side],
            )  # fmt: skip
        np.add.at(self.cash, orders.account, cash)
        np.add.at(unsettled, orders.account, cash)
        self.lots = self.lots.take(self.lots.qty > 0)
        buys = orders.is_buy
        self._add_lots(orders.account[buys], orders.security[buys], orders.qty[buys], cost[buys])

    def _sell(self, account: int, security: int, qty: int) -> int:
        """Take units from the account's lots, dearest first or oldest first by its method; return the cost that leaves with them."""
        lots = self.lots
        key = lots.account * len(SECURITIES) + lots.security
        first, last = np.searchsorted(
            key, [account * len(SECURITIES) + security, account * len(SECURITIES) + security + 1]
        ).tolist()
        places = list(range(first, last))
        if self._is_dear_first[account]:
            places.sort(key=lambda place: (-(int(lots.cost[place]) * UNIT // max(1, int(lots.qty[place]))), place))
        relieved = 0
        for place in places:
            taken = min(qty, int(lots.qty[place]))
            cost = int(lots.cost[place]) * taken // max(1, int(lots.qty[place]))
            lots.cost[place] -= cost
            relieved += cost
            lots.qty[place] -= taken
            qty -= taken
        if qty:
            raise AssertionError("an order sells more than the account holds")
        return relieved

    def _add_lots(self, account: Ints, security: Ints, qty: Ints, cost: Ints, opened_on: int | None = None) -> None:
        if not len(account):
            return
        count = len(account)
        opened = np.full(count, self._today if opened_on is None else opened_on, dtype=np.int64)
        numbers = np.arange(self._next_lot, self._next_lot + count)
        self._next_lot += count
        self.lots = self.lots.joined(Lots(account, security, qty, cost, opened, numbers))
