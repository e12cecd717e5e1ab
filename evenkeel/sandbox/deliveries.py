"""The files of one session, staged with the times at which they come, and the faults put into them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data_contracts.vocab import AccountState, Check
from evenkeel.sandbox.book_files import suspended_accounts
from evenkeel.sandbox.files import fidelity, ibkr, mapped, portfolio_system, schwab
from evenkeel.sandbox.files.evening import Evening, Stranger, Twist, evening_of
from evenkeel.sandbox.files.text import write
from evenkeel.sandbox.ledger import Day
from evenkeel.sandbox.market import Market
from evenkeel.sandbox.people import Custodian, Practice
from evenkeel.sandbox.plan import HALF_WRITTEN, STAGED, Delivery, Expected, eastern, stamp
from evenkeel.sandbox.securities import SECURITIES

STALE_DAYS = 9


@dataclass(frozen=True)
class FaultDays:
    """Session indexes at which each fault is made; None: not at all."""

    duplicate: int | None = None
    stranger: int | None = None
    corrected: int | None = None
    late: Mapping[int, Custodian] = field(default_factory=dict)
    """The custodian that is late on a session."""
    wrong_value: int | None = None
    stale: int | None = None
    half_written: int | None = None


def fault_days(days: int) -> FaultDays:
    """Spread the faults over the days: the first is clean, unless it is the only one."""
    at = [place * (days - 1) // 4 for place in range(5)] if days >= 5 else [min(place, days - 1) for place in range(5)]
    return FaultDays(
        duplicate=at[1],
        stranger=at[1],
        corrected=at[2],
        half_written=at[2],
        late={at[3]: Custodian.IBKR},
        wrong_value=at[4],
        stale=at[4],
    )


def late_days(days: int) -> FaultDays:
    """Let a custodian be late on every fifth session, each in its turn, and all be right otherwise."""
    turns = (Custodian.IBKR, Custodian.FIDELITY, Custodian.SCHWAB, Custodian.PLANS)
    return FaultDays(late={index: turns[turn % len(turns)] for turn, index in enumerate(range(2, days, 5))})


@dataclass
class Stage:
    """Writes staged files and keeps the list of deliveries and of what is wrong in them."""

    home: Path
    practice: Practice
    market: Market
    faults: FaultDays
    deliveries: list[Delivery] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    _struck: set[int] = field(default_factory=set)
    """Households that a fault has hit: no other fault does."""

    def add_day(self, day: Day, placed_before: dt.date) -> None:
        """Stage all files of a session."""
        used = self.practice.custodians()
        self._note_late(day)
        if Custodian.SCHWAB in used:
            self._schwab(day)
        if Custodian.FIDELITY in used:
            self._fidelity(day)
        if Custodian.IBKR in used:
            self._ibkr(day)
        if Custodian.PLANS in used:
            self._plans(day)
        self._system(day)
        self._put(
            day, "market", mapped.file_name("prices", day.date), mapped.prices(day, self.market), eastern(day.date, 18)
        )
        readings = mapped.indicators(day, self.market)
        self._put(day, "indicators", mapped.file_name("indicators", day.date), readings, eastern(day.date, 17, 30))
        orders = mapped.orders(day, self.practice, placed_before)
        self._put(day, "orders", mapped.file_name("orders", day.date), orders, eastern(day.date, 18, 5))
        self.deliveries.sort(key=lambda each: (each.business_date, each.arrives_at, each.feed, each.name))

    def _evening(self, day: Day, custodian: Custodian | None, twist: Twist | None = None) -> Evening:
        price_dates = [self.market.price_date(day.index, place) for place in range(len(SECURITIES))]
        return evening_of(day, self.practice, custodian, price_dates, twist)

    def _note_late(self, day: Day) -> None:
        late = self.faults.late.get(day.index)
        if late is None or late not in self.practice.custodians():
            return
        names = {
            Custodian.SCHWAB: schwab.positions_name(day.date),
            Custodian.FIDELITY: fidelity.positions_name(day.date),
            Custodian.IBKR: ibkr.name(day.date),
            Custodian.PLANS: mapped.file_name("positions", day.date),
        }
        places = tuple(account.place for account in self.practice.accounts if account.custodian == late)
        what = "comes at 08:00 of the next session, past the deadline"
        self._expect(day, "late", Check.FEED_MISSING, late.value, names[late], places, what)

    def _put(self, day: Day, feed: str, name: str, text: str, at: dt.datetime) -> None:
        late = self.faults.late.get(day.index)
        if late is not None and feed.split("_")[0] == late.value:
            at = eastern(day.next_date, 8)
        path = f"{day.date}/{feed}/{name}"
        size = write(self.home / STAGED / path, text)
        stamp(self.home / STAGED / path, at)
        self.deliveries.append(Delivery(day.date, feed, name, path, at, size))

    def _expect(
        self, day: Day, fault: str, check: Check | None, feed: str, name: str, accounts: tuple[int, ...], what: str,
        security_id: str | None = None,
    ) -> None:  # fmt: skip
        ids = tuple(self.practice.accounts[place].account_id for place in accounts)
        self.expected.append(Expected(day.date, fault, check, feed, name, ids, security_id, what))

    def _victim(self, day: Day, custodian: Custodian, turn: int) -> int | None:
        """Return an ordinary account of the custodian with holdings, another one each turn; None where there is none."""
        suspended = {self.practice.accounts[place].household for place in suspended_accounts(self.practice)}
        held = set(day.holdings.account.tolist())
        fit = [
            account.place
            for account in self.practice.accounts
            if account.custodian == custodian
            and account.place in held
            and account.state == AccountState.OPEN
            and account.household not in suspended | self._struck
            and self.practice.portfolios[account.portfolio].model is not None
        ]
        if not fit:
            return None
        victim = fit[turn % len(fit)]
        self._struck.add(self.practice.accounts[victim].household)
        return victim

    def _schwab(self, day: Day) -> None:
        feed, generation = Custodian.SCHWAB.value, "2023" if day.index < len(self.market.dates) // 2 else "2025"
        name = schwab.positions_name(day.date)
        at = eastern(day.date, 18, 30)
        twist = Twist()
        if day.index == self.faults.stranger and (victim := self._victim(day, Custodian.SCHWAB, 1)) is not None:
            twist.stranger = Stranger(victim)
            what = "one account holds a security that the book does not know"
            self._expect(day, "security_unknown", Check.SECURITY_UNKNOWN, feed, name, (victim,), what)
        evening = self._evening(day, Custodian.SCHWAB, twist)
        text = schwab.positions(evening, generation)
        if day.index == self.faults.corrected and (victim := self._victim(day, Custodian.SCHWAB, 2)) is not None:
            wrong = self._evening(day, Custodian.SCHWAB, Twist(wrong_value=victim))
            self._put(day, feed, name, schwab.positions(wrong, generation), at)
            name, at = schwab.positions_name(day.date, "201530"), eastern(day.date, 20, 15)
            what = "the first file had a wrong value; the second replaces it"
            self._expect(day, "corrected", None, feed, name, (victim,), what)
        if day.index == self.faults.half_written:
            half = text[: len(text) // 2]
            self._put(day, feed, name + HALF_WRITTEN, half, at - dt.timedelta(minutes=20))
            self._expect(
                day, "half_written", None, feed, name + HALF_WRITTEN, (), "half a file, still being written: never read"
            )
        self._put(day, feed, name, text, at)
        moved = schwab.transactions(evening)
        if moved is not None:
            self._put(day, feed, schwab.transactions_name(day.date), moved, eastern(day.date, 19, 5))
        for lot_name, lots in schwab.lot_details(evening):
            self._put(day, feed, lot_name, lots, eastern(day.date, 19, 20))

    def _fidelity(self, day: Day) -> None:
        feed, name = Custodian.FIDELITY.value, fidelity.positions_name(day.date)
        twist = Twist()
        if day.index == self.faults.wrong_value and (victim := self._victim(day, Custodian.FIDELITY, 3)) is not None:
            twist.wrong_value = victim
            what = "one position's value is not units times price"
            self._expect(day, "value_product", Check.VALUE_PRODUCT, feed, name, (victim,), what)
        evening = self._evening(day, Custodian.FIDELITY, twist)
        text = fidelity.positions(evening)
        self._put(day, feed, name, text, eastern(day.date, 20, 10))
        if day.index == self.faults.duplicate:
            copy = fidelity.positions_name(day.date, " (1)")
            self._put(day, feed, copy, text, eastern(day.date, 20, 40))
            self._expect(day, "duplicate", None, feed, copy, (), "the same bytes a second time: nothing changes")
        moved = fidelity.history(evening)
        if moved is not None:
            self._put(day, feed, fidelity.history_name(day.date), moved, eastern(day.date, 20, 12))

    def _ibkr(self, day: Day) -> None:
        evening, feed, name = self._evening(day, Custodian.IBKR), Custodian.IBKR.value, ibkr.name(day.date)
        self._put(day, feed, name, ibkr.statement(evening), eastern(day.date, 21, 30))

    def _plans(self, day: Day) -> None:
        feed, name = Custodian.PLANS.value, mapped.file_name("positions", day.date)
        twist = Twist()
        if day.index == self.faults.stale and (victim := self._victim(day, Custodian.PLANS, 4)) is not None:
            twist.stale, twist.stale_date = victim, day.date - dt.timedelta(days=STALE_DAYS)
        evening = self._evening(day, Custodian.PLANS, twist)
        if evening.stale_row is not None and twist.stale is not None:
            security = SECURITIES[int(evening.holdings.security[evening.stale_row])].symbol
            what = f"one position is valued with a price {STALE_DAYS} days old"
            self._expect(day, "price_stale", Check.PRICE_STALE, feed, name, (twist.stale,), what, security)
        at = eastern(day.date, 21)
        self._put(day, feed, name, mapped.positions(evening), at)
        self._put(day, "plans_cash", mapped.file_name("cash", day.date), mapped.cash(evening), at)
        moved = mapped.transactions(evening)
        if moved is not None:
            self._put(day, "plans_transactions", mapped.file_name("transactions", day.date), moved, at)

    def _system(self, day: Day) -> None:
        evening, at = self._evening(day, None), eastern(day.next_date, 5, 30)
        held = portfolio_system.positions(evening, self.market)
        self._put(day, "portfolio_system", mapped.file_name("positions", day.date), held, at)
        self._put(day, "portfolio_system_cash", mapped.file_name("cash", day.date), portfolio_system.cash(evening), at)
        self._put(day, "portfolio_system_lots", mapped.file_name("lots", day.date), mapped.lots(evening), at)
